//! The encryption of key files: `$NACL`, a nonce of 24 bytes, and an XSalsa20-Poly1305 box whose
//! key is Argon2i of the password.
//!
//! The salt is the same for everybody: that is how the format is. Only a long password protects.

use argon2::{Algorithm, Argon2, Block, Params, Version};
use crypto_secretbox::aead::{Aead, AeadCore, OsRng};
use crypto_secretbox::{KeyInit, XSalsa20Poly1305};
use zeroize::Zeroizing;

use crate::error::KeyDataError;
use crate::limits::{ARGON2_MEMORY_KIB, ARGON2_PASSES};

/// What an encrypted file starts with.
pub const MAGIC: &[u8] = b"$NACL";

/// Salt of every key file.
const SALT: [u8; 16] = [
    0x13, 0x71, 0x83, 0xdf, 0xf1, 0x5a, 0x09, 0xbc, 0x9c, 0x90, 0xb5, 0x51, 0x87, 0x39, 0xe9, 0xb1,
];

/// Bytes of a nonce.
const NONCE_BYTES: usize = 24;

/// Bytes of the authenticator in front of the ciphertext.
const TAG_BYTES: usize = 16;

/// Why a file did not open.
pub enum OpenError {
    /// Wrong password, or damaged: the cipher can't tell.
    WrongPassword,
    /// Anything else.
    Data(KeyDataError),
}

/// Whether a file is encrypted in this form.
pub fn is_encrypted(file: &[u8]) -> bool {
    file.starts_with(MAGIC)
}

/// Whether an encrypted file is long enough to hold a key. Asked before a password is.
pub fn check_length(file: &[u8]) -> Result<(), KeyDataError> {
    if file.len() <= MAGIC.len() + NONCE_BYTES + TAG_BYTES {
        return Err(KeyDataError::Truncated {
            got_bytes: file.len(),
        });
    }
    Ok(())
}

/// The plaintext of an encrypted file. Takes seconds and 512 MiB.
pub fn decrypt(file: &[u8], password: &[u8]) -> Result<Zeroizing<Vec<u8>>, OpenError> {
    check_length(file).map_err(OpenError::Data)?;
    let truncated = || {
        OpenError::Data(KeyDataError::Truncated {
            got_bytes: file.len(),
        })
    };
    let sealed = file.strip_prefix(MAGIC).ok_or_else(truncated)?;
    let (nonce, sealed) = sealed
        .split_first_chunk::<NONCE_BYTES>()
        .ok_or_else(truncated)?;
    let cipher = cipher(password).map_err(OpenError::Data)?;
    cipher
        .decrypt(nonce.into(), sealed)
        .map(Zeroizing::new)
        .map_err(|_| OpenError::WrongPassword)
}

/// An encrypted file with a fresh nonce. Takes seconds and 512 MiB.
pub fn encrypt(plaintext: &[u8], password: &[u8]) -> Result<Vec<u8>, KeyDataError> {
    let nonce = XSalsa20Poly1305::generate_nonce(&mut OsRng);
    let sealed = cipher(password)?
        .encrypt(&nonce, plaintext)
        .map_err(|_| KeyDataError::Unwritable)?;
    Ok([MAGIC, nonce.as_slice(), &sealed].concat())
}

fn cipher(password: &[u8]) -> Result<XSalsa20Poly1305, KeyDataError> {
    let no_memory = KeyDataError::Memory {
        needed_mib: ARGON2_MEMORY_KIB / 1024,
    };
    let mut key = Zeroizing::new([0u8; 32]);
    let params = Params::new(ARGON2_MEMORY_KIB, ARGON2_PASSES, 1, Some(key.len()))
        .map_err(|_| KeyDataError::Unwritable)?;
    // Reserved fallibly: an allocation that fails elsewhere ends the process.
    let mut memory: Vec<Block> = Vec::new();
    memory
        .try_reserve_exact(params.block_count())
        .map_err(|_| no_memory)?;
    memory.resize(params.block_count(), Block::new());
    Argon2::new(Algorithm::Argon2i, Version::V0x13, params)
        .hash_password_into_with_memory(password, &SALT, &mut *key, &mut memory)
        .map_err(|_| KeyDataError::Unwritable)?;
    Ok(XSalsa20Poly1305::new((&*key).into()))
}
