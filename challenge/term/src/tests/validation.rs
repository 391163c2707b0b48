//! One fault per submission.

use std::{borrow::ToOwned, string::String, vec, vec::Vec};

use assay_challenge_sdk::{Challenge, Host, MemoryHost, abi::codec};

use super::fixtures::{Miner, Node, RawEntry, archive, params, results};
use crate::{Submission, TaskResult, TermChallenge, signing};

fn code_with(change: impl FnOnce(&mut Submission)) -> String {
    let miner = Miner::new(1);
    let mut submission = miner.submission(0, 2);
    change(&mut submission);
    Node::new().validate(&miner, submission).code
}

fn with_package(submission: &mut Submission, package: Vec<u8>) {
    submission.agent_hash = hex::encode(signing::agent_hash(&package));
    submission.package_zip = package;
}

#[test]
fn a_sound_submission_passes_in_both_spellings_of_the_hotkey() {
    assert_eq!(code_with(|_| {}), "");
    assert_eq!(
        code_with(|s| s.miner_hotkey = Miner::new(1).hotkey().to_hex()),
        ""
    );
}

#[test]
fn every_truncation_of_a_submission_is_malformed() {
    let (miner, mut node) = (Miner::new(1), Node::new());
    let mut submission = miner.submission(0, 2);
    miner.sign(&mut submission, "agent");
    let input = node.input(&miner, &submission, "agent");
    for len in (0..input.agent_data.len()).step_by(7) {
        let mut cut = input.clone();
        cut.agent_data.truncate(len);
        let outcome = TermChallenge.validate_with_reason(&node.host, cut);
        assert_eq!(outcome.code, "submission.malformed", "at {len}");
    }
    let mut longer = input;
    longer.agent_data.push(0);
    let outcome = TermChallenge.validate_with_reason(&node.host, longer);
    assert_eq!(outcome.code, "submission.malformed");
}

#[test]
fn fields_out_of_bounds_are_named() {
    assert_eq!(
        code_with(|s| s.agent_hash.make_ascii_uppercase()),
        "field.agent_hash"
    );
    assert_eq!(code_with(|s| s.agent_hash.clear()), "field.agent_hash");
    assert_eq!(
        code_with(|s| s.miner_hotkey = "5".repeat(65)),
        "field.miner_hotkey"
    );
    assert_eq!(
        code_with(|s| s.miner_hotkey = "nobody".to_owned()),
        "field.miner_hotkey"
    );
    assert_eq!(
        code_with(|s| s.task_results = vec![TaskResult::default(); 257]),
        "results.too_many"
    );
    let long = |max: usize| "x".repeat(max + 1);
    let too_long = "results.field_too_long";
    assert_eq!(
        code_with(|s| s.task_results[0].task_id = long(128)),
        too_long
    );
    assert_eq!(
        code_with(|s| s.task_results[0].test_output = long(16 * 1024)),
        too_long
    );
    assert_eq!(
        code_with(|s| s.task_results[0].agent_output = long(16 * 1024)),
        too_long
    );
    assert_eq!(
        code_with(|s| s.task_results[0].error = Some(long(4 * 1024))),
        too_long
    );
}

#[test]
fn a_token_is_refused_and_not_repeated_in_the_reason() {
    let miner = Miner::new(1);
    let mut submission = miner.submission(0, 2);
    submission.executor_token = "s3cret-token".to_owned();
    let node = &mut Node::new();
    let outcome = node.validate(&miner, submission);
    assert_eq!(outcome.code, "executor_token.present");
    assert!(!outcome.reason.contains("s3cret"));
    assert!(
        node.host
            .logs()
            .iter()
            .all(|line| !line.message.contains("s3cret"))
    );
}

