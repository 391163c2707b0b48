//! Python sources as `check` and `similarity` take them: a file, a directory or a zip.
//!
//! * A zip is read by the challenge's own reader, so that what is checked is what validators see.
//! * Of a directory, every file that the interpreter takes as source is read, in order of path. Hidden
//!   folders and `__pycache__` are left out, links are not followed but counted.
//! * Reading does not judge: sources that are too large, not text or not Python are found by the check.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use assay_challenge_sdk::abi::PythonFile;
use assay_challenge_term::{is_python, read_without_entry_point};
use assay_python::MAX_FILES;

use crate::limits::{PACKAGE_MAX_DEPTH, PACKAGE_READ_MAX_BYTES, SOURCES_MAX_ENTRIES};
use crate::package::{self, read_bounded};
use crate::text::visible;

/// What any zip starts with, also an empty one.
const ZIP_MAGIC: &[u8] = b"PK";
/// Python's own folder of compiled files.
const BYTECODE_FOLDER: &str = "__pycache__";

/// Python sources of one path.
#[derive(Debug, Clone, Default)]
pub struct Sources {
    /// The files, sorted by their path within the package.
    pub files: Vec<PythonFile>,
    /// What a person should know about how they were read, a line each.
    pub notes: Vec<String>,
    /// Put before a file's path where it is shown, so that it can be opened from here.
    pub(crate) shown_prefix: PathBuf,
}

/// Why a path gave no sources.
#[derive(Debug, thiserror::Error)]
pub enum SourcesError {
    /// Nothing at that path.
    #[error(
        "nothing at {}: expected a .py file, a directory or a zip of one",
        shown(path)
    )]
    Missing {
        /// The path.
        path: PathBuf,
    },
    /// A file of another kind.
    #[error("{} is neither a .py file nor a directory nor a zip", shown(path))]
    Kind {
        /// The path.
        path: PathBuf,
    },
    /// Nothing to check.
    #[error(
        "{} holds no Python files (hidden folders, {BYTECODE_FOLDER} and links are left out): name the directory that holds agent.py, or a .py file",
        shown(path)
    )]
    Empty {
        /// The path.
        path: PathBuf,
    },
    /// A name that no package can hold.
    #[error("{}: names must be UTF-8; rename it", shown(path))]
    Name {
        /// The path.
        path: PathBuf,
    },
    /// Folders in folders in folders.
    #[error(
        "{}: more than {PACKAGE_MAX_DEPTH} folders deep; is it the right directory?",
        shown(path)
    )]
    TooDeep {
        /// The path.
        path: PathBuf,
    },
    /// More entries than are even looked at.
    #[error(
        "{} holds more than {SOURCES_MAX_ENTRIES} entries: is it the right directory?",
        shown(path)
    )]
    TooManyEntries {
        /// The path.
        path: PathBuf,
    },
    /// More Python files than a package may have.
    #[error(
        "{} holds more than {MAX_FILES} Python files, which no package may: name a part of it",
        shown(path)
    )]
    TooManyFiles {
        /// The path.
        path: PathBuf,
    },
    /// More bytes than are even read.
    #[error(
        "{} holds more than {PACKAGE_READ_MAX_BYTES} bytes of Python: is it the right one?",
        shown(path)
    )]
    TooLarge {
        /// The path.
        path: PathBuf,
    },
    /// An archive that validators refuse before they look at any source.
    #[error("{} is refused as a package: {}: {source}", shown(path), source.code())]
    Package {
        /// The path.
        path: PathBuf,
        /// The rule.
        source: assay_challenge_term::PackageError,
    },
    /// The operating system refused.
    #[error("{}: {source}", shown(path))]
    Io {
        /// The path.
        path: PathBuf,
        /// Its reason.
        source: io::Error,
    },
}

/// Reads the sources at a path.
pub fn load(path: &Path) -> Result<Sources, SourcesError> {
    let metadata = fs::metadata(path).map_err(|source| match source.kind() {
        io::ErrorKind::NotFound => SourcesError::Missing { path: path.into() },
        _ => io_error(path, source),
    })?;
    if metadata.is_dir() {
        return load_directory(path);
    }
    if !metadata.is_file() {
        return Err(SourcesError::Kind { path: path.into() });
    }
    let name = path.file_name().unwrap_or_default();
    if is_python_name(name) {
        return load_file(path, name);
    }
    let bytes = read(path, PACKAGE_READ_MAX_BYTES)?;
    if bytes.starts_with(ZIP_MAGIC) || path.extension().is_some_and(|it| it == "zip") {
        return load_zip(path, &bytes);
    }
    Err(SourcesError::Kind { path: path.into() })
}

impl Sources {
    /// A file's path as a person can open it from here, with nothing that steers a terminal.
    pub fn shown_path(&self, file: &str) -> String {
        shown(&self.shown_prefix.join(file))
    }

    /// The file of this path within the package.
    pub fn file(&self, path: &str) -> Option<&PythonFile> {
        self.files.iter().find(|file| file.path == path)
    }
}

