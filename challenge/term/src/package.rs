//! Rules about what a package holds: paths, kinds of files, text. The archive itself is read by
//! [`crate::zip`].

use alloc::{
    collections::BTreeMap,
    string::{String, ToString},
    vec::Vec,
};

use assay_challenge_sdk::abi::PythonFile;
use thiserror::Error;

use crate::{
    limits::{PACKAGE_MAX_BYTES, PATH_MAX_BYTES, PATH_MAX_DEPTH},
    refusal::Refusal,
    zip::{self, ZipError},
};

/// The file that is run.
pub const ENTRY_POINT: &str = "agent.py";

const ARCHIVES: [&str; 23] = [
    "zip", "tar", "gz", "tgz", "bz2", "tbz", "tbz2", "xz", "txz", "lzma", "zst", "tzst", "lz4",
    "7z", "rar", "whl", "egg", "jar", "war", "cab", "iso", "deb", "rpm",
];
const NATIVE_CODE: [&str; 12] = [
    "so", "dylib", "dll", "pyd", "exe", "o", "a", "lib", "wasm", "ko", "elf", "node",
];
const BYTECODE: [&str; 3] = ["pyc", "pyo", "pyz"];
/// Files that the interpreter takes as source.
const PYTHON: [&str; 3] = ["py", "pyw", "pyi"];
const TEXT: [&str; 21] = [
    "py", "pyw", "pyi", "txt", "md", "rst", "json", "jsonl", "toml", "yaml", "yml", "cfg", "ini",
    "csv", "tsv", "html", "css", "js", "sh", "xml", "sql",
];
/// Modules that the interpreter imports by itself at start.
const AUTO_IMPORTED: [&str; 2] = ["sitecustomize", "usercustomize"];
const BYTECODE_DIRECTORY: &str = "__pycache__";

/// What a binary file is, by its first bytes.
const ARCHIVE_MAGIC: [&[u8]; 8] = [
    b"PK\x03\x04",
    b"PK\x05\x06",
    b"\x1f\x8b",
    b"BZh",
    b"\xfd7zXZ\x00",
    b"7z\xbc\xaf\x27\x1c",
    b"Rar!\x1a\x07",
    b"\x28\xb5\x2f\xfd",
];
const NATIVE_MAGIC: [&[u8]; 9] = [
    b"\x7fELF",
    b"MZ",
    b"\0asm",
    b"!<arch>\n",
    b"\xfe\xed\xfa\xce",
    b"\xfe\xed\xfa\xcf",
    b"\xce\xfa\xed\xfe",
    b"\xcf\xfa\xed\xfe",
    b"\xca\xfe\xba\xbe",
];
const TAR_MAGIC: &[u8] = b"ustar";
const TAR_MAGIC_OFFSET: usize = 257;
/// Bytes 2 and 3 of compiled Python files.
const BYTECODE_MAGIC: &[u8] = b"\r\n";
const BYTECODE_MAGIC_OFFSET: usize = 2;

/// Which rule a package breaks.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum PackageError {
    /// Over the contract's size.
    #[error("expected at most {PACKAGE_MAX_BYTES} bytes, got {got}")]
    Size {
        /// Its size, in bytes.
        got: usize,
    },
    /// The archive isn't sound.
    #[error(transparent)]
    Zip(#[from] ZipError),
    /// A path that could leave the directory or means different things on different systems.
    #[error("path {path:?}: {rule}")]
    Path {
        /// Which.
        path: String,
        /// What is wrong.
        rule: &'static str,
    },
    /// Two entries with the same path, or one that is a file and a directory.
    #[error("{path:?} occurs twice")]
    Duplicate {
        /// Which.
        path: String,
    },
    /// Two spellings that are one file on systems that ignore case.
    #[error("{path:?} and {other:?} differ only in case")]
    CaseCollision {
        /// One of them.
        path: String,
        /// The other.
        other: String,
    },
    /// An archive in the archive.
    #[error("{path:?} is an archive")]
    NestedArchive {
        /// Which.
        path: String,
    },
    /// Machine code or a library.
    #[error("{path:?} is native code")]
    NativeCode {
        /// Which.
        path: String,
    },
    /// Compiled Python.
    #[error("{path:?} is bytecode")]
    Bytecode {
        /// Which.
        path: String,
    },
    /// Something that the interpreter runs by itself.
    #[error("{path:?} would be executed at interpreter start")]
    AutoExecuted {
        /// Which.
        path: String,
    },
    /// Text that isn't UTF-8 or has NUL bytes.
    #[error("{path:?} is not UTF-8 text")]
    NotText {
        /// Which.
        path: String,
    },
    /// No entry point.
    #[error("expected {ENTRY_POINT} at the root of the package")]
    NoEntryPoint,
}

