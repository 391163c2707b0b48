//! What is read at a block, and that it stays the same.

use assay_chain::{Chain, ChainError, Metagraph};
use assay_consensus::block::ChainRef;
use assay_consensus::hash::Hash;
use assay_dev_chain::chain::{AdminCommand, Hyperparameter};
use assay_dev_chain::types::NetUid;

use crate::support::{LAG, NETUID, TEMPO, TestChain, config, deregister, hotkey, upgrade};

fn stakes(metagraph: &Metagraph) -> Vec<u64> {
    metagraph.neurons().iter().map(|n| n.stake).collect()
}

#[tokio::test]
async fn the_head_is_the_finalised_one() {
    let chain = TestChain::start(config()).await;
    let best = chain.mine(7).await;
    let client = chain.client();
    assert_eq!(client.genesis_hash().await, Ok(chain.genesis()));
    let head = client.finalized_head().await.unwrap();
    assert_eq!(head.number, best - LAG);
    assert_eq!((head.epoch, head.next_epoch_start), (0, u64::from(TEMPO)));
    assert!(head.timestamp_ms > 1_600_000_000_000);
    chain.stop().await;
}

#[tokio::test]
async fn blocks_by_number_are_final_ones() {
    let chain = TestChain::start(config()).await;
    chain.finalize(25).await;
    let client = chain.client();
    let head = client.finalized_head().await.unwrap();
    assert_eq!(head.number, 25);
    assert_eq!(client.block(25).await, Ok(Some(head)));
    // Made already, but not final.
    assert_eq!(client.block(26).await, Ok(None));
    assert_eq!(client.block(1_000_000).await, Ok(None));
    let genesis = client.block(0).await.unwrap().unwrap();
    assert_eq!(genesis.hash, chain.genesis());
    let epochs: Vec<(u64, u64)> = futures_of(&client, &[9, 10, 19, 20]).await;
    assert_eq!(epochs, [(0, 10), (1, 20), (1, 20), (2, 30)]);
    chain.stop().await;
}

#[tokio::test]
async fn hashes_by_number_are_those_of_final_blocks_however_old() {
    let chain = TestChain::start(config()).await;
    chain.finalize(4_200).await;
    let client = chain.client();
    // The state of block 0 is gone: a node of the dev chain keeps 4,096.
    assert_eq!(client.block(0).await, Ok(None));
    assert_eq!(client.hash_of_block(0).await, Ok(Some(chain.genesis())));
    let recent = client.block(4_199).await.unwrap().unwrap();
    for client in [client, chain.client()] {
        let hash = client.hash_of_block(4_199).await;
        assert_eq!(hash, Ok(Some(recent.hash)));
        // Made already, but not final; and not made.
        assert_eq!(client.hash_of_block(4_201).await, Ok(None));
        assert_eq!(client.hash_of_block(u64::MAX).await, Ok(None));
    }
    chain.stop().await;
}

async fn futures_of(client: &assay_chain::SubtensorChain, numbers: &[u64]) -> Vec<(u64, u64)> {
    let mut found = Vec::new();
    for number in numbers {
        let block = client.block(*number).await.unwrap().unwrap();
        assert_eq!(block.number, *number);
        found.push((block.epoch, block.next_epoch_start));
    }
    found
}

#[tokio::test]
async fn two_clients_say_the_same_of_every_block() {
    let chain = TestChain::start(config()).await;
    let follower = chain.client();
    let mut followed: Vec<ChainRef> = Vec::new();
    for _ in 0..24 {
        chain.mine(1).await;
        followed.push(follower.finalized_head().await.unwrap());
    }
    let latecomer = chain.client();
    for block in followed {
        assert_eq!(latecomer.block(block.number).await, Ok(Some(block)));
    }
    chain.stop().await;
}

#[tokio::test]
async fn the_metagraph_has_everyone_with_stake_permit_and_rules() {
    let chain = TestChain::start(config()).await;
    chain.set(Hyperparameter::MinAllowedWeights(2)).await;
    chain.set(Hyperparameter::MaxWeightsLimit(40_000)).await;
    chain.finalize(3).await;
    let client = chain.client();
    let head = client.finalized_head().await.unwrap();
    let metagraph = client.metagraph(head.hash).await.unwrap();
    assert_eq!(metagraph.block(), head);
    assert_eq!(stakes(&metagraph), [1_000, 500, 0]);
    let neurons = metagraph.neurons();
    let permits: Vec<bool> = neurons.iter().map(|n| n.validator_permit).collect();
    assert_eq!(permits, [true, true, false]);
    assert!(neurons.iter().all(|n| n.active && n.axon.is_none()));
    assert_eq!(metagraph.uid_of(&hotkey("bob")), Some(1));
    let rules = metagraph.rules();
    assert_eq!((rules.min_entries, rules.max_share), (2, 40_000));
    chain.stop().await;
}

