//! A client of Subtensor, the chain of Bittensor: types and calls are found by name in the metadata
//! that each connection fetches, so that nothing here depends on one version of the runtime.
//!
//! * [`SubtensorChain`] holds the endpoints; every call goes through one function, which
//!   gives it a connection, one deadline over everything, and failover.
//! * `read`: the state after a block, by name; `connection`: the socket to one endpoint.
//! * `reads`, `heads`, `epoch_start`, `metagraph`, `stored_weights`: what is read.
//! * `calls`: what is signed and sent, and what became of it.
//! * `epochs`, `epoch_search`, `endpoints`, `blocks`: the pure parts.
//!
//! Decisions: everything read belongs to a finalised block, and what a block says is a function of
//! its state alone. An endpoint is left when it fails, not when another one is faster. A call that
//! runs into its deadline ends there; the next one goes to another endpoint.

mod blocks;
mod calls;
mod chain;
mod config;
mod connection;
mod endpoints;
mod epoch_search;
mod epoch_start;
mod epochs;
mod fault;
mod heads;
mod metagraph;
mod read;
mod reads;
mod stored_weights;
#[cfg(test)]
mod testkit;

use std::collections::BTreeSet;
use std::future::Future;
use std::sync::atomic::AtomicUsize;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;

use tokio::time::{Instant, sleep_until, timeout_at};

use assay_consensus::hash::Hash;
use assay_consensus::keys::{Hotkey, Keypair};

pub use self::config::{CommitMode, SubtensorConfig};

use self::blocks::KnownBlocks;
use self::calls::SettlementCache;
use self::config::Endpoint;
use self::connection::{ConnectOptions, Connection};
use self::endpoints::{Turn, Turns};
use self::fault::{Fault, Verdict};
use crate::error::ChainError;

/// A client of a Subtensor chain. It connects with the first call.
pub struct SubtensorChain {
    config: SubtensorConfig,
    signer: Option<Arc<Keypair>>,
    endpoints: Vec<Slot>,
    turns: Mutex<Turns>,
    /// The chain that this client is for, from the configuration or the first connection.
    genesis: OnceLock<Hash>,
    blocks: Mutex<KnownBlocks>,
    /// Which blocks have been searched for which call.
    searches: SettlementCache,
    /// Waits for a head that ended without one.
    quiet_waits: AtomicUsize,
}

/// An endpoint with its connection, which is shared by all calls.
struct Slot {
    /// Its place in the configuration.
    index: usize,
    endpoint: Endpoint,
    connection: tokio::sync::Mutex<Option<Arc<Connection>>>,
}

/// What came of work on one endpoint.
enum Attempt<T> {
    Answered(T),
    Failed(Fault),
    /// The connection broke, but it was made by an earlier call: that says nothing about the
    /// endpoint, which gets another chance with a new one.
    Stale(Fault),
    TimedOut,
}

impl SubtensorChain {
    /// A client that signs with `signer`; without one it only reads. Fails if the endpoints can't
    /// be any.
    pub fn new(
        config: SubtensorConfig,
        signer: Option<Arc<Keypair>>,
    ) -> Result<SubtensorChain, ChainError> {
        let endpoints: Vec<Slot> = config
            .checked_endpoints()?
            .into_iter()
            .enumerate()
            .map(|(index, endpoint)| Slot {
                index,
                endpoint,
                connection: tokio::sync::Mutex::default(),
            })
            .collect();
        let genesis = config
            .genesis_hash
            .map_or_else(OnceLock::new, OnceLock::from);
        Ok(SubtensorChain {
            turns: Mutex::new(Turns::new(endpoints.len())),
            endpoints,
            genesis,
            blocks: Mutex::default(),
            searches: SettlementCache::default(),
            quiet_waits: AtomicUsize::new(0),
            config,
            signer,
        })
    }

    /// The hotkey that this client signs with.
    pub fn hotkey(&self) -> Result<Hotkey, ChainError> {
        Ok(self.signer()?.hotkey())
    }

    fn signer(&self) -> Result<&Arc<Keypair>, ChainError> {
        self.signer.as_ref().ok_or(ChainError::NoSigner)
    }

