//! What a node stores, in its own terms: blocks with everything they changed, journeys, votes,
//! weights, blobs. The tables and their durability are `assay-store`'s.

mod journeys;
mod metagraphs;
mod payloads;
mod weights_records;

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Bound;
use std::sync::{Arc, Mutex};

use assay_consensus::block::{DecidedBlock, Entry};
use assay_consensus::codec::{self, CodecError};
use assay_consensus::core::{OpenResult, OpenWeights};
use assay_consensus::envelope::{NetworkId, Signed};
use assay_consensus::hash::Hash;
use assay_consensus::ledger::LedgerTip;
use assay_consensus::submission::{Slot, SubmissionId};
use assay_consensus::votes::{LogVote, VoteCertificate, WeightsVote, weights_hash};
use assay_p2p::{BlobChunk, BlobSource};
use assay_runtime::{StorageEntry, StorageFault};
use assay_store::tables::{
    BLOCKS, JOURNEYS, LOG_CERTIFICATES, LOG_VOTES, PENDING, WEIGHTS, WEIGHTS_CERTIFICATES,
    WEIGHTS_VOTES,
};
use assay_store::{
    BlobError, BlobStore, BlockWrite, Order, StateWrite, Store, StoreError, Table, WriteBatch,
    tables,
};

use crate::execution::{EpochWeights, Execution, StateRead, results_root};
use crate::journey::{JourneyRecord, Status, Step};
use crate::shared::unix_ms;

pub use journeys::readable;
pub use metagraphs::MetagraphKind;
pub use payloads::HeldPayload;
use payloads::PAYLOAD_USES;

/// State root and results root after a block.
type Roots = (Hash, Hash);

/// Divergences by height: our roots and the decided ones.
const DIVERGENCES: Table<u64, (Roots, Roots)> = Table::new(0x40, "divergences", 256);

/// What this node computed for submissions that are not agreed yet.
const OPEN_RESULTS: Table<SubmissionId, LogVote> = Table::new(0x41, "open-results", 256);

/// What this node computed for epochs whose weights are not agreed yet.
const OPEN_WEIGHTS: Table<u64, WeightsVote> = Table::new(0x42, "open-weights", 256);

/// Newest results whose missing votes a restart asks for.
const RECENT_RESULTS: usize = 64;

/// Open results that a restart takes up again; older ones are settled by then.
const OPEN_MAX: usize = 4_096;

/// Bytes of blocks in one sync answer.
const BLOCKS_ANSWER_MAX_BYTES: usize = 3 * 1024 * 1024;

