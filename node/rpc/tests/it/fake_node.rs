//! A node that is made up: fixed answers, and a record of what reached it.

use std::sync::{Arc, Mutex};

use assay_api::challenge::{ChallengeDetail, Route, challenge_uuid};
use assay_api::epoch::EpochCurrent;
use assay_api::evaluation::{AgentCodeEntry, AgentLog, EvaluationLogs, TaskProgress};
use assay_api::node::{Divergence, NodeMode, NodeStatus, Role};
use assay_api::submission::{
    ApprovalView, Fault, Journey, JourneyStep, LogVoteView, Reason, SubmissionList,
    SubmissionReceipt, SubmissionStatus, Verdict, score_float,
};
use assay_api::system::{ChainHead, HealthLevel, SystemHealth, SystemProperties, rao_to_tao};
use assay_api::validator::Validator;
use assay_api::weights::{
    ChainAttempt, ChainSubmission, ChainWeights, MechanismWeights, SubmissionMethod,
    SubmissionStage, SubnetWeights, UidWeight, WeightEntry, WeightsReport, WeightsStatus,
    WeightsSummary, WeightsVoteView,
};
use assay_consensus::keys::{Hotkey, Keypair};
use assay_consensus::submission::SubmissionId;
use assay_rpc::{Backend, BackendError, RouteReply, RouteRequest, SubmissionQuery};
use async_trait::async_trait;
use serde_json::json;
use tokio::sync::Notify;

pub const CHALLENGE: &str = "term-challenge";
pub const SUBMISSION: &str = "1111111111111111111111111111111111111111111111111111111111111111";
pub const HASH: &str = "2222222222222222222222222222222222222222222222222222222222222222";

/// What reached the node.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Seen {
    Route(String, RouteRequest),
    Submission(Vec<u8>, Vec<u8>),
    Query(SubmissionQuery),
    Agent(Hotkey, Option<u64>),
    Weights(Option<u64>),
}

#[derive(Default)]
pub struct FakeNode {
    pub seen: Mutex<Vec<Seen>>,
    /// Told when a call of `/gate` has begun.
    pub at_gate: Notify,
    /// Lets a call of `/gate` end.
    pub gate: Notify,
}

pub fn validator_key() -> Hotkey {
    Keypair::insecure_from_name("validator").hotkey()
}

pub fn miner_key() -> Hotkey {
    Keypair::insecure_from_name("miner").hotkey()
}

pub fn challenges() -> Vec<ChallengeDetail> {
    let uuid = challenge_uuid(CHALLENGE);
    let routes = [
        ("GET", "/leaderboard", false),
        ("GET", "/stats", false),
        ("GET", "/decay", false),
        ("GET", "/agent/:hotkey/journey", false),
        ("GET", "/agent/:hotkey/logs", false),
        ("POST", "/submit", true),
        ("POST", "/echo", false),
        ("GET", "/raw", false),
        ("GET", "/empty", false),
        ("GET", "/broken", false),
        ("GET", "/bad-status", false),
        ("GET", "/slow", false),
        ("GET", "/panic", false),
        ("GET", "/gate", false),
    ];
    let detail = |name: &str, routes: Vec<Route>, is_active: bool| ChallengeDetail {
        id: challenge_uuid(name),
        name: name.into(),
        description: "terminal tasks".into(),
        code_hash: HASH.into(),
        code_size: 262_000,
        is_active,
        owner: validator_key().to_hex(),
        mechanism_id: 0,
        version: "4.0.0".into(),
        emission_weight: 1.0,
        timeout_secs: 300,
        created_at: "2026-11-20T08:00:00Z".into(),
        routes,
    };
    vec![
        detail("idle-challenge", vec![], false),
        detail(
            CHALLENGE,
            routes
                .map(|(method, path, auth)| Route::new(&uuid, method, path, "", auth))
                .to_vec(),
            true,
        ),
    ]
}

