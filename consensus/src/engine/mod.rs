//! Finality of one height at a time, on Malachite's Tendermint driver.
//!
//! The driver holds the algorithm: locking, thresholds, what to vote. This module gives it our
//! types (`context`), proposers (`proposer`) and timers (`timing`), keeps the messages that
//! others may lack (`log`) and brings the lock back after a crash (`restore`).
//!
//! Decisions:
//! * Only messages of the height, of members, with checked signatures and in a window of rounds
//!   reach the driver, and of a double vote only the first: whatever comes in whatever order, the
//!   driver never sees what it would assert on, and nothing grows without bound.
//! * Two validators may have seen different votes of a double voter first, and a lock that rests
//!   on one of them must not paralyse the height. So a quorum of prevotes for a block is a polka
//!   whatever else its voters signed; the driver gets it as a certificate. Precommits are stricter
//!   (only the first counts): who misses a decision gets the decided block by sync.
//! * A quorum that is missing precommits never advances a round; it waits for messages. Whoever
//!   lacks some pulls them: [`Engine::messages`] has all.
//! * Skipping to a later round is safe at any time (locks decide what may be voted), so its
//!   threshold is a matter of progress. `supermajority` takes more than 1/3 of the stake: at least
//!   one honest validator is there, and the honest part of any quorum is that large. `majority`
//!   takes more than 1/4: with equal stakes, whatever quorum is up, the others of it have more
//!   than that, and no small validator can drag the rest along. With unequal stakes the overlap
//!   of two majorities may be as small as one validator, so a round that has stalled for long
//!   follows any single validator, a few rounds at a time.
//!
//! What it deliberately does not do: check blocks, sign, store, send, or know about other heights.

mod context;
mod log;
mod proposer;
mod restore;
mod timing;

use std::collections::{BTreeSet, VecDeque};

use arc_malachitebft_core_driver::{Driver, Input, Output, ThresholdParams};
use arc_malachitebft_core_types::{PolkaCertificate, Round, ThresholdParam, Timeout, Validity};

pub use self::timing::Timeouts;

use self::context::{Ballot, LedgerContext, LedgerHeight, ProposedId};
use self::log::{MessageLog, ROUND_MAX, ROUNDS_AHEAD_MAX, Recorded};
use self::proposer::ProposerOrder;
use self::timing::{Due, Schedule};
use crate::block::{
    Block, CommitCertificate, ConsensusVote, DecidedBlock, Evidence, Proposal, VoteKind,
};
use crate::envelope::{NetworkId, Signed, Verified};
use crate::hash::Hash;
use crate::keys::Hotkey;
use crate::validators::{Quorum, ValidatorSet};
use crate::wire::Message;

/// What an engine needs to know besides height and validators.
#[derive(Debug, Clone, Copy)]
pub struct EngineConfig {
    /// Stake that a decision takes.
    pub quorum: Quorum,
    /// How long a round waits.
    pub timeouts: Timeouts,
    /// The validator that runs the engine; an observer has none and never votes. A hotkey outside
    /// the set observes as well.
    pub local: Option<Hotkey>,
    /// Part of every signature.
    pub network: NetworkId,
}

/// Something that the engine has to know.
#[derive(Debug, Clone)]
pub enum EngineInput {
    /// The block that [`EngineEffect::BuildBlock`] asked for.
    Propose {
        /// The round it was asked for.
        round: u32,
        /// A new block of the engine's height.
        block: Block,
    },
    /// A proposal, own or of others, whose signature and block have been checked.
    Proposal {
        /// The proposal.
        proposal: Verified<Proposal>,
        /// Whether the block may follow its parent.
        valid: bool,
    },
    /// A vote, own or of others, whose signature has been checked.
    Vote(Verified<ConsensusVote>),
    /// Time has passed: deadlines that are due fire.
    Tick,
}

/// Something that the engine wants done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum EngineEffect {
    /// This validator proposes and needs a new block: answer with [`EngineInput::Propose`]. An
    /// answer that comes after the round is over is ignored.
    BuildBlock {
        /// Height of the block.
        height: u64,
        /// Round it is for.
        round: u32,
    },
    /// To be signed, made durable, published and fed back as [`EngineInput::Proposal`].
    SignProposal(Proposal),
    /// To be signed, made durable, published and fed back as [`EngineInput::Vote`].
    SignVote {
        /// The vote.
        vote: ConsensusVote,
        /// For the precommit of a block: its proposal and the quorum of prevotes behind it. To be
        /// made durable together with the signature, for [`Engine::restore`].
        justification: Vec<Message>,
    },
    /// The height is decided; comes once, and nothing to be signed comes after it.
    Decided(DecidedBlock),
    /// A validator voted twice in one step; comes once per step.
    Evidence(Evidence),
}

