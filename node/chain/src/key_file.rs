//! Hotkeys on disk: a JSON file that only its owner can read.
//!
//! * A file is created with mode 0600 and never replaces another one unless asked to; a
//!   replacement is written beside it and renamed, so that a crash leaves the old or the new key.
//! * A file that others can read is refused: its secret may already be known.
//! * The text of the file and the seed are wiped from memory after use.
//!
//! Deliberately absent: passwords and mnemonics. A hotkey signs submissions and is replaceable;
//! the key that owns funds stays in the wallet.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use assay_consensus::keys::{Hotkey, KeyError, Keypair};
use serde::{Deserialize, Serialize};
use zeroize::{Zeroize, Zeroizing};

use crate::limits::KEY_FILE_MAX_BYTES;

/// Version of the format that this module writes and reads.
pub const KEY_FILE_VERSION: u32 = 1;

/// Owner may read and write, nobody else anything.
const KEY_FILE_MODE: u32 = 0o600;

/// Permission bits of group and others; any of them set makes a key file unusable.
const OTHERS_MASK: u32 = 0o077;

/// Why a key file could not be read or written.
#[derive(Debug, thiserror::Error)]
pub enum KeyFileError {
    /// Something is at that path already.
    #[error(
        "{path} already exists: choose another file, or pass --force to replace that key for good"
    )]
    Exists {
        /// The path.
        path: PathBuf,
    },
    /// Others can read or change the file.
    #[error(
        "{path} can be read or changed by other users (mode {mode:03o}): run `chmod 600 {path}`, and make a new key if the machine is shared"
    )]
    Permissions {
        /// The path.
        path: PathBuf,
        /// Permission bits found.
        mode: u32,
    },
    /// There is no such file.
    #[error("no key file at {path}: make one with `assay keys generate --out {path}`")]
    Missing {
        /// The path.
        path: PathBuf,
    },
    /// A directory, socket or device.
    #[error("{path} is not a regular file")]
    NotAFile {
        /// The path.
        path: PathBuf,
    },
    /// Longer than any key file.
    #[error("{path} has {got_bytes} bytes, a key file has at most {KEY_FILE_MAX_BYTES}")]
    TooLarge {
        /// The path.
        path: PathBuf,
        /// Size found.
        got_bytes: u64,
    },
    /// Not the JSON that is expected. The parser's message is left out: it may quote the secret.
    #[error(
        "{path} is not a key file: expected JSON with version, ss58, publicKey and secretSeed (line {line}, column {column})"
    )]
    Malformed {
        /// The path.
        path: PathBuf,
        /// Where the parser stopped.
        line: usize,
        /// Where the parser stopped.
        column: usize,
    },
    /// Written by a later version of this program.
    #[error("{path} has key file version {got}, expected {KEY_FILE_VERSION}")]
    Version {
        /// The path.
        path: PathBuf,
        /// Version found.
        got: u32,
    },
    /// The seed is not 64 hex digits.
    #[error("{path}: expected secretSeed to be 64 hex digits")]
    BadSeed {
        /// The path.
        path: PathBuf,
    },
    /// The file names another public key than its seed gives: it was edited or damaged.
    #[error(
        "{path} names another hotkey than {actual}, which its secret belongs to: the file was changed by hand or damaged"
    )]
    Mismatch {
        /// The path.
        path: PathBuf,
        /// What the seed gives.
        actual: Hotkey,
    },
    /// The operating system refused.
    #[error("{path}: {source}")]
    Io {
        /// The path.
        path: PathBuf,
        /// Its reason.
        source: io::Error,
    },
    /// The seed is no valid key.
    #[error(transparent)]
    Key(#[from] KeyError),
}

/// Contents of a key file.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct KeyFile {
    version: u32,
    ss58: String,
    public_key: String,
    secret_seed: Secret,
}

/// Hex of a secret seed, wiped when dropped.
#[derive(Serialize, Deserialize)]
#[serde(transparent)]
struct Secret(String);

