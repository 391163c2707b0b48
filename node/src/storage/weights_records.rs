//! What this validator did to bring weights to the chain.

use std::ops::Bound;

use assay_store::{Order, Table, WriteBatch};
use tracing::error;

use super::{OPEN_MAX, Storage, StorageError};
use crate::weights::WeightsRecord;

/// Records by epoch. The largest call over all uids and its copy of the entries fit twice.
const WEIGHTS_RECORDS: Table<u64, WeightsRecord> = Table::new(0x47, "weights-records", 256 * 1024);

/// Epochs whose record is not ended.
const OPEN_WEIGHTS_RECORDS: Table<u64, ()> = Table::new(0x48, "open-weights-records", 8);

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

    /// Records that are not ended, oldest first. One that can't be read keeps no other from its work.
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
            match self.weights_record(epoch) {
                Ok(record) => records.extend(record),
                Err(error) if error.is_of_one_record() => {
                    error!(epoch, %error, "the record of weights can't be read and is left alone");
                }
                Err(error) => return Err(error),
            }
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
}
