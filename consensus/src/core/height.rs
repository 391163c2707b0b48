//! The next height: when it starts, what is proposed, and what happens once it is decided.

use std::collections::{BTreeMap, VecDeque};

use super::chain_view::HeadCheck;
use super::{Core, Effect, Executed, Mode, Refusal, Report, WalRecord};
use crate::block::{Block, ConsensusVote, DecidedBlock, Entry, Evidence, Proposal};
use crate::codec;
use crate::engine::{Engine, EngineConfig, EngineEffect, EngineInput};
use crate::envelope::{Signed, Verified};
use crate::guard::{Floor, Subject};
use crate::keys::Hotkey;
use crate::ledger::BlockError;
use crate::limits::{ROUND_MESSAGES_MAX, VALIDATORS_MAX};
use crate::submission::SubmissionId;
use crate::wire::Message;

/// Consensus messages that wait until the block before them is executed.
const EARLY_MESSAGES_MAX: usize = 1_024;

/// Proposals that wait until this node sees the chain block they refer to; one per round matters.
const HELD_PROPOSALS_MAX: usize = 16;

/// Heights between two compactions of the write-ahead log.
const COMPACT_EVERY_HEIGHTS: u64 = 64;

/// The finality engine of the next height and what surrounds it.
pub(super) struct Heights {
    engine: Option<Engine>,
    executing: Option<DecidedBlock>,
    early: Vec<Message>,
    held: Vec<Verified<Proposal>>,
    evidence: BTreeMap<Hotkey, Evidence>,
    /// Justifications from before the last crash by height; each is used once.
    justifications: BTreeMap<u64, Vec<Message>>,
}

/// What a consensus message means for the height at hand.
enum Timeliness {
    /// For the running engine.
    Now,
    /// For the height after a block that is still being executed.
    Early,
}

impl Core {
    pub(super) fn on_proposal(&mut self, signed: Signed<Proposal>) -> Result<(), Refusal> {
        let header = &signed.payload.block.header;
        let timeliness = self.place_in_time(header.height, &signed.signer)?;
        if signed.payload.pol_round.is_none() && header.proposer != signed.signer {
            return Err(Refusal::blame(
                "wrong_proposer",
                "a fresh block must be built by its proposer",
            ));
        }
        let known = self
            .heights
            .engine
            .as_ref()
            .is_some_and(|engine| engine.has_proposal(&signed));
        if known {
            return Err(Refusal::ignore("known", "this proposal is known already"));
        }
        let verified = self.verify_early(signed, timeliness, |signed| {
            Message::Proposal(Box::new(signed))
        })?;
        let Some(verified) = verified else {
            return Ok(());
        };
        let expected = self
            .heights
            .engine
            .as_ref()
            .map(|engine| engine.proposer(verified.payload.round));
        if expected != Some(verified.signer) {
            let text = format!(
                "{} is not the proposer of round {}",
                verified.signer, verified.payload.round
            );
            return Err(Refusal::blame("wrong_proposer", text));
        }
        self.start_height();
        self.judge_proposal(verified)
    }

    pub(super) fn on_vote(&mut self, signed: Signed<ConsensusVote>) -> Result<(), Refusal> {
        let timeliness = self.place_in_time(signed.payload.height, &signed.signer)?;
        let known = self
            .heights
            .engine
            .as_ref()
            .is_some_and(|engine| engine.has_vote(&signed));
        if known {
            return Err(Refusal::ignore("known", "this vote is known already"));
        }
        let Some(verified) = self.verify_early(signed, timeliness, Message::Vote)? else {
            return Ok(());
        };
        self.start_height();
        self.feed(EngineInput::Vote(verified));
        Ok(())
    }

    /// Creates the engine of the next height when the ledger is ready, starts it when there is work.
    pub(super) fn drive_height(&mut self) {
        if self.heights.executing.is_some() {
            return;
        }
        if self.heights.engine.is_none() {
            let Some(set) = self.validator_set() else {
                return;
            };
            let config = EngineConfig {
                quorum: self.params.quorum,
                timeouts: self.params.config.timeouts,
                local: self
                    .hotkey()
                    .filter(|hotkey| set.index_of(hotkey).is_some()),
                network: self.params.network,
            };
            let height = self.tip().height + 1;
            self.heights.engine = Some(Engine::new(config, height, set.clone()));
            self.restore_height(height);
            for message in std::mem::take(&mut self.heights.early) {
                // Their signatures were checked when they came; what is of no use now is dropped.
                let _verdict = match message {
                    Message::Proposal(signed) => self.on_proposal(*signed),
                    Message::Vote(signed) => self.on_vote(signed),
                    _ => Ok(()),
                };
            }
        }
        if self.has_work() {
            self.start_height();
        }
    }

