//! A node that says what a test wants it to say, over real HTTP.

pub mod fixtures;

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard};
use std::thread::JoinHandle;

use assay_api::codes;
use assay_api::envelope::{ErrorObject, Response};
use assay_api::submission::{
    Fault, Reason, SubmissionSendParams, SubmissionStatus, SubmissionSummary,
};
use assay_api::system::SystemProperties;
use assay_api::weights::WeightsReport;
use assay_consensus::codec;
use assay_consensus::envelope::{NetworkId, Signed};
use assay_consensus::hash::Hash;
use assay_consensus::submission::{SubmissionHeader, verify_submission};
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response as HttpResponse};
use axum::routing::post;
use axum::{Json, Router};
use base64::Engine;
use serde_json::{Value, json};
use tokio::sync::oneshot;

/// What becomes of a submission.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    /// Agreed, a step per question.
    Agreed,
    /// Agreed is that the challenge does not accept it.
    NotAccepted,
    /// Rejected by the validators, by whose fault.
    Failed(Fault),
    /// Refused by this node, by whose fault.
    Refused(Fault),
    /// Taken, and then the node never answers a question about it.
    Hung,
    /// Never gets further than this.
    Stuck(SubmissionStatus),
}

/// What the node has seen and how it behaves.
#[derive(Debug)]
pub struct Script {
    pub fate: Fate,
    /// Answers to `submission_send` that are lost after the submission was taken.
    pub lost_answers: u32,
    /// Questions for a journey that get no answer but a failure of the server.
    pub failing_questions: u32,
    /// Whether any method is answered at all.
    pub is_hung: bool,
    /// Ids of the submissions that were taken, in order, with repetitions.
    pub taken: Vec<String>,
    /// What it lists of the submissions it took.
    pub summaries: Vec<SubmissionSummary>,
    /// Questions for a journey so far.
    pub questions: usize,
    /// The newest weights and what became of them.
    pub weights: WeightsReport,
}

/// A running fake node; ends when dropped.
pub struct FakeNode {
    pub url: String,
    script: Arc<Mutex<Script>>,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl FakeNode {
    /// Starts it on this machine; port 0 takes a free one.
    pub fn start(fate: Fate, port: u16) -> FakeNode {
        let address = SocketAddr::from(([127, 0, 0, 1], port));
        let script = Arc::new(Mutex::new(Script {
            fate,
            lost_answers: 0,
            failing_questions: 0,
            is_hung: false,
            taken: Vec::new(),
            summaries: Vec::new(),
            questions: 0,
            weights: fixtures::weights(),
        }));
        let listener = std::net::TcpListener::bind(address).expect("a free port");
        listener.set_nonblocking(true).expect("non-blocking");
        let url = format!("http://{}", listener.local_addr().expect("an address"));
        let (stop, stopped) = oneshot::channel::<()>();
        let app = Router::new()
            .route("/", post(answer))
            .with_state(Arc::clone(&script));
        let thread = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()
                .expect("a runtime");
            runtime.block_on(async {
                let listener = tokio::net::TcpListener::from_std(listener).expect("a listener");
                tokio::select! {
                    served = axum::serve(listener, app).into_future() => served.expect("serving"),
                    _ = stopped => {}
                }
            });
        });
        FakeNode {
            url,
            script,
            stop: Some(stop),
            thread: Some(thread),
        }
    }

    pub fn script(&self) -> MutexGuard<'_, Script> {
        self.script.lock().expect("no panic while locked")
    }
}

