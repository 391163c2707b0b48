//! The concurrent runs of a sandbox: who waits longest gets the next free slot.

use std::collections::{BTreeSet, VecDeque};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crate::backend::{CancelToken, Slot};
use crate::error::SandboxError;
use crate::limits;

/// All slots.
#[derive(Debug)]
pub struct Slots {
    state: Mutex<State>,
    count: u32,
    uid_base: u32,
}

#[derive(Debug)]
struct State {
    free: BTreeSet<u32>,
    /// In the order they came. Only the first may take a slot.
    waiting: VecDeque<Arc<Waiter>>,
}

/// One caller, woken alone.
#[derive(Debug, Default)]
struct Waiter {
    turn: Condvar,
}

/// A taken slot; dropping gives it back.
#[derive(Debug)]
pub struct TakenSlot<'a> {
    slots: &'a Slots,
    slot: Slot,
}

impl Slots {
    /// So many, with uids from `uid_base` on.
    ///
    /// # Errors
    ///
    /// [`SandboxError::Invalid`] if `count` is outside of 1 to [`limits::SLOTS_MAX`], or an uid
    /// would be that of root or above the largest.
    pub fn new(count: u32, uid_base: u32) -> Result<Self, SandboxError> {
        let fits = uid_base.checked_add(count).is_some();
        if count == 0 || count > limits::SLOTS_MAX || uid_base == 0 || !fits {
            return Err(SandboxError::Invalid {
                what: "slots",
                expected: format!("1 to {} with uids above 0", limits::SLOTS_MAX),
                got: format!("{count} from uid {uid_base}"),
            });
        }
        Ok(Self {
            state: Mutex::new(State {
                free: (0..count).collect(),
                waiting: VecDeque::new(),
            }),
            count,
            uid_base,
        })
    }

    /// Waits for its turn and a free slot.
    ///
    /// # Errors
    ///
    /// [`SandboxError::Cancelled`], and [`SandboxError::Busy`] after `wait`. Either way others wait
    /// no longer for it.
    pub fn take(
        &self,
        wait: Duration,
        cancel: &CancelToken,
    ) -> Result<TakenSlot<'_>, SandboxError> {
        let begun = Instant::now();
        let own = Arc::new(Waiter::default());
        let mut state = self.lock();
        state.waiting.push_back(Arc::clone(&own));
        let taken = loop {
            if cancel.is_cancelled() {
                break Err(SandboxError::Cancelled);
            }
            let first = state.waiting.front();
            if first.is_some_and(|first| Arc::ptr_eq(first, &own))
                && let Some(index) = state.free.pop_first()
            {
                let uid = self.uid_base + index;
                break Ok(Slot { index, uid });
            }
            let waited = begun.elapsed();
            if waited >= wait {
                break Err(SandboxError::Busy {
                    slots: self.count,
                    waited_ms: waited.as_millis() as u64,
                });
            }
            let step = limits::CANCEL_POLL.min(wait - waited);
            let woken = own.turn.wait_timeout(state, step);
            state = woken.unwrap_or_else(PoisonError::into_inner).0;
        };
        state.waiting.retain(|waiter| !Arc::ptr_eq(waiter, &own));
        state.wake_first();
        drop(state);
        taken.map(|slot| TakenSlot { slots: self, slot })
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn wake_first(&self) {
        if !self.free.is_empty()
            && let Some(first) = self.waiting.front()
        {
            first.turn.notify_one();
        }
    }
}

impl TakenSlot<'_> {
    /// Which one it is.
    pub fn slot(&self) -> Slot {
        self.slot
    }
}