    pub(super) fn tick_height(&mut self) {
        if self.mode == Mode::Active {
            self.feed(EngineInput::Tick);
        }
    }

    pub(super) fn on_executed(&mut self, executed: Executed) {
        let Some(decided) = self
            .heights
            .executing
            .take_if(|decided| decided.block.header.height == executed.height)
        else {
            return;
        };
        let block = &decided.block;
        let old_epoch = self.ledger.epoch();
        self.ledger
            .advance(block, executed.state_root, executed.results_root);
        self.heights
            .evidence
            .retain(|hotkey, _| !self.ledger.tip().excluded.contains_key(hotkey));
        let ordered = admitted_ids(block);
        self.remove_ordered(&ordered);
        self.open_agreements(block, &executed);
        if self.ledger.epoch() != old_epoch {
            self.expire_submissions();
            self.review_waiting();
        }
        if executed.height.is_multiple_of(COMPACT_EVERY_HEIGHTS) {
            self.compact_log();
        }
        self.publish_status();
    }

    /// Looks again at proposals that were ahead of our view of the chain.
    pub(super) fn recheck_held_proposals(&mut self) {
        for proposal in std::mem::take(&mut self.heights.held) {
            // Judged before, except for the chain reference.
            let _verdict = self.judge_proposal(proposal);
        }
    }

    /// Executes a block that is decided, by our engine or by a certificate from a peer.
    pub(super) fn execute(&mut self, decided: DecidedBlock) {
        let header = &decided.block.header;
        let tip = self.tip();
        let ours = (tip.state_root, tip.results_root);
        let theirs = (header.state_root, header.results_root);
        if ours != theirs {
            let height = tip.height;
            self.mode = Mode::Diverged { height };
            self.heights.engine = None;
            self.report(Report::Diverged {
                height,
                ours,
                decided: theirs,
            });
            return;
        }
        self.heights.engine = None;
        self.heights.held.clear();
        self.heights.executing = Some(decided.clone());
        self.effects.push(Effect::Execute(Box::new(decided)));
    }

    fn place_in_time(&self, height: u64, signer: &Hotkey) -> Result<Timeliness, Refusal> {
        if self.mode != Mode::Active {
            return Err(Refusal::ignore(
                "not_active",
                "this node does not take part at the moment",
            ));
        }
        let next = self.tip().height + 1;
        let executing = self.heights.executing.is_some();
        let ignore = |code, what: &str| {
            Err(Refusal::ignore(
                code,
                format!("{what} message for height {height}, next height is {next}"),
            ))
        };
        if height < next || (executing && height == next) {
            return ignore("old_height", "late");
        }
        if height > next + u64::from(executing) {
            return ignore("future_height", "early");
        }
        if self.current_set()?.index_of(signer).is_none() {
            return Err(Refusal::ignore(
                "not_a_validator",
                format!("{signer} is no validator now"),
            ));
        }
        let ready = !executing && self.heights.engine.is_some();
        Ok(if ready {
            Timeliness::Now
        } else {
            Timeliness::Early
        })
    }

    /// Checks the signature; keeps the message for later if its height is not open yet.
    fn verify_early<P: crate::envelope::Payload>(
        &mut self,
        signed: Signed<P>,
        timeliness: Timeliness,
        wrap: impl Fn(Signed<P>) -> Message,
    ) -> Result<Option<Verified<P>>, Refusal> {
        let signer = signed.signer;
        let verified = signed
            .verify(&self.params.network)
            .map_err(|error| Refusal::blame("bad_signature", error.to_string()))?;
        match timeliness {
            Timeliness::Now => Ok(Some(verified)),
            Timeliness::Early => {
                let held = self
                    .heights
                    .early
                    .iter()
                    .filter(|message| consensus_signer(message) == Some(signer))
                    .count();
                if held < ROUND_MESSAGES_MAX && self.heights.early.len() < EARLY_MESSAGES_MAX {
                    self.heights.early.push(wrap(verified.into_signed()));
                }
                Ok(None)
            }
        }
    }

