//! The real runtime's metadata, as the public development kit carries it for its own tests: the
//! development chain is like it in all that it has, and every test of this program passes once
//! more with clients that know the chain by that metadata alone.
//!
//! The package is fetched once. Where that can't be done the tests fail and say so;
//! `ASSAY_WITHOUT_PYTHON=1` skips them. `ASSAY_RUNTIME_METADATA=FILE` chooses other metadata, as
//! SCALE, for all tests of this program.

mod compare;
mod source;

use std::process::Stdio;
use std::time::Duration;

use tokio::process::Command;

use compare::Comparison;

/// Names the file with the metadata that the development chain serves.
const CHOSEN: &str = "ASSAY_RUNTIME_METADATA";

/// Longer than all tests of this program take on a busy machine.
const DEADLINE: Duration = Duration::from_secs(600);

/// The metadata that was chosen for this run.
pub fn chosen() -> Option<Vec<u8>> {
    let file = std::env::var_os(CHOSEN)?;
    Some(std::fs::read(&file).unwrap_or_else(|error| panic!("{}: {error}", file.display())))
}

#[tokio::test]
async fn the_development_chain_is_like_the_real_runtime() {
    let Some(file) = source::metadata().await else {
        return;
    };
    let differences = Comparison::with(&std::fs::read(file).unwrap()).differences();
    assert!(differences.is_empty(), "{}", differences.join("\n"));
}

#[tokio::test]
async fn all_tests_pass_with_the_real_runtimes_metadata() {
    if std::env::var_os(CHOSEN).is_some() {
        return;
    }
    let Some(file) = source::metadata().await else {
        return;
    };
    let tests = Command::new(std::env::current_exe().unwrap())
        .args(["--skip", "real_runtime::"])
        .env(CHOSEN, file)
        .stdin(Stdio::null())
        .kill_on_drop(true)
        .output();
    let output = tokio::time::timeout(DEADLINE, tests)
        .await
        .expect("the tests did not end in time")
        .unwrap();
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let failed = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{text}\n{failed}");
    assert!(text.contains("test result: ok. "), "{text}");
    assert!(!text.contains("test result: ok. 0 passed"), "{text}");
}
