//! Storage as a call sees it: a read-only view of the challenge's keys with the call's own writes
//! laid over it. The writes are handed back only when the call succeeds.

use std::collections::BTreeMap;

use crate::limits;

/// Writes of a call by key; `None` deletes.
pub type Writes = BTreeMap<Vec<u8>, Option<Vec<u8>>>;

/// A key with its value.
pub type StorageEntry = (Vec<u8>, Vec<u8>);

/// The store failed to answer: a fault of this machine.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct StorageFault(pub String);

/// Read-only view of one challenge's keys at one state.
pub trait StorageView: Send + Sync {
    /// The value of a key.
    ///
    /// # Errors
    /// [`StorageFault`] when the store can't answer.
    fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, StorageFault>;

    /// Entries whose key starts with `prefix` and is greater than `after`, in key order, at most
    /// `limit`. An empty answer means that there are no more; a shorter one than `limit` does not.
    ///
    /// # Errors
    /// [`StorageFault`] when the store can't answer.
    fn list_prefix(
        &self,
        prefix: &[u8],
        after: Option<&[u8]>,
        limit: usize,
    ) -> Result<Vec<StorageEntry>, StorageFault>;

    /// How many keys start with `prefix`.
    ///
    /// # Errors
    /// [`StorageFault`] when the store can't answer.
    fn count_prefix(&self, prefix: &[u8]) -> Result<u64, StorageFault>;
}

/// Storage in memory: for tools and tests.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct MemoryStorage {
    entries: BTreeMap<Vec<u8>, Vec<u8>>,
}

impl MemoryStorage {
    /// Storage with these entries.
    pub fn new(entries: BTreeMap<Vec<u8>, Vec<u8>>) -> Self {
        Self { entries }
    }

    /// Applies the writes of a call.
    pub fn apply(&mut self, writes: Writes) {
        for (key, value) in writes {
            match value {
                Some(value) => self.entries.insert(key, value),
                None => self.entries.remove(&key),
            };
        }
    }

    /// All entries.
    pub fn entries(&self) -> &BTreeMap<Vec<u8>, Vec<u8>> {
        &self.entries
    }
}

impl StorageView for MemoryStorage {
    fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, StorageFault> {
        Ok(self.entries.get(key).cloned())
    }

    fn list_prefix(
        &self,
        prefix: &[u8],
        after: Option<&[u8]>,
        limit: usize,
    ) -> Result<Vec<StorageEntry>, StorageFault> {
        Ok(range_of(&self.entries, prefix)
            .filter(|(key, _)| after.is_none_or(|after| key.as_slice() > after))
            .take(limit)
            .map(|(key, value)| (key.clone(), value.clone()))
            .collect())
    }

    fn count_prefix(&self, prefix: &[u8]) -> Result<u64, StorageFault> {
        Ok(range_of(&self.entries, prefix).count() as u64)
    }
}

/// Why a write is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct QuotaExceeded;

/// A call's writes over a view.
pub(crate) struct Overlay<'a> {
    view: &'a dyn StorageView,
    pending: &'a mut PendingWrites,
}

/// The writes and their size.
#[derive(Debug, Default)]
pub(crate) struct PendingWrites {
    writes: Writes,
    size_bytes: usize,
}

impl PendingWrites {
    pub(crate) fn into_writes(self) -> Writes {
        self.writes
    }
}

impl<'a> Overlay<'a> {
    pub(crate) fn new(view: &'a dyn StorageView, pending: &'a mut PendingWrites) -> Self {
        Self { view, pending }
    }

    pub(crate) fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, StorageFault> {
        match self.pending.writes.get(key) {
            Some(written) => Ok(written.clone()),
            None => self.view.get(key),
        }
    }

    /// Records a write (`None` deletes). The quota counts what the call would hand back.
    pub(crate) fn write(
        &mut self,
        key: Vec<u8>,
        value: Option<Vec<u8>>,
    ) -> Result<(), QuotaExceeded> {
        let replaced = self.pending.writes.get(&key).map(|old| size_of(&key, old));
        let size_bytes = self.pending.size_bytes - replaced.unwrap_or(0) + size_of(&key, &value);
        let is_new = replaced.is_none();
        if size_bytes > limits::MAX_WRITTEN_BYTES
            || (is_new && self.pending.writes.len() >= limits::MAX_WRITTEN_KEYS)
        {
            return Err(QuotaExceeded);
        }
        self.pending.size_bytes = size_bytes;
        self.pending.writes.insert(key, value);
        Ok(())
    }

