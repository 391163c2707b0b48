//! A miner's package: a directory of Python files becomes a zip, the same bytes every time.
//!
//! * Entries are sorted by path, times are fixed, permissions are 0644: packing a directory twice
//!   gives the same agent hash.
//! * Left out: hidden files, `__pycache__`, and `task_results.json` at the root, which holds the
//!   results the miner reports and goes into the payload beside the package.
//! * Packing does not judge: whether a package keeps the challenge's rules is decided by the
//!   challenge's own check (see [`crate::submission`]), so the rules exist once.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, Cursor, Read, Write};
use std::path::{Path, PathBuf};

use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, DateTime, System, ZipWriter};

use crate::limits::{
    PACKAGE_MAX_DEPTH, PACKAGE_READ_MAX_BYTES, PACKAGE_READ_MAX_FILES, RESULTS_FILE_MAX_BYTES,
};

/// Name of the file at a package's root that holds the miner's reported results.
pub const RESULTS_FILE_NAME: &str = "task_results.json";

/// A package ready to be signed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Package {
    /// The zip, exactly as it is sent.
    pub zip: Vec<u8>,
    /// Contents of [`RESULTS_FILE_NAME`] at the root of a packed directory.
    pub results_json: Option<Vec<u8>>,
}

/// Why a package could not be read.
#[derive(Debug, thiserror::Error)]
pub enum PackageError {
    /// Nothing at that path.
    #[error("no package at {path}: expected a directory with agent.py, or a zip of one")]
    Missing {
        /// The path.
        path: PathBuf,
    },
    /// Neither a file nor a directory.
    #[error("{path} is a link, socket or device: packages hold only regular files and folders")]
    NotRegular {
        /// The path.
        path: PathBuf,
    },
    /// A name that can't be written into a zip.
    #[error("{path}: file names must be UTF-8")]
    Name {
        /// The path.
        path: PathBuf,
    },
    /// Folders in folders in folders.
    #[error("{path}: more than {PACKAGE_MAX_DEPTH} folders deep")]
    TooDeep {
        /// The path.
        path: PathBuf,
    },
    /// More files than are even read.
    #[error("{path} holds more than {PACKAGE_READ_MAX_FILES} files: is it the right directory?")]
    TooManyFiles {
        /// The package directory.
        path: PathBuf,
    },
    /// More bytes than are even read.
    #[error("{path} holds more than {limit_bytes} bytes: is it the right one?")]
    TooLarge {
        /// The package, or a file in it.
        path: PathBuf,
        /// Where reading stopped.
        limit_bytes: u64,
    },
    /// Nothing to pack.
    #[error("{path} holds no files to pack (hidden files and __pycache__ are left out)")]
    Empty {
        /// The package directory.
        path: PathBuf,
    },
    /// The operating system refused.
    #[error("{path}: {source}")]
    Io {
        /// The path.
        path: PathBuf,
        /// Its reason.
        source: io::Error,
    },
    /// The zip writer refused.
    #[error("packing {path}: {source}")]
    Zip {
        /// The package directory.
        path: PathBuf,
        /// Its reason.
        source: zip::result::ZipError,
    },
}

/// Reads a package: packs a directory, takes a file as it is.
pub fn load(path: &Path) -> Result<Package, PackageError> {
    let metadata = fs::metadata(path).map_err(|source| match source.kind() {
        io::ErrorKind::NotFound => PackageError::Missing { path: path.into() },
        _ => io_error(path, source),
    })?;
    if metadata.is_dir() {
        return pack_directory(path);
    }
    if !metadata.is_file() {
        return Err(PackageError::NotRegular { path: path.into() });
    }
    Ok(Package {
        zip: read_bounded(path, PACKAGE_READ_MAX_BYTES)?,
        results_json: None,
    })
}

/// Packs a directory into a zip; the same directory always gives the same bytes.
pub fn pack_directory(root: &Path) -> Result<Package, PackageError> {
    let mut files = Files {
        root,
        entries: BTreeMap::new(),
        total_bytes: 0,
    };
    files.collect(root, "", 0)?;
    if files.entries.is_empty() {
        return Err(PackageError::Empty { path: root.into() });
    }
    let results = root.join(RESULTS_FILE_NAME);
    let results_json = if results.is_file() {
        Some(read_bounded(&results, RESULTS_FILE_MAX_BYTES)?)
    } else {
        None
    };
    let zip = write_zip(&files.entries).map_err(|source| PackageError::Zip {
        path: root.into(),
        source,
    })?;
    Ok(Package { zip, results_json })
}

/// Files of a package directory by their path in the zip.
struct Files<'a> {
    root: &'a Path,
    entries: BTreeMap<String, Vec<u8>>,
    total_bytes: u64,
}

