//! Every bound of the network, with its unit and its reason.

use std::time::Duration;

/// Largest gossip payload, bytes: anything bigger travels as a blob.
pub const MAX_GOSSIP_BYTES: usize = 64 * 1024;

/// Room for author, signature, sequence number and topic around a gossip payload, bytes.
pub const GOSSIP_ENVELOPE_BYTES: usize = 1024;

/// Limit given to gossipsub, bytes. It counts its whole read buffer, which may already hold the
/// first 8 KiB of the next frame, so the limit exceeds payload plus envelope by that much.
pub const GOSSIP_FRAME_BYTES: usize = MAX_GOSSIP_BYTES + GOSSIP_ENVELOPE_BYTES + 8 * 1024;

/// Messages a peer may be behind before its queue drops new ones.
pub const GOSSIP_QUEUE_MESSAGES: usize = 1024;

/// Heartbeats a message stays available for a verdict and for peers that ask for it.
pub const GOSSIP_HISTORY_HEARTBEATS: usize = 15;

/// Gossip messages from all peers together, per second: bounds what the cache holds.
pub const GOSSIP_TOTAL_MESSAGES_PER_SECOND: u32 = 8_000;

/// Gossip bytes from all peers together, per second: 64 MiB of cache at fifteen heartbeats.
pub const GOSSIP_TOTAL_BYTES_PER_SECOND: u32 = 16 * 1024 * 1024;

/// Largest sync request, bytes: a request names things, it does not carry them.
pub const MAX_SYNC_REQUEST_BYTES: usize = 64 * 1024;

/// Largest sync response, bytes: a batch of blocks with certificates.
pub const MAX_SYNC_RESPONSE_BYTES: usize = 4 * 1024 * 1024;

/// Time for a whole sync exchange; also the time the node has to answer one.
pub const SYNC_DEADLINE: Duration = Duration::from_secs(10);

/// Pauses before asking again a peer that said it is busy; after the last one it is an error.
pub const SYNC_BUSY_PAUSES: [Duration; 3] = [
    Duration::from_millis(100),
    Duration::from_millis(250),
    Duration::from_millis(500),
];

/// Sync requests being answered for one peer (each may hold a full response).
pub const MAX_SYNC_INBOUND_PER_PEER: usize = 8;

/// Sync requests being answered for all peers: 256 MiB of responses at the very worst.
pub const MAX_SYNC_INBOUND: usize = 64;

/// Bytes of a blob moved by one request.
pub const BLOB_CHUNK_BYTES: u32 = 256 * 1024;

/// Default for the largest blob fetched or served, bytes.
pub const DEFAULT_MAX_BLOB_BYTES: u64 = 2 * 1024 * 1024;

/// No configuration may exceed this blob size, bytes (WASM modules are the largest blobs).
pub const MAX_BLOB_BYTES: u64 = 8 * 1024 * 1024;

/// Time for one chunk.
pub const BLOB_CHUNK_DEADLINE: Duration = Duration::from_secs(5);

/// Time one peer has to deliver a whole blob.
pub const BLOB_PEER_DEADLINE: Duration = Duration::from_secs(20);

/// A second peer is asked in parallel when the first has not delivered within this time.
pub const BLOB_HEDGE_DELAY: Duration = Duration::from_millis(750);

/// Chunks asked for ahead of the one being verified, per download.
pub const BLOB_WINDOW_CHUNKS: usize = 4;

/// Downloads of the same blob at the same time.
pub const BLOB_PARALLEL_PEERS: usize = 2;

/// Peers asked for one blob before giving up.
pub const MAX_BLOB_PEERS_ASKED: usize = 16;

/// Blobs fetched at the same time; further callers wait.
pub const MAX_CONCURRENT_FETCHES: usize = 8;

/// Pause before asking a busy peer for the same chunk again.
pub const BLOB_BUSY_PAUSE: Duration = Duration::from_millis(50);

/// Chunks being read or sent for one peer.
pub const MAX_BLOB_INBOUND_PER_PEER: usize = 64;

/// Chunks being read or sent for all peers: 64 MiB.
pub const MAX_BLOB_INBOUND: usize = 256;

/// Largest identity statement, bytes: two keys, a signature and some room.
pub const MAX_IDENTITY_BYTES: usize = 4 * 1024;

/// Requests of our own waiting for an answer, all protocols and peers.
pub const MAX_OUTBOUND_REQUESTS: usize = 512;

/// Streams of one request-response protocol on one connection.
pub const MAX_STREAMS_PER_PROTOCOL: usize = 128;