    /// Entries under a prefix in key order, until `accept` says no.
    pub(crate) fn scan(
        &self,
        prefix: &[u8],
        mut accept: impl FnMut(&[u8], &[u8]) -> bool,
    ) -> Result<(), StorageFault> {
        let mut written = range_of(&self.pending.writes, prefix).peekable();
        let mut after: Option<Vec<u8>> = None;
        loop {
            let page =
                self.view
                    .list_prefix(prefix, after.as_deref(), limits::LIST_PAGE_ENTRIES)?;
            let Some((last, _)) = page.last() else { break };
            after = Some(last.clone());
            for (key, value) in &page {
                while let Some((own_key, own_value)) = written.next_if(|(own, _)| *own < key) {
                    if let Some(own_value) = own_value
                        && !accept(own_key, own_value)
                    {
                        return Ok(());
                    }
                }
                let shadow = written.next_if(|(own, _)| *own == key);
                let value = match shadow {
                    Some((_, None)) => continue,
                    Some((_, Some(own_value))) => own_value,
                    None => value,
                };
                if !accept(key, value) {
                    return Ok(());
                }
            }
        }
        for (own_key, own_value) in written {
            if let Some(own_value) = own_value
                && !accept(own_key, own_value)
            {
                return Ok(());
            }
        }
        Ok(())
    }

    /// Keys written so far.
    pub(crate) fn written_keys(&self) -> u64 {
        self.pending.writes.len() as u64
    }

    pub(crate) fn count_prefix(&self, prefix: &[u8]) -> Result<u64, StorageFault> {
        let mut count = self.view.count_prefix(prefix)?;
        for (key, value) in range_of(&self.pending.writes, prefix) {
            match (self.view.get(key)?.is_some(), value.is_some()) {
                (false, true) => count += 1,
                (true, false) => count = count.saturating_sub(1),
                (true, true) | (false, false) => {}
            }
        }
        Ok(count)
    }
}

fn size_of(key: &[u8], value: &Option<Vec<u8>>) -> usize {
    key.len() + value.as_ref().map_or(0, Vec::len)
}

fn range_of<'a, V>(
    entries: &'a BTreeMap<Vec<u8>, V>,
    prefix: &[u8],
) -> impl Iterator<Item = (&'a Vec<u8>, &'a V)> + use<'a, V> {
    let owned = prefix.to_vec();
    entries
        .range(prefix.to_vec()..)
        .take_while(move |(key, _)| key.starts_with(&owned))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn key() -> impl Strategy<Value = Vec<u8>> {
        proptest::collection::vec(0u8..3, 1..5)
    }

    proptest! {
        #[test]
        fn overlay_reads_like_the_store_after_the_writes(
            base in proptest::collection::btree_map(key(), any::<Vec<u8>>(), 0..100),
            writes in proptest::collection::vec((key(), any::<Option<Vec<u8>>>()), 0..30),
            prefix in proptest::collection::vec(0u8..3, 0..3),
        ) {
            let view = MemoryStorage::new(base);
            let mut pending = PendingWrites::default();
            let mut overlay = Overlay::new(&view, &mut pending);
            for (key, value) in writes {
                overlay.write(key, value).unwrap();
            }
            let mut listed = Vec::new();
            overlay.scan(&prefix, |k, v| { listed.push((k.to_vec(), v.to_vec())); true }).unwrap();
            let count = overlay.count_prefix(&prefix).unwrap();
            let mut merged = view.clone();
            merged.apply(pending.into_writes());
            let expected = merged.list_prefix(&prefix, None, usize::MAX).unwrap();
            prop_assert_eq!(count, expected.len() as u64);
            prop_assert_eq!(listed, expected);
        }
    }

    #[test]
    fn rewriting_one_key_does_not_use_up_the_quota() {
        let view = MemoryStorage::default();
        let mut pending = PendingWrites::default();
        let mut overlay = Overlay::new(&view, &mut pending);
        for _ in 0..100 {
            overlay.write(vec![1], Some(vec![0; limits::MIB])).unwrap();
        }
        assert_eq!(pending.size_bytes, limits::MIB + 1);
    }

    #[test]
    fn total_written_bytes_and_keys_are_bounded() {
        let view = MemoryStorage::default();
        let mut pending = PendingWrites::default();
        let mut overlay = Overlay::new(&view, &mut pending);
        let mut accepted = 0usize;
        while overlay
            .write(accepted.to_le_bytes().to_vec(), Some(vec![0; limits::MIB]))
            .is_ok()
        {
            accepted += 1;
        }
        assert_eq!(accepted, 15);
        let mut pending = PendingWrites::default();
        let mut overlay = Overlay::new(&view, &mut pending);
        let mut keys = 0usize;
        while overlay.write(keys.to_le_bytes().to_vec(), None).is_ok() {
            keys += 1;
        }
        assert_eq!(keys, limits::MAX_WRITTEN_KEYS);
    }
}
