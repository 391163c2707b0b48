//! Answers the JSON-RPC server from the store and the driver's view.

use std::sync::Arc;

use async_trait::async_trait;
use base64::Engine as _;

use assay_api::challenge::{ChallengeDetail, Route};
use assay_api::epoch::EpochCurrent;
use assay_api::evaluation::{AgentCodeEntry, AgentLog, EvaluationLogs, TaskProgress};
use assay_api::node::{Divergence, NodeMode, NodeStatus, Role};
use assay_api::submission::{Journey, SubmissionList, SubmissionReceipt};
use assay_api::system::{ChainHead, HealthLevel, SystemHealth, SystemProperties, rao_to_tao};
use assay_api::validator::Validator;
use assay_api::weights::{SubnetWeights, WeightsReport};
use assay_challenge_sdk::abi::WasmRouteRequest;
use assay_consensus::core::Mode;
use assay_consensus::hash::Hash;
use assay_consensus::keys::Hotkey;
use assay_consensus::submission::SubmissionId;
use assay_consensus::validators::Quorum;
use assay_rpc::{Backend, BackendError, RouteReply, RouteRequest, SubmissionQuery};
use assay_runtime::{CallError, HostFault};

use crate::execution::{ChallengeView, EvaluationLog, PlaceInLedger, call_context, preview};
use crate::intake;
use crate::journey::JourneyRecord;
use crate::modules::Challenge;
use crate::reports;
use crate::shared::{Shared, unix_ms};
use crate::storage::StorageError;

/// Evaluations of one miner in one answer.
const AGENT_LOGS_MAX: usize = 50;

/// A validator that was connected this recently counts as active.
const ACTIVE_WITHIN_MS: u64 = 60_000;

/// The node as the RPC server sees it.
pub struct NodeBackend {
    shared: Arc<Shared>,
    challenges: Arc<[ChallengeDetail]>,
}

impl NodeBackend {
    /// The backend of a running node.
    pub fn new(shared: Arc<Shared>) -> NodeBackend {
        let total: u64 = shared
            .modules
            .iter()
            .map(|c| u64::from(c.emission_share))
            .sum();
        let challenges = shared
            .modules
            .iter()
            .map(|challenge| detail(challenge, total))
            .collect();
        NodeBackend { shared, challenges }
    }

    /// Runs something that touches the disk off the async threads.
    async fn blocking<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Shared) -> Result<T, StorageError> + Send + 'static,
    ) -> Result<T, BackendError> {
        let shared = Arc::clone(&self.shared);
        let outcome = tokio::task::spawn_blocking(move || work(&shared)).await;
        outcome.map_err(internal)?.map_err(internal)
    }
}

#[async_trait]
impl Backend for NodeBackend {
    async fn health(&self) -> Result<SystemHealth, BackendError> {
        let view = self.shared.view();
        let peers = self.shared.peers().len() as u64;
        let healthy = (peers > 0 || view.set.is_some()) && view.mode == Mode::Active;
        Ok(SystemHealth {
            is_syncing: view.is_behind,
            peers,
            should_have_peers: true,
            health: if healthy {
                HealthLevel::Healthy
            } else {
                HealthLevel::Degraded
            },
        })
    }

    async fn properties(&self) -> Result<SystemProperties, BackendError> {
        let (genesis, chain) = (&self.shared.genesis, &self.shared.config.chain);
        Ok(SystemProperties {
            netuid: genesis.netuid,
            token_symbol: assay_api::system::TOKEN_SYMBOL.to_owned(),
            token_decimals: assay_api::system::TOKEN_DECIMALS,
            ss58_format: assay_api::system::SS58_FORMAT,
            min_stake: genesis.min_stake_rao,
            min_stake_tao: rao_to_tao(genesis.min_stake_rao),
            consensus_threshold: match genesis.quorum {
                Quorum::Majority => 0.5,
                Quorum::Supermajority => 2.0 / 3.0,
            },
            block_time_ms: chain.block_time_ms,
            network_id: self.shared.network_id.0.to_hex(),
        })
    }

    async fn chain_head(&self) -> Result<ChainHead, BackendError> {
        let tip = self.shared.view().tip.clone();
        let height = tip.height;
        let header = self
            .blocking(move |shared| Ok(shared.storage.blocks_from(height, 1)?.pop()))
            .await?;
        let header = header.map(|decided| decided.block.header);
        let hex = |hash: Hash| format!("0x{hash}");
        Ok(ChainHead {
            number: tip.height,
            hash: hex(tip.block),
            parent_hash: hex(header.as_ref().map_or(Hash::ZERO, |header| header.parent)),
            state_root: hex(tip.state_root),
            extrinsics_root: hex(header.map_or(Hash::ZERO, |header| header.entries_root)),
        })
    }