pub fn journey() -> Journey {
    Journey {
        submission_id: SUBMISSION.into(),
        challenge: CHALLENGE.into(),
        hotkey: miner_key().to_ss58(),
        name: "agent".into(),
        sequence: 0,
        epoch: 7,
        status: SubmissionStatus::Agreed,
        reason: Some(Reason {
            code: "ast_rejected".into(),
            text: "import of socket".into(),
            fault: Fault::Miner,
        }),
        score: Some(7_500),
        score_float: Some(score_float(7_500)),
        log_hash: Some(HASH.into()),
        height: Some(12),
        steps: vec![JourneyStep {
            status: SubmissionStatus::Received,
            time_ms: 1_000,
            height: None,
            chain_block: None,
            reason: None,
        }],
        approvals: vec![ApprovalView {
            hotkey: validator_key().to_ss58(),
            stake: 10,
            verdict: Verdict::Approve,
            code: String::new(),
            text: String::new(),
        }],
        votes: vec![LogVoteView {
            hotkey: validator_key().to_ss58(),
            stake: 10,
            log_hash: HASH.into(),
            score: 7_500,
            agrees: Some(true),
            double_vote: false,
        }],
        agreed_stake: 10,
        total_stake: 15,
    }
}

impl FakeNode {
    fn note(&self, seen: Seen) {
        self.seen.lock().unwrap().push(seen);
    }

    pub fn last_route(&self) -> RouteRequest {
        let seen = self.seen.lock().unwrap();
        match seen.last() {
            Some(Seen::Route(_, request)) => request.clone(),
            other => panic!("expected a route call, got {other:?}"),
        }
    }

    pub fn route_calls(&self) -> usize {
        let seen = self.seen.lock().unwrap();
        seen.iter()
            .filter(|seen| matches!(seen, Seen::Route(..)))
            .count()
    }
}

fn ok(body: serde_json::Value) -> Result<RouteReply, BackendError> {
    Ok(RouteReply {
        status: 200,
        body: body.to_string().into_bytes(),
    })
}

#[async_trait]
impl Backend for FakeNode {
    async fn health(&self) -> Result<SystemHealth, BackendError> {
        Ok(SystemHealth {
            is_syncing: false,
            peers: 3,
            should_have_peers: true,
            health: HealthLevel::Healthy,
        })
    }

    async fn properties(&self) -> Result<SystemProperties, BackendError> {
        Ok(SystemProperties {
            netuid: 100,
            token_symbol: "TAO".into(),
            token_decimals: 9,
            ss58_format: 42,
            min_stake: 1_500_000_000,
            min_stake_tao: rao_to_tao(1_500_000_000),
            consensus_threshold: 0.5,
            block_time_ms: 12_000,
            network_id: HASH.into(),
        })
    }

    async fn chain_head(&self) -> Result<ChainHead, BackendError> {
        Ok(ChainHead {
            number: 12,
            hash: format!("0x{HASH}"),
            parent_hash: format!("0x{SUBMISSION}"),
            state_root: format!("0x{HASH}"),
            extrinsics_root: format!("0x{HASH}"),
        })
    }

    async fn epoch(&self) -> Result<EpochCurrent, BackendError> {
        Ok(EpochCurrent::at(7, 700, 100, 780, 12_000))
    }

    async fn validators(&self) -> Result<Vec<Validator>, BackendError> {
        let validator = |hotkey: String, peer_id| Validator {
            hotkey,
            stake: 2_000_000_000,
            stake_tao: 2.0,
            is_active: true,
            last_seen: "2026-11-20T08:00:00Z".into(),
            peer_id,
        };
        Ok(vec![
            validator(validator_key().to_hex(), Some("12D3Koo".into())),
            validator("ab".repeat(32), None),
        ])
    }

    async fn registered_hotkeys(&self) -> Result<Vec<Hotkey>, BackendError> {
        Ok(vec![validator_key(), miner_key()])
    }

    async fn challenges(&self) -> Result<Arc<[ChallengeDetail]>, BackendError> {
        Ok(challenges().into())
    }