impl Drop for TakenSlot<'_> {
    fn drop(&mut self) {
        let mut state = self.slots.lock();
        state.free.insert(self.slot.index);
        state.wake_first();
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use super::*;

    const LONG: Duration = Duration::from_secs(600);

    /// Until so many wait.
    fn wait_for(slots: &Slots, waiting: usize) {
        while slots.lock().waiting.len() != waiting {
            std::thread::yield_now();
        }
    }

    #[test]
    fn who_came_first_gets_the_next_slot() {
        let slots = Slots::new(1, 1).unwrap();
        let taken = slots.take(LONG, &CancelToken::new()).unwrap();
        let (order, came) = mpsc::sync_channel(10);
        std::thread::scope(|scope| {
            for number in 0..10 {
                let (slots, order) = (&slots, order.clone());
                scope.spawn(move || {
                    let _taken = slots.take(LONG, &CancelToken::new()).unwrap();
                    order.send(number).unwrap();
                });
                wait_for(slots, number + 1);
            }
            drop(taken);
        });
        drop(order);
        assert_eq!(came.iter().collect::<Vec<_>>(), Vec::from_iter(0..10));
    }

    /// Nobody overtakes those that wait, even if a slot is free at the moment.
    #[test]
    fn who_comes_last_waits_behind_the_others() {
        let slots = Slots::new(1, 1).unwrap();
        let stuck = Arc::new(Waiter::default());
        slots.lock().waiting.push_back(Arc::clone(&stuck));
        let refused = slots.take(Duration::ZERO, &CancelToken::new()).unwrap_err();
        assert!(matches!(refused, SandboxError::Busy { .. }), "{refused}");
        slots.lock().waiting.clear();
        slots.take(Duration::ZERO, &CancelToken::new()).unwrap();
    }

    #[test]
    fn who_gives_up_holds_up_nobody() {
        let slots = Slots::new(1, 1).unwrap();
        let taken = slots.take(LONG, &CancelToken::new()).unwrap();
        let cancel = CancelToken::new();
        std::thread::scope(|scope| {
            let cancelled = scope.spawn(|| slots.take(LONG, &cancel).map(|taken| taken.slot()));
            wait_for(&slots, 1);
            let behind = scope.spawn(|| {
                slots
                    .take(LONG, &CancelToken::new())
                    .map(|taken| taken.slot())
            });
            wait_for(&slots, 2);
            cancel.cancel();
            let refused = cancelled.join().unwrap().unwrap_err();
            assert!(matches!(refused, SandboxError::Cancelled), "{refused}");
            wait_for(&slots, 1);
            drop(taken);
            assert_eq!(behind.join().unwrap().unwrap().index, 0);
        });
        assert_eq!(slots.lock().free.len(), 1);
    }

    #[test]
    fn waiting_too_long_is_said_and_loses_nothing() {
        let slots = Slots::new(2, 1).unwrap();
        let taken = [(); 2].map(|()| slots.take(LONG, &CancelToken::new()).unwrap());
        assert_ne!(taken[0].slot(), taken[1].slot());
        let refused = slots.take(Duration::from_millis(1), &CancelToken::new());
        let refused = refused.unwrap_err().to_string();
        assert!(refused.contains("all 2 sandbox slots"), "{refused}");
        drop(taken);
        let state = slots.lock();
        assert_eq!((state.free.len(), state.waiting.len()), (2, 0));
    }

    #[test]
    fn a_panic_gives_the_slot_back() {
        let slots = Slots::new(1, 1).unwrap();
        let panicked = std::thread::scope(|scope| {
            let run = || {
                let _taken = slots.take(LONG, &CancelToken::new()).unwrap();
                panic!("a back end at fault");
            };
            scope.spawn(run).join().is_err()
        });
        assert!(panicked);
        slots.take(Duration::ZERO, &CancelToken::new()).unwrap();
    }

    #[test]
    fn slots_are_bounded_and_never_roots() {
        for (count, uid_base) in [(0, 1), (limits::SLOTS_MAX + 1, 1), (1, 0), (2, u32::MAX)] {
            assert!(Slots::new(count, uid_base).is_err(), "{count} {uid_base}");
        }
    }
}