    async fn epoch(&self) -> Result<EpochCurrent, BackendError> {
        let view = self.shared.view();
        let head = view.head.unwrap_or(view.tip.chain);
        let start = match self.shared.metagraphs.known(head.epoch) {
            Some(metagraph) => metagraph.block().number,
            None => {
                self.shared
                    .chain
                    .epoch_start(head.epoch)
                    .await
                    .map_err(internal)?
                    .number
            }
        };
        let length = head.next_epoch_start.saturating_sub(start);
        Ok(EpochCurrent::at(
            head.epoch,
            start,
            length,
            head.number,
            self.shared.config.chain.block_time_ms,
        ))
    }

    async fn validators(&self) -> Result<Vec<Validator>, BackendError> {
        let view = self.shared.view();
        let Some(set) = view.set.clone() else {
            return Ok(Vec::new());
        };
        let identities = self.shared.identities();
        let connected: Vec<_> = self
            .shared
            .peers()
            .into_iter()
            .map(|peer| peer.peer_id)
            .collect();
        let now_ms = unix_ms();
        let mut validators: Vec<_> = set.validators().to_vec();
        validators.sort_by(|a, b| b.stake.cmp(&a.stake).then(a.hotkey.cmp(&b.hotkey)));
        let rows = validators.into_iter().map(|validator| {
            let own = self.shared.hotkey == Some(validator.hotkey);
            let seen = identities.get(&validator.hotkey);
            let is_connected = own || seen.is_some_and(|seen| connected.contains(&seen.peer));
            let last_seen_ms = if is_connected {
                now_ms
            } else {
                seen.map_or(0, |seen| seen.last_seen_ms)
            };
            let peer = if own {
                Some(self.shared.network.local_peer_id())
            } else {
                seen.map(|seen| seen.peer)
            };
            Validator {
                hotkey: validator.hotkey.to_hex(),
                stake: validator.stake,
                stake_tao: rao_to_tao(validator.stake),
                is_active: now_ms.saturating_sub(last_seen_ms) < ACTIVE_WITHIN_MS,
                last_seen: assay_api::timestamp::rfc3339(last_seen_ms),
                peer_id: peer.map(|peer| peer.to_string()),
            }
        });
        Ok(rows.collect())
    }

    async fn registered_hotkeys(&self) -> Result<Vec<Hotkey>, BackendError> {
        let epoch = self.shared.view().tip.chain.epoch;
        let metagraph = self.shared.metagraphs.known(epoch);
        let neurons = metagraph.iter().flat_map(|metagraph| metagraph.neurons());
        Ok(neurons.map(|neuron| neuron.hotkey).collect())
    }

    async fn challenges(&self) -> Result<Arc<[ChallengeDetail]>, BackendError> {
        Ok(Arc::clone(&self.challenges))
    }

    async fn call_route(
        &self,
        challenge: &str,
        request: RouteRequest,
    ) -> Result<RouteReply, BackendError> {
        let unknown = || BackendError::Invalid(format!("unknown challenge {challenge:?}"));
        let challenge = self.shared.modules.get(challenge).ok_or_else(unknown)?;
        let shared = Arc::clone(&self.shared);
        let outcome = tokio::task::spawn_blocking(move || {
            // The stored tip: the view may be a block behind the state.
            let tip = shared
                .storage
                .tip()
                .map_err(|error| CallError::Host(HostFault::Storage(error.to_string())))?;
            let place = PlaceInLedger {
                height: tip.ledger.height,
                chain: tip.ledger.chain,
            };
            let context = call_context(&challenge, &place, &Hash::of(request.path.as_bytes()), 0);
            let view = ChallengeView::new(shared.storage.state_at(place.height), &challenge.name);
            let auth_hotkey = request.auth_hotkey();
            let RouteRequest {
                method,
                path,
                params,
                query,
                body,
                auth: _,
            } = request;
            let request = WasmRouteRequest {
                method,
                path,
                params,
                query,
                body,
                auth_hotkey,
            };
            // What a route writes is dropped: only the ledger changes state.
            challenge
                .module
                .handle_route(&context, view.share(), &request)
                .map(|outcome| outcome.output)
        });
        match outcome.await.map_err(internal)? {
            Ok(response) => Ok(RouteReply {
                status: response.status,
                body: response.body,
            }),
            Err(CallError::Guest(failure)) => Err(BackendError::Guest(failure.fault.to_string())),
            Err(CallError::Host(fault @ HostFault::Overloaded(_))) => {
                Err(BackendError::Busy(fault.to_string()))
            }
            Err(CallError::Host(fault)) => Err(BackendError::Internal(fault.to_string())),
        }
    }

