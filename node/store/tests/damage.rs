//! Damaged, lost and locked databases: reported and moved aside, never silently reset.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic
)]

mod common;

use std::fs;
use std::path::Path;

use assay_store::{LostCommits, Store, StoreError, StoreOptions, Table, WriteBatch};
use common::{apply, genesis_tip, network, open, write};

const VALUES: Table<u32, Vec<u8>> = Table::new(0x40, "values", 64 * 1024);

/// A flushed database with some blocks and values.
fn filled(dir: &Path) {
    let (store, _) = open(dir);
    store.init(network(), &genesis_tip()).unwrap();
    for number in 0..40u32 {
        let mut batch = WriteBatch::new();
        let value = vec![number as u8; 64 + number as usize * 400];
        batch.put(&VALUES, &number, &value).unwrap();
        let state = write("c", &number.to_be_bytes(), Some(&value));
        apply(&store, vec![state], batch);
    }
    store.flush().unwrap();
}

#[test]
fn a_second_opener_is_told_who_holds_the_store() {
    let dir = tempfile::tempdir().unwrap();
    let (_store, _) = open(dir.path());
    let second = Store::open(dir.path(), StoreOptions::default());
    assert!(matches!(second, Err(StoreError::Locked(path)) if path == dir.path()));
}

#[test]
fn garbage_instead_of_a_database_is_moved_aside_and_reported() {
    let dir = tempfile::tempdir().unwrap();
    filled(dir.path());
    let file = dir.path().join("db/db");
    let garbage = vec![0xA5u8; fs::metadata(&file).unwrap().len() as usize];
    fs::write(&file, &garbage).unwrap();
    let (store, report) = open(dir.path());
    let quarantined = report.quarantined.unwrap();
    assert_eq!(quarantined.path, dir.path().join("quarantine-1"));
    assert!(quarantined.path.join("db").exists());
    assert!(quarantined.reason.contains("41 batches were durable"));
    assert_eq!(store.tip(), None);
    store.init(network(), &genesis_tip()).unwrap();
    apply(&store, vec![], WriteBatch::new());
    store.flush().unwrap();
    drop(store);
    assert_eq!(open(dir.path()).1.quarantined, None);
}

/// Whatever is overwritten, opening ends, and everything that it serves afterwards is right.
#[test]
fn random_damage_is_noticed_or_harmless() {
    let origin = tempfile::tempdir().unwrap();
    filled(origin.path());
    let pristine = fs::read(origin.path().join("db/db")).unwrap();
    let used = pristine.iter().rposition(|byte| *byte != 0).unwrap();
    let mut noticed = 0;
    let mut seed = 0x9E37_79B9_7F4A_7C15u64;
    let mut random = move || {
        seed ^= seed << 13;
        seed ^= seed >> 7;
        seed ^= seed << 17;
        seed
    };
    for trial in 0..40 {
        let dir = tempfile::tempdir().unwrap();
        copy_dir(origin.path(), dir.path());
        let mut broken = pristine.clone();
        let at = random() as usize % used;
        let len = 1 + random() as usize % 600;
        for byte in broken.iter_mut().skip(at).take(len) {
            *byte ^= 1 + (random() % 255) as u8;
        }
        fs::write(dir.path().join("db/db"), &broken).unwrap();
        let (store, report) = open(dir.path());
        let tip = store.tip().map_or(0, |tip| tip.height);
        if report.quarantined.is_some() {
            assert_eq!(tip, 0, "trial {trial}");
        }
        let is_reported = report.quarantined.is_some() || report.lost.is_some();
        assert!(tip == 40 || is_reported, "trial {trial}: at height {tip}");
        noticed += usize::from(is_reported);
        for number in 0..40u32 {
            let expected = vec![number as u8; 64 + number as usize * 400];
            let is_there = u64::from(number) < tip;
            let value = store.get(&VALUES, &number).unwrap();
            assert_eq!(value, is_there.then_some(expected), "trial {trial}");
        }
    }
    assert!(noticed > 0, "no trial damaged anything that matters");
}

#[test]
fn a_deleted_database_is_reported_as_lost() {
    let dir = tempfile::tempdir().unwrap();
    filled(dir.path());
    fs::remove_dir_all(dir.path().join("db")).unwrap();
    let (_store, report) = open(dir.path());
    assert_eq!(
        report.lost,
        Some(LostCommits {
            durable: 41,
            found: 0
        })
    );
}

#[test]
fn an_older_database_is_reported_as_lost() {
    let dir = tempfile::tempdir().unwrap();
    filled(dir.path());
    let older = tempfile::tempdir().unwrap();
    let copy = older.path().join("db");
    copy_dir(&dir.path().join("db"), &copy);
    let (store, _) = open(dir.path());
    apply(&store, vec![], WriteBatch::new());
    store.flush().unwrap();
    drop(store);
    fs::remove_dir_all(dir.path().join("db")).unwrap();
    copy_dir(&copy, &dir.path().join("db"));
    let (store, report) = open(dir.path());
    assert_eq!(
        report.lost,
        Some(LostCommits {
            durable: 42,
            found: 41
        })
    );
    assert_eq!(store.tip().unwrap().height, 40);
}

#[test]
fn records_lost_inside_sled_are_noticed() {
    let dir = tempfile::tempdir().unwrap();
    filled(dir.path());
    let db = open_sled(dir.path());
    db.remove([0x40, 0, 0, 0, 7]).unwrap().unwrap();
    db.flush().unwrap();
    drop(db);
    let reason = open(dir.path()).1.quarantined.unwrap().reason;
    assert!(reason.contains("expected 40 records"), "{reason}");
}

#[test]
fn an_old_value_that_comes_back_is_noticed() {
    let dir = tempfile::tempdir().unwrap();
    let (store, _) = open(dir.path());
    let put = |value: &[u8]| {
        let mut batch = WriteBatch::new();
        batch.put(&VALUES, &1, &value.to_vec()).unwrap();
        store.commit_durable(batch).unwrap();
    };
    put(b"old");
    let key = [0x40, 0, 0, 0, 1];
    drop(store);
    let db = open_sled(dir.path());
    let old = db.get(key).unwrap().unwrap();
    drop(db);
    let (store, _) = open(dir.path());
    let mut batch = WriteBatch::new();
    batch.put(&VALUES, &1, &b"new".to_vec()).unwrap();
    store.commit_durable(batch).unwrap();
    drop(store);
    let db = open_sled(dir.path());
    db.insert(key, old).unwrap();
    drop(db);
    assert!(open(dir.path()).1.quarantined.is_some());
}

#[test]
fn only_the_owner_can_enter_the_store() {
    use std::os::unix::fs::PermissionsExt;
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("store");
    filled(&path);
    let mode = fs::metadata(&path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode, 0o700);
}

/// sled's threads give the lock back a little after the database is dropped.
fn open_sled(dir: &Path) -> sled::Db {
    loop {
        match sled::open(dir.join("db")) {
            Ok(db) => return db,
            Err(error) if error.to_string().contains("lock") => std::thread::yield_now(),
            Err(error) => panic!("{error}"),
        }
    }
}

fn copy_dir(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy_dir(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), target).unwrap();
        }
    }
}
