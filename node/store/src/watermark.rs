//! How many batches were durable when the store was last flushed, in a file of its own. sled
//! recovers what it can read: without this number a database that lost its newest part, or all of
//! it, would look like an older or a fresh one.
//!
//! Two slots are written in turn, so that a torn write leaves the other one.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::path::Path;

use crate::disk::create_private_file;
use crate::record::Header;

const SLOT_BYTES: usize = 64;
const VALUE_BYTES: usize = 8;

pub(crate) struct Watermark {
    file: File,
    commits: u64,
}

impl Watermark {
    /// Opens or makes the file.
    pub(crate) fn open(path: &Path) -> io::Result<Watermark> {
        let file = create_private_file(path, false)?;
        let mut commits = 0;
        for slot in [0u8, 1] {
            let mut bytes = [0u8; SLOT_BYTES];
            let read = file.read_at(&mut bytes, u64::from(slot) * SLOT_BYTES as u64)?;
            if let Some(value) = read_slot(slot, bytes.get(..read).unwrap_or_default()) {
                commits = commits.max(value);
            }
        }
        Ok(Watermark { file, commits })
    }

    /// Number of batches that were durable.
    pub(crate) fn commits(&self) -> u64 {
        self.commits
    }

    /// Raises the number durably; a lower one is ignored.
    pub(crate) fn raise(&mut self, commits: u64) -> io::Result<()> {
        if commits <= self.commits {
            return Ok(());
        }
        self.write((commits % 2) as u8, commits)?;
        self.commits = commits;
        Ok(())
    }

    /// Starts over with a fresh database.
    pub(crate) fn reset(&mut self) -> io::Result<()> {
        self.write(0, 0)?;
        self.write(1, 0)?;
        self.commits = 0;
        Ok(())
    }

    fn write(&mut self, slot: u8, commits: u64) -> io::Result<()> {
        let value = commits.to_le_bytes();
        let mut bytes = Header::of(&[slot], &value).record(&value);
        bytes.resize(SLOT_BYTES, 0);
        self.file
            .write_all_at(&bytes, u64::from(slot) * SLOT_BYTES as u64)?;
        self.file.sync_data()
    }
}

fn read_slot(slot: u8, bytes: &[u8]) -> Option<u64> {
    let record = bytes.get(..crate::record::HEADER_BYTES + VALUE_BYTES)?;
    let (header, value) = Header::parse(record)?;
    if !header.matches(&[slot], value) {
        return None;
    }
    value.try_into().ok().map(u64::from_le_bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_torn_slot_leaves_the_one_before() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("watermark");
        let mut watermark = Watermark::open(&path).unwrap();
        for commits in [4, 7] {
            watermark.raise(commits).unwrap();
        }
        drop(watermark);
        assert_eq!(Watermark::open(&path).unwrap().commits(), 7);
        let mut bytes = std::fs::read(&path).unwrap();
        bytes[SLOT_BYTES + 25] ^= 1;
        std::fs::write(&path, bytes).unwrap();
        assert_eq!(Watermark::open(&path).unwrap().commits(), 4);
    }
}
