//! The trait that stands between a validator and any chain.

use std::net::SocketAddr;

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use assay_consensus::block::ChainRef;
use assay_consensus::hash::Hash;
use assay_consensus::keys::Hotkey;

use crate::call::{Settlement, SignedCall};
use crate::error::ChainError;
use crate::metagraph::Metagraph;

/// Weights for the chain: resolved to uids at a pinned block, see [`crate::weights::resolve`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WeightsSubmission {
    /// Chain epoch the weights are for; the chain counts them in this epoch or not at all.
    pub epoch: u64,
    /// Uid and weight, ascending by uid, largest weight 65,535.
    pub entries: Vec<(u16, u16)>,
    /// Version of the weights rules, at least what the subnet demands.
    pub version_key: u64,
}

/// How weights get to the chain; the subnet's parameters decide.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum WeightsMethod {
    /// In the open: they count from the end of the epoch on.
    Plain,
    /// Encrypted for a round of the beacon; the chain itself reveals them.
    Timelocked {
        /// Hash (blake2b-256) of the encrypted commit.
        commit_hash: Hash,
        /// The beacon's round that opens it.
        round: u64,
        /// Chain epoch in which the chain reveals it, unless the subnet's owner changes the reveal
        /// period or ends an epoch early.
        reveal_epoch: u64,
    },
    /// As a hash that the validator itself has to reveal.
    Salted {
        /// The hash.
        commit_hash: Hash,
        /// What makes the hash unguessable; needed for the reveal.
        salt: Vec<u16>,
        /// Version key that was hashed.
        version_key: u64,
        /// The only chain epoch in which it can be revealed, unless the subnet's owner changes the
        /// reveal period or ends an epoch early.
        reveal_epoch: u64,
    },
}

/// Weights in a signed call. Whoever keeps this can send, watch and reveal them after a restart.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PreparedWeights {
    /// Chain epoch the weights are for.
    pub epoch: u64,
    /// Uid and weight as they will be stored.
    pub entries: Vec<(u16, u16)>,
    /// How they get to the chain.
    pub method: WeightsMethod,
    /// The call that brings them.
    pub call: SignedCall,
}

/// What the finalised chain holds of weights whose call is [`crate::Settlement::Done`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum WeightsStanding {
    /// The chain holds exactly these weights of this validator.
    Stored,
    /// The chain holds the commit and will reveal it, or wait for the reveal, in this epoch.
    Committed {
        /// The epoch.
        reveal_epoch: u64,
    },
    /// The salted commit has to be revealed now, see [`Chain::prepare_reveal`].
    RevealDue,
    /// The chain holds neither the commit nor these weights.
    Gone {
        /// What it holds instead, or why the reveal came to nothing, as far as it can be told.
        reason: String,
    },
}

/// The weights that the chain holds of one validator.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChainWeights {
    /// Who set them.
    pub hotkey: Hotkey,
    /// Uid and weight as stored, ascending by uid.
    pub entries: Vec<(u16, u16)>,
    /// Number of the block in which this validator last set or committed weights.
    pub block: u64,
    /// Epoch of that block.
    pub epoch: u64,
}

/// A chain with a metagraph. Every call ends within a deadline; all that is read is finalised.
#[async_trait]
pub trait Chain: Send + Sync {
    /// Hash of the chain's first block: which chain this is.
    async fn genesis_hash(&self) -> Result<Hash, ChainError>;

    /// The latest finalised block.
    async fn finalized_head(&self) -> Result<ChainRef, ChainError>;

    /// Waits for a finalised head with a number above `after`: the latest one when it answers, so
    /// numbers may be skipped. It is far below `after` if that head was false. `None` if there was none within the client's long-poll time.
    async fn next_head(&self, after: u64) -> Result<Option<ChainRef>, ChainError>;

    /// The finalised block with a number; `None` if it is not finalised yet or too old for the
    /// chain's history.
    async fn block(&self, number: u64) -> Result<Option<ChainRef>, ChainError>;

    /// Hash of the finalised block with a number, also of one whose state is no longer kept; `None`
    /// if it is not finalised yet or no endpoint knows it.
    async fn hash_of_block(&self, number: u64) -> Result<Option<Hash>, ChainError>;

    /// The first block of an epoch, once it is finalised.
    async fn epoch_start(&self, epoch: u64) -> Result<ChainRef, ChainError>;

    /// The metagraph after a finalised block.
    async fn metagraph(&self, at_block: Hash) -> Result<Metagraph, ChainError>;

    /// Reads how weights have to be set now, checks what the chain would refuse, and signs the call
    /// with the client's hotkey. Nothing is sent. The call can't get into a block of a later epoch.
    async fn prepare_weights(
        &self,
        submission: &WeightsSubmission,
    ) -> Result<PreparedWeights, ChainError>;

    /// Signs the reveal of a salted commit whose reveal is due. Nothing is sent.
    async fn prepare_reveal(&self, prepared: &PreparedWeights) -> Result<SignedCall, ChainError>;

    /// Signs the announcement of the address at which peers reach this validator; `None` if the
    /// chain shows this address already. Nothing is sent.
    async fn prepare_axon(&self, address: SocketAddr) -> Result<Option<SignedCall>, ChainError>;

    /// Hands a call to the chain's pool. Sending a call again that the pool or a block holds already
    /// is no error.
    async fn send(&self, call: &SignedCall) -> Result<(), ChainError>;

    /// Looks for a call in finalised blocks.
    async fn settlement(&self, call: &SignedCall) -> Result<Settlement, ChainError>;

    /// What the finalised chain holds of weights whose call was taken in block `taken_in`, at that
    /// block or a later one.
    async fn weights_standing(
        &self,
        prepared: &PreparedWeights,
        taken_in: u64,
    ) -> Result<WeightsStanding, ChainError>;

    /// The latest weights of every validator after a finalised block, ascending by hotkey; at the
    /// finalised head when no block is named.
    async fn weights_on_chain(
        &self,
        at_block: Option<Hash>,
    ) -> Result<Vec<ChainWeights>, ChainError>;
}
