//! The task that owns the swarm: swarm events and commands in, events and replies out.
//!
//! It never waits for the node: replies are one-shot, the event queue is tried, not awaited.

mod connections;
mod events;
mod gossip;
mod requests;

use std::{
    collections::{BTreeMap, HashSet},
    sync::Arc,
    time::Duration,
};

use futures::{StreamExt, stream::FuturesUnordered};
use libp2p::{Multiaddr, PeerId, Swarm, core::transport::ListenerId, swarm::SwarmEvent};
use tokio::{
    sync::{mpsc, oneshot, watch},
    time::{self, Instant, MissedTickBehavior},
};

pub(crate) use self::events::EventSink;
use self::requests::Requests;
use crate::{
    behaviour::{Behaviour, BehaviourEvent},
    blob::BlobSource,
    config::NetworkConfig,
    dial::Dialer,
    error::{PublishError, RequestError},
    event::{BanReason, MessageHandle, PeerInfo, Published, Verdict},
    limits,
    metrics::Metrics,
    peers::Peers,
    rate::Bucket,
    topic::Topic,
    wire::{BlobPart, BlobRequest, Response},
};

/// What a handle asks of the task.
pub(crate) enum Command {
    Publish {
        topic: Topic,
        data: Vec<u8>,
        reply: oneshot::Sender<Result<Published, PublishError>>,
    },
    Report {
        id: MessageHandle,
        verdict: Verdict,
    },
    Request {
        peer: PeerId,
        data: Vec<u8>,
        reply: SyncReply,
    },
    BlobChunk {
        peer: PeerId,
        request: BlobRequest,
        reply: BlobReply,
    },
    BlobPeers {
        reply: oneshot::Sender<Vec<PeerId>>,
    },
    CorruptBlob {
        peer: PeerId,
    },
    SetIdentity {
        statement: Vec<u8>,
    },
    Peers {
        reply: oneshot::Sender<Vec<PeerInfo>>,
    },
    Ban {
        peer: PeerId,
        duration: Duration,
    },
    AddBootstrap {
        address: Multiaddr,
    },
    SetAnnounced {
        addresses: Vec<Multiaddr>,
    },
    Shutdown,
}

pub(crate) type SyncReply = oneshot::Sender<Result<Vec<u8>, RequestError>>;
pub(crate) type BlobReply = oneshot::Sender<Result<Response<BlobPart>, RequestError>>;

pub(crate) struct Driver {
    swarm: Swarm<Behaviour>,
    commands: mpsc::Receiver<Command>,
    events: EventSink,
    network_hex: String,
    peers: Peers,
    dialer: Dialer,
    requests: Requests,
    blobs: Arc<dyn BlobSource>,
    identity: Vec<u8>,
    bans: BTreeMap<PeerId, Instant>,
    ban: Duration,
    max_peers: u32,
    max_blob_bytes: u64,
    gossip_messages: Bucket,
    gossip_bytes: Bucket,
    metrics: Arc<Metrics>,
    listening: watch::Sender<Vec<Multiaddr>>,
    unready: HashSet<ListenerId>,
    ready: Option<oneshot::Sender<()>>,
}

/// The ends of the channels that the task holds.
pub(crate) struct Ends {
    pub(crate) commands: mpsc::Receiver<Command>,
    pub(crate) events: EventSink,
    pub(crate) listening: watch::Sender<Vec<Multiaddr>>,
    pub(crate) ready: oneshot::Sender<()>,
    pub(crate) metrics: Arc<Metrics>,
}

impl Driver {
    pub(crate) fn new(
        config: NetworkConfig,
        network_hex: String,
        swarm: Swarm<Behaviour>,
        listeners: HashSet<ListenerId>,
        ends: Ends,
    ) -> Self {
        let now = Instant::now();
        let dialer = Dialer::new(*swarm.local_peer_id(), &config.bootstrap, now);
        let mut driver = Self {
            swarm,
            commands: ends.commands,
            events: ends.events,
            network_hex,
            peers: Peers::new(config.rates),
            dialer,
            requests: Requests::default(),
            blobs: config.blobs,
            identity: config.identity,
            bans: BTreeMap::new(),
            ban: config.ban,
            max_peers: config.max_peers,
            max_blob_bytes: config.max_blob_bytes,
            gossip_messages: Bucket::new(limits::GOSSIP_TOTAL_MESSAGES_PER_SECOND, now),
            gossip_bytes: Bucket::new(limits::GOSSIP_TOTAL_BYTES_PER_SECOND, now),
            metrics: ends.metrics,
            listening: ends.listening,
            unready: listeners,
            ready: Some(ends.ready),
        };
        driver.listener_ready(None);
        driver
    }

