//! One refresh of the existing terminal client, request by request.

use serde_json::{Value, json};

use crate::fake_node::{CHALLENGE, miner_key};
use crate::harness::Harness;

/// As the client reads an answer: non-2xx, an `error` member or no `result` is a failure.
async fn refresh_call(node: &Harness, id: u64, method: &str, params: Value) -> Value {
    let request = json!({"jsonrpc": "2.0", "id": id, "method": method, "params": params});
    let answer = node.post(request.to_string()).await;
    assert!((200..300).contains(&answer.status), "{method}");
    let mut response = answer.json();
    assert_eq!(response["id"], id);
    assert_eq!(response.get("error"), None, "{method}");
    response
        .get_mut("result")
        .unwrap_or_else(|| panic!("{method} has no result"))
        .take()
}

/// A body is `result.body` else `result`.
async fn route(node: &Harness, id: u64, challenge: &str, path: &str) -> Value {
    let params = json!({"challengeId": challenge, "method": "GET", "path": path});
    let mut result = refresh_call(node, id, "challenge_call", params).await;
    match result.get_mut("body") {
        Some(body) => body.take(),
        None => result,
    }
}

#[tokio::test]
async fn a_refresh_finds_everything_it_reads() {
    let node = Harness::start().await;
    refresh_call(&node, 1, "system_health", json!({})).await;

    let epoch = refresh_call(&node, 2, "epoch_current", json!({})).await;
    for field in [
        "epochNumber",
        "currentBlock",
        "blocksPerEpoch",
        "blockInEpoch",
    ] {
        assert!(epoch[field].is_u64(), "{field}");
    }
    assert!(epoch["phase"].is_string() && epoch["progress"].is_f64());

    let count = refresh_call(&node, 3, "validator_count", json!({})).await;
    assert_eq!(count, json!(2));

    let list = refresh_call(&node, 4, "challenge_list", json!({})).await;
    let listed = list["challenges"].as_array().unwrap();
    let challenge = listed
        .iter()
        .find(|challenge| challenge["name"] == CHALLENGE)
        .unwrap();
    let id = challenge["id"].as_str().unwrap();

    let rows = route(&node, 5, id, "/leaderboard").await;
    let row = &rows.as_array().unwrap()[0];
    for field in ["rank", "score", "weight", "pass_rate", "submissions"] {
        assert!(row[field].is_number(), "{field}");
    }
    assert!(row["miner_hotkey"].is_string() && row["last_submission"].is_string());

    let stats = route(&node, 6, id, "/stats").await;
    assert!(stats["total_submissions"].is_u64() && stats["active_miners"].is_u64());
    let decay = route(&node, 7, id, "/decay").await;
    assert!(decay["agent_hash"].is_string() && decay["decay_active"].is_boolean());

    let hotkey = miner_key().to_hex();
    let params = json!({"submission_id": hotkey});
    let progress = refresh_call(&node, 8, "evaluation_getProgress", params).await;
    assert_eq!(progress["progress"][0]["task_id"], "t1");
    for (id_number, what) in [(9, "journey"), (10, "logs")] {
        let body = route(&node, id_number, id, &format!("/agent/{hotkey}/{what}")).await;
        assert_eq!(body["params"], json!([["hotkey", hotkey]]));
    }
}
