//! JSON-RPC 2.0 envelopes.

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// The only value of `jsonrpc`.
pub const VERSION: &str = "2.0";

/// A request as a client sends it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Request<P> {
    /// Always [`VERSION`].
    pub jsonrpc: String,
    /// Method name.
    pub method: String,
    /// Array or object.
    pub params: P,
    /// Echoed in the response.
    pub id: Value,
}

/// A response: exactly one of `result` and `error` is present.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Response {
    /// Always [`VERSION`].
    pub jsonrpc: String,
    /// The method's result; may be `null`.
    #[serde(
        default,
        skip_serializing_if = "Option::is_none",
        deserialize_with = "present"
    )]
    pub result: Option<Value>,
    /// Why there is no result.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<ErrorObject>,
    /// The request's `id`, or `null` when it couldn't be read.
    #[serde(default)]
    pub id: Value,
}

/// The `error` member of a response.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, thiserror::Error)]
#[error("{message} (code {code})")]
pub struct ErrorObject {
    /// One of [`crate::codes`].
    pub code: i64,
    /// What went wrong, for people.
    pub message: String,
    /// More detail for programs; omitted when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub data: Option<Value>,
}

impl Response {
    /// A success.
    pub fn result(id: Value, result: Value) -> Response {
        Response {
            jsonrpc: VERSION.to_owned(),
            result: Some(result),
            error: None,
            id,
        }
    }

    /// A failure.
    pub fn error(id: Value, error: ErrorObject) -> Response {
        Response {
            jsonrpc: VERSION.to_owned(),
            result: None,
            error: Some(error),
            id,
        }
    }
}

impl ErrorObject {
    /// An error without `data`.
    pub fn new(code: i64, message: impl Into<String>) -> ErrorObject {
        ErrorObject {
            code,
            message: message.into(),
            data: None,
        }
    }
}

/// Keeps `"result": null` apart from an absent `result`.
fn present<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Option<Value>, D::Error> {
    Value::deserialize(deserializer).map(Some)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_null_result_is_not_a_missing_result() {
        let null: Response =
            serde_json::from_str(r#"{"jsonrpc":"2.0","result":null,"id":1}"#).expect("a response");
        assert_eq!(null.result, Some(Value::Null));
        let missing: Response =
            serde_json::from_str(r#"{"jsonrpc":"2.0","id":1}"#).expect("a response");
        assert_eq!(missing.result, None);
    }

    #[test]
    fn absent_members_are_omitted() {
        let failure = Response::error(json!(7), ErrorObject::new(crate::codes::BUSY, "busy"));
        assert_eq!(
            serde_json::to_string(&failure).expect("json"),
            r#"{"jsonrpc":"2.0","error":{"code":-32008,"message":"busy"},"id":7}"#
        );
        let success = Response::result(json!("a"), json!(null));
        assert_eq!(
            serde_json::to_string(&success).expect("json"),
            r#"{"jsonrpc":"2.0","result":null,"id":"a"}"#
        );
    }
}
