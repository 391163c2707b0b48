//! The node's side of the network task.

use std::{
    fmt,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use libp2p::{Multiaddr, PeerId, multiaddr::Protocol};
use sha2::{Digest, Sha256};
use tokio::{
    sync::{Semaphore, mpsc, oneshot, watch},
    task::JoinHandle,
    time,
};

use crate::{
    blob::fetch::{self, ChunkSource},
    driver::Command,
    error::{BlobError, Closed, PublishError, RequestError},
    event::{MessageHandle, PeerInfo, Published, Verdict},
    limits,
    metrics::{Metrics, MetricsSnapshot},
    topic::Topic,
    wire::{BlobPart, BlobRequest, Response},
};

/// Speaks to the network task. Cheap to clone; when the last clone is dropped the task ends.
///
/// Every call waits for room in a bounded command queue; the task never waits for the node, so
/// calling from the loop that reads events cannot deadlock.
#[derive(Clone)]
pub struct NetworkHandle(pub(crate) Arc<Inner>);

pub(crate) struct Inner {
    pub(crate) local: PeerId,
    pub(crate) commands: mpsc::Sender<Command>,
    pub(crate) listening: watch::Receiver<Vec<Multiaddr>>,
    pub(crate) metrics: Arc<Metrics>,
    pub(crate) fetches: Semaphore,
    pub(crate) max_blob_bytes: u64,
    pub(crate) task: Mutex<Option<JoinHandle<()>>>,
}

impl NetworkHandle {
    /// This node's peer id.
    #[must_use]
    pub fn local_peer_id(&self) -> PeerId {
        self.0.local
    }

    /// Addresses listened on now, each ending in `/p2p/<our id>`: ready to be someone's
    /// bootstrap address.
    #[must_use]
    pub fn listen_addresses(&self) -> Vec<Multiaddr> {
        let listening = self.0.listening.borrow();
        listening
            .iter()
            .map(|address| address.clone().with(Protocol::P2p(self.0.local)))
            .collect()
    }

    /// Publishes bytes to all peers subscribed to the topic.
    ///
    /// # Errors
    /// Over the topic's size, nobody to send to, all queues full, or the network is closed.
    pub async fn publish(&self, topic: Topic, data: Vec<u8>) -> Result<Published, PublishError> {
        let (reply, result) = oneshot::channel();
        self.command(Command::Publish { topic, data, reply })
            .await?;
        result.await.map_err(|_| Closed)?
    }

    /// Gives the verdict on a gossip message; without one it is not forwarded.
    ///
    /// # Errors
    /// When the network is closed.
    pub async fn report(&self, id: MessageHandle, verdict: Verdict) -> Result<(), Closed> {
        self.command(Command::Report { id, verdict }).await
    }

    /// Asks a connected peer over the sync protocol. A peer that says it is busy is asked again
    /// after each of [`limits::SYNC_BUSY_PAUSES`].
    ///
    /// # Errors
    /// Over [`limits::MAX_SYNC_REQUEST_BYTES`], not connected, refused, busy, too late
    /// ([`limits::SYNC_DEADLINE`]), broken, or the network is closed.
    pub async fn request(&self, peer: PeerId, data: Vec<u8>) -> Result<Vec<u8>, RequestError> {
        let size_bytes = data.len();
        if size_bytes > limits::MAX_SYNC_REQUEST_BYTES {
            return Err(RequestError::TooLarge {
                size_bytes,
                max_bytes: limits::MAX_SYNC_REQUEST_BYTES,
            });
        }
        for pause in limits::SYNC_BUSY_PAUSES {
            match self.request_once(peer, data.clone()).await {
                Err(RequestError::Busy(_)) => time::sleep(pause).await,
                result => return result,
            }
        }
        self.request_once(peer, data).await
    }

    /// Fetches the blob with this SHA-256, at most `max_bytes` (and the configured maximum) long,
    /// from `preferred` peers first and then from others. The bytes returned have the hash.
    ///
    /// # Errors
    /// Nobody has it, it is too large, or nobody delivers it.
    pub async fn fetch_blob(
        &self,
        hash: [u8; 32],
        max_bytes: u64,
        preferred: &[PeerId],
    ) -> Result<Vec<u8>, BlobError> {
        let _permit = self.0.fetches.acquire().await.map_err(|_| Closed)?;
        let peers = self.blob_peers(hash, preferred).await?;
        let max_bytes = max_bytes.min(self.0.max_blob_bytes);
        let (culprit, mut culprits) = mpsc::channel(limits::MAX_BLOB_PEERS_ASKED);
        let result = fetch::fetch(self, hash, max_bytes, peers, |peer| {
            // There is room for every peer that can be asked.
            let _ = culprit.try_send(peer);
        })
        .await;
        while let Ok(peer) = culprits.try_recv() {
            self.0.metrics.blobs_corrupt.add(1);
            self.command(Command::CorruptBlob { peer }).await?;
        }
        if let Ok(blob) = &result {
            self.0.metrics.blobs_fetched.add(1);
            self.0.metrics.blob_bytes_fetched.add_len(blob.len());
        }
        result
    }

    /// Sets the statement that links the hotkey to the transport key, and sends it to all peers,
    /// now and when they connect.
    ///
    /// # Errors
    /// Over [`limits::MAX_IDENTITY_BYTES`], or the network is closed.
    pub async fn set_local_identity(&self, statement: Vec<u8>) -> Result<(), PublishError> {
        if statement.len() > limits::MAX_IDENTITY_BYTES {
            return Err(PublishError::TooLarge {
                topic: "identity",
                size_bytes: statement.len(),
                max_bytes: limits::MAX_IDENTITY_BYTES,
            });
        }
        Ok(self.command(Command::SetIdentity { statement }).await?)
    }

    /// The connected peers of this network.
    ///
    /// # Errors
    /// When the network is closed.
    pub async fn peers(&self) -> Result<Vec<PeerInfo>, Closed> {
        let (reply, result) = oneshot::channel();
        self.command(Command::Peers { reply }).await?;
        result.await.map_err(|_| Closed)
    }

    /// Disconnects a peer and refuses it for a while.
    ///
    /// # Errors
    /// When the network is closed.
    pub async fn ban(&self, peer: PeerId, duration: Duration) -> Result<(), Closed> {
        self.command(Command::Ban { peer, duration }).await
    }

    /// Adds an address to the bootstrap list.
    ///
    /// # Errors
    /// When the network is closed.
    pub async fn add_bootstrap(&self, address: Multiaddr) -> Result<(), Closed> {
        self.command(Command::AddBootstrap { address }).await
    }

    /// Replaces the list of addresses at which others say that they listen. They are dialled while
    /// peers are wanted; whoever answers has to be of this network as anyone else.
    ///
    /// # Errors
    /// When the network is closed.
    pub async fn set_announced(&self, addresses: Vec<Multiaddr>) -> Result<(), Closed> {
        self.command(Command::SetAnnounced { addresses }).await
    }

    /// All counters, now.
    #[must_use]
    pub fn metrics(&self) -> MetricsSnapshot {
        self.0.metrics.snapshot()
    }

    /// Closes all connections and waits for the network task to end. Calling again is harmless.
    pub async fn shutdown(&self) {
        // When the command cannot be sent the task has ended already.
        let _ = self.command(Command::Shutdown).await;
        let task = self
            .0
            .task
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
        if let Some(task) = task
            && let Err(error) = task.await
        {
            tracing::error!(%error, "network task failed");
        }
    }

    async fn request_once(&self, peer: PeerId, data: Vec<u8>) -> Result<Vec<u8>, RequestError> {
        let (reply, result) = oneshot::channel();
        self.command(Command::Request { peer, data, reply }).await?;
        result.await.map_err(|_| Closed)?
    }

    /// Preferred peers, then all others in an order that differs from blob to blob.
    async fn blob_peers(
        &self,
        hash: [u8; 32],
        preferred: &[PeerId],
    ) -> Result<Vec<PeerId>, Closed> {
        let (reply, connected) = oneshot::channel();
        self.command(Command::BlobPeers { reply }).await?;
        let connected = connected.await.map_err(|_| Closed)?;
        let mut peers: Vec<PeerId> = Vec::new();
        for peer in preferred {
            if connected.contains(peer) && !peers.contains(peer) {
                peers.push(*peer);
            }
        }
        let mut others: Vec<PeerId> = connected
            .into_iter()
            .filter(|peer| !peers.contains(peer))
            .collect();
        others.sort_by_cached_key(|peer| -> [u8; 32] {
            Sha256::new()
                .chain_update(hash)
                .chain_update(peer.to_bytes())
                .finalize()
                .into()
        });
        peers.extend(others);
        Ok(peers)
    }

    async fn command(&self, command: Command) -> Result<(), Closed> {
        self.0.commands.send(command).await.map_err(|_| Closed)
    }
}

impl ChunkSource for NetworkHandle {
    async fn chunk(
        &self,
        peer: PeerId,
        request: BlobRequest,
    ) -> Result<Response<BlobPart>, RequestError> {
        let (reply, result) = oneshot::channel();
        self.command(Command::BlobChunk {
            peer,
            request,
            reply,
        })
        .await?;
        result.await.map_err(|_| Closed)?
    }
}

impl fmt::Debug for NetworkHandle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("NetworkHandle").field(&self.0.local).finish()
    }
}
