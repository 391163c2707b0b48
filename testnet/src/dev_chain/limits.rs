//! Every limit of the dev chain, with its unit and its reason.

/// Blocks whose hash, metagraph and weights can still be asked for; at four blocks a second that
/// is more than four hours.
pub const HISTORY_BLOCKS: u64 = 65_536;

/// Most blocks that one admin command makes.
pub const ADVANCE_MAX_BLOCKS: u64 = 10_000;

/// Log records after which the log is replaced by a snapshot; bounds the time a start takes.
pub const LOG_RECORDS_MAX: usize = 4_096;

/// Most bytes of a snapshot that one log record holds; larger ones are split.
pub const SNAPSHOT_PART_BYTES: usize = 1024 * 1024;

/// How long open connections may take to end at shutdown, in milliseconds.
pub const SHUTDOWN_MS: u64 = 2_000;

const _: () = assert!(SNAPSHOT_PART_BYTES < assay_store::limits::WAL_RECORD_MAX_BYTES);
