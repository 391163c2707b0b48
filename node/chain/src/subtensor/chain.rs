//! The trait that validators know, put together from reads and calls.

use std::net::SocketAddr;

use async_trait::async_trait;
use rand_core::OsRng;

use assay_consensus::block::ChainRef;
use assay_consensus::hash::Hash;

use super::SubtensorChain;
use super::blocks::KnownBlock;
use super::calls::{self, Caller, Sending};
use super::connection::{AtBlock, Connection};
use super::fault::Fault;
use crate::call::{Settlement, SignedCall};
use crate::chain::{Chain, ChainWeights, PreparedWeights, WeightsStanding, WeightsSubmission};
use crate::error::ChainError;
use crate::metagraph::Metagraph;

#[async_trait]
impl Chain for SubtensorChain {
    async fn genesis_hash(&self) -> Result<Hash, ChainError> {
        SubtensorChain::genesis_hash(self).await
    }

    async fn finalized_head(&self) -> Result<ChainRef, ChainError> {
        SubtensorChain::finalized_head(self).await
    }

    async fn next_head(&self, after: u64) -> Result<Option<ChainRef>, ChainError> {
        SubtensorChain::next_head(self, after).await
    }

    async fn block(&self, number: u64) -> Result<Option<ChainRef>, ChainError> {
        SubtensorChain::block(self, number).await
    }

    async fn hash_of_block(&self, number: u64) -> Result<Option<Hash>, ChainError> {
        SubtensorChain::hash_of_block(self, number).await
    }

    async fn epoch_start(&self, epoch: u64) -> Result<ChainRef, ChainError> {
        SubtensorChain::epoch_start(self, epoch).await
    }

    async fn metagraph(&self, at_block: Hash) -> Result<Metagraph, ChainError> {
        SubtensorChain::metagraph(self, at_block).await
    }

    async fn prepare_weights(
        &self,
        submission: &WeightsSubmission,
    ) -> Result<PreparedWeights, ChainError> {
        let mode = self.config.commit_mode;
        self.with("prepare_weights", |connection| async move {
            let (at, known) = self.state_at_head(&connection).await?;
            let caller = self.caller(&connection, &at, known)?;
            calls::prepare_weights(&caller, submission, mode, &mut OsRng).await
        })
        .await
    }

    async fn prepare_reveal(&self, prepared: &PreparedWeights) -> Result<SignedCall, ChainError> {
        self.with("prepare_reveal", |connection| async move {
            let (at, known) = self.state_at_head(&connection).await?;
            let caller = self.caller(&connection, &at, known)?;
            calls::prepare_reveal(&caller, prepared).await
        })
        .await
    }

    async fn prepare_axon(&self, address: SocketAddr) -> Result<Option<SignedCall>, ChainError> {
        self.with("prepare_axon", |connection| async move {
            let (at, known) = self.state_at_head(&connection).await?;
            let caller = self.caller(&connection, &at, known)?;
            calls::prepare_axon(&caller, address).await
        })
        .await
    }

    async fn send(&self, call: &SignedCall) -> Result<(), ChainError> {
        let sending = Sending::default();
        let (sending, searches) = (&sending, &self.searches);
        let sent = self
            .with("send", |connection| async move {
                calls::send(&connection, call, sending, searches).await
            })
            .await;
        sending.outcome(sent)
    }

    async fn settlement(&self, call: &SignedCall) -> Result<Settlement, ChainError> {
        let settled = self.with("settlement", |connection| async move {
            let (at, known) = self.state_at_head(&connection).await?;
            let head = calls::Head {
                block: known.block,
                spec_version: at.spec_version(),
            };
            calls::settlement(&connection, head, call, &self.searches).await
        });
        self.searches.or_done(call, settled.await)
    }

    async fn weights_standing(
        &self,
        prepared: &PreparedWeights,
        taken_in: u64,
    ) -> Result<WeightsStanding, ChainError> {
        let hotkey = prepared.call.hotkey;
        self.with("weights_standing", |connection| async move {
            let (at, known) = self.state_at_head(&connection).await?;
            if known.block.number < taken_in {
                // It would say that there are no such weights.
                let unknown = ChainError::UnknownBlock(known.block.hash);
                return Err(Fault::Elsewhere(unknown));
            }
            let netuid = self.config.netuid;
            calls::weights_standing(&at, known.block, netuid, &hotkey, prepared).await
        })
        .await
    }

    async fn weights_on_chain(
        &self,
        at_block: Option<Hash>,
    ) -> Result<Vec<ChainWeights>, ChainError> {
        SubtensorChain::weights_on_chain(self, at_block).await
    }
}

impl SubtensorChain {
    /// Who calls, at the finalised head of a connection.
    fn caller<'a>(
        &'a self,
        connection: &'a Connection,
        at: &'a AtBlock,
        head: KnownBlock,
    ) -> Result<Caller<'a>, ChainError> {
        Ok(Caller {
            rpc: &connection.rpc,
            at,
            head: head.block,
            epoch_blocks: head.position.length,
            epoch_began: head.position.began,
            netuid: self.config.netuid,
            signer: self.signer()?,
        })
    }
}
