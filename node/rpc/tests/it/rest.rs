//! `/health`, `/metrics` and challenge routes over plain HTTP.

use assay_api::challenge::challenge_uuid;
use serde_json::{Value, json};

use crate::fake_node::CHALLENGE;
use crate::harness::Harness;

#[tokio::test]
async fn health_has_the_existing_envelope() {
    let node = Harness::start().await;
    node.clock.advance_secs(5);
    let answer = node.get("/health").await;
    assert_eq!(answer.status, 200);
    assert_eq!(
        answer.json(),
        json!({"success": true,
            "data": {"status": "healthy", "version": "0.1.0", "uptime_secs": 5},
            "error": null, "timestamp": "2023-11-14T22:13:25Z"})
    );
}

#[tokio::test]
async fn metrics_are_open_metrics_text() {
    let node = Harness::start().await;
    node.result("validator_count", json!({})).await;
    node.error("no_such_method", json!({})).await;
    node.get(&format!("/challenge/{CHALLENGE}/stats")).await;
    let answer = node.get("/metrics").await;
    assert_eq!(answer.status, 200);
    assert!(
        answer
            .content_type
            .starts_with("application/openmetrics-text")
    );
    let text = String::from_utf8(answer.bytes).unwrap();
    for line in [
        "assay_blocks_total 1",
        "assay_rpc_calls_total{method=\"validator_count\",outcome=\"ok\"} 1",
        "assay_rpc_calls_total{method=\"unknown\",outcome=\"error\"} 1",
        "assay_rpc_calls_total{method=\"rest_challenge\",outcome=\"ok\"} 1",
        "assay_rpc_call_duration_seconds_count 3",
    ] {
        assert!(text.lines().any(|got| got == line), "{line} in {text}");
    }
    assert!(text.ends_with("# EOF\n"));
}

