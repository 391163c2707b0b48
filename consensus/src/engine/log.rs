//! The signed messages of one height: kept to answer pulls, to build certificates and
//! justifications, to find the block behind an id and to recognise double votes.
//!
//! Bounded whatever peers send: only rounds in a window around the running one are kept, plus the
//! few older ones that a lock or a re-proposal refers to. Of rounds far ahead only the latest
//! votes of each validator are kept, because they may show that the others have moved on.

use std::collections::{BTreeMap, BTreeSet};

use arc_malachitebft_core_types::ThresholdParam;

use crate::block::{Block, ConsensusVote, Proposal, VoteKind};
use crate::envelope::Signed;
use crate::hash::Hash;
use crate::keys::Hotkey;
use crate::limits::ROUND_MESSAGES_MAX;
use crate::validators::ValidatorSet;
use crate::wire::Message;

/// Rounds after the running one whose messages are taken in; the rest of the network is rarely
/// further apart, and jumps lead to where it is.
pub(super) const ROUNDS_AHEAD_MAX: u32 = 6;

/// Rounds before the running one that are kept: precommits of these may still decide.
pub(super) const ROUNDS_BEHIND_MAX: u32 = 6;

/// Highest round that can be reached; with timeouts growing to a minute it is a week away.
pub(super) const ROUND_MAX: u32 = 10_000;

/// Different proposals of one round that are kept while nobody votes for them.
const PROPOSALS_MAX: usize = 2;

/// Different proposals of one round that are kept at most.
const VOTED_PROPOSALS_MAX: usize = 4;

/// Both votes of both kinds. Further ones of a cheat are kept only for known proposals, few as
/// they are.
const VOTES_PER_ROUND_MAX: usize = 4;

const _: () = assert!(
    (ROUNDS_AHEAD_MAX as usize + ROUNDS_BEHIND_MAX as usize + 1) * VOTES_PER_ROUND_MAX
        <= ROUND_MESSAGES_MAX
);

/// What became of a message.
#[derive(Debug)]
pub(super) enum Recorded {
    /// New, and of a round that the driver should know.
    Fresh,
    /// Known, or not worth keeping.
    Ignored,
    /// The author voted differently before.
    Conflict(Signed<ConsensusVote>),
    /// The author is known to have voted differently, yet a polka may need this vote as well.
    Further,
}

/// A proposal with the id of its block.
#[derive(Debug)]
pub(super) struct StoredProposal {
    pub(super) id: Hash,
    pub(super) signed: Signed<Proposal>,
    pub(super) valid: bool,
}

/// How one validator voted in one step of a round. More than one vote only if it cheats.
#[derive(Debug)]
struct Cast {
    first: Signed<ConsensusVote>,
    conflicting: Vec<Signed<ConsensusVote>>,
}

#[derive(Debug, Default)]
struct RoundLog {
    proposals: Vec<StoredProposal>,
    votes: BTreeMap<(VoteKind, Hotkey), Cast>,
}

/// All messages of a height that are worth keeping. Only messages of the height, with checked
/// signatures, of members of the set may be recorded.
#[derive(Debug, Default)]
pub(super) struct MessageLog {
    current: u32,
    anchors: BTreeSet<u32>,
    rounds: BTreeMap<u32, RoundLog>,
    far: BTreeMap<Hotkey, BTreeMap<VoteKind, Signed<ConsensusVote>>>,
    highest: BTreeMap<Hotkey, u32>,
}

impl MessageLog {
    /// Moves the window to a round, keeping the `anchors` (rounds of the lock and the valid
    /// block) as well. Returns the kept rounds behind the window.
    pub(super) fn enter(&mut self, round: u32, anchors: BTreeSet<u32>) -> Vec<u32> {
        self.current = round;
        self.anchors = anchors;
        let kept: BTreeSet<u32> = self
            .rounds
            .keys()
            .filter(|round| self.keeps(**round))
            .copied()
            .collect();
        self.rounds.retain(|round, _| kept.contains(round));
        kept.range(..self.window_start()).copied().collect()
    }

    /// The first round of the window.
    pub(super) fn window_start(&self) -> u32 {
        self.current.saturating_sub(ROUNDS_BEHIND_MAX)
    }

    /// Whether this very vote of this very author is recorded.
    pub(super) fn has_vote(&self, vote: &Signed<ConsensusVote>) -> bool {
        let key = (vote.payload.kind, vote.signer);
        let cast = self
            .rounds
            .get(&vote.payload.round)
            .and_then(|round| round.votes.get(&key));
        cast.is_some_and(|cast| cast.all().any(|known| known.payload == vote.payload))
    }

