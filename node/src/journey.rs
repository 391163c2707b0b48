//! The journey of a submission as this node saw it: pure bookkeeping, stored as a whole.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use assay_consensus::core::{FailureReason, Fault};
use assay_consensus::envelope::Signed;
use assay_consensus::keys::Hotkey;
use assay_consensus::submission::SubmissionHeader;

use crate::execution::EvaluationResult;

/// How far a submission has come. In this order; the last two are final.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Status {
    /// Known here, not yet approved by a quorum.
    Received,
    /// Approved by a quorum, not yet in a block.
    Approved,
    /// In a decided block.
    Ordered,
    /// Evaluated here.
    Executed,
    /// A quorum signed the same log and score.
    Agreed,
    /// Ended otherwise.
    Failed,
}

/// Why a submission stands where it stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reason {
    /// Short stable identifier.
    pub code: String,
    /// For people.
    pub text: String,
    /// Whose fault it is.
    pub fault: Fault,
}

/// One step of a journey.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Step {
    /// What it came to.
    pub status: Status,
    /// Local time in milliseconds since 1970.
    pub time_ms: u64,
    /// Ledger height, once ordered.
    pub height: Option<u64>,
    /// Chain block it was ordered at.
    pub chain_block: Option<u64>,
    /// Why, when that needs saying.
    pub reason: Option<Reason>,
}

/// Everything this node saw of a submission, votes aside.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct JourneyRecord {
    /// The miner's signed header.
    pub submission: Signed<SubmissionHeader>,
    /// The steps, oldest first; never empty.
    pub steps: Vec<Step>,
    /// Approvals (no reason) and rejections (code, text) by validator.
    pub reviews: BTreeMap<Hotkey, Option<(String, String)>>,
    /// What evaluating it gave here.
    pub result: Option<EvaluationResult>,
    /// What the challenge said about it.
    pub message: Option<String>,
}

impl JourneyRecord {
    /// A journey that begins.
    pub fn begin(submission: Signed<SubmissionHeader>, time_ms: u64) -> JourneyRecord {
        let step = Step {
            status: Status::Received,
            time_ms,
            height: None,
            chain_block: None,
            reason: None,
        };
        JourneyRecord {
            submission,
            steps: vec![step],
            reviews: BTreeMap::new(),
            result: None,
            message: None,
        }
    }

    /// Where the submission stands.
    pub fn status(&self) -> Status {
        self.steps
            .last()
            .map_or(Status::Received, |step| step.status)
    }

    /// Why it stands there.
    pub fn reason(&self) -> Option<&Reason> {
        self.steps.last().and_then(|step| step.reason.as_ref())
    }

    /// Height of the block that ordered it.
    pub fn height(&self) -> Option<u64> {
        self.steps.iter().find_map(|step| step.height)
    }

    /// Notes a review.
    pub fn review(&mut self, validator: Hotkey, rejection: Option<(String, String)>) {
        self.reviews.insert(validator, rejection);
    }

    /// Moves on. Steps never go back: a late message about an earlier step changes nothing, except
    /// that ordering revives what had been given up here.
    pub fn advance(&mut self, step: Step) {
        let from = self.status();
        let revived =
            from == Status::Failed && step.status == Status::Ordered && self.height().is_none();
        if step.status > from && from < Status::Agreed || revived {
            self.steps.push(step);
        }
    }
}

impl From<FailureReason> for Reason {
    fn from(reason: FailureReason) -> Reason {
        Reason {
            code: reason.code,
            text: reason.text,
            fault: reason.fault,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use assay_consensus::envelope::NetworkId;
    use assay_consensus::hash::Hash;
    use assay_consensus::keys::Keypair;

    fn record() -> JourneyRecord {
        let miner = Keypair::insecure_from_name("miner");
        let header = SubmissionHeader {
            challenge: "c".into(),
            hotkey: miner.hotkey(),
            epoch: 0,
            name: "n".into(),
            sequence: 0,
            payload_hash: Hash::ZERO,
            payload_len: 1,
        };
        JourneyRecord::begin(
            Signed::sign(&NetworkId(Hash::ZERO), header, &miner).into_signed(),
            1,
        )
    }

    fn step(status: Status, height: Option<u64>) -> Step {
        Step {
            status,
            time_ms: 2,
            height,
            chain_block: None,
            reason: None,
        }
    }

    #[test]
    fn a_late_step_does_not_go_back() {
        let mut record = record();
        record.advance(step(Status::Executed, Some(4)));
        record.advance(step(Status::Approved, None));
        assert_eq!(record.status(), Status::Executed);
        assert_eq!(record.height(), Some(4));
    }

    #[test]
    fn what_is_agreed_stays_agreed() {
        let mut record = record();
        record.advance(step(Status::Agreed, Some(4)));
        record.advance(step(Status::Failed, None));
        assert_eq!(record.status(), Status::Agreed);
    }

    #[test]
    fn ordering_revives_what_was_given_up_here() {
        let mut record = record();
        record.advance(step(Status::Failed, None));
        record.advance(step(Status::Executed, Some(3)));
        assert_eq!(record.status(), Status::Failed);
        record.advance(step(Status::Ordered, Some(3)));
        record.advance(step(Status::Agreed, Some(3)));
        assert_eq!(record.status(), Status::Agreed);
    }
}
