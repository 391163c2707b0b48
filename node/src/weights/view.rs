//! Records as the JSON-RPC server shows them.

use assay_api::weights::{ChainAttempt, ChainSubmission, SubmissionMethod, SubmissionStage};
use assay_chain::WeightsMethod;

use super::record::{Attempt, AttemptResult, Outcome, Stage, WeightsRecord};

/// A record for people and programs.
pub fn submission(record: &WeightsRecord) -> ChainSubmission {
    let (stage, reason, block) = match &record.stage {
        Stage::Open => (SubmissionStage::Open, last_trouble(record), None),
        Stage::Sent { .. } => (SubmissionStage::Sent, None, None),
        Stage::Taken { block, .. } | Stage::Revealing { block, .. } => {
            (SubmissionStage::Taken, None, Some(*block))
        }
        Stage::Ended { outcome, .. } => match outcome {
            Outcome::Stored { block } => (SubmissionStage::Stored, None, Some(*block)),
            Outcome::Skipped { reason } => (SubmissionStage::Skipped, Some(reason.clone()), None),
            Outcome::Missed { reason } => (SubmissionStage::Missed, Some(reason.clone()), None),
            Outcome::Failed { reason } => (SubmissionStage::Failed, Some(reason.clone()), None),
        },
    };
    let (method, reveal_epoch) = match record.method() {
        None => (None, None),
        Some(WeightsMethod::Plain) => (Some(SubmissionMethod::Plain), None),
        Some(WeightsMethod::Timelocked { reveal_epoch, .. }) => {
            (Some(SubmissionMethod::Timelocked), Some(*reveal_epoch))
        }
        Some(WeightsMethod::Salted { reveal_epoch, .. }) => {
            (Some(SubmissionMethod::Salted), Some(*reveal_epoch))
        }
    };
    ChainSubmission {
        stage,
        reason,
        method,
        reveal_epoch,
        block,
        attempts: record.attempts.iter().map(attempt).collect(),
    }
}

fn attempt(attempt: &Attempt) -> ChainAttempt {
    ChainAttempt {
        head: attempt.head,
        time_ms: attempt.time_ms,
        call: attempt.name.clone(),
        extrinsic: attempt.call.map(|hash| format!("0x{hash}")),
        result: attempt.result.to_string(),
        times: attempt.times,
    }
}

fn last_trouble(record: &WeightsRecord) -> Option<String> {
    let last = record.attempts.last()?;
    (!matches!(
        last.result,
        AttemptResult::Sent | AttemptResult::Taken { .. }
    ))
    .then(|| last.result.to_string())
}
