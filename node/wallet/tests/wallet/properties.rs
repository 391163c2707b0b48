//! No contents of a key file do harm.

use assay_wallet::{Passwords, WalletError, WalletKey, keyfile};
use proptest::prelude::*;

use crate::samples::{OF_PHRASE, PHRASE, SS58, key_file};

fn open(contents: &[u8]) -> Result<WalletKey, WalletError> {
    let (_directory, path) = key_file(contents);
    keyfile::read(&path, &mut Passwords::none())
}

proptest! {
    #[test]
    fn any_bytes_give_a_key_or_an_error(contents in prop::collection::vec(any::<u8>(), 0..600)) {
        let _ = open(&contents);
    }

    #[test]
    fn anything_like_json_gives_a_key_or_an_error(
        contents in r#"\{("(secretPhrase|secretSeed|privateKey|cryptoType|publicKey)":("[0-9a-fx ]{0,130}"|[0-9]{1,3}|null|\[\]|\{\}),?){0,4}\}"#
    ) {
        let _ = open(contents.as_bytes());
    }

    #[test]
    fn a_damaged_file_gives_the_same_key_or_an_error_without_its_secrets(
        at in 0..OF_PHRASE.len(),
        byte in any::<u8>(),
        cut in any::<bool>(),
    ) {
        let mut contents = OF_PHRASE.as_bytes().to_vec();
        if cut {
            contents.truncate(at);
        } else {
            contents[at] = byte;
        }
        match open(&contents) {
            Ok(key) => prop_assert_eq!(key.ss58(), SS58),
            Err(error) => {
                let text = format!("{error} {error:?}");
                for secret in PHRASE.split(' ').chain(["c7959dbf", "05d65584", "a34"]) {
                    // Words that the texts of errors hold anyway.
                    prop_assert!(!text.contains(secret) || secret == "hold", "{}", text);
                }
            }
        }
    }
}

proptest! {
    // Each case waits for the disk.
    #![proptest_config(ProptestConfig::with_cases(16))]

    #[test]
    fn a_written_key_reads_back(seed in any::<[u8; 32]>(), as_private_key in any::<bool>()) {
        let mut key = WalletKey::from_seed(&seed).unwrap();
        if as_private_key {
            key = WalletKey::from_private_key(&key.private_key()).unwrap();
        }
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("hotkey");
        keyfile::write(&path, &key, Default::default()).unwrap();
        let read = keyfile::read(&path, &mut Passwords::none()).unwrap();
        prop_assert_eq!(read.hotkey(), key.hotkey());
        prop_assert_eq!(read.seed(), key.seed());
        prop_assert_eq!(read.private_key(), key.private_key());
    }
}
