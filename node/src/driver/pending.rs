//! Takes up acknowledged submissions that the core has lost by a restart or a full mempool.

use assay_consensus::core::{FailureReason, Fault, Input, Origin};
use assay_consensus::wire::Message;

use super::{BATCH_MAX, Driver};

impl Driver {
    /// Feeds acknowledged submissions that no block has ordered to the core until it has them, and
    /// ends those that can't be ordered any more: what was acknowledged is never lost. Looks at one
    /// batch per call and goes on where the last call stopped.
    pub(super) fn take_up_pending(&mut self, batch: &mut Vec<Input>) {
        let storage = &self.shared.storage;
        let read = storage.pending_submissions(self.pending_cursor.as_ref(), BATCH_MAX);
        let pending = match read {
            Ok(pending) => pending,
            Err(error) => {
                self.pending_cursor = None;
                self.note_failure(Err(error));
                return;
            }
        };
        let is_last = pending.len() < BATCH_MAX;
        let epoch = self.core.tip().chain.epoch;
        let mut last = None;
        for signed in pending {
            let id = signed.payload.id();
            last = Some(id);
            if self.core.is_pending(&id) {
                continue;
            }
            if signed.payload.epoch < epoch {
                self.journal_ended(&id, expired(epoch));
            } else if storage.is_admitted(&signed.payload.slot()) {
                // Had it been this one, it would not be pending any more.
                self.journal_ended(&id, slot_taken());
            } else {
                let message = Box::new(Message::Submission(signed));
                batch.push(Input::Message {
                    message,
                    origin: Origin::Pull,
                });
            }
        }
        self.pending_cursor = if is_last { None } else { last };
    }
}

fn expired(epoch: u64) -> FailureReason {
    FailureReason {
        code: "expired".into(),
        text: format!(
            "the epoch ended before the submission was ordered; send it again for epoch {epoch}"
        ),
        fault: Fault::Platform,
    }
}

fn slot_taken() -> FailureReason {
    FailureReason {
        code: "slot_taken".into(),
        text: "another submission was ordered for this slot".into(),
        fault: Fault::Miner,
    }
}
