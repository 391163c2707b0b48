//! Encryption for a round of a drand beacon (quicknet's scheme: BLS12-381, signatures in G1): what
//! is encrypted can be read by anyone once the round has come, and by nobody before.
//!
//! Decisions: the library's own layout is not the one that the chain reads, so the parts are
//! written one by one. Decryption is the chain's business and isn't here.

use ark_bls12_381::G2Projective;
use ark_serialize::{CanonicalDeserialize, CanonicalSerialize, SerializationError};
use rand_core::{CryptoRng, RngCore};
use timelock::block_ciphers::AESGCMBlockCipherProvider;
use timelock::engines::drand::TinyBLS381;
use timelock::ibe::fullident::Identity;
use timelock::tlock::tle;

/// Bytes of the key that a message is encrypted with.
const MESSAGE_KEY_BYTES: usize = 32;

/// Why a message can't be encrypted.
#[derive(Debug, thiserror::Error)]
pub enum EncryptError {
    /// No public key.
    #[error("the beacon's public key is no point of the curve: {0}")]
    PublicKey(#[from] SerializationError),
    /// The message is too long for the cipher.
    #[error("the cipher failed")]
    Cipher,
}

/// Encrypts a message for a round of the beacon with this public key (a compressed point of G2).
///
/// The layout is the chain's: U as 96 bytes, then V, W, body and the cipher's name, each with its
/// length as a little-endian u64 before it.
pub fn encrypt(
    public_key: &[u8],
    round: u64,
    message: &[u8],
    mut rng: impl RngCore + CryptoRng,
) -> Result<Vec<u8>, EncryptError> {
    let public_key = G2Projective::deserialize_compressed(public_key)?;
    let mut message_key = [0; MESSAGE_KEY_BYTES];
    rng.fill_bytes(&mut message_key);
    let identity = Identity::new(b"", &sp_crypto_hashing::sha2_256(&round.to_be_bytes()));
    let sealed = tle::<TinyBLS381, AESGCMBlockCipherProvider, _>(
        public_key,
        message_key,
        message,
        identity,
        rng,
    )
    .map_err(|_| EncryptError::Cipher)?;
    let mut encrypted = Vec::new();
    sealed.header.u.serialize_compressed(&mut encrypted)?;
    let parts: [&[u8]; 4] = [
        &sealed.header.v,
        &sealed.header.w,
        &sealed.body,
        &sealed.cipher_suite,
    ];
    for part in parts {
        encrypted.extend((part.len() as u64).to_le_bytes());
        encrypted.extend_from_slice(part);
    }
    Ok(encrypted)
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand_core::OsRng;

    /// Public key of drand's quicknet.
    const QUICKNET: &str = "83cf0f2896adee7eb8b5f01fcad3912212c437e0073e911fb90022d3e760183c8c4b450b\
         6a0a6c3ac6a5776a2d1064510d1fec758c921cc22b0e17e63aaf4bcb5ed66304de9cf809bd274ca73bab4af5\
         a6e9c76a4bc09e76eae8991ef5ece45a";

    #[test]
    fn the_layout_is_the_one_that_the_chain_reads() {
        let key = hex::decode(QUICKNET).unwrap();
        let message = [7; 53];
        let encrypted = encrypt(&key, 1_000, &message, OsRng).unwrap();
        let number = |at: usize| u64::from_le_bytes(encrypted[at..at + 8].try_into().unwrap());
        // U, V, W.
        assert_eq!(number(96), 32);
        assert_eq!(number(136), 32);
        // Body: ciphertext with its tag of 16 bytes, nonce.
        let ciphertext = message.len() as u64 + 16;
        assert_eq!(number(176), 8 + ciphertext + 8 + 12);
        assert_eq!(number(184), ciphertext);
        assert_eq!(number(192 + ciphertext as usize), 12);
        let cipher = 192 + ciphertext as usize + 8 + 12;
        assert_eq!(number(cipher), 8);
        assert_eq!(&encrypted[cipher + 8..], b"AES_GCM_");
    }

    #[test]
    fn a_key_that_is_no_point_is_refused() {
        let encrypted = encrypt(&[1; 96], 1, b"message", OsRng);
        assert!(matches!(encrypted, Err(EncryptError::PublicKey(_))));
        let encrypted = encrypt(&[], 1, b"message", OsRng);
        assert!(matches!(encrypted, Err(EncryptError::PublicKey(_))));
    }
}
