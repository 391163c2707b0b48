//! Answers of a small network: four validators, two miners, one challenge.

use assay_api::challenge::{ChallengeDetail, ChallengeList};
use assay_api::epoch::EpochCurrent;
use assay_api::evaluation::{EvaluationProgress, TaskProgress};
use assay_api::node::{NodeMode, NodeStatus, Role};
use assay_api::submission::{
    ApprovalView, Fault, Journey, JourneyStep, LogVoteView, Reason, SubmissionStatus,
    SubmissionSummary, Verdict,
};
use assay_api::system::{HealthLevel, SystemHealth};
use assay_api::validator::{Validator, ValidatorList};
use assay_api::weights::{
    ChainAttempt, ChainSubmission, ChainWeights, SubmissionMethod, SubmissionStage, WeightEntry,
    WeightsReport, WeightsStatus, WeightsSummary, WeightsVoteView,
};
use assay_consensus::hash::Hash;
use assay_consensus::keys::{Hotkey, Keypair};
use serde_json::{Value, json};

/// Time of the newest event, in milliseconds since the Unix epoch.
pub const NOW_MS: u64 = 1_790_000_000_000;
/// Stake of each validator, in rao.
pub const STAKE: u64 = 1_000_000_000_000;
/// The epoch.
pub const EPOCH: u64 = 12;

/// The network's id.
pub fn network_id() -> Hash {
    Hash::of(b"fake network")
}

/// A validator by number.
pub fn validator(index: usize) -> Hotkey {
    Keypair::insecure_from_name(&format!("validator-{index}")).hotkey()
}

/// A miner by number.
pub fn miner(index: usize) -> Hotkey {
    Keypair::insecure_from_name(&format!("miner-{index}")).hotkey()
}

pub fn health() -> SystemHealth {
    SystemHealth {
        is_syncing: false,
        peers: 3,
        should_have_peers: true,
        health: HealthLevel::Healthy,
    }
}

pub fn node_status() -> NodeStatus {
    NodeStatus {
        network_id: network_id().to_hex(),
        network: "testnet".into(),
        netuid: 100,
        hotkey: Some(validator(0).to_ss58()),
        role: Role::Validator,
        ledger_height: 42,
        ledger_block: Hash::of(b"block").to_hex(),
        state_root: Hash::of(b"state").to_hex(),
        results_root: Hash::of(b"results").to_hex(),
        chain_block: 1_245,
        epoch: EPOCH,
        mode: NodeMode::Active,
        mode_reason: String::new(),
        peers: 3,
        divergent: vec![assay_api::node::Divergence {
            hotkey: validator(3).to_ss58(),
            submission_id: Hash::of(b"submission").to_hex(),
            log_hash: Hash::of(b"other log").to_hex(),
            score: 0,
            agreed_log_hash: Hash::of(b"log").to_hex(),
            agreed_score: 7_500,
        }],
        version: "0.1.0".into(),
        uptime_secs: 3_725,
    }
}

pub fn epoch() -> EpochCurrent {
    EpochCurrent::at(EPOCH, 1_200, 100, 1_245, 12_000)
}

pub fn validators() -> ValidatorList {
    let validators = (0..4).map(|index| Validator {
        hotkey: validator(index).to_hex(),
        stake: STAKE,
        stake_tao: 1_000.0,
        is_active: index != 2,
        last_seen: "2026-09-21T14:13:20Z".into(),
        peer_id: None,
    });
    ValidatorList {
        total: 4,
        offset: 0,
        limit: 100,
        validators: validators.collect(),
    }
}

