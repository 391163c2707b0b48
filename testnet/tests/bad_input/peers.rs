//! A real peer of the network that speaks the protocol and means harm.

use assay_consensus::block::{
    Block, BlockHeader, ChainRef, ConsensusVote, DecidedBlock, Proposal, VoteKind,
};
use assay_consensus::codec;
use assay_consensus::envelope::{NetworkId, Payload, Signed};
use assay_consensus::hash::Hash;
use assay_consensus::keys::{Hotkey, Keypair};
use assay_consensus::submission::{Approval, Rejection, SubmissionHeader, SubmissionId};
use assay_consensus::votes::{LogVote, WeightsVote};
use assay_consensus::wire::{Message, PullRequest, Status, SyncReply, SyncRequest};
use assay_p2p::{
    Network, NetworkConfig, NetworkEvent, NetworkHandle, PeerId, PeerInfo, PublishError,
    RequestError, Topic, TransportKey, Verdict,
};
use assay_testnet::network::CHALLENGE;
use tokio::task::JoinHandle;

use crate::support::{LONG_EPOCHS, Stage, key, until};

const REJECTED: &str = "assay_gossip_rejected_total";

#[tokio::test]
async fn garbage_on_any_topic_is_rejected_and_its_sender_is_cut_off() {
    let mut stage = Stage::start(2, &["alice", "bob"], LONG_EPOCHS).await;
    stage.still_works("alice", 0).await;
    let before = stage.snapshot(0).await;
    for topic in Topic::ALL {
        let attacker = Attacker::connect(&stage).await;
        let rejected = stage.metrics(0).await[REJECTED];
        let garbage = garbage(&stage, topic);
        let count = garbage.len() as f64;
        for bytes in garbage {
            attacker.publish(topic, bytes).await;
        }
        until("rejected garbage", async || {
            (stage.metrics(0).await[REJECTED] >= rejected + count).then_some(())
        })
        .await;
        until("the end of the connection", async || {
            let peers = attacker.handle.peers().await.unwrap();
            let is_victim = |peer: &PeerInfo| peer.peer_id == attacker.victim;
            (!peers.iter().any(is_victim)).then_some(())
        })
        .await;
        attacker.leave().await;
    }
    assert_eq!(stage.snapshot(0).await, before);
    stage.still_works("bob", 0).await;
    stage.stop().await;
}

#[tokio::test]
async fn messages_of_strangers_and_in_the_name_of_validators_change_nothing() {
    let mut stage = Stage::start(2, &["alice", "bob", "mallory"], LONG_EPOCHS).await;
    stage.still_works("alice", 0).await;
    let before = stage.snapshot(0).await;
    let attacker = Attacker::connect(&stage).await;
    let (stranger, mallory) = (key("stranger"), key("mallory"));
    let validator = stage.testnet.hotkeys[1];
    let rejected = stage.metrics(0).await[REJECTED];

    let mut tried_at = None;
    until("rejected forgeries", async || {
        let client = stage.testnet.nodes[0].client().unwrap();
        let status = client.node_status().await.unwrap();
        // What is for another height is not even looked at: try again if the ledger moved on.
        if tried_at.replace(status.ledger_height) != Some(status.ledger_height) {
            let of = |signer: &Keypair, claimed| {
                Forger {
                    network: stage.target(0).network,
                    epoch: status.epoch,
                    height: status.ledger_height + 1,
                    claimed,
                }
                .messages(signer)
            };
            // In their own name, without stake: a nobody, and a registered miner.
            let honest_names = of(&stranger, stranger.hotkey())
                .into_iter()
                .chain(of(&mallory, mallory.hotkey()).into_iter().skip(1));
            for message in honest_names.chain(of(&stranger, validator)) {
                attacker
                    .publish(p2p_topic(&message), message.encode())
                    .await;
            }
        }
        // Only forgeries are held against the sender, all seven of them.
        (stage.metrics(0).await[REJECTED] >= rejected + 7.0).then_some(())
    })
    .await;
    assert_eq!(stage.snapshot(0).await, before);
    attacker.leave().await;
    stage.still_works("bob", 0).await;
    stage.stop().await;
}

#[tokio::test]
async fn lies_about_heights_payloads_and_identities_stop_nobody() {
    let mut stage = Stage::start(2, &["alice", "bob", "mallory"], LONG_EPOCHS).await;
    stage.still_works("alice", 0).await;
    let attacker = Attacker::connect(&stage).await;

    for height in [u64::MAX - 1, u64::MAX] {
        let status = Message::Status(Status {
            height,
            block: Hash::of(b"no block"),
        });
        attacker.publish(Topic::Status, status.encode()).await;
    }
    // A sound header whose payload nobody has.
    let epoch = stage.epoch_with_room().await;
    let promised = stage.good("mallory", 0, epoch);
    let header = Message::Submission(promised.header.clone());
    attacker.publish(Topic::Submissions, header.encode()).await;
    until("the promised submission", async || {
        stage.journey(0, &promised.id().to_string()).await.ok()
    })
    .await;

    // The attacker claims to be a validator, first with noise, then with its own signature.
    let validator = stage.testnet.hotkeys[1];
    let link = TransportLink {
        peer_id: attacker.handle.local_peer_id().to_bytes(),
    };
    let mut claim = Signed::sign(&stage.target(0).network, link, &key("mallory")).into_signed();
    claim.signer = validator;
    for statement in [vec![0xee; 200], codec::encode(&claim)] {
        attacker.handle.set_local_identity(statement).await.unwrap();
    }

    stage.all_active().await;
    stage.still_works("bob", 0).await;
    let client = stage.testnet.nodes[0].client().unwrap();
    let shown = client.validator_get(&validator.to_hex()).await.unwrap();
    assert_ne!(
        shown.peer_id,
        Some(attacker.handle.local_peer_id().to_string())
    );
    attacker.leave().await;
    stage.stop().await;
}

