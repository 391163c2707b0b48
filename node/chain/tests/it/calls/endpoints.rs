//! Calls through endpoints that die, lack methods, or have let go of old state.

use serde_json::{Value, json};

use assay_chain::{Chain, ChainError, Refusal, Settlement, WeightsStanding};
use assay_consensus::hash::Hash;
use assay_dev_chain::chain::Hyperparameter;

use crate::limited::{Limit, Limited, key_of};
use crate::proxy::{Mode, Proxy};
use crate::support::{GOOD, LAG, TestChain, calls_config, client, prepare, refusal, set};

/// The endpoint has thrown away an item of all blocks.
fn discarded(pallet: &str, item: &str) -> Limit {
    let discarded = "Client error: UnknownBlock: State already discarded for 0x01";
    Limit::Fails("state_getStorage", key_of(pallet, item), 4_003, discarded)
}

#[tokio::test]
async fn an_endpoint_without_optional_methods_is_enough() {
    let mut chain = TestChain::start(calls_config()).await;
    let limits = ["system_accountNextIndex", "author_submitExtrinsic"].map(Limit::Lacks);
    let limited = Limited::start(&chain.url(), &limits).await;
    chain.alice = client(std::slice::from_ref(&limited.url));
    chain.mine(5).await;
    for nonce in 0..2 {
        let prepared = chain.prepare(GOOD).await.unwrap();
        assert_eq!(prepared.call.nonce, nonce);
        chain.send(&prepared.call).await.unwrap();
        chain.succeeds(&prepared.call).await;
        chain.next_epoch().await;
    }
    limited.stop().await;
    chain.stop().await;
}

#[tokio::test]
async fn a_call_sent_through_two_endpoints_of_which_one_dies_counts_once() {
    let mut chain = TestChain::start(calls_config()).await;
    let first = Proxy::start(&chain.url(), Mode::Open).await;
    chain.alice = client(&[first.url(), chain.url()]);
    chain.mine(5).await;
    let prepared = chain.prepare(GOOD).await.unwrap();
    first.set(Mode::HangUpOnRequest);
    chain.send(&prepared.call).await.unwrap();
    chain.send(&prepared.call).await.unwrap();
    chain.succeeds(&prepared.call).await;
    assert_eq!(chain.standing(&prepared).await, WeightsStanding::Stored);
    chain.next_epoch().await;
    assert_eq!(chain.prepare(GOOD).await.unwrap().call.nonce, 1);
    chain.stop().await;
}

#[tokio::test]
async fn a_call_in_a_block_whose_state_is_gone_is_not_said_to_have_failed() {
    let chain = TestChain::start(calls_config()).await;
    chain.mine(5).await;
    let prepared = chain.prepare(GOOD).await.unwrap();
    chain.send(&prepared.call).await.unwrap();
    chain.mine(3).await;
    let limited = Limited::start(&chain.url(), &[discarded("System", "Events")]).await;
    let through = client(std::slice::from_ref(&limited.url));
    assert_eq!(
        through.settlement(&prepared.call).await,
        Ok(Settlement::Done { block: 6 })
    );
    assert_eq!(limited.own_answers(), 1);
    let standing = through.weights_standing(&prepared, 0).await;
    assert_eq!(standing, Ok(WeightsStanding::Stored));
    limited.stop().await;
    chain.stop().await;
}

#[tokio::test]
async fn an_archive_among_the_endpoints_tells_how_a_call_of_long_ago_went() {
    let chain = TestChain::start(calls_config()).await;
    chain.mine(5).await;
    let call = chain.prepare(GOOD).await.unwrap().call;
    chain.send(&call).await.unwrap();
    let too_few = set(Hyperparameter::MinAllowedWeights(3));
    chain.enact([too_few]).await;
    let limited = Limited::start(&chain.url(), &[discarded("System", "Events")]).await;
    let alone = client(std::slice::from_ref(&limited.url));
    let done = Settlement::Done { block: 6 };
    assert_eq!(alone.settlement(&call).await, Ok(done));
    let with_archive = client(&[limited.url.clone(), chain.url()]);
    let failure = Refusal::WeightVecLengthIsLow.into();
    assert_eq!(
        with_archive.settlement(&call).await,
        Ok(Settlement::Failed { block: 6, failure })
    );
    limited.stop().await;
    chain.stop().await;
}

