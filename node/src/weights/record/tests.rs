//! The way of one epoch's weights, one turn per test.

use super::*;
use crate::weights::testkit::{call, refused};
use assay_chain::{CallFailure, Refusal};
use assay_consensus::codec;

fn moment(number: u64, epoch: u64) -> Moment {
    Moment {
        head: ChainRef {
            number,
            hash: Hash::of(b"head"),
            epoch,
            next_epoch_start: 100,
            timestamp_ms: 1,
        },
        time_ms: 7,
    }
}

fn prepared(method: WeightsMethod) -> PreparedWeights {
    PreparedWeights {
        epoch: 3,
        entries: vec![(1, 65_535)],
        method,
        call: call("set_mechanism_weights"),
    }
}

fn salted() -> WeightsMethod {
    WeightsMethod::Salted {
        commit_hash: Hash::ZERO,
        salt: vec![1],
        version_key: 0,
        reveal_epoch: 4,
    }
}

fn record() -> WeightsRecord {
    WeightsRecord::new(3, Hash::of(b"agreed"))
}

fn sent() -> WeightsRecord {
    let mut record = record();
    record.note(
        Event::Prepared(prepared(WeightsMethod::Plain)),
        moment(10, 3),
    );
    record
}

fn restarted(record: &WeightsRecord) -> WeightsRecord {
    let bytes = codec::encode(record);
    codec::decode(&bytes, bytes.len()).unwrap()
}

#[test]
fn plain_weights_end_when_the_chain_holds_them() {
    let mut record = sent();
    assert!(record.is_under_way());
    let done = Settlement::Done { block: 12 };
    record.note(Event::Settled(done), moment(12, 3));
    assert!(!record.is_under_way());
    record.note(Event::LookedUp(WeightsStanding::Stored), moment(13, 3));
    assert_eq!(record.next_action(&moment(13, 3).head), Action::Nothing);
    let outcome = Outcome::Stored { block: 12 };
    assert!(matches!(&record.stage, Stage::Ended { outcome: o, .. } if *o == outcome));
    assert_eq!(
        record.attempts[0].result,
        AttemptResult::Taken { block: 12 }
    );
}

#[test]
fn a_refused_call_is_signed_anew_and_one_that_may_be_on_its_way_is_not() {
    let now = moment(10, 3);
    let mut record = sent();
    record.note(Event::NotSent(refused(Refusal::SettingWeightsTooFast)), now);
    assert_eq!(record.next_action(&now.head), Action::Prepare);

    let mut record = restarted(&sent());
    let settle = Action::Settle(call("set_mechanism_weights"));
    assert_eq!(record.next_action(&now.head), settle);
    record.note(Event::Settled(Settlement::Waiting), now);
    assert_eq!(record.next_action(&now.head), settle);
    record.note(Event::Settled(Settlement::Lost), moment(21, 3));
    assert_eq!(record.next_action(&now.head), Action::Prepare);
}

#[test]
fn a_broken_connection_leaves_the_call_on_its_way() {
    let mut record = sent();
    let error = ChainError::Deadline {
        call: "send",
        deadline_ms: 1,
    };
    record.note(Event::NotSent(error), moment(10, 3));
    assert!(record.is_under_way());
    record.note_head(&moment(101, 4).head);
    assert!(record.is_under_way(), "it may have got in before");
}

#[test]
fn weights_that_are_not_on_their_way_are_missed_when_the_epoch_ends() {
    let mut record = record();
    let error = refused(Refusal::NotEnoughStakeToSetWeights);
    record.note(Event::NotPrepared(error), moment(10, 3));
    let error = refused(Refusal::NotEnoughStakeToSetWeights);
    record.note(Event::NotPrepared(error), moment(11, 3));
    assert_eq!(record.attempts.len(), 1);
    assert_eq!(record.attempts[0].times, 2);
    record.note_head(&moment(100, 4).head);
    let Stage::Ended {
        outcome: Outcome::Missed { reason },
        ..
    } = &record.stage
    else {
        panic!("{record:?}");
    };
    assert!(reason.contains("add stake"), "{reason}");
}