#[tokio::test]
async fn a_route_gets_params_query_and_body_by_name_and_by_uuid() {
    let node = Harness::start().await;
    for id in [CHALLENGE.to_owned(), challenge_uuid(CHALLENGE)] {
        let answer = node
            .get(&format!(
                "/challenge/{id}/agent/h%C3%A9llo/logs?b=2&a=1&a=3"
            ))
            .await;
        assert_eq!(answer.status, 201);
        assert_eq!(answer.content_type, "application/json");
        assert_eq!(
            answer.json(),
            json!({"params": [["hotkey", "héllo"]], "query": [["a", "3"], ["b", "2"]],
                "body": null, "hotkey": null})
        );
        let url = format!("{}/challenge/{id}/echo", node.url);
        let request = node.http.post(url).json(&json!({"z": 1, "a": [true]}));
        assert_eq!(
            node.send(request).await.json()["body"],
            json!({"z": 1, "a": [true]})
        );
        assert_eq!(node.node.last_route().body, br#"{"a":[true],"z":1}"#);
    }
}

#[tokio::test]
async fn a_body_of_another_type_is_none_and_broken_json_is_refused() {
    let node = Harness::start().await;
    let url = format!("{}/challenge/{CHALLENGE}/echo", node.url);
    let text = node
        .http
        .post(&url)
        .header("content-type", "text/plain")
        .body("{\"a\":1}");
    assert_eq!(node.send(text).await.json()["body"], Value::Null);
    assert_eq!(node.node.last_route().body, b"null");
    let broken = node
        .http
        .post(&url)
        .header("content-type", "application/json")
        .body("{\"a\":");
    let answer = node.send(broken).await;
    assert_eq!(answer.status, 400);
    assert_eq!(answer.json()["error"], "invalid_json");
    assert_eq!(node.node.route_calls(), 1);
}

#[tokio::test]
async fn unknown_challenges_and_routes_have_the_existing_errors() {
    let node = Harness::start().await;
    for id in ["nothing", "idle-challenge"] {
        let answer = node.get(&format!("/challenge/{id}/x")).await;
        assert_eq!(answer.status, 404);
        assert_eq!(
            answer.json(),
            json!({"error": "challenge_not_found",
                "message": format!("Challenge '{id}' not found or has no routes")})
        );
    }
    for (path, shown) in [("/x", "/x"), ("/stats/", "/stats/"), ("", "/"), ("/", "/")] {
        let answer = node.get(&format!("/challenge/{CHALLENGE}{path}")).await;
        assert_eq!(answer.status, 404, "{path}");
        let body = answer.json();
        assert_eq!(body["error"], "route_not_found");
        assert_eq!(body["message"], format!("No route matches GET {shown}"));
        assert_eq!(body["availableRoutes"][0], "GET /leaderboard");
        assert_eq!(body["availableRoutes"][5], "POST /submit");
    }
    assert_eq!(node.node.route_calls(), 0);
}

#[tokio::test]
async fn answers_that_are_not_json_arrive_as_bytes() {
    let node = Harness::start().await;
    let raw = node.get(&format!("/challenge/{CHALLENGE}/raw")).await;
    assert_eq!(raw.content_type, "application/octet-stream");
    assert_eq!(raw.headers["x-content-type-options"], "nosniff");
    assert_eq!(raw.bytes, [0xff, 0, 1]);
    let empty = node.get(&format!("/challenge/{CHALLENGE}/empty")).await;
    assert_eq!(empty.content_type, "application/json");
    assert_eq!(empty.bytes, b"null");

    let call = |path: &str| json!({"challengeId": CHALLENGE, "path": path});
    let uuid = challenge_uuid(CHALLENGE);
    assert_eq!(
        node.result("challenge_call", call("/raw")).await,
        json!({"challengeId": uuid, "status": 200, "headers": {}, "body": "/wAB",
            "bodyEncoding": "base64"})
    );
    assert_eq!(
        node.result("challenge_call", call("/empty")).await,
        json!({"challengeId": uuid, "status": 200, "headers": {}, "body": null})
    );
}

#[tokio::test]
async fn failing_modules_are_told_apart_from_failing_calls() {
    let node = Harness::start().await;
    for (path, text) in [
        ("/broken", "module trapped: unreachable"),
        ("/bad-status", "module answered with status 7"),
    ] {
        let answer = node.get(&format!("/challenge/{CHALLENGE}{path}")).await;
        assert_eq!(answer.status, 500);
        assert_eq!(
            answer.json(),
            json!({"error": "wasm_execution_error", "message": text})
        );
    }
    assert_eq!(
        node.error(
            "challenge_call",
            json!({"challengeId": CHALLENGE, "path": "/broken"})
        )
        .await,
        (-32_603, "module trapped: unreachable".into())
    );
}

#[tokio::test]
async fn challenge_call_takes_positions_and_reports_missing_routes() {
    let node = Harness::start().await;
    let uuid = challenge_uuid(CHALLENGE);
    let result = node
        .result(
            "challenge_call",
            json!([CHALLENGE, "POST", "/echo", {"b": 1}, {"q": "x"}]),
        )
        .await;
    assert_eq!(
        result,
        json!({"challengeId": uuid, "status": 201, "headers": {},
            "body": {"params": [], "query": [["q", "x"]], "body": {"b": 1}, "hotkey": null}})
    );
    let missing = node
        .result("challenge_call", json!({"challengeId": CHALLENGE}))
        .await;
    assert_eq!(missing["status"], 404);
    assert_eq!(missing["body"]["error"], "route_not_found");
    assert_eq!(missing["body"]["message"], "No route matches GET /");
    assert_eq!(
        node.error("challenge_call", json!(["nothing"])).await,
        (
            -32_000,
            "Challenge 'nothing' not found or has no routes".into()
        )
    );
}

#[tokio::test]
async fn a_path_that_is_no_text_is_refused() {
    let node = Harness::start().await;
    let answer = node.get("/challenge/x/%FF").await;
    assert_eq!(answer.status, 400);
    assert_eq!(answer.json()["error"], "invalid_url");
}
