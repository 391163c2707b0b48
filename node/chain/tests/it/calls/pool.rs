//! What changes between signing and sending, the pool refuses; its numbers have names.

use assay_chain::{CallFailure, Chain, ChainError, Refusal, Settlement, WeightsMethod};
use assay_dev_chain::chain::{AdminCommand, Hyperparameter};

use crate::support::{GOOD, TestChain, calls_config, commit_config, deregister, refusal, set};

#[tokio::test]
async fn stake_that_is_gone_when_the_call_is_sent() {
    let chain = TestChain::start(calls_config()).await;
    chain.mine(5).await;
    let prepared = chain.prepare(GOOD).await.unwrap();
    chain
        .enact([set(Hyperparameter::StakeThreshold(1_001))])
        .await;
    assert_eq!(
        refusal(chain.send(&prepared.call).await),
        Refusal::NotEnoughStakeToSetWeights
    );
    chain.enact([set(Hyperparameter::StakeThreshold(0))]).await;
    chain.succeeds_in_the_next_epoch().await;
    chain.stop().await;
}

#[tokio::test]
async fn a_rate_limit_that_came_when_the_call_is_sent() {
    for (config, expected) in [
        (calls_config(), Refusal::SettingWeightsTooFast),
        (commit_config(), Refusal::CommittingWeightsTooFast),
    ] {
        let chain = TestChain::start_paced(config).await.salted();
        chain.mine(5).await;
        let first = chain.prepare(GOOD).await.unwrap();
        chain.send(&first.call).await.unwrap();
        // After the first, which waits in the pool.
        let second = chain.prepare(GOOD).await.unwrap();
        assert_eq!(second.call.nonce, first.call.nonce + 1);
        chain
            .enact([set(Hyperparameter::WeightsSetRateLimit(12))])
            .await;
        assert_eq!(refusal(chain.send(&second.call).await), expected);
        chain.next_epoch().await;
        let next = chain.prepare(GOOD).await.unwrap();
        chain.succeeds(&next.call).await;
        chain.stop().await;
    }
}

#[tokio::test]
async fn a_round_that_came_before_the_commit() {
    let chain = TestChain::start_paced(commit_config()).await;
    chain.mine(5).await;
    let prepared = chain.prepare(GOOD).await.unwrap();
    let WeightsMethod::Timelocked { round, .. } = prepared.method else {
        panic!("{:?}", prepared.method);
    };
    let round = round + 1;
    chain.enact([AdminCommand::PublishPulse { round }]).await;
    assert_eq!(
        refusal(chain.send(&prepared.call).await),
        Refusal::InvalidRevealRound
    );
    chain.next_epoch().await;
    let next = chain.prepare(GOOD).await.unwrap();
    chain.succeeds(&next.call).await;
    chain.stop().await;
}

#[tokio::test]
async fn a_reveal_without_its_commit_or_before_its_epoch() {
    let chain = TestChain::start_paced(commit_config()).await.salted();
    chain.mine(5).await;
    let prepared = chain.prepare(GOOD).await.unwrap();
    chain.carry_out(&prepared.call).await;
    // As if another salt had been noted.
    let mut other = prepared.clone();
    if let WeightsMethod::Salted { salt, .. } = &mut other.method {
        salt.pop();
    }
    chain.next_epoch().await;
    let reveal = chain.alice.prepare_reveal(&prepared).await.unwrap();
    let other = chain.alice.prepare_reveal(&other).await.unwrap();
    assert_eq!(
        refusal(chain.send(&other).await),
        Refusal::NoWeightsCommitFound
    );
    // The owner puts the reveal off between its being signed and its being sent.
    chain
        .enact([set(Hyperparameter::RevealPeriodEpochs(2))])
        .await;
    assert_eq!(refusal(chain.send(&reveal).await), Refusal::RevealTooEarly);
    chain.next_epoch().await;
    let reveal = chain.alice.prepare_reveal(&prepared).await.unwrap();
    chain.succeeds(&reveal).await;
    chain.stop().await;
}

#[tokio::test]
async fn a_nonce_that_another_call_has() {
    let chain = TestChain::start(calls_config()).await;
    chain.mine(5).await;
    let first = chain.prepare(GOOD).await.unwrap().call;
    let second = chain.prepare(&[(1, 65_535)]).await.unwrap().call;
    chain.send(&first).await.unwrap();
    assert_eq!(refusal(chain.send(&second).await), Refusal::BadNonce);
    chain.mine(1).await;
    assert_eq!(refusal(chain.send(&second).await), Refusal::BadNonce);
    chain.succeeds_in_the_next_epoch().await;
    chain.stop().await;
}

#[tokio::test]
async fn a_call_whose_time_is_over() {
    let chain = TestChain::start(calls_config()).await;
    chain.mine(5).await;
    let call = chain.prepare(GOOD).await.unwrap().call;
    chain.mine(call.valid_until - 5).await;
    assert_eq!(refusal(chain.send(&call).await), Refusal::Expired);
    chain.succeeds_in_the_next_epoch().await;
    chain.stop().await;
}

#[tokio::test]
async fn a_call_that_is_damaged_keeps_the_chains_own_words() {
    let chain = TestChain::start(calls_config()).await;
    chain.mine(5).await;
    let mut call = chain.prepare(GOOD).await.unwrap().call;
    call.extrinsic.clear();
    let refused = chain.send(&call).await.unwrap_err();
    let ChainError::Refused {
        failure: CallFailure::Other { name },
        ..
    } = &refused
    else {
        panic!("{refused:?}");
    };
    assert!(!name.is_empty());
    chain.succeeds_in_the_next_epoch().await;
    chain.stop().await;
}

#[tokio::test]
async fn a_hotkey_deregistered_before_the_block() {
    let chain = TestChain::start(calls_config()).await;
    chain.mine(5).await;
    let call = chain.prepare(GOOD).await.unwrap().call;
    chain.send(&call).await.unwrap();
    chain.enact([deregister("alice")]).await;
    let failure = Refusal::HotKeyNotRegisteredInSubNet.into();
    assert_eq!(
        chain.settlement(&call).await,
        Settlement::Failed { block: 6, failure }
    );
    chain.stop().await;
}
