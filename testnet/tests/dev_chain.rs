//! The dev chain over HTTP on loopback, client against server. Blocks are made on command.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic
)]

use std::path::Path;
use std::sync::Arc;

use assay_chain::dev::{AdminCommand, SetWeights, codes};
use assay_chain::{
    Advice, Chain, ChainError, DevChainClient, DevChainClientConfig, HeadWatcher, Neuron,
    WeightsRefusal, WeightsSubmission,
};
use assay_consensus::envelope::Signed;
use assay_consensus::hash::Hash;
use assay_consensus::keys::{Hotkey, Keypair};
use assay_testnet::dev_chain::{DevChainConfig, DevChainOptions, DevChainServer};

const TOKEN: &str = "test token";

fn key(name: &str) -> Keypair {
    Keypair::insecure_from_name(name)
}

fn hotkey(name: &str) -> Hotkey {
    key(name).hotkey()
}

fn neuron(uid: u16, name: &str, stake: u64) -> Neuron {
    Neuron {
        uid,
        hotkey: hotkey(name),
        stake,
        validator_permit: stake > 0,
        active: true,
    }
}

/// Epochs of 10 blocks, finality 2 behind, validators 0 and 1, miners 2 and 3.
fn config() -> DevChainConfig {
    DevChainConfig {
        netuid: 7,
        block_time_ms: 0,
        tempo_blocks: 10,
        finality_lag_blocks: 2,
        neurons: vec![
            neuron(0, "alice", 1_000),
            neuron(1, "bob", 500),
            neuron(2, "miner", 0),
            neuron(3, "other miner", 0),
        ],
        stake_threshold: 100,
        weights_version_key: 3,
        weights_rate_limit_blocks: 4,
        min_allowed_weights: 2,
        ..DevChainConfig::default()
    }
}

async fn start_with(config: DevChainConfig, dir: &Path) -> DevChainServer {
    let options = DevChainOptions {
        listen: "127.0.0.1:0".parse().unwrap(),
        data_dir: dir.to_owned(),
        admin_token: Some(TOKEN.into()),
    };
    DevChainServer::start(config, options).await.unwrap()
}

fn client(server: &DevChainServer, signer: &str) -> DevChainClient {
    let config = DevChainClientConfig::new(server.url());
    DevChainClient::new(config, Some(Arc::new(key(signer)))).unwrap()
}

async fn advance(client: &DevChainClient, blocks: u64) -> u64 {
    admin(client, AdminCommand::Advance { blocks }).await
}

async fn admin(client: &DevChainClient, command: AdminCommand) -> u64 {
    client.admin(TOKEN, &command).await.unwrap().best_number
}

fn submission(epoch: u64) -> WeightsSubmission {
    WeightsSubmission {
        epoch,
        entries: vec![(2, 100), (3, 300)],
        version_key: 3,
    }
}

fn refusal<T: std::fmt::Debug>(outcome: Result<T, ChainError>) -> WeightsRefusal {
    match outcome {
        Err(ChainError::Refused { refusal, .. }) => refusal,
        other => panic!("expected a refusal, got {other:?}"),
    }
}

#[tokio::test]
async fn finality_lags_and_epochs_start_where_the_chain_says() {
    let dir = tempfile::tempdir().unwrap();
    let server = start_with(config(), dir.path()).await;
    let chain = client(&server, "alice");
    assert_eq!(
        chain.genesis_hash().await.unwrap(),
        server.info().genesis_hash
    );
    assert_eq!(chain.finalized_head().await.unwrap().number, 0);
    assert_eq!(advance(&chain, 11).await, 11);
    let head = chain.finalized_head().await.unwrap();
    assert_eq!((head.number, head.epoch, head.next_epoch_start), (9, 0, 10));
    assert_eq!(chain.block(10).await.unwrap(), None);
    assert_eq!(chain.epoch_start(1).await, Err(ChainError::UnknownEpoch(1)));
    advance(&chain, 1).await;
    let start = chain.epoch_start(1).await.unwrap();
    assert_eq!(
        (start.number, start.epoch, start.next_epoch_start),
        (10, 1, 20)
    );
    assert_eq!(chain.block(10).await.unwrap(), Some(start));
    assert!(start.timestamp_ms > head.timestamp_ms);
    server.shutdown().await;
}

