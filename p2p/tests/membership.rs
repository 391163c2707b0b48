//! Joining, leaving, coming back, and being kept out.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic
)]

mod common;

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use assay_p2p::{BanReason, Multiaddr, Network, NetworkEvent, StartError, Topic, Verdict};
use common::{Node, QUIC, TCP, config, until};
use tokio::runtime::Runtime;

#[tokio::test(flavor = "multi_thread")]
async fn nodes_that_know_only_one_another_find_all() {
    let first = Node::start(1, vec![]).await;
    let mut nodes = vec![first];
    for seed in 2..=5 {
        let bootstrap = vec![nodes[0].address()];
        nodes.push(Node::start(seed, bootstrap).await);
    }
    for node in &mut nodes {
        node.has_peers(4).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_waits_for_a_bootstrap_peer_that_starts_later() {
    // Takes a free port, gives it back, and uses it again later.
    let scout = Node::start(1, vec![]).await;
    let address = scout.address();
    scout.handle.shutdown().await;
    let mut early = Node::start(2, vec![address.clone()]).await;
    until("some failed dials", async || {
        early.handle.metrics().dials >= 2
    })
    .await;
    let mut late = config(1, vec![]);
    late.listen = vec![without_id(&address)];
    let late = Node::with(late).await;
    early.connected_to(late.id()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_killed_node_rejoins_over_tcp() {
    rejoin(TCP, 2).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_killed_node_rejoins_over_quic() {
    rejoin(QUIC, 2).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_killed_bootstrap_node_that_dials_nobody_is_found_again_over_tcp() {
    rejoin(TCP, 0).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_killed_bootstrap_node_that_dials_nobody_is_found_again_over_quic() {
    rejoin(QUIC, 0).await;
}

/// Node `killed` of three dies without a word, comes back with the same key and address, and
/// gossip flows both ways again, while nobody has lost score over what was relayed before.
async fn rejoin(listen: &str, killed: usize) {
    let mut nodes: Vec<(Node, Runtime)> = Vec::new();
    for seed in 1..=3 {
        let mut config = config(seed, nodes.iter().map(|(node, _)| node.address()).collect());
        config.listen = vec![listen.parse().unwrap()];
        let runtime = Runtime::new().unwrap();
        let node = runtime.spawn(Node::with(config)).await.unwrap();
        nodes.push((node, runtime));
    }
    for (node, _) in &mut nodes {
        node.has_peers(2).await;
    }
    let (dead, runtime) = nodes.remove(killed);
    for n in 0..20_u8 {
        dead.handle
            .publish(Topic::Consensus, vec![n, 1])
            .await
            .unwrap();
    }
    for (node, _) in &mut nodes {
        for _ in 0..20 {
            assert_eq!(node.gossip(Verdict::Accept).await.1.len(), 2);
        }
    }

    let (address, id) = (dead.address(), dead.id());
    // As near to SIGKILL as one process allows: all tasks stop where they are.
    runtime.shutdown_background();
    drop(dead);

    // The first node of a network has no bootstrap list: the others must find it.
    let others = nodes.iter().map(|(node, _)| node.address());
    let others: Vec<Multiaddr> = others.filter(|_| killed != 0).collect();
    let mut again = None;
    until("the address to be free", async || {
        let mut config = config(u8::try_from(killed).unwrap() + 1, others.clone());
        config.listen = vec![without_id(&address)];
        again = Network::start(config).await.ok();
        again.is_some()
    })
    .await;
    let (handle, events) = again.unwrap();
    let mut again = Node {
        handle,
        events,
        blobs: Arc::default(),
    };
    assert_eq!(again.id(), id);
    let started = Instant::now();
    // Both sides of each connection must know it: gossip sent before goes to nobody, and a side
    // that still had the old connection ends the new one once more.
    for (node, _) in &mut nodes {
        node.disconnected_from(id).await;
        node.connected_to(id).await;
    }
    again.has_peers(2).await;
    println!("{listen}: back with 2 peers after {:?}", started.elapsed());

    nodes[0]
        .0
        .handle
        .publish(Topic::Consensus, b"welcome back".to_vec())
        .await
        .unwrap();
    assert_eq!(again.gossip(Verdict::Accept).await.1, b"welcome back");
    again
        .handle
        .publish(Topic::Consensus, b"thank you".to_vec())
        .await
        .unwrap();
    for (node, _) in &mut nodes {
        while node.gossip(Verdict::Accept).await.1 != b"thank you" {}
    }
    for peer in again.handle.peers().await.unwrap() {
        assert!(
            peer.score >= 0.0,
            "relaying our own old messages is no offence: {}",
            peer.score
        );
    }
    for (_, runtime) in nodes {
        runtime.shutdown_background();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_banned_peer_stays_out_until_the_ban_ends() {
    let mut a = Node::start(1, vec![]).await;
    let mut b = Node::start(2, vec![a.address()]).await;
    a.connected_to(b.id()).await;
    // Whoever never announced a peer doesn't announce its end.
    b.connected_to(a.id()).await;
    let b_id = b.id();
    a.handle.ban(b_id, Duration::from_secs(2)).await.unwrap();
    a.wait("the ban", |event| match event {
        NetworkEvent::PeerBanned {
            peer,
            reason: BanReason::Requested,
            ..
        } if peer == b_id => Some(()),
        _ => None,
    })
    .await;
    a.disconnected_from(b_id).await;
    b.disconnected_from(a.id()).await;
    a.connected_to(b_id).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nodes_of_another_network_are_turned_away() {
    let mut ours = Node::start(1, vec![]).await;
    let mut foreign = config(2, vec![ours.address()]);
    foreign.network_id = [0x5a; 32];
    let mut foreign = Node::with(foreign).await;
    // Whoever learns it first turns the other away; neither may be announced before.
    let turned_away = |event| match event {
        NetworkEvent::PeerBanned {
            reason: BanReason::WrongNetwork,
            ..
        } => Some(()),
        NetworkEvent::PeerConnected { .. } => panic!("announced a foreign peer"),
        _ => None,
    };
    tokio::select! {
        () = ours.wait("a ban", turned_away) => {}
        () = foreign.wait("a ban", turned_away) => {}
    }
    assert!(ours.handle.peers().await.unwrap().is_empty());
    assert!(foreign.handle.peers().await.unwrap().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn tcp_and_quic_addresses_are_reported_and_work() {
    let mut first = config(1, vec![]);
    first.listen = vec![TCP.parse().unwrap(), QUIC.parse().unwrap()];
    let first = Node::with(first).await;
    let addresses = first.handle.listen_addresses();
    assert_eq!(addresses.len(), 2);
    for (seed, address) in (2..).zip(addresses) {
        let mut config = config(seed, vec![address]);
        config.listen = vec![TCP.parse().unwrap(), QUIC.parse().unwrap()];
        let mut node = Node::with(config).await;
        node.connected_to(first.id()).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_address_in_use_is_a_named_error() {
    let first = Node::start(1, vec![]).await;
    let mut second = config(2, vec![]);
    second.listen = vec![without_id(&first.address())];
    let error = Network::start(second).await.unwrap_err();
    assert!(matches!(error, StartError::Listen { .. }), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn after_shutdown_everything_says_closed() {
    let a = Node::start(1, vec![]).await;
    let mut b = Node::start(2, vec![a.address()]).await;
    b.connected_to(a.id()).await;
    a.handle.shutdown().await;
    a.handle.shutdown().await;
    assert!(a.handle.peers().await.is_err());
    assert!(a.handle.publish(Topic::Status, vec![]).await.is_err());
    b.wait("the disconnection", |event| match event {
        NetworkEvent::PeerDisconnected { .. } => Some(()),
        _ => None,
    })
    .await;
}

fn without_id(address: &Multiaddr) -> Multiaddr {
    let mut address = address.clone();
    address.pop();
    address
}
