//! The secret of a hotkey, from each of the things it can be made of.

use core::fmt;

use assay_consensus::keys::{Hotkey, Keypair};
use bip39::{Language, Mnemonic};
use schnorrkel::{ExpansionMode, MiniSecretKey, SecretKey};
use zeroize::{Zeroize, Zeroizing};

use crate::error::{KeyDataError, PhraseError};

/// A hotkey with its secret, and what the secret was made of. Wiped when dropped, never printed.
pub struct WalletKey {
    keypair: schnorrkel::Keypair,
    hotkey: Hotkey,
    pub(crate) seed: Option<Zeroizing<[u8; 32]>>,
    pub(crate) phrase: Option<Zeroizing<String>>,
}

impl WalletKey {
    /// The key of a BIP-39 phrase with an empty password: the entropy behind the words is
    /// stretched, not their text.
    pub fn from_phrase(phrase: &str) -> Result<WalletKey, PhraseError> {
        let phrase = normalised(phrase);
        let mnemonic =
            Mnemonic::parse_in_normalized(Language::English, &phrase).map_err(phrase_error)?;
        let (mut entropy, length) = mnemonic.to_entropy_array();
        let mini = entropy
            .get(..length)
            .ok_or(PhraseError::Checksum)
            .and_then(|entropy| {
                substrate_bip39::mini_secret_from_entropy(entropy, "")
                    .map_err(|_| PhraseError::Checksum)
            });
        entropy.zeroize();
        let mut key = WalletKey::from_mini(&mini?);
        key.phrase = Some(phrase);
        Ok(key)
    }

    /// The key of a 32-byte seed, expanded as Substrate wallets do.
    pub fn from_seed(seed: &[u8; 32]) -> Result<WalletKey, KeyDataError> {
        MiniSecretKey::from_bytes(seed)
            .map(|mini| WalletKey::from_mini(&mini))
            .map_err(|_| KeyDataError::Seed)
    }

    /// The key of a 64-byte private key: the scalar in canonical form, then the nonce.
    pub fn from_private_key(private_key: &[u8; 64]) -> Result<WalletKey, KeyDataError> {
        let secret = SecretKey::from_bytes(private_key).map_err(|_| KeyDataError::PrivateKey)?;
        let keypair = secret.to_keypair();
        Ok(WalletKey {
            hotkey: Hotkey(keypair.public.to_bytes()),
            keypair,
            seed: None,
            phrase: None,
        })
    }

    /// The public key.
    pub fn hotkey(&self) -> Hotkey {
        self.hotkey
    }

    /// The SS58 address with prefix 42.
    pub fn ss58(&self) -> String {
        self.hotkey.to_ss58()
    }

    /// The sr25519 key, for signers with another context than `substrate`.
    pub fn schnorrkel(&self) -> &schnorrkel::Keypair {
        &self.keypair
    }

    /// The key that validators and miners sign with.
    pub fn keypair(&self) -> Keypair {
        Keypair::from(self.keypair.clone())
    }

    /// The 32-byte seed, if the key was made of one or of a phrase.
    pub fn seed(&self) -> Option<&[u8; 32]> {
        self.seed.as_deref()
    }

    /// The 64 bytes that [`WalletKey::from_private_key`] takes.
    pub fn private_key(&self) -> Zeroizing<[u8; 64]> {
        Zeroizing::new(self.keypair.secret.to_bytes())
    }

    fn from_mini(mini: &MiniSecretKey) -> WalletKey {
        let keypair = mini.expand_to_keypair(ExpansionMode::Ed25519);
        WalletKey {
            hotkey: Hotkey(keypair.public.to_bytes()),
            keypair,
            seed: Some(Zeroizing::new(*mini.as_bytes())),
            phrase: None,
        }
    }
}

impl fmt::Debug for WalletKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WalletKey")
            .field("hotkey", &self.hotkey)
            .finish_non_exhaustive()
    }
}

/// The words in lower case with one space between them.
fn normalised(phrase: &str) -> Zeroizing<String> {
    // Sized up front: a growing text would leave copies of the secret behind.
    let mut text = Zeroizing::new(String::with_capacity(phrase.len()));
    for word in phrase.split_ascii_whitespace() {
        if !text.is_empty() {
            text.push(' ');
        }
        text.push_str(word);
    }
    text.make_ascii_lowercase();
    text
}

