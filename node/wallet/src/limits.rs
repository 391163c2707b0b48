//! Every limit of wallets, with its unit and its reason.

/// Longest key file in bytes. One with a phrase of 24 words, encrypted, has below 1 KiB.
pub const KEY_FILE_MAX_BYTES: usize = 16 * 1024;

/// Longest password in bytes; a longer one is a wrong file.
pub const PASSWORD_MAX_BYTES: usize = 1024;

/// Longest name of a wallet or hotkey in bytes; the longest file name of Linux less `pub.txt`.
pub const NAME_MAX_BYTES: usize = 248;

/// Most memory that deriving a key from a password takes, in KiB: what the format demands.
pub const ARGON2_MEMORY_KIB: u32 = 512 * 1024;

/// Passes over that memory: what the format demands.
pub const ARGON2_PASSES: u32 = 8;

/// Longest name of an environment variable in bytes that is looked up; paths have at most 4096.
pub const ENV_NAME_MAX_BYTES: usize = 8 * 1024;
