//! Hotkeys: sr25519 public keys, written as SS58 with prefix 42 or as 64 hex digits.

use alloc::{
    string::{String, ToString},
    vec::Vec,
};
use core::fmt;

use blake2::{Blake2b512, Digest};
use thiserror::Error;

/// SS58 prefix of the network.
pub const SS58_PREFIX: u8 = 42;
/// Longest spelling that is looked at: an SS58 address has 48 characters, hex has 64.
const SPELLING_MAX_BYTES: usize = 64;
/// prefix ‖ key ‖ two bytes of checksum.
const SS58_DECODED_BYTES: usize = 35;
const SS58_CHECKSUM_DOMAIN: &[u8] = b"SS58PRE";

/// An sr25519 public key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Hotkey(pub [u8; 32]);

/// Why a text is not a hotkey.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum HotkeyError {
    /// Neither spelling has this length.
    #[error("expected an SS58 address or 64 hex digits, got {len_bytes} bytes")]
    Length {
        /// Length of the text.
        len_bytes: usize,
    },
    /// 64 characters, not all of them hex digits.
    #[error("expected 64 hex digits")]
    Hex,
    /// Not base58, or not of an address's length.
    #[error("not an SS58 address")]
    Ss58,
    /// An address of another network.
    #[error("expected SS58 prefix {SS58_PREFIX}, got {got}")]
    Prefix {
        /// The prefix found.
        got: u8,
    },
    /// Probably mistyped.
    #[error("the SS58 checksum is wrong")]
    Checksum,
}

impl Hotkey {
    /// Reads SS58 (prefix 42) or 64 hex digits of either case, without `0x`.
    ///
    /// # Errors
    /// [`HotkeyError`] saying which rule the text breaks.
    pub fn parse(text: &str) -> Result<Self, HotkeyError> {
        match text.len() {
            64 => {
                let mut key = [0; 32];
                hex::decode_to_slice(text, &mut key).map_err(|_| HotkeyError::Hex)?;
                Ok(Self(key))
            }
            1..SPELLING_MAX_BYTES => Self::parse_ss58(text),
            len_bytes => Err(HotkeyError::Length { len_bytes }),
        }
    }

    fn parse_ss58(text: &str) -> Result<Self, HotkeyError> {
        let decoded = bs58::decode(text)
            .into_vec()
            .map_err(|_| HotkeyError::Ss58)?;
        let bytes: [u8; SS58_DECODED_BYTES] = decoded.try_into().map_err(|_| HotkeyError::Ss58)?;
        let [prefix, rest @ ..] = bytes;
        if prefix != SS58_PREFIX {
            return Err(HotkeyError::Prefix { got: prefix });
        }
        let (key, checksum) = rest.split_at(32);
        let key: [u8; 32] = key.try_into().map_err(|_| HotkeyError::Ss58)?;
        if checksum != ss58_checksum(&key) {
            return Err(HotkeyError::Checksum);
        }
        Ok(Self(key))
    }

    /// The SS58 address, as shown to people.
    #[must_use]
    pub fn to_ss58(&self) -> String {
        let mut bytes = Vec::with_capacity(SS58_DECODED_BYTES);
        bytes.push(SS58_PREFIX);
        bytes.extend_from_slice(&self.0);
        bytes.extend_from_slice(&ss58_checksum(&self.0));
        bs58::encode(bytes).into_string()
    }

    /// 64 lower-case hex digits.
    #[must_use]
    pub fn to_hex(&self) -> String {
        hex::encode(self.0)
    }
}

impl fmt::Display for Hotkey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.to_ss58())
    }
}

impl core::str::FromStr for Hotkey {
    type Err = HotkeyError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::parse(text)
    }
}

impl serde::Serialize for Hotkey {
    /// As bytes in binary formats, as SS58 in texts.
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if serializer.is_human_readable() {
            serializer.serialize_str(&self.to_ss58())
        } else {
            self.0.serialize(serializer)
        }
    }
}

impl<'de> serde::Deserialize<'de> for Hotkey {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        if deserializer.is_human_readable() {
            let text = String::deserialize(deserializer)?;
            Self::parse(&text).map_err(|error| serde::de::Error::custom(error.to_string()))
        } else {
            <[u8; 32]>::deserialize(deserializer).map(Self)
        }
    }
}

fn ss58_checksum(key: &[u8; 32]) -> [u8; 2] {
    let digest = Blake2b512::new()
        .chain_update(SS58_CHECKSUM_DOMAIN)
        .chain_update([SS58_PREFIX])
        .chain_update(key)
        .finalize();
    let mut checksum = [0; 2];
    for (to, from) in checksum.iter_mut().zip(digest) {
        *to = from;
    }
    checksum
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The well-known development account Alice.
    const ALICE_SS58: &str = "5GrwvaEF5zXb26Fz9rcQpDWS57CtERHpNehXCPcNoHGKutQY";
    const ALICE_HEX: &str = "d43593c715fdd31c61141abd04a99fd6822c8558854ccde39a5684e7a56da27d";

    #[test]
    fn both_spellings_of_a_known_account_agree() {
        let from_ss58 = Hotkey::parse(ALICE_SS58).unwrap();
        assert_eq!(from_ss58, Hotkey::parse(ALICE_HEX).unwrap());
        assert_eq!(from_ss58, Hotkey::parse(&ALICE_HEX.to_uppercase()).unwrap());
        assert_eq!(from_ss58.to_ss58(), ALICE_SS58);
        assert_eq!(from_ss58.to_hex(), ALICE_HEX);
    }

    #[test]
    fn mistyped_and_foreign_addresses_are_named() {
        let mistyped = ALICE_SS58.replace("tQY", "tQZ");
        assert_eq!(Hotkey::parse(&mistyped), Err(HotkeyError::Checksum));
        // The same key with prefix 0 (Polkadot).
        let foreign = "15oF4uVJwmo4TdGW7VfQxNLavjCXviqxT9S1MgbjMNHr6Sp5";
        assert_eq!(Hotkey::parse(foreign), Err(HotkeyError::Prefix { got: 0 }));
        assert_eq!(Hotkey::parse(""), Err(HotkeyError::Length { len_bytes: 0 }));
        assert_eq!(Hotkey::parse(&"zz".repeat(32)), Err(HotkeyError::Hex));
        assert_eq!(Hotkey::parse("0OIl"), Err(HotkeyError::Ss58));
    }

    proptest! {
        #[test]
        fn every_key_round_trips(key in any::<[u8; 32]>()) {
            let hotkey = Hotkey(key);
            prop_assert_eq!(Hotkey::parse(&hotkey.to_ss58()), Ok(hotkey));
            prop_assert_eq!(Hotkey::parse(&hotkey.to_hex()), Ok(hotkey));
        }

        #[test]
        fn arbitrary_text_never_panics(text in ".*") {
            let _ = Hotkey::parse(&text);
        }
    }
}
