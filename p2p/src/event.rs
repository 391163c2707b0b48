//! What the network tells the node, and what the node answers with.

use std::time::Duration;

use libp2p::{Multiaddr, PeerId, gossipsub::MessageId};
use tokio::{sync::oneshot, time::Instant};

use crate::topic::Topic;

/// Something that happened on the network.
#[derive(Debug)]
pub enum NetworkEvent {
    /// A gossip message arrived and waits for a verdict.
    Gossip {
        /// Its topic.
        topic: Topic,
        /// Its payload, within the topic's size.
        data: Vec<u8>,
        /// To be given to [`crate::NetworkHandle::report`] within a few seconds.
        id: MessageHandle,
        /// The neighbour that sent it, not necessarily its author.
        from: PeerId,
    },
    /// A peer asks something over the sync protocol.
    Request {
        /// Who asks.
        peer: PeerId,
        /// The request, at most [`crate::limits::MAX_SYNC_REQUEST_BYTES`].
        data: Vec<u8>,
        /// Answers it; dropping it refuses.
        reply: ReplyHandle,
    },
    /// A peer of this network is connected and can be published to.
    PeerConnected {
        /// The peer.
        peer: PeerId,
    },
    /// The last connection to an announced peer is gone.
    PeerDisconnected {
        /// The peer.
        peer: PeerId,
    },
    /// A peer sent its identity statement (new, or changed). Always between its `PeerConnected`
    /// and `PeerDisconnected`. Nothing about it is verified.
    PeerIdentity {
        /// The peer; the node checks that the statement names this very id.
        peer: PeerId,
        /// The statement, at most [`crate::limits::MAX_IDENTITY_BYTES`].
        statement: Vec<u8>,
    },
    /// A peer was cut off.
    PeerBanned {
        /// The peer.
        peer: PeerId,
        /// Why.
        reason: BanReason,
        /// For how long.
        duration: Duration,
    },
}

/// Why a peer was cut off.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BanReason {
    /// The node asked for it.
    Requested,
    /// Its score fell under the graylist threshold.
    Score,
    /// It belongs to another network, or speaks no Assay at all.
    WrongNetwork,
}

/// Names a gossip message that waits for its verdict.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MessageHandle {
    pub(crate) message: MessageId,
    pub(crate) from: PeerId,
    pub(crate) topic: Topic,
}

/// The node's judgement of a gossip message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// Valid: forward it.
    Accept,
    /// Not to be forwarded, and nobody's fault (old, already known, cannot be judged now).
    Ignore,
    /// Invalid for every honest node: do not forward, and lower the score of who sent it.
    Reject,
}

/// What became of a publication.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Published {
    /// Sent to the peers of the topic.
    Sent,
    /// The same bytes were sent or received on this topic a moment ago: nothing sent.
    AlreadyKnown,
}

/// Answers one sync request. Dropping it refuses the request.
#[derive(Debug)]
pub struct ReplyHandle(pub(crate) oneshot::Sender<Vec<u8>>);

impl ReplyHandle {
    /// Sends the answer, at most [`crate::limits::MAX_SYNC_RESPONSE_BYTES`] (a longer one is sent
    /// as a refusal). Returns false when the asker is gone already.
    pub fn send(self, data: Vec<u8>) -> bool {
        self.0.send(data).is_ok()
    }
}

/// A connected peer of this network.
#[derive(Debug, Clone)]
pub struct PeerInfo {
    /// The peer.
    pub peer_id: PeerId,
    /// Addresses it says it listens on, and the one it is connected from.
    pub addresses: Vec<Multiaddr>,
    /// Start of its first connection.
    pub connected_since: Instant,
    /// Gossipsub score: 0 is neutral, negative is bad.
    pub score: f64,
    /// Its agent string, shortened.
    pub agent: String,
    /// Its identity statement, if it sent one.
    pub identity: Option<Vec<u8>>,
}
