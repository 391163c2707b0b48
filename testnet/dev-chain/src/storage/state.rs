//! The state after a block, with changes that are not in a block yet.

use std::collections::{BTreeMap, BTreeSet};

use super::versions::{Change, Versions};

/// A state that can be read, changed and, in part, changed back.
#[derive(Debug, Clone)]
pub struct State<'a> {
    versions: &'a Versions,
    block: u64,
    changes: BTreeMap<Vec<u8>, Change>,
}

impl<'a> State<'a> {
    /// The state after a block.
    pub fn after(versions: &'a Versions, block: u64) -> State<'a> {
        State {
            versions,
            block,
            changes: BTreeMap::new(),
        }
    }

    /// The bytes under a key.
    pub fn get(&self, key: &[u8]) -> Option<&[u8]> {
        match self.changes.get(key) {
            Some(change) => change.as_deref(),
            None => self.versions.get(self.block, key),
        }
    }

    /// Puts bytes under a key, or removes them.
    pub fn set(&mut self, key: Vec<u8>, value: Change) {
        self.changes.insert(key, value);
    }

    /// Keys that begin with a prefix and have a value, in order.
    pub fn keys_with_prefix(&self, prefix: &[u8]) -> Vec<Vec<u8>> {
        let stored = self.versions.keys(self.block, prefix, None);
        let mut keys: BTreeSet<Vec<u8>> = stored.map(<[u8]>::to_vec).collect();
        let changed = self.changes.range(prefix.to_vec()..);
        for (key, change) in changed.take_while(|(key, _)| key.starts_with(prefix)) {
            match change {
                Some(_) => keys.insert(key.clone()),
                None => keys.remove(key),
            };
        }
        keys.into_iter().collect()
    }

    /// Runs `change`; if it fails, nothing of it stays.
    pub fn transaction<T, E>(
        &mut self,
        change: impl FnOnce(&mut State<'a>) -> Result<T, E>,
    ) -> Result<T, E> {
        let before = self.changes.clone();
        let outcome = change(self);
        if outcome.is_err() {
            self.changes = before;
        }
        outcome
    }

    /// The changes, for [`Versions::commit`].
    pub fn into_changes(self) -> BTreeMap<Vec<u8>, Change> {
        self.changes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failed_transaction_leaves_nothing() {
        let versions = Versions::default();
        let mut state = State::after(&versions, 0);
        state.set(b"a".to_vec(), Some(vec![1]));
        let failed: Result<(), ()> = state.transaction(|state| {
            state.set(b"a".to_vec(), None);
            state.set(b"b".to_vec(), Some(vec![2]));
            Err(())
        });
        assert_eq!(failed, Err(()));
        assert_eq!(state.keys_with_prefix(b""), vec![b"a".to_vec()]);
    }
}
