//! Tables, blocks, past state.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic
)]

mod common;

use std::collections::BTreeMap;
use std::ops::Bound;

use assay_consensus::hash::Hash;
use assay_consensus::keys::Keypair;
use assay_consensus::submission::SubmissionId;
use assay_store::limits::{STATE_KEY_MAX_BYTES, STATE_VALUE_MAX_BYTES, UNDO_HEIGHTS};
use assay_store::tables::{BLOCK_HEIGHTS, BLOCKS, FIRST_FREE_TABLE, JOURNEYS};
use assay_store::{BlockWrite, Order, StateRoot, StoreError, Table, WriteBatch};
use common::{apply, decided, genesis_tip, network, open, write};
use proptest::prelude::*;

const NUMBERS: Table<(u16, u32), String> = Table::new(FIRST_FREE_TABLE, "numbers", 1_024);

#[test]
fn values_survive_a_restart_and_report_nothing_unusual() {
    let dir = tempfile::tempdir().unwrap();
    let (store, report) = open(dir.path());
    assert_eq!(report, Default::default());
    store.init(network(), &genesis_tip()).unwrap();
    let mut batch = WriteBatch::new();
    let id = SubmissionId(Hash::of(b"submission"));
    batch.put(&JOURNEYS, &id, &b"result".to_vec()).unwrap();
    let tip = apply(&store, vec![write("term", b"k", Some(b"v"))], batch);
    store.flush().unwrap();
    drop(store);

    let (store, report) = open(dir.path());
    assert!(report.records > 0);
    assert_eq!((report.quarantined, report.lost), (None, None));
    assert_eq!(store.init(network(), &genesis_tip()).unwrap(), tip);
    assert_eq!(store.get(&JOURNEYS, &id).unwrap().unwrap(), b"result");
    assert_eq!(store.state_get("term", b"k").unwrap().unwrap(), b"v");
    assert_eq!(store.get(&BLOCK_HEIGHTS, &tip.block).unwrap(), Some(1));
    assert_eq!(
        store.get(&BLOCKS, &1).unwrap().unwrap().block.id(),
        tip.block
    );
}

#[test]
fn a_store_of_another_network_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let (store, _) = open(dir.path());
    store.init(network(), &genesis_tip()).unwrap();
    let other = assay_consensus::envelope::NetworkId(Hash::of(b"other"));
    assert!(matches!(
        store.init(other, &genesis_tip()),
        Err(StoreError::WrongNetwork { .. })
    ));
}

#[test]
fn ranges_and_prefixes_are_bounded_and_ordered() {
    let dir = tempfile::tempdir().unwrap();
    let (store, _) = open(dir.path());
    let mut batch = WriteBatch::new();
    for group in 0..3u16 {
        for number in 0..5u32 {
            let key = (group, number);
            batch
                .put(&NUMBERS, &key, &format!("{group}.{number}"))
                .unwrap();
        }
    }
    store.commit(batch).unwrap();
    assert_eq!(store.count(&NUMBERS), 15);
    let keys = |entries: Vec<((u16, u32), String)>| -> Vec<(u16, u32)> {
        entries.into_iter().map(|(key, _)| key).collect()
    };
    let newest = store.prefix(&NUMBERS, &1u16, Order::Descending, 2).unwrap();
    assert_eq!(keys(newest), [(1, 4), (1, 3)]);
    let last_group = store.prefix(&NUMBERS, &2u16, Order::Ascending, 9).unwrap();
    assert_eq!(last_group.len(), 5);
    let range = store
        .range(
            &NUMBERS,
            Bound::Excluded(&(0, 3)),
            Bound::Included(&(1, 1)),
            Order::Ascending,
            10,
        )
        .unwrap();
    assert_eq!(keys(range), [(0, 4), (1, 0), (1, 1)]);
    let backwards = store.range(
        &NUMBERS,
        Bound::Included(&(1, 1)),
        Bound::Excluded(&(0, 3)),
        Order::Ascending,
        10,
    );
    assert_eq!(backwards.unwrap(), []);
    let all = store
        .range(
            &NUMBERS,
            Bound::Unbounded,
            Bound::Unbounded,
            Order::Ascending,
            100,
        )
        .unwrap();
    assert_eq!(all.len(), 15);
}

