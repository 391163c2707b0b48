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
fn identity(round: u64) -> Identity {
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

fn take<'a>(rest: &mut &'a [u8], count: u64, part: &'static str) -> Result<&'a [u8], DecryptError> {
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

#[cfg(test)]
mod tests {
    use super::*;
    use assay_chain::beacon::encrypt;
    use proptest::prelude::*;
    use rand_core::OsRng;

    /// A commit for round 1000 of the real beacon, by an encoder that isn't ours.
    const FOREIGN_COMMIT: &str = "8aa2f9bd4de376383027ee76fdc9581fa9f0450ebcb193ae9c6f5015247c7089d0fa2f67f3fd\
         e3f5a49a0bdaf871c2c00f6e4eacb462516ccf55e21d1056efc437a184c7831bb9234bf957f4\
         93e5e960e56198d49dd19f0a5faa285076b2a3a520000000000000004354fc81b334186023d2\
         6c47e66dc8c0e2594ce3f65bb52db7a505052e196051200000000000000019a00c6099837feb\
         867ab1efd83965a8bab9a33186d266de7f05870b57b2288246000000000000002a0000000000\
         0000d2f35ee1b459968551ab6b1f7ec7ef046e4b815ad67b423bd14a86315a3188180e03c9f0\
         72bcec09da080c0000000000000066d0315f6e81483f24dbb2fc08000000000000004145535f\
         47434d5f";

    /// Signature of that round.
    const ROUND_1000: &str = "b44679b9a59af2ec876b1a6b1ad52ea9b1615fc3982b19576350f93447cb1125\
         e342b73a8dd2bacbe47e4b6b63ed5e39";

    fn public_key(beacon: &Beacon) -> Vec<u8> {
        beacon.configuration(3, 0).public_key.0
    }

    #[test]
    fn a_commit_of_the_real_beacon_opens_with_its_round() {
        let commit = hex::decode(FOREIGN_COMMIT).unwrap();
        let signature = hex::decode(ROUND_1000).unwrap();
        let opened = decrypt(&commit, &signature).unwrap();
        assert_eq!(opened, b"weights of the real beacon");
    }

    #[test]
    fn a_commit_opens_with_its_own_round_only() {
        let beacon = Beacon::from_seed(b"seed");
        let commit = encrypt(&public_key(&beacon), 7, b"hello", OsRng).unwrap();
        let open = |beacon: &Beacon, round| decrypt(&commit, &beacon.pulse(round).signature.0);
        assert_eq!(open(&beacon, 7).unwrap(), b"hello");
        assert!(matches!(open(&beacon, 8), Err(DecryptError::Sealed)));
        let other = Beacon::from_seed(b"other");
        assert!(matches!(open(&other, 7), Err(DecryptError::Sealed)));
    }

    #[test]
    fn a_cut_commit_is_named() {
        let beacon = Beacon::from_seed(b"seed");
        let commit = encrypt(&public_key(&beacon), 7, b"hello", OsRng).unwrap();
        let signature = beacon.pulse(7).signature.0;
        for length in 0..commit.len() {
            let cut = &commit[..length];
            assert!(decrypt(cut, &signature).is_err(), "{length} bytes opened");
        }
    }

    proptest! {
        #[test]
        fn any_bytes_after_a_good_point_are_refused_without_a_panic(
            tail in proptest::collection::vec(any::<u8>(), 0..300)
        ) {
            let mut commit = hex::decode(FOREIGN_COMMIT).unwrap();
            commit.truncate(G2_BYTES);
            commit.extend(tail);
            prop_assert!(decrypt(&commit, &hex::decode(ROUND_1000).unwrap()).is_err());
        }
    }
}
