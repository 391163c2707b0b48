//! Runs the core: feeds it what comes in, does what it says, in its order.
//!
//! Inputs are taken in batches. Everything a batch wants to be durable is written and synced once,
//! before any other effect of the batch runs: earlier than needed, never later.

mod executor;
mod journal;
mod outbox;
mod reviewer;
mod sync;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::{mpsc, oneshot, watch};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tracing::{debug, error, warn};

use assay_chain::HeadStatus;
use assay_consensus::block::ChainRef;
use assay_consensus::codec;
use assay_consensus::core::{Core, Effect, Input, Mode, Origin, Refusal, Verdict, WalRecord};
use assay_consensus::wire::{Message, SyncRequest, Topic};
use assay_p2p::{MessageHandle, NetworkEvent, ReplyHandle};
use assay_store::Wal;

use crate::identity;
use crate::shared::{LocalSubmission, SeenPeer, Shared, View, unix_ms};
use crate::weights_submitter::WeightsJob;

use executor::Executor;
use outbox::{Outbox, Outgoing};
use reviewer::Reviewer;

/// Inputs that one batch takes at most; bounds the delay of the first.
const BATCH_MAX: usize = 256;

/// Inputs that wait for the core.
const INPUT_QUEUE: usize = 4_096;

/// Pause between ticks.
const TICK: Duration = Duration::from_millis(50);

/// Pause between looks at acknowledged submissions that the core may have lost by a restart.
const PENDING_CHECK: Duration = Duration::from_secs(1);

/// Gossip messages and requests that wait for the core's answer.
const TOKENS_MAX: usize = 16_384;

/// The driver and the channels it reads.
pub struct Driver {
    core: Core,
    shared: Arc<Shared>,
    wal: Wal,
    started: Instant,
    inputs: mpsc::Receiver<Input>,
    input_sender: mpsc::Sender<Input>,
    events: mpsc::Receiver<NetworkEvent>,
    heads: watch::Receiver<HeadStatus>,
    locals: mpsc::Receiver<LocalSubmission>,
    waiting: Waiting,
    outbox: Outbox,
    executor: Executor,
    reviewer: Reviewer,
    weights_jobs: mpsc::Sender<WeightsJob>,
    tasks: TaskTracker,
    cancel: CancellationToken,
}

/// Who waits for an answer of the core.
#[derive(Default)]
struct Waiting {
    next_token: u64,
    gossip: BTreeMap<u64, MessageHandle>,
    replies: BTreeMap<u64, (ReplyHandle, SyncRequest)>,
    locals: BTreeMap<u64, oneshot::Sender<Result<(), Refusal>>>,
}

/// What the driver is built from.
pub struct DriverParts {
    /// The state machine.
    pub core: Core,
    /// Everything shared.
    pub shared: Arc<Shared>,
    /// The open write-ahead log.
    pub wal: Wal,
    /// Network events.
    pub events: mpsc::Receiver<NetworkEvent>,
    /// Finalised chain heads.
    pub heads: watch::Receiver<HeadStatus>,
    /// Submissions of the RPC.
    pub locals: mpsc::Receiver<LocalSubmission>,
    /// Agreed weights go here.
    pub weights_jobs: mpsc::Sender<WeightsJob>,
    /// Stops everything.
    pub cancel: CancellationToken,
}

impl Driver {
    /// Puts the parts together. Must be called inside a tokio runtime.
    pub fn new(parts: DriverParts) -> Driver {
        let (input_sender, inputs) = mpsc::channel(INPUT_QUEUE);
        let tasks = TaskTracker::new();
        let shared = parts.shared;
        Driver {
            outbox: Outbox::spawn(&tasks, Arc::clone(&shared), parts.cancel.clone()),
            executor: Executor::new(
                Arc::clone(&shared),
                input_sender.clone(),
                parts.cancel.clone(),
            ),
            reviewer: Reviewer::new(Arc::clone(&shared), input_sender.clone()),
            core: parts.core,
            shared,
            wal: parts.wal,
            started: Instant::now(),
            inputs,
            input_sender,
            events: parts.events,
            heads: parts.heads,
            locals: parts.locals,
            waiting: Waiting::default(),
            weights_jobs: parts.weights_jobs,
            tasks,
            cancel: parts.cancel,
        }
    }

