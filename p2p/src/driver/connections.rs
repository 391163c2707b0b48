//! Connections: who is there, who is looked for, who is cut off.

use std::time::Duration;

use libp2p::{
    Multiaddr, PeerId,
    core::ConnectedPoint,
    identify,
    multiaddr::Protocol,
    ping,
    swarm::{ConnectionId, DialError, dial_opts::DialOpts},
};
use tokio::time::Instant;

use super::Driver;
use crate::{
    behaviour::identify_protocol,
    event::{BanReason, NetworkEvent},
    limits,
    peers::Connection,
    score,
};

impl Driver {
    pub(super) fn connected(
        &mut self,
        id: PeerId,
        connection: ConnectionId,
        endpoint: &ConnectedPoint,
    ) {
        let now = Instant::now();
        self.dialer.connected(connection, id);
        let outbound = endpoint.is_dialer();
        let address = endpoint.get_remote_address().clone();
        let new = Connection {
            id: connection,
            since: now,
            address,
            outbound,
            ping_failures: 0,
        };
        let peer = self.peers.connect(id, new);
        let lost_before = peer
            .connections
            .iter()
            .filter(|other| other.id != connection)
            .any(|other| {
                other.outbound == outbound
                    || now.duration_since(other.since) > limits::SIMULTANEOUS_DIAL
            });
        self.metrics.connections.set(self.peers.connections());
        if lost_before {
            // Nobody dials a peer it is connected to, except when both sides dial at once. So
            // one side has lost the older connection (it was killed, and QUIC cannot tell).
            // Gossipsub would take the new one for an addition and not repeat its
            // subscriptions: start afresh.
            tracing::debug!(peer = %id, "peer came back before its old connection ended");
            self.disconnect(id);
        }
    }

    pub(super) fn closed(&mut self, id: PeerId, connection: ConnectionId) {
        let now = Instant::now();
        if let Some(announced) = self.peers.disconnect(id, connection, now) {
            self.dialer.disconnected(id, now);
            if announced {
                tracing::debug!(peer = %id, "disconnected");
                self.events
                    .about_peer(NetworkEvent::PeerDisconnected { peer: id });
            }
        }
        self.count_peers();
    }

    pub(super) fn dial_failed(&mut self, connection: ConnectionId, error: &DialError) {
        match error {
            DialError::LocalPeerId { .. } => self.dialer.is_self(connection),
            DialError::WrongPeerId { obtained, .. } => {
                tracing::warn!(%obtained, "another peer answers at a known address");
                self.dialer.failed(connection, Instant::now());
            }
            _ => {
                tracing::debug!(%error, "dial failed");
                self.dialer.failed(connection, Instant::now());
            }
        }
    }

    pub(super) fn identify_event(&mut self, event: identify::Event) {
        let identify::Event::Received {
            peer_id: id, info, ..
        } = event
        else {
            return;
        };
        if info.protocol_version != identify_protocol(&self.network_hex) {
            tracing::info!(peer = %id, "peer of another network");
            self.dialer.forget(&id);
            self.ban(id, BanReason::WrongNetwork, self.ban);
            return;
        }
        let Some(peer) = self.peers.get_mut(&id) else {
            return;
        };
        let local = peer
            .connections
            .iter()
            .any(|connection| is_loopback(&connection.address));
        let listen: Vec<Multiaddr> = info
            .listen_addrs
            .into_iter()
            .filter_map(|address| dialable(address, id, local))
            .take(limits::MAX_ADDRESSES_PER_PEER)
            .collect();
        peer.agent = info
            .agent_version
            .chars()
            .filter(|c| !c.is_control())
            .take(limits::MAX_AGENT_CHARS)
            .collect();
        peer.listen.clone_from(&listen);
        let first = !std::mem::replace(&mut peer.identified, true);

        for address in &listen {
            self.swarm
                .behaviour_mut()
                .kad
                .add_address(&id, address.clone());
        }
        self.dialer.learn(id, &listen, Instant::now());
        if first {
            // Looks for ourselves among the new neighbours; without peers there is no one to ask.
            let _ = self.swarm.behaviour_mut().kad.bootstrap();
        }
        self.announce(id);
    }

    /// Tells the node about a peer once it is identified and can be published to.
    pub(super) fn announce(&mut self, id: PeerId) {
        let Some(peer) = self.peers.get_mut(&id) else {
            return;
        };
        let settled = peer.subscribed || peer.connected_since.elapsed() >= limits::ANNOUNCE_DELAY;
        if peer.announced || !peer.identified || !settled {
            return;
        }
        peer.announced = true;
        tracing::debug!(peer = %id, agent = %peer.agent, "connected");
        let statement = peer.identity.clone();
        self.events
            .about_peer(NetworkEvent::PeerConnected { peer: id });
        if let Some(statement) = statement {
            self.events.about_peer(NetworkEvent::PeerIdentity {
                peer: id,
                statement,
            });
        }
        if !self.identity.is_empty() {
            self.send_identity(id);
        }
        self.count_peers();
    }