impl Drop for Secret {
    fn drop(&mut self) {
        self.0.zeroize();
    }
}

/// Makes a fresh key and writes it to `path`. Without `replace`, an existing file is an error.
pub fn generate(path: &Path, replace: bool) -> Result<Keypair, KeyFileError> {
    let (keypair, seed) = Keypair::generate();
    write(path, &seed, replace)?;
    Ok(keypair)
}

/// Writes the key of a 32-byte seed to `path` with mode 0600. Without `replace`, an existing file
/// is an error. The file is on disk when this returns.
pub fn write(path: &Path, seed: &[u8; 32], replace: bool) -> Result<(), KeyFileError> {
    let hotkey = Keypair::from_seed(seed)?.hotkey();
    let file = KeyFile {
        version: KEY_FILE_VERSION,
        ss58: hotkey.to_ss58(),
        public_key: hotkey.to_hex(),
        secret_seed: Secret(hex::encode(seed)),
    };
    // Sized up front: a growing buffer would leave copies of the secret behind.
    let mut json = Zeroizing::new(Vec::with_capacity(KEY_FILE_MAX_BYTES as usize));
    serde_json::to_writer_pretty(&mut *json, &file)
        .map_err(|error| io_error(path, error.into()))?;
    json.push(b'\n');
    if replace {
        let beside = beside(path);
        create(&beside, &json)?;
        fs::rename(&beside, path).map_err(|error| {
            let _ = fs::remove_file(&beside);
            io_error(path, error)
        })?;
    } else {
        create(path, &json)?;
    }
    sync_parent(path)
}

/// Reads the key at `path`, after checking that nobody else can.
pub fn read(path: &Path) -> Result<Keypair, KeyFileError> {
    let file = open_private(path)?;
    let mut json = Zeroizing::new(Vec::with_capacity(KEY_FILE_MAX_BYTES as usize + 1));
    file.take(KEY_FILE_MAX_BYTES + 1)
        .read_to_end(&mut json)
        .map_err(|error| io_error(path, error))?;
    let parsed: KeyFile =
        serde_json::from_slice(&json).map_err(|error| KeyFileError::Malformed {
            path: path.into(),
            line: error.line(),
            column: error.column(),
        })?;
    keypair_of(path, &parsed)
}

fn keypair_of(path: &Path, file: &KeyFile) -> Result<Keypair, KeyFileError> {
    if file.version != KEY_FILE_VERSION {
        return Err(KeyFileError::Version {
            path: path.into(),
            got: file.version,
        });
    }
    let mut seed = Zeroizing::new([0u8; 32]);
    let hex_digits = &file.secret_seed.0;
    hex::decode_to_slice(
        hex_digits.strip_prefix("0x").unwrap_or(hex_digits),
        &mut *seed,
    )
    .map_err(|_| KeyFileError::BadSeed { path: path.into() })?;
    let keypair = Keypair::from_seed(&seed)?;
    let actual = keypair.hotkey();
    for named in [&file.ss58, &file.public_key] {
        if Hotkey::parse(named) != Ok(actual) {
            return Err(KeyFileError::Mismatch {
                path: path.into(),
                actual,
            });
        }
    }
    Ok(keypair)
}

/// Opens a file and checks the opened file itself, so that it can't be swapped in between.
fn open_private(path: &Path) -> Result<File, KeyFileError> {
    let file = File::open(path).map_err(|error| match error.kind() {
        io::ErrorKind::NotFound => KeyFileError::Missing { path: path.into() },
        _ => io_error(path, error),
    })?;
    let metadata = file.metadata().map_err(|error| io_error(path, error))?;
    if !metadata.is_file() {
        return Err(KeyFileError::NotAFile { path: path.into() });
    }
    if metadata.mode() & OTHERS_MASK != 0 {
        return Err(KeyFileError::Permissions {
            path: path.into(),
            mode: metadata.mode() & 0o777,
        });
    }
    if metadata.len() > KEY_FILE_MAX_BYTES {
        return Err(KeyFileError::TooLarge {
            path: path.into(),
            got_bytes: metadata.len(),
        });
    }
    Ok(file)
}