#[test]
fn keys_and_values_over_the_limit_are_refused_by_name() {
    let dir = tempfile::tempdir().unwrap();
    let (store, _) = open(dir.path());
    store.init(network(), &genesis_tip()).unwrap();
    let long_key = vec![0; STATE_KEY_MAX_BYTES + 1];
    let large_value = vec![0; STATE_VALUE_MAX_BYTES + 1];
    assert!(matches!(
        store.prepare_state([write("c", &long_key, None)]),
        Err(StoreError::KeyTooLong { .. })
    ));
    assert!(matches!(
        store.prepare_state([write("c", b"k", Some(&large_value))]),
        Err(StoreError::ValueTooLarge { .. })
    ));
    assert!(matches!(
        store.prepare_state([write(&"c".repeat(65), b"k", None)]),
        Err(StoreError::KeyTooLong { .. })
    ));
    let mut batch = WriteBatch::new();
    assert!(matches!(
        batch.put(&NUMBERS, &(0, 0), &"x".repeat(2_000)),
        Err(StoreError::ValueTooLarge { .. })
    ));
}

#[test]
fn the_largest_values_come_back_and_leave_no_chunks_when_they_shrink() {
    let dir = tempfile::tempdir().unwrap();
    let (store, _) = open(dir.path());
    store.init(network(), &genesis_tip()).unwrap();
    let large: Vec<u8> = (0..STATE_VALUE_MAX_BYTES)
        .map(|i| (i % 251) as u8)
        .collect();
    let key = vec![7; STATE_KEY_MAX_BYTES];
    apply(
        &store,
        vec![write("c", &key, Some(&large))],
        WriteBatch::new(),
    );
    assert_eq!(store.state_get("c", &key).unwrap().unwrap(), large);
    apply(
        &store,
        vec![write("c", &key, Some(b"small"))],
        WriteBatch::new(),
    );
    assert_eq!(store.state_get("c", &key).unwrap().unwrap(), b"small");
    assert_eq!(
        store.state_at("c", 1).unwrap().get(&key).unwrap().unwrap(),
        large
    );
    store.flush().unwrap();
    drop(store);
    let unsynced_files = std::fs::read_dir(dir.path().join("db/blobs")).unwrap();
    assert_eq!(unsynced_files.count(), 0, "sled wrote files it never syncs");
    let (store, report) = open(dir.path());
    assert_eq!(report.quarantined, None);
    assert_eq!(store.state_get("c", &key).unwrap().unwrap(), b"small");
}

#[test]
fn a_block_out_of_order_or_with_another_root_writes_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let (store, _) = open(dir.path());
    let genesis = genesis_tip();
    store.init(network(), &genesis).unwrap();
    let stale = store.prepare_state([write("c", b"k", Some(b"1"))]).unwrap();
    let tip = apply(&store, vec![], WriteBatch::new());
    let next = decided(&tip);
    let tip_after = |height: u64, state_root| assay_consensus::ledger::LedgerTip {
        height,
        block: next.block.id(),
        state_root,
        ..tip.clone()
    };
    let attempt = |decided, tip, state| {
        store.apply_block(BlockWrite {
            decided,
            tip,
            state,
            batch: WriteBatch::new(),
        })
    };
    let first = decided(&genesis);
    let prepared = store.prepare_state([write("c", b"k", Some(b"1"))]).unwrap();
    let root = prepared.root();
    assert!(matches!(
        attempt(&first, tip_after(1, root), prepared.clone()),
        Err(StoreError::NotNext {
            expected: 2,
            got: 1
        })
    ));
    assert!(matches!(
        attempt(&next, tip_after(2, root), stale),
        Err(StoreError::StalePreparation)
    ));
    assert!(matches!(
        attempt(&next, tip_after(2, Hash::ZERO), prepared.clone()),
        Err(StoreError::RootDiffers { .. })
    ));
    assert_eq!(store.state_get("c", b"k").unwrap(), None);
    attempt(&next, tip_after(2, root), prepared).unwrap();
    assert_eq!(store.state_get("c", b"k").unwrap().unwrap(), b"1");
}