/// Why storage failed.
#[derive(Debug, thiserror::Error)]
pub enum StorageError {
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The blobs.
    #[error(transparent)]
    Blob(#[from] BlobError),
    /// A stored record does not decode.
    #[error("stored record: {0}")]
    Record(#[from] CodecError),
    /// A block below the tip is missing.
    #[error("expected the block at height {0} in the database, it is missing")]
    MissingBlock(u64),
}

impl StorageError {
    /// Whether the database refuses all further work: only a restart helps.
    pub fn is_final(&self) -> bool {
        matches!(
            self,
            StorageError::Store(StoreError::Stopped | StoreError::Corrupt(_))
        )
    }

    /// Whether one record is unreadable and all others are as good as before.
    fn is_of_one_record(&self) -> bool {
        matches!(
            self,
            StorageError::Record(_) | StorageError::Store(StoreError::Decode { .. })
        )
    }
}

/// The last executed block as execution needs it.
#[derive(Debug, Clone)]
pub struct StoredTip {
    /// The ledger's tip.
    pub ledger: LedgerTip,
    /// Submissions ordered in its epoch.
    pub admitted_in_epoch: u32,
}

/// Database and blobs of a node. Cheap to clone.
#[derive(Clone)]
pub struct Storage {
    store: Store,
    /// Logs and modules. Payloads have a folder and a budget of their own, so that miners can't
    /// crowd out logs.
    blobs: Arc<BlobStore>,
    payloads: Arc<BlobStore>,
    admitted: Arc<Mutex<BTreeSet<Slot>>>,
    /// Held while a journey is read, changed and written: a late approval must not overwrite what
    /// the executor wrote in between.
    journeys: Arc<Mutex<()>>,
    /// How many are at work with a payload right now.
    held_payloads: Arc<Mutex<BTreeMap<Hash, usize>>>,
}

impl Storage {
    /// Takes an open store, and makes it one of this network if it is new.
    pub fn new(
        store: Store,
        blobs: BlobStore,
        payloads: BlobStore,
        network: NetworkId,
        genesis: &LedgerTip,
    ) -> Result<Storage, StorageError> {
        let tip = store.init(network, genesis)?;
        let storage = Storage {
            store,
            blobs: Arc::new(blobs),
            payloads: Arc::new(payloads),
            admitted: Arc::default(),
            journeys: Arc::default(),
            held_payloads: Arc::default(),
        };
        let mut slots = BTreeSet::new();
        for height in tip.epoch_start_height.max(1)..=tip.height {
            let decided = storage.store.get(&BLOCKS, &height)?;
            let decided = decided.ok_or(StorageError::MissingBlock(height))?;
            slots.extend(slots_of(&decided));
        }
        *storage.lock_admitted() = slots;
        Ok(storage)
    }

    /// The last executed block.
    pub fn tip(&self) -> Result<StoredTip, StorageError> {
        let ledger = self.store.tip().ok_or(StoreError::NoTip)?;
        let admitted_in_epoch = u32::try_from(self.lock_admitted().len()).unwrap_or(u32::MAX);
        Ok(StoredTip {
            ledger,
            admitted_in_epoch,
        })
    }

    /// Slots that blocks of the tip's epoch have taken.
    pub fn admitted(&self) -> Vec<Slot> {
        self.lock_admitted().iter().cloned().collect()
    }

    /// Whether a block of the tip's epoch has taken a slot.
    pub fn is_admitted(&self, slot: &Slot) -> bool {
        self.lock_admitted().contains(slot)
    }

    /// The executed state after a recent height; reading fails once it is no longer kept.
    pub fn state_at(&self, height: u64) -> Arc<dyn StateRead> {
        Arc::new(StoredState {
            store: self.store.clone(),
            height,
        })
    }

    /// Stores a block with everything it changed in one write.
    pub fn commit_block(
        &self,
        tip: StoredTip,
        decided: &DecidedBlock,
        execution: &Execution,
        margin_blocks: u64,
    ) -> Result<StoredTip, StorageError> {
        let block = &decided.block;
        for log in &execution.logs {
            self.blobs.put(log)?;
        }
        let writes = execution
            .writes
            .iter()
            .map(|((challenge, key), value)| StateWrite {
                challenge: challenge.clone(),
                key: key.clone(),
                value: value.clone(),
            });
        let state = self.store.prepare_state(writes)?;
        let results_root = results_root(tip.ledger.results_root, execution);
        let ledger = tip
            .ledger
            .after(block, margin_blocks, state.root(), results_root);
        {
            let _held = self.lock_journeys();
            let batch = self.block_batch(decided, execution)?;
            self.store.apply_block(BlockWrite {
                decided,
                tip: ledger.clone(),
                state,
                batch,
            })?;
        }
        let mut admitted = self.lock_admitted();
        if ledger.epoch_start_height == ledger.height {
            admitted.clear();
        }
        admitted.extend(slots_of(decided));
        let admitted_in_epoch = u32::try_from(admitted.len()).unwrap_or(u32::MAX);
        Ok(StoredTip {
            ledger,
            admitted_in_epoch,
        })
    }

    /// Decided blocks from a height on, bounded in number and bytes.
    pub fn blocks_from(
        &self,
        height: u64,
        max_blocks: usize,
    ) -> Result<Vec<DecidedBlock>, StorageError> {
        let found = self.store.range(
            &BLOCKS,
            Bound::Included(&height),
            Bound::Unbounded,
            Order::Ascending,
            max_blocks,
        )?;
        let mut bytes = 0usize;
        let within = |decided: &DecidedBlock| {
            bytes += codec::encode(decided).len();
            bytes <= BLOCKS_ANSWER_MAX_BYTES
        };
        Ok(found
            .into_iter()
            .map(|(_, decided)| decided)
            .take_while(within)
            .collect())
    }

    /// Makes everything written so far durable.
    pub fn flush(&self) -> Result<(), StorageError> {
        Ok(self.store.flush()?)
    }

    // Votes and certificates.

    /// Adds a log vote; both of a double voter are kept.
    pub fn put_log_vote(&self, vote: &Signed<LogVote>) -> Result<(), StorageError> {
        let key = (vote.payload.submission, vote.signer);
        let mut votes = self.store.get(&LOG_VOTES, &key)?.unwrap_or_default();
        if votes.iter().any(|known| known.payload == vote.payload) || votes.len() >= 2 {
            return Ok(());
        }
        votes.push(vote.clone());
        let mut batch = WriteBatch::new();
        batch.put(&LOG_VOTES, &key, &votes)?;
        Ok(self.store.commit(batch)?)
    }

    /// All log votes on a submission, sorted by hotkey.
    pub fn log_votes(
        &self,
        submission: &SubmissionId,
    ) -> Result<Vec<Signed<LogVote>>, StorageError> {
        let found = self
            .store
            .prefix(&LOG_VOTES, submission, Order::Ascending, usize::MAX)?;
        Ok(found.into_iter().flat_map(|(_, votes)| votes).collect())
    }

    /// Stores the agreement on a log.
    pub fn put_log_certificate(
        &self,
        certificate: &VoteCertificate<LogVote>,
    ) -> Result<(), StorageError> {
        let mut batch = WriteBatch::new();
        batch.put(
            &LOG_CERTIFICATES,
            &certificate.payload.submission,
            certificate,
        )?;
        batch.delete(&OPEN_RESULTS, &certificate.payload.submission)?;
        Ok(self.store.commit(batch)?)
    }

    /// Notes that no log of a submission can be agreed on any more.
    pub fn close_result(&self, submission: &SubmissionId) -> Result<(), StorageError> {
        let mut batch = WriteBatch::new();
        batch.delete(&OPEN_RESULTS, submission)?;
        Ok(self.store.commit(batch)?)
    }

    /// The agreement on a log.
    pub fn log_certificate(
        &self,
        submission: &SubmissionId,
    ) -> Result<Option<VoteCertificate<LogVote>>, StorageError> {
        Ok(self.store.get(&LOG_CERTIFICATES, submission)?)
    }

    /// Adds a weights vote; both of a double voter are kept.
    pub fn put_weights_vote(&self, vote: &Signed<WeightsVote>) -> Result<(), StorageError> {
        let key = (vote.payload.epoch, vote.signer);
        let mut votes = self.store.get(&WEIGHTS_VOTES, &key)?.unwrap_or_default();
        if votes.iter().any(|known| known.payload == vote.payload) || votes.len() >= 2 {
            return Ok(());
        }
        votes.push(vote.clone());
        let mut batch = WriteBatch::new();
        batch.put(&WEIGHTS_VOTES, &key, &votes)?;
        Ok(self.store.commit(batch)?)
    }

    /// All votes on the weights of an epoch, sorted by hotkey.
    pub fn weights_votes(&self, epoch: u64) -> Result<Vec<Signed<WeightsVote>>, StorageError> {
        let found = self
            .store
            .prefix(&WEIGHTS_VOTES, &epoch, Order::Ascending, usize::MAX)?;
        Ok(found.into_iter().flat_map(|(_, votes)| votes).collect())
    }

    /// Stores the agreement on weights.
    pub fn put_weights_certificate(
        &self,
        certificate: &VoteCertificate<WeightsVote>,
    ) -> Result<(), StorageError> {
        let mut batch = WriteBatch::new();
        batch.put(
            &WEIGHTS_CERTIFICATES,
            &certificate.payload.epoch,
            certificate,
        )?;
        batch.delete(&OPEN_WEIGHTS, &certificate.payload.epoch)?;
        Ok(self.store.commit(batch)?)
    }

    /// The agreement on the weights of an epoch.
    pub fn weights_certificate(
        &self,
        epoch: u64,
    ) -> Result<Option<VoteCertificate<WeightsVote>>, StorageError> {
        Ok(self.store.get(&WEIGHTS_CERTIFICATES, &epoch)?)
    }

    /// Weights that this node computed for an epoch.
    pub fn weights(&self, epoch: u64) -> Result<Option<EpochWeights>, StorageError> {
        let stored = self.store.get(&WEIGHTS, &epoch)?;
        Ok(stored.map(|stored| EpochWeights {
            epoch,
            height: stored.vote.height,
            weights: stored.weights,
        }))
    }

    /// Epochs with computed weights, newest first.
    pub fn weights_epochs(&self, limit: usize) -> Result<Vec<u64>, StorageError> {
        let found = self.store.range(
            &WEIGHTS,
            Bound::Unbounded,
            Bound::Unbounded,
            Order::Descending,
            limit,
        )?;
        Ok(found.into_iter().map(|(epoch, _)| epoch).collect())
    }

    /// Computed here and agreed by nobody yet, with the votes that are stored; and the newest
    /// agreed ones, since votes may have come in while this node was away.
    pub fn open_results(&self) -> Result<Vec<OpenResult>, StorageError> {
        let open = self.store.range(
            &OPEN_RESULTS,
            Bound::Unbounded,
            Bound::Unbounded,
            Order::Ascending,
            OPEN_MAX,
        )?;
        let mut votes: BTreeMap<SubmissionId, LogVote> = open.into_iter().collect();
        for record in self.recent_journeys(RECENT_RESULTS)? {
            if let Some(vote) = own_vote(&record) {
                votes.entry(vote.submission).or_insert(vote);
            }
        }
        let with_votes = votes.into_iter().map(|(id, vote)| {
            Ok(OpenResult {
                vote,
                votes: self.log_votes(&id)?,
            })
        });
        with_votes.collect()
    }

    /// Weights computed here, agreed by nobody yet, with the votes that are stored.
    pub fn open_weights(&self) -> Result<Vec<OpenWeights>, StorageError> {
        let open = self.store.range(
            &OPEN_WEIGHTS,
            Bound::Unbounded,
            Bound::Unbounded,
            Order::Ascending,
            OPEN_MAX,
        )?;
        let with_votes = open.into_iter().map(|(epoch, vote)| {
            Ok(OpenWeights {
                vote,
                votes: self.weights_votes(epoch)?,
            })
        });
        with_votes.collect()
    }

    /// Weights that are agreed, newest first.
    pub fn agreed_weights(
        &self,
        limit: usize,
    ) -> Result<Vec<VoteCertificate<WeightsVote>>, StorageError> {
        let found = self.store.range(
            &WEIGHTS_CERTIFICATES,
            Bound::Unbounded,
            Bound::Unbounded,
            Order::Descending,
            limit,
        )?;
        Ok(found
            .into_iter()
            .map(|(_, certificate)| certificate)
            .collect())
    }

    /// Notes that this node's roots differ from the decided ones.
    pub fn put_divergence(
        &self,
        height: u64,
        ours: Roots,
        decided: Roots,
    ) -> Result<(), StorageError> {
        let mut batch = WriteBatch::new();
        batch.put(&DIVERGENCES, &height, &(ours, decided))?;
        Ok(self.store.commit_durable(batch)?)
    }

    // Logs and modules.

    /// Stores a blob.
    pub fn put_blob(&self, bytes: &[u8]) -> Result<Hash, StorageError> {
        Ok(self.blobs.put(bytes)?)
    }

    /// A stored blob.
    pub fn blob(&self, hash: &Hash) -> Result<Option<Vec<u8>>, StorageError> {
        Ok(self.blobs.get(hash)?)
    }

    /// What the network serves blobs from.
    pub fn blob_source(&self) -> Arc<dyn BlobSource> {
        Arc::new(StoredBlobs([
            Arc::clone(&self.payloads),
            Arc::clone(&self.blobs),
        ]))
    }

    fn block_batch(
        &self,
        decided: &DecidedBlock,
        execution: &Execution,
    ) -> Result<WriteBatch, StorageError> {
        let header = &decided.block.header;
        let mut batch = WriteBatch::new();
        let submissions = decided
            .block
            .entries
            .iter()
            .filter_map(|entry| match entry {
                Entry::Admit(admit) => Some(&admit.submission),
                Entry::Evidence(_) => None,
            });
        for ((submission, result), message) in
            submissions.zip(&execution.results).zip(&execution.messages)
        {
            let id = submission.payload.id();
            let mut record = match self.journey(&id)? {
                Some(record) => record,
                None => JourneyRecord::begin(submission.clone(), unix_ms()),
            };
            record.result = Some(result.clone());
            record.message = Some(message.clone());
            record.advance(Step {
                status: Status::Executed,
                time_ms: unix_ms(),
                height: Some(header.height),
                chain_block: Some(header.chain.number),
                reason: None,
            });
            batch.put(&JOURNEYS, &id, &codec::encode(&record))?;
            batch.put(&PAYLOAD_USES, &(submission.payload.payload_hash, id), &())?;
            batch.delete(&PENDING, &id)?;
            let vote = LogVote {
                submission: id,
                height: header.height,
                set_epoch: header.chain.epoch,
                log_hash: result.log_hash,
                score: result.score,
            };
            batch.put(&OPEN_RESULTS, &id, &vote)?;
        }
        if let Some(weights) = &execution.weights {
            let vote = WeightsVote {
                epoch: weights.epoch,
                height: weights.height,
                weights_hash: weights_hash(&weights.weights),
            };
            let stored = tables::EpochWeights {
                vote,
                weights: weights.weights.clone(),
            };
            batch.put(&WEIGHTS, &weights.epoch, &stored)?;
            batch.put(&OPEN_WEIGHTS, &weights.epoch, &vote)?;
        }
        Ok(batch)
    }

    fn lock_admitted(&self) -> std::sync::MutexGuard<'_, BTreeSet<Slot>> {
        self.admitted
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

/// The executed state at one height.
struct StoredState {
    store: Store,
    height: u64,
}

impl StateRead for StoredState {
    fn get(&self, challenge: &str, key: &[u8]) -> Result<Option<Vec<u8>>, StorageFault> {
        self.store
            .state_at(challenge, self.height)
            .and_then(|view| view.get(key))
            .map_err(fault)
    }

    fn list_prefix(
        &self,
        challenge: &str,
        prefix: &[u8],
        after: Option<&[u8]>,
        limit: usize,
    ) -> Result<Vec<StorageEntry>, StorageFault> {
        let view = self.store.state_at(challenge, self.height);
        view.and_then(|view| view.list_prefix(prefix, after, limit))
            .map_err(fault)
    }

    fn count_prefix(&self, challenge: &str, prefix: &[u8]) -> Result<u64, StorageFault> {
        self.store
            .state_at(challenge, self.height)
            .and_then(|view| view.count_prefix(prefix))
            .map_err(fault)
    }
}

/// Serves payloads and logs to peers.
struct StoredBlobs([Arc<BlobStore>; 2]);

impl BlobSource for StoredBlobs {
    fn read(&self, hash: &[u8; 32], offset: u64, len: u32) -> Option<BlobChunk> {
        let hash = Hash(*hash);
        let store = self.0.iter().find(|store| store.contains(&hash))?;
        let data = store.read_at(&hash, offset, len as usize).ok()??;
        Some(BlobChunk {
            total_len: store.len_of(&hash)?,
            data,
        })
    }
}

fn fault(error: StoreError) -> StorageFault {
    StorageFault(error.to_string())
}

fn slots_of(decided: &DecidedBlock) -> Vec<Slot> {
    let admits = decided
        .block
        .entries
        .iter()
        .filter_map(|entry| match entry {
            Entry::Admit(admit) => Some(admit.submission.payload.slot()),
            Entry::Evidence(_) => None,
        });
    admits.collect()
}

/// The log vote that follows from what this node computed.
fn own_vote(record: &JourneyRecord) -> Option<LogVote> {
    let result = record.result.as_ref()?;
    Some(LogVote {
        submission: result.submission,
        height: record.height()?,
        set_epoch: record.submission.payload.epoch,
        log_hash: result.log_hash,
        score: result.score,
    })
}

#[cfg(test)]
pub mod testkit;
#[cfg(test)]
mod tests;
