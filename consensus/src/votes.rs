//! Votes after execution: the log and score of a submission, and the weights of an epoch.

use serde::{Deserialize, Serialize};

use crate::envelope::Payload;
use crate::hash::Hash;
use crate::keys::{Hotkey, Signature};
use crate::submission::SubmissionId;

/// A validator's statement of what evaluating a submission gave.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct LogVote {
    /// The evaluated submission.
    pub submission: SubmissionId,
    /// Ledger height of the block that admitted it.
    pub height: u64,
    /// Epoch of the validator set whose stake it counts in: the epoch of that block.
    pub set_epoch: u64,
    /// SHA-256 of the log.
    pub log_hash: Hash,
    /// Score × 10,000.
    pub score: i64,
}

/// A validator's statement of the weights it computed for an epoch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct WeightsVote {
    /// Epoch the weights are for; also the epoch of the validator set that counts.
    pub epoch: u64,
    /// Ledger height of the block that computed them.
    pub height: u64,
    /// Hash of the quantised weights, see [`weights_hash`].
    pub weights_hash: Hash,
}

/// Votes of more than the quorum of stake for the same payload.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct VoteCertificate<P> {
    /// What was agreed.
    pub payload: P,
    /// Validator index and signature over the payload, ascending by index.
    pub signatures: Vec<(u16, Signature)>,
}

/// One quantised weight, bound to a hotkey; resolved to a UID only when it is submitted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Weight {
    /// Who is paid.
    pub hotkey: Hotkey,
    /// Share of 65,535.
    pub value: u16,
}

/// Hash of a weights list; the list is sorted by hotkey.
pub fn weights_hash(weights: &[Weight]) -> Hash {
    Hash::of_value("assay/weights/v1", weights)
}

impl Payload for LogVote {
    const DOMAIN: &'static str = "assay/log-vote/v1";
}

impl Payload for WeightsVote {
    const DOMAIN: &'static str = "assay/weights-vote/v1";
}