fn phrase_error(error: bip39::Error) -> PhraseError {
    match error {
        bip39::Error::BadWordCount(words) => PhraseError::WordCount(words),
        bip39::Error::UnknownWord(index) => PhraseError::UnknownWord(index + 1),
        _ => PhraseError::Checksum,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Vectors of Bittensor's wallet package 4.1.1; the second is Alice of development chains.
    const PHRASE: &str = "bottom drive obey lake curtain smoke basket hold race lonely fit walk";
    const PHRASE_SEED: &str = "fac7959dbfe72f052e5a0c3c8d6530f202b02fd8f9f5ca3580ec8deb7797479e";
    const PHRASE_SS58: &str = "5DfhGyQdFobKM8NsWvEeAKk5EQQgYe9AydgJ7rMB6E1EqRzV";
    const ALICE_PRIVATE_KEY: &str = "33a6f3093f158a7109f679410bef1a0c54168145e0cecb4df006c1c2fffb1f09925a225d97aa00682d6a59b95b18780c10d7032336e88f3442b42361f4a66011";
    const ALICE_SS58: &str = "5GrwvaEF5zXb26Fz9rcQpDWS57CtERHpNehXCPcNoHGKutQY";

    fn bytes<const N: usize>(digits: &str) -> [u8; N] {
        hex::decode(digits).unwrap().try_into().unwrap()
    }

    #[test]
    fn phrase_seed_and_private_key_give_the_addresses_of_the_python_package() {
        let of_phrase = WalletKey::from_phrase(PHRASE).unwrap();
        assert_eq!(of_phrase.ss58(), PHRASE_SS58);
        assert_eq!(of_phrase.seed(), Some(&bytes(PHRASE_SEED)));
        let of_seed = WalletKey::from_seed(&bytes(PHRASE_SEED)).unwrap();
        assert_eq!(of_seed.ss58(), PHRASE_SS58);
        let of_private = WalletKey::from_private_key(&bytes(ALICE_PRIVATE_KEY)).unwrap();
        assert_eq!(of_private.ss58(), ALICE_SS58);
        assert_eq!(of_private.seed(), None);
        assert_eq!(*of_private.private_key(), bytes(ALICE_PRIVATE_KEY));
    }

    #[test]
    fn phrases_of_every_length_stretch_the_entropy_and_not_the_words() {
        // All are entropy of zeros; the package gives one address for the five.
        for (words, last) in [
            (12, "about"),
            (15, "address"),
            (18, "agent"),
            (21, "admit"),
            (24, "art"),
        ] {
            let phrase = format!("{}{last}", "abandon ".repeat(words - 1));
            let key = WalletKey::from_phrase(&phrase).unwrap();
            assert_eq!(
                key.ss58(),
                "5EPCUjPxiHAcNooYipQFWr9NmmXJKpNG5RhcntXwbtUySrgH"
            );
        }
    }

    #[test]
    fn a_key_from_a_private_key_signs_what_its_address_verifies() {
        let key = WalletKey::from_private_key(&bytes(ALICE_PRIVATE_KEY)).unwrap();
        let signature = key.keypair().sign(b"weights");
        assert_eq!(key.hotkey().verify(b"weights", &signature), Ok(()));
        assert!(key.hotkey().verify(b"weight", &signature).is_err());
    }

    #[test]
    fn a_phrase_with_spaces_and_capitals_is_the_same_phrase() {
        let sloppy = format!("  {}\n", PHRASE.replace(' ', " \t").to_uppercase());
        let key = WalletKey::from_phrase(&sloppy).unwrap();
        assert_eq!(key.ss58(), PHRASE_SS58);
        assert_eq!(key.phrase.as_deref().map(String::as_str), Some(PHRASE));
    }

    #[test]
    fn a_bad_phrase_is_named_by_position_and_never_quoted() {
        for (phrase, expected) in [
            (
                PHRASE.replace("obey", "obeyed"),
                PhraseError::UnknownWord(3),
            ),
            (PHRASE.replace("obey", "lake"), PhraseError::Checksum),
            (PHRASE.replace("obey ", ""), PhraseError::WordCount(11)),
            (String::new(), PhraseError::WordCount(0)),
        ] {
            let error = WalletKey::from_phrase(&phrase).unwrap_err();
            assert_eq!(error, expected);
            assert!(!error.to_string().contains("lake"));
        }
    }

    #[test]
    fn a_scalar_out_of_range_is_refused() {
        let mut private_key = bytes::<64>(ALICE_PRIVATE_KEY);
        private_key[31] = 0xff;
        assert_eq!(
            WalletKey::from_private_key(&private_key).unwrap_err(),
            KeyDataError::PrivateKey
        );
    }

    #[test]
    fn debug_output_shows_no_secret() {
        let shown = format!("{:?}", WalletKey::from_phrase(PHRASE).unwrap());
        assert!(
            !shown.contains("bottom") && !shown.contains("fac795"),
            "{shown}"
        );
    }
}
