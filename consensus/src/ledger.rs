//! The ledger state machine: which block may follow which, and what a block does to the ledger.
//!
//! The ledger knows order and roots, not what execution means: roots after a block come in from
//! whoever executes it.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::block::{
    Admit, Block, BlockHeader, CertificateError, ChainRef, Entry, verify_signatures,
};
use crate::envelope::NetworkId;
use crate::genesis::Genesis;
use crate::hash::Hash;
use crate::keys::{Hotkey, KeyError};
use crate::submission::{Approval, HeaderError, Slot, verify_submission};
use crate::validators::ValidatorSet;

/// The tip of the ledger and what carries over from block to block. Small: stored with every block.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LedgerTip {
    /// Height of the last executed block; 0 before the first.
    pub height: u64,
    /// Id of that block; the network id before the first.
    pub block: Hash,
    /// Its chain reference.
    pub chain: ChainRef,
    /// Height of the first block of the current epoch.
    pub epoch_start_height: u64,
    /// State root after that block.
    pub state_root: Hash,
    /// Results root after that block.
    pub results_root: Hash,
    /// State and results roots that the block's own header sealed.
    pub sealed: (Hash, Hash),
    /// Last epoch whose weights were computed.
    pub weights_epoch: Option<u64>,
    /// Validators proven to have voted twice, with the first epoch that goes without their stake.
    pub excluded: BTreeMap<Hotkey, u64>,
}

/// The ledger as the rules for the next block need it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ledger {
    network: NetworkId,
    weights_margin_blocks: u64,
    challenges: BTreeSet<String>,
    tip: LedgerTip,
    /// Slots taken in the current epoch.
    admitted: BTreeSet<Slot>,
}

/// Why a block is worth a height.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Work {
    /// The chain has moved to another epoch.
    EpochBoundary,
    /// Weights of the epoch are due.
    Weights,
    /// Results of the last block are not sealed by a header yet.
    Seal,
}

/// Why a block may not follow the tip.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BlockError {
    /// Not the next block.
    #[error(
        "expected height {expected_height} on parent {expected_parent}, got height {got_height} on {got_parent}"
    )]
    NotNext {
        /// Next height.
        expected_height: u64,
        /// Id of the tip.
        expected_parent: Hash,
        /// Height that came.
        got_height: u64,
        /// Parent that came.
        got_parent: Hash,
    },
    /// Too many entries, too many bytes, or a wrong entries root.
    #[error("block breaks its limits or its entries root")]
    Malformed,
    /// Its chain reference goes back or changes an epoch's facts.
    #[error("chain reference {got} goes back behind {tip}")]
    ChainGoesBack {
        /// Chain block number of the tip.
        tip: u64,
        /// Chain block number that came.
        got: u64,
    },
    /// A block that moves to another epoch must be empty.
    #[error("a block that starts an epoch must have no entries")]
    BoundaryNotEmpty,
    /// The roots after the parent are not ours.
    #[error(transparent)]
    RootsDiffer(Box<RootsDiffer>),
    /// Neither entries nor anything to seal.
    #[error("block has no work to do")]
    NoWork,
    /// An entry breaks its rule.
    #[error("entry {index}: {error}")]
    Entry {
        /// Position in the block.
        index: usize,
        /// What is wrong with it.
        error: EntryError,
    },
}

/// Roots after the same block that are not the same.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "roots after height {height}: ours {}/{}, theirs {}/{}",
    .ours.0, .ours.1, .theirs.0, .theirs.1
)]
pub struct RootsDiffer {
    /// Height of the block.
    pub height: u64,
    /// Our state and results roots.
    pub ours: (Hash, Hash),
    /// State and results roots in the block after it.
    pub theirs: (Hash, Hash),
}

