//! Runs the core: feeds it what comes in, does what it says, in its order.
//!
//! Inputs are taken in batches. Everything a batch wants to be durable is written and synced once,
//! before any other effect of the batch runs: earlier than needed, never later.

mod background;
mod chain_blocks;
mod events;
mod executor;
mod failure;
mod journal;
mod outbox;
mod pending;
mod reviewer;
mod sync;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::Context as _;
use tokio::sync::{mpsc, oneshot, watch};
use tokio_util::sync::CancellationToken;
use tracing::debug;

use assay_chain::HeadStatus;
use assay_consensus::block::ChainRef;
use assay_consensus::codec;
use assay_consensus::core::{
    Core, Effect, Input, Mode, Origin, Refusal, Report, Verdict, WalRecord,
};
use assay_consensus::envelope::Signed;
use assay_consensus::submission::{SubmissionHeader, SubmissionId};
use assay_consensus::wire::{Message, SyncRequest};
use assay_p2p::{MessageHandle, NetworkEvent, ReplyHandle};
use assay_store::Wal;

use crate::shared::{LocalSubmission, Shared, View};
use crate::storage::HeldPayload;
use crate::weights::WeightsJob;

use background::Background;
use chain_blocks::ChainBlocks;
use executor::Executor;
use failure::Failure;
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
    chain_blocks: ChainBlocks,
    weights_jobs: mpsc::Sender<WeightsJob>,
    failure: Failure,
    failures: mpsc::Receiver<String>,
    /// The last pending submission that was looked at.
    pending_cursor: Option<SubmissionId>,
    background: Background,
    cancel: CancellationToken,
}

/// Who waits for an answer of the core.
#[derive(Default)]
struct Waiting {
    next_token: u64,
    gossip: BTreeMap<u64, MessageHandle>,
    replies: BTreeMap<u64, (ReplyHandle, SyncRequest)>,
    locals: BTreeMap<u64, WaitingLocal>,
}

/// A submission of this node's own RPC, until the core has judged it.
struct WaitingLocal {
    signed: Signed<SubmissionHeader>,
    reply: oneshot::Sender<Result<(), Refusal>>,
    /// Dropped when the journey exists, so that the payload is there for it.
    _payload: Arc<HeldPayload>,
}

