//! JSON-RPC 2.0 itself: envelopes, ids, batches, notifications, what isn't a request.

use serde_json::{Value, json};

use crate::fake_node::Seen;
use crate::harness::Harness;

const SEND: &str =
    r#"{"jsonrpc":"2.0","method":"submission_send","params":{"header":"01","payload":""}}"#;

#[tokio::test]
async fn both_paths_answer_and_any_id_is_echoed() {
    let node = Harness::start().await;
    for path in ["/", "/rpc"] {
        for id in [json!(1), json!("a"), json!(null), json!([1, {"x": 2}])] {
            let request = node
                .http
                .post(format!("{}{path}", node.url))
                .json(&json!({"jsonrpc": "2.0", "id": id, "method": "system_version"}));
            let answer = node.send(request).await;
            assert_eq!(answer.status, 200);
            assert_eq!(
                answer.json(),
                json!({"jsonrpc": "2.0", "result": "0.1.0", "id": id})
            );
        }
    }
}

#[tokio::test]
async fn an_unknown_method_is_a_method_error() {
    let node = Harness::start().await;
    assert_eq!(
        node.error("challenge_callRoute", json!({})).await,
        (
            -32_601,
            "Method not found: challenge_callRoute. Use rpc_methods to list available methods."
                .into()
        )
    );
    let (_, text) = node.error(&"x".repeat(100_000), json!({})).await;
    assert!(text.len() < 200);
}

#[tokio::test]
async fn bad_params_are_named() {
    let node = Harness::start().await;
    let cases = [
        ("validator_get", json!({}), "Missing 'hotkey' parameter"),
        (
            "challenge_call",
            json!([]),
            "Missing 'challengeId' parameter",
        ),
        (
            "validator_list",
            json!({"limit": "many"}),
            "Invalid 'limit' parameter: expected an unsigned integer, got a string",
        ),
        (
            "challenge_list",
            json!({"onlyActive": 1}),
            "Invalid 'onlyActive' parameter: expected a boolean, got a number",
        ),
        (
            "challenge_call",
            json!({"challengeId": "x", "query": {"a": 1}}),
            "Invalid 'query' parameter: expected an object of strings, got a number",
        ),
        (
            "system_health",
            json!([1]),
            "Expected at most 0 positional parameters, got 1",
        ),
        (
            "system_health",
            json!("x"),
            "Invalid params: expected an array or an object, got a string",
        ),
    ];
    for (method, params, text) in cases {
        assert_eq!(node.error(method, params).await, (-32_602, text.into()));
    }
}

