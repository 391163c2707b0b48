//! Which endpoint's turn it is: the one in use stays until it fails, then the next in the order of
//! the configuration; one that failed rests, for longer each time.

use std::collections::BTreeSet;
use std::time::Duration;

use tokio::time::Instant;

use crate::error::ChainError;
use crate::limits::{BACK_OFF_FIRST_MS, BACK_OFF_MAX_MS};

/// The endpoints' turns.
#[derive(Debug)]
pub(super) struct Turns {
    /// The one in use.
    current: usize,
    endpoints: Vec<Health>,
}

/// How one endpoint did.
#[derive(Debug, Clone, Default)]
struct Health {
    /// Failures since its last success.
    failures: u32,
    rest: Option<Rest>,
}

#[derive(Debug, Clone)]
struct Rest {
    until: Instant,
    error: ChainError,
}

/// Whose turn it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Turn {
    /// This endpoint's.
    Try(usize),
    /// Nobody's before this time.
    Wait {
        /// When the first endpoint has rested.
        until: Instant,
        /// Why it rests.
        error: ChainError,
    },
    /// All had theirs.
    Over,
}

impl Turns {
    /// Turns of so many endpoints, at least one.
    pub(super) fn new(endpoints: usize) -> Turns {
        Turns {
            current: 0,
            endpoints: vec![Health::default(); endpoints.max(1)],
        }
    }

    /// Whose turn it is in a call that had `tried` already.
    pub(super) fn next(&self, tried: &BTreeSet<usize>, now: Instant) -> Turn {
        let count = self.endpoints.len();
        let order = (0..count).map(|offset| (self.current + offset) % count);
        let mut wait: Option<&Rest> = None;
        for index in order.filter(|index| !tried.contains(index)) {
            match self.endpoints.get(index).and_then(|h| h.rest.as_ref()) {
                Some(rest) if rest.until > now => {
                    if wait.is_none_or(|first| rest.until < first.until) {
                        wait = Some(rest);
                    }
                }
                _ => return Turn::Try(index),
            }
        }
        wait.map_or(Turn::Over, |rest| Turn::Wait {
            until: rest.until,
            error: rest.error.clone(),
        })
    }

    /// An endpoint answered.
    pub(super) fn answered(&mut self, index: usize) {
        if let Some(health) = self.endpoints.get_mut(index) {
            *health = Health::default();
        }
    }

    /// An endpoint is used from now on.
    pub(super) fn use_from_now_on(&mut self, index: usize) {
        if index < self.endpoints.len() {
            self.current = index;
        }
    }

    /// Whether an endpoint rests after a failure.
    pub(super) fn rests(&self, index: usize, now: Instant) -> bool {
        let health = self.endpoints.get(index);
        let rest = health.and_then(|health| health.rest.as_ref());
        rest.is_some_and(|rest| rest.until > now)
    }

    /// The endpoint in use.
    pub(super) fn current(&self) -> usize {
        self.current
    }

    /// Another endpoint than the one in use, a different one for every `round`, unless it rests.
    pub(super) fn other(&self, round: usize, now: Instant) -> Option<usize> {
        let count = self.endpoints.len();
        let others = count.checked_sub(1).filter(|others| *others > 0)?;
        let index = (self.current + 1 + round % others) % count;
        let rest = self.endpoints.get(index)?.rest.as_ref();
        rest.is_none_or(|rest| rest.until <= now).then_some(index)
    }

    /// An endpoint failed; it rests.
    pub(super) fn failed(&mut self, index: usize, now: Instant, error: ChainError) {
        if let Some(health) = self.endpoints.get_mut(index) {
            let rest_ms = back_off_ms(health.failures);
            health.failures = health.failures.saturating_add(1);
            health.rest = Some(Rest {
                until: now + Duration::from_millis(rest_ms),
                error,
            });
        }
    }
}

/// Pause after so many failures before this one, in milliseconds.
fn back_off_ms(failures: u32) -> u64 {
    let factor = 1u64.checked_shl(failures).unwrap_or(u64::MAX);
    BACK_OFF_FIRST_MS
        .saturating_mul(factor)
        .min(BACK_OFF_MAX_MS)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn error() -> ChainError {
        ChainError::NoSigner
    }

    fn none() -> BTreeSet<usize> {
        BTreeSet::new()
    }

    #[test]
    fn the_endpoint_in_use_stays_until_it_fails() {
        let now = Instant::now();
        let mut turns = Turns::new(3);
        assert_eq!(turns.next(&none(), now), Turn::Try(0));
        turns.failed(0, now, error());
        assert_eq!(turns.next(&none(), now), Turn::Try(1));
        turns.answered(1);
        turns.use_from_now_on(1);
        let later = now + Duration::from_secs(3_600);
        assert_eq!(turns.next(&none(), later), Turn::Try(1));
        turns.failed(1, later, error());
        assert_eq!(turns.next(&none(), later), Turn::Try(2));
        assert_eq!(turns.next(&BTreeSet::from([2]), later), Turn::Try(0));
    }

    #[test]
    fn when_all_rest_the_first_to_wake_is_waited_for() {
        let now = Instant::now();
        let mut turns = Turns::new(2);
        turns.failed(0, now, error());
        turns.failed(0, now, error());
        turns.failed(1, now, error());
        let first = Duration::from_millis(BACK_OFF_FIRST_MS);
        assert_eq!(
            turns.next(&none(), now),
            Turn::Wait {
                until: now + first,
                error: error()
            }
        );
        assert_eq!(turns.next(&none(), now + first), Turn::Try(1));
        assert_eq!(turns.next(&BTreeSet::from([0, 1]), now), Turn::Over);
    }

    #[test]
    fn the_others_are_looked_at_in_rounds_unless_they_rest() {
        let now = Instant::now();
        let mut turns = Turns::new(3);
        turns.use_from_now_on(1);
        let others: Vec<_> = (0..4).map(|round| turns.other(round, now)).collect();
        assert_eq!(others, [Some(2), Some(0), Some(2), Some(0)]);
        turns.failed(2, now, error());
        assert!(turns.rests(2, now) && !turns.rests(0, now));
        assert_eq!(turns.other(0, now), None);
        assert_eq!(Turns::new(1).other(0, now), None);
    }

    proptest! {
        #[test]
        fn rests_grow_and_stay_within_their_bounds(failures in any::<u32>()) {
            let rest = back_off_ms(failures);
            prop_assert!((BACK_OFF_FIRST_MS..=BACK_OFF_MAX_MS).contains(&rest));
            prop_assert!(back_off_ms(failures.saturating_add(1)) >= rest);
        }

        #[test]
        fn every_endpoint_gets_its_turn(
            count in 1usize..6,
            failures in proptest::collection::vec(0usize..6, 0..20),
        ) {
            let now = Instant::now();
            let mut turns = Turns::new(count);
            for index in failures {
                turns.failed(index, now, error());
            }
            let later = now + Duration::from_millis(BACK_OFF_MAX_MS);
            let mut tried = BTreeSet::new();
            while let Turn::Try(index) = turns.next(&tried, later) {
                prop_assert!(tried.insert(index));
            }
            prop_assert_eq!(tried.len(), count);
        }
    }
}
