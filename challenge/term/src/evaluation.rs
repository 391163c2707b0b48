//! Evaluation of an accepted submission, in ledger order: AST review, scoring, leaderboard, records.
//!
//! Nothing is written before the rules have passed, and the miner's quota is used up last: a platform
//! failure on the way costs the miner nothing.

use alloc::{
    format,
    string::{String, ToString},
    vec::Vec,
};

use assay_challenge_sdk::{
    Host, LogLevel,
    abi::{
        EvaluationInput, EvaluationOutput, PythonCheckRequest, PythonCheckResponse, PythonVerdict,
        PythonViolation, SCORE_SCALE,
    },
};

use crate::{
    leaderboard,
    limits::{
        INLINE_CODE_MAX_BYTES, MINER_HISTORY_MAX, REASON_MAX_BYTES, VERSION_HISTORY_MAX,
        VIOLATION_TEXT_MAX_BYTES, VIOLATIONS_KEPT_MAX,
    },
    logs,
    records::{
        AgentCode, AstReviewResult, AstViolation, BestAgent, EvaluationStatus, MinerRecord,
        StatusStep, SubmissionName, SubmissionRecord, SubmissionVersion,
    },
    refusal::Refusal,
    storage::Store,
    text::cut,
    types::TaskResult,
    validation::{self, Accepted},
};

/// Evaluates a submission.
pub fn evaluate<H: Host + ?Sized>(host: &H, input: &EvaluationInput) -> EvaluationOutput {
    let outcome = validation::check(host, input)
        .and_then(|accepted| evaluate_accepted(host, &accepted, &input.params));
    match outcome {
        Ok(output) => output,
        Err(refusal) => {
            let message = refusal.message();
            host.log(LogLevel::Error, &message);
            EvaluationOutput {
                message,
                ..EvaluationOutput::default()
            }
        }
    }
}

fn evaluate_accepted<H: Host + ?Sized>(
    host: &H,
    accepted: &Accepted,
    params: &[u8],
) -> Result<EvaluationOutput, Refusal> {
    let store = Store::new(host);
    let review = review_sources(host, accepted)?;
    let stats = store.stats()?;
    let version = store
        .name(&accepted.context.name)?
        .map_or(0, |name| name.latest_version)
        + 1;

    let mut results: Vec<TaskResult> = accepted.submission.task_results.clone();
    sort_by_dataset(&mut results, accepted);
    let record = conclude(accepted, version, &review, &results);
    let shown: &[TaskResult] = if review.passed { &results } else { &[] };
    let log_json = logs::to_json(&record, shown)
        .map_err(|error| Refusal::platform("platform.encoding", error.to_string()))?;

    store.set_params(params)?;
    store.set_ast_review(&record.id, &review)?;
    store.set_submission(&record)?;
    store.set_submission_at(stats.total_submissions, &record.id)?;
    store_code(&store, accepted)?;
    store.set_agent_logs(&accepted.hotkey, record.epoch, &log_json)?;
    store_version(&store, accepted, &record)?;
    store_history(&store, accepted)?;
    store_miner(&store, accepted, &record, stats.total_submissions)?;

    let metrics = format!(
        r#"{{"passed":{},"total":{},"score":{}}}"#,
        record.passed, record.total, record.score
    );
    Ok(EvaluationOutput {
        score: record.score,
        valid: record.status == EvaluationStatus::Completed,
        message: record.message,
        metrics: Some(metrics.into_bytes()),
        details: Some(log_json),
    })
}

/// Every Python source goes through the policy. A host without the checker is a platform failure.
fn review_sources<H: Host + ?Sized>(
    host: &H,
    accepted: &Accepted,
) -> Result<AstReviewResult, Refusal> {
    let request = PythonCheckRequest {
        files: accepted.package.python.clone(),
        policy: accepted.params.python_policy.clone(),
    };
    let response = host
        .python_check(&request)
        .map_err(|error| Refusal::platform("platform.python_check", error.to_string()))?;
    Ok(summarise(&response, request.files.len()))
}

