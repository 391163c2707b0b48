//! A peer of our network that does not run our code: garbage, forged, oversized and too many
//! messages, and answers that are never read.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic
)]

mod common;

use std::{io, time::Duration};

use assay_p2p::{BanReason, Multiaddr, NetworkEvent, PeerId, Topic, Verdict, limits};
use common::{DEADLINE, NETWORK, Node, config, until};
use futures::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, StreamExt};
use libp2p::{
    StreamProtocol, Swarm, SwarmBuilder, gossipsub, identify, identity, noise,
    request_response::{self, ProtocolSupport},
    swarm::{NetworkBehaviour, SwarmEvent},
    tcp, yamux,
};
use tokio::{io::AsyncWriteExt as _, net::TcpStream, time};

/// Seed of the victim's key.
const VICTIM: u8 = 1;

/// Writes what it is told and reads, or does not read, whatever comes.
#[derive(Clone)]
struct Raw {
    reads: bool,
}

impl request_response::Codec for Raw {
    type Protocol = StreamProtocol;
    type Request = Vec<u8>;
    type Response = Vec<u8>;

    async fn read_request<T>(&mut self, _: &StreamProtocol, _: &mut T) -> io::Result<Vec<u8>>
    where
        T: AsyncRead + Unpin + Send,
    {
        Err(io::Error::other("asks, does not answer"))
    }

    async fn read_response<T>(&mut self, _: &StreamProtocol, io: &mut T) -> io::Result<Vec<u8>>
    where
        T: AsyncRead + Unpin + Send,
    {
        if !self.reads {
            std::future::pending::<()>().await;
        }
        let mut response = Vec::new();
        io.read_to_end(&mut response).await?;
        Ok(response)
    }

    async fn write_request<T>(
        &mut self,
        _: &StreamProtocol,
        io: &mut T,
        bytes: Vec<u8>,
    ) -> io::Result<()>
    where
        T: AsyncWrite + Unpin + Send,
    {
        io.write_all(&bytes).await
    }

    async fn write_response<T>(
        &mut self,
        _: &StreamProtocol,
        _: &mut T,
        _: Vec<u8>,
    ) -> io::Result<()>
    where
        T: AsyncWrite + Unpin + Send,
    {
        Ok(())
    }
}

#[derive(NetworkBehaviour)]
struct Behaviour {
    gossip: gossipsub::Behaviour,
    identify: identify::Behaviour,
    sync: request_response::Behaviour<Raw>,
    blob: request_response::Behaviour<Raw>,
    identity: request_response::Behaviour<Raw>,
}

/// Whose signature gossip carries.
#[derive(PartialEq)]
enum Author {
    Itself,
    Nobody,
    /// As when the victim's messages of before a restart are relayed to it.
    Victim,
}

struct Hostile {
    swarm: Swarm<Behaviour>,
    victim: PeerId,
    responses: Vec<Vec<u8>>,
    failures: usize,
}

