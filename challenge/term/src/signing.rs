//! What a miner signs inside of a submission, the same bytes for the miner's tool and for the module.

use alloc::vec::Vec;

use assay_challenge_sdk::{
    Hotkey,
    abi::codec::{self, CodecError},
};
use serde::Serialize;
use sha2::{Digest, Sha256};

use crate::types::Submission;

/// Domain of the inner signature.
pub const SIGNING_DOMAIN: &[u8] = b"assay/term/submission/v1";
/// Domain of the digest over the results.
const RESULTS_DOMAIN: &[u8] = b"assay/term/results/v1";

/// The bytes that the miner signs with sr25519 (signing context `substrate`):
/// [`SIGNING_DOMAIN`] ‖ network id ‖ bincode(agent hash, hotkey, epoch, name, results digest), with hashes
/// and the hotkey as 32 bytes each, so that their spelling in the submission doesn't matter.
///
/// # Errors
/// [`CodecError`] never occurs for these types, but encoding has it.
pub fn signing_bytes(
    network_id: &[u8; 32],
    agent_hash: &[u8; 32],
    hotkey: &Hotkey,
    epoch: u64,
    name: &str,
    results_digest: &[u8; 32],
) -> Result<Vec<u8>, CodecError> {
    let signed = Signed {
        agent_hash,
        hotkey: &hotkey.0,
        epoch,
        name,
        results_digest,
    };
    let mut bytes = Vec::from(SIGNING_DOMAIN);
    bytes.extend_from_slice(network_id);
    bytes.extend(codec::encode(&signed)?);
    Ok(bytes)
}

/// SHA-256 over everything that a submission claims beside its package: results and where they come from.
///
/// # Errors
/// [`CodecError`] never occurs for these types, but encoding has it.
pub fn results_digest(submission: &Submission) -> Result<[u8; 32], CodecError> {
    let claims = (
        &submission.basilica_instance,
        &submission.executor_url,
        &submission.task_results,
    );
    let mut hasher = Sha256::new();
    hasher.update(RESULTS_DOMAIN);
    hasher.update(codec::encode(&claims)?);
    Ok(hasher.finalize().into())
}

/// SHA-256 of a package: its agent hash.
#[must_use]
pub fn agent_hash(package_zip: &[u8]) -> [u8; 32] {
    Sha256::digest(package_zip).into()
}

#[derive(Serialize)]
struct Signed<'a> {
    agent_hash: &'a [u8; 32],
    hotkey: &'a [u8; 32],
    epoch: u64,
    name: &'a str,
    results_digest: &'a [u8; 32],
}
