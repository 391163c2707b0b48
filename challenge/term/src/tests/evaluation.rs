//! Scoring, the leader, decay, weights and what is kept.

use std::{borrow::ToOwned, string::String, vec, vec::Vec};

use assay_challenge_sdk::{
    Challenge, Host, Hotkey,
    abi::{TaskDefinition, codec},
};

use super::fixtures::{BURN, Miner, Node, RawEntry, archive, params};
use crate::{AgentLogs, EvaluationStatus, TermChallenge, limits::LOGS_MAX_BYTES, signing};

fn weight_of(weights: &[(String, f64)], hotkey: &Hotkey) -> f64 {
    let hex = hotkey.to_hex();
    weights
        .iter()
        .find(|(hotkey, _)| *hotkey == hex)
        .map_or(0.0, |(_, weight)| *weight)
}

fn leader(node: &Node) -> String {
    let (_, decay) = node.get("/decay");
    std::format!("{} {}", decay["score"], decay["achieved_epoch"])
}

#[test]
fn the_score_is_the_pass_rate_in_integers() {
    for (passed, score) in [(0, 0), (1, 2_500), (2, 5_000), (3, 7_500), (4, 10_000)] {
        let output = Node::new().submit(&Miner::new(1), 0, passed);
        assert!(output.valid, "{}", output.message);
        assert_eq!(output.score, score);
        assert_eq!(output.message, std::format!("passed {passed} of 4 tasks"));
    }
}

#[test]
fn the_same_submission_gives_the_same_bytes_on_every_node() {
    let miner = Miner::new(1);
    let mut submission = miner.submission(0, 2);
    miner.sign(&mut submission, "agent");
    let run = || {
        let mut node = Node::new();
        let input = node.input(&miner, &submission, "agent");
        (
            TermChallenge.evaluate(&node.host, input),
            node.host.storage(),
        )
    };
    assert_eq!(run(), run());
}

#[test]
fn weights_follow_scores_and_sum_up() {
    let mut node = Node::new();
    let miners: Vec<Miner> = (1..=3).map(Miner::new).collect();
    for (miner, passed) in miners.iter().zip([1, 4, 0]) {
        node.submit(miner, 5, passed);
    }
    let weights = node.weights();
    assert_eq!(weights.len(), 2, "no weight, no entry");
    assert_eq!(weight_of(&weights, &miners[0].hotkey()), 0.25);
    assert_eq!(weight_of(&weights, &miners[1].hotkey()), 1.0);
    assert!(weights.is_sorted(), "sorted by hotkey");
}

#[test]
fn the_leaders_decay_burns_and_nobody_gains_by_it() {
    let mut node = Node::new();
    let (top, second) = (Miner::new(1), Miner::new(2));
    node.submit(&top, 10, 4);
    node.submit(&second, 10, 2);
    for (stale, leads, burns) in [
        (0, 1.0, 0.0),
        (60, 1.0, 0.0),
        (61, 0.965_936_329, 0.034_063_671),
        (80, 0.5, 0.5),
        (100, 0.25, 0.75),
        (120, 0.125, 0.875),
    ] {
        node.set_epoch(10 + stale);
        let weights = node.weights();
        assert_eq!(weight_of(&weights, &top.hotkey()), leads, "stale {stale}");
        assert_eq!(weight_of(&weights, &BURN), burns, "stale {stale}");
        assert_eq!(weight_of(&weights, &second.hotkey()), 0.5, "stale {stale}");
    }
}

#[test]
fn a_leader_that_burns_for_itself_keeps_one_entry() {
    let mut node = Node::new();
    node.submit(&Miner::new(1), 0, 4);
    let burn_entries = |node: &Node| {
        node.weights()
            .iter()
            .filter(|(hotkey, _)| *hotkey == BURN.to_hex())
            .count()
    };
    assert_eq!(burn_entries(&node), 0);
    node.set_epoch(80);
    assert_eq!(burn_entries(&node), 1);
}

#[test]
fn a_new_leader_must_beat_the_decayed_score() {
    let mut node = Node::new();
    let (old, equal, better) = (Miner::new(1), Miner::new(2), Miner::new(3));
    node.submit(&old, 0, 4);
    // Decayed to exactly one half: two of four tasks don't beat it.
    node.submit(&equal, 80, 2);
    assert_eq!(leader(&node), "1.0 0");
    node.submit(&better, 80, 3);
    assert_eq!(leader(&node), "0.75 80");
    // The displaced leader keeps what had remained, and it decays no further.
    node.set_epoch(400);
    let weights = node.weights();
    assert_eq!(weight_of(&weights, &old.hotkey()), 0.5);
    assert_eq!(weight_of(&weights, &equal.hotkey()), 0.5);
    assert!(weight_of(&weights, &better.hotkey()) < 0.001);
}

