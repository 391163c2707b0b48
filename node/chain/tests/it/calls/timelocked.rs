//! Timelocked commits with a simulated beacon: encrypted, committed, revealed by the chain.

use assay_chain::{
    Advice, CallFailure, ChainError, PreparedWeights, Refusal, Settlement, WeightsMethod,
    WeightsStanding,
};
use assay_dev_chain::chain::{AdminCommand, Hyperparameter};

use crate::support::{GOOD, TestChain, commit_config, hotkey, neuron, set};

fn timelock_of(prepared: &PreparedWeights) -> (u64, u64) {
    match prepared.method {
        WeightsMethod::Timelocked {
            round,
            reveal_epoch,
            ..
        } => (round, reveal_epoch),
        ref other => panic!("expected a timelocked commit, got {other:?}"),
    }
}

/// Commits and waits until the commit is final.
async fn committed(chain: &TestChain) -> PreparedWeights {
    chain.mine(5).await;
    let prepared = chain.prepare(GOOD).await.unwrap();
    chain.succeeds(&prepared.call).await;
    prepared
}

fn reason(standing: &WeightsStanding) -> &str {
    match standing {
        WeightsStanding::Gone { reason } => reason,
        other => panic!("expected weights that are gone, got {other:?}"),
    }
}

#[tokio::test]
async fn the_chain_reveals_a_commit_a_few_blocks_into_its_epoch() {
    let chain = TestChain::start_paced(commit_config()).await;
    let prepared = committed(&chain).await;
    assert_eq!(prepared.call.name, "commit_timelocked_mechanism_weights");
    let (_, reveal_epoch) = timelock_of(&prepared);
    assert_eq!(reveal_epoch, prepared.epoch + 1);
    let is_committed = WeightsStanding::Committed { reveal_epoch };
    assert_eq!(chain.standing(&prepared).await, is_committed);

    let start = chain.next_epoch().await.number;
    assert_eq!(chain.standing(&prepared).await, is_committed);
    while chain.standing(&prepared).await == is_committed {
        chain.mine(1).await;
    }
    assert_eq!(chain.standing(&prepared).await, WeightsStanding::Stored);
    // Not before the security offset, and not much later.
    let revealed = chain.head().await.number;
    assert!(
        (start + 3..=start + 5).contains(&revealed),
        "{start} {revealed}"
    );
    assert_eq!(chain.weights().await, GOOD);
    chain.stop().await;
}

#[tokio::test]
async fn on_a_faster_chain_the_round_is_aimed_by_its_own_blocks() {
    let chain = TestChain::start_paced(commit_config()).await;
    let block_time_ms = 3_000;
    chain.pace().mine_every(block_time_ms, 45).await;
    let prepared = chain.prepare(GOOD).await.unwrap();
    chain.send(&prepared.call).await.unwrap();
    // Epoch 3 begins with block 60; by its end the commit would be dropped.
    chain.pace().mine_every(block_time_ms, 60 + 8 - 45).await;
    assert_eq!(chain.head().await.epoch, prepared.epoch + 1);
    assert_eq!(chain.standing(&prepared).await, WeightsStanding::Stored);
    chain.stop().await;
}

#[tokio::test]
async fn on_a_runtime_with_epochs_by_block_numbers_a_commit_is_revealed_too() {
    let mut config = commit_config();
    config.legacy_epochs = true;
    let parameters = &mut config.subnets[0].hyperparameters;
    parameters.push(Hyperparameter::RevealPeriodEpochs(2));
    let chain = TestChain::start_paced(config).await;
    let prepared = committed(&chain).await;
    let (_, reveal_epoch) = timelock_of(&prepared);
    chain.next_epoch().await;
    chain.next_epoch().await;
    let is_committed = WeightsStanding::Committed { reveal_epoch };
    assert_eq!(chain.standing(&prepared).await, is_committed);
    chain.mine(6).await;
    assert_eq!(chain.standing(&prepared).await, WeightsStanding::Stored);
    chain.stop().await;
}

#[tokio::test]
async fn a_longer_reveal_period_is_waited_for() {
    let mut config = commit_config();
    let parameters = &mut config.subnets[0].hyperparameters;
    parameters.push(Hyperparameter::RevealPeriodEpochs(3));
    let chain = TestChain::start_paced(config).await;
    let prepared = committed(&chain).await;
    let (_, reveal_epoch) = timelock_of(&prepared);
    assert_eq!(reveal_epoch, prepared.epoch + 3);
    for _ in 0..2 {
        chain.next_epoch().await;
        chain.mine(10).await;
        let standing = chain.standing(&prepared).await;
        assert_eq!(standing, WeightsStanding::Committed { reveal_epoch });
    }
    chain.next_epoch().await;
    chain.mine(6).await;
    assert_eq!(chain.standing(&prepared).await, WeightsStanding::Stored);
    chain.stop().await;
}

#[tokio::test]
async fn a_reveal_period_that_the_owner_changes_holds_for_earlier_commits() {
    let chain = TestChain::start_paced(commit_config()).await;
    let prepared = committed(&chain).await;
    chain
        .enact([set(Hyperparameter::RevealPeriodEpochs(2))])
        .await;
    let reveal_epoch = prepared.epoch + 2;
    let is_committed = WeightsStanding::Committed { reveal_epoch };
    assert_eq!(chain.standing(&prepared).await, is_committed);
    chain.next_epoch().await;
    chain.mine(8).await;
    assert_eq!(chain.standing(&prepared).await, is_committed);
    chain.next_epoch().await;
    chain.mine(1).await;
    assert_eq!(chain.standing(&prepared).await, WeightsStanding::Stored);
    chain.stop().await;
}

