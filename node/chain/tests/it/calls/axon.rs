//! Addresses: announced once, changed at the chain's pace, refused by name.

use assay_chain::{Refusal, Settlement};
use assay_dev_chain::chain::Hyperparameter;

use crate::support::{GOOD, TestChain, calls_config, deregister, refusal, set};

#[tokio::test]
async fn an_address_is_announced_once_and_changed_after_the_pause() {
    let chain = TestChain::start(calls_config()).await;
    chain
        .enact([set(Hyperparameter::ServingRateLimit(15))])
        .await;
    let call = chain.prepare_axon("10.1.2.3:9000").await.unwrap().unwrap();
    assert_eq!(call.name, "serve_axon");
    assert_eq!(call.valid_until, call.signed_at + 15);
    chain.succeeds(&call).await;
    assert_eq!(chain.prepare_axon("10.1.2.3:9000").await.unwrap(), None);
    let mapped = chain.prepare_axon("[::ffff:10.1.2.3]:9000").await;
    assert_eq!(mapped.unwrap(), None);

    let soon = chain.prepare_axon("10.1.2.3:9001").await;
    assert_eq!(refusal(soon), Refusal::ServingRateLimitExceeded);
    chain.mine(12).await;
    let call = chain.prepare_axon("[2001:db8::1]:9001").await.unwrap();
    chain.succeeds(&call.unwrap()).await;
    assert_eq!(
        chain.prepare_axon("[2001:db8::1]:9001").await.unwrap(),
        None
    );
    chain.stop().await;
}

#[tokio::test]
async fn addresses_that_nobody_can_reach_are_refused() {
    let chain = TestChain::start(calls_config()).await;
    chain.mine(5).await;
    let loopback = chain.prepare_axon("127.0.0.1:9000").await;
    assert_eq!(refusal(loopback), Refusal::InvalidIpAddress);
    let no_port = chain.prepare_axon("10.1.2.3:0").await;
    assert_eq!(refusal(no_port), Refusal::InvalidPort);
    chain.stop().await;
}

#[tokio::test]
async fn a_hotkey_without_uid_announces_nothing() {
    let chain = TestChain::start(calls_config()).await;
    chain.enact([deregister("alice")]).await;
    let axon = chain.prepare_axon("10.1.2.3:9000").await;
    assert_eq!(refusal(axon), Refusal::HotKeyNotRegisteredInNetwork);
    chain.stop().await;
}

#[tokio::test]
async fn an_address_that_changed_before_the_call_came_is_refused_by_the_pool() {
    let chain = TestChain::start(calls_config()).await;
    chain.mine(5).await;
    let first = chain.prepare_axon("10.1.2.3:9000").await.unwrap().unwrap();
    chain.send(&first).await.unwrap();
    let second = chain.prepare_axon("10.1.2.3:9001").await.unwrap().unwrap();
    chain.mine(1).await;
    assert_eq!(
        refusal(chain.send(&second).await),
        Refusal::ServingRateLimitExceeded
    );
    chain.stop().await;
}

#[tokio::test]
async fn weights_and_an_address_under_way_at_once_both_arrive() {
    let chain = TestChain::start(calls_config()).await;
    chain.mine(5).await;
    let axon = chain.prepare_axon("10.1.2.3:9000").await.unwrap().unwrap();
    chain.send(&axon).await.unwrap();
    let weights = chain.prepare(GOOD).await.unwrap().call;
    chain.send(&weights).await.unwrap();
    chain.mine(3).await;
    for call in [&axon, &weights] {
        let outcome = chain.settlement(call).await;
        assert_eq!(outcome, Settlement::Done { block: 6 });
    }
    chain.stop().await;
}
