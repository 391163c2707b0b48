//! Every limit of the command line client, with its unit and its reason.

/// Largest key file in bytes; a real one has about 250.
pub const KEY_FILE_MAX_BYTES: u64 = 4 * 1024;

/// Largest file with reported results in bytes: 256 results with room for error texts.
pub const RESULTS_FILE_MAX_BYTES: u64 = 1024 * 1024;

/// Most bytes read into memory from a package directory or zip: far above what the network
/// accepts, so that the check can say by how much a package is too big.
pub const PACKAGE_READ_MAX_BYTES: u64 = 32 * 1024 * 1024;

/// Most files read from a package directory, for the same reason.
pub const PACKAGE_READ_MAX_FILES: usize = 4_096;

/// Deepest folder in a package directory; ends a walk through a loop of mounts.
pub const PACKAGE_MAX_DEPTH: usize = 32;

/// Largest raw payload file read in bytes; the network's own limit is checked afterwards.
pub const PAYLOAD_READ_MAX_BYTES: u64 = 8 * 1024 * 1024;

/// Most reported results read from a file; the challenge allows fewer and says so.
pub const RESULTS_MAX: usize = 1_024;

/// How often a followed submission is asked for, in milliseconds.
pub const FOLLOW_INTERVAL_MS: u64 = 400;

/// Longest pause between two questions to a node that does not answer, in milliseconds.
pub const FOLLOW_BACKOFF_MAX_MS: u64 = 5_000;

/// How often sending is tried; the same signed bytes each time, so no try counts twice.
pub const SEND_TRIES: u32 = 4;

/// First pause between two tries of sending, in milliseconds; doubles each time.
pub const SEND_PAUSE_MS: u64 = 500;

/// Longest text of a node or validator that is shown on one line, in characters.
pub const SHOWN_TEXT_MAX_CHARS: usize = 512;
