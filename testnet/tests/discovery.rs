//! Validators that know nothing of each other but the chain: in a network namespace of their own, where
//! there is an address that the chain takes.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic
)]

use std::process::{Command, Output, Stdio};

use serde_json::Value;

/// A private address; nothing else is in the namespace.
const ADDRESS: &str = "10.83.0.1";

#[test]
fn validators_find_each_other_by_their_axons() {
    if let Err(reason) = in_namespace("true") {
        eprintln!("NOT TESTED: discovery by the chain needs a network namespace: {reason}");
        assert!(
            std::env::var_os("ASSAY_REQUIRE_NAMESPACES").is_none(),
            "network namespaces are required here: {reason}"
        );
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let program = env!("CARGO_BIN_EXE_assay-testnet");
    let demo = format!(
        "exec {program} demo --json --epochs 1 --validators 3 --announce {ADDRESS} --dir {}",
        dir.path().display()
    );
    let output = in_namespace(&demo).unwrap_or_else(|reason| panic!("{reason}"));
    let summary: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(summary["agreement"], true, "{summary:#}");
    let config = std::fs::read_to_string(dir.path().join("validator-1/node.toml")).unwrap();
    assert!(config.contains("bootstrap = []"), "{config}");
    let log = std::fs::read_to_string(dir.path().join("validator-1/node.log")).unwrap();
    assert!(log.contains("address announced on the chain"), "{log}");
}

/// Runs a command of the shell where only loopback and [`ADDRESS`] are.
fn in_namespace(command: &str) -> Result<Output, String> {
    let script = format!("ip link set lo up && ip address add {ADDRESS}/32 dev lo && {command}");
    let output = Command::new("unshare")
        .args(["--net", "--map-root-user", "sh", "-c", &script])
        .stdin(Stdio::null())
        .output()
        .map_err(|error| format!("unshare: {error}"))?;
    if output.status.success() {
        return Ok(output);
    }
    Err(format!(
        "{}: {}",
        output.status,
        String::from_utf8_lossy(&output.stderr)
    ))
}
