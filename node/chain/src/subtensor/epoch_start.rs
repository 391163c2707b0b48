//! First blocks of epochs: the state after any block of an epoch says where the epoch began, and
//! the block before that is one of the epoch before.

use assay_consensus::block::ChainRef;

use super::SubtensorChain;
use super::blocks::KnownBlock;
use super::connection::Connection;
use super::fault::Fault;
use crate::error::ChainError;
use crate::limits::EPOCH_WALK_MAX;

impl SubtensorChain {
    /// The first block of an epoch, once it is finalised. Of an epoch that is many epochs ago, or
    /// older than the endpoints' history, none is known; epoch 0 begins with the subnet.
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
        let unknown = || Fault::Elsewhere(ChainError::UnknownEpoch(epoch));
        let above = self.blocks().epoch_start_above(epoch);
        let mut block = match above {
            Some(start) => match self.block_before(connection, start.number).await? {
                Some(block) => block,
                None => return Err(unknown()),
            },
            None => {
                let head = self.head_on(connection).await?;
                if head.position.epoch < epoch {
                    return Err(Fault::Chain(ChainError::UnknownEpoch(epoch)));
                }
                head
            }
        };
        for _ in 0..EPOCH_WALK_MAX {
            if block.position.epoch < epoch {
                break;
            }
            if block.position.epoch == epoch {
                let start = self.start_of(connection, block).await?;
                self.blocks().insert_epoch_start(start.block);
                return Ok(start.block);
            }
            let began = block.position.began;
            let (start, mut before) = tokio::try_join!(
                self.start_of(connection, block),
                self.block_before(connection, began),
            )?;
            self.blocks().insert_epoch_start(start.block);
            if start.block.number != began {
                before = self.block_before(connection, start.block.number).await?;
            }
            match before {
                Some(before) => block = before,
                None => break,
            }
        }
        Err(unknown())
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

    /// The block before the one with a number; `None` before the chain or the subnet began.
    async fn block_before(
        &self,
        connection: &Connection,
        number: u64,
    ) -> Result<Option<KnownBlock>, Fault> {
        let Some(before) = number.checked_sub(1) else {
            return Ok(None);
        };
        match self.block_on(connection, before).await {
            Ok(before) => Ok(Some(before)),
            Err(Fault::Chain(ChainError::Unsupported { .. })) => Ok(None),
            Err(fault) => Err(fault),
        }
    }
}
