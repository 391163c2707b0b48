//! Compiled modules on disk, so that a restart doesn't compile again.
//!
//! A file is `magic ‖ sha256(artefact) ‖ artefact`, named by the hash of everything that decides the
//! code: module, compiler version, instrumentation, limits, target. Loading compiled code means running
//! it, so the directory is private to this user and a file that isn't exactly what was written is
//! deleted and compiled again. The checksum guards against damage, not against an attacker who can
//! already write as this user.

use std::fs;
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::SystemTime;

use sha2::{Digest, Sha256};

use crate::limits;

const MAGIC: &[u8; 8] = b"assayc01";
const HEADER_BYTES: usize = MAGIC.len() + 32;

/// Tells apart temporary files that threads of this process write at once.
static WRITES: AtomicU64 = AtomicU64::new(0);

/// A directory of compiled modules.
#[derive(Debug)]
pub(crate) struct DiskCache {
    directory: PathBuf,
}

impl DiskCache {
    /// Opens or creates the directory and makes it private.
    pub(crate) fn open(directory: &Path) -> io::Result<Self> {
        fs::create_dir_all(directory)?;
        make_private(directory, 0o700)?;
        remove_oldest(directory, limits::MAX_CACHE_FILES)?;
        Ok(Self {
            directory: directory.to_owned(),
        })
    }

    /// The artefact of a key, if it is there and undamaged.
    pub(crate) fn load(&self, key: &[u8; 32]) -> Option<Vec<u8>> {
        let path = self.path(key);
        match read_checked(&path) {
            Ok(artefact) => Some(artefact),
            Err(error) if error.kind() == io::ErrorKind::NotFound => None,
            Err(error) => {
                tracing::warn!(path = %path.display(), %error, "compiled module is damaged: compiling again");
                self.remove(key);
                None
            }
        }
    }

    /// Stores an artefact, atomically. A failure only costs a compilation later.
    pub(crate) fn store(&self, key: &[u8; 32], artefact: &[u8]) {
        let path = self.path(key);
        if let Err(error) = write_atomically(&path, artefact) {
            tracing::warn!(path = %path.display(), %error, "compiled module was not cached");
        }
    }

    /// Removes the entry of a key.
    pub(crate) fn remove(&self, key: &[u8; 32]) {
        let path = self.path(key);
        if let Err(error) = fs::remove_file(&path)
            && error.kind() != io::ErrorKind::NotFound
        {
            tracing::warn!(path = %path.display(), %error, "compiled module was not removed");
        }
    }

    fn path(&self, key: &[u8; 32]) -> PathBuf {
        self.directory.join(format!("{}.bin", hex::encode(key)))
    }
}

fn read_checked(path: &Path) -> io::Result<Vec<u8>> {
    let damaged = |what: &str| io::Error::new(io::ErrorKind::InvalidData, what);
    let file = fs::File::open(path)?;
    if file.metadata()?.len() > limits::MAX_CACHE_FILE_BYTES {
        return Err(damaged("file is too large"));
    }
    let mut bytes = Vec::new();
    file.take(limits::MAX_CACHE_FILE_BYTES)
        .read_to_end(&mut bytes)?;
    if bytes.len() < HEADER_BYTES {
        return Err(damaged("file is too short"));
    }
    let artefact = bytes.split_off(HEADER_BYTES);
    let expected = [MAGIC.as_slice(), Sha256::digest(&artefact).as_slice()].concat();
    if bytes != expected {
        return Err(damaged("checksum does not match"));
    }
    Ok(artefact)
}

fn write_atomically(path: &Path, artefact: &[u8]) -> io::Result<()> {
    let number = WRITES.fetch_add(1, Ordering::Relaxed);
    let temporary = path.with_extension(format!("{}-{number}.tmp", std::process::id()));
    let result = (|| {
        let mut file = fs::File::create(&temporary)?;
        make_private(&temporary, 0o600)?;
        file.write_all(MAGIC)?;
        file.write_all(Sha256::digest(artefact).as_slice())?;
        file.write_all(artefact)?;
        file.sync_all()?;
        fs::rename(&temporary, path)
    })();
    if result.is_err() {
        // The error that matters is the first one; a left-over is overwritten next time.
        let _ = fs::remove_file(&temporary);
    }
    result
}

/// Keeps the newest files only; what a crash left half-written ages out the same way. Another process
/// may share the directory, so a file may be gone by now.
fn remove_oldest(directory: &Path, keep: usize) -> io::Result<()> {
    let mut files: Vec<(SystemTime, PathBuf)> = Vec::new();
    for entry in fs::read_dir(directory)? {
        let path = entry?.path();
        match fs::metadata(&path) {
            Ok(metadata) if metadata.is_file() => files.push((metadata.modified()?, path)),
            Ok(_) => {}
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(error),
        }
    }
    files.sort();
    let surplus = files.len().saturating_sub(keep);
    for (_, path) in files.into_iter().take(surplus) {
        match fs::remove_file(path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
    }
    Ok(())
}

#[cfg(unix)]
fn make_private(path: &Path, mode: u32) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    fs::set_permissions(path, fs::Permissions::from_mode(mode))
}

#[cfg(not(unix))]
fn make_private(_path: &Path, _mode: u32) -> io::Result<()> {
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_flipped_byte_or_truncation_is_detected_and_removed() {
        let directory = tempfile::tempdir().unwrap();
        let cache = DiskCache::open(directory.path()).unwrap();
        let key = [7; 32];
        let artefact = vec![0xab; 100];
        let path = cache.path(&key);
        cache.store(&key, &artefact);
        let good = fs::read(&path).unwrap();
        for position in 0..good.len() {
            let mut bad = good.clone();
            bad[position] ^= 1;
            fs::write(&path, &bad).unwrap();
            assert_eq!(cache.load(&key), None, "flip at {position}");
            assert!(!path.exists());
            fs::write(&path, &good[..position]).unwrap();
            assert_eq!(cache.load(&key), None, "cut at {position}");
        }
        fs::write(&path, &good).unwrap();
        assert_eq!(cache.load(&key), Some(artefact));
    }

    #[test]
    fn number_of_files_is_bounded_at_every_start() {
        let directory = tempfile::tempdir().unwrap();
        for number in 0..limits::MAX_CACHE_FILES + 5 {
            fs::write(directory.path().join(format!("{number}.bin")), b"x").unwrap();
        }
        DiskCache::open(directory.path()).unwrap();
        let left = fs::read_dir(directory.path()).unwrap().count();
        assert_eq!(left, limits::MAX_CACHE_FILES);
    }

    #[cfg(unix)]
    #[test]
    fn directory_and_files_are_private() {
        use std::os::unix::fs::PermissionsExt;
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("modules");
        let cache = DiskCache::open(&path).unwrap();
        cache.store(&[1; 32], b"code");
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode(&path), 0o700);
        assert_eq!(mode(&cache.path(&[1; 32])), 0o600);
    }
}
