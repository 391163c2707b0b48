//! Reading request bodies: bounded in bytes, time, number at once, and values in the JSON.

use std::time::Duration;

use assay_api::limits::REQUEST_MAX_BYTES;
use axum::body::Body;
use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderMap, StatusCode};
use futures::StreamExt;
use serde_json::Value;
use tokio::sync::{Semaphore, SemaphorePermit};

use crate::limits::{DRAIN_MAX_BYTES, JSON_VALUES_MAX, SMALL_BODY_MAX_BYTES};

/// A body, and the right to have one of its size in memory.
pub struct BoundedBody<'a> {
    /// The bytes.
    pub bytes: Vec<u8>,
    /// Held while the bytes and what is parsed from them live.
    _permit: Option<SemaphorePermit<'a>>,
}

/// Why there is no body.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BodyError {
    /// More bytes than any request needs.
    #[error("Request body is larger than {REQUEST_MAX_BYTES} bytes")]
    TooLarge,
    /// The sender is too slow, or too many large bodies are being read.
    #[error("Request body was not read within {0} ms")]
    Timeout(u128),
    /// The connection broke or the transfer coding is wrong.
    #[error("Request body can't be read: {0}")]
    Broken(String),
}

/// Why a body isn't usable JSON.
#[derive(Debug, thiserror::Error)]
pub enum JsonError {
    /// Too many values.
    #[error("more than {JSON_VALUES_MAX} values")]
    TooManyValues,
    /// Not JSON, or nested too deep.
    #[error(transparent)]
    Malformed(#[from] serde_json::Error),
}

impl BodyError {
    /// The HTTP status that says so.
    pub fn status(&self) -> StatusCode {
        match self {
            BodyError::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            BodyError::Timeout(_) => StatusCode::REQUEST_TIMEOUT,
            BodyError::Broken(_) => StatusCode::BAD_REQUEST,
        }
    }
}

/// Reads a body within its limits.
pub async fn read<'a>(
    body: Body,
    headers: &HeaderMap,
    large_bodies: &'a Semaphore,
    deadline: Duration,
) -> Result<BoundedBody<'a>, BodyError> {
    tokio::time::timeout(deadline, read_all(body, headers, large_bodies))
        .await
        .unwrap_or(Err(BodyError::Timeout(deadline.as_millis())))
}

async fn read_all<'a>(
    body: Body,
    headers: &HeaderMap,
    large_bodies: &'a Semaphore,
) -> Result<BoundedBody<'a>, BodyError> {
    let mut stream = body.into_data_stream();
    let mut bytes = Vec::new();
    let mut permit = None;
    let announced = headers
        .get(axum::http::header::CONTENT_LENGTH)
        .and_then(|value| value.to_str().ok()?.parse::<usize>().ok());
    let mut too_large = announced.is_some_and(|length| length > REQUEST_MAX_BYTES);
    let mut dropped_bytes = 0;
    while let Some(chunk) = stream.next().await {
        let chunk = chunk.map_err(|error| BodyError::Broken(error.to_string()))?;
        too_large = too_large || bytes.len() + chunk.len() > REQUEST_MAX_BYTES;
        if too_large {
            bytes = Vec::new();
            permit = None;
            dropped_bytes += chunk.len();
            if dropped_bytes > DRAIN_MAX_BYTES {
                break;
            }
            continue;
        }
        if permit.is_none() && bytes.len() + chunk.len() > SMALL_BODY_MAX_BYTES {
            let acquired = large_bodies.acquire().await;
            permit = Some(acquired.map_err(|error| BodyError::Broken(error.to_string()))?);
        }
        bytes.extend_from_slice(&chunk);
    }
    if too_large {
        return Err(BodyError::TooLarge);
    }
    Ok(BoundedBody {
        bytes,
        _permit: permit,
    })
}

/// Whether the content type is JSON.
pub fn is_json(headers: &HeaderMap) -> bool {
    let Some(Ok(text)) = headers.get(CONTENT_TYPE).map(|value| value.to_str()) else {
        return false;
    };
    let essence = text.split(';').next().unwrap_or_default().trim();
    let essence = essence.to_ascii_lowercase();
    essence == "application/json"
        || (essence.starts_with("application/") && essence.ends_with("+json"))
}

/// Parses JSON with a bounded number of values; serde_json bounds the depth at 128.
pub fn parse_json(bytes: &[u8]) -> Result<Value, JsonError> {
    if count_values(bytes) > JSON_VALUES_MAX {
        return Err(JsonError::TooManyValues);
    }
    Ok(serde_json::from_slice(bytes)?)
}

/// At least the number of values: one, and one more for each comma or opening bracket outside of
/// texts. Exact enough for a limit, and cheaper than building them.
fn count_values(bytes: &[u8]) -> usize {
    let mut count = 1;
    let (mut in_text, mut escaped) = (false, false);
    for byte in bytes {
        if in_text {
            if escaped {
                escaped = false;
            } else if *byte == b'\\' {
                escaped = true;
            } else if *byte == b'"' {
                in_text = false;
            }
        } else {
            match byte {
                b'"' => in_text = true,
                b',' | b'[' | b'{' => count += 1,
                _ => {}
            }
        }
    }
    count
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn commas_in_texts_are_not_values() {
        assert_eq!(count_values(br#"{"a,b\",[":"[[[,,,"}"#), 2);
        assert_eq!(count_values(b"[1,2,3]"), 4);
    }

    #[test]
    fn a_body_of_many_tiny_values_is_refused() {
        let many = format!("[{}0]", "0,".repeat(JSON_VALUES_MAX));
        assert!(matches!(
            parse_json(many.as_bytes()),
            Err(JsonError::TooManyValues)
        ));
        let text = format!("[\"{}\"]", ",".repeat(JSON_VALUES_MAX));
        assert!(parse_json(text.as_bytes()).is_ok());
    }

    #[test]
    fn deep_nesting_is_refused_without_overflowing_the_stack() {
        let deep = "[".repeat(60_000);
        assert!(matches!(
            parse_json(deep.as_bytes()),
            Err(JsonError::Malformed(_))
        ));
    }

    #[test]
    fn json_content_types_are_recognised() {
        let with = |text: &str| {
            let value = text.parse().expect("a header value");
            is_json(&HeaderMap::from_iter([(CONTENT_TYPE, value)]))
        };
        assert!(with("application/json"));
        assert!(with("Application/JSON; charset=utf-8"));
        assert!(with("application/vnd.x+json"));
        assert!(!with("text/plain"));
        assert!(!with("application/jsonp"));
        assert!(!is_json(&HeaderMap::new()));
    }

    fn values(value: &Value) -> usize {
        match value {
            Value::Array(items) => 1 + items.iter().map(values).sum::<usize>(),
            Value::Object(members) => 1 + members.values().map(values).sum::<usize>(),
            _ => 1,
        }
    }

    proptest! {
        #[test]
        fn the_count_is_never_below_the_real_one(
            texts in prop::collection::vec("\\PC{0,6}", 0..5),
            numbers in prop::collection::vec(any::<i32>(), 0..5),
        ) {
            let value = serde_json::json!({"t": texts, "n": [numbers, {}], "e": []});
            prop_assert!(count_values(value.to_string().as_bytes()) >= values(&value));
        }
    }
}
