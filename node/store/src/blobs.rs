//! Content-addressed files: payloads, logs, transcripts, modules.
//!
//! A blob's name is the SHA-256 of its content, so a file is right or wrong by itself and writing
//! it twice is harmless. Files appear under their name only when they are complete and durable.
//! What does not match its name any more is moved aside and reported as [`BlobError::Corrupt`];
//! after that the blob counts as absent and can be fetched again.

use std::collections::VecDeque;
use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use assay_consensus::hash::Hash;

use crate::disk::{create_private_dir, create_private_file, sync_dir};
use crate::limits::{BLOB_CACHE_ENTRIES, BLOB_CACHE_ENTRY_MAX_BYTES, BLOB_MAX_BYTES};

/// Folder for files that are being written.
const TEMPORARY_DIR: &str = "tmp";

/// Folder for files that don't match their name.
const CORRUPT_DIR: &str = "corrupt";

/// Limits of a blob store.
#[derive(Debug, Clone, Copy)]
pub struct BlobOptions {
    /// Largest blob in bytes, at most [`BLOB_MAX_BYTES`].
    pub blob_max_bytes: usize,
    /// Most bytes of all blobs together.
    pub total_max_bytes: u64,
}

impl Default for BlobOptions {
    fn default() -> BlobOptions {
        BlobOptions {
            blob_max_bytes: BLOB_MAX_BYTES,
            total_max_bytes: 64 * 1024 * 1024 * 1024,
        }
    }
}

/// Why a blob could not be stored or read.
#[derive(Debug, thiserror::Error)]
pub enum BlobError {
    /// The operating system refused.
    #[error("{what}: {error}")]
    Io {
        /// What was tried.
        what: String,
        /// The system's answer.
        #[source]
        error: io::Error,
    },
    /// Larger than any blob may be.
    #[error("expected a blob of at most {limit_bytes} bytes, got {got_bytes}")]
    TooLarge {
        /// The limit.
        limit_bytes: usize,
        /// Its size.
        got_bytes: usize,
    },
    /// No room for it.
    #[error("expected at most {limit_bytes} bytes of blobs in all, got {got_bytes}")]
    Full {
        /// The limit.
        limit_bytes: u64,
        /// What it would be.
        got_bytes: u64,
    },
    /// Its content has changed on disk; moved aside, fetch it again.
    #[error("blob {0} does not match its hash any more and was moved aside")]
    Corrupt(Hash),
}

/// Content-addressed files in a folder. All calls block.
pub struct BlobStore {
    dir: PathBuf,
    options: BlobOptions,
    next_temporary: AtomicU64,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    total_bytes: u64,
    /// Blobs whose content was verified in this process, latest last.
    verified: VecDeque<(Hash, Arc<Vec<u8>>)>,
}

impl BlobStore {
    /// Opens or makes a store in a folder. Unfinished files of an earlier run are deleted.
    pub fn open(dir: &Path, options: BlobOptions) -> Result<BlobStore, BlobError> {
        let temporary = dir.join(TEMPORARY_DIR);
        if temporary.exists() {
            fs::remove_dir_all(&temporary).map_err(io_error("clearing", &temporary))?;
        }
        for path in [dir, &temporary, &dir.join(CORRUPT_DIR)] {
            create_private_dir(path).map_err(io_error("creating", path))?;
        }
        let store = BlobStore {
            dir: dir.to_owned(),
            options: BlobOptions {
                blob_max_bytes: options.blob_max_bytes.min(BLOB_MAX_BYTES),
                ..options
            },
            next_temporary: AtomicU64::new(0),
            state: Mutex::default(),
        };
        let mut total_bytes = 0u64;
        store.visit(|_, len| total_bytes = total_bytes.saturating_add(len))?;
        store.state().total_bytes = total_bytes;
        Ok(store)
    }