    /// Whether a proposal of this block by this author is recorded for the round.
    pub(super) fn has_proposal(&self, id: Hash, proposal: &Signed<Proposal>) -> bool {
        self.rounds
            .get(&proposal.payload.round)
            .is_some_and(|round| {
                round.proposals.iter().any(|known| {
                    known.id == id
                        && known.signed.signer == proposal.signer
                        && known.signed.payload.pol_round == proposal.payload.pol_round
                })
            })
    }

    /// Records a vote.
    pub(super) fn record_vote(&mut self, vote: Signed<ConsensusVote>) -> Recorded {
        let ConsensusVote { round, kind, .. } = vote.payload;
        if round > ROUND_MAX {
            return Recorded::Ignored;
        }
        let highest = self.highest.entry(vote.signer).or_insert(round);
        *highest = round.max(*highest);
        if round > self.current.saturating_add(ROUNDS_AHEAD_MAX) {
            self.record_far(vote);
            return Recorded::Ignored;
        }
        if !self.keeps(round) {
            return Recorded::Ignored;
        }
        let is_wanted = self.is_voted_on(round, vote.payload.block);
        let votes = &mut self.rounds.entry(round).or_default().votes;
        let Some(cast) = votes.get_mut(&(kind, vote.signer)) else {
            let key = (kind, vote.signer);
            let cast = Cast {
                first: vote,
                conflicting: Vec::new(),
            };
            votes.insert(key, cast);
            return Recorded::Fresh;
        };
        if cast.all().any(|known| known.payload == vote.payload) {
            return Recorded::Ignored;
        }
        let is_first_conflict = cast.conflicting.is_empty();
        if is_first_conflict || is_wanted {
            cast.conflicting.push(vote);
        }
        if is_first_conflict {
            Recorded::Conflict(cast.first.clone())
        } else if is_wanted {
            Recorded::Further
        } else {
            Recorded::Ignored
        }
    }

    /// Records a proposal. `has_quorum` tells whether a quorum voted for its block in its round,
    /// so that a proposer who floods the round can't keep out the one that matters.
    pub(super) fn record_proposal(
        &mut self,
        id: Hash,
        signed: Signed<Proposal>,
        valid: bool,
        has_quorum: bool,
    ) -> Recorded {
        let round = signed.payload.round;
        let too_far = round > ROUND_MAX || round > self.current.saturating_add(ROUNDS_AHEAD_MAX);
        if too_far || !self.keeps(round) {
            return Recorded::Ignored;
        }
        let proposals = &mut self.rounds.entry(round).or_default().proposals;
        let pol_round = signed.payload.pol_round;
        let has_room = proposals.len() < PROPOSALS_MAX
            || (has_quorum && proposals.len() < VOTED_PROPOSALS_MAX);
        let known = proposals
            .iter_mut()
            .find(|known| known.id == id && known.signed.payload.pol_round == pol_round);
        let fresh = StoredProposal { id, signed, valid };
        match known {
            // Entries that do not match the header make an invalid block with the id of a valid
            // one: the valid one takes its place.
            Some(known) if valid && !known.valid => *known = fresh,
            None if has_room => proposals.push(fresh),
            Some(_) | None => return Recorded::Ignored,
        }
        Recorded::Fresh
    }

    /// Takes the far votes that the window has reached.
    pub(super) fn take_near(&mut self) -> Vec<Signed<ConsensusVote>> {
        let reach = self.current.saturating_add(ROUNDS_AHEAD_MAX);
        let is_near = |votes: &BTreeMap<VoteKind, Signed<ConsensusVote>>| {
            votes.values().any(|vote| vote.payload.round <= reach)
        };
        self.far
            .extract_if(.., |_, votes| is_near(votes))
            .flat_map(|(_, votes)| votes.into_values())
            .collect()
    }

    /// The highest round that validators with `threshold` of the stake have reached.
    pub(super) fn round_reached_by(&self, threshold: ThresholdParam, set: &ValidatorSet) -> u32 {
        let mut reached: Vec<(u32, u64)> = self
            .highest
            .iter()
            .map(|(hotkey, round)| (*round, set.stake_of(hotkey)))
            .collect();
        reached.sort_unstable_by(|a, b| b.cmp(a));
        let mut stake = 0u64;
        reached
            .into_iter()
            .find(|(_, of_validator)| {
                stake = stake.saturating_add(*of_validator);
                threshold.is_met(stake, set.total_stake())
            })
            .map_or(0, |(round, _)| round)
    }

    /// The highest round that anybody has voted in.
    pub(super) fn highest_round(&self) -> u32 {
        self.highest.values().max().copied().unwrap_or_default()
    }