/// What a batch owes to callers once its journal is durable.
#[derive(Default)]
struct Acknowledgements {
    /// Whether submissions were written that have to survive.
    needs_flush: bool,
    answers: Vec<(WaitingLocal, Result<(), Refusal>)>,
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
        let background = Background::new(parts.cancel.clone());
        let (failure, failures) = Failure::channel();
        let shared = parts.shared;
        Driver {
            outbox: Outbox::spawn(&background, Arc::clone(&shared)),
            executor: Executor::new(Arc::clone(&shared), input_sender.clone(), failure.clone()),
            reviewer: Reviewer::new(Arc::clone(&shared), input_sender.clone()),
            chain_blocks: ChainBlocks::new(Arc::clone(&shared), input_sender.clone()),
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
            failure,
            failures,
            pending_cursor: None,
            background,
            cancel: parts.cancel,
        }
    }

    /// Runs until cancelled, then waits for its tasks. An error means that nothing may be signed
    /// any more and the process should end.
    pub async fn run(mut self) -> anyhow::Result<()> {
        let outcome = self.run_loop().await;
        self.cancel.cancel();
        self.inputs.close();
        self.background.wait().await;
        outcome
    }

    async fn run_loop(&mut self) -> anyhow::Result<()> {
        let mut ticks = tokio::time::interval(TICK);
        ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Skip);
        let mut pending_checks = tokio::time::interval(PENDING_CHECK);
        pending_checks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Skip);
        let mut batch = Vec::with_capacity(BATCH_MAX);
        self.take_head(&mut batch);
        loop {
            self.run_batch(std::mem::take(&mut batch)).await?;
            // What is rare and small comes before what peers can flood.
            tokio::select! {
                biased;
                () = self.cancel.cancelled() => return Ok(()),
                Some(failure) = self.failures.recv() => anyhow::bail!("database: {failure}"),
                _ = ticks.tick() => batch.push(Input::Tick),
                _ = pending_checks.tick() => self.take_up_pending(&mut batch),
                changed = self.heads.changed() => {
                    if changed.is_err() {
                        anyhow::bail!("the chain watcher ended");
                    }
                    self.take_head(&mut batch);
                }
                Some(local) = self.locals.recv() => batch.extend(self.take_local(local)),
                Some(input) = self.inputs.recv() => batch.push(input),
                event = self.events.recv() => match event {
                    Some(event) => batch.extend(self.take_event(event)),
                    None => anyhow::bail!("the network task ended"),
                },
            }
            self.fill(&mut batch);
        }
    }

    /// Fills a batch with what is there. Ticks alone would hold up the rest if batches took longer
    /// than the pause between them.
    fn fill(&mut self, batch: &mut Vec<Input>) {
        if self.heads.has_changed().unwrap_or(false) {
            self.take_head(batch);
        }
        while batch.len() < BATCH_MAX {
            if let Ok(local) = self.locals.try_recv() {
                batch.extend(self.take_local(local));
            } else if let Ok(input) = self.inputs.try_recv() {
                batch.push(input);
            } else if let Ok(event) = self.events.try_recv() {
                batch.extend(self.take_event(event));
            } else {
                break;
            }
        }
    }

    fn take_head(&mut self, batch: &mut Vec<Input>) {
        let head = self.heads.borrow_and_update().head;
        batch.extend(head.map(|head| self.chain_blocks.take_head(&self.background, head)));
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
        let mut acknowledgements = Acknowledgements::default();
        for effect in effects {
            self.run_effect(effect, &mut acknowledgements);
        }
        self.acknowledge(acknowledgements);
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
        tokio::task::block_in_place(|| {
            // A compacted log leaves out what the executed blocks settle: those come first.
            self.shared
                .storage
                .flush()
                .context("database, before the write-ahead log is compacted")?;
            self.wal.rewrite(&encoded).map_err(|error| {
                anyhow::anyhow!("write-ahead log: {error}; nothing may be signed any more")
            })
        })
    }

    fn run_effect(&mut self, effect: Effect, acknowledgements: &mut Acknowledgements) {
        match effect {
            Effect::Persist(_) | Effect::Compact(_) => {}
            Effect::Publish(message) => self.outbox.send(Outgoing::Publish(message)),
            Effect::Verdict { origin, verdict } => {
                self.give_verdict(origin, verdict, acknowledgements);
            }
            Effect::Review(signed) => {
                self.reviewer
                    .review(&self.background, signed, self.place_of_tip());
            }
            Effect::Execute(decided) => {
                self.journal_ordered(&decided);
                self.executor.execute(&self.background, *decided);
            }
            Effect::LoadChainBlock { number } => self.chain_blocks.load(&self.background, number),
            Effect::LoadMetagraph { epoch } => {
                sync::load_metagraph(
                    &self.background,
                    Arc::clone(&self.shared),
                    epoch,
                    self.input_sender.clone(),
                );
            }
            Effect::RequestBlocks { from_height } => {
                sync::request_blocks(
                    &self.background,
                    Arc::clone(&self.shared),
                    from_height,
                    self.input_sender.clone(),
                );
            }
            Effect::Pull(request) => {
                sync::pull(
                    &self.background,
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
                        &self.background,
                        Arc::clone(&self.shared),
                        reply,
                        &request,
                        messages,
                    );
                }
            }
            Effect::Report(report) => {
                acknowledgements.needs_flush |= matches!(report, Report::Received(_));
                self.journal(report);
            }
        }
    }

    fn give_verdict(
        &mut self,
        origin: Origin,
        verdict: Verdict,
        acknowledgements: &mut Acknowledgements,
    ) {
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
                let Some(local) = self.waiting.locals.remove(&token) else {
                    return;
                };
                let answer = match verdict {
                    Verdict::Accept => self.journal_acknowledged(&local.signed),
                    // Only what is in the journal counts as taken.
                    Verdict::Refuse(refusal) if refusal.code == "known" => {
                        self.journal_acknowledged(&local.signed)
                    }
                    Verdict::Refuse(refusal) => Err(refusal),
                };
                acknowledgements.needs_flush |= answer.is_ok();
                acknowledgements.answers.push((local, answer));
            }
        }
    }

    /// Answers the callers of a batch; what is acknowledged is durable first.
    fn acknowledge(&self, acknowledgements: Acknowledgements) {
        let flushed = if acknowledgements.needs_flush {
            self.flush_journal()
        } else {
            Ok(())
        };
        for (local, answer) in acknowledgements.answers {
            // The client may have gone; the submission stays.
            let _gone = local.reply.send(answer.and(flushed.clone()));
        }
    }

    fn take_local(&mut self, local: LocalSubmission) -> Option<Input> {
        let token = self.waiting.token();
        let message = Box::new(Message::Submission(local.signed.clone()));
        let waiting = WaitingLocal {
            signed: local.signed,
            reply: local.reply,
            _payload: local.payload,
        };
        self.waiting.locals.insert(token, waiting);
        Some(Input::Message {
            message,
            origin: Origin::Local(token),
        })
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