#[tokio::test]
async fn sync_and_blob_requests_of_any_kind_are_answered_or_refused() {
    let mut stage = Stage::start(2, &["alice", "bob"], LONG_EPOCHS).await;
    stage.still_works("alice", 0).await;
    let before = stage.snapshot(0).await;
    let attacker = Attacker::connect(&stage).await;
    let peer = attacker.victim;

    let pull = |subjects: usize| {
        SyncRequest::Pull(PullRequest {
            height: u64::MAX,
            pending: true,
            stuck: Vec::new(),
            submissions: vec![SubmissionId(Hash::of(b"unknown")); subjects],
            weights_epochs: vec![u64::MAX; subjects],
        })
    };
    let whole = codec::encode(&pull(3));
    let mut garbage = vec![Vec::new(), vec![0xff; 60 * 1024]];
    garbage.extend(
        (1..whole.len())
            .step_by(23)
            .map(|end| whole[..end].to_vec()),
    );
    // A list that claims to be longer than memory.
    let mut claims = whole.clone();
    claims[13..21].copy_from_slice(&u64::MAX.to_le_bytes());
    garbage.push(claims);
    for request in garbage {
        let size = request.len();
        let outcome = attacker.handle.request(peer, request).await;
        assert!(
            matches!(outcome, Err(RequestError::Refused(_))),
            "{size} bytes: {outcome:?}"
        );
    }
    for request in [
        SyncRequest::Blocks { from_height: 0 },
        SyncRequest::Blocks {
            from_height: u64::MAX,
        },
        pull(0),
        pull(1_500),
    ] {
        let answer = attacker
            .handle
            .request(peer, codec::encode(&request))
            .await
            .unwrap();
        match (&request, SyncReply::decode(&answer).unwrap()) {
            (SyncRequest::Blocks { from_height: 0 }, SyncReply::Blocks(blocks)) => {
                check_blocks(&blocks);
            }
            (SyncRequest::Blocks { .. }, SyncReply::Blocks(blocks)) => {
                assert_eq!(blocks, Vec::new());
            }
            (SyncRequest::Pull(_), SyncReply::Messages(messages)) => {
                assert!(messages.iter().all(|m| !matches!(m, Message::LogVote(_))));
            }
            (request, reply) => panic!("{request:?} was answered with {reply:?}"),
        }
    }
    for index in 0..20u8 {
        let unknown = Hash::of(&[index]);
        let outcome = attacker
            .handle
            .fetch_blob(unknown.0, 1_000_000, &[peer])
            .await;
        assert!(outcome.is_err(), "{unknown}: {outcome:?}");
    }
    assert_eq!(stage.snapshot(0).await, before);
    attacker.leave().await;
    stage.still_works("bob", 0).await;
    stage.stop().await;
}

/// The statement with which a validator claims a transport key, as its bytes are on the wire.
#[derive(serde::Serialize)]
struct TransportLink {
    peer_id: Vec<u8>,
}

impl Payload for TransportLink {
    const DOMAIN: &'static str = "assay/transport-link/v1";
}

/// Blocks from genesis on, without a gap.
fn check_blocks(blocks: &[DecidedBlock]) {
    assert!(!blocks.is_empty());
    for (height, decided) in (1..).zip(blocks) {
        assert_eq!(decided.block.header.height, height);
    }
}

/// A peer that runs none of our node's code above the network.
struct Attacker {
    handle: NetworkHandle,
    victim: PeerId,
    drain: JoinHandle<()>,
}

impl Attacker {
    /// Connects to the first validator.
    async fn connect(stage: &Stage) -> Attacker {
        let network = stage.testnet.genesis.network_id();
        let mut config = NetworkConfig::new(network.0.0, TransportKey::generate());
        config.listen = vec!["/ip4/127.0.0.1/tcp/0".parse().unwrap()];
        let port = stage.testnet.nodes[0].spec.p2p_port;
        config.bootstrap = vec![format!("/ip4/127.0.0.1/tcp/{port}").parse().unwrap()];
        let (handle, mut events) = Network::start(config).await.unwrap();
        let judge = handle.clone();
        let drain = tokio::spawn(async move {
            while let Some(event) = events.recv().await {
                if let NetworkEvent::Gossip { id, .. } = event {
                    let _closed = judge.report(id, Verdict::Ignore).await;
                }
            }
        });
        let port = format!("/tcp/{port}");
        let victim = until("a connection", async || {
            let peers = handle.peers().await.unwrap();
            let is_victim =
                |peer: &&PeerInfo| peer.addresses.iter().any(|a| a.to_string().contains(&port));
            peers.iter().find(is_victim).map(|peer| peer.peer_id)
        })
        .await;
        Attacker {
            handle,
            victim,
            drain,
        }
    }