#[tokio::test]
async fn waiting_for_a_head_ends_with_the_latest_one() {
    let dir = tempfile::tempdir().unwrap();
    let server = start_with(config(), dir.path()).await;
    let chain = client(&server, "alice");
    let waiting = tokio::spawn({
        let chain = client(&server, "bob");
        async move { chain.next_head(0).await }
    });
    advance(&chain, 7).await;
    assert_eq!(waiting.await.unwrap().unwrap().unwrap().number, 5);
    let impatient = DevChainClientConfig {
        long_poll_ms: 1,
        ..DevChainClientConfig::new(server.url())
    };
    let impatient = DevChainClient::new(impatient, None).unwrap();
    assert_eq!(impatient.next_head(5).await.unwrap(), None);
    server.shutdown().await;
}

#[tokio::test]
async fn a_watcher_follows_heads_across_a_restart_of_the_chain() {
    let dir = tempfile::tempdir().unwrap();
    let server = start_with(config(), dir.path()).await;
    let address = server.url().trim_start_matches("http://").parse().unwrap();
    let chain = client(&server, "alice");
    let watcher = HeadWatcher::spawn(Arc::new(client(&server, "bob")));
    let mut heads = watcher.subscribe();
    advance(&chain, 6).await;
    heads
        .wait_for(|status| status.head.is_some_and(|head| head.number == 4))
        .await
        .unwrap();
    server.shutdown().await;
    heads
        .wait_for(|status| status.error.is_some())
        .await
        .unwrap();
    let options = DevChainOptions {
        listen: address,
        data_dir: dir.path().to_owned(),
        admin_token: Some(TOKEN.into()),
    };
    let server = DevChainServer::start(config(), options).await.unwrap();
    advance(&chain, 3).await;
    let status = heads
        .wait_for(|status| status.head.is_some_and(|head| head.number == 7))
        .await
        .unwrap()
        .clone();
    assert_eq!(status.error, None);
    watcher.stop().await;
    server.shutdown().await;
}

#[tokio::test]
async fn stopped_finality_catches_up_when_it_resumes() {
    let dir = tempfile::tempdir().unwrap();
    let server = start_with(config(), dir.path()).await;
    let chain = client(&server, "alice");
    advance(&chain, 5).await;
    admin(&chain, AdminCommand::StopFinality).await;
    advance(&chain, 5).await;
    assert_eq!(chain.finalized_head().await.unwrap().number, 3);
    admin(&chain, AdminCommand::ResumeFinality).await;
    assert_eq!(chain.finalized_head().await.unwrap().number, 8);
    server.shutdown().await;
}

#[tokio::test]
async fn the_metagraph_of_an_old_block_stays_what_it_was() {
    let dir = tempfile::tempdir().unwrap();
    let server = start_with(config(), dir.path()).await;
    let chain = client(&server, "alice");
    advance(&chain, 4).await;
    let before = chain.finalized_head().await.unwrap();
    admin(
        &chain,
        AdminCommand::SetStake {
            hotkey: hotkey("bob"),
            stake: 9,
        },
    )
    .await;
    admin(
        &chain,
        AdminCommand::Register {
            neuron: neuron(3, "newcomer", 0),
        },
    )
    .await;
    advance(&chain, 4).await;
    let after = chain.finalized_head().await.unwrap();
    let old = chain.metagraph(before.hash).await.unwrap();
    let new = chain.metagraph(after.hash).await.unwrap();
    assert_eq!(old.uid_of(&hotkey("other miner")), Some(3));
    assert_eq!(old.validator_set(0, 100).unwrap().total_stake(), 1_500);
    assert_eq!(new.uid_of(&hotkey("other miner")), None);
    assert_eq!(new.uid_of(&hotkey("newcomer")), Some(3));
    assert_eq!(new.validator_set(0, 100).unwrap().total_stake(), 1_000);
    let unknown = Hash::of(b"no block");
    assert_eq!(
        chain.metagraph(unknown).await,
        Err(ChainError::UnknownBlock(unknown))
    );
    server.shutdown().await;
}

