//! Metagraphs by epoch.

use std::ops::Bound;

use assay_chain::Metagraph;
use assay_store::{Order, Table, WriteBatch};

use super::{OPEN_MAX, Storage, StorageError};

/// At the first block of an epoch. A neuron takes up to 120 bytes.
const METAGRAPHS: Table<u64, Metagraph> = Table::new(0x49, "metagraphs", 512 * 1024);

/// At the block at which the weights of an epoch were computed.
const PINNED_METAGRAPHS: Table<u64, Metagraph> = Table::new(0x4A, "pinned-metagraphs", 512 * 1024);

/// Epochs below the newest whose metagraphs stay: more than anything that still looks at them.
const EPOCHS_KEPT: u64 = 128;

impl Storage {
    /// The metagraph at the first block of an epoch, as it was stored.
    pub fn metagraph(&self, epoch: u64) -> Result<Option<Metagraph>, StorageError> {
        Ok(self.store.get(&METAGRAPHS, &epoch)?)
    }

    /// Stores the metagraph at the first block of an epoch; those of old epochs go.
    pub fn put_metagraph(&self, epoch: u64, metagraph: &Metagraph) -> Result<(), StorageError> {
        self.put_newest(&METAGRAPHS, epoch, metagraph)
    }

    /// The metagraph that the weights of an epoch were computed with, as it was stored.
    pub fn pinned_metagraph(&self, epoch: u64) -> Result<Option<Metagraph>, StorageError> {
        Ok(self.store.get(&PINNED_METAGRAPHS, &epoch)?)
    }

    /// Stores the metagraph that the weights of an epoch were computed with; old ones go.
    pub fn put_pinned_metagraph(
        &self,
        epoch: u64,
        metagraph: &Metagraph,
    ) -> Result<(), StorageError> {
        self.put_newest(&PINNED_METAGRAPHS, epoch, metagraph)
    }

    fn put_newest(
        &self,
        table: &Table<u64, Metagraph>,
        epoch: u64,
        metagraph: &Metagraph,
    ) -> Result<(), StorageError> {
        let mut batch = WriteBatch::new();
        let kept_from = epoch.saturating_sub(EPOCHS_KEPT);
        let below = Bound::Excluded(&kept_from);
        let old = self
            .store
            .range(table, Bound::Unbounded, below, Order::Ascending, OPEN_MAX)?;
        for (epoch, _) in old {
            batch.delete(table, &epoch)?;
        }
        batch.put(table, &epoch, metagraph)?;
        Ok(self.store.commit(batch)?)
    }
}
