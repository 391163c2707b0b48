//! Durable storage of a validator.
//!
//! * [`Store`]: one sled database. All typed tables ([`tables`]) live in one sled tree under
//!   one-byte prefixes, because sled applies a batch atomically only within one tree and a block
//!   is applied in one write ([`Store::apply_block`]). Every value carries its length and a
//!   checksum, every read verifies, and counts and sums per table are written with every batch, so
//!   that lost or resurrected records are found when the store is opened. What can't be trusted is
//!   moved aside and reported, never silently reset.
//! * [`StateRoot`]: the incremental hash over all challenge state.
//! * [`BlobStore`]: content-addressed files: payloads, logs, transcripts, modules.
//! * [`Wal`]: the log of what this validator signed, durable before anything is sent.
//!
//! Deliberately not here: what results, journeys or log records mean (the node encodes them), when
//! to flush or compact, and refilling after a loss, which is sync's work. sled verifies nothing
//! after power loss by itself, so what was committed but not flushed may be gone then; signatures
//! never depend on it, they are in the log.

mod batch;
mod blobs;
mod block;
mod disk;
mod error;
pub mod limits;
mod manifest;
mod open;
mod raw;
mod record;
mod state_root;
mod store;
mod table;
pub mod tables;
mod view;
mod wal;
mod watermark;

pub use batch::WriteBatch;
pub use blobs::{BlobError, BlobOptions, BlobStore};
pub use block::{BlockWrite, PreparedState, StateWrite};
pub use error::StoreError;
pub use open::{LostCommits, OpenReport, Quarantined, StoreOptions};
pub use state_root::{STATE_ROOT_BYTES, StateRoot};
pub use store::Store;
pub use table::{KeyPrefix, Order, Table, TableKey};
pub use view::{StateEntry, StateView};
pub use wal::{Wal, WalError, WalOpened};
