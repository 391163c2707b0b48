//! Every form of a plain key file opens, and each way of being wrong has its own error.

use crate::samples::{
    ED25519, GARBLED_SEED_SS58, OF_GARBLED_SEED, OF_PHRASE, OF_PRIVATE_KEY, PHRASE,
    PRIVATE_KEY_SS58, PUBLIC_HALF, SEED, SS58, key_file,
};
use assay_wallet::error::{KeyDataError, PhraseError, WalletError};
use assay_wallet::{Passwords, WalletKey, keyfile};

fn open(contents: &[u8]) -> Result<WalletKey, WalletError> {
    let (_directory, path) = key_file(contents);
    keyfile::read(&path, &mut Passwords::none())
}

/// What is wrong with a key file; its text holds nothing of the secrets of these tests.
fn fault(contents: &str) -> KeyDataError {
    let error = open(contents.as_bytes()).unwrap_err();
    let text = format!("{error} {error:?}");
    for secret in [
        "bottom",
        "obey",
        &SEED[..8],
        "05d65584",
        "33a6f309",
        "07070707",
    ] {
        assert!(!text.contains(secret), "{text}");
    }
    match error {
        WalletError::Key { source, .. } => *source,
        other => panic!("{other}"),
    }
}

fn assert_opens(contents: &str, ss58: &str) {
    let key = open(contents.as_bytes()).unwrap_or_else(|error| panic!("{contents}: {error}"));
    assert_eq!(key.ss58(), ss58, "{contents}");
}

#[test]
fn files_of_the_python_package_open() {
    assert_opens(OF_PHRASE, SS58);
    assert_opens(OF_PRIVATE_KEY, PRIVATE_KEY_SS58);
    assert_opens(OF_GARBLED_SEED, GARBLED_SEED_SS58);
}