/// The state of the engine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    /// Not started: messages are kept, nothing happens.
    Idle,
    /// In some round.
    Running,
    /// Done: only double votes are still of interest.
    Decided,
}

/// Decides one height.
#[derive(Debug)]
pub struct Engine {
    config: EngineConfig,
    /// The local hotkey, if it is in the set.
    voter: Option<Hotkey>,
    height: u64,
    set: ValidatorSet,
    order: ProposerOrder,
    thresholds: ThresholdParams,
    driver: Driver<LedgerContext>,
    log: MessageLog,
    schedule: Schedule,
    phase: Phase,
    /// Round for which a block has been asked and not come.
    wanted: Option<u32>,
    /// A block of our own whose proposal has not come back signed.
    built: Option<(Hash, Block)>,
    /// Where to go when the driver leaves its round.
    jump_to: Option<u32>,
}

impl Engine {
    /// An engine for one height, idle until [`Engine::start`] or [`Engine::restore`].
    pub fn new(config: EngineConfig, height: u64, set: ValidatorSet) -> Engine {
        let voter = config.local.filter(|hotkey| set.index_of(hotkey).is_some());
        let thresholds = thresholds(config.quorum);
        let context = LedgerContext {
            network: config.network,
        };
        // An observer's driver has an address as well; what it would say for it is dropped.
        let address = voter.unwrap_or(Hotkey([0; 32]));
        Engine {
            config,
            voter,
            height,
            order: ProposerOrder::new(&config.network, height, &set),
            thresholds,
            driver: Driver::new(
                context,
                LedgerHeight(height),
                set.clone(),
                address,
                thresholds,
            ),
            set,
            log: MessageLog::default(),
            schedule: Schedule::new(config.timeouts),
            phase: Phase::Idle,
            wanted: None,
            built: None,
            jump_to: None,
        }
    }

    /// The height it decides.
    pub fn height(&self) -> u64 {
        self.height
    }

    /// The round it is in, once started.
    pub fn round(&self) -> Option<u32> {
        self.driver.round().as_u32()
    }

    /// Whether it has entered a round.
    pub fn is_started(&self) -> bool {
        self.phase != Phase::Idle
    }

    /// Who proposes in a round.
    pub fn proposer(&self, round: u32) -> Hotkey {
        self.order.proposer(round)
    }

    /// Enters round 0 and takes in what came before. Does nothing if it has started already.
    pub fn start(&mut self, now_ms: u64) -> Vec<EngineEffect> {
        let mut effects = Vec::new();
        if self.phase == Phase::Idle {
            self.phase = Phase::Running;
            self.enter_first(now_ms, 0, &mut effects);
            self.feed_log(now_ms, &mut effects);
            self.catch_up(now_ms, &mut effects);
        }
        effects
    }

    /// Takes in an input. Inputs that are not for this height or not of its validators are
    /// ignored, and so is whatever this engine did not ask for. Before the start, messages are
    /// only kept.
    pub fn step(&mut self, now_ms: u64, input: EngineInput) -> Vec<EngineEffect> {
        let mut effects = Vec::new();
        match input {
            EngineInput::Propose { round, block } => {
                self.propose(now_ms, round, block, &mut effects);
            }
            EngineInput::Proposal { proposal, valid } => {
                self.accept_proposal(now_ms, proposal, valid, &mut effects);
            }
            EngineInput::Vote(vote) => self.accept_vote(now_ms, vote, &mut effects),
            EngineInput::Tick => self.fire_due(now_ms, &mut effects),
        }
        self.catch_up(now_ms, &mut effects);
        effects
    }

    /// The signed proposals and votes known at this height, own and of others, for those who lack
    /// them. The most useful come first, so that the end may be cut off.
    pub fn messages(&self) -> Vec<Message> {
        self.log.messages()
    }

    /// Whether this very vote is known, so that its signature need not be checked again.
    pub fn has_vote(&self, vote: &Signed<ConsensusVote>) -> bool {
        self.log.has_vote(vote)
    }

