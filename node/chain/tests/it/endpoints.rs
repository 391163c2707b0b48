//! Endpoints that die, hang, lie or come back.

use std::sync::Arc;

use jsonrpsee::RpcModule;
use jsonrpsee::server::{Server, ServerConfig, ServerHandle};
use parity_scale_codec::{Compact, Encode};
use serde_json::{Value, json};

use assay_chain::{Chain, ChainError, HeadStatus, HeadWatcher, SubtensorChain, SubtensorConfig};
use assay_consensus::hash::Hash;

use crate::limited::{Limit, Limited, key_of};
use crate::proxy::{Mode, Proxy};
use crate::support::{HASTY_MS, NETUID, TestChain, client, config, eventually, patient};

/// More than the client takes in one answer.
const OVERSIZED_BYTES: usize = 17 * 1024 * 1024;

/// What `Core_version` answers: two empty names, five numbers, no functions.
const RUNTIME_VERSION: &str = "0x0000000000000100000001000000000100000001";

/// In milliseconds.
const HOUR_MS: u64 = 3_600_000;

/// A header without notes of its author, as a node answers with it, and its hash.
fn header(number: u32) -> (Value, Hash) {
    let zero = format!("0x{}", "0".repeat(64));
    let header = json!({
        "parentHash": zero,
        "number": format!("{number:#x}"),
        "stateRoot": zero,
        "extrinsicsRoot": zero,
        "digest": { "logs": [] }
    });
    let zero = [0u8; 32];
    let bytes = (zero, Compact(number), zero, zero, Compact(0u32)).encode();
    (header, Hash(sp_crypto_hashing::blake2_256(&bytes)))
}

/// A hash as nodes write it.
fn hex_of(hash: Hash) -> String {
    format!("0x{}", hex::encode(hash.0))
}

/// All blocks of an endpoint have this time.
fn block_time(ms: u64) -> Limit {
    let time = format!("0x{}", hex::encode(ms.encode()));
    Limit::Answers("state_getStorage", key_of("Timestamp", "Now"), json!(time))
}

/// An endpoint in front of a node at a block, which says that it is another block far ahead.
async fn far_ahead(chain: &TestChain, number: u64, claimed: u32) -> Limited {
    let (header, hash) = header(claimed);
    let real = chain.client().hash_of_block(number).await.unwrap().unwrap();
    let hash = hex_of(hash);
    let limits = [
        Limit::Answers("chain_getFinalizedHead", String::new(), json!(hash)),
        Limit::Answers("chain_getHeader", hash.clone(), header),
        Limit::Reads(hash, hex_of(real)),
    ];
    Limited::start(&chain.url(), &limits).await
}

/// A server that is no node: whatever is asked, it answers the same.
struct Liar {
    url: String,
    handle: ServerHandle,
}

