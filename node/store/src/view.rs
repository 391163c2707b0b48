//! Reading challenge state: the latest, or that of a recent height.

use std::collections::BTreeMap;
use std::ops::{Bound, ControlFlow};

use crate::error::StoreError;
use crate::limits::{SCAN_MAX_BYTES, SCAN_MAX_ENTRIES, STATE_KEY_MAX_BYTES, STATE_VALUE_MAX_BYTES};
use crate::store::{Latest, Store, prefix_end};
use crate::table::Order;
use crate::tables::{STATE_NAME, STATE_TABLE};

/// A key of a challenge's state with its value.
pub type StateEntry = (Vec<u8>, Vec<u8>);

/// The state of one challenge after one height. Stays at that height while blocks are applied,
/// until the height is no longer kept.
#[derive(Clone)]
pub struct StateView {
    store: Store,
    challenge: String,
    height: u64,
}

impl Store {
    /// The state of a challenge after the tip's height.
    pub fn state(&self, challenge: &str) -> Result<StateView, StoreError> {
        let height = self.tip().ok_or(StoreError::NoTip)?.height;
        self.state_at(challenge, height)
    }

    /// The state of a challenge after a recent height.
    ///
    /// # Errors
    /// [`StoreError::HeightNotKept`] when the height is too far back or ahead.
    pub fn state_at(&self, challenge: &str, height: u64) -> Result<StateView, StoreError> {
        self.shared.read().kept(height)?;
        Ok(StateView {
            store: self.clone(),
            challenge: challenge.into(),
            height,
        })
    }

    /// The latest value of a key.
    pub fn state_get(&self, challenge: &str, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        let _consistent = self.shared.read();
        self.shared.raw.get(&state_key(challenge, key)?)
    }

    /// The latest entries whose key starts with a prefix, ascending, as
    /// [`StateView::list_prefix`].
    pub fn state_list_prefix(
        &self,
        challenge: &str,
        prefix: &[u8],
        limit: usize,
    ) -> Result<Vec<StateEntry>, StoreError> {
        self.state(challenge)?.list_prefix(prefix, None, limit)
    }

    /// How many keys of the latest state start with a prefix.
    pub fn state_count_prefix(&self, challenge: &str, prefix: &[u8]) -> Result<u64, StoreError> {
        self.state(challenge)?.count_prefix(prefix)
    }
}

impl StateView {
    /// The height after which this is the state.
    pub fn height(&self) -> u64 {
        self.height
    }

