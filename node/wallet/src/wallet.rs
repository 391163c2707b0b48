//! The directory of a wallet: `<root>/<wallet>/hotkeys/<hotkey>` and what lies around it.

use std::path::{Path, PathBuf};

use assay_consensus::keys::Hotkey;

use crate::error::WalletError;
use crate::file::{self, Secrecy};
use crate::format;
use crate::key::WalletKey;
use crate::keyfile::{self, WriteOptions, key_error};
use crate::limits::{KEY_FILE_MAX_BYTES, NAME_MAX_BYTES};
use crate::password::PasswordSource;

/// Name of a wallet or hotkey whose name isn't given.
pub const DEFAULT_NAME: &str = "default";

/// Where wallets are, below the home directory.
const ROOT_BELOW_HOME: &str = ".bittensor/wallets";

/// End of the name of a file with the public half of a key.
const PUBLIC_SUFFIX: &str = "pub.txt";

/// A wallet. Nothing is read before a key is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WalletDir {
    directory: PathBuf,
}

impl WalletDir {
    /// The wallet of that name below `root`, or below `~/.bittensor/wallets`. A `~` in front of
    /// `root` stands for the home directory.
    pub fn new(root: Option<&Path>, wallet: &str) -> Result<WalletDir, WalletError> {
        WalletDir::with_home(root, wallet, std::env::home_dir())
    }

    /// The file of the coldkey, which this crate never opens.
    pub fn coldkey_path(&self) -> PathBuf {
        self.directory.join("coldkey")
    }

    /// The file with the public half of the coldkey.
    pub fn coldkeypub_path(&self) -> PathBuf {
        self.directory.join(format!("coldkey{PUBLIC_SUFFIX}"))
    }

    /// The file of a hotkey.
    pub fn hotkey_path(&self, hotkey: &str) -> Result<PathBuf, WalletError> {
        check_name("hotkey", hotkey)?;
        Ok(self.directory.join("hotkeys").join(hotkey))
    }

    /// The file with the public half of a hotkey; older wallets have none.
    pub fn hotkeypub_path(&self, hotkey: &str) -> Result<PathBuf, WalletError> {
        let path = self.hotkey_path(hotkey)?;
        Ok(path.with_file_name(format!("{hotkey}{PUBLIC_SUFFIX}")))
    }

    /// Opens a hotkey, and checks it against its public half if there is one. `passwords` is asked
    /// only if the file is encrypted.
    pub fn open_hotkey(
        &self,
        hotkey: &str,
        passwords: &mut dyn PasswordSource,
    ) -> Result<WalletKey, WalletError> {
        let key = keyfile::read(&self.hotkey_path(hotkey)?, passwords)?;
        check_public_half(&self.hotkeypub_path(hotkey)?, key.hotkey())?;
        Ok(key)
    }

    /// Writes a hotkey and its public half. Makes the directories of the wallet.
    pub fn write_hotkey(
        &self,
        hotkey: &str,
        key: &WalletKey,
        options: WriteOptions<'_>,
    ) -> Result<PathBuf, WalletError> {
        let path = self.hotkey_path(hotkey)?;
        let public_path = self.hotkeypub_path(hotkey)?;
        if !options.replace && public_path.symlink_metadata().is_ok() {
            return Err(WalletError::Exists { path: public_path });
        }
        keyfile::write(&path, key, options)?;
        let public =
            format::write_public(key.hotkey()).map_err(|error| key_error(&public_path, error))?;
        file::write(&public_path, &public, options.replace)?;
        Ok(path)
    }

    fn with_home(
        root: Option<&Path>,
        wallet: &str,
        home: Option<PathBuf>,
    ) -> Result<WalletDir, WalletError> {
        check_name("wallet", wallet)?;
        let home = || {
            home.filter(|home| !home.as_os_str().is_empty())
                .ok_or(WalletError::NoHome)
        };
        let root = match root {
            None => home()?.join(ROOT_BELOW_HOME),
            Some(root) => match root.strip_prefix("~") {
                Ok(below) => home()?.join(below),
                Err(_) => root.to_path_buf(),
            },
        };
        Ok(WalletDir {
            directory: root.join(wallet),
        })
    }
}

fn check_name(what: &'static str, name: &str) -> Result<(), WalletError> {
    let good = (1..=NAME_MAX_BYTES).contains(&name.len())
        && !name.starts_with('.')
        && !name.ends_with(PUBLIC_SUFFIX)
        && !name
            .chars()
            .any(|letter| letter == '/' || letter.is_control());
    if good {
        return Ok(());
    }
    Err(WalletError::InvalidName {
        what,
        name: name.chars().take(80).collect(),
    })
}

fn check_public_half(path: &Path, key: Hotkey) -> Result<(), WalletError> {
    let contents = match file::read(path, KEY_FILE_MAX_BYTES, Secrecy::Public) {
        Err(WalletError::Missing { .. }) => return Ok(()),
        other => other?,
    };
    format::check_public(&contents, key).map_err(|error| key_error(path, error))
}
