//! The task that walks open records and talks to the chain.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use prometheus_client::metrics::counter::Counter;
use tokio::sync::{mpsc, watch};
use tokio_util::sync::CancellationToken;
use tracing::{error, info, warn};

use assay_chain::{
    Advice, Chain, ChainError, HeadStatus, Settlement, SignedCall, WeightsStanding,
    WeightsSubmission, weights,
};
use assay_consensus::block::ChainRef;
use assay_consensus::hash::Hash;
use assay_consensus::keys::Hotkey;
use assay_consensus::votes::{VoteCertificate, WeightsVote, weights_hash};

use super::record::{Action, Event, Moment, Outcome, Stage, WeightsRecord};
use crate::execution::EpochWeights;
use crate::shared::unix_ms;
use crate::storage::{Storage, StorageError};

/// Pause before the next look when the chain does not answer or does not move.
const PATIENCE: Duration = Duration::from_secs(6);

/// Jobs that wait; one comes per epoch.
pub const JOBS: usize = 16;

/// Steps of one record per look; a way from signing to the end has six.
const STEPS_MAX: usize = 8;

/// Weights of one epoch that a quorum agreed on.
#[derive(Debug, Clone)]
pub struct WeightsJob {
    /// The agreement.
    pub certificate: VoteCertificate<WeightsVote>,
}

/// Brings weights to the chain and announces this node's address there.
pub struct WeightsTask {
    /// The chain.
    pub chain: Arc<dyn Chain>,
    /// Where weights and records are.
    pub storage: Storage,
    /// This validator.
    pub hotkey: Hotkey,
    /// Who gets the share of those who are no longer registered.
    pub burn: Hotkey,
    /// Version key that goes with weights.
    pub version_key: u64,
    /// Address to announce, if any.
    pub axon: Option<SocketAddr>,
    /// Counts weights that the chain took.
    pub taken: Counter,
}

/// What is open, as it is on disk.
struct Open {
    records: BTreeMap<u64, WeightsRecord>,
    axon: Axon,
}

/// How far the announcement of the address is.
enum Axon {
    /// Nothing to announce, or announced.
    Rest,
    /// To be looked at.
    Due,
    /// On its way.
    Sent(SignedCall),
}

impl WeightsTask {
    /// Works until cancelled. Wakes when the chain's finalised head moves.
    pub async fn run(
        self,
        mut jobs: mpsc::Receiver<WeightsJob>,
        mut heads: watch::Receiver<HeadStatus>,
        cancel: CancellationToken,
    ) {
        let mut open = match self.open_records() {
            Ok(open) => open,
            Err(error) => {
                error!(%error, "records of weights can't be read; none are brought to the chain");
                return;
            }
        };
        loop {
            let head = heads.borrow_and_update().head;
            if let Some(head) = head {
                tokio::select! {
                    () = cancel.cancelled() => return,
                    () = self.look(&mut open, head) => {}
                }
            }
            tokio::select! {
                () = cancel.cancelled() => return,
                job = jobs.recv() => match job {
                    Some(job) => self.take(&mut open, &job),
                    None => return,
                },
                changed = heads.changed() => if changed.is_err() {
                    return;
                },
                () = tokio::time::sleep(PATIENCE) => {}
            }
        }
    }

    fn open_records(&self) -> Result<Open, StorageError> {
        let records = self.storage.open_weights_records()?;
        Ok(Open {
            records: records
                .into_iter()
                .map(|record| (record.epoch, record))
                .collect(),
            axon: self.axon.map_or(Axon::Rest, |_| Axon::Due),
        })
    }

    /// Opens the record of a job, unless the epoch has one already.
    fn take(&self, open: &mut Open, job: &WeightsJob) {
        let agreed = job.certificate.payload;
        let known = self.storage.weights_record(agreed.epoch);
        match known {
            Ok(Some(_)) => {}
            Ok(None) => {
                let record = WeightsRecord::new(agreed.epoch, agreed.weights_hash);
                if self.keep(&record) {
                    open.records.insert(agreed.epoch, record);
                }
            }
            Err(error) => {
                error!(epoch = agreed.epoch, %error, "the record of weights can't be read");
            }
        }
    }

