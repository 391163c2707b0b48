//! Limits of the server. Those a client has to know are in `assay_api::limits`.

use std::time::Duration;

use assay_api::limits::{BATCH_MAX_REQUESTS, REQUEST_MAX_BYTES};

/// Bodies up to this many bytes are read without a permit: every request but a submission.
pub const SMALL_BODY_MAX_BYTES: usize = 64 * 1024;

/// Larger bodies in memory at once: bounds what parsing them can take to some hundred MiB.
pub const LARGE_BODIES_MAX: usize = 8;

/// Values in one JSON body: the smallest value costs two bytes on the wire and hundreds in memory.
pub const JSON_VALUES_MAX: usize = 65_536;

/// Bytes that are read and dropped after a body turned out too large, so that the sender gets to
/// read the answer instead of a reset connection.
pub const DRAIN_MAX_BYTES: usize = 16 * 1024 * 1024;

/// Header of a submission in bytes: fields and signature take less than 500.
pub const SUBMISSION_HEADER_MAX_BYTES: usize = 4 * 1024;

/// Longest text that is echoed in an error, in characters.
pub const ECHO_MAX_CHARS: usize = 80;

/// Signed calls that are remembered until their nonce expires; 160 bytes each.
pub const REPLAY_CACHE_MAX_ENTRIES: usize = 65_536;

/// Addresses with a rate limit of their own; the rest share one.
pub const RATE_TABLE_MAX_ADDRESSES: usize = 16_384;

/// Largest head of an HTTP request in bytes, the URL included.
pub const HTTP_HEAD_MAX_BYTES: usize = 32 * 1024;

/// Headers of an HTTP request.
pub const HTTP_HEADERS_MAX: usize = 64;

/// How long accepting pauses after the system refused a connection (out of descriptors).
pub const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

const _: () = assert!(SMALL_BODY_MAX_BYTES < REQUEST_MAX_BYTES);
const _: () = assert!(REQUEST_MAX_BYTES < DRAIN_MAX_BYTES);
const _: () = assert!(BATCH_MAX_REQUESTS < JSON_VALUES_MAX);
