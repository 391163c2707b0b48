//! Hotkeys: sr25519 keys with the signing context `substrate`, shown as SS58 with prefix 42.

use core::fmt;
use core::sync::atomic::{AtomicU64, Ordering};

use blake2::{Blake2b512, Digest};
use schnorrkel::{ExpansionMode, MiniSecretKey, signing_context};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use ss58_registry::Ss58AddressFormatRegistry;
use zeroize::Zeroizing;

/// Signing context of Substrate wallets; the same bytes that `sp_core::sr25519` uses.
const SIGNING_CONTEXT: &[u8] = b"substrate";

/// Prefix of the checksum preimage of an SS58 address.
const SS58_CHECKSUM_PREFIX: &[u8] = b"SS58PRE";

/// Signatures checked by this process: a statistic that nothing depends on.
static VERIFIED: AtomicU64 = AtomicU64::new(0);

/// Signatures made by this process: a statistic that nothing depends on.
static SIGNED: AtomicU64 = AtomicU64::new(0);

/// How many signatures this process has checked and made since it started, all keys together.
///
/// For metrics and benchmarks only. Updates are relaxed: the two numbers may be of slightly
/// different moments.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SignatureCounts {
    /// Checked, whatever came of it.
    pub verified: u64,
    /// Made.
    pub signed: u64,
}

impl SignatureCounts {
    /// The counts of this moment.
    pub fn now() -> SignatureCounts {
        SignatureCounts {
            verified: VERIFIED.load(Ordering::Relaxed),
            signed: SIGNED.load(Ordering::Relaxed),
        }
    }
}

/// Why a key, address or signature could not be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// Not 32 bytes of hex and not an SS58 address.
    #[error("expected a hotkey as SS58 (prefix 42) or 64 hex digits, got {0:?}")]
    NotAHotkey(String),
    /// An SS58 address of another network.
    #[error("expected an SS58 address with prefix 42, got prefix {0}")]
    WrongPrefix(u16),
    /// An SS58 address whose checksum does not match: usually a typing error.
    #[error("SS58 checksum does not match: the address has a typing error")]
    Checksum,
    /// Not a valid secret seed.
    #[error("expected a secret seed of 32 bytes")]
    BadSeed,
    /// The signature does not verify under the key.
    #[error("signature does not verify under hotkey {0}")]
    BadSignature(Hotkey),
}

/// An sr25519 public key.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Hotkey(pub [u8; 32]);

/// An sr25519 signature.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Signature(pub [u8; 64]);

/// A hotkey with its secret. The secret is wiped when dropped and never printed.
pub struct Keypair {
    inner: schnorrkel::Keypair,
    hotkey: Hotkey,
}

impl Hotkey {
    /// Parses an SS58 address with prefix 42, or 64 hex digits with or without `0x`.
    pub fn parse(text: &str) -> Result<Hotkey, KeyError> {
        let bare = text.strip_prefix("0x").unwrap_or(text);
        if bare.len() == 64 {
            let mut bytes = [0u8; 32];
            if hex::decode_to_slice(bare, &mut bytes).is_ok() {
                return Ok(Hotkey(bytes));
            }
        }
        Hotkey::from_ss58(text)
    }

    /// Parses an SS58 address with prefix 42.
    pub fn from_ss58(text: &str) -> Result<Hotkey, KeyError> {
        let malformed = || KeyError::NotAHotkey(text.chars().take(80).collect());
        // The longest address of a 32-byte account has 50 characters.
        if text.len() > 64 {
            return Err(malformed());
        }
        let bytes = bs58::decode(text).into_vec().map_err(|_| malformed())?;
        let (&prefix, rest) = bytes.split_first().ok_or_else(malformed)?;
        if bytes.len() != 35 {
            return Err(malformed());
        }
        let (key, checksum) = rest.split_at_checked(32).ok_or_else(malformed)?;
        if u16::from(prefix) != ss58_prefix() {
            return Err(KeyError::WrongPrefix(u16::from(prefix)));
        }
        let expected = ss58_checksum(prefix, key);
        if checksum != expected {
            return Err(KeyError::Checksum);
        }
        <[u8; 32]>::try_from(key)
            .map(Hotkey)
            .map_err(|_| malformed())
    }

