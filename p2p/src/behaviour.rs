//! The libp2p behaviours of a node and their settings.

use std::{num::NonZeroUsize, time::Duration};

use libp2p::{
    PeerId, StreamProtocol, allow_block_list, connection_limits, gossipsub, identify, kad, ping,
    request_response::{self, ProtocolSupport},
    swarm::NetworkBehaviour,
};
use sha2::{Digest, Sha256};

use crate::{
    codec::FramedCodec, config::NetworkConfig, error::StartError, limits, score, topic::Topic, wire,
};

/// Kademlia's protocol name; networks are told apart by identify.
const KAD_PROTOCOL: StreamProtocol = StreamProtocol::new("/assay/kad/1");

type Filter = gossipsub::MaxCountSubscriptionFilter<gossipsub::WhitelistSubscriptionFilter>;
pub(crate) type Gossipsub = gossipsub::Behaviour<gossipsub::IdentityTransform, Filter>;
pub(crate) type Framed = request_response::Behaviour<FramedCodec>;

/// Everything a connection speaks. Bans and limits come first: they refuse before others allocate.
#[derive(NetworkBehaviour)]
pub(crate) struct Behaviour {
    pub(crate) bans: allow_block_list::Behaviour<allow_block_list::BlockedPeers>,
    limits: connection_limits::Behaviour,
    pub(crate) gossip: Gossipsub,
    identify: identify::Behaviour,
    pub(crate) kad: kad::Behaviour<kad::store::MemoryStore>,
    ping: ping::Behaviour,
    pub(crate) sync: Framed,
    pub(crate) blob: Framed,
    pub(crate) identity: Framed,
}

impl Behaviour {
    pub(crate) fn new(config: &NetworkConfig, network_hex: &str) -> Result<Self, StartError> {
        let keypair = config.key.keypair();
        let local = config.key.peer_id();
        let identify = identify::Config::new(identify_protocol(network_hex), keypair.public())
            .with_agent_version(config.agent.clone())
            .with_push_listen_addr_updates(true)
            .with_cache_size(limits::MAX_KNOWN_PEERS);
        let ping = ping::Config::new()
            .with_interval(limits::PING_INTERVAL)
            .with_timeout(limits::PING_INTERVAL);
        Ok(Self {
            bans: allow_block_list::Behaviour::default(),
            limits: connection_limits::Behaviour::new(connection_limits(config.max_peers)),
            gossip: gossip(config, network_hex)?,
            identify: identify::Behaviour::new(identify),
            kad: kademlia(local),
            ping: ping::Behaviour::new(ping),
            sync: framed(
                "sync",
                network_hex,
                limits::MAX_SYNC_REQUEST_BYTES,
                limits::MAX_SYNC_RESPONSE_BYTES + wire::SYNC_HEADER_BYTES,
                limits::SYNC_DEADLINE,
            )?,
            blob: framed(
                "blob",
                network_hex,
                wire::BLOB_REQUEST_BYTES,
                usize::try_from(limits::BLOB_CHUNK_BYTES).unwrap_or(usize::MAX)
                    + wire::BLOB_HEADER_BYTES,
                limits::BLOB_CHUNK_DEADLINE,
            )?,
            identity: framed(
                "identity",
                network_hex,
                limits::MAX_IDENTITY_BYTES,
                limits::MAX_IDENTITY_BYTES,
                limits::SYNC_DEADLINE,
            )?,
        })
    }
}

/// The identify string; a peer with another one is of another network.
pub(crate) fn identify_protocol(network_hex: &str) -> String {
    format!("/assay/1/{network_hex}")
}

fn connection_limits(max_peers: u32) -> connection_limits::ConnectionLimits {
    // Half of the places stay free for connections of our own choice, against eclipse; both
    // sides may dial at once, so a peer may use two.
    connection_limits::ConnectionLimits::default()
        .with_max_pending_incoming(Some(limits::MAX_PENDING_INCOMING))
        .with_max_pending_outgoing(Some(limits::MAX_PENDING_OUTGOING))
        .with_max_established_per_peer(Some(limits::MAX_CONNECTIONS_PER_PEER))
        .with_max_established_incoming(Some(max_peers))
        .with_max_established_outgoing(Some(max_peers))
        .with_max_established(Some(max_peers.saturating_mul(2)))
}

