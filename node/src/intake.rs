//! Takes submissions from this node's own RPC: everything that can be refused is refused before
//! anything is stored, and what is known already is answered instead of taken again.

use std::collections::BTreeSet;
use std::sync::Arc;

use tokio::sync::oneshot;

use assay_api::submission::{Fault, Reason, SubmissionReceipt, SubmissionStatus};
use assay_consensus::codec;
use assay_consensus::core::{Mode, Refusal};
use assay_consensus::envelope::Signed;
use assay_consensus::hash::Hash;
use assay_consensus::keys::Hotkey;
use assay_consensus::limits::PAYLOAD_MAX_BYTES;
use assay_consensus::submission::{SubmissionHeader, SubmissionId, verify_submission};
use assay_rpc::BackendError;

use crate::journey::Status;
use crate::reports;
use crate::shared::{LocalSubmission, Shared};
use crate::storage::{HeldPayload, StorageError};

/// Largest encoded header of a submission in bytes.
const HEADER_MAX_BYTES: usize = 4 * 1024;

/// Refusals that are not the miner's fault.
const PLATFORM_CODES: [&str; 4] = ["not_ready", "not_active", "mempool_full", "storage"];

/// What a submission is checked against before it is stored.
struct Present<'a> {
    is_active: bool,
    has_challenge: bool,
    ledger_epoch: u64,
    chain_epoch: u64,
    /// Hotkeys registered in the header's epoch, else in the ledger's.
    registered: Option<&'a BTreeSet<Hotkey>>,
}

/// Takes a submission. When this gives a receipt, header and payload are durable.
pub async fn send(
    shared: &Arc<Shared>,
    header: &[u8],
    payload: Vec<u8>,
) -> Result<SubmissionReceipt, BackendError> {
    let signed: Signed<SubmissionHeader> = codec::decode(header, HEADER_MAX_BYTES)
        .map_err(|error| BackendError::Invalid(format!("submission header: {error}")))?;
    check_payload(&signed.payload, &payload).map_err(BackendError::Refused)?;
    let checked = verify_submission(signed, &shared.network_id);
    let checked = checked.map_err(|error| refused("bad_submission", error.to_string()))?;
    let signed = checked.into_signed();
    let id = signed.payload.id();
    if let Some(status) = known(shared, id).await? {
        // It may have come by gossip and its payload be nowhere else.
        let hash = signed.payload.payload_hash;
        if status < Status::Ordered && !shared.storage.has_payload(&hash) {
            put(&shared.storage.hold_payload(hash), payload).await?;
        }
        return Ok(receipt(&id, status));
    }
    check_now(shared, &signed.payload).map_err(BackendError::Refused)?;
    let held = shared.storage.hold_payload(signed.payload.payload_hash);
    put(&held, payload).await?;
    take(shared, signed, held).await?;
    Ok(receipt(&id, Status::Received))
}

/// Where a submission stands that this node has a journey of; durable when this answers.
async fn known(shared: &Arc<Shared>, id: SubmissionId) -> Result<Option<Status>, BackendError> {
    let storage = shared.storage.clone();
    let found = tokio::task::spawn_blocking(move || {
        let status = storage.journey(&id)?.map(|journey| journey.status());
        if status.is_some() {
            storage.flush()?;
        }
        Ok::<_, StorageError>(status)
    });
    found.await.map_err(internal)?.map_err(internal)
}

async fn put(held: &Arc<HeldPayload>, payload: Vec<u8>) -> Result<(), BackendError> {
    let held = Arc::clone(held);
    let put = tokio::task::spawn_blocking(move || held.put(&payload)).await;
    put.map_err(internal)?.map_err(|error| {
        tracing::error!(%error, "payload can't be stored");
        refused(
            "storage",
            "this node can't store the payload; try again later or at another node",
        )
    })
}

async fn take(
    shared: &Arc<Shared>,
    signed: Signed<SubmissionHeader>,
    payload: Arc<HeldPayload>,
) -> Result<(), BackendError> {
    let busy = || {
        BackendError::Busy(
            "this node has too many submissions waiting; try again in a moment".into(),
        )
    };
    let (reply, answer) = oneshot::channel();
    let local = LocalSubmission {
        signed,
        payload,
        reply,
    };
    shared.submissions.try_send(local).map_err(|_| busy())?;
    match answer.await {
        Ok(Ok(())) => Ok(()),
        Ok(Err(Refusal { code, text, .. })) => Err(refused(code, text)),
        Err(_) => Err(busy()),
    }
}

fn check_payload(header: &SubmissionHeader, payload: &[u8]) -> Result<(), Reason> {
    let (got_hash, got_len) = (Hash::of(payload), payload.len());
    let fits = got_hash == header.payload_hash
        && got_len == header.payload_len as usize
        && header.payload_len <= PAYLOAD_MAX_BYTES;
    if fits {
        return Ok(());
    }
    Err(reason(
        "payload_mismatch",
        format!(
            "expected a payload of {} bytes with hash {}, got {got_len} bytes with hash {got_hash}",
            header.payload_len, header.payload_hash
        ),
    ))
}

