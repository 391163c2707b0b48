//! Wallet directories: the layout, what may lie in it, what is written there.

use std::fs;
use std::os::unix::fs::{MetadataExt, symlink};
use std::path::Path;

use crate::samples::{OF_PHRASE, OF_PRIVATE_KEY, PHRASE, PUBLIC_HALF, SS58, put};
use assay_wallet::error::{KeyDataError, WalletError};
use assay_wallet::limits::KEY_FILE_MAX_BYTES;
use assay_wallet::{Passwords, WalletDir, WalletKey, WriteOptions};
use tempfile::TempDir;

/// A wallet `w` with nothing in it.
fn wallet() -> (TempDir, WalletDir) {
    let root = tempfile::tempdir().unwrap();
    let wallet = WalletDir::new(Some(root.path()), "w").unwrap();
    (root, wallet)
}

fn open(wallet: &WalletDir) -> Result<WalletKey, WalletError> {
    wallet.open_hotkey("h", &mut Passwords::none())
}

#[test]
fn files_are_where_the_python_package_puts_them() {
    let (root, wallet) = wallet();
    let at = |below: &str| root.path().join(below);
    assert_eq!(wallet.coldkey_path(), at("w/coldkey"));
    assert_eq!(wallet.coldkeypub_path(), at("w/coldkeypub.txt"));
    assert_eq!(wallet.hotkey_path("h").unwrap(), at("w/hotkeys/h"));
    assert_eq!(
        wallet.hotkeypub_path("h").unwrap(),
        at("w/hotkeys/hpub.txt")
    );
    put(&at("w/hotkeys/h"), OF_PHRASE.as_bytes(), 0o600);
    assert_eq!(open(&wallet).unwrap().ss58(), SS58);
}

#[test]
fn names_that_lead_elsewhere_are_refused() {
    let (root, wallet) = wallet();
    let long = "x".repeat(249);
    for name in [
        "",
        ".",
        "..",
        "../w",
        "a/b",
        "/etc/passwd",
        ".hidden",
        "a\0b",
        "a\nb",
        "hpub.txt",
        &long,
    ] {
        assert!(
            matches!(
                wallet.hotkey_path(name),
                Err(WalletError::InvalidName { what: "hotkey", .. })
            ),
            "{name:?}"
        );
        assert!(
            matches!(
                WalletDir::new(Some(root.path()), name),
                Err(WalletError::InvalidName { what: "wallet", .. })
            ),
            "{name:?}"
        );
    }
    for name in ["default", "my wallet", "v1.0-β", "a..b"] {
        assert!(wallet.hotkey_path(name).is_ok(), "{name}");
    }
}

#[test]
fn a_key_that_others_can_read_is_refused_with_the_command_that_helps() {
    let (_root, wallet) = wallet();
    let path = wallet.hotkey_path("h").unwrap();
    for mode in [0o640, 0o604, 0o620, 0o601] {
        put(&path, OF_PHRASE.as_bytes(), mode);
        let error = open(&wallet).unwrap_err().to_string();
        assert!(
            error.contains(&format!("chmod 600 {}", path.display())),
            "{error}"
        );
    }
    put(&path, OF_PHRASE.as_bytes(), 0o400);
    assert_eq!(open(&wallet).unwrap().ss58(), SS58);
}

#[test]
fn what_is_no_regular_file_is_refused_and_a_pipe_is_not_waited_for() {
    let (root, wallet) = wallet();
    let path = wallet.hotkey_path("h").unwrap();
    assert!(matches!(open(&wallet), Err(WalletError::Missing { .. })));
    fs::create_dir_all(&path).unwrap();
    assert!(matches!(open(&wallet), Err(WalletError::NotAFile { .. })));
    fs::remove_dir(&path).unwrap();
    let made = std::process::Command::new("mkfifo")
        .args(["-m", "600"])
        .arg(&path)
        .status();
    assert!(made.unwrap().success());
    assert!(matches!(open(&wallet), Err(WalletError::NotAFile { .. })));
    fs::remove_file(&path).unwrap();
    put(&path, &[b' '; KEY_FILE_MAX_BYTES + 1], 0o600);
    assert!(matches!(open(&wallet), Err(WalletError::TooLarge { .. })));
    fs::remove_file(&path).unwrap();

    // A link is followed, and what it leads to is checked.
    let elsewhere = put(&root.path().join("secret"), OF_PHRASE.as_bytes(), 0o600);
    symlink(&elsewhere, &path).unwrap();
    assert_eq!(open(&wallet).unwrap().ss58(), SS58);
    put(&elsewhere, OF_PHRASE.as_bytes(), 0o644);
    assert!(matches!(
        open(&wallet),
        Err(WalletError::Permissions { .. })
    ));
}

