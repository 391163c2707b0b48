//! Applying a block in one write, and undoing blocks.
//!
//! Next to what it writes, a block leaves the values that it overwrote, for [`UNDO_HEIGHTS`]
//! heights. So past state costs what the blocks wrote, whatever the size of the state, and rolling
//! back restores every table that the blocks wrote to. What was committed outside of blocks stays,
//! unless a block that is rolled back wrote to the same key before.

use std::collections::BTreeMap;
use std::ops::{Bound, ControlFlow};

use assay_consensus::block::DecidedBlock;
use assay_consensus::hash::Hash;
use assay_consensus::ledger::LedgerTip;

use crate::batch::{Ops, WriteBatch};
use crate::error::StoreError;
use crate::limits::UNDO_HEIGHTS;
use crate::raw::KeyRange;
use crate::state_root::StateRoot;
use crate::store::{Latest, Shared, Store};
use crate::table::Order;
use crate::tables::{BLOCK_HEIGHTS, BLOCKS, META, META_STATE_ROOT, META_TIP, Meta, UNDO, Undo};
use crate::view::state_key;

/// One write to a challenge's state.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StateWrite {
    /// Name of the challenge.
    pub challenge: String,
    /// The key.
    pub key: Vec<u8>,
    /// The new value; nothing deletes.
    pub value: Option<Vec<u8>>,
}

/// State writes with the root they give, not applied yet.
#[derive(Debug, Clone)]
pub struct PreparedState {
    ops: Ops,
    state_root: StateRoot,
    state_version: u64,
}

/// All that executing a block writes.
#[derive(Debug, Clone)]
pub struct BlockWrite<'a> {
    /// The block.
    pub decided: &'a DecidedBlock,
    /// The tip after it.
    pub tip: LedgerTip,
    /// Its state writes.
    pub state: PreparedState,
    /// Whatever else it writes.
    pub batch: WriteBatch,
}

impl PreparedState {
    /// The state root after the writes.
    pub fn root(&self) -> Hash {
        self.state_root.root()
    }
}

impl Store {
    /// Works out what writes do to the state root, without applying them. Of several writes to one
    /// key the last counts.
    pub fn prepare_state(
        &self,
        writes: impl IntoIterator<Item = StateWrite>,
    ) -> Result<PreparedState, StoreError> {
        let mut last: BTreeMap<Vec<u8>, StateWrite> = BTreeMap::new();
        for write in writes {
            let key = state_key(&write.challenge, &write.key)?;
            last.insert(key, write);
        }
        let latest = self.shared.read();
        let mut state_root = latest.state_root.clone();
        let mut batch = WriteBatch::new();
        for (physical, write) in last {
            let StateWrite {
                challenge,
                key,
                value,
            } = write;
            crate::view::check_value(value.as_deref())?;
            let old = self.shared.raw.get(&physical)?;
            if old != value {
                state_root.apply(&challenge, &key, old.as_deref(), value.as_deref());
                batch.push(physical, value)?;
            }
        }
        Ok(PreparedState {
            ops: batch.into_ops(),
            state_root,
            state_version: latest.state_version,
        })
    }

    /// Applies a block in one atomic write: block, tip, state, everything else in its batch.
    ///
    /// # Errors
    /// [`StoreError::NotNext`] unless it follows the tip, [`StoreError::StalePreparation`] when the
    /// state has changed since it was prepared, [`StoreError::RootDiffers`] when the tip names
    /// another root. Nothing is written then.
    pub fn apply_block(&self, write: BlockWrite<'_>) -> Result<(), StoreError> {
        let mut latest = self.shared.write();
        let tip = latest.tip.as_ref().ok_or(StoreError::NoTip)?;
        let height = write.decided.block.header.height;
        let expected = tip.height + 1;
        if height != expected || write.tip.height != expected {
            return Err(StoreError::NotNext {
                expected,
                got: if height == expected {
                    write.tip.height
                } else {
                    height
                },
            });
        }
        if write.state.state_version != latest.state_version {
            return Err(StoreError::StalePreparation);
        }
        let root = write.state.root();
        if write.tip.state_root != root {
            return Err(StoreError::RootDiffers {
                expected: root,
                got: write.tip.state_root,
            });
        }
        let mut batch = write.batch;
        batch.put(&BLOCKS, &height, write.decided)?;
        batch.put(&BLOCK_HEIGHTS, &write.decided.block.id(), &height)?;
        batch.put(&META, &META_TIP, &Meta::Tip(Box::new(write.tip)))?;
        let bytes = write.state.state_root.to_bytes();
        batch.put(&META, &META_STATE_ROOT, &Meta::StateRoot(bytes))?;
        for (key, value) in write.state.ops {
            batch.push(key, value)?;
        }
        let ops = self.shared.with_undo(height, batch.into_ops())?;
        self.shared.apply_and_reload(&mut latest, &ops)
    }

