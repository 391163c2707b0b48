//! `challenge_*` and `leaderboard_get`.

use std::collections::BTreeMap;

use assay_api::auth::AuthHeaders;
use assay_api::challenge::{
    AllRoutes, BodyEncoding, ChallengeCallResult, ChallengeDetail, ChallengeList, ChallengeRoute,
    ChallengeRoutes, Leaderboard,
};
use assay_api::codes;
use assay_api::envelope::ErrorObject;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json as value};

use super::{Outcome, json};
use crate::auth::AuthError;
use crate::calls::{self, CallError, RouteCall};
use crate::errors::{challenge_not_found, echo, of_backend};
use crate::params::Params;
use crate::rest;
use crate::service::Service;

pub async fn list(service: &Service, mut params: Params) -> Outcome {
    let only_active = params.opt_bool("onlyActive")?.unwrap_or(false);
    let challenges = service.backend.challenges().await.map_err(of_backend)?;
    let listed: Vec<_> = challenges
        .iter()
        .filter(|challenge| challenge.is_active || !only_active)
        .map(ChallengeDetail::summary)
        .collect();
    json(&ChallengeList {
        total: listed.len() as u64,
        challenges: listed,
    })
}

pub async fn get(service: &Service, mut params: Params) -> Outcome {
    let id = params.text("id")?;
    let challenges = service.backend.challenges().await.map_err(of_backend)?;
    json(calls::find(&challenges, &id).ok_or_else(|| challenge_not_found(&id))?)
}

pub async fn get_routes(service: &Service, mut params: Params) -> Outcome {
    let id = params.text("id")?;
    let challenges = service.backend.challenges().await.map_err(of_backend)?;
    let (challenge_id, routes) = match calls::find(&challenges, &id) {
        Some(challenge) => (challenge.id.clone(), challenge.routes.clone()),
        None => (id, Vec::new()),
    };
    json(&ChallengeRoutes {
        challenge_id,
        routes_count: routes.len() as u64,
        routes,
    })
}

pub async fn list_all_routes(service: &Service, _params: Params) -> Outcome {
    let challenges = service.backend.challenges().await.map_err(of_backend)?;
    let routes: Vec<ChallengeRoute> = challenges.iter().flat_map(routes_of).collect();
    json(&AllRoutes {
        total: routes.len() as u64,
        routes,
    })
}

/// A path without a route is an answer with status 404, as over REST.
pub async fn call(service: &Service, mut params: Params) -> Outcome {
    let challenge = params.text("challengeId")?;
    let method = params.opt_text("method")?;
    let path = params.opt_text("path")?;
    let headers = params.text_map("headers")?;
    let call = RouteCall {
        challenge: challenge.clone(),
        method: method.unwrap_or_else(|| "GET".to_owned()),
        path: path.unwrap_or_else(|| "/".to_owned()),
        query: params.text_map("query")?,
        body: params.value("body"),
        headers: AuthHeaders::from_pairs(
            headers
                .iter()
                .map(|(name, value)| (name.as_str(), value.as_str())),
        ),
    };
    let (method, path) = (call.method.clone(), call.path.clone());
    match calls::call(service, call).await {
        Ok(answer) => {
            let (body, body_encoding) = decode_body(&answer.reply.body);
            json(&ChallengeCallResult {
                challenge_id: answer.challenge_uuid,
                status: answer.reply.status,
                headers: BTreeMap::new(),
                body,
                body_encoding,
            })
        }
        Err(CallError::RouteNotFound {
            challenge_uuid,
            available,
        }) => json(&ChallengeCallResult {
            challenge_id: challenge_uuid,
            status: 404,
            headers: BTreeMap::new(),
            body: rest::route_not_found_body(&method, &path, &available),
            body_encoding: None,
        }),
        Err(error) => Err(call_error(error, &challenge)),
    }
}