#[test]
fn the_signature_covers_every_claim() {
    let changes: [fn(&mut Submission); 6] = [
        |s| s.signature[5] ^= 1,
        |s| s.epoch = 1,
        |s| s.task_results = results(3),
        |s| s.basilica_instance = "other".to_owned(),
        |s| s.executor_url = "https://other.example".to_owned(),
        |s| s.signature.truncate(63),
    ];
    for (index, change) in changes.into_iter().enumerate() {
        let (miner, mut node) = (Miner::new(1), Node::new());
        let mut submission = miner.submission(0, 2);
        miner.sign(&mut submission, "agent");
        change(&mut submission);
        let input = node.input(&miner, &submission, "agent");
        let outcome = TermChallenge.validate_with_reason(&node.host, input);
        assert_eq!(outcome.code, "signature.invalid", "change {index}");
    }
}

#[test]
fn the_signature_covers_name_and_network() {
    let (miner, mut node) = (Miner::new(1), Node::new());
    let mut submission = miner.submission(0, 2);
    miner.sign(&mut submission, "agent");
    let renamed = node.input(&miner, &submission, "other");
    let outcome = TermChallenge.validate_with_reason(&node.host, renamed);
    assert_eq!(outcome.code, "signature.invalid");
    let mut elsewhere = node.input(&miner, &submission, "agent");
    elsewhere.environment_config.as_mut().unwrap()[0] ^= 1;
    let outcome = TermChallenge.validate_with_reason(&node.host, elsewhere);
    assert_eq!(outcome.code, "signature.invalid");
}

#[test]
fn somebody_elses_submission_is_refused() {
    let (miner, thief, mut node) = (Miner::new(1), Miner::new(2), Node::new());
    let mut submission = miner.submission(0, 2);
    miner.sign(&mut submission, "agent");
    let input = node.input(&thief, &submission, "agent");
    let outcome = TermChallenge.validate_with_reason(&node.host, input);
    assert_eq!(outcome.code, "hotkey.mismatch");
}

#[test]
fn package_faults_are_named() {
    assert_eq!(code_with(|s| s.package_zip.push(0)), "agent_hash.mismatch");
    assert_eq!(
        code_with(|s| with_package(s, vec![0; 1_048_577])),
        "package.too_large"
    );
    assert_eq!(
        code_with(|s| with_package(s, b"not a zip".to_vec())),
        "zip.not_a_zip"
    );
    let no_agent = archive(&[RawEntry::stored("main.py", b"")]);
    assert_eq!(code_with(|s| with_package(s, no_agent)), "zip.no_agent_py");
}

#[test]
fn only_the_current_epoch_is_accepted() {
    for epoch in [6, 8, 0, u64::MAX] {
        let (miner, mut node) = (Miner::new(1), Node::new());
        node.set_epoch(7);
        assert_eq!(
            node.validate(&miner, miner.submission(epoch, 2)).code,
            "epoch.mismatch"
        );
    }
}

#[test]
fn one_submission_per_three_epochs() {
    let (miner, mut node) = (Miner::new(1), Node::new());
    assert!(node.submit(&miner, 10, 1).valid);
    for (epoch, code) in [
        (10, "rate_limit"),
        (11, "rate_limit"),
        (12, "rate_limit"),
        (13, ""),
    ] {
        node.set_epoch(epoch);
        let outcome = node.validate(&miner, miner.submission(epoch, 2));
        assert_eq!(outcome.code, code, "epoch {epoch}");
    }
    assert!(!node.submit(&miner, 12, 4).valid);
    assert!(node.submit(&miner, 13, 4).valid);
    assert_eq!(
        node.validate(&Miner::new(2), Miner::new(2).submission(13, 2))
            .code,
        ""
    );
}

#[test]
fn names_belong_to_their_first_registrant() {
    let (owner, other, mut node) = (Miner::new(1), Miner::new(2), Node::new());
    assert!(node.evaluate(&owner, owner.submission(0, 1), "Agent").valid);
    assert_eq!(
        node.validate(&other, other.submission(0, 1)).code,
        "name.taken"
    );
    for name in ["", "a/b", " a", "a\n", &"x".repeat(65)] {
        let output = node.evaluate(&other, other.submission(0, 1), name);
        assert!(
            output.message.starts_with("miner: name.invalid"),
            "{name:?}: {}",
            output.message
        );
    }
}