/// Yamux streams on one connection.
pub const MAX_YAMUX_STREAMS: usize = 512;

/// Connections to one peer: one per direction and transport.
pub const MAX_CONNECTIONS_PER_PEER: u32 = 4;

/// Connections being set up by others.
pub const MAX_PENDING_INCOMING: u32 = 64;

/// Connections being set up by us.
pub const MAX_PENDING_OUTGOING: u32 = 64;

/// Default number of peers.
pub const DEFAULT_MAX_PEERS: u32 = 64;

/// Commands waiting for the network task.
pub const COMMAND_QUEUE: usize = 1024;

/// Default number of events waiting for the node.
pub const DEFAULT_EVENT_QUEUE: usize = 1024;

/// Events about peers kept while the event queue is full.
pub const MAX_DEFERRED_EVENTS: usize = 1024;

/// Addresses remembered for one peer.
pub const MAX_ADDRESSES_PER_PEER: usize = 8;

/// Characters of a peer's agent string that are kept.
pub const MAX_AGENT_CHARS: usize = 64;

/// Peers remembered for dialling beside the bootstrap list.
pub const MAX_KNOWN_PEERS: usize = 256;

/// Bans remembered; the one that ends first makes room.
pub const MAX_BANS: usize = 1024;

/// Default length of an automatic ban.
pub const DEFAULT_BAN: Duration = Duration::from_secs(60);

/// Scores of peers that left are kept this long: shorter than a ban, after which they start anew.
pub const RETAIN_SCORE: Duration = Duration::from_secs(45);

/// First pause before dialling again.
pub const REDIAL_MIN: Duration = Duration::from_millis(200);

/// Longest pause between dials of a bootstrap peer: a restarted one is found within it.
pub const REDIAL_BOOTSTRAP_MAX: Duration = Duration::from_secs(1);

/// Longest pause between dials of other known peers.
pub const REDIAL_KNOWN_MAX: Duration = Duration::from_secs(30);

/// Longest pause between dials of an address that stands in a public list: it may be anybody's.
pub const REDIAL_ANNOUNCED_MAX: Duration = Duration::from_secs(300);

/// A known peer that cannot be reached for this many dials is forgotten.
pub const REDIAL_KNOWN_ATTEMPTS: u32 = 40;

/// Beat of the network task's own housekeeping.
pub const TICK: Duration = Duration::from_millis(100);

/// Beat of score decay and of the search for peers to cut off.
pub const SCORE_TICK: Duration = Duration::from_secs(1);

/// A connected peer that has not identified itself in this time is dropped.
pub const IDENTIFY_DEADLINE: Duration = Duration::from_secs(10);

/// A peer that subscribes to nothing is announced to the node after this time.
pub const ANNOUNCE_DELAY: Duration = Duration::from_secs(1);

/// A peer that should be subscribed by now and is not gets a fresh connection, once.
pub const SUBSCRIBE_DEADLINE: Duration = Duration::from_secs(3);

/// Connections in both directions made within this time are a simultaneous dial; a later one
/// means that the other side lost the first.
pub const SIMULTANEOUS_DIAL: Duration = Duration::from_secs(2);

/// Interval of pings on every connection.
pub const PING_INTERVAL: Duration = Duration::from_secs(5);

/// Pings that may fail in sequence before a connection is closed.
pub const MAX_PING_FAILURES: u32 = 2;

/// Silence after which a QUIC connection is dead; four keep-alives fit in. Short, because a killed
/// peer that came back cannot tell us over QUIC, and is not dialled before this has passed.
pub const QUIC_IDLE: Duration = Duration::from_secs(2);

/// Interval of kademlia's search for new peers.
pub const DISCOVERY_INTERVAL: Duration = Duration::from_secs(30);

/// Time for listeners to report their addresses at start.
pub const LISTEN_DEADLINE: Duration = Duration::from_secs(5);

/// Time for connections to close at shutdown.
pub const SHUTDOWN_DEADLINE: Duration = Duration::from_secs(1);

const _: () = assert!(RETAIN_SCORE.as_secs() < DEFAULT_BAN.as_secs());
const _: () = assert!(DEFAULT_MAX_BLOB_BYTES <= MAX_BLOB_BYTES);
const _: () = assert!(
    MAX_CONCURRENT_FETCHES * BLOB_PARALLEL_PEERS * BLOB_WINDOW_CHUNKS <= MAX_OUTBOUND_REQUESTS
);
const _: () = assert!(MAX_CONCURRENT_FETCHES * BLOB_WINDOW_CHUNKS <= MAX_BLOB_INBOUND_PER_PEER);