    pub(super) fn ping_event(&mut self, event: &ping::Event) {
        let Some(peer) = self.peers.get_mut(&event.peer) else {
            return;
        };
        let Some(connection) = peer
            .connections
            .iter_mut()
            .find(|known| known.id == event.connection)
        else {
            return;
        };
        match &event.result {
            Ok(_) | Err(ping::Failure::Unsupported) => connection.ping_failures = 0,
            Err(error) => {
                connection.ping_failures += 1;
                if connection.ping_failures >= limits::MAX_PING_FAILURES {
                    tracing::debug!(peer = %event.peer, %error, "connection is dead");
                    self.swarm.close_connection(event.connection);
                }
            }
        }
    }

    pub(super) fn tick(&mut self) {
        let now = Instant::now();
        self.bans_ended(now);
        self.dial_due(now);

        let waiting = self.peers.iter().filter(|(_, peer)| !peer.announced);
        let (identified, other): (Vec<_>, Vec<_>) = waiting.partition(|(_, peer)| peer.identified);
        let settled: Vec<PeerId> = identified.into_iter().map(|(id, _)| *id).collect();
        let silent: Vec<PeerId> = other
            .into_iter()
            .filter(|(_, peer)| {
                now.duration_since(peer.connected_since) > limits::IDENTIFY_DEADLINE
            })
            .map(|(id, _)| *id)
            .collect();
        for id in settled {
            self.announce(id);
        }
        self.refresh_unsubscribed(now);
        for id in silent {
            // Not banned: an overloaded machine is silent too.
            tracing::debug!(peer = %id, "did not identify itself");
            self.disconnect(id);
        }
    }

    /// Gossipsub sends its subscriptions once per peer. When a peer restarts before its old
    /// connection has ended at our side, or ours at its, they can be lost: a fresh connection
    /// repeats them. Peers that subscribe to nothing are left alone after one try.
    fn refresh_unsubscribed(&mut self, now: Instant) {
        let mut stale = Vec::new();
        for (id, peer) in self.peers.iter_mut() {
            let overdue = now.duration_since(peer.connected_since) > limits::SUBSCRIBE_DEADLINE;
            if peer.identified && !peer.subscribed && overdue && !peer.refreshed {
                peer.refreshed = true;
                stale.push(*id);
            }
        }
        for id in stale {
            tracing::debug!(peer = %id, "no subscriptions, connecting afresh");
            self.disconnect(id);
        }
    }

    fn dial_due(&mut self, now: Instant) {
        let more =
            self.peers.iter().count() < usize::try_from(self.max_peers / 2).unwrap_or(usize::MAX);
        let (peers, bans, local) = (&self.peers, &self.bans, *self.swarm.local_peer_id());
        let plans = self.dialer.due(now, more, |peer| {
            *peer == local || peers.contains(peer) || bans.contains_key(peer)
        });
        for plan in plans {
            let options = match plan.peer {
                Some(peer) => DialOpts::peer_id(peer)
                    .addresses(plan.addresses.clone())
                    .build(),
                None => match plan.addresses.first() {
                    Some(address) => DialOpts::unknown_peer_id().address(address.clone()).build(),
                    None => continue,
                },
            };
            let connection = options.connection_id();
            self.dialer.started(&plan, connection);
            self.metrics.dials.add(1);
            if let Err(error) = self.swarm.dial(options) {
                tracing::debug!(%error, "not dialled");
                self.dialer.failed(connection, now);
            }
        }
    }

    pub(super) fn score_tick(&mut self) {
        self.peers.decay(Instant::now());
        let gossip = &mut self.swarm.behaviour_mut().gossip;
        for (id, peer) in self.peers.iter_mut() {
            gossip.set_application_score(id, -peer.penalty);
        }
        let bad: Vec<PeerId> = self
            .peers
            .iter()
            .map(|(id, _)| *id)
            .filter(|id| self.is_bad(id))
            .collect();
        for id in bad {
            self.ban(id, BanReason::Score, self.ban);
        }
        self.count_peers();
    }

    /// Lowers a peer's score, and cuts it off when that was too much.
    pub(super) fn penalise(&mut self, id: PeerId, penalty: f64) {
        let Some(peer) = self.peers.get_mut(&id) else {
            return;
        };
        peer.penalty += penalty;
        let score = -peer.penalty;
        self.swarm
            .behaviour_mut()
            .gossip
            .set_application_score(&id, score);
        self.cut_off_if_bad(id);
    }

