//! The logs of an evaluation: what validators agree on byte for byte and miners read.

use alloc::{
    string::{String, ToString},
    vec::Vec,
};

use serde::{Deserialize, Serialize};

use crate::{
    limits::{LOG_ERROR_MAX_BYTES, LOGS_MAX_BYTES, OUTPUT_PREVIEW_MAX_BYTES},
    records::{EvaluationStatus, SubmissionRecord},
    text::cut,
    types::TaskResult,
};

/// Logs of one submission; JSON in storage, in the output's details and on the routes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct AgentLogs {
    /// Id of the submission, hex.
    pub submission_id: String,
    /// The miner, SS58.
    pub miner_hotkey: String,
    /// Epoch of the submission.
    pub epoch: u64,
    /// Hash of the package, hex.
    pub agent_hash: String,
    /// How it ended.
    pub status: EvaluationStatus,
    /// Why.
    pub message: String,
    /// Tasks that passed.
    pub passed: u32,
    /// Tasks of the dataset.
    pub total: u32,
    /// Score in units of 1/10,000.
    pub score: i64,
    /// One entry for each result, in the order of the dataset.
    pub entries: Vec<LogEntry>,
}

/// Logs of one task.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct LogEntry {
    /// The task.
    pub task_id: String,
    /// Whether it passed.
    pub passed: bool,
    /// In 0..=1.
    pub score: f64,
    /// In milliseconds.
    pub execution_time_ms: u64,
    /// Beginning of what the tests printed, or the agent if the tests printed nothing.
    pub output_preview: String,
    /// What went wrong, if anything.
    pub error: Option<String>,
}

/// Makes the logs of an ended evaluation, as JSON of at most 256 KiB: previews of up to 4,096 bytes, and
/// shorter ones (halved until it fits) when there are too many for that.
///
/// # Errors
/// [`serde_json::Error`] never occurs for these types, but serialisation has it.
pub fn to_json(
    record: &SubmissionRecord,
    results: &[TaskResult],
) -> Result<Vec<u8>, serde_json::Error> {
    let mut preview_bytes = OUTPUT_PREVIEW_MAX_BYTES;
    let mut error_bytes = LOG_ERROR_MAX_BYTES;
    loop {
        let json = serde_json::to_vec(&logs(record, results, preview_bytes, error_bytes))?;
        if json.len() <= LOGS_MAX_BYTES || preview_bytes == 0 {
            return Ok(json);
        }
        preview_bytes /= 2;
        error_bytes = error_bytes.min(preview_bytes);
    }
}

fn logs(
    record: &SubmissionRecord,
    results: &[TaskResult],
    preview_bytes: usize,
    error_bytes: usize,
) -> AgentLogs {
    let entry = |result: &TaskResult| {
        let output = if result.test_output.is_empty() {
            &result.agent_output
        } else {
            &result.test_output
        };
        LogEntry {
            task_id: result.task_id.clone(),
            passed: result.passed,
            score: result.score,
            execution_time_ms: result.execution_time_ms,
            output_preview: cut(output, preview_bytes).to_string(),
            error: result
                .error
                .as_deref()
                .map(|error| cut(error, error_bytes).to_string()),
        }
    };
    AgentLogs {
        submission_id: hex::encode(record.id),
        miner_hotkey: assay_challenge_sdk::Hotkey(record.hotkey).to_ss58(),
        epoch: record.epoch,
        agent_hash: hex::encode(record.agent_hash),
        status: record.status,
        message: record.message.clone(),
        passed: record.passed,
        total: record.total,
        score: record.score,
        entries: results.iter().map(entry).collect(),
    }
}
