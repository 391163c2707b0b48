//! Signed calls of challenge routes.

use assay_api::auth::{AuthHeaders, body_bytes, nonce, signed_message};
use assay_api::challenge::challenge_uuid;
use assay_consensus::keys::Keypair;
use serde_json::{Value, json};

use crate::fake_node::CHALLENGE;
use crate::harness::{Answer, Harness, NOW_SECS};

fn miner() -> Keypair {
    Keypair::insecure_from_name("miner")
}

fn sign(key: &Keypair, message: &str, nonce: &str) -> AuthHeaders {
    AuthHeaders {
        hotkey: key.hotkey().to_hex(),
        signature: hex::encode(key.sign(message.as_bytes()).0),
        nonce: nonce.to_owned(),
    }
}

/// Signs `POST /submit` as existing clients do.
fn sign_submit(body: &Value, nonce: &str) -> AuthHeaders {
    let bytes = body_bytes(body);
    let message = signed_message(CHALLENGE, "POST", "/submit", &bytes, nonce);
    sign(&miner(), &message, nonce)
}

async fn submit(node: &Harness, body: &Value, headers: &AuthHeaders) -> Answer {
    let request = node
        .http
        .post(format!("{}/challenge/{CHALLENGE}/submit", node.url))
        .header("X-Hotkey", &headers.hotkey)
        .header("X-Signature", &headers.signature)
        .header("X-Nonce", &headers.nonce)
        .json(body);
    node.send(request).await
}

fn package() -> Value {
    json!({"name": "agent", "code": "{\"files\":[{\"path\":\"ü.py\"}]}", "Z": 0.5})
}

#[tokio::test]
async fn a_signed_submission_reaches_the_module_with_its_signer() {
    let node = Harness::start().await;
    let headers = sign_submit(&package(), &nonce(NOW_SECS - 299, "u1"));
    let answer = submit(&node, &package(), &headers).await;
    assert_eq!(answer.status, 200);
    assert!(answer.json()["agent_hash"].is_string());
    let request = node.node.last_route();
    assert_eq!(request.auth_hotkey(), Some(miner().hotkey().to_hex()));
    let auth = request.auth.unwrap();
    assert_eq!(auth.signed_at_secs, NOW_SECS - 299);
    auth.hotkey
        .verify(auth.message.as_bytes(), &auth.signature)
        .unwrap();
    assert!(
        auth.message
            .starts_with("challenge:term-challenge:POST:/submit:")
    );
}

#[tokio::test]
async fn the_uuid_and_both_empty_bodies_are_accepted() {
    let node = Harness::start().await;
    let uuid = challenge_uuid(CHALLENGE);
    let forms = [
        (CHALLENGE, b"".as_slice()),
        (CHALLENGE, b"null"),
        (&uuid, b""),
        (&uuid, b"null"),
    ];
    for (index, (id, body)) in forms.into_iter().enumerate() {
        let nonce = nonce(NOW_SECS, &index.to_string());
        let message = signed_message(id, "POST", "/submit", body, &nonce);
        let headers = sign(&miner(), &message, &nonce).to_map();
        let params = json!({"challengeId": CHALLENGE, "method": "POST", "path": "/submit",
            "headers": headers});
        let result = node.result("challenge_call", params).await;
        assert_eq!(result["status"], 200, "{id} {body:?}");
        assert!(node.node.last_route().auth.is_some());
    }
}

