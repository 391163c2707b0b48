//! Journeys of submissions and what finds them again.

use std::ops::Bound;
use std::sync::{MutexGuard, PoisonError};

use tracing::warn;

use assay_consensus::codec;
use assay_consensus::envelope::Signed;
use assay_consensus::keys::Hotkey;
use assay_consensus::submission::{SubmissionHeader, SubmissionId};
use assay_store::tables::{JOURNEYS, PENDING};
use assay_store::{Order, Table, WriteBatch};

use super::payloads::PAYLOAD_USES;
use super::{Storage, StorageError};
use crate::journey::{JourneyRecord, Status};
use crate::shared::unix_ms;

/// Submissions by the time they came in.
const BY_TIME: Table<(u64, SubmissionId), ()> = Table::new(0x43, "by-time", 16);

/// Submissions by miner and the time they came in.
const BY_MINER: Table<(Hotkey, u64, SubmissionId), ()> = Table::new(0x44, "by-miner", 16);

/// Largest journey in bytes: reviews of a full validator set with their texts.
const JOURNEY_MAX_BYTES: usize = 1024 * 1024;

impl Storage {
    /// Starts a journey unless there is one.
    pub fn begin_journey(&self, record: JourneyRecord) -> Result<(), StorageError> {
        let _held = self.lock_journeys();
        let header = &record.submission.payload;
        let id = header.id();
        if self.store.contains(&JOURNEYS, &id)? {
            return Ok(());
        }
        let time_ms = record
            .steps
            .first()
            .map_or_else(unix_ms, |step| step.time_ms);
        let mut batch = WriteBatch::new();
        batch.put(&JOURNEYS, &id, &codec::encode(&record))?;
        batch.put(&PENDING, &id, &record.submission)?;
        batch.put(&PAYLOAD_USES, &(header.payload_hash, id), &())?;
        batch.put(&BY_TIME, &(time_ms, id), &())?;
        batch.put(&BY_MINER, &(header.hotkey, time_ms, id), &())?;
        Ok(self.store.commit(batch)?)
    }

    /// Changes a journey; nothing happens if there is none. What has been ordered or has failed is
    /// no longer pending; what failed without being ordered needs its payload no longer.
    pub fn update_journey(
        &self,
        id: &SubmissionId,
        change: impl FnOnce(&mut JourneyRecord),
    ) -> Result<(), StorageError> {
        let _held = self.lock_journeys();
        let Some(mut record) = self.journey(id)? else {
            return Ok(());
        };
        change(&mut record);
        let payload = record.submission.payload.payload_hash;
        let status = record.status();
        let gave_up = status == Status::Failed && record.height().is_none();
        let mut batch = WriteBatch::new();
        batch.put(&JOURNEYS, id, &codec::encode(&record))?;
        if status >= Status::Ordered {
            batch.delete(&PENDING, id)?;
        }
        if gave_up {
            batch.delete(&PAYLOAD_USES, &(payload, *id))?;
        } else if status == Status::Ordered {
            // It may have been given up here before.
            batch.put(&PAYLOAD_USES, &(payload, *id), &())?;
        }
        self.store.commit(batch)?;
        if gave_up {
            self.remove_unused_payload(&payload)?;
        }
        Ok(())
    }

    /// The journey of a submission.
    pub fn journey(&self, id: &SubmissionId) -> Result<Option<JourneyRecord>, StorageError> {
        let bytes = self.store.get(&JOURNEYS, id)?;
        Ok(bytes
            .map(|bytes| codec::decode(&bytes, JOURNEY_MAX_BYTES))
            .transpose()?)
    }

    /// Journeys of a miner, newest first.
    pub fn journeys_of(
        &self,
        miner: &Hotkey,
        limit: usize,
    ) -> Result<Vec<JourneyRecord>, StorageError> {
        let found = self
            .store
            .prefix(&BY_MINER, miner, Order::Descending, limit)?;
        self.journeys(found.into_iter().map(|((_, _, id), ())| id))
    }

    /// Journeys of everybody, newest first.
    pub fn recent_journeys(&self, limit: usize) -> Result<Vec<JourneyRecord>, StorageError> {
        let found = self.store.range(
            &BY_TIME,
            Bound::Unbounded,
            Bound::Unbounded,
            Order::Descending,
            limit,
        )?;
        self.journeys(found.into_iter().map(|((_, id), ())| id))
    }

    /// Acknowledged submissions that no block has ordered yet, by id, behind the given one.
    pub fn pending_submissions(
        &self,
        after: Option<&SubmissionId>,
        limit: usize,
    ) -> Result<Vec<Signed<SubmissionHeader>>, StorageError> {
        let found = self.store.range(
            &PENDING,
            after.map_or(Bound::Unbounded, Bound::Excluded),
            Bound::Unbounded,
            Order::Ascending,
            limit,
        )?;
        Ok(found.into_iter().map(|(_, signed)| signed).collect())
    }

    /// What the ids name, in their order. One that can't be read is left out: it must not hide the
    /// others.
    fn journeys(
        &self,
        ids: impl Iterator<Item = SubmissionId>,
    ) -> Result<Vec<JourneyRecord>, StorageError> {
        let mut journeys = Vec::new();
        for id in ids {
            if let Some(found) = readable(&id, self.journey(&id))? {
                journeys.extend(found);
            }
        }
        Ok(journeys)
    }

    pub(super) fn lock_journeys(&self) -> MutexGuard<'_, ()> {
        self.journeys.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Nothing, with a line in the log, for a record that can't be read; other errors stay errors.
pub fn readable<T>(
    id: &SubmissionId,
    read: Result<T, StorageError>,
) -> Result<Option<T>, StorageError> {
    match read {
        Ok(found) => Ok(Some(found)),
        Err(error) if error.is_of_one_record() => {
            warn!(submission = %id, %error, "record left out of a listing");
            Ok(None)
        }
        Err(error) => Err(error),
    }
}