    /// Whether a proposal of the same block by the same author is known for the round.
    pub fn has_proposal(&self, proposal: &Signed<Proposal>) -> bool {
        self.log.has_proposal(proposal.payload.block.id(), proposal)
    }

    /// When the next [`EngineInput::Tick`] is due.
    pub fn next_deadline_ms(&self) -> Option<u64> {
        self.schedule.next_ms()
    }

    fn propose(&mut self, now_ms: u64, round: u32, block: Block, effects: &mut Vec<EngineEffect>) {
        if self.wanted != Some(round) || block.header.height != self.height {
            return;
        }
        self.wanted = None;
        let id = block.id();
        self.built = Some((id, block));
        // The driver only takes a block while it still waits for the proposal of this round.
        if self.driver.step_is_propose() {
            let input = Input::ProposeValue(Round::new(round), id);
            self.drive(now_ms, input, effects);
        }
    }

    fn accept_proposal(
        &mut self,
        now_ms: u64,
        proposal: Verified<Proposal>,
        valid: bool,
        effects: &mut Vec<EngineEffect>,
    ) {
        let Proposal {
            round,
            pol_round,
            ref block,
        } = proposal.payload;
        let expected = block.header.height == self.height
            && proposal.signer == self.order.proposer(round)
            && pol_round.is_none_or(|pol_round| pol_round < round);
        if !expected || self.phase == Phase::Decided {
            return;
        }
        let id = block.id();
        let has_quorum = [VoteKind::Prevote, VoteKind::Precommit]
            .into_iter()
            .any(|kind| self.has_quorum(round, kind, id));
        let driven = ProposedId::signed(&proposal, id);
        let recorded = self
            .log
            .record_proposal(id, proposal.into_signed(), valid, has_quorum);
        if let Recorded::Fresh = recorded {
            let validity = Validity::from_bool(valid);
            self.drive(now_ms, Input::Proposal(driven, validity), effects);
        }
    }

    fn accept_vote(
        &mut self,
        now_ms: u64,
        vote: Verified<ConsensusVote>,
        effects: &mut Vec<EngineEffect>,
    ) {
        if vote.payload.height != self.height || self.set.index_of(&vote.signer).is_none() {
            return;
        }
        self.record_vote(now_ms, vote.into_signed(), effects);
    }

    fn record_vote(
        &mut self,
        now_ms: u64,
        vote: Signed<ConsensusVote>,
        effects: &mut Vec<EngineEffect>,
    ) {
        let second = vote.clone();
        match self.log.record_vote(vote) {
            Recorded::Fresh => self.drive_vote(now_ms, &second, effects),
            Recorded::Conflict(first) => {
                self.drive_polka(now_ms, &second.payload, effects);
                effects.push(EngineEffect::Evidence(Evidence { first, second }));
            }
            Recorded::Further => self.drive_polka(now_ms, &second.payload, effects),
            Recorded::Ignored => {}
        }
    }

    fn fire_due(&mut self, now_ms: u64, effects: &mut Vec<EngineEffect>) {
        for due in self.schedule.take_due(now_ms) {
            match due {
                // The driver ignores timeouts of steps and rounds that it has left.
                Due::Step(timeout) => self.drive(now_ms, Input::TimeoutElapsed(timeout), effects),
                Due::Stall if self.config.quorum == Quorum::Majority => {
                    let reach = self.current_round().saturating_add(ROUNDS_AHEAD_MAX);
                    let target = self.log.highest_round().min(reach);
                    self.jump(now_ms, target, effects);
                }
                Due::Stall => {}
            }
        }
    }

    /// Goes where enough of the others are, and takes in what waited for that.
    fn catch_up(&mut self, now_ms: u64, effects: &mut Vec<EngineEffect>) {
        loop {
            for vote in self.log.take_near() {
                self.record_vote(now_ms, vote, effects);
            }
            let before = self.current_round();
            let honest = self.thresholds.honest;
            let target = self.log.round_reached_by(honest, &self.set);
            self.jump(now_ms, target, effects);
            if self.current_round() == before {
                return;
            }
        }
    }

    /// Leaves the round for a later one.
    fn jump(&mut self, now_ms: u64, target: u32, effects: &mut Vec<EngineEffect>) {
        let round = self.current_round();
        if target > round && self.phase == Phase::Running {
            self.jump_to = Some(target);
            // In every step but the last, this is the driver's way out of the round.
            let leave = Timeout::precommit(Round::new(round));
            self.drive(now_ms, Input::TimeoutElapsed(leave), effects);
            self.jump_to = None;
        }
    }