#[tokio::test]
async fn an_endpoint_behind_the_block_of_a_call_says_nothing_of_its_weights() {
    let (ahead, behind) = TestChain::twins(calls_config()).await;
    let both = client(&[behind.url(), ahead.url()]);
    ahead.mine(5).await;
    behind.mine(5).await;
    // The twins' blocks differ, but not what is in them.
    let prepared = ahead.prepare(GOOD).await.unwrap();
    let block = ahead.succeeds(&prepared.call).await;
    let alone = behind.client().weights_standing(&prepared, block).await;
    assert!(
        matches!(alone, Err(ChainError::UnknownBlock(_))),
        "{alone:?}"
    );
    // Without the block it would say that there are none.
    let unaware = behind.client().weights_standing(&prepared, 0).await;
    assert!(matches!(unaware, Ok(WeightsStanding::Gone { .. })));
    let standing = both.weights_standing(&prepared, block).await;
    assert_eq!(standing, Ok(WeightsStanding::Stored));
    ahead.stop().await;
    behind.stop().await;
}

#[tokio::test]
async fn a_trouble_of_the_endpoint_is_no_refusal_and_another_endpoint_is_asked() {
    let chain = TestChain::start(calls_config()).await;
    chain.mine(5).await;
    let call = chain.prepare(GOOD).await.unwrap().call;
    let limit = Limit::Fails(
        "author_submitExtrinsic",
        String::new(),
        -32_603,
        "Internal error",
    );
    let limited = Limited::start(&chain.url(), &[limit]).await;
    let alone = client(std::slice::from_ref(&limited.url));
    let failed = alone.send(&call).await;
    assert!(
        matches!(&failed, Err(ChainError::Remote { code, .. }) if code == "-32603"),
        "{failed:?}"
    );
    let client = client(&[limited.url.clone(), chain.url()]);
    client.send(&call).await.unwrap();
    chain.mine(3).await;
    let settlement = chain.settlement(&call).await;
    assert_eq!(settlement, Settlement::Done { block: 6 });
    limited.stop().await;
    chain.stop().await;
}

/// The pool of an endpoint answers with a code and a message.
fn pool_says(code: i32, message: &'static str) -> [Limit; 1] {
    let submit = "author_submitExtrinsic";
    [Limit::Fails(submit, String::new(), code, message)]
}

#[tokio::test]
async fn a_refusal_after_an_endpoint_died_with_the_call_is_not_believed() {
    let chain = TestChain::start(calls_config()).await;
    let dying = Proxy::start(&chain.url(), Mode::Open).await;
    let full = pool_says(
        1_016,
        "Immediately Dropped: The transaction couldn't enter the pool",
    );
    let full = Limited::start(&chain.url(), &full).await;
    let through = client(&[dying.url(), full.url.clone()]);
    chain.mine(5).await;
    let call = prepare(&through, GOOD).await.unwrap().call;
    dying.set(Mode::HangUpOnAnswer);
    let sent = through.send(&call).await;
    assert!(
        matches!(&sent, Err(ChainError::Unreachable { endpoint, .. }) if *endpoint == dying.url()),
        "{sent:?}"
    );
    assert_eq!(full.own_answers(), 1);
    // The first endpoint had passed it on.
    chain.mine(3).await;
    let settlement = chain.settlement(&call).await;
    assert_eq!(settlement, Settlement::Done { block: 6 });

    // The same if the refusal came first.
    chain.next_epoch().await;
    dying.set(Mode::Open);
    let through = client(&[full.url.clone(), dying.url()]);
    let call = prepare(&through, GOOD).await.unwrap().call;
    // Another endpoint is asked for what the first one doesn't know.
    let unknown = through.metagraph(Hash::ZERO).await;
    assert_eq!(unknown, Err(ChainError::UnknownBlock(Hash::ZERO)));
    dying.set(Mode::HangUpOnAnswer);
    let sent = through.send(&call).await;
    assert!(
        matches!(&sent, Err(ChainError::Unreachable { endpoint, .. }) if *endpoint == dying.url()),
        "{sent:?}"
    );
    chain.mine(3).await;
    let settlement = chain.settlement(&call).await;
    assert!(matches!(settlement, Settlement::Done { .. }));
    full.stop().await;
    chain.stop().await;
}

