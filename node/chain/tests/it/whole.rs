//! Both halves of the client together, as the node uses them.

use std::sync::Arc;

use assay_chain::{
    CallFailure, Chain, ChainError, HeadWatcher, PreparedWeights, Refusal, Settlement,
    SubtensorChain, WeightsMethod, WeightsStanding, WeightsSubmission,
};
use assay_dev_chain::chain::{AdminCommand, Hyperparameter};
use assay_dev_chain::types::NetUid;

use crate::proxy::{Mode, Proxy};
use crate::support::{NETUID, TEMPO, TestChain, account, client, config, hotkey};

fn submission(epoch: u64) -> WeightsSubmission {
    WeightsSubmission {
        epoch,
        entries: vec![(0, 1), (2, u16::MAX)],
        version_key: 0,
    }
}

/// Sends prepared weights and lets the chain go on until their call is settled.
async fn settle(chain: &TestChain, client: &dyn Chain, prepared: &PreparedWeights) -> Settlement {
    client.send(&prepared.call).await.unwrap();
    loop {
        match client.settlement(&prepared.call).await.unwrap() {
            Settlement::Waiting => chain.mine(1).await,
            settled => return settled,
        };
    }
}

#[tokio::test]
async fn plain_weights_go_from_preparation_to_the_chain() {
    let chain = TestChain::start(config()).await;
    chain.finalize(12).await;
    let client: Arc<dyn Chain> = Arc::new(chain.client());
    let prepared = client.prepare_weights(&submission(1)).await.unwrap();
    assert_eq!(prepared.method, WeightsMethod::Plain);
    let settled = settle(&chain, client.as_ref(), &prepared).await;
    let Settlement::Done { block } = settled else {
        panic!("{settled:?}");
    };
    assert_eq!(
        client.weights_standing(&prepared).await,
        Ok(WeightsStanding::Stored)
    );
    let shown = client.weights_on_chain(None).await.unwrap();
    assert_eq!(shown.len(), 1);
    assert_eq!(shown[0].hotkey, hotkey("alice"));
    assert_eq!((shown[0].block, shown[0].epoch), (block, 1));
    assert_eq!(shown[0].entries, prepared.entries);
    chain.stop().await;
}

#[tokio::test]
async fn timelocked_weights_are_committed_and_revealed_by_the_chain() {
    let mut config = config();
    config.subnets[0]
        .hyperparameters
        .push(Hyperparameter::CommitRevealWeightsEnabled(true));
    let chain = TestChain::start(config).await;
    chain.finalize(12).await;
    let client = chain.client();
    let prepared = client.prepare_weights(&submission(1)).await.unwrap();
    let WeightsMethod::Timelocked {
        reveal_epoch,
        round,
        ..
    } = prepared.method
    else {
        panic!("{:?}", prepared.method);
    };
    let settled = settle(&chain, &client, &prepared).await;
    assert!(matches!(settled, Settlement::Done { .. }), "{settled:?}");
    assert_eq!(
        client.weights_standing(&prepared).await,
        Ok(WeightsStanding::Committed { reveal_epoch })
    );
    chain.command(AdminCommand::PublishPulse { round }).await;
    chain.mine(1).await;
    chain.finalize(reveal_epoch * u64::from(TEMPO) + 1).await;
    assert_eq!(
        client.weights_standing(&prepared).await,
        Ok(WeightsStanding::Stored)
    );
    let shown = client.weights_on_chain(None).await.unwrap();
    assert_eq!(shown[0].entries, prepared.entries);
    chain.stop().await;
}

#[tokio::test]
async fn a_call_sent_through_two_endpoints_of_which_one_dies_counts_once() {
    let chain = TestChain::start(config()).await;
    chain.finalize(12).await;
    let first = Proxy::start(&chain.url(), Mode::Open).await;
    let client = client(&[first.url(), chain.url()]);
    let prepared = client.prepare_weights(&submission(1)).await.unwrap();
    first.set(Mode::HangUpOnRequest);
    client.send(&prepared.call).await.unwrap();
    client.send(&prepared.call).await.unwrap();
    let settled = settle(&chain, &client, &prepared).await;
    assert!(matches!(settled, Settlement::Done { .. }), "{settled:?}");
    assert_eq!(
        client.weights_standing(&prepared).await,
        Ok(WeightsStanding::Stored)
    );
    chain.stop().await;
}