/// A list of challenges with these names.
pub fn challenges(names: &[&str]) -> ChallengeList {
    let challenges = names.iter().map(|name| {
        ChallengeDetail {
            id: assay_api::challenge_uuid(name),
            name: (*name).into(),
            description: "Agents that fix bugs".into(),
            code_hash: Hash::of(name.as_bytes()).to_hex(),
            code_size: 400_000,
            is_active: true,
            owner: validator(0).to_hex(),
            mechanism_id: 0,
            version: "4.1.0".into(),
            emission_weight: 1.0,
            timeout_secs: 300,
            created_at: "2026-09-01T00:00:00Z".into(),
            routes: Vec::new(),
        }
        .summary()
    });
    ChallengeList {
        total: names.len() as u64,
        challenges: challenges.collect(),
    }
}

pub fn leaderboard() -> Value {
    let row = |rank: usize, score: f64, weight: f64, pass_rate: f64| {
        json!({
            "rank": rank, "hotkey": miner(rank).to_ss58(), "miner_hotkey": miner(rank).to_ss58(),
            "score": score, "weight": weight, "pass_rate": pass_rate, "submissions": 3 - rank,
            "last_epoch": 12 - rank, "last_submission": NOW_MS - 5_000,
        })
    };
    json!([row(1, 0.75, 0.6, 0.75), row(2, 0.5, 0.4, 0.5)])
}

pub fn stats() -> Value {
    json!({ "total_submissions": 3, "active_miners": 2 })
}

pub fn decay() -> Value {
    json!({
        "agent_hash": Hash::of(b"zip").to_hex(), "score": 0.75, "achieved_epoch": 11,
        "epochs_stale": 1, "decay_active": false, "current_burn_percent": 0.0,
    })
}

/// Plain weights that two validators have on the chain, one refused for a while; behind them an
/// epoch of each stage.
pub fn weights() -> WeightsReport {
    let entries = [(1, 39_321), (2, 26_214)].map(|(index, weight)| WeightEntry {
        hotkey: miner(index).to_ss58(),
        uid: Some(index as u16 + 3),
        weight,
    });
    let votes = (0..4).map(|index| WeightsVoteView {
        hotkey: validator(index).to_ss58(),
        stake: STAKE,
        weights_hash: Hash::of(if index == 3 { b"others!" } else { b"weights" }).to_hex(),
        agrees: Some(index != 3),
        double_vote: false,
    });
    let chain = [(0, 1_190, true), (1, 1_191, true), (3, 1_189, false)];
    let chain = chain.map(|(index, block, matches)| ChainWeights {
        hotkey: validator(index).to_ss58(),
        uid: Some(index as u16),
        block: Some(block),
        entries: entries.to_vec(),
        matches,
    });
    let epoch = EPOCH - 1;
    WeightsReport {
        epoch,
        status: WeightsStatus::Onchain,
        weights_hash: Some(Hash::of(b"weights").to_hex()),
        height: Some(40),
        chain_block: Some(1_181),
        entries: entries.to_vec(),
        votes: votes.collect(),
        agreed_stake: 3 * STAKE,
        chain: chain.to_vec(),
        submission: Some(submission(
            epoch,
            SubmissionStage::Stored,
            SubmissionMethod::Plain,
        )),
        history: weights_history(),
        ..no_weights()
    }
}

/// Weights of a network in its first epoch: nobody has computed any.
pub fn no_weights() -> WeightsReport {
    WeightsReport {
        epoch: EPOCH,
        status: WeightsStatus::Pending,
        weights_hash: None,
        height: None,
        chain_block: None,
        entries: Vec::new(),
        votes: Vec::new(),
        agreed_stake: 0,
        total_stake: 4 * STAKE,
        chain: Vec::new(),
        submission: None,
        history: Vec::new(),
    }
}

