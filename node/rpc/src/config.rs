//! Settings of the server.

use std::sync::Arc;
use std::time::Duration;

use prometheus_client::registry::Registry;

use crate::clock::{Clock, SystemClock};
use crate::metrics::RpcMetrics;

/// A token bucket: one token a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RateLimit {
    /// Tokens of a full bucket.
    pub burst: u32,
    /// Tokens that come back per second.
    pub per_second: u32,
}

/// Settings of the server.
#[derive(Clone)]
pub struct RpcConfig {
    /// What `system_version` and `/health` say.
    pub version: String,
    /// What `/metrics` shows.
    pub registry: Arc<Registry>,
    /// The server's own counts; see [`RpcMetrics::register`] to have them in `registry`.
    pub metrics: RpcMetrics,
    /// The server's time.
    pub clock: Arc<dyn Clock>,
    /// Time limit of one call, and of reading one body.
    pub call_deadline: Duration,
    /// Time limit of reading the head of a request; idle connections are closed after it, too.
    pub head_deadline: Duration,
    /// How long running calls may take after shutdown was asked for.
    pub shutdown_grace: Duration,
    /// Calls at once; `/health` and `/metrics` don't count.
    pub calls_max: usize,
    /// Connections at once.
    pub connections_max: usize,
    /// Connections at once from one address; loopback is exempt.
    pub connections_per_address_max: usize,
    /// Calls of one address (IPv6: of one /64 network).
    pub rate: RateLimit,
    /// Calls from this machine.
    pub loopback_rate: RateLimit,
}

impl RpcConfig {
    /// Default settings.
    pub fn new(version: &str, registry: Arc<Registry>) -> RpcConfig {
        RpcConfig {
            version: version.to_owned(),
            registry,
            metrics: RpcMetrics::default(),
            clock: Arc::new(SystemClock::default()),
            call_deadline: Duration::from_secs(10),
            head_deadline: Duration::from_secs(30),
            shutdown_grace: Duration::from_secs(5),
            calls_max: 64,
            connections_max: 1_024,
            connections_per_address_max: 64,
            rate: RateLimit {
                burst: 200,
                per_second: 50,
            },
            loopback_rate: RateLimit {
                burst: 20_000,
                per_second: 5_000,
            },
        }
    }
}