#[test]
fn rolling_back_restores_every_table_that_blocks_wrote() {
    let dir = tempfile::tempdir().unwrap();
    let (store, _) = open(dir.path());
    store.init(network(), &genesis_tip()).unwrap();
    let id = SubmissionId(Hash::of(b"s"));
    let journey = |text: &str| {
        let mut batch = WriteBatch::new();
        batch
            .put(&JOURNEYS, &id, &text.as_bytes().to_vec())
            .unwrap();
        batch
    };
    let first = apply(
        &store,
        vec![write("c", b"k", Some(b"1"))],
        journey("ordered"),
    );
    apply(
        &store,
        vec![write("c", b"k", Some(b"2"))],
        journey("executed"),
    );
    apply(&store, vec![write("c", b"k", None)], journey("agreed"));
    assert_eq!(store.rollback_to(1).unwrap(), first);
    assert_eq!(store.tip().unwrap(), first);
    assert_eq!(store.state_root(), first.state_root);
    assert_eq!(store.state_get("c", b"k").unwrap().unwrap(), b"1");
    assert_eq!(store.get(&JOURNEYS, &id).unwrap().unwrap(), b"ordered");
    assert_eq!(store.get(&BLOCKS, &2).unwrap(), None);
    assert_eq!(store.rollback_to(0).unwrap(), genesis_tip());
    assert_eq!(store.get(&JOURNEYS, &id).unwrap(), None);
    drop(store);
    assert_eq!(open(dir.path()).1.quarantined, None);
}

#[test]
fn state_is_kept_for_a_bounded_number_of_heights() {
    let dir = tempfile::tempdir().unwrap();
    let (store, _) = open(dir.path());
    store.init(network(), &genesis_tip()).unwrap();
    let heights = UNDO_HEIGHTS + 6;
    for height in 1..=heights {
        let value = height.to_be_bytes();
        apply(
            &store,
            vec![write("c", b"k", Some(&value))],
            WriteBatch::new(),
        );
    }
    for height in heights - UNDO_HEIGHTS..=heights {
        let value = store.state_at("c", height).unwrap().get(b"k").unwrap();
        assert_eq!(value.unwrap(), height.to_be_bytes());
    }
    for height in [0, heights - UNDO_HEIGHTS - 1, heights + 1] {
        assert!(matches!(
            store.state_at("c", height),
            Err(StoreError::HeightNotKept { .. })
        ));
        assert!(store.rollback_to(height).is_err());
    }
    let oldest = heights - UNDO_HEIGHTS;
    assert_eq!(store.rollback_to(oldest).unwrap().height, oldest);
    assert_eq!(
        store.state_get("c", b"k").unwrap().unwrap(),
        oldest.to_be_bytes()
    );
}

#[test]
fn a_challenge_never_sees_the_keys_of_another() {
    let dir = tempfile::tempdir().unwrap();
    let (store, _) = open(dir.path());
    store.init(network(), &genesis_tip()).unwrap();
    let writes = vec![
        write("a", b"bk", Some(b"1")),
        write("ab", b"k", Some(b"2")),
        write("b", b"", Some(b"3")),
    ];
    apply(&store, writes, WriteBatch::new());
    let list = |challenge: &str| store.state_list_prefix(challenge, b"", 10).unwrap();
    assert_eq!(list("a"), [(b"bk".to_vec(), b"1".to_vec())]);
    assert_eq!(list("ab"), [(b"k".to_vec(), b"2".to_vec())]);
    assert_eq!(list("b"), [(vec![], b"3".to_vec())]);
    assert_eq!(store.state_count_prefix("a", b"b").unwrap(), 1);
    assert_eq!(list(""), []);
}

type Model = BTreeMap<Vec<u8>, Vec<u8>>;

type Writes = Vec<(Vec<u8>, Option<Vec<u8>>)>;