pub async fn leaderboard_get(service: &Service, mut params: Params) -> Outcome {
    let challenge_id = params.text("challenge_id")?;
    let (limit, offset) = params.page()?;
    let call = RouteCall {
        challenge: challenge_id.clone(),
        method: "GET".to_owned(),
        path: "/leaderboard".to_owned(),
        query: BTreeMap::from([
            ("limit".to_owned(), limit.to_string()),
            ("offset".to_owned(), offset.to_string()),
        ]),
        body: value!({"limit": limit, "offset": offset}),
        headers: None,
    };
    let (status, body) = match calls::call(service, call).await {
        Ok(answer) => (answer.reply.status, decode_body(&answer.reply.body).0),
        Err(CallError::RouteNotFound { .. }) => (404, Value::Null),
        Err(error) => return Err(call_error(error, &challenge_id)),
    };
    let (entries, total, error) = if (200..300).contains(&status) {
        let (entries, total) = leaderboard_page(body, limit, offset);
        (entries, total, None)
    } else {
        let error = format!("Challenge returned status {status}");
        (value!([]), Some(0), Some(error))
    };
    json(&Leaderboard {
        challenge_id,
        entries,
        total,
        limit,
        offset,
        error,
    })
}

/// Modules may page by themselves or give all rows, which shows when there are more than asked
/// for, and then the page is cut here. The total is known when all rows were seen.
fn leaderboard_page(body: Value, limit: u64, offset: u64) -> (Value, Option<u64>) {
    let Value::Array(rows) = body else {
        return (body, None);
    };
    let count = rows.len() as u64;
    if count > limit {
        let keep = |number: u64| usize::try_from(number).unwrap_or(usize::MAX);
        let page = rows.into_iter().skip(keep(offset)).take(keep(limit));
        return (page.collect(), Some(count));
    }
    let total = (offset == 0 && count < limit).then_some(count);
    (Value::Array(rows), total)
}

/// The module's JSON; nothing is `null`; other bytes are base64.
fn decode_body(bytes: &[u8]) -> (Value, Option<BodyEncoding>) {
    if bytes.is_empty() {
        return (Value::Null, None);
    }
    match serde_json::from_slice(bytes) {
        Ok(body) => (body, None),
        Err(_) => (
            Value::from(STANDARD.encode(bytes)),
            Some(BodyEncoding::Base64),
        ),
    }
}

fn call_error(error: CallError, challenge: &str) -> ErrorObject {
    match error {
        CallError::ChallengeNotFound => ErrorObject::new(
            codes::CHALLENGE_NOT_FOUND,
            format!("Challenge '{}' not found or has no routes", echo(challenge)),
        ),
        CallError::RouteNotFound { .. } => {
            ErrorObject::new(codes::ROUTE_NOT_FOUND, "No route matches")
        }
        CallError::Unauthenticated(AuthError::Missing) => {
            ErrorObject::new(codes::UNAUTHORIZED, "This route requires authentication")
        }
        CallError::Unauthenticated(reason) => ErrorObject::new(
            codes::UNAUTHORIZED,
            format!("This route requires authentication: {reason}"),
        ),
        CallError::Replayed => ErrorObject::new(codes::UNAUTHORIZED, "replayed request"),
        CallError::ReplayMemoryFull => ErrorObject::new(
            codes::BUSY,
            "too many signed requests within the last minutes, try again later",
        ),
        CallError::Backend(error) => of_backend(error),
    }
}

fn routes_of(challenge: &ChallengeDetail) -> impl Iterator<Item = ChallengeRoute> + '_ {
    challenge.routes.iter().map(|route| ChallengeRoute {
        challenge_id: challenge.id.clone(),
        challenge_name: challenge.name.clone(),
        method: route.method.clone(),
        path: route.path.clone(),
        full_path: route.full_path.clone(),
        description: route.description.clone(),
        requires_auth: route.requires_auth,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_module_that_does_not_page_is_paged_here() {
        let all = || value!([1, 2, 3, 4, 5]);
        assert_eq!(leaderboard_page(all(), 2, 1), (value!([2, 3]), Some(5)));
        assert_eq!(leaderboard_page(all(), 2, 9), (value!([]), Some(5)));
        assert_eq!(leaderboard_page(all(), 10, 0), (all(), Some(5)));
        assert_eq!(leaderboard_page(all(), 5, 5), (all(), None));
        assert_eq!(
            leaderboard_page(value!({"rows": []}), 5, 0),
            (value!({"rows": []}), None)
        );
    }
}
