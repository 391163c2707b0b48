//! `POST /` and `POST /rpc`: JSON-RPC 2.0 over HTTP.
//!
//! HTTP 200 carries results and method errors, 204 answers notifications, 400 says that the
//! request couldn't be read. The calls of a batch run one after the other within one deadline.

use std::sync::Arc;

use assay_api::codes;
use assay_api::envelope::{ErrorObject, Response as RpcResponse, VERSION};
use assay_api::limits::BATCH_MAX_REQUESTS;
use axum::Json;
use axum::body::Body;
use axum::extract::State;
use axum::http::header::RETRY_AFTER;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::{Extension, http};
use serde_json::{Map, Value};
use tokio::time::{Instant, timeout_at};

use crate::body;
use crate::dispatch::{dispatch, known_name};
use crate::service::{Peer, Refusal, Service};

/// A request that can be run.
#[derive(Debug, PartialEq)]
struct Call {
    method: String,
    params: Option<Value>,
    /// `None` makes it a notification.
    id: Option<Value>,
}

/// Something that isn't a request.
#[derive(Debug, PartialEq)]
struct NotARequest {
    text: String,
    id: Value,
}

/// Handles a request or a batch.
pub async fn handle(
    State(service): State<Arc<Service>>,
    Extension(peer): Extension<Peer>,
    headers: HeaderMap,
    request_body: Body,
) -> Response {
    if let Err(refusal) = service.take_tokens(peer, 1) {
        return refused(&refusal);
    }
    if !body::is_json(&headers) {
        let text = "Expected request with `Content-Type: application/json`";
        return (StatusCode::UNSUPPORTED_MEDIA_TYPE, text).into_response();
    }
    let read = body::read(
        request_body,
        &headers,
        &service.large_bodies,
        service.config.call_deadline,
    );
    // The body's permit is held until its values are gone.
    let body = match read.await {
        Ok(body) => body,
        Err(error) => {
            return failure(error.status(), codes::INVALID_REQUEST, error.to_string());
        }
    };
    let _running = match service.begin_call().await {
        Ok(permit) => permit,
        Err(refusal) => return refused(&refusal),
    };
    let deadline = service.deadline();
    match body::parse_json(&body.bytes) {
        Ok(Value::Array(elements)) => batch(&service, peer, elements, deadline).await,
        Ok(value) => single(&service, value, deadline).await,
        Err(error) => parse_error(Value::Null, &format!("Parse error: {error}")),
    }
}

async fn single(service: &Service, value: Value, deadline: Instant) -> Response {
    match parse_call(value) {
        Err(NotARequest { text, id }) => parse_error(id, &text),
        Ok(call) => match run(service, call, deadline).await {
            Some(response) => Json(response).into_response(),
            None => StatusCode::NO_CONTENT.into_response(),
        },
    }
}

async fn batch(service: &Service, peer: Peer, elements: Vec<Value>, deadline: Instant) -> Response {
    if elements.is_empty() {
        return parse_error(Value::Null, "Empty batch");
    }
    if elements.len() > BATCH_MAX_REQUESTS {
        let text = format!(
            "Batch of {} requests, at most {BATCH_MAX_REQUESTS} are taken",
            elements.len()
        );
        return failure(StatusCode::BAD_REQUEST, codes::INVALID_REQUEST, text);
    }
    if let Err(refusal) = service.take_tokens(peer, elements.len() - 1) {
        return refused(&refusal);
    }
    let mut responses = Vec::with_capacity(elements.len());
    for element in elements {
        match parse_call(element) {
            Ok(call) => responses.extend(run(service, call, deadline).await),
            Err(NotARequest { text, id }) => responses.push(RpcResponse::error(
                id,
                ErrorObject::new(codes::INVALID_REQUEST, text),
            )),
        }
    }
    if responses.is_empty() {
        return StatusCode::NO_CONTENT.into_response();
    }
    Json(responses).into_response()
}

