//! Counts stake per subject. Both votes of a validator that votes twice count for nothing and
//! are kept as evidence.

use std::collections::BTreeMap;

use crate::envelope::Signed;
use crate::keys::{Hotkey, Signature};
use crate::validators::{Quorum, ValidatorSet};

/// What became of a vote.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TallyOutcome<P> {
    /// New and counted.
    Counted,
    /// Already known.
    Duplicate,
    /// The author is not in the set.
    UnknownVoter,
    /// The author voted differently before; from now on it counts for nothing.
    Equivocation {
        /// The earlier vote.
        first: Box<Signed<P>>,
        /// The conflicting one.
        second: Box<Signed<P>>,
    },
}

/// How one validator voted.
#[derive(Debug, Clone)]
enum Ballot<P> {
    Single(Signed<P>),
    Double(Box<Signed<P>>, Box<Signed<P>>),
}

/// Votes of one subject under one validator set. Only verified votes may be recorded.
#[derive(Debug, Clone)]
pub struct Tally<P> {
    set: ValidatorSet,
    quorum: Quorum,
    ballots: BTreeMap<Hotkey, Ballot<P>>,
}

impl<P: Clone + Ord> Tally<P> {
    /// An empty tally.
    pub fn new(set: ValidatorSet, quorum: Quorum) -> Tally<P> {
        Tally {
            set,
            quorum,
            ballots: BTreeMap::new(),
        }
    }

    /// The set whose stake counts.
    pub fn set(&self) -> &ValidatorSet {
        &self.set
    }

    /// Whether this very vote is recorded already, so that its signature need not be checked again.
    pub fn contains(&self, vote: &Signed<P>) -> bool {
        match self.ballots.get(&vote.signer) {
            Some(Ballot::Single(known)) => known.payload == vote.payload,
            Some(Ballot::Double(..)) => true,
            None => false,
        }
    }

    /// Records a vote whose signature has been checked.
    pub fn record(&mut self, vote: Signed<P>) -> TallyOutcome<P> {
        if self.set.index_of(&vote.signer).is_none() {
            return TallyOutcome::UnknownVoter;
        }
        match self.ballots.get(&vote.signer) {
            None => {
                self.ballots.insert(vote.signer, Ballot::Single(vote));
                TallyOutcome::Counted
            }
            Some(Ballot::Single(first)) if first.payload != vote.payload => {
                let (first, second) = (Box::new(first.clone()), Box::new(vote.clone()));
                self.ballots
                    .insert(vote.signer, Ballot::Double(first.clone(), second.clone()));
                TallyOutcome::Equivocation { first, second }
            }
            Some(_) => TallyOutcome::Duplicate,
        }
    }

    /// Stake per payload, double voters left out.
    pub fn stakes(&self) -> BTreeMap<&P, u64> {
        let mut stakes = BTreeMap::new();
        for vote in self.single_votes() {
            let stake: &mut u64 = stakes.entry(&vote.payload).or_default();
            *stake = stake.saturating_add(self.set.stake_of(&vote.signer));
        }
        stakes
    }

    /// The payload that a quorum of stake voted for. A quorum is more than half, so there is at most one.
    pub fn agreed(&self) -> Option<&P> {
        let total = self.set.total_stake();
        self.stakes()
            .into_iter()
            .find(|(_, stake)| self.quorum.is_met(*stake, total))
            .map(|(payload, _)| payload)
    }

    /// Whether some payload can still reach the quorum, whatever the missing validators vote.
    pub fn is_open(&self) -> bool {
        let voted: u64 = self
            .ballots
            .keys()
            .map(|hotkey| self.set.stake_of(hotkey))
            .sum();
        let missing = self.set.total_stake().saturating_sub(voted);
        let best = self.stakes().into_values().max().unwrap_or(0);
        self.quorum
            .is_met(best.saturating_add(missing), self.set.total_stake())
    }

    /// Index and signature of everybody who voted for `payload`, ascending by index.
    pub fn signatures_for(&self, payload: &P) -> Vec<(u16, Signature)> {
        self.single_votes()
            .filter(|vote| vote.payload == *payload)
            .filter_map(|vote| Some((self.set.index_of(&vote.signer)?, vote.signature)))
            .collect()
    }

    /// All votes, both of a double voter, sorted by hotkey.
    pub fn votes(&self) -> Vec<&Signed<P>> {
        let mut votes = Vec::with_capacity(self.ballots.len());
        for ballot in self.ballots.values() {
            match ballot {
                Ballot::Single(vote) => votes.push(vote),
                Ballot::Double(first, second) => votes.extend([first.as_ref(), second.as_ref()]),
            }
        }
        votes
    }

    /// Number of validators that have voted.
    pub fn voters(&self) -> usize {
        self.ballots.len()
    }

    fn single_votes(&self) -> impl Iterator<Item = &Signed<P>> {
        self.ballots.values().filter_map(|ballot| match ballot {
            Ballot::Single(vote) => Some(vote),
            Ballot::Double(..) => None,
        })
    }
}
