//! Reviews submissions: fetches the payload, runs the challenge's `validate` on the state of the tip.

use std::sync::Arc;

use tokio::sync::{Semaphore, mpsc};

use assay_consensus::core::{Input, Review};
use assay_consensus::envelope::Signed;
use assay_consensus::hash::Hash;
use assay_consensus::submission::SubmissionHeader;
use assay_runtime::CallError;

use super::background::Background;
use crate::execution::{ChallengeView, PlaceInLedger, call_context, evaluation_input, stable_text};
use crate::shared::Shared;
use crate::storage::HeldPayload;

/// Reviews that run at once; they share the processors with execution.
const REVIEWS_AT_ONCE: usize = 4;

/// Payloads that are fetched from peers at once; slow peers keep no review waiting whose payload
/// is here, and the memory of fetches is bounded.
const FETCHES_AT_ONCE: usize = 32;

/// Starts reviews and bounds how many run.
pub(super) struct Reviewer {
    shared: Arc<Shared>,
    answers: mpsc::Sender<Input>,
    slots: Arc<Semaphore>,
    fetches: Arc<Semaphore>,
}

impl Reviewer {
    pub(super) fn new(shared: Arc<Shared>, answers: mpsc::Sender<Input>) -> Reviewer {
        Reviewer {
            shared,
            answers,
            slots: Arc::new(Semaphore::new(REVIEWS_AT_ONCE)),
            fetches: Arc::new(Semaphore::new(FETCHES_AT_ONCE)),
        }
    }

    /// Reviews in the background. The number of waiting reviews is bounded by the core's mempool.
    pub(super) fn review(
        &self,
        background: &Background,
        signed: Signed<SubmissionHeader>,
        place: PlaceInLedger,
    ) {
        let (shared, answers) = (Arc::clone(&self.shared), self.answers.clone());
        let (slots, fetches) = (Arc::clone(&self.slots), Arc::clone(&self.fetches));
        background.spawn(async move {
            let header = signed.payload;
            let submission = header.id();
            let held = shared.storage.hold_payload(header.payload_hash);
            let fetched = if shared.storage.has_payload(&header.payload_hash) {
                Ok(())
            } else {
                let Ok(_fetch) = fetches.acquire().await else {
                    return;
                };
                ensure_payload(&shared, &held, &header).await
            };
            let Ok(_slot) = slots.acquire().await else {
                return;
            };
            let payload = match fetched {
                Ok(()) => stored_payload(&shared, &header).await,
                Err(reason) => Err(reason),
            };
            let review = match payload {
                Ok(payload) => validate(shared, header, payload, place).await,
                Err(reason) => Review::Abstain { reason },
            };
            drop(held);
            // Only fails when the driver has stopped.
            let _stopped = answers.send(Input::Reviewed { submission, review }).await;
        });
    }
}

/// The payload from disk, else from peers; stored before it is used.
pub(super) async fn fetch_payload(
    shared: &Arc<Shared>,
    held: &Arc<HeldPayload>,
    header: &SubmissionHeader,
) -> Result<Vec<u8>, String> {
    ensure_payload(shared, held, header).await?;
    stored_payload(shared, header).await
}

/// Fetches the payload from peers unless it is stored.
async fn ensure_payload(
    shared: &Arc<Shared>,
    held: &Arc<HeldPayload>,
    header: &SubmissionHeader,
) -> Result<(), String> {
    let hash = header.payload_hash;
    if shared.storage.has_payload(&hash) {
        return Ok(());
    }
    let max_bytes = u64::from(header.payload_len);
    let payload = shared
        .network
        .fetch_blob(hash.0, max_bytes, &[])
        .await
        .map_err(|error| error.to_string())?;
    let held = Arc::clone(held);
    tokio::task::spawn_blocking(move || held.put(&payload))
        .await
        .map_err(|error| error.to_string())?
        .map_err(|error| error.to_string())
}

async fn stored_payload(
    shared: &Arc<Shared>,
    header: &SubmissionHeader,
) -> Result<Vec<u8>, String> {
    let (storage, hash) = (shared.storage.clone(), header.payload_hash);
    let stored = tokio::task::spawn_blocking(move || storage.payload(&hash)).await;
    stored
        .map_err(|error| error.to_string())?
        .map_err(|error| error.to_string())?
        .ok_or_else(|| format!("payload {hash} is not here any more"))
}

async fn validate(
    shared: Arc<Shared>,
    header: SubmissionHeader,
    payload: Vec<u8>,
    place: PlaceInLedger,
) -> Review {
    if payload.len() != header.payload_len as usize || Hash::of(&payload) != header.payload_hash {
        let text = format!(
            "expected a payload of {} bytes with the header's hash",
            header.payload_len
        );
        return Review::Reject {
            code: "payload_mismatch".into(),
            text,
        };
    }
    let outcome = tokio::task::spawn_blocking(move || {
        let Some(challenge) = shared.modules.get(&header.challenge) else {
            return Review::Abstain {
                reason: format!("no module is loaded for {:?}", header.challenge),
            };
        };
        let timer = std::time::Instant::now();
        let input = evaluation_input(&shared.network_id, &challenge, &header, &payload, &place);
        let context = call_context(&challenge, &place, &header.id().0, 0);
        let view = ChallengeView::new(shared.storage.state_at(place.height), &challenge.name);
        let outcome = challenge.module.validate(&context, view.share(), &input);
        shared
            .metrics
            .wasm_seconds
            .inc_by(timer.elapsed().as_secs_f64());
        match outcome {
            Ok(outcome) if outcome.output.accepted => Review::Approve,
            Ok(outcome) if outcome.output.is_platform_fault() => Review::Abstain {
                reason: outcome.output.reason,
            },
            Ok(outcome) => Review::Reject {
                code: outcome.output.code,
                text: outcome.output.reason,
            },
            Err(CallError::Guest(failure)) => Review::Reject {
                code: "module_fault".into(),
                text: stable_text(&failure.fault),
            },
            Err(CallError::Host(fault)) => Review::Abstain {
                reason: fault.to_string(),
            },
        }
    });
    outcome.await.unwrap_or_else(|error| Review::Abstain {
        reason: error.to_string(),
    })
}