#[test]
fn a_leader_cannot_shake_its_decay_off() {
    let mut node = Node::new();
    let (old, new) = (Miner::new(1), Miner::new(2));
    node.submit(&old, 0, 3);
    node.submit(&old, 100, 3);
    assert_eq!(
        leader(&node),
        "0.75 0",
        "the same score again doesn't restart the clock"
    );
    node.submit(&new, 100, 2);
    assert_eq!(leader(&node), "0.5 100");
    node.submit(&old, 103, 3);
    assert_eq!(leader(&node), "0.5 100", "nor after having been displaced");
    node.submit(&old, 106, 4);
    assert_eq!(leader(&node), "1.0 106", "a better agent does");
}

#[test]
fn of_equal_scores_the_earlier_leads() {
    let mut node = Node::new();
    node.submit(&Miner::new(2), 0, 2);
    node.submit(&Miner::new(1), 0, 2);
    let (_, rows) = node.get("/leaderboard");
    assert_eq!(rows[0]["hotkey"], Miner::new(2).hotkey().to_ss58());
}

#[test]
fn a_worse_submission_keeps_the_better_agent() {
    let (miner, mut node) = (Miner::new(1), Node::new());
    node.submit(&miner, 0, 3);
    assert_eq!(node.submit(&miner, 3, 1).score, 2_500);
    let (_, rows) = node.get("/leaderboard");
    assert_eq!(rows[0]["score"], 0.75);
    assert_eq!(rows[0]["submissions"], 2);
    assert_eq!(rows[0]["last_epoch"], 3);
}

#[test]
fn a_denied_package_fails_with_its_reason_and_uses_the_quota() {
    let (miner, mut node) = (Miner::new(1), Node::new());
    let package_zip = archive(&[RawEntry::stored("agent.py", b"import os\n")]);
    let mut submission = miner.submission(0, 4);
    submission.agent_hash = hex::encode(signing::agent_hash(&package_zip));
    submission.package_zip = package_zip;
    let output = node.evaluate(&miner, submission, "agent");
    assert!(!output.valid);
    assert_eq!(output.score, 0);
    assert_eq!(
        output.message,
        "miner: ast.denied: agent.py:1: os is not an allowed import (import.forbidden)"
    );
    assert_eq!(node.get("/leaderboard").1, serde_json::json!([]));
    assert!(node.weights().is_empty());
    let id = "01".repeat(32);
    assert_eq!(node.get(&std::format!("/ast/{id}")).1["verdict"], "deny");
    assert_eq!(
        node.get(&std::format!("/submissions/{id}")).1["status"],
        "failed"
    );
    assert_eq!(
        node.validate(&miner, miner.submission(0, 4)).code,
        "rate_limit"
    );
}

#[test]
fn a_refused_submission_leaves_no_trace() {
    let (miner, mut node) = (Miner::new(1), Node::new());
    node.submit(&miner, 0, 1);
    let before = node.host.storage();
    let output = node.submit(&miner, 1, 4);
    assert!(!output.valid && output.message.starts_with("miner: rate_limit: "));
    assert_eq!(node.host.storage(), before);
}

#[test]
fn a_submission_is_evaluated_once() {
    let (miner, mut node) = (Miner::new(1), Node::new());
    let mut submission = miner.submission(0, 1);
    miner.sign(&mut submission, "agent");
    let mut input = node.input(&miner, &submission, "agent");
    assert!(TermChallenge.evaluate(&node.host, input.clone()).valid);
    // Three epochs later the quota would allow it.
    node.set_epoch(3);
    submission.epoch = 3;
    miner.sign(&mut submission, "agent");
    let later = node.input(&miner, &submission, "agent");
    input.agent_data = later.agent_data;
    let mut context = later.environment_config.unwrap();
    context[32..64].copy_from_slice(&[1; 32]);
    input.environment_config = Some(context);
    let output = TermChallenge.evaluate(&node.host, input);
    assert!(
        output.message.starts_with("miner: submission.repeated"),
        "{}",
        output.message
    );
}

#[test]
fn logs_follow_the_dataset_and_previews_end_at_characters() {
    let (miner, mut node) = (Miner::new(1), Node::new());
    let mut submission = miner.submission(0, 2);
    submission.task_results[0].test_output = "a".to_owned() + &"é".repeat(4_000);
    submission.task_results[1].test_output.clear();
    submission.task_results[1].agent_output = "agent".to_owned();
    submission.task_results.reverse();
    let output = node.evaluate(&miner, submission, "agent");
    let logs: AgentLogs = serde_json::from_slice(output.details.as_deref().unwrap()).unwrap();
    let ids: Vec<&str> = logs
        .entries
        .iter()
        .map(|entry| entry.task_id.as_str())
        .collect();
    assert_eq!(ids, ["task-0", "task-1", "task-2", "task-3"]);
    assert_eq!(logs.entries[0].output_preview.len(), 4_095);
    assert_eq!(logs.entries[1].output_preview, "agent");
    assert_eq!(logs.status, EvaluationStatus::Completed);
    let hotkey = miner.hotkey();
    let (_, served) = node.get(&std::format!("/agent/{hotkey}/logs"));
    assert_eq!(served, serde_json::to_value(&logs).unwrap());
}