    /// Sends on a topic as soon as somebody listens to it.
    async fn publish(&self, topic: Topic, bytes: Vec<u8>) {
        until("a subscriber", async || {
            match self.handle.publish(topic, bytes.clone()).await {
                Ok(_) => Some(()),
                Err(PublishError::NoPeers { .. }) => None,
                Err(error) => panic!("{topic:?}: {error}"),
            }
        })
        .await;
    }

    async fn leave(self) {
        self.handle.shutdown().await;
        drop(self.handle);
        self.drain.await.unwrap();
    }
}

/// Five kinds of garbage: what five mistakes cost is what ends a connection.
fn garbage(stage: &Stage, topic: Topic) -> Vec<Vec<u8>> {
    let forger = Forger {
        network: stage.target(0).network,
        epoch: 0,
        height: 1,
        claimed: key("mallory").hotkey(),
    };
    let messages = forger.messages(&key("mallory"));
    let own = messages.iter().find(|message| p2p_topic(message) == topic);
    let other = messages.iter().find(|message| p2p_topic(message) != topic);
    let status = Message::Status(Status {
        height: 1,
        block: Hash::ZERO,
    });
    let own = own.unwrap_or(&status).encode();
    let mut longer = own.clone();
    longer.push(0);
    vec![
        vec![0x5a; 40],
        vec![0xff; topic.max_bytes()],
        own[..own.len() - 1].to_vec(),
        longer,
        other.unwrap().encode(),
    ]
}

/// Builds one message of every signed kind.
struct Forger {
    network: NetworkId,
    epoch: u64,
    height: u64,
    /// In whose name.
    claimed: Hotkey,
}

impl Forger {
    /// The messages; the submission comes first.
    fn messages(&self, signer: &Keypair) -> Vec<Message> {
        let (epoch, height) = (self.epoch, self.height);
        let unknown = SubmissionId(Hash::of(&signer.hotkey().0));
        let header = SubmissionHeader {
            challenge: CHALLENGE.to_owned(),
            hotkey: self.claimed,
            epoch,
            name: "forged".to_owned(),
            sequence: 0,
            payload_hash: Hash::of(b"forged"),
            payload_len: 6,
        };
        let approval = Approval {
            submission: unknown,
            set_epoch: epoch,
        };
        let rejection = Rejection::new(unknown, epoch, "forged", "because");
        let vote = ConsensusVote {
            height,
            round: 0,
            kind: VoteKind::Precommit,
            block: Some(Hash::of(b"forged block")),
        };
        let log_vote = LogVote {
            submission: unknown,
            height,
            set_epoch: epoch,
            log_hash: Hash::of(b"forged log"),
            score: 10_000,
        };
        let weights_vote = WeightsVote {
            epoch: epoch + 1,
            height,
            weights_hash: Hash::of(b"forged weights"),
        };
        vec![
            Message::Submission(self.sign(header, signer)),
            Message::Approval(self.sign(approval, signer)),
            Message::Rejection(self.sign(rejection, signer)),
            Message::Proposal(Box::new(self.sign(self.proposal(), signer))),
            Message::Vote(self.sign(vote, signer)),
            Message::LogVote(self.sign(log_vote, signer)),
            Message::WeightsVote(self.sign(weights_vote, signer)),
        ]
    }

    fn sign<P: Payload>(&self, payload: P, signer: &Keypair) -> Signed<P> {
        let mut signed = Signed::sign(&self.network, payload, signer).into_signed();
        signed.signer = self.claimed;
        signed
    }

    fn proposal(&self) -> Proposal {
        Proposal {
            round: 0,
            pol_round: None,
            block: Block {
                header: BlockHeader {
                    height: self.height,
                    parent: Hash::ZERO,
                    proposer: self.claimed,
                    chain: ChainRef {
                        number: 1,
                        hash: Hash::ZERO,
                        epoch: self.epoch,
                        next_epoch_start: 1_000_000,
                        timestamp_ms: 0,
                    },
                    entries_root: Block::root_of(&[]),
                    state_root: Hash::ZERO,
                    results_root: Hash::ZERO,
                },
                entries: Vec::new(),
            },
        }
    }
}

fn p2p_topic(message: &Message) -> Topic {
    match message {
        Message::Submission(_) => Topic::Submissions,
        Message::Approval(_) | Message::Rejection(_) => Topic::Approvals,
        Message::Proposal(_) | Message::Vote(_) => Topic::Consensus,
        Message::LogVote(_) => Topic::LogVotes,
        Message::WeightsVote(_) => Topic::WeightsVotes,
        Message::Status(_) => Topic::Status,
    }
}
