//! `assay_crypto`: signature checks too slow to do inside a guest.

use assay_challenge_sdk::abi::status::crypto as status;
use schnorrkel::{PublicKey, Signature, signing_context};
use wasmer::FunctionEnvMut;

use super::guest::{Env, Guest, HostTrap, length};
use crate::limits;

/// The context that wallets sign with.
const SIGNING_CONTEXT: &[u8] = b"substrate";
/// Longest message, in bytes; callers sign hashes or short structures.
const MAX_MESSAGE_BYTES: usize = limits::MIB;

pub(super) fn sr25519_verify(
    mut function: FunctionEnvMut<'_, Env>,
    public_key: i32,
    message: i32,
    message_len: i32,
    signature: i32,
) -> Result<i32, HostTrap> {
    let mut guest = Guest::enter(
        &mut function,
        limits::HOST_CALL_FUEL + limits::SIGNATURE_FUEL,
    )?;
    let size_bytes = length(message_len);
    if size_bytes > MAX_MESSAGE_BYTES {
        return Ok(status::INVALID);
    }
    guest.charge(size_bytes as u64 * limits::HASHED_BYTE_FUEL)?;
    let (Some(key), Some(message), Some(signature)) = (
        guest.read(public_key, 32),
        guest.read(message, size_bytes),
        guest.read(signature, 64),
    ) else {
        return Ok(status::BAD_POINTER);
    };
    Ok(if verifies(&key, &message, &signature) {
        status::VALID
    } else {
        status::INVALID
    })
}

fn verifies(key: &[u8], message: &[u8], signature: &[u8]) -> bool {
    let (Ok(key), Ok(signature)) = (PublicKey::from_bytes(key), Signature::from_bytes(signature))
    else {
        return false;
    };
    key.verify(signing_context(SIGNING_CONTEXT).bytes(message), &signature)
        .is_ok()
}