    async fn evaluation_progress(&self, subject: &str) -> Result<Vec<TaskProgress>, BackendError> {
        let subject = subject.to_owned();
        self.blocking(move |shared| {
            // An id has 64 hex digits like a hotkey: it is a hotkey if nothing has that id.
            let by_id = match Hash::from_hex(&subject) {
                Some(hash) => shared.storage.journey(&SubmissionId(hash))?,
                None => None,
            };
            let journey = match (by_id, Hotkey::parse(&subject)) {
                (None, Ok(hotkey)) => shared.storage.journeys_of(&hotkey, 1)?.pop(),
                (by_id, _) => by_id,
            };
            let Some(journey) = journey else {
                return Ok(Vec::new());
            };
            Ok(read_log(shared, &journey)?
                .map(|log| reports::progress(&journey, &log))
                .unwrap_or_default())
        })
        .await
    }

    async fn evaluation_logs(
        &self,
        submission: SubmissionId,
    ) -> Result<Option<EvaluationLogs>, BackendError> {
        self.blocking(move |shared| {
            let Some(journey) = shared.storage.journey(&submission)? else {
                return Ok(None);
            };
            let certificate = shared.storage.log_certificate(&submission)?;
            let agreed = certificate.map(|certificate| certificate.payload.log_hash);
            let own = journey.result.as_ref().map(|result| result.log_hash);
            let shown = agreed.or(own);
            let log = match shown {
                Some(hash) => shared.storage.blob(&hash)?,
                None => None,
            };
            Ok(Some(EvaluationLogs {
                submission_id: submission.to_string(),
                logs: log.map(|log| String::from_utf8_lossy(&log).into_owned()),
                validated: agreed.is_some(),
                log_hash: shown.map(|hash| hash.to_hex()),
                matches_local: agreed.and_then(|agreed| own.map(|own| own == agreed)),
            }))
        })
        .await
    }

    async fn agent_code(
        &self,
        miner: Hotkey,
        epoch: Option<u64>,
    ) -> Result<Option<AgentCodeEntry>, BackendError> {
        self.blocking(move |shared| {
            let journeys = shared.storage.journeys_of(&miner, AGENT_LOGS_MAX)?;
            let wanted = |journey: &JourneyRecord| {
                let header = &journey.submission.payload;
                epoch.is_none_or(|epoch| header.epoch == epoch) && journey.height().is_some()
            };
            let Some(journey) = journeys.into_iter().find(wanted) else {
                return Ok(None);
            };
            let header = journey.submission.payload;
            let payload = shared.storage.payload(&header.payload_hash)?;
            Ok(payload.map(|payload| AgentCodeEntry {
                submission_id: header.id().to_string(),
                challenge: header.challenge,
                epoch: header.epoch,
                name: header.name,
                package_hash: header.payload_hash.to_hex(),
                size_bytes: payload.len() as u64,
                package: base64::engine::general_purpose::STANDARD.encode(payload),
            }))
        })
        .await
    }

    async fn agent_logs(
        &self,
        miner: Hotkey,
        epoch: Option<u64>,
    ) -> Result<Vec<AgentLog>, BackendError> {
        self.blocking(move |shared| {
            let mut logs = Vec::new();
            for journey in shared.storage.journeys_of(&miner, AGENT_LOGS_MAX)? {
                let header = &journey.submission.payload;
                if epoch.is_some_and(|epoch| header.epoch != epoch) {
                    continue;
                }
                let log = match &journey.result {
                    Some(result) => shared.storage.blob(&result.log_hash)?,
                    None => None,
                };
                logs.push(AgentLog {
                    submission_id: header.id().to_string(),
                    challenge: header.challenge.clone(),
                    epoch: header.epoch,
                    status: reports::status(journey.status()),
                    score: journey.result.as_ref().map(|result| result.score),
                    log_hash: journey
                        .result
                        .as_ref()
                        .map(|result| result.log_hash.to_hex()),
                    preview: log.map(|log| preview(&log)).unwrap_or_default(),
                });
            }
            Ok(logs)
        })
        .await
    }

    async fn subnet_weights(&self) -> Result<SubnetWeights, BackendError> {
        let shared = Arc::clone(&self.shared);
        reports::subnet_weights(&shared)
            .await
            .map_err(BackendError::Internal)
    }

    async fn submission_send(
        &self,
        header: Vec<u8>,
        payload: Vec<u8>,
    ) -> Result<SubmissionReceipt, BackendError> {
        intake::send(&self.shared, &header, payload).await
    }

