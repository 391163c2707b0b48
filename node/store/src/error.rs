//! What can go wrong with the store.

use std::io;
use std::path::PathBuf;

use assay_consensus::codec::CodecError;
use assay_consensus::envelope::NetworkId;
use assay_consensus::hash::Hash;

/// Why the store could not do what was asked.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The operating system refused.
    #[error("{what}: {error}")]
    Io {
        /// What was tried.
        what: String,
        /// The system's answer.
        #[source]
        error: io::Error,
    },
    /// Another process has this directory open.
    #[error("{0} is in use by another process")]
    Locked(PathBuf),
    /// Something that was written does not read back. The store refuses all further work; opening
    /// it again moves the database aside.
    #[error("database is corrupt: {0}")]
    Corrupt(String),
    /// An earlier error left the database in an unknown state.
    #[error("database stopped after an earlier error; open it again")]
    Stopped,
    /// A record is not what its table holds.
    #[error("table {table}: {error}")]
    Decode {
        /// The table.
        table: &'static str,
        /// What the decoder found.
        error: CodecError,
    },
    /// A value is larger than its table allows.
    #[error("table {table}: expected a value of at most {limit_bytes} bytes, got {got_bytes}")]
    ValueTooLarge {
        /// The table.
        table: &'static str,
        /// Its limit.
        limit_bytes: usize,
        /// Size of the value.
        got_bytes: usize,
    },
    /// A key is longer than its table allows.
    #[error("table {table}: expected a key of at most {limit_bytes} bytes, got {got_bytes}")]
    KeyTooLong {
        /// The table.
        table: &'static str,
        /// The limit.
        limit_bytes: usize,
        /// Size of the key.
        got_bytes: usize,
    },
    /// A batch is too large to be applied at once.
    #[error("expected a batch of at most {limit_bytes} bytes, got {got_bytes}")]
    BatchTooLarge {
        /// The limit.
        limit_bytes: usize,
        /// Size of the batch.
        got_bytes: usize,
    },
    /// The database belongs to another network.
    #[error("expected a database of network {expected:?}, got one of {got:?}")]
    WrongNetwork {
        /// The configured network.
        expected: NetworkId,
        /// The network it was made for.
        got: NetworkId,
    },
    /// Nothing has been stored yet, not even the genesis tip.
    #[error("the database has no ledger tip yet")]
    NoTip,
    /// A block was applied out of order.
    #[error("expected the block at height {expected}, got height {got}")]
    NotNext {
        /// Next height.
        expected: u64,
        /// Height that came.
        got: u64,
    },
    /// State writes were prepared on a state that is no longer the latest.
    #[error("state writes were prepared on another state than the latest")]
    StalePreparation,
    /// The tip names another state root than the writes give.
    #[error("expected state root {expected}, got {got}")]
    RootDiffers {
        /// Root that follows from the writes.
        expected: Hash,
        /// Root in the tip.
        got: Hash,
    },
    /// The state at this height is no longer kept, or not there yet.
    #[error("state is kept for heights {oldest} to {newest}, not for {height}")]
    HeightNotKept {
        /// The height asked for.
        height: u64,
        /// Oldest height that is kept.
        oldest: u64,
        /// Height of the tip.
        newest: u64,
    },
}

impl StoreError {
    pub(crate) fn io(what: impl Into<String>) -> impl FnOnce(io::Error) -> StoreError {
        let what = what.into();
        move |error| StoreError::Io { what, error }
    }
}
