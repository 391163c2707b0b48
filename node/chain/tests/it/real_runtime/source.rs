//! Where the metadata comes from.

use std::path::{Path, PathBuf};
use std::time::Duration;

use tokio::process::Command;
use tokio::sync::OnceCell;

/// The package whose tests carry the metadata of runtime 461, captured from a node.
const PACKAGE: &str = "bittensor==11.3.0";

/// Skips the tests that need the package.
const SKIP: &str = "ASSAY_WITHOUT_PYTHON";

/// Fetching a package of 1.4 MB and what it is built with.
const DEADLINE: Duration = Duration::from_secs(240);

/// Takes the metadata out of the package; the first bytes say that it's there and how long it is.
const EXTRACT: &str = r#"
import json, pathlib, sys, tarfile
folder, file = map(pathlib.Path, sys.argv[1:])
package = tarfile.open(next(folder.glob("bittensor-*.tar.gz")))
name = next(name for name in package.getnames() if name.endswith("tests/fixtures/golden.json"))
golden = json.load(package.extractfile(name))
assert golden["network"]["spec_version"] == 461
answer = bytes.fromhex(golden["metadata"]["v15_hex"][2:])
made = file.with_suffix(".new")
made.write_bytes(answer[answer.index(b"meta"):])
made.rename(file)
"#;

/// The file with the metadata; none if the tests are to be skipped.
pub async fn metadata() -> Option<PathBuf> {
    static FETCHED: OnceCell<Option<PathBuf>> = OnceCell::const_new();
    FETCHED.get_or_init(fetch).await.clone()
}

async fn fetch() -> Option<PathBuf> {
    if std::env::var_os(SKIP).is_some() {
        eprintln!("SKIPPED: nothing was compared with the real runtime, because {SKIP} is set");
        return None;
    }
    let file = Path::new(env!("CARGO_TARGET_TMPDIR")).join("subtensor-461.scale");
    if file.is_file() {
        return Some(file);
    }
    let folder = tempfile::tempdir().unwrap();
    let place = folder.path().to_str().unwrap();
    let download = ["-m", "pip", "download", "--quiet", "--no-deps", "--dest"];
    let mut arguments = download.to_vec();
    arguments.extend([place, "--no-binary", "bittensor", PACKAGE]);
    python(&arguments).await;
    python(&["-c", EXTRACT, place, file.to_str().unwrap()]).await;
    Some(file)
}

async fn python(arguments: &[&str]) {
    let run = Command::new("python3")
        .args(arguments)
        .kill_on_drop(true)
        .output();
    let output = tokio::time::timeout(DEADLINE, run).await;
    let output = output.expect("python3 did not end in time").unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(
        output.status.success(),
        "{PACKAGE} can't be had ({SKIP}=1 skips): {said}"
    );
}
