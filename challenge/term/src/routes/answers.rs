//! The JSON bodies. Field names are contract with clients; structures instead of maps keep their order.

use alloc::{format, string::String, vec::Vec};

use assay_challenge_sdk::{Host, Hotkey, abi::SCORE_SCALE};
use base64::{Engine, engine::general_purpose::STANDARD};
use serde::Serialize;

use super::{Arguments, RouteError};
use crate::{
    decay as decay_rule, leaderboard as ranking,
    limits::{LEADERBOARD_PAGE_MAX, SUBMISSIONS_PAGE_MAX},
    params::{EvidenceMode, Task, TermParams},
    records::{
        AgentCode, AstViolation, EvaluationStatus, StatusStep, SubmissionRecord, TopAgentState,
    },
    storage::Store,
};

/// Rows of `/submissions` when the query doesn't say.
const SUBMISSIONS_PAGE_DEFAULT: u64 = 50;
/// Submissions of one `/agent/:hotkey/journey` answer, newest first.
const JOURNEYS_SHOWN: usize = 10;

type Answer = Result<Vec<u8>, RouteError>;

#[derive(Serialize)]
struct LeaderboardRow {
    rank: usize,
    hotkey: String,
    miner_hotkey: String,
    score: f64,
    weight: f64,
    pass_rate: f64,
    submissions: u32,
    last_epoch: u64,
    last_submission: i64,
}

pub fn leaderboard<H: Host + ?Sized>(
    store: &Store<'_, H>,
    epoch: u64,
    arguments: &Arguments<'_>,
) -> Answer {
    let to_usize = |number: u64| usize::try_from(number).unwrap_or(usize::MAX);
    let limit = arguments
        .number("limit")?
        .map_or(LEADERBOARD_PAGE_MAX, to_usize);
    let offset = arguments.number("offset")?.map_or(0, to_usize);
    let ranked = ranking::compute(store, epoch)?.rows;
    let page = ranked
        .into_iter()
        .enumerate()
        .skip(offset)
        .take(limit.min(LEADERBOARD_PAGE_MAX));
    let rows = page.map(|(index, row)| {
        let hotkey = row.miner.hotkey().to_ss58();
        LeaderboardRow {
            rank: index + 1,
            hotkey: hotkey.clone(),
            miner_hotkey: hotkey,
            score: score_to_f64(row.best.score),
            weight: ranking::units_to_f64(row.weight_units),
            pass_rate: f64::from(row.best.passed) / f64::from(row.best.total.max(1)),
            submissions: row.miner.submissions,
            last_epoch: row.miner.last_epoch,
            last_submission: row.miner.last_submission_ms,
        }
    });
    json(&rows.collect::<Vec<_>>())
}

pub fn stats<H: Host + ?Sized>(store: &Store<'_, H>) -> Answer {
    #[derive(Serialize)]
    struct Body {
        total_submissions: u64,
        active_miners: u64,
    }
    let stats = store.stats()?;
    json(&Body {
        total_submissions: stats.total_submissions,
        active_miners: stats.active_miners,
    })
}

/// Without a leader: an empty hash and zeros.
pub fn decay<H: Host + ?Sized>(store: &Store<'_, H>, epoch: u64) -> Answer {
    #[derive(Serialize)]
    struct Body {
        agent_hash: String,
        score: f64,
        achieved_epoch: u64,
        epochs_stale: u64,
        decay_active: bool,
        current_burn_percent: f64,
    }
    let Some(top) = store.top_agent()? else {
        return json(&Body {
            agent_hash: String::new(),
            score: 0.0,
            achieved_epoch: 0,
            epochs_stale: 0,
            decay_active: false,
            current_burn_percent: 0.0,
        });
    };
    let epochs_stale = epoch.saturating_sub(top.achieved_epoch);
    let burned = decay_rule::ONE - decay_rule::multiplier(epochs_stale);
    let TopAgentState {
        agent_hash,
        score,
        achieved_epoch,
        ..
    } = top;
    json(&Body {
        agent_hash: hex::encode(agent_hash),
        score: score_to_f64(score),
        achieved_epoch,
        epochs_stale,
        decay_active: epochs_stale > decay_rule::GRACE_EPOCHS,
        current_burn_percent: (burned * 100) as f64 / decay_rule::ONE as f64,
    })
}

