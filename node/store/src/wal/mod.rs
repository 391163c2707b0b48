//! The write-ahead log of signatures: what a validator signs is in here, durable, before it is
//! sent. Records are opaque bytes.
//!
//! * One append is one frame and one `fdatasync`; callers group what belongs together.
//! * An append that a crash cut off is dropped at opening: it was never acknowledged. Anything else
//!   that does not read back is an error, never ignored: a validator that forgets a signature may
//!   sign the opposite.
//! * After a failed write or sync nothing more is appended, since the file's end is unknown then.
//! * Compaction writes a new file beside the old one and renames it.

mod file;
mod frame;

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use crate::disk;
use crate::limits::{WAL_GROUP_MAX_BYTES, WAL_MAX_BYTES, WAL_RECORD_MAX_BYTES};
use file::{DiskFile, LogFile};
use frame::{Parsed, SECTOR_BYTES};

/// Why the log could not be opened or written.
#[derive(Debug, thiserror::Error)]
pub enum WalError {
    /// The operating system refused.
    #[error("{what}: {error}")]
    Io {
        /// What was tried.
        what: String,
        /// The system's answer.
        #[source]
        error: io::Error,
    },
    /// Another process writes this log.
    #[error("write-ahead log {0} is in use by another process")]
    Locked(PathBuf),
    /// A record that may have been acknowledged does not read back. Don't delete the log to get
    /// going: the validator could sign twice. Restore it, or wait until all it may hold is decided.
    #[error("write-ahead log {path} is damaged at byte {offset}: {reason}")]
    Damaged {
        /// The file.
        path: PathBuf,
        /// Where.
        offset: u64,
        /// What is wrong there.
        reason: &'static str,
    },
    /// A record or group is too large.
    #[error("expected {what} of at most {limit_bytes} bytes, got {got_bytes}")]
    TooLarge {
        /// Record, group or log.
        what: &'static str,
        /// The limit.
        limit_bytes: u64,
        /// What it would be.
        got_bytes: u64,
    },
    /// An earlier write failed; the log must be opened again.
    #[error("write-ahead log stopped after a failed write; open it again")]
    Stopped,
}

/// What opening found.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct WalOpened {
    /// All records, oldest first.
    pub records: Vec<Vec<u8>>,
    /// Bytes of an append that a crash cut off, dropped now.
    pub torn_bytes: u64,
}

/// An open log. Calls block until the disk has the data.
pub struct Wal {
    path: PathBuf,
    state: Mutex<State>,
    _lock: fs::File,
}

struct State {
    file: Box<dyn LogFile>,
    len_bytes: u64,
    next_sequence: u64,
    is_stopped: bool,
}

impl Wal {
    /// Opens or makes the log and reads all records.
    ///
    /// # Errors
    /// [`WalError::Damaged`] when something that may have been acknowledged does not read back,
    /// [`WalError::Locked`] when another process has it open.
    pub fn open(path: &Path) -> Result<(Wal, WalOpened), WalError> {
        let dir = dir_of(path);
        disk::create_private_dir(dir).map_err(io_error("creating", dir))?;
        let lock = disk::lock(&with_suffix(path, "lock"))
            .map_err(io_error("locking", path))?
            .ok_or_else(|| WalError::Locked(path.to_owned()))?;
        if !path.try_exists().map_err(io_error("looking for", path))? {
            file::replace(path, &frame::file_header()).map_err(io_error("creating", path))?;
        }
        let bytes = file::read_bounded(path, WAL_MAX_BYTES).map_err(io_error("reading", path))?;
        let scanned = scan(path, &bytes)?;
        let mut disk = DiskFile::open(path).map_err(io_error("opening", path))?;
        let torn_bytes = (bytes.len() - scanned.len) as u64;
        if torn_bytes > 0 {
            disk.truncate(scanned.len as u64)
                .and_then(|()| disk.sync())
                .map_err(io_error("cutting the torn end off", path))?;
            tracing::warn!(path = %path.display(), torn_bytes, "dropped an unfinished append");
        }
        let state = State {
            file: Box::new(disk),
            len_bytes: scanned.len as u64,
            next_sequence: scanned.next_sequence,
            is_stopped: false,
        };
        let wal = Wal {
            path: path.to_owned(),
            state: Mutex::new(state),
            _lock: lock,
        };
        let opened = WalOpened {
            records: scanned.records,
            torn_bytes,
        };
        Ok((wal, opened))
    }

