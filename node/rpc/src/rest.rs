//! `GET /health`, `GET /metrics` and the challenges' routes over plain HTTP.

use std::collections::BTreeMap;
use std::sync::Arc;

use assay_api::auth::AuthHeaders;
use assay_api::system::{HealthData, HealthEnvelope, HealthLevel};
use assay_api::timestamp::rfc3339;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, Query, Request, State};
use axum::http::header::{CONTENT_TYPE, RETRY_AFTER, X_CONTENT_TYPE_OPTIONS};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use serde_json::{Value, json};
use tokio::time::timeout_at;

use crate::backend::{BackendError, RouteReply};
use crate::body;
use crate::calls::{self, CallError, RouteCall};
use crate::errors::echo;
use crate::metrics::REST_CHALLENGE;
use crate::service::{Peer, Refusal, Service};

/// Content type of the OpenMetrics text format.
const OPENMETRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// `GET /health`. A node that can't say how it is, is degraded.
pub async fn health(
    State(service): State<Arc<Service>>,
    Extension(peer): Extension<Peer>,
) -> Response {
    if let Err(refusal) = service.take_tokens(peer, 1) {
        return refused(&refusal);
    }
    let status = match timeout_at(service.deadline(), service.backend.health()).await {
        Ok(Ok(health)) => health.health,
        Ok(Err(_)) | Err(_) => HealthLevel::Degraded,
    };
    Json(HealthEnvelope {
        success: true,
        data: HealthData {
            status,
            version: service.config.version.clone(),
            uptime_secs: service.uptime_secs(),
        },
        error: None,
        timestamp: rfc3339(service.config.clock.unix_ms()),
    })
    .into_response()
}

/// `GET /metrics`.
pub async fn metrics(
    State(service): State<Arc<Service>>,
    Extension(peer): Extension<Peer>,
) -> Response {
    if let Err(refusal) = service.take_tokens(peer, 1) {
        return refused(&refusal);
    }
    let mut text = String::new();
    match prometheus_client::encoding::text::encode(&mut text, &service.config.registry) {
        Ok(()) => ([(CONTENT_TYPE, OPENMETRICS)], text).into_response(),
        Err(error) => failure(
            StatusCode::INTERNAL_SERVER_ERROR,
            "metrics_error",
            &error.to_string(),
        ),
    }
}

/// `ANY /challenge/{id}` and `/challenge/{id}/`.
pub async fn challenge_root(
    State(service): State<Arc<Service>>,
    Extension(peer): Extension<Peer>,
    id: Result<Path<String>, PathRejection>,
    request: Request,
) -> Response {
    match id {
        Ok(Path(id)) => challenge(&service, peer, id, "/".to_owned(), request).await,
        Err(rejection) => bad_url(&rejection.body_text()),
    }
}

/// `ANY /challenge/{id}/{*path}`.
pub async fn challenge_path(
    State(service): State<Arc<Service>>,
    Extension(peer): Extension<Peer>,
    id_and_path: Result<Path<(String, String)>, PathRejection>,
    request: Request,
) -> Response {
    match id_and_path {
        Ok(Path((id, path))) => challenge(&service, peer, id, format!("/{path}"), request).await,
        Err(rejection) => bad_url(&rejection.body_text()),
    }
}

/// What every other path answers.
pub async fn not_found() -> Response {
    failure(
        StatusCode::NOT_FOUND,
        "not_found",
        "This node serves POST /, POST /rpc, GET /health, GET /metrics and /challenge/{id}/{path}",
    )
}

/// Body of a 404 for a path that no route matches.
pub fn route_not_found_body(method: &str, path: &str, available: &[String]) -> Value {
    json!({
        "error": "route_not_found",
        "message": format!("No route matches {} {}", echo(method), echo(path)),
        "availableRoutes": available,
    })
}

async fn challenge(
    service: &Service,
    peer: Peer,
    challenge: String,
    path: String,
    request: Request,
) -> Response {
    if let Err(refusal) = service.take_tokens(peer, 1) {
        return refused(&refusal);
    }
    let (head, request_body) = request.into_parts();
    let query = match Query::<Vec<(String, String)>>::try_from_uri(&head.uri) {
        Ok(Query(pairs)) => pairs.into_iter().collect::<BTreeMap<_, _>>(),
        Err(rejection) => return bad_url(&rejection.body_text()),
    };
    let read = body::read(
        request_body,
        &head.headers,
        &service.large_bodies,
        service.config.call_deadline,
    );
    // The body's permit is held until its values are gone.
    let bounded = match read.await {
        Ok(bounded) => bounded,
        Err(error) => return failure(error.status(), "invalid_body", &error.to_string()),
    };
    let _running = match service.begin_call().await {
        Ok(permit) => permit,
        Err(refusal) => return refused(&refusal),
    };
    let deadline = service.deadline();
    let json_body = match json_body(&head.headers, &bounded.bytes) {
        Ok(value) => value,
        Err(error) => {
            let text = format!("Request body is not JSON: {error}");
            return failure(StatusCode::BAD_REQUEST, "invalid_json", &text);
        }
    };
    let call = RouteCall {
        challenge: challenge.clone(),
        method: head.method.as_str().to_owned(),
        path: path.clone(),
        query,
        body: json_body,
        headers: auth_headers(&head.headers),
    };
    let started_ms = service.config.clock.monotonic_ms();
    let outcome = timeout_at(deadline, calls::call(service, call)).await;
    service.call_ended(REST_CHALLENGE, matches!(outcome, Ok(Ok(_))), started_ms);
    match outcome {
        Ok(Ok(answer)) => reply(answer.reply),
        Ok(Err(error)) => call_failure(error, &challenge, head.method.as_str(), &path),
        Err(_) => failure(
            StatusCode::GATEWAY_TIMEOUT,
            "deadline_exceeded",
            &format!(
                "not done within {} ms",
                service.config.call_deadline.as_millis()
            ),
        ),
    }
}

