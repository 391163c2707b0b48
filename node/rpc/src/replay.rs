//! Memory of signed calls, so that each acts once.
//!
//! A call is remembered by who signed which text until its nonce expires anyway. When the memory is
//! full, new signed calls are refused: forgetting one early would let it act again.

use std::collections::{BTreeMap, HashSet};

use assay_api::limits::NONCE_WINDOW_SECS;
use assay_consensus::keys::Hotkey;
use sha2::{Digest, Sha256};

/// Who signed which text.
type CallKey = [u8; 32];

/// Why a call may not act.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReplayError {
    /// It did already.
    Replayed,
    /// Too many signed calls within the window.
    Full,
}

/// Signed calls whose nonces haven't expired.
pub struct ReplayCache {
    max_entries: usize,
    seen: HashSet<CallKey>,
    by_expiry_secs: BTreeMap<u64, Vec<CallKey>>,
}

impl ReplayCache {
    /// An empty memory for at most this many calls.
    pub fn new(max_entries: usize) -> ReplayCache {
        ReplayCache {
            max_entries,
            seen: HashSet::new(),
            by_expiry_secs: BTreeMap::new(),
        }
    }

    /// Notes a call whose signature and nonce have been checked.
    pub fn note(
        &mut self,
        hotkey: &Hotkey,
        message: &str,
        signed_at_secs: u64,
        now_secs: u64,
    ) -> Result<(), ReplayError> {
        self.forget_expired(now_secs);
        let key = call_key(hotkey, message);
        if self.seen.contains(&key) {
            return Err(ReplayError::Replayed);
        }
        if self.seen.len() >= self.max_entries {
            return Err(ReplayError::Full);
        }
        self.seen.insert(key);
        let expiry_secs = signed_at_secs.saturating_add(NONCE_WINDOW_SECS);
        self.by_expiry_secs
            .entry(expiry_secs)
            .or_default()
            .push(key);
        Ok(())
    }

    fn forget_expired(&mut self, now_secs: u64) {
        while let Some(entry) = self.by_expiry_secs.first_entry() {
            if *entry.key() > now_secs {
                break;
            }
            for key in entry.remove() {
                self.seen.remove(&key);
            }
        }
    }
}

fn call_key(hotkey: &Hotkey, message: &str) -> CallKey {
    let mut hasher = Sha256::new();
    hasher.update(hotkey.0);
    hasher.update(message.as_bytes());
    hasher.finalize().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALICE: Hotkey = Hotkey([1; 32]);
    const BOB: Hotkey = Hotkey([2; 32]);

    #[test]
    fn a_call_acts_once_while_its_nonce_is_valid() {
        let mut cache = ReplayCache::new(10);
        assert_eq!(cache.note(&ALICE, "m", 1_000, 1_000), Ok(()));
        for now in [1_000, 1_299] {
            assert_eq!(
                cache.note(&ALICE, "m", 1_000, now),
                Err(ReplayError::Replayed)
            );
        }
        assert_eq!(cache.note(&BOB, "m", 1_000, 1_000), Ok(()));
        assert_eq!(cache.note(&ALICE, "other", 1_000, 1_000), Ok(()));
    }

    #[test]
    fn a_full_memory_refuses_instead_of_forgetting() {
        let mut cache = ReplayCache::new(2);
        assert_eq!(cache.note(&ALICE, "1", 1_000, 1_000), Ok(()));
        assert_eq!(cache.note(&ALICE, "2", 1_010, 1_000), Ok(()));
        assert_eq!(
            cache.note(&ALICE, "3", 1_010, 1_010),
            Err(ReplayError::Full)
        );
        assert_eq!(
            cache.note(&ALICE, "1", 1_000, 1_010),
            Err(ReplayError::Replayed)
        );
        assert_eq!(cache.note(&ALICE, "3", 1_300, 1_300), Ok(()));
        assert_eq!(cache.seen.len(), 2);
    }
}