    /// The block with an id, if a kept proposal carries it. A valid one is preferred.
    pub(super) fn block(&self, id: &Hash) -> Option<&Block> {
        let with_id = || self.proposals().filter(|proposal| proposal.id == *id);
        with_id()
            .find(|proposal| proposal.valid)
            .or_else(|| with_id().next())
            .map(|proposal| &proposal.signed.payload.block)
    }

    /// All kept proposals.
    pub(super) fn proposals(&self) -> impl Iterator<Item = &StoredProposal> {
        self.rounds.values().flat_map(|log| log.proposals.iter())
    }

    /// The proposals of a round.
    pub(super) fn proposals_of(&self, round: u32) -> &[StoredProposal] {
        self.rounds
            .get(&round)
            .map_or(&[], |log| log.proposals.as_slice())
    }

    /// All kept votes, of double votes only the first.
    pub(super) fn first_votes(&self) -> impl Iterator<Item = &Signed<ConsensusVote>> {
        self.rounds
            .values()
            .flat_map(|log| log.votes.values().map(|cast| &cast.first))
    }

    /// The votes of a round for a block, at most one of each validator.
    pub(super) fn votes_for(
        &self,
        round: u32,
        of_kind: VoteKind,
        block: Hash,
    ) -> impl Iterator<Item = &Signed<ConsensusVote>> {
        self.rounds
            .get(&round)
            .into_iter()
            .flat_map(|log| log.votes.values().flat_map(Cast::all))
            .filter(move |vote| vote.payload.kind == of_kind && vote.payload.block == Some(block))
    }

    /// The blocks that anybody prevoted in a round.
    pub(super) fn prevoted_blocks(&self, round: u32) -> BTreeSet<Hash> {
        self.rounds
            .get(&round)
            .into_iter()
            .flat_map(|log| log.votes.values().flat_map(Cast::all))
            .filter(|vote| vote.payload.kind == VoteKind::Prevote)
            .filter_map(|vote| vote.payload.block)
            .collect()
    }

    /// How a validator voted first in a step of a round.
    pub(super) fn vote_of(
        &self,
        hotkey: &Hotkey,
        round: u32,
        kind: VoteKind,
    ) -> Option<&Signed<ConsensusVote>> {
        let votes = &self.rounds.get(&round)?.votes;
        votes.get(&(kind, *hotkey)).map(|cast| &cast.first)
    }

    /// Everything kept, what others need first in front: the running round, rounds that locks and
    /// proposals refer to, then from new to old.
    pub(super) fn messages(&self) -> Vec<Message> {
        let mut order: Vec<u32> = self.rounds.keys().copied().collect();
        order.sort_by_key(|round| {
            let rank = u8::from(*round != self.current) + u8::from(!self.is_referred_to(*round));
            (rank, u32::MAX - round)
        });
        let recent = order.iter().filter_map(|round| self.rounds.get(round));
        let far = self.far.values().flat_map(BTreeMap::values);
        recent
            .flat_map(RoundLog::messages)
            .chain(far.map(|vote| Message::Vote(vote.clone())))
            .collect()
    }

    fn record_far(&mut self, vote: Signed<ConsensusVote>) {
        let votes = self.far.entry(vote.signer).or_default();
        let latest = votes.values().map(|known| known.payload.round).max();
        if latest.is_some_and(|latest| latest > vote.payload.round) {
            return;
        }
        votes.retain(|_, known| known.payload.round == vote.payload.round);
        votes.entry(vote.payload.kind).or_insert(vote);
    }

    /// Whether a known proposal makes votes of a round for a block matter: one of that round, or
    /// a later one that refers to it.
    fn is_voted_on(&self, round: u32, block: Option<Hash>) -> bool {
        self.proposals().any(|proposal| {
            let Proposal {
                round: proposed,
                pol_round,
                ..
            } = proposal.signed.payload;
            Some(proposal.id) == block && (proposed == round || pol_round == Some(round))
        })
    }

    fn keeps(&self, round: u32) -> bool {
        round >= self.window_start() || self.is_referred_to(round)
    }

    fn is_referred_to(&self, round: u32) -> bool {
        self.anchors.contains(&round)
            || self
                .rounds
                .range(self.window_start()..)
                .flat_map(|(_, log)| log.proposals.iter())
                .any(|proposal| proposal.signed.payload.pol_round == Some(round))
    }
}

impl RoundLog {
    fn messages(&self) -> impl Iterator<Item = Message> {
        let proposals = self
            .proposals
            .iter()
            .map(|proposal| Message::Proposal(Box::new(proposal.signed.clone())));
        let votes = self.votes.values().flat_map(Cast::all);
        proposals.chain(votes.map(|vote| Message::Vote(vote.clone())))
    }
}

impl Cast {
    fn all(&self) -> impl Iterator<Item = &Signed<ConsensusVote>> {
        core::iter::once(&self.first).chain(&self.conflicting)
    }
}
