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
    Chain, HeadStatus, PreparedWeights, Settlement, SignedCall, WeightsStanding, WeightsSubmission,
    weights,
};
use assay_consensus::block::ChainRef;
use assay_consensus::hash::Hash;
use assay_consensus::keys::Hotkey;
use assay_consensus::votes::{VoteCertificate, WeightsVote, weights_hash};

use super::axon::Axon;
use super::record::{Action, Event, Moment, Outcome, Stage, WeightsRecord};
use crate::execution::EpochWeights;
use crate::metagraphs::Metagraphs;
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
    /// Who was registered when weights were computed.
    pub metagraphs: Metagraphs,
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
    /// Jobs that have no record yet.
    jobs: BTreeMap<u64, WeightsJob>,
    axon: Option<Axon>,
}

impl WeightsTask {
    /// Works until cancelled. Wakes when the chain's finalised head moves.
    pub async fn run(
        self,
        mut jobs: mpsc::Receiver<WeightsJob>,
        mut heads: watch::Receiver<HeadStatus>,
        cancel: CancellationToken,
    ) {
        let mut open = Open {
            records: BTreeMap::new(),
            jobs: BTreeMap::new(),
            axon: self.axon.map(Axon::new),
        };
        let mut is_restored = false;
        loop {
            if !is_restored {
                is_restored = self.restore(&mut open);
            }
            let head = heads.borrow_and_update().head;
            if let Some(head) = head.filter(|_| is_restored) {
                tokio::select! {
                    () = cancel.cancelled() => return,
                    () = self.look(&mut open, head) => {}
                }
            }
            tokio::select! {
                () = cancel.cancelled() => return,
                job = jobs.recv() => match job {
                    Some(job) => {
                        open.jobs.insert(job.certificate.payload.epoch, job);
                    }
                    None => return,
                },
                changed = heads.changed() => if changed.is_err() {
                    return;
                },
                () = tokio::time::sleep(PATIENCE) => {}
            }
        }
    }

    /// Takes up what a former run of the node left open.
    fn restore(&self, open: &mut Open) -> bool {
        match self.storage.open_weights_records() {
            Ok(records) => {
                let records = records.into_iter().map(|record| (record.epoch, record));
                open.records.extend(records);
                true
            }
            Err(error) => {
                error!(%error, "records of weights can't be read; trying again");
                false
            }
        }
    }

    /// Opens the records of jobs, unless an epoch has one already.
    async fn take_jobs(&self, open: &mut Open) {
        for (epoch, job) in core::mem::take(&mut open.jobs) {
            let is_taken = match self.storage.weights_record(epoch) {
                Ok(Some(_)) => true,
                Ok(None) => {
                    let agreed = job.certificate.payload;
                    let record = WeightsRecord::new(epoch, agreed.weights_hash);
                    let is_kept = self.keep(&record).await;
                    if is_kept {
                        open.records.insert(epoch, record);
                    }
                    is_kept
                }
                Err(error) => {
                    error!(epoch, %error, "the record of weights can't be read; trying again");
                    false
                }
            };
            if !is_taken {
                open.jobs.insert(epoch, job);
            }
        }
    }

    /// Moves everything that can be moved at this head. New weights come before reveals, which have
    /// a whole epoch.
    async fn look(&self, open: &mut Open, head: ChainRef) {
        self.take_jobs(open).await;
        let epochs: Vec<u64> = open.records.keys().rev().copied().collect();
        for epoch in epochs {
            let busy = open.is_busy_beside(epoch, &head);
            if let Some(record) = open.records.get_mut(&epoch) {
                self.walk(record, head, busy).await;
                if record.is_ended() {
                    open.records.remove(&epoch);
                }
            }
        }
        let mut records = open.records.values();
        let busy = records.any(|record| record.is_under_way_at(&head));
        if let Some(axon) = &mut open.axon {
            axon.look(self.chain.as_ref(), &head, busy).await;
        }
    }

    /// Steps of one record, until it has to wait for the chain.
    async fn walk(&self, record: &mut WeightsRecord, head: ChainRef, busy: bool) {
        for _ in 0..STEPS_MAX {
            let before = record.clone();
            record.note_head(&head);
            let event = match record.next_action(&head) {
                Action::Prepare if busy => None,
                Action::Prepare => Some(self.prepare(record).await),
                Action::Settle(call) => Some(self.settle(record.epoch, &call).await),
                Action::LookUp(prepared, block) => self.look_up(&prepared, block, busy).await,
                Action::Nothing => None,
            };
            let now = Moment {
                head,
                time_ms: unix_ms(),
            };
            if let Some(event) = event {
                record.note(event, now);
            }
            if *record == before {
                return;
            }
            if !self.keep(record).await {
                // What is not on disk is not done.
                *record = before;
                return;
            }
            self.report(&before, record);
            if record.stage == before.stage {
                return;
            }
            if !before.is_under_way()
                && let Action::Settle(call) = record.next_action(&head)
            {
                self.hand_over(record, &call, now).await;
                return;
            }
        }
    }

