//! Checked access to sled: every read verifies, every batch keeps the manifest, and a panic inside
//! sled (it panics on some corrupt pages) becomes an error that stops the store.

use std::fs::File;
use std::io;
use std::ops::{Bound, ControlFlow};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use assay_consensus::codec;

use crate::batch::Ops;
use crate::error::StoreError;
use crate::limits::{CHUNK_BYTES, SLED_LOCK_POLL_MS, SLED_LOCK_WAIT_MS, VALUE_MAX_BYTES};
use crate::manifest::Manifest;
use crate::record::Header;
use crate::table::{FIRST_INTERNAL_TABLE, Order};

/// Holds [`Manifest`].
const MANIFEST_KEY: &[u8] = &[FIRST_INTERNAL_TABLE];

/// Table of chunks; entries of it are covered by the checksum of their record.
const CHUNK_TABLE: u8 = FIRST_INTERNAL_TABLE + 1;

/// A range of physical keys.
pub(crate) type KeyRange = (Bound<Vec<u8>>, Bound<Vec<u8>>);

/// sled with checks.
pub(crate) struct Raw {
    db: sled::Db,
    /// sled's data file, to sync it beyond what sled does.
    file: File,
    is_stopped: AtomicBool,
}

impl Raw {
    /// Opens sled in a folder. Panics inside sled come back as errors.
    pub(crate) fn open(dir: &Path, cache_bytes: u64) -> Result<Raw, StoreError> {
        let config = sled::Config::new().path(dir).cache_capacity(cache_bytes);
        let db = open_sled(&config)?;
        let path = dir.join("db");
        let file =
            File::open(&path).map_err(StoreError::io(format!("opening {}", path.display())))?;
        Ok(Raw {
            db,
            file,
            is_stopped: AtomicBool::new(false),
        })
    }

    /// Reads and verifies the value under a physical key.
    pub(crate) fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        match self.guarded(|| self.db.get(key))? {
            None => Ok(None),
            Some(record) => self.checked_value(key, &record).map(Some),
        }
    }

    /// Whether there is a record under a physical key; its value is not verified.
    pub(crate) fn contains(&self, key: &[u8]) -> Result<bool, StoreError> {
        self.guarded(|| self.db.contains_key(key))
    }

    /// Visits records in key order; `read_values` false leaves values out and unverified.
    pub(crate) fn scan(
        &self,
        bounds: KeyRange,
        order: Order,
        read_values: bool,
        mut visit: impl FnMut(Vec<u8>, Vec<u8>) -> Result<ControlFlow<()>, StoreError>,
    ) -> Result<(), StoreError> {
        if is_empty_range(&bounds) {
            return Ok(());
        }
        let mut entries = self.db.range(bounds);
        loop {
            let next = self.guarded(|| match order {
                Order::Ascending => entries.next().transpose(),
                Order::Descending => entries.next_back().transpose(),
            })?;
            let Some((key, record)) = next else {
                return Ok(());
            };
            let value = if read_values {
                self.checked_value(&key, &record)?
            } else {
                Vec::new()
            };
            if visit(key.to_vec(), value)?.is_break() {
                return Ok(());
            }
        }
    }

    /// Applies a batch atomically and returns the manifest that was written with it.
    pub(crate) fn apply(&self, manifest: &Manifest, ops: &Ops) -> Result<Manifest, StoreError> {
        let mut next = manifest.clone();
        next.commits += 1;
        let mut batch = sled::Batch::default();
        for (key, value) in ops {
            let table = key.first().copied().unwrap_or_default();
            let old = self.header(key)?;
            if let Some(old) = &old {
                next.remove(table, old);
            }
            let new = value.as_ref().map(|value| (Header::of(key, value), value));
            match &new {
                Some((header, value)) => {
                    next.add(table, header);
                    batch.insert(key.as_slice(), header.record(value));
                    if header.is_chunked {
                        for (index, chunk) in value.chunks(CHUNK_BYTES).enumerate() {
                            batch.insert(chunk_key(key, index), chunk);
                        }
                    }
                }
                None if old.is_some() => batch.remove(key.as_slice()),
                None => {}
            }
            let kept = new.map_or(0, |(header, _)| header.chunks());
            for index in kept..old.map_or(0, |old| old.chunks()) {
                batch.remove(chunk_key(key, index));
            }
        }
        let bytes = codec::encode(&next);
        batch.insert(
            MANIFEST_KEY,
            Header::of(MANIFEST_KEY, &bytes).record(&bytes),
        );
        self.guarded(|| self.db.apply_batch(batch))?;
        Ok(next)
    }

    /// Reads every record, verifies it, and compares counts and sums with the manifest. An empty
    /// database has an empty manifest.
    pub(crate) fn verify(&self) -> Result<Manifest, StoreError> {
        let corrupt = |reason: &str| StoreError::Corrupt(reason.into());
        let mut found = Manifest::empty();
        let mut is_empty = true;
        let everything = (
            Bound::Unbounded,
            Bound::Excluded(vec![FIRST_INTERNAL_TABLE]),
        );
        let mut entries = self.db.range::<Vec<u8>, _>(everything);
        while let Some((key, record)) = self.guarded(|| entries.next().transpose())? {
            is_empty = false;
            self.checked_value(&key, &record)?;
            let (header, _) = Header::parse(&record).ok_or_else(|| corrupt("broken record"))?;
            found.add(key.first().copied().unwrap_or_default(), &header);
        }
        let Some(bytes) = self.get(MANIFEST_KEY)? else {
            return if is_empty {
                Ok(found)
            } else {
                Err(corrupt("the manifest is missing"))
            };
        };
        let manifest: Manifest = codec::decode(&bytes, VALUE_MAX_BYTES)
            .map_err(|error| StoreError::Corrupt(format!("manifest: {error}")))?;
        if !manifest.is_current_format() {
            return Err(corrupt("the layout is of another version"));
        }
        match manifest.difference(&found) {
            None => Ok(manifest),
            Some((table, expected, got)) => Err(StoreError::Corrupt(format!(
                "table {table:#04x}: expected {expected} records with a certain sum, \
                 found {got} records or another sum"
            ))),
        }
    }

    /// Makes everything applied so far survive power loss. sled only starts the write-back of its
    /// data file; the file's own sync also waits for the device.
    pub(crate) fn flush(&self) -> Result<(), StoreError> {
        self.guarded(|| self.db.flush())?;
        self.file.sync_all().map_err(|error| {
            self.is_stopped.store(true, Ordering::SeqCst);
            StoreError::io("syncing the database")(error)
        })
    }

    fn header(&self, key: &[u8]) -> Result<Option<Header>, StoreError> {
        match self.guarded(|| self.db.get(key))? {
            None => Ok(None),
            Some(record) => Header::parse(&record)
                .map(|(header, _)| Some(header))
                .ok_or_else(|| self.corrupt(key, "is no record")),
        }
    }

    fn checked_value(&self, key: &[u8], record: &[u8]) -> Result<Vec<u8>, StoreError> {
        let (header, inline) =
            Header::parse(record).ok_or_else(|| self.corrupt(key, "is no record"))?;
        let mut value = inline.to_vec();
        for index in 0..header.chunks() {
            let chunk = self
                .guarded(|| self.db.get(chunk_key(key, index)))?
                .filter(|chunk| chunk.len() <= CHUNK_BYTES)
                .ok_or_else(|| self.corrupt(key, "misses a chunk"))?;
            value.extend_from_slice(&chunk);
        }
        if header.matches(key, &value) {
            Ok(value)
        } else {
            Err(self.corrupt(key, "has a wrong checksum"))
        }
    }

    fn corrupt(&self, key: &[u8], what: &str) -> StoreError {
        self.is_stopped.store(true, Ordering::SeqCst);
        StoreError::Corrupt(format!("record {} {what}", hex::encode(key)))
    }

    /// Runs a sled operation. After an error or panic nothing more is done with the database.
    fn guarded<T>(&self, operation: impl FnOnce() -> sled::Result<T>) -> Result<T, StoreError> {
        if self.is_stopped.load(Ordering::SeqCst) {
            return Err(StoreError::Stopped);
        }
        let outcome = catch_unwind(AssertUnwindSafe(operation));
        if !matches!(outcome, Ok(Ok(_))) {
            self.is_stopped.store(true, Ordering::SeqCst);
        }
        match outcome {
            Ok(Ok(value)) => Ok(value),
            Ok(Err(error)) => Err(sled_error(error)),
            Err(_) => Err(StoreError::Corrupt("sled panicked".into())),
        }
    }
}