    /// Decides whether a proposal's block may follow our tip, and tells the engine.
    fn judge_proposal(&mut self, proposal: Verified<Proposal>) -> Result<(), Refusal> {
        let block = &proposal.payload.block;
        let chain = block.header.chain;
        let valid = match self.heads.check(&chain) {
            // Perhaps finalised already, only skipped or not heard of here: look it up.
            HeadCheck::Ahead | HeadCheck::Unknown => {
                self.hold(proposal);
                let number = chain.number;
                self.effects.push(Effect::LoadChainBlock { number });
                return Ok(());
            }
            HeadCheck::False => Err(Refusal::ignore(
                "chain_reference",
                "block refers to a chain block that we know otherwise",
            )),
            HeadCheck::True => self.check_block(block),
        };
        let is_valid = valid.is_ok();
        self.feed(EngineInput::Proposal {
            proposal,
            valid: is_valid,
        });
        valid
    }

    /// Keeps a proposal until its chain block is known.
    fn hold(&mut self, proposal: Verified<Proposal>) {
        if self.heights.held.len() < HELD_PROPOSALS_MAX && !self.heights.held.contains(&proposal) {
            self.heights.held.push(proposal);
        }
    }

    fn check_block(&self, block: &Block) -> Result<(), Refusal> {
        let set = self.current_set()?;
        self.ledger
            .check(block, set, self.params.quorum)
            .map_err(|error| {
                let text = error.to_string();
                match error {
                    // We may be the ones who are wrong.
                    BlockError::RootsDiffer(_) | BlockError::NoWork => {
                        Refusal::ignore("block_not_ours", text)
                    }
                    _ => Refusal::blame("bad_block", text),
                }
            })
    }

    fn has_work(&self) -> bool {
        let Some(head) = self.heads.latest() else {
            return false;
        };
        self.ledger.work(head).is_some()
            || self.usable_evidence().is_some()
            || self.mempool.has_certified()
    }

    /// Evidence that a block may carry now: against a member that is not excluded yet.
    fn usable_evidence(&self) -> Option<&Evidence> {
        let set = self.validator_set()?;
        self.heights.evidence.values().find(|evidence| {
            let author = &evidence.first.signer;
            set.index_of(author).is_some() && !self.tip().excluded.contains_key(author)
        })
    }

    fn start_height(&mut self) {
        let now_ms = self.now_ms;
        let Some(engine) = self
            .heights
            .engine
            .as_mut()
            .filter(|engine| !engine.is_started())
        else {
            return;
        };
        let effects = engine.start(now_ms);
        self.run_engine_effects(effects);
    }

    fn feed(&mut self, input: EngineInput) {
        let now_ms = self.now_ms;
        let Some(engine) = self.heights.engine.as_mut() else {
            return;
        };
        let effects = engine.step(now_ms, input);
        self.run_engine_effects(effects);
    }

    /// Brings back what was signed for this height before a crash.
    fn restore_height(&mut self, height: u64) {
        let justifications = self
            .heights
            .justifications
            .remove(&height)
            .unwrap_or_default();
        self.heights.justifications = self.heights.justifications.split_off(&height);
        let own = self
            .guard
            .as_ref()
            .map(|guard| guard.consensus_messages(height))
            .unwrap_or_default();
        if own.is_empty() {
            return;
        }
        let now_ms = self.now_ms;
        let Some(engine) = self.heights.engine.as_mut() else {
            return;
        };
        let effects = engine.restore(now_ms, own, justifications);
        self.run_engine_effects(effects);
    }

    fn run_engine_effects(&mut self, effects: Vec<EngineEffect>) {
        let mut queue: VecDeque<EngineEffect> = effects.into();
        while let Some(effect) = queue.pop_front() {
            let input = match effect {
                EngineEffect::BuildBlock { round, .. } => self
                    .build_block()
                    .map(|block| EngineInput::Propose { round, block }),
                EngineEffect::SignProposal(proposal) => self.sign_proposal(proposal),
                EngineEffect::SignVote {
                    vote,
                    justification,
                } => self.sign_vote(vote, justification),
                EngineEffect::Evidence(evidence) => {
                    let hotkey = evidence.first.signer;
                    self.report(Report::Equivocation {
                        hotkey,
                        kind: "consensus vote",
                    });
                    if !self.tip().excluded.contains_key(&hotkey)
                        && self.heights.evidence.len() < VALIDATORS_MAX
                    {
                        self.heights.evidence.insert(hotkey, evidence);
                    }
                    None
                }
                EngineEffect::Decided(decided) => {
                    self.execute(decided);
                    return;
                }
            };
            if let (Some(input), Some(engine)) = (input, self.heights.engine.as_mut()) {
                queue.extend(engine.step(self.now_ms, input));
            }
        }
    }

