//! Which blocks to look at to find one of an epoch: epochs ascend with the numbers of blocks, so a
//! few guesses from their length, and halves where those miss, are enough on a chain of any age.

use assay_consensus::block::ChainRef;

use super::epochs::EpochPosition;

/// A block and its place among the epochs.
#[derive(Debug, Clone, Copy)]
pub(super) struct Seen {
    pub(super) number: u64,
    pub(super) position: EpochPosition,
}

/// A search for any block of one epoch.
#[derive(Debug)]
pub(super) struct EpochSearch {
    epoch: u64,
    /// The highest block that is known to be before the epoch.
    before: Option<Before>,
    /// The lowest block that is known to be after the epoch.
    after: Seen,
    steps: u32,
}

#[derive(Debug, Clone, Copy)]
struct Before {
    number: u64,
    /// Nothing if its state is gone, or was before the subnet.
    position: Option<EpochPosition>,
}

impl Seen {
    /// The first block of an epoch, as it was remembered.
    pub(super) fn start(start: ChainRef) -> Seen {
        let length = start.next_epoch_start.saturating_sub(start.number);
        Seen {
            number: start.number,
            position: EpochPosition {
                epoch: start.epoch,
                began: start.number,
                next: start.next_epoch_start,
                length: length.max(1),
            },
        }
    }
}

impl EpochSearch {
    /// A search between a block of an earlier epoch, if one is known, and one of a later epoch.
    pub(super) fn new(epoch: u64, before: Option<Seen>, after: Seen) -> EpochSearch {
        EpochSearch {
            epoch,
            before: before.map(|seen| Before {
                number: seen.number,
                position: Some(seen.position),
            }),
            after,
            steps: 0,
        }
    }

    /// Number of the block to look at; `None` if no block can be of the epoch.
    pub(super) fn next(&mut self) -> Option<u64> {
        let lowest = match self.before {
            Some(before) => before.number.checked_add(1)?,
            None => 0,
        };
        let highest = self.after.number.checked_sub(1)?;
        if lowest > highest {
            return None;
        }
        self.steps = self.steps.saturating_add(1);
        let number = match self.before {
            // Twice as far with every step, until something is known to be before.
            None => {
                let reach = 1u64.checked_shl(self.steps).unwrap_or(u64::MAX);
                self.guess().min(self.after.number.saturating_sub(reach))
            }
            // Guesses may come nearer in small steps only.
            Some(_) if self.steps.is_multiple_of(2) => lowest.midpoint(highest),
            Some(_) => self.guess(),
        };
        Some(number.clamp(lowest, highest))
    }

    /// Takes note of a block that was looked at and is of another epoch.
    pub(super) fn saw(&mut self, seen: Seen) {
        if seen.position.epoch > self.epoch {
            self.after = seen;
        } else {
            self.before = Some(Before {
                number: seen.number,
                position: Some(seen.position),
            });
        }
    }

    /// Takes note of a block that was looked at and whose state is gone, or was before the subnet.
    pub(super) fn saw_nothing_at(&mut self, number: u64) {
        let position = None;
        self.before = Some(Before { number, position });
    }

    /// Where the epoch should be, if all epochs are as long as the nearest one that is known.
    fn guess(&self) -> u64 {
        let after = self.after.position;
        let epochs_back = after.epoch.saturating_sub(self.epoch);
        let before = self.before.and_then(|before| before.position);
        if let Some(before) = before {
            let epochs_on = self.epoch.saturating_sub(before.epoch);
            if epochs_on < epochs_back {
                let between = epochs_on.saturating_sub(1).saturating_mul(before.length);
                return before.next.saturating_add(between);
            }
        }
        let between = epochs_back.saturating_sub(1).saturating_mul(after.length);
        after.began.saturating_sub(between).saturating_sub(1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// The position of a block on a chain whose epochs have these lengths, the last one without end.
    fn position(lengths: &[u64], number: u64) -> EpochPosition {
        let (mut epoch, mut began) = (0, 0);
        for length in lengths {
            if number < began + length {
                break;
            }
            began += length;
            epoch += 1;
        }
        let length = lengths.get(epoch).copied().unwrap_or(360);
        EpochPosition {
            epoch: epoch as u64,
            began,
            next: began + length,
            length,
        }
    }

    fn seen(lengths: &[u64], number: u64) -> Seen {
        Seen {
            number,
            position: position(lengths, number),
        }
    }

    /// Looks for an epoch; the states of blocks below `kept_from` are gone. The block that was found
    /// and how many were looked at.
    fn find(lengths: &[u64], epoch: u64, head: u64, kept_from: u64) -> (Option<u64>, u32) {
        let mut search = EpochSearch::new(epoch, None, seen(lengths, head));
        let mut looks = 0;
        while let Some(number) = search.next() {
            looks += 1;
            if number < kept_from {
                search.saw_nothing_at(number);
                continue;
            }
            let seen = seen(lengths, number);
            if seen.position.epoch == epoch {
                return (Some(number), looks);
            }
            search.saw(seen);
        }
        (None, looks)
    }

    #[test]
    fn an_epoch_of_years_ago_is_found_at_first_sight_where_all_are_of_one_length() {
        let lengths = vec![360; 20_000];
        for epoch in [0, 1, 9_999, 19_998] {
            let (found, looks) = find(&lengths, epoch, 360 * 20_000, 0);
            assert_eq!(position(&lengths, found.unwrap()).epoch, epoch);
            assert_eq!(looks, 1, "{epoch}");
        }
    }

    #[test]
    fn an_epoch_of_which_no_state_is_kept_is_not_found() {
        let lengths = [10; 20];
        assert_eq!(find(&lengths, 5, 199, 60).0, None);
        assert_eq!(find(&lengths, 6, 199, 60).0, Some(69));
        assert_eq!(find(&lengths, 5, 0, 0).0, None);
    }

    #[test]
    fn from_a_known_start_the_next_one_is_guessed() {
        let lengths = [10; 200];
        let before = Some(seen(&lengths, 20));
        let mut search = EpochSearch::new(3, before, seen(&lengths, 1_500));
        assert_eq!(search.next(), Some(30));
    }

    proptest! {
        #[test]
        fn every_epoch_that_is_kept_is_found_soon(
            lengths in proptest::collection::vec(1u64..5_000, 2..80),
            epoch in any::<prop::sample::Index>(),
            gone in 0u64..=100,
        ) {
            let epoch = epoch.index(lengths.len() - 1);
            let head = lengths.iter().sum::<u64>() - 1;
            let start: u64 = lengths.iter().take(epoch).sum();
            // Everything before the epoch is gone, or some of it.
            let kept_from = start * gone / 100;
            let (found, looks) = find(&lengths, epoch as u64, head, kept_from);
            let found = found.unwrap();
            prop_assert_eq!(position(&lengths, found).epoch, epoch as u64);
            let halvings = u64::BITS - head.leading_zeros();
            prop_assert!(looks <= 3 * halvings + 2, "{} for {}", looks, head);
        }
    }
}
