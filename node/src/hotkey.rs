//! The hotkey that a node signs with: from a key file or out of a Bittensor wallet.

use std::io::IsTerminal;
use std::path::Path;

use anyhow::{Context, bail};
use assay_wallet::wallet::DEFAULT_NAME;
use assay_wallet::{Passwords, WalletDir, WalletError, WalletKey, keyfile};
use zeroize::Zeroizing;

use crate::config::{NodeConfig, WalletConfig};

/// Opens the hotkey that the configuration names, if it names one. May ask for a password, and
/// takes seconds if the key is encrypted.
pub fn open(config: &NodeConfig) -> anyhow::Result<Option<WalletKey>> {
    let mut passwords = passwords(&config.wallet);
    match (&config.hotkey_file, config.wallet.is_named()) {
        (None, false) => Ok(None),
        (Some(_), true) => {
            bail!("hotkey_file and wallet both name a hotkey: leave one of them out")
        }
        (Some(path), false) => {
            let key = keyfile::read(path, &mut passwords).map_err(|error| match error {
                WalletError::Missing { path } => anyhow::anyhow!(
                    "no key file at {0}: make one with `assay keys generate --out {0}`",
                    path.display()
                ),
                other => other.into(),
            });
            key.map(Some).context("hotkey file")
        }
        (None, true) => open_wallet(&config.wallet, &mut passwords).map(Some),
    }
}

fn open_wallet(config: &WalletConfig, passwords: &mut Passwords<'_>) -> anyhow::Result<WalletKey> {
    let name = config.name.as_deref().unwrap_or(DEFAULT_NAME);
    let hotkey = config.hotkey.as_deref().unwrap_or(DEFAULT_NAME);
    WalletDir::new(config.path.as_deref(), name)
        .and_then(|wallet| wallet.open_hotkey(hotkey, passwords))
        .with_context(|| format!("hotkey {hotkey:?} of wallet {name:?}"))
}

fn passwords(config: &WalletConfig) -> Passwords<'static> {
    let passwords = Passwords::none()
        .with_file(config.password_file.clone())
        .with_environment();
    if std::io::stdin().is_terminal() && std::io::stderr().is_terminal() {
        passwords.with_prompt(prompt)
    } else {
        passwords
    }
}

fn prompt(key_file: &Path) -> std::io::Result<Zeroizing<String>> {
    rpassword::prompt_password(format!("Password of {}: ", key_file.display())).map(Zeroizing::new)
}

#[cfg(test)]
mod tests {
    use assay_wallet::WriteOptions;

    use super::*;

    fn wallet_config(root: &Path) -> NodeConfig {
        NodeConfig {
            wallet: WalletConfig {
                hotkey: Some("validator".to_owned()),
                path: Some(root.to_path_buf()),
                ..WalletConfig::default()
            },
            ..NodeConfig::default()
        }
    }

    #[test]
    fn a_node_without_hotkey_observes() {
        assert!(open(&NodeConfig::default()).unwrap().is_none());
        // A path alone names no key.
        let mut config = wallet_config(Path::new("/nowhere"));
        config.wallet.hotkey = None;
        assert!(open(&config).unwrap().is_none());
    }

    #[test]
    fn the_hotkey_of_a_wallet_and_its_file_are_one_key() {
        let root = tempfile::tempdir().unwrap();
        let key = WalletKey::from_seed(&[7; 32]).unwrap();
        let path = WalletDir::new(Some(root.path()), DEFAULT_NAME)
            .and_then(|wallet| wallet.write_hotkey("validator", &key, WriteOptions::default()))
            .unwrap();
        let of_wallet = wallet_config(root.path());
        let of_file = NodeConfig {
            hotkey_file: Some(path.clone()),
            ..NodeConfig::default()
        };
        for config in [&of_wallet, &of_file] {
            assert_eq!(open(config).unwrap().unwrap().hotkey(), key.hotkey());
        }
        let both = NodeConfig {
            hotkey_file: Some(path),
            ..of_wallet
        };
        assert!(open(&both).unwrap_err().to_string().contains("both"));
    }

    #[test]
    fn a_missing_hotkey_is_named_with_what_helps() {
        let root = tempfile::tempdir().unwrap();
        let of_wallet = format!("{:#}", open(&wallet_config(root.path())).unwrap_err());
        assert!(
            of_wallet.contains("hotkey \"validator\" of wallet \"default\""),
            "{of_wallet}"
        );
        let of_file = NodeConfig {
            hotkey_file: Some(root.path().join("gone.json")),
            ..NodeConfig::default()
        };
        let of_file = format!("{:#}", open(&of_file).unwrap_err());
        assert!(of_file.contains("assay keys generate --out"), "{of_file}");
    }
}