/// An epoch of each stage, newest first, and one that this node had no part in.
fn weights_history() -> Vec<WeightsSummary> {
    let stages = [
        Some((SubmissionStage::Taken, SubmissionMethod::Timelocked)),
        Some((SubmissionStage::Stored, SubmissionMethod::Salted)),
        Some((SubmissionStage::Missed, SubmissionMethod::Plain)),
        Some((SubmissionStage::Failed, SubmissionMethod::Plain)),
        Some((SubmissionStage::Skipped, SubmissionMethod::Plain)),
        Some((SubmissionStage::Sent, SubmissionMethod::Timelocked)),
        Some((SubmissionStage::Open, SubmissionMethod::Plain)),
        None,
    ];
    let past = stages.into_iter().zip((0..EPOCH - 1).rev());
    past.map(|(stage, epoch)| WeightsSummary {
        epoch,
        status: match stage {
            Some((SubmissionStage::Taken, _)) => WeightsStatus::Committed,
            Some((SubmissionStage::Skipped, _)) => WeightsStatus::Onchain,
            _ => WeightsStatus::Agreed,
        },
        weights_hash: Some(Hash::of(&epoch.to_le_bytes()).to_hex()),
        entries_count: 2,
        agreed_stake: 3 * STAKE,
        total_stake: 4 * STAKE,
        submission: stage.map(|(stage, method)| submission(epoch, stage, method)),
    })
    .collect()
}

/// The way of an epoch's weights that has got as far as `stage`; its block is the 91st of the epoch.
pub fn submission(epoch: u64, stage: SubmissionStage, method: SubmissionMethod) -> ChainSubmission {
    let call = match method {
        SubmissionMethod::Plain => "set_mechanism_weights",
        SubmissionMethod::Timelocked => "commit_timelocked_mechanism_weights",
        SubmissionMethod::Salted => "commit_mechanism_weights",
    };
    let block = epoch * 100 + 90;
    let too_fast = format!(
        "{call} waits until block {}: SettingWeightsTooFast: the subnet's rate limit; tried again \
         when it is over",
        block - 3
    );
    let reason = match stage {
        SubmissionStage::Open | SubmissionStage::Missed => Some(too_fast.clone()),
        SubmissionStage::Failed => Some(format!(
            "the chain refuses {call}: WeightVecLengthIsLow: fewer entries than the subnet demands"
        )),
        SubmissionStage::Skipped => {
            Some("this hotkey has no validator permit in this epoch".into())
        }
        SubmissionStage::Sent | SubmissionStage::Taken | SubmissionStage::Stored => None,
    };
    let is_taken = matches!(stage, SubmissionStage::Taken | SubmissionStage::Stored);
    let is_sent = is_taken || stage == SubmissionStage::Sent;
    let is_commit = method != SubmissionMethod::Plain;
    let refused = ChainAttempt {
        head: block - 8,
        time_ms: NOW_MS - 185_000,
        call: None,
        extrinsic: None,
        result: too_fast,
        times: 5,
    };
    let signed = ChainAttempt {
        head: block - 2,
        time_ms: NOW_MS - 98_000,
        call: Some(call.into()),
        extrinsic: Some(format!("0x{}", Hash::of(call.as_bytes()))),
        result: match (stage, &reason) {
            (SubmissionStage::Failed, Some(reason)) => reason.clone(),
            (SubmissionStage::Sent, _) => "sent, not in a finalised block yet".into(),
            _ => format!("in block {block}"),
        },
        times: 1,
    };
    let attempts = match stage {
        SubmissionStage::Skipped => Vec::new(),
        SubmissionStage::Open | SubmissionStage::Missed => vec![refused],
        _ => vec![refused, signed],
    };
    ChainSubmission {
        stage,
        reason,
        method: is_sent.then_some(method),
        reveal_epoch: (is_sent && is_commit).then_some(epoch + 2),
        block: is_taken.then_some(block),
        attempts,
    }
}

pub fn tasks() -> EvaluationProgress {
    EvaluationProgress {
        submission_id: Hash::of(b"submission").to_hex(),
        progress: vec![TaskProgress {
            task_id: "fix-parser".into(),
            status: "passed".into(),
            score: 1.0,
            duration_ms: 1_500,
            error: None,
        }],
        total: 1,
    }
}

