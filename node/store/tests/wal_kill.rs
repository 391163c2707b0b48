//! A process that is killed while it appends: everything that it acknowledged is in the log.
//!
//! The test starts itself again as the process that is killed.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic
)]

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Command, Stdio};

use assay_store::Wal;

const PATH_VARIABLE: &str = "ASSAY_TEST_WAL_PATH";

#[test]
fn everything_acknowledged_survives_sigkill() {
    if let Some(path) = std::env::var_os(PATH_VARIABLE) {
        append_until_killed(Path::new(&path));
    }
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("signatures.wal");
    let mut expected = 0;
    for kill_after in [1, 7, 40] {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args([
                "--exact",
                "everything_acknowledged_survives_sigkill",
                "--nocapture",
            ])
            .env(PATH_VARIABLE, &path)
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let acknowledged = lines
            .map_while(Result::ok)
            .filter_map(|line| line.split_once("acknowledged ")?.1.parse::<u64>().ok())
            .take(kill_after)
            .last()
            .unwrap();
        child.kill().unwrap();
        child.wait().unwrap();
        let (_, opened) = Wal::open(&path).unwrap();
        assert!(acknowledged >= expected + kill_after as u64);
        assert!(opened.records.len() as u64 >= acknowledged);
        for (number, record) in opened.records.iter().enumerate() {
            assert_eq!(record, &record_of(number as u64));
        }
        expected = opened.records.len() as u64;
    }
}

fn append_until_killed(path: &Path) -> ! {
    let (wal, opened) = Wal::open(path).unwrap();
    let mut out = std::io::stdout().lock();
    for number in opened.records.len() as u64.. {
        wal.append(&[record_of(number)]).unwrap();
        writeln!(out, "acknowledged {}", number + 1).unwrap();
        out.flush().unwrap();
    }
    unreachable!("the loop has no end")
}

fn record_of(number: u64) -> Vec<u8> {
    format!("record {number} ")
        .repeat(1 + number as usize % 90)
        .into_bytes()
}
