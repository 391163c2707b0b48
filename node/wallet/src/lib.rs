//! Bittensor wallets: directories of keys, and the files in them.
//!
//! * [`WalletDir`] knows the layout of a wallet and opens its hotkey.
//! * [`keyfile`] reads and writes one key file, in every form that Bittensor's tools have written
//!   for sr25519: JSON, a bare seed, a bare phrase, each plain or encrypted with `$NACL`.
//! * [`password`] says where the password of an encrypted file comes from: a file, the
//!   environment, or a prompt that the program supplies.
//!
//! Decisions:
//! * A key is believed only if every secret in its file gives the same public key, and if that is
//!   the public key and the address that are written beside it.
//! * A file that others can read is refused: its secret may be known already.
//! * Secrets are wiped after use and never part of an error or of `Debug` output.
//!
//! Deliberately absent: coldkeys (a validator never needs the key that owns funds), derivation
//! paths, ed25519, the two encryptions before `$NACL`, and any terminal: prompting belongs to
//! programs.

pub mod error;
mod file;
mod format;
pub mod key;
pub mod keyfile;
pub mod limits;
mod nacl;
pub mod password;
pub mod wallet;

pub use error::{PasswordError, WalletError};
pub use key::WalletKey;
pub use keyfile::WriteOptions;
pub use password::{Password, PasswordOrigin, PasswordSource, Passwords};
pub use wallet::WalletDir;