    /// Stores a blob durably and returns its hash. One that is there already is left as it is.
    pub fn put(&self, bytes: &[u8]) -> Result<Hash, BlobError> {
        if bytes.len() > self.options.blob_max_bytes {
            return Err(BlobError::TooLarge {
                limit_bytes: self.options.blob_max_bytes,
                got_bytes: bytes.len(),
            });
        }
        let hash = Hash::of(bytes);
        let path = self.path(&hash);
        if path.exists() {
            return Ok(hash);
        }
        let len = bytes.len() as u64;
        self.reserve(len)?;
        let outcome = self.write(&path, bytes);
        // Not counted: nothing was written, or somebody else wrote it at the same time.
        if !matches!(outcome, Ok(true)) {
            self.release(len);
        }
        outcome.map(|_| hash)
    }

    /// Reads and verifies a blob.
    pub fn get(&self, hash: &Hash) -> Result<Option<Vec<u8>>, BlobError> {
        let path = self.path(hash);
        let mut bytes = Vec::new();
        match File::open(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(io_error("opening", &path)(error)),
            Ok(file) => file
                .take(BLOB_MAX_BYTES as u64 + 1)
                .read_to_end(&mut bytes)
                .map_err(io_error("reading", &path))?,
        };
        if Hash::of(&bytes) == *hash {
            return Ok(Some(bytes));
        }
        let aside = self.dir.join(CORRUPT_DIR).join(hash.to_hex());
        let len = file_len(&path)?;
        fs::rename(&path, &aside).map_err(io_error("moving aside", &path))?;
        self.release(len);
        tracing::error!(path = %aside.display(), "blob was corrupt and moved aside");
        Err(BlobError::Corrupt(*hash))
    }

    /// Reads a part of a blob: at most `len` bytes from `offset`, fewer at its end. The whole blob
    /// is verified first, unless a recent call has done so.
    pub fn read_at(
        &self,
        hash: &Hash,
        offset: u64,
        len: usize,
    ) -> Result<Option<Vec<u8>>, BlobError> {
        let Some(bytes) = self.verified(hash)? else {
            return Ok(None);
        };
        let start = usize::try_from(offset).map_or(bytes.len(), |start| start.min(bytes.len()));
        let end = start.saturating_add(len).min(bytes.len());
        Ok(bytes.get(start..end).map(<[u8]>::to_vec))
    }

    /// Whether a blob is there; its content is not verified.
    pub fn contains(&self, hash: &Hash) -> bool {
        self.path(hash).is_file()
    }

    /// Size of a blob in bytes; its content is not verified.
    pub fn len_of(&self, hash: &Hash) -> Option<u64> {
        fs::metadata(self.path(hash))
            .ok()
            .map(|metadata| metadata.len())
    }

    /// Bytes of all blobs together.
    pub fn total_bytes(&self) -> u64 {
        self.state().total_bytes
    }

    /// Deletes a blob; whether it was there.
    pub fn remove(&self, hash: &Hash) -> Result<bool, BlobError> {
        let path = self.path(hash);
        let mut state = self.state();
        state.verified.retain(|(known, _)| known != hash);
        let len = match fs::metadata(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(false),
            Err(error) => return Err(io_error("looking at", &path)(error)),
            Ok(metadata) => metadata.len(),
        };
        fs::remove_file(&path).map_err(io_error("deleting", &path))?;
        state.total_bytes = state.total_bytes.saturating_sub(len);
        Ok(true)
    }

    /// Deletes every blob that `keep` does not want; returns how many. Blobs that are stored while
    /// this runs may or may not be asked about: `keep` must want what is about to be referred to.
    pub fn retain(&self, mut keep: impl FnMut(&Hash) -> bool) -> Result<u64, BlobError> {
        let mut unwanted = Vec::new();
        self.visit(|hash, _| {
            if !keep(&hash) {
                unwanted.push(hash);
            }
        })?;
        let mut removed = 0;
        for hash in unwanted {
            removed += u64::from(self.remove(&hash)?);
        }
        Ok(removed)
    }

