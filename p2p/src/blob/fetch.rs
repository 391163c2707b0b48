//! Fetching one blob from several peers.
//!
//! A download comes whole from one peer, so that wrong bytes have one culprit. When it fails, or
//! takes longer than [`limits::BLOB_HEDGE_DELAY`], the next peer is asked; the first verified
//! download wins.

use std::future::Future;

use futures::{StreamExt, stream, stream::FuturesUnordered};
use libp2p::PeerId;
use sha2::{Digest, Sha256};
use tokio::time;

use crate::{
    error::{BlobError, RequestError},
    limits,
    wire::{BlobPart, BlobRequest, Response},
};

/// Asks one peer for one chunk.
pub(crate) trait ChunkSource: Sync {
    fn chunk(
        &self,
        peer: PeerId,
        request: BlobRequest,
    ) -> impl Future<Output = Result<Response<BlobPart>, RequestError>> + Send;
}

/// Why one peer did not deliver.
#[derive(Debug)]
enum Failure {
    NotFound,
    TooLarge(u64),
    /// The peer's fault: other bytes, or against the protocol.
    Corrupt(&'static str),
    Failed(RequestError),
    TooSlow,
}

/// Fetches from `peers`, in this order of preference. `corrupt` is told of each culprit.
pub(crate) async fn fetch<S: ChunkSource>(
    source: &S,
    hash: [u8; 32],
    max_bytes: u64,
    peers: Vec<PeerId>,
    corrupt: impl Fn(PeerId),
) -> Result<Vec<u8>, BlobError> {
    let mut waiting = peers
        .into_iter()
        .take(limits::MAX_BLOB_PEERS_ASKED)
        .peekable();
    let mut running = FuturesUnordered::new();
    let mut failures = Failures::default();
    loop {
        if running.is_empty() {
            let Some(peer) = waiting.next() else {
                return Err(failures.into_error(max_bytes));
            };
            running.push(download(source, peer, hash, max_bytes));
        }
        let may_hedge = running.len() < limits::BLOB_PARALLEL_PEERS && waiting.peek().is_some();
        tokio::select! {
            Some((peer, result)) = running.next() => match result {
                Ok(blob) => return Ok(blob),
                Err(Failure::Failed(RequestError::Closed(closed))) => return Err(closed.into()),
                Err(failure) => {
                    tracing::debug!(%peer, ?failure, "blob not delivered");
                    if matches!(failure, Failure::Corrupt(_)) {
                        corrupt(peer);
                    }
                    failures.add(&failure);
                }
            },
            () = time::sleep(limits::BLOB_HEDGE_DELAY), if may_hedge => {
                if let Some(peer) = waiting.next() {
                    running.push(download(source, peer, hash, max_bytes));
                }
            }
        }
    }
}

async fn download<S: ChunkSource>(
    source: &S,
    peer: PeerId,
    hash: [u8; 32],
    max_bytes: u64,
) -> (PeerId, Result<Vec<u8>, Failure>) {
    let whole = verified(source, peer, hash, max_bytes);
    let result = time::timeout(limits::BLOB_PEER_DEADLINE, whole).await;
    (peer, result.unwrap_or(Err(Failure::TooSlow)))
}

async fn verified<S: ChunkSource>(
    source: &S,
    peer: PeerId,
    hash: [u8; 32],
    max_bytes: u64,
) -> Result<Vec<u8>, Failure> {
    let first = part(source, peer, hash, 0).await?;
    let total_len = first.total_len;
    if total_len > max_bytes {
        return Err(Failure::TooLarge(total_len));
    }
    let step = usize::try_from(limits::BLOB_CHUNK_BYTES).unwrap_or(usize::MAX);
    let offsets = (0..total_len).step_by(step).skip(1);
    let mut parts = stream::once(async { Ok(first) }).boxed().chain(
        stream::iter(offsets)
            .map(|offset| part(source, peer, hash, offset))
            .buffered(limits::BLOB_WINDOW_CHUNKS),
    );

    let mut blob = Vec::new();
    let mut hasher = Sha256::new();
    let mut missing = total_len;
    while let Some(part) = parts.next().await {
        let part = part?;
        let expected = missing.min(u64::from(limits::BLOB_CHUNK_BYTES));
        if part.total_len != total_len || u64::try_from(part.data.len()) != Ok(expected) {
            return Err(Failure::Corrupt("chunk of another length"));
        }
        missing -= expected;
        hasher.update(&part.data);
        blob.extend_from_slice(&part.data);
    }
    if <[u8; 32]>::from(hasher.finalize()) != hash {
        return Err(Failure::Corrupt("bytes with another hash"));
    }
    Ok(blob)
}

/// One chunk; a busy peer is asked again until the download's deadline.
async fn part<S: ChunkSource>(
    source: &S,
    peer: PeerId,
    hash: [u8; 32],
    offset: u64,
) -> Result<BlobPart, Failure> {
    let request = BlobRequest {
        hash,
        offset,
        len: limits::BLOB_CHUNK_BYTES,
    };
    loop {
        match source.chunk(peer, request).await.map_err(Failure::Failed)? {
            Response::Ok(part) => return Ok(part),
            Response::None => return Err(Failure::NotFound),
            Response::Busy => time::sleep(limits::BLOB_BUSY_PAUSE).await,
        }
    }
}

#[derive(Default)]
struct Failures {
    asked: usize,
    corrupt: usize,
    not_found: usize,
    too_large: Option<u64>,
    last: String,
}

impl Failures {
    fn add(&mut self, failure: &Failure) {
        self.asked += 1;
        match failure {
            Failure::NotFound => self.not_found += 1,
            Failure::TooLarge(offered) => self.too_large = Some(*offered),
            Failure::Corrupt(what) => {
                self.corrupt += 1;
                (*what).clone_into(&mut self.last);
            }
            Failure::Failed(error) => self.last = error.to_string(),
            Failure::TooSlow => "deadline passed".clone_into(&mut self.last),
        }
    }

