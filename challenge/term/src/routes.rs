//! The routes: JSON answers from what storage holds.
//!
//! Path parameters are taken from the request when the host captured them, else from the path itself.

mod answers;

use alloc::{
    borrow::ToOwned,
    format,
    string::{String, ToString},
    vec::Vec,
};

use assay_challenge_sdk::{
    Host, HostError, Hotkey,
    abi::{WasmRouteDefinition, WasmRouteRequest, WasmRouteResponse},
};
use serde::Serialize;

use crate::storage::{StorageError, Store};

/// What a route answers with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Route {
    Leaderboard,
    Stats,
    Decay,
    Submissions,
    Submission,
    Name,
    Dataset,
    Journey,
    Logs,
    Code,
    AstReview,
    Whitelist,
}

/// All routes, in the order in which they are matched.
const ROUTES: [(&str, Route, &str); 12] = [
    (
        "/leaderboard",
        Route::Leaderboard,
        "Miners by weight (query: limit, offset)",
    ),
    (
        "/stats",
        Route::Stats,
        "Accepted submissions and active miners",
    ),
    (
        "/decay",
        Route::Decay,
        "The leader and the decay of its weight",
    ),
    (
        "/submissions",
        Route::Submissions,
        "Accepted submissions, newest first (query: limit, offset)",
    ),
    (
        "/submissions/:id",
        Route::Submission,
        "One submission with its journey",
    ),
    (
        "/submission/:name",
        Route::Name,
        "Owner and versions of a submission name",
    ),
    ("/dataset", Route::Dataset, "The active dataset"),
    (
        "/agent/:hotkey/journey",
        Route::Journey,
        "Journeys of a miner's last submissions",
    ),
    (
        "/agent/:hotkey/logs",
        Route::Logs,
        "Logs of a miner's last submission (query: epoch)",
    ),
    (
        "/agent/:hotkey/code",
        Route::Code,
        "Package of a miner's last submission (query: epoch)",
    ),
    (
        "/ast/:id",
        Route::AstReview,
        "Review of a submission's Python sources",
    ),
    (
        "/config/whitelist",
        Route::Whitelist,
        "The Python policy that packages must pass",
    ),
];

/// Why a route has no answer.
#[derive(Debug, Clone, PartialEq, Eq)]
enum RouteError {
    /// 404: nothing there.
    NotFound(String),
    /// 400: a parameter that can't be one.
    BadRequest(String),
    /// 500: the platform failed.
    Internal(String),
}

impl From<StorageError> for RouteError {
    fn from(error: StorageError) -> Self {
        Self::Internal(error.to_string())
    }
}

impl From<HostError> for RouteError {
    fn from(error: HostError) -> Self {
        Self::Internal(error.to_string())
    }
}

/// The table that hosts match paths against.
pub fn definitions() -> Vec<WasmRouteDefinition> {
    ROUTES
        .iter()
        .map(|(path, _, description)| WasmRouteDefinition {
            method: "GET".to_owned(),
            path: (*path).to_owned(),
            description: (*description).to_owned(),
            requires_auth: false,
        })
        .collect()
}

/// Answers a request.
pub fn handle<H: Host + ?Sized>(host: &H, request: &WasmRouteRequest) -> WasmRouteResponse {
    let answer = find(&request.method, &request.path)
        .ok_or_else(|| {
            RouteError::NotFound(format!(
                "no route matches {} {}",
                request.method, request.path
            ))
        })
        .and_then(|(route, captured)| {
            dispatch(
                host,
                route,
                &Arguments {
                    request,
                    captured: &captured,
                },
            )
        });
    match answer {
        Ok(body) => WasmRouteResponse { status: 200, body },
        Err(RouteError::NotFound(message)) => error_answer(404, "not_found", &message),
        Err(RouteError::BadRequest(message)) => error_answer(400, "bad_request", &message),
        Err(RouteError::Internal(message)) => error_answer(500, "internal", &message),
    }
}

