//! Accounts as people and RPC clients write them: SS58 with prefix 42, or hex.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::types::AccountId32;

/// Prefix of every Bittensor address.
pub const SS58_PREFIX: u8 = 42;

/// Longest text that is tried as an address, in bytes.
const TEXT_MAX_BYTES: usize = 80;

/// Why a text is no address.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AddressError {
    /// Neither form.
    #[error("expected an SS58 address with prefix {SS58_PREFIX} or 32 bytes as hex")]
    Malformed,
    /// Mistyped.
    #[error("the checksum of the SS58 address is wrong")]
    Checksum,
}

impl AccountId32 {
    /// The address as SS58.
    pub fn to_ss58(self) -> String {
        let mut bytes = vec![SS58_PREFIX];
        bytes.extend_from_slice(&self.0);
        let [first, second] = checksum(&bytes);
        bytes.extend([first, second]);
        bs58::encode(bytes).into_string()
    }
}

impl FromStr for AccountId32 {
    type Err = AddressError;

    fn from_str(text: &str) -> Result<AccountId32, AddressError> {
        if text.len() > TEXT_MAX_BYTES {
            return Err(AddressError::Malformed);
        }
        if let Some(hex) = text.strip_prefix("0x") {
            let mut key = [0; 32];
            hex::decode_to_slice(hex, &mut key).map_err(|_| AddressError::Malformed)?;
            return Ok(AccountId32(key));
        }
        let bytes = bs58::decode(text)
            .into_vec()
            .map_err(|_| AddressError::Malformed)?;
        let bytes: [u8; 35] = bytes.try_into().map_err(|_| AddressError::Malformed)?;
        let (body, sum) = bytes.split_at(33);
        if sum != checksum(body) {
            return Err(AddressError::Checksum);
        }
        match body.split_first() {
            Some((&SS58_PREFIX, key)) => key
                .try_into()
                .map(AccountId32)
                .map_err(|_| AddressError::Malformed),
            _ => Err(AddressError::Malformed),
        }
    }
}

impl fmt::Display for AccountId32 {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.to_ss58())
    }
}

impl fmt::Debug for AccountId32 {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, formatter)
    }
}

impl Serialize for AccountId32 {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.to_ss58())
    }
}

impl<'de> Deserialize<'de> for AccountId32 {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<AccountId32, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

fn checksum(body: &[u8]) -> [u8; 2] {
    let mut input = b"SS58PRE".to_vec();
    input.extend_from_slice(body);
    let hash = sp_crypto_hashing::blake2_512(&input);
    let [first, second, ..] = hash;
    [first, second]
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Alice of every Substrate development chain.
    const ALICE: &str = "5GrwvaEF5zXb26Fz9rcQpDWS57CtERHpNehXCPcNoHGKutQY";

    #[test]
    fn an_address_is_read_in_both_forms() {
        let alice: AccountId32 = ALICE.parse().unwrap();
        let hex = "0xd43593c715fdd31c61141abd04a99fd6822c8558854ccde39a5684e7a56da27d";
        assert_eq!(hex.parse(), Ok(alice));
        assert_eq!(alice.to_string(), ALICE);
    }

    #[test]
    fn a_mistyped_address_is_refused() {
        let wrong = ALICE.replace("utQY", "utQZ");
        assert_eq!(wrong.parse::<AccountId32>(), Err(AddressError::Checksum));
        assert_eq!("0x12".parse::<AccountId32>(), Err(AddressError::Malformed));
        let long = "1".repeat(1_000);
        assert_eq!(long.parse::<AccountId32>(), Err(AddressError::Malformed));
    }
}
