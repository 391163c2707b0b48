//! The node's ed25519 transport key: it names the node on the network and signs nothing of value.
//!
//! The file holds 64 hex digits, is created with mode 0600, and is refused when others can read it.

use std::{
    fmt,
    fs::{self, OpenOptions},
    io::{self, Write},
    os::unix::fs::{OpenOptionsExt, PermissionsExt},
    path::Path,
};

use libp2p::{PeerId, identity};
use zeroize::Zeroizing;

use crate::error::KeyError;

/// A key file is never longer than this, bytes: 64 digits and a line end.
const MAX_KEY_FILE_BYTES: u64 = 128;

/// An ed25519 transport key.
#[derive(Clone)]
pub struct TransportKey(identity::ed25519::Keypair);

impl TransportKey {
    /// A new random key.
    #[must_use]
    pub fn generate() -> Self {
        Self(identity::ed25519::Keypair::generate())
    }

    /// The key with this secret; the bytes are wiped. Any 32 bytes are a secret.
    #[must_use]
    #[expect(clippy::expect_used, reason = "the only error is a wrong length")]
    pub fn from_secret(mut secret: [u8; 32]) -> Self {
        let key = identity::ed25519::SecretKey::try_from_bytes(&mut secret)
            .expect("32 bytes are an ed25519 secret");
        Self(key.into())
    }

    /// The peer id of this key.
    #[must_use]
    pub fn peer_id(&self) -> PeerId {
        identity::PublicKey::from(self.0.public()).to_peer_id()
    }

    /// The public key.
    #[must_use]
    pub fn public(&self) -> [u8; 32] {
        self.0.public().to_bytes()
    }

    pub(crate) fn keypair(&self) -> identity::Keypair {
        self.0.clone().into()
    }
}

impl fmt::Debug for TransportKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("TransportKey")
            .field(&self.peer_id())
            .finish()
    }
}

/// The peer id that belongs to an ed25519 public key, or `None` when it is not a curve point.
#[must_use]
pub fn peer_id_of(public: &[u8; 32]) -> Option<PeerId> {
    let key = identity::ed25519::PublicKey::try_from_bytes(public).ok()?;
    Some(identity::PublicKey::from(key).to_peer_id())
}

/// Loads the key from `path`, or creates it there (mode 0600, synced) when there is no file.
///
/// # Errors
/// When the file cannot be read or written, holds something else, or others can read it.
pub fn load_or_create(path: &Path) -> Result<TransportKey, KeyError> {
    match load(path) {
        Err(KeyError::Io { source, .. }) if source.kind() == io::ErrorKind::NotFound => {
            create(path)
        }
        other => other,
    }
}

fn load(path: &Path) -> Result<TransportKey, KeyError> {
    let io_error = |source| KeyError::Io {
        path: path.to_owned(),
        source,
    };
    let metadata = fs::metadata(path).map_err(io_error)?;
    let mode = metadata.permissions().mode() & 0o777;
    if mode & 0o077 != 0 {
        return Err(KeyError::Exposed {
            path: path.to_owned(),
            mode,
        });
    }
    let malformed = |found: String| KeyError::Malformed {
        path: path.to_owned(),
        found,
    };
    if metadata.len() > MAX_KEY_FILE_BYTES {
        return Err(malformed(format!("{} bytes", metadata.len())));
    }
    let text = Zeroizing::new(fs::read(path).map_err(io_error)?);
    let digits = text.trim_ascii();
    let secret = decode_hex(digits).ok_or_else(|| {
        malformed(format!(
            "{} characters that are not such a key",
            digits.len()
        ))
    })?;
    Ok(TransportKey::from_secret(*secret))
}

fn create(path: &Path) -> Result<TransportKey, KeyError> {
    let io_error = |source| KeyError::Io {
        path: path.to_owned(),
        source,
    };
    let key = TransportKey::generate();
    let secret = key.0.secret();
    let mut text = Zeroizing::new(String::with_capacity(65));
    for byte in secret.as_ref() {
        for nibble in [byte >> 4, byte & 15] {
            text.push(char::from_digit(u32::from(nibble), 16).unwrap_or('0'));
        }
    }
    text.push('\n');

    // Written beside and renamed, so that a crash leaves no half key.
    let temporary = path.with_extension("tmp");
    match fs::remove_file(&temporary) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(io_error(error)),
        _ => {}
    }
    let mut file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(&temporary)
        .map_err(io_error)?;
    file.write_all(text.as_bytes()).map_err(io_error)?;
    file.sync_all().map_err(io_error)?;
    fs::rename(&temporary, path).map_err(io_error)?;
    if let Some(folder) = path
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty())
    {
        fs::File::open(folder)
            .and_then(|folder| folder.sync_all())
            .map_err(io_error)?;
    }
    Ok(key)
}

fn decode_hex(digits: &[u8]) -> Option<Zeroizing<[u8; 32]>> {
    if digits.len() != 64 {
        return None;
    }
    let mut secret = Zeroizing::new([0; 32]);
    for (byte, pair) in secret.iter_mut().zip(digits.chunks_exact(2)) {
        for digit in pair {
            let nibble = char::from(*digit).to_digit(16)?;
            *byte = (*byte << 4) | u8::try_from(nibble).ok()?;
        }
    }
    Some(secret)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_created_key_is_private_and_loads_again() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("transport.key");
        let created = load_or_create(&path).unwrap();
        let mode = fs::metadata(&path).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode, 0o600);
        let loaded = load_or_create(&path).unwrap();
        assert_eq!(created.peer_id(), loaded.peer_id());
        assert_eq!(peer_id_of(&created.public()), Some(created.peer_id()));
    }

    #[test]
    fn a_key_others_can_read_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("transport.key");
        load_or_create(&path).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
        assert!(matches!(
            load_or_create(&path),
            Err(KeyError::Exposed { mode: 0o644, .. })
        ));
    }

    #[test]
    fn a_damaged_key_is_refused_and_kept() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("transport.key");
        for content in ["", "zz", &"g".repeat(64), &"0".repeat(1000)] {
            fs::write(&path, content).unwrap();
            fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
            assert!(matches!(
                load_or_create(&path),
                Err(KeyError::Malformed { .. })
            ));
            assert_eq!(fs::read_to_string(&path).unwrap(), content);
        }
    }

    #[test]
    fn a_debug_print_holds_no_secret() {
        let text = format!("{:?}", TransportKey::from_secret([7; 32]));
        assert!(text.starts_with("TransportKey(PeerId("), "{text}");
        assert!(!text.contains("7, 7"));
    }
}