#[derive(Serialize)]
struct SubmissionRow {
    submission_id: String,
    hotkey: String,
    name: String,
    version: u32,
    agent_hash: String,
    package_bytes: u32,
    epoch: u64,
    status: EvaluationStatus,
    message: String,
    passed: u32,
    total: u32,
    score: f64,
    block_height: u64,
    timestamp_ms: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    journey: Option<Vec<StatusStep>>,
}

impl SubmissionRow {
    fn brief(record: SubmissionRecord) -> Self {
        Self {
            journey: None,
            ..Self::full(record)
        }
    }

    fn full(record: SubmissionRecord) -> Self {
        Self {
            submission_id: hex::encode(record.id),
            hotkey: Hotkey(record.hotkey).to_ss58(),
            name: record.name,
            version: record.version,
            agent_hash: hex::encode(record.agent_hash),
            package_bytes: record.package_bytes,
            epoch: record.epoch,
            status: record.status,
            message: record.message,
            passed: record.passed,
            total: record.total,
            score: score_to_f64(record.score),
            block_height: record.block_height,
            timestamp_ms: record.timestamp_ms,
            journey: Some(record.journey),
        }
    }
}

pub fn submissions<H: Host + ?Sized>(store: &Store<'_, H>, arguments: &Arguments<'_>) -> Answer {
    #[derive(Serialize)]
    struct Body {
        total: u64,
        limit: u64,
        offset: u64,
        submissions: Vec<SubmissionRow>,
    }
    let limit = arguments
        .number("limit")?
        .unwrap_or(SUBMISSIONS_PAGE_DEFAULT);
    let limit = limit.min(SUBMISSIONS_PAGE_MAX);
    let offset = arguments.number("offset")?.unwrap_or_default();
    let total = store.stats()?.total_submissions;
    let newest = total.saturating_sub(offset);
    let mut rows = Vec::new();
    for order in (newest.saturating_sub(limit)..newest).rev() {
        let Some(id) = store.submission_at(order)? else {
            continue;
        };
        rows.extend(store.submission(&id)?.map(SubmissionRow::brief));
    }
    json(&Body {
        total,
        limit,
        offset,
        submissions: rows,
    })
}

pub fn submission<H: Host + ?Sized>(store: &Store<'_, H>, id: &[u8; 32]) -> Answer {
    let record = store
        .submission(id)?
        .ok_or_else(|| unknown_submission(id))?;
    json(&SubmissionRow::full(record))
}

pub fn name<H: Host + ?Sized>(store: &Store<'_, H>, name: &str) -> Answer {
    #[derive(Serialize)]
    struct Version {
        version: u32,
        submission_id: String,
        agent_hash: String,
        epoch: u64,
    }
    #[derive(Serialize)]
    struct Body {
        name: String,
        owner: String,
        registered_epoch: u64,
        latest_version: u32,
        versions: Vec<Version>,
    }
    let record = store
        .name(name)?
        .ok_or_else(|| RouteError::NotFound(format!("no submission is named {name:?}")))?;
    let versions = record.versions.iter().map(|version| Version {
        version: version.version,
        submission_id: hex::encode(version.submission_id),
        agent_hash: hex::encode(version.agent_hash),
        epoch: version.epoch,
    });
    json(&Body {
        versions: versions.collect(),
        owner: Hotkey(record.owner).to_ss58(),
        registered_epoch: record.registered_epoch,
        latest_version: record.latest_version,
        name: record.name,
    })
}

pub fn dataset<H: Host + ?Sized>(store: &Store<'_, H>) -> Answer {
    #[derive(Serialize)]
    struct Body {
        dataset_hash: String,
        total: usize,
        evidence: EvidenceMode,
        tasks: Vec<Task>,
    }
    let params = params(store)?;
    json(&Body {
        dataset_hash: hex::encode(params.dataset_hash()),
        total: params.tasks.len(),
        evidence: params.evidence,
        tasks: params.tasks,
    })
}

/// The newest submission first; `status` and `steps` are its own, for clients that show one.
pub fn journey<H: Host + ?Sized>(store: &Store<'_, H>, hotkey: &Hotkey) -> Answer {
    #[derive(Serialize)]
    struct Body {
        hotkey: String,
        status: EvaluationStatus,
        steps: Vec<StatusStep>,
        submissions: Vec<SubmissionRow>,
    }
    let mut rows = Vec::new();
    for id in store.history(hotkey)?.iter().rev().take(JOURNEYS_SHOWN) {
        rows.extend(store.submission(id)?.map(SubmissionRow::full));
    }
    let newest = rows.first().ok_or_else(|| unknown_miner(hotkey))?;
    json(&Body {
        hotkey: hotkey.to_ss58(),
        status: newest.status,
        steps: newest.journey.clone().unwrap_or_default(),
        submissions: rows,
    })
}