#[tokio::test]
async fn what_one_endpoints_pool_refuses_another_may_take() {
    for (code, message, expected) in [
        (1_016, "Immediately Dropped", Refusal::PoolFull),
        (1_014, "Priority is too low: (1 vs 1)", Refusal::BadNonce),
        (
            1_010,
            "Invalid Transaction: Transaction has an ancient birth block",
            Refusal::Expired,
        ),
    ] {
        let chain = TestChain::start(calls_config()).await;
        chain.mine(5).await;
        let limited = Limited::start(&chain.url(), &pool_says(code, message)).await;
        let call = chain.prepare(GOOD).await.unwrap().call;
        let alone = client(std::slice::from_ref(&limited.url));
        assert_eq!(refusal(alone.send(&call).await), expected);
        let both = client(&[limited.url.clone(), chain.url()]);
        both.send(&call).await.unwrap();
        chain.mine(3).await;
        let settlement = chain.settlement(&call).await;
        assert_eq!(settlement, Settlement::Done { block: 6 });
        limited.stop().await;
        chain.stop().await;
    }
}

#[tokio::test]
async fn an_endpoint_that_limits_requests_rests_before_it_is_asked_again() {
    let chain = TestChain::start(calls_config()).await;
    chain.finalize(5).await;
    let too_many = Limit::Fails(
        "chain_getFinalizedHead",
        String::new(),
        -32_005,
        "Too many requests",
    );
    let limited = Limited::start(&chain.url(), &[too_many]).await;
    let client = client(&[limited.url.clone(), chain.url()]);
    for _ in 0..20 {
        assert_eq!(client.finalized_head().await.unwrap().number, 5);
    }
    assert_eq!(limited.own_answers(), 1);
    limited.stop().await;
    chain.stop().await;
}

#[tokio::test]
async fn blocks_that_were_searched_for_a_call_are_not_fetched_again() {
    let chain = TestChain::start(calls_config()).await;
    chain.mine(5).await;
    let limited = Limited::start(&chain.url(), &[Limit::Counts("chain_getBlock")]).await;
    let through = client(std::slice::from_ref(&limited.url));
    let call = prepare(&through, GOOD).await.unwrap().call;
    chain.set(Hyperparameter::StakeThreshold(1_001)).await;
    chain.mine(5).await;
    assert_eq!(through.settlement(&call).await, Ok(Settlement::Waiting));
    let fetched = limited.own_answers();
    let sent = refusal(through.send(&call).await);
    assert_eq!(sent, Refusal::NotEnoughStakeToSetWeights);
    assert_eq!(limited.own_answers() - fetched, LAG);
    limited.stop().await;
    chain.stop().await;
}

#[tokio::test]
async fn parameters_that_were_never_set_have_the_runtimes_default() {
    let mut chain = TestChain::start(calls_config()).await;
    let never_set = ["WeightsVersionKey", "StakeThreshold", "RevealPeriodEpochs"]
        .map(|item| key_of("SubtensorModule", item))
        .map(|key| Limit::Answers("state_getStorage", key, Value::Null));
    let limited = Limited::start(&chain.url(), &never_set).await;
    chain.alice = client(std::slice::from_ref(&limited.url));
    chain.succeeds_in_the_next_epoch().await;
    assert!(limited.own_answers() > 0);
    limited.stop().await;
    chain.stop().await;
}

#[tokio::test]
async fn an_endpoint_whose_nonce_is_no_number_is_left_for_the_next() {
    let chain = TestChain::start(calls_config()).await;
    chain.mine(5).await;
    let nonce = "AccountNonceApi_account_nonce".to_owned();
    let limits = [
        Limit::Lacks("system_accountNextIndex"),
        Limit::Answers("state_call", nonce, json!("0x00")),
    ];
    let limited = Limited::start(&chain.url(), &limits).await;
    let alone = client(std::slice::from_ref(&limited.url));
    let failed = prepare(&alone, GOOD).await;
    assert!(
        matches!(&failed, Err(ChainError::BadAnswer { .. })),
        "{failed:?}"
    );
    let client = client(&[limited.url.clone(), chain.url()]);
    assert_eq!(prepare(&client, GOOD).await.unwrap().call.nonce, 0);
    limited.stop().await;
    chain.stop().await;
}
