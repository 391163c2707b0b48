//! What is known of finalised blocks. Finality never goes back, so nothing here ever changes; it is
//! only forgotten, and all of it at once if a head was false after all.

use std::collections::BTreeMap;
use std::ops::Bound;

use assay_consensus::block::ChainRef;
use assay_consensus::hash::Hash;

use super::epoch_search::Seen;
use super::epochs::EpochPosition;
use crate::limits::{BLOCKS_KEPT_MAX, EPOCH_STARTS_KEPT_MAX};

/// A finalised block.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct KnownBlock {
    /// As the node knows it.
    pub(super) block: ChainRef,
    /// Its place among the epochs.
    pub(super) position: EpochPosition,
}

/// Finalised blocks and first blocks of epochs.
#[derive(Debug, Default)]
pub(super) struct KnownBlocks {
    by_number: BTreeMap<u64, KnownBlock>,
    numbers: BTreeMap<Hash, u64>,
    epoch_starts: BTreeMap<u64, ChainRef>,
    /// The highest finalised block that any endpoint showed, and which endpoint that was.
    highest: Option<(KnownBlock, usize)>,
}

impl KnownBlock {
    /// What a search for an epoch needs of it.
    pub(super) fn seen(&self) -> Seen {
        Seen {
            number: self.block.number,
            position: self.position,
        }
    }
}

impl KnownBlocks {
    /// The block with a number.
    pub(super) fn by_number(&self, number: u64) -> Option<KnownBlock> {
        self.by_number.get(&number).copied()
    }

    /// The block with a hash.
    pub(super) fn by_hash(&self, hash: &Hash) -> Option<KnownBlock> {
        self.by_number(*self.numbers.get(hash)?)
    }

    /// The highest finalised block that any endpoint showed.
    pub(super) fn highest(&self) -> Option<KnownBlock> {
        self.highest.map(|(known, _)| known)
    }

    /// The endpoint that showed it.
    pub(super) fn highest_is_of(&self) -> Option<usize> {
        self.highest.map(|(_, endpoint)| endpoint)
    }

    /// The first block of an epoch.
    pub(super) fn epoch_start(&self, epoch: u64) -> Option<ChainRef> {
        self.epoch_starts.get(&epoch).copied()
    }

    /// The first blocks of the nearest epochs before and after one.
    pub(super) fn epoch_starts_around(&self, epoch: u64) -> (Option<ChainRef>, Option<ChainRef>) {
        let before = self.epoch_starts.range(..epoch).next_back();
        let after = (Bound::Excluded(epoch), Bound::Unbounded);
        let after = self.epoch_starts.range(after).next();
        (
            before.map(|(_, start)| *start),
            after.map(|(_, start)| *start),
        )
    }

    /// Remembers a finalised block that an endpoint showed.
    pub(super) fn insert(&mut self, known: KnownBlock, endpoint: usize) {
        let highest = self.highest();
        if highest.is_none_or(|highest| highest.block.number < known.block.number) {
            self.highest = Some((known, endpoint));
        }
        self.by_number.insert(known.block.number, known);
        self.numbers.insert(known.block.hash, known.block.number);
        while self.by_number.len() > BLOCKS_KEPT_MAX
            && let Some((_, forgotten)) = self.by_number.pop_first()
        {
            self.numbers.remove(&forgotten.block.hash);
        }
    }

    /// Remembers the first block of an epoch. If there are too many the one farthest from it goes:
    /// whoever goes through the epochs of an old chain asks for the one beside it next.
    pub(super) fn insert_epoch_start(&mut self, start: ChainRef) {
        self.epoch_starts.insert(start.epoch, start);
        while self.epoch_starts.len() > EPOCH_STARTS_KEPT_MAX {
            let (Some(first), Some(last)) = (
                self.epoch_starts.keys().next().copied(),
                self.epoch_starts.keys().next_back().copied(),
            ) else {
                return;
            };
            if last.saturating_sub(start.epoch) > start.epoch.saturating_sub(first) {
                self.epoch_starts.pop_last();
            } else {
                self.epoch_starts.pop_first();
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn known(number: u64) -> KnownBlock {
        KnownBlock {
            block: ChainRef {
                number,
                hash: Hash::of(&number.to_le_bytes()),
                epoch: number / 10,
                next_epoch_start: (number / 10 + 1) * 10,
                timestamp_ms: number,
            },
            position: EpochPosition {
                epoch: number / 10,
                began: number / 10 * 10,
                next: (number / 10 + 1) * 10,
                length: 10,
            },
        }
    }

    #[test]
    fn a_long_life_does_not_fill_the_memory() {
        let mut blocks = KnownBlocks::default();
        let count = BLOCKS_KEPT_MAX as u64 + 100;
        for number in 0..count {
            blocks.insert(known(number), 0);
            blocks.insert_epoch_start(known(number * 10).block);
        }
        assert_eq!(blocks.by_number.len(), BLOCKS_KEPT_MAX);
        assert_eq!(blocks.numbers.len(), BLOCKS_KEPT_MAX);
        assert_eq!(blocks.epoch_starts.len(), EPOCH_STARTS_KEPT_MAX);
        assert_eq!(blocks.by_number(0), None);
        assert_eq!(blocks.by_hash(&known(0).block.hash), None);
        let last = known(count - 1);
        assert_eq!(blocks.by_hash(&last.block.hash), Some(last));
    }

    #[test]
    fn the_highest_block_stays_when_older_ones_are_read() {
        let mut blocks = KnownBlocks::default();
        blocks.insert(known(50), 2);
        blocks.insert(known(7), 0);
        assert_eq!(blocks.highest(), Some(known(50)));
        assert_eq!(blocks.highest_is_of(), Some(2));
    }

    #[test]
    fn the_nearest_known_epoch_is_where_a_search_begins() {
        let mut blocks = KnownBlocks::default();
        blocks.insert_epoch_start(known(90).block);
        blocks.insert_epoch_start(known(50).block);
        let (first, second) = (Some(known(50).block), Some(known(90).block));
        assert_eq!(blocks.epoch_starts_around(3), (None, first));
        assert_eq!(blocks.epoch_starts_around(5), (None, second));
        assert_eq!(blocks.epoch_starts_around(7), (first, second));
        assert_eq!(blocks.epoch_starts_around(9), (first, None));
        assert_eq!(blocks.epoch_starts_around(u64::MAX), (second, None));
    }

    #[test]
    fn the_start_that_was_just_found_is_never_the_one_forgotten() {
        let mut blocks = KnownBlocks::default();
        let kept = EPOCH_STARTS_KEPT_MAX as u64;
        for epoch in 100..100 + kept {
            blocks.insert_epoch_start(known(epoch * 10).block);
        }
        for epoch in [0, 1, 99, 100 + kept, 90] {
            let start = known(epoch * 10).block;
            blocks.insert_epoch_start(start);
            assert_eq!(blocks.epoch_start(epoch), Some(start));
            assert_eq!(blocks.epoch_starts.len(), EPOCH_STARTS_KEPT_MAX);
        }
    }
}
