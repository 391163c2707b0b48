//! Blocks for tests: their signatures are empty, the store does not look at them.

use std::path::Path;

use assay_consensus::block::{Block, BlockHeader, ChainRef, CommitCertificate, DecidedBlock};
use assay_consensus::envelope::NetworkId;
use assay_consensus::hash::Hash;
use assay_consensus::keys::Keypair;
use assay_consensus::ledger::LedgerTip;
use assay_store::{BlockWrite, OpenReport, StateRoot, StateWrite, Store, StoreOptions, WriteBatch};

pub fn network() -> NetworkId {
    NetworkId(Hash::of(b"test network"))
}

pub fn open(dir: &Path) -> (Store, OpenReport) {
    let options = StoreOptions {
        cache_bytes: 8 * 1024 * 1024,
    };
    Store::open(dir, options).unwrap()
}

pub fn chain() -> ChainRef {
    ChainRef {
        number: 1,
        hash: Hash::of(b"chain block"),
        epoch: 0,
        next_epoch_start: 100,
        timestamp_ms: 1,
    }
}

pub fn genesis_tip() -> LedgerTip {
    let root = StateRoot::empty().root();
    LedgerTip {
        height: 0,
        block: network().0,
        chain: chain(),
        epoch_start_height: 0,
        state_root: root,
        results_root: Hash::ZERO,
        sealed: (root, Hash::ZERO),
        weights_epoch: None,
        excluded: Default::default(),
    }
}

pub fn decided(parent: &LedgerTip) -> DecidedBlock {
    let height = parent.height + 1;
    let block = Block {
        header: BlockHeader {
            height,
            parent: parent.block,
            proposer: Keypair::insecure_from_name("proposer").hotkey(),
            chain: chain(),
            entries_root: Block::root_of(&[]),
            state_root: parent.state_root,
            results_root: parent.results_root,
        },
        entries: Vec::new(),
    };
    let id = block.id();
    DecidedBlock {
        block,
        certificate: CommitCertificate {
            height,
            round: 0,
            block: id,
            signatures: Vec::new(),
        },
    }
}

pub fn write(challenge: &str, key: &[u8], value: Option<&[u8]>) -> StateWrite {
    StateWrite {
        challenge: challenge.into(),
        key: key.to_vec(),
        value: value.map(<[u8]>::to_vec),
    }
}

/// Applies the next block with these writes.
pub fn apply(store: &Store, writes: Vec<StateWrite>, batch: WriteBatch) -> LedgerTip {
    let parent = store.tip().unwrap();
    let decided = decided(&parent);
    let state = store.prepare_state(writes).unwrap();
    let tip = LedgerTip {
        height: parent.height + 1,
        block: decided.block.id(),
        state_root: state.root(),
        ..parent
    };
    let block = BlockWrite {
        decided: &decided,
        tip: tip.clone(),
        state,
        batch,
    };
    store.apply_block(block).unwrap();
    tip
}
