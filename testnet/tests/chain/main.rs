//! Weights of real validators while the chain does what chains do: it stops, is upgraded, loses its
//! endpoint, drops a hotkey, and the validators themselves are killed on the way.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic
)]

#[allow(dead_code, reason = "each test binary uses its own part")]
#[path = "../support/mod.rs"]
mod support;

mod calls;
mod relay;

use std::net::SocketAddr;

use assay_api::weights::{ChainSubmission, SubmissionStage, WeightsReport};
use assay_chain::Chain as _;
use assay_consensus::hash::Hash;
use assay_dev_chain::chain::AdminCommand;
use assay_dev_chain::types::{AccountId32, NetUid};
use assay_node::config::{ChainConfig, NodeConfig, P2pConfig, RpcConfig};
use assay_testnet::network::NETUID;
use assay_testnet::process::free_ports;

use calls::weights_calls;
use relay::Relay;
use support::{DEADLINE, Pace, Stage, until};

const VALIDATORS: usize = 3;

/// The validator that loses its place in the subnet.
const UNLUCKY: usize = 2;

/// Short epochs with room for the votes on a busy machine.
const PACE: Pace = Pace {
    block_time_ms: 200,
    tempo_blocks: 70,
};

/// How long finality stands still: most of an epoch.
const STANDSTILL_BLOCKS: u64 = 50;

/// Stake of a validator in rao.
const STAKE: u64 = 1_000_000_000_000;

#[tokio::test]
async fn weights_get_to_the_chain_once_per_epoch_whatever_happens() {
    let chain = SocketAddr::from(([127, 0, 0, 1], free_ports(1).unwrap()[0]));
    let relay = Relay::new(chain).await;
    let relays = vec![relay.url()];
    let mut stage = Stage::with_relays(VALIDATORS, &[], PACE, chain, relays).await;
    let everyone: Vec<usize> = (0..VALIDATORS).collect();
    stored_after_now(&stage, &everyone).await;

    stop_finality(&stage).await;
    stored_after_now(&stage, &everyone).await;

    let upgrade = AdminCommand::UpgradeRuntime {
        call_shift: 5,
        error_shift: 9,
    };
    stage.testnet.command_chain(upgrade).await.unwrap();
    stored_after_now(&stage, &everyone).await;

    assert!(relay.was_used());
    relay.cut().await;
    stored_after_now(&stage, &everyone).await;

    let epoch = killed_on_the_way(&mut stage).await;
    stored_from(&stage, &everyone, epoch).await;

    lost_and_found(&stage).await;
    another_chain_is_refused(&stage).await;
    check_calls(&stage);
    for node in 0..VALIDATORS {
        assert!(!stage.log(node).contains("panicked"));
    }
    stage.stop().await;
}

/// Finality stands still while blocks go on, and then catches up.
async fn stop_finality(stage: &Stage) {
    let testnet = &stage.testnet;
    testnet
        .command_chain(AdminCommand::StopFinality)
        .await
        .unwrap();
    let stopped_at = testnet.read_chain(|chain| chain.best_number());
    until("blocks that are not final", async || {
        let best = testnet.read_chain(|chain| chain.best_number());
        (best >= stopped_at + STANDSTILL_BLOCKS).then_some(())
    })
    .await;
    let finalized = testnet.read_chain(|chain| chain.finalized_number());
    assert!(finalized <= stopped_at);
    testnet
        .command_chain(AdminCommand::ResumeFinality)
        .await
        .unwrap();
}

/// SIGKILL to all validators when the first of them has a call on its way.
async fn killed_on_the_way(stage: &mut Stage) -> u64 {
    let epoch = head_epoch(stage).await;
    let epoch = until("a call on its way", async || {
        let newest = head_epoch(stage).await;
        for epoch in epoch..=newest {
            let stage_of = submission(stage, 0, epoch).await.map(|one| one.stage);
            if stage_of == Some(SubmissionStage::Sent) {
                return Some(epoch);
            }
        }
        None
    })
    .await;
    for node in &mut stage.testnet.nodes {
        node.kill().await.unwrap();
    }
    for node in &mut stage.testnet.nodes {
        node.spawn().unwrap();
    }
    stage.all_active().await;
    epoch
}

