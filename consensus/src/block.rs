//! Ledger blocks and the proposals, votes and certificates that decide them.

use serde::{Deserialize, Serialize};

use crate::codec;
use crate::envelope::{NetworkId, Payload, Signed, verify_detached};
use crate::hash::Hash;
use crate::keys::{Hotkey, KeyError, Signature};
use crate::limits::{BLOCK_MAX_BYTES, BLOCK_MAX_ENTRIES};
use crate::submission::{ApprovalCertificate, SubmissionHeader};
use crate::validators::{Quorum, ValidatorSet};

/// A finalised chain block, with what execution takes from it instead of from a clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChainRef {
    /// Chain block number.
    pub number: u64,
    /// Chain block hash; seeds all randomness.
    pub hash: Hash,
    /// Chain epoch that the block belongs to.
    pub epoch: u64,
    /// Chain block number at which the next epoch starts.
    pub next_epoch_start: u64,
    /// Chain time of the block in milliseconds since 1970.
    pub timestamp_ms: u64,
}

/// Header of a ledger block.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BlockHeader {
    /// Ledger height; the first block has 1.
    pub height: u64,
    /// Hash of the parent's header; the network id for height 1.
    pub parent: Hash,
    /// Who built the block.
    pub proposer: Hotkey,
    /// Finalised chain block; never goes back.
    pub chain: ChainRef,
    /// Hash over all entries.
    pub entries_root: Hash,
    /// State root after the parent block.
    pub state_root: Hash,
    /// Results root after the parent block.
    pub results_root: Hash,
}

/// A submission with the approvals that let it in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Admit {
    /// The miner's signed header.
    pub submission: Signed<SubmissionHeader>,
    /// Approvals of more than the quorum of stake.
    pub certificate: ApprovalCertificate,
}

/// Two conflicting consensus votes of one validator for the same height, round and kind.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Evidence {
    /// One vote.
    pub first: Signed<ConsensusVote>,
    /// Another vote for the same height, round and kind, with another value.
    pub second: Signed<ConsensusVote>,
}

/// What a block orders.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Entry {
    /// A submission is let in and evaluated.
    Admit(Box<Admit>),
    /// A validator voted twice; its stake leaves the set at the next epoch.
    Evidence(Box<Evidence>),
}

/// A ledger block.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Block {
    /// The header; its hash is the block's id.
    pub header: BlockHeader,
    /// What is ordered, in order of execution.
    pub entries: Vec<Entry>,
}

/// Which of the two voting steps a vote belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum VoteKind {
    /// First step: the block is valid.
    Prevote,
    /// Second step: a quorum prevoted for it.
    Precommit,
}

/// A vote on a block (or on nothing) in one round of one height.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct ConsensusVote {
    /// Ledger height.
    pub height: u64,
    /// Round within the height, from 0.
    pub round: u32,
    /// Prevote or precommit.
    pub kind: VoteKind,
    /// Block id, or nothing.
    pub block: Option<Hash>,
}

/// A proposal of a block in one round.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Proposal {
    /// Round within the height, from 0.
    pub round: u32,
    /// Round in which a quorum prevoted for this block, if the proposer saw one.
    pub pol_round: Option<u32>,
    /// The block; its header names the height.
    pub block: Block,
}

/// Precommits of more than the quorum of stake for one block.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CommitCertificate {
    /// Ledger height.
    pub height: u64,
    /// Round that decided.
    pub round: u32,
    /// Block id.
    pub block: Hash,
    /// Validator index and signature over the precommit, ascending by index.
    pub signatures: Vec<(u16, Signature)>,
}

/// A block with the proof that it was decided.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DecidedBlock {
    /// The block.
    pub block: Block,
    /// Precommits for it.
    pub certificate: CommitCertificate,
}

