//! One key file: opening it in whatever form it has, writing it as JSON.

use std::path::Path;

use crate::error::{KeyDataError, WalletError};
use crate::file::{self, Secrecy};
use crate::format;
use crate::key::WalletKey;
use crate::limits::KEY_FILE_MAX_BYTES;
use crate::nacl::{self, OpenError};
use crate::password::{Password, PasswordSource, variable_of};

/// How a key file is written.
#[derive(Debug, Default, Clone, Copy)]
pub struct WriteOptions<'a> {
    /// Encrypt with this password.
    pub password: Option<&'a Password>,
    /// Replace what is there, for good.
    pub replace: bool,
}

/// Opens the key file at `path`. `passwords` is asked only if the file is encrypted, and once;
/// opening an encrypted file takes seconds and 512 MiB of memory.
pub fn read(path: &Path, passwords: &mut dyn PasswordSource) -> Result<WalletKey, WalletError> {
    let contents = file::read(path, KEY_FILE_MAX_BYTES, Secrecy::Private)?;
    if !nacl::is_encrypted(&contents) {
        return format::parse(&contents).map_err(|error| key_error(path, error));
    }
    nacl::check_length(&contents).map_err(|error| key_error(path, error))?;
    let password = passwords
        .password(path)?
        .ok_or_else(|| WalletError::PasswordNeeded {
            path: path.into(),
            env_name: variable_of(path),
        })?;
    let plaintext = nacl::decrypt(&contents, password.bytes()).map_err(|error| match error {
        OpenError::WrongPassword => WalletError::WrongPassword {
            path: path.into(),
            origin: password.origin().clone(),
        },
        OpenError::Data(error) => key_error(path, error),
    })?;
    format::parse(&plaintext).map_err(|error| key_error(path, error))
}

/// Writes a key file with mode 0600, whole or not at all. Makes its directories.
pub fn write(path: &Path, key: &WalletKey, options: WriteOptions<'_>) -> Result<(), WalletError> {
    let json = format::write(key).map_err(|error| key_error(path, error))?;
    match options.password {
        None => file::write(path, &json, options.replace),
        Some(password) => {
            let sealed =
                nacl::encrypt(&json, password.bytes()).map_err(|error| key_error(path, error))?;
            file::write(path, &sealed, options.replace)
        }
    }
}

pub(crate) fn key_error(path: &Path, source: KeyDataError) -> WalletError {
    WalletError::Key {
        path: path.into(),
        source: Box::new(source),
    }
}
