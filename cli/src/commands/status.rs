//! `assay status`: one node and its network at a glance.
//!
//! The node itself must answer; any other part that fails is shown as missing with its reason.

use assay_api::challenge::ChallengeList;
use assay_api::epoch::{EpochCurrent, Phase};
use assay_api::node::NodeStatus;
use assay_api::system::SystemHealth;
use assay_api::timestamp::rfc3339;
use assay_api::validator::{PageParams, ValidatorList};
use assay_api::weights::{ChainSubmission, WeightsReport};
use assay_api::{ClientError, RpcClient};
use serde::Serialize;

use super::{call_failure, client, print_json, print_lines};
use crate::args::Global;
use crate::exit::{Exit, Failure};
use crate::limits::{STATUS_ATTEMPTS_MAX, STATUS_EPOCHS_MAX, STATUS_PAID_MAX};
use crate::text::{clean, short, span, ss58, tao};
use crate::weights::{
    agreement, attempt_lines, attempts_before, history_line, left_out, share, votes, way,
};

/// Everything that is shown.
#[derive(Serialize)]
struct Overview {
    rpc: String,
    node: NodeStatus,
    health: Option<SystemHealth>,
    epoch: Option<EpochCurrent>,
    validators: Option<ValidatorList>,
    challenges: Option<ChallengeList>,
    weights: Option<WeightsReport>,
    errors: Vec<String>,
}

/// Shows the overview.
pub async fn run(global: &Global) -> Result<Exit, Failure> {
    let client = client(global)?;
    let overview = ask(&client).await?;
    if global.json {
        print_json(&overview)?;
    } else {
        print_lines(describe(&overview))?;
    }
    Ok(Exit::Ok)
}

async fn ask(client: &RpcClient) -> Result<Overview, Failure> {
    let node = client.node_status().await.map_err(call_failure)?;
    let page = PageParams::default();
    let (health, epoch, validators, challenges, weights) = tokio::join!(
        client.system_health(),
        client.epoch_current(),
        client.validator_list(&page),
        client.challenge_list(false),
        client.weights_get(None),
    );
    let mut errors = Vec::new();
    Ok(Overview {
        rpc: client.url().to_owned(),
        node,
        health: kept(health, &mut errors),
        epoch: kept(epoch, &mut errors),
        validators: kept(validators, &mut errors),
        challenges: kept(challenges, &mut errors),
        weights: kept(weights, &mut errors),
        errors,
    })
}

fn kept<T>(answer: Result<T, ClientError>, errors: &mut Vec<String>) -> Option<T> {
    answer
        .map_err(|error| errors.push(clean(&error.to_string())))
        .ok()
}

fn describe(overview: &Overview) -> Vec<String> {
    let mut lines = node_lines(overview);
    if let Some(epoch) = &overview.epoch {
        lines.push(epoch_line(epoch));
    }
    if let Some(validators) = &overview.validators {
        lines.extend(validator_lines(validators));
    }
    if let Some(challenges) = &overview.challenges {
        lines.extend(challenge_lines(challenges));
    }
    if let Some(weights) = &overview.weights {
        lines.extend(weight_lines(weights));
    }
    if !overview.node.divergent.is_empty() {
        lines.push(String::new());
        lines.push("Divergent validators".into());
        lines.extend(overview.node.divergent.iter().map(|one| {
            format!(
                "  {}  submission {}: score {} instead of {}",
                ss58(&one.hotkey),
                short(&one.submission_id),
                crate::text::score(one.score),
                crate::text::score(one.agreed_score)
            )
        }));
    }
    lines.extend(
        overview
            .errors
            .iter()
            .map(|error| format!("Missing: {error}")),
    );
    lines
}

