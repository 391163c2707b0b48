//! From stored records to what the API shows.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::Deserialize;

use assay_api::evaluation::TaskProgress;
use assay_api::node::Divergence;
use assay_api::submission::{
    ApprovalView, Fault as ApiFault, Journey, JourneyStep, LogVoteView, Reason as ApiReason,
    SubmissionList, SubmissionStatus, Verdict, score_float,
};
use assay_api::weights::{
    ChainSubmission, ChainWeights, MechanismWeights, SubmissionStage, SubnetWeights, UidWeight,
    WeightEntry, WeightsReport, WeightsStatus, WeightsSummary, WeightsVoteView,
};
use assay_chain::{Metagraph, weights as chain_weights};
use assay_consensus::core::Fault;
use assay_consensus::envelope::Signed;
use assay_consensus::keys::Hotkey;
use assay_consensus::validators::ValidatorSet;
use assay_consensus::votes::{Weight, weights_hash};
use assay_rpc::SubmissionQuery;

use crate::execution::{EpochWeights, EvaluationLog};
use crate::journey::{JourneyRecord, Reason, Status};
use crate::shared::Shared;
use crate::storage::{StorageError, readable};
use crate::weights::view::submission;

/// Epochs in the history of weights.
const WEIGHTS_HISTORY: usize = 20;

/// Divergent votes that a status names.
const DIVERGENT_MAX: usize = 20;

/// Journeys that one listing looks at.
const LISTING_MAX: usize = 10_000;

/// What the API calls a status.
pub fn status(status: Status) -> SubmissionStatus {
    match status {
        Status::Received => SubmissionStatus::Received,
        Status::Approved => SubmissionStatus::Approved,
        Status::Ordered => SubmissionStatus::Ordered,
        Status::Executed => SubmissionStatus::Executed,
        Status::Agreed => SubmissionStatus::Agreed,
        Status::Failed => SubmissionStatus::Failed,
    }
}

/// A journey with every validator's approval and vote.
pub fn journey(shared: &Shared, record: &JourneyRecord) -> Result<Journey, StorageError> {
    let header = &record.submission.payload;
    let id = header.id();
    let set = validator_set(shared, header.epoch);
    let stake = |hotkey: &Hotkey| set.as_ref().map_or(0, |set| set.stake_of(hotkey));
    let votes = shared.storage.log_votes(&id)?;
    let agreed = shared
        .storage
        .log_certificate(&id)?
        .map(|certificate| certificate.payload);
    let votes_by = count_by_signer(&votes);
    let vote_views: Vec<LogVoteView> = votes
        .iter()
        .map(|vote| LogVoteView {
            hotkey: vote.signer.to_ss58(),
            stake: stake(&vote.signer),
            log_hash: vote.payload.log_hash.to_hex(),
            score: vote.payload.score,
            agrees: agreed.map(|agreed| agreed == vote.payload),
            double_vote: votes_by.get(&vote.signer).is_some_and(|count| *count > 1),
        })
        .collect();
    let approvals = record.reviews.iter().map(|(hotkey, rejection)| {
        let (code, text) = rejection.clone().unwrap_or_default();
        let verdict = if rejection.is_some() {
            Verdict::Reject
        } else {
            Verdict::Approve
        };
        ApprovalView {
            hotkey: hotkey.to_ss58(),
            stake: stake(hotkey),
            verdict,
            code,
            text,
        }
    });
    let agreed_stake = vote_views
        .iter()
        .filter(|vote| vote.agrees == Some(true) && !vote.double_vote);
    let score = agreed
        .map(|agreed| agreed.score)
        .or(record.result.as_ref().map(|result| result.score));
    Ok(Journey {
        submission_id: id.to_string(),
        challenge: header.challenge.clone(),
        hotkey: header.hotkey.to_ss58(),
        name: header.name.clone(),
        sequence: header.sequence,
        epoch: header.epoch,
        status: status(record.status()),
        reason: reason_of(record),
        score,
        score_float: score.map(score_float),
        log_hash: agreed
            .map(|agreed| agreed.log_hash)
            .or(record.result.as_ref().map(|result| result.log_hash))
            .map(|hash| hash.to_hex()),
        height: record.height(),
        steps: record
            .steps
            .iter()
            .map(|step| JourneyStep {
                status: status(step.status),
                time_ms: step.time_ms,
                height: step.height,
                chain_block: step.chain_block,
                reason: step.reason.clone().map(api_reason),
            })
            .collect(),
        approvals: approvals.collect(),
        agreed_stake: agreed_stake.map(|vote| vote.stake).sum(),
        votes: vote_views,
        total_stake: set.map_or(0, |set| set.total_stake()),
    })
}

