//! Opening keys: key files of every form, and hotkeys of Bittensor wallets.

use std::io::IsTerminal;
use std::path::{Path, PathBuf};

use assay_wallet::{Passwords, WalletError, WalletKey, keyfile};
use zeroize::Zeroizing;

use crate::exit::Failure;

/// Opens a key file. Its password, if it needs one, comes from the environment or a prompt.
pub fn read_key_file(path: &Path) -> Result<WalletKey, Failure> {
    keyfile::read(path, &mut passwords(None)).map_err(|error| match error {
        WalletError::Missing { path } => Failure::usage(anyhow::anyhow!(
            "no key file at {0}: make one with `assay keys generate --out {0}`",
            path.display()
        )),
        other => wallet_failure(other),
    })
}

/// The password file if there is one, then the environment, then a prompt if somebody is there.
pub fn passwords(file: Option<PathBuf>) -> Passwords<'static> {
    let passwords = Passwords::none().with_file(file).with_environment();
    if std::io::stdin().is_terminal() && std::io::stderr().is_terminal() {
        passwords.with_prompt(prompt)
    } else {
        passwords
    }
}

/// Errors of wallets are found before anything is sent.
pub fn wallet_failure(error: WalletError) -> Failure {
    match error {
        WalletError::Io { .. } => Failure::from(error),
        _ => Failure::usage(error),
    }
}

fn prompt(key_file: &Path) -> std::io::Result<Zeroizing<String>> {
    rpassword::prompt_password(format!("Password of {}: ", key_file.display())).map(Zeroizing::new)
}