    /// Writes a file and gives it its name; whether it was this call that made it.
    fn write(&self, path: &Path, bytes: &[u8]) -> Result<bool, BlobError> {
        let number = self.next_temporary.fetch_add(1, Ordering::Relaxed);
        let temporary = self.dir.join(TEMPORARY_DIR).join(number.to_string());
        let written = write_durably(&temporary, bytes)
            .map_err(io_error("writing", &temporary))
            .and_then(|()| self.name(&temporary, path));
        if !matches!(written, Ok(true)) {
            // What can't be deleted now is deleted at the next start.
            let _ = fs::remove_file(&temporary);
        }
        written
    }

    fn name(&self, temporary: &Path, path: &Path) -> Result<bool, BlobError> {
        let shard = path.parent().unwrap_or(&self.dir);
        if !shard.exists() {
            create_private_dir(shard).map_err(io_error("creating", shard))?;
            sync_dir(&self.dir).map_err(io_error("syncing", &self.dir))?;
        }
        {
            let _one_at_a_time = self.state();
            if path.exists() {
                return Ok(false);
            }
            fs::rename(temporary, path).map_err(io_error("naming", path))?;
        }
        sync_dir(shard).map_err(io_error("syncing", shard))?;
        Ok(true)
    }

    fn verified(&self, hash: &Hash) -> Result<Option<Arc<Vec<u8>>>, BlobError> {
        let known = self
            .state()
            .verified
            .iter()
            .find(|(known, _)| known == hash)
            .map(|(_, bytes)| Arc::clone(bytes));
        if known.is_some() {
            return Ok(known);
        }
        let Some(bytes) = self.get(hash)?.map(Arc::new) else {
            return Ok(None);
        };
        if bytes.len() <= BLOB_CACHE_ENTRY_MAX_BYTES {
            let mut state = self.state();
            if state.verified.len() >= BLOB_CACHE_ENTRIES {
                state.verified.pop_front();
            }
            state.verified.push_back((*hash, Arc::clone(&bytes)));
        }
        Ok(Some(bytes))
    }

    /// Visits the name and length of every blob; other files are passed over.
    fn visit(&self, mut visitor: impl FnMut(Hash, u64)) -> Result<(), BlobError> {
        for shard in list(&self.dir)? {
            let is_shard = shard.file_name().is_some_and(|name| name.len() == 2);
            if !is_shard || !shard.is_dir() {
                continue;
            }
            for path in list(&shard)? {
                let name = path.file_name().and_then(|name| name.to_str());
                if let Some(hash) = name.and_then(Hash::from_hex) {
                    visitor(hash, file_len(&path)?);
                }
            }
        }
        Ok(())
    }

    fn reserve(&self, len: u64) -> Result<(), BlobError> {
        let mut state = self.state();
        let total = state.total_bytes.saturating_add(len);
        if total > self.options.total_max_bytes {
            return Err(BlobError::Full {
                limit_bytes: self.options.total_max_bytes,
                got_bytes: total,
            });
        }
        state.total_bytes = total;
        Ok(())
    }

    fn release(&self, len: u64) {
        let mut state = self.state();
        state.total_bytes = state.total_bytes.saturating_sub(len);
    }

    fn path(&self, hash: &Hash) -> PathBuf {
        let name = hash.to_hex();
        let shard = name.get(..2).unwrap_or(&name).to_owned();
        self.dir.join(shard).join(name)
    }

    // The state is consistent after every single statement, so a poisoned lock is as good as any.
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn write_durably(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut file = create_private_file(path, true)?;
    file.write_all(bytes)?;
    file.sync_all()
}

fn list(dir: &Path) -> Result<Vec<PathBuf>, BlobError> {
    fs::read_dir(dir)
        .and_then(|entries| entries.map(|entry| entry.map(|e| e.path())).collect())
        .map_err(io_error("listing", dir))
}

fn file_len(path: &Path) -> Result<u64, BlobError> {
    fs::metadata(path)
        .map(|metadata| metadata.len())
        .map_err(io_error("looking at", path))
}

fn io_error(verb: &str, path: &Path) -> impl FnOnce(io::Error) -> BlobError {
    let what = format!("{verb} {}", path.display());
    move |error| BlobError::Io { what, error }
}