    async fn call_route(
        &self,
        challenge: &str,
        request: RouteRequest,
    ) -> Result<RouteReply, BackendError> {
        self.note(Seen::Route(challenge.to_owned(), request.clone()));
        match request.path.as_str() {
            "/leaderboard" => ok(json!([
                {"rank": 1, "miner_hotkey": miner_key().to_hex(), "score": 0.75, "weight": 1.0,
                 "pass_rate": 0.75, "submissions": 2, "last_submission": "agent"},
                {"rank": 2, "miner_hotkey": "other", "score": 0.5, "weight": 0.0,
                 "pass_rate": 0.5, "submissions": 1, "last_submission": "x"},
            ])),
            "/stats" => ok(json!({"total_submissions": 3, "active_miners": 2})),
            "/decay" => ok(
                json!({"agent_hash": HASH, "score": 0.75, "achieved_epoch": 5,
                "epochs_stale": 2, "decay_active": false, "current_burn_percent": 0.0}),
            ),
            "/submit" => ok(json!({"agent_hash": HASH, "epoch": 7, "name": "agent", "version": 1})),
            "/raw" => Ok(RouteReply {
                status: 200,
                body: vec![0xff, 0, 1],
            }),
            "/empty" => Ok(RouteReply {
                status: 200,
                body: vec![],
            }),
            "/bad-status" => Ok(RouteReply {
                status: 7,
                body: b"{}".to_vec(),
            }),
            "/broken" => Err(BackendError::Guest("module trapped: unreachable".into())),
            "/slow" => std::future::pending().await,
            "/gate" => {
                self.at_gate.notify_one();
                self.gate.notified().await;
                ok(json!({}))
            }
            "/panic" => panic!("a fault of the node"),
            _ => Ok(RouteReply {
                status: 201,
                body: json!({
                    "params": request.params,
                    "query": request.query,
                    "body": serde_json::from_slice::<serde_json::Value>(&request.body).unwrap(),
                    "hotkey": request.auth_hotkey(),
                })
                .to_string()
                .into_bytes(),
            }),
        }
    }

    async fn evaluation_progress(&self, subject: &str) -> Result<Vec<TaskProgress>, BackendError> {
        if subject != SUBMISSION && subject != miner_key().to_hex() {
            return Ok(vec![]);
        }
        Ok(vec![TaskProgress {
            task_id: "t1".into(),
            status: "passed".into(),
            score: 1.0,
            duration_ms: 40,
            error: None,
        }])
    }

    async fn evaluation_logs(
        &self,
        submission: SubmissionId,
    ) -> Result<Option<EvaluationLogs>, BackendError> {
        Ok(
            (submission.to_string() == SUBMISSION).then(|| EvaluationLogs {
                submission_id: SUBMISSION.into(),
                logs: Some("task t1: passed\n".into()),
                validated: true,
                log_hash: Some(HASH.into()),
                matches_local: Some(true),
            }),
        )
    }

    async fn agent_code(
        &self,
        miner: Hotkey,
        epoch: Option<u64>,
    ) -> Result<Option<AgentCodeEntry>, BackendError> {
        self.note(Seen::Agent(miner, epoch));
        Ok((miner == miner_key()).then(|| AgentCodeEntry {
            submission_id: SUBMISSION.into(),
            challenge: CHALLENGE.into(),
            epoch: 7,
            name: "agent".into(),
            package_hash: HASH.into(),
            size_bytes: 3,
            package: "UEsD".into(),
        }))
    }

    async fn agent_logs(
        &self,
        miner: Hotkey,
        epoch: Option<u64>,
    ) -> Result<Vec<AgentLog>, BackendError> {
        self.note(Seen::Agent(miner, epoch));
        Ok(vec![AgentLog {
            submission_id: SUBMISSION.into(),
            challenge: CHALLENGE.into(),
            epoch: 7,
            status: SubmissionStatus::Executed,
            score: Some(7_500),
            log_hash: Some(HASH.into()),
            preview: "task t1".into(),
        }])
    }