/// A validator loses its place; the others go on, it says why it doesn't, and it comes back.
async fn lost_and_found(stage: &Stage) {
    let netuid = NetUid(NETUID);
    let hotkey = AccountId32(stage.testnet.hotkeys[UNLUCKY].0);
    let deregister = AdminCommand::Deregister { netuid, hotkey };
    stage.testnet.command_chain(deregister).await.unwrap();
    let others: Vec<usize> = (0..VALIDATORS).filter(|node| *node != UNLUCKY).collect();
    // Who counts is decided when an epoch begins.
    let next = head_epoch(stage).await + 1;
    let epoch = stored_from(stage, &others, next).await;
    let reason = until(
        "the reason of a validator that sets no weights",
        async || {
            let submission = submission(stage, UNLUCKY, epoch).await?;
            let is_over = matches!(
                submission.stage,
                SubmissionStage::Skipped | SubmissionStage::Missed | SubmissionStage::Failed
            );
            submission.reason.filter(|_| is_over)
        },
    )
    .await;
    assert!(
        reason.contains("permit") || reason.contains("register"),
        "{reason}"
    );
    let register = AdminCommand::Register {
        netuid,
        hotkey,
        coldkey: None,
        uid: None,
        stake: Some(STAKE),
    };
    stage.testnet.command_chain(register).await.unwrap();
    // Permits are given at the end of an epoch.
    let everyone: Vec<usize> = (0..VALIDATORS).collect();
    let found = async || {
        let epoch = stored_after_now(stage, &others).await;
        let unlucky = submission(stage, UNLUCKY, epoch).await?;
        (unlucky.stage == SubmissionStage::Stored).then_some(())
    };
    until("the lost validator's weights", found).await;
    stored_after_now(stage, &everyone).await;
}

/// A node whose genesis document is of another chain says so and ends.
async fn another_chain_is_refused(stage: &Stage) {
    let dir = &stage.testnet.plan.dir;
    let mut genesis = stage.testnet.genesis.clone();
    genesis.chain.hash = Hash::of(b"another chain");
    let genesis_file = dir.join("another-genesis.json");
    std::fs::write(&genesis_file, serde_json::to_vec(&genesis).unwrap()).unwrap();
    let config = NodeConfig {
        data_dir: dir.join("lost/data"),
        genesis: genesis_file,
        chain: ChainConfig {
            endpoints: vec![stage.testnet.chain_url()],
            ..ChainConfig::default()
        },
        p2p: P2pConfig {
            listen: vec!["/ip4/127.0.0.1/tcp/0".into()],
            ..P2pConfig::default()
        },
        rpc: RpcConfig {
            listen: ([127, 0, 0, 1], 0).into(),
        },
        ..NodeConfig::default()
    };
    let config_file = dir.join("lost.toml");
    std::fs::write(&config_file, toml::to_string(&config).unwrap()).unwrap();
    let node = tokio::process::Command::new(&stage.testnet.plan.program)
        .args(["node", "--config"])
        .arg(config_file)
        .output();
    let output = tokio::time::timeout(DEADLINE, node).await.unwrap().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(!output.status.success(), "{said}");
    let reason = "error: this is not the chain of the genesis document";
    assert!(said.contains(reason), "{said}");
}

/// No validator had more than one call that sets weights in the blocks of an epoch.
fn check_calls(stage: &Stage) {
    let calls = stage.testnet.read_chain(weights_calls);
    assert!(calls.len() >= 6 * VALIDATORS, "{calls:?}");
    for ((hotkey, epoch), blocks) in &calls {
        assert_eq!(blocks.len(), 1, "{hotkey} in epoch {epoch}: {blocks:?}");
    }
}

/// Waits until the chain holds weights of all of these that nobody has begun to set yet.
async fn stored_after_now(stage: &Stage, nodes: &[usize]) -> u64 {
    let mut first = head_epoch(stage).await;
    for node in nodes {
        if submission(stage, *node, first).await.is_some() {
            first += 1;
            break;
        }
    }
    stored_from(stage, nodes, first).await
}

/// Waits for an epoch from `first` on whose weights the chain holds for all of these.
async fn stored_from(stage: &Stage, nodes: &[usize], first: u64) -> u64 {
    until("weights on the chain", async || {
        let newest = head_epoch(stage).await;
        for epoch in first..=newest {
            if all_stored(stage, nodes, epoch).await {
                return Some(epoch);
            }
        }
        None
    })
    .await
}

async fn all_stored(stage: &Stage, nodes: &[usize], epoch: u64) -> bool {
    for node in nodes {
        let submission = submission(stage, *node, epoch).await;
        if submission.is_none_or(|one| one.stage != SubmissionStage::Stored) {
            return false;
        }
    }
    true
}

async fn submission(stage: &Stage, node: usize, epoch: u64) -> Option<ChainSubmission> {
    let client = stage.testnet.nodes[node].client().unwrap();
    let report: WeightsReport = client.weights_get(Some(epoch)).await.ok()?;
    report.submission
}

async fn head_epoch(stage: &Stage) -> u64 {
    let head = until("the chain", async || {
        stage.testnet.chain.finalized_head().await.ok()
    });
    head.await.epoch
}
