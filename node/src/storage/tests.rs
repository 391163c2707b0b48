//! Journeys, payloads and notes in a store on disk, one fault per test.

use assay_consensus::block::ChainRef;
use assay_consensus::core::{FailureReason, Fault};
use assay_consensus::keys::{Hotkey, Keypair};
use assay_consensus::submission::SubmissionHeader;

use super::testkit::{apply_block, genesis_chain, network, open};
use super::*;
use crate::journey::Reason;
use crate::weights::WeightsRecord;

fn submission(sequence: u64, payload: &[u8]) -> Signed<SubmissionHeader> {
    let miner = Keypair::insecure_from_name("miner");
    let header = SubmissionHeader {
        challenge: "c".into(),
        hotkey: miner.hotkey(),
        epoch: 0,
        name: "n".into(),
        sequence,
        payload_hash: Hash::of(payload),
        payload_len: payload.len() as u32,
    };
    Signed::sign(&network(), header, &miner).into_signed()
}

fn begin(storage: &Storage, signed: &Signed<SubmissionHeader>, time_ms: u64) -> SubmissionId {
    let record = JourneyRecord::begin(signed.clone(), time_ms);
    storage.begin_journey(record).unwrap();
    signed.payload.id()
}

fn advance(storage: &Storage, id: &SubmissionId, status: Status, height: Option<u64>) {
    let reason = FailureReason {
        code: "c".into(),
        text: "t".into(),
        fault: Fault::Miner,
    };
    let step = Step {
        status,
        time_ms: 9,
        height,
        chain_block: None,
        reason: Some(Reason::from(reason)),
    };
    storage
        .update_journey(id, |journey| journey.advance(step))
        .unwrap();
}

#[test]
fn changes_at_the_same_time_are_all_kept() {
    let dir = tempfile::tempdir().unwrap();
    let storage = open(dir.path()).unwrap();
    let id = begin(&storage, &submission(0, b"p"), 1);
    std::thread::scope(|scope| {
        for byte in 0..8u8 {
            let storage = &storage;
            scope.spawn(move || {
                for second in 0..8u8 {
                    let review = |journey: &mut JourneyRecord| {
                        journey.review(Hotkey([byte * 8 + second; 32]), None);
                    };
                    storage.update_journey(&id, review).unwrap();
                }
            });
        }
    });
    assert_eq!(storage.journey(&id).unwrap().unwrap().reviews.len(), 64);
}

#[test]
fn a_payload_goes_with_the_last_submission_that_needs_it() {
    let dir = tempfile::tempdir().unwrap();
    let storage = open(dir.path()).unwrap();
    let (one, other) = (submission(0, b"p"), submission(1, b"p"));
    let hash = Hash::of(b"p");
    let held = storage.hold_payload(hash);
    held.put(b"p").unwrap();
    let (one, other) = (begin(&storage, &one, 1), begin(&storage, &other, 2));
    drop(held);
    assert!(storage.has_payload(&hash));
    advance(&storage, &one, Status::Failed, None);
    assert!(storage.has_payload(&hash), "the other one needs it");
    advance(&storage, &other, Status::Failed, None);
    assert!(!storage.has_payload(&hash));
}

#[test]
fn a_refused_payload_is_removed_unless_somebody_else_is_at_it() {
    let dir = tempfile::tempdir().unwrap();
    let storage = open(dir.path()).unwrap();
    let hash = Hash::of(b"p");
    let (refused, taken) = (storage.hold_payload(hash), storage.hold_payload(hash));
    refused.put(b"p").unwrap();
    drop(refused);
    assert!(storage.has_payload(&hash), "somebody else is at it");
    drop(taken);
    assert!(!storage.has_payload(&hash));
}

#[test]
fn an_ordered_payload_stays_and_so_does_one_in_use_while_its_submission_fails() {
    let dir = tempfile::tempdir().unwrap();
    let storage = open(dir.path()).unwrap();
    let put = |payload: &[u8]| storage.hold_payload(Hash::of(payload));
    let held = put(b"ordered");
    held.put(b"ordered").unwrap();
    let ordered = begin(&storage, &submission(0, b"ordered"), 1);
    drop(held);
    advance(&storage, &ordered, Status::Ordered, Some(1));
    advance(&storage, &ordered, Status::Failed, Some(1));
    assert!(storage.has_payload(&Hash::of(b"ordered")));

    let held = put(b"failed");
    held.put(b"failed").unwrap();
    let failed = begin(&storage, &submission(1, b"failed"), 2);
    advance(&storage, &failed, Status::Failed, None);
    assert!(storage.has_payload(&Hash::of(b"failed")), "under review");
    drop(held);
    assert!(!storage.has_payload(&Hash::of(b"failed")));
}

