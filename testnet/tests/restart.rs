//! All validators killed at once in the middle of their work, and started again.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic
)]

#[allow(dead_code, reason = "each test binary uses its own part")]
mod support;

use std::collections::BTreeSet;

use assay_api::submission::SubmissionStatus;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use support::{LONG_EPOCHS, Stage, until};

const VALIDATORS: usize = 4;

/// More than half of them; a vote that came later may be lost with the power.
const QUORUM: usize = 3;

/// How far the first submission of a round has come when the power fails.
const MOMENTS: [SubmissionStatus; 5] = [
    SubmissionStatus::Received,
    SubmissionStatus::Approved,
    SubmissionStatus::Ordered,
    SubmissionStatus::Executed,
    SubmissionStatus::Agreed,
];

/// Miners of a round: each sends to another validator.
const PER_ROUND: usize = 3;

#[tokio::test]
async fn what_was_acknowledged_survives_a_power_cut_and_nobody_votes_twice() {
    let miners: Vec<String> = (0..MOMENTS.len() * PER_ROUND)
        .map(|index| format!("miner-{index}"))
        .collect();
    let names: Vec<&str> = miners.iter().map(String::as_str).chain(["alice"]).collect();
    let mut stage = Stage::start(VALIDATORS, &names, LONG_EPOCHS).await;
    let mut acknowledged = Vec::new();

    for (moment, round) in MOMENTS.iter().zip(miners.chunks(PER_ROUND)) {
        let epoch = stage.epoch_with_room().await;
        let mut ids = Vec::new();
        for (index, miner) in round.iter().enumerate() {
            let good = stage.good(miner, 0, epoch);
            let node = index % VALIDATORS;
            ids.push(stage.send(node, &good.send_params()).await.unwrap());
        }
        until("the moment of the power cut", async || {
            let journey = stage.journey(0, &ids[0]).await.ok()?;
            (journey.status >= *moment).then_some(())
        })
        .await;
        cut_power(&mut stage).await;
        for id in &ids {
            stage.agreed_everywhere(id, QUORUM).await;
        }
        acknowledged.extend(ids);
    }

    for id in &acknowledged {
        check_votes(&stage, id).await;
    }
    for node in 0..VALIDATORS {
        let log = stage.log(node);
        assert!(!log.contains("signed two different things"), "{log}");
        assert!(!log.contains("panicked"), "{log}");
    }
    check_one_ledger(&stage).await;
    stage.still_works("alice", 0).await;
    stage.stop().await;
}

/// SIGKILL to all of them, then all are started again.
async fn cut_power(stage: &mut Stage) {
    for node in &stage.testnet.nodes {
        let pid = i32::try_from(node.pid().unwrap()).unwrap();
        kill(Pid::from_raw(pid), Signal::SIGKILL).unwrap();
    }
    for node in &mut stage.testnet.nodes {
        node.kill().await.unwrap();
    }
    for node in &mut stage.testnet.nodes {
        node.spawn().unwrap();
    }
    stage.all_active().await;
}

/// Every validator shows a quorum of votes, at most one of each validator.
async fn check_votes(stage: &Stage, id: &str) {
    for node in 0..VALIDATORS {
        let journey = stage.journey(node, id).await.unwrap();
        let voters: BTreeSet<&String> = journey.votes.iter().map(|vote| &vote.hotkey).collect();
        assert_eq!(voters.len(), journey.votes.len(), "{journey:#?}");
        assert!(journey.votes.iter().all(|vote| !vote.double_vote));
        assert!(journey.votes.iter().all(|vote| vote.agrees == Some(true)));
        assert!(
            2 * journey.agreed_stake > journey.total_stake,
            "{journey:#?}"
        );
    }
}

/// All validators have the same last block and the same state.
async fn check_one_ledger(stage: &Stage) {
    until("one tip", async || {
        let mut tips = BTreeSet::new();
        for node in &stage.testnet.nodes {
            let status = node.client().unwrap().node_status().await.ok()?;
            tips.insert((status.ledger_height, status.ledger_block, status.state_root));
        }
        (tips.len() == 1).then_some(())
    })
    .await;
}
