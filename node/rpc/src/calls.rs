//! Calling a challenge's route, for JSON-RPC and REST alike: find the challenge, match the route,
//! check the signature, ask the node.

use std::collections::BTreeMap;

use assay_api::auth::{AuthHeaders, canonical_json};
use assay_api::challenge::ChallengeDetail;
use serde_json::Value;

use crate::auth::{self, AuthError, SignedCall};
use crate::backend::{BackendError, RouteAuth, RouteReply, RouteRequest};
use crate::matching;
use crate::replay::ReplayError;
use crate::service::Service;

/// A call as it came in.
#[derive(Debug, Default)]
pub struct RouteCall {
    /// Name or UUID of the challenge.
    pub challenge: String,
    /// HTTP method.
    pub method: String,
    /// Path relative to the challenge, decoded, without a query.
    pub path: String,
    /// Query parameters.
    pub query: BTreeMap<String, String>,
    /// JSON body, `null` when there is none.
    pub body: Value,
    /// The signature, if all three headers came.
    pub headers: Option<AuthHeaders>,
}

/// The module's answer.
#[derive(Debug)]
pub struct RouteAnswer {
    /// UUID of the challenge.
    pub challenge_uuid: String,
    /// What it answered.
    pub reply: RouteReply,
}

/// Why the module wasn't asked, or didn't answer.
#[derive(Debug)]
pub enum CallError {
    /// No such challenge, or it has no routes.
    ChallengeNotFound,
    /// The challenge has no such route.
    RouteNotFound {
        /// UUID of the challenge.
        challenge_uuid: String,
        /// Every route, as `METHOD /path`.
        available: Vec<String>,
    },
    /// The route requires a signature and there is no good one.
    Unauthenticated(AuthError),
    /// The same signed call acted before.
    Replayed,
    /// No room to remember one more signed call.
    ReplayMemoryFull,
    /// The node failed.
    Backend(BackendError),
}

/// Makes a call.
pub async fn call(service: &Service, call: RouteCall) -> Result<RouteAnswer, CallError> {
    let challenges = service
        .backend
        .challenges()
        .await
        .map_err(CallError::Backend)?;
    let challenge = find(&challenges, &call.challenge)
        .filter(|challenge| !challenge.routes.is_empty())
        .ok_or(CallError::ChallengeNotFound)?;
    let (route, params) = matching::find(&challenge.routes, &call.method, &call.path)
        .ok_or_else(|| route_not_found(challenge))?;
    let auth = authenticate(service, &call, challenge, route.requires_auth)?;
    let request = RouteRequest {
        method: call.method,
        path: call.path,
        params,
        query: call.query.into_iter().collect(),
        body: canonical_json(&call.body).into_bytes(),
        auth,
    };
    let reply = service
        .backend
        .call_route(&challenge.name, request)
        .await
        .map_err(CallError::Backend)?;
    Ok(RouteAnswer {
        challenge_uuid: challenge.id.clone(),
        reply,
    })
}

/// The challenge with this name or UUID; a name wins, so that nobody can be shadowed.
pub fn find<'a>(challenges: &'a [ChallengeDetail], id: &str) -> Option<&'a ChallengeDetail> {
    challenges
        .iter()
        .find(|challenge| challenge.name == id)
        .or_else(|| challenges.iter().find(|challenge| challenge.is_called(id)))
}

/// A route that requires no signature is called without one when it is bad, as existing modules
/// expect; a good one that was used before is refused everywhere.
fn authenticate(
    service: &Service,
    call: &RouteCall,
    challenge: &ChallengeDetail,
    required: bool,
) -> Result<Option<RouteAuth>, CallError> {
    let signed = SignedCall {
        called_as: &call.challenge,
        challenge_uuid: &challenge.id,
        method: &call.method,
        path: &call.path,
        body: &call.body,
    };
    match auth::verify(call.headers.as_ref(), &signed, service.unix_secs()) {
        Ok(auth) => match service.note_signed_call(&auth) {
            Ok(()) => Ok(Some(auth)),
            Err(ReplayError::Replayed) => Err(CallError::Replayed),
            Err(ReplayError::Full) => Err(CallError::ReplayMemoryFull),
        },
        Err(error) if required => Err(CallError::Unauthenticated(error)),
        Err(_) => Ok(None),
    }
}

fn route_not_found(challenge: &ChallengeDetail) -> CallError {
    CallError::RouteNotFound {
        challenge_uuid: challenge.id.clone(),
        available: challenge
            .routes
            .iter()
            .map(|route| format!("{} {}", route.method, route.path))
            .collect(),
    }
}
