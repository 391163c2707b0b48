//! Salted commits: committed in one epoch, revealed in the right one only.

use assay_chain::{Chain, PreparedWeights, Refusal, WeightsMethod, WeightsStanding};
use assay_dev_chain::chain::Hyperparameter;

use crate::support::{GOOD, LAG, TestChain, calls_config, commit_config, refusal, set};

async fn committed(chain: &TestChain) -> PreparedWeights {
    chain.mine(5).await;
    let prepared = chain.prepare(GOOD).await.unwrap();
    assert_eq!(prepared.call.name, "commit_mechanism_weights");
    chain.succeeds(&prepared.call).await;
    prepared
}

#[tokio::test]
async fn a_commit_is_revealed_in_the_right_epoch_only() {
    let mut config = commit_config();
    let parameters = &mut config.subnets[0].hyperparameters;
    parameters.push(Hyperparameter::RevealPeriodEpochs(2));
    let chain = TestChain::start_paced(config).await.salted();
    let prepared = committed(&chain).await;
    let reveal_epoch = prepared.epoch + 2;
    for _ in 0..2 {
        let standing = chain.standing(&prepared).await;
        assert_eq!(standing, WeightsStanding::Committed { reveal_epoch });
        let early = chain.alice.prepare_reveal(&prepared).await;
        assert_eq!(refusal(early), Refusal::RevealTooEarly);
        chain.next_epoch().await;
    }
    assert_eq!(chain.standing(&prepared).await, WeightsStanding::RevealDue);
    // As after a restart: all that is needed is in what was noted.
    let noted = serde_json::to_string(&prepared).unwrap();
    let prepared: PreparedWeights = serde_json::from_str(&noted).unwrap();
    let reveal = chain.alice.prepare_reveal(&prepared).await.unwrap();
    assert_eq!(reveal.name, "reveal_mechanism_weights");
    chain.succeeds(&reveal).await;
    assert_eq!(chain.standing(&prepared).await, WeightsStanding::Stored);
    assert_eq!(chain.weights().await, GOOD);
    let again = chain.alice.prepare_reveal(&prepared).await;
    assert_eq!(refusal(again), Refusal::NoWeightsCommitFound);
    chain.stop().await;
}

#[tokio::test]
async fn a_commit_that_was_not_revealed_in_time_is_gone() {
    let chain = TestChain::start_paced(commit_config()).await.salted();
    let prepared = committed(&chain).await;
    chain.next_epoch().await;
    assert_eq!(chain.standing(&prepared).await, WeightsStanding::RevealDue);
    chain.next_epoch().await;
    let standing = chain.standing(&prepared).await;
    let WeightsStanding::Gone { reason } = standing else {
        panic!("{standing:?}");
    };
    assert!(reason.contains("was not revealed in epoch 1"), "{reason}");
    let late = chain.alice.prepare_reveal(&prepared).await;
    assert_eq!(refusal(late), Refusal::ExpiredWeightCommit);
    chain.stop().await;
}

#[tokio::test]
async fn a_reveal_is_tried_up_to_the_end_of_its_epoch() {
    let chain = TestChain::start_paced(commit_config()).await.salted();
    let prepared = committed(&chain).await;
    let head = chain.next_epoch().await;
    // The next block is the last of the epoch.
    chain
        .mine(head.next_epoch_start - 2 - LAG - head.number)
        .await;
    let reveal = chain.alice.prepare_reveal(&prepared).await.unwrap();
    assert_eq!(reveal.valid_until, head.next_epoch_start - 1);
    assert_eq!(chain.succeeds(&reveal).await, reveal.valid_until);
    chain.stop().await;
}

#[tokio::test]
async fn a_reveal_period_that_the_owner_changes_holds_for_earlier_commits() {
    for (before, after) in [(1, 2), (3, 1)] {
        let mut config = commit_config();
        let parameters = &mut config.subnets[0].hyperparameters;
        parameters.push(Hyperparameter::RevealPeriodEpochs(before));
        let chain = TestChain::start_paced(config).await.salted();
        let prepared = committed(&chain).await;
        chain
            .enact([set(Hyperparameter::RevealPeriodEpochs(after))])
            .await;
        let reveal_epoch = prepared.epoch + after;
        while chain.head().await.epoch < reveal_epoch {
            let standing = chain.standing(&prepared).await;
            assert_eq!(standing, WeightsStanding::Committed { reveal_epoch });
            let early = chain.alice.prepare_reveal(&prepared).await;
            assert_eq!(refusal(early), Refusal::RevealTooEarly);
            chain.next_epoch().await;
        }
        assert_eq!(chain.standing(&prepared).await, WeightsStanding::RevealDue);
        let reveal = chain.alice.prepare_reveal(&prepared).await.unwrap();
        chain.succeeds(&reveal).await;
        assert_eq!(chain.standing(&prepared).await, WeightsStanding::Stored);
        chain.stop().await;
    }
}

#[tokio::test]
async fn a_commit_of_an_epoch_that_ended_early_is_revealed_one_epoch_later() {
    let chain = TestChain::start_paced(commit_config()).await.salted();
    chain.mine(5).await;
    let prepared = chain.prepare(GOOD).await.unwrap();
    chain.command(set(Hyperparameter::PendingEpochAt(6))).await;
    chain.succeeds(&prepared.call).await;
    assert_eq!(chain.head().await.epoch, prepared.epoch + 1);
    let reveal_epoch = prepared.epoch + 2;
    let standing = chain.standing(&prepared).await;
    assert_eq!(standing, WeightsStanding::Committed { reveal_epoch });
    chain.next_epoch().await;
    let reveal = chain.alice.prepare_reveal(&prepared).await.unwrap();
    chain.succeeds(&reveal).await;
    assert_eq!(chain.standing(&prepared).await, WeightsStanding::Stored);
    chain.stop().await;
}

#[tokio::test]
async fn on_a_runtime_with_epochs_by_block_numbers_a_commit_is_revealed_too() {
    let mut config = commit_config();
    config.legacy_epochs = true;
    let chain = TestChain::start_paced(config).await.salted();
    let prepared = committed(&chain).await;
    chain.next_epoch().await;
    assert_eq!(chain.standing(&prepared).await, WeightsStanding::RevealDue);
    let reveal = chain.alice.prepare_reveal(&prepared).await.unwrap();
    chain.succeeds(&reveal).await;
    assert_eq!(chain.standing(&prepared).await, WeightsStanding::Stored);
    chain.stop().await;
}

#[tokio::test]
async fn plain_weights_have_nothing_to_reveal() {
    let chain = TestChain::start(calls_config()).await.salted();
    chain.mine(5).await;
    // The subnet wants plain weights, whatever the configuration says of commits.
    let prepared = chain.prepare(GOOD).await.unwrap();
    assert_eq!(prepared.method, WeightsMethod::Plain);
    let reveal = chain.alice.prepare_reveal(&prepared).await;
    assert_eq!(refusal(reveal), Refusal::NoWeightsCommitFound);
    chain.stop().await;
}
