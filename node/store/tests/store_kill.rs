//! A process that is killed while it applies blocks: every block is there whole or not at all, and
//! every one that was acknowledged is there.
//!
//! The test starts itself again as the process that is killed.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic
)]

mod common;

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Command, Stdio};

use assay_store::WriteBatch;
use common::{apply, genesis_tip, network, open, write};

const DIR_VARIABLE: &str = "ASSAY_TEST_STORE_DIR";

#[test]
fn blocks_are_whole_or_absent_after_sigkill() {
    if let Some(dir) = std::env::var_os(DIR_VARIABLE) {
        apply_until_killed(Path::new(&dir));
    }
    let dir = tempfile::tempdir().unwrap();
    for kill_after in [1, 5, 20] {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args([
                "--exact",
                "blocks_are_whole_or_absent_after_sigkill",
                "--nocapture",
            ])
            .env(DIR_VARIABLE, dir.path())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let acknowledged = BufReader::new(child.stdout.take().unwrap())
            .lines()
            .map_while(Result::ok)
            .filter_map(|line| line.split_once("acknowledged ")?.1.parse::<u64>().ok())
            .take(kill_after)
            .last()
            .unwrap();
        child.kill().unwrap();
        child.wait().unwrap();
        let (store, report) = open(dir.path());
        assert_eq!((report.quarantined, report.lost), (None, None));
        let height = store.tip().unwrap().height;
        assert!(height >= acknowledged);
        for key in 0u8..8 {
            let value = store.state_get("c", &[key]).unwrap().unwrap();
            assert_eq!(value, value_of(height));
        }
    }
}

fn apply_until_killed(dir: &Path) -> ! {
    let (store, _) = open(dir);
    store.init(network(), &genesis_tip()).unwrap();
    let mut out = std::io::stdout().lock();
    loop {
        let value = value_of(store.tip().unwrap().height + 1);
        let writes = (0u8..8).map(|key| write("c", &[key], Some(&value)));
        let tip = apply(&store, writes.collect(), WriteBatch::new());
        store.flush().unwrap();
        writeln!(out, "acknowledged {}", tip.height).unwrap();
        out.flush().unwrap();
    }
}

/// Values of several chunks.
fn value_of(height: u64) -> Vec<u8> {
    height.to_be_bytes().repeat(2_000)
}