/// Why a certificate proves nothing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CertificateError {
    /// It belongs to another set.
    #[error("expected a certificate of epoch {expected}, got epoch {got}")]
    WrongEpoch {
        /// Epoch of the set in force.
        expected: u64,
        /// Epoch the certificate names.
        got: u64,
    },
    /// It is for another block.
    #[error(
        "expected a certificate for height {expected_height}, block {expected}, got height {got_height}, block {got}"
    )]
    WrongBlock {
        /// Height of the block at hand.
        expected_height: u64,
        /// Id of the block at hand.
        expected: Hash,
        /// Height in the certificate.
        got_height: u64,
        /// Block id in the certificate.
        got: Hash,
    },
    /// Indices are not ascending, so somebody could count twice.
    #[error("expected ascending validator indices")]
    NotAscending,
    /// An index outside the set.
    #[error("validator index {0} is not in the set")]
    UnknownValidator(u16),
    /// A signature does not verify.
    #[error(transparent)]
    Signature(#[from] KeyError),
    /// Not enough stake.
    #[error("expected a quorum of the total stake {total}, got {stake}")]
    TooLittleStake {
        /// Stake that signed.
        stake: u64,
        /// Stake of the whole set.
        total: u64,
    },
}

impl Payload for ConsensusVote {
    const DOMAIN: &'static str = "assay/consensus-vote/v1";
}

impl Payload for Proposal {
    const DOMAIN: &'static str = "assay/proposal/v1";
}

impl BlockHeader {
    /// The block's id.
    pub fn hash(&self) -> Hash {
        Hash::of_value("assay/block/v1", self)
    }
}

impl Block {
    /// The block's id: hash of the header, which commits to the entries.
    pub fn id(&self) -> Hash {
        self.header.hash()
    }

    /// The root over a list of entries.
    pub fn root_of(entries: &[Entry]) -> Hash {
        Hash::of_value("assay/entries/v1", entries)
    }

    /// Whether the entries keep the limits and match the header's root.
    pub fn is_well_formed(&self) -> bool {
        self.entries.len() <= BLOCK_MAX_ENTRIES
            && self.header.entries_root == Block::root_of(&self.entries)
            && codec::encode(self).len() <= BLOCK_MAX_BYTES
    }
}

impl CommitCertificate {
    /// Checks that the certificate decides `block` under `set`.
    pub fn verify(
        &self,
        network: &NetworkId,
        set: &ValidatorSet,
        quorum: Quorum,
        height: u64,
        block: Hash,
    ) -> Result<(), CertificateError> {
        if self.height != height || self.block != block {
            return Err(CertificateError::WrongBlock {
                expected_height: height,
                expected: block,
                got_height: self.height,
                got: self.block,
            });
        }
        let vote = ConsensusVote {
            height,
            round: self.round,
            kind: VoteKind::Precommit,
            block: Some(block),
        };
        verify_signatures(network, set, quorum, &vote, &self.signatures)
    }
}

/// Checks that validators with a quorum of stake signed one payload. Indices must be ascending;
/// signatures beyond the quorum are checked as well, so that a certificate never carries junk.
pub fn verify_signatures<P: Payload>(
    network: &NetworkId,
    set: &ValidatorSet,
    quorum: Quorum,
    payload: &P,
    signatures: &[(u16, Signature)],
) -> Result<(), CertificateError> {
    if !signatures.is_sorted_by(|a, b| a.0 < b.0) {
        return Err(CertificateError::NotAscending);
    }
    let mut stake = 0u64;
    for (index, _) in signatures {
        let validator = set
            .get(*index)
            .ok_or(CertificateError::UnknownValidator(*index))?;
        stake = stake.saturating_add(validator.stake);
    }
    if !quorum.is_met(stake, set.total_stake()) {
        return Err(CertificateError::TooLittleStake {
            stake,
            total: set.total_stake(),
        });
    }
    for (index, signature) in signatures {
        let validator = set
            .get(*index)
            .ok_or(CertificateError::UnknownValidator(*index))?;
        verify_detached(network, payload, &validator.hotkey, signature)?;
    }
    Ok(())
}

impl Evidence {
    /// The validator that voted twice, if the evidence holds.
    pub fn verify(self, network: &NetworkId) -> Result<Hotkey, KeyError> {
        let (first, second) = (self.first.payload, self.second.payload);
        let same_subject =
            (first.height, first.round, first.kind) == (second.height, second.round, second.kind);
        if !same_subject || first.block == second.block || self.first.signer != self.second.signer {
            return Err(KeyError::BadSignature(self.first.signer));
        }
        let author = self.first.signer;
        self.first.verify(network)?;
        self.second.verify(network)?;
        Ok(author)
    }
}