    /// The value of a key.
    pub fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        let latest = self.store.shared.read();
        self.get_locked(&latest, &state_key(&self.challenge, key)?)
    }

    /// Entries whose key starts with `prefix` and is greater than `after`, ascending, at most
    /// `limit` (and [`SCAN_MAX_ENTRIES`]). Reading also stops after [`SCAN_MAX_BYTES`], so an
    /// answer that is shorter than `limit` need not be the last; an empty one is.
    pub fn list_prefix(
        &self,
        prefix: &[u8],
        after: Option<&[u8]>,
        limit: usize,
    ) -> Result<Vec<StateEntry>, StoreError> {
        let latest = self.store.shared.read();
        let limit = limit.min(SCAN_MAX_ENTRIES);
        let keys = self.keys(&latest, prefix, after, limit)?;
        let state_prefix_len = state_key(&self.challenge, &[])?.len();
        let mut found = Vec::new();
        let mut size_bytes = 0usize;
        for physical in keys {
            if found.len() >= limit || size_bytes >= SCAN_MAX_BYTES {
                break;
            }
            if let Some(value) = self.get_locked(&latest, &physical)? {
                size_bytes = size_bytes.saturating_add(value.len());
                let key = physical.get(state_prefix_len..).unwrap_or_default();
                found.push((key.to_vec(), value));
            }
        }
        Ok(found)
    }

    /// How many keys start with a prefix.
    pub fn count_prefix(&self, prefix: &[u8]) -> Result<u64, StoreError> {
        let latest = self.store.shared.read();
        Ok(self.keys(&latest, prefix, None, usize::MAX)?.len() as u64)
    }

    fn get_locked(&self, latest: &Latest, physical: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        let tip = latest.kept(self.height)?;
        match self.store.shared.overwritten(physical, self.height, tip)? {
            Some(value) => Ok(value),
            None => self.store.shared.raw.get(physical),
        }
    }

    /// Physical keys under a prefix that exist at the view's height: at least the first `limit`.
    fn keys(
        &self,
        latest: &Latest,
        prefix: &[u8],
        after: Option<&[u8]>,
        limit: usize,
    ) -> Result<Vec<Vec<u8>>, StoreError> {
        let tip = latest.kept(self.height)?;
        let from = state_key(&self.challenge, prefix)?;
        let to = prefix_end(&from);
        let start = match after {
            Some(after) if after >= prefix => Bound::Excluded(state_key(&self.challenge, after)?),
            _ => Bound::Included(from.clone()),
        };
        // Keys that later blocks wrote to, with whether they existed at the view's height: the
        // earliest of the later blocks knows, so later ones go first and are overwritten.
        let mut changed: BTreeMap<Vec<u8>, bool> = BTreeMap::new();
        for later in (self.height + 1..=tip).rev() {
            for (_, undo) in self.store.shared.undo_of(later)? {
                let is_behind_start = match &start {
                    Bound::Excluded(start) => undo.key > *start,
                    _ => true,
                };
                if undo.key.starts_with(&from) && is_behind_start {
                    changed.insert(undo.key, undo.old.is_some());
                }
            }
        }
        let wanted = limit.saturating_add(changed.len());
        let mut keys: BTreeMap<Vec<u8>, bool> = BTreeMap::new();
        if wanted > 0 {
            self.store
                .shared
                .raw
                .scan((start, to), Order::Ascending, false, |key, _| {
                    keys.insert(key, true);
                    Ok(if keys.len() >= wanted {
                        ControlFlow::Break(())
                    } else {
                        ControlFlow::Continue(())
                    })
                })?;
        }
        let is_complete = keys.len() < wanted;
        let last = keys.keys().next_back().cloned();
        for (key, existed) in changed {
            // Behind the last key that was read there may be others that were not.
            if is_complete || last.as_ref().is_some_and(|last| key <= *last) {
                keys.insert(key, existed);
            }
        }
        Ok(keys
            .into_iter()
            .filter_map(|(key, exists)| exists.then_some(key))
            .collect())
    }
}

/// Physical key of a state entry: table, length and name of the challenge, key.
pub(crate) fn state_key(challenge: &str, key: &[u8]) -> Result<Vec<u8>, StoreError> {
    let too_long = |limit_bytes: usize, got_bytes: usize| StoreError::KeyTooLong {
        table: STATE_NAME,
        limit_bytes,
        got_bytes,
    };
    let name_max = assay_consensus::limits::CHALLENGE_NAME_MAX_BYTES;
    if challenge.len() > name_max {
        return Err(too_long(name_max, challenge.len()));
    }
    if key.len() > STATE_KEY_MAX_BYTES {
        return Err(too_long(STATE_KEY_MAX_BYTES, key.len()));
    }
    let name_len =
        u8::try_from(challenge.len()).map_err(|_| too_long(name_max, challenge.len()))?;
    let mut physical = Vec::with_capacity(2 + challenge.len() + key.len());
    physical.extend_from_slice(&[STATE_TABLE, name_len]);
    physical.extend_from_slice(challenge.as_bytes());
    physical.extend_from_slice(key);
    Ok(physical)
}

pub(crate) fn check_value(value: Option<&[u8]>) -> Result<(), StoreError> {
    let got_bytes = value.map_or(0, <[u8]>::len);
    if got_bytes > STATE_VALUE_MAX_BYTES {
        return Err(StoreError::ValueTooLarge {
            table: STATE_NAME,
            limit_bytes: STATE_VALUE_MAX_BYTES,
            got_bytes,
        });
    }
    Ok(())
}
