//! What miners send: the submission in the guest wire layout.

use alloc::{string::String, vec::Vec};

use assay_challenge_sdk::abi::codec::{self, CodecError};
use serde::{Deserialize, Serialize};

use crate::limits::SUBMISSION_MAX_BYTES;

/// A submission: the `agent_data` of an evaluation, fields in wire order.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Submission {
    /// SHA-256 of the package, 64 lower-case hex digits.
    pub agent_hash: String,
    /// The miner, as SS58 or hex.
    pub miner_hotkey: String,
    /// sr25519 signature over [`crate::signing::signing_bytes`], 64 bytes.
    #[serde(with = "serde_bytes")]
    pub signature: Vec<u8>,
    /// The epoch in which it is submitted.
    pub epoch: u64,
    /// The zip.
    #[serde(with = "serde_bytes")]
    pub package_zip: Vec<u8>,
    /// Name of the Basilica instance that produced the results.
    pub basilica_instance: String,
    /// URL of the executor on that instance.
    pub executor_url: String,
    /// Always empty: submissions are public, a token in them wouldn't be secret.
    pub executor_token: String,
    /// One result for each task of the active dataset.
    pub task_results: Vec<TaskResult>,
}

/// The outcome of one task as the miner reports it, fields in wire order.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct TaskResult {
    /// The task's id in the dataset.
    pub task_id: String,
    /// Whether its tests passed.
    pub passed: bool,
    /// In 0..=1.
    pub score: f64,
    /// How long it took, in milliseconds.
    pub execution_time_ms: u64,
    /// What the tests printed.
    pub test_output: String,
    /// What the agent printed.
    pub agent_output: String,
    /// What went wrong, if anything.
    pub error: Option<String>,
}

impl Submission {
    /// Encodes it as `agent_data`.
    ///
    /// # Errors
    /// [`CodecError`] never occurs for this type, but encoding has it.
    pub fn to_bytes(&self) -> Result<Vec<u8>, CodecError> {
        codec::encode(self)
    }

    /// Decodes `agent_data`; trailing bytes are refused, so that a submission has one encoding.
    ///
    /// # Errors
    /// [`CodecError`] saying what is wrong.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, CodecError> {
        codec::decode_exact(bytes, SUBMISSION_MAX_BYTES as u64)
    }
}