#[tokio::test]
async fn weights_are_stored_upscaled_and_shown_once_final() {
    let dir = tempfile::tempdir().unwrap();
    let server = start_with(config(), dir.path()).await;
    let chain = client(&server, "alice");
    advance(&chain, 4).await;
    let outcome = chain.submit_weights(&submission(0)).await.unwrap();
    assert_eq!(outcome.included_in, 5);
    advance(&chain, 2).await;
    assert_eq!(chain.weights_on_chain(None).await.unwrap(), []);
    let before = chain.finalized_head().await.unwrap();
    advance(&chain, 1).await;
    let stored = chain.weights_on_chain(None).await.unwrap();
    assert_eq!(stored.len(), 1);
    assert_eq!(stored[0].hotkey, hotkey("alice"));
    assert_eq!(stored[0].entries, [(2, 21_845), (3, 65_535)]);
    assert_eq!((stored[0].block, stored[0].epoch), (5, 0));
    let at_before = chain.weights_on_chain(Some(before.hash)).await.unwrap();
    assert_eq!(at_before, []);
    server.shutdown().await;
}

#[tokio::test]
async fn weights_are_refused_by_the_names_of_the_real_chain() {
    let dir = tempfile::tempdir().unwrap();
    let server = start_with(config(), dir.path()).await;
    let alice = client(&server, "alice");
    let with = |entries: &[(u16, u16)]| WeightsSubmission {
        entries: entries.to_vec(),
        ..submission(0)
    };
    let stranger = client(&server, "stranger");
    let cases = [
        (&alice, submission(1), WeightsRefusal::WrongEpoch),
        (
            &alice,
            with(&[(0, 1), (1, 1), (2, 1), (3, 1), (4, 1)]),
            WeightsRefusal::UidsLengthExceedUidsInSubNet,
        ),
        (
            &stranger,
            submission(0),
            WeightsRefusal::HotKeyNotRegisteredInSubNet,
        ),
        (
            &client(&server, "miner"),
            submission(0),
            WeightsRefusal::NotEnoughStakeToSetWeights,
        ),
        (
            &alice,
            WeightsSubmission {
                version_key: 2,
                ..submission(0)
            },
            WeightsRefusal::IncorrectWeightVersionKey,
        ),
        (
            &alice,
            with(&[(2, 1), (2, 1)]),
            WeightsRefusal::DuplicateUids,
        ),
        (
            &alice,
            with(&[(2, 1), (9, 1)]),
            WeightsRefusal::UidVecContainInvalidOne,
        ),
        (
            &alice,
            with(&[(2, 1)]),
            WeightsRefusal::WeightVecLengthIsLow,
        ),
    ];
    for (chain, submission, expected) in cases {
        assert_eq!(refusal(chain.submit_weights(&submission).await), expected);
    }
    alice.submit_weights(&submission(0)).await.unwrap();
    let too_fast = alice.submit_weights(&submission(0)).await.unwrap_err();
    assert_eq!(too_fast.advice(), Advice::WaitForChain);
    assert_eq!(
        refusal::<()>(Err(too_fast)),
        WeightsRefusal::SettingWeightsTooFast
    );
    advance(&alice, 4).await;
    alice.submit_weights(&submission(0)).await.unwrap();
    admin(
        &alice,
        AdminCommand::SetPermit {
            hotkey: hotkey("bob"),
            validator_permit: false,
        },
    )
    .await;
    let bob = client(&server, "bob");
    assert_eq!(
        refusal(bob.submit_weights(&submission(0)).await),
        WeightsRefusal::NeuronNoValidatorPermit
    );
    let reader = DevChainClient::new(DevChainClientConfig::new(server.url()), None).unwrap();
    assert_eq!(
        reader.submit_weights(&submission(0)).await,
        Err(ChainError::NoSigner)
    );
    server.shutdown().await;
}

#[tokio::test]
async fn rules_of_the_subnet_refuse_by_name() {
    let cases = [
        (
            DevChainConfig {
                commit_reveal: true,
                ..config()
            },
            WeightsRefusal::CommitRevealEnabled,
        ),
        (
            DevChainConfig {
                netuid: 0,
                ..config()
            },
            WeightsRefusal::CanNotSetRootNetworkWeights,
        ),
        (
            DevChainConfig {
                max_weight_limit: 40_000,
                ..config()
            },
            WeightsRefusal::MaxWeightExceeded,
        ),
    ];
    for (config, expected) in cases {
        let dir = tempfile::tempdir().unwrap();
        let server = start_with(config, dir.path()).await;
        let chain = client(&server, "alice");
        assert_eq!(
            refusal(chain.submit_weights(&submission(0)).await),
            expected
        );
        server.shutdown().await;
    }
}