    fn into_error(self, max_bytes: u64) -> BlobError {
        let Self {
            asked,
            corrupt,
            not_found,
            too_large,
            last,
        } = self;
        match too_large {
            _ if asked == 0 => BlobError::NoPeers,
            Some(offered_bytes) => BlobError::TooLarge {
                offered_bytes,
                max_bytes,
            },
            None if not_found == asked => BlobError::NotFound { asked },
            None => BlobError::Unavailable {
                asked,
                corrupt,
                last,
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use std::{collections::BTreeMap, sync::Mutex};

    use super::*;
    use crate::blob::BlobChunk;

    /// What a simulated peer does.
    enum Server {
        Has(Vec<u8>),
        HasNot,
        Hangs,
        Fails,
        Lies(u64),
        BusyThenHas(Mutex<u32>, Vec<u8>),
    }

    struct Servers(BTreeMap<PeerId, Server>);

    impl ChunkSource for Servers {
        async fn chunk(
            &self,
            peer: PeerId,
            request: BlobRequest,
        ) -> Result<Response<BlobPart>, RequestError> {
            let serve = |blob: &[u8]| {
                let chunk = BlobChunk::of(blob, request.offset, request.len);
                Response::Ok(BlobPart {
                    total_len: chunk.total_len,
                    data: chunk.data,
                })
            };
            match &self.0[&peer] {
                Server::Has(blob) => Ok(serve(blob)),
                Server::HasNot => Ok(Response::None),
                Server::Hangs => std::future::pending().await,
                Server::Fails => Err(RequestError::Disconnected(peer)),
                Server::Lies(total_len) => Ok(Response::Ok(BlobPart {
                    total_len: *total_len,
                    data: vec![0; 8],
                })),
                Server::BusyThenHas(left, blob) => {
                    let mut left = left.lock().unwrap();
                    if *left > 0 {
                        *left -= 1;
                        return Ok(Response::Busy);
                    }
                    Ok(serve(blob))
                }
            }
        }
    }

    fn blob(len: usize) -> (Vec<u8>, [u8; 32]) {
        let blob: Vec<u8> = (0..len).map(|i| (i % 251) as u8).collect();
        let hash = Sha256::digest(&blob).into();
        (blob, hash)
    }

    async fn run(
        servers: Vec<Server>,
        hash: [u8; 32],
        max_bytes: u64,
    ) -> (Result<Vec<u8>, BlobError>, usize) {
        let servers: Vec<_> = servers
            .into_iter()
            .map(|server| (PeerId::random(), server))
            .collect();
        let peers = servers.iter().map(|(peer, _)| *peer).collect();
        let source = Servers(servers.into_iter().collect());
        let culprits = Mutex::new(0);
        let result = fetch(&source, hash, max_bytes, peers, |_| {
            *culprits.lock().unwrap() += 1
        })
        .await;
        let culprits = *culprits.lock().unwrap();
        (result, culprits)
    }

    #[tokio::test(start_paused = true)]
    async fn blobs_of_all_sizes_arrive() {
        let chunk = limits::BLOB_CHUNK_BYTES as usize;
        for len in [0, 1, chunk - 1, chunk, chunk + 1, 9 * chunk + 17] {
            let (blob, hash) = blob(len);
            let (result, culprits) = run(vec![Server::Has(blob.clone())], hash, len as u64).await;
            assert!(result == Ok(blob), "length {len}");
            assert_eq!(culprits, 0);
        }
    }

    #[tokio::test(start_paused = true)]
    async fn corrupt_hanging_failing_and_empty_peers_are_passed_over() {
        let (good, hash) = blob(700_000);
        let mut bad = good.clone();
        bad[600_000] ^= 1;
        let servers = vec![
            Server::Has(bad),
            Server::Hangs,
            Server::HasNot,
            Server::Fails,
            Server::Lies(700_000),
            Server::BusyThenHas(Mutex::new(3), good.clone()),
        ];
        let (result, culprits) = run(servers, hash, 1_000_000).await;
        assert!(result == Ok(good));
        assert_eq!(culprits, 2, "the corrupt one and the one with short chunks");
    }

    #[tokio::test(start_paused = true)]
    async fn an_oversized_offer_is_refused() {
        let (big, hash) = blob(1001);
        let (result, culprits) = run(vec![Server::Has(big), Server::HasNot], hash, 1000).await;
        assert_eq!(
            result,
            Err(BlobError::TooLarge {
                offered_bytes: 1001,
                max_bytes: 1000
            })
        );
        assert_eq!(culprits, 0);
        let (result, _) = run(vec![Server::Lies(u64::MAX)], hash, 1000).await;
        assert_eq!(
            result,
            Err(BlobError::TooLarge {
                offered_bytes: u64::MAX,
                max_bytes: 1000
            })
        );
    }

    #[tokio::test(start_paused = true)]
    async fn absence_and_failure_are_told_apart() {
        let (_, hash) = blob(10);
        let (result, _) = run(vec![], hash, 10).await;
        assert_eq!(result, Err(BlobError::NoPeers));
        let (result, _) = run(vec![Server::HasNot, Server::HasNot], hash, 10).await;
        assert_eq!(result, Err(BlobError::NotFound { asked: 2 }));
        let (result, _) = run(vec![Server::HasNot, Server::Hangs], hash, 10).await;
        assert!(
            matches!(
                result,
                Err(BlobError::Unavailable {
                    asked: 2,
                    corrupt: 0,
                    ..
                })
            ),
            "{result:?}"
        );
    }
}
