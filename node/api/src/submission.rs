//! `submission_*`: handing in a submission and following its journey.
//!
//! Hotkeys are SS58, ids and hashes 64 hex digits without `0x`, times milliseconds since the Unix
//! epoch as the answering node saw them, scores integers × 10,000.

use std::fmt;
use std::str::FromStr;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};

/// What a score is multiplied with to be an integer.
pub const SCORE_SCALE: i64 = 10_000;

/// Where a submission is. The order is that of the way; `Failed` ends it from anywhere.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum SubmissionStatus {
    /// Signature and payload are fine, validators are being asked.
    Received,
    /// More than half of the stake approved it.
    Approved,
    /// It is in a decided block.
    Ordered,
    /// This node evaluated it.
    Executed,
    /// More than half of the stake has the same log and score.
    Agreed,
    /// It ended without a result; the reason says whose fault that is.
    Failed,
}

/// Whose fault a failure is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Fault {
    /// The miner's: the submission itself is wrong.
    Miner,
    /// A validator's.
    Validator,
    /// The platform's; it doesn't use up the miner's quota.
    Platform,
}

/// Why something ended or was refused.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reason {
    /// Short stable identifier.
    pub code: String,
    /// For people.
    pub text: String,
    /// Whose fault it is.
    pub fault: Fault,
}

/// Parameters of `submission_send`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SubmissionSendParams {
    /// Hex of the bincode of the signed submission header.
    pub header: String,
    /// The payload in base64.
    pub payload: String,
}

/// Result of `submission_send`. The node keeps what it acknowledged.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SubmissionReceipt {
    /// The submission.
    pub submission_id: String,
    /// Where it is; not `Received` if it was sent before.
    pub status: SubmissionStatus,
}

/// Parameters of `submission_get`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SubmissionIdParams {
    /// The submission.
    #[serde(alias = "submission_id")]
    pub submission_id: String,
}

/// Parameters of `submission_list`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SubmissionListParams {
    /// Only this miner's, SS58 or hex.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hotkey: Option<String>,
    /// Only this challenge's, name or UUID.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub challenge: Option<String>,
    /// Only with this status.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<SubmissionStatus>,
    /// Page size, default 100, at most 1,000.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<u64>,
    /// Entries to skip, default 0.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub offset: Option<u64>,
}

/// Result of `submission_list`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SubmissionList {
    /// Matching submissions on all pages.
    pub total: u64,
    /// The page, newest first.
    pub submissions: Vec<SubmissionSummary>,
}

/// A line of [`SubmissionList`]; fields as in [`Journey`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SubmissionSummary {
    /// The submission.
    pub submission_id: String,
    /// Name of the challenge.
    pub challenge: String,
    /// The miner.
    pub hotkey: String,
    /// The miner's name for it.
    pub name: String,
    /// Slot within the epoch.
    pub sequence: u64,
    /// Chain epoch.
    pub epoch: u64,
    /// Where it is.
    pub status: SubmissionStatus,
    /// Why, when it failed.
    pub reason: Option<Reason>,
    /// Score × 10,000.
    pub score: Option<i64>,
    /// The same as a number for people.
    pub score_float: Option<f64>,
    /// SHA-256 of the log.
    pub log_hash: Option<String>,
    /// Ledger height it was ordered at.
    pub height: Option<u64>,
    /// When this node first saw it.
    pub received_ms: u64,
    /// When its status last changed.
    pub updated_ms: u64,
}

/// Result of `submission_get`: everything this node knows of a submission.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Journey {
    /// The submission.
    pub submission_id: String,
    /// Name of the challenge.
    pub challenge: String,
    /// The miner.
    pub hotkey: String,
    /// The miner's name for it.
    pub name: String,
    /// Slot within (challenge, miner, epoch).
    pub sequence: u64,
    /// Chain epoch it is for.
    pub epoch: u64,
    /// Where it is.
    pub status: SubmissionStatus,
    /// Why, when it failed, or why it scored nothing.
    pub reason: Option<Reason>,
    /// Score × 10,000: the agreed one, before that this node's.
    pub score: Option<i64>,
    /// The same as a number for people.
    pub score_float: Option<f64>,
    /// SHA-256 of the log: the agreed one, before that this node's.
    pub log_hash: Option<String>,
    /// Ledger height it was ordered at.
    pub height: Option<u64>,
    /// Every change of status, in order.
    pub steps: Vec<JourneyStep>,
    /// What each validator said before it was ordered.
    pub approvals: Vec<ApprovalView>,
    /// What each validator got when evaluating it.
    pub votes: Vec<LogVoteView>,
    /// Stake behind the agreed log, or behind the strongest one so far, in rao.
    pub agreed_stake: u64,
    /// Stake of the whole set, in rao.
    pub total_stake: u64,
}

