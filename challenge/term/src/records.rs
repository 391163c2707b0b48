//! What the challenge keeps in storage, as bincode. Routes turn these into JSON of their own.

use alloc::{string::String, vec::Vec};

use assay_challenge_sdk::Hotkey;
use serde::{Deserialize, Serialize};

/// Steps of an evaluation.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EvaluationStatus {
    /// Accepted, nothing done yet.
    #[default]
    Pending,
    /// Review by language models.
    LlmReview,
    /// Review of the Python sources.
    AstReview,
    /// Results are scored.
    Evaluating,
    /// Has a score.
    Completed,
    /// Has none.
    Failed,
}

/// One step of a submission's journey.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct StatusStep {
    /// The step.
    pub status: EvaluationStatus,
    /// Epoch in which it happened.
    pub epoch: u64,
    /// Height of the ledger at which it happened.
    pub block_height: u64,
    /// Time of the referenced chain block, in milliseconds since the Unix epoch.
    pub timestamp_ms: i64,
    /// What happened.
    pub reason: String,
}

/// An accepted submission.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SubmissionRecord {
    /// Its id.
    pub id: [u8; 32],
    /// The miner.
    pub hotkey: [u8; 32],
    /// Its name.
    pub name: String,
    /// Its version under that name, from 1.
    pub version: u32,
    /// Hash of the package.
    pub agent_hash: [u8; 32],
    /// Size of the package, in bytes.
    pub package_bytes: u32,
    /// Epoch of the submission.
    pub epoch: u64,
    /// Completed or failed.
    pub status: EvaluationStatus,
    /// Why it failed, or a summary.
    pub message: String,
    /// Tasks that passed.
    pub passed: u32,
    /// Tasks of the dataset.
    pub total: u32,
    /// Score in units of 1/10,000.
    pub score: i64,
    /// Height of the ledger.
    pub block_height: u64,
    /// Time, in milliseconds since the Unix epoch.
    pub timestamp_ms: i64,
    /// How it got there.
    pub journey: Vec<StatusStep>,
}

/// What is known about a miner.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct MinerRecord {
    /// The miner.
    pub hotkey: [u8; 32],
    /// Accepted submissions.
    pub submissions: u32,
    /// Epoch of the last accepted one: the rate limit counts from here.
    pub last_epoch: u64,
    /// Time of the last accepted one, in milliseconds since the Unix epoch.
    pub last_submission_ms: i64,
    /// The best scored one, if any.
    pub best: Option<BestAgent>,
}

/// A miner's place on the leaderboard.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct BestAgent {
    /// Hash of the package.
    pub agent_hash: [u8; 32],
    /// Current score in units of 1/10,000.
    pub score: i64,
    /// Highest score the miner ever had; lower ones don't replace an agent, so that a displaced leader
    /// can't shake its decay off by submitting the same again.
    pub peak_score: i64,
    /// Tasks that passed.
    pub passed: u32,
    /// Tasks of the dataset.
    pub total: u32,
    /// Epoch in which the score was reached.
    pub achieved_epoch: u64,
    /// Number of the submission that reached it: of equal scores the earlier leads.
    pub achieved_order: u64,
}

/// Who leads and since when.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct TopAgentState {
    /// The miner.
    pub hotkey: [u8; 32],
    /// Hash of the package.
    pub agent_hash: [u8; 32],
    /// Score in units of 1/10,000, before decay.
    pub score: i64,
    /// Epoch in which it was reached.
    pub achieved_epoch: u64,
}

/// Counters.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stats {
    /// Accepted submissions.
    pub total_submissions: u64,
    /// Miners with at least one of them.
    pub active_miners: u64,
}

/// Who owns a name.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SubmissionName {
    /// As first written.
    pub name: String,
    /// The first registrant.
    pub owner: [u8; 32],
    /// Epoch of registration.
    pub registered_epoch: u64,
    /// The latest version.
    pub latest_version: u32,
    /// The last versions, oldest first.
    pub versions: Vec<SubmissionVersion>,
}

/// A version under a name.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SubmissionVersion {
    /// From 1.
    pub version: u32,
    /// The submission.
    pub submission_id: [u8; 32],
    /// Hash of its package.
    pub agent_hash: [u8; 32],
    /// Its epoch.
    pub epoch: u64,
}

/// The package of a submission.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum AgentCode {
    /// The zip itself.
    Inline(#[serde(with = "serde_bytes")] Vec<u8>),
    /// Larger: nodes hold it as part of the submission's payload blob.
    Reference {
        /// SHA-256 of the zip.
        sha256: [u8; 32],
        /// Its size, in bytes.
        size_bytes: u32,
    },
}

/// Outcome of the review of the Python sources.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct AstReviewResult {
    /// Whether the policy lets the package through.
    pub passed: bool,
    /// `allow`, `review` or `deny`.
    pub verdict: String,
    /// Files that were checked.
    pub files_checked: u32,
    /// Findings in total.
    pub violation_count: u32,
    /// The first of them.
    pub violations: Vec<AstViolation>,
}

/// A finding.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct AstViolation {
    /// Stable id of the rule.
    pub rule: String,
    /// Path of the file.
    pub file: String,
    /// Line, from 1.
    pub line: u32,
    /// Column, from 1.
    pub column: u32,
    /// What a person reads.
    pub message: String,
}

impl MinerRecord {
    /// The miner as a hotkey.
    #[must_use]
    pub const fn hotkey(&self) -> Hotkey {
        Hotkey(self.hotkey)
    }
}
