//! Nodes on loopback, and waiting for conditions with a deadline.
#![allow(dead_code, reason = "each test binary uses its own part")]

use std::{
    collections::HashMap,
    sync::{Arc, Mutex},
    time::Duration,
};

use assay_p2p::{
    BlobChunk, BlobSource, Multiaddr, Network, NetworkConfig, NetworkEvent, NetworkHandle, PeerId,
    Topic, TransportKey, Verdict,
};
use sha2::{Digest, Sha256};
use tokio::{sync::mpsc, time};

pub const NETWORK: [u8; 32] = [0xa5; 32];

/// No condition of these tests takes this long unless it never comes true.
pub const DEADLINE: Duration = Duration::from_secs(30);

pub const TCP: &str = "/ip4/127.0.0.1/tcp/0";
pub const QUIC: &str = "/ip4/127.0.0.1/udp/0/quic-v1";

/// A blob store in memory.
#[derive(Default)]
pub struct Blobs(Mutex<HashMap<[u8; 32], Vec<u8>>>);

impl Blobs {
    pub fn put(&self, blob: Vec<u8>) -> [u8; 32] {
        let hash = Sha256::digest(&blob).into();
        self.put_as(hash, blob);
        hash
    }

    /// Serves these bytes under a hash that need not be theirs.
    pub fn put_as(&self, hash: [u8; 32], blob: Vec<u8>) {
        self.0.lock().unwrap().insert(hash, blob);
    }
}

impl BlobSource for Blobs {
    fn read(&self, hash: &[u8; 32], offset: u64, len: u32) -> Option<BlobChunk> {
        self.0
            .lock()
            .unwrap()
            .get(hash)
            .map(|blob| BlobChunk::of(blob, offset, len))
    }
}

pub struct Node {
    pub handle: NetworkHandle,
    pub events: mpsc::Receiver<NetworkEvent>,
    pub blobs: Arc<Blobs>,
}

pub fn key(seed: u8) -> TransportKey {
    TransportKey::from_secret([seed; 32])
}

pub fn config(seed: u8, bootstrap: Vec<Multiaddr>) -> NetworkConfig {
    let mut config = NetworkConfig::new(NETWORK, key(seed));
    config.listen = vec![TCP.parse().unwrap()];
    config.bootstrap = bootstrap;
    config
}

impl Node {
    pub async fn start(seed: u8, bootstrap: Vec<Multiaddr>) -> Self {
        Self::with(config(seed, bootstrap)).await
    }

    pub async fn with(mut config: NetworkConfig) -> Self {
        let blobs = Arc::new(Blobs::default());
        config.blobs = Arc::clone(&blobs) as Arc<dyn BlobSource>;
        let (handle, events) = Network::start(config).await.unwrap();
        Self {
            handle,
            events,
            blobs,
        }
    }

    pub fn id(&self) -> PeerId {
        self.handle.local_peer_id()
    }

    pub fn address(&self) -> Multiaddr {
        self.handle.listen_addresses().into_iter().next().unwrap()
    }

    /// The next event that `pick` takes; others are passed over.
    pub async fn wait<T>(
        &mut self,
        what: &str,
        mut pick: impl FnMut(NetworkEvent) -> Option<T>,
    ) -> T {
        let search = async {
            loop {
                let event = self
                    .events
                    .recv()
                    .await
                    .unwrap_or_else(|| panic!("closed while waiting for {what}"));
                if let Some(found) = pick(event) {
                    return found;
                }
            }
        };
        time::timeout(DEADLINE, search)
            .await
            .unwrap_or_else(|_| panic!("waited in vain for {what}"))
    }

    pub async fn connected_to(&mut self, other: PeerId) {
        self.wait("a connection", |event| match event {
            NetworkEvent::PeerConnected { peer } if peer == other => Some(()),
            _ => None,
        })
        .await;
    }

    pub async fn disconnected_from(&mut self, other: PeerId) {
        self.wait("the disconnection", |event| match event {
            NetworkEvent::PeerDisconnected { peer } if peer == other => Some(()),
            _ => None,
        })
        .await;
    }

    /// Waits until so many peers are connected. Says nothing about what they know of us.
    pub async fn has_peers(&mut self, count: usize) {
        until("peers", async || {
            self.handle.peers().await.unwrap().len() >= count
        })
        .await;
    }

    /// The payload of the next gossip message, judged with `verdict`.
    pub async fn gossip(&mut self, verdict: Verdict) -> (Topic, Vec<u8>, PeerId) {
        let (topic, data, id, from) = self
            .wait("gossip", |event| match event {
                NetworkEvent::Gossip {
                    topic,
                    data,
                    id,
                    from,
                } => Some((topic, data, id, from)),
                _ => None,
            })
            .await;
        self.handle.report(id, verdict).await.unwrap();
        (topic, data, from)
    }

    /// Judges all gossip with `verdict` and discards other events until the network ends.
    pub fn judge_all(mut self, verdict: Verdict) -> (NetworkHandle, tokio::task::JoinHandle<()>) {
        let handle = self.handle.clone();
        let task = tokio::spawn(async move {
            while let Some(event) = self.events.recv().await {
                if let NetworkEvent::Gossip { id, .. } = event {
                    let _ = self.handle.report(id, verdict).await;
                }
            }
        });
        (handle, task)
    }
}

/// Polls a condition until it holds.
pub async fn until(what: &str, mut condition: impl AsyncFnMut() -> bool) {
    let poll = async {
        while !condition().await {
            time::sleep(Duration::from_millis(10)).await;
        }
    };
    time::timeout(DEADLINE, poll)
        .await
        .unwrap_or_else(|_| panic!("waited in vain for {what}"));
}

/// So many nodes, all connected to all.
pub async fn mesh(count: u8) -> Vec<Node> {
    let mut nodes = vec![Node::start(1, vec![]).await];
    for seed in 2..=count {
        let bootstrap = nodes.iter().map(Node::address).collect();
        nodes.push(Node::start(seed, bootstrap).await);
    }
    for node in &mut nodes {
        node.has_peers(usize::from(count) - 1).await;
    }
    nodes
}