/// Only JSON is a body; anything of another type is none.
fn json_body(headers: &HeaderMap, bytes: &[u8]) -> Result<Value, body::JsonError> {
    if bytes.is_empty() || !body::is_json(headers) {
        return Ok(Value::Null);
    }
    body::parse_json(bytes)
}

fn auth_headers(headers: &HeaderMap) -> Option<AuthHeaders> {
    AuthHeaders::from_pairs(
        headers
            .iter()
            .filter_map(|(name, value)| Some((name.as_str(), value.to_str().ok()?))),
    )
}

/// The module's status and body: JSON as it is, nothing as `null`, other bytes as bytes.
fn reply(reply: RouteReply) -> Response {
    let Some(status) = final_status(reply.status) else {
        let text = format!("module answered with status {}", reply.status);
        let status = StatusCode::INTERNAL_SERVER_ERROR;
        return failure(status, "wasm_execution_error", &text);
    };
    let is_json = serde_json::from_slice::<serde::de::IgnoredAny>(&reply.body).is_ok();
    let (content_type, body) = if reply.body.is_empty() {
        ("application/json", b"null".to_vec())
    } else if is_json {
        ("application/json", reply.body)
    } else {
        ("application/octet-stream", reply.body)
    };
    let headers = [
        (CONTENT_TYPE, content_type),
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
    ];
    (status, headers, body).into_response()
}

/// A status that can end a response.
fn final_status(status: u16) -> Option<StatusCode> {
    StatusCode::from_u16(status)
        .ok()
        .filter(|status| !status.is_informational())
}

fn call_failure(error: CallError, challenge: &str, method: &str, path: &str) -> Response {
    match error {
        CallError::ChallengeNotFound => failure(
            StatusCode::NOT_FOUND,
            "challenge_not_found",
            &format!("Challenge '{}' not found or has no routes", echo(challenge)),
        ),
        CallError::RouteNotFound { available, .. } => (
            StatusCode::NOT_FOUND,
            Json(route_not_found_body(method, path, &available)),
        )
            .into_response(),
        CallError::Unauthenticated(reason) => failure(
            StatusCode::UNAUTHORIZED,
            "authentication_required",
            &format!("This route requires authentication: {reason}"),
        ),
        CallError::Replayed => failure(
            StatusCode::UNAUTHORIZED,
            "replayed_request",
            "replayed request",
        ),
        CallError::ReplayMemoryFull => failure(
            StatusCode::SERVICE_UNAVAILABLE,
            "busy",
            "too many signed requests within the last minutes, try again later",
        ),
        CallError::Backend(error) => backend_failure(error),
    }
}

fn backend_failure(error: BackendError) -> Response {
    let text = error.to_string();
    let (status, code) = match error {
        BackendError::Invalid(_) => (StatusCode::BAD_REQUEST, "invalid_request"),
        BackendError::Refused(_) => (StatusCode::UNPROCESSABLE_ENTITY, "refused"),
        BackendError::Busy(_) => (StatusCode::SERVICE_UNAVAILABLE, "busy"),
        BackendError::Guest(_) => (StatusCode::INTERNAL_SERVER_ERROR, "wasm_execution_error"),
        BackendError::Internal(_) => {
            tracing::warn!(error = %text, "challenge route failed");
            (StatusCode::INTERNAL_SERVER_ERROR, "internal_error")
        }
    };
    failure(status, code, &text)
}

fn bad_url(text: &str) -> Response {
    failure(StatusCode::BAD_REQUEST, "invalid_url", text)
}

fn failure(status: StatusCode, code: &str, text: &str) -> Response {
    (status, Json(json!({"error": code, "message": text}))).into_response()
}

fn refused(refusal: &Refusal) -> Response {
    let text = refusal.to_string();
    match refusal {
        Refusal::RateLimited { retry_after_secs } => {
            let answer = failure(StatusCode::TOO_MANY_REQUESTS, "rate_limited", &text);
            ([(RETRY_AFTER, retry_after_secs.to_string())], answer).into_response()
        }
        Refusal::Overloaded => failure(StatusCode::SERVICE_UNAVAILABLE, "busy", &text),
    }
}