#[test]
fn a_lost_record_does_not_set_weights_twice() {
    let mut record = record();
    let error = ChainError::AlreadySet {
        epoch: 3,
        block: 12,
    };
    record.note(Event::NotPrepared(error), moment(20, 3));
    let Stage::Ended {
        outcome: Outcome::Skipped { reason },
        ..
    } = &record.stage
    else {
        panic!("{record:?}");
    };
    assert!(reason.contains("block 12"), "{reason}");
}

#[test]
fn what_can_not_be_mended_ends_at_once() {
    let mut record = sent();
    let failure: CallFailure = Refusal::DuplicateUids.into();
    record.note(
        Event::Settled(Settlement::Failed { block: 12, failure }),
        moment(12, 3),
    );
    assert!(record.is_ended());
}

#[test]
fn a_salted_commit_is_revealed_and_then_stored() {
    let mut record = record();
    record.note(Event::Prepared(prepared(salted())), moment(10, 3));
    let done = Settlement::Done { block: 12 };
    record.note(Event::Settled(done), moment(12, 3));
    let committed = WeightsStanding::Committed { reveal_epoch: 4 };
    record.note(Event::LookedUp(committed), moment(13, 3));
    record.note_head(&moment(100, 4).head);
    let action = record.next_action(&moment(100, 4).head);
    assert!(matches!(action, Action::LookUp(_, 12)));
    record.note(Event::LookedUp(WeightsStanding::RevealDue), moment(100, 4));
    let reveal = call("reveal_mechanism_weights");
    record.note(Event::RevealPrepared(reveal.clone()), moment(100, 4));
    let mut record = restarted(&record);
    let action = record.next_action(&moment(100, 4).head);
    assert_eq!(action, Action::Settle(reveal.clone()));
    record.note(Event::Settled(Settlement::Waiting), moment(101, 4));
    let action = record.next_action(&moment(101, 4).head);
    assert_eq!(action, Action::Settle(reveal));
    let done = Settlement::Done { block: 102 };
    record.note(Event::Settled(done), moment(102, 4));
    record.note(Event::LookedUp(WeightsStanding::Stored), moment(103, 4));
    assert!(record.is_ended());
    assert_eq!(record.method(), Some(&salted()));
}

#[test]
fn a_call_that_no_block_tells_of_ends_with_what_the_chain_holds() {
    let mut record = sent();
    record.note(Event::NotSettled, moment(70, 3));
    assert!(record.is_under_way());
    assert!(!record.is_under_way_at(&moment(70, 3).head), "too old");
    record.note(Event::NotSettled, moment(71, 3));
    let action = record.next_action(&moment(71, 3).head);
    assert!(matches!(action, Action::LookUp(_, 20)), "{action:?}");
    let error = || ChainError::UnknownEpoch(3);
    record.note(Event::NotLookedUp(error()), moment(300, 5));
    assert!(!record.is_ended());
    record.note(Event::NotLookedUp(error()), moment(400, 6));
    assert!(record.is_ended(), "{record:?}");
}

#[test]
fn a_timelocked_commit_is_left_alone_until_its_epoch() {
    let mut record = record();
    let method = WeightsMethod::Timelocked {
        commit_hash: Hash::ZERO,
        round: 9,
        reveal_epoch: 5,
    };
    record.note(Event::Prepared(prepared(method)), moment(10, 3));
    record.note(
        Event::Settled(Settlement::Done { block: 12 }),
        moment(12, 3),
    );
    let committed = WeightsStanding::Committed { reveal_epoch: 5 };
    record.note(Event::LookedUp(committed), moment(13, 3));
    assert_eq!(record.next_action(&moment(90, 4).head), Action::Nothing);
    let action = record.next_action(&moment(100, 5).head);
    assert!(matches!(action, Action::LookUp(_, 12)));
}

#[test]
fn attempts_are_bounded_and_keep_the_first_and_the_newest() {
    let mut record = record();
    for number in 0..200u64 {
        let error = ChainError::UnknownEpoch(number);
        record.note(Event::NotPrepared(error), moment(number, 3));
    }
    assert_eq!(record.attempts.len(), ATTEMPTS_MAX);
    assert_eq!(record.attempts[0].head, 0);
    assert_eq!(record.attempts[ATTEMPTS_MAX - 1].head, 199);
}