/// A change of status.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct JourneyStep {
    /// The status that was reached.
    pub status: SubmissionStatus,
    /// When.
    pub time_ms: u64,
    /// Ledger height, from `Ordered` on.
    pub height: Option<u64>,
    /// Finalised chain block that this ledger block refers to.
    pub chain_block: Option<u64>,
    /// Why, where there is something to say.
    pub reason: Option<Reason>,
}

/// What a validator said to a submission.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    /// The module's `validate` accepted it.
    Approve,
    /// It didn't.
    Reject,
}

/// A validator's approval or rejection.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ApprovalView {
    /// The validator.
    pub hotkey: String,
    /// Its stake in rao.
    pub stake: u64,
    /// What it said.
    pub verdict: Verdict,
    /// Identifier of the reason, empty for an approval.
    pub code: String,
    /// The reason for people, empty for an approval.
    pub text: String,
}

/// A validator's vote on log and score.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct LogVoteView {
    /// The validator.
    pub hotkey: String,
    /// Its stake in rao.
    pub stake: u64,
    /// SHA-256 of the log it got.
    pub log_hash: String,
    /// Score × 10,000 it got.
    pub score: i64,
    /// Whether that is the agreed result; null before there is one.
    pub agrees: Option<bool>,
    /// It signed two different votes: neither counts.
    pub double_vote: bool,
}

impl SubmissionSendParams {
    /// Encodes the bincode of a signed submission header and its payload.
    pub fn encode(header: &[u8], payload: &[u8]) -> SubmissionSendParams {
        SubmissionSendParams {
            header: hex::encode(header),
            payload: STANDARD.encode(payload),
        }
    }
}

impl SubmissionStatus {
    /// All of them, in order.
    pub const ALL: [SubmissionStatus; 6] = [
        SubmissionStatus::Received,
        SubmissionStatus::Approved,
        SubmissionStatus::Ordered,
        SubmissionStatus::Executed,
        SubmissionStatus::Agreed,
        SubmissionStatus::Failed,
    ];

    /// Whether nothing can follow.
    pub fn is_terminal(self) -> bool {
        matches!(self, SubmissionStatus::Agreed | SubmissionStatus::Failed)
    }

    /// The word on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            SubmissionStatus::Received => "received",
            SubmissionStatus::Approved => "approved",
            SubmissionStatus::Ordered => "ordered",
            SubmissionStatus::Executed => "executed",
            SubmissionStatus::Agreed => "agreed",
            SubmissionStatus::Failed => "failed",
        }
    }
}

impl fmt::Display for SubmissionStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Not the name of a [`SubmissionStatus`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("expected received, approved, ordered, executed, agreed or failed, got {0:?}")]
pub struct UnknownStatus(pub String);

impl FromStr for SubmissionStatus {
    type Err = UnknownStatus;

    fn from_str(text: &str) -> Result<SubmissionStatus, UnknownStatus> {
        SubmissionStatus::ALL
            .into_iter()
            .find(|status| status.as_str() == text)
            .ok_or_else(|| UnknownStatus(text.chars().take(40).collect()))
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Fault::Miner => "miner",
            Fault::Validator => "validator",
            Fault::Platform => "platform",
        })
    }
}

impl Journey {
    /// The line of `submission_list`; times come from the first and last step.
    pub fn summary(&self) -> SubmissionSummary {
        let time_of = |step: Option<&JourneyStep>| step.map_or(0, |step| step.time_ms);
        SubmissionSummary {
            submission_id: self.submission_id.clone(),
            challenge: self.challenge.clone(),
            hotkey: self.hotkey.clone(),
            name: self.name.clone(),
            sequence: self.sequence,
            epoch: self.epoch,
            status: self.status,
            reason: self.reason.clone(),
            score: self.score,
            score_float: self.score_float,
            log_hash: self.log_hash.clone(),
            height: self.height,
            received_ms: time_of(self.steps.first()),
            updated_ms: time_of(self.steps.last()),
        }
    }
}

/// A scaled score as a number for people.
pub fn score_float(score: i64) -> f64 {
    score as f64 / SCORE_SCALE as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_status_word_is_the_same_in_json_and_in_text() {
        for status in SubmissionStatus::ALL {
            let json = serde_json::to_string(&status).expect("json");
            assert_eq!(json, format!("\"{status}\""));
            assert_eq!(status.as_str().parse(), Ok(status));
        }
        assert!("Agreed".parse::<SubmissionStatus>().is_err());
    }

    #[test]
    fn the_order_is_that_of_the_way() {
        assert!(
            SubmissionStatus::ALL
                .windows(2)
                .all(|pair| pair[0] < pair[1])
        );
        assert_eq!(
            SubmissionStatus::ALL.map(SubmissionStatus::is_terminal),
            [false, false, false, false, true, true]
        );
    }
}
