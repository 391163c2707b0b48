//! Wire types of our own additions: Python analysis, submission context, named refusals.

use alloc::{string::String, vec::Vec};

use serde::{Deserialize, Serialize};

/// What our nodes put into [`super::EvaluationInput::environment_config`]: where and when the call
/// happens. Time and height come from the ledger, never from a local clock.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SubmissionContext {
    /// Hash of the genesis document.
    pub network_id: [u8; 32],
    /// Id of the submission.
    pub submission_id: [u8; 32],
    /// sr25519 public key that signed the submission's header.
    pub hotkey: [u8; 32],
    /// Name under which the agent is submitted.
    pub name: String,
    /// The miner's own counter.
    pub sequence: u64,
    /// Current chain epoch.
    pub epoch: u64,
    /// Height of the ledger.
    pub block_height: u64,
    /// Time of the referenced chain block, in milliseconds since the Unix epoch.
    pub timestamp_ms: i64,
}

/// Codes of refusals that are not the miner's fault start with this: a validator that gets one abstains
/// instead of voting against the miner.
pub const PLATFORM_FAULT_PREFIX: &str = "platform.";

/// Result of the export `assay_validate`: the refusal with its name, not only 0.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ValidateOutcome {
    /// Whether the submission may be ordered.
    pub accepted: bool,
    /// Stable name of the refusal, as `zip.encrypted`; empty when accepted.
    pub code: String,
    /// What a person reads; empty when accepted.
    pub reason: String,
}

impl ValidateOutcome {
    /// An acceptance.
    #[must_use]
    pub fn accept() -> Self {
        Self {
            accepted: true,
            code: String::new(),
            reason: String::new(),
        }
    }

    /// Whether it is a refusal that the miner can't help.
    #[must_use]
    pub fn is_platform_fault(&self) -> bool {
        !self.accepted && self.code.starts_with(PLATFORM_FAULT_PREFIX)
    }

    /// A refusal.
    #[must_use]
    pub fn refuse(code: impl Into<String>, reason: impl Into<String>) -> Self {
        Self {
            accepted: false,
            code: code.into(),
            reason: reason.into(),
        }
    }
}

/// One source file for `python_check`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PythonFile {
    /// Path in the package, with `/`.
    pub path: String,
    /// Source as it is in the package.
    #[serde(with = "serde_bytes")]
    pub source: Vec<u8>,
}

/// Request of `python_check`: all files of a package at once, since local modules are allowed imports.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PythonCheckRequest {
    /// The files.
    pub files: Vec<PythonFile>,
    /// Name of a policy that the host knows, or a policy as TOML.
    pub policy: String,
}

/// What the policy says about a package.
#[derive(
    Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(rename_all = "lowercase")]
pub enum PythonVerdict {
    /// Nothing found.
    #[default]
    Allow,
    /// A person or a model should look at it.
    Review,
    /// Refused.
    Deny,
}

/// One finding.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PythonViolation {
    /// Stable id of the rule.
    pub rule: String,
    /// What the finding alone would lead to.
    pub severity: PythonVerdict,
    /// Path of the file.
    pub file: String,
    /// Line, from 1; 0 when the finding concerns the whole file.
    pub line: u32,
    /// Column, from 1; 0 when the finding concerns the whole line.
    pub column: u32,
    /// Characters of that line that are meant, at least 1; 0 when the finding concerns the whole file.
    pub width: u32,
    /// What a person reads.
    pub message: String,
    /// What to do instead; empty where nothing helps.
    pub hint: String,
}

/// Response of `python_check`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PythonCheckResponse {
    /// The verdict over all files.
    pub verdict: PythonVerdict,
    /// Findings, by file, line and column.
    pub violations: Vec<PythonViolation>,
}

/// Longest encoded request of any function in [`super::names::ASSAY_PYTHON`], in bytes: the largest
/// arena of a module. Longer ones are invalid.
pub const PYTHON_REQUEST_MAX_BYTES: usize = 16 * 1024 * 1024;
/// Fingerprints that one `python_similarity` compares with; more are searched in pages.
pub const PYTHON_SIMILARITY_MAX_OTHERS: usize = 1_024;

/// An encoded fingerprint of a package. Only the host that made it knows what is inside; equal programs
/// have equal bytes.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct PythonFingerprint(#[serde(with = "serde_bytes")] pub Vec<u8>);

/// Request of `python_fingerprint`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PythonFingerprintRequest {
    /// The files of a package.
    pub files: Vec<PythonFile>,
    /// Fingerprint of what everybody starts from and what does not count; empty without any.
    pub template: PythonFingerprint,
}

/// Response of `python_fingerprint`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum PythonFingerprintResponse {
    /// The fingerprint.
    Fingerprint(PythonFingerprint),
    /// A file has none, as it is not Python: what `python_check` says about it.
    Refused(PythonViolation),
}

/// Request of `python_similarity`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PythonSimilarityRequest {
    /// The package that is asked about.
    pub subject: PythonFingerprint,
    /// What it is compared with: at most [`PYTHON_SIMILARITY_MAX_OTHERS`].
    pub others: Vec<PythonFingerprint>,
}

/// How much two packages have in common, in 1/10,000.
#[derive(
    Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
pub struct PythonScores {
    /// How alike they are.
    pub similarity: u32,
    /// How much of the subject is in the other.
    pub contained: u32,
    /// How much of the other is in the subject.
    pub containing: u32,
}

/// Response of `python_similarity`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PythonSimilarityResponse {
    /// One for each of the others, in their order.
    pub scores: Vec<PythonScores>,
}
