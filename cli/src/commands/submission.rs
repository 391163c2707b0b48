//! `assay submission`: the journey of one submission, once or until it ends.

use std::time::Duration;

use assay_api::RpcClient;
use assay_api::submission::{Journey, SubmissionStatus};
use assay_consensus::hash::Hash;
use serde::Serialize;

use super::{call_failure, client, print_json, print_lines};
use crate::args::{Global, SubmissionArgs};
use crate::exit::{Exit, Failure};
use crate::follow::{Outcome, exit_of, follow};
use crate::journey::{Display, describe, describe_end};
use crate::text::clean;

/// What `--json` prints for a submission.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct SubmissionView<'a> {
    submission_id: &'a str,
    outcome: &'static str,
    status: Option<&'static str>,
    score: Option<i64>,
    journey: Option<&'a Journey>,
    error: Option<String>,
}

/// Shows a journey.
pub async fn run(global: &Global, args: &SubmissionArgs) -> Result<Exit, Failure> {
    let id = Hash::from_hex(args.id.trim()).ok_or_else(|| {
        Failure::usage(anyhow::anyhow!(
            "expected the submission's id as 64 hex digits, got {:?}: `assay submit` prints it",
            args.id.chars().take(80).collect::<String>()
        ))
    })?;
    let client = client(global)?;
    if args.follow {
        return follow_to_the_end(global, &client, &id.to_hex(), args.limits.timeout_secs).await;
    }
    let journey = client
        .submission_get(&id.to_hex())
        .await
        .map_err(call_failure)?;
    if global.json {
        print_json(&journey)?;
    } else {
        print_lines(describe(&journey))?;
    }
    Ok(exit_of(&journey))
}

/// Follows a submission with a progress display and prints how it ended.
pub async fn follow_to_the_end(
    global: &Global,
    client: &RpcClient,
    id: &str,
    timeout_secs: u64,
) -> Result<Exit, Failure> {
    let mut display = Display::new(global.json);
    let limit = Duration::from_secs(timeout_secs);
    let outcome = follow(client, id, limit, ctrl_c(), |progress| {
        display.update(progress);
    })
    .await;
    display.finish();
    let problem = problem_of(&outcome, id, timeout_secs);
    if global.json {
        print_json(&SubmissionView {
            submission_id: id,
            outcome: outcome_word(&outcome),
            status: outcome.journey().map(|journey| journey.status.as_str()),
            score: outcome.journey().and_then(|journey| journey.score),
            journey: outcome.journey(),
            error: problem.clone(),
        })?;
    } else if let Outcome::Ended(journey) = &outcome {
        let lines = if display.is_live() {
            describe_end(journey)
        } else {
            describe(journey)
        };
        print_lines([String::new()].into_iter().chain(lines))?;
    }
    if let Some(problem) = problem {
        eprintln!("{problem}");
    }
    Ok(outcome.exit())
}

/// Completes when the person presses Ctrl-C; never when that can't be noticed.
async fn ctrl_c() {
    if tokio::signal::ctrl_c().await.is_err() {
        std::future::pending::<()>().await;
    }
}

fn outcome_word(outcome: &Outcome) -> &'static str {
    match outcome {
        Outcome::Ended(journey)
            if journey.status == SubmissionStatus::Agreed
                && exit_of(journey) == Exit::MinerFault =>
        {
            "not_accepted"
        }
        Outcome::Ended(journey) => journey.status.as_str(),
        Outcome::TimedOut { .. } => "timeout",
        Outcome::Refused(_) => "error",
        Outcome::Interrupted { .. } => "interrupted",
    }
}

/// Why there is no result, and how to go on.
fn problem_of(outcome: &Outcome, id: &str, timeout_secs: u64) -> Option<String> {
    let resume = format!("See it again with: assay submission {id} --follow");
    match outcome {
        Outcome::Ended(_) => None,
        Outcome::TimedOut {
            error: Some(error), ..
        } => Some(format!(
            "No result within {timeout_secs} s, and the node does not answer: {}. The submission goes on without you. {resume}",
            clean(&error.to_string())
        )),
        Outcome::TimedOut { last, error: None } => Some(format!(
            "No result within {timeout_secs} s; last seen: {}. The submission goes on without you. {resume}",
            last.as_ref()
                .map_or("nothing", |journey| journey.status.as_str())
        )),
        Outcome::Refused(error) => Some(format!("{}. {resume}", clean(&error.to_string()))),
        Outcome::Interrupted { .. } => Some(format!(
            "Stopped following; the submission goes on without you. {resume}"
        )),
    }
}
