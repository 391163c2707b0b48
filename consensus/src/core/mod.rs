//! The whole validator as one state machine: `step(now, input) -> effects`.
//!
//! The node feeds messages, chain heads, results of reviews and executions, and ticks; it runs
//! the effects in the order in which they come. That order carries the safety argument: an
//! [`Effect::Persist`] stands before the [`Effect::Publish`] of what it makes durable.
//!
//! * `mempool`: submissions on their way to an approval certificate.
//! * `height`: the finality engine of the next height; starts only when there is work.
//! * `agreement`: log votes and weights votes after execution.
//! * `catch_up`: what a node that missed something asks for, and what it answers.
//!
//! Deliberately absent: what a payload means, how blocks are executed, where anything is stored.

mod agreement;
mod catch_up;
mod chain_view;
mod height;
mod mempool;

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::block::{ChainRef, DecidedBlock};
use crate::engine::Timeouts;
use crate::envelope::{NetworkId, Payload, Signed};
use crate::genesis::Genesis;
use crate::guard::{Conflict, Floor, Guarded, SignGuard, SignOutcome, SignRecord, Subject};
use crate::hash::Hash;
use crate::keys::{Hotkey, Keypair};
use crate::ledger::{Ledger, LedgerTip};
use crate::submission::{Slot, SubmissionHeader, SubmissionId};
use crate::validators::{Quorum, ValidatorSet};
use crate::votes::{LogVote, VoteCertificate, WeightsVote};
use crate::wire::{Message, PullRequest};

use agreement::Agreements;
use catch_up::CatchUp;
use chain_view::{Heads, MemberTable};
use height::Heights;
use mempool::Mempool;

/// How often the core asks and tells, in milliseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CoreConfig {
    /// Timeouts of the finality engine.
    pub timeouts: Timeouts,
    /// Pause between pulls while something is outstanding.
    pub pull_busy_ms: u64,
    /// Pause between pulls while nothing is.
    pub pull_idle_ms: u64,
    /// Pause between status messages.
    pub status_ms: u64,
    /// Pause before the same blocks are asked for again.
    pub sync_retry_ms: u64,
}

/// What a restart brings back.
#[derive(Debug, Clone)]
pub struct Resume {
    /// The last executed block and what carries over.
    pub tip: LedgerTip,
    /// Slots taken by blocks of the tip's epoch.
    pub admitted: Vec<Slot>,
    /// Everything in the write-ahead log, oldest first.
    pub wal: Vec<WalRecord>,
    /// Executed submissions whose log is not agreed yet, with the votes seen so far.
    pub open_results: Vec<OpenResult>,
    /// Weights that are not agreed yet, with the votes seen so far.
    pub open_weights: Vec<OpenWeights>,
}

/// An executed submission whose log is not agreed yet.
#[derive(Debug, Clone)]
pub struct OpenResult {
    /// What this node computed.
    pub vote: LogVote,
    /// Votes of others that are stored.
    pub votes: Vec<Signed<LogVote>>,
}

/// Weights of an epoch that are not agreed yet.
#[derive(Debug, Clone)]
pub struct OpenWeights {
    /// What this node computed.
    pub vote: WeightsVote,
    /// Votes of others that are stored.
    pub votes: Vec<Signed<WeightsVote>>,
}

/// One record of the write-ahead log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum WalRecord {
    /// Nothing below is signed any more: a compacted log begins with this.
    Floor(Floor),
    /// Something that was signed.
    Signed(Box<SignRecord>),
    /// Proposal and prevotes behind a precommit: what the lock is re-derived from.
    Justification {
        /// Ledger height.
        height: u64,
        /// The signed proposal and the prevotes for it.
        messages: Vec<Message>,
    },
}

/// Where a message came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    /// Gossip; the network waits for an [`Effect::Verdict`] with this tag.
    Gossip(u64),
    /// A peer's answer to a pull.
    Pull,
    /// This node's own RPC.
    Local(u64),
}

/// What the node tells the core.
#[derive(Debug, Clone)]
pub enum Input {
    /// Time has passed.
    Tick,
    /// A decoded message.
    Message {
        /// The message.
        message: Box<Message>,
        /// Where it came from.
        origin: Origin,
    },
    /// A newly finalised chain block.
    ChainHead(ChainRef),
    /// Answer to [`Effect::LoadMetagraph`].
    Metagraph {
        /// Validators with stake at the epoch's first finalised block.
        set: ValidatorSet,
        /// All hotkeys registered there: who may submit.
        registered: BTreeSet<Hotkey>,
    },
    /// Answer to [`Effect::Review`].
    Reviewed {
        /// The reviewed submission.
        submission: SubmissionId,
        /// What the challenge said.
        review: Review,
    },
    /// Answer to [`Effect::Execute`]: the block is executed and stored.
    Executed(Executed),
    /// Answer to [`Effect::RequestBlocks`].
    Blocks(Vec<DecidedBlock>),
    /// A peer asks.
    Pull {
        /// Names the asker in the answer.
        token: u64,
        /// What it lacks.
        request: PullRequest,
    },
}

