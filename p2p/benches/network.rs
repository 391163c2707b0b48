//! Gossip latency and blob throughput between eight nodes on loopback, in one process.
//!
//! `cargo bench -p assay-p2p` prints milliseconds from publishing to the event at one receiver
//! and at the last of seven, and MiB per second of verified blob bytes.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic
)]

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use assay_p2p::{
    BlobChunk, BlobSource, Multiaddr, Network, NetworkConfig, NetworkEvent, NetworkHandle, Topic,
    TransportKey, Verdict,
};
use sha2::{Digest, Sha256};
use tokio::{sync::mpsc, time};

const NODES: u8 = 8;
const MESSAGES: u32 = 1_000;
const MESSAGE_BYTES: usize = 512;
const BLOB_BYTES: usize = 1024 * 1024;
const BLOBS: usize = 100;

struct OneBlob([u8; 32], Vec<u8>);

impl BlobSource for OneBlob {
    fn read(&self, hash: &[u8; 32], offset: u64, len: u32) -> Option<BlobChunk> {
        (*hash == self.0).then(|| BlobChunk::of(&self.1, offset, len))
    }
}

#[tokio::main]
async fn main() {
    let blob = vec![42; BLOB_BYTES];
    let hash: [u8; 32] = Sha256::digest(&blob).into();
    let source = Arc::new(OneBlob(hash, blob));
    for (name, listen) in [
        ("TCP", "/ip4/127.0.0.1/tcp/0"),
        ("QUIC", "/ip4/127.0.0.1/udp/0/quic-v1"),
    ] {
        let (handles, arrivals) = start(listen.parse().unwrap(), &source).await;
        gossip(name, &handles, arrivals).await;
        blobs(name, &handles, hash).await;
        for handle in &handles {
            handle.shutdown().await;
        }
    }
}

async fn start(
    listen: Multiaddr,
    source: &Arc<OneBlob>,
) -> (Vec<NetworkHandle>, mpsc::Receiver<Instant>) {
    let (arrived, arrivals) = mpsc::channel(1024);
    let mut handles: Vec<NetworkHandle> = Vec::new();
    for seed in 1..=NODES {
        let mut config = NetworkConfig::new([1; 32], TransportKey::from_secret([seed; 32]));
        config.listen = vec![listen.clone()];
        config.bootstrap = handles
            .iter()
            .flat_map(NetworkHandle::listen_addresses)
            .collect();
        config.blobs = Arc::clone(source) as Arc<dyn BlobSource>;
        let (handle, mut events) = Network::start(config).await.unwrap();
        handles.push(handle.clone());
        let arrived = arrived.clone();
        tokio::spawn(async move {
            while let Some(event) = events.recv().await {
                if let NetworkEvent::Gossip { id, .. } = event {
                    let _ = arrived.send(Instant::now()).await;
                    let _ = handle.report(id, Verdict::Accept).await;
                }
            }
        });
    }
    for handle in &handles {
        while handle.peers().await.unwrap().len() < usize::from(NODES) - 1 {
            time::sleep(Duration::from_millis(20)).await;
        }
    }
    (handles, arrivals)
}

async fn gossip(name: &str, handles: &[NetworkHandle], mut arrivals: mpsc::Receiver<Instant>) {
    let mut one = Vec::new();
    let mut all = Vec::new();
    for n in 0..MESSAGES {
        let mut data = vec![0; MESSAGE_BYTES];
        data[..4].copy_from_slice(&n.to_le_bytes());
        let sender = &handles[n as usize % handles.len()];
        let start = Instant::now();
        sender.publish(Topic::Consensus, data).await.unwrap();
        let mut last = Duration::ZERO;
        for _ in 1..handles.len() {
            let arrival = time::timeout(Duration::from_secs(10), arrivals.recv()).await;
            last = last.max(arrival.unwrap().unwrap() - start);
            one.push(arrival_ms(last));
        }
        all.push(arrival_ms(last));
    }
    println!(
        "{name}: gossip of {MESSAGE_BYTES} B among {NODES} nodes: one receiver p50 {:.2} ms p99 {:.2} ms, all p50 {:.2} ms p99 {:.2} ms",
        quantile(&mut one, 50),
        quantile(&mut one, 99),
        quantile(&mut all, 50),
        quantile(&mut all, 99),
    );
}

async fn blobs(name: &str, handles: &[NetworkHandle], hash: [u8; 32]) {
    let server = [handles[0].local_peer_id()];
    let start = Instant::now();
    for _ in 0..BLOBS {
        let blob = handles[1]
            .fetch_blob(hash, BLOB_BYTES as u64, &server)
            .await;
        assert_eq!(blob.unwrap().len(), BLOB_BYTES);
    }
    let seconds = start.elapsed().as_secs_f64();
    println!(
        "{name}: blobs of 1 MiB one after another: {:.0} MiB/s, {:.1} ms each",
        BLOBS as f64 / seconds,
        seconds * 1e3 / BLOBS as f64
    );
}

fn arrival_ms(latency: Duration) -> f64 {
    latency.as_secs_f64() * 1e3
}

fn quantile(values: &mut [f64], percent: usize) -> f64 {
    values.sort_by(f64::total_cmp);
    values[(values.len() - 1) * percent / 100]
}