fn create(path: &Path, bytes: &[u8]) -> Result<(), KeyFileError> {
    let mut file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(KEY_FILE_MODE)
        .open(path)
        .map_err(|error| match error.kind() {
            io::ErrorKind::AlreadyExists => KeyFileError::Exists { path: path.into() },
            _ => io_error(path, error),
        })?;
    let written = file.write_all(bytes).and_then(|()| file.sync_all());
    written.map_err(|error| {
        let _ = fs::remove_file(path);
        io_error(path, error)
    })
}

fn beside(path: &Path) -> PathBuf {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(format!(".{}.new", std::process::id()));
    path.with_file_name(name)
}

fn sync_parent(path: &Path) -> Result<(), KeyFileError> {
    let parent = match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    };
    File::open(parent)
        .and_then(|directory| directory.sync_all())
        .map_err(|error| io_error(parent, error))
}

fn io_error(path: &Path, source: io::Error) -> KeyFileError {
    KeyFileError::Io {
        path: path.into(),
        source,
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn a_written_key_is_private_and_reads_back() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("hotkey.json");
        let written = generate(&path, false).unwrap();
        assert_eq!(fs::metadata(&path).unwrap().mode() & 0o777, 0o600);
        assert_eq!(read(&path).unwrap().hotkey(), written.hotkey());
    }

    #[test]
    fn an_existing_key_survives_unless_replacement_is_asked_for() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("hotkey.json");
        let first = generate(&path, false).unwrap();
        assert!(matches!(
            generate(&path, false),
            Err(KeyFileError::Exists { .. })
        ));
        assert_eq!(read(&path).unwrap().hotkey(), first.hotkey());
        let second = generate(&path, true).unwrap();
        assert_eq!(read(&path).unwrap().hotkey(), second.hotkey());
        assert_eq!(fs::metadata(&path).unwrap().mode() & 0o777, 0o600);
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1);
    }

    #[test]
    fn a_key_readable_by_others_is_refused_with_the_command_that_helps() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("hotkey.json");
        generate(&path, false).unwrap();
        for mode in [0o640, 0o604, 0o620] {
            fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
            let error = read(&path).unwrap_err().to_string();
            assert!(error.contains("chmod 600"), "{error}");
        }
    }

    #[test]
    fn a_damaged_key_file_is_named_without_quoting_its_secret() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("hotkey.json");
        write(&path, &[7; 32], false).unwrap();
        let secret = hex::encode([7u8; 32]);
        let good = fs::read_to_string(&path).unwrap();
        for bad in [
            good.replace(&secret, "07"),
            good.replace("\"version\": 1", "\"version\": 2"),
            good.replace(&format!("\"{secret}\""), &format!("{secret}x")),
            good.replace("publicKey", "secretKey"),
            String::new(),
        ] {
            assert_ne!(good, bad);
            fs::write(&path, bad).unwrap();
            let error = read(&path).unwrap_err().to_string();
            assert!(!error.contains("0707"), "{error}");
        }
    }

    #[test]
    fn a_seed_that_does_not_belong_to_the_named_hotkey_is_refused() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("hotkey.json");
        write(&path, &[7; 32], false).unwrap();
        let changed = fs::read_to_string(&path)
            .unwrap()
            .replace(&hex::encode([7u8; 32]), &hex::encode([8u8; 32]));
        fs::write(&path, changed).unwrap();
        assert!(matches!(read(&path), Err(KeyFileError::Mismatch { .. })));
    }

    #[test]
    fn an_oversized_or_missing_file_is_refused() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("hotkey.json");
        assert!(matches!(read(&path), Err(KeyFileError::Missing { .. })));
        generate(&path, false).unwrap();
        let bytes = vec![b' '; KEY_FILE_MAX_BYTES as usize + 1];
        fs::write(&path, bytes).unwrap();
        assert!(matches!(read(&path), Err(KeyFileError::TooLarge { .. })));
    }
}
