//! What is no request: garbage, too deep, too many, too large; and signed calls sent again.

use std::time::{SystemTime, UNIX_EPOCH};

use assay_api::auth::{AuthHeaders, nonce, signed_message};
use assay_api::challenge::{ChallengeCallParams, ChallengeCallResult};
use assay_api::limits::{BATCH_MAX_REQUESTS, NONCE_WINDOW_SECS, REQUEST_MAX_BYTES};
use assay_api::{ClientError, codes};
use assay_testnet::network::CHALLENGE;
use serde_json::{Value, json};

use crate::support::{LONG_EPOCHS, Stage, key};

const PATH: &str = "/leaderboard";

#[tokio::test]
async fn what_is_no_request_gets_an_error_and_does_no_harm() {
    let mut stage = Stage::start(2, &["alice", "bob"], LONG_EPOCHS).await;
    stage.still_works("alice", 0).await;
    let before = stage.snapshot(0).await;

    let call = json!({"jsonrpc": "2.0", "method": "node_status", "id": 1});
    let many = |count: usize| Value::from(vec![call.clone(); count]).to_string();
    let parse = (400, codes::PARSE_ERROR);
    let refused = (400, codes::INVALID_REQUEST);
    let bodies: [(&str, Vec<u8>, (u16, i64)); 12] = [
        ("nothing", Vec::new(), parse),
        ("noise", vec![0xff; 1_000], parse),
        (
            "half a request",
            b"{\"jsonrpc\": \"2.0\", \"me".to_vec(),
            parse,
        ),
        ("a number", b"7".to_vec(), parse),
        ("an empty batch", b"[]".to_vec(), parse),
        (
            "another version",
            b"{\"jsonrpc\":\"1.0\",\"method\":\"node_status\",\"id\":1}".to_vec(),
            parse,
        ),
        ("arrays in arrays", vec![b'['; 100_000], parse),
        (
            "objects in objects",
            "{\"a\":".repeat(50_000).into_bytes(),
            parse,
        ),
        (
            "a million values",
            format!("[{}0]", "0,".repeat(1_000_000)).into_bytes(),
            parse,
        ),
        (
            "a batch over the limit",
            many(BATCH_MAX_REQUESTS + 1).into_bytes(),
            refused,
        ),
        ("a huge batch", many(10_000).into_bytes(), refused),
        (
            "a body over the limit",
            vec![b' '; REQUEST_MAX_BYTES + 1],
            (413, codes::INVALID_REQUEST),
        ),
    ];
    for (what, body, (status, code)) in bodies {
        let (got, answer) = post(&stage, body).await;
        assert_eq!(got, status, "{what}: {answer}");
        assert_eq!(answer["error"]["code"], code, "{what}: {answer}");
        assert!(answer["error"]["message"].is_string(), "{what}");
    }
    for (method, params, code) in [
        ("no_such_method", json!({}), codes::METHOD_NOT_FOUND),
        (
            "submission_get",
            json!({"submissionId": "x"}),
            codes::INVALID_PARAMS,
        ),
        (
            "submission_get",
            json!({"submissionId": 7}),
            codes::INVALID_PARAMS,
        ),
        (
            "submission_send",
            json!({"header": 1, "payload": 2}),
            codes::INVALID_PARAMS,
        ),
        ("submission_send", json!([]), codes::INVALID_PARAMS),
        ("weights_get", json!({"epoch": -1}), codes::INVALID_PARAMS),
        (
            "challenge_call",
            json!({"challengeId": "nope"}),
            codes::CHALLENGE_NOT_FOUND,
        ),
    ] {
        let call = json!({"jsonrpc": "2.0", "method": method, "params": params, "id": 1});
        let (status, answer) = post(&stage, call.to_string().into_bytes()).await;
        assert_eq!(status, 200, "{method}: {answer}");
        assert_eq!(answer["error"]["code"], code, "{method}: {answer}");
    }

    assert_eq!(stage.snapshot(0).await, before);
    stage.still_works("bob", 0).await;
    stage.stop().await;
}

#[tokio::test]
async fn a_signed_call_acts_once() {
    let mut stage = Stage::start(2, &["alice"], LONG_EPOCHS).await;
    let now = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap()
        .as_secs();

    let fresh = nonce(now, "once");
    assert_eq!(call(&stage, &signed(&fresh)).await.unwrap().status, 200);
    let again = call(&stage, &signed(&fresh)).await.unwrap_err();
    assert_eq!(again.rpc_code(), Some(codes::UNAUTHORIZED), "{again}");
    assert!(again.to_string().contains("replayed"), "{again}");
    let other = call(&stage, &signed(&nonce(now, "twice"))).await;
    assert_eq!(other.unwrap().status, 200);

    // The route is open to all, so a stale signature only counts for nothing: if it counted, the
    // second call would be a replay.
    let stale = nonce(now - NONCE_WINDOW_SECS - 5, "late");
    for _ in 0..2 {
        assert_eq!(call(&stage, &signed(&stale)).await.unwrap().status, 200);
    }
    stage.still_works("alice", 0).await;
    stage.stop().await;
}

fn signed(nonce: &str) -> ChallengeCallParams {
    let caller = key("alice");
    let message = signed_message(CHALLENGE, "GET", PATH, b"", nonce);
    let headers = AuthHeaders {
        hotkey: caller.hotkey().to_hex(),
        signature: hex::encode(caller.sign(message.as_bytes()).0),
        nonce: nonce.to_owned(),
    };
    ChallengeCallParams {
        challenge_id: CHALLENGE.to_owned(),
        method: Some("GET".to_owned()),
        path: Some(PATH.to_owned()),
        body: Value::Null,
        query: None,
        headers: Some(headers.to_map()),
    }
}

async fn call(
    stage: &Stage,
    params: &ChallengeCallParams,
) -> Result<ChallengeCallResult, ClientError> {
    let client = stage.testnet.nodes[0].client().unwrap();
    client.challenge_call(params).await
}

async fn post(stage: &Stage, body: Vec<u8>) -> (u16, Value) {
    let answer = reqwest::Client::new()
        .post(stage.testnet.nodes[0].url())
        .header("content-type", "application/json")
        .body(body)
        .send()
        .await
        .unwrap();
    let status = answer.status().as_u16();
    (status, answer.json().await.unwrap())
}
