//! First blocks of epochs: the state after any block of an epoch says where the epoch began.

use assay_consensus::block::ChainRef;

use super::SubtensorChain;
use super::blocks::KnownBlock;
use super::connection::Connection;
use super::epoch_search::{EpochSearch, Seen};
use super::fault::Fault;
use crate::error::ChainError;

impl SubtensorChain {
    /// The first block of an epoch, once it is finalised. Of an epoch that is older than the
    /// endpoints' history none is known; epoch 0 begins with the subnet.
    pub(super) async fn epoch_start(&self, epoch: u64) -> Result<ChainRef, ChainError> {
        let known = self.blocks().epoch_start(epoch);
        if let Some(start) = known {
            return Ok(start);
        }
        let found = self
            .with("epoch_start", |connection| async move {
                self.epoch_start_on(&connection, epoch).await
            })
            .await;
        // Before the subnet there is no epoch of it, and states that are gone tell nothing.
        match found {
            Err(ChainError::UnknownBlock(_)) => Err(ChainError::UnknownEpoch(epoch)),
            found => found,
        }
    }

    async fn epoch_start_on(&self, connection: &Connection, epoch: u64) -> Result<ChainRef, Fault> {
        let (before, after) = self.blocks().epoch_starts_around(epoch);
        let after = match after {
            Some(start) => Seen::start(start),
            None => {
                let head = self.head_on(connection).await?;
                if head.position.epoch < epoch {
                    return Err(Fault::Chain(ChainError::UnknownEpoch(epoch)));
                }
                if head.position.epoch == epoch {
                    return self.found_in(connection, head).await;
                }
                head.seen()
            }
        };
        let mut search = EpochSearch::new(epoch, before.map(Seen::start), after);
        while let Some(number) = search.next() {
            match self.block_on(connection, number).await {
                Ok(block) if block.position.epoch == epoch => {
                    return self.found_in(connection, block).await;
                }
                Ok(block) => search.saw(block.seen()),
                Err(
                    Fault::Chain(ChainError::Unsupported { .. })
                    | Fault::Elsewhere(ChainError::UnknownBlock(_)),
                ) => search.saw_nothing_at(number),
                Err(fault) => return Err(fault),
            }
        }
        Err(Fault::Elsewhere(ChainError::UnknownEpoch(epoch)))
    }

    /// The first block of the epoch that was looked for, of which this is a block.
    async fn found_in(
        &self,
        connection: &Connection,
        block: KnownBlock,
    ) -> Result<ChainRef, Fault> {
        let start = self.start_of(connection, block).await?.block;
        self.blocks().insert_epoch_start(start);
        Ok(start)
    }

    /// The first block of the epoch of a block.
    async fn start_of(
        &self,
        connection: &Connection,
        block: KnownBlock,
    ) -> Result<KnownBlock, Fault> {
        if block.position.began == block.block.number {
            return Ok(block);
        }
        let epoch = block.position.epoch;
        let began = self.block_on(connection, block.position.began).await?;
        if began.position.epoch == epoch {
            return Ok(began);
        }
        // A tempo that changed under an old runtime, or the change to a new one: the epoch's number
        // changed in between, without a block that says so.
        let (mut outside, mut inside) = (began, block);
        while inside.block.number - outside.block.number > 1 {
            let middle = outside.block.number.midpoint(inside.block.number);
            let middle = self.block_on(connection, middle).await?;
            if middle.position.epoch == epoch {
                inside = middle;
            } else {
                outside = middle;
            }
        }
        Ok(inside)
    }
}
