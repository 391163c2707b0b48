//! Every value of the last blocks under every key, so that each of these blocks' states can be
//! read.

use std::collections::BTreeMap;
use std::ops::Bound;

use parity_scale_codec::{Decode, Encode};

/// What one block does to one key: a new value, or nothing more there.
pub type Change = Option<Vec<u8>>;

/// All keys with the values they had since a block.
#[derive(Debug, Clone, Default, PartialEq, Eq, Encode, Decode)]
pub struct Versions {
    entries: BTreeMap<Vec<u8>, Vec<(u64, Change)>>,
    /// The oldest block whose state is whole.
    first_block: u64,
    /// Bytes of all keys and values.
    size_bytes: u64,
}

impl Versions {
    /// The oldest block whose state can be read.
    pub fn first_block(&self) -> u64 {
        self.first_block
    }

    /// Bytes of all keys and values.
    pub fn size_bytes(&self) -> u64 {
        self.size_bytes
    }

    /// The value after a block.
    pub fn get(&self, block: u64, key: &[u8]) -> Option<&[u8]> {
        value_at(self.entries.get(key)?, block)
    }

    /// Keys with a value after a block: those that begin with `prefix` and come after `after`, in
    /// order.
    pub fn keys<'a>(
        &'a self,
        block: u64,
        prefix: &'a [u8],
        after: Option<&'a [u8]>,
    ) -> impl Iterator<Item = &'a [u8]> + 'a {
        let start = match after {
            Some(after) if after >= prefix => Bound::Excluded(after),
            _ => Bound::Included(prefix),
        };
        self.entries
            .range::<[u8], _>((start, Bound::Unbounded))
            .take_while(move |(key, _)| key.starts_with(prefix))
            .filter(move |(_, versions)| value_at(versions, block).is_some())
            .map(|(key, _)| key.as_slice())
    }

    /// Adds what a block changed; blocks come in order.
    pub fn commit(&mut self, block: u64, changes: BTreeMap<Vec<u8>, Change>) {
        for (key, change) in changes {
            let key_bytes = key.len();
            let versions = self.entries.entry(key).or_default();
            if value_at(versions, block) == change.as_deref() {
                continue;
            }
            self.size_bytes += version_bytes(key_bytes, &change);
            versions.push((block, change));
            self.size_bytes -= forget(key_bytes, versions, self.first_block);
        }
    }

    /// Lets go of states before a block. What has not changed since is found by a sweep, which
    /// looks at every key.
    pub fn forget_before(&mut self, block: u64, sweep: bool) {
        self.first_block = self.first_block.max(block);
        if sweep {
            let first = self.first_block;
            let mut forgotten = 0;
            self.entries.retain(|key, versions| {
                forgotten += forget(key.len(), versions, first);
                match versions.as_slice() {
                    [(_, None)] => {
                        forgotten += version_bytes(key.len(), &None);
                        false
                    }
                    versions => !versions.is_empty(),
                }
            });
            self.size_bytes -= forgotten;
        }
    }
}

fn value_at(versions: &[(u64, Change)], block: u64) -> Option<&[u8]> {
    let latest = versions.iter().rev().find(|(since, _)| *since <= block);
    latest.and_then(|(_, change)| change.as_deref())
}

/// Drops versions that were replaced at or before the oldest block that is kept; returns how many
/// bytes they had.
fn forget(key_bytes: usize, versions: &mut Vec<(u64, Change)>, first_block: u64) -> u64 {
    let current = versions
        .iter()
        .rposition(|(since, _)| *since <= first_block)
        .unwrap_or(0);
    versions
        .drain(..current)
        .map(|(_, change)| version_bytes(key_bytes, &change))
        .sum()
}

/// Bytes of one version, counting its key once.
fn version_bytes(key_bytes: usize, change: &Change) -> u64 {
    (key_bytes + change.as_ref().map_or(0, Vec::len)) as u64
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn changes(key: &[u8], value: Option<u8>) -> BTreeMap<Vec<u8>, Change> {
        BTreeMap::from([(key.to_vec(), value.map(|byte| vec![byte]))])
    }

    #[test]
    fn each_block_keeps_its_own_state() {
        let mut versions = Versions::default();
        versions.commit(1, changes(b"a", Some(1)));
        versions.commit(3, changes(b"a", None));
        versions.commit(4, changes(b"ab", Some(4)));
        let seen = |block| versions.get(block, b"a").map(<[u8]>::to_vec);
        assert_eq!(
            (0..5).map(seen).collect::<Vec<_>>(),
            vec![None, Some(vec![1]), Some(vec![1]), None, None]
        );
        let keys = |block| versions.keys(block, b"a", None).count();
        assert_eq!((keys(2), keys(3), keys(4)), (1, 0, 1));
        assert_eq!(versions.keys(4, b"a", Some(b"ab")).count(), 0);
    }

    #[test]
    fn forgotten_blocks_leave_no_trace_after_a_sweep() {
        let mut versions = Versions::default();
        versions.commit(1, changes(b"gone", Some(1)));
        versions.commit(2, changes(b"gone", None));
        versions.commit(2, changes(b"kept", Some(2)));
        assert_eq!(versions.size_bytes(), 5 + 4 + 5);
        versions.forget_before(5, true);
        assert_eq!(versions.entries.len(), 1);
        assert_eq!(versions.size_bytes(), 5);
        assert_eq!(versions.get(5, b"kept"), Some(&[2][..]));
    }

    proptest! {
        #[test]
        fn states_that_are_kept_are_those_of_a_plain_map(
            writes in proptest::collection::vec((0u8..4, any::<Option<u8>>()), 1..40),
            kept in 1u64..10,
        ) {
            let mut versions = Versions::default();
            let mut plain: Vec<BTreeMap<u8, u8>> = vec![BTreeMap::new()];
            for (block, (key, value)) in (1u64..).zip(writes) {
                let mut next = plain.last().cloned().unwrap_or_default();
                match value {
                    Some(value) => next.insert(key, value),
                    None => next.remove(&key),
                };
                plain.push(next);
                versions.commit(block, changes(&[key], value));
                versions.forget_before(block.saturating_sub(kept), block % 3 == 0);
            }
            for (block, map) in (0u64..).zip(&plain).skip_while(|(b, _)| *b < versions.first_block()) {
                for key in 0u8..4 {
                    let expected = map.get(&key).map(|value| vec![*value]);
                    prop_assert_eq!(versions.get(block, &[key]).map(<[u8]>::to_vec), expected);
                }
                prop_assert_eq!(versions.keys(block, &[], None).count(), map.len());
            }
            let all = versions.entries.iter();
            let bytes = all.flat_map(|(key, versions)| {
                versions.iter().map(|(_, change)| version_bytes(key.len(), change))
            });
            prop_assert_eq!(versions.size_bytes(), bytes.sum::<u64>());
        }
    }
}
