//! HTTP of the dev chain: JSON in, JSON out, every error with a stable code.

use std::sync::Arc;
use std::time::Duration;

use axum::Json;
use axum::Router;
use axum::body::Bytes;
use axum::extract::rejection::BytesRejection;
use axum::extract::{DefaultBodyLimit, Path, Query, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use tokio::sync::watch;

use assay_chain::Metagraph;
use assay_chain::dev::{
    ADMIN_TOKEN_HEADER, AcceptedAnswer, AdminAnswer, BlockAnswer, ChainInfo, ErrorAnswer,
    HeadAnswer, NextHeadAnswer, NonceAnswer, WeightsAnswer, codes,
};
use assay_chain::limits::{LONG_POLL_MAX_MS, REQUEST_MAX_BYTES};
use assay_consensus::hash::Hash;
use assay_consensus::keys::Hotkey;

use super::server::{ChangeError, Shared};

/// What handlers get.
#[derive(Clone)]
struct Context {
    shared: Arc<Shared>,
    stopped: watch::Receiver<bool>,
}

/// An error on its way to the client.
struct Failure {
    status: StatusCode,
    code: String,
    message: String,
}

type Answer<T> = Result<Json<T>, Failure>;

#[derive(Deserialize)]
struct NextHeadQuery {
    after: u64,
    wait_ms: u64,
}

#[derive(Deserialize)]
struct WeightsQuery {
    at: Option<String>,
}

/// All routes.
pub(super) fn router(shared: Arc<Shared>, stopped: watch::Receiver<bool>) -> Router {
    Router::new()
        .route("/v1/info", get(info))
        .route("/v1/head", get(head))
        .route("/v1/head/next", get(next_head))
        .route("/v1/blocks/{number}", get(block))
        .route("/v1/epochs/{epoch}/start", get(epoch_start))
        .route("/v1/metagraph/{block}", get(metagraph))
        .route("/v1/weights", get(weights).post(set_weights))
        .route("/v1/nonce/{hotkey}", get(nonce))
        .route("/v1/admin", post(admin))
        .fallback(not_found)
        .layer(DefaultBodyLimit::max(REQUEST_MAX_BYTES))
        .with_state(Context { shared, stopped })
}

async fn info(State(context): State<Context>) -> Json<ChainInfo> {
    Json(context.shared.read(|chain| chain.info()))
}

async fn head(State(context): State<Context>) -> Json<HeadAnswer> {
    Json(context.shared.read(|chain| HeadAnswer {
        best_number: chain.best_number(),
        finalized: chain.finalized_head(),
    }))
}

async fn next_head(
    State(mut context): State<Context>,
    query: Result<Query<NextHeadQuery>, axum::extract::rejection::QueryRejection>,
) -> Answer<NextHeadAnswer> {
    let Query(query) = query.map_err(|error| bad_request(error.body_text()))?;
    let wait = Duration::from_millis(query.wait_ms.min(LONG_POLL_MAX_MS));
    let mut finalized = context.shared.watch_finalized();
    tokio::select! {
        _ = finalized.wait_for(|number| *number > query.after) => {}
        _ = context.stopped.wait_for(|stop| *stop) => {}
        () = tokio::time::sleep(wait) => {}
    }
    let head = context.shared.read(|chain| chain.finalized_head());
    Ok(Json(NextHeadAnswer {
        finalized: (head.number > query.after).then_some(head),
    }))
}

async fn block(State(context): State<Context>, Path(number): Path<String>) -> Answer<BlockAnswer> {
    let number = parse_number(&number)?;
    let block = context.shared.read(|chain| chain.block(number));
    Ok(Json(BlockAnswer { block }))
}

async fn epoch_start(
    State(context): State<Context>,
    Path(epoch): Path<String>,
) -> Answer<BlockAnswer> {
    let epoch = parse_number(&epoch)?;
    let block = context.shared.read(|chain| chain.epoch_start(epoch));
    Ok(Json(BlockAnswer { block }))
}

async fn metagraph(State(context): State<Context>, Path(block): Path<String>) -> Answer<Metagraph> {
    let hash = parse_hash(&block)?;
    context
        .shared
        .read(|chain| chain.metagraph(&hash))
        .map(Json)
        .ok_or_else(|| unknown_block(hash))
}

async fn weights(
    State(context): State<Context>,
    query: Result<Query<WeightsQuery>, axum::extract::rejection::QueryRejection>,
) -> Answer<WeightsAnswer> {
    let Query(query) = query.map_err(|error| bad_request(error.body_text()))?;
    let hash = match &query.at {
        Some(text) => parse_hash(text)?,
        None => context.shared.read(|chain| chain.finalized_head()).hash,
    };
    context
        .shared
        .read(|chain| chain.weights_at(&hash))
        .map(|weights| Json(WeightsAnswer { weights }))
        .ok_or_else(|| unknown_block(hash))
}

async fn nonce(State(context): State<Context>, Path(hotkey): Path<String>) -> Answer<NonceAnswer> {
    let hotkey = Hotkey::parse(&hotkey).map_err(|error| bad_request(error.to_string()))?;
    let nonce = context.shared.read(|chain| chain.next_nonce(&hotkey));
    Ok(Json(NonceAnswer { nonce }))
}

async fn set_weights(
    State(context): State<Context>,
    body: Result<Bytes, BytesRejection>,
) -> Answer<AcceptedAnswer> {
    let call = parse_body(body)?;
    let included_in = blocking(move || context.shared.set_weights(call)).await?;
    Ok(Json(AcceptedAnswer { included_in }))
}

async fn admin(
    State(context): State<Context>,
    headers: HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Answer<AdminAnswer> {
    let given = headers
        .get(ADMIN_TOKEN_HEADER)
        .map(|value| value.as_bytes());
    // Compared by hash, so that the time taken says nothing about the token.
    let is_allowed = match (&context.shared.admin_token, given) {
        (Some(token), Some(given)) => Hash::of(token.as_bytes()) == Hash::of(given),
        _ => false,
    };
    if !is_allowed {
        return Err(Failure {
            status: StatusCode::FORBIDDEN,
            code: codes::FORBIDDEN.into(),
            message: "admin commands are off, or the token is wrong".into(),
        });
    }
    let command = parse_body(body)?;
    let best_number = blocking(move || context.shared.obey(command)).await?;
    Ok(Json(AdminAnswer { best_number }))
}

async fn not_found() -> Failure {
    Failure {
        status: StatusCode::NOT_FOUND,
        code: codes::NOT_FOUND.into(),
        message: "no such path".into(),
    }
}

/// Runs a change, which waits for the disk, off the async threads.
async fn blocking<T: Send + 'static>(
    change: impl FnOnce() -> Result<T, ChangeError> + Send + 'static,
) -> Result<T, Failure> {
    match tokio::task::spawn_blocking(change).await {
        Ok(outcome) => outcome.map_err(Failure::from),
        Err(error) => Err(ChangeError::Stopped(error.to_string()).into()),
    }
}

fn parse_body<T: DeserializeOwned>(body: Result<Bytes, BytesRejection>) -> Result<T, Failure> {
    let body = body.map_err(|error| Failure {
        status: error.status(),
        code: codes::BAD_REQUEST.into(),
        message: error.body_text(),
    })?;
    serde_json::from_slice(&body).map_err(|error| bad_request(error.to_string()))
}

fn parse_number(text: &str) -> Result<u64, Failure> {
    text.parse()
        .map_err(|_| bad_request(format!("expected a number, got {:?}", cut(text))))
}

fn parse_hash(text: &str) -> Result<Hash, Failure> {
    Hash::from_hex(text)
        .ok_or_else(|| bad_request(format!("expected 64 hex digits, got {:?}", cut(text))))
}

fn cut(text: &str) -> String {
    text.chars().take(80).collect()
}

fn bad_request(message: String) -> Failure {
    Failure {
        status: StatusCode::BAD_REQUEST,
        code: codes::BAD_REQUEST.into(),
        message,
    }
}

fn unknown_block(hash: Hash) -> Failure {
    Failure {
        status: StatusCode::NOT_FOUND,
        code: codes::UNKNOWN_BLOCK.into(),
        message: format!("no finalised block {hash}"),
    }
}

impl From<ChangeError> for Failure {
    fn from(error: ChangeError) -> Failure {
        let (status, code) = match &error {
            ChangeError::Refused(refused) => {
                (StatusCode::UNPROCESSABLE_ENTITY, refused.refusal.name())
            }
            ChangeError::Admin(_) | ChangeError::TooManyBlocks(_) => {
                (StatusCode::UNPROCESSABLE_ENTITY, codes::REFUSED)
            }
            ChangeError::Stopped(_) => (StatusCode::SERVICE_UNAVAILABLE, codes::STOPPED),
        };
        let message = match &error {
            ChangeError::Refused(refused) => refused.message.clone(),
            other => other.to_string(),
        };
        Failure {
            status,
            code: code.into(),
            message,
        }
    }
}

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        let answer = ErrorAnswer {
            code: self.code,
            message: self.message,
        };
        (self.status, Json(answer)).into_response()
    }
}
