//! Following a submission: asks the node until it is agreed or failed, time is up, or the person
//! has seen enough.
//!
//! A node that does not answer is asked again with growing pauses: the submission lives in the
//! network, not in this connection. Only the deadline ends it.

use std::time::Duration;

use assay_api::submission::{Fault, Journey, SubmissionStatus};
use assay_api::{ClientError, RpcClient, codes};
use tokio::time::{Instant, sleep, timeout_at};

use crate::exit::Exit;
use crate::limits::{FOLLOW_BACKOFF_MAX_MS, FOLLOW_INTERVAL_MS};

/// How following ended.
#[derive(Debug, Clone, PartialEq)]
pub enum Outcome {
    /// The submission is agreed or failed.
    Ended(Journey),
    /// The deadline passed.
    TimedOut {
        /// The last answer, if there was one.
        last: Option<Journey>,
        /// What the node's last failure was, if it failed last.
        error: Option<ClientError>,
    },
    /// The node refuses to answer, and asking again won't change that.
    Refused(ClientError),
    /// The person stopped it.
    Interrupted {
        /// The last answer, if there was one.
        last: Option<Journey>,
    },
}

/// What a reporter is told while following.
#[derive(Debug)]
pub enum Progress<'a> {
    /// The node answered.
    Journey(&'a Journey),
    /// The node did not answer; it will be asked again.
    NoAnswer(&'a ClientError),
}

impl Outcome {
    /// The exit code this outcome means.
    pub fn exit(&self) -> Exit {
        match self {
            Outcome::Ended(journey) => exit_of(journey),
            Outcome::TimedOut { .. } => Exit::Platform,
            Outcome::Refused(error) if error.rpc_code() == Some(codes::SUBMISSION_NOT_FOUND) => {
                Exit::Other
            }
            Outcome::Refused(_) => Exit::Platform,
            Outcome::Interrupted { .. } => Exit::Interrupted,
        }
    }

    /// The last journey that was seen.
    pub fn journey(&self) -> Option<&Journey> {
        match self {
            Outcome::Ended(journey) => Some(journey),
            Outcome::TimedOut { last, .. } | Outcome::Interrupted { last } => last.as_ref(),
            Outcome::Refused(_) => None,
        }
    }
}

/// The exit code that a journey means; one that is still under way is no error.
pub fn exit_of(journey: &Journey) -> Exit {
    let is_miners_fault = journey
        .reason
        .as_ref()
        .is_some_and(|reason| reason.fault == Fault::Miner);
    match journey.status {
        // A reason beside an agreed result: agreed is that the challenge does not accept it.
        SubmissionStatus::Agreed | SubmissionStatus::Failed if is_miners_fault => Exit::MinerFault,
        SubmissionStatus::Failed => Exit::Platform,
        _ => Exit::Ok,
    }
}

/// Asks for a submission until it ends, `limit` has passed, or `stop` completes.
pub async fn follow(
    client: &RpcClient,
    submission_id: &str,
    limit: Duration,
    stop: impl Future<Output = ()>,
    mut report: impl FnMut(Progress<'_>),
) -> Outcome {
    let deadline = Instant::now() + limit;
    let mut last = None;
    let mut error = None;
    let ended = {
        let asking = timeout_at(
            deadline,
            ask_until_end(client, submission_id, &mut last, &mut error, &mut report),
        );
        tokio::pin!(stop);
        tokio::select! {
            biased;
            ended = asking => Some(ended),
            () = stop => None,
        }
    };
    match ended {
        Some(Ok(outcome)) => outcome,
        Some(Err(_)) => Outcome::TimedOut { last, error },
        None => Outcome::Interrupted { last },
    }
}

async fn ask_until_end(
    client: &RpcClient,
    submission_id: &str,
    last: &mut Option<Journey>,
    last_error: &mut Option<ClientError>,
    report: &mut impl FnMut(Progress<'_>),
) -> Outcome {
    let mut pause_ms = FOLLOW_INTERVAL_MS;
    loop {
        match client.submission_get(submission_id).await {
            Ok(journey) => {
                report(Progress::Journey(&journey));
                if journey.status.is_terminal() {
                    return Outcome::Ended(journey);
                }
                *last = Some(journey);
                *last_error = None;
                pause_ms = FOLLOW_INTERVAL_MS;
            }
            Err(error) if error.is_retryable() => {
                report(Progress::NoAnswer(&error));
                *last_error = Some(error);
                pause_ms = (pause_ms * 2).min(FOLLOW_BACKOFF_MAX_MS);
            }
            Err(error) => return Outcome::Refused(error),
        }
        sleep(Duration::from_millis(pause_ms)).await;
    }
}
