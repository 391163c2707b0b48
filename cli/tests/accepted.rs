//! What this tool builds, judged by the challenge's own rules.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic
)]

use std::fs;

use assay_challenge_sdk::abi::{EvaluationInput, SubmissionContext, ValidateOutcome, codec};
use assay_challenge_sdk::{Challenge, MemoryHost};
use assay_challenge_term::TermChallenge;
use assay_cli::package;
use assay_cli::results::Reported;
use assay_cli::submission::{Label, SignedSubmission, Target, build_term_submission};
use assay_consensus::envelope::NetworkId;
use assay_consensus::hash::Hash;
use assay_consensus::keys::Keypair;

const EPOCH: u64 = 7;
const RESULTS: &str = r#"{"basilica_instance": "instance-1", "executor_url": "https://e.example",
    "task_results": [{"task_id": "t1", "passed": true}]}"#;
const PARAMS: &str = r#"{"evidence": "reported", "python_policy": "term",
    "burn_hotkey": "5GrwvaEF5zXb26Fz9rcQpDWS57CtERHpNehXCPcNoHGKutQY",
    "tasks": [{"id": "t1", "name": "fix parser", "repo": "owner/name", "base_commit": "0a1b2c",
    "difficulty": "easy", "timeout_secs": 600}]}"#;

fn network() -> NetworkId {
    NetworkId(Hash::of(b"network"))
}

fn submission(miner: &Keypair) -> SignedSubmission {
    let dir = tempfile::tempdir().unwrap();
    fs::create_dir(dir.path().join("lib")).unwrap();
    fs::write(dir.path().join("agent.py"), "import lib.util\n").unwrap();
    fs::write(dir.path().join("lib/util.py"), "x = 1\n".repeat(1_000)).unwrap();
    fs::write(dir.path().join("lib/empty.txt"), "").unwrap();
    fs::write(dir.path().join("task_results.json"), RESULTS).unwrap();
    let package = package::load(dir.path()).unwrap();
    let target = Target {
        network: network(),
        epoch: EPOCH,
    };
    let label = Label {
        challenge: assay_challenge_term::NAME.into(),
        name: "agent".into(),
        sequence: 0,
    };
    let reported = Reported::from_json(&package.results_json.unwrap()).unwrap();
    build_term_submission(&target, &label, &package.zip, &reported, miner).unwrap()
}

/// What a validator of `network` says to it.
fn judge(submission: &SignedSubmission, network: NetworkId) -> ValidateOutcome {
    let header = &submission.header.payload;
    let context = SubmissionContext {
        network_id: network.0.0,
        submission_id: header.id().0.0,
        hotkey: header.hotkey.0,
        name: header.name.clone(),
        sequence: header.sequence,
        epoch: EPOCH,
        block_height: 1,
        timestamp_ms: 0,
    };
    let host = MemoryHost::new();
    host.set_epoch(EPOCH);
    let input = EvaluationInput {
        agent_data: submission.payload.clone(),
        challenge_id: assay_challenge_term::NAME.into(),
        params: PARAMS.into(),
        task_definition: None,
        environment_config: Some(codec::encode(&context).unwrap()),
    };
    TermChallenge.validate_with_reason(&host, input)
}

#[test]
fn a_packed_directory_with_results_is_accepted() {
    let built = submission(&Keypair::insecure_from_name("miner"));
    built.check(&network()).unwrap();
    assert_eq!(judge(&built, network()), ValidateOutcome::accept());
}

#[test]
fn the_same_submission_is_refused_by_another_network_and_under_another_name_or_miner() {
    let built = submission(&Keypair::insecure_from_name("miner"));
    let other = NetworkId(Hash::of(b"other"));
    assert_eq!(judge(&built, other).code, "signature.invalid");
    let mut renamed = built.clone();
    renamed.header.payload.name = "stolen".into();
    assert_eq!(judge(&renamed, network()).code, "signature.invalid");
    let mut stolen = built;
    stolen.header.payload.hotkey = Keypair::insecure_from_name("thief").hotkey();
    assert_eq!(judge(&stolen, network()).code, "hotkey.mismatch");
}