/// What a challenge said about a submission.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Review {
    /// `validate` accepted it.
    Approve,
    /// `validate` rejected it, or its payload is not what the header says.
    Reject {
        /// Short stable identifier.
        code: String,
        /// The reason for people.
        text: String,
    },
    /// A local fault: says nothing about the submission.
    Abstain {
        /// What went wrong here.
        reason: String,
    },
}

/// What executing a block gave.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Executed {
    /// Height of the block.
    pub height: u64,
    /// State root after it.
    pub state_root: Hash,
    /// Results root after it.
    pub results_root: Hash,
    /// Log and score of each admitted submission.
    pub results: Vec<(SubmissionId, Hash, i64)>,
    /// Hash of the weights, if the block computed them.
    pub weights_hash: Option<Hash>,
}

/// What became of a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// Valid and useful: forward.
    Accept,
    /// Not taken.
    Refuse(Refusal),
}

/// Why a message was not taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// Short stable identifier.
    pub code: &'static str,
    /// What was expected and what came.
    pub text: String,
    /// Only then the peer that sent it is punished.
    pub sender_at_fault: bool,
}

/// What the core wants done, in order.
#[derive(Debug, Clone, PartialEq)]
pub enum Effect {
    /// Make durable before anything that follows.
    Persist(Vec<WalRecord>),
    /// The write-ahead log may be replaced by these records.
    Compact(Vec<WalRecord>),
    /// Gossip a message.
    Publish(Message),
    /// What the network or the RPC client is told about a message.
    Verdict {
        /// Where the message came from.
        origin: Origin,
        /// What to do with it.
        verdict: Verdict,
    },
    /// Fetch the payload, run `validate` on the state of the tip, answer [`Input::Reviewed`].
    Review(Signed<SubmissionHeader>),
    /// Execute a decided block on the state of its parent, store everything in one write, answer
    /// [`Input::Executed`].
    Execute(Box<DecidedBlock>),
    /// Read a chain block that a proposal refers to and this node has not seen; if it is finalised,
    /// answer [`Input::ChainHead`].
    LoadChainBlock {
        /// Chain block number.
        number: u64,
    },
    /// Read the metagraph at the first finalised block of an epoch, answer [`Input::Metagraph`].
    LoadMetagraph {
        /// The epoch.
        epoch: u64,
    },
    /// Ask a peer for decided blocks, answer [`Input::Blocks`].
    RequestBlocks {
        /// First height wanted.
        from_height: u64,
    },
    /// Ask a peer for missed messages; feed them back with [`Origin::Pull`].
    Pull(PullRequest),
    /// Answer a peer's pull. The node adds votes of older subjects from its store.
    PullReply {
        /// Whom to answer.
        token: u64,
        /// Messages for it.
        messages: Vec<Message>,
    },
    /// Something that people and the store want to know.
    Report(Report),
}

/// What happened, for the journey, the store and operators.
#[derive(Debug, Clone, PartialEq)]
pub enum Report {
    /// A submission came in.
    Received(Signed<SubmissionHeader>),
    /// A validator approved (no reason) or rejected (code, text).
    Reviewed {
        /// The submission.
        submission: SubmissionId,
        /// The validator.
        hotkey: Hotkey,
        /// Code and text of a rejection.
        rejection: Option<(String, String)>,
    },
    /// This node could not review for a local reason.
    Abstained {
        /// The submission.
        submission: SubmissionId,
        /// What went wrong here.
        reason: String,
    },
    /// Approvals of a quorum are there.
    Approved(SubmissionId),
    /// It ended without being ordered.
    Failed {
        /// The submission.
        submission: SubmissionId,
        /// Why.
        reason: FailureReason,
    },
    /// A log vote was counted, or is one half of a double vote.
    LogVote(Signed<LogVote>),
    /// A log and score are agreed.
    Agreed(VoteCertificate<LogVote>),
    /// No log can reach the quorum any more.
    NotAgreed(SubmissionId),
    /// A weights vote was counted.
    WeightsVote(Signed<WeightsVote>),
    /// The weights of an epoch are agreed.
    WeightsAgreed(VoteCertificate<WeightsVote>),
    /// A validator signed two different things for one subject.
    Equivocation {
        /// Who.
        hotkey: Hotkey,
        /// For what kind of subject.
        kind: &'static str,
    },
    /// Our roots are not those that the network decided on. This node stops voting.
    Diverged {
        /// Height after which the roots differ.
        height: u64,
        /// Our state and results roots.
        ours: (Hash, Hash),
        /// The decided ones.
        decided: (Hash, Hash),
    },
    /// The guard refused to sign a second, different thing. Harmless after a crash.
    Refused(Conflict),
}