    /// Feeds the driver until it has nothing more to do, turning its outputs into effects.
    fn drive(&mut self, now_ms: u64, input: Input<LedgerContext>, effects: &mut Vec<EngineEffect>) {
        let mut inputs = VecDeque::from([input]);
        while let Some(input) = inputs.pop_front() {
            if self.phase != Phase::Running {
                return;
            }
            // Errors are about unknown validators and other heights: checked before.
            let Ok(outputs) = self.driver.process(input) else {
                continue;
            };
            for output in outputs {
                match output {
                    Output::NewRound(_, round) => {
                        let next = round.as_u32().unwrap_or_default().min(ROUND_MAX);
                        let round = self.jump_to.take().map_or(next, |target| target.max(next));
                        inputs.extend(self.enter(now_ms, round));
                    }
                    Output::ScheduleTimeout(timeout) => self.schedule.add(now_ms, timeout),
                    Output::GetValue(_, round, _) => effects.extend(self.ask_for_block(round)),
                    Output::Propose(proposed) => effects.extend(self.sign_proposal(&proposed)),
                    Output::Vote(ballot) => effects.extend(self.sign_vote(ballot.vote)),
                    Output::Decide(_, proposed) => effects.extend(self.decide(&proposed)),
                }
            }
        }
    }

    /// Feeds the driver a recorded vote.
    fn drive_vote(
        &mut self,
        now_ms: u64,
        vote: &Signed<ConsensusVote>,
        effects: &mut Vec<EngineEffect>,
    ) {
        self.drive(now_ms, Input::Vote(Ballot::signed(vote)), effects);
        self.drive_polka(now_ms, &vote.payload, effects);
    }

    /// Tells the driver of a polka that it has not seen by itself.
    fn drive_polka(&mut self, now_ms: u64, vote: &ConsensusVote, effects: &mut Vec<EngineEffect>) {
        if let Some(polka) = vote.block.and_then(|block| self.polka(vote.round, block)) {
            self.drive(now_ms, Input::PolkaCertificate(polka), effects);
        }
    }

    /// A polka that the driver does not know, if there is one.
    fn polka(&self, round: u32, block: Hash) -> Option<PolkaCertificate<LedgerContext>> {
        let driver_round = Round::new(round);
        let is_known = self.driver.polka_certificate(driver_round, &block);
        let is_new = is_known.is_none() && self.has_quorum(round, VoteKind::Prevote, block);
        // The driver takes certificates at their word; the votes are in our own log.
        is_new.then(|| PolkaCertificate {
            height: LedgerHeight(self.height),
            round: driver_round,
            value_id: block,
            polka_signatures: Vec::new(),
        })
    }

    /// Feeds the driver all that has been recorded without it.
    fn feed_log(&mut self, now_ms: u64, effects: &mut Vec<EngineEffect>) {
        let proposals: Vec<_> = self
            .log
            .proposals()
            .map(|known| {
                let validity = Validity::from_bool(known.valid);
                Input::Proposal(ProposedId::signed(&known.signed, known.id), validity)
            })
            .collect();
        let votes: Vec<_> = self.log.first_votes().cloned().collect();
        for proposal in proposals {
            self.drive(now_ms, proposal, effects);
        }
        for vote in votes {
            self.drive_vote(now_ms, &vote, effects);
        }
    }

    /// Enters the first round of the engine's life.
    fn enter_first(&mut self, now_ms: u64, round: u32, effects: &mut Vec<EngineEffect>) {
        for input in self.enter(now_ms, round) {
            self.drive(now_ms, input, effects);
        }
    }

    /// Prepares for a round; the inputs returned make the driver enter it.
    fn enter(&mut self, now_ms: u64, round: u32) -> Vec<Input<LedgerContext>> {
        self.wanted = None;
        self.built = None;
        self.schedule.enter(now_ms, round);
        let state = self.driver.round_state();
        let anchors: BTreeSet<u32> = [&state.locked, &state.valid]
            .into_iter()
            .flatten()
            .filter_map(|anchor| anchor.round.as_u32())
            .collect();
        let kept_behind = self.log.enter(round, anchors);
        let window_start = Round::new(self.log.window_start());
        self.driver.prune_votes_and_certificates(window_start);
        let new_round = Input::NewRound(
            LedgerHeight(self.height),
            Round::new(round),
            self.order.proposer(round),
        );
        // Of the rounds behind the window, only polkas matter: proposals may refer to them.
        let log = &self.log;
        let polkas = kept_behind
            .into_iter()
            .flat_map(|round| {
                log.prevoted_blocks(round)
                    .into_iter()
                    .map(move |b| (round, b))
            })
            .filter_map(|(round, block)| self.polka(round, block))
            .map(Input::PolkaCertificate);
        [new_round].into_iter().chain(polkas).collect()
    }

