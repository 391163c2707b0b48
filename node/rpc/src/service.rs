//! What all handlers share.

use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::{Semaphore, SemaphorePermit};
use tokio::time::{Instant, timeout};

use crate::backend::{Backend, RouteAuth};
use crate::config::RpcConfig;
use crate::limits::{LARGE_BODIES_MAX, REPLAY_CACHE_MAX_ENTRIES};
use crate::replay::{ReplayCache, ReplayError};
use crate::throttle::RateLimiter;

/// Who is on the other end of the connection.
#[derive(Debug, Clone, Copy)]
pub struct Peer(pub IpAddr);

/// Why a request isn't looked at. All of them pass.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// The address asks too often.
    #[error("too many requests, try again in {retry_after_secs} s")]
    RateLimited {
        /// When there is a token again.
        retry_after_secs: u64,
    },
    /// Too many calls are running.
    #[error("the node is overloaded, try again later")]
    Overloaded,
}

/// State of the server.
pub struct Service {
    pub backend: Arc<dyn Backend>,
    pub config: RpcConfig,
    limiter: RateLimiter,
    /// One permit per running call.
    calls: Semaphore,
    /// One permit per large body.
    pub large_bodies: Semaphore,
    replays: Mutex<ReplayCache>,
    started_ms: u64,
}

impl Service {
    pub fn new(backend: Arc<dyn Backend>, config: RpcConfig) -> Service {
        Service {
            backend,
            limiter: RateLimiter::new(config.rate, config.loopback_rate),
            calls: Semaphore::new(config.calls_max),
            large_bodies: Semaphore::new(LARGE_BODIES_MAX),
            replays: Mutex::new(ReplayCache::new(REPLAY_CACHE_MAX_ENTRIES)),
            started_ms: config.clock.monotonic_ms(),
            config,
        }
    }

    /// Takes rate tokens of an address.
    pub fn take_tokens(&self, peer: Peer, calls: usize) -> Result<(), Refusal> {
        let calls = u32::try_from(calls).unwrap_or(u32::MAX);
        self.limiter
            .take(peer.0, calls, self.config.clock.monotonic_ms())
            .map_err(|retry_after_secs| {
                self.config.metrics.refused("rate_limited");
                Refusal::RateLimited { retry_after_secs }
            })
    }

    /// Waits for a running call to end if there are too many, in order of arrival, for up to half
    /// of the time a call may take: longer queues only hide that the node is overloaded.
    pub async fn begin_call(&self) -> Result<SemaphorePermit<'_>, Refusal> {
        let patience = self.config.call_deadline / 2;
        match timeout(patience, self.calls.acquire()).await {
            Ok(Ok(permit)) => Ok(permit),
            Ok(Err(_)) | Err(_) => {
                self.config.metrics.refused("overloaded");
                Err(Refusal::Overloaded)
            }
        }
    }

    /// Notes that a call which started at `started_ms` of the monotonic clock has ended.
    pub fn call_ended(&self, method: &'static str, is_ok: bool, started_ms: u64) {
        let duration_ms = self.config.clock.monotonic_ms().saturating_sub(started_ms);
        self.config.metrics.call_ended(method, is_ok, duration_ms);
    }

    /// When what starts now must be done.
    pub fn deadline(&self) -> Instant {
        Instant::now() + self.config.call_deadline
    }

    pub fn uptime_secs(&self) -> u64 {
        let now_ms = self.config.clock.monotonic_ms();
        now_ms.saturating_sub(self.started_ms) / 1_000
    }

    pub fn unix_secs(&self) -> u64 {
        self.config.clock.unix_ms() / 1_000
    }

    /// Notes a verified signed call; each acts once.
    pub fn note_signed_call(&self, auth: &RouteAuth) -> Result<(), ReplayError> {
        // Every change of the cache is complete before it can panic.
        let mut replays = self.replays.lock().unwrap_or_else(PoisonError::into_inner);
        replays.note(
            &auth.hotkey,
            &auth.message,
            auth.signed_at_secs,
            self.unix_secs(),
        )
    }
}