#[test]
fn pending_submissions_are_read_page_by_page() {
    let dir = tempfile::tempdir().unwrap();
    let storage = open(dir.path()).unwrap();
    let mut wanted: Vec<SubmissionId> = (0..5)
        .map(|sequence| begin(&storage, &submission(sequence, b"p"), sequence))
        .collect();
    wanted.sort();
    let ended = wanted.remove(4);
    advance(&storage, &ended, Status::Failed, None);
    let mut read = Vec::new();
    loop {
        let page = storage.pending_submissions(read.last(), 3).unwrap();
        if page.is_empty() {
            break;
        }
        read.extend(page.into_iter().map(|signed| signed.payload.id()));
    }
    assert_eq!(read, wanted);
}

#[test]
fn one_unreadable_journey_does_not_hide_the_others() {
    let dir = tempfile::tempdir().unwrap();
    let storage = open(dir.path()).unwrap();
    let good = begin(&storage, &submission(0, b"p"), 1);
    let bad = begin(&storage, &submission(1, b"p"), 2);
    let mut batch = WriteBatch::new();
    batch.put(&JOURNEYS, &bad, &vec![0xFF; 7]).unwrap();
    storage.store.commit(batch).unwrap();
    assert!(storage.journey(&bad).is_err());
    let listed = storage.recent_journeys(10).unwrap();
    let listed: Vec<_> = listed.iter().map(|j| j.submission.payload.id()).collect();
    assert_eq!(listed, [good]);
}

#[test]
fn a_missing_block_of_the_epoch_is_an_error() {
    let dir = tempfile::tempdir().unwrap();
    {
        let storage = open(dir.path()).unwrap();
        apply_block(&storage, &Execution::default());
        apply_block(&storage, &Execution::default());
        let mut batch = WriteBatch::new();
        batch.delete(&BLOCKS, &1).unwrap();
        storage.store.commit_durable(batch).unwrap();
    }
    let error = open(dir.path()).err().unwrap();
    assert!(matches!(error, StorageError::MissingBlock(1)), "{error}");
}

#[test]
fn a_record_of_weights_is_open_until_it_has_ended_and_then_still_history() {
    let dir = tempfile::tempdir().unwrap();
    let mut ended = WeightsRecord::new(3, Hash::of(b"weights"));
    ended.note_head(&ChainRef {
        epoch: 4,
        ..genesis_chain()
    });
    assert!(ended.is_ended());
    {
        let storage = open(dir.path()).unwrap();
        for epoch in [3, 4] {
            let record = WeightsRecord::new(epoch, Hash::of(b"weights"));
            storage.put_weights_record(&record).unwrap();
        }
        storage.put_weights_record(&ended).unwrap();
    }
    let storage = open(dir.path()).unwrap();
    let epochs = |records: Vec<WeightsRecord>| -> Vec<u64> {
        records.into_iter().map(|record| record.epoch).collect()
    };
    assert_eq!(epochs(storage.open_weights_records().unwrap()), [4]);
    assert_eq!(epochs(storage.weights_records(10).unwrap()), [4, 3]);
    assert_eq!(storage.weights_record(3).unwrap(), Some(ended));
}

#[test]
fn old_records_of_weights_are_forgotten() {
    let dir = tempfile::tempdir().unwrap();
    let storage = open(dir.path()).unwrap();
    for epoch in [1, 2, 5_000] {
        let record = WeightsRecord::new(epoch, Hash::of(b"weights"));
        storage.put_weights_record(&record).unwrap();
    }
    assert_eq!(storage.weights_records(10).unwrap().len(), 1);
    assert_eq!(storage.open_weights_records().unwrap().len(), 1);
}

#[test]
fn only_a_stopped_or_corrupt_database_is_final() {
    assert!(StorageError::from(StoreError::Stopped).is_final());
    assert!(StorageError::from(StoreError::Corrupt("x".into())).is_final());
    assert!(!StorageError::from(StoreError::NoTip).is_final());
    assert!(!StorageError::MissingBlock(1).is_final());
}