/// Runs a call; a notification gives nothing, whatever comes of it.
async fn run(service: &Service, call: Call, deadline: Instant) -> Option<RpcResponse> {
    let started_ms = service.config.clock.monotonic_ms();
    let outcome = timeout_at(deadline, dispatch(service, &call.method, call.params))
        .await
        .unwrap_or_else(|_| {
            Err(ErrorObject::new(
                codes::DEADLINE_EXCEEDED,
                format!(
                    "not done within {} ms",
                    service.config.call_deadline.as_millis()
                ),
            ))
        });
    service.call_ended(known_name(&call.method), outcome.is_ok(), started_ms);
    let id = call.id?;
    Some(match outcome {
        Ok(result) => RpcResponse::result(id, result),
        Err(error) => RpcResponse::error(id, error),
    })
}

fn parse_call(value: Value) -> Result<Call, NotARequest> {
    let Value::Object(mut members) = value else {
        return Err(NotARequest {
            text: "Parse error: expected a request object".to_owned(),
            id: Value::Null,
        });
    };
    let id = members.remove("id");
    let refuse = |text: &str| NotARequest {
        text: text.to_owned(),
        id: Value::Null,
    };
    let version = take_text(&mut members, "jsonrpc").map_err(|text| refuse(&text))?;
    let method = take_text(&mut members, "method").map_err(|text| refuse(&text))?;
    if version != VERSION {
        return Err(NotARequest {
            text: "Invalid JSON-RPC version".to_owned(),
            id: id.unwrap_or(Value::Null),
        });
    }
    Ok(Call {
        method,
        params: members.remove("params"),
        id,
    })
}

fn take_text(members: &mut Map<String, Value>, name: &str) -> Result<String, String> {
    match members.remove(name) {
        Some(Value::String(text)) => Ok(text),
        Some(_) => Err(format!("Parse error: expected `{name}` to be a string")),
        None => Err(format!("Parse error: missing field `{name}`")),
    }
}

fn parse_error(id: Value, text: &str) -> Response {
    let error = ErrorObject::new(codes::PARSE_ERROR, text);
    let response = RpcResponse::error(id, error);
    (StatusCode::BAD_REQUEST, Json(response)).into_response()
}

fn failure(status: http::StatusCode, code: i64, text: String) -> Response {
    let response = RpcResponse::error(Value::Null, ErrorObject::new(code, text));
    (status, Json(response)).into_response()
}

fn refused(refusal: &Refusal) -> Response {
    match refusal {
        Refusal::RateLimited { retry_after_secs } => {
            let status = StatusCode::TOO_MANY_REQUESTS;
            let answer = failure(status, codes::BUSY, refusal.to_string());
            ([(RETRY_AFTER, retry_after_secs.to_string())], answer).into_response()
        }
        Refusal::Overloaded => {
            let status = StatusCode::SERVICE_UNAVAILABLE;
            failure(status, codes::BUSY, refusal.to_string())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    #[test]
    fn an_absent_id_is_a_notification_and_a_null_id_is_not() {
        let id_of = |value: Value| parse_call(value).expect("a call").id;
        assert_eq!(id_of(json!({"jsonrpc": "2.0", "method": "x"})), None);
        assert_eq!(
            id_of(json!({"jsonrpc": "2.0", "method": "x", "id": null})),
            Some(Value::Null)
        );
    }

    #[test]
    fn a_wrong_version_keeps_the_id() {
        let error = parse_call(json!({"jsonrpc": "1.0", "method": "x", "id": 5}));
        assert_eq!(
            error,
            Err(NotARequest {
                text: "Invalid JSON-RPC version".into(),
                id: json!(5)
            })
        );
    }

    proptest! {
        #[test]
        fn garbage_never_panics(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            if let Ok(value) = body::parse_json(&bytes) {
                let _ = parse_call(value);
            }
        }
    }
}
