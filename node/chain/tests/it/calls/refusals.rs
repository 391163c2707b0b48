//! What the chain would refuse is named before it is sent, and the next epoch succeeds.

use assay_chain::{Chain, ChainError, Refusal, SubtensorChain, WeightsStanding};
use assay_dev_chain::chain::{AdminCommand, Hyperparameter};
use assay_dev_chain::types::NetUid;

use crate::support::{
    GOOD, NETUID, TestChain, account, calls_config, commit_config, deregister, patient, prepare,
    refusal, set, signing, submission,
};

/// Something breaks, weights are refused by name, it is mended, and the next epoch's arrive.
async fn refused_until_mended(
    breaking: &[AdminCommand],
    entries: &[(u16, u16)],
    expected: Refusal,
    mending: &[AdminCommand],
) {
    let chain = TestChain::start(calls_config()).await;
    chain.mine(3).await;
    chain.enact(breaking.iter().cloned()).await;
    assert_eq!(refusal(chain.prepare(entries).await), expected);
    chain.enact(mending.iter().cloned()).await;
    chain.succeeds_in_the_next_epoch().await;
    chain.stop().await;
}

fn stake(name: &str, stake: u64) -> AdminCommand {
    AdminCommand::SetStake {
        netuid: NetUid(NETUID),
        hotkey: account(name),
        stake,
    }
}

#[tokio::test]
async fn the_root_and_a_subnet_that_is_not_there_take_no_weights() {
    let chain = TestChain::start(calls_config()).await;
    chain.mine(5).await;
    let mut config = patient(&[chain.url()]);
    config.netuid = 0;
    let root = signing(config.clone(), "alice");
    let refused = prepare(&root, GOOD).await;
    assert_eq!(refusal(refused), Refusal::CanNotSetRootNetworkWeights);
    config.netuid = 7;
    let missing = signing(config, "alice");
    let refused = missing.prepare_weights(&submission(0, GOOD)).await;
    assert!(
        matches!(&refused, Err(ChainError::Unsupported { what, .. }) if what == "subnet 7"),
        "{refused:?}"
    );
    chain.succeeds_in_the_next_epoch().await;
    chain.stop().await;
}

#[tokio::test]
async fn a_client_without_a_hotkey_only_reads() {
    let chain = TestChain::start(calls_config()).await;
    chain.mine(5).await;
    let client = SubtensorChain::new(patient(&[chain.url()]), None).unwrap();
    let refused = client.prepare_weights(&submission(0, GOOD)).await;
    assert_eq!(refused, Err(ChainError::NoSigner));
    assert_eq!(client.finalized_head().await, Ok(chain.head().await));
    chain.stop().await;
}

#[tokio::test]
async fn more_uids_than_neurons_are_refused() {
    let entries = [(0, 1), (1, 1), (2, 1), (3, 1), (4, 65_535)];
    let expected = Refusal::UidsLengthExceedUidsInSubNet;
    refused_until_mended(&[], &entries, expected, &[]).await;
}

#[tokio::test]
async fn a_hotkey_that_lost_its_uid_is_refused() {
    let netuid = NetUid(NETUID);
    let hotkey = account("alice");
    let back = AdminCommand::Register {
        netuid,
        hotkey,
        coldkey: None,
        uid: Some(0),
        stake: Some(1_000),
    };
    let expected = Refusal::HotKeyNotRegisteredInSubNet;
    refused_until_mended(&[deregister("alice")], GOOD, expected, &[back]).await;
}

#[tokio::test]
async fn stake_below_the_threshold_is_refused() {
    refused_until_mended(
        &[set(Hyperparameter::StakeThreshold(1_001))],
        GOOD,
        Refusal::NotEnoughStakeToSetWeights,
        &[stake("alice", 1_001)],
    )
    .await;
}

#[tokio::test]
async fn root_stake_counts_for_the_threshold_and_the_owner_needs_none() {
    let chain = TestChain::start(calls_config()).await;
    let root = AdminCommand::SetStake {
        netuid: NetUid(0),
        hotkey: account("alice"),
        stake: 1_000,
    };
    let owner = AdminCommand::SetSubnetOwner {
        netuid: NetUid(NETUID),
        hotkey: account("bob"),
    };
    // 18 % of the root stake counts.
    let threshold = set(Hyperparameter::StakeThreshold(1_170));
    chain.enact([threshold, root, owner]).await;
    chain.prepare(GOOD).await.unwrap();
    let bob = chain.prepare_as("bob", GOOD).await;
    bob.unwrap();
    chain.stop().await;
}

#[tokio::test]
async fn an_old_version_key_is_refused() {
    refused_until_mended(
        &[set(Hyperparameter::WeightsVersionKey(9))],
        GOOD,
        Refusal::IncorrectWeightVersionKey,
        &[set(Hyperparameter::WeightsVersionKey(0))],
    )
    .await;
}