/// The journey of a submission that has got as far as `status`. A failed one was rejected.
pub fn journey(id: &str, status: SubmissionStatus, fault: Fault) -> Journey {
    let is_failed = status == SubmissionStatus::Failed;
    let reached = |step: SubmissionStatus| match step {
        SubmissionStatus::Failed => is_failed,
        SubmissionStatus::Received => true,
        _ => !is_failed && step <= status,
    };
    let reason = is_failed.then(|| Reason {
        code: "zip.no_agent_py".into(),
        text: "expected agent.py at the root of the package".into(),
        fault,
    });
    let is_ordered = reached(SubmissionStatus::Ordered);
    let steps = SubmissionStatus::ALL
        .into_iter()
        .filter(|step| reached(*step));
    let has_result = reached(SubmissionStatus::Executed);
    let is_agreed = reached(SubmissionStatus::Agreed);
    let votes = (0..4).filter(|_| has_result).map(|index| LogVoteView {
        hotkey: validator(index).to_ss58(),
        stake: STAKE,
        log_hash: Hash::of(if index == 3 { b"bad" } else { b"log" }).to_hex(),
        score: if index == 3 { 0 } else { 7_500 },
        agrees: is_agreed.then_some(index != 3),
        double_vote: false,
    });
    let is_judged = status != SubmissionStatus::Received;
    let approvals = (0..3).filter(|_| is_judged).map(|index| ApprovalView {
        hotkey: validator(index).to_ss58(),
        stake: STAKE,
        verdict: if is_failed {
            Verdict::Reject
        } else {
            Verdict::Approve
        },
        code: reason
            .as_ref()
            .map_or(String::new(), |reason| reason.code.clone()),
        text: reason
            .as_ref()
            .map_or(String::new(), |reason| reason.text.clone()),
    });
    Journey {
        submission_id: id.into(),
        challenge: "term-challenge".into(),
        hotkey: miner(1).to_ss58(),
        name: "agent".into(),
        sequence: 0,
        epoch: EPOCH,
        status,
        score: has_result.then_some(7_500),
        score_float: has_result.then_some(0.75),
        log_hash: has_result.then(|| Hash::of(b"log").to_hex()),
        height: is_ordered.then_some(42),
        steps: steps
            .enumerate()
            .map(|(index, step)| JourneyStep {
                status: step,
                time_ms: NOW_MS - 10_000 + index as u64 * 1_500,
                height: (is_ordered && step >= SubmissionStatus::Ordered).then_some(42),
                chain_block: (is_ordered && step >= SubmissionStatus::Ordered).then_some(1_244),
                reason: if step == SubmissionStatus::Failed {
                    reason.clone()
                } else {
                    None
                },
            })
            .collect(),
        approvals: approvals.collect(),
        votes: votes.collect(),
        agreed_stake: if has_result { 3 * STAKE } else { 0 },
        total_stake: 4 * STAKE,
        reason,
    }
}

/// The newest submissions: one under way, one failed, and one agreed in each of eight epochs.
pub fn submissions() -> Vec<SubmissionSummary> {
    let id = |name: &str| Hash::of(name.as_bytes()).to_hex();
    let of = |name: &str, status| journey(&id(name), status, Fault::Miner).summary();
    let mut list = vec![
        of("pending", SubmissionStatus::Executed),
        of("failed", SubmissionStatus::Failed),
    ];
    for age in 0..8u64 {
        let mut one = of(&format!("agreed {age}"), SubmissionStatus::Agreed);
        one.epoch = EPOCH - 1 - age;
        one.hotkey = miner(1 + age as usize % 2).to_ss58();
        one.name = format!("agent-{age}");
        one.score = Some(7_500 - 800 * age as i64);
        one.received_ms -= 1_200_000 * (age + 1);
        one.updated_ms = one.received_ms + 2_000 + 700 * (age * 5 % 7);
        list.push(one);
    }
    list
}
