//! Errors, one enum for each thing a caller can ask for.

use std::{io, path::PathBuf};

use libp2p::{Multiaddr, PeerId};

/// The network task has ended (shut down, or its last handle dropped).
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the network has been shut down")]
pub struct Closed;

/// Why the network could not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// An address could not be listened on.
    #[error("cannot listen on {address}: {reason}")]
    Listen {
        /// The address as configured.
        address: Multiaddr,
        /// What the transport said.
        reason: String,
    },
    /// The listeners did not report their addresses in time.
    #[error("listeners reported no address within {seconds} s")]
    ListenDeadline {
        /// Seconds waited.
        seconds: u64,
    },
    /// A setting is out of its range or the stack refused it.
    #[error("network setting {setting}: {reason}")]
    Setting {
        /// Name of the setting.
        setting: &'static str,
        /// What was expected and what came.
        reason: String,
    },
}

/// Why a message was not published.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PublishError {
    /// The message is over the topic's limit.
    #[error("message of {size_bytes} bytes on topic {topic}, at most {max_bytes} allowed")]
    TooLarge {
        /// The topic's name.
        topic: &'static str,
        /// Size of the message.
        size_bytes: usize,
        /// Limit of the topic.
        max_bytes: usize,
    },
    /// No connected peer listens to the topic; nothing is remembered, try again later.
    #[error("no connected peer is subscribed to topic {topic}")]
    NoPeers {
        /// The topic's name.
        topic: &'static str,
    },
    /// The queues of all peers are full.
    #[error("send queues of all peers are full")]
    QueuesFull,
    /// Signing or encoding failed.
    #[error("message could not be prepared: {0}")]
    Prepare(String),
    /// The network is gone.
    #[error(transparent)]
    Closed(#[from] Closed),
}

/// Why a request got no answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RequestError {
    /// The request is over its limit.
    #[error("request of {size_bytes} bytes, at most {max_bytes} allowed")]
    TooLarge {
        /// Size of the request.
        size_bytes: usize,
        /// Limit.
        max_bytes: usize,
    },
    /// No connection to that peer.
    #[error("peer {0} is not connected")]
    NotConnected(PeerId),
    /// The connection was lost before the answer came.
    #[error("connection to {0} closed before it answered")]
    Disconnected(PeerId),
    /// No answer before the deadline.
    #[error("peer {0} did not answer in time")]
    Timeout(PeerId),
    /// The peer is over its limits, or we are over our rate at that peer.
    #[error("peer {0} is busy")]
    Busy(PeerId),
    /// The peer's node declined to answer.
    #[error("peer {0} refused to answer")]
    Refused(PeerId),
    /// The peer does not speak the protocol.
    #[error("peer {0} does not speak this protocol")]
    Unsupported(PeerId),
    /// The peer broke the protocol or the stream failed.
    #[error("exchange with {peer} failed: {reason}")]
    Failed {
        /// The peer asked.
        peer: PeerId,
        /// What happened.
        reason: String,
    },
    /// Too many requests of our own are waiting.
    #[error("{pending} requests are already waiting for answers")]
    Overloaded {
        /// Requests waiting.
        pending: usize,
    },
    /// The network is gone.
    #[error(transparent)]
    Closed(#[from] Closed),
}

/// Why a blob could not be had.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BlobError {
    /// Nobody is connected.
    #[error("no peer to ask for the blob")]
    NoPeers,
    /// All peers asked say that they do not have it.
    #[error("none of {asked} peers has the blob")]
    NotFound {
        /// Peers asked.
        asked: usize,
    },
    /// The only offers are larger than the caller allows.
    #[error("blob is offered with {offered_bytes} bytes, at most {max_bytes} allowed")]
    TooLarge {
        /// Size the peer claims.
        offered_bytes: u64,
        /// Limit of the caller or configuration.
        max_bytes: u64,
    },
    /// Peers failed, were too slow, or served bytes with another hash.
    #[error(
        "none of {asked} peers delivered the blob ({corrupt} served corrupt data); last: {last}"
    )]
    Unavailable {
        /// Peers asked.
        asked: usize,
        /// Peers that served bytes with another hash or against the protocol.
        corrupt: usize,
        /// The last failure.
        last: String,
    },
    /// The network is gone.
    #[error(transparent)]
    Closed(#[from] Closed),
}

/// Why a transport key could not be loaded or created.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    /// Reading or writing failed.
    #[error("transport key {path}: {source}")]
    Io {
        /// The key file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The file is not an ed25519 key.
    #[error("transport key {path}: expected 64 hex digits of an ed25519 secret, found {found}")]
    Malformed {
        /// The key file.
        path: PathBuf,
        /// What was found instead (never the content).
        found: String,
    },
    /// Others could read the file.
    #[error("transport key {path}: mode {mode:o} lets others read it, expected 600")]
    Exposed {
        /// The key file.
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
    },
}
