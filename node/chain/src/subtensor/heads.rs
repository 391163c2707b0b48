//! Waiting for the next finalised head: a subscription for each wait. A node sends its head as soon
//! as it is asked, so nothing is missed between two waits, and a wait costs one request however
//! fast or slow blocks come.

use std::sync::atomic::Ordering;
use std::time::Duration;

use tokio::time::{Instant, timeout_at};

use assay_consensus::block::ChainRef;

use super::SubtensorChain;
use super::connection::{Connection, within};
use super::fault::{Fault, Verdict};
use crate::error::ChainError;
use crate::limits::{BEHIND_MAX_BLOCKS, STANDSTILL_BLOCKS};

const CALL: &str = "next_head";

impl SubtensorChain {
    /// Waits for a finalised head with a number above `after`: the latest one when it answers; one
    /// far below if the head `after` was false. `None` if there was none within the long-poll time.
    pub(super) async fn next_head(&self, after: u64) -> Result<Option<ChainRef>, ChainError> {
        let long_poll_ms = self.config.bounded_long_poll_ms();
        let until = Instant::now() + Duration::from_millis(long_poll_ms);
        let deadline_ms = long_poll_ms.saturating_add(self.config.call_deadline_ms);
        let next = self
            .with_deadline(CALL, deadline_ms, |connection| async move {
                self.next_head_on(&connection, after, until).await
            })
            .await?;
        if next.is_none() {
            self.leave_standstill().await;
        }
        Ok(next)
    }

    /// A chain that stops and an endpoint that was cut off from it look the same. So after each wait
    /// without a head another endpoint is asked how far it is, and used if the chain went on there.
    async fn leave_standstill(&self) {
        let round = self.quiet_waits.fetch_add(1, Ordering::Relaxed);
        let (current, other) = {
            let turns = self.turns();
            (turns.current(), turns.other(round, Instant::now()))
        };
        let Some((other, slot)) = other.and_then(|at| Some((at, self.endpoints.get(at)?))) else {
            return;
        };
        let asked = within(self.config.call_deadline_ms, async {
            let (connection, _) = self.connection(slot).await?;
            let head = connection.finalized().await;
            if head.is_err() {
                connection.retire();
            }
            head
        });
        let fault = match asked.await {
            Some(Ok((_, number))) => {
                let highest = self
                    .blocks()
                    .highest()
                    .map_or(0, |known| known.block.number);
                if number >= highest.saturating_add(STANDSTILL_BLOCKS) {
                    tracing::warn!(
                        endpoint = slot.endpoint.name,
                        number,
                        highest,
                        "the endpoint in use stands still; this one is ahead and used instead"
                    );
                    let mut turns = self.turns();
                    if turns.current() == current {
                        turns.use_from_now_on(other);
                    }
                }
                return;
            }
            Some(Err(fault)) => fault.of_connecting(),
            None => Fault::TimedOut(self.config.call_deadline_ms),
        };
        if let Verdict::Broken(error) = fault.verdict(CALL, &slot.endpoint.name) {
            self.note_failure(other, slot, error);
        }
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
            // Far below the head that was seen last: either this endpoint is behind, or that one
            // was false.
            let is_far_below = after.saturating_sub(header.number) > BEHIND_MAX_BLOCKS;
            if header.number <= after && !is_far_below {
                continue;
            }
            let head = within(patience_ms, self.head_on(connection))
                .await
                .ok_or(Fault::TimedOut(patience_ms))??;
            if head.block.number > after || is_far_below {
                return Ok(Some(head.block));
            }
        }
    }
}
