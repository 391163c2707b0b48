//! Content-addressed files.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic
)]

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use assay_consensus::hash::Hash;
use assay_store::{BlobError, BlobOptions, BlobStore};

fn open(dir: &Path) -> BlobStore {
    let options = BlobOptions {
        blob_max_bytes: 100,
        total_max_bytes: 250,
    };
    BlobStore::open(dir, options).unwrap()
}

fn file_of(dir: &Path, hash: &Hash) -> PathBuf {
    dir.join(&hash.to_hex()[..2]).join(hash.to_hex())
}

#[test]
fn blobs_are_found_by_their_hash_after_a_restart() {
    let dir = tempfile::tempdir().unwrap();
    let hash = open(dir.path()).put(b"payload").unwrap();
    assert_eq!(hash, Hash::of(b"payload"));
    let store = open(dir.path());
    assert_eq!(store.get(&hash).unwrap().unwrap(), b"payload");
    assert_eq!(store.read_at(&hash, 3, 100).unwrap().unwrap(), b"load");
    assert_eq!(store.read_at(&hash, 1, 2).unwrap().unwrap(), b"ay");
    assert_eq!(store.read_at(&hash, u64::MAX, 2).unwrap().unwrap(), b"");
    assert_eq!((store.len_of(&hash), store.total_bytes()), (Some(7), 7));
    let absent = Hash::of(b"absent");
    assert!(!store.contains(&absent));
    assert_eq!(store.get(&absent).unwrap(), None);
    assert_eq!(store.read_at(&absent, 0, 1).unwrap(), None);
    let mode = fs::metadata(file_of(dir.path(), &hash))
        .unwrap()
        .permissions()
        .mode();
    assert_eq!(mode & 0o777, 0o600);
}

#[test]
fn a_changed_blob_is_moved_aside_and_can_be_stored_again() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path());
    let hash = store.put(b"payload").unwrap();
    fs::write(file_of(dir.path(), &hash), b"paxload").unwrap();
    assert!(matches!(store.read_at(&hash, 0, 1), Err(BlobError::Corrupt(h)) if h == hash));
    assert!(!store.contains(&hash));
    assert!(dir.path().join("corrupt").join(hash.to_hex()).exists());
    assert_eq!(store.total_bytes(), 0);
    store.put(b"payload").unwrap();
    assert_eq!(store.get(&hash).unwrap().unwrap(), b"payload");
}

#[test]
fn blobs_over_the_limits_are_refused_and_not_counted() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path());
    assert!(matches!(
        store.put(&[0; 101]),
        Err(BlobError::TooLarge {
            limit_bytes: 100,
            got_bytes: 101
        })
    ));
    store.put(&[1; 100]).unwrap();
    store.put(&[2; 100]).unwrap();
    store.put(&[2; 100]).unwrap();
    assert!(matches!(
        store.put(&[3; 51]),
        Err(BlobError::Full {
            limit_bytes: 250,
            got_bytes: 251
        })
    ));
    store.put(&[3; 50]).unwrap();
    assert_eq!(store.total_bytes(), 250);
}

#[test]
fn unwanted_blobs_are_deleted_and_give_their_room_back() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path());
    let wanted = store.put(b"wanted").unwrap();
    let unwanted = store.put(b"unwanted").unwrap();
    assert!(store.read_at(&unwanted, 0, 1).unwrap().is_some());
    assert_eq!(store.retain(|hash| *hash == wanted).unwrap(), 1);
    assert_eq!(store.read_at(&unwanted, 0, 1).unwrap(), None);
    assert_eq!(store.total_bytes(), 6);
    assert!(!store.remove(&unwanted).unwrap());
    assert!(store.remove(&wanted).unwrap());
    assert_eq!(open(dir.path()).total_bytes(), 0);
}

#[test]
fn an_unfinished_file_is_never_a_blob() {
    let dir = tempfile::tempdir().unwrap();
    open(dir.path());
    fs::write(dir.path().join("tmp/0"), b"half").unwrap();
    let store = open(dir.path());
    assert!(!dir.path().join("tmp/0").exists());
    assert_eq!(store.total_bytes(), 0);
}

#[test]
fn the_same_blob_stored_by_many_threads_is_counted_once() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path());
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| store.put(&[9; 90]).unwrap());
        }
    });
    assert_eq!(store.total_bytes(), 90);
    assert_eq!(fs::read_dir(dir.path().join("tmp")).unwrap().count(), 0);
}
