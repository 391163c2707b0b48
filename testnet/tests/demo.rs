//! The main job, run as a user runs it: the binary, its JSON summary, its exit code.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic
)]

use std::process::{Command, Stdio};
use std::sync::{Mutex, PoisonError};

use serde_json::Value;

const VALIDATORS: usize = 4;

/// Submissions that are ordered and voted on; the others are refused before that.
const AGREED: [(&str, i64); 2] = [("solver", 10_000), ("half", 5_000)];

/// Refused samples and the reason that their miners must read.
const REFUSED: [(&str, &str); 3] = [
    ("unparsable", "py.syntax"),
    ("forbidden", "py.process"),
    ("oversized", "package.too_large"),
];

/// Networks run one after the other: several at once starve each other on a small machine.
static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());

#[test]
fn the_demo_agrees_plainly_with_a_crash_and_with_a_liar() {
    let _turn = ONE_AT_A_TIME.lock().unwrap_or_else(PoisonError::into_inner);
    let plain = demo(&[]);
    check_common(&plain, &[0, 1, 2, 3]);
    assert_eq!(plain["crashed"], false);

    let crashed = demo(&["--crash"]);
    check_common(&crashed, &[0, 1, 2, 3]);
    assert_eq!(crashed["crashed"], true);

    let tampered = demo(&["--tamper"]);
    check_common(&tampered, &[0, 1, 2]);
    check_liar(&tampered["validators"][VALIDATORS - 1]);
    assert_eq!(
        plain["agreedWeights"], tampered["agreedWeights"],
        "a minority that lies must change nothing"
    );
    assert_eq!(plain["agreedWeights"], crashed["agreedWeights"]);
}

/// Commits of both kinds, one of them with a validator that dies on the way.
#[test]
fn weights_that_are_committed_get_to_the_chain_as_well() {
    let _turn = ONE_AT_A_TIME.lock().unwrap_or_else(PoisonError::into_inner);
    let timelocked = demo(&["--weights", "timelocked", "--crash"]);
    check_common(&timelocked, &[0, 1, 2, 3]);
    let salted = demo(&["--weights", "salted"]);
    check_common(&salted, &[0, 1, 2, 3]);
    assert_eq!(timelocked["agreedWeights"], salted["agreedWeights"]);
}

/// Runs the demo; its exit code must be 0.
fn demo(flags: &[&str]) -> Value {
    let dir = tempfile::tempdir().unwrap();
    let output = Command::new(env!("CARGO_BIN_EXE_assay-testnet"))
        .args(["demo", "--json", "--dir"])
        .arg(dir.path())
        .args(flags)
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let (stdout, stderr) = (
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr),
    );
    assert!(
        output.status.success(),
        "demo {flags:?}: {}\n{stdout}\n{stderr}",
        output.status
    );
    serde_json::from_str(&stdout).unwrap_or_else(|error| panic!("{error}: {stdout}"))
}

fn check_common(summary: &Value, honest: &[usize]) {
    assert_eq!(summary["agreement"], true, "{summary:#}");
    assert_eq!(summary["problems"], serde_json::json!([]));
    let epochs = summary["epochs"].as_array().unwrap();
    assert_eq!(epochs.len(), 2, "{epochs:?}");
    assert_eq!(
        epochs[1].as_u64().unwrap(),
        epochs[0].as_u64().unwrap() + 1,
        "no epoch may be left out"
    );
    check_miners(summary);
    check_weights(summary);
    let validators = summary["validators"].as_array().unwrap();
    assert_eq!(validators.len(), VALIDATORS);
    for index in honest {
        check_honest(&validators[*index], summary);
    }
}

fn check_miners(summary: &Value) {
    let miners = summary["miners"].as_array().unwrap();
    assert_eq!(miners.len(), AGREED.len() + REFUSED.len());
    for (name, score) in AGREED {
        let miner = named(miners, name);
        assert_eq!(miner["status"], "agreed", "{miner:#}");
        assert_eq!(miner["score"], score, "{miner:#}");
        assert_eq!(miner["reason"], Value::Null, "{miner:#}");
    }
    for (name, reason) in REFUSED {
        let miner = named(miners, name);
        let told = miner["reason"].as_str().unwrap_or_default();
        assert!(told.contains(reason), "expected {reason:?}: {miner:#}");
        assert_eq!(miner["score"].as_i64().unwrap_or(0), 0, "{miner:#}");
    }
}

/// What was agreed is what an auditor recomputed, and only who earned something is paid.
fn check_weights(summary: &Value) {
    let agreed = summary["agreedWeights"].as_array().unwrap();
    assert_eq!(summary["audit"]["weights"], summary["agreedWeights"]);
    let miners = summary["miners"].as_array().unwrap();
    let weight_of = |name: &str| {
        let hotkey = &named(miners, name)["hotkey"];
        let entry = agreed.iter().find(|entry| entry["hotkey"] == *hotkey);
        entry.map_or(0, |entry| entry["weight"].as_u64().unwrap())
    };
    let total: u64 = agreed.iter().map(|e| e["weight"].as_u64().unwrap()).sum();
    assert_eq!(total, 65_535);
    assert!(weight_of("solver") > weight_of("half"), "{agreed:?}");
    for (name, _) in REFUSED {
        assert_eq!(weight_of(name), 0, "{name} earned nothing");
    }
    let expected = summary["expectedChainWeights"].as_array().unwrap();
    assert!(!expected.is_empty());
}

fn check_honest(validator: &Value, summary: &Value) {
    assert_eq!(validator["divergent"], false, "{validator:#}");
    assert_eq!(validator["mode"], "active", "{validator:#}");
    assert_eq!(
        validator["chainWeights"], summary["expectedChainWeights"],
        "{validator:#}"
    );
    assert!(validator["weightsVote"].is_string(), "{validator:#}");
    let votes = validator["votes"].as_array().unwrap();
    let miners = summary["miners"].as_array().unwrap();
    for miner in miners.iter().filter(|miner| miner["status"] == "agreed") {
        let own: Vec<&Value> = votes
            .iter()
            .filter(|vote| vote["submissionId"] == miner["submissionId"])
            .collect();
        assert_eq!(own.len(), 1, "one vote on each: {validator:#}");
        assert_eq!(own[0]["agrees"], true, "{validator:#}");
        assert_eq!(own[0]["logHash"], miner["logHash"]);
        assert_eq!(own[0]["score"], miner["score"]);
    }
}

fn check_liar(validator: &Value) {
    assert_eq!(validator["name"], "validator-4");
    assert_eq!(validator["divergent"], true, "{validator:#}");
    let votes = validator["votes"].as_array().unwrap();
    assert!(!votes.is_empty(), "its votes are shown");
    assert!(
        votes.iter().all(|vote| vote["agrees"] == false),
        "{validator:#}"
    );
}

fn named<'a>(list: &'a [Value], name: &str) -> &'a Value {
    list.iter()
        .find(|entry| entry["name"] == name)
        .unwrap_or_else(|| panic!("no {name}"))
}
