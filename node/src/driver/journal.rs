//! Writes down what the core reports: journeys, votes, certificates; tells operators what matters.

use tracing::{error, info, warn};

use assay_consensus::block::{DecidedBlock, Entry};
use assay_consensus::core::{FailureReason, Fault, Refusal, Report};
use assay_consensus::envelope::Signed;
use assay_consensus::submission::{SubmissionHeader, SubmissionId};

use super::Driver;
use crate::journey::{JourneyRecord, Reason, Status, Step};
use crate::shared::unix_ms;
use crate::storage::StorageError;
use crate::weights::WeightsJob;

impl Driver {
    /// Notes that submissions are in a decided block.
    pub(super) fn journal_ordered(&self, decided: &DecidedBlock) {
        let header = &decided.block.header;
        for entry in &decided.block.entries {
            let Entry::Admit(admit) = entry else { continue };
            let storage = &self.shared.storage;
            let step = Step {
                status: Status::Ordered,
                time_ms: unix_ms(),
                height: Some(header.height),
                chain_block: Some(header.chain.number),
                reason: None,
            };
            // A node that was away meets a submission here for the first time.
            let outcome = storage
                .begin_journey(JourneyRecord::begin(admit.submission.clone(), unix_ms()))
                .and_then(|()| {
                    storage.update_journey(&admit.submission.payload.id(), |journey| {
                        journey.advance(step)
                    })
                });
            self.note_failure(outcome);
        }
    }

    /// Ends a submission that was acknowledged but can't be ordered any more.
    pub(super) fn journal_ended(&self, submission: &SubmissionId, reason: FailureReason) {
        let outcome = self.step(submission, Status::Failed, Some(reason));
        self.note_failure(outcome);
    }

    /// Makes sure that a submission which is about to be acknowledged has a journey.
    pub(super) fn journal_acknowledged(
        &self,
        signed: &Signed<SubmissionHeader>,
    ) -> Result<(), Refusal> {
        let record = JourneyRecord::begin(signed.clone(), unix_ms());
        self.or_refuse(self.shared.storage.begin_journey(record))
    }

    /// Makes the journal durable.
    pub(super) fn flush_journal(&self) -> Result<(), Refusal> {
        self.or_refuse(tokio::task::block_in_place(|| self.shared.storage.flush()))
    }

    /// A refusal that blames the platform: nothing is acknowledged that could be lost.
    fn or_refuse(&self, outcome: Result<(), StorageError>) -> Result<(), Refusal> {
        let failed = outcome.is_err();
        self.note_failure(outcome);
        if !failed {
            return Ok(());
        }
        Err(Refusal {
            code: "storage",
            text: "this node can't store the submission; try again later or at another node".into(),
            sender_at_fault: false,
        })
    }

    pub(super) fn journal(&mut self, report: Report) {
        let storage = &self.shared.storage;
        let outcome = match report {
            Report::Received(signed) => {
                storage.begin_journey(JourneyRecord::begin(signed, unix_ms()))
            }
            Report::Reviewed {
                submission,
                hotkey,
                rejection,
            } => storage.update_journey(&submission, |journey| journey.review(hotkey, rejection)),
            Report::Abstained { submission, reason } => {
                warn!(%submission, reason, "review abstained for a local reason");
                Ok(())
            }
            Report::Approved(submission) => self.step(&submission, Status::Approved, None),
            Report::Failed { submission, reason } => {
                info!(%submission, code = reason.code, text = reason.text, "submission failed");
                self.step(&submission, Status::Failed, Some(reason))
            }
            Report::LogVote(signed) => storage.put_log_vote(&signed),
            Report::Agreed(certificate) => {
                let submission = certificate.payload.submission;
                info!(%submission, score = certificate.payload.score, "log and score agreed");
                self.shared.metrics.agreed.inc();
                // The step first: a crash in between leaves the result open, and it is agreed again.
                let stepped = self.step(&submission, Status::Agreed, None);
                stepped.and_then(|()| storage.put_log_certificate(&certificate))
            }
            Report::NotAgreed(submission) => {
                warn!(%submission, "no log can be agreed on");
                let reason = FailureReason {
                    code: "no_agreement".into(),
                    text: "validators computed different logs and none has a quorum".into(),
                    fault: Fault::Validator,
                };
                let stepped = self.step(&submission, Status::Failed, Some(reason));
                stepped.and_then(|()| storage.close_result(&submission))
            }
            Report::WeightsVote(signed) => storage.put_weights_vote(&signed),
            Report::WeightsAgreed(certificate) => {
                info!(epoch = certificate.payload.epoch, "weights agreed");
                let job = WeightsJob {
                    certificate: certificate.clone(),
                };
                if self.shared.hotkey.is_some() && self.weights_jobs.try_send(job).is_err() {
                    error!(
                        epoch = certificate.payload.epoch,
                        "weights can't be queued for the chain"
                    );
                }
                storage.put_weights_certificate(&certificate)
            }
            Report::Equivocation { hotkey, kind } => {
                warn!(%hotkey, kind, "validator signed two different things");
                self.shared.metrics.equivocations.inc();
                Ok(())
            }
            Report::Diverged {
                height,
                ours,
                decided,
            } => {
                error!(
                    height,
                    our_state_root = %ours.0,
                    our_results_root = %ours.1,
                    decided_state_root = %decided.0,
                    decided_results_root = %decided.1,
                    "this node's results differ from the decided ones; it stops voting"
                );
                storage.put_divergence(height, ours, decided)
            }
            Report::Refused(conflict) => {
                info!(subject = ?conflict.subject, "not signing a second, different thing");
                Ok(())
            }
        };
        self.note_failure(outcome);
    }

    fn step(
        &self,
        submission: &SubmissionId,
        status: Status,
        reason: Option<FailureReason>,
    ) -> Result<(), StorageError> {
        let reason = reason.map(Reason::from);
        self.shared.storage.update_journey(submission, |journey| {
            let height = journey.height();
            let chain_block = journey.steps.iter().find_map(|step| step.chain_block);
            journey.advance(Step {
                status,
                time_ms: unix_ms(),
                height,
                chain_block,
                reason,
            });
        })
    }

    pub(super) fn note_failure(&self, outcome: Result<(), StorageError>) {
        if let Err(error) = outcome {
            self.shared.metrics.storage_errors.inc();
            error!(%error, "journal can't be read or written");
            if error.is_final() {
                self.failure.report(&error);
            }
        }
    }
}
