//! A beacon like drand's quicknet whose secret this chain holds, so that rounds come as fast as
//! blocks do and commits can be decrypted without a network; and the decryption itself.
//!
//! The secret is one in name only: it is made of the chain's configuration, so whoever runs the
//! chain can read every commit at once.

use ark_bls12_381::{Fr, G1Projective, G2Projective};
use ark_ec::PrimeGroup;
use ark_ff::PrimeField;
use ark_serialize::{CanonicalDeserialize, CanonicalSerialize, SerializationError};
use timelock::block_ciphers::AESGCMBlockCipherProvider;
use timelock::engines::drand::TinyBLS381;
use timelock::ibe::fullident::{Ciphertext, Identity};
use timelock::tlock::{TLECiphertext, tld};

use crate::pallets::drand::{BeaconConfiguration, Metadata, Pulse};
use crate::types::BoundedVec;

/// Bytes of a compressed point of G2.
const G2_BYTES: usize = 96;

/// Bytes of V and of W.
const HASH_BYTES: usize = 32;

/// The cipher that commits name.
const CIPHER_SUITE: &[u8] = b"AES_GCM_";

/// A beacon with its secret.
pub struct Beacon {
    secret: Fr,
}

/// Why a commit can't be decrypted.
#[derive(Debug, thiserror::Error)]
pub enum DecryptError {
    /// Fewer bytes than the layout needs.
    #[error("expected {expected} bytes for {part}, got {got}")]
    Short {
        /// What should be there.
        part: &'static str,
        /// Its length.
        expected: u64,
        /// What is left.
        got: usize,
    },
    /// A length that can't be.
    #[error("expected {expected} bytes of {part}, the commit names {got}")]
    Length {
        /// What it is the length of.
        part: &'static str,
        /// The right length.
        expected: usize,
        /// What the commit says.
        got: usize,
    },
    /// Not AES-GCM.
    #[error("expected the cipher AES_GCM_")]
    Cipher,
    /// A point that isn't on its curve, or not in its group.
    #[error("{part} is no point of the curve: {reason}")]
    Point {
        /// Which one.
        part: &'static str,
        /// What is wrong with it.
        reason: SerializationError,
    },
    /// Not encrypted for this round and this beacon, or damaged.
    #[error("the signature of the round doesn't open the commit")]
    Sealed,
}

impl Beacon {
    /// The beacon that belongs to a seed.
    pub fn from_seed(seed: &[u8]) -> Beacon {
        let mut domain = b"assay/dev-chain/beacon/v1".to_vec();
        domain.extend_from_slice(seed);
        Beacon {
            secret: Fr::from_le_bytes_mod_order(&sp_crypto_hashing::blake2_512(&domain)),
        }
    }

    /// The beacon's parameters, as the chain stores them.
    pub fn configuration(&self, period_s: u32, genesis_time_s: u32) -> BeaconConfiguration {
        let public_key = compressed(&(G2Projective::generator() * self.secret));
        let hash = sp_crypto_hashing::sha2_256(&public_key).to_vec();
        BeaconConfiguration {
            public_key: BoundedVec(public_key),
            period: period_s,
            genesis_time: genesis_time_s,
            hash: BoundedVec(hash.clone()),
            group_hash: BoundedVec(hash),
            scheme_id: BoundedVec(b"bls-unchained-g1-rfc9380".to_vec()),
            metadata: Metadata {
                beacon_id: BoundedVec(b"assay-dev".to_vec()),
            },
        }
    }

    /// A round of the beacon.
    pub fn pulse(&self, round: u64) -> Pulse {
        let signature = compressed(&identity(round).extract::<TinyBLS381>(self.secret).0);
        Pulse {
            round,
            randomness: BoundedVec(sp_crypto_hashing::sha2_256(&signature).to_vec()),
            signature: BoundedVec(signature),
        }
    }
}

/// What is signed in a round and what commits are encrypted for.
pub fn identity(round: u64) -> Identity {
    Identity::new(b"", &sp_crypto_hashing::sha2_256(&round.to_be_bytes()))
}

/// Decrypts a commit in the layout that the real chain reads: U, then V, W, body and cipher, each
/// with its length as a little-endian u64 before it.
pub fn decrypt(commit: &[u8], signature: &[u8]) -> Result<Vec<u8>, DecryptError> {
    let mut rest = commit;
    let u = take(&mut rest, G2_BYTES as u64, "U")?;
    let u = G2Projective::deserialize_compressed(u)
        .map_err(|reason| DecryptError::Point { part: "U", reason })?;
    let v = take_hash(&mut rest, "V")?;
    let w = take_hash(&mut rest, "W")?;
    let body = take_counted(&mut rest, "the body")?.to_vec();
    let cipher_suite = take_counted(&mut rest, "the cipher")?.to_vec();
    if cipher_suite != CIPHER_SUITE {
        return Err(DecryptError::Cipher);
    }
    check_body(&body)?;
    let part = "the round's signature";
    let signature = G1Projective::deserialize_compressed(signature)
        .map_err(|reason| DecryptError::Point { part, reason })?;
    let ciphertext = TLECiphertext::<TinyBLS381> {
        header: Ciphertext { u, v, w },
        body,
        cipher_suite,
    };
    tld::<TinyBLS381, AESGCMBlockCipherProvider>(ciphertext, signature)
        .map_err(|_| DecryptError::Sealed)
}

/// The lengths inside the body, which the cipher's decoder would believe.
fn check_body(mut body: &[u8]) -> Result<(), DecryptError> {
    take_counted(&mut body, "the ciphertext")?;
    take_counted(&mut body, "the nonce")?;
    Ok(())
}

fn take_hash(rest: &mut &[u8], part: &'static str) -> Result<[u8; HASH_BYTES], DecryptError> {
    let bytes = take_counted(rest, part)?;
    bytes.try_into().map_err(|_| DecryptError::Length {
        part,
        expected: HASH_BYTES,
        got: bytes.len(),
    })
}

fn take_counted<'a>(rest: &mut &'a [u8], part: &'static str) -> Result<&'a [u8], DecryptError> {
    let count = take(rest, 8, part)?;
    let count = count.try_into().map_or(u64::MAX, u64::from_le_bytes);
    take(rest, count, part)
}

fn take<'a>(
    rest: &mut &'a [u8],
    count: u64,
    part: &'static str,
) -> Result<&'a [u8], DecryptError> {
    let split = usize::try_from(count)
        .ok()
        .and_then(|count| rest.split_at_checked(count));
    let (taken, left) = split.ok_or(DecryptError::Short {
        part,
        expected: count,
        got: rest.len(),
    })?;
    *rest = left;
    Ok(taken)
}

fn compressed(point: &impl CanonicalSerialize) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(G2_BYTES);
    // Writing to memory doesn't fail.
    let _ = point.serialize_compressed(&mut bytes);
    bytes
}
