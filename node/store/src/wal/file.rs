//! The log's file operations, behind a trait so that tests can let the disk fail.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::path::Path;

use crate::disk::{create_private_file, sync_dir};

/// What the log does with its file once it is open.
pub(super) trait LogFile: Send {
    /// Writes at the end.
    fn append(&mut self, bytes: &[u8]) -> io::Result<()>;
    /// Returns when the data is on the device.
    fn sync(&mut self) -> io::Result<()>;
}

/// A real file.
pub(super) struct DiskFile(File);

impl DiskFile {
    pub(super) fn open(path: &Path) -> io::Result<DiskFile> {
        OpenOptions::new().append(true).open(path).map(DiskFile)
    }

    pub(super) fn truncate(&mut self, len_bytes: u64) -> io::Result<()> {
        self.0.set_len(len_bytes)
    }
}

impl LogFile for DiskFile {
    fn append(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.0.write_all(bytes)
    }

    fn sync(&mut self) -> io::Result<()> {
        self.0.sync_data()
    }
}

/// Writes a file beside `path`, syncs it and renames it over `path`, durably.
pub(super) fn replace(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let temporary = super::with_suffix(path, "tmp");
    let mut file = create_private_file(&temporary, true)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    fs::rename(&temporary, path)?;
    sync_dir(super::dir_of(path))
}

/// Reads a whole file, refusing more than `max_bytes`.
pub(super) fn read_bounded(path: &Path, max_bytes: u64) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    File::open(path)?
        .take(max_bytes.saturating_add(1))
        .read_to_end(&mut bytes)?;
    if bytes.len() as u64 > max_bytes {
        return Err(io::Error::new(
            io::ErrorKind::FileTooLarge,
            format!("expected at most {max_bytes} bytes"),
        ));
    }
    Ok(bytes)
}