    /// The SS58 address with prefix 42.
    pub fn to_ss58(&self) -> String {
        let prefix = ss58_prefix() as u8;
        let mut bytes = Vec::with_capacity(35);
        bytes.push(prefix);
        bytes.extend_from_slice(&self.0);
        bytes.extend_from_slice(&ss58_checksum(prefix, &self.0));
        bs58::encode(bytes).into_string()
    }

    /// 64 lowercase hex digits without `0x`, as the JSON-RPC surface spells hotkeys.
    pub fn to_hex(&self) -> String {
        hex::encode(self.0)
    }

    /// Checks a signature over raw bytes.
    pub fn verify(&self, message: &[u8], signature: &Signature) -> Result<(), KeyError> {
        VERIFIED.fetch_add(1, Ordering::Relaxed);
        let bad = || KeyError::BadSignature(*self);
        let public = schnorrkel::PublicKey::from_bytes(&self.0).map_err(|_| bad())?;
        let signature = schnorrkel::Signature::from_bytes(&signature.0).map_err(|_| bad())?;
        public
            .verify_simple(SIGNING_CONTEXT, message, &signature)
            .map_err(|_| bad())
    }
}

impl Keypair {
    /// A fresh random key.
    pub fn generate() -> (Keypair, Zeroizing<[u8; 32]>) {
        let mini = MiniSecretKey::generate();
        (Keypair::from_mini(&mini), Zeroizing::new(mini.to_bytes()))
    }

    /// The key of a 32-byte secret seed, expanded as Substrate wallets do.
    pub fn from_seed(seed: &[u8; 32]) -> Result<Keypair, KeyError> {
        MiniSecretKey::from_bytes(seed)
            .map(|mini| Keypair::from_mini(&mini))
            .map_err(|_| KeyError::BadSeed)
    }

    /// A key derived from a public name: deterministic, worthless, for tests and local testnets.
    pub fn insecure_from_name(name: &str) -> Keypair {
        Keypair::from_seed(&Keypair::insecure_seed_of_name(name))
            .unwrap_or_else(|_| Keypair::generate().0)
    }

    /// The seed that [`Keypair::insecure_from_name`] uses.
    pub fn insecure_seed_of_name(name: &str) -> [u8; 32] {
        crate::hash::Hash::of_value("assay/insecure-key/v1", name).0
    }

    /// The public part.
    pub fn hotkey(&self) -> Hotkey {
        self.hotkey
    }

    /// Signs raw bytes as `sp_core::sr25519::Pair::sign` does.
    pub fn sign(&self, message: &[u8]) -> Signature {
        SIGNED.fetch_add(1, Ordering::Relaxed);
        let context = signing_context(SIGNING_CONTEXT);
        Signature(self.inner.sign(context.bytes(message)).to_bytes())
    }

    fn from_mini(mini: &MiniSecretKey) -> Keypair {
        Keypair::from(mini.expand_to_keypair(ExpansionMode::Ed25519))
    }
}

/// A key from elsewhere, for instance of a wallet that holds no seed.
impl From<schnorrkel::Keypair> for Keypair {
    fn from(inner: schnorrkel::Keypair) -> Keypair {
        let hotkey = Hotkey(inner.public.to_bytes());
        Keypair { inner, hotkey }
    }
}

impl fmt::Debug for Keypair {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Keypair")
            .field("hotkey", &self.hotkey)
            .finish_non_exhaustive()
    }
}

impl fmt::Display for Hotkey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.to_ss58())
    }
}

impl fmt::Debug for Hotkey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let hex = self.to_hex();
        f.write_str(hex.get(..8).unwrap_or(&hex))
    }
}

impl fmt::Debug for Signature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let hex = hex::encode(self.0);
        f.write_str(hex.get(..8).unwrap_or(&hex))
    }
}

impl Serialize for Hotkey {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if serializer.is_human_readable() {
            serializer.serialize_str(&self.to_ss58())
        } else {
            self.0.serialize(serializer)
        }
    }
}