/// Why a submission ended without being ordered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FailureReason {
    /// Short stable identifier.
    pub code: String,
    /// The reason for people.
    pub text: String,
    /// Whose fault it is.
    pub fault: Fault,
}

/// Whose fault a failure is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Fault {
    /// The submission is at fault.
    Miner,
    /// A validator is.
    Validator,
    /// The network or its infrastructure is; the miner's quota is not used up.
    Platform,
}

/// Whether this node takes part.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Mode {
    /// Follows and, if it has a key with stake, votes.
    Active,
    /// Its roots differ from the decided ones; it neither votes nor executes.
    Diverged {
        /// Height after which they differ.
        height: u64,
    },
}

/// Facts that do not change.
struct Params {
    network: NetworkId,
    quorum: Quorum,
    config: CoreConfig,
}

/// Validator set and registered hotkeys of an epoch.
#[derive(Debug, Clone)]
struct Members {
    set: ValidatorSet,
    registered: BTreeSet<Hotkey>,
}

/// A validator, or an observer without a key, as one state machine.
pub struct Core {
    params: Params,
    guard: Option<SignGuard>,
    mode: Mode,
    now_ms: u64,
    ledger: Ledger,
    heads: Heads,
    members: MemberTable,
    mempool: Mempool,
    heights: Heights,
    agreements: Agreements,
    catch_up: CatchUp,
    effects: Vec<Effect>,
}

impl Core {
    /// Builds the machine from what a restart brings back. `keypair` is absent for an observer.
    pub fn new(
        genesis: &Genesis,
        config: CoreConfig,
        keypair: Option<Keypair>,
        resume: Resume,
    ) -> Core {
        let network = genesis.network_id();
        let mut signed = Vec::new();
        let mut justifications: BTreeMap<u64, Vec<Message>> = BTreeMap::new();
        let mut floor = Floor::default();
        for record in resume.wal {
            match record {
                WalRecord::Floor(known) => floor = floor.max(known),
                WalRecord::Signed(record) => signed.push(*record),
                WalRecord::Justification { height, messages } => {
                    justifications.entry(height).or_default().extend(messages);
                }
            }
        }
        let guard = keypair.map(|keypair| SignGuard::new(network, keypair, signed, floor));
        let mut core = Core {
            params: Params {
                network,
                quorum: genesis.quorum,
                config,
            },
            guard,
            mode: Mode::Active,
            now_ms: 0,
            ledger: Ledger::new(genesis, resume.tip, resume.admitted),
            heads: Heads::default(),
            members: MemberTable::default(),
            mempool: Mempool::default(),
            heights: Heights::new(justifications),
            agreements: Agreements::default(),
            catch_up: CatchUp::default(),
            effects: Vec::new(),
        };
        core.agreements
            .resume(resume.open_results, resume.open_weights);
        core
    }

    /// Takes one input and says what is to be done, in order.
    pub fn step(&mut self, now_ms: u64, input: Input) -> Vec<Effect> {
        self.now_ms = self.now_ms.max(now_ms);
        match input {
            Input::Tick => self.on_tick(),
            Input::Message { message, origin } => self.on_message(*message, origin),
            Input::ChainHead(head) => self.on_chain_head(head),
            Input::Metagraph { set, registered } => self.on_metagraph(set, registered),
            Input::Reviewed { submission, review } => self.on_reviewed(submission, review),
            Input::Executed(executed) => self.on_executed(executed),
            Input::Blocks(blocks) => self.on_blocks(blocks),
            Input::Pull { token, request } => self.on_pull(token, request),
        }
        self.settle();
        std::mem::take(&mut self.effects)
    }

    /// The tip of the ledger.
    pub fn tip(&self) -> &LedgerTip {
        self.ledger.tip()
    }

    /// Whether this node takes part.
    pub fn mode(&self) -> &Mode {
        &self.mode
    }

    /// Whether decided blocks are known that this node has not executed yet.
    pub fn is_behind(&self) -> bool {
        self.catch_up.best_height > self.tip().height + 1
    }

    /// The hotkey this node signs with, if any.
    pub fn hotkey(&self) -> Option<Hotkey> {
        self.guard.as_ref().map(SignGuard::hotkey)
    }

    /// The validator set of the ledger's epoch, once its metagraph is known.
    pub fn validator_set(&self) -> Option<&ValidatorSet> {
        self.members
            .get(self.ledger.epoch())
            .map(|members| &members.set)
    }

