//! Salted commits: committed in one epoch, revealed in the right one only.

use assay_chain::{Chain, ChainError, PreparedWeights, Refusal, WeightsMethod, WeightsStanding};
use assay_dev_chain::chain::Hyperparameter;

use crate::support::{GOOD, TestChain, calls_config, commit_config, refusal};

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
async fn a_reveal_is_not_signed_when_the_epoch_is_nearly_over() {
    let chain = TestChain::start_paced(commit_config()).await.salted();
    let prepared = committed(&chain).await;
    let head = chain.next_epoch().await;
    // The best block is two ahead of the finalised one.
    chain
        .mine(head.next_epoch_start - 3 - 2 - head.number)
        .await;
    let reveal = chain.alice.prepare_reveal(&prepared).await;
    assert!(matches!(reveal, Err(ChainError::TooLate { .. })));
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