    /// Undoes blocks until `height` is the tip.
    ///
    /// # Errors
    /// [`StoreError::HeightNotKept`] when that is too far back or ahead; nothing changes then.
    pub fn rollback_to(&self, height: u64) -> Result<LedgerTip, StoreError> {
        let mut latest = self.shared.write();
        let tip = latest.kept(height)?;
        let mut ops = Ops::new();
        for undone in (height + 1..=tip).rev() {
            for (key, undo) in self.shared.undo_of(undone)? {
                ops.insert(undo.key, undo.old);
                ops.insert(key, None);
            }
        }
        if !ops.is_empty() {
            self.shared.apply_and_reload(&mut latest, &ops)?;
        }
        latest.tip.clone().ok_or(StoreError::NoTip)
    }
}

impl Latest {
    /// Checks that the state at a height is kept; returns the height of the tip.
    pub(crate) fn kept(&self, height: u64) -> Result<u64, StoreError> {
        let newest = self.tip.as_ref().ok_or(StoreError::NoTip)?.height;
        let oldest = newest.saturating_sub(UNDO_HEIGHTS);
        if (oldest..=newest).contains(&height) {
            Ok(newest)
        } else {
            Err(StoreError::HeightNotKept {
                height,
                oldest,
                newest,
            })
        }
    }
}

impl Shared {
    /// Adds the undo records of a block and drops those that are too old.
    fn with_undo(&self, height: u64, ops: Ops) -> Result<Ops, StoreError> {
        let mut batch = WriteBatch::new();
        for (key, value) in ops {
            let undo = Undo {
                old: self.raw.get(&key)?,
                key,
            };
            batch.put(&UNDO, &(height, Hash::of(&undo.key)), &undo)?;
            batch.push(undo.key, value)?;
        }
        if let Some(expired) = height.checked_sub(UNDO_HEIGHTS) {
            for key in self.undo_keys(expired)? {
                batch.push(key, None)?;
            }
        }
        Ok(batch.into_ops())
    }

    /// The value that a key had at a height, if a later block wrote to it; nothing if none did.
    pub(crate) fn overwritten(
        &self,
        key: &[u8],
        height: u64,
        tip: u64,
    ) -> Result<Option<Option<Vec<u8>>>, StoreError> {
        let id = Hash::of(key);
        for later in height + 1..=tip {
            if let Some(bytes) = self.raw.get(&UNDO.physical_key(&(later, id))?)? {
                return UNDO.decode_value(&bytes).map(|undo| Some(undo.old));
            }
        }
        Ok(None)
    }

    /// The undo records of a block with their physical keys.
    pub(crate) fn undo_of(&self, height: u64) -> Result<Vec<(Vec<u8>, Undo)>, StoreError> {
        let mut found = Vec::new();
        self.raw.scan(
            undo_bounds(height)?,
            Order::Ascending,
            true,
            |key, value| {
                found.push((key, UNDO.decode_value(&value)?));
                Ok(ControlFlow::Continue(()))
            },
        )?;
        Ok(found)
    }

    fn undo_keys(&self, height: u64) -> Result<Vec<Vec<u8>>, StoreError> {
        let mut found = Vec::new();
        self.raw
            .scan(undo_bounds(height)?, Order::Ascending, false, |key, _| {
                found.push(key);
                Ok(ControlFlow::Continue(()))
            })?;
        Ok(found)
    }
}

fn undo_bounds(height: u64) -> Result<KeyRange, StoreError> {
    let from = UNDO.physical_key(&height)?;
    let to = crate::store::prefix_end(&from);
    Ok((Bound::Included(from), to))
}