    /// Whether a hotkey is registered on the subnet in the ledger's epoch.
    pub fn is_registered(&self, hotkey: &Hotkey) -> bool {
        let members = self.members.get(self.ledger.epoch());
        members.is_some_and(|members| members.registered.contains(hotkey))
    }

    /// Whether a submission is on its way to being ordered here.
    pub fn is_pending(&self, id: &SubmissionId) -> bool {
        self.mempool.contains(id)
    }

    /// Number of submissions on their way to being ordered.
    pub fn pending_submissions(&self) -> usize {
        self.mempool.len()
    }

    /// Earliest time at which a tick has something to do.
    pub fn next_deadline_ms(&self) -> Option<u64> {
        self.heights.next_deadline_ms()
    }

    /// Signs a statement that can't conflict with anything else.
    pub fn sign_statement<P: Payload>(&self, payload: P) -> Option<Signed<P>> {
        self.guard
            .as_ref()
            .map(|guard| guard.sign_statement(payload).into_signed())
    }

    fn on_message(&mut self, message: Message, origin: Origin) {
        let local_copy = matches!(origin, Origin::Local(_)).then(|| message.clone());
        let result = match message {
            Message::Submission(signed) => self.on_submission(signed),
            Message::Approval(signed) => self.on_approval(signed),
            Message::Rejection(signed) => self.on_rejection(signed),
            Message::Proposal(signed) => self.on_proposal(*signed),
            Message::Vote(signed) => self.on_vote(signed),
            Message::LogVote(signed) => self.on_log_vote(signed),
            Message::WeightsVote(signed) => self.on_weights_vote(signed),
            Message::Status(status) => self.on_status(status),
        };
        if let (Some(message), Ok(())) = (local_copy, &result) {
            self.effects.push(Effect::Publish(message));
        }
        if origin != Origin::Pull {
            let verdict = result.map_or_else(Verdict::Refuse, |()| Verdict::Accept);
            self.effects.push(Effect::Verdict { origin, verdict });
        }
    }

    fn on_tick(&mut self) {
        self.tick_height();
        self.tick_mempool();
        self.tick_catch_up();
    }

    fn on_chain_head(&mut self, head: ChainRef) {
        if self.heads.insert(head) {
            self.recheck_held_proposals();
        }
    }

    fn on_metagraph(&mut self, set: ValidatorSet, registered: BTreeSet<Hotkey>) {
        let epoch = set.epoch();
        let set = set.without(&self.tip().excluded_in(epoch));
        self.members.insert(epoch, Members { set, registered });
        self.open_waiting_agreements();
        self.review_waiting();
    }

    /// Does whatever the last input made possible.
    fn settle(&mut self) {
        if self.mode != Mode::Active {
            return;
        }
        let mut wanted = self.agreements.waiting_epochs();
        wanted.insert(self.ledger.epoch());
        for epoch in wanted {
            if self.members.should_ask(epoch, self.now_ms) {
                self.effects.push(Effect::LoadMetagraph { epoch });
            }
        }
        self.execute_queued_block();
        self.drive_height();
    }

    /// Signs, makes durable, and publishes. Returns the message unless the guard refused, there is
    /// no key, or this node has diverged: what it would sign then is wrong.
    fn sign_and_publish<G: Guarded>(
        &mut self,
        subject: Subject,
        content: G,
        before: Vec<WalRecord>,
    ) -> Option<Message> {
        if self.mode != Mode::Active {
            return None;
        }
        let message = match self.guard.as_mut()?.sign(subject, content) {
            Ok(SignOutcome::Fresh(record)) => {
                let message = record.message.clone();
                let mut records = before;
                records.push(WalRecord::Signed(Box::new(record)));
                self.effects.push(Effect::Persist(records));
                message
            }
            Ok(SignOutcome::Repeat(message)) => message,
            Err(conflict) => {
                self.effects.push(Effect::Report(Report::Refused(conflict)));
                return None;
            }
        };
        self.effects.push(Effect::Publish(message.clone()));
        Some(message)
    }

    /// The set that decides and approves now.
    fn current_set(&self) -> Result<&ValidatorSet, Refusal> {
        self.validator_set().ok_or_else(|| {
            Refusal::ignore(
                "not_ready",
                "the metagraph is not loaded yet; try again in a moment",
            )
        })
    }

    fn report(&mut self, report: Report) {
        self.effects.push(Effect::Report(report));
    }
}

impl Refusal {
    /// The sender is at fault.
    fn blame(code: &'static str, text: impl Into<String>) -> Refusal {
        Refusal {
            code,
            text: text.into(),
            sender_at_fault: true,
        }
    }

    /// Nobody is at fault: too early, too late, or known already.
    fn ignore(code: &'static str, text: impl Into<String>) -> Refusal {
        Refusal {
            code,
            text: text.into(),
            sender_at_fault: false,
        }
    }
}