#[tokio::test]
async fn an_old_runtime_takes_weights_too_and_so_does_the_one_after_it() {
    let mut config = config();
    config.legacy_epochs = true;
    let chain = TestChain::start(config).await;
    chain.finalize(12).await;
    let client = chain.client();
    let epoch = client.finalized_head().await.unwrap().epoch;
    let prepared = client.prepare_weights(&submission(epoch)).await.unwrap();
    let settled = settle(&chain, &client, &prepared).await;
    assert!(matches!(settled, Settlement::Done { .. }), "{settled:?}");
    let upgrade = AdminCommand::UpgradeRuntime {
        call_shift: 4,
        error_shift: 4,
    };
    chain.command(upgrade).await;
    chain.finalize(32).await;
    let epoch = client.finalized_head().await.unwrap().epoch;
    let prepared = client.prepare_weights(&submission(epoch)).await.unwrap();
    let settled = settle(&chain, &client, &prepared).await;
    assert!(matches!(settled, Settlement::Done { .. }), "{settled:?}");
    chain.stop().await;
}

#[tokio::test]
async fn a_restarted_node_learns_what_became_of_its_call_while_finality_stood_still() {
    let chain = TestChain::start(config()).await;
    chain.finalize(12).await;
    let client = chain.client();
    let prepared = client.prepare_weights(&submission(1)).await.unwrap();
    let kept = serde_json::to_vec(&prepared).unwrap();
    client.send(&prepared.call).await.unwrap();
    chain.command(AdminCommand::StopFinality).await;
    chain.mine(50).await;
    assert_eq!(
        client.settlement(&prepared.call).await,
        Ok(Settlement::Waiting)
    );
    drop(client);

    let client = chain.client();
    let kept: PreparedWeights = serde_json::from_slice(&kept).unwrap();
    assert_eq!(client.settlement(&kept.call).await, Ok(Settlement::Waiting));
    chain.command(AdminCommand::ResumeFinality).await;
    let settled = client.settlement(&kept.call).await.unwrap();
    assert!(matches!(settled, Settlement::Done { .. }), "{settled:?}");
    assert_eq!(
        client.weights_standing(&kept).await,
        Ok(WeightsStanding::Stored)
    );
    let shown = client.weights_on_chain(None).await.unwrap();
    assert_eq!(
        (shown[0].entries.clone(), shown[0].epoch),
        (kept.entries, 1)
    );
    chain.stop().await;
}

#[tokio::test]
async fn a_hotkey_that_lost_its_place_is_told_so_and_goes_on_reading() {
    let chain = TestChain::start(config()).await;
    chain.finalize(10).await;
    let client = chain.client();
    client.prepare_weights(&submission(1)).await.unwrap();
    chain
        .command(AdminCommand::Deregister {
            netuid: NetUid(NETUID),
            hotkey: account("alice"),
        })
        .await;
    chain.finalize(13).await;
    let error = client.prepare_weights(&submission(1)).await.unwrap_err();
    assert!(
        matches!(
            &error,
            ChainError::Refused {
                failure: CallFailure::Named {
                    refusal: Refusal::HotKeyNotRegisteredInSubNet
                },
                ..
            }
        ),
        "{error:?}"
    );
    let head = client.finalized_head().await.unwrap();
    let metagraph = client.metagraph(head.hash).await.unwrap();
    assert!(!metagraph.contains(&hotkey("alice")));
    chain.stop().await;
}

#[tokio::test]
async fn a_client_without_a_hotkey_only_reads() {
    let chain = TestChain::start(config()).await;
    chain.finalize(12).await;
    let configuration = crate::support::patient(&[chain.url()]);
    let client = SubtensorChain::new(configuration, None).unwrap();
    assert_eq!(
        client.prepare_weights(&submission(1)).await,
        Err(ChainError::NoSigner)
    );
    assert_eq!(client.finalized_head().await.unwrap().number, 12);
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
        move |status: &assay_chain::HeadStatus| {
            status.head.is_some_and(|head| head.number >= number)
        }
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