fn summarise(response: &PythonCheckResponse, files: usize) -> AstReviewResult {
    let short = |text: &str| cut(text, VIOLATION_TEXT_MAX_BYTES).to_string();
    // What decides comes first, so that the reason names it and no flood of others displaces it.
    let mut by_severity: Vec<&PythonViolation> = response.violations.iter().collect();
    by_severity.sort_by_key(|violation| core::cmp::Reverse(violation.severity));
    let violations = by_severity
        .into_iter()
        .take(VIOLATIONS_KEPT_MAX)
        .map(|violation| AstViolation {
            rule: short(&violation.rule),
            file: short(&violation.file),
            line: violation.line,
            column: violation.column,
            message: short(&violation.message),
        });
    let verdict = match response.verdict {
        PythonVerdict::Allow => "allow",
        PythonVerdict::Review => "review",
        PythonVerdict::Deny => "deny",
    };
    AstReviewResult {
        passed: response.verdict != PythonVerdict::Deny,
        verdict: verdict.to_string(),
        files_checked: count(files),
        violation_count: count(response.violations.len()),
        violations: violations.collect(),
    }
}

/// Logs follow the dataset, in whichever order the miner sent its results.
fn sort_by_dataset(results: &mut [TaskResult], accepted: &Accepted) {
    let tasks = &accepted.params.tasks;
    results.sort_by_cached_key(|result| tasks.iter().position(|task| task.id == result.task_id));
}

/// Scores the results and writes the journey.
fn conclude(
    accepted: &Accepted,
    version: u32,
    review: &AstReviewResult,
    results: &[TaskResult],
) -> SubmissionRecord {
    let context = &accepted.context;
    let step = |status, reason: String| StatusStep {
        status,
        epoch: context.epoch,
        block_height: context.block_height,
        timestamp_ms: context.timestamp_ms,
        reason: cut(&reason, REASON_MAX_BYTES).to_string(),
    };
    let mut journey = Vec::new();
    journey.push(step(
        EvaluationStatus::Pending,
        "all rules passed".to_string(),
    ));
    let total = count(results.len());
    let mut passed = 0;
    let mut score = 0;
    let message;
    let status;
    if review.passed {
        journey.push(step(
            EvaluationStatus::AstReview,
            format!(
                "{}: {} files, {} findings",
                review.verdict, review.files_checked, review.violation_count
            ),
        ));
        journey.push(step(
            EvaluationStatus::LlmReview,
            "skipped: review by language models is not enabled".to_string(),
        ));
        passed = count(results.iter().filter(|result| result.passed).count());
        score = pass_rate(passed, total);
        journey.push(step(
            EvaluationStatus::Evaluating,
            format!("{total} results as reported by the miner"),
        ));
        message = format!("passed {passed} of {total} tasks");
        status = EvaluationStatus::Completed;
    } else {
        message = denial(review);
        journey.push(step(EvaluationStatus::AstReview, message.clone()));
        status = EvaluationStatus::Failed;
    }
    journey.push(step(status, message.clone()));
    SubmissionRecord {
        id: context.submission_id,
        hotkey: accepted.hotkey.0,
        name: context.name.clone(),
        version,
        agent_hash: accepted.agent_hash,
        package_bytes: count(accepted.submission.package_zip.len()),
        epoch: accepted.submission.epoch,
        status,
        message,
        passed,
        total,
        score,
        block_height: context.block_height,
        timestamp_ms: context.timestamp_ms,
        journey,
    }
}

/// Passed tasks over all tasks, in units of 1/10,000, rounded down.
fn pass_rate(passed: u32, total: u32) -> i64 {
    (i64::from(passed) * SCORE_SCALE)
        .checked_div(i64::from(total))
        .unwrap_or_default()
}

fn denial(review: &AstReviewResult) -> String {
    let reason = match review.violations.first() {
        Some(first) => {
            let more = match review.violation_count {
                1 => String::new(),
                count => format!(", {count} findings in total"),
            };
            format!(
                "{}:{}: {} ({}){more}",
                first.file, first.line, first.message, first.rule
            )
        }
        None => "the policy denies the package".to_string(),
    };
    Refusal::miner("ast.denied", reason).message()
}