impl Liar {
    async fn start(answers: &[(&'static str, Value)]) -> Liar {
        let config = ServerConfig::builder()
            .max_response_body_size(2 * OVERSIZED_BYTES as u32)
            .build();
        let server = Server::builder()
            .set_config(config)
            .build("127.0.0.1:0")
            .await
            .unwrap();
        let url = format!("ws://{}", server.local_addr().unwrap());
        let mut module = RpcModule::new(());
        for (name, answer) in answers {
            let answer = answer.clone();
            module
                .register_method(name, move |_, _, _| answer.clone())
                .unwrap();
        }
        let handle = server.start(module);
        Liar { url, handle }
    }

    async fn stop(self) {
        self.handle.stop().unwrap();
        self.handle.stopped().await;
    }
}

fn hasty(endpoints: &[String]) -> SubtensorChain {
    let config = SubtensorConfig {
        call_deadline_ms: HASTY_MS,
        ..SubtensorConfig::new(endpoints.to_vec(), NETUID)
    };
    SubtensorChain::new(config, None).unwrap()
}

#[tokio::test]
async fn an_endpoint_that_dies_in_mid_call_is_replaced_by_the_next() {
    let chain = TestChain::start(config()).await;
    chain.finalize(5).await;
    let first = Proxy::start(&chain.url(), Mode::Open).await;
    let second = Proxy::start(&chain.url(), Mode::Open).await;
    let client = client(&[first.url(), second.url()]);
    let head = client.finalized_head().await.unwrap();
    assert_eq!((first.connections(), second.connections()), (1, 0));
    first.set(Mode::HangUpOnRequest);
    let metagraph = client.metagraph(head.hash).await.unwrap();
    assert_eq!(metagraph.block(), head);
    assert_eq!(second.connections(), 1);
    // The second stays in use when the first is well again.
    first.set(Mode::Open);
    let tries = first.connections();
    client.finalized_head().await.unwrap();
    assert_eq!((first.connections(), second.connections()), (tries, 1));
    chain.stop().await;
}

#[tokio::test]
async fn a_connection_that_broke_while_nobody_used_it_is_made_again() {
    let chain = TestChain::start(config()).await;
    chain.finalize(5).await;
    let proxy = Proxy::start(&chain.url(), Mode::Open).await;
    let client = client(&[proxy.url()]);
    let head = client.finalized_head().await.unwrap();
    proxy.hang_up().await;
    proxy.set(Mode::Open);
    assert_eq!(client.finalized_head().await, Ok(head));
    assert_eq!(proxy.connections(), 2);
    chain.stop().await;
}

#[tokio::test]
async fn when_all_endpoints_are_dead_the_call_fails_and_works_again_when_one_comes_back() {
    let chain = TestChain::start(config()).await;
    chain.finalize(5).await;
    let first = Proxy::start(&chain.url(), Mode::Closed).await;
    let second = Proxy::start(&chain.url(), Mode::Closed).await;
    let client = client(&[first.url(), second.url()]);
    for _ in 0..3 {
        let error = client.finalized_head().await.unwrap_err();
        let ChainError::Unreachable { call, endpoint, .. } = &error else {
            panic!("{error:?}");
        };
        assert_eq!(*call, "finalized_head");
        assert!([first.url(), second.url()].contains(endpoint), "{endpoint}");
    }
    second.set(Mode::Open);
    assert_eq!(client.finalized_head().await.unwrap().number, 5);
    chain.stop().await;
}

#[tokio::test]
async fn a_silent_endpoint_ends_in_the_deadline() {
    let chain = TestChain::start(config()).await;
    chain.finalize(5).await;
    let proxy = Proxy::start(&chain.url(), Mode::Silent).await;
    let client = hasty(&[proxy.url()]);
    let error = client.finalized_head().await.unwrap_err();
    assert!(
        matches!(
            error,
            ChainError::Unreachable { .. } | ChainError::Deadline { .. }
        ),
        "{error:?}"
    );
    // Silent after the connection was made.
    proxy.set(Mode::Open);
    eventually(async || client.finalized_head().await).await;
    proxy.set(Mode::Silent);
    assert_eq!(
        client.finalized_head().await,
        Err(ChainError::Deadline {
            call: "finalized_head",
            deadline_ms: HASTY_MS
        })
    );
    chain.stop().await;
}

#[tokio::test]
async fn a_silent_endpoint_is_left_for_the_next() {
    let chain = TestChain::start(config()).await;
    chain.finalize(5).await;
    let proxy = Proxy::start(&chain.url(), Mode::Silent).await;
    let client = hasty(&[proxy.url(), chain.url()]);
    let head = eventually(async || client.finalized_head().await).await;
    assert_eq!(head.number, 5);
    let client = hasty(&[proxy.url(), chain.url()]);
    let next = eventually(async || client.next_head(4).await).await;
    assert_eq!(next, Some(head));
    chain.stop().await;
}

#[tokio::test]
async fn an_endpoint_of_another_chain_is_never_used() {
    let chain = TestChain::start(config()).await;
    chain.finalize(5).await;
    let mut other = config();
    other.beacon.seed = "another chain".to_owned();
    let other = TestChain::start(other).await;
    other.finalize(9).await;

    let mut configuration = patient(&[other.url()]);
    configuration.genesis_hash = Some(chain.genesis());
    let client = SubtensorChain::new(configuration.clone(), None).unwrap();
    let wrong = ChainError::WrongChain {
        expected: chain.genesis(),
        got: other.genesis(),
    };
    assert_eq!(client.finalized_head().await, Err(wrong.clone()));

    configuration.endpoints.push(chain.url());
    let client = SubtensorChain::new(configuration, None).unwrap();
    assert_eq!(client.finalized_head().await.unwrap().number, 5);

    // Without a configured hash the first chain that answers decides.
    let proxy = Proxy::start(&chain.url(), Mode::Open).await;
    let client = SubtensorChain::new(patient(&[proxy.url(), other.url()]), None).unwrap();
    assert_eq!(client.genesis_hash().await, Ok(chain.genesis()));
    proxy.set(Mode::Closed);
    let error = client.finalized_head().await.unwrap_err();
    assert!(
        error == wrong || matches!(error, ChainError::Unreachable { .. }),
        "{error:?}"
    );
    other.stop().await;
    chain.stop().await;
}

#[tokio::test]
async fn an_endpoint_that_answers_nonsense_is_left_for_the_next() {
    let chain = TestChain::start(config()).await;
    chain.finalize(5).await;
    let genesis = chain.genesis().to_string();
    let genesis = format!("0x{}", genesis.trim_start_matches("0x"));
    let oversized = "0".repeat(OVERSIZED_BYTES);
    let (header, hash) = header(5);
    let hash = hex_of(hash);
    let lies: [&[(&'static str, Value)]; 9] = [
        &[],
        &[("chain_getBlockHash", json!(42))],
        &[("chain_getBlockHash", json!(oversized))],
        &[("chain_getBlockHash", json!(genesis))],
        &[
            ("chain_getBlockHash", json!(genesis)),
            ("chain_getFinalizedHead", json!("0x00")),
        ],
        &[
            ("chain_getBlockHash", json!(genesis)),
            ("chain_getFinalizedHead", json!(genesis)),
            ("chain_getHeader", json!({ "number": "many" })),
        ],
        // A header that isn't the block's.
        &[
            ("chain_getBlockHash", json!(genesis)),
            ("chain_getFinalizedHead", json!(genesis)),
            ("chain_getHeader", header.clone()),
        ],
        &[
            ("chain_getBlockHash", json!(genesis)),
            ("chain_getFinalizedHead", json!(hash)),
            ("chain_getHeader", header.clone()),
            ("state_call", json!("0x00")),
        ],
        &[
            ("chain_getBlockHash", json!(genesis)),
            ("chain_getFinalizedHead", json!(hash)),
            ("chain_getHeader", header),
            ("state_call", json!(RUNTIME_VERSION)),
        ],
    ];
    for answers in lies {
        let liar = Liar::start(answers).await;
        let alone = client(std::slice::from_ref(&liar.url));
        let error = alone.finalized_head().await.unwrap_err();
        assert!(error.to_string().contains(&liar.url), "{error}");
        let client = client(&[liar.url.clone(), chain.url()]);
        assert_eq!(client.finalized_head().await.unwrap().number, 5);
        liar.stop().await;
    }
    chain.stop().await;
}

#[tokio::test]
async fn an_endpoint_far_behind_is_not_believed_and_one_a_little_behind_takes_nothing_back() {
    let (ahead, behind) = TestChain::twins(config()).await;
    ahead.finalize(100).await;
    behind.finalize(10).await;
    let proxy = Proxy::start(&ahead.url(), Mode::Open).await;
    let hour_ago_ms = ahead.head().await.timestamp_ms - HOUR_MS;
    let late = Limited::start(&behind.url(), &[block_time(hour_ago_ms)]).await;
    let client = client(&[proxy.url(), late.url.clone()]);
    let head = client.finalized_head().await.unwrap();
    assert_eq!(head.number, 100);
    proxy.set(Mode::Closed);
    assert!(client.finalized_head().await.is_err());
    behind.finalize(80).await;
    // The endpoint rests after its failure; then it will do.
    let again = eventually(async || client.finalized_head().await).await;
    assert_eq!(again, head);
    // It can't tell of the blocks that it lacks.
    assert_eq!(
        client.metagraph(head.hash).await,
        Err(ChainError::UnknownBlock(head.hash))
    );
    assert_eq!(client.weights_on_chain(None).await, Ok(Vec::new()));
    late.stop().await;
    ahead.stop().await;
    behind.stop().await;
}

#[tokio::test]
async fn a_false_head_is_forgotten_when_its_endpoint_fails_and_others_are_used_again() {
    let chain = TestChain::start(config()).await;
    chain.finalize(100).await;
    let liar = far_ahead(&chain, 5, 1_000_000).await;
    let client = client(&[liar.url.clone(), chain.url()]);
    let watcher = HeadWatcher::spawn(Arc::new(self::client(&[liar.url.clone(), chain.url()])));
    let mut status = watcher.subscribe();
    let at = |number: u64| {
        move |status: &HeadStatus| status.head.is_some_and(|head| head.number == number)
    };
    assert_eq!(client.finalized_head().await.unwrap().number, 1_000_000);
    status.wait_for(at(1_000_000)).await.unwrap();
    liar.stop().await;
    let head = eventually(async || client.finalized_head().await).await;
    assert_eq!(head.number, 100);
    // The false one is gone with all that its endpoint told.
    assert_eq!(client.next_head(99).await, Ok(Some(head)));
    assert_eq!(client.block(1_000_000).await, Ok(None));
    status.wait_for(at(100)).await.unwrap();
    watcher.stop().await;
    chain.stop().await;
}

#[tokio::test]
async fn one_item_that_does_not_fit_takes_no_endpoint_down() {
    let chain = TestChain::start(config()).await;
    chain.finalize(5).await;
    let head = chain.head().await;
    let key = key_of("SubtensorModule", "MinAllowedWeights");
    // Two bytes are expected.
    let odd = Limit::Answers("state_getStorage", key, json!("0x01"));
    let odd = Limited::start(&chain.url(), &[odd]).await;
    let proxy = Proxy::start(&odd.url, Mode::Open).await;
    let client = client(&[proxy.url()]);
    for _ in 0..5 {
        let failed = client.metagraph(head.hash).await;
        assert!(
            matches!(&failed, Err(ChainError::BadAnswer { .. })),
            "{failed:?}"
        );
        assert_eq!(client.finalized_head().await, Ok(head));
    }
    assert_eq!(proxy.connections(), 1);
    odd.stop().await;
    chain.stop().await;
}

#[tokio::test]
async fn a_head_from_the_future_is_not_believed() {
    let chain = TestChain::start(config()).await;
    chain.finalize(5).await;
    let head = chain.head().await;
    let future = block_time(head.timestamp_ms + 2 * HOUR_MS);
    let hasty = Limited::start(&chain.url(), &[future]).await;
    let alone = client(std::slice::from_ref(&hasty.url));
    let failed = alone.finalized_head().await;
    assert!(
        matches!(&failed, Err(ChainError::BadAnswer { expected, .. }) if expected.contains("clock")),
        "{failed:?}"
    );
    let client = client(&[hasty.url.clone(), chain.url()]);
    assert_eq!(client.finalized_head().await, Ok(head));
    hasty.stop().await;
    chain.stop().await;
}

#[tokio::test]
async fn what_one_endpoint_lacks_is_asked_of_another_and_the_first_stays_in_use() {
    let (first, archive) = TestChain::twins(config()).await;
    first.finalize(30).await;
    archive.finalize(30).await;
    // The twins' blocks differ, so the first one doesn't know this block.
    let only_there = archive.client().block(20).await.unwrap().unwrap();
    let (near, far) = (
        Proxy::start(&first.url(), Mode::Open).await,
        Proxy::start(&archive.url(), Mode::Open).await,
    );
    let client = client(&[near.url(), far.url()]);
    let metagraph = client.metagraph(only_there.hash).await.unwrap();
    assert_eq!(metagraph.block(), only_there);
    assert_eq!((near.connections(), far.connections()), (1, 1));
    far.hang_up().await;
    let head = client.finalized_head().await.unwrap();
    assert_eq!(first.client().block(30).await, Ok(Some(head)));
    assert_eq!((near.connections(), far.connections()), (1, 1));
    first.stop().await;
    archive.stop().await;
}

#[tokio::test]
async fn an_endpoint_that_was_cut_off_from_the_chain_is_left_for_one_that_goes_on() {
    let (cut_off, lively) = TestChain::twins(config()).await;
    cut_off.finalize(5).await;
    lively.finalize(30).await;
    let mut configuration = patient(&[cut_off.url(), lively.url()]);
    configuration.long_poll_ms = 20;
    let client = SubtensorChain::new(configuration, None).unwrap();
    let head = client.finalized_head().await.unwrap();
    assert_eq!(head.number, 5);
    let next = eventually(async || {
        let next = client.next_head(head.number).await.unwrap();
        next.ok_or("no head yet")
    });
    assert_eq!(next.await.number, 30);
    cut_off.stop().await;
    lively.stop().await;
}

#[tokio::test]
async fn tls_is_spoken_to_endpoints_with_wss() {
    let chain = TestChain::start(config()).await;
    let url = chain.url().replace("ws://", "wss://");
    let error = client(std::slice::from_ref(&url))
        .finalized_head()
        .await
        .unwrap_err();
    let ChainError::Unreachable {
        endpoint, reason, ..
    } = &error
    else {
        panic!("{error:?}");
    };
    assert_eq!(*endpoint, url);
    // What the TLS library says of an HTTP answer to its greeting.
    assert!(reason.contains("InvalidContentType"), "{reason}");
    chain.stop().await;
}

#[tokio::test]
async fn calls_run_on_any_thread_and_share_one_connection() {
    let chain = TestChain::start(config()).await;
    chain.finalize(15).await;
    let proxy = Proxy::start(&chain.url(), Mode::Open).await;
    let client = Arc::new(client(&[proxy.url()]));
    let mut calls = tokio::task::JoinSet::new();
    for number in 0..8u64 {
        let client = Arc::clone(&client);
        calls.spawn(async move {
            let block = client.block(number).await?;
            let hash = block.map(|block| block.hash).unwrap_or(Hash::ZERO);
            client.metagraph(hash).await?;
            client.epoch_start(1).await?;
            client.weights_on_chain(Some(hash)).await?;
            client.next_head(3).await?;
            client.genesis_hash().await?;
            client.finalized_head().await
        });
    }
    while let Some(called) = calls.join_next().await {
        assert_eq!(called.unwrap().unwrap().number, 15);
    }
    assert_eq!(proxy.connections(), 1);
    chain.stop().await;
}