    /// Runs until cancelled, then waits for its tasks. An error means that nothing may be signed
    /// any more and the process should end.
    pub async fn run(mut self) -> anyhow::Result<()> {
        let outcome = self.run_loop().await;
        self.cancel.cancel();
        self.tasks.close();
        self.tasks.wait().await;
        outcome
    }

    async fn run_loop(&mut self) -> anyhow::Result<()> {
        let mut ticks = tokio::time::interval(TICK);
        ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Skip);
        let mut pending_checks = tokio::time::interval(PENDING_CHECK);
        let mut batch = Vec::with_capacity(BATCH_MAX);
        if let Some(head) = self.heads.borrow_and_update().head {
            batch.push(Input::ChainHead(head));
        }
        loop {
            self.run_batch(std::mem::take(&mut batch)).await?;
            tokio::select! {
                biased;
                () = self.cancel.cancelled() => return Ok(()),
                _ = ticks.tick() => batch.push(Input::Tick),
                _ = pending_checks.tick() => self.take_up_pending(&mut batch),
                Some(input) = self.inputs.recv() => batch.push(input),
                Some(local) = self.locals.recv() => batch.extend(self.take_local(local)),
                event = self.events.recv() => match event {
                    Some(event) => batch.extend(self.take_event(event)),
                    None => anyhow::bail!("the network task ended"),
                },
                changed = self.heads.changed() => {
                    if changed.is_err() {
                        anyhow::bail!("the chain watcher ended");
                    }
                    let head = self.heads.borrow_and_update().head;
                    batch.extend(head.map(Input::ChainHead));
                }
            }
            while batch.len() < BATCH_MAX {
                if let Ok(input) = self.inputs.try_recv() {
                    batch.push(input);
                } else if let Ok(event) = self.events.try_recv() {
                    batch.extend(self.take_event(event));
                } else {
                    break;
                }
            }
        }
    }

    async fn run_batch(&mut self, batch: Vec<Input>) -> anyhow::Result<()> {
        let mut records: Vec<WalRecord> = Vec::new();
        let mut effects = Vec::new();
        for input in batch {
            let now_ms = u64::try_from(self.started.elapsed().as_millis()).unwrap_or(u64::MAX);
            let timer = Instant::now();
            let stepped = self.core.step(now_ms, input);
            self.shared
                .metrics
                .core_seconds
                .inc_by(timer.elapsed().as_secs_f64());
            for effect in stepped {
                match effect {
                    Effect::Persist(new) => records.extend(new),
                    // Records of this batch are in the guard already, so the compacted log has them.
                    Effect::Compact(all) => {
                        records.clear();
                        self.rewrite_log(&all)?;
                    }
                    other => effects.push(other),
                }
            }
        }
        if !records.is_empty() {
            self.append_log(&records)?;
        }
        for effect in effects {
            self.run_effect(effect);
        }
        self.publish_view();
        Ok(())
    }

    fn append_log(&self, records: &[WalRecord]) -> anyhow::Result<()> {
        let encoded: Vec<Vec<u8>> = records.iter().map(codec::encode).collect();
        tokio::task::block_in_place(|| self.wal.append(&encoded)).map_err(|error| {
            anyhow::anyhow!("write-ahead log: {error}; nothing may be signed any more")
        })
    }

    fn rewrite_log(&self, records: &[WalRecord]) -> anyhow::Result<()> {
        let encoded: Vec<Vec<u8>> = records.iter().map(codec::encode).collect();
        tokio::task::block_in_place(|| self.wal.rewrite(&encoded)).map_err(|error| {
            anyhow::anyhow!("write-ahead log: {error}; nothing may be signed any more")
        })
    }

    fn run_effect(&mut self, effect: Effect) {
        match effect {
            Effect::Persist(_) | Effect::Compact(_) => {}
            Effect::Publish(message) => self.outbox.send(Outgoing::Publish(message)),
            Effect::Verdict { origin, verdict } => self.give_verdict(origin, verdict),
            Effect::Review(signed) => {
                self.reviewer
                    .review(&self.tasks, signed, self.place_of_tip())
            }
            Effect::Execute(decided) => {
                self.journal_ordered(&decided);
                self.executor.execute(&self.tasks, *decided);
            }
            Effect::LoadMetagraph { epoch } => {
                sync::load_metagraph(
                    &self.tasks,
                    Arc::clone(&self.shared),
                    epoch,
                    self.input_sender.clone(),
                );
            }
            Effect::RequestBlocks { from_height } => {
                sync::request_blocks(
                    &self.tasks,
                    Arc::clone(&self.shared),
                    from_height,
                    self.input_sender.clone(),
                );
            }
            Effect::Pull(request) => {
                sync::pull(
                    &self.tasks,
                    Arc::clone(&self.shared),
                    request,
                    self.input_sender.clone(),
                );
            }
            Effect::PullReply { token, messages } => {
                if let Some((reply, SyncRequest::Pull(request))) =
                    self.waiting.replies.remove(&token)
                {
                    sync::answer_pull(
                        &self.tasks,
                        Arc::clone(&self.shared),
                        reply,
                        &request,
                        messages,
                    );
                }
            }
            Effect::Report(report) => self.journal(report),
        }
    }

    fn give_verdict(&mut self, origin: Origin, verdict: Verdict) {
        match origin {
            Origin::Pull => {}
            Origin::Gossip(token) => {
                let Some(id) = self.waiting.gossip.remove(&token) else {
                    return;
                };
                let verdict = match verdict {
                    Verdict::Accept => assay_p2p::Verdict::Accept,
                    Verdict::Refuse(refusal) if refusal.sender_at_fault => {
                        debug!(code = refusal.code, text = refusal.text, "gossip rejected");
                        self.shared.metrics.gossip_rejected.inc();
                        assay_p2p::Verdict::Reject
                    }
                    Verdict::Refuse(_) => assay_p2p::Verdict::Ignore,
                };
                self.outbox.send(Outgoing::Verdict(id, verdict));
            }
            Origin::Local(token) => {
                let Some(reply) = self.waiting.locals.remove(&token) else {
                    return;
                };
                let answer = match verdict {
                    Verdict::Accept => Ok(()),
                    Verdict::Refuse(refusal) => Err(refusal),
                };
                // The client may have gone; the submission stays.
                let _gone = reply.send(answer);
            }
        }
    }

    fn take_local(&mut self, local: LocalSubmission) -> Option<Input> {
        let token = self.waiting.token();
        self.waiting.locals.insert(token, local.reply);
        let message = Box::new(Message::Submission(local.signed));
        Some(Input::Message {
            message,
            origin: Origin::Local(token),
        })
    }

    fn take_event(&mut self, event: NetworkEvent) -> Option<Input> {
        match event {
            NetworkEvent::Gossip {
                topic,
                data,
                id,
                from: _,
            } => self.take_gossip(core_topic(topic), &data, id),
            NetworkEvent::Request { data, reply, .. } => self.take_request(&data, reply),
            NetworkEvent::PeerIdentity { peer, statement } => {
                if let Some(hotkey) =
                    identity::verify(&statement, &self.shared.network_id, &peer.to_bytes())
                {
                    let seen = SeenPeer {
                        peer,
                        last_seen_ms: unix_ms(),
                    };
                    let identities = self.shared.identities.write();
                    identities
                        .unwrap_or_else(std::sync::PoisonError::into_inner)
                        .insert(hotkey, seen);
                } else {
                    debug!(%peer, "identity statement does not hold");
                }
                None
            }
            NetworkEvent::PeerBanned { peer, reason, .. } => {
                warn!(%peer, ?reason, "peer cut off");
                None
            }
            NetworkEvent::PeerConnected { peer } => {
                debug!(%peer, "peer connected");
                None
            }
            NetworkEvent::PeerDisconnected { peer } => {
                debug!(%peer, "peer disconnected");
                None
            }
        }
    }

    fn take_gossip(&mut self, topic: Topic, data: &[u8], id: MessageHandle) -> Option<Input> {
        self.shared.metrics.gossip_received.inc();
        match Message::decode(topic, data) {
            Ok(message) if self.waiting.gossip.len() < TOKENS_MAX => {
                let token = self.waiting.token();
                self.waiting.gossip.insert(token, id);
                Some(Input::Message {
                    message: Box::new(message),
                    origin: Origin::Gossip(token),
                })
            }
            Ok(_) => {
                self.outbox
                    .send(Outgoing::Verdict(id, assay_p2p::Verdict::Ignore));
                None
            }
            Err(error) => {
                debug!(?topic, %error, "gossip does not decode");
                self.shared.metrics.gossip_rejected.inc();
                self.outbox
                    .send(Outgoing::Verdict(id, assay_p2p::Verdict::Reject));
                None
            }
        }
    }

    fn take_request(&mut self, data: &[u8], reply: ReplyHandle) -> Option<Input> {
        let request: SyncRequest = match codec::decode(data, sync::REQUEST_MAX_BYTES) {
            Ok(request) => request,
            Err(error) => {
                debug!(%error, "sync request does not decode");
                return None;
            }
        };
        match request {
            SyncRequest::Blocks { from_height } => {
                sync::answer_blocks(&self.tasks, Arc::clone(&self.shared), reply, from_height);
                None
            }
            SyncRequest::Pull(pull) => {
                if self.waiting.replies.len() >= TOKENS_MAX {
                    return None;
                }
                let token = self.waiting.token();
                self.waiting
                    .replies
                    .insert(token, (reply, SyncRequest::Pull(pull.clone())));
                Some(Input::Pull {
                    token,
                    request: pull,
                })
            }
        }
    }

    /// Feeds acknowledged submissions that no block has ordered to the core until it has them, and
    /// ends those whose epoch is over: what was acknowledged is never lost.
    fn take_up_pending(&self, batch: &mut Vec<Input>) {
        let pending = match self.shared.storage.pending_submissions() {
            Ok(pending) => pending,
            Err(error) => {
                error!(%error, "pending submissions can't be read");
                return;
            }
        };
        let epoch = self.core.tip().chain.epoch;
        for signed in pending {
            let id = signed.payload.id();
            if self.core.is_pending(&id) {
                continue;
            }
            if signed.payload.epoch < epoch {
                self.journal_expired(&id, epoch);
            } else if batch.len() < BATCH_MAX {
                let message = Box::new(Message::Submission(signed));
                batch.push(Input::Message {
                    message,
                    origin: Origin::Pull,
                });
            }
        }
    }

    fn place_of_tip(&self) -> crate::execution::PlaceInLedger {
        let tip = self.core.tip();
        crate::execution::PlaceInLedger {
            height: tip.height,
            chain: tip.chain,
        }
    }

    fn publish_view(&self) {
        let old = self.shared.view();
        let tip = self.core.tip();
        let head: Option<ChainRef> = self.heads.borrow().head;
        let set = match (&old.set, self.core.validator_set()) {
            (Some(known), Some(set)) if known.as_ref() == set => Some(Arc::clone(known)),
            (_, set) => set.cloned().map(Arc::new),
        };
        let view = View {
            tip: tip.clone(),
            mode: self.core.mode().clone(),
            is_behind: self.core.is_behind(),
            head,
            set,
            pending: self.core.pending_submissions(),
            trouble: self.executor.trouble(),
        };
        self.shared
            .metrics
            .ledger_height
            .set(i64::try_from(tip.height).unwrap_or(i64::MAX));
        self.shared
            .metrics
            .pending_submissions
            .set(i64::try_from(view.pending).unwrap_or(i64::MAX));
        self.shared
            .metrics
            .diverged
            .set(i64::from(view.mode != Mode::Active));
        *self
            .shared
            .view
            .write()
            .unwrap_or_else(std::sync::PoisonError::into_inner) = Arc::new(view);
    }
}

impl Waiting {
    fn token(&mut self) -> u64 {
        self.next_token += 1;
        self.next_token
    }
}

fn core_topic(topic: assay_p2p::Topic) -> Topic {
    match topic {
        assay_p2p::Topic::Submissions => Topic::Submissions,
        assay_p2p::Topic::Approvals => Topic::Approvals,
        assay_p2p::Topic::Consensus => Topic::Consensus,
        assay_p2p::Topic::LogVotes => Topic::LogVotes,
        assay_p2p::Topic::WeightsVotes => Topic::WeightsVotes,
        assay_p2p::Topic::Status => Topic::Status,
    }
}