impl Files<'_> {
    fn collect(&mut self, folder: &Path, prefix: &str, depth: usize) -> Result<(), PackageError> {
        if depth > PACKAGE_MAX_DEPTH {
            return Err(PackageError::TooDeep {
                path: folder.into(),
            });
        }
        for entry in fs::read_dir(folder).map_err(|source| io_error(folder, source))? {
            let entry = entry.map_err(|source| io_error(folder, source))?;
            let path = entry.path();
            let name = entry
                .file_name()
                .into_string()
                .map_err(|_| PackageError::Name { path: path.clone() })?;
            if is_left_out(&name, prefix) {
                continue;
            }
            let kind = entry
                .file_type()
                .map_err(|source| io_error(&path, source))?;
            let inner = format!("{prefix}{name}");
            if kind.is_dir() {
                self.collect(&path, &format!("{inner}/"), depth + 1)?;
            } else if kind.is_file() {
                self.add(&path, inner)?;
            } else {
                return Err(PackageError::NotRegular { path });
            }
        }
        Ok(())
    }

    fn add(&mut self, path: &Path, inner: String) -> Result<(), PackageError> {
        if self.entries.len() >= PACKAGE_READ_MAX_FILES {
            return Err(PackageError::TooManyFiles {
                path: self.root.into(),
            });
        }
        let left = PACKAGE_READ_MAX_BYTES.saturating_sub(self.total_bytes);
        let bytes = read_bounded(path, left).map_err(|error| match error {
            PackageError::TooLarge { .. } => PackageError::TooLarge {
                path: self.root.into(),
                limit_bytes: PACKAGE_READ_MAX_BYTES,
            },
            other => other,
        })?;
        self.total_bytes += bytes.len() as u64;
        self.entries.insert(inner, bytes);
        Ok(())
    }
}

fn is_left_out(name: &str, prefix: &str) -> bool {
    name.starts_with('.')
        || name == "__pycache__"
        || (prefix.is_empty() && name == RESULTS_FILE_NAME)
}

fn write_zip(entries: &BTreeMap<String, Vec<u8>>) -> Result<Vec<u8>, zip::result::ZipError> {
    let options = SimpleFileOptions::default()
        .compression_method(CompressionMethod::Deflated)
        .last_modified_time(DateTime::default())
        .unix_permissions(0o644)
        .system(System::Unix);
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, bytes) in entries {
        writer.start_file(name.as_str(), options)?;
        writer.write_all(bytes)?;
    }
    Ok(writer.finish()?.into_inner())
}

/// Reads a whole file of at most `limit_bytes`.
pub(crate) fn read_bounded(path: &Path, limit_bytes: u64) -> Result<Vec<u8>, PackageError> {
    let file = File::open(path).map_err(|source| io_error(path, source))?;
    let mut bytes = Vec::new();
    file.take(limit_bytes.saturating_add(1))
        .read_to_end(&mut bytes)
        .map_err(|source| io_error(path, source))?;
    if bytes.len() as u64 > limit_bytes {
        return Err(PackageError::TooLarge {
            path: path.into(),
            limit_bytes,
        });
    }
    Ok(bytes)
}

fn io_error(path: &Path, source: io::Error) -> PackageError {
    PackageError::Io {
        path: path.into(),
        source,
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, SystemTime};

    use super::*;

    fn write(root: &Path, name: &str, text: &str) {
        let path = root.join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    fn names(zip: &[u8]) -> Vec<String> {
        let mut archive = zip::ZipArchive::new(Cursor::new(zip)).unwrap();
        (0..archive.len())
            .map(|index| {
                archive
                    .by_index(index)
                    .unwrap()
                    .name()
                    .unwrap()
                    .into_owned()
            })
            .collect()
    }

    #[test]
    fn packing_leaves_out_what_is_not_the_agent() {
        let dir = tempfile::tempdir().unwrap();
        for name in [
            "agent.py",
            "lib/util.py",
            "lib/__pycache__/util.cpython-312.pyc",
            ".git/config",
            "lib/.env",
            "task_results.json",
            "lib/task_results.json",
        ] {
            write(dir.path(), name, name);
        }
        let package = load(dir.path()).unwrap();
        assert_eq!(
            names(&package.zip),
            ["agent.py", "lib/task_results.json", "lib/util.py"]
        );
        assert_eq!(
            package.results_json.as_deref(),
            Some(&b"task_results.json"[..])
        );
    }

    #[test]
    fn the_same_files_give_the_same_bytes_whenever_and_in_whatever_order_they_were_made() {
        let (one, two) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        for name in ["agent.py", "b/x.py", "a.py"] {
            write(one.path(), name, name);
        }
        for name in ["a.py", "agent.py", "b/x.py"] {
            write(two.path(), name, name);
        }
        let old = SystemTime::now() - Duration::from_secs(400 * 86_400);
        File::open(two.path().join("a.py"))
            .unwrap()
            .set_modified(old)
            .unwrap();
        assert_eq!(load(one.path()).unwrap(), load(two.path()).unwrap());
    }

    #[test]
    fn a_link_out_of_the_package_is_refused() {
        let dir = tempfile::tempdir().unwrap();
        write(dir.path(), "agent.py", "");
        std::os::unix::fs::symlink("/etc/passwd", dir.path().join("data.txt")).unwrap();
        assert!(matches!(
            load(dir.path()),
            Err(PackageError::NotRegular { .. })
        ));
    }

    #[test]
    fn an_empty_or_missing_or_endless_package_is_named() {
        let dir = tempfile::tempdir().unwrap();
        assert!(matches!(load(dir.path()), Err(PackageError::Empty { .. })));
        assert!(matches!(
            load(&dir.path().join("gone")),
            Err(PackageError::Missing { .. })
        ));
        let big = File::create(dir.path().join("big.bin")).unwrap();
        big.set_len(PACKAGE_READ_MAX_BYTES + 1).unwrap();
        assert!(matches!(
            load(dir.path()),
            Err(PackageError::TooLarge { .. })
        ));
    }
}