fn dispatch<H: Host + ?Sized>(
    host: &H,
    route: Route,
    arguments: &Arguments<'_>,
) -> Result<Vec<u8>, RouteError> {
    let store = Store::new(host);
    match route {
        Route::Leaderboard => answers::leaderboard(&store, host.epoch()?, arguments),
        Route::Stats => answers::stats(&store),
        Route::Decay => answers::decay(&store, host.epoch()?),
        Route::Submissions => answers::submissions(&store, arguments),
        Route::Submission => answers::submission(&store, &arguments.id()?),
        Route::Name => answers::name(&store, arguments.param("name")?),
        Route::Dataset => answers::dataset(&store),
        Route::Journey => answers::journey(&store, &arguments.hotkey()?),
        Route::Logs => answers::logs(&store, &arguments.hotkey()?, arguments),
        Route::Code => answers::code(&store, &arguments.hotkey()?, arguments),
        Route::AstReview => answers::ast_review(&store, &arguments.id()?),
        Route::Whitelist => answers::whitelist(&store),
    }
}

/// Matches a path as hosts do: segments literally, `:name` captures one.
fn find<'a>(method: &str, path: &'a str) -> Option<(Route, Vec<(&'static str, &'a str)>)> {
    if method != "GET" {
        return None;
    }
    ROUTES
        .iter()
        .find_map(|(pattern, route, _)| Some((*route, capture(pattern, path)?)))
}

fn capture<'a>(pattern: &'static str, path: &'a str) -> Option<Vec<(&'static str, &'a str)>> {
    let mut captured = Vec::new();
    let mut segments = path.split('/');
    for expected in pattern.split('/') {
        let segment = segments.next()?;
        match expected.strip_prefix(':') {
            Some(name) if !segment.is_empty() => captured.push((name, segment)),
            None if expected == segment => {}
            _ => return None,
        }
    }
    segments.next().is_none().then_some(captured)
}

/// Path and query parameters of a request.
struct Arguments<'a> {
    request: &'a WasmRouteRequest,
    captured: &'a [(&'static str, &'a str)],
}

impl Arguments<'_> {
    fn param(&self, name: &str) -> Result<&str, RouteError> {
        let given = self.request.params.iter().find(|(key, _)| key == name);
        let captured = || self.captured.iter().find(|(key, _)| *key == name);
        given
            .map(|(_, value)| value.as_str())
            .or_else(|| captured().map(|(_, value)| *value))
            .ok_or_else(|| RouteError::BadRequest(format!("missing path parameter {name}")))
    }

    fn hotkey(&self) -> Result<Hotkey, RouteError> {
        Hotkey::parse(self.param("hotkey")?)
            .map_err(|error| RouteError::BadRequest(format!("hotkey: {error}")))
    }

    fn id(&self) -> Result<[u8; 32], RouteError> {
        let mut id = [0; 32];
        let text = self.param("id")?;
        let digits = text.strip_prefix("0x").unwrap_or(text);
        hex::decode_to_slice(digits, &mut id).map_err(|_| {
            RouteError::BadRequest("expected a submission id of 64 hex digits".to_owned())
        })?;
        Ok(id)
    }

    /// A number in the query; the last of several counts.
    fn number(&self, name: &str) -> Result<Option<u64>, RouteError> {
        let Some((_, value)) = self.request.query.iter().rev().find(|(key, _)| key == name) else {
            return Ok(None);
        };
        value
            .parse()
            .map(Some)
            .map_err(|_| RouteError::BadRequest(format!("query {name}: expected a whole number")))
    }
}

#[derive(Serialize)]
struct ErrorBody<'a> {
    error: &'a str,
    message: &'a str,
}

fn error_answer(status: u16, error: &str, message: &str) -> WasmRouteResponse {
    let body = serde_json::to_vec(&ErrorBody { error, message }).unwrap_or_default();
    WasmRouteResponse { status, body }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_match_whole_paths_only() {
        assert_eq!(
            find("GET", "/leaderboard"),
            Some((Route::Leaderboard, Vec::new()))
        );
        assert_eq!(
            find("GET", "/agent/5abc/logs"),
            Some((Route::Logs, alloc::vec![("hotkey", "5abc")]))
        );
        for (method, path) in [
            ("POST", "/leaderboard"),
            ("get", "/leaderboard"),
            ("GET", "/leaderboard/"),
            ("GET", "/agent//logs"),
            ("GET", "/agent/x"),
            ("GET", "leaderboard"),
            ("GET", ""),
        ] {
            assert_eq!(find(method, path), None, "{method} {path}");
        }
    }
}