fn load_file(path: &Path, name: &OsStr) -> Result<Sources, SourcesError> {
    let name = utf8(name, path)?;
    Ok(Sources {
        files: vec![PythonFile {
            path: name.to_owned(),
            source: read(path, PACKAGE_READ_MAX_BYTES)?,
        }],
        notes: Vec::new(),
        shown_prefix: path.parent().map(Path::to_path_buf).unwrap_or_default(),
    })
}

fn load_zip(path: &Path, bytes: &[u8]) -> Result<Sources, SourcesError> {
    let package = read_without_entry_point(bytes).map_err(|source| SourcesError::Package {
        path: path.into(),
        source,
    })?;
    let mut notes = Vec::new();
    if !package.has_entry_point() {
        let entry_point = assay_challenge_term::ENTRY_POINT;
        notes.push(format!(
            "no {entry_point} at the root: the Term Challenge refuses such a package"
        ));
    }
    if package.python.is_empty() {
        return Err(SourcesError::Empty { path: path.into() });
    }
    Ok(Sources {
        files: package.python,
        notes,
        shown_prefix: PathBuf::new(),
    })
}

fn load_directory(root: &Path) -> Result<Sources, SourcesError> {
    let mut walk = Walk {
        root,
        files: BTreeMap::new(),
        entries: 0,
        links: 0,
        total_bytes: 0,
    };
    walk.folder(root, "", 0)?;
    if walk.files.is_empty() {
        return Err(SourcesError::Empty { path: root.into() });
    }
    let notes = match walk.links {
        0 => Vec::new(),
        1 => vec!["1 link was not followed; `assay submit` refuses it".to_owned()],
        links => vec![format!(
            "{links} links were not followed; `assay submit` refuses them"
        )],
    };
    let files = walk.files.into_iter();
    Ok(Sources {
        files: files
            .map(|(path, source)| PythonFile { path, source })
            .collect(),
        notes,
        shown_prefix: root.strip_prefix(".").unwrap_or(root).into(),
    })
}

struct Walk<'a> {
    root: &'a Path,
    files: BTreeMap<String, Vec<u8>>,
    entries: usize,
    links: usize,
    total_bytes: u64,
}

impl Walk<'_> {
    fn folder(&mut self, folder: &Path, prefix: &str, depth: usize) -> Result<(), SourcesError> {
        if depth > PACKAGE_MAX_DEPTH {
            return Err(SourcesError::TooDeep {
                path: folder.into(),
            });
        }
        for entry in fs::read_dir(folder).map_err(|source| io_error(folder, source))? {
            let entry = entry.map_err(|source| io_error(folder, source))?;
            self.entries += 1;
            if self.entries > SOURCES_MAX_ENTRIES {
                return Err(SourcesError::TooManyEntries {
                    path: self.root.into(),
                });
            }
            let (path, name) = (entry.path(), entry.file_name());
            let kind = entry
                .file_type()
                .map_err(|source| io_error(&path, source))?;
            if kind.is_symlink() {
                self.links += 1;
            } else if kind.is_dir() && !is_left_out(&name) {
                let prefix = format!("{prefix}{}/", utf8(&name, &path)?);
                self.folder(&path, &prefix, depth + 1)?;
            } else if kind.is_file() && is_python_name(&name) {
                self.file(&path, format!("{prefix}{}", utf8(&name, &path)?))?;
            }
        }
        Ok(())
    }

    fn file(&mut self, path: &Path, inner: String) -> Result<(), SourcesError> {
        if self.files.len() >= MAX_FILES {
            return Err(SourcesError::TooManyFiles {
                path: self.root.into(),
            });
        }
        let left = PACKAGE_READ_MAX_BYTES.saturating_sub(self.total_bytes);
        let source = read(path, left).map_err(|error| match error {
            SourcesError::TooLarge { .. } => SourcesError::TooLarge {
                path: self.root.into(),
            },
            other => other,
        })?;
        self.total_bytes += source.len() as u64;
        self.files.insert(inner, source);
        Ok(())
    }
}

fn is_left_out(folder: &OsStr) -> bool {
    folder.as_encoded_bytes().starts_with(b".") || folder == BYTECODE_FOLDER
}

/// The ending decides, whatever bytes stand before it.
fn is_python_name(name: &OsStr) -> bool {
    is_python(&name.to_string_lossy())
}

fn utf8<'a>(name: &'a OsStr, path: &Path) -> Result<&'a str, SourcesError> {
    name.to_str()
        .ok_or_else(|| SourcesError::Name { path: path.into() })
}

fn read(path: &Path, limit_bytes: u64) -> Result<Vec<u8>, SourcesError> {
    read_bounded(path, limit_bytes).map_err(|error| match error {
        package::PackageError::Io { source, .. } => io_error(path, source),
        _ => SourcesError::TooLarge { path: path.into() },
    })
}

fn shown(path: &Path) -> String {
    visible(&path.display().to_string())
}

fn io_error(path: &Path, source: io::Error) -> SourcesError {
    SourcesError::Io {
        path: path.into(),
        source,
    }
}
