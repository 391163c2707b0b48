//! The benchmark on a small run: it works and its figures fit together.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic
)]

use std::process::Command;

use serde_json::Value;

#[test]
fn a_small_run_prints_one_json_object_whose_figures_fit_together() {
    let output = Command::new(env!("CARGO_BIN_EXE_assay-testnet"))
        .args(["bench", "--submissions", "5", "--json"])
        .output()
        .unwrap();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{errors}");
    let report: Value = serde_json::from_slice(&output.stdout).expect("one JSON object");

    assert_eq!(report["validators"], 4);
    assert_eq!(report["submissions"], 5);
    assert!(report["submissionsPerSecond"].as_f64().unwrap() > 0.0);
    let time = |name: &str| report["submitToAgreementMs"][name].as_u64().unwrap();
    assert!(time("p50") > 0);
    assert!(time("p50") <= time("p90") && time("p90") <= time("p99") && time("p99") <= time("max"));
    assert!(time("max") <= report["elapsedMs"].as_u64().unwrap());

    let validators = report["cpu"].as_array().unwrap();
    assert_eq!(validators.len(), 4);
    for one in validators {
        // Each checks at least the five submissions and the approvals of a quorum.
        assert!(one["verified"].as_u64().unwrap() >= 5, "{one}");
        assert!(one["signed"].as_u64().unwrap() >= 5, "{one}");
        assert!(one["coreWallSeconds"].as_f64().unwrap() > 0.0, "{one}");
    }
    let verified = validators
        .iter()
        .map(|one| one["verified"].as_u64().unwrap());
    assert_eq!(report["cpuTotal"]["verified"], verified.sum::<u64>());
    let last = report["stages"].as_array().unwrap().last().unwrap();
    assert_eq!(
        (&last["until"], &last["submissions"]),
        (&"agreed".into(), &5.into())
    );
}