    /// Runs until told to shut down or until the last handle is gone.
    pub(crate) async fn run(mut self) {
        let mut tick = time::interval(limits::TICK);
        tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut score_tick = time::interval(limits::SCORE_TICK);
        score_tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                event = self.swarm.select_next_some() => self.swarm_event(event),
                command = self.commands.recv() => match command {
                    None | Some(Command::Shutdown) => break,
                    Some(command) => self.command(command),
                },
                Some(answer) = self.requests.answers.next() => self.answer(answer),
                () = self.events.flush(), if self.events.has_deferred() => {}
                _ = tick.tick() => self.tick(),
                _ = score_tick.tick() => self.score_tick(),
            }
        }
        self.shut_down().await;
    }

    fn command(&mut self, command: Command) {
        match command {
            Command::Publish { topic, data, reply } => {
                // A caller that went away does not need its reply; so in all of these.
                let _ = reply.send(self.publish(topic, data));
            }
            Command::Report { id, verdict } => self.report(&id, verdict),
            Command::Request { peer, data, reply } => self.send_sync(peer, data, reply),
            Command::BlobChunk {
                peer,
                request,
                reply,
            } => self.send_blob(peer, request, reply),
            Command::BlobPeers { reply } => {
                let _ = reply.send(self.peers.announced().copied().collect());
            }
            Command::CorruptBlob { peer } => {
                self.penalise(peer, crate::score::PENALTY_CORRUPT_BLOB)
            }
            Command::SetIdentity { statement } => self.set_identity(statement),
            Command::Peers { reply } => {
                let _ = reply.send(self.peer_infos());
            }
            Command::Ban { peer, duration } => self.ban(peer, BanReason::Requested, duration),
            Command::AddBootstrap { address } => self.dialer.add_bootstrap(address, Instant::now()),
            Command::SetAnnounced { addresses } => {
                self.dialer.set_announced(&addresses, Instant::now());
            }
            Command::Shutdown => {}
        }
    }

    fn swarm_event(&mut self, event: SwarmEvent<BehaviourEvent>) {
        match event {
            SwarmEvent::Behaviour(event) => match event {
                BehaviourEvent::Gossip(event) => self.gossip_event(event),
                BehaviourEvent::Identify(event) => self.identify_event(event),
                BehaviourEvent::Ping(event) => self.ping_event(&event),
                BehaviourEvent::Sync(event) => self.sync_event(event),
                BehaviourEvent::Blob(event) => self.blob_event(event),
                BehaviourEvent::Identity(event) => self.identity_event(event),
                BehaviourEvent::Kad(_) => {}
                BehaviourEvent::Bans(never) | BehaviourEvent::Limits(never) => match never {},
            },
            SwarmEvent::ConnectionEstablished {
                peer_id,
                connection_id,
                endpoint,
                ..
            } => {
                self.connected(peer_id, connection_id, &endpoint);
            }
            SwarmEvent::ConnectionClosed {
                peer_id,
                connection_id,
                ..
            } => {
                self.closed(peer_id, connection_id);
            }
            SwarmEvent::OutgoingConnectionError {
                connection_id,
                error,
                ..
            } => {
                self.dial_failed(connection_id, &error);
            }
            SwarmEvent::NewListenAddr {
                listener_id,
                address,
            } => {
                tracing::info!(%address, "listening");
                self.listening
                    .send_modify(|addresses| addresses.push(address));
                self.listener_ready(Some(listener_id));
            }
            SwarmEvent::ExpiredListenAddr { address, .. } => {
                self.listening
                    .send_modify(|addresses| addresses.retain(|known| *known != address));
            }
            SwarmEvent::ListenerClosed {
                addresses, reason, ..
            } => {
                tracing::warn!(?addresses, ?reason, "listener closed");
                self.listening
                    .send_modify(|known| known.retain(|address| !addresses.contains(address)));
            }
            SwarmEvent::ListenerError { error, .. } => tracing::debug!(%error, "listener"),
            SwarmEvent::IncomingConnectionError {
                error,
                send_back_addr,
                ..
            } => {
                tracing::debug!(%error, %send_back_addr, "incoming connection failed");
            }
            _ => {}
        }
    }

    fn listener_ready(&mut self, listener: Option<ListenerId>) {
        if let Some(listener) = listener {
            self.unready.remove(&listener);
        }
        if self.unready.is_empty()
            && let Some(ready) = self.ready.take()
        {
            let _ = ready.send(());
        }
    }

    fn peer_infos(&self) -> Vec<PeerInfo> {
        let gossip = &self.swarm.behaviour().gossip;
        self.peers
            .iter()
            .filter(|(_, peer)| peer.announced)
            .map(|(id, peer)| {
                let connected = peer
                    .connections
                    .iter()
                    .map(|connection| &connection.address);
                let mut addresses = peer.listen.clone();
                for address in connected {
                    if !addresses.contains(address) {
                        addresses.push(address.clone());
                    }
                }
                PeerInfo {
                    peer_id: *id,
                    addresses,
                    connected_since: peer.connected_since,
                    score: gossip.peer_score(id).unwrap_or(0.0),
                    agent: peer.agent.clone(),
                    identity: peer.identity.clone(),
                }
            })
            .collect()
    }

    async fn shut_down(mut self) {
        let connected: Vec<PeerId> = self.swarm.connected_peers().copied().collect();
        for peer in connected {
            // The only error is that the peer is gone already.
            let _ = self.swarm.disconnect_peer_id(peer);
        }
        let answers = std::mem::replace(&mut self.requests.answers, FuturesUnordered::new());
        let closing = async {
            while self
                .swarm
                .network_info()
                .connection_counters()
                .num_established()
                > 0
            {
                self.swarm.select_next_some().await;
            }
            // Reads of the blob store that are under way end by themselves.
            answers.for_each(|_| std::future::ready(())).await;
        };
        if time::timeout(limits::SHUTDOWN_DEADLINE, closing)
            .await
            .is_err()
        {
            tracing::debug!("connections did not close in time");
        }
    }
}