    fn build_block(&self) -> Option<Block> {
        let proposer = self.hotkey()?;
        let head = *self
            .heads
            .latest()
            .filter(|head| head.number >= self.tip().chain.number)?;
        // Evidence goes first, so that a full mempool never keeps it out.
        let evidence = self.usable_evidence().cloned();
        let mut entries: Vec<Entry> = evidence
            .map(|evidence| Entry::Evidence(Box::new(evidence)))
            .into_iter()
            .collect();
        let reserved_bytes = entries.iter().map(|entry| codec::encode(entry).len()).sum();
        entries.extend(self.ready_entries(entries.len(), reserved_bytes));
        let block = self.ledger.build(proposer, head, entries);
        let has_work = !block.entries.is_empty() || self.ledger.work(&head).is_some();
        has_work.then_some(block)
    }

    fn sign_proposal(&mut self, proposal: Proposal) -> Option<EngineInput> {
        let subject = Subject::Proposal {
            height: proposal.block.header.height,
            round: proposal.round,
        };
        match self.sign_and_publish(subject, proposal, Vec::new())? {
            Message::Proposal(signed) => {
                let proposal = signed.verify(&self.params.network).ok()?;
                Some(EngineInput::Proposal {
                    proposal,
                    valid: true,
                })
            }
            _ => None,
        }
    }

    fn sign_vote(
        &mut self,
        vote: ConsensusVote,
        justification: Vec<Message>,
    ) -> Option<EngineInput> {
        let subject = Subject::Vote {
            height: vote.height,
            round: vote.round,
            kind: vote.kind,
        };
        let before = if justification.is_empty() {
            Vec::new()
        } else {
            vec![WalRecord::Justification {
                height: vote.height,
                messages: justification,
            }]
        };
        match self.sign_and_publish(subject, vote, before)? {
            Message::Vote(signed) => signed
                .verify(&self.params.network)
                .ok()
                .map(EngineInput::Vote),
            _ => None,
        }
    }

    fn compact_log(&mut self) {
        let height = self.tip().height;
        let floor = Floor {
            consensus_height: height,
            log_height: self
                .agreements
                .oldest_open_height()
                .unwrap_or(height)
                .min(height),
            epoch: self.ledger.epoch().saturating_sub(1),
        };
        if let Some(guard) = self.guard.as_mut() {
            let kept = guard.prune(floor);
            let kept = kept
                .into_iter()
                .map(|record| WalRecord::Signed(Box::new(record)));
            let records = std::iter::once(WalRecord::Floor(guard.floor())).chain(kept);
            self.effects.push(Effect::Compact(records.collect()));
        }
    }
}

impl Heights {
    pub(super) fn new(justifications: BTreeMap<u64, Vec<Message>>) -> Heights {
        Heights {
            engine: None,
            executing: None,
            early: Vec::new(),
            held: Vec::new(),
            evidence: BTreeMap::new(),
            justifications,
        }
    }

    pub(super) fn is_executing(&self) -> bool {
        self.executing.is_some()
    }

    /// Whether an engine is running that has not decided yet.
    pub(super) fn is_running(&self) -> bool {
        self.engine.as_ref().is_some_and(Engine::is_started)
    }

    /// Every proposal and vote of the open height that is known.
    pub(super) fn messages(&self) -> Vec<Message> {
        self.engine
            .as_ref()
            .map(Engine::messages)
            .unwrap_or_default()
    }

    pub(super) fn next_deadline_ms(&self) -> Option<u64> {
        self.engine.as_ref().and_then(Engine::next_deadline_ms)
    }
}

fn admitted_ids(block: &Block) -> Vec<SubmissionId> {
    let admits = block.entries.iter().filter_map(|entry| match entry {
        Entry::Admit(admit) => Some(admit.submission.payload.id()),
        Entry::Evidence(_) => None,
    });
    admits.collect()
}

fn consensus_signer(message: &Message) -> Option<Hotkey> {
    match message {
        Message::Proposal(signed) => Some(signed.signer),
        Message::Vote(signed) => Some(signed.signer),
        _ => None,
    }
}
