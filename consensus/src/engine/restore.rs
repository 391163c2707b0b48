//! Back to where a crash left off.
//!
//! A validator that precommitted a block is locked on it: it must not prevote another one until a
//! quorum has done so in a later round. The guard only stops a second vote in the same step, so
//! the lock itself has to come back. The driver keeps no log; it is led through the round of the
//! lock again. What proves the lock is our own precommit: we signed it because of a quorum of
//! prevotes. The persisted justification adds the block (to propose it again) and the prevotes
//! (to convince others), but a lost one does not lose the lock.

use arc_malachitebft_core_driver::Input;
use arc_malachitebft_core_types::{PolkaCertificate, Round, SignedMessage, Timeout, Validity};

use super::context::{LedgerHeight, ProposedId};
use super::{Engine, EngineEffect, Phase};
use crate::block::{ConsensusVote, VoteKind};
use crate::hash::Hash;
use crate::keys::Signature;
use crate::wire::Message;

/// What this validator had signed at the height.
#[derive(Debug, Default)]
struct Past {
    /// Highest round with a message of ours.
    last_round: u32,
    /// Round and block of the last precommit of a block.
    lock: Option<(u32, Hash)>,
}

impl Engine {
    /// Starts after a crash. `own` is all that this validator has signed at this height,
    /// `justifications` all that came with it in [`EngineEffect::SignVote`]; both in any order.
    /// Enters the highest round signed in, locked as before. Votes and proposals that are derived
    /// again may be asked for again; the guard answers with the signatures it has.
    ///
    /// Does nothing if the engine has started already.
    pub fn restore(
        &mut self,
        now_ms: u64,
        own: Vec<Message>,
        justifications: Vec<Message>,
    ) -> Vec<EngineEffect> {
        if self.is_started() {
            return Vec::new();
        }
        let Some(past) = self.past(&own) else {
            return self.start(now_ms);
        };
        let anchors = past.lock.iter().map(|(round, _)| *round).collect();
        self.log.enter(past.last_round, anchors);
        for message in own.into_iter().chain(justifications) {
            self.remember(message);
        }
        self.phase = Phase::Running;
        let mut effects = Vec::new();
        match past.lock {
            Some((round, block)) => {
                self.lock_again(now_ms, round, block);
                self.jump(now_ms, past.last_round, &mut effects);
            }
            None => self.enter_first(now_ms, past.last_round, &mut effects),
        }
        self.feed_log(now_ms, &mut effects);
        self.skip_steps_done(now_ms, past.last_round, &mut effects);
        self.catch_up(now_ms, &mut effects);
        effects
    }

    /// None if nothing has been signed at this height.
    fn past(&self, own: &[Message]) -> Option<Past> {
        let mut past: Option<Past> = None;
        for message in own {
            let (signer, height, round) = match message {
                Message::Proposal(signed) => {
                    let proposal = &signed.payload;
                    (signed.signer, proposal.block.header.height, proposal.round)
                }
                Message::Vote(signed) => {
                    (signed.signer, signed.payload.height, signed.payload.round)
                }
                _ => continue,
            };
            if Some(signer) != self.voter || height != self.height {
                continue;
            }
            let past = past.get_or_insert_default();
            past.last_round = past.last_round.max(round);
            if let Message::Vote(signed) = message
                && let ConsensusVote {
                    kind: VoteKind::Precommit,
                    block: Some(block),
                    ..
                } = signed.payload
                && past.lock.is_none_or(|(locked, _)| locked < round)
            {
                past.lock = Some((round, block));
            }
        }
        past
    }

    /// Records a message without acting on it.
    fn remember(&mut self, message: Message) {
        match message {
            Message::Proposal(signed)
                if signed.payload.block.header.height == self.height
                    && signed.signer == self.order.proposer(signed.payload.round) =>
            {
                if let Ok(proposal) = signed.verify(&self.config.network) {
                    let id = proposal.payload.block.id();
                    self.log
                        .record_proposal(id, proposal.into_signed(), true, true);
                }
            }
            Message::Vote(signed)
                if signed.payload.height == self.height
                    && self.set.index_of(&signed.signer).is_some() =>
            {
                if let Ok(vote) = signed.verify(&self.config.network) {
                    self.log.record_vote(vote.into_signed());
                }
            }
            _ => {}
        }
    }

    /// Leads the driver through the round of the lock. What it wants to send meanwhile has been
    /// sent before the crash.
    fn lock_again(&mut self, now_ms: u64, round: u32, block: Hash) {
        let mut sent_before = Vec::new();
        self.enter_first(now_ms, round, &mut sent_before);
        let known = self.log.proposals_of(round).iter().find(|p| p.id == block);
        let proposal = known.map_or_else(
            || self.proposal_without_block(round, block),
            |known| ProposedId::signed(&known.signed, block),
        );
        let polka = PolkaCertificate {
            height: LedgerHeight(self.height),
            round: Round::new(round),
            value_id: block,
            polka_signatures: Vec::new(),
        };
        let inputs = [
            // To the prevote step, where the polka counts.
            Input::TimeoutElapsed(Timeout::propose(Round::new(round))),
            Input::Proposal(proposal, Validity::Valid),
            Input::PolkaCertificate(polka),
        ];
        for input in inputs {
            self.drive(now_ms, input, &mut sent_before);
        }
    }

    /// Stands for a proposal that was lost with its justification; it never leaves the driver.
    fn proposal_without_block(
        &self,
        round: u32,
        block: Hash,
    ) -> SignedMessage<super::LedgerContext, ProposedId> {
        let proposed = ProposedId {
            height: LedgerHeight(self.height),
            round: Round::new(round),
            pol_round: Round::Nil,
            block,
            proposer: self.order.proposer(round),
        };
        SignedMessage::new(proposed, Signature([0; 64]))
    }

    /// Leaves the steps of a round in which we have voted before the crash.
    fn skip_steps_done(&mut self, now_ms: u64, round: u32, effects: &mut Vec<EngineEffect>) {
        let Some(voter) = self.voter else { return };
        let steps = [
            (VoteKind::Prevote, Timeout::propose(Round::new(round))),
            (VoteKind::Precommit, Timeout::prevote(Round::new(round))),
        ];
        for (kind, end_of_step) in steps {
            let has_voted = self.log.vote_of(&voter, round, kind).is_some();
            if has_voted && self.round() == Some(round) {
                self.drive(now_ms, Input::TimeoutElapsed(end_of_step), effects);
            }
        }
    }
}