#[test]
fn basilica_metadata_must_be_well_formed_and_without_secrets() {
    for instance in ["", "a b", "../x", &"x".repeat(129)] {
        assert_eq!(
            code_with(|s| s.basilica_instance = instance.to_owned()),
            "basilica.instance"
        );
    }
    for url in [
        "",
        "ftp://x",
        "https://",
        "https:///x",
        "executor.example",
        "https://a b",
        "https://user:pw@host/x",
        "https://host/x?token=1",
        "https://host/#x",
    ] {
        assert_eq!(
            code_with(|s| s.executor_url = url.to_owned()),
            "basilica.executor_url",
            "{url}"
        );
    }
}

#[test]
fn results_match_the_dataset_one_to_one() {
    assert_eq!(
        code_with(|s| s.task_results.truncate(3)),
        "results.missing_task"
    );
    assert_eq!(
        code_with(|s| s.task_results.clear()),
        "results.missing_task"
    );
    assert_eq!(
        code_with(|s| s.task_results[1].task_id = "x".to_owned()),
        "results.unknown_task"
    );
    assert_eq!(
        code_with(|s| s.task_results[1] = s.task_results[0].clone()),
        "results.duplicate_task"
    );
    for score in [f64::NAN, f64::INFINITY, -0.1, 1.000_001] {
        assert_eq!(
            code_with(|s| s.task_results[0].score = score),
            "results.score"
        );
    }
    assert_eq!(code_with(|s| s.task_results.reverse()), "");
}

#[test]
fn what_the_node_gets_wrong_is_not_the_miners_fault() {
    let (miner, mut node) = (Miner::new(1), Node::new());
    let mut submission = miner.submission(0, 2);
    miner.sign(&mut submission, "agent");
    let input = node.input(&miner, &submission, "agent");
    let code = |host: &MemoryHost, input| TermChallenge.validate_with_reason(host, input).code;

    let mut without = input.clone();
    without.environment_config = None;
    assert!(
        TermChallenge
            .validate_with_reason(&node.host, without.clone())
            .is_platform_fault()
    );
    assert_eq!(code(&node.host, without), "platform.no_context");
    let mut broken = input.clone();
    broken.environment_config = Some(vec![1, 2, 3]);
    assert_eq!(code(&node.host, broken), "platform.bad_context");
    for params in [&b""[..], b"{}", b"\xff", br#"{"tasks": []}"#] {
        let mut wrong = input.clone();
        wrong.params = params.to_vec();
        assert_eq!(code(&node.host, wrong), "platform.bad_params");
    }
    node.host
        .storage_set(
            std::format!("leaderboard:{}", miner.hotkey().to_hex()).as_bytes(),
            b"x",
        )
        .unwrap();
    assert_eq!(code(&node.host, input.clone()), "platform.storage");

    let checkerless = MemoryHost::new();
    assert_eq!(code(&checkerless, input.clone()), "");
    let output = TermChallenge.evaluate(&checkerless, input);
    assert!(
        !output.valid
            && output
                .message
                .starts_with("platform: platform.python_check")
    );
    assert!(
        checkerless.storage().is_empty(),
        "a platform failure costs no quota"
    );
}

#[test]
fn the_legacy_export_says_the_same_without_the_reason() {
    let (miner, mut node) = (Miner::new(1), Node::new());
    let mut submission = miner.submission(0, 2);
    miner.sign(&mut submission, "agent");
    let good = node.input(&miner, &submission, "agent");
    assert!(TermChallenge.validate(&node.host, good.clone()));
    let mut bad = good;
    bad.params = codec::encode(&0u8).unwrap();
    assert!(!TermChallenge.validate(&node.host, bad));
    assert_eq!(node.host.storage().len(), 0, "validate writes nothing");
    assert_eq!(params().tasks.len(), 4);
}
