//! Crashes at every byte, damage at every bit, a disk that fails.

use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::*;

fn fresh() -> (tempfile::TempDir, PathBuf) {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("signatures.wal");
    (dir, path)
}

/// Three appends: one record, two records, one of several sectors. Returns the records and the
/// length of the file after each append.
fn written(path: &Path) -> (Vec<Vec<u8>>, Vec<usize>) {
    let (wal, _) = Wal::open(path).unwrap();
    let groups: [Vec<Vec<u8>>; 3] = [
        vec![b"first".to_vec()],
        vec![b"second".to_vec(), Vec::new()],
        vec![vec![0u8; 1_500]],
    ];
    let mut ends = vec![wal.len_bytes() as usize];
    for group in &groups {
        wal.append(group).unwrap();
        ends.push(wal.len_bytes() as usize);
    }
    (groups.concat(), ends)
}

fn records_before(records: &[Vec<u8>], ends: &[usize], len: usize) -> Vec<Vec<u8>> {
    let appends = ends.iter().filter(|end| **end <= len).count() - 1;
    records[..[0, 1, 3, 4][appends]].to_vec()
}

#[test]
fn a_log_cut_off_at_any_byte_keeps_every_complete_append() {
    let (_dir, path) = fresh();
    let (records, ends) = written(&path);
    let bytes = std::fs::read(&path).unwrap();
    for len in SECTOR_BYTES..=bytes.len() {
        let scanned = scan(&path, &bytes[..len]).unwrap();
        assert_eq!(scanned.records, records_before(&records, &ends, len));
    }
    // Opening syncs several times, so not at every byte.
    for len in (SECTOR_BYTES..=bytes.len()).step_by(61).chain(ends.clone()) {
        std::fs::write(&path, &bytes[..len]).unwrap();
        let (wal, opened) = Wal::open(&path).unwrap();
        let kept = records_before(&records, &ends, len);
        assert_eq!(opened.records, kept, "cut at {len}");
        assert_eq!(opened.torn_bytes > 0, !ends.contains(&len), "cut at {len}");
        wal.append(&[b"next"]).unwrap();
        drop(wal);
        let (_, again) = Wal::open(&path).unwrap();
        assert_eq!(again.records, [kept, vec![b"next".to_vec()]].concat());
        assert_eq!(again.torn_bytes, 0);
    }
}

#[test]
fn a_log_shorter_than_its_header_is_refused() {
    let (_dir, path) = fresh();
    written(&path);
    let bytes = std::fs::read(&path).unwrap();
    for len in [0, 1, SECTOR_BYTES - 1] {
        std::fs::write(&path, &bytes[..len]).unwrap();
        assert!(matches!(
            Wal::open(&path),
            Err(WalError::Damaged { offset: 0, .. })
        ));
    }
}

#[test]
fn a_flipped_bit_anywhere_is_an_error_and_never_ignored() {
    let (_dir, path) = fresh();
    written(&path);
    let bytes = std::fs::read(&path).unwrap();
    for bit in 0..bytes.len() * 8 {
        let mut broken = bytes.clone();
        broken[bit / 8] ^= 1 << (bit % 8);
        let outcome = scan(&path, &broken);
        assert!(
            matches!(outcome, Err(WalError::Damaged { .. })),
            "bit {bit}"
        );
    }
}

#[test]
fn sectors_that_a_power_cut_lost_drop_only_the_last_append() {
    let (_dir, path) = fresh();
    let (records, ends) = written(&path);
    let bytes = std::fs::read(&path).unwrap();
    for sector in (0..bytes.len()).step_by(SECTOR_BYTES) {
        let mut broken = bytes.clone();
        broken[sector..sector + SECTOR_BYTES].fill(0);
        let outcome = scan(&path, &broken);
        if sector >= ends[2] {
            assert_eq!(outcome.unwrap().records, records[..3], "sector at {sector}");
        } else {
            assert!(
                matches!(outcome, Err(WalError::Damaged { .. })),
                "sector at {sector}"
            );
        }
    }
}

#[test]
fn a_missing_or_doubled_append_in_the_middle_is_an_error() {
    let (_dir, path) = fresh();
    let (_, ends) = written(&path);
    let bytes = std::fs::read(&path).unwrap();
    let missing = [&bytes[..ends[1]], &bytes[ends[2]..]].concat();
    let doubled = [&bytes[..ends[1]], &bytes[ends[0]..]].concat();
    for broken in [missing, doubled] {
        assert!(matches!(
            scan(&path, &broken),
            Err(WalError::Damaged { .. })
        ));
    }
}

