//! Every limit of the chain clients, with its unit and its reason.

/// Most neurons of one subnet; a subnet of the real chain has 256, some have more by governance.
pub const NEURONS_MAX: usize = 4_096;

/// Longest a reader may hold a long poll for the next head, in milliseconds.
pub const LONG_POLL_MAX_MS: u64 = 20_000;

/// Longest text of an error answer that is passed on, in characters.
pub const ERROR_TEXT_MAX_CHARS: usize = 256;

/// First pause after a failed call in milliseconds; it doubles with every further failure.
pub const BACK_OFF_FIRST_MS: u64 = 100;

/// Longest pause between two tries in milliseconds: one block time of the real chain.
pub const BACK_OFF_MAX_MS: u64 = 12_000;

/// Default deadline of one call to a Subtensor node in milliseconds; the first one fetches a
/// megabyte or two of metadata from a node that may be far away.
pub const SUBTENSOR_CALL_DEADLINE_MS: u64 = 15_000;

/// Default wait for the next finalised head of a Subtensor node in milliseconds: longer than a block
/// of the real chain takes.
pub const SUBTENSOR_LONG_POLL_MS: u64 = 15_000;

/// Shortest wait for the next head in milliseconds; shorter ones would keep the node busy asking.
pub const LONG_POLL_MIN_MS: u64 = 10;

/// Blocks by which another endpoint must be ahead of one that stands still to be used instead;
/// nodes of one chain differ by one or two all the time.
pub const STANDSTILL_BLOCKS: u64 = 4;

/// Most endpoints of one chain; more than a handful can't all be watched over by anyone.
pub const ENDPOINTS_MAX: usize = 16;

/// Most bytes of one answer over WebSocket: metadata as hex takes one to three million.
pub const WS_ANSWER_MAX_BYTES: u32 = 16 * 1024 * 1024;

/// Most requests of one connection that wait for their answer.
pub const WS_REQUESTS_MAX: usize = 256;

/// Most heads of a subscription that wait to be read.
pub const WS_HEADS_MAX: usize = 64;

/// Most runtimes whose metadata one connection keeps, a few megabytes each; with more it is made
/// anew.
pub const RUNTIMES_KEPT_MAX: usize = 8;

/// How many blocks an endpoint's finalised head may be behind the highest that was seen; nodes of
/// one chain differ by a few blocks, one that differs by more is syncing or cut off.
pub const BEHIND_MAX_BLOCKS: u64 = 50;

/// How far the time of a block may be ahead of this machine's clock, in milliseconds: nobody's clock
/// is off by more who runs a validator.
pub const AHEAD_MAX_MS: u64 = 3_600_000;

/// Age of a head in milliseconds up to which its endpoint can't be [`BEHIND_MAX_BLOCKS`] behind on
/// the real chain.
pub const FRESH_HEAD_MS: u64 = BEHIND_MAX_BLOCKS * 12_000;

/// Finalised blocks that are remembered; at 12 seconds more than half a day.
pub const BLOCKS_KEPT_MAX: usize = 4_096;

/// First blocks of epochs that are remembered.
pub const EPOCH_STARTS_KEPT_MAX: usize = 1_024;

/// Entries of weights that are read at a time; a page of rows of [`NEURONS_MAX`] entries fits into
/// an answer.
pub const WEIGHTS_PAGE_ROWS: u32 = 128;

// A row is hex of four bytes an entry.
const _: () =
    assert!(WEIGHTS_PAGE_ROWS as usize * (NEURONS_MAX * 8 + 512) <= WS_ANSWER_MAX_BYTES as usize);
const _: () = assert!(BACK_OFF_FIRST_MS < BACK_OFF_MAX_MS);
const _: () = assert!(NEURONS_MAX <= u16::MAX as usize);
