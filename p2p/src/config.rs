//! Settings of the network.

use std::{sync::Arc, time::Duration};

use libp2p::Multiaddr;

use crate::{
    blob::{BlobSource, NoBlobs},
    error::StartError,
    limits,
    transport_key::TransportKey,
};

/// Settings of [`crate::Network::start`]. Start from [`NetworkConfig::new`].
#[derive(Clone)]
pub struct NetworkConfig {
    /// Hash of the genesis document; part of topics and protocol names.
    pub network_id: [u8; 32],
    /// The ed25519 transport key.
    pub key: TransportKey,
    /// Addresses to listen on; port 0 takes a free one. TCP (`/ip4/../tcp/N`) and QUIC
    /// (`/ip4/../udp/N/quic-v1`).
    pub listen: Vec<Multiaddr>,
    /// Addresses under which others reach this node, when they differ from `listen`.
    pub external: Vec<Multiaddr>,
    /// Peers dialled at start and again, forever, whenever they are not connected. With or
    /// without `/p2p/ID` at the end. Our own address in the list does no harm.
    pub bootstrap: Vec<Multiaddr>,
    /// Name and version of the software.
    pub agent: String,
    /// Statement that links the node's hotkey to the transport key; empty for none.
    pub identity: Vec<u8>,
    /// Where blobs are read from for others.
    pub blobs: Arc<dyn BlobSource>,
    /// Largest blob fetched or served, bytes, at most [`limits::MAX_BLOB_BYTES`].
    pub max_blob_bytes: u64,
    /// Peers connected at the same time, at least 1.
    pub max_peers: u32,
    /// Length of an automatic ban, at least 1 s.
    pub ban: Duration,
    /// Events waiting for the node, at least 16.
    pub event_queue: usize,
    /// Gossip.
    pub gossip: GossipConfig,
    /// What one peer may ask of us.
    pub rates: RateConfig,
}

/// Settings of gossip.
#[derive(Debug, Clone)]
pub struct GossipConfig {
    /// Heartbeat of the mesh: 100 ms to 5 s.
    pub heartbeat: Duration,
    /// The same bytes on a topic are not sent or delivered again within this time.
    pub repeat_after: Duration,
    /// Peers on one IP address before colocation costs score; loopback is exempt.
    pub max_peers_per_ip: u32,
}

/// What one peer may send or ask, per second (twice that in a burst).
#[derive(Debug, Clone)]
pub struct RateConfig {
    /// Gossip messages. A neighbour relays the whole network's messages, so this bounds them all.
    pub gossip_messages: u32,
    /// Gossip bytes.
    pub gossip_bytes: u32,
    /// Sync requests.
    pub sync_requests: u32,
    /// Blob chunks.
    pub blob_chunks: u32,
}

impl NetworkConfig {
    /// Defaults: any free TCP and QUIC port on all interfaces, no bootstrap peers, no blobs.
    #[must_use]
    pub fn new(network_id: [u8; 32], key: TransportKey) -> Self {
        let listen = ["/ip4/0.0.0.0/tcp/0", "/ip4/0.0.0.0/udp/0/quic-v1"]
            .iter()
            .filter_map(|address| address.parse().ok())
            .collect();
        Self {
            network_id,
            key,
            listen,
            external: Vec::new(),
            bootstrap: Vec::new(),
            agent: concat!("assay/", env!("CARGO_PKG_VERSION")).to_owned(),
            identity: Vec::new(),
            blobs: Arc::new(NoBlobs),
            max_blob_bytes: limits::DEFAULT_MAX_BLOB_BYTES,
            max_peers: limits::DEFAULT_MAX_PEERS,
            ban: limits::DEFAULT_BAN,
            event_queue: limits::DEFAULT_EVENT_QUEUE,
            gossip: GossipConfig::default(),
            rates: RateConfig::default(),
        }
    }

    pub(crate) fn check(&self) -> Result<(), StartError> {
        let setting = |setting, reason| Err(StartError::Setting { setting, reason });
        if self.max_blob_bytes == 0 || self.max_blob_bytes > limits::MAX_BLOB_BYTES {
            return setting(
                "max_blob_bytes",
                format!(
                    "expected 1 to {}, found {}",
                    limits::MAX_BLOB_BYTES,
                    self.max_blob_bytes
                ),
            );
        }
        if self.max_peers == 0 {
            return setting("max_peers", "expected at least 1, found 0".to_owned());
        }
        if self.ban < Duration::from_secs(1) {
            return setting(
                "ban",
                format!("expected at least 1 s, found {:?}", self.ban),
            );
        }
        if self.event_queue < 16 {
            return setting(
                "event_queue",
                format!("expected at least 16, found {}", self.event_queue),
            );
        }
        if self.identity.len() > limits::MAX_IDENTITY_BYTES {
            return setting(
                "identity",
                format!(
                    "expected at most {} bytes, found {}",
                    limits::MAX_IDENTITY_BYTES,
                    self.identity.len()
                ),
            );
        }
        let heartbeat = self.gossip.heartbeat;
        if heartbeat < Duration::from_millis(100) || heartbeat > Duration::from_secs(5) {
            return setting(
                "gossip.heartbeat",
                format!("expected 100 ms to 5 s, found {heartbeat:?}"),
            );
        }
        // A message still in a neighbour's cache must not count as new.
        let heartbeats = u32::try_from(limits::GOSSIP_HISTORY_HEARTBEATS).unwrap_or(u32::MAX);
        let repeat_after = self.gossip.repeat_after;
        if repeat_after < heartbeat * heartbeats {
            return setting(
                "gossip.repeat_after",
                format!("expected at least {heartbeats} heartbeats, found {repeat_after:?}"),
            );
        }
        Ok(())
    }
}

impl Default for GossipConfig {
    fn default() -> Self {
        Self {
            heartbeat: Duration::from_millis(300),
            repeat_after: Duration::from_secs(10),
            max_peers_per_ip: 10,
        }
    }
}

impl Default for RateConfig {
    fn default() -> Self {
        Self {
            gossip_messages: 2_000,
            gossip_bytes: 4 * 1024 * 1024,
            sync_requests: 100,
            blob_chunks: 1_000,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_out_of_range_are_named() {
        type Fault = fn(&mut NetworkConfig);
        let faults: [(&str, Fault); 7] = [
            ("max_blob_bytes", |config| config.max_blob_bytes = 0),
            ("max_blob_bytes", |config| {
                config.max_blob_bytes = limits::MAX_BLOB_BYTES + 1
            }),
            ("max_peers", |config| config.max_peers = 0),
            ("ban", |config| config.ban = Duration::ZERO),
            ("event_queue", |config| config.event_queue = 15),
            ("gossip.heartbeat", |config| {
                config.gossip.heartbeat = Duration::ZERO
            }),
            ("gossip.repeat_after", |config| {
                config.gossip.repeat_after = Duration::from_secs(1)
            }),
        ];
        let good = NetworkConfig::new([0; 32], TransportKey::from_secret([1; 32]));
        good.check().unwrap();
        assert_eq!(good.listen.len(), 2);
        for (name, fault) in faults {
            let mut config = good.clone();
            fault(&mut config);
            let error = config.check().unwrap_err();
            assert!(
                matches!(error, StartError::Setting { setting, .. } if setting == name),
                "{name}: {error}"
            );
        }
    }
}