    pub(super) fn cut_off_if_bad(&mut self, id: PeerId) {
        if self.is_bad(&id) {
            self.ban(id, BanReason::Score, self.ban);
        }
    }

    fn is_bad(&self, id: &PeerId) -> bool {
        self.swarm
            .behaviour()
            .gossip
            .peer_score(id)
            .is_some_and(|score| score < score::GRAYLIST)
    }

    pub(super) fn ban(&mut self, id: PeerId, reason: BanReason, duration: Duration) {
        let until = Instant::now() + duration;
        if self.bans.len() >= limits::MAX_BANS
            && !self.bans.contains_key(&id)
            && let Some(first) = self
                .bans
                .iter()
                .min_by_key(|(_, until)| **until)
                .map(|(id, _)| *id)
        {
            self.unban(first);
        }
        let known = self.bans.insert(id, until).is_some();
        let behaviour = self.swarm.behaviour_mut();
        behaviour.bans.block_peer(id);
        behaviour.kad.remove_peer(&id);
        if !known {
            tracing::info!(peer = %id, ?reason, ?duration, "banned");
            self.metrics.bans.add(1);
            self.events.about_peer(NetworkEvent::PeerBanned {
                peer: id,
                reason,
                duration,
            });
        }
    }

    fn bans_ended(&mut self, now: Instant) {
        let ended: Vec<PeerId> = self
            .bans
            .iter()
            .filter(|(_, until)| **until <= now)
            .map(|(id, _)| *id)
            .collect();
        for id in ended {
            self.unban(id);
        }
    }

    fn unban(&mut self, id: PeerId) {
        self.bans.remove(&id);
        self.swarm.behaviour_mut().bans.unblock_peer(id);
    }

    fn disconnect(&mut self, id: PeerId) {
        // The only error is that the peer is gone already.
        let _ = self.swarm.disconnect_peer_id(id);
    }

    fn count_peers(&self) {
        self.metrics.peers.set(self.peers.announced().count());
        self.metrics.connections.set(self.peers.connections());
    }
}

/// An address others may dial: TCP or QUIC on an IP address, loopback only among neighbours on
/// this machine, and not claimed for another peer.
fn dialable(mut address: Multiaddr, id: PeerId, local: bool) -> Option<Multiaddr> {
    if let Some(Protocol::P2p(named)) = address.iter().last() {
        if named != id {
            return None;
        }
        address.pop();
    }
    let mut parts = address.iter();
    let on_ip = match parts.next()? {
        Protocol::Ip4(ip) => {
            !ip.is_unspecified() && !ip.is_multicast() && (local || !ip.is_loopback())
        }
        Protocol::Ip6(ip) => {
            !ip.is_unspecified() && !ip.is_multicast() && (local || !ip.is_loopback())
        }
        _ => false,
    };
    let transport = match (parts.next()?, parts.next()) {
        (Protocol::Tcp(_), None) => true,
        (Protocol::Udp(_), Some(Protocol::QuicV1)) => parts.next().is_none(),
        _ => false,
    };
    (on_ip && transport).then_some(address)
}

fn is_loopback(address: &Multiaddr) -> bool {
    match address.iter().next() {
        Some(Protocol::Ip4(ip)) => ip.is_loopback(),
        Some(Protocol::Ip6(ip)) => ip.is_loopback(),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_plain_addresses_of_the_peer_itself_are_dialled() {
        let (id, other) = (PeerId::random(), PeerId::random());
        let check = |text: String, local| dialable(text.parse().unwrap(), id, local).is_some();
        assert!(check("/ip4/10.0.0.1/tcp/1".into(), false));
        assert!(check(format!("/ip4/10.0.0.1/tcp/1/p2p/{id}"), false));
        assert!(!check(format!("/ip4/10.0.0.1/tcp/1/p2p/{other}"), false));
        assert!(check("/ip6/2001:db8::1/udp/1/quic-v1".into(), false));
        assert!(!check("/ip4/10.0.0.1/udp/1".into(), false));
        assert!(!check("/ip4/10.0.0.1/tcp/1/ws".into(), false));
        assert!(!check("/dns4/example.org/tcp/1".into(), false));
        assert!(!check("/ip4/0.0.0.0/tcp/1".into(), true));
        assert!(!check("/ip4/127.0.0.1/tcp/1".into(), false));
        assert!(check("/ip4/127.0.0.1/tcp/1".into(), true));
        assert!(!check("/ip6/::1/udp/1/quic-v1".into(), false));
    }
}
