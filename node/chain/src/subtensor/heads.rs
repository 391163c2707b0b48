//! Waiting for the next finalised head: a subscription for each wait. A node sends its head as soon
//! as it is asked, so nothing is missed between two waits, and a wait costs one request however
//! fast or slow blocks come.

use std::time::Duration;

use tokio::time::{Instant, timeout_at};

use assay_consensus::block::ChainRef;

use super::SubtensorChain;
use super::connection::{Connection, within};
use super::fault::Fault;
use crate::error::ChainError;

impl SubtensorChain {
    /// Waits for a finalised head with a number above `after`: the latest one when it answers.
    /// `None` if there was none within the long-poll time.
    pub async fn next_head(&self, after: u64) -> Result<Option<ChainRef>, ChainError> {
        let long_poll_ms = self.config.bounded_long_poll_ms();
        let until = Instant::now() + Duration::from_millis(long_poll_ms);
        let deadline_ms = long_poll_ms.saturating_add(self.config.call_deadline_ms);
        self.with_deadline("next_head", deadline_ms, |connection| async move {
            self.next_head_on(&connection, after, until).await
        })
        .await
    }

    async fn next_head_on(
        &self,
        connection: &Connection,
        after: u64,
        until: Instant,
    ) -> Result<Option<ChainRef>, Fault> {
        let patience_ms = self.config.call_deadline_ms;
        let subscribed = within(
            patience_ms,
            connection.rpc.chain_subscribe_finalized_heads(),
        );
        let mut heads = subscribed
            .await
            .ok_or(Fault::TimedOut(patience_ms))?
            .map_err(Fault::client)?;
        loop {
            let header = match timeout_at(until, heads.next()).await {
                Err(_) => return Ok(None),
                Ok(None) => {
                    let reason = "the subscription to finalised heads ended".to_owned();
                    return Err(Fault::Unreachable(reason));
                }
                Ok(Some(header)) => header.map_err(Fault::client)?,
            };
            if header.number <= after {
                continue;
            }
            let head = within(patience_ms, self.head_on(connection))
                .await
                .ok_or(Fault::TimedOut(patience_ms))??;
            if head.block.number > after {
                return Ok(Some(head.block));
            }
        }
    }
}
