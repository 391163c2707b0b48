//! `assay status`: one node and its network at a glance.
//!
//! The node itself must answer; any other part that fails is shown as missing with its reason.

use assay_api::challenge::ChallengeList;
use assay_api::epoch::{EpochCurrent, Phase};
use assay_api::node::NodeStatus;
use assay_api::system::SystemHealth;
use assay_api::validator::{PageParams, ValidatorList};
use assay_api::weights::{WeightsReport, WeightsStatus};
use assay_api::{ClientError, RpcClient};
use serde::Serialize;

use super::{call_failure, client, print_json, print_lines};
use crate::args::Global;
use crate::exit::{Exit, Failure};
use crate::text::{clean, percent, short, span, ss58, tao};

/// Weights shown as text; `--json` has all.
const WEIGHTS_SHOWN: usize = 10;

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
    let status = match report.status {
        WeightsStatus::Pending => "not computed yet",
        WeightsStatus::Voting => "being voted on",
        WeightsStatus::Agreed => "agreed",
        WeightsStatus::Committed => "agreed and committed to the chain",
        WeightsStatus::Onchain => "agreed and on the chain",
    };
    let mut lines = vec![
        String::new(),
        format!(
            "Weights     epoch {}, {status}, {}% of the stake",
            report.epoch,
            percent(report.agreed_stake, report.total_stake)
        ),
    ];
    let mut by_weight: Vec<_> = report.entries.iter().collect();
    by_weight.sort_by_key(|entry| std::cmp::Reverse(entry.weight));
    lines.extend(by_weight.iter().take(WEIGHTS_SHOWN).map(|entry| {
        format!(
            "  {}  {:>5}  {:>5.2}%",
            ss58(&entry.hotkey),
            entry.weight,
            f64::from(entry.weight) * 100.0 / f64::from(u16::MAX)
        )
    }));
    if let Some(more) = by_weight
        .len()
        .checked_sub(WEIGHTS_SHOWN)
        .filter(|more| *more > 0)
    {
        lines.push(format!("  and {more} more: --json shows all"));
    }
    lines
}
