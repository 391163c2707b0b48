//! Wallets of Bittensor's own Python package open here, and ours open there.
//!
//! `ASSAY_WALLET_PYTHON` names an interpreter that has the package; without it, one is set up with
//! pip. Where that can't be done the test says so on standard error and passes, unless
//! `ASSAY_REQUIRE_WALLET_PYTHON` is set.

use std::env;
use std::ffi::OsString;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;

use assay_wallet::{Password, Passwords, WalletDir, WalletKey, WriteOptions};

use crate::samples::{PHRASE, SS58};

const PACKAGE: &str = "bittensor-wallet==4.1.1";
const PASSWORD: &str = "pässword of a test";

#[test]
fn wallets_of_the_python_package_open_and_ours_open_there() {
    let python = match interpreter() {
        Ok(python) => python,
        Err(reason) => {
            let text = format!("\nNOT TESTED against {PACKAGE}: {reason}\n");
            assert!(
                env::var_os("ASSAY_REQUIRE_WALLET_PYTHON").is_none(),
                "{text}"
            );
            // Not by eprintln!, whose output a passing test keeps to itself.
            std::io::stderr().write_all(text.as_bytes()).unwrap();
            return;
        }
    };
    let root = tempfile::tempdir().unwrap();
    write_ours(root.path());
    let made = run(Command::new(python)
        .arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/wallet/make_wallets.py"))
        .arg(root.path())
        .arg(PASSWORD))
    .unwrap();
    let made: Vec<(String, String, Option<String>, Option<String>)> =
        serde_json::from_str(made.lines().last().unwrap()).unwrap();
    assert_eq!(made.len(), 8);

    let theirs = WalletDir::new(Some(root.path()), "python").unwrap();
    for (hotkey, address, variable, value) in made {
        if hotkey.starts_with("rust/") {
            assert_eq!(address, SS58, "{hotkey}");
            continue;
        }
        let mut passwords = Passwords::none().with_environment_of(|name| {
            (Some(name) == variable.as_deref()).then(|| OsString::from(value.as_deref().unwrap()))
        });
        let key = theirs
            .open_hotkey(&hotkey, &mut passwords)
            .unwrap_or_else(|error| panic!("{hotkey}: {error}"));
        assert_eq!(key.ss58(), address, "{hotkey}");
    }
}

fn write_ours(root: &Path) {
    let wallet = WalletDir::new(Some(root), "rust").unwrap();
    let key = WalletKey::from_phrase(PHRASE).unwrap();
    let password = Password::typed(PASSWORD).unwrap();
    for (hotkey, password) in [("plain", None), ("encrypted", Some(&password))] {
        let options = WriteOptions {
            password,
            replace: false,
        };
        wallet.write_hotkey(hotkey, &key, options).unwrap();
    }
}

/// An interpreter that has the package.
fn interpreter() -> Result<PathBuf, String> {
    if let Some(python) = env::var_os("ASSAY_WALLET_PYTHON") {
        return Ok(python.into());
    }
    let directory = Path::new(env!("CARGO_TARGET_TMPDIR")).join("wallet-python");
    let python = directory.join("bin/python");
    let has_package = |python: &Path| {
        run(Command::new(python).args(["-c", "import bittensor_wallet"])).map(|_| ())
    };
    if has_package(&python).is_err() {
        run(Command::new("python3").args(["-m", "venv"]).arg(&directory))?;
        run(Command::new(&python).args(["-m", "pip", "install", "--quiet", PACKAGE]))?;
        has_package(&python)?;
    }
    Ok(python)
}

fn run(command: &mut Command) -> Result<String, String> {
    let output = command
        .output()
        .map_err(|error| format!("{command:?}: {error}"))?;
    if !output.status.success() {
        return Err(format!(
            "{command:?}: {}",
            String::from_utf8_lossy(&output.stderr)
        ));
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}
