//! First blocks of epochs.

use assay_chain::{Chain, ChainError, SubtensorChain};
use assay_dev_chain::chain::{AdminCommand, Hyperparameter};
use assay_dev_chain::types::NetUid;

use crate::support::{NETUID, TestChain, config, patient, upgrade};

async fn starts(client: &SubtensorChain, epochs: std::ops::RangeInclusive<u64>) -> Vec<u64> {
    let mut found = Vec::new();
    for epoch in epochs {
        let start = client.epoch_start(epoch).await.unwrap();
        assert_eq!(start.epoch, epoch);
        found.push(start.number);
    }
    found
}

#[tokio::test]
async fn every_epoch_since_the_first_block_has_a_start() {
    let chain = TestChain::start(config()).await;
    chain.finalize(47).await;
    let client = chain.client();
    assert_eq!(starts(&client, 0..=4).await, [0, 10, 20, 30, 40]);
    assert_eq!(
        client.epoch_start(5).await,
        Err(ChainError::UnknownEpoch(5))
    );
    // Begun, but not in a finalised block.
    chain.mine(2).await;
    assert_eq!(
        client.epoch_start(5).await,
        Err(ChainError::UnknownEpoch(5))
    );
    chain.finalize(50).await;
    assert_eq!(starts(&client, 5..=5).await, [50]);
    assert_eq!(
        client.epoch_start(u64::MAX).await,
        Err(ChainError::UnknownEpoch(u64::MAX))
    );
    chain.stop().await;
}

#[tokio::test]
async fn epochs_of_changing_length_begin_where_the_chain_began_them() {
    let chain = TestChain::start(config()).await;
    chain.finalize(12).await;
    // Longer in mid-epoch, then so short that the next one is overdue.
    chain.set(Hyperparameter::Tempo(25)).await;
    chain.finalize(60).await;
    chain.set(Hyperparameter::Tempo(4)).await;
    chain.finalize(80).await;
    let client = chain.client();
    let head = client.finalized_head().await.unwrap();
    let mut expected = Vec::new();
    let mut before = None;
    for number in 0..=head.number {
        let block = client.block(number).await.unwrap().unwrap();
        assert!(block.next_epoch_start > number);
        if before != Some(block.epoch) {
            expected.push(number);
        }
        before = Some(block.epoch);
    }
    assert_eq!(expected[..3], [0, 10, 35]);
    let latecomer = chain.client();
    assert_eq!(starts(&latecomer, 0..=head.epoch).await, expected);
    chain.stop().await;
}

#[tokio::test]
async fn old_runtimes_begin_epochs_by_block_number() {
    let mut config = config();
    config.legacy_epochs = true;
    let chain = TestChain::start(config).await;
    chain.finalize(40).await;
    let client = chain.client();
    // (block + netuid + 1) % (tempo + 1) == 0.
    assert_eq!(starts(&client, 0..=3).await, [0, 9, 20, 31]);
    let head = client.finalized_head().await.unwrap();
    assert_eq!((head.epoch, head.next_epoch_start), (3, 42));
    assert_eq!(
        client.epoch_start(4).await,
        Err(ChainError::UnknownEpoch(4))
    );
    assert_eq!(
        client.metagraph(head.hash).await.unwrap().neurons().len(),
        3
    );
    chain.stop().await;
}

#[tokio::test]
async fn epochs_go_on_when_an_upgrade_begins_to_count_them() {
    let mut config = config();
    config.legacy_epochs = true;
    let chain = TestChain::start(config).await;
    chain.finalize(25).await;
    chain.command(upgrade(1, 1)).await;
    chain.finalize(55).await;
    let client = chain.client();
    // After the upgrade an epoch is one block shorter.
    assert_eq!(starts(&client, 0..=5).await, [0, 9, 20, 30, 40, 50]);
    chain.stop().await;
}

#[tokio::test]
async fn a_subnet_that_came_later_has_its_first_epoch_there() {
    let chain = TestChain::start(config()).await;
    chain.finalize(21).await;
    chain
        .command(AdminCommand::AddSubnet {
            netuid: NetUid(NETUID + 1),
            tempo: 8,
        })
        .await;
    let made_in = chain.mine(1).await;
    chain.finalize(50).await;
    let mut config = patient(&[chain.url()]);
    config.netuid = NETUID + 1;
    let client = SubtensorChain::new(config, None).unwrap();
    let found = starts(&client, 0..=2).await;
    assert_eq!(found, [made_in, made_in + 8, made_in + 16]);
    assert!(matches!(
        client.block(made_in - 1).await,
        Err(ChainError::Unsupported { .. })
    ));
    chain.stop().await;
}

#[tokio::test]
async fn an_old_chain_is_gone_through_from_its_first_epoch_on() {
    let chain = TestChain::start(config()).await;
    chain.set(Hyperparameter::Tempo(2)).await;
    chain.finalize(2_600).await;
    let client = chain.client();
    let head = client.finalized_head().await.unwrap();
    // More than the client keeps.
    assert!(head.epoch > 1_100);
    // One after the other, and in great leaps by someone who just came.
    let all = starts(&client, 0..=head.epoch).await;
    let latecomer = chain.client();
    for epoch in [1, 0, head.epoch, 600, 601, 1] {
        let start = latecomer.epoch_start(epoch).await.unwrap();
        assert_eq!((start.epoch, start.number), (epoch, all[epoch as usize]));
    }
    chain.stop().await;
}

#[tokio::test]
async fn what_is_older_than_the_history_is_unknown() {
    let mut config = config();
    config.subnets[0].tempo = 1_000;
    let chain = TestChain::start(config).await;
    // A node of the dev chain keeps 4,096 states.
    chain.finalize(5_500).await;
    let client = chain.client();
    assert_eq!(starts(&client, 2..=5).await, [2_000, 3_000, 4_000, 5_000]);
    assert_eq!(
        client.epoch_start(1).await,
        Err(ChainError::UnknownEpoch(1))
    );
    assert_eq!(client.block(1_000).await, Ok(None));
    assert_eq!(client.block(0).await, Ok(None));
    let head = client.finalized_head().await.unwrap();
    assert_eq!((head.epoch, head.next_epoch_start), (5, 6_000));
    chain.stop().await;
}
