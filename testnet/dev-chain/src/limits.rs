//! Every limit of the dev chain, with its unit and its reason.

/// Blocks whose header, hash and extrinsics can still be asked for; at four blocks a second more
/// than four hours.
pub const BLOCKS_MAX: usize = 65_536;

/// Blocks whose state can still be asked for; a real node that is no archive keeps 256.
pub const STATE_HISTORY_BLOCKS: u64 = 4_096;

/// Most bytes of extrinsics in the blocks that are kept; with more the oldest blocks go first.
pub const BLOCKS_MAX_BYTES: usize = 48 * 1024 * 1024;

/// Most bytes of storage in the states that are kept; with more the oldest states go first.
pub const STATES_MAX_BYTES: usize = 96 * 1024 * 1024;

/// States that go at a time when there are too many bytes of them; a sweep looks at every key.
pub const STATES_DROPPED: u64 = 256;

/// Blocks between two sweeps of storage entries that were removed long ago.
pub const STATE_SWEEP_BLOCKS: u64 = 1_024;

/// Block hashes in the storage of pallet System, as many as the real chain keeps; the longest mortal
/// era that can be checked.
pub const BLOCK_HASHES: u64 = 2_400;

/// Most extrinsics in the pool.
pub const POOL_MAX: usize = 1_024;

/// Most extrinsics of one account in the pool; keeps one signer from filling it.
pub const POOL_PER_ACCOUNT_MAX: usize = 64;

/// Largest extrinsic in bytes: a batch of weights over all uids of a few subnets fits.
pub const EXTRINSIC_MAX_BYTES: usize = 128 * 1024;

/// Most signed extrinsics in one block; more wait for the next.
pub const BLOCK_EXTRINSICS_MAX: usize = 256;

/// Most bytes of extrinsics in one block, which is one record of the log.
pub const BLOCK_MAX_BYTES: usize = 768 * 1024;

/// Extrinsics that left the pool and whose end is remembered for those who still watch.
pub const ENDED_MAX: usize = 4_096;

/// Admin commands that may wait for the next block.
pub const PENDING_COMMANDS_MAX: usize = 4_096;

/// Largest encrypted commit in bytes, as the real chain's bound.
pub const COMMIT_MAX_BYTES: usize = 5_000;

/// Unrevealed commits that one hotkey may have, as on the real chain.
pub const UNREVEALED_COMMITS_MAX: usize = 10;

/// Most neurons of one subnet.
pub const NEURONS_MAX: u16 = 4_096;

/// Most subnets beside the root.
pub const SUBNETS_MAX: usize = 128;

/// Mechanisms of one subnet; mechanism and subnet share one u16 index.
pub const MECHANISMS_MAX: u8 = 8;

/// Subnet numbers of one mechanism: the storage index is `mechanism * 4096 + netuid`.
pub const NETUIDS_PER_MECHANISM: u16 = 4_096;

/// Epochs that one block runs at most, as on the real chain; the rest is deferred by a block.
pub const EPOCHS_PER_BLOCK_MAX: u32 = 2;

/// Beacon rounds that one block brings at most; a chain that was stopped for long catches up.
pub const PULSES_PER_BLOCK_MAX: u64 = 50;

/// Beacon rounds that are kept.
pub const PULSES_MAX: u64 = 4_096;

/// Most blocks that one admin command makes.
pub const MINE_MAX_BLOCKS: u64 = 10_000;

/// Log records after which the log is replaced by a snapshot; bounds the time a start takes.
pub const LOG_RECORDS_MAX: usize = 4_096;

/// Bytes of the log after which it is replaced by a snapshot.
pub const LOG_MAX_BYTES: u64 = 160 * 1024 * 1024;

/// Most bytes of blocks that one write to the log makes durable, when many are made at once.
pub const LOG_WRITE_MAX_BYTES: usize = 8 * 1024 * 1024;

/// Most bytes of a snapshot that one log record holds; larger ones are split.
pub const SNAPSHOT_PART_BYTES: usize = 1024 * 1024;

/// Largest JSON-RPC request in bytes; an extrinsic as hex has to fit.
pub const REQUEST_MAX_BYTES: u32 = 512 * 1024;

/// Largest JSON-RPC answer in bytes; the metadata as hex has to fit.
pub const RESPONSE_MAX_BYTES: u32 = 16 * 1024 * 1024;

/// Most connections at a time.
pub const CONNECTIONS_MAX: u32 = 256;

/// Most subscriptions of one connection.
pub const SUBSCRIPTIONS_PER_CONNECTION_MAX: u32 = 64;

/// Messages that wait for a slow subscriber before it is dropped.
pub const SUBSCRIBER_BUFFER: u32 = 256;

/// Most requests in one batch.
pub const BATCH_MAX: u32 = 100;

/// Most keys of one page of `state_getKeysPaged`, as a real node's.
pub const KEYS_PAGE_MAX: u32 = 1_000;

/// Most keys of one `state_queryStorageAt`.
pub const QUERY_KEYS_MAX: usize = 1_000;

/// Largest configuration file in bytes; subnets full of neurons fit.
pub const CONFIG_MAX_BYTES: u64 = 64 * 1024 * 1024;

/// Largest file with an admin token in bytes.
pub const TOKEN_MAX_BYTES: u64 = 4 * 1024;

/// How long open connections may take to end at shutdown, in milliseconds.
pub const SHUTDOWN_MS: u64 = 2_000;

const _: () = assert!(SNAPSHOT_PART_BYTES < assay_store::limits::WAL_RECORD_MAX_BYTES);
// A snapshot, and one more write after a log that is nearly too long.
const _: () = assert!(BLOCKS_MAX_BYTES + STATES_MAX_BYTES < LOG_MAX_BYTES as usize);
const _: () = assert!(LOG_MAX_BYTES * 5 / 4 < assay_store::limits::WAL_MAX_BYTES);
const _: () =
    assert!(LOG_WRITE_MAX_BYTES + 2 * BLOCK_MAX_BYTES < assay_store::limits::WAL_GROUP_MAX_BYTES);
// Each extrinsic has a length of at most five bytes before it in the record.
const _: () = assert!(
    BLOCK_MAX_BYTES + 5 * BLOCK_EXTRINSICS_MAX + 1024 < assay_store::limits::WAL_RECORD_MAX_BYTES
);
const _: () = assert!(EXTRINSIC_MAX_BYTES * 2 < BLOCK_MAX_BYTES);
const _: () = assert!(EXTRINSIC_MAX_BYTES * 2 + 1024 <= REQUEST_MAX_BYTES as usize);
const _: () = assert!(BLOCK_HASHES <= BLOCKS_MAX as u64);
const _: () = assert!(STATE_HISTORY_BLOCKS <= BLOCKS_MAX as u64);
const _: () = assert!((MECHANISMS_MAX as u32) * (NETUIDS_PER_MECHANISM as u32) <= u16::MAX as u32);
