//! Gossip between real nodes on loopback: delivery, verdicts, overload.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic
)]

mod common;

use assay_p2p::{BanReason, NetworkEvent, PublishError, Published, Topic, Verdict};
use common::{Node, config, mesh, until};

#[tokio::test(flavor = "multi_thread")]
async fn a_message_reaches_all_nodes_on_every_topic_right_after_connecting() {
    let mut nodes = mesh(4).await;
    for (n, topic) in Topic::ALL.into_iter().enumerate() {
        let sender = n % nodes.len();
        let data = vec![n as u8; topic.max_bytes()];
        let sent = nodes[sender]
            .handle
            .publish(topic, data.clone())
            .await
            .unwrap();
        assert_eq!(sent, Published::Sent);
        for (receiver, node) in nodes.iter_mut().enumerate() {
            if receiver != sender {
                let (got_topic, got, _) = node.gossip(Verdict::Accept).await;
                assert_eq!(got_topic, topic);
                assert!(got == data);
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn only_accepted_messages_are_forwarded() {
    // A chain a - b - c: what c gets has passed b.
    let mut a_config = config(1, vec![]);
    a_config.max_peers = 1;
    let a = Node::with(a_config).await;
    let mut b = Node::start(2, vec![a.address()]).await;
    b.connected_to(a.id()).await;
    let mut c_config = config(3, vec![b.address()]);
    c_config.max_peers = 1;
    let mut c = Node::with(c_config).await;
    b.connected_to(c.id()).await;
    a.handle
        .ban(c.id(), std::time::Duration::from_secs(600))
        .await
        .unwrap();
    until("the chain", async || {
        let peers = c.handle.peers().await.unwrap();
        peers.len() == 1 && peers[0].peer_id == b.id()
    })
    .await;

    a.handle
        .publish(Topic::Status, b"ignored".to_vec())
        .await
        .unwrap();
    assert_eq!(b.gossip(Verdict::Ignore).await.1, b"ignored");
    a.handle
        .publish(Topic::Status, b"rejected".to_vec())
        .await
        .unwrap();
    assert_eq!(b.gossip(Verdict::Reject).await.1, b"rejected");
    a.handle
        .publish(Topic::Status, b"accepted".to_vec())
        .await
        .unwrap();
    assert_eq!(b.gossip(Verdict::Accept).await.1, b"accepted");
    assert_eq!(
        c.gossip(Verdict::Accept).await.1,
        b"accepted",
        "nothing else may come before"
    );
    let status = b.handle.metrics();
    let status = status.topic(Topic::Status).unwrap();
    assert_eq!(
        (status.accepted, status.ignored, status.rejected),
        (1, 1, 1)
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sender_of_rejected_messages_is_cut_off_and_others_are_not() {
    let mut nodes = mesh(3).await;
    let bad = nodes[2].id();
    let good = nodes[1].id();
    let mut rejected = 0;
    let banned = loop {
        // Other nodes judge nothing, so that each message comes straight from its author.
        let _ = nodes[2]
            .handle
            .publish(Topic::LogVotes, vec![rejected; 10])
            .await;
        let (id, from) = match nodes[0]
            .wait("gossip or a ban", |event| match event {
                NetworkEvent::Gossip { id, from, .. } => Some(Ok((id, from))),
                NetworkEvent::PeerBanned { peer, reason, .. } => Some(Err((peer, reason))),
                _ => None,
            })
            .await
        {
            Ok(message) => message,
            Err(ban) => break ban,
        };
        assert_eq!(from, bad);
        nodes[0].handle.report(id, Verdict::Reject).await.unwrap();
        rejected += 1;
        assert!(rejected < 10, "still not cut off");
        if rejected >= 5 {
            let ban = nodes[0].wait("a ban", |event| match event {
                NetworkEvent::PeerBanned { peer, reason, .. } => Some((peer, reason)),
                _ => None,
            });
            break ban.await;
        }
    };
    assert_eq!(banned, (bad, BanReason::Score));
    until("the bad peer to be gone", async || {
        let peers = nodes[0].handle.peers().await.unwrap();
        peers.len() == 1 && peers[0].peer_id == good && peers[0].score >= 0.0
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn oversized_and_repeated_messages_are_refused_before_sending() {
    let mut nodes = mesh(2).await;
    let too_large = nodes[0]
        .handle
        .publish(Topic::Status, vec![0; Topic::Status.max_bytes() + 1])
        .await;
    assert!(
        matches!(too_large, Err(PublishError::TooLarge { .. })),
        "{too_large:?}"
    );
    assert_eq!(
        nodes[0].handle.publish(Topic::Status, vec![1]).await,
        Ok(Published::Sent)
    );
    assert_eq!(
        nodes[0].handle.publish(Topic::Status, vec![1]).await,
        Ok(Published::AlreadyKnown)
    );
    assert_eq!(
        nodes[0].handle.publish(Topic::Approvals, vec![1]).await,
        Ok(Published::Sent)
    );
    assert_eq!(nodes[1].gossip(Verdict::Accept).await.0, Topic::Status);
    assert_eq!(nodes[1].gossip(Verdict::Accept).await.0, Topic::Approvals);
    let alone = Node::start(9, vec![]).await;
    let nobody = alone.handle.publish(Topic::Status, vec![1]).await;
    assert!(
        matches!(nobody, Err(PublishError::NoPeers { .. })),
        "{nobody:?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_that_reads_no_events_drops_gossip_and_keeps_peer_events() {
    let mut slow_config = config(1, vec![]);
    slow_config.event_queue = 16;
    let mut slow = Node::with(slow_config).await;
    let mut sender = Node::start(2, vec![slow.address()]).await;
    sender.connected_to(slow.id()).await;
    for n in 0..100_u8 {
        sender.handle.publish(Topic::Status, vec![n]).await.unwrap();
    }
    until("drops", async || {
        let metrics = slow.handle.metrics();
        let status = metrics.topic(Topic::Status).unwrap();
        status.messages_in == 100 && status.dropped >= 80
    })
    .await;
    let sender_id = sender.id();
    sender.handle.shutdown().await;
    slow.disconnected_from(sender_id).await;
}