    async fn subnet_weights(&self) -> Result<SubnetWeights, BackendError> {
        Ok(SubnetWeights {
            weights: vec![MechanismWeights {
                mechanism_id: 0,
                entries: vec![UidWeight {
                    uid: 4,
                    weight: 65_535,
                }],
                total_weight: 65_535,
                count: 1,
            }],
        })
    }

    async fn submission_send(
        &self,
        header: Vec<u8>,
        payload: Vec<u8>,
    ) -> Result<SubmissionReceipt, BackendError> {
        if header == b"forged" {
            return Err(BackendError::Refused(Reason {
                code: "bad_signature".into(),
                text: "signature does not verify".into(),
                fault: Fault::Miner,
            }));
        }
        if header == b"busy" {
            return Err(BackendError::Busy("mempool is full".into()));
        }
        self.note(Seen::Submission(header, payload));
        Ok(SubmissionReceipt {
            submission_id: SUBMISSION.into(),
            status: SubmissionStatus::Received,
        })
    }

    async fn submission(&self, id: SubmissionId) -> Result<Option<Journey>, BackendError> {
        Ok((id.to_string() == SUBMISSION).then(journey))
    }

    async fn submissions(&self, query: SubmissionQuery) -> Result<SubmissionList, BackendError> {
        self.note(Seen::Query(query));
        Ok(SubmissionList {
            total: 1,
            submissions: vec![journey().summary()],
        })
    }

    async fn weights(&self, epoch: Option<u64>) -> Result<WeightsReport, BackendError> {
        self.note(Seen::Weights(epoch));
        let entries = vec![WeightEntry {
            hotkey: miner_key().to_ss58(),
            uid: Some(4),
            weight: 65_535,
        }];
        Ok(WeightsReport {
            epoch: epoch.unwrap_or(7),
            status: WeightsStatus::Onchain,
            weights_hash: Some(HASH.into()),
            height: Some(20),
            chain_block: Some(790),
            entries: entries.clone(),
            votes: vec![WeightsVoteView {
                hotkey: validator_key().to_ss58(),
                stake: 10,
                weights_hash: HASH.into(),
                agrees: Some(true),
                double_vote: false,
            }],
            agreed_stake: 10,
            total_stake: 15,
            chain: vec![ChainWeights {
                hotkey: validator_key().to_ss58(),
                uid: Some(0),
                block: Some(791),
                entries,
                matches: true,
            }],
            submission: Some(ChainSubmission {
                stage: SubmissionStage::Taken,
                reason: None,
                method: Some(SubmissionMethod::Timelocked),
                reveal_epoch: Some(8),
                block: Some(791),
                attempts: vec![ChainAttempt {
                    head: 789,
                    time_ms: 1_000,
                    call: Some("commit_timelocked_mechanism_weights".into()),
                    extrinsic: Some(format!("0x{HASH}")),
                    result: "in block 791".into(),
                    times: 1,
                }],
            }),
            history: vec![WeightsSummary {
                epoch: 6,
                status: WeightsStatus::Agreed,
                weights_hash: None,
                entries_count: 1,
                agreed_stake: 15,
                total_stake: 15,
                submission: None,
            }],
        })
    }

    async fn node_status(&self) -> Result<NodeStatus, BackendError> {
        Ok(NodeStatus {
            network_id: HASH.into(),
            network: "dev".into(),
            netuid: 100,
            hotkey: Some(validator_key().to_ss58()),
            role: Role::Validator,
            ledger_height: 12,
            ledger_block: HASH.into(),
            state_root: HASH.into(),
            results_root: HASH.into(),
            chain_block: 780,
            epoch: 7,
            mode: NodeMode::Active,
            mode_reason: String::new(),
            peers: 3,
            divergent: vec![Divergence {
                hotkey: validator_key().to_ss58(),
                submission_id: SUBMISSION.into(),
                log_hash: SUBMISSION.into(),
                score: 0,
                agreed_log_hash: HASH.into(),
                agreed_score: 7_500,
            }],
            version: "0.1.0".into(),
            uptime_secs: 60,
        })
    }
}