/// Submissions that match a query, newest first.
pub fn submissions(
    shared: &Shared,
    query: &SubmissionQuery,
) -> Result<SubmissionList, StorageError> {
    let all = match &query.hotkey {
        Some(hotkey) => shared.storage.journeys_of(hotkey, LISTING_MAX)?,
        None => shared.storage.recent_journeys(LISTING_MAX)?,
    };
    let wanted = all.into_iter().filter(|record| {
        let header = &record.submission.payload;
        query
            .challenge
            .as_ref()
            .is_none_or(|challenge| header.challenge == *challenge)
            && query
                .status
                .is_none_or(|wanted| status(record.status()) == wanted)
    });
    let wanted: Vec<JourneyRecord> = wanted.collect();
    let page = wanted
        .iter()
        .skip(usize::try_from(query.offset).unwrap_or(usize::MAX))
        .take(usize::try_from(query.limit).unwrap_or(usize::MAX));
    let mut submissions = Vec::new();
    for record in page {
        let id = record.submission.payload.id();
        if let Some(journey) = readable(&id, journey(shared, record))? {
            submissions.push(journey.summary());
        }
    }
    Ok(SubmissionList {
        total: wanted.len() as u64,
        submissions,
    })
}

/// Votes of the recent past that differ from what was agreed.
pub fn divergent(shared: &Shared) -> Result<Vec<Divergence>, StorageError> {
    let mut divergent = Vec::new();
    for record in shared.storage.recent_journeys(DIVERGENT_MAX * 4)? {
        let id = record.submission.payload.id();
        let certificate = readable(&id, shared.storage.log_certificate(&id))?.flatten();
        let Some(certificate) = certificate else {
            continue;
        };
        let votes = readable(&id, shared.storage.log_votes(&id))?;
        for vote in votes.unwrap_or_default() {
            if vote.payload != certificate.payload && divergent.len() < DIVERGENT_MAX {
                divergent.push(crate::backend::divergence(
                    &vote.payload,
                    &vote.signer,
                    &certificate.payload,
                ));
            }
        }
    }
    Ok(divergent)
}

/// One row per task, from the details that a challenge gives as JSON `{"entries": [...]}`; without
/// any, one row for the submission as a whole.
pub fn progress(record: &JourneyRecord, log: &EvaluationLog) -> Vec<TaskProgress> {
    #[derive(Deserialize)]
    struct Details {
        entries: Vec<Entry>,
    }
    #[derive(Deserialize)]
    struct Entry {
        task_id: String,
        passed: bool,
        score: f64,
        #[serde(default)]
        execution_time_ms: u64,
        #[serde(default)]
        error: Option<String>,
    }
    let details = log
        .details
        .as_deref()
        .and_then(|details| serde_json::from_str::<Details>(details).ok());
    let tasks: Vec<TaskProgress> = details
        .map(|details| details.entries)
        .unwrap_or_default()
        .into_iter()
        .map(|entry| TaskProgress {
            task_id: entry.task_id,
            status: if entry.passed { "passed" } else { "failed" }.to_owned(),
            score: entry.score,
            duration_ms: entry.execution_time_ms,
            error: entry.error,
        })
        .collect();
    if !tasks.is_empty() {
        return tasks;
    }
    vec![TaskProgress {
        task_id: record.submission.payload.name.clone(),
        status: if log.valid { "completed" } else { "failed" }.to_owned(),
        score: score_float(log.score),
        duration_ms: 0,
        error: (!log.valid).then(|| log.message.clone()),
    }]
}

