//! Payloads: kept as long as a journey needs them or somebody is at work with them.

use std::collections::BTreeMap;
use std::sync::{Arc, MutexGuard, PoisonError};

use tracing::warn;

use assay_consensus::hash::Hash;
use assay_consensus::submission::SubmissionId;
use assay_store::{Order, Table};

use super::{Storage, StorageError};

/// Which submissions need a payload: all but those that failed without being ordered.
pub(super) const PAYLOAD_USES: Table<(Hash, SubmissionId), ()> =
    Table::new(0x45, "payload-uses", 16);

/// Keeps a payload from being removed. When the last one is dropped, a payload that no journey
/// needs is removed.
pub struct HeldPayload {
    storage: Storage,
    hash: Hash,
}

impl Storage {
    /// Keeps a payload, there already or not, for as long as the answer lives.
    pub fn hold_payload(&self, hash: Hash) -> Arc<HeldPayload> {
        *self.lock_held().entry(hash).or_insert(0) += 1;
        Arc::new(HeldPayload {
            storage: self.clone(),
            hash,
        })
    }

    /// A stored payload.
    pub fn payload(&self, hash: &Hash) -> Result<Option<Vec<u8>>, StorageError> {
        Ok(self.payloads.get(hash)?)
    }

    /// Whether a payload is stored; its content is not verified.
    pub fn has_payload(&self, hash: &Hash) -> bool {
        self.payloads.contains(hash)
    }

    /// Removes a payload that nobody needs. The caller holds the lock of journeys.
    pub(super) fn remove_unused_payload(&self, hash: &Hash) -> Result<(), StorageError> {
        let held = self.lock_held();
        if held.contains_key(hash) {
            return Ok(());
        }
        let uses = self
            .store
            .prefix(&PAYLOAD_USES, hash, Order::Ascending, 1)?;
        if uses.is_empty() {
            self.payloads.remove(hash)?;
        }
        Ok(())
    }

    fn lock_held(&self) -> MutexGuard<'_, BTreeMap<Hash, usize>> {
        self.held_payloads
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

impl HeldPayload {
    /// Stores the payload. Blocks; `bytes` must be those of the hash.
    pub fn put(&self, bytes: &[u8]) -> Result<(), StorageError> {
        Ok(self.storage.payloads.put(bytes).map(drop)?)
    }
}

impl Drop for HeldPayload {
    fn drop(&mut self) {
        let _journeys = self.storage.lock_journeys();
        {
            let mut held = self.storage.lock_held();
            match held.get_mut(&self.hash) {
                Some(count) if *count > 1 => {
                    *count -= 1;
                    return;
                }
                _ => held.remove(&self.hash),
            };
        }
        if let Err(error) = self.storage.remove_unused_payload(&self.hash) {
            warn!(payload = %self.hash, %error, "unused payload can't be removed");
        }
    }
}
