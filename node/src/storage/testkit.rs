//! Stores for tests.

use std::path::Path;

use assay_consensus::block::{Block, BlockHeader, ChainRef, CommitCertificate, DecidedBlock};
use assay_consensus::envelope::NetworkId;
use assay_consensus::hash::Hash;
use assay_consensus::keys::Hotkey;
use assay_consensus::ledger::LedgerTip;
use assay_consensus::votes::{VoteCertificate, Weight, WeightsVote, weights_hash};
use assay_store::{BlobOptions, BlobStore, StateRoot, Store, StoreOptions};

use super::{Storage, StorageError};
use crate::execution::{EpochWeights, Execution};

/// The network of all tests.
pub fn network() -> NetworkId {
    NetworkId(Hash::of(b"test network"))
}

/// The chain block of the network's genesis.
pub fn genesis_chain() -> ChainRef {
    ChainRef {
        number: 1,
        hash: Hash::of(b"chain block"),
        epoch: 0,
        next_epoch_start: 100,
        timestamp_ms: 1,
    }
}

fn genesis_tip() -> LedgerTip {
    let root = StateRoot::empty().root();
    LedgerTip {
        height: 0,
        block: network().0,
        chain: genesis_chain(),
        epoch_start_height: 0,
        state_root: root,
        results_root: Hash::ZERO,
        sealed: (root, Hash::ZERO),
        weights_epoch: None,
        excluded: Default::default(),
    }
}

/// A store in a directory, new or as it was left.
pub fn open(dir: &Path) -> Result<Storage, StorageError> {
    let options = StoreOptions {
        cache_bytes: 8 * 1024 * 1024,
    };
    let (store, _) = Store::open(&dir.join("db"), options)?;
    let blobs = BlobStore::open(&dir.join("logs"), BlobOptions::default())?;
    let payloads = BlobStore::open(&dir.join("payloads"), BlobOptions::default())?;
    Storage::new(store, blobs, payloads, network(), &genesis_tip())
}

/// Applies a block without entries that computed this.
pub fn apply_block(storage: &Storage, execution: &Execution) {
    let tip = storage.tip().unwrap();
    let parent = &tip.ledger;
    let height = parent.height + 1;
    let block = Block {
        header: BlockHeader {
            height,
            parent: parent.block,
            proposer: Hotkey([1; 32]),
            chain: parent.chain,
            entries_root: Block::root_of(&[]),
            state_root: parent.state_root,
            results_root: parent.results_root,
        },
        entries: Vec::new(),
    };
    let certificate = CommitCertificate {
        height,
        round: 0,
        block: block.id(),
        signatures: Vec::new(),
    };
    let decided = DecidedBlock { block, certificate };
    storage.commit_block(tip, &decided, execution, 20).unwrap();
}

/// Stores weights that pay one hotkey; returns the agreement on them.
pub fn agreed_weights(storage: &Storage, epoch: u64, paid: Hotkey) -> VoteCertificate<WeightsVote> {
    let height = storage.tip().unwrap().ledger.height + 1;
    let weights = vec![Weight {
        hotkey: paid,
        value: u16::MAX,
    }];
    let payload = WeightsVote {
        epoch,
        height,
        weights_hash: weights_hash(&weights),
    };
    let execution = Execution {
        weights: Some(EpochWeights {
            epoch,
            height,
            weights,
        }),
        ..Execution::default()
    };
    apply_block(storage, &execution);
    VoteCertificate {
        payload,
        signatures: Vec::new(),
    }
}
