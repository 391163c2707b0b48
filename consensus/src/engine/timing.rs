//! Deadlines of the round that is running. Time comes in as milliseconds of any monotonic clock.

use std::collections::BTreeMap;

use arc_malachitebft_core_types::{Round, Timeout, TimeoutKind};

/// Longest timeout in milliseconds, however high the round: no link that is worth waiting for is
/// slower.
const TIMEOUT_MAX_MS: u64 = 60_000;

/// A round counts as stalled after this many times the sum of its timeouts.
const STALL_FACTOR: u64 = 4;

/// How long a step of a round waits, in milliseconds. Every round waits `delta_ms` longer than
/// the one before, so that rounds become long enough for whatever delay the network has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Timeouts {
    /// For the proposal, from the start of the round.
    pub propose_ms: u64,
    /// For more prevotes, after a quorum voted differently.
    pub prevote_ms: u64,
    /// For more precommits, after a quorum voted differently.
    pub precommit_ms: u64,
    /// Added to each of them per round.
    pub delta_ms: u64,
}

/// A deadline that has passed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Due {
    /// A timeout that the driver asked for.
    Step(Timeout),
    /// The round is going on for far longer than its timeouts explain.
    Stall,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Slot {
    Propose,
    Prevote,
    Precommit,
    Stall,
}

/// The deadlines of one round.
#[derive(Debug)]
pub(super) struct Schedule {
    timeouts: Timeouts,
    round: u32,
    deadlines: BTreeMap<Slot, u64>,
}

impl Timeouts {
    /// For validators on one machine or in one data centre.
    pub const LOCAL: Timeouts = Timeouts {
        propose_ms: 400,
        prevote_ms: 200,
        precommit_ms: 200,
        delta_ms: 200,
    };

    fn of(&self, slot: Slot, round: u32) -> u64 {
        let growth = self.delta_ms.saturating_mul(u64::from(round));
        let base = match slot {
            Slot::Propose => self.propose_ms,
            Slot::Prevote => self.prevote_ms,
            Slot::Precommit => self.precommit_ms,
            Slot::Stall => {
                return [Slot::Propose, Slot::Prevote, Slot::Precommit]
                    .iter()
                    .map(|slot| self.of(*slot, round))
                    .sum::<u64>()
                    .saturating_mul(STALL_FACTOR);
            }
        };
        base.saturating_add(growth).clamp(1, TIMEOUT_MAX_MS)
    }
}

impl Default for Timeouts {
    /// For validators all over the world.
    fn default() -> Timeouts {
        Timeouts {
            propose_ms: 1_500,
            prevote_ms: 700,
            precommit_ms: 700,
            delta_ms: 500,
        }
    }
}

impl Schedule {
    pub(super) fn new(timeouts: Timeouts) -> Schedule {
        Schedule {
            timeouts,
            round: 0,
            deadlines: BTreeMap::new(),
        }
    }

    /// Forgets the deadlines of the last round and sets those that run from the start of this one.
    pub(super) fn enter(&mut self, now_ms: u64, round: u32) {
        self.round = round;
        self.deadlines.clear();
        self.set(now_ms, Slot::Propose);
        self.set(now_ms, Slot::Stall);
    }

    /// Sets a deadline that the driver asks for. The one for the proposal runs already: the
    /// driver does not ask for it when it is the proposer of a block that it knows already, yet
    /// nobody must wait for ever if such a proposal can't be signed.
    pub(super) fn add(&mut self, now_ms: u64, timeout: Timeout) {
        if timeout.round.as_u32() != Some(self.round) {
            return;
        }
        match timeout.kind {
            TimeoutKind::Prevote => self.set(now_ms, Slot::Prevote),
            TimeoutKind::Precommit => self.set(now_ms, Slot::Precommit),
            TimeoutKind::Propose | TimeoutKind::Rebroadcast | TimeoutKind::FinalizeHeight(_) => {}
        }
    }

    /// Takes what is due, in the order of the steps. A stall is set anew.
    pub(super) fn take_due(&mut self, now_ms: u64) -> Vec<Due> {
        let due: Vec<Slot> = self
            .deadlines
            .iter()
            .filter(|(_, deadline)| **deadline <= now_ms)
            .map(|(slot, _)| *slot)
            .collect();
        let round = Round::new(self.round);
        due.into_iter()
            .map(|slot| {
                self.deadlines.remove(&slot);
                match slot {
                    Slot::Propose => Due::Step(Timeout::propose(round)),
                    Slot::Prevote => Due::Step(Timeout::prevote(round)),
                    Slot::Precommit => Due::Step(Timeout::precommit(round)),
                    Slot::Stall => {
                        self.set(now_ms, Slot::Stall);
                        Due::Stall
                    }
                }
            })
            .collect()
    }

    /// The earliest deadline.
    pub(super) fn next_ms(&self) -> Option<u64> {
        self.deadlines.values().min().copied()
    }

    /// Nothing is due any more.
    pub(super) fn clear(&mut self) {
        self.deadlines.clear();
    }

    fn set(&mut self, now_ms: u64, slot: Slot) {
        let deadline = now_ms.saturating_add(self.timeouts.of(slot, self.round));
        self.deadlines.insert(slot, deadline);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn timeouts_grow_with_the_round_and_stay_finite() {
        let timeouts = Timeouts::default();
        assert_eq!(timeouts.of(Slot::Propose, 0), 1_500);
        assert_eq!(timeouts.of(Slot::Propose, 3), 3_000);
        assert_eq!(timeouts.of(Slot::Precommit, u32::MAX), TIMEOUT_MAX_MS);
    }

    #[test]
    fn a_deadline_fires_once_and_not_early() {
        let mut schedule = Schedule::new(Timeouts::default());
        schedule.enter(100, 0);
        assert_eq!(schedule.next_ms(), Some(1_600));
        assert_eq!(schedule.take_due(1_599), vec![]);
        let due = Due::Step(Timeout::propose(Round::new(0)));
        assert_eq!(schedule.take_due(1_600), vec![due]);
        assert_eq!(schedule.take_due(1_600), vec![]);
    }

    #[test]
    fn a_timeout_of_a_past_round_is_not_scheduled() {
        let mut schedule = Schedule::new(Timeouts::default());
        schedule.enter(0, 2);
        let before = schedule.next_ms();
        schedule.add(0, Timeout::precommit(Round::new(1)));
        assert_eq!(schedule.next_ms(), before);
    }
}