/// Why an entry may not be in a block.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EntryError {
    /// The submission itself is refused.
    #[error(transparent)]
    Header(#[from] HeaderError),
    /// The challenge is not active.
    #[error("unknown challenge {0:?}")]
    UnknownChallenge(String),
    /// The submission is for another epoch.
    #[error("expected a submission for epoch {expected}, got epoch {got}")]
    WrongEpoch {
        /// The ledger's epoch.
        expected: u64,
        /// The submission's epoch.
        got: u64,
    },
    /// The slot is taken.
    #[error("slot {sequence} of {hotkey} in {challenge} is taken")]
    SlotTaken {
        /// Challenge name.
        challenge: String,
        /// Miner.
        hotkey: Hotkey,
        /// Sequence number.
        sequence: u64,
    },
    /// The approvals prove nothing.
    #[error(transparent)]
    Certificate(#[from] CertificateError),
    /// The evidence does not hold.
    #[error("evidence: {0}")]
    Evidence(KeyError),
    /// The evidence is about somebody who is no validator or excluded already.
    #[error("evidence against {0}, who is no validator or excluded already")]
    PointlessEvidence(Hotkey),
}

impl LedgerTip {
    /// The ledger before its first block, with the roots of the genesis state.
    pub fn genesis(genesis: &Genesis, state_root: Hash, results_root: Hash) -> LedgerTip {
        LedgerTip {
            height: 0,
            block: genesis.network_id().0,
            chain: genesis.chain,
            epoch_start_height: 0,
            state_root,
            results_root,
            sealed: (state_root, results_root),
            weights_epoch: None,
            excluded: BTreeMap::new(),
        }
    }

    /// Hotkeys that have no stake in an epoch.
    pub fn excluded_in(&self, epoch: u64) -> BTreeSet<Hotkey> {
        let active = self
            .excluded
            .iter()
            .filter(|(_, from_epoch)| **from_epoch <= epoch);
        active.map(|(hotkey, _)| *hotkey).collect()
    }

    /// The tip after `block` was executed with the given roots. Weights count as computed if the
    /// block's chain reference is within the margin.
    pub fn after(
        &self,
        block: &Block,
        margin_blocks: u64,
        state_root: Hash,
        results_root: Hash,
    ) -> LedgerTip {
        let header = &block.header;
        let boundary = header.chain.epoch != self.chain.epoch;
        let mut excluded = self.excluded.clone();
        for entry in &block.entries {
            if let Entry::Evidence(evidence) = entry {
                excluded
                    .entry(evidence.first.signer)
                    .or_insert(header.chain.epoch + 1);
            }
        }
        LedgerTip {
            height: header.height,
            block: block.id(),
            chain: header.chain,
            epoch_start_height: if boundary {
                header.height
            } else {
                self.epoch_start_height
            },
            state_root,
            results_root,
            sealed: (header.state_root, header.results_root),
            weights_epoch: if self.weights_due(&header.chain, margin_blocks) {
                Some(header.chain.epoch)
            } else {
                self.weights_epoch
            },
            excluded,
        }
    }

    /// Whether a block with this chain reference computes the weights of its epoch.
    pub fn weights_due(&self, chain: &ChainRef, margin_blocks: u64) -> bool {
        let done = self.weights_epoch.is_some_and(|epoch| epoch >= chain.epoch);
        !done && chain.number.saturating_add(margin_blocks) >= chain.next_epoch_start
    }
}

impl Ledger {
    /// A ledger at `tip`, with the slots that blocks of the tip's epoch have taken.
    pub fn new(
        genesis: &Genesis,
        tip: LedgerTip,
        admitted: impl IntoIterator<Item = Slot>,
    ) -> Ledger {
        Ledger {
            network: genesis.network_id(),
            weights_margin_blocks: genesis.weights_margin_blocks,
            challenges: genesis
                .challenges
                .iter()
                .map(|challenge| challenge.name.clone())
                .collect(),
            tip,
            admitted: admitted.into_iter().collect(),
        }
    }

    /// The tip.
    pub fn tip(&self) -> &LedgerTip {
        &self.tip
    }

    /// The epoch whose validator set decides and approves now.
    pub fn epoch(&self) -> u64 {
        self.tip.chain.epoch
    }

    /// Whether a challenge is active.
    pub fn has_challenge(&self, name: &str) -> bool {
        self.challenges.contains(name)
    }

    /// Whether a slot of the current epoch is taken.
    pub fn is_admitted(&self, slot: &Slot) -> bool {
        self.admitted.contains(slot)
    }

    /// What makes a block with this chain reference worth a height, entries aside.
    pub fn work(&self, chain: &ChainRef) -> Option<Work> {
        if chain.epoch > self.tip.chain.epoch {
            Some(Work::EpochBoundary)
        } else if self.tip.weights_due(chain, self.weights_margin_blocks) {
            Some(Work::Weights)
        } else if self.tip.sealed != (self.tip.state_root, self.tip.results_root) {
            Some(Work::Seal)
        } else {
            None
        }
    }

    /// Builds the next block. Entries must have been checked; a boundary block drops them.
    pub fn build(&self, proposer: Hotkey, chain: ChainRef, entries: Vec<Entry>) -> Block {
        let entries = if chain.epoch > self.tip.chain.epoch {
            Vec::new()
        } else {
            entries
        };
        Block {
            header: BlockHeader {
                height: self.tip.height + 1,
                parent: self.tip.block,
                proposer,
                chain,
                entries_root: Block::root_of(&entries),
                state_root: self.tip.state_root,
                results_root: self.tip.results_root,
            },
            entries,
        }
    }

    /// Checks everything about a block but its chain reference's truth, which only a chain client knows.
    pub fn check(
        &self,
        block: &Block,
        set: &ValidatorSet,
        quorum: crate::validators::Quorum,
    ) -> Result<(), BlockError> {
        self.check_link(block)?;
        let header = &block.header;
        let tip = &self.tip;
        let ours = (tip.state_root, tip.results_root);
        let theirs = (header.state_root, header.results_root);
        if ours != theirs {
            let differ = RootsDiffer {
                height: tip.height,
                ours,
                theirs,
            };
            return Err(BlockError::RootsDiffer(Box::new(differ)));
        }
        if block.entries.is_empty() && self.work(&header.chain).is_none() {
            return Err(BlockError::NoWork);
        }
        let mut taken = BTreeSet::new();
        let mut accused = BTreeSet::new();
        for (index, entry) in block.entries.iter().enumerate() {
            match entry {
                Entry::Admit(admit) => self.check_admit(admit, set, quorum, &mut taken),
                Entry::Evidence(evidence) => {
                    let author = evidence.first.signer;
                    evidence
                        .as_ref()
                        .clone()
                        .verify(&self.network)
                        .map_err(EntryError::Evidence)
                        .and_then(|_| {
                            let new = !tip.excluded.contains_key(&author) && accused.insert(author);
                            if new && set.index_of(&author).is_some() {
                                Ok(())
                            } else {
                                Err(EntryError::PointlessEvidence(author))
                            }
                        })
                }
            }
            .map_err(|error| BlockError::Entry { index, error })?;
        }
        Ok(())
    }

    /// Checks only that a block, already decided by others, is the next one and well formed.
    pub fn check_link(&self, block: &Block) -> Result<(), BlockError> {
        let (header, tip) = (&block.header, &self.tip);
        if header.height != tip.height + 1 || header.parent != tip.block {
            return Err(BlockError::NotNext {
                expected_height: tip.height + 1,
                expected_parent: tip.block,
                got_height: header.height,
                got_parent: header.parent,
            });
        }
        if !block.is_well_formed() {
            return Err(BlockError::Malformed);
        }
        let (old, new) = (&tip.chain, &header.chain);
        let same_block_other_facts = new.number == old.number && new != old;
        if new.number < old.number || new.epoch < old.epoch || same_block_other_facts {
            return Err(BlockError::ChainGoesBack {
                tip: old.number,
                got: new.number,
            });
        }
        if new.epoch != old.epoch && !block.entries.is_empty() {
            return Err(BlockError::BoundaryNotEmpty);
        }
        Ok(())
    }

    /// Moves the tip to `block`, executed with the given roots.
    pub fn advance(&mut self, block: &Block, state_root: Hash, results_root: Hash) {
        if block.header.chain.epoch != self.tip.chain.epoch {
            self.admitted.clear();
        }
        for entry in &block.entries {
            if let Entry::Admit(admit) = entry {
                self.admitted.insert(admit.submission.payload.slot());
            }
        }
        self.tip = self
            .tip
            .after(block, self.weights_margin_blocks, state_root, results_root);
    }

    fn check_admit(
        &self,
        admit: &Admit,
        set: &ValidatorSet,
        quorum: crate::validators::Quorum,
        taken: &mut BTreeSet<Slot>,
    ) -> Result<(), EntryError> {
        let verified = verify_submission(admit.submission.clone(), &self.network)?;
        let header = &verified.payload;
        if !self.has_challenge(&header.challenge) {
            return Err(EntryError::UnknownChallenge(header.challenge.clone()));
        }
        let epoch = self.epoch();
        if header.epoch != epoch {
            return Err(EntryError::WrongEpoch {
                expected: epoch,
                got: header.epoch,
            });
        }
        let slot = header.slot();
        if self.admitted.contains(&slot) || !taken.insert(slot) {
            return Err(EntryError::SlotTaken {
                challenge: header.challenge.clone(),
                hotkey: header.hotkey,
                sequence: header.sequence,
            });
        }
        if admit.certificate.set_epoch != epoch {
            return Err(CertificateError::WrongEpoch {
                expected: epoch,
                got: admit.certificate.set_epoch,
            }
            .into());
        }
        let approval = Approval {
            submission: header.id(),
            set_epoch: epoch,
        };
        verify_signatures(
            &self.network,
            set,
            quorum,
            &approval,
            &admit.certificate.signatures,
        )?;
        Ok(())
    }
}
