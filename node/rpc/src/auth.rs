//! Checks the signature of a call.

use assay_api::auth::{AuthHeaders, NonceError, accepted_messages, check_nonce};
use assay_consensus::keys::{Hotkey, Signature};
use serde_json::Value;

use crate::backend::RouteAuth;

/// What is being called, as far as it is signed.
pub struct SignedCall<'a> {
    /// Name or UUID that the caller used.
    pub called_as: &'a str,
    /// UUID of the challenge.
    pub challenge_uuid: &'a str,
    /// HTTP method.
    pub method: &'a str,
    /// Path relative to the challenge.
    pub path: &'a str,
    /// JSON body.
    pub body: &'a Value,
}

/// Why a call isn't authenticated.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AuthError {
    /// Not all three headers are there.
    #[error("expected the headers x-hotkey, x-signature and x-nonce")]
    Missing,
    /// Not a public key.
    #[error("expected x-hotkey to be 64 hex digits")]
    Hotkey,
    /// Not a signature.
    #[error("expected x-signature to be 128 hex digits")]
    SignatureForm,
    /// Malformed or too old.
    #[error(transparent)]
    Nonce(#[from] NonceError),
    /// Over something else, or by somebody else.
    #[error("signature does not verify for this call")]
    BadSignature,
}

/// Checks everything about a signed call but whether it was seen before.
pub fn verify(
    headers: Option<&AuthHeaders>,
    call: &SignedCall<'_>,
    now_secs: u64,
) -> Result<RouteAuth, AuthError> {
    let headers = headers.ok_or(AuthError::Missing)?;
    let hotkey = Hotkey::parse(&headers.hotkey).map_err(|_| AuthError::Hotkey)?;
    let mut signature = Signature([0; 64]);
    hex::decode_to_slice(&headers.signature, &mut signature.0)
        .map_err(|_| AuthError::SignatureForm)?;
    let signed_at_secs = check_nonce(&headers.nonce, now_secs)?;
    accepted_messages(
        call.called_as,
        call.challenge_uuid,
        call.method,
        call.path,
        call.body,
        &headers.nonce,
    )
    .into_iter()
    .find(|message| hotkey.verify(message.as_bytes(), &signature).is_ok())
    .map(|message| RouteAuth {
        hotkey,
        message,
        signature,
        signed_at_secs,
    })
    .ok_or(AuthError::BadSignature)
}