/// Opens sled. The caller holds a lock of its own, so whoever holds sled's is a thread of a
/// database that this process has just dropped: it is waited for.
fn open_sled(config: &sled::Config) -> Result<sled::Db, StoreError> {
    let mut waited_ms = 0;
    loop {
        let outcome = catch_unwind(AssertUnwindSafe(|| config.open()))
            .map_err(|_| StoreError::Corrupt("sled panicked while opening".into()))?;
        match outcome {
            Ok(db) => return Ok(db),
            Err(error) if is_lock_error(&error) && waited_ms < SLED_LOCK_WAIT_MS => {
                std::thread::sleep(Duration::from_millis(SLED_LOCK_POLL_MS));
                waited_ms += SLED_LOCK_POLL_MS;
            }
            Err(error) if is_lock_error(&error) => {
                return Err(StoreError::Io {
                    what: "locking the database".into(),
                    error: io::Error::new(io::ErrorKind::WouldBlock, error.to_string()),
                });
            }
            Err(error) => return Err(sled_error(error)),
        }
    }
}

/// sled reports a held lock as text only.
fn is_lock_error(error: &sled::Error) -> bool {
    matches!(error, sled::Error::Io(error) if error.to_string().contains("could not acquire lock"))
}

/// Tells a refusing system, which says nothing about the data, from data that makes no sense.
fn sled_error(error: sled::Error) -> StoreError {
    match error {
        sled::Error::Io(error)
            if error.raw_os_error().is_some() && error.kind() != io::ErrorKind::NotFound =>
        {
            StoreError::io("sled")(error)
        }
        other => StoreError::Corrupt(format!("sled: {other}")),
    }
}

fn chunk_key(key: &[u8], index: usize) -> Vec<u8> {
    let mut chunk = Vec::with_capacity(key.len() + 5);
    chunk.push(CHUNK_TABLE);
    chunk.extend_from_slice(key);
    // A value has far fewer than 2^32 chunks.
    chunk.extend_from_slice(&u32::try_from(index).unwrap_or(u32::MAX).to_be_bytes());
    chunk
}

/// sled panics on ranges whose start lies behind their end.
fn is_empty_range(bounds: &KeyRange) -> bool {
    match (&bounds.0, &bounds.1) {
        (Bound::Unbounded, _) | (_, Bound::Unbounded) => false,
        (Bound::Included(start), Bound::Included(end)) => start > end,
        (
            Bound::Included(start) | Bound::Excluded(start),
            Bound::Included(end) | Bound::Excluded(end),
        ) => start >= end,
    }
}