    /// Does `work` on a connection within the deadline of a call. `work` may run again, on another
    /// endpoint, after a fault that isn't [`Fault::Chain`]; what it did before must not matter.
    async fn with<T, W, F>(&self, call: &'static str, work: W) -> Result<T, ChainError>
    where
        W: Fn(Arc<Connection>) -> F,
        F: Future<Output = Result<T, Fault>>,
    {
        self.with_deadline(call, self.config.call_deadline_ms, work)
            .await
    }

    async fn with_deadline<T, W, F>(
        &self,
        call: &'static str,
        deadline_ms: u64,
        work: W,
    ) -> Result<T, ChainError>
    where
        W: Fn(Arc<Connection>) -> F,
        F: Future<Output = Result<T, Fault>>,
    {
        let deadline = Instant::now() + Duration::from_millis(deadline_ms);
        let too_late = || ChainError::Deadline { call, deadline_ms };
        let mut tried = BTreeSet::new();
        let mut first_error: Option<ChainError> = None;
        let mut is_known_elsewhere = false;
        loop {
            let now = Instant::now();
            if now >= deadline {
                return Err(first_error.unwrap_or_else(too_late));
            }
            let turn = self.turns().next(&tried, now);
            let index = match turn {
                Turn::Try(index) => index,
                Turn::Wait { until, error } => {
                    if is_known_elsewhere || until >= deadline {
                        return Err(first_error.unwrap_or(error));
                    }
                    sleep_until(until).await;
                    continue;
                }
                Turn::Over => return Err(first_error.unwrap_or_else(too_late)),
            };
            tried.insert(index);
            let Some(slot) = self.endpoints.get(index) else {
                continue;
            };
            match self.attempt(slot, deadline, &work).await {
                Attempt::Answered(answer) => {
                    let mut turns = self.turns();
                    turns.answered(index);
                    if !is_known_elsewhere {
                        turns.use_from_now_on(index);
                    }
                    return Ok(answer);
                }
                Attempt::Failed(fault) => match fault.verdict(call, &slot.endpoint.name) {
                    Verdict::Final(error) => {
                        self.turns().answered(index);
                        return Err(error);
                    }
                    Verdict::AskAnother(error) => {
                        tracing::debug!(endpoint = slot.endpoint.name, %error, "asking another");
                        is_known_elsewhere = true;
                        first_error.get_or_insert(error);
                    }
                    Verdict::Busy(error) | Verdict::Broken(error) => {
                        self.note_failure(index, slot, error.clone());
                        first_error.get_or_insert(error);
                    }
                },
                Attempt::Stale(fault) => {
                    tracing::debug!(endpoint = slot.endpoint.name, ?fault, "connecting again");
                    tried.remove(&index);
                }
                Attempt::TimedOut => {
                    self.note_failure(index, slot, too_late());
                    return Err(first_error.unwrap_or_else(too_late));
                }
            }
        }
    }

    /// Does `work` on the connection to an endpoint, which is made if there is none.
    async fn attempt<T, W, F>(&self, slot: &Slot, deadline: Instant, work: &W) -> Attempt<T>
    where
        W: Fn(Arc<Connection>) -> F,
        F: Future<Output = Result<T, Fault>>,
    {
        let (connection, is_new) = match timeout_at(deadline, self.connection(slot)).await {
            Err(_) => return Attempt::TimedOut,
            Ok(Err(fault)) => return Attempt::Failed(fault.of_connecting()),
            Ok(Ok(connected)) => connected,
        };
        match timeout_at(deadline, work(Arc::clone(&connection))).await {
            Ok(Ok(answer)) => Attempt::Answered(answer),
            Ok(Err(fault)) if !fault.is_broken() => Attempt::Failed(fault),
            Ok(Err(fault)) => {
                connection.retire();
                if is_new {
                    Attempt::Failed(fault)
                } else {
                    Attempt::Stale(fault)
                }
            }
            Err(_) => {
                connection.retire();
                Attempt::TimedOut
            }
        }
    }

    /// The connection to an endpoint, and whether it was made just now.
    async fn connection(&self, slot: &Slot) -> Result<(Arc<Connection>, bool), Fault> {
        let mut open = slot.connection.lock().await;
        if let Some(connection) = open.as_ref().filter(|connection| connection.is_open()) {
            return Ok((Arc::clone(connection), false));
        }
        *open = None;
        let deadline_ms = self.config.call_deadline_ms;
        let options = ConnectOptions {
            index: slot.index,
            netuid: self.config.netuid,
            genesis_hash: self.genesis.get().copied(),
            // Leaves time for another endpoint.
            connect_ms: if self.endpoints.len() > 1 {
                deadline_ms / 2
            } else {
                deadline_ms
            },
            // The deadline of the call comes first.
            request_ms: deadline_ms.saturating_mul(2),
        };
        let connection = Arc::new(Connection::open(&slot.endpoint, options).await?);
        let got = connection.genesis_hash();
        let expected = *self.genesis.get_or_init(|| got);
        if expected != got {
            return Err(Fault::Endpoint(ChainError::WrongChain { expected, got }));
        }
        *open = Some(Arc::clone(&connection));
        Ok((connection, true))
    }

    fn note_failure(&self, index: usize, slot: &Slot, error: ChainError) {
        tracing::warn!(endpoint = slot.endpoint.name, %error, "endpoint of the chain failed");
        self.turns().failed(index, Instant::now(), error);
    }

    fn turns(&self) -> MutexGuard<'_, Turns> {
        self.turns.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn blocks(&self) -> MutexGuard<'_, KnownBlocks> {
        self.blocks.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
