//! Every limit of the chain clients, with its unit and its reason.

/// Most neurons of one subnet; a subnet of the real chain has 256, some have more by governance.
pub const NEURONS_MAX: usize = 4_096;

/// Most bytes of one HTTP answer; a full metagraph of [`NEURONS_MAX`] neurons as JSON fits.
pub const ANSWER_MAX_BYTES: usize = 4 * 1024 * 1024;

/// Most bytes of one HTTP request body; a weights call over all uids fits.
pub const REQUEST_MAX_BYTES: usize = 256 * 1024;

/// Longest a reader may hold a long poll for the next head, in milliseconds.
pub const LONG_POLL_MAX_MS: u64 = 20_000;

/// Default deadline of one call in milliseconds; a local answer takes a few.
pub const DEFAULT_CALL_DEADLINE_MS: u64 = 5_000;

/// Default wait of one long poll in milliseconds.
pub const DEFAULT_LONG_POLL_MS: u64 = 10_000;

/// Longest text of an error answer that is passed on, in characters.
pub const ERROR_TEXT_MAX_CHARS: usize = 256;

/// First pause after a failed call in milliseconds; it doubles with every further failure.
pub const BACK_OFF_FIRST_MS: u64 = 100;

/// Longest pause between two tries in milliseconds: one block time of the real chain.
pub const BACK_OFF_MAX_MS: u64 = 12_000;

const _: () = assert!(BACK_OFF_FIRST_MS < BACK_OFF_MAX_MS);
const _: () = assert!(NEURONS_MAX <= u16::MAX as usize);
// A neuron takes about 150 bytes of JSON, a weight about 14.
const _: () = assert!(NEURONS_MAX * 256 <= ANSWER_MAX_BYTES);
const _: () = assert!(NEURONS_MAX * 32 <= REQUEST_MAX_BYTES);

/// Largest key file in bytes; ours have about 300.
pub const KEY_FILE_MAX_BYTES: u64 = 4 * 1024;
