//! The state root: a hash over all challenge state that follows each write instead of being
//! computed over everything.
//!
//! LtHash: every entry is expanded by BLAKE3 to 1,024 lanes of 16 bits; the accumulator is their
//! lane-wise sum, so entries are added and taken out in any order. Finding another set of entries
//! with the same sum is a lattice problem (about 2^200 for these parameters), and the root shown
//! to people and sealed in headers is the SHA-256 of the accumulator.
//!
//! Own code on `blake3` instead of the library `solana-lattice-hash`: that one reads lanes in the
//! machine's byte order, so its sums differ between machines, and its newer versions hide the API
//! behind a feature for unstable use. It is the oracle of the tests here.

use assay_consensus::hash::Hash;

/// Lanes of the accumulator.
const LANES: usize = 1_024;

/// Bytes of an encoded accumulator.
pub const STATE_ROOT_BYTES: usize = LANES * 2;

/// Keeps hashes of state entries apart from any other use of BLAKE3.
const DOMAIN: &[u8] = b"assay/state-entry/v1";

/// Incremental hash over a set of (challenge, key, value).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StateRoot {
    lanes: Vec<u16>,
}

impl Default for StateRoot {
    fn default() -> StateRoot {
        StateRoot::empty()
    }
}

impl StateRoot {
    /// The accumulator of no entries.
    pub fn empty() -> StateRoot {
        StateRoot {
            lanes: vec![0; LANES],
        }
    }

    /// Takes an entry in.
    pub fn add(&mut self, challenge: &str, key: &[u8], value: &[u8]) {
        self.combine(challenge, key, value, u16::wrapping_add);
    }

    /// Takes an entry out that was added before.
    pub fn remove(&mut self, challenge: &str, key: &[u8], value: &[u8]) {
        self.combine(challenge, key, value, u16::wrapping_sub);
    }

    /// Replaces an entry's value; nothing means that there is no such entry.
    pub fn apply(&mut self, challenge: &str, key: &[u8], old: Option<&[u8]>, new: Option<&[u8]>) {
        if old == new {
            return;
        }
        if let Some(old) = old {
            self.remove(challenge, key, old);
        }
        if let Some(new) = new {
            self.add(challenge, key, new);
        }
    }

    /// The root.
    pub fn root(&self) -> Hash {
        Hash::of(&self.to_bytes())
    }

    /// The accumulator, [`STATE_ROOT_BYTES`] long, lanes little-endian.
    pub fn to_bytes(&self) -> Vec<u8> {
        self.lanes
            .iter()
            .flat_map(|lane| lane.to_le_bytes())
            .collect()
    }

    /// Reads an accumulator; nothing if the length is wrong.
    pub fn from_bytes(bytes: &[u8]) -> Option<StateRoot> {
        (bytes.len() == STATE_ROOT_BYTES).then(|| StateRoot {
            lanes: lanes_of(bytes).collect(),
        })
    }

    fn combine(
        &mut self,
        challenge: &str,
        key: &[u8],
        value: &[u8],
        operation: fn(u16, u16) -> u16,
    ) {
        let mut expanded = [0u8; STATE_ROOT_BYTES];
        entry_hasher(challenge, key, value)
            .finalize_xof()
            .fill(&mut expanded);
        for (lane, other) in self.lanes.iter_mut().zip(lanes_of(&expanded)) {
            *lane = operation(*lane, other);
        }
    }
}

/// Hashes an entry; every part has its length in front, so no two entries share an encoding.
fn entry_hasher(challenge: &str, key: &[u8], value: &[u8]) -> blake3::Hasher {
    let mut hasher = blake3::Hasher::new();
    hasher.update(DOMAIN);
    for part in [challenge.as_bytes(), key, value] {
        hasher.update(&(part.len() as u64).to_le_bytes());
        hasher.update(part);
    }
    hasher
}

fn lanes_of(bytes: &[u8]) -> impl Iterator<Item = u16> {
    bytes.chunks_exact(2).map(|pair| match pair {
        [low, high] => u16::from_le_bytes([*low, *high]),
        _ => 0,
    })
}

#[cfg(test)]
#[expect(
    deprecated,
    reason = "the oracle's API is unstable from its version 4 on"
)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;
    use solana_lattice_hash::lt_hash::LtHash;

    use super::*;

    type Entries = BTreeMap<(String, Vec<u8>), Vec<u8>>;

    fn entries() -> impl Strategy<Value = Entries> {
        proptest::collection::btree_map(
            ("[a-c]{0,2}", proptest::collection::vec(0u8..3, 0..4)),
            proptest::collection::vec(any::<u8>(), 0..40),
            0..12,
        )
    }

    fn from_scratch<'a>(
        entries: impl IntoIterator<Item = (&'a (String, Vec<u8>), &'a Vec<u8>)>,
    ) -> StateRoot {
        let mut root = StateRoot::empty();
        for ((challenge, key), value) in entries {
            root.add(challenge, key, value);
        }
        root
    }

    proptest! {
        #[test]
        fn order_does_not_matter(entries in entries()) {
            prop_assert_eq!(from_scratch(&entries), from_scratch(entries.iter().rev()));
        }

        #[test]
        fn following_writes_equals_computing_from_scratch(before in entries(), after in entries()) {
            let mut root = from_scratch(&before);
            let keys = before.keys().chain(after.keys().filter(|k| !before.contains_key(*k)));
            for entry in keys {
                root.apply(
                    &entry.0,
                    &entry.1,
                    before.get(entry).map(Vec::as_slice),
                    after.get(entry).map(Vec::as_slice),
                );
            }
            prop_assert_eq!(&root, &from_scratch(&after));
            prop_assert_eq!(root.root() == from_scratch(&before).root(), before == after);
        }

        #[test]
        fn sums_agree_with_another_implementation(entries in entries()) {
            let mut other = LtHash::identity();
            for ((challenge, key), value) in &entries {
                other.mix_in(&LtHash::with(&entry_hasher(challenge, key, value)));
            }
            let lanes = other.0.map(u16::to_le).to_vec();
            prop_assert_eq!(from_scratch(&entries).lanes, lanes);
        }
    }

    #[test]
    fn bytes_that_move_between_key_and_value_change_the_root() {
        let mut one = StateRoot::empty();
        one.add("c", b"ab", b"c");
        let mut other = StateRoot::empty();
        other.add("c", b"a", b"bc");
        assert_ne!(one.root(), other.root());
    }

    #[test]
    fn an_accumulator_survives_its_encoding() {
        let mut root = StateRoot::empty();
        root.add("c", b"key", b"value");
        assert_eq!(StateRoot::from_bytes(&root.to_bytes()), Some(root));
        assert_eq!(StateRoot::from_bytes(&[0; 7]), None);
    }

    /// Pins the encoding: changing it splits every network.
    #[test]
    fn the_root_of_a_known_state_never_changes() {
        let mut root = StateRoot::empty();
        root.add("term-challenge", b"key", b"value");
        assert_eq!(
            root.root().to_hex(),
            "187d19e81c07f7b5d5ad3b909a19f4527dbb2a5d39f18b51dcd59d4f06ef6c0d"
        );
    }
}