/// Weights of an epoch, or of the newest one, with votes and what the chain shows.
pub async fn weights(shared: &Arc<Shared>, epoch: Option<u64>) -> Result<WeightsReport, String> {
    let text = |error: StorageError| error.to_string();
    let epochs = shared
        .storage
        .weights_epochs(WEIGHTS_HISTORY)
        .map_err(text)?;
    let newest = epochs
        .first()
        .copied()
        .unwrap_or_else(|| shared.view().tip.chain.epoch);
    let epoch = epoch.unwrap_or(newest);
    let chain = shared.weights_on_chain().await;
    let chain = chain.map_err(|error| error.to_string())?;
    let mut report = stored_weights(shared, epoch, &chain).await?;
    for past in epochs.into_iter().filter(|past| *past != epoch) {
        let past = stored_weights(shared, past, &chain).await?;
        report.history.push(WeightsSummary {
            epoch: past.epoch,
            status: past.status,
            weights_hash: past.weights_hash,
            entries_count: past.entries.len() as u64,
            agreed_stake: past.agreed_stake,
            total_stake: past.total_stake,
            submission: past.submission,
        });
    }
    Ok(report)
}

/// Agreed weights of the newest epoch by uid.
pub async fn subnet_weights(shared: &Arc<Shared>) -> Result<SubnetWeights, String> {
    let report = weights(shared, None).await?;
    let entries: Vec<UidWeight> = report
        .entries
        .iter()
        .filter_map(|entry| {
            Some(UidWeight {
                uid: entry.uid?,
                weight: entry.weight,
            })
        })
        .collect();
    let total_weight = entries.iter().map(|entry| u64::from(entry.weight)).sum();
    let count = entries.len() as u64;
    Ok(SubnetWeights {
        weights: vec![MechanismWeights {
            mechanism_id: 0,
            entries,
            total_weight,
            count,
        }],
    })
}

async fn stored_weights(
    shared: &Arc<Shared>,
    epoch: u64,
    chain: &[assay_chain::ChainWeights],
) -> Result<WeightsReport, String> {
    let text = |error: StorageError| error.to_string();
    let stored = shared.storage.weights(epoch).map_err(text)?;
    let votes = shared.storage.weights_votes(epoch).map_err(text)?;
    let agreed = shared
        .storage
        .weights_certificate(epoch)
        .map_err(text)?
        .map(|certificate| certificate.payload);
    let set = validator_set(shared, epoch);
    let stake = |hotkey: &Hotkey| set.as_ref().map_or(0, |set| set.stake_of(hotkey));
    let votes_by = count_by_signer(&votes);
    let vote_views: Vec<WeightsVoteView> = votes
        .iter()
        .map(|vote| WeightsVoteView {
            hotkey: vote.signer.to_ss58(),
            stake: stake(&vote.signer),
            weights_hash: vote.payload.weights_hash.to_hex(),
            agrees: agreed.map(|agreed| agreed == vote.payload),
            double_vote: votes_by.get(&vote.signer).is_some_and(|count| *count > 1),
        })
        .collect();
    let chain_block = match &stored {
        Some(stored) => shared
            .storage
            .blocks_from(stored.height, 1)
            .map_err(text)?
            .pop(),
        None => None,
    };
    let pinned = chain_block
        .as_ref()
        .map(|decided| decided.block.header.chain);
    let metagraph = match pinned {
        Some(pinned) => shared.metagraphs.pinned(epoch, pinned.hash).await.ok(),
        None => None,
    };
    let entries = stored
        .as_ref()
        .map(|stored| entries_of(&stored.weights, metagraph.as_deref()))
        .unwrap_or_default();
    let on_chain = chain_views(shared, epoch, chain, stored.as_ref(), metagraph.as_deref());
    let agreed_stake = vote_views
        .iter()
        .filter(|vote| vote.agrees == Some(true) && !vote.double_vote);
    let agreed_stake = agreed_stake.map(|vote| vote.stake).sum();
    let record = shared.storage.weights_record(epoch).map_err(text)?;
    let submission = record.as_ref().map(submission);
    let reached = |stage: SubmissionStage| {
        let of_stage = |one: &&ChainSubmission| one.stage == stage;
        submission.as_ref().filter(of_stage)
    };
    let committed = reached(SubmissionStage::Taken).is_some_and(|one| one.reveal_epoch.is_some());
    let shown =
        reached(SubmissionStage::Stored).is_some() || on_chain.iter().any(|row| row.matches);
    let status = match (&agreed, shown) {
        (Some(_), true) => WeightsStatus::Onchain,
        (Some(_), false) if committed => WeightsStatus::Committed,
        (Some(_), false) => WeightsStatus::Agreed,
        (None, _) if !vote_views.is_empty() => WeightsStatus::Voting,
        (None, _) => WeightsStatus::Pending,
    };
    Ok(WeightsReport {
        epoch,
        status,
        weights_hash: stored
            .as_ref()
            .map(|stored| weights_hash(&stored.weights).to_hex()),
        height: stored.as_ref().map(|stored| stored.height),
        chain_block: pinned.map(|pinned| pinned.number),
        entries,
        votes: vote_views,
        agreed_stake,
        total_stake: set.map_or(0, |set| set.total_stake()),
        chain: on_chain,
        submission,
        history: Vec::new(),
    })
}