    fn ask_for_block(&mut self, round: Round) -> Option<EngineEffect> {
        let round = round.as_u32()?;
        // After a restart the own proposal of the round is known already.
        if self.voter.is_none() || !self.log.proposals_of(round).is_empty() {
            return None;
        }
        self.wanted = Some(round);
        Some(EngineEffect::BuildBlock {
            height: self.height,
            round,
        })
    }

    fn sign_proposal(&mut self, proposed: &ProposedId) -> Option<EngineEffect> {
        self.voter?;
        let round = proposed.round.as_u32()?;
        let pol_round = proposed.pol_round.as_u32();
        let is_same = |known: &log::StoredProposal| {
            known.id == proposed.block && known.signed.payload.pol_round == pol_round
        };
        if self.log.proposals_of(round).iter().any(|p| !is_same(p)) {
            return None;
        }
        let block = self.block(&proposed.block)?.clone();
        Some(EngineEffect::SignProposal(Proposal {
            round,
            pol_round,
            block,
        }))
    }

    fn sign_vote(&self, vote: ConsensusVote) -> Option<EngineEffect> {
        let voter = self.voter?;
        let before = self.log.vote_of(&voter, vote.round, vote.kind);
        if before.is_some_and(|before| before.payload != vote) {
            return None;
        }
        let justification = match vote {
            ConsensusVote {
                kind: VoteKind::Precommit,
                block: Some(block),
                round,
                ..
            } => self.justification(round, block),
            _ => Vec::new(),
        };
        Some(EngineEffect::SignVote {
            vote,
            justification,
        })
    }

    /// The proposal of a block and the prevotes for it.
    fn justification(&self, round: u32, block: Hash) -> Vec<Message> {
        let proposal = self
            .log
            .proposals_of(round)
            .iter()
            .find(|proposal| proposal.id == block && proposal.valid)
            .map(|proposal| Message::Proposal(Box::new(proposal.signed.clone())));
        let prevotes = self.log.votes_for(round, VoteKind::Prevote, block);
        proposal
            .into_iter()
            .chain(prevotes.map(|vote| Message::Vote(vote.clone())))
            .collect()
    }

    fn decide(&mut self, proposed: &ProposedId) -> Option<EngineEffect> {
        let round = proposed.round.as_u32()?;
        let block = self.block(&proposed.block)?.clone();
        let precommits = self
            .log
            .votes_for(round, VoteKind::Precommit, proposed.block);
        let mut signatures: Vec<_> = precommits
            .filter_map(|vote| Some((self.set.index_of(&vote.signer)?, vote.signature)))
            .collect();
        signatures.sort_unstable_by_key(|(index, _)| *index);
        self.phase = Phase::Decided;
        self.schedule.clear();
        self.wanted = None;
        Some(EngineEffect::Decided(DecidedBlock {
            block,
            certificate: CommitCertificate {
                height: self.height,
                round,
                block: proposed.block,
                signatures,
            },
        }))
    }

    fn block(&self, id: &Hash) -> Option<&Block> {
        let built = self.built.as_ref().filter(|(built, _)| built == id);
        built.map(|(_, block)| block).or_else(|| self.log.block(id))
    }

    fn has_quorum(&self, round: u32, kind: VoteKind, block: Hash) -> bool {
        let votes = self.log.votes_for(round, kind, block);
        let stake = votes.map(|vote| self.set.stake_of(&vote.signer)).sum();
        self.config.quorum.is_met(stake, self.set.total_stake())
    }

    fn current_round(&self) -> u32 {
        self.round().unwrap_or_default()
    }
}

fn thresholds(quorum: Quorum) -> ThresholdParams {
    let (quorum, honest) = match quorum {
        Quorum::Majority => (ThresholdParam::new(1, 2), ThresholdParam::new(1, 4)),
        Quorum::Supermajority => (ThresholdParam::TWO_F_PLUS_ONE, ThresholdParam::F_PLUS_ONE),
    };
    ThresholdParams { quorum, honest }
}