    /// Moves everything that can be moved at this head.
    async fn look(&self, open: &mut Open, head: ChainRef) {
        let epochs: Vec<u64> = open.records.keys().copied().collect();
        for epoch in epochs {
            let busy = open.is_busy_beside(epoch);
            if let Some(record) = open.records.get_mut(&epoch) {
                self.walk(record, head, busy).await;
                if record.is_ended() {
                    open.records.remove(&epoch);
                }
            }
        }
        self.announce(open).await;
    }

    /// Steps of one record, until it has to wait for the chain.
    async fn walk(&self, record: &mut WeightsRecord, head: ChainRef, busy: bool) {
        for _ in 0..STEPS_MAX {
            let before = record.clone();
            record.note_head(&head);
            let events = match record.next_action() {
                Action::Prepare if busy => return,
                Action::Prepare => self.prepare(record).await,
                Action::Settle(call) => self.settle(&call).await,
                Action::LookUp(prepared, block) => {
                    match self.chain.weights_standing(&prepared, block).await {
                    Ok(WeightsStanding::RevealDue) if busy => return,
                    Ok(WeightsStanding::RevealDue) => {
                        match self.chain.prepare_reveal(&prepared).await {
                            Ok(reveal) => Some(Event::RevealPrepared(reveal)),
                            Err(error) => Some(Event::NotPrepared(error)),
                        }
                    }
                    Ok(standing) => Some(Event::LookedUp(standing)),
                    Err(error) => unknown(record.epoch, &error),
                },
                Action::Nothing => None,
            };
            let now = Moment {
                head,
                time_ms: unix_ms(),
            };
            if let Some(event) = events {
                record.note(event, now);
            }
            if *record == before {
                return;
            }
            if !self.keep(record) {
                // What is not on disk is not done.
                *record = before;
                return;
            }
            self.report(&before, record);
            if before.is_under_way() || !record.is_under_way() {
                continue;
            }
            // On disk now, so it may be sent.
            let (Action::Settle(call), now) = (record.next_action(), now) else {
                continue;
            };
            if let Err(error) = self.chain.send(&call).await {
                warn!(epoch = record.epoch, call = call.name, %error, "the call was not taken");
                record.note(Event::NotSent(error), now);
                self.keep(record);
            }
            return;
        }
    }

    /// Signs the weights as this node computed them.
    async fn prepare(&self, record: &WeightsRecord) -> Option<Event> {
        let epoch = record.epoch;
        let (stored, pinned) = match self.stored_weights(record) {
            Ok(found) => found,
            Err(reason) => return Some(Event::Skipped(reason)),
        };
        let metagraph = match self.chain.metagraph(pinned).await {
            Ok(metagraph) => metagraph,
            Err(error) => return Some(Event::NotPrepared(error)),
        };
        let neuron = metagraph.neuron_of(&self.hotkey);
        if !neuron.is_some_and(|neuron| neuron.validator_permit) {
            let reason = "this hotkey has no validator permit in this epoch";
            return Some(Event::Skipped(reason.to_owned()));
        }
        let resolved = weights::resolve(&stored.weights, &metagraph, &self.burn);
        if !resolved.unresolved.is_empty() {
            warn!(epoch, hotkeys = ?resolved.unresolved, "no longer registered; their share is burned");
        }
        if resolved.entries.is_empty() {
            let reason = "none of the paid hotkeys is registered, nor is the burn hotkey";
            return Some(Event::Skipped(reason.to_owned()));
        }
        let submission = WeightsSubmission {
            epoch,
            entries: resolved.entries,
            version_key: self.version_key,
        };
        Some(match self.chain.prepare_weights(&submission).await {
            Ok(prepared) => Event::Prepared(prepared),
            Err(error) => Event::NotPrepared(error),
        })
    }

    /// Looks for a call; sends it again while it can still get into a block.
    async fn settle(&self, call: &SignedCall) -> Option<Event> {
        match self.chain.settlement(call).await {
            Ok(Settlement::Waiting) => match self.chain.send(call).await {
                Ok(()) => Some(Event::Settled(Settlement::Waiting)),
                Err(error) => Some(Event::NotSent(error)),
            },
            Ok(settlement) => Some(Event::Settled(settlement)),
            Err(error) => {
                warn!(call = call.name, %error, "blocks can't be read; trying again");
                None
            }
        }
    }

    /// The agreed weights as this node computed them, and the chain block they are pinned to.
    fn stored_weights(&self, record: &WeightsRecord) -> Result<(EpochWeights, Hash), String> {
        let text = |error: StorageError| error.to_string();
        let stored = self.storage.weights(record.epoch).map_err(text)?;
        let stored = stored.ok_or("this node has not computed them")?;
        let own = weights_hash(&stored.weights);
        if own != record.weights_hash {
            return Err(format!(
                "this node computed {own}, the agreed weights are {}",
                record.weights_hash
            ));
        }
        let block = self.storage.blocks_from(stored.height, 1).map_err(text)?;
        let pinned = block.first().map(|decided| decided.block.header.chain.hash);
        Ok((stored, pinned.ok_or("their block is missing")?))
    }

    async fn announce(&self, open: &mut Open) {
        let Some(address) = self.axon else {
            return;
        };
        if let Axon::Sent(call) = &open.axon {
            open.axon = match self.chain.settlement(call).await {
                Ok(Settlement::Waiting) | Err(_) => return,
                Ok(Settlement::Done { block, .. }) => {
                    info!(%address, block, "address announced on the chain");
                    Axon::Rest
                }
                Ok(Settlement::Failed { failure, .. }) => {
                    warn!(%address, %failure, "the chain does not take the address");
                    rest_or_due(failure.advice())
                }
                Ok(Settlement::Lost) => Axon::Due,
            };
        }
        if !matches!(open.axon, Axon::Due) || open.records.values().any(WeightsRecord::is_under_way)
        {
            return;
        }
        let sent = match self.chain.prepare_axon(address).await {
            Ok(None) => {
                open.axon = Axon::Rest;
                return;
            }
            Ok(Some(call)) => self.chain.send(&call).await.map(|()| call),
            Err(error) => Err(error),
        };
        open.axon = match sent {
            Ok(call) => Axon::Sent(call),
            Err(error) => {
                warn!(%address, %error, "the address can't be announced on the chain");
                rest_or_due(error.advice())
            }
        };
    }

    fn keep(&self, record: &WeightsRecord) -> bool {
        let kept = self.storage.put_weights_record(record);
        if let Err(error) = &kept {
            error!(epoch = record.epoch, %error, "the record of weights can't be written");
        }
        kept.is_ok()
    }

    fn report(&self, before: &WeightsRecord, record: &WeightsRecord) {
        let epoch = record.epoch;
        match &record.stage {
            Stage::Taken { block, .. } if before.is_under_way() => {
                self.taken.inc();
                info!(epoch, block, "the chain took the call");
            }
            Stage::Ended { outcome, .. } => match outcome {
                Outcome::Stored { block } => info!(epoch, block, "weights are on the chain"),
                Outcome::Skipped { reason } => info!(epoch, reason, "no weights are set"),
                Outcome::Missed { reason } | Outcome::Failed { reason } => {
                    error!(epoch, reason, "weights did not get to the chain");
                }
            },
            _ => {
                let news = record.attempts.len() > before.attempts.len();
                if let Some(attempt) = record.attempts.last().filter(|_| news) {
                    info!(epoch, attempt = %attempt.result, "weights on their way");
                }
            }
        }
    }
}

impl Open {
    /// Whether a call that is not of this epoch's weights may be on its way.
    fn is_busy_beside(&self, epoch: u64) -> bool {
        let others = self.records.values().filter(|other| other.epoch != epoch);
        matches!(self.axon, Axon::Sent(_)) || others.into_iter().any(WeightsRecord::is_under_way)
    }
}

fn rest_or_due(advice: Advice) -> Axon {
    match advice {
        Advice::RetryLater | Advice::WaitForChain => Axon::Due,
        Advice::TellOperator | Advice::GiveUp => Axon::Rest,
    }
}

fn unknown(epoch: u64, error: &ChainError) -> Option<Event> {
    warn!(epoch, %error, "weights on the chain can't be read; trying again");
    None
}
