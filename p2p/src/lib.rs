//! The peer-to-peer network of an Assay node.
//!
//! One tokio task owns a libp2p swarm (TCP and QUIC, noise, yamux, gossipsub, identify, kademlia,
//! ping, request-response) and talks to the node through a [`NetworkHandle`] and a bounded stream
//! of [`NetworkEvent`]s.
//!
//! # Design decisions
//! * Everything carried is opaque bytes. What a message means, and whether it is valid, is the
//!   node's business: it answers each [`NetworkEvent::Gossip`] with a [`Verdict`], and only
//!   accepted messages are forwarded.
//! * The network id is part of every topic and protocol string (except kademlia's) and of the
//!   identify string, so nodes of different networks cannot mix: they part after identify.
//! * The event stream is bounded. When the node is slow, gossip is dropped and counted; events
//!   about peers are kept.
//! * Blobs are addressed by SHA-256 and verified before they are returned; a peer that serves
//!   other bytes loses score.
//! * Peers lose score for rejected messages, floods and corrupt blobs, and are banned for a while
//!   when the score falls under gossipsub's graylist threshold.
//!
//! # What it deliberately does not do
//! It knows no votes, stakes, hotkeys or blocks, verifies no statement of identity (it only
//! carries them), stores nothing but the transport key, and resolves no DNS names.

mod behaviour;
pub mod blob;
mod codec;
mod config;
mod dial;
mod driver;
mod error;
mod event;
mod handle;
pub mod limits;
mod metrics;
mod network;
mod peers;
mod rate;
mod score;
mod topic;
pub mod transport_key;
mod wire;

pub use blob::{BlobChunk, BlobSource, NoBlobs};
pub use config::{GossipConfig, NetworkConfig, RateConfig};
pub use error::{BlobError, Closed, KeyError, PublishError, RequestError, StartError};
pub use event::{
    BanReason, MessageHandle, NetworkEvent, PeerInfo, Published, ReplyHandle, Verdict,
};
pub use handle::NetworkHandle;
pub use libp2p::multiaddr::Protocol;
pub use libp2p::{Multiaddr, PeerId};
pub use metrics::{MetricsSnapshot, TopicMetrics};
pub use network::Network;
pub use topic::Topic;
pub use transport_key::TransportKey;
