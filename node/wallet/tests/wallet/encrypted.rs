//! Encrypted key files and the sources of their passwords. Each opening takes seconds.

use std::ffi::OsString;
use std::fs;
use std::path::Path;

use crate::samples::{PHRASE, SS58, key_file, put};
use assay_wallet::error::{KeyDataError, PasswordError, WalletError};
use assay_wallet::password::variable_of;
use assay_wallet::{
    Password, PasswordOrigin, PasswordSource, Passwords, WalletKey, WriteOptions, keyfile,
};
use base64::Engine;
use zeroize::Zeroizing;

/// Written by Bittensor's wallet package 4.1.1 with the password below.
const ENCRYPTED: &str = "JE5BQ0xBLAyHaR/hFh69Sp2yYK5aT4Q8Nu08ZCA4zIZd48zx2f5/uQFNAQ2Gng+g/vqZCQZ3qi4zYBbzMuvwGuAkQoRkwsFcqNsaipjnjURX47w65rRjcM8+x2JO0nSxkrCPLcHxU8wocvxPmbTNvgnwOY/P5KuQxO/wtCIYRytajQ33tbnfddwRQeNkLDyW7qQenPM03bR6nIdltmfxFSWrIXUb0gXmtZ1TACwuS5nA1V7s2M52GNjBNthl3WSxuN8XebTT4JB3nHW4/jSIiVh09RCsEplJIJfm/hv5z9s1PCQ83afEIzdHwGub+3YY9QkpsKa4CtXKCbXdu5hOwbBIxGIlEqqBqRmHgY+EP1lzo0ql70ZBTyOINWZbtJ1aL/ASwlOX2m2Qd/wtHlV0kxxJTOQHgctY4nIgPkMRyPbcfX0okCAOg5765LokDK37R7hjoLYDGcUOL9DphlHnqaj8XMMo+82c1ORTo3KND/jYNkALZC/Ue9sZ2BJ5Zt2BrpLA7p4BQdjwTzpKCx4ec3Dd+PQQe8SCF2gJaF2CHDIjBLuFzFHS31gXfYjEItsL+1EaGrFcNuNKmCzUJTEDoiG4SmsgLLKmoB8aybj4gZFYPA6VFTKnRjjk6yI1i31972/f4bleKDv2nojtbyMBGfQYEgzx44HG9XrefRWTLkaLKNtrlbkrcYyU2gB+80fqf4zBowEgo44tIjFQNEXk9rYrnJrUaPjZ+zeo7ASFFYHCOy1RUdrvuWYezHbNTlhfl4Jou/OsDDIVUhXcEtGh34SJVrWVydHmb8+v";
const PASSWORD: &str = "correct horse";

fn encrypted() -> Vec<u8> {
    base64::engine::general_purpose::STANDARD
        .decode(ENCRYPTED)
        .unwrap()
}

fn typed(text: &'static str) -> Passwords<'static> {
    Passwords::none().with_prompt(move |_| Ok(Zeroizing::new(text.to_owned())))
}

/// A source that must not be asked.
fn never() -> Passwords<'static> {
    Passwords::none().with_prompt(|_| panic!("asked for a password"))
}

#[test]
fn an_encrypted_file_of_the_python_package_opens() {
    let (_directory, path) = key_file(&encrypted());
    let key = keyfile::read(&path, &mut typed(PASSWORD)).unwrap();
    assert_eq!(key.ss58(), SS58);
}

#[test]
fn a_wrong_password_is_named_with_its_origin_and_not_repeated() {
    let (directory, path) = key_file(&encrypted());
    let password_file = put(&directory.path().join("password"), b"wrong horse\n", 0o600);
    let mut passwords = Passwords::none().with_file(Some(password_file.clone()));
    let error = keyfile::read(&path, &mut passwords).unwrap_err();
    assert!(!error.to_string().contains("horse"), "{error}");
    match error {
        WalletError::WrongPassword { origin, .. } => {
            assert_eq!(origin, PasswordOrigin::File(password_file));
        }
        other => panic!("{other}"),
    }
}

#[test]
fn a_file_that_lost_its_end_does_not_open() {
    let whole = encrypted();
    let (_directory, path) = key_file(&whole[..whole.len() - 1]);
    assert!(matches!(
        keyfile::read(&path, &mut typed(PASSWORD)),
        Err(WalletError::WrongPassword { .. })
    ));
}

#[test]
fn a_file_cut_before_its_contents_is_refused_without_asking_for_a_password() {
    for length in [5, 28, 45] {
        let (_directory, path) = key_file(&encrypted()[..length]);
        match keyfile::read(&path, &mut never()).unwrap_err() {
            WalletError::Key { source, .. } => {
                assert_eq!(*source, KeyDataError::Truncated { got_bytes: length });
            }
            other => panic!("{other}"),
        }
    }
}