impl Drop for FakeNode {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

async fn answer(
    State(script): State<Arc<Mutex<Script>>>,
    Json(request): Json<Value>,
) -> HttpResponse {
    let method = request["method"].as_str().unwrap_or_default().to_owned();
    let outcome = {
        let mut script = script.lock().expect("no panic while locked");
        if script.is_hung {
            None
        } else {
            dispatch(&mut script, &method, &request["params"])
        }
    };
    match outcome {
        Some(Ok(Value::String(status))) if status == "lost" => {
            StatusCode::SERVICE_UNAVAILABLE.into_response()
        }
        Some(Ok(result)) => Json(Response::result(request["id"].clone(), result)).into_response(),
        Some(Err(error)) => Json(Response::error(request["id"].clone(), error)).into_response(),
        // The caller's deadline ends this.
        None => std::future::pending().await,
    }
}

/// `None` hangs.
fn dispatch(
    script: &mut Script,
    method: &str,
    params: &Value,
) -> Option<Result<Value, ErrorObject>> {
    let value = match method {
        "system_properties" => json!(properties()),
        "system_health" => json!(fixtures::health()),
        "node_status" => json!(fixtures::node_status()),
        "epoch_current" => json!(fixtures::epoch()),
        "validator_list" => json!(fixtures::validators()),
        "challenge_list" => json!(fixtures::challenges(&["term-challenge"])),
        "weights_get" => json!(script.weights),
        "evaluation_getProgress" => json!(fixtures::tasks()),
        "challenge_call" => match params["path"].as_str() {
            Some("/leaderboard") => called(fixtures::leaderboard()),
            Some("/stats") => called(fixtures::stats()),
            Some("/decay") => called(fixtures::decay()),
            _ => {
                return Some(Err(ErrorObject::new(
                    codes::CHALLENGE_NOT_FOUND,
                    "no such route",
                )));
            }
        },
        "submission_send" => return Some(send(script, params)),
        "submission_get" => {
            if script.fate == Fate::Hung {
                return None;
            }
            if script.failing_questions > 0 {
                script.failing_questions -= 1;
                return Some(Ok(json!("lost")));
            }
            return Some(get(script, params));
        }
        "submission_list" => {
            let mut submissions = fixtures::submissions();
            submissions.extend(script.summaries.iter().cloned());
            json!({ "total": submissions.len(), "submissions": submissions })
        }
        _ => {
            return Some(Err(ErrorObject::new(
                codes::METHOD_NOT_FOUND,
                "Method not found",
            )));
        }
    };
    Some(Ok(value))
}

fn called(body: Value) -> Value {
    json!({ "challengeId": assay_api::challenge_uuid("term-challenge"), "status": 200, "headers": {}, "body": body })
}

/// Takes a submission only if it is exactly what a node would take.
fn send(script: &mut Script, params: &Value) -> Result<Value, ErrorObject> {
    let invalid = |text: &str| ErrorObject::new(codes::INVALID_PARAMS, text);
    let sent: SubmissionSendParams =
        serde_json::from_value(params.clone()).map_err(|_| invalid("params"))?;
    let header = hex::decode(&sent.header).map_err(|_| invalid("header hex"))?;
    let header: Signed<SubmissionHeader> =
        codec::decode(&header, 64 * 1024).map_err(|_| invalid("header"))?;
    let payload = base64::engine::general_purpose::STANDARD
        .decode(&sent.payload)
        .map_err(|_| invalid("payload base64"))?;
    if Hash::of(&payload) != header.payload.payload_hash {
        return Err(invalid("payload hash"));
    }
    let verified = verify_submission(header, &NetworkId(fixtures::network_id()))
        .map_err(|error| invalid(&error.to_string()))?;
    if verified.payload.epoch != fixtures::EPOCH {
        return Err(invalid("epoch"));
    }
    if let Fate::Refused(fault) = script.fate {
        return Err(ErrorObject {
            code: codes::SUBMISSION_REFUSED,
            message: "Submission refused".into(),
            data: Some(json!(Reason {
                code: "hotkey.unregistered".into(),
                text: "the hotkey is not in the metagraph".into(),
                fault,
            })),
        });
    }
    let id = verified.payload.id().to_string();
    script.taken.push(id.clone());
    let journey = fixtures::journey(&id, SubmissionStatus::Received, Fault::Miner);
    script.summaries.push(SubmissionSummary {
        hotkey: verified.signer.to_ss58(),
        challenge: verified.payload.challenge.clone(),
        sequence: verified.payload.sequence,
        ..journey.summary()
    });
    if script.lost_answers > 0 {
        script.lost_answers -= 1;
        return Ok(json!("lost"));
    }
    Ok(json!({ "submissionId": id, "status": "received" }))
}

fn get(script: &mut Script, params: &Value) -> Result<Value, ErrorObject> {
    let id = params["submissionId"].as_str().unwrap_or_default();
    let listed = fixtures::submissions()
        .into_iter()
        .find(|one| one.submission_id == id);
    if let Some(one) = listed {
        return Ok(json!(fixtures::journey(id, one.status, Fault::Miner)));
    }
    if !script.taken.iter().any(|taken| taken == id) {
        return Err(ErrorObject::new(
            codes::SUBMISSION_NOT_FOUND,
            "Submission not found",
        ));
    }
    let step = script.questions;
    script.questions += 1;
    let (last, fault) = match script.fate {
        Fate::Failed(fault) => (SubmissionStatus::Failed, fault),
        Fate::Stuck(status) => (status, Fault::Platform),
        _ => (SubmissionStatus::Agreed, Fault::Platform),
    };
    let on_the_way = SubmissionStatus::ALL.get(step).copied();
    let status = match on_the_way {
        Some(SubmissionStatus::Received) => SubmissionStatus::Received,
        Some(status) if last != SubmissionStatus::Failed => status.min(last),
        _ => last,
    };
    let mut journey = fixtures::journey(id, status, fault);
    if script.fate == Fate::NotAccepted && status == SubmissionStatus::Agreed {
        journey.score = Some(0);
        journey.reason = Some(Reason {
            code: "not_accepted".into(),
            text: "agent.py: import of ctypes is forbidden".into(),
            fault: Fault::Miner,
        });
    }
    Ok(json!(journey))
}

fn properties() -> SystemProperties {
    SystemProperties {
        netuid: 100,
        token_symbol: "TAO".into(),
        token_decimals: 9,
        ss58_format: 42,
        min_stake: fixtures::STAKE,
        min_stake_tao: 1_000.0,
        consensus_threshold: 0.5,
        block_time_ms: 12_000,
        network_id: fixtures::network_id().to_hex(),
    }
}