fn gossip(config: &NetworkConfig, network_hex: &str) -> Result<Gossipsub, StartError> {
    let failed = |reason: String| StartError::Setting {
        setting: "gossip",
        reason,
    };
    let topics = || {
        Topic::ALL
            .into_iter()
            .map(|topic| (topic, topic.ident(network_hex)))
    };

    let mut builder = gossipsub::ConfigBuilder::default();
    builder
        .heartbeat_initial_delay(config.gossip.heartbeat)
        .heartbeat_interval(config.gossip.heartbeat)
        .history_length(limits::GOSSIP_HISTORY_HEARTBEATS)
        .history_gossip(limits::GOSSIP_HISTORY_HEARTBEATS / 2)
        .duplicate_cache_time(config.gossip.repeat_after)
        .validate_messages()
        .validation_mode(gossipsub::ValidationMode::Strict)
        // A neighbour may relay what we published before a restart; that is no offence.
        .allow_self_origin(true)
        .message_id_fn(message_id)
        .max_transmit_size(limits::GOSSIP_FRAME_BYTES)
        .max_publish_messages(100)
        .mesh_n(8)
        .mesh_n_low(5)
        .mesh_n_high(12)
        .mesh_outbound_min(2)
        .flood_publish(true)
        .prune_backoff(Duration::from_secs(10))
        .connection_handler_queue_len(limits::GOSSIP_QUEUE_MESSAGES);
    for (topic, ident) in topics() {
        let frame = topic.max_bytes() + limits::GOSSIP_ENVELOPE_BYTES;
        builder.max_transmit_size_for_topic(frame, ident.hash());
    }
    let settings = builder.build().map_err(|error| failed(error.to_string()))?;

    let filter = gossipsub::MaxCountSubscriptionFilter {
        filter: gossipsub::WhitelistSubscriptionFilter(
            topics().map(|(_, ident)| ident.hash()).collect(),
        ),
        max_subscribed_topics: Topic::ALL.len(),
        max_subscriptions_per_request: Topic::ALL.len() * 2,
    };
    let authenticity = gossipsub::MessageAuthenticity::Signed(config.key.keypair());
    let mut gossip = Gossipsub::new_with_subscription_filter(authenticity, settings, filter)
        .map_err(|error| failed(error.to_owned()))?;
    let hashes = topics().map(|(_, ident)| ident.hash());
    gossip
        .with_peer_score(score::params(&config.gossip, hashes), score::thresholds())
        .map_err(failed)?;
    for (_, ident) in topics() {
        gossip
            .subscribe(&ident)
            .map_err(|error| failed(error.to_string()))?;
    }
    Ok(gossip)
}

/// Same bytes on the same topic, same id: whoever signed the envelope.
fn message_id(message: &gossipsub::Message) -> gossipsub::MessageId {
    let topic = message.topic.as_str().as_bytes();
    let mut hasher = Sha256::new();
    hasher.update(topic.len().to_le_bytes());
    hasher.update(topic);
    hasher.update(&message.data);
    gossipsub::MessageId::new(&hasher.finalize())
}

fn kademlia(local: PeerId) -> kad::Behaviour<kad::store::MemoryStore> {
    let mut config = kad::Config::new(KAD_PROTOCOL);
    config
        // Peers are looked up, records are not kept for anyone.
        .set_record_filtering(kad::StoreInserts::FilterBoth)
        .set_record_ttl(None)
        .set_replication_interval(None)
        .set_publication_interval(None)
        .set_provider_publication_interval(None)
        .set_caching(kad::Caching::Disabled)
        // Only peers whose identify string has been checked get into the table.
        .set_kbucket_inserts(kad::BucketInserts::Manual)
        .set_replication_factor(NonZeroUsize::MIN.saturating_add(19))
        .set_query_timeout(Duration::from_secs(10))
        .set_periodic_bootstrap_interval(Some(limits::DISCOVERY_INTERVAL));
    let store = kad::store::MemoryStore::with_config(
        local,
        kad::store::MemoryStoreConfig {
            max_records: 0,
            max_provided_keys: 0,
            ..Default::default()
        },
    );
    let mut kad = kad::Behaviour::with_config(local, store, config);
    kad.set_mode(Some(kad::Mode::Server));
    kad
}

fn framed(
    name: &'static str,
    network_hex: &str,
    max_request_bytes: usize,
    max_response_bytes: usize,
    deadline: Duration,
) -> Result<Framed, StartError> {
    let protocol = StreamProtocol::try_from_owned(format!("/assay/{name}/1/{network_hex}"))
        .map_err(|error| StartError::Setting {
            setting: name,
            reason: error.to_string(),
        })?;
    let config = request_response::Config::default()
        .with_request_timeout(deadline)
        .with_max_concurrent_streams(limits::MAX_STREAMS_PER_PROTOCOL);
    let codec = FramedCodec {
        max_request_bytes,
        max_response_bytes,
    };
    Ok(Framed::with_codec(
        codec,
        [(protocol, ProtocolSupport::Full)],
        config,
    ))
}
