//! What changes between signing and sending, the pool refuses; its numbers have names.

use assay_chain::subtensor::calls::{CommitMode, Outcome};
use assay_chain::{Refusal, WeightsMethod};
use assay_dev_chain::chain::{AdminCommand, Hyperparameter};
use assay_dev_chain::types::NetUid;

use crate::support::{GOOD, NETUID, TestChain, account, commit_config, config, refusal, set};

#[tokio::test]
async fn stake_that_is_gone_when_the_call_is_sent() {
    let chain = TestChain::start(config()).await;
    chain.mine(5).await;
    let prepared = chain.prepare(GOOD).await.unwrap();
    chain
        .command([set(Hyperparameter::StakeThreshold(1_001))])
        .await;
    assert_eq!(
        refusal(chain.send(&prepared.call).await),
        Refusal::NotEnoughStakeToSetWeights
    );
    chain
        .command([set(Hyperparameter::StakeThreshold(0))])
        .await;
    chain.succeeds_in_the_next_epoch().await;
    chain.stop().await;
}

#[tokio::test]
async fn a_rate_limit_that_came_when_the_call_is_sent() {
    for (config, expected) in [
        (config(), Refusal::SettingWeightsTooFast),
        (commit_config(), Refusal::CommittingWeightsTooFast),
    ] {
        let chain = TestChain::start(config).await;
        chain.mine(5).await;
        let mode = CommitMode::Salted;
        let first = chain.prepare_as("alice", GOOD, mode).await.unwrap();
        chain.send(&first.call).await.unwrap();
        // After the first, which waits in the pool.
        let second = chain.prepare_as("alice", GOOD, mode).await.unwrap();
        assert_eq!(second.call.nonce, first.call.nonce + 1);
        chain
            .command([set(Hyperparameter::WeightsSetRateLimit(12))])
            .await;
        assert_eq!(refusal(chain.send(&second.call).await), expected);
        chain.next_epoch().await;
        let next = chain.prepare_as("alice", GOOD, mode).await.unwrap();
        let outcome = chain.carry_out(&next.call).await;
        assert!(matches!(outcome, Outcome::Done { .. }), "{outcome:?}");
        chain.stop().await;
    }
}

#[tokio::test]
async fn a_round_that_came_before_the_commit() {
    let chain = TestChain::start(commit_config()).await;
    chain.mine(5).await;
    let prepared = chain.prepare(GOOD).await.unwrap();
    let WeightsMethod::Timelocked { round, .. } = prepared.method else {
        panic!("{:?}", prepared.method);
    };
    let round = round + 1;
    chain.command([AdminCommand::PublishPulse { round }]).await;
    assert_eq!(
        refusal(chain.send(&prepared.call).await),
        Refusal::InvalidRevealRound
    );
    chain.next_epoch().await;
    let next = chain.prepare(GOOD).await.unwrap();
    let outcome = chain.carry_out(&next.call).await;
    assert!(matches!(outcome, Outcome::Done { .. }), "{outcome:?}");
    chain.stop().await;
}

#[tokio::test]
async fn a_reveal_without_its_commit_or_before_its_epoch() {
    let chain = TestChain::start(commit_config()).await;
    chain.mine(5).await;
    let mode = CommitMode::Salted;
    let prepared = chain.prepare_as("alice", GOOD, mode).await.unwrap();
    chain.carry_out(&prepared.call).await;
    // As if another epoch had been noted, or another salt.
    let mut early = prepared.clone();
    let mut other = prepared.clone();
    for (prepared, other_salt) in [(&mut early, false), (&mut other, true)] {
        if let WeightsMethod::Salted {
            reveal_epoch, salt, ..
        } = &mut prepared.method
        {
            *reveal_epoch -= 1;
            if other_salt {
                salt.pop();
            }
        }
    }
    let early = chain.prepare_reveal(&early).await.unwrap();
    assert_eq!(refusal(chain.send(&early).await), Refusal::RevealTooEarly);
    let other = chain.prepare_reveal(&other).await.unwrap();
    assert_eq!(
        refusal(chain.send(&other).await),
        Refusal::NoWeightsCommitFound
    );
    chain.next_epoch().await;
    let reveal = chain.prepare_reveal(&prepared).await.unwrap();
    let outcome = chain.carry_out(&reveal).await;
    assert!(matches!(outcome, Outcome::Done { .. }), "{outcome:?}");
    chain.stop().await;
}

#[tokio::test]
async fn a_nonce_that_another_call_has() {
    let chain = TestChain::start(config()).await;
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
    let chain = TestChain::start(config()).await;
    chain.mine(5).await;
    let call = chain.prepare(GOOD).await.unwrap().call;
    chain.mine(call.valid_until - 5).await;
    assert_eq!(refusal(chain.send(&call).await), Refusal::Expired);
    chain.succeeds_in_the_next_epoch().await;
    chain.stop().await;
}

#[tokio::test]
async fn a_call_that_is_damaged_keeps_the_chains_own_words() {
    let chain = TestChain::start(config()).await;
    chain.mine(5).await;
    let mut call = chain.prepare(GOOD).await.unwrap().call;
    call.extrinsic.clear();
    let refused = format!("{:?}", chain.send(&call).await.unwrap_err());
    assert!(refused.contains("Other"), "{refused}");
    chain.succeeds_in_the_next_epoch().await;
    chain.stop().await;
}

#[tokio::test]
async fn a_hotkey_deregistered_before_the_block() {
    let chain = TestChain::start(config()).await;
    chain.mine(5).await;
    let call = chain.prepare(GOOD).await.unwrap().call;
    chain.send(&call).await.unwrap();
    let netuid = NetUid(NETUID);
    let hotkey = account("alice");
    let lost = AdminCommand::Deregister { netuid, hotkey };
    chain.command([lost]).await;
    let failure = Refusal::HotKeyNotRegisteredInSubNet.into();
    assert_eq!(
        chain.settlement(&call).await,
        Outcome::Failed { block: 6, failure }
    );
    chain.stop().await;
}