fn store_code<H: Host + ?Sized>(store: &Store<'_, H>, accepted: &Accepted) -> Result<(), Refusal> {
    let zip = &accepted.submission.package_zip;
    let code = if zip.len() <= INLINE_CODE_MAX_BYTES {
        AgentCode::Inline(zip.clone())
    } else {
        AgentCode::Reference {
            sha256: accepted.agent_hash,
            size_bytes: count(zip.len()),
        }
    };
    let epoch = accepted.submission.epoch;
    Ok(store.set_agent_code(&accepted.hotkey, epoch, &accepted.agent_hash, &code)?)
}

fn store_version<H: Host + ?Sized>(
    store: &Store<'_, H>,
    accepted: &Accepted,
    record: &SubmissionRecord,
) -> Result<(), Refusal> {
    let mut name = store.name(&record.name)?.unwrap_or_else(|| SubmissionName {
        name: record.name.clone(),
        owner: accepted.hotkey.0,
        registered_epoch: record.epoch,
        ..SubmissionName::default()
    });
    name.latest_version = record.version;
    name.versions.push(SubmissionVersion {
        version: record.version,
        submission_id: record.id,
        agent_hash: record.agent_hash,
        epoch: record.epoch,
    });
    keep_last(&mut name.versions, VERSION_HISTORY_MAX);
    Ok(store.set_name(&name)?)
}

fn store_history<H: Host + ?Sized>(
    store: &Store<'_, H>,
    accepted: &Accepted,
) -> Result<(), Refusal> {
    let mut history = store.history(&accepted.hotkey)?;
    history.push(accepted.context.submission_id);
    keep_last(&mut history, MINER_HISTORY_MAX);
    Ok(store.set_history(&accepted.hotkey, &history)?)
}

fn store_miner<H: Host + ?Sized>(
    store: &Store<'_, H>,
    accepted: &Accepted,
    record: &SubmissionRecord,
    order: u64,
) -> Result<(), Refusal> {
    let is_new = accepted.miner.is_none();
    let mut miner = accepted.miner.clone().unwrap_or_else(|| MinerRecord {
        hotkey: accepted.hotkey.0,
        ..MinerRecord::default()
    });
    miner.submissions = miner.submissions.saturating_add(1);
    miner.last_epoch = record.epoch;
    miner.last_submission_ms = record.timestamp_ms;
    if record.status == EvaluationStatus::Completed {
        let agent = BestAgent {
            agent_hash: record.agent_hash,
            score: record.score,
            peak_score: record.score,
            passed: record.passed,
            total: record.total,
            achieved_epoch: record.epoch,
            achieved_order: order,
        };
        leaderboard::enter(store, &mut miner, agent, record.epoch)?;
    }
    let mut stats = store.stats()?;
    stats.total_submissions += 1;
    stats.active_miners += u64::from(is_new);
    store.set_stats(&stats)?;
    Ok(store.set_miner(&miner)?)
}

fn keep_last<T>(list: &mut Vec<T>, max: usize) {
    list.drain(..list.len().saturating_sub(max));
}

/// All counts here are bounded far below `u32::MAX`.
fn count(value: usize) -> u32 {
    u32::try_from(value).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_reason_of_a_denial_is_what_decided() {
        let finding = |severity, rule: &str, line| PythonViolation {
            severity,
            rule: rule.to_string(),
            file: "agent.py".to_string(),
            line,
            message: "it does this".to_string(),
            ..PythonViolation::default()
        };
        let doubts = (0..60).map(|_| finding(PythonVerdict::Review, "py.private", 1));
        let mut violations: Vec<PythonViolation> = doubts.collect();
        violations.push(finding(PythonVerdict::Deny, "py.process", 9));
        let response = PythonCheckResponse {
            verdict: PythonVerdict::Deny,
            violations,
        };
        assert_eq!(
            denial(&summarise(&response, 1)),
            "miner: ast.denied: agent.py:9: it does this (py.process), 61 findings in total"
        );
    }
}