#[test]
fn a_public_half_of_another_key_is_refused() {
    let (_root, wallet) = wallet();
    put(
        &wallet.hotkeypub_path("h").unwrap(),
        PUBLIC_HALF.as_bytes(),
        0o644,
    );
    put(&wallet.hotkey_path("h").unwrap(), PHRASE.as_bytes(), 0o600);
    assert_eq!(open(&wallet).unwrap().ss58(), SS58);
    put(
        &wallet.hotkey_path("h").unwrap(),
        OF_PRIVATE_KEY.as_bytes(),
        0o600,
    );
    match open(&wallet).unwrap_err() {
        WalletError::Key { source, .. } => {
            assert!(matches!(*source, KeyDataError::Mismatch { .. }));
        }
        other => panic!("{other}"),
    }
}

#[test]
fn a_written_hotkey_is_private_and_reads_back() {
    let (root, wallet) = wallet();
    let key = WalletKey::from_phrase(PHRASE).unwrap();
    let path = wallet
        .write_hotkey("h", &key, WriteOptions::default())
        .unwrap();
    assert_eq!(fs::metadata(&path).unwrap().mode() & 0o777, 0o600);
    assert_eq!(
        fs::metadata(root.path().join("w/hotkeys")).unwrap().mode() & 0o777,
        0o700
    );
    let read = open(&wallet).unwrap();
    assert_eq!(read.ss58(), SS58);
    assert_eq!(read.seed(), key.seed());
    let entries = |below: &str| fs::read_dir(root.path().join(below)).unwrap().count();
    assert_eq!(entries("w/hotkeys"), 2);
}

#[test]
fn an_existing_hotkey_survives_unless_replacement_is_asked_for() {
    let (root, wallet) = wallet();
    let first = WalletKey::from_phrase(PHRASE).unwrap();
    let second = WalletKey::from_seed(&[7; 32]).unwrap();
    wallet
        .write_hotkey("h", &first, WriteOptions::default())
        .unwrap();
    let refused = |wallet: &WalletDir| {
        let written = wallet.write_hotkey("h", &second, WriteOptions::default());
        assert!(matches!(written, Err(WalletError::Exists { .. })));
    };
    refused(&wallet);
    fs::remove_file(wallet.hotkeypub_path("h").unwrap()).unwrap();
    refused(&wallet);
    assert_eq!(open(&wallet).unwrap().ss58(), SS58);
    let replace = WriteOptions {
        replace: true,
        ..WriteOptions::default()
    };
    wallet.write_hotkey("h", &second, replace).unwrap();
    assert_eq!(open(&wallet).unwrap().hotkey(), second.hotkey());
    assert_eq!(
        fs::read_dir(root.path().join("w/hotkeys")).unwrap().count(),
        2
    );
}

#[test]
fn writing_replaces_a_link_and_leaves_what_it_led_to() {
    let (root, wallet) = wallet();
    let victim = put(&root.path().join("victim"), b"precious", 0o600);
    let path = wallet.hotkey_path("h").unwrap();
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    symlink(&victim, &path).unwrap();
    let key = WalletKey::from_phrase(PHRASE).unwrap();
    let refused = wallet.write_hotkey("h", &key, WriteOptions::default());
    assert!(matches!(refused, Err(WalletError::Exists { .. })));
    let replace = WriteOptions {
        replace: true,
        ..WriteOptions::default()
    };
    wallet.write_hotkey("h", &key, replace).unwrap();
    assert_eq!(fs::read(&victim).unwrap(), b"precious");
    assert!(fs::symlink_metadata(&path).unwrap().is_file());
}

#[test]
fn a_tilde_stands_for_the_home_directory() {
    let home = std::env::home_dir().expect("tests run with a home directory");
    let of = |root: Option<&Path>| WalletDir::new(root, "w").unwrap().coldkey_path();
    assert_eq!(of(None), home.join(".bittensor/wallets/w/coldkey"));
    assert_eq!(of(Some(Path::new("~/keys"))), home.join("keys/w/coldkey"));
}