#[test]
fn logs_of_the_largest_submission_stay_under_their_limit() {
    let (miner, mut node) = (Miner::new(1), Node::new());
    let mut many = params();
    many.tasks = (0..256)
        .map(|n| crate::Task {
            id: std::format!("{n:0>128}"),
            ..many.tasks[0].clone()
        })
        .collect();
    let mut submission = miner.submission(0, 0);
    // Control characters are six bytes each in JSON.
    submission.task_results = (many.tasks.iter())
        .map(|task| crate::TaskResult {
            task_id: task.id.clone(),
            test_output: "\u{1}".repeat(4_096),
            error: Some("\u{1}".repeat(512)),
            ..crate::TaskResult::default()
        })
        .collect();
    miner.sign(&mut submission, "agent");
    let mut input = node.input(&miner, &submission, "agent");
    input.params = many.to_bytes().unwrap();
    let output = TermChallenge.evaluate(&node.host, input);
    assert!(output.valid, "{}", output.message);
    let json = output.details.unwrap();
    assert!(json.len() <= LOGS_MAX_BYTES, "{} bytes", json.len());
    let logs: AgentLogs = serde_json::from_slice(&json).unwrap();
    assert_eq!(logs.entries.len(), 256);
    assert!(!logs.entries[0].output_preview.is_empty());
}

#[test]
fn versions_count_from_one_under_a_name() {
    let (miner, mut node) = (Miner::new(1), Node::new());
    for epoch in [0, 3, 6] {
        node.set_epoch(epoch);
        assert!(
            node.evaluate(&miner, miner.submission(epoch, 1), "My Agent")
                .valid
        );
    }
    let (_, name) = node.get("/submission/my agent");
    assert_eq!(name["name"], "My Agent");
    assert_eq!(name["owner"], miner.hotkey().to_ss58());
    assert_eq!(name["latest_version"], 3);
    let versions: Vec<u64> = (name["versions"].as_array().unwrap().iter())
        .map(|version| version["version"].as_u64().unwrap())
        .collect();
    assert_eq!(versions, [1, 2, 3]);
}

#[test]
fn a_large_package_is_kept_as_its_hash() {
    let (miner, mut node) = (Miner::new(1), Node::new());
    let noise: Vec<u8> = (0u32..70_000)
        .map(|n| (n.wrapping_mul(2_654_435_761) >> 24) as u8)
        .collect();
    let package_zip = archive(&[
        RawEntry::stored("agent.py", b""),
        RawEntry::stored("data.bin", &noise),
    ]);
    let mut submission = miner.submission(0, 1);
    submission.agent_hash = hex::encode(signing::agent_hash(&package_zip));
    submission.package_zip = package_zip.clone();
    assert!(node.evaluate(&miner, submission.clone(), "agent").valid);
    let (_, code) = node.get(&std::format!("/agent/{}/code", miner.hotkey()));
    assert_eq!(code["agent_hash"], submission.agent_hash);
    assert_eq!(code["size_bytes"], package_zip.len());
    assert_eq!(code["package_base64"], serde_json::Value::Null);
    assert!(
        node.host
            .storage()
            .values()
            .all(|value| value.len() <= 64 * 1024)
    );
}

#[test]
fn keys_are_those_of_the_contract() {
    let (miner, mut node) = (Miner::new(1), Node::new());
    node.submit(&miner, 7, 1);
    let storage = node.host.storage();
    for kind in ["agent_code", "agent_hash", "agent_logs"] {
        let mut key = std::format!("{kind}:{}:", miner.hotkey().to_hex()).into_bytes();
        key.extend(7u64.to_le_bytes());
        assert!(storage.contains_key(&key), "{kind}");
    }
}

#[test]
fn tasks_are_given_in_the_sdks_form() {
    let node = Node::new();
    assert_eq!(TermChallenge.tasks(&node.host), vec![0; 8]);
    TermChallenge.configure(&node.host, &params().to_bytes().unwrap());
    let tasks: Vec<TaskDefinition> =
        codec::decode(&TermChallenge.tasks(&node.host), 1 << 20).unwrap();
    assert_eq!(tasks.len(), 4);
    assert_eq!(tasks[0].timeout_ms, 600_000);
}

#[test]
fn bad_parameters_are_ignored_by_configure() {
    let node = Node::new();
    TermChallenge.configure(&node.host, b"{}");
    assert_eq!(node.host.storage_get(b"config:params"), Ok(None));
    assert_eq!(node.host.logs().len(), 1);
}