#[tokio::test]
async fn weights_right_after_weights_are_refused() {
    let chain = TestChain::start(calls_config()).await;
    chain.mine(5).await;
    let first = chain.prepare(GOOD).await.unwrap();
    chain.carry_out(&first.call).await;
    chain
        .enact([set(Hyperparameter::WeightsSetRateLimit(12))])
        .await;
    assert_eq!(
        refusal(chain.prepare(GOOD).await),
        Refusal::SettingWeightsTooFast
    );
    // By the next epoch the pause is over.
    chain.succeeds_in_the_next_epoch().await;
    chain.stop().await;
}

#[tokio::test]
async fn a_commit_right_after_a_commit_is_refused() {
    let chain = TestChain::start_paced(commit_config()).await;
    chain.mine(5).await;
    let first = chain.prepare(GOOD).await.unwrap();
    chain.carry_out(&first.call).await;
    chain
        .enact([set(Hyperparameter::WeightsSetRateLimit(12))])
        .await;
    assert_eq!(
        refusal(chain.prepare(GOOD).await),
        Refusal::CommittingWeightsTooFast
    );
    chain.next_epoch().await;
    chain.prepare(GOOD).await.unwrap();
    chain.stop().await;
}

#[tokio::test]
async fn without_a_permit_only_a_weight_to_oneself_is_taken() {
    let chain = TestChain::start(calls_config()).await;
    chain.mine(5).await;
    let weights = chain.prepare_as("miner", GOOD).await;
    assert_eq!(refusal(weights), Refusal::NeuronNoValidatorPermit);
    let to_itself = [(0, 0), (2, 65_535)];
    let weights = chain.prepare_as("miner", &to_itself).await;
    assert_eq!(weights.unwrap().entries, vec![(2, 65_535)]);
    chain.enact([stake("miner", 2_000)]).await;
    chain.next_epoch().await;
    let weights = chain.prepare_as("miner", GOOD).await;
    weights.unwrap();
    chain.stop().await;
}

#[tokio::test]
async fn a_uid_twice_is_refused() {
    let entries = [(1, 1), (1, 65_535)];
    refused_until_mended(&[], &entries, Refusal::DuplicateUids, &[]).await;
}

#[tokio::test]
async fn a_uid_without_a_neuron_is_refused() {
    let entries = [(1, 1), (4, 65_535)];
    refused_until_mended(&[], &entries, Refusal::UidVecContainInvalidOne, &[]).await;
}

#[tokio::test]
async fn too_few_entries_are_refused_and_zeros_make_up_for_them() {
    let chain = TestChain::start(calls_config()).await;
    chain
        .enact([set(Hyperparameter::MinAllowedWeights(1_024))])
        .await;
    assert_eq!(
        refusal(chain.prepare(GOOD).await),
        Refusal::WeightVecLengthIsLow
    );
    chain.next_epoch().await;
    let padded = [(0, 0), (1, 21_845), (2, 65_535), (3, 0)];
    let prepared = chain.prepare(&padded).await.unwrap();
    chain.carry_out(&prepared.call).await;
    assert_eq!(chain.standing(&prepared).await, WeightsStanding::Stored);
    assert_eq!(prepared.entries, padded);
    assert_eq!(chain.weights().await, GOOD);
    chain.stop().await;
}

#[tokio::test]
async fn too_large_a_share_is_refused() {
    refused_until_mended(
        &[set(Hyperparameter::MaxWeightsLimit(32_768))],
        GOOD,
        Refusal::MaxWeightExceeded,
        &[set(Hyperparameter::MaxWeightsLimit(u16::MAX))],
    )
    .await;
}

#[tokio::test]
async fn entries_at_the_limit_of_shares_are_taken_by_the_chain_too() {
    let chain = TestChain::start(calls_config()).await;
    chain
        .enact([set(Hyperparameter::MaxWeightsLimit(32_768))])
        .await;
    let prepared = chain.prepare(&[(1, 65_535), (2, 65_535)]).await.unwrap();
    chain.carry_out(&prepared.call).await;
    assert_eq!(chain.standing(&prepared).await, WeightsStanding::Stored);
    chain.stop().await;
}

/// Ten commits wait for their reveal, the eleventh has to wait for the next epoch.
async fn the_eleventh_commit_waits(chain: TestChain) {
    chain.mine(3).await;
    chain.set(Hyperparameter::Tempo(200)).await;
    chain.mine(3).await;
    for _ in 0..10 {
        let prepared = chain.prepare(GOOD).await.unwrap();
        chain.send(&prepared.call).await.unwrap();
    }
    chain.mine(3).await;
    let eleventh = chain.prepare(GOOD).await;
    assert_eq!(refusal(eleventh), Refusal::TooManyUnrevealedCommits);
    chain.enact([set(Hyperparameter::Tempo(20))]).await;
    chain.next_epoch().await;
    chain.next_epoch().await;
    chain.prepare(GOOD).await.unwrap();
    chain.stop().await;
}

#[tokio::test]
async fn the_eleventh_salted_commit_waits() {
    let chain = TestChain::start_paced(commit_config()).await;
    the_eleventh_commit_waits(chain.salted()).await;
}

#[tokio::test]
async fn the_eleventh_timelocked_commit_waits() {
    the_eleventh_commit_waits(TestChain::start_paced(commit_config()).await).await;
}