    /// Appends records as one group: when this returns they survive power loss, all of them; when
    /// a crash comes first, none of them is there. No records: nothing happens.
    pub fn append(&self, records: &[impl AsRef<[u8]>]) -> Result<(), WalError> {
        if records.is_empty() {
            return Ok(());
        }
        check_group(records)?;
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if state.is_stopped {
            return Err(WalError::Stopped);
        }
        let frame = frame::encode(state.next_sequence, records);
        let len_bytes = state.len_bytes + frame.len() as u64;
        if len_bytes > WAL_MAX_BYTES {
            return Err(WalError::TooLarge {
                what: "a log",
                limit_bytes: WAL_MAX_BYTES,
                got_bytes: len_bytes,
            });
        }
        // Stopped until the write is known to be good, so that even a panic leaves it stopped.
        state.is_stopped = true;
        state
            .file
            .append(&frame)
            .and_then(|()| state.file.sync())
            .map_err(io_error("appending to", &self.path))?;
        state.len_bytes = len_bytes;
        state.next_sequence += 1;
        state.is_stopped = false;
        Ok(())
    }

    /// Replaces the whole log by these records, atomically and durably.
    pub fn rewrite(&self, records: &[impl AsRef<[u8]>]) -> Result<(), WalError> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if state.is_stopped {
            return Err(WalError::Stopped);
        }
        let mut bytes = frame::file_header();
        let mut sequence = 0;
        for group in groups(records) {
            check_group(group)?;
            bytes.extend_from_slice(&frame::encode(sequence, group));
            sequence += 1;
        }
        if bytes.len() as u64 > WAL_MAX_BYTES {
            return Err(WalError::TooLarge {
                what: "a log",
                limit_bytes: WAL_MAX_BYTES,
                got_bytes: bytes.len() as u64,
            });
        }
        state.is_stopped = true;
        let disk = file::replace(&self.path, &bytes)
            .and_then(|()| DiskFile::open(&self.path))
            .map_err(io_error("rewriting", &self.path))?;
        *state = State {
            file: Box::new(disk),
            len_bytes: bytes.len() as u64,
            next_sequence: sequence,
            is_stopped: false,
        };
        Ok(())
    }

    /// Size of the file in bytes: what to decide about compaction by.
    pub fn len_bytes(&self) -> u64 {
        let state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.len_bytes
    }
}

/// What a whole file holds.
struct Scanned {
    records: Vec<Vec<u8>>,
    len: usize,
    next_sequence: u64,
}

fn scan(path: &Path, bytes: &[u8]) -> Result<Scanned, WalError> {
    let damaged = |offset: usize, reason: &'static str| WalError::Damaged {
        path: path.to_owned(),
        offset: offset as u64,
        reason,
    };
    // The header sector is there before the file has its name, so it can't be torn.
    if !bytes.starts_with(&frame::file_header()) {
        return Err(damaged(0, "the header is not that of a log"));
    }
    let mut scanned = Scanned {
        records: Vec::new(),
        len: SECTOR_BYTES,
        next_sequence: 0,
    };
    loop {
        let rest = bytes.get(scanned.len..).unwrap_or_default();
        if rest.is_empty() {
            return Ok(scanned);
        }
        match frame::parse(scanned.next_sequence, rest) {
            Parsed::Frame { records, len } => {
                scanned.records.extend(records);
                scanned.len += len;
                scanned.next_sequence += 1;
            }
            Parsed::Torn => return Ok(scanned),
            Parsed::Damaged(reason) => return Err(damaged(scanned.len, reason)),
        }
    }
}

/// Splits records into groups that keep the limit of one append.
fn groups<R: AsRef<[u8]>>(records: &[R]) -> impl Iterator<Item = &[R]> {
    let mut rest = records;
    core::iter::from_fn(move || {
        let mut size = 0usize;
        let count = rest
            .iter()
            .take_while(|record| {
                size += group_bytes(record.as_ref());
                size <= WAL_GROUP_MAX_BYTES
            })
            .count();
        // A record too large for any group goes alone, to be refused.
        let (group, after) = rest.split_at_checked(count.max(1))?;
        rest = after;
        Some(group)
    })
}

fn check_group(records: &[impl AsRef<[u8]>]) -> Result<(), WalError> {
    let mut size = 0usize;
    for record in records {
        let record = record.as_ref();
        if record.len() > WAL_RECORD_MAX_BYTES {
            return Err(WalError::TooLarge {
                what: "a record",
                limit_bytes: WAL_RECORD_MAX_BYTES as u64,
                got_bytes: record.len() as u64,
            });
        }
        size += group_bytes(record);
    }
    if size > WAL_GROUP_MAX_BYTES {
        return Err(WalError::TooLarge {
            what: "a group",
            limit_bytes: WAL_GROUP_MAX_BYTES as u64,
            got_bytes: size as u64,
        });
    }
    Ok(())
}

/// Bytes that a record takes in a group.
fn group_bytes(record: &[u8]) -> usize {
    4 + record.len()
}

fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".");
    name.push(suffix);
    name.into()
}

/// The folder that a file is in.
fn dir_of(path: &Path) -> &Path {
    path.parent()
        .filter(|dir| !dir.as_os_str().is_empty())
        .unwrap_or(Path::new("."))
}

fn io_error(verb: &str, path: &Path) -> impl FnOnce(io::Error) -> WalError {
    let what = format!("{verb} {}", path.display());
    move |error| WalError::Io { what, error }
}

#[cfg(test)]
mod tests;
