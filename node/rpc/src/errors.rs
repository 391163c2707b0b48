//! JSON-RPC errors for what can go wrong in a method.

use assay_api::codes;
use assay_api::envelope::ErrorObject;

use crate::backend::BackendError;
use crate::limits::ECHO_MAX_CHARS;

/// The JSON-RPC error of a failed query.
pub fn of_backend(error: BackendError) -> ErrorObject {
    let text = error.to_string();
    match error {
        BackendError::Invalid(_) => ErrorObject::new(codes::INVALID_PARAMS, text),
        BackendError::Refused(reason) => ErrorObject {
            code: codes::SUBMISSION_REFUSED,
            message: text,
            data: serde_json::to_value(reason).ok(),
        },
        BackendError::Busy(_) => ErrorObject::new(codes::BUSY, text),
        BackendError::Guest(_) => ErrorObject::new(codes::INTERNAL_ERROR, text),
        BackendError::Internal(_) => {
            tracing::warn!(error = %text, "RPC query failed");
            ErrorObject::new(codes::INTERNAL_ERROR, text)
        }
    }
}

/// `-32602` with this text.
pub fn invalid(text: impl Into<String>) -> ErrorObject {
    ErrorObject::new(codes::INVALID_PARAMS, text)
}

/// `-32000`.
pub fn challenge_not_found(id: &str) -> ErrorObject {
    ErrorObject::new(
        codes::CHALLENGE_NOT_FOUND,
        format!("Challenge '{}' not found", echo(id)),
    )
}

/// A caller's text as it may appear in an answer: bounded.
pub fn echo(text: &str) -> String {
    text.chars().take(ECHO_MAX_CHARS).collect()
}