impl PackageError {
    /// Stable name of the rule.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Size { .. } => "package.too_large",
            Self::Zip(error) => error.code(),
            Self::Path { .. } => "zip.path",
            Self::Duplicate { .. } => "zip.duplicate",
            Self::CaseCollision { .. } => "zip.case_collision",
            Self::NestedArchive { .. } => "zip.nested_archive",
            Self::NativeCode { .. } => "zip.native_code",
            Self::Bytecode { .. } => "zip.bytecode",
            Self::AutoExecuted { .. } => "zip.auto_executed",
            Self::NotText { .. } => "zip.not_utf8",
            Self::NoEntryPoint => "zip.no_agent_py",
        }
    }
}

impl From<PackageError> for Refusal {
    fn from(error: PackageError) -> Self {
        Self::miner(error.code(), error.to_string())
    }
}

/// A sound package.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Package {
    /// Path and size in bytes of every file, sorted by path.
    pub files: Vec<(String, usize)>,
    /// All Python sources, sorted by path.
    pub python: Vec<PythonFile>,
}

impl Package {
    /// Whether [`ENTRY_POINT`] is at the root.
    #[must_use]
    pub fn has_entry_point(&self) -> bool {
        self.files.iter().any(|(path, _)| path == ENTRY_POINT)
    }
}

/// Reads a package and checks all rules. Nothing is unpacked before paths and sizes have passed.
///
/// # Errors
/// [`PackageError`] naming the first rule that is broken.
pub fn read(archive: &[u8]) -> Result<Package, PackageError> {
    let package = read_without_entry_point(archive)?;
    if !package.has_entry_point() {
        return Err(PackageError::NoEntryPoint);
    }
    Ok(package)
}

/// Reads what may be a package of another challenge or a part of one: every rule of [`read`] but that
/// [`ENTRY_POINT`] must be there.
///
/// # Errors
/// [`PackageError`] naming the first rule that is broken.
pub fn read_without_entry_point(archive: &[u8]) -> Result<Package, PackageError> {
    if archive.len() > PACKAGE_MAX_BYTES {
        return Err(PackageError::Size { got: archive.len() });
    }
    let mut entries = zip::read(archive)?;
    entries.sort_by(|a, b| a.path.cmp(&b.path));
    check_paths(
        entries
            .iter()
            .map(|entry| (entry.path.as_str(), entry.is_directory)),
    )?;

    let mut package = Package {
        files: Vec::new(),
        python: Vec::new(),
    };
    for entry in entries.iter().filter(|entry| !entry.is_directory) {
        let content = zip::unpack(entry)?;
        check_content(&entry.path, &content)?;
        package.files.push((entry.path.clone(), content.len()));
        if is_python(&entry.path) {
            package.python.push(PythonFile {
                path: entry.path.clone(),
                source: content,
            });
        }
    }
    Ok(package)
}

/// Rules of single paths, then of all of them together.
fn check_paths<'a>(paths: impl Iterator<Item = (&'a str, bool)>) -> Result<(), PackageError> {
    let mut seen = Spellings::default();
    for (path, is_directory) in paths {
        check_path(path)?;
        seen.add(path, is_directory)?;
    }
    Ok(())
}

fn check_path(path: &str) -> Result<(), PackageError> {
    let refuse = |rule| {
        Err(PackageError::Path {
            path: path.into(),
            rule,
        })
    };
    if path.len() > PATH_MAX_BYTES {
        return refuse("too long");
    }
    if path.starts_with('/') || path.is_empty() {
        return refuse("absolute paths are not accepted");
    }
    if path.contains('\\') {
        return refuse("backslashes are not accepted");
    }
    if path.contains(':') {
        return refuse("drive letters and colons are not accepted");
    }
    if path.split('/').count() > PATH_MAX_DEPTH {
        return refuse("too many directories");
    }
    for component in path.split('/') {
        if matches!(component, "" | "." | "..") {
            return refuse("empty, . and .. components are not accepted");
        }
        if component.ends_with(['.', ' ']) || component.starts_with(' ') {
            return refuse(
                "components that start or end with a space, or end with a dot, are not accepted",
            );
        }
        check_component(path, component)?;
    }
    Ok(())
}

