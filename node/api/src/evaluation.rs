//! `evaluation_*` and `agent_*`.

use serde::{Deserialize, Serialize};

use crate::submission::SubmissionStatus;

/// Parameters of `evaluation_getProgress` and `evaluation_getLogs`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EvaluationParams {
    /// Submission id; for progress also a miner's hotkey, which means its newest submission.
    #[serde(alias = "submissionId")]
    pub submission_id: String,
}

/// Result of `evaluation_getProgress`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct EvaluationProgress {
    /// As given.
    pub submission_id: String,
    /// One line per task.
    pub progress: Vec<TaskProgress>,
    /// How many tasks.
    pub total: u64,
}

/// A task of a submission. Names are those existing clients read.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TaskProgress {
    /// The task.
    pub task_id: String,
    /// `pending`, `running`, `passed`, `failed`.
    pub status: String,
    /// 0.0 to 1.0.
    pub score: f64,
    /// How long it took.
    pub duration_ms: u64,
    /// Why it failed.
    pub error: Option<String>,
}

/// Result of `evaluation_getLogs`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct EvaluationLogs {
    /// As given.
    pub submission_id: String,
    /// The log as text (at most 256 KiB), null until there is one.
    pub logs: Option<String>,
    /// Whether more than half of the stake voted for this log.
    pub validated: bool,
    /// SHA-256 of the log, hex.
    pub log_hash: Option<String>,
    /// Whether this node's own log is the agreed one; null before there are both.
    pub matches_local: Option<bool>,
}

/// Parameters of `agent_getCode` and `agent_getLogs`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AgentParams {
    /// Hex or SS58.
    #[serde(alias = "minerHotkey")]
    pub miner_hotkey: String,
    /// Chain epoch; the newest when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub epoch: Option<u64>,
}

/// Result of `agent_getCode`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AgentCode {
    /// As given.
    pub miner_hotkey: String,
    /// The newest package in the epoch, null if there is none.
    pub entry: Option<AgentCodeEntry>,
}

/// A package as it was submitted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AgentCodeEntry {
    /// The submission, hex.
    pub submission_id: String,
    /// Name of the challenge.
    pub challenge: String,
    /// Chain epoch.
    pub epoch: u64,
    /// The miner's name for it.
    pub name: String,
    /// SHA-256 of the package, hex.
    pub package_hash: String,
    /// Length of the package in bytes.
    pub size_bytes: u64,
    /// The package in base64.
    pub package: String,
}

/// Result of `agent_getLogs`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AgentLogs {
    /// As given.
    pub miner_hotkey: String,
    /// Newest first.
    pub logs: Vec<AgentLog>,
    /// How many.
    pub total: u64,
}

/// An evaluation of one submission of a miner.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AgentLog {
    /// The submission, hex.
    pub submission_id: String,
    /// Name of the challenge.
    pub challenge: String,
    /// Chain epoch.
    pub epoch: u64,
    /// Where the submission is.
    pub status: SubmissionStatus,
    /// Score × 10,000, once executed.
    pub score: Option<i64>,
    /// SHA-256 of the log, hex, once executed.
    pub log_hash: Option<String>,
    /// Start of the log, at most 4 KiB.
    pub preview: String,
}
