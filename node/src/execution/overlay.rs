//! State as one challenge sees it while a block is executed: the state before the block with the
//! block's own writes laid over it.

use std::collections::BTreeMap;
use std::sync::Arc;

use assay_runtime::{StorageEntry, StorageFault, StorageView, Writes};

/// Writes by challenge and key; none deletes.
pub type StateWrites = BTreeMap<(String, Vec<u8>), Option<Vec<u8>>>;

/// Reads of the executed state, all challenges.
pub trait StateRead: Send + Sync {
    /// The value of a key.
    fn get(&self, challenge: &str, key: &[u8]) -> Result<Option<Vec<u8>>, StorageFault>;

    /// Entries with a prefix and after a key, in key order, at most `limit`.
    fn list_prefix(
        &self,
        challenge: &str,
        prefix: &[u8],
        after: Option<&[u8]>,
        limit: usize,
    ) -> Result<Vec<StorageEntry>, StorageFault>;

    /// How many keys have a prefix.
    fn count_prefix(&self, challenge: &str, prefix: &[u8]) -> Result<u64, StorageFault>;
}

/// One challenge's state with the writes of the block so far.
#[derive(Clone)]
pub struct ChallengeView {
    base: Arc<dyn StateRead>,
    challenge: String,
    writes: Arc<Writes>,
}

impl ChallengeView {
    /// The state of a challenge without any writes on top.
    pub fn new(base: Arc<dyn StateRead>, challenge: &str) -> ChallengeView {
        ChallengeView {
            base,
            challenge: challenge.to_owned(),
            writes: Arc::default(),
        }
    }

    /// The same with writes of a block on top.
    pub fn with_writes(
        base: Arc<dyn StateRead>,
        challenge: &str,
        writes: &StateWrites,
    ) -> ChallengeView {
        let own = writes.iter().filter(|((name, _), _)| name == challenge);
        let writes = own
            .map(|((_, key), value)| (key.clone(), value.clone()))
            .collect();
        ChallengeView {
            base,
            challenge: challenge.to_owned(),
            writes: Arc::new(writes),
        }
    }

    /// A handle for one call. It must be gone before the next [`ChallengeView::apply`] to be cheap.
    pub fn share(&self) -> Arc<dyn StorageView> {
        Arc::new(self.clone())
    }

    /// Lays the writes of a successful call on top.
    pub fn apply(&mut self, writes: Writes) {
        Arc::make_mut(&mut self.writes).extend(writes);
    }

    /// All writes that were applied.
    pub fn into_writes(self) -> Writes {
        Arc::unwrap_or_clone(self.writes)
    }
}

impl StorageView for ChallengeView {
    fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, StorageFault> {
        match self.writes.get(key) {
            Some(written) => Ok(written.clone()),
            None => self.base.get(&self.challenge, key),
        }
    }

    fn list_prefix(
        &self,
        prefix: &[u8],
        after: Option<&[u8]>,
        limit: usize,
    ) -> Result<Vec<StorageEntry>, StorageFault> {
        let mut entries: BTreeMap<Vec<u8>, Vec<u8>> = BTreeMap::new();
        let mut cursor = after.map(<[u8]>::to_vec);
        // Deleted keys thin out a page of the base, so read on until the page is full or the base ends.
        loop {
            let page = self
                .base
                .list_prefix(&self.challenge, prefix, cursor.as_deref(), limit)?;
            let Some((last, _)) = page.last() else { break };
            cursor = Some(last.clone());
            entries.extend(
                page.into_iter()
                    .filter(|(key, _)| !self.writes.contains_key(key)),
            );
            if entries.len() >= limit {
                break;
            }
        }
        let own = self
            .writes
            .range(prefix.to_vec()..)
            .take_while(|(key, _)| key.starts_with(prefix));
        let own = own.filter(|(key, _)| after.is_none_or(|after| key.as_slice() > after));
        entries.extend(own.filter_map(|(key, value)| Some((key.clone(), value.clone()?))));
        Ok(entries.into_iter().take(limit).collect())
    }

    fn count_prefix(&self, prefix: &[u8]) -> Result<u64, StorageFault> {
        let mut count = self.base.count_prefix(&self.challenge, prefix)?;
        let own = self
            .writes
            .range(prefix.to_vec()..)
            .take_while(|(key, _)| key.starts_with(prefix));
        for (key, value) in own {
            match (
                self.base.get(&self.challenge, key)?.is_some(),
                value.is_some(),
            ) {
                (false, true) => count += 1,
                (true, false) => count = count.saturating_sub(1),
                (true, true) | (false, false) => {}
            }
        }
        Ok(count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Default)]
    struct Base(BTreeMap<Vec<u8>, Vec<u8>>);

    impl StateRead for Base {
        fn get(&self, _challenge: &str, key: &[u8]) -> Result<Option<Vec<u8>>, StorageFault> {
            Ok(self.0.get(key).cloned())
        }

        fn list_prefix(
            &self,
            _challenge: &str,
            prefix: &[u8],
            after: Option<&[u8]>,
            limit: usize,
        ) -> Result<Vec<StorageEntry>, StorageFault> {
            let all = self.0.iter().filter(|(key, _)| key.starts_with(prefix));
            let rest = all.filter(|(key, _)| after.is_none_or(|after| key.as_slice() > after));
            Ok(rest
                .take(limit)
                .map(|(key, value)| (key.clone(), value.clone()))
                .collect())
        }

        fn count_prefix(&self, _challenge: &str, prefix: &[u8]) -> Result<u64, StorageFault> {
            Ok(self.0.keys().filter(|key| key.starts_with(prefix)).count() as u64)
        }
    }

    fn view() -> ChallengeView {
        let base = [("a1", "x"), ("a2", "x"), ("a3", "x"), ("b", "x")];
        let base = base.map(|(key, value)| (key.as_bytes().to_vec(), value.as_bytes().to_vec()));
        let mut view = ChallengeView::new(Arc::new(Base(base.into())), "c");
        view.apply(
            [
                (b"a1".to_vec(), None),
                (b"a25".to_vec(), Some(b"new".to_vec())),
            ]
            .into(),
        );
        view
    }

    #[test]
    fn a_page_thinned_out_by_deletions_is_filled_up() {
        let keys: Vec<_> = view()
            .list_prefix(b"a", None, 2)
            .unwrap()
            .into_iter()
            .map(|(key, _)| key)
            .collect();
        assert_eq!(keys, [b"a2".to_vec(), b"a25".to_vec()]);
    }

    #[test]
    fn paging_sees_every_key_once() {
        let view = view();
        let mut after: Option<Vec<u8>> = None;
        let mut seen = Vec::new();
        while let Some((key, _)) = view.list_prefix(b"a", after.as_deref(), 1).unwrap().pop() {
            seen.push(key.clone());
            after = Some(key);
        }
        assert_eq!(seen, [b"a2".to_vec(), b"a25".to_vec(), b"a3".to_vec()]);
        assert_eq!(view.count_prefix(b"a").unwrap(), 3);
    }
}