fn check_component(path: &str, component: &str) -> Result<(), PackageError> {
    let lower = component.to_ascii_lowercase();
    let stem = lower.split('.').next().unwrap_or_default();
    if AUTO_IMPORTED.contains(&stem) || has_extension(component, &["pth"]) {
        return Err(PackageError::AutoExecuted { path: path.into() });
    }
    if lower == BYTECODE_DIRECTORY || has_extension(component, &BYTECODE) {
        return Err(PackageError::Bytecode { path: path.into() });
    }
    if has_extension(component, &ARCHIVES) {
        return Err(PackageError::NestedArchive { path: path.into() });
    }
    // libfoo.so.1 is a library too.
    if has_extension(component, &NATIVE_CODE) || lower.contains(".so.") {
        return Err(PackageError::NativeCode { path: path.into() });
    }
    Ok(())
}

/// Every path and all its directories by their lower-case spelling.
#[derive(Default)]
struct Spellings {
    by_lower_case: BTreeMap<String, Spelling>,
}

struct Spelling {
    exact: String,
    is_directory: bool,
    /// A directory may be implied by any number of paths, but listed only once.
    is_listed: bool,
}

impl Spellings {
    fn add(&mut self, path: &str, is_directory: bool) -> Result<(), PackageError> {
        for (end, _) in path.match_indices('/') {
            self.insert(path.get(..end).unwrap_or_default(), true, false)?;
        }
        self.insert(path, is_directory, true)
    }

    fn insert(
        &mut self,
        path: &str,
        is_directory: bool,
        is_listed: bool,
    ) -> Result<(), PackageError> {
        let new = Spelling {
            exact: path.into(),
            is_directory,
            is_listed,
        };
        let Some(known) = self.by_lower_case.get_mut(&path.to_ascii_lowercase()) else {
            self.by_lower_case.insert(path.to_ascii_lowercase(), new);
            return Ok(());
        };
        if known.exact != path {
            let other = known.exact.clone();
            return Err(PackageError::CaseCollision {
                path: path.into(),
                other,
            });
        }
        if known.is_directory != is_directory || known.is_listed && is_listed {
            return Err(PackageError::Duplicate { path: path.into() });
        }
        known.is_listed |= is_listed;
        Ok(())
    }
}

fn check_content(path: &str, content: &[u8]) -> Result<(), PackageError> {
    let is_text = core::str::from_utf8(content).is_ok() && !content.contains(&0);
    if is_text {
        return Ok(());
    }
    if has_extension(path, &TEXT) {
        return Err(PackageError::NotText { path: path.into() });
    }
    let starts = |magic: &&[u8]| content.starts_with(magic);
    let holds = |offset: usize, magic: &[u8]| {
        content
            .get(offset..)
            .is_some_and(|rest| rest.starts_with(magic))
    };
    if ARCHIVE_MAGIC.iter().any(starts) || holds(TAR_MAGIC_OFFSET, TAR_MAGIC) {
        return Err(PackageError::NestedArchive { path: path.into() });
    }
    if NATIVE_MAGIC.iter().any(starts) {
        return Err(PackageError::NativeCode { path: path.into() });
    }
    if holds(BYTECODE_MAGIC_OFFSET, BYTECODE_MAGIC) {
        return Err(PackageError::Bytecode { path: path.into() });
    }
    Ok(())
}

/// Whether the interpreter takes a file of this name as source, so that it has to be checked.
#[must_use]
pub fn is_python(path: &str) -> bool {
    has_extension(path, &PYTHON)
}

fn has_extension(path: &str, extensions: &[&str]) -> bool {
    path.rsplit_once('.').is_some_and(|(_, extension)| {
        extensions
            .iter()
            .any(|known| known.eq_ignore_ascii_case(extension))
    })
}
