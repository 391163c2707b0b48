//! Opening: lock, verify everything, move aside what can't be trusted.
//!
//! sled repairs while it opens, so what is moved aside is what sled made of the damaged files. A
//! system that refuses (no room, no permission) is an error and moves nothing.

use std::fs::{self, File};
use std::path::{Path, PathBuf};

use crate::disk;
use crate::error::StoreError;
use crate::manifest::Manifest;
use crate::raw::Raw;
use crate::watermark::Watermark;

/// How to open a store.
#[derive(Debug, Clone, Copy)]
pub struct StoreOptions {
    /// Memory that sled may use as cache, in bytes; sled's own default is 1 GiB.
    pub cache_bytes: u64,
}

impl Default for StoreOptions {
    fn default() -> StoreOptions {
        StoreOptions {
            cache_bytes: 64 * 1024 * 1024,
        }
    }
}

/// What opening found. Anything but the default needs an operator's attention and a sync.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct OpenReport {
    /// Records that were read and verified.
    pub records: u64,
    /// A database that was moved aside; the store is empty now.
    pub quarantined: Option<Quarantined>,
    /// The database is consistent but older than what was durable once.
    pub lost: Option<LostCommits>,
}

/// A database that could not be trusted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Quarantined {
    /// Where it is now.
    pub path: PathBuf,
    /// What is wrong with it.
    pub reason: String,
}

/// Durable batches that are gone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LostCommits {
    /// Batches that were durable.
    pub durable: u64,
    /// Batches that the database holds.
    pub found: u64,
}

/// All that an open store holds on disk.
pub(crate) struct Opened {
    pub(crate) raw: Raw,
    pub(crate) manifest: Manifest,
    pub(crate) watermark: Watermark,
    pub(crate) lock: File,
    pub(crate) report: OpenReport,
}

/// Opens the database in `dir`; `check` decides whether its content makes sense.
pub(crate) fn open(
    dir: &Path,
    options: StoreOptions,
    check: impl Fn(&Raw) -> Result<(), StoreError>,
) -> Result<Opened, StoreError> {
    disk::create_private_dir(dir).map_err(StoreError::io(format!("creating {}", dir.display())))?;
    let lock = lock_dir(dir)?;
    let path = dir.join("watermark");
    let mut watermark =
        Watermark::open(&path).map_err(StoreError::io(format!("opening {}", path.display())))?;
    let mut report = OpenReport::default();
    let db_dir = dir.join("db");
    let had_database = db_dir.exists();
    let attempt = open_verified(&db_dir, options, &check).and_then(|(raw, manifest)| {
        // sled takes a file whose beginning is unreadable for a fresh one.
        if had_database && manifest.commits == 0 && watermark.commits() > 0 {
            Err(StoreError::Corrupt(format!(
                "it is empty, but {} batches were durable",
                watermark.commits()
            )))
        } else {
            Ok((raw, manifest))
        }
    });
    let (raw, manifest) = match attempt {
        Ok(opened) => opened,
        Err(StoreError::Corrupt(reason)) => {
            let path = quarantine(dir, &db_dir)?;
            tracing::error!(path = %path.display(), reason, "database moved aside");
            report.quarantined = Some(Quarantined { path, reason });
            watermark
                .reset()
                .map_err(StoreError::io("resetting the watermark"))?;
            open_verified(&db_dir, options, &check)?
        }
        Err(other) => return Err(other),
    };
    if manifest.commits < watermark.commits() {
        let lost = LostCommits {
            durable: watermark.commits(),
            found: manifest.commits,
        };
        tracing::error!(?lost, "database is older than what was durable");
        report.lost = Some(lost);
        watermark
            .reset()
            .map_err(StoreError::io("resetting the watermark"))?;
    }
    report.records = manifest.total_records();
    disk::sync_dir(dir).map_err(StoreError::io(format!("syncing {}", dir.display())))?;
    Ok(Opened {
        raw,
        manifest,
        watermark,
        lock,
        report,
    })
}

/// Takes the lock of a folder for as long as the file lives.
fn lock_dir(dir: &Path) -> Result<File, StoreError> {
    let path = dir.join("lock");
    disk::lock(&path)
        .map_err(StoreError::io(format!("locking {}", path.display())))?
        .ok_or_else(|| StoreError::Locked(dir.to_owned()))
}

fn open_verified(
    db_dir: &Path,
    options: StoreOptions,
    check: &impl Fn(&Raw) -> Result<(), StoreError>,
) -> Result<(Raw, Manifest), StoreError> {
    disk::create_private_dir(db_dir)
        .map_err(StoreError::io(format!("creating {}", db_dir.display())))?;
    let raw = Raw::open(db_dir, options.cache_bytes)?;
    let manifest = raw.verify()?;
    check(&raw)?;
    Ok((raw, manifest))
}

/// Moves a database to the first free `quarantine-<n>`.
fn quarantine(dir: &Path, db_dir: &Path) -> Result<PathBuf, StoreError> {
    let mut number = 1u32;
    let target = loop {
        let candidate = dir.join(format!("quarantine-{number}"));
        if !candidate.exists() {
            break candidate;
        }
        number += 1;
    };
    fs::rename(db_dir, &target).map_err(StoreError::io(format!(
        "moving {} to {}",
        db_dir.display(),
        target.display()
    )))?;
    disk::sync_dir(dir).map_err(StoreError::io(format!("syncing {}", dir.display())))?;
    Ok(target)
}
