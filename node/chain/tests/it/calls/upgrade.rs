//! A runtime upgrade that moves the numbers of calls and errors, at every point of a call's life.

use assay_chain::{Refusal, Settlement, WeightsStanding};
use assay_dev_chain::chain::Hyperparameter;

use crate::support::{GOOD, TestChain, calls_config, refusal, set, upgrade};

#[tokio::test]
async fn a_call_of_the_old_runtime_is_refused_by_the_new_one_and_signed_anew() {
    let chain = TestChain::start(calls_config()).await;
    chain.mine(5).await;
    let old = chain.prepare(GOOD).await.unwrap();
    chain.enact([upgrade(5, 9)]).await;
    assert_eq!(
        refusal(chain.send(&old.call).await),
        Refusal::RuntimeChanged
    );
    let new = chain.prepare(GOOD).await.unwrap();
    assert_eq!(new.call.nonce, old.call.nonce);
    chain.succeeds(&new.call).await;
    assert_eq!(chain.standing(&new).await, WeightsStanding::Stored);
    assert_eq!(chain.settlement(&old.call).await, Settlement::Lost);
    chain.stop().await;
}

#[tokio::test]
async fn a_call_with_the_same_bytes_in_both_runtimes_is_refused_by_its_signature() {
    let chain = TestChain::start(calls_config()).await;
    chain.mine(5).await;
    let old = chain.prepare(GOOD).await.unwrap();
    chain.enact([upgrade(0, 1)]).await;
    assert_eq!(refusal(chain.send(&old.call).await), Refusal::BadSignature);
    chain.succeeds_in_the_next_epoch().await;
    chain.stop().await;
}

#[tokio::test]
async fn a_call_that_an_upgrade_kills_is_lost_at_once_and_weights_arrive_in_the_same_epoch() {
    let chain = TestChain::start(calls_config()).await;
    chain.mine(5).await;
    chain.command(upgrade(5, 9)).await;
    chain.mine(1).await;
    // Signed at a finalised block of the old runtime, while the best one has the new runtime.
    let old = chain.prepare(GOOD).await.unwrap();
    assert_eq!(
        refusal(chain.send(&old.call).await),
        Refusal::RuntimeChanged
    );
    chain.mine(1).await;
    // The upgrade isn't final.
    assert_eq!(chain.settlement(&old.call).await, Settlement::Waiting);
    chain.mine(1).await;
    assert_eq!(chain.settlement(&old.call).await, Settlement::Lost);
    let new = chain.prepare(GOOD).await.unwrap();
    assert_eq!(new.epoch, old.epoch);
    chain.succeeds(&new.call).await;
    assert_eq!(chain.standing(&new).await, WeightsStanding::Stored);
    assert_eq!(chain.settlement(&old.call).await, Settlement::Lost);
    chain.stop().await;
}

#[tokio::test]
async fn a_call_in_the_block_of_the_upgrade_counts() {
    let chain = TestChain::start(calls_config()).await;
    chain.mine(5).await;
    let old = chain.prepare(GOOD).await.unwrap();
    chain.send(&old.call).await.unwrap();
    chain.enact([upgrade(5, 9)]).await;
    assert_eq!(
        chain.settlement(&old.call).await,
        Settlement::Done { block: 6 }
    );
    assert_eq!(chain.standing(&old).await, WeightsStanding::Stored);
    chain.stop().await;
}

#[tokio::test]
async fn an_error_in_the_block_of_the_upgrade_has_the_name_of_the_old_runtime() {
    let chain = TestChain::start(calls_config()).await;
    chain.mine(5).await;
    let call = chain.prepare(GOOD).await.unwrap().call;
    chain.send(&call).await.unwrap();
    chain
        .enact([set(Hyperparameter::MinAllowedWeights(3)), upgrade(5, 9)])
        .await;
    let failure = Refusal::WeightVecLengthIsLow.into();
    assert_eq!(
        chain.settlement(&call).await,
        Settlement::Failed { block: 6, failure }
    );
    chain.stop().await;
}

#[tokio::test]
async fn an_error_after_the_upgrade_has_its_name_too() {
    let chain = TestChain::start(calls_config()).await;
    chain.mine(3).await;
    chain.enact([upgrade(5, 9)]).await;
    let call = chain.prepare(GOOD).await.unwrap().call;
    chain.send(&call).await.unwrap();
    chain
        .enact([set(Hyperparameter::MinAllowedWeights(3))])
        .await;
    let failure = Refusal::WeightVecLengthIsLow.into();
    assert_eq!(
        chain.settlement(&call).await,
        Settlement::Failed { block: 7, failure }
    );
    chain.stop().await;
}

#[tokio::test]
async fn an_old_runtime_takes_weights_too_and_so_does_the_one_after_it() {
    let mut config = calls_config();
    config.legacy_epochs = true;
    let chain = TestChain::start(config).await;
    chain.succeeds_in_the_next_epoch().await;
    chain.enact([upgrade(4, 4)]).await;
    chain.succeeds_in_the_next_epoch().await;
    chain.stop().await;
}
