//! `assay keys generate`, `import` and `inspect`. None ever prints a secret.

use std::fs::DirBuilder;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

use assay_consensus::keys::{Hotkey, Keypair};
use assay_wallet::{WalletDir, WalletError, WalletKey, WriteOptions, keyfile};
use serde::Serialize;

use super::{default_key_path, print_json, print_lines};
use crate::args::{GenerateArgs, Global, ImportArgs, InspectArgs};
use crate::exit::{Exit, Failure};
use crate::key_source::{passwords, read_key_file, wallet_failure};
use crate::text::clean;

/// What is shown of a key.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct KeyView {
    ss58: String,
    public_key: String,
    file: Option<PathBuf>,
}

impl KeyView {
    fn new(hotkey: Hotkey, file: Option<&Path>) -> KeyView {
        KeyView {
            ss58: hotkey.to_ss58(),
            public_key: hotkey.to_hex(),
            file: file.map(Path::to_path_buf),
        }
    }

    fn print(&self, global: &Global) -> Result<(), Failure> {
        if global.json {
            return print_json(self);
        }
        let file = self.file.as_ref().map(|file| file.display().to_string());
        Ok(print_lines(
            [
                Some(format!("SS58        {}", self.ss58)),
                Some(format!("Public key  {}", self.public_key)),
                file.map(|file| format!("Key file    {}", clean(&file))),
            ]
            .into_iter()
            .flatten(),
        )?)
    }
}

/// Makes a key, writes it, shows its public part.
pub fn generate(global: &Global, args: &GenerateArgs) -> Result<Exit, Failure> {
    let path = match &args.out {
        Some(path) => path.clone(),
        None => prepare_default_path()?,
    };
    let (_, seed) = Keypair::generate();
    let key = WalletKey::from_seed(&seed).map_err(Failure::from)?;
    store(&path, &key, args.force)?;
    KeyView::new(key.hotkey(), Some(&path)).print(global)?;
    if !global.json {
        eprintln!("Back this file up: nobody can restore it. Next: assay submit --package DIR");
    }
    Ok(Exit::Ok)
}

/// Copies a hotkey of a wallet to a key file, shows its public part.
pub fn import(global: &Global, args: &ImportArgs) -> Result<Exit, Failure> {
    let mut passwords = passwords(args.password_file.clone());
    let key = match &args.file {
        Some(file) => keyfile::read(file, &mut passwords),
        None => WalletDir::new(args.wallet_path.as_deref(), &args.wallet)
            .and_then(|wallet| wallet.open_hotkey(&args.hotkey, &mut passwords)),
    }
    .map_err(wallet_failure)?;
    let path = match &args.out {
        Some(path) => path.clone(),
        None => prepare_default_path()?,
    };
    store(&path, &key, args.force)?;
    KeyView::new(key.hotkey(), Some(&path)).print(global)?;
    Ok(Exit::Ok)
}

/// Shows the spellings of a key.
pub fn inspect(global: &Global, args: &InspectArgs) -> Result<Exit, Failure> {
    let view = match &args.subject {
        None => of_file(&default_key_path()?)?,
        Some(subject) => of_subject(subject)?,
    };
    view.print(global)?;
    Ok(Exit::Ok)
}

/// Writes a key file that only its owner can read. Another one is replaced only if that is wanted.
fn store(path: &Path, key: &WalletKey, replace: bool) -> Result<(), Failure> {
    let options = WriteOptions {
        password: None,
        replace,
    };
    keyfile::write(path, key, options).map_err(|error| match error {
        WalletError::Exists { path } => Failure::usage(anyhow::anyhow!(
            "{} already exists: choose another file, or pass --force to replace that key for good",
            path.display()
        )),
        other => wallet_failure(other),
    })
}

fn of_subject(subject: &str) -> Result<KeyView, Failure> {
    let path = Path::new(subject);
    if path.exists() {
        return of_file(path);
    }
    match Hotkey::parse(subject) {
        Ok(hotkey) => Ok(KeyView::new(hotkey, None)),
        Err(_) if subject.contains(['/', '.']) => of_file(path),
        Err(error) => Err(Failure::usage(
            anyhow::Error::from(error).context("no such key file, and not an address either"),
        )),
    }
}

fn of_file(path: &Path) -> Result<KeyView, Failure> {
    let key = read_key_file(path)?;
    Ok(KeyView::new(key.hotkey(), Some(path)))
}

/// The default key file; its directory is made for the owner alone.
fn prepare_default_path() -> Result<PathBuf, Failure> {
    let path = default_key_path()?;
    if let Some(directory) = path.parent() {
        DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(directory)?;
    }
    Ok(path)
}
