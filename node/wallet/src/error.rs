//! What can go wrong with wallets. Every text says what helps; none quotes a secret.

use std::io;
use std::path::PathBuf;

use assay_consensus::keys::Hotkey;

use crate::limits::{KEY_FILE_MAX_BYTES, NAME_MAX_BYTES, PASSWORD_MAX_BYTES};
use crate::password::PasswordOrigin;

/// Why a wallet or a key file could not be read or written.
#[derive(Debug, thiserror::Error)]
pub enum WalletError {
    /// A name that could lead out of the wallet's directory, or that no file can have.
    #[error(
        "{what} name {name:?}: expected 1 to {NAME_MAX_BYTES} bytes, no `/`, no control characters, no dot in front, no `pub.txt` at the end"
    )]
    InvalidName {
        /// `wallet` or `hotkey`.
        what: &'static str,
        /// The name.
        name: String,
    },
    /// Neither a wallet path nor a home directory is known.
    #[error("HOME is not set, so there is no default wallet path: pass one")]
    NoHome,
    /// There is no such file.
    #[error("no key file at {path}: check the wallet path and the names of wallet and hotkey")]
    Missing {
        /// The path.
        path: PathBuf,
    },
    /// A directory, socket or device.
    #[error("{path} is not a regular file")]
    NotAFile {
        /// The path.
        path: PathBuf,
    },
    /// Others can read or change the file.
    #[error(
        "{path} can be read or changed by other users (mode {mode:03o}): run `chmod 600 {path}`, and make a new key if the machine is shared"
    )]
    Permissions {
        /// The path.
        path: PathBuf,
        /// Permission bits found.
        mode: u32,
    },
    /// Longer than any key file.
    #[error("{path} is longer than a key file can be ({KEY_FILE_MAX_BYTES} bytes)")]
    TooLarge {
        /// The path.
        path: PathBuf,
    },
    /// Something is there already.
    #[error("{path} exists already: choose another name, or ask for that key to be replaced")]
    Exists {
        /// The path.
        path: PathBuf,
    },
    /// The operating system refused.
    #[error("{path}: {source}")]
    Io {
        /// The path.
        path: PathBuf,
        /// Its reason.
        source: io::Error,
    },
    /// The contents are no key, or one that can't be used.
    #[error("{path}: {source}")]
    Key {
        /// The path.
        path: PathBuf,
        /// What is wrong.
        source: Box<KeyDataError>,
    },
    /// The file is encrypted and no password is known.
    #[error(
        "{path} is encrypted and no password is known: pass a password file, or set {env_name} or BT_WALLET_PASSWORD"
    )]
    PasswordNeeded {
        /// The path.
        path: PathBuf,
        /// Variable of this file.
        env_name: String,
    },
    /// The password doesn't open the file.
    #[error("{path}: wrong password ({origin}), or the file is damaged")]
    WrongPassword {
        /// The path.
        path: PathBuf,
        /// Where the password came from.
        origin: PasswordOrigin,
    },
    /// No password could be had.
    #[error(transparent)]
    Password(#[from] PasswordError),
}