#[test]
fn rewriting_replaces_all_records_and_appends_go_on() {
    let (_dir, path) = fresh();
    written(&path);
    let (wal, _) = Wal::open(&path).unwrap();
    wal.rewrite(&[b"kept"]).unwrap();
    wal.append(&[b"new"]).unwrap();
    drop(wal);
    let (wal, opened) = Wal::open(&path).unwrap();
    assert_eq!(opened.records, [b"kept".to_vec(), b"new".to_vec()]);
    wal.rewrite(&[] as &[Vec<u8>]).unwrap();
    drop(wal);
    assert_eq!(Wal::open(&path).unwrap().1, WalOpened::default());
}

#[test]
fn an_unfinished_rewrite_leaves_the_old_log() {
    let (_dir, path) = fresh();
    let (records, _) = written(&path);
    std::fs::write(with_suffix(&path, "tmp"), b"half of a new l").unwrap();
    assert_eq!(Wal::open(&path).unwrap().1.records, records);
}

#[test]
fn a_second_opener_is_refused() {
    let (_dir, path) = fresh();
    let (_wal, _) = Wal::open(&path).unwrap();
    assert!(matches!(Wal::open(&path), Err(WalError::Locked(_))));
}

#[test]
fn only_the_owner_can_read_the_log() {
    let (_dir, path) = fresh();
    let (wal, _) = Wal::open(&path).unwrap();
    let mode = || std::fs::metadata(&path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(), 0o600);
    wal.rewrite(&[b"record"]).unwrap();
    assert_eq!(mode(), 0o600);
}

#[test]
fn a_record_over_the_limit_is_refused_and_loses_nothing() {
    let (_dir, path) = fresh();
    let (wal, _) = Wal::open(&path).unwrap();
    wal.append(&[b"small"]).unwrap();
    let large = vec![1u8; WAL_RECORD_MAX_BYTES + 1];
    assert!(matches!(
        wal.append(&[&large]),
        Err(WalError::TooLarge { .. })
    ));
    assert!(matches!(
        wal.rewrite(&[&large]),
        Err(WalError::TooLarge { .. })
    ));
    wal.append(&[b"after"]).unwrap();
    drop(wal);
    let records = Wal::open(&path).unwrap().1.records;
    assert_eq!(records, [b"small".to_vec(), b"after".to_vec()]);
}

#[test]
fn records_beyond_one_group_survive_a_rewrite() {
    let (_dir, path) = fresh();
    let (wal, _) = Wal::open(&path).unwrap();
    let records: Vec<Vec<u8>> = (0u8..9).map(|i| vec![i; WAL_RECORD_MAX_BYTES]).collect();
    wal.rewrite(&records).unwrap();
    drop(wal);
    assert_eq!(Wal::open(&path).unwrap().1.records, records);
}

/// Fails after a number of operations, having written only part of the bytes.
struct FailingFile {
    inner: DiskFile,
    operations_left: Arc<AtomicUsize>,
}

impl FailingFile {
    fn spend(&self) -> io::Result<()> {
        self.operations_left
            .fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| {
                left.checked_sub(1)
            })
            .map(drop)
            .map_err(|_| io::Error::from(io::ErrorKind::StorageFull))
    }
}

impl LogFile for FailingFile {
    fn append(&mut self, bytes: &[u8]) -> io::Result<()> {
        match self.spend() {
            Ok(()) => self.inner.append(bytes),
            Err(error) => {
                self.inner.append(&bytes[..bytes.len() / 3])?;
                Err(error)
            }
        }
    }

    fn sync(&mut self) -> io::Result<()> {
        self.spend()?;
        self.inner.sync()
    }
}

#[test]
fn a_failing_disk_acknowledges_nothing_and_stops_the_log() {
    for operations in 0..8 {
        let (_dir, path) = fresh();
        let (wal, _) = Wal::open(&path).unwrap();
        wal.state.lock().unwrap().file = Box::new(FailingFile {
            inner: DiskFile::open(&path).unwrap(),
            operations_left: Arc::new(AtomicUsize::new(operations)),
        });
        let mut acknowledged = Vec::new();
        let mut failures = 0;
        for number in 0u8..6 {
            match wal.append(&[[number; 700]]) {
                Ok(()) => acknowledged.push(vec![number; 700]),
                Err(WalError::Io { .. }) => failures += 1,
                Err(WalError::Stopped) => assert_eq!(failures, 1),
                Err(other) => panic!("{other}"),
            }
        }
        assert_eq!(failures, 1, "{operations} operations");
        assert_eq!(acknowledged.len(), operations / 2);
        assert!(matches!(wal.rewrite(&[b"x"]), Err(WalError::Stopped)));
        drop(wal);
        let records = Wal::open(&path).unwrap().1.records;
        assert!(records.starts_with(&acknowledged));
        assert!(records.len() <= acknowledged.len() + 1);
    }
}
