//! Blobs, sync requests and identity statements between real nodes on loopback.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic
)]

mod common;

use std::time::Duration;

use assay_p2p::{BlobError, NetworkEvent, PublishError, RequestError, limits};
use common::{Node, QUIC, config, mesh, until};

fn blob(len: usize) -> Vec<u8> {
    (0..len).map(|i| (i % 253) as u8).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_blob_is_fetched_from_whoever_has_it() {
    let nodes = mesh(4).await;
    let small = nodes[1].blobs.put(b"small".to_vec());
    let large = nodes[3].blobs.put(blob(1_900_000));
    assert_eq!(
        nodes[0].handle.fetch_blob(small, 100, &[]).await.unwrap(),
        b"small"
    );
    let fetched = nodes[0]
        .handle
        .fetch_blob(large, 2_000_000, &[nodes[2].id()])
        .await
        .unwrap();
    assert!(fetched == blob(1_900_000));
    let metrics = nodes[0].handle.metrics();
    assert_eq!((metrics.blobs_fetched, metrics.blobs_corrupt), (2, 0));
    assert_eq!(nodes[3].handle.metrics().blob_bytes_served, 1_900_000);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_corrupt_server_is_passed_over_and_loses_score() {
    let nodes = mesh(3).await;
    let hash = nodes[1].blobs.put(blob(600_000));
    let mut corrupt = blob(600_000);
    corrupt[599_999] ^= 1;
    nodes[2].blobs.put_as(hash, corrupt);
    let bad = nodes[2].id();
    let fetched = nodes[0]
        .handle
        .fetch_blob(hash, 1_000_000, &[bad])
        .await
        .unwrap();
    assert!(fetched == blob(600_000));
    assert_eq!(nodes[0].handle.metrics().blobs_corrupt, 1);
    until("a lower score", async || {
        let peers = nodes[0].handle.peers().await.unwrap();
        peers
            .iter()
            .any(|peer| peer.peer_id == bad && peer.score < -30.0)
    })
    .await;
    // Caught a second time, it is cut off.
    let _ = nodes[0]
        .handle
        .fetch_blob(hash, 1_000_000, &[bad])
        .await
        .unwrap();
    until("the ban", async || {
        nodes[0]
            .handle
            .peers()
            .await
            .unwrap()
            .iter()
            .all(|peer| peer.peer_id != bad)
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn absent_and_oversized_blobs_are_named_errors() {
    let nodes = mesh(3).await;
    let absent = nodes[0].handle.fetch_blob([1; 32], 100, &[]).await;
    assert_eq!(absent, Err(BlobError::NotFound { asked: 2 }));
    let hash = nodes[1].blobs.put(blob(101));
    let oversized = nodes[0].handle.fetch_blob(hash, 100, &[]).await;
    assert_eq!(
        oversized,
        Err(BlobError::TooLarge {
            offered_bytes: 101,
            max_bytes: 100
        })
    );
    // Over the server's own limit it is not even offered.
    let hash = nodes[1]
        .blobs
        .put(blob(limits::DEFAULT_MAX_BLOB_BYTES as usize + 1));
    let refused = nodes[0].handle.fetch_blob(hash, u64::MAX, &[]).await;
    assert_eq!(refused, Err(BlobError::NotFound { asked: 2 }));
    let alone = Node::start(9, vec![]).await;
    assert_eq!(
        alone.handle.fetch_blob([1; 32], 100, &[]).await,
        Err(BlobError::NoPeers)
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_module_of_eight_mebibytes_travels_when_allowed() {
    let mut server = config(1, vec![]);
    server.max_blob_bytes = limits::MAX_BLOB_BYTES;
    let server = Node::with(server).await;
    let mut client = config(2, vec![server.address()]);
    client.max_blob_bytes = limits::MAX_BLOB_BYTES;
    let mut client = Node::with(client).await;
    client.connected_to(server.id()).await;
    let module = blob(limits::MAX_BLOB_BYTES as usize);
    let hash = server.blobs.put(module.clone());
    assert!(
        client
            .handle
            .fetch_blob(hash, limits::MAX_BLOB_BYTES, &[])
            .await
            .unwrap()
            == module
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn sync_requests_are_answered_refused_and_bounded() {
    let mut nodes = mesh(2).await;
    let mut server = nodes.remove(1);
    let server_id = server.id();
    let client = nodes.remove(0);
    let client_id = client.id();
    let serving = tokio::spawn(async move {
        while let Some(event) = server.events.recv().await {
            if let NetworkEvent::Request { peer, data, reply } = event {
                assert_eq!(peer, client_id);
                match data.as_slice() {
                    b"refuse" => drop(reply),
                    b"too much" => drop(reply.send(vec![0; limits::MAX_SYNC_RESPONSE_BYTES + 1])),
                    b"a lot" => assert!(reply.send(vec![7; limits::MAX_SYNC_RESPONSE_BYTES])),
                    _ => assert!(reply.send(data)),
                }
            }
        }
    });
    let ask = |data: Vec<u8>| client.handle.request(server_id, data);
    assert_eq!(ask(vec![]).await.unwrap(), Vec::<u8>::new());
    let full = vec![3; limits::MAX_SYNC_REQUEST_BYTES];
    assert!(ask(full.clone()).await.unwrap() == full);
    assert_eq!(
        ask(b"a lot".to_vec()).await.unwrap().len(),
        limits::MAX_SYNC_RESPONSE_BYTES
    );
    assert_eq!(
        ask(b"refuse".to_vec()).await,
        Err(RequestError::Refused(server_id))
    );
    assert_eq!(
        ask(b"too much".to_vec()).await,
        Err(RequestError::Refused(server_id))
    );
    let too_large = ask(vec![0; limits::MAX_SYNC_REQUEST_BYTES + 1]).await;
    assert!(
        matches!(too_large, Err(RequestError::TooLarge { .. })),
        "{too_large:?}"
    );
    let stranger = common::key(99).peer_id();
    assert_eq!(
        client.handle.request(stranger, vec![]).await,
        Err(RequestError::NotConnected(stranger))
    );
    serving.abort();
}

#[tokio::test(flavor = "multi_thread")]
async fn more_requests_than_a_peer_may_have_open_are_told_busy() {
    let nodes = mesh(2).await;
    let server_id = nodes[1].id();
    // The server's node reads no events: its places stay taken.
    let asking: Vec<_> = (0..limits::MAX_SYNC_INBOUND_PER_PEER + 4)
        .map(|n| {
            let handle = nodes[0].handle.clone();
            tokio::spawn(async move { handle.request(server_id, vec![n as u8]).await })
        })
        .collect();
    until("refusals", async || {
        asking.iter().filter(|ask| ask.is_finished()).count() == 4
    })
    .await;
    for ask in asking {
        if ask.is_finished() {
            assert_eq!(ask.await.unwrap(), Err(RequestError::Busy(server_id)));
        } else {
            ask.abort();
        }
    }
    let refused = 4 * (limits::SYNC_BUSY_PAUSES.len() as u64 + 1);
    assert_eq!(nodes[1].handle.metrics().requests_refused, refused);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_eager_but_honest_asker_is_slowed_down_and_not_banned() {
    let mut limited = config(1, vec![]);
    limited.rates.sync_requests = 20;
    let mut server = Node::with(limited).await;
    let server_id = server.id();
    let mut client = Node::start(2, vec![server.address()]).await;
    client.connected_to(server_id).await;
    let serving = tokio::spawn(async move {
        while let Some(event) = server.events.recv().await {
            match event {
                NetworkEvent::Request { data, reply, .. } => assert!(reply.send(data)),
                NetworkEvent::PeerBanned { .. } => panic!("banned an honest peer"),
                _ => {}
            }
        }
    });
    for n in 0..60_u8 {
        assert_eq!(client.handle.request(server_id, vec![n]).await, Ok(vec![n]));
    }
    assert!(!serving.is_finished());
    serving.abort();
}

#[tokio::test(flavor = "multi_thread")]
async fn identity_statements_are_exchanged_on_connecting_and_on_change() {
    let mut a = config(1, vec![]);
    a.identity = b"i am a".to_vec();
    let mut a = Node::with(a).await;
    let mut b = config(2, vec![a.address()]);
    b.listen = vec![QUIC.parse().unwrap()];
    b.listen.push(common::TCP.parse().unwrap());
    let mut b = Node::with(b).await;
    let identity = |event| match event {
        NetworkEvent::PeerIdentity { peer, statement } => Some((peer, statement)),
        _ => None,
    };
    assert_eq!(
        b.wait("a's identity", identity).await,
        (a.id(), b"i am a".to_vec())
    );
    b.handle
        .set_local_identity(b"i am b".to_vec())
        .await
        .unwrap();
    assert_eq!(
        a.wait("b's identity", identity).await,
        (b.id(), b"i am b".to_vec())
    );
    b.handle
        .set_local_identity(b"i am b, again".to_vec())
        .await
        .unwrap();
    assert_eq!(
        a.wait("b's new identity", identity).await,
        (b.id(), b"i am b, again".to_vec())
    );
    let peers = a.handle.peers().await.unwrap();
    assert_eq!(
        peers[0].identity.as_deref(),
        Some(b"i am b, again".as_slice())
    );
    assert!(peers[0].agent.starts_with("assay/"));
    assert!(!peers[0].addresses.is_empty());
    let too_large = a
        .handle
        .set_local_identity(vec![0; limits::MAX_IDENTITY_BYTES + 1])
        .await;
    assert!(matches!(too_large, Err(PublishError::TooLarge { .. })));
    assert!(peers[0].connected_since.elapsed() < Duration::from_secs(60));
}
