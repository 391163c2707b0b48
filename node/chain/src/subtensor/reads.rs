//! Finalised blocks: the head, blocks by number, and the state after one.

use assay_consensus::block::ChainRef;
use assay_consensus::hash::Hash;

use super::SubtensorChain;
use super::blocks::KnownBlock;
use super::connection::{AtBlock, Connection};
use super::epochs;
use super::fault::Fault;
use super::read::storage;
use crate::error::ChainError;
use crate::limits::BEHIND_MAX_BLOCKS;

impl SubtensorChain {
    /// Hash of the chain's first block.
    pub(super) async fn genesis_hash(&self) -> Result<Hash, ChainError> {
        self.with("genesis_hash", |connection| async move {
            Ok(connection.genesis_hash())
        })
        .await
    }

    /// The latest finalised block.
    pub(super) async fn finalized_head(&self) -> Result<ChainRef, ChainError> {
        self.with("finalized_head", |connection| async move {
            Ok(self.head_on(&connection).await?.block)
        })
        .await
    }

    /// The finalised block with a number; `None` if it is not finalised yet or too old for the
    /// endpoints' history.
    pub(super) async fn block(&self, number: u64) -> Result<Option<ChainRef>, ChainError> {
        if let Some(known) = self.known_by_number(number) {
            return Ok(Some(known.block));
        }
        let found = self
            .with("block", |connection| async move {
                self.block_on(&connection, number).await
            })
            .await;
        match found {
            Ok(known) => Ok(Some(known.block)),
            Err(ChainError::UnknownBlock(_)) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Hash of the finalised block with a number, whose state may be gone; `None` if it is not
    /// finalised yet or no endpoint knows it.
    pub(super) async fn hash_of_block(&self, number: u64) -> Result<Option<Hash>, ChainError> {
        if let Some(known) = self.known_by_number(number) {
            return Ok(Some(known.block.hash));
        }
        let found = self
            .with("hash_of_block", |connection| async move {
                self.final_hash(&connection, number).await
            })
            .await;
        match found {
            Ok(hash) => Ok(Some(hash)),
            Err(ChainError::UnknownBlock(_)) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// The latest finalised block of any endpoint so far: finality never goes back, though the
    /// endpoint in use may be a few blocks behind the one before.
    pub(super) async fn head_on(&self, connection: &Connection) -> Result<KnownBlock, Fault> {
        let own = self.own_head(connection).await?;
        let highest = self.blocks().highest();
        Ok(highest
            .filter(|highest| highest.block.number > own.block.number)
            .unwrap_or(own))
    }

    /// The state after the latest finalised block that this endpoint has.
    pub(super) async fn state_at_head(
        &self,
        connection: &Connection,
    ) -> Result<(AtBlock, KnownBlock), Fault> {
        let head = self.own_head(connection).await?;
        self.state_at(connection, head.block.hash).await
    }

    /// The latest finalised block of this endpoint, which must not be far behind the others.
    async fn own_head(&self, connection: &Connection) -> Result<KnownBlock, Fault> {
        let (hash, number) = connection.finalized().await?;
        let highest = self.blocks().highest();
        if let Some(highest) = highest
            && highest.block.number.saturating_sub(number) > BEHIND_MAX_BLOCKS
        {
            return Err(Fault::bad_answer(
                format!("a finalised head near block {}", highest.block.number),
                format!("block {number}"),
            ));
        }
        self.known(connection, hash, number).await
    }

    /// The finalised block with a number.
    pub(super) async fn block_on(
        &self,
        connection: &Connection,
        number: u64,
    ) -> Result<KnownBlock, Fault> {
        if let Some(known) = self.known_by_number(number) {
            return Ok(known);
        }
        let hash = self.final_hash(connection, number).await?;
        self.known(connection, hash, number).await
    }

    /// Hash of the finalised block with a number.
    async fn final_hash(&self, connection: &Connection, number: u64) -> Result<Hash, Fault> {
        let unknown = ChainError::UnknownBlock(Hash::ZERO);
        if !connection.is_final(number).await? {
            let highest = self.blocks().highest();
            let is_final = highest.is_some_and(|highest| number <= highest.block.number);
            return Err(if is_final {
                Fault::Elsewhere(unknown)
            } else {
                Fault::Chain(unknown)
            });
        }
        // Another endpoint may keep more.
        let hash = connection.hash_of(number).await?;
        hash.ok_or(Fault::Elsewhere(unknown))
    }

    /// The state after a finalised block.
    pub(super) async fn state_at(
        &self,
        connection: &Connection,
        hash: Hash,
    ) -> Result<(AtBlock, KnownBlock), Fault> {
        let known = self.blocks().by_hash(&hash);
        if let Some(known) = known {
            let at = connection.at_number(hash, known.block.number).await?;
            return Ok((at, known));
        }
        let at = connection.at(hash).await?;
        let number = at.block_number();
        let is_final =
            connection.is_final(number).await? && connection.hash_of(number).await? == Some(hash);
        if !is_final {
            return Err(Fault::Elsewhere(ChainError::UnknownBlock(hash)));
        }
        let known = self.read_block(connection, &at, hash).await?;
        Ok((at, known))
    }

    /// What there is to know of a block that is final.
    async fn known(
        &self,
        connection: &Connection,
        hash: Hash,
        number: u64,
    ) -> Result<KnownBlock, Fault> {
        let known = self.blocks().by_hash(&hash);
        if let Some(known) = known {
            return Ok(known);
        }
        let at = connection.at_number(hash, number).await?;
        self.read_block(connection, &at, hash).await
    }

    async fn read_block(
        &self,
        connection: &Connection,
        at: &AtBlock,
        hash: Hash,
    ) -> Result<KnownBlock, Fault> {
        let (position, timestamp_ms) = tokio::try_join!(
            epochs::position(at, connection.netuid),
            storage::<(), u64>(at, "Timestamp", "Now", ()),
        )?;
        let known = KnownBlock {
            block: ChainRef {
                number: at.block_number(),
                hash,
                epoch: position.epoch,
                next_epoch_start: position.next,
                timestamp_ms,
            },
            position,
        };
        self.blocks().insert(known);
        Ok(known)
    }

    fn known_by_number(&self, number: u64) -> Option<KnownBlock> {
        self.blocks().by_number(number)
    }
}