impl<'de> Deserialize<'de> for Hotkey {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Hotkey, D::Error> {
        if deserializer.is_human_readable() {
            let text = String::deserialize(deserializer)?;
            Hotkey::parse(&text).map_err(serde::de::Error::custom)
        } else {
            <[u8; 32]>::deserialize(deserializer).map(Hotkey)
        }
    }
}

impl Serialize for Signature {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if serializer.is_human_readable() {
            serializer.serialize_str(&hex::encode(self.0))
        } else {
            // serde has no impl for [u8; 64]; two halves encode to the same 64 raw bytes.
            let (low, high) = self.0.split_at(32);
            let halves: ([u8; 32], [u8; 32]) = (
                low.try_into().unwrap_or_default(),
                high.try_into().unwrap_or_default(),
            );
            halves.serialize(serializer)
        }
    }
}

impl<'de> Deserialize<'de> for Signature {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Signature, D::Error> {
        let mut bytes = [0u8; 64];
        if deserializer.is_human_readable() {
            let text = String::deserialize(deserializer)?;
            hex::decode_to_slice(text.strip_prefix("0x").unwrap_or(&text), &mut bytes)
                .map_err(|_| serde::de::Error::custom("expected 128 hex digits"))?;
        } else {
            let (low, high) = <([u8; 32], [u8; 32])>::deserialize(deserializer)?;
            for (slot, byte) in bytes.iter_mut().zip(low.iter().chain(high.iter())) {
                *slot = *byte;
            }
        }
        Ok(Signature(bytes))
    }
}

fn ss58_prefix() -> u16 {
    Ss58AddressFormatRegistry::SubstrateAccount as u16
}

fn ss58_checksum(prefix: u8, key: &[u8]) -> [u8; 2] {
    let mut hasher = Blake2b512::new();
    hasher.update(SS58_CHECKSUM_PREFIX);
    hasher.update([prefix]);
    hasher.update(key);
    let digest = hasher.finalize();
    let mut checksum = [0u8; 2];
    for (slot, byte) in checksum.iter_mut().zip(digest.iter()) {
        *slot = *byte;
    }
    checksum
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Alice of every Substrate development chain: a vector made by other implementations.
    const ALICE_HEX: &str = "d43593c715fdd31c61141abd04a99fd6822c8558854ccde39a5684e7a56da27d";
    const ALICE_SS58: &str = "5GrwvaEF5zXb26Fz9rcQpDWS57CtERHpNehXCPcNoHGKutQY";

    #[test]
    fn ss58_matches_other_implementations() {
        let alice = Hotkey::parse(ALICE_HEX).unwrap();
        assert_eq!(alice.to_ss58(), ALICE_SS58);
        assert_eq!(Hotkey::parse(ALICE_SS58).unwrap(), alice);
    }

    #[test]
    fn an_address_with_a_typing_error_is_refused() {
        let typo = ALICE_SS58.replace("KutQY", "KutQZ");
        assert_eq!(Hotkey::parse(&typo), Err(KeyError::Checksum));
    }

    #[test]
    fn a_polkadot_address_is_refused_by_its_prefix() {
        let polkadot = "15oF4uVJwmo4TdGW7VfQxNLavjCXviqxT9S1MgbjMNHr6Sp5";
        assert_eq!(Hotkey::parse(polkadot), Err(KeyError::WrongPrefix(0)));
    }

    #[test]
    fn a_signature_verifies_only_for_its_message_and_key() {
        let alice = Keypair::insecure_from_name("alice");
        let bob = Keypair::insecure_from_name("bob");
        let signature = alice.sign(b"message");
        assert_eq!(alice.hotkey().verify(b"message", &signature), Ok(()));
        assert!(alice.hotkey().verify(b"massage", &signature).is_err());
        assert!(bob.hotkey().verify(b"message", &signature).is_err());
    }

    #[test]
    fn a_refused_signature_counts_as_checked() {
        let alice = Keypair::insecure_from_name("alice");
        let before = SignatureCounts::now();
        let signature = alice.sign(b"message");
        assert!(alice.hotkey().verify(b"massage", &signature).is_err());
        let after = SignatureCounts::now();
        // Other tests of this process count too.
        assert!(after.signed > before.signed);
        assert!(after.verified > before.verified);
    }
}