    /// Sends a call for the first time. It is on disk.
    async fn hand_over(&self, record: &mut WeightsRecord, call: &SignedCall, now: Moment) {
        if let Err(error) = self.chain.send(call).await {
            warn!(epoch = record.epoch, call = call.name, %error, "the call was not taken");
            record.note(Event::NotSent(error), now);
            self.keep(record).await;
        }
    }

    async fn look_up(&self, prepared: &PreparedWeights, block: u64, busy: bool) -> Option<Event> {
        match self.chain.weights_standing(prepared, block).await {
            Ok(WeightsStanding::RevealDue) if busy => None,
            Ok(WeightsStanding::RevealDue) => {
                Some(match self.chain.prepare_reveal(prepared).await {
                    Ok(reveal) => Event::RevealPrepared(reveal),
                    Err(error) => Event::NotPrepared(error),
                })
            }
            Ok(standing) => Some(Event::LookedUp(standing)),
            Err(error) => {
                let epoch = prepared.epoch;
                warn!(epoch, %error, "weights on the chain can't be read; trying again");
                Some(Event::NotLookedUp(error))
            }
        }
    }

    /// Signs the weights as this node computed them.
    async fn prepare(&self, record: &WeightsRecord) -> Event {
        let epoch = record.epoch;
        let (stored, pinned) = match self.stored_weights(record) {
            Ok(found) => found,
            Err(reason) => return Event::Skipped(reason),
        };
        let metagraph = match self.metagraphs.pinned(epoch, pinned).await {
            Ok(metagraph) => metagraph,
            Err(error) => return Event::NotPrepared(error),
        };
        let neuron = metagraph.neuron_of(&self.hotkey);
        if !neuron.is_some_and(|neuron| neuron.validator_permit) {
            let reason = "this hotkey has no validator permit in this epoch";
            return Event::Skipped(reason.to_owned());
        }
        let resolved = weights::resolve(&stored.weights, &metagraph, &self.burn);
        if !resolved.unresolved.is_empty() {
            warn!(epoch, hotkeys = ?resolved.unresolved, "no longer registered; their share is burned");
        }
        if resolved.entries.is_empty() {
            let reason = "none of the paid hotkeys is registered, nor is the burn hotkey";
            return Event::Skipped(reason.to_owned());
        }
        let submission = WeightsSubmission {
            epoch,
            entries: resolved.entries,
            version_key: self.version_key,
        };
        match self.chain.prepare_weights(&submission).await {
            Ok(prepared) => Event::Prepared(prepared),
            Err(error) => Event::NotPrepared(error),
        }
    }

    /// Looks for a call; sends it again while it can still get into a block. What the pool says then
    /// means nothing: it may have taken the call before.
    async fn settle(&self, epoch: u64, call: &SignedCall) -> Event {
        match self.chain.settlement(call).await {
            Ok(Settlement::Waiting) => {
                if let Err(error) = self.chain.send(call).await {
                    warn!(epoch, call = call.name, %error, "the call can't be sent again");
                }
                Event::Settled(Settlement::Waiting)
            }
            Ok(settlement) => Event::Settled(settlement),
            Err(error) => {
                warn!(epoch, call = call.name, %error, "blocks can't be read; trying again");
                Event::NotSettled
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

    async fn keep(&self, record: &WeightsRecord) -> bool {
        let (storage, kept) = (self.storage.clone(), record.clone());
        let written = tokio::task::spawn_blocking(move || storage.put_weights_record(&kept)).await;
        match written {
            Ok(Ok(())) => true,
            Ok(Err(error)) => {
                error!(epoch = record.epoch, %error, "the record of weights can't be written");
                false
            }
            Err(error) => {
                error!(epoch = record.epoch, %error, "the record of weights was not written");
                false
            }
        }
    }

    fn report(&self, before: &WeightsRecord, record: &WeightsRecord) {
        let epoch = record.epoch;
        match &record.stage {
            Stage::Taken { block, .. } if matches!(before.stage, Stage::Sent { .. }) => {
                self.taken.inc();
                info!(epoch, block, "the chain took the call");
            }
            Stage::Ended { outcome, .. } => match outcome {
                Outcome::Stored { block } => info!(epoch, block, "weights are on the chain"),
                Outcome::Skipped { reason } => info!(epoch, reason, "no weights are set"),
                Outcome::Missed { reason } if record.attempts.is_empty() => {
                    info!(epoch, reason, "no weights are set");
                }
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
    /// Whether a call that is not of this epoch's weights may still get into a block.
    fn is_busy_beside(&self, epoch: u64, head: &ChainRef) -> bool {
        let mut others = self.records.values().filter(|other| other.epoch != epoch);
        let axon = self.axon.as_ref();
        axon.is_some_and(|axon| axon.is_under_way_at(head))
            || others.any(|other| other.is_under_way_at(head))
    }
}