fn blocks() -> impl Strategy<Value = Vec<Writes>> {
    let key = proptest::collection::vec(0u8..3, 0..3);
    let value = proptest::option::of(proptest::collection::vec(any::<u8>(), 0..3));
    proptest::collection::vec(proptest::collection::vec((key, value), 0..6), 1..8)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    /// Every kept height reads like a map that was copied at that height, and rolling back gives
    /// the roots of those maps.
    #[test]
    fn past_state_equals_copies_of_it(blocks in blocks(), after in proptest::collection::vec(0u8..3, 0..3)) {
        let dir = tempfile::tempdir().unwrap();
        let (store, _) = open(dir.path());
        store.init(network(), &genesis_tip()).unwrap();
        let mut model = Model::new();
        let mut copies = vec![model.clone()];
        for block in &blocks {
            for (key, value) in block {
                match value {
                    Some(value) => model.insert(key.clone(), value.clone()),
                    None => model.remove(key),
                };
            }
            let writes = block.iter().map(|(key, value)| write("c", key, value.as_deref()));
            apply(&store, writes.collect(), WriteBatch::new());
            copies.push(model.clone());
        }
        for (height, copy) in copies.iter().enumerate() {
            let view = store.state_at("c", height as u64).unwrap();
            for prefix in [&[][..], &[0], &[1], &[1, 2]] {
                let expected: Vec<_> = copy
                    .iter()
                    .filter(|(key, _)| key.starts_with(prefix))
                    .map(|(key, value)| (key.clone(), value.clone()))
                    .collect();
                prop_assert_eq!(view.count_prefix(prefix).unwrap(), expected.len() as u64);
                for limit in [1, 2, 100] {
                    let listed = view.list_prefix(prefix, None, limit).unwrap();
                    prop_assert_eq!(&listed[..], &expected[..expected.len().min(limit)]);
                    let rest: Vec<_> = expected
                        .iter()
                        .filter(|(key, _)| *key > after)
                        .take(limit)
                        .cloned()
                        .collect();
                    prop_assert_eq!(view.list_prefix(prefix, Some(&after), limit).unwrap(), rest);
                }
            }
        }
        for (height, copy) in copies.iter().enumerate().rev() {
            store.rollback_to(height as u64).unwrap();
            let mut root = StateRoot::empty();
            for (key, value) in copy {
                root.add("c", key, value);
            }
            prop_assert_eq!(store.state_root(), root.root());
        }
    }
}

#[test]
fn a_reader_never_sees_half_a_batch() {
    let dir = tempfile::tempdir().unwrap();
    let (store, _) = open(dir.path());
    store.init(network(), &genesis_tip()).unwrap();
    let reader = {
        let store = store.clone();
        std::thread::spawn(move || {
            while store.tip().unwrap().height < 40 {
                let found = store.state_list_prefix("c", b"", 10).unwrap();
                assert!(found.windows(2).all(|pair| pair[0].1 == pair[1].1));
            }
        })
    };
    for height in 1..=40u64 {
        let value = height.to_be_bytes();
        let writes = (0u8..8).map(|key| write("c", &[key], Some(&value)));
        apply(&store, writes.collect(), WriteBatch::new());
    }
    reader.join().unwrap();
}

#[test]
fn hotkeys_and_texts_in_keys_come_back() {
    const MIXED: Table<(String, u64, assay_consensus::keys::Hotkey), u8> =
        Table::new(0x41, "mixed", 8);
    let dir = tempfile::tempdir().unwrap();
    let (store, _) = open(dir.path());
    let hotkey = Keypair::insecure_from_name("miner").hotkey();
    let mut batch = WriteBatch::new();
    for name in ["a", "ab", "b"] {
        batch.put(&MIXED, &(name.into(), 5, hotkey), &1).unwrap();
    }
    store.commit_durable(batch).unwrap();
    let found = store
        .prefix(&MIXED, &"a".to_string(), Order::Ascending, 10)
        .unwrap();
    assert_eq!(found, [(("a".into(), 5, hotkey), 1)]);
}