/// Sends raw JSON as a client that does not keep to the rules would.
async fn post(server: &DevChainServer, path: &str, body: String) -> (u16, serde_json::Value) {
    let response = reqwest::Client::new()
        .post(format!("{}{path}", server.url()))
        .body(body)
        .send()
        .await
        .unwrap();
    (response.status().as_u16(), response.json().await.unwrap())
}

#[tokio::test]
async fn a_forged_replayed_or_crooked_call_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let server = start_with(config(), dir.path()).await;
    let network = server.info().signing_network();
    let call = SetWeights {
        netuid: 7,
        epoch: 0,
        dests: vec![2, 3],
        weights: vec![1, 2],
        version_key: 3,
        nonce: 0,
    };
    let sign =
        |call: &SetWeights| Signed::sign(&network, call.clone(), &key("alice")).into_signed();
    let mut forged = sign(&call);
    forged.signer = hotkey("bob");
    let mut changed = sign(&call);
    changed.payload.weights = vec![2, 1];
    let other_chain = assay_consensus::envelope::NetworkId(Hash::of(b"other chain"));
    let moved = Signed::sign(&other_chain, call.clone(), &key("alice")).into_signed();
    let crooked = sign(&SetWeights {
        weights: vec![1],
        ..call.clone()
    });
    let other_subnet = sign(&SetWeights {
        netuid: 8,
        ..call.clone()
    });
    let cases = [
        (forged, "BadSignature"),
        (changed, "BadSignature"),
        (moved, "BadSignature"),
        (crooked, "WeightVecNotEqualSize"),
        (other_subnet, "MechanismDoesNotExist"),
    ];
    for (signed, expected) in cases {
        let body = serde_json::to_string(&signed).unwrap();
        let (status, answer) = post(&server, "/v1/weights", body).await;
        assert_eq!((status, &answer["code"]), (422, &expected.into()));
    }
    let body = serde_json::to_string(&sign(&call)).unwrap();
    assert_eq!(post(&server, "/v1/weights", body.clone()).await.0, 200);
    let (_, answer) = post(&server, "/v1/weights", body).await;
    assert_eq!(answer["code"], "BadNonce");
    server.shutdown().await;
}

#[tokio::test]
async fn garbage_is_answered_with_named_errors_and_changes_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let server = start_with(config(), dir.path()).await;
    let chain = client(&server, "alice");
    let before = chain.head().await.unwrap();
    for body in [
        String::new(),
        "null".into(),
        "{".into(),
        "[".repeat(10_000),
        r#"{"payload":{},"signer":"x","signature":"y"}"#.into(),
    ] {
        let (status, answer) = post(&server, "/v1/weights", body).await;
        assert_eq!((status, &answer["code"]), (400, &codes::BAD_REQUEST.into()));
    }
    let (status, _) = post(&server, "/v1/weights", "x".repeat(300 * 1024)).await;
    assert_eq!(status, 413);
    for (path, status) in [
        ("/v1/blocks/minus-one", 400),
        ("/v1/blocks/99999999999999999999999", 400),
        ("/v1/epochs/18446744073709551615/start", 200),
        ("/v1/metagraph/zz", 400),
        ("/v1/nonce/nobody", 400),
        ("/v1/head/next", 400),
        ("/v1/head/next?after=-1&wait_ms=0", 400),
        ("/v1/weights?at=0", 400),
        ("/v2/info", 404),
        ("/%00", 404),
    ] {
        let response = reqwest::get(format!("{}{path}", server.url()))
            .await
            .unwrap();
        assert_eq!(response.status().as_u16(), status, "{path}");
        let answer: serde_json::Value = response.json().await.unwrap();
        assert!(status == 200 || answer["code"].is_string(), "{path}");
    }
    assert_eq!(chain.head().await.unwrap(), before);
    server.shutdown().await;
}