#[tokio::test]
async fn a_pinned_read_does_not_see_what_came_later() {
    let chain = TestChain::start(config()).await;
    chain.finalize(5).await;
    let client = chain.client();
    let pinned = client.finalized_head().await.unwrap();
    let before = client.metagraph(pinned.hash).await.unwrap();
    let netuid = NetUid(NETUID);
    chain
        .command(AdminCommand::SetStake {
            netuid,
            hotkey: crate::support::account("bob"),
            stake: 9_999,
        })
        .await;
    chain.command(deregister("miner")).await;
    chain.finalize(40).await;

    let head = client.finalized_head().await.unwrap();
    let after = client.metagraph(head.hash).await.unwrap();
    assert_eq!(stakes(&after), [1_000, 9_999, 0]);
    assert!(!after.contains(&hotkey("miner")));
    assert_ne!(after.hotkey_of(2), None);
    assert_eq!(client.metagraph(pinned.hash).await, Ok(before.clone()));
    // A client that was not there at the time sees the same.
    assert_eq!(chain.client().metagraph(pinned.hash).await, Ok(before));
    chain.stop().await;
}

#[tokio::test]
async fn nothing_is_read_at_a_block_that_is_not_final_or_not_known() {
    let chain = TestChain::start(config()).await;
    let best = chain.mine(6).await;
    let client = chain.client();
    chain.command(AdminCommand::StopFinality).await;
    let unknown = Hash::of(b"no block");
    assert_eq!(
        client.metagraph(unknown).await,
        Err(ChainError::UnknownBlock(unknown))
    );
    // The best block's hash, from a client that sees it final later.
    chain.command(AdminCommand::ResumeFinality).await;
    chain.mine(LAG).await;
    let late = chain.client().block(best).await.unwrap().unwrap();
    chain.stop().await;

    let chain = TestChain::start(config()).await;
    chain.mine(6).await;
    assert_eq!(
        chain.client().metagraph(late.hash).await,
        Err(ChainError::UnknownBlock(late.hash))
    );
    chain.stop().await;
}

#[tokio::test]
async fn a_subnet_that_does_not_exist_is_named() {
    let chain = TestChain::start(config()).await;
    chain.mine(5).await;
    let mut config = crate::support::patient(&[chain.url()]);
    config.netuid = 7;
    let client = assay_chain::SubtensorChain::new(config, None).unwrap();
    let error = client.finalized_head().await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "the chain's runtime (version 461) has no subnet 7"
    );
    chain.stop().await;
}

#[tokio::test]
async fn an_upgrade_in_mid_epoch_changes_no_answer() {
    let chain = TestChain::start(config()).await;
    chain.finalize(13).await;
    let client = chain.client();
    let mut before = Vec::new();
    for number in 0..=13 {
        let block = client.block(number).await.unwrap().unwrap();
        let metagraph = client.metagraph(block.hash).await.unwrap();
        before.push((block, metagraph));
    }
    chain.command(upgrade(7, 3)).await;
    chain.finalize(33).await;
    // The same connection, across the upgrade.
    let head = client.finalized_head().await.unwrap();
    assert_eq!((head.epoch, head.next_epoch_start), (3, 40));
    let metagraph = client.metagraph(head.hash).await.unwrap();
    assert_eq!(stakes(&metagraph), [1_000, 500, 0]);
    // And a client that begins after it, reading old blocks.
    let latecomer = chain.client();
    assert_eq!(latecomer.finalized_head().await, Ok(head));
    for (block, metagraph) in before {
        assert_eq!(latecomer.block(block.number).await, Ok(Some(block)));
        assert_eq!(latecomer.metagraph(block.hash).await, Ok(metagraph));
    }
    chain.stop().await;
}

#[tokio::test]
async fn more_upgrades_than_a_connection_keeps_are_read_across() {
    let chain = TestChain::start(config()).await;
    for shift in 1..=12 {
        chain.command(upgrade(shift, shift)).await;
        chain.mine(1).await;
    }
    chain.finalize(15).await;
    let client = chain.client();
    for number in (0..=15).chain([3, 9]) {
        let block = client.block(number).await.unwrap().unwrap();
        let metagraph = client.metagraph(block.hash).await.unwrap();
        assert_eq!(stakes(&metagraph), [1_000, 500, 0]);
    }
    chain.stop().await;
}
