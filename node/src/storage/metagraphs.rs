//! Metagraphs by epoch.

use std::ops::Bound;

use assay_chain::Metagraph;
use assay_store::{Order, Table, WriteBatch};

use super::{OPEN_MAX, Storage, StorageError};

/// At the first block of an epoch. A neuron takes up to 120 bytes.
static METAGRAPHS: Table<u64, Metagraph> = Table::new(0x49, "metagraphs", 512 * 1024);

/// At the block at which the weights of an epoch were computed.
static PINNED_METAGRAPHS: Table<u64, Metagraph> = Table::new(0x4A, "pinned-metagraphs", 512 * 1024);

/// Epochs below the newest whose metagraphs stay: more than anything that still looks at them.
const EPOCHS_KEPT: u64 = 128;

/// Which of an epoch's metagraphs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum MetagraphKind {
    /// At the first block of the epoch.
    First,
    /// At the block at which its weights were computed.
    Pinned,
}

impl MetagraphKind {
    fn table(self) -> &'static Table<u64, Metagraph> {
        match self {
            MetagraphKind::First => &METAGRAPHS,
            MetagraphKind::Pinned => &PINNED_METAGRAPHS,
        }
    }
}

impl Storage {
    /// A metagraph as it was stored.
    pub fn metagraph(
        &self,
        kind: MetagraphKind,
        epoch: u64,
    ) -> Result<Option<Metagraph>, StorageError> {
        Ok(self.store.get(kind.table(), &epoch)?)
    }

    /// Stores a metagraph; those of old epochs go.
    pub fn put_metagraph(
        &self,
        kind: MetagraphKind,
        epoch: u64,
        metagraph: &Metagraph,
    ) -> Result<(), StorageError> {
        let table = kind.table();
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