fn node_lines(overview: &Overview) -> Vec<String> {
    let node = &overview.node;
    let mut mode = node.mode.to_string();
    if !node.mode_reason.is_empty() {
        mode.push_str(&format!(": {}", clean(&node.mode_reason)));
    }
    let hotkey = node.hotkey.as_deref().map_or("none".into(), ss58);
    let health = overview
        .health
        .as_ref()
        .map_or("", |health| match health.health {
            assay_api::system::HealthLevel::Healthy => ", healthy",
            assay_api::system::HealthLevel::Degraded => ", DEGRADED",
        });
    vec![
        format!("Node        {} {}", overview.rpc, clean(&node.version)),
        format!(
            "Network     {} (subnet {}, id {})",
            clean(&node.network),
            node.netuid,
            short(&node.network_id)
        ),
        format!("Mode        {mode}{health}"),
        format!("Hotkey      {hotkey}"),
        format!(
            "Ledger      height {}, state root {}",
            node.ledger_height,
            short(&node.state_root)
        ),
        format!(
            "Peers       {}, up {}",
            node.peers,
            span(node.uptime_secs.saturating_mul(1_000))
        ),
    ]
}

fn epoch_line(epoch: &EpochCurrent) -> String {
    let phase = match epoch.phase {
        Phase::Evaluation => "evaluation",
        Phase::Commit => "commit",
        Phase::Reveal => "reveal",
    };
    format!(
        "Epoch       {}, {phase}, block {} of {} (chain block {})",
        epoch.epoch_number, epoch.block_in_epoch, epoch.blocks_per_epoch, epoch.current_block
    )
}

fn validator_lines(list: &ValidatorList) -> Vec<String> {
    let mut lines = vec![String::new(), format!("Validators  {}", list.total)];
    lines.extend(list.validators.iter().map(|validator| {
        let active = if validator.is_active {
            "active"
        } else {
            "SILENT"
        };
        format!(
            "  {}  {:>14}  {active}",
            ss58(&validator.hotkey),
            tao(validator.stake)
        )
    }));
    lines
}

fn challenge_lines(list: &ChallengeList) -> Vec<String> {
    let mut lines = vec![String::new(), format!("Challenges  {}", list.total)];
    lines.extend(list.challenges.iter().map(|challenge| {
        let active = if challenge.is_active {
            "active"
        } else {
            "paused"
        };
        format!(
            "  {} {}  {active}, emission {}, {} routes",
            clean(&challenge.name),
            clean(&challenge.version),
            challenge.emission_weight,
            challenge.routes_count
        )
    }));
    lines
}

fn weight_lines(report: &WeightsReport) -> Vec<String> {
    let mut head = format!(
        "Weights     epoch {}: {}",
        report.epoch,
        agreement(report.status)
    );
    head.extend(votes(report).map(|votes| format!(", {votes}")));
    let mut lines = vec![String::new(), head];
    let mut by_weight: Vec<_> = report.entries.iter().collect();
    by_weight.sort_by_key(|entry| std::cmp::Reverse(entry.weight));
    lines.extend(by_weight.iter().take(STATUS_PAID_MAX).map(|entry| {
        format!(
            "  {}  {:>5}  {:>7}",
            ss58(&entry.hotkey),
            entry.weight,
            share(entry.weight)
        )
    }));
    lines.extend(left_out(by_weight.len(), STATUS_PAID_MAX));
    if let Some(submission) = &report.submission {
        lines.extend(submission_lines(submission));
    }
    if !report.history.is_empty() {
        lines.push("Earlier epochs: status, way to the chain".into());
    }
    let past = report.history.iter().take(STATUS_EPOCHS_MAX);
    lines.extend(past.map(history_line));
    lines
}

/// What this node did to bring the weights to the chain, and its last attempts.
fn submission_lines(submission: &ChainSubmission) -> Vec<String> {
    let mut lines = vec![format!("Submission  {}", way(submission))];
    let attempts = &submission.attempts;
    let before = attempts.len().saturating_sub(STATUS_ATTEMPTS_MAX);
    lines.extend(attempts_before(before));
    for attempt in attempts.iter().skip(before) {
        lines.extend(attempt_lines(attempt, &rfc3339(attempt.time_ms)));
    }
    lines
}
