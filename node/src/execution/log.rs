//! The log of an evaluation: what validators agree on, byte for byte, and what people read.

use serde::{Deserialize, Serialize};

use assay_challenge_sdk::abi::EvaluationOutput;
use assay_consensus::keys::Hotkey;
use assay_consensus::submission::{SubmissionHeader, SubmissionId};
use assay_runtime::GuestLog;

use super::PlaceInLedger;

/// Largest log in bytes.
pub const LOG_MAX_BYTES: usize = 256 * 1024;

/// Largest preview of a log in bytes.
pub const PREVIEW_MAX_BYTES: usize = 4 * 1024;

/// Largest message of a challenge in bytes; it also stands in the journey.
pub(super) const MESSAGE_MAX_BYTES: usize = 2 * 1024;

/// Largest `metrics` or `details` of a challenge in bytes, before JSON escapes them.
const PART_MAX_BYTES: usize = 128 * 1024;

/// A log as JSON: field order is the order of the bytes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EvaluationLog {
    /// The submission.
    pub submission: SubmissionId,
    /// Its challenge.
    pub challenge: String,
    /// Its miner.
    pub hotkey: Hotkey,
    /// Its payload, in hex.
    pub payload_hash: String,
    /// Chain epoch it was evaluated in.
    pub epoch: u64,
    /// Ledger height it was evaluated at.
    pub height: u64,
    /// Whether the challenge accepted it.
    pub valid: bool,
    /// Score × 10,000.
    pub score: i64,
    /// What the challenge said.
    pub message: String,
    /// How the module broke, if it did.
    pub fault: Option<String>,
    /// The challenge's metrics: text if it is text, else hex.
    pub metrics: Option<String>,
    /// The challenge's details: text if it is text, else hex.
    pub details: Option<String>,
    /// Lines that the module logged.
    pub lines: Vec<LogLine>,
    /// Lines left out because the log was full.
    pub lines_left_out: u64,
}

/// One line that the module logged.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LogLine {
    /// `info`, `warn` or `error`.
    pub level: String,
    /// The text.
    pub text: String,
}

impl EvaluationLog {
    /// The log of an evaluation.
    pub fn new(
        header: &SubmissionHeader,
        place: &PlaceInLedger,
        output: &EvaluationOutput,
        score: i64,
        fault: Option<String>,
        lines: &[GuestLog],
    ) -> EvaluationLog {
        EvaluationLog {
            submission: header.id(),
            challenge: header.challenge.clone(),
            hotkey: header.hotkey,
            payload_hash: header.payload_hash.to_hex(),
            epoch: place.chain.epoch,
            height: place.height,
            valid: output.valid,
            score,
            message: cut(&output.message, MESSAGE_MAX_BYTES),
            fault,
            metrics: output.metrics.as_deref().map(readable),
            details: output.details.as_deref().map(readable),
            lines: lines
                .iter()
                .map(|line| LogLine {
                    level: format!("{:?}", line.level).to_lowercase(),
                    text: line.message.clone(),
                })
                .collect(),
            lines_left_out: 0,
        }
    }

    /// The agreed bytes, at most [`LOG_MAX_BYTES`]: what is too much is left out by halves, lines at
    /// the end first, then details, metrics and message.
    pub fn to_bytes(mut self) -> Vec<u8> {
        loop {
            let bytes = serde_json::to_vec(&self).unwrap_or_default();
            if bytes.len() <= LOG_MAX_BYTES || !self.shrink() {
                return bytes;
            }
        }
    }

    /// Leaves out half of the least important part. False if nothing is left to leave out.
    fn shrink(&mut self) -> bool {
        let keep = self.lines.len() / 2;
        if keep < self.lines.len() {
            self.lines_left_out += (self.lines.len() - keep) as u64;
            self.lines.truncate(keep);
            return true;
        }
        for part in [&mut self.details, &mut self.metrics] {
            if let Some(text) = part.take() {
                let half = cut(&text, text.len() / 2);
                *part = (!half.is_empty()).then_some(half);
                return true;
            }
        }
        let half = cut(&self.message, self.message.len() / 2);
        let shrunk = half.len() < self.message.len();
        self.message = half;
        shrunk
    }
}

/// The beginning of a log, at most [`PREVIEW_MAX_BYTES`], cut at a character boundary.
pub fn preview(log: &[u8]) -> String {
    cut(&String::from_utf8_lossy(log), PREVIEW_MAX_BYTES)
}

fn readable(bytes: &[u8]) -> String {
    match std::str::from_utf8(bytes) {
        Ok(text) => cut(text, PART_MAX_BYTES),
        Err(_) => cut(&hex::encode(bytes), PART_MAX_BYTES),
    }
}

/// The beginning of a text, cut at a character boundary.
pub(super) fn cut(text: &str, max_bytes: usize) -> String {
    let end = text.floor_char_boundary(max_bytes);
    text.get(..end).unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use assay_consensus::block::ChainRef;
    use assay_consensus::hash::Hash;
    use assay_runtime::LogLevel;

    fn fixture() -> (SubmissionHeader, PlaceInLedger) {
        let header = SubmissionHeader {
            challenge: "c".into(),
            hotkey: Hotkey([1; 32]),
            epoch: 0,
            name: "n".into(),
            sequence: 0,
            payload_hash: Hash::ZERO,
            payload_len: 1,
        };
        let chain = ChainRef {
            number: 1,
            hash: Hash::ZERO,
            epoch: 0,
            next_epoch_start: 9,
            timestamp_ms: 0,
        };
        (header, PlaceInLedger { height: 1, chain })
    }

    #[test]
    fn a_log_that_overflows_leaves_out_lines_and_says_so() {
        let (header, place) = fixture();
        let line = GuestLog {
            level: LogLevel::Info,
            message: "\u{1}".repeat(4096),
        };
        let lines = vec![line; 64];
        let log = EvaluationLog::new(
            &header,
            &place,
            &EvaluationOutput::default(),
            0,
            None,
            &lines,
        );
        let bytes = log.to_bytes();
        assert!(bytes.len() <= LOG_MAX_BYTES);
        let read: EvaluationLog = serde_json::from_slice(&bytes).unwrap();
        assert_eq!(read.lines.len() as u64 + read.lines_left_out, 64);
        assert!(read.lines_left_out > 0);
        assert!(preview(&bytes).len() <= PREVIEW_MAX_BYTES);
    }

    #[test]
    fn details_that_escape_to_many_times_their_size_still_fit() {
        let output = EvaluationOutput {
            details: Some(vec![1; PART_MAX_BYTES]),
            metrics: Some(vec![b'"'; PART_MAX_BYTES]),
            ..EvaluationOutput::default()
        };
        let (header, place) = fixture();
        let bytes = EvaluationLog::new(&header, &place, &output, 0, None, &[]).to_bytes();
        assert!(bytes.len() <= LOG_MAX_BYTES);
        assert!(serde_json::from_slice::<EvaluationLog>(&bytes).is_ok());
    }
}
