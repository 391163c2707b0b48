//! What is known about each connected peer, and what it may still ask of us.

use std::collections::BTreeMap;

use libp2p::{Multiaddr, PeerId, swarm::ConnectionId};
use tokio::time::Instant;

use crate::{config::RateConfig, limits, rate::Bucket, score};

/// Left peers whose rates and penalties are remembered.
const MAX_DEPARTED: usize = 256;

#[derive(Debug)]
pub(crate) struct Connection {
    pub(crate) id: ConnectionId,
    pub(crate) since: Instant,
    pub(crate) address: Multiaddr,
    /// Whether we dialled it.
    pub(crate) outbound: bool,
    pub(crate) ping_failures: u32,
}

/// A peer with at least one connection.
#[derive(Debug)]
pub(crate) struct Peer {
    pub(crate) connected_since: Instant,
    pub(crate) connections: Vec<Connection>,
    /// Its identify string is that of this network.
    pub(crate) identified: bool,
    /// It listens to at least one topic.
    pub(crate) subscribed: bool,
    /// It got a fresh connection because it had not subscribed.
    pub(crate) refreshed: bool,
    /// The node has been told about it.
    pub(crate) announced: bool,
    pub(crate) listen: Vec<Multiaddr>,
    pub(crate) agent: String,
    pub(crate) identity: Option<Vec<u8>>,
    /// Requests of this peer being answered.
    pub(crate) sync_inbound: usize,
    pub(crate) blob_inbound: usize,
    pub(crate) penalty: f64,
    pub(crate) rates: Rates,
}

#[derive(Debug)]
pub(crate) struct Rates {
    pub(crate) gossip_messages: Bucket,
    pub(crate) gossip_bytes: Bucket,
    pub(crate) sync: Bucket,
    pub(crate) blob: Bucket,
    pub(crate) identity: Bucket,
}

impl Rates {
    fn new(config: &RateConfig, now: Instant) -> Self {
        Self {
            gossip_messages: Bucket::new(config.gossip_messages, now),
            gossip_bytes: Bucket::new(config.gossip_bytes, now),
            sync: Bucket::new(config.sync_requests, now),
            blob: Bucket::new(config.blob_chunks, now),
            identity: Bucket::new(4, now),
        }
    }
}

#[derive(Debug)]
struct Departed {
    until: Instant,
    refreshed: bool,
    penalty: f64,
    rates: Rates,
}

/// All connected peers.
#[derive(Debug)]
pub(crate) struct Peers {
    rates: RateConfig,
    connected: BTreeMap<PeerId, Peer>,
    /// Reconnecting gives neither a new burst nor forgiveness.
    departed: BTreeMap<PeerId, Departed>,
}

impl Peers {
    pub(crate) const fn new(rates: RateConfig) -> Self {
        Self {
            rates,
            connected: BTreeMap::new(),
            departed: BTreeMap::new(),
        }
    }

    pub(crate) fn get_mut(&mut self, peer: &PeerId) -> Option<&mut Peer> {
        self.connected.get_mut(peer)
    }

    pub(crate) fn contains(&self, peer: &PeerId) -> bool {
        self.connected.contains_key(peer)
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (&PeerId, &Peer)> {
        self.connected.iter()
    }

    pub(crate) fn iter_mut(&mut self) -> impl Iterator<Item = (&PeerId, &mut Peer)> {
        self.connected.iter_mut()
    }

    pub(crate) fn announced(&self) -> impl Iterator<Item = &PeerId> {
        self.connected
            .iter()
            .filter(|(_, peer)| peer.announced)
            .map(|(id, _)| id)
    }

    pub(crate) fn connections(&self) -> usize {
        self.connected
            .values()
            .map(|peer| peer.connections.len())
            .sum()
    }

    /// Adds a connection and returns the peer's state.
    pub(crate) fn connect(&mut self, id: PeerId, connection: Connection) -> &mut Peer {
        let (rates, departed, now) = (&self.rates, &mut self.departed, connection.since);
        let peer = self.connected.entry(id).or_insert_with(|| {
            let (penalty, refreshed, rates) = match departed.remove(&id) {
                Some(left) => (left.penalty, left.refreshed, left.rates),
                None => (0.0, false, Rates::new(rates, now)),
            };
            Peer {
                connected_since: now,
                connections: Vec::new(),
                identified: false,
                subscribed: false,
                refreshed,
                announced: false,
                listen: Vec::new(),
                agent: String::new(),
                identity: None,
                sync_inbound: 0,
                blob_inbound: 0,
                penalty,
                rates,
            }
        });
        peer.connections.push(connection);
        peer
    }

    /// Removes a connection; returns the peer when it was the last.
    pub(crate) fn disconnect(
        &mut self,
        id: PeerId,
        connection: ConnectionId,
        now: Instant,
    ) -> Option<bool> {
        let peer = self.connected.get_mut(&id)?;
        peer.connections.retain(|known| known.id != connection);
        if !peer.connections.is_empty() {
            return None;
        }
        let peer = self.connected.remove(&id)?;
        let announced = peer.announced;
        if self.departed.len() < MAX_DEPARTED {
            let until = now + limits::RETAIN_SCORE;
            let Peer {
                penalty,
                refreshed,
                rates,
                ..
            } = peer;
            self.departed.insert(
                id,
                Departed {
                    until,
                    refreshed,
                    penalty,
                    rates,
                },
            );
        }
        Some(announced)
    }

    /// A second has passed: penalties fade, departed peers are forgotten.
    pub(crate) fn decay(&mut self, now: Instant) {
        for peer in self.connected.values_mut() {
            peer.penalty *= score::PENALTY_DECAY;
        }
        self.departed.retain(|_, left| left.until > now);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reconnecting_neither_forgives_nor_refills() {
        let now = Instant::now();
        let config = RateConfig {
            sync_requests: 1,
            ..RateConfig::default()
        };
        let mut peers = Peers::new(config);
        let id = PeerId::random();
        let connection = |n| Connection {
            id: ConnectionId::new_unchecked(n),
            since: now,
            address: Multiaddr::empty(),
            outbound: false,
            ping_failures: 0,
        };
        let peer = peers.connect(id, connection(1));
        peer.penalty = 30.0;
        assert!(peer.rates.sync.take(2, now));
        assert_eq!(
            peers.disconnect(id, ConnectionId::new_unchecked(1), now),
            Some(false)
        );
        assert!(!peers.contains(&id));

        let peer = peers.connect(id, connection(2));
        assert!(peer.penalty > 29.0);
        assert!(!peer.rates.sync.take(1, now));
    }

    #[test]
    fn departed_peers_are_forgotten_in_time_and_bounded() {
        let now = Instant::now();
        let mut peers = Peers::new(RateConfig::default());
        for n in 0..MAX_DEPARTED + 10 {
            let id = PeerId::random();
            let connection = ConnectionId::new_unchecked(n);
            let address = Multiaddr::empty();
            peers.connect(
                id,
                Connection {
                    id: connection,
                    since: now,
                    address,
                    outbound: true,
                    ping_failures: 0,
                },
            );
            peers.disconnect(id, connection, now);
        }
        assert_eq!(peers.departed.len(), MAX_DEPARTED);
        peers.decay(now + limits::RETAIN_SCORE);
        assert!(peers.departed.is_empty());
    }
}