/// What each validator's weights on the chain are, if they are of this epoch.
fn chain_views(
    shared: &Shared,
    epoch: u64,
    chain: &[assay_chain::ChainWeights],
    stored: Option<&EpochWeights>,
    metagraph: Option<&Metagraph>,
) -> Vec<ChainWeights> {
    let expected = stored.zip(metagraph).map(|(stored, metagraph)| {
        chain_weights::resolve(&stored.weights, metagraph, &shared.genesis.burn_hotkey)
    });
    let expected = expected.map(|expected| chain_weights::without_zeros(&expected.entries));
    let matches = |row: &assay_chain::ChainWeights| {
        expected
            .as_ref()
            .is_some_and(|expected| *expected == row.entries)
    };
    // Committed weights are those of an earlier epoch than the newest commit's.
    let rows = chain
        .iter()
        .filter(|row| row.epoch == epoch || (row.epoch > epoch && matches(row)))
        .map(|row| ChainWeights {
            hotkey: row.hotkey.to_ss58(),
            uid: metagraph.and_then(|metagraph| metagraph.uid_of(&row.hotkey)),
            block: Some(row.block),
            entries: row
                .entries
                .iter()
                .map(|(uid, weight)| WeightEntry {
                    hotkey: metagraph
                        .and_then(|m| m.hotkey_of(*uid))
                        .map(|h| h.to_ss58())
                        .unwrap_or_default(),
                    uid: Some(*uid),
                    weight: *weight,
                })
                .collect(),
            matches: matches(row),
        });
    rows.collect()
}

fn entries_of(weights: &[Weight], metagraph: Option<&Metagraph>) -> Vec<WeightEntry> {
    let entries = weights.iter().map(|weight| WeightEntry {
        hotkey: weight.hotkey.to_ss58(),
        uid: metagraph.and_then(|metagraph| metagraph.uid_of(&weight.hotkey)),
        weight: weight.value,
    });
    entries.collect()
}

fn validator_set(shared: &Shared, epoch: u64) -> Option<ValidatorSet> {
    let view = shared.view();
    if let Some(set) = view.set.as_ref().filter(|set| set.epoch() == epoch) {
        return Some(set.as_ref().clone());
    }
    let metagraph = shared.metagraphs.known(epoch)?;
    let set = metagraph
        .validator_set(epoch, shared.genesis.min_stake_rao)
        .ok()?;
    Some(set.without(&view.tip.excluded_in(epoch)))
}

fn reason_of(record: &JourneyRecord) -> Option<ApiReason> {
    if let Some(reason) = record.reason() {
        return Some(api_reason(reason.clone()));
    }
    // Evaluated and agreed, but the challenge did not accept it: that is the miner's result.
    let refused = record.result.as_ref().filter(|result| !result.valid)?;
    let text = record
        .message
        .clone()
        .unwrap_or_else(|| format!("see log {}", refused.log_hash));
    Some(ApiReason {
        code: "not_accepted".into(),
        text,
        fault: ApiFault::Miner,
    })
}

fn api_reason(reason: Reason) -> ApiReason {
    let fault = match reason.fault {
        Fault::Miner => ApiFault::Miner,
        Fault::Validator => ApiFault::Validator,
        Fault::Platform => ApiFault::Platform,
    };
    ApiReason {
        code: reason.code,
        text: reason.text,
        fault,
    }
}

fn count_by_signer<P>(votes: &[Signed<P>]) -> BTreeMap<Hotkey, usize> {
    let mut counts = BTreeMap::new();
    for vote in votes {
        *counts.entry(vote.signer).or_insert(0) += 1;
    }
    counts
}