#[tokio::test]
async fn admin_commands_need_the_token_and_sense() {
    let dir = tempfile::tempdir().unwrap();
    let server = start_with(config(), dir.path()).await;
    let chain = client(&server, "alice");
    let code = |outcome: Result<_, ChainError>| match outcome {
        Err(ChainError::Remote { code, .. }) => code,
        other => panic!("expected an error of the chain, got {other:?}"),
    };
    let one = AdminCommand::Advance { blocks: 1 };
    assert_eq!(code(chain.admin("wrong", &one).await), codes::FORBIDDEN);
    for senseless in [
        AdminCommand::Advance { blocks: u64::MAX },
        AdminCommand::Deregister {
            hotkey: hotkey("stranger"),
        },
        AdminCommand::Register {
            neuron: neuron(9, "alice", 1),
        },
    ] {
        assert_eq!(code(chain.admin(TOKEN, &senseless).await), codes::REFUSED);
    }
    assert_eq!(chain.head().await.unwrap().best_number, 0);
    server.shutdown().await;
}

#[tokio::test]
async fn everything_is_found_again_after_a_restart() {
    let dir = tempfile::tempdir().unwrap();
    let server = start_with(config(), dir.path()).await;
    let info = server.info().clone();
    let chain = client(&server, "alice");
    // More events than the log holds before it is replaced by a snapshot.
    advance(&chain, 4).await;
    chain.submit_weights(&submission(0)).await.unwrap();
    admin(
        &chain,
        AdminCommand::Deregister {
            hotkey: hotkey("bob"),
        },
    )
    .await;
    advance(&chain, 5_000).await;
    advance(&chain, 10).await;
    let head = chain.head().await.unwrap();
    let weights = chain.weights_on_chain(None).await.unwrap();
    let metagraph = chain.metagraph(head.finalized.hash).await.unwrap();
    let early = chain.block(3).await.unwrap().unwrap();
    server.shutdown().await;

    let server = start_with(config(), dir.path()).await;
    assert_eq!(*server.info(), info);
    let chain = client(&server, "alice");
    assert_eq!(chain.head().await.unwrap(), head);
    assert_eq!(chain.weights_on_chain(None).await.unwrap(), weights);
    assert_eq!(
        chain.metagraph(head.finalized.hash).await.unwrap(),
        metagraph
    );
    assert_eq!(chain.block(3).await.unwrap(), Some(early));
    assert_eq!(advance(&chain, 1).await, head.best_number + 1);
    server.shutdown().await;
}

#[tokio::test]
async fn a_folder_with_another_chain_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    start_with(config(), dir.path()).await.shutdown().await;
    let other = DevChainConfig {
        tempo_blocks: 11,
        ..config()
    };
    let options = DevChainOptions {
        listen: "127.0.0.1:0".parse().unwrap(),
        data_dir: dir.path().to_owned(),
        admin_token: None,
    };
    let error = DevChainServer::start(other, options).await.err().unwrap();
    assert!(error.to_string().contains("another configuration"));
}

#[tokio::test]
async fn a_client_of_another_chain_refuses_to_work() {
    let dir = tempfile::tempdir().unwrap();
    let server = start_with(config(), dir.path()).await;
    let expected = Hash::of(b"another genesis");
    let config = DevChainClientConfig {
        genesis_hash: Some(expected),
        ..DevChainClientConfig::new(server.url())
    };
    let chain = DevChainClient::new(config, None).unwrap();
    let got = server.info().genesis_hash;
    assert_eq!(
        chain.finalized_head().await,
        Err(ChainError::WrongChain { expected, got })
    );
    server.shutdown().await;
}

#[tokio::test]
async fn a_chain_that_is_down_or_silent_is_named_within_the_deadline() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let config = DevChainClientConfig {
        call_deadline_ms: 50,
        ..DevChainClientConfig::new(url)
    };
    let chain = DevChainClient::new(config, None).unwrap();
    // The listener takes connections and never answers.
    assert_eq!(
        chain.finalized_head().await,
        Err(ChainError::Deadline {
            call: "info",
            deadline_ms: 50
        })
    );
    drop(listener);
    assert!(matches!(
        chain.finalized_head().await,
        Err(ChainError::Unreachable { call: "info", .. })
    ));
}

#[tokio::test]
async fn blocks_come_by_themselves_when_there_is_a_block_time() {
    let dir = tempfile::tempdir().unwrap();
    let config = DevChainConfig {
        block_time_ms: 5,
        ..config()
    };
    let server = start_with(config, dir.path()).await;
    let chain = client(&server, "alice");
    let first = chain.next_head(0).await.unwrap().unwrap();
    let second = chain.next_head(first.number).await.unwrap().unwrap();
    assert!(second.number > first.number);
    assert!(second.timestamp_ms > first.timestamp_ms);
    server.shutdown().await;
}
