//! Every limit of the store, with its unit and its reason.

/// Longest key of a challenge's state in bytes; the runtime refuses longer ones.
pub const STATE_KEY_MAX_BYTES: usize = 1_024;

/// Largest value of a challenge's state in bytes: the largest buffer of a guest's `storage_get`.
pub const STATE_VALUE_MAX_BYTES: usize = 5 * 1024 * 1024;

/// Heights whose past state can be read and rolled back to. A node that finds itself divergent is
/// told by the next block, so a few would do; 64 cover what reviews and RPC still look at.
pub const UNDO_HEIGHTS: u64 = 64;

/// Most bytes of keys and values in one batch; a block of 64 evaluations stays far below.
pub const BATCH_MAX_BYTES: usize = 512 * 1024 * 1024;

/// Bytes of a value that are kept in one sled entry; the rest goes to further entries. Up to 17
/// entries share a sled page, and a page over 128 KiB becomes a file of its own that sled never
/// syncs: 17 × (6 KiB + the longest key) stays below.
pub const CHUNK_BYTES: usize = 6 * 1024;

/// Longest physical key in bytes: table, challenge name and key of a state entry, chunk number.
pub const PHYSICAL_KEY_MAX_BYTES: usize = 1_152;

/// Most entries that one range or prefix read returns, whatever was asked for.
pub const SCAN_MAX_ENTRIES: usize = 10_000;

/// Bytes after which a range or prefix read stops early.
pub const SCAN_MAX_BYTES: usize = 64 * 1024 * 1024;

/// Largest typed value in bytes unless a table says otherwise.
pub const VALUE_MAX_BYTES: usize = 16 * 1024 * 1024;

/// Longest wait for a dropped database of the same process to give sled's lock back, in
/// milliseconds; its threads need a few.
pub const SLED_LOCK_WAIT_MS: u64 = 10_000;

/// Pause between two tries to take sled's lock, in milliseconds.
pub const SLED_LOCK_POLL_MS: u64 = 5;

/// Largest blob in bytes: the largest challenge module.
pub const BLOB_MAX_BYTES: usize = 64 * 1024 * 1024;

/// Blobs that stay verified in memory for reads of parts; as many peers can fetch at once
/// without a blob being hashed again for every part.
pub const BLOB_CACHE_ENTRIES: usize = 8;

/// Largest blob that stays verified in memory, in bytes.
pub const BLOB_CACHE_ENTRY_MAX_BYTES: usize = 8 * 1024 * 1024;

/// Largest record of the write-ahead log in bytes; a precommit's justification carries a block
/// and the prevotes of a full validator set.
pub const WAL_RECORD_MAX_BYTES: usize = 4 * 1024 * 1024;

/// Largest group of records in one append, in bytes.
pub const WAL_GROUP_MAX_BYTES: usize = 32 * 1024 * 1024;

/// Largest write-ahead log in bytes; the node compacts it long before.
pub const WAL_MAX_BYTES: u64 = 1024 * 1024 * 1024;

const _: () = assert!(STATE_KEY_MAX_BYTES + 64 + 2 + 4 <= PHYSICAL_KEY_MAX_BYTES);
const _: () = assert!(17 * (CHUNK_BYTES + PHYSICAL_KEY_MAX_BYTES + 32) < 128 * 1024 - 1024);
const _: () = assert!(STATE_VALUE_MAX_BYTES <= SCAN_MAX_BYTES);
const _: () = assert!(WAL_RECORD_MAX_BYTES <= WAL_GROUP_MAX_BYTES);
