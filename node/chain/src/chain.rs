//! The trait that stands between a validator and any chain.

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use assay_consensus::block::ChainRef;
use assay_consensus::hash::Hash;
use assay_consensus::keys::Hotkey;

use crate::error::ChainError;
use crate::metagraph::Metagraph;

/// Weights ready for the chain: resolved to uids at a pinned block, see [`crate::weights::resolve`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WeightsSubmission {
    /// Chain epoch the weights are for; the chain counts them in this epoch or not at all.
    pub epoch: u64,
    /// Uid and weight, ascending by uid, largest weight 65,535.
    pub entries: Vec<(u16, u16)>,
    /// Version of the weights rules, at least what the subnet demands.
    pub version_key: u64,
}

/// The chain took the weights.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SubmitOutcome {
    /// Number of the block that carries them. Not final yet: see [`Chain::weights_on_chain`].
    pub included_in: u64,
}

/// The weights that the chain holds of one validator.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChainWeights {
    /// Who set them.
    pub hotkey: Hotkey,
    /// Uid and weight as stored, ascending by uid.
    pub entries: Vec<(u16, u16)>,
    /// Number of the block that carries them.
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
    /// numbers may be skipped. `None` if there was none within the client's long-poll time.
    async fn next_head(&self, after: u64) -> Result<Option<ChainRef>, ChainError>;

    /// The finalised block with a number; `None` if it is not finalised yet or too old for the
    /// chain's history.
    async fn block(&self, number: u64) -> Result<Option<ChainRef>, ChainError>;

    /// The first block of an epoch, once it is finalised.
    async fn epoch_start(&self, epoch: u64) -> Result<ChainRef, ChainError>;

    /// The metagraph after a finalised block.
    async fn metagraph(&self, at_block: Hash) -> Result<Metagraph, ChainError>;

    /// Signs the weights with the client's hotkey and submits them.
    async fn submit_weights(
        &self,
        submission: &WeightsSubmission,
    ) -> Result<SubmitOutcome, ChainError>;

    /// The latest weights of every validator after a finalised block, ascending by hotkey; at the
    /// finalised head when no block is named.
    async fn weights_on_chain(
        &self,
        at_block: Option<Hash>,
    ) -> Result<Vec<ChainWeights>, ChainError>;
}