/// What is wrong with the contents of a key file.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum KeyDataError {
    /// Nothing in it.
    #[error("the file is empty")]
    Empty,
    /// Not the JSON of a key file.
    #[error(
        "expected a key file's JSON, a seed of 64 hex digits, or a phrase of 12 to 24 words (line {line}, column {column})"
    )]
    NotJson {
        /// Where the parser stopped.
        line: usize,
        /// Where the parser stopped.
        column: usize,
    },
    /// Neither JSON nor hex nor words.
    #[error("expected a key file's JSON, a seed of 64 hex digits, or a phrase of 12 to 24 words")]
    UnknownForm,
    /// JSON with the public part only.
    #[error(
        "there is no secret in it (secretPhrase, secretSeed or privateKey): it is the public half of a key"
    )]
    NoSecret,
    /// A phrase that gives no key.
    #[error("secretPhrase: {0}")]
    Phrase(PhraseError),
    /// A seed that gives no key.
    #[error("secretSeed: expected 64 hex digits")]
    Seed,
    /// A private key that is none of sr25519.
    #[error("privateKey: expected 128 hex digits, the scalar and the nonce of an sr25519 key")]
    PrivateKey,
    /// Another scheme, known by its name.
    #[error(
        "the key is an ed25519 key; hotkeys have to be sr25519: make a new hotkey, for instance with `btcli wallet new-hotkey`"
    )]
    Ed25519,
    /// Another scheme.
    #[error("{field} is {got}, expected an sr25519 key")]
    Scheme {
        /// Field of the file.
        field: &'static str,
        /// Value found, shortened.
        got: String,
    },
    /// A field names another key than the secret gives. The value is left out: a file mixed up by
    /// hand may have a secret there.
    #[error(
        "{field} is not that of {derived}, which the secret belongs to: the file was changed by hand or damaged"
    )]
    Mismatch {
        /// Field of the file.
        field: &'static str,
        /// Whose the secret is.
        derived: Hotkey,
    },
    /// Two secrets of one file give two keys.
    #[error(
        "{first} gives {first_key}, {second} gives {second_key}: the file was changed by hand or damaged"
    )]
    SecretsDisagree {
        /// Field of the file.
        first: &'static str,
        /// What it gives.
        first_key: Hotkey,
        /// Field of the file.
        second: &'static str,
        /// What it gives.
        second_key: Hotkey,
    },
    /// Encryption of 2021 and before.
    #[error("it is encrypted in the old form {0}, which is not supported: {CONVERT}")]
    OldEncryption(&'static str),
    /// An encrypted file that ends too early to hold a key.
    #[error("it is encrypted ($NACL) but cut off after {got_bytes} bytes")]
    Truncated {
        /// Bytes found.
        got_bytes: usize,
    },
    /// Not enough memory for the password.
    #[error("deriving the key of a password takes {needed_mib} MiB of memory, which are not there")]
    Memory {
        /// Memory needed in MiB.
        needed_mib: u32,
    },
    /// Its JSON or its encryption failed.
    #[error("the contents of the key file could not be made")]
    Unwritable,
}

/// How to get rid of an old encryption.
const CONVERT: &str = "convert it with Bittensor's wallet package (`Keyfile(PATH).check_and_update_encryption()`), or make it again from its phrase (`btcli wallet regen-hotkey`)";

/// What is wrong with a phrase. The words themselves are secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PhraseError {
    /// Wrong length.
    #[error("{0} words, expected 12, 15, 18, 21 or 24")]
    WordCount(usize),
    /// A typing error.
    #[error("word {0} is not in the English list of BIP-39")]
    UnknownWord(usize),
    /// A wrong word or wrong order.
    #[error("its checksum does not match: a word is wrong or out of place")]
    Checksum,
}

/// Why no password could be had.
#[derive(Debug, thiserror::Error)]
pub enum PasswordError {
    /// The password file can't be used.
    #[error("password file: {0}")]
    File(#[source] Box<WalletError>),
    /// A password file or variable with nothing in it.
    #[error("{origin} is empty")]
    Empty {
        /// Where it came from.
        origin: PasswordOrigin,
    },
    /// Longer than a password can be.
    #[error("{origin} is longer than {PASSWORD_MAX_BYTES} bytes")]
    TooLong {
        /// Where it came from.
        origin: PasswordOrigin,
    },
    /// `BT_PW_...` does not hold what Bittensor's tools write there.
    #[error(
        "{name}: expected base64 of the password, each byte combined by xor with the variable's name, as Bittensor's wallet package stores it; set BT_WALLET_PASSWORD to give it plainly"
    )]
    Encoding {
        /// The variable.
        name: String,
    },
    /// The prompt failed.
    #[error("password prompt: {0}")]
    Prompt(#[source] io::Error),
}
