//! Finalised blocks: the head, blocks by number, and the state after one.

use std::time::SystemTime;

use tokio::time::Instant;

use assay_consensus::block::ChainRef;
use assay_consensus::hash::Hash;

use super::SubtensorChain;
use super::blocks::{KnownBlock, KnownBlocks};
use super::connection::{AtBlock, Connection};
use super::epochs;
use super::fault::Fault;
use super::read::storage;
use crate::error::ChainError;
use crate::limits::{AHEAD_MAX_MS, BEHIND_MAX_BLOCKS, FRESH_HEAD_MS};

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
        let Some(highest) = highest
            .map(|highest| highest.block.number)
            .filter(|highest| highest.saturating_sub(number) > BEHIND_MAX_BLOCKS)
        else {
            return self.known(connection, hash, number).await;
        };
        let at = connection.at_number(hash, number).await?;
        let own = look_at(connection, &at, hash).await?;
        if self.is_backed(connection) || !is_fresh(own.block.timestamp_ms, now_ms()) {
            return Err(Fault::bad_answer(
                format!("a finalised head near block {highest}"),
                format!("block {number}"),
            ));
        }
        tracing::warn!(
            endpoint = connection.endpoint,
            number,
            highest,
            "the higher finalised head that another endpoint showed before it failed was false"
        );
        let mut blocks = self.blocks();
        *blocks = KnownBlocks::default();
        blocks.insert(own, connection.index);
        Ok(own)
    }

    /// Whether the endpoint that showed the highest head is another one, and well.
    fn is_backed(&self, connection: &Connection) -> bool {
        let owner = self.blocks().highest_is_of();
        owner.is_some_and(|owner| {
            owner != connection.index && !self.turns().rests(owner, Instant::now())
        })
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
        let known = look_at(connection, at, hash).await?;
        self.blocks().insert(known, connection.index);
        Ok(known)
    }

    fn known_by_number(&self, number: u64) -> Option<KnownBlock> {
        self.blocks().by_number(number)
    }
}

/// What there is to know of a block, which isn't remembered.
async fn look_at(connection: &Connection, at: &AtBlock, hash: Hash) -> Result<KnownBlock, Fault> {
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
    check_time(known.block, now_ms())?;
    Ok(known)
}

/// A block from the future was never made by the chain, or this machine's clock is wrong.
fn check_time(block: ChainRef, now_ms: u64) -> Result<(), Fault> {
    let ahead_ms = block.timestamp_ms.saturating_sub(now_ms);
    if ahead_ms <= AHEAD_MAX_MS {
        return Ok(());
    }
    Err(Fault::bad_answer(
        "blocks whose time is at most an hour ahead of this machine's clock",
        format!("block {} {} s ahead", block.number, ahead_ms / 1_000),
    ))
}

/// Whether a head is so young that its endpoint can't be far behind.
fn is_fresh(timestamp_ms: u64, now_ms: u64) -> bool {
    now_ms.saturating_sub(timestamp_ms) <= FRESH_HEAD_MS
}

/// This machine's time in milliseconds since 1970.
fn now_ms() -> u64 {
    let since = SystemTime::UNIX_EPOCH.elapsed().unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_block_from_the_future_is_no_block() {
        let at = |timestamp_ms| {
            let block = ChainRef {
                number: 1,
                hash: Hash::ZERO,
                epoch: 0,
                next_epoch_start: 1,
                timestamp_ms,
            };
            check_time(block, 1_000_000)
        };
        assert!(at(0).is_ok());
        assert!(at(1_000_000 + AHEAD_MAX_MS).is_ok());
        assert!(matches!(
            at(1_000_001 + AHEAD_MAX_MS),
            Err(Fault::BadAnswer { .. })
        ));
    }

    #[test]
    fn a_head_of_some_minutes_ago_is_not_behind() {
        assert!(is_fresh(1, FRESH_HEAD_MS + 1));
        assert!(!is_fresh(1, FRESH_HEAD_MS + 2));
        assert!(is_fresh(10, 1));
    }
}