    async fn submission(&self, id: SubmissionId) -> Result<Option<Journey>, BackendError> {
        self.blocking(move |shared| {
            let Some(journey) = shared.storage.journey(&id)? else {
                return Ok(None);
            };
            reports::journey(shared, &journey).map(Some)
        })
        .await
    }

    async fn submissions(&self, query: SubmissionQuery) -> Result<SubmissionList, BackendError> {
        self.blocking(move |shared| reports::submissions(shared, &query))
            .await
    }

    async fn weights(&self, epoch: Option<u64>) -> Result<WeightsReport, BackendError> {
        reports::weights(&self.shared, epoch)
            .await
            .map_err(BackendError::Internal)
    }

    async fn node_status(&self) -> Result<NodeStatus, BackendError> {
        let divergent = self.blocking(reports::divergent).await?;
        let shared = &self.shared;
        let view = shared.view();
        let is_validator = view
            .set
            .as_ref()
            .zip(shared.hotkey)
            .is_some_and(|(set, own)| set.index_of(&own).is_some());
        let (mode, mode_reason) = match &view.mode {
            Mode::Diverged { height } => (
                NodeMode::Diverged,
                format!("results after height {height} differ from the decided ones"),
            ),
            Mode::Active if view.trouble.is_some() => {
                (NodeMode::Syncing, view.trouble.clone().unwrap_or_default())
            }
            Mode::Active if view.is_behind => (
                NodeMode::Syncing,
                "decided blocks are being fetched".to_owned(),
            ),
            Mode::Active if is_validator => (NodeMode::Active, "votes".to_owned()),
            Mode::Active => (
                NodeMode::Observer,
                "no hotkey with stake in this epoch".to_owned(),
            ),
        };
        Ok(NodeStatus {
            network_id: shared.network_id.0.to_hex(),
            network: shared.genesis.name.clone(),
            netuid: shared.genesis.netuid,
            hotkey: shared.hotkey.map(|hotkey| hotkey.to_ss58()),
            role: if is_validator {
                Role::Validator
            } else {
                Role::Observer
            },
            ledger_height: view.tip.height,
            ledger_block: view.tip.block.to_hex(),
            state_root: view.tip.state_root.to_hex(),
            results_root: view.tip.results_root.to_hex(),
            chain_block: view.head.map_or(view.tip.chain.number, |head| head.number),
            epoch: view.tip.chain.epoch,
            mode,
            mode_reason,
            peers: shared.peers().len() as u64,
            divergent,
            version: env!("CARGO_PKG_VERSION").to_owned(),
            uptime_secs: shared.started.elapsed().as_secs(),
        })
    }
}

/// The log that this node computed for a submission.
fn read_log(
    shared: &Shared,
    journey: &JourneyRecord,
) -> Result<Option<EvaluationLog>, StorageError> {
    let Some(result) = &journey.result else {
        return Ok(None);
    };
    let log = shared.storage.blob(&result.log_hash)?;
    Ok(log.and_then(|log| serde_json::from_slice(&log).ok()))
}

fn detail(challenge: &Challenge, total_share: u64) -> ChallengeDetail {
    let routes = challenge.routes.iter();
    ChallengeDetail {
        id: challenge.id.clone(),
        name: challenge.name.clone(),
        description: String::new(),
        code_hash: challenge.module_hash.to_hex(),
        code_size: challenge.module_bytes,
        is_active: true,
        owner: String::new(),
        mechanism_id: 0,
        version: challenge.version.clone(),
        emission_weight: f64::from(challenge.emission_share) / total_share.max(1) as f64,
        timeout_secs: 0,
        created_at: assay_api::timestamp::rfc3339(0),
        routes: routes
            .map(|r| {
                Route::new(
                    &challenge.id,
                    &r.method,
                    &r.path,
                    &r.description,
                    r.requires_auth,
                )
            })
            .collect(),
    }
}

fn internal(error: impl std::fmt::Display) -> BackendError {
    BackendError::Internal(error.to_string())
}

/// Divergence of a validator's vote from the agreed one.
pub(crate) fn divergence(
    vote: &assay_consensus::votes::LogVote,
    by: &Hotkey,
    agreed: &assay_consensus::votes::LogVote,
) -> Divergence {
    Divergence {
        hotkey: by.to_ss58(),
        submission_id: vote.submission.to_string(),
        log_hash: vote.log_hash.to_hex(),
        score: vote.score,
        agreed_log_hash: agreed.log_hash.to_hex(),
        agreed_score: agreed.score,
    }
}
