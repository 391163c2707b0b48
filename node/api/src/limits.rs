//! Limits of the RPC surface, shared by server and clients.

/// Largest request body, in bytes: a payload of 1.5 MiB in base64 and its header fit twice.
pub const REQUEST_MAX_BYTES: usize = 4 * 1024 * 1024;

/// Largest answer a client reads, in bytes: agent code in base64 and a full batch page fit.
pub const RESPONSE_MAX_BYTES: usize = 16 * 1024 * 1024;

/// Most requests in one batch: a full refresh of a terminal client needs about ten.
pub const BATCH_MAX_REQUESTS: usize = 32;

/// Largest page of any list, in entries; the existing surface fixes it.
pub const PAGE_MAX_ENTRIES: u64 = 1_000;

/// Page size when the caller names none; the existing surface fixes it.
pub const PAGE_DEFAULT_ENTRIES: u64 = 100;

/// A signed route call is refused when its nonce is this many seconds or more from now.
pub const NONCE_WINDOW_SECS: u64 = 300;

/// Longest nonce, in bytes: a timestamp, a colon and a UUID need 47.
pub const NONCE_MAX_BYTES: usize = 128;

/// How much of an unexpected answer an error message quotes, in characters.
pub const EXCERPT_MAX_CHARS: usize = 200;