#[tokio::test]
async fn a_commit_of_an_epoch_that_ended_early_is_found_in_the_next() {
    let chain = TestChain::start_paced(commit_config()).await;
    chain.mine(5).await;
    let prepared = chain.prepare(GOOD).await.unwrap();
    chain.command(set(Hyperparameter::PendingEpochAt(6))).await;
    let outcome = chain.carry_out(&prepared.call).await;
    assert_eq!(outcome, Settlement::Done { block: 6 });
    assert_eq!(chain.head().await.epoch, prepared.epoch + 1);
    let reveal_epoch = prepared.epoch + 2;
    let standing = chain.standing(&prepared).await;
    assert_eq!(standing, WeightsStanding::Committed { reveal_epoch });
    chain.stop().await;
}

#[tokio::test]
async fn a_round_that_never_comes_is_said_to_be_the_reason() {
    let chain = TestChain::start_paced(commit_config()).await;
    let prepared = committed(&chain).await;
    let enabled = false;
    chain.enact([AdminCommand::SetAutoPulses { enabled }]).await;
    chain.next_epoch().await;
    chain.mine(10).await;
    let (round, reveal_epoch) = timelock_of(&prepared);
    let standing = chain.standing(&prepared).await;
    assert_eq!(standing, WeightsStanding::Committed { reveal_epoch });
    chain.next_epoch().await;
    let standing = chain.standing(&prepared).await;
    let expected = format!(
        "round {round} of the beacon did not come in the epoch of the reveal; the chain holds no \
         weights"
    );
    assert_eq!(reason(&standing), expected);
    chain.stop().await;
}

#[tokio::test]
async fn weights_that_the_chain_refuses_at_the_reveal_are_gone_with_its_reason() {
    let chain = TestChain::start_paced(commit_config()).await;
    let prepared = committed(&chain).await;
    chain
        .enact([set(Hyperparameter::MinAllowedWeights(4))])
        .await;
    chain.next_epoch().await;
    chain.mine(8).await;
    let standing = chain.standing(&prepared).await;
    assert_eq!(
        reason(&standing),
        "the chain revealed the commit and refused it: WeightVecLengthIsLow; the chain holds no \
         weights"
    );
    chain.stop().await;
}

#[tokio::test]
async fn a_replaced_beacon_key_is_taken_from_the_chain() {
    let chain = TestChain::start_paced(commit_config()).await;
    chain.mine(3).await;
    let seed = "another".to_owned();
    chain.enact([AdminCommand::SetBeacon { seed }]).await;
    let prepared = committed(&chain).await;
    chain.next_epoch().await;
    chain.mine(6).await;
    assert_eq!(chain.standing(&prepared).await, WeightsStanding::Stored);
    chain.stop().await;
}

#[tokio::test]
async fn the_version_of_commits_is_taken_from_the_chain() {
    let chain = TestChain::start_paced(commit_config()).await;
    chain
        .enact([set(Hyperparameter::CommitRevealWeightsVersion(5))])
        .await;
    let prepared = chain.prepare(GOOD).await.unwrap();
    chain
        .enact([set(Hyperparameter::CommitRevealWeightsVersion(6))])
        .await;
    let refused = chain.carry_out(&prepared.call).await;
    let failure = Refusal::IncorrectCommitRevealVersion.into();
    assert!(
        matches!(&refused, Settlement::Failed { failure: got, .. } if *got == failure),
        "{refused:?}"
    );
    chain.next_epoch().await;
    let prepared = chain.prepare(GOOD).await.unwrap();
    chain.succeeds(&prepared.call).await;
    chain.stop().await;
}

#[tokio::test]
async fn weights_for_too_many_uids_are_not_signed_and_the_operator_is_told() {
    let mut config = commit_config();
    let neurons = &mut config.subnets[0].neurons;
    neurons.extend((0..1_300).map(|index| neuron(&format!("miner {index}"), 0)));
    let chain = TestChain::start_paced(config).await;
    chain.mine(5).await;
    let entries: Vec<(u16, u16)> = (0..1_300).map(|uid| (uid, 65_535)).collect();
    let refused = chain.prepare(&entries).await.unwrap_err();
    let ChainError::Refused {
        failure: CallFailure::Other { name },
        ..
    } = &refused
    else {
        panic!("{refused:?}");
    };
    assert!(name.contains("the chain takes at most 5000"), "{name}");
    assert_eq!(refused.advice(), Advice::TellOperator);
    // A few fewer go.
    let prepared = chain.prepare(&entries[..1_100]).await.unwrap();
    chain.succeeds(&prepared.call).await;
    chain.stop().await;
}

#[tokio::test]
async fn a_hotkey_without_uid_has_no_weights() {
    let chain = TestChain::start_paced(commit_config()).await;
    let mut prepared = committed(&chain).await;
    prepared.call.hotkey = hotkey("stranger");
    assert_eq!(
        reason(&chain.standing(&prepared).await),
        "the hotkey is not registered any more"
    );
    chain.stop().await;
}
