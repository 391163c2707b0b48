//! Calls through endpoints that die, lack methods, or have let go of old state.

use serde_json::{Value, json};

use assay_chain::{Chain, ChainError, Settlement, WeightsStanding};

use crate::limited::{Limit, Limited};
use crate::proxy::{Mode, Proxy};
use crate::support::{GOOD, TestChain, calls_config, client, prepare};

/// Storage key of an item, or the beginning of its keys.
fn key_of(pallet: &str, item: &str) -> String {
    let hashes = [pallet, item].map(|name| sp_crypto_hashing::twox_128(name.as_bytes()));
    hex::encode(hashes.concat())
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
    let discarded = "Client error: UnknownBlock: State already discarded for 0x01";
    let limit = Limit::Fails(
        "state_getStorage",
        key_of("System", "Events"),
        4_003,
        discarded,
    );
    let limited = Limited::start(&chain.url(), &[limit]).await;
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
