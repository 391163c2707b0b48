//! What this validator did to bring weights to the chain, and the metagraphs they rest on.

use std::ops::Bound;

use assay_chain::Metagraph;
use assay_store::{Order, Table, WriteBatch};

use super::{OPEN_MAX, Storage, StorageError};
use crate::weights::WeightsRecord;

/// Records by epoch. The largest call over all uids and its copy of the entries fit twice.
const WEIGHTS_RECORDS: Table<u64, WeightsRecord> = Table::new(0x47, "weights-records", 256 * 1024);

/// Epochs whose record is not ended.
const OPEN_WEIGHTS_RECORDS: Table<u64, ()> = Table::new(0x48, "open-weights-records", 8);

/// Metagraphs at the first block of an epoch: the chain forgets them, the ledger still needs them.
const METAGRAPHS: Table<u64, Metagraph> = Table::new(0x49, "metagraphs", 512 * 1024);

/// Records that are kept; of a subnet with epochs of 72 minutes, two months.
const RECORDS_KEPT: u64 = 1_200;

impl Storage {
    /// What this validator did for an epoch.
    pub fn weights_record(&self, epoch: u64) -> Result<Option<WeightsRecord>, StorageError> {
        Ok(self.store.get(&WEIGHTS_RECORDS, &epoch)?)
    }

    /// Records of the newest epochs, newest first.
    pub fn weights_records(&self, limit: usize) -> Result<Vec<WeightsRecord>, StorageError> {
        let found = self.store.range(
            &WEIGHTS_RECORDS,
            Bound::Unbounded,
            Bound::Unbounded,
            Order::Descending,
            limit,
        )?;
        Ok(found.into_iter().map(|(_, record)| record).collect())
    }

    /// Records that are not ended, oldest first.
    pub fn open_weights_records(&self) -> Result<Vec<WeightsRecord>, StorageError> {
        let open = self.store.range(
            &OPEN_WEIGHTS_RECORDS,
            Bound::Unbounded,
            Bound::Unbounded,
            Order::Ascending,
            OPEN_MAX,
        )?;
        let mut records = Vec::new();
        for (epoch, ()) in open {
            records.extend(self.weights_record(epoch)?);
        }
        Ok(records)
    }

    /// Writes a record durably; the oldest ones are forgotten.
    pub fn put_weights_record(&self, record: &WeightsRecord) -> Result<(), StorageError> {
        let mut batch = WriteBatch::new();
        batch.put(&WEIGHTS_RECORDS, &record.epoch, record)?;
        if record.is_ended() {
            batch.delete(&OPEN_WEIGHTS_RECORDS, &record.epoch)?;
        } else {
            batch.put(&OPEN_WEIGHTS_RECORDS, &record.epoch, &())?;
        }
        let kept_from = record.epoch.saturating_sub(RECORDS_KEPT);
        let old = self.store.range(
            &WEIGHTS_RECORDS,
            Bound::Unbounded,
            Bound::Excluded(&kept_from),
            Order::Ascending,
            OPEN_MAX,
        )?;
        for (epoch, _) in old {
            batch.delete(&WEIGHTS_RECORDS, &epoch)?;
            batch.delete(&OPEN_WEIGHTS_RECORDS, &epoch)?;
        }
        Ok(self.store.commit_durable(batch)?)
    }

    /// The metagraph of an epoch, as it was stored.
    pub fn metagraph(&self, epoch: u64) -> Result<Option<Metagraph>, StorageError> {
        Ok(self.store.get(&METAGRAPHS, &epoch)?)
    }

    /// Stores the metagraph at the first finalised block of an epoch.
    pub fn put_metagraph(&self, metagraph: &Metagraph) -> Result<(), StorageError> {
        let mut batch = WriteBatch::new();
        batch.put(&METAGRAPHS, &metagraph.block().epoch, metagraph)?;
        Ok(self.store.commit(batch)?)
    }
}