#[tokio::test]
async fn what_is_not_a_request_is_a_parse_error_with_http_400() {
    let node = Harness::start().await;
    let cases = [
        ("", "Parse error: EOF while parsing"),
        ("{", "Parse error: EOF while parsing"),
        ("nonsense", "Parse error: expected ident"),
        ("1", "Parse error: expected a request object"),
        ("{}", "Parse error: missing field `jsonrpc`"),
        (
            r#"{"jsonrpc":"2.0","id":1}"#,
            "Parse error: missing field `method`",
        ),
        (
            r#"{"jsonrpc":"2.0","id":1,"method":5}"#,
            "Parse error: expected `method` to be a string",
        ),
        ("[]", "Empty batch"),
        ("{} {}", "Parse error: trailing characters"),
    ];
    for (body, text) in cases {
        let answer = node.post(body).await;
        assert_eq!(answer.status, 400, "{body}");
        let response = answer.json();
        assert_eq!(response["error"]["code"], -32_700, "{body}");
        let message = response["error"]["message"].as_str().unwrap();
        assert!(message.starts_with(text), "{body}: {message}");
        assert_eq!(response["id"], Value::Null, "{body}");
    }
    let answer = node
        .post(r#"{"jsonrpc":"1.0","id":4,"method":"system_health"}"#)
        .await;
    assert_eq!(answer.status, 400);
    assert_eq!(
        answer.json(),
        json!({"jsonrpc": "2.0", "id": 4,
            "error": {"code": -32_700, "message": "Invalid JSON-RPC version"}})
    );
}

#[tokio::test]
async fn bytes_that_are_no_text_and_deep_json_are_refused() {
    let node = Harness::start().await;
    let deep = format!(
        r#"{{"jsonrpc":"2.0","id":1,"method":"challenge_call","params":{}}}"#,
        "[".repeat(50_000)
    );
    let wide = format!("[{}1]", "1,".repeat(70_000));
    for body in [vec![0xff, 0xfe, 0], deep.into_bytes(), wide.into_bytes()] {
        let request = node
            .http
            .post(&node.url)
            .header("content-type", "application/json")
            .body(body);
        let answer = node.send(request).await;
        assert_eq!(answer.status, 400);
        assert_eq!(answer.json()["error"]["code"], -32_700);
    }
    assert_eq!(node.result("validator_count", json!({})).await, json!(2));
}

#[tokio::test]
async fn another_content_type_is_refused() {
    let node = Harness::start().await;
    for request in [
        node.http.post(&node.url).body("{}"),
        node.http
            .post(&node.url)
            .header("content-type", "text/plain")
            .body("{}"),
    ] {
        let answer = node.send(request).await;
        assert_eq!(answer.status, 415);
        assert!(answer.content_type.starts_with("text/plain"));
    }
}

#[tokio::test]
async fn a_batch_answers_each_request_in_order_and_no_notification() {
    let node = Harness::start().await;
    let batch = format!(
        r#"[{{"jsonrpc":"2.0","id":"a","method":"validator_count"}}, {SEND}, 1, {{"foo":"bar"}},
            {{"jsonrpc":"1.0","id":9,"method":"system_health"}},
            {{"jsonrpc":"2.0","id":2,"method":"nothing"}}]"#
    );
    let answer = node.post(batch).await;
    assert_eq!(answer.status, 200);
    let responses = answer.json();
    let seen: Vec<(Value, Value)> = responses
        .as_array()
        .unwrap()
        .iter()
        .map(|response| (response["id"].clone(), response["error"]["code"].clone()))
        .collect();
    assert_eq!(
        seen,
        [
            (json!("a"), Value::Null),
            (Value::Null, json!(-32_600)),
            (Value::Null, json!(-32_600)),
            (json!(9), json!(-32_600)),
            (json!(2), json!(-32_601)),
        ]
    );
    assert_eq!(responses[0]["result"], 2);
    assert_eq!(
        *node.node.seen.lock().unwrap(),
        [Seen::Submission(vec![1], vec![])]
    );
}

#[tokio::test]
async fn notifications_act_and_answer_nothing() {
    let node = Harness::start().await;
    let unknown = r#"{"jsonrpc":"2.0","method":"nothing"}"#;
    for body in [SEND.to_owned(), unknown.to_owned(), format!("[{SEND}]")] {
        let answer = node.post(body).await;
        assert_eq!((answer.status, answer.bytes.len()), (204, 0));
    }
    assert_eq!(node.node.seen.lock().unwrap().len(), 2);
}

#[tokio::test]
async fn a_batch_that_is_too_long_runs_nothing() {
    let node = Harness::start().await;
    let of = |count: usize| format!("[{}]", vec![SEND; count].join(","));
    let answer = node.post(of(33)).await;
    assert_eq!(answer.status, 400);
    assert_eq!(answer.json()["error"]["code"], -32_600);
    assert!(node.node.seen.lock().unwrap().is_empty());
    assert_eq!(node.post(of(32)).await.status, 204);
    assert_eq!(node.node.seen.lock().unwrap().len(), 32);
}

#[tokio::test]
async fn other_methods_and_paths_are_refused_and_browsers_may_call() {
    let node = Harness::start().await;
    assert_eq!(node.get("/").await.status, 405);
    let nowhere = node.get("/nowhere").await;
    assert_eq!(nowhere.status, 404);
    assert_eq!(nowhere.json()["error"], "not_found");

    let preflight = node
        .http
        .request(reqwest::Method::OPTIONS, format!("{}/rpc", node.url))
        .header("origin", "https://example.org")
        .header("access-control-request-method", "POST")
        .header("access-control-request-headers", "content-type,x-nonce");
    let answer = node.send(preflight).await;
    assert_eq!(answer.status, 200);
    for name in [
        "access-control-allow-origin",
        "access-control-allow-methods",
        "access-control-allow-headers",
    ] {
        assert_eq!(answer.headers[name], "*", "{name}");
    }
}
