//! Files that only their owner may read.
//!
//! What is checked is the opened file itself, so that it can't be swapped in between; a symbolic
//! link is followed, because secret mounts consist of them, and what it leads to is checked.
//! Writing never follows one: the new file takes the place of the link.

use std::fs::{DirBuilder, File, OpenOptions, Permissions};
use std::io::{self, Read, Write};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::Path;

use rustix::fs::OFlags;
use zeroize::Zeroizing;

use crate::error::WalletError;

/// Permission bits of group and others.
const OTHERS_MASK: u32 = 0o077;

/// Owner may read and write, nobody else anything.
const FILE_MODE: u32 = 0o600;

/// Owner may do everything, nobody else anything.
const DIRECTORY_MODE: u32 = 0o700;

/// Who may be able to read a file.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Secrecy {
    /// Only the owner.
    Private,
    /// Anybody.
    Public,
}

/// The bytes of a regular file of at most `max_bytes`.
pub fn read(
    path: &Path,
    max_bytes: usize,
    secrecy: Secrecy,
) -> Result<Zeroizing<Vec<u8>>, WalletError> {
    let file = open(path, secrecy)?;
    let limit = max_bytes.saturating_add(1);
    // Sized up front: a growing buffer would leave copies of the secret behind.
    let mut bytes = Zeroizing::new(Vec::with_capacity(limit));
    file.take(limit as u64)
        .read_to_end(&mut bytes)
        .map_err(|error| io_error(path, error))?;
    if bytes.len() > max_bytes {
        return Err(WalletError::TooLarge { path: path.into() });
    }
    Ok(bytes)
}

/// Puts a file with mode 0600 at `path`, whole or not at all. It is on disk when this returns.
pub fn write(path: &Path, bytes: &[u8], replace: bool) -> Result<(), WalletError> {
    let parent = match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    };
    DirBuilder::new()
        .recursive(true)
        .mode(DIRECTORY_MODE)
        .create(parent)
        .map_err(|error| io_error(parent, error))?;
    let mut temporary = tempfile::Builder::new()
        .prefix(".assay-key-")
        .permissions(Permissions::from_mode(FILE_MODE))
        .tempfile_in(parent)
        .map_err(|error| io_error(parent, error))?;
    temporary
        .write_all(bytes)
        .and_then(|()| temporary.as_file().sync_all())
        .map_err(|error| io_error(path, error))?;
    let placed = if replace {
        temporary.persist(path)
    } else {
        temporary.persist_noclobber(path)
    };
    placed.map_err(|failed| match failed.error.kind() {
        io::ErrorKind::AlreadyExists if !replace => WalletError::Exists { path: path.into() },
        _ => io_error(path, failed.error),
    })?;
    File::open(parent)
        .and_then(|directory| directory.sync_all())
        .map_err(|error| io_error(parent, error))
}

fn open(path: &Path, secrecy: Secrecy) -> Result<File, WalletError> {
    // Without NONBLOCK, opening a pipe would wait for its writer.
    let file = OpenOptions::new()
        .read(true)
        .custom_flags(OFlags::NONBLOCK.bits().cast_signed())
        .open(path)
        .map_err(|error| match error.kind() {
            io::ErrorKind::NotFound => WalletError::Missing { path: path.into() },
            _ => io_error(path, error),
        })?;
    let metadata = file.metadata().map_err(|error| io_error(path, error))?;
    if !metadata.is_file() {
        return Err(WalletError::NotAFile { path: path.into() });
    }
    if secrecy == Secrecy::Private && metadata.mode() & OTHERS_MASK != 0 {
        return Err(WalletError::Permissions {
            path: path.into(),
            mode: metadata.mode() & 0o777,
        });
    }
    Ok(file)
}

fn io_error(path: &Path, source: io::Error) -> WalletError {
    WalletError::Io {
        path: path.into(),
        source,
    }
}
