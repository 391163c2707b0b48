//! Waiting for the next finalised head.

use std::sync::Arc;

use assay_chain::{Chain, HeadStatus, HeadWatcher, SubtensorChain};
use assay_dev_chain::chain::AdminCommand;

use crate::proxy::{Mode, Proxy};
use crate::support::{LAG, TestChain, client, config, patient};

#[tokio::test]
async fn the_next_head_comes_with_the_block_that_makes_it_final() {
    let chain = TestChain::start(config()).await;
    chain.mine(5).await;
    let client = chain.client();
    let head = client.finalized_head().await.unwrap();
    let (next, _) = tokio::join!(client.next_head(head.number), chain.mine(1));
    let next = next.unwrap().unwrap();
    assert_eq!(next.number, head.number + 1);
    // One that is above already is not waited for.
    assert_eq!(client.next_head(head.number).await, Ok(Some(next)));
    chain.stop().await;
}

#[tokio::test]
async fn without_a_head_the_wait_ends_by_itself() {
    let chain = TestChain::start(config()).await;
    let best = chain.mine(5).await;
    let mut config = patient(&[chain.url()]);
    config.long_poll_ms = 50;
    let client = SubtensorChain::new(config, None).unwrap();
    assert_eq!(client.next_head(best).await, Ok(None));
    chain.stop().await;
}

#[tokio::test]
async fn heads_stand_still_while_finality_does_and_go_on_after() {
    let chain = TestChain::start(config()).await;
    chain.mine(12).await;
    let mut config = patient(&[chain.url()]);
    config.long_poll_ms = 50;
    let client = SubtensorChain::new(config, None).unwrap();
    chain.command(AdminCommand::StopFinality).await;
    let head = client.finalized_head().await.unwrap();
    let best = chain.mine(50).await;
    assert_eq!(client.next_head(head.number).await, Ok(None));
    assert_eq!(client.finalized_head().await, Ok(head));
    assert_eq!(client.block(head.number + 1).await, Ok(None));
    let start = client.epoch_start(head.epoch).await.unwrap();
    assert_eq!(start.number, 10);

    chain.command(AdminCommand::ResumeFinality).await;
    let next = client.next_head(head.number).await.unwrap().unwrap();
    assert_eq!(next.number, best - LAG);
    assert_eq!((next.epoch, next.next_epoch_start), (6, 70));
    chain.stop().await;
}

#[tokio::test]
async fn a_watcher_follows_the_chain_over_a_dead_endpoint_and_back() {
    let chain = TestChain::start(config()).await;
    chain.finalize(5).await;
    let proxy = Proxy::start(&chain.url(), Mode::Open).await;
    let watcher = HeadWatcher::spawn(Arc::new(client(&[proxy.url()])));
    let mut status = watcher.subscribe();
    let seen = |number: u64| {
        move |status: &HeadStatus| status.head.is_some_and(|head| head.number >= number)
    };
    status.wait_for(seen(5)).await.unwrap();
    proxy.hang_up().await;
    status
        .wait_for(|status| status.error.is_some())
        .await
        .unwrap();
    chain.finalize(20).await;
    proxy.set(Mode::Open);
    status.wait_for(seen(20)).await.unwrap();
    watcher.stop().await;
    chain.stop().await;
}