#[test]
fn a_plain_file_opens_without_asking_for_a_password() {
    let (_directory, path) = key_file(PHRASE.as_bytes());
    assert_eq!(keyfile::read(&path, &mut never()).unwrap().ss58(), SS58);
}

#[test]
fn without_a_password_the_error_names_the_variables() {
    let (_directory, path) = key_file(&encrypted());
    let error = keyfile::read(&path, &mut Passwords::none()).unwrap_err();
    let text = error.to_string();
    assert!(matches!(error, WalletError::PasswordNeeded { .. }));
    assert!(text.contains(&variable_of(&path)) && text.contains("BT_WALLET_PASSWORD"));
}

#[test]
fn a_key_written_encrypted_opens_with_the_password_of_the_environment() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("hotkey");
    let key = WalletKey::from_phrase(PHRASE).unwrap();
    let password = Password::typed(PASSWORD).unwrap();
    let options = WriteOptions {
        password: Some(&password),
        replace: false,
    };
    keyfile::write(&path, &key, options).unwrap();
    let written = fs::read(&path).unwrap();
    assert!(written.starts_with(b"$NACL"));
    assert!(!String::from_utf8_lossy(&written).contains("bottom"));

    let variable = variable_of(&path);
    let hidden: Vec<u8> = PASSWORD
        .bytes()
        .zip(variable.bytes().cycle())
        .map(|(byte, key)| byte ^ key)
        .collect();
    let value = base64::engine::general_purpose::STANDARD.encode(hidden);
    let mut passwords = Passwords::none()
        .with_environment_of(|name| (name == variable).then(|| OsString::from(&value)));
    assert_eq!(keyfile::read(&path, &mut passwords).unwrap().ss58(), SS58);
}

fn origin_of(mut passwords: Passwords<'_>) -> Result<PasswordOrigin, PasswordError> {
    let password = passwords.password(Path::new("/w/hotkeys/h"))?.unwrap();
    Ok(password.origin().clone())
}

#[test]
fn sources_are_asked_in_order_and_the_first_decides() {
    let directory = tempfile::tempdir().unwrap();
    let file = put(
        &directory.path().join("password"),
        b"of the file\r\n",
        0o600,
    );
    let both = |name: &str| match name {
        "BT_PW__W_HOTKEYS_H" => Some(OsString::from("AAAA")),
        "BT_WALLET_PASSWORD" => Some(OsString::from("plain")),
        _ => None,
    };
    let plain_only = |name: &str| both(name).filter(|_| name == "BT_WALLET_PASSWORD");
    let all = typed("typed").with_environment_of(both);
    assert_eq!(
        origin_of(all.with_file(Some(file.clone()))).unwrap(),
        PasswordOrigin::File(file)
    );
    assert_eq!(
        origin_of(typed("typed").with_environment_of(both)).unwrap(),
        PasswordOrigin::Environment("BT_PW__W_HOTKEYS_H".to_owned())
    );
    assert_eq!(
        origin_of(typed("typed").with_environment_of(plain_only)).unwrap(),
        PasswordOrigin::Environment("BT_WALLET_PASSWORD".to_owned())
    );
    assert_eq!(
        origin_of(typed("typed").with_environment_of(|_| None)).unwrap(),
        PasswordOrigin::Prompt
    );
    // Set to nothing is not set.
    assert_eq!(
        origin_of(typed("typed").with_environment_of(|_| Some(OsString::new()))).unwrap(),
        PasswordOrigin::Prompt
    );
}

#[test]
fn passwords_that_cannot_be_are_refused_by_their_origin() {
    let directory = tempfile::tempdir().unwrap();
    let of_file = |name: &str, contents: &[u8], mode| {
        let path = put(&directory.path().join(name), contents, mode);
        origin_of(Passwords::none().with_file(Some(path))).unwrap_err()
    };
    assert!(matches!(
        of_file("empty", b"\n", 0o600),
        PasswordError::Empty { .. }
    ));
    assert!(matches!(
        of_file("long", &[b'x'; 1025], 0o600),
        PasswordError::TooLong { .. }
    ));
    let open = of_file("open", b"secret", 0o644);
    assert!(open.to_string().contains("chmod 600"), "{open}");
    let of_variable =
        |value: &'static str| {
            origin_of(Passwords::none().with_environment_of(move |name| {
                (name == "BT_PW__W_HOTKEYS_H").then(|| value.into())
            }))
        };
    assert!(matches!(
        of_variable("not base64!"),
        Err(PasswordError::Encoding { .. })
    ));
}