#[test]
fn each_secret_alone_is_enough() {
    let address = format!(r#""ss58Address":"{SS58}""#);
    for json in [
        format!(r#"{{"secretPhrase":"{PHRASE}",{address}}}"#),
        format!(r#"{{"secretSeed":"0x{SEED}",{address}}}"#),
        format!(r#"{{"secretSeed":"{SEED}","secretPhrase":null,"privateKey":"",{address}}}"#),
        OF_PHRASE
            .replace("secretPhrase", "x")
            .replace("secretSeed", "y"),
        format!(r#"{{"secretPhrase":"{PHRASE}"}}"#),
    ] {
        assert_opens(&json, SS58);
    }
}

#[test]
fn old_and_new_spellings_of_fields_open() {
    for (from, to) in [
        ("\"ss58Address\"", "\" ss58Address\""),
        ("\"cryptoType\":1,", ""),
        ("\"cryptoType\":1", "\"cryptoType\":\"1\""),
        ("\"cryptoType\":1", "\"cryptoType\":null"),
        (
            "\"cryptoType\":1",
            "\"accountType\":\"sr25519\",\"signingScheme\":\"Sr25519\"",
        ),
        // Unknown, but the address is that of the sr25519 key.
        (
            "\"cryptoType\":1",
            "\"cryptoType\":1,\"accountType\":\"plain\"",
        ),
    ] {
        let json = OF_PHRASE.replace(from, to);
        assert_ne!(json, OF_PHRASE);
        assert_opens(&json, SS58);
    }
    // The key files of this project.
    let own = format!(
        r#"{{"version":1,"ss58":"{SS58}","publicKey":"46ebddef8cd9bb167dc30878d7113b7e168e6f0646beffd77d69d39bad76b47a","secretSeed":"{SEED}"}}"#
    );
    assert_opens(&own, SS58);
}

#[test]
fn bare_seeds_and_phrases_open() {
    for bare in [
        SEED.to_owned(),
        format!("0x{SEED}\n"),
        PHRASE.to_owned(),
        format!(" {PHRASE}\r\n"),
    ] {
        assert_opens(&bare, SS58);
    }
}

#[test]
fn a_file_that_names_another_key_than_its_secret_gives_is_refused() {
    let public_key = "46ebddef8cd9bb167dc30878d7113b7e168e6f0646beffd77d69d39bad76b47a";
    let alice = "d43593c715fdd31c61141abd04a99fd6822c8558854ccde39a5684e7a56da27d";
    for (from, to, expected) in [
        (SS58, PRIVATE_KEY_SS58, "ss58Address"),
        // A typing error, which its checksum shows.
        ("6E1EqRzV", "6E1EqRzW", "ss58Address"),
        (
            &*format!("publicKey\":\"0x{public_key}"),
            &*format!("publicKey\":\"0x{alice}"),
            "publicKey",
        ),
        (
            &*format!("accountId\":\"0x{public_key}"),
            &*format!("accountId\":\"0x{alice}"),
            "accountId",
        ),
        // The seed in the wrong field is not repeated.
        (
            &*format!("publicKey\":\"0x{public_key}"),
            &*format!("publicKey\":\"0x{SEED}"),
            "publicKey",
        ),
    ] {
        let json = OF_PHRASE.replace(from, to);
        assert_ne!(json, OF_PHRASE);
        match fault(&json) {
            KeyDataError::Mismatch { field, derived } => {
                assert_eq!((field, derived.to_ss58()), (expected, SS58.to_owned()));
            }
            other => panic!("{other}"),
        }
    }
}

#[test]
fn secrets_of_two_keys_in_one_file_are_refused() {
    let json = OF_PHRASE.replace(SEED, &SEED.replace("fac7", "fac8"));
    assert!(matches!(
        fault(&json),
        KeyDataError::SecretsDisagree {
            first: "secretPhrase",
            second: "secretSeed",
            ..
        }
    ));
}

#[test]
fn an_unreadable_secret_is_passed_over_only_if_the_file_names_its_key() {
    let unnamed = format!(r#"{{"secretPhrase":"{PHRASE}","secretSeed":"0x12"}}"#);
    assert_eq!(fault(&unnamed), KeyDataError::Seed);
    let named = unnamed.replace('}', &format!(r#","ss58Address":"{SS58}"}}"#));
    assert_opens(&named, SS58);
}

#[test]
fn keys_of_other_schemes_are_refused_by_name() {
    let without_type = ED25519.replace("\"cryptoType\":0,", "");
    let named = OF_PHRASE.replace("\"cryptoType\":1", "\"accountType\":\"ed25519\"");
    for json in [ED25519, &without_type, &named] {
        assert_eq!(fault(json), KeyDataError::Ed25519);
    }
    let unknown = OF_PHRASE.replace("\"cryptoType\":1", "\"cryptoType\":7");
    assert_opens(&unknown, SS58);
    let foreign = unknown.replace(SS58, PRIVATE_KEY_SS58);
    assert_eq!(
        fault(&foreign),
        KeyDataError::Scheme {
            field: "cryptoType",
            got: "7".to_owned()
        }
    );
}

#[test]
fn old_encryptions_are_refused_with_what_helps() {
    for old in ["$ANSIBLE_VAULT;1.1;AES256\n3761", "gAAAAABkZmVybmV0"] {
        let error = fault(old);
        assert!(matches!(error, KeyDataError::OldEncryption(_)));
        assert!(error.to_string().contains("regen-hotkey"), "{error}");
    }
}

#[test]
fn files_that_hold_no_key_are_refused_by_name() {
    for (contents, expected) in [
        ("", KeyDataError::Empty),
        (" \n", KeyDataError::Empty),
        ("{", KeyDataError::NotJson { line: 1, column: 1 }),
        (PUBLIC_HALF, KeyDataError::NoSecret),
        ("{}", KeyDataError::NoSecret),
        (&SEED[1..], KeyDataError::UnknownForm),
        ("{\"secretSeed\":\"0xzz\"}", KeyDataError::Seed),
        ("{\"privateKey\":\"0x33a6f309\"}", KeyDataError::PrivateKey),
        (
            "bottom drive obey lake",
            KeyDataError::Phrase(PhraseError::WordCount(4)),
        ),
    ] {
        assert_eq!(fault(contents), expected, "{contents}");
    }
    assert!(matches!(
        fault(&OF_PHRASE[..OF_PHRASE.len() / 2]),
        KeyDataError::NotJson { .. }
    ));
    assert!(matches!(
        fault(&OF_PHRASE.replace("\"secretPhrase\":\"bottom", "\"secretPhrase\":bottom")),
        KeyDataError::NotJson { .. }
    ));
}