fn network_hex() -> String {
    NETWORK.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn topic(topic: Topic) -> gossipsub::IdentTopic {
    gossipsub::IdentTopic::new(format!("/assay/{}/{}/1", network_hex(), topic.name()))
}

impl Hostile {
    async fn connect(victim: &mut Node, reads: bool, author: Author) -> Self {
        let keypair = identity::Keypair::ed25519_from_bytes([200; 32]).unwrap();
        let exchange = |name| {
            let protocol =
                StreamProtocol::try_from_owned(format!("/assay/{name}/1/{}", network_hex()))
                    .unwrap();
            let config = request_response::Config::default()
                .with_max_concurrent_streams(10_000)
                .with_request_timeout(Duration::from_secs(600));
            request_response::Behaviour::with_codec(
                Raw { reads },
                [(protocol, ProtocolSupport::Full)],
                config,
            )
        };
        let (authenticity, mode) = match author {
            Author::Itself => (
                gossipsub::MessageAuthenticity::Signed(keypair.clone()),
                gossipsub::ValidationMode::Strict,
            ),
            Author::Nobody => (
                gossipsub::MessageAuthenticity::RandomAuthor,
                gossipsub::ValidationMode::None,
            ),
            Author::Victim => {
                let victim = identity::Keypair::ed25519_from_bytes([VICTIM; 32]).unwrap();
                (
                    gossipsub::MessageAuthenticity::Signed(victim),
                    gossipsub::ValidationMode::Strict,
                )
            }
        };
        let settings = gossipsub::ConfigBuilder::default()
            .validation_mode(mode)
            .max_transmit_size(1 << 20)
            .build()
            .unwrap();
        let behaviour = Behaviour {
            gossip: gossipsub::Behaviour::new(authenticity, settings).unwrap(),
            identify: identify::Behaviour::new(identify::Config::new(
                format!("/assay/1/{}", network_hex()),
                keypair.public(),
            )),
            sync: exchange("sync"),
            blob: exchange("blob"),
            identity: exchange("identity"),
        };
        let swarm = SwarmBuilder::with_existing_identity(keypair)
            .with_tokio()
            .with_tcp(
                tcp::Config::default().nodelay(true),
                noise::Config::new,
                yamux::Config::default,
            )
            .unwrap()
            .with_behaviour(|_| behaviour)
            .unwrap()
            .with_swarm_config(|config| {
                config.with_idle_connection_timeout(Duration::from_secs(600))
            })
            .build();
        let mut hostile = Self {
            swarm,
            victim: victim.id(),
            responses: Vec::new(),
            failures: 0,
        };
        hostile
            .swarm
            .behaviour_mut()
            .gossip
            .subscribe(&topic(Topic::Status))
            .unwrap();
        hostile.swarm.dial(victim.address()).unwrap();
        let handle = victim.handle.clone();
        hostile
            .run_until("the connection", async |hostile| {
                let known = hostile
                    .swarm
                    .behaviour()
                    .gossip
                    .all_peers()
                    .any(|(_, topics)| !topics.is_empty());
                known
                    && handle
                        .peers()
                        .await
                        .unwrap()
                        .iter()
                        .any(|peer| peer.peer_id == hostile.id())
            })
            .await;
        hostile
    }

    fn id(&self) -> PeerId {
        *self.swarm.local_peer_id()
    }

    /// Lets the hostile peer live until the condition holds.
    async fn run_until(&mut self, what: &str, mut condition: impl AsyncFnMut(&mut Self) -> bool) {
        let life = async {
            let mut check = time::interval(Duration::from_millis(10));
            loop {
                tokio::select! {
                    event = self.swarm.select_next_some() => self.event(event),
                    _ = check.tick() => if condition(self).await { return },
                }
            }
        };
        time::timeout(DEADLINE, life)
            .await
            .unwrap_or_else(|_| panic!("waited in vain for {what}"));
    }

    fn event(&mut self, event: SwarmEvent<BehaviourEvent>) {
        let SwarmEvent::Behaviour(
            BehaviourEvent::Sync(event)
            | BehaviourEvent::Blob(event)
            | BehaviourEvent::Identity(event),
        ) = event
        else {
            return;
        };
        match event {
            request_response::Event::Message {
                message: request_response::Message::Response { response, .. },
                ..
            } => self.responses.push(response),
            request_response::Event::OutboundFailure { .. } => self.failures += 1,
            _ => {}
        }
    }

    async fn until_banned(&mut self, victim: &mut Node) {
        let id = self.id();
        self.run_until("the ban", async |_| {
            while let Ok(event) = victim.events.try_recv() {
                match event {
                    NetworkEvent::PeerBanned {
                        peer,
                        reason: BanReason::Score,
                        ..
                    } if peer == id => return true,
                    NetworkEvent::Gossip { .. } => panic!("forged gossip was delivered"),
                    _ => {}
                }
            }
            false
        })
        .await;
    }
}

/// The victim still serves an honest peer.
async fn still_works(victim: &mut Node) {
    let mut honest = Node::start(50, vec![victim.address()]).await;
    honest.connected_to(victim.id()).await;
    let hash = victim.blobs.put(vec![9; 300_000]);
    assert_eq!(
        honest
            .handle
            .fetch_blob(hash, 300_000, &[])
            .await
            .unwrap()
            .len(),
        300_000
    );
    honest
        .handle
        .publish(Topic::Approvals, b"honest".to_vec())
        .await
        .unwrap();
    assert_eq!(victim.gossip(Verdict::Accept).await.1, b"honest");
    honest.handle.shutdown().await;
}

fn frame(body: &[u8]) -> Vec<u8> {
    [&u32::try_from(body.len()).unwrap().to_le_bytes(), body].concat()
}

#[tokio::test(flavor = "multi_thread")]
async fn unsigned_gossip_is_never_delivered_and_cuts_its_sender_off() {
    let mut victim = Node::start(VICTIM, vec![]).await;
    let mut hostile = Hostile::connect(&mut victim, true, Author::Nobody).await;
    for (n, kind) in Topic::ALL.into_iter().cycle().take(60).enumerate() {
        let _ = hostile
            .swarm
            .behaviour_mut()
            .gossip
            .publish(topic(kind), n.to_le_bytes().to_vec());
    }
    hostile.until_banned(&mut victim).await;
    still_works(&mut victim).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn our_own_gossip_coming_back_is_neither_delivered_nor_held_against_the_relay() {
    let mut victim = Node::start(VICTIM, vec![]).await;
    let mut relay = Hostile::connect(&mut victim, true, Author::Victim).await;
    for n in 0..20_u8 {
        let status = topic(Topic::Status);
        relay
            .swarm
            .behaviour_mut()
            .gossip
            .publish(status, vec![n])
            .unwrap();
    }
    let handle = victim.handle.clone();
    relay
        .run_until("the relayed messages", async |_| {
            let metrics = handle.metrics();
            metrics.topic(Topic::Status).unwrap().own_returned == 20
        })
        .await;
    let peers = victim.handle.peers().await.unwrap();
    assert!(peers[0].score >= 0.0, "score {}", peers[0].score);
    while let Ok(event) = victim.events.try_recv() {
        assert!(!matches!(event, NetworkEvent::Gossip { .. }), "{event:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn gossip_over_the_topic_size_is_never_delivered_and_cuts_its_sender_off() {
    let mut victim = Node::start(VICTIM, vec![]).await;
    let mut hostile = Hostile::connect(&mut victim, true, Author::Itself).await;
    for n in 0..20_u8 {
        let oversized = vec![n; Topic::Status.max_bytes() + limits::GOSSIP_ENVELOPE_BYTES];
        let _ = hostile
            .swarm
            .behaviour_mut()
            .gossip
            .publish(topic(Topic::Status), oversized);
    }
    hostile.until_banned(&mut victim).await;
    still_works(&mut victim).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn gossip_frames_over_the_limit_are_never_delivered_and_stop_nobody() {
    let mut victim = Node::start(VICTIM, vec![]).await;
    let mut hostile = Hostile::connect(&mut victim, true, Author::Itself).await;
    for n in 0..20_u8 {
        let giant = vec![n; 90_000 + usize::from(n) * 20_000];
        let consensus = topic(Topic::Consensus);
        let _ = hostile
            .swarm
            .behaviour_mut()
            .gossip
            .publish(consensus, giant);
    }
    let life = tokio::spawn(async move { hostile.run_until("never", async |_| false).await });
    still_works(&mut victim).await;
    let consensus = victim
        .handle
        .metrics()
        .topic(Topic::Consensus)
        .unwrap()
        .clone();
    assert_eq!(consensus.messages_in, 0);
    life.abort();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_flood_of_valid_gossip_is_limited_and_cuts_its_sender_off() {
    let mut limited = config(VICTIM, vec![]);
    limited.rates.gossip_messages = 20;
    let mut victim = Node::with(limited).await;
    let mut hostile = Hostile::connect(&mut victim, true, Author::Itself).await;
    let id = hostile.id();
    let mut sent = 0_u32;
    let mut delivered = 0;
    hostile
        .run_until("the ban", async |hostile| {
            for _ in 0..100 {
                sent += 1;
                let message = sent.to_le_bytes().to_vec();
                let _ = hostile
                    .swarm
                    .behaviour_mut()
                    .gossip
                    .publish(topic(Topic::Status), message);
            }
            while let Ok(event) = victim.events.try_recv() {
                match event {
                    NetworkEvent::Gossip { id, .. } => {
                        delivered += 1;
                        victim.handle.report(id, Verdict::Accept).await.unwrap();
                    }
                    NetworkEvent::PeerBanned {
                        peer,
                        reason: BanReason::Score,
                        ..
                    } if peer == id => return true,
                    _ => {}
                }
            }
            false
        })
        .await;
    let status = victim
        .handle
        .metrics()
        .topic(Topic::Status)
        .unwrap()
        .clone();
    assert!(status.over_rate > 1000, "{status:?}");
    assert!(
        delivered < status.over_rate,
        "{delivered} delivered, {status:?}"
    );
    still_works(&mut victim).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn broken_requests_are_dropped_and_cost_score() {
    let mut victim = Node::start(VICTIM, vec![]).await;
    let mut hostile = Hostile::connect(&mut victim, true, Author::Itself).await;
    let peer = hostile.victim;
    // Announced giants, cut frames and noise never become requests.
    let broken = [
        u32::MAX.to_le_bytes().to_vec(),
        vec![],
        vec![1, 2],
        frame(b"cut")[..5].to_vec(),
        vec![0xee; 5000],
    ];
    let behaviour = hostile.swarm.behaviour_mut();
    for bytes in &broken {
        behaviour.sync.send_request(&peer, bytes.clone());
        behaviour.blob.send_request(&peer, bytes.clone());
        behaviour.identity.send_request(&peer, bytes.clone());
    }
    hostile
        .run_until("all to fail", async |hostile| {
            hostile.failures + hostile.responses.len() == 15
        })
        .await;
    assert!(
        hostile.responses.iter().all(Vec::is_empty),
        "{:?}",
        hostile.responses
    );
    assert_eq!(victim.handle.metrics().requests_in, 0);

    // Frames of the right size that are no blob requests: five are too many.
    let mut nonsense = vec![0; 44];
    nonsense[40..].copy_from_slice(&u32::MAX.to_le_bytes());
    for _ in 0..5 {
        hostile
            .swarm
            .behaviour_mut()
            .blob
            .send_request(&peer, frame(&nonsense));
    }
    hostile.until_banned(&mut victim).await;
    assert!(victim.handle.metrics().malformed >= 4);
    still_works(&mut victim).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_flood_of_requests_is_told_busy_and_cut_off() {
    let mut limited = config(VICTIM, vec![]);
    limited.rates.sync_requests = 5;
    limited.rates.blob_chunks = 1000;
    let mut victim = Node::with(limited).await;
    let mut hostile = Hostile::connect(&mut victim, true, Author::Itself).await;
    let peer = hostile.victim;
    let id = hostile.id();
    let mut events = 0;
    hostile
        .run_until("the ban", async |hostile| {
            for _ in 0..50 {
                hostile
                    .swarm
                    .behaviour_mut()
                    .sync
                    .send_request(&peer, frame(b"again"));
            }
            while let Ok(event) = victim.events.try_recv() {
                match event {
                    NetworkEvent::Request { reply, .. } => {
                        events += 1;
                        reply.send(vec![1]);
                    }
                    NetworkEvent::PeerBanned {
                        peer,
                        reason: BanReason::Score,
                        ..
                    } if peer == id => return true,
                    _ => {}
                }
            }
            false
        })
        .await;
    let metrics = victim.handle.metrics();
    assert!(metrics.requests_refused >= 400, "{metrics:?}");
    assert!(
        events * 4 < metrics.requests_refused,
        "{events} reached the node"
    );
    still_works(&mut victim).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_peer_that_never_reads_its_answers_holds_a_bounded_part_and_stops_nobody() {
    let mut victim = Node::start(VICTIM, vec![]).await;
    let hash = victim.blobs.put(vec![5; 2_000_000]);
    let mut hostile = Hostile::connect(&mut victim, false, Author::Itself).await;
    let peer = hostile.victim;
    let mut request = hash.to_vec();
    request.extend_from_slice(&0_u64.to_le_bytes());
    request.extend_from_slice(&limits::BLOB_CHUNK_BYTES.to_le_bytes());
    let asked = limits::MAX_STREAMS_PER_PROTOCOL;
    for _ in 0..asked {
        hostile
            .swarm
            .behaviour_mut()
            .blob
            .send_request(&peer, frame(&request));
    }
    let handle = victim.handle.clone();
    hostile
        .run_until("all requests to arrive", async |_| {
            handle.metrics().requests_in == asked as u64
        })
        .await;
    let life = tokio::spawn(async move { hostile.run_until("never", async |_| false).await });
    let metrics = victim.handle.metrics();
    assert!(
        metrics.blob_chunks_served <= limits::MAX_BLOB_INBOUND_PER_PEER as u64,
        "{metrics:?}"
    );
    assert_eq!(
        metrics.requests_refused,
        (asked - limits::MAX_BLOB_INBOUND_PER_PEER) as u64
    );
    still_works(&mut victim).await;
    life.abort();
}

#[tokio::test(flavor = "multi_thread")]
async fn noise_on_the_port_is_survived() {
    let mut victim = Node::start(VICTIM, vec![]).await;
    let address = socket(&victim.address());
    let mut open = Vec::new();
    for n in 0..150_u8 {
        // Some of these are refused at the limit of connections being set up; that is the point.
        if let Ok(mut stream) = TcpStream::connect(address).await {
            let _ = stream.write_all(&vec![n; 3000]).await;
            open.push(stream);
        }
    }
    drop(open);
    until("nothing left", async || {
        victim.handle.metrics().connections == 0
    })
    .await;
    still_works(&mut victim).await;
}

fn socket(address: &Multiaddr) -> std::net::SocketAddr {
    let text = address.to_string();
    let parts: Vec<_> = text.split('/').collect();
    format!("{}:{}", parts[2], parts[4]).parse().unwrap()
}
