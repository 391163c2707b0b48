//! Wire formats that others depend on.

use std::{borrow::ToOwned, vec, vec::Vec};

use assay_challenge_sdk::Hotkey;
use proptest::prelude::*;

use super::fixtures::params;
use crate::{ParamsError, Submission, TaskResult, TermParams, signing};

#[test]
fn the_submission_has_the_layout_of_the_abi() {
    let submission = Submission {
        agent_hash: "h".to_owned(),
        miner_hotkey: "k".to_owned(),
        signature: vec![1],
        epoch: 2,
        package_zip: vec![3],
        basilica_instance: "b".to_owned(),
        executor_url: "u".to_owned(),
        executor_token: "t".to_owned(),
        task_results: vec![TaskResult {
            task_id: "i".to_owned(),
            passed: true,
            score: 1.0,
            execution_time_ms: 4,
            test_output: "o".to_owned(),
            agent_output: "a".to_owned(),
            error: Some("e".to_owned()),
        }],
    };
    let one = 1u64.to_le_bytes();
    let mut expected: Vec<u8> = Vec::new();
    let text = |out: &mut Vec<u8>, byte: u8| {
        out.extend(one);
        out.push(byte);
    };
    text(&mut expected, b'h');
    text(&mut expected, b'k');
    text(&mut expected, 1);
    expected.extend(2u64.to_le_bytes());
    for byte in [3, b'b', b'u', b't'] {
        text(&mut expected, byte);
    }
    expected.extend(one);
    text(&mut expected, b'i');
    expected.push(1);
    expected.extend(1f64.to_le_bytes());
    expected.extend(4u64.to_le_bytes());
    text(&mut expected, b'o');
    text(&mut expected, b'a');
    expected.push(1);
    text(&mut expected, b'e');
    assert_eq!(submission.to_bytes().unwrap(), expected);
    assert_eq!(Submission::from_bytes(&expected), Ok(submission));
}

#[test]
fn the_signed_bytes_are_pinned() {
    let bytes =
        signing::signing_bytes(&[1; 32], &[2; 32], &Hotkey([3; 32]), 4, "ab", &[5; 32]).unwrap();
    let mut expected = b"assay/term/submission/v1".to_vec();
    expected.extend([1; 32]);
    expected.extend([2; 32]);
    expected.extend([3; 32]);
    expected.extend(4u64.to_le_bytes());
    expected.extend(2u64.to_le_bytes());
    expected.extend(b"ab");
    expected.extend([5; 32]);
    assert_eq!(bytes, expected);
}

#[test]
fn parameters_round_trip_and_bad_ones_are_named() {
    let bytes = params().to_bytes().unwrap();
    assert_eq!(TermParams::from_bytes(&bytes), Ok(params()));
    let field = |change: fn(&mut TermParams)| {
        let mut params = params();
        change(&mut params);
        match params.to_bytes() {
            Err(ParamsError::Field { field, .. }) => field,
            other => panic!("expected a field, got {other:?}"),
        }
    };
    assert_eq!(field(|p| p.tasks.clear()), "tasks");
    assert_eq!(field(|p| p.python_policy.clear()), "python_policy");
    assert_eq!(field(|p| p.tasks[2].id = "a b".to_owned()), "tasks[2].id");
    assert_eq!(
        field(|p| p.tasks[1].id = p.tasks[0].id.clone()),
        "tasks[1].id"
    );
    assert_eq!(
        field(|p| p.tasks[0].repo = "x".repeat(513)),
        "tasks[0].repo"
    );
    assert_eq!(
        field(|p| p.tasks[0].timeout_secs = 0),
        "tasks[0].timeout_secs"
    );
    let verified = std::string::String::from_utf8(bytes)
        .unwrap()
        .replace("reported", "verified");
    assert!(matches!(
        TermParams::from_bytes(verified.as_bytes()),
        Err(ParamsError::Json(_))
    ));
    assert!(matches!(
        TermParams::from_bytes(&vec![b' '; 1_048_577]),
        Err(ParamsError::Size { got: 1_048_577 })
    ));
}

proptest! {
    #[test]
    fn submissions_round_trip(
        agent_hash in ".*", signature in any::<Vec<u8>>(), epoch in any::<u64>(),
        package_zip in any::<Vec<u8>>(), outputs in prop::collection::vec(".*", 0..4),
    ) {
        let task_results = outputs
            .into_iter()
            .map(|test_output| TaskResult { test_output, ..TaskResult::default() })
            .collect();
        let submission =
            Submission { agent_hash, signature, epoch, package_zip, task_results, ..Submission::default() };
        let bytes = submission.to_bytes().unwrap();
        prop_assert_eq!(Submission::from_bytes(&bytes).unwrap(), submission);
    }

    #[test]
    fn arbitrary_bytes_never_panic(bytes in any::<Vec<u8>>()) {
        let _ = Submission::from_bytes(&bytes);
        let _ = TermParams::from_bytes(&bytes);
    }
}