fn check_now(shared: &Shared, header: &SubmissionHeader) -> Result<(), Reason> {
    let view = shared.view();
    let ledger_epoch = view.tip.chain.epoch;
    let metagraph = shared
        .metagraphs
        .known(header.epoch)
        .or_else(|| shared.metagraphs.known(ledger_epoch));
    let registered: Option<BTreeSet<Hotkey>> = metagraph.map(|metagraph| {
        let neurons = metagraph.neurons().iter();
        neurons.map(|neuron| neuron.hotkey).collect()
    });
    let present = Present {
        is_active: view.mode == Mode::Active,
        has_challenge: shared.genesis.challenge(&header.challenge).is_some(),
        ledger_epoch,
        chain_epoch: view.head.map_or(ledger_epoch, |head| head.epoch),
        registered: registered.as_ref(),
    };
    check_present(header, &present)
}

/// The core's own checks, in its order and with its codes; it repeats them on what it knows.
fn check_present(header: &SubmissionHeader, present: &Present<'_>) -> Result<(), Reason> {
    if !present.is_active {
        return Err(reason(
            "not_active",
            "this node does not take part at the moment",
        ));
    }
    if !present.has_challenge {
        return Err(reason(
            "unknown_challenge",
            format!("unknown challenge {:?}", header.challenge),
        ));
    }
    if header.epoch != present.ledger_epoch && header.epoch != present.chain_epoch {
        return Err(reason(
            "wrong_epoch",
            format!(
                "expected a submission for epoch {}, got epoch {}",
                present.ledger_epoch, header.epoch
            ),
        ));
    }
    let Some(registered) = present.registered else {
        return Err(reason(
            "not_ready",
            "the metagraph is not loaded yet; try again in a moment",
        ));
    };
    if !registered.contains(&header.hotkey) {
        return Err(reason(
            "not_registered",
            format!("hotkey {} is not registered on the subnet", header.hotkey),
        ));
    }
    Ok(())
}

fn receipt(id: &SubmissionId, status: Status) -> SubmissionReceipt {
    let status: SubmissionStatus = reports::status(status);
    SubmissionReceipt {
        submission_id: id.to_string(),
        status,
    }
}

fn reason(code: &str, text: impl Into<String>) -> Reason {
    let fault = if PLATFORM_CODES.contains(&code) {
        Fault::Platform
    } else {
        Fault::Miner
    };
    Reason {
        code: code.to_owned(),
        text: text.into(),
        fault,
    }
}

fn refused(code: &str, text: impl Into<String>) -> BackendError {
    BackendError::Refused(reason(code, text))
}

fn internal(error: impl std::fmt::Display) -> BackendError {
    BackendError::Internal(error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn header() -> SubmissionHeader {
        SubmissionHeader {
            challenge: "term".into(),
            hotkey: Hotkey([1; 32]),
            epoch: 7,
            name: "n".into(),
            sequence: 0,
            payload_hash: Hash::of(b"payload"),
            payload_len: 7,
        }
    }

    fn code(header: &SubmissionHeader, present: &Present<'_>) -> Option<(String, Fault)> {
        let refused = check_present(header, present).err()?;
        Some((refused.code, refused.fault))
    }

    #[test]
    fn what_the_core_would_refuse_is_refused_before_it_is_stored() {
        let members = BTreeSet::from([Hotkey([1; 32])]);
        let present = |ledger_epoch, chain_epoch| Present {
            is_active: true,
            has_challenge: true,
            ledger_epoch,
            chain_epoch,
            registered: Some(&members),
        };
        let header = header();
        assert_eq!(code(&header, &present(7, 7)), None);
        assert_eq!(code(&header, &present(6, 7)), None);
        let wrong = Some(("wrong_epoch".to_owned(), Fault::Miner));
        assert_eq!(code(&header, &present(8, 8)), wrong);
        assert_eq!(code(&header, &present(6, 6)), wrong);
        let mut stranger = header.clone();
        stranger.hotkey = Hotkey([2; 32]);
        let unknown = Some(("not_registered".to_owned(), Fault::Miner));
        assert_eq!(code(&stranger, &present(7, 7)), unknown);
        let mut now = present(7, 7);
        now.has_challenge = false;
        let unknown = Some(("unknown_challenge".to_owned(), Fault::Miner));
        assert_eq!(code(&header, &now), unknown);
    }

    #[test]
    fn a_node_that_is_not_ready_blames_the_platform() {
        let mut present = Present {
            is_active: true,
            has_challenge: true,
            ledger_epoch: 7,
            chain_epoch: 7,
            registered: None,
        };
        let not_ready = Some(("not_ready".to_owned(), Fault::Platform));
        assert_eq!(code(&header(), &present), not_ready);
        present.is_active = false;
        let not_active = Some(("not_active".to_owned(), Fault::Platform));
        assert_eq!(code(&header(), &present), not_active);
    }

    #[test]
    fn a_payload_of_another_length_or_content_is_a_mismatch() {
        assert!(check_payload(&header(), b"payload").is_ok());
        for wrong in [&b"payloaX"[..], b"payload!", b""] {
            let refused = check_payload(&header(), wrong).unwrap_err();
            assert_eq!(refused.code, "payload_mismatch");
        }
    }
}