/// As stored: the very bytes that validators agreed on.
pub fn logs<H: Host + ?Sized>(
    store: &Store<'_, H>,
    hotkey: &Hotkey,
    arguments: &Arguments<'_>,
) -> Answer {
    let epoch = epoch_of(store, hotkey, arguments)?;
    store
        .agent_logs(hotkey, epoch)?
        .ok_or_else(|| nothing_in_epoch(hotkey, epoch))
}

pub fn code<H: Host + ?Sized>(
    store: &Store<'_, H>,
    hotkey: &Hotkey,
    arguments: &Arguments<'_>,
) -> Answer {
    #[derive(Serialize)]
    struct Body {
        hotkey: String,
        epoch: u64,
        agent_hash: String,
        size_bytes: usize,
        /// Missing when the package is too large for storage; nodes then serve it by its hash.
        package_base64: Option<String>,
    }
    let epoch = epoch_of(store, hotkey, arguments)?;
    let code = store
        .agent_code(hotkey, epoch)?
        .ok_or_else(|| nothing_in_epoch(hotkey, epoch))?;
    let (agent_hash, size_bytes, package_base64) = match code {
        AgentCode::Inline(zip) => (
            crate::signing::agent_hash(&zip),
            zip.len(),
            Some(STANDARD.encode(&zip)),
        ),
        AgentCode::Reference { sha256, size_bytes } => (sha256, size_bytes as usize, None),
    };
    json(&Body {
        hotkey: hotkey.to_ss58(),
        epoch,
        agent_hash: hex::encode(agent_hash),
        size_bytes,
        package_base64,
    })
}

pub fn ast_review<H: Host + ?Sized>(store: &Store<'_, H>, id: &[u8; 32]) -> Answer {
    #[derive(Serialize)]
    struct Body {
        submission_id: String,
        passed: bool,
        verdict: String,
        files_checked: u32,
        violation_count: u32,
        violations: Vec<AstViolation>,
    }
    let review = store
        .ast_review(id)?
        .ok_or_else(|| unknown_submission(id))?;
    json(&Body {
        submission_id: hex::encode(id),
        passed: review.passed,
        verdict: review.verdict,
        files_checked: review.files_checked,
        violation_count: review.violation_count,
        violations: review.violations,
    })
}

pub fn whitelist<H: Host + ?Sized>(store: &Store<'_, H>) -> Answer {
    #[derive(Serialize)]
    struct Body {
        python_policy: String,
    }
    json(&Body {
        python_policy: params(store)?.python_policy,
    })
}

fn params<H: Host + ?Sized>(store: &Store<'_, H>) -> Result<TermParams, RouteError> {
    store.params()?.ok_or_else(|| {
        RouteError::NotFound("the challenge has not been configured or evaluated yet".into())
    })
}

/// The epoch of the query, else that of the miner's last accepted submission.
fn epoch_of<H: Host + ?Sized>(
    store: &Store<'_, H>,
    hotkey: &Hotkey,
    arguments: &Arguments<'_>,
) -> Result<u64, RouteError> {
    match arguments.number("epoch")? {
        Some(epoch) => Ok(epoch),
        None => {
            let miner = store.miner(hotkey)?.ok_or_else(|| unknown_miner(hotkey))?;
            Ok(miner.last_epoch)
        }
    }
}

fn unknown_submission(id: &[u8; 32]) -> RouteError {
    RouteError::NotFound(format!(
        "no accepted submission has the id {}",
        hex::encode(id)
    ))
}

fn unknown_miner(hotkey: &Hotkey) -> RouteError {
    RouteError::NotFound(format!("{hotkey} has no accepted submission"))
}

fn nothing_in_epoch(hotkey: &Hotkey, epoch: u64) -> RouteError {
    RouteError::NotFound(format!(
        "{hotkey} has no accepted submission in epoch {epoch}"
    ))
}

fn score_to_f64(score: i64) -> f64 {
    score as f64 / SCORE_SCALE as f64
}

fn json<T: Serialize>(body: &T) -> Answer {
    serde_json::to_vec(body).map_err(|error| RouteError::Internal(format!("{error}")))
}