#[tokio::test]
async fn unsigned_forged_and_expired_calls_are_refused() {
    let node = Harness::start().await;
    let body = package();
    let good = sign_submit(&body, &nonce(NOW_SECS, "a"));
    let mallory = Keypair::insecure_from_name("mallory").hotkey().to_hex();
    let get = signed_message(
        CHALLENGE,
        "GET",
        "/submit",
        &body_bytes(&body),
        "1700000000:a",
    );
    let cases = [
        (
            AuthHeaders {
                hotkey: mallory,
                ..good.clone()
            },
            "signature does not verify",
        ),
        (
            sign_submit(&json!({"name": "other"}), &good.nonce),
            "signature does not verify",
        ),
        (
            sign(&miner(), &get, "1700000000:a"),
            "signature does not verify",
        ),
        (
            AuthHeaders {
                nonce: nonce(NOW_SECS, "b"),
                ..good.clone()
            },
            "signature does not verify",
        ),
        (
            sign_submit(&body, &nonce(NOW_SECS - 300, "a")),
            "nonce expired: its time is 300 s from the node's",
        ),
        (
            sign_submit(&body, &nonce(NOW_SECS + 300, "a")),
            "nonce expired",
        ),
        (sign_submit(&body, "yesterday"), "expected a nonce"),
        (
            AuthHeaders {
                hotkey: "zz".into(),
                ..good.clone()
            },
            "expected x-hotkey",
        ),
        (
            AuthHeaders {
                signature: "00".into(),
                ..good.clone()
            },
            "expected x-signature",
        ),
    ];
    for (headers, reason) in cases {
        let answer = submit(&node, &body, &headers).await;
        assert_eq!(answer.status, 401, "{reason}");
        let refusal = answer.json();
        assert_eq!(refusal["error"], "authentication_required");
        let message = refusal["message"].as_str().unwrap();
        let expected = format!("This route requires authentication: {reason}");
        assert!(message.starts_with(&expected), "{message}");

        let params = json!({"challengeId": CHALLENGE, "method": "POST", "path": "/submit",
            "body": body, "headers": headers.to_map()});
        let (code, text) = node.error("challenge_call", params).await;
        assert_eq!(code, -32_005);
        assert!(text.starts_with(&expected), "{text}");
    }
    assert_eq!(
        node.error(
            "challenge_call",
            json!({"challengeId": CHALLENGE, "method": "POST", "path": "/submit"})
        )
        .await,
        (-32_005, "This route requires authentication".into())
    );
    assert_eq!(node.node.route_calls(), 0);
}

#[tokio::test]
async fn a_replayed_call_is_refused_on_every_way_in() {
    let node = Harness::start().await;
    let body = package();
    let headers = sign_submit(&body, &nonce(NOW_SECS + 100, "a"));
    assert_eq!(submit(&node, &body, &headers).await.status, 200);
    for elapsed_secs in [0, 398] {
        node.clock.advance_secs(elapsed_secs);
        let answer = submit(&node, &body, &headers).await;
        assert_eq!(answer.status, 401);
        assert_eq!(
            answer.json(),
            json!({"error": "replayed_request", "message": "replayed request"})
        );
        let params = json!({"challengeId": CHALLENGE, "method": "POST", "path": "/submit",
            "body": body, "headers": headers.to_map()});
        assert_eq!(
            node.error("challenge_call", params).await,
            (-32_005, "replayed request".into())
        );
    }
    // A second signature over the same text is the same call.
    let again = sign_submit(&body, &headers.nonce);
    assert_ne!(again.signature, headers.signature);
    assert_eq!(
        submit(&node, &body, &again).await.json()["error"],
        "replayed_request"
    );
    node.clock.advance_secs(2);
    let expired = submit(&node, &body, &headers).await.json();
    assert_eq!(expired["error"], "authentication_required");
    assert_eq!(node.node.route_calls(), 1);
}

#[tokio::test]
async fn an_open_route_knows_its_signer_and_ignores_a_bad_signature() {
    let node = Harness::start().await;
    let body = json!({"x": 1});
    let nonce = nonce(NOW_SECS, "a");
    let message = signed_message(CHALLENGE, "POST", "/echo", &body_bytes(&body), &nonce);
    let headers = sign(&miner(), &message, &nonce);
    let params = |headers: &AuthHeaders| {
        json!({"challengeId": CHALLENGE, "method": "POST", "path": "/echo", "body": body,
            "headers": headers.to_map()})
    };
    let signed = node.result("challenge_call", params(&headers)).await;
    assert_eq!(signed["body"]["hotkey"], miner().hotkey().to_hex());
    assert_eq!(
        node.error("challenge_call", params(&headers)).await,
        (-32_005, "replayed request".into())
    );
    let forged = AuthHeaders {
        signature: "00".repeat(64),
        ..headers
    };
    let unsigned = node.result("challenge_call", params(&forged)).await;
    assert_eq!(unsigned["body"]["hotkey"], Value::Null);
}

#[tokio::test]
async fn a_call_of_a_missing_route_does_not_use_up_its_nonce() {
    let node = Harness::start().await;
    let nonce = nonce(NOW_SECS, "a");
    let message = signed_message(CHALLENGE, "POST", "/nothing", b"", &nonce);
    let headers = sign(&miner(), &message, &nonce).to_map();
    let params = json!({"challengeId": CHALLENGE, "method": "POST", "path": "/nothing",
        "headers": headers});
    for _ in 0..2 {
        let result = node.result("challenge_call", params.clone()).await;
        assert_eq!(result["status"], 404);
    }
}
