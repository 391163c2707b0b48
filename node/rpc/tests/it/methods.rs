//! The exact JSON of every method.

use assay_api::challenge::challenge_uuid;
use assay_api::submission::SubmissionStatus;
use assay_rpc::SubmissionQuery;
use serde_json::{Value, json};

use crate::fake_node::{CHALLENGE, HASH, SUBMISSION, Seen, miner_key, validator_key};
use crate::harness::Harness;

#[tokio::test]
async fn system_and_chain() {
    let node = Harness::start().await;
    let golden = [
        (
            "system_health",
            json!({"isSyncing": false, "peers": 3, "shouldHavePeers": true, "health": "healthy"}),
        ),
        ("system_version", json!("0.1.0")),
        ("system_name", json!("MiniChain-100")),
        (
            "system_properties",
            json!({"netuid": 100, "tokenSymbol": "TAO", "tokenDecimals": 9, "ss58Format": 42,
                "minStake": 1_500_000_000, "minStakeTao": 1.5, "consensusThreshold": 0.5,
                "blockTimeMs": 12_000, "networkId": HASH}),
        ),
        (
            "chain_getHead",
            json!({"number": 12, "hash": format!("0x{HASH}"),
                "parentHash": format!("0x{SUBMISSION}"), "stateRoot": format!("0x{HASH}"),
                "extrinsicsRoot": format!("0x{HASH}")}),
        ),
        (
            "epoch_current",
            json!({"epochNumber": 7, "currentBlock": 780, "blocksPerEpoch": 100,
                "blockInEpoch": 80, "phase": "commit", "phaseStart": 75, "phaseEnd": 88,
                "blocksUntilNextPhase": 8, "progress": 0.8, "estimatedTimeToNextPhase": 96}),
        ),
        ("epoch_getPhase", json!("commit")),
        (
            "node_status",
            json!({"networkId": HASH, "network": "dev", "netuid": 100,
                "hotkey": validator_key().to_ss58(), "role": "validator", "ledgerHeight": 12,
                "ledgerBlock": HASH, "stateRoot": HASH, "resultsRoot": HASH, "chainBlock": 780,
                "epoch": 7, "mode": "active", "modeReason": "", "peers": 3,
                "divergent": [{"hotkey": validator_key().to_ss58(), "submissionId": SUBMISSION,
                    "logHash": SUBMISSION, "score": 0, "agreedLogHash": HASH,
                    "agreedScore": 7_500}],
                "version": "0.1.0", "uptimeSecs": 60}),
        ),
        (
            "subnet_getWeights",
            json!({"weights": [{"mechanismId": 0, "entries": [{"uid": 4, "weight": 65_535}],
                "totalWeight": 65_535, "count": 1}]}),
        ),
    ];
    for (method, expected) in golden {
        assert_eq!(node.result(method, json!({})).await, expected, "{method}");
        assert_eq!(node.result(method, json!([])).await, expected, "{method}");
        assert_eq!(node.result(method, Value::Null).await, expected, "{method}");
    }
}

#[tokio::test]
async fn rpc_methods_lists_what_is_dispatched() {
    let node = Harness::start().await;
    let result = node.result("rpc_methods", json!({})).await;
    assert_eq!(result["version"], 1);
    let methods: Vec<String> = serde_json::from_value(result["methods"].clone()).unwrap();
    assert_eq!(methods, assay_api::methods::ALL);
    for method in methods {
        let response = node.respond(&method, json!({})).await;
        assert_ne!(response["error"]["code"], -32_601, "{method}");
    }
}

#[tokio::test]
async fn validators() {
    let node = Harness::start().await;
    let first = json!({"hotkey": validator_key().to_hex(), "stake": 2_000_000_000u64,
        "stakeTao": 2.0, "isActive": true, "lastSeen": "2026-11-20T08:00:00Z",
        "peerId": "12D3Koo"});
    let second = json!({"hotkey": "ab".repeat(32), "stake": 2_000_000_000u64,
        "stakeTao": 2.0, "isActive": true, "lastSeen": "2026-11-20T08:00:00Z", "peerId": null});
    assert_eq!(node.result("validator_count", json!({})).await, json!(2));
    assert_eq!(
        node.result("validator_list", json!({})).await,
        json!({"total": 2, "offset": 0, "limit": 100, "validators": [first, second]})
    );
    assert_eq!(
        node.result("validator_list", json!([1, 5_000])).await,
        json!({"total": 2, "offset": 1, "limit": 1_000, "validators": [second]})
    );
    assert_eq!(
        node.result("validator_list", json!({"limit": 1})).await,
        json!({"total": 2, "offset": 0, "limit": 1, "validators": [first]})
    );
    for hotkey in [validator_key().to_hex(), validator_key().to_ss58()] {
        assert_eq!(node.result("validator_get", json!([hotkey])).await, first);
    }
    assert_eq!(
        node.error("validator_get", json!({"hotkey": "cd".repeat(32)}))
            .await,
        (-32_001, "Validator not found".into())
    );
    assert_eq!(
        node.error("validator_get", json!({"hotkey": "nobody"}))
            .await,
        (-32_602, "Invalid hotkey format".into())
    );
}

#[tokio::test]
async fn metagraph() {
    let node = Harness::start().await;
    assert_eq!(
        node.result("metagraph_hotkeys", json!({})).await,
        json!({"count": 2, "hotkeys": [validator_key().to_hex(), miner_key().to_hex()]})
    );
    let ss58 = miner_key().to_ss58();
    assert_eq!(
        node.result("metagraph_isRegistered", json!([ss58])).await,
        json!({"hotkey": ss58, "isRegistered": true})
    );
    let stranger = "cd".repeat(32);
    assert_eq!(
        node.result("metagraph_isRegistered", json!({"hotkey": stranger}))
            .await,
        json!({"hotkey": stranger, "isRegistered": false})
    );
}

#[tokio::test]
async fn challenges() {
    let node = Harness::start().await;
    let uuid = challenge_uuid(CHALLENGE);
    let summary = json!({"id": uuid, "name": CHALLENGE, "description": "terminal tasks",
        "codeHash": HASH, "isActive": true, "owner": validator_key().to_hex(),
        "version": "4.0.0", "routesCount": 14, "mechanismId": 0, "emissionWeight": 1.0});
    let all = node.result("challenge_list", json!({})).await;
    assert_eq!(all["total"], 2);
    assert_eq!(all["challenges"][1], summary);
    assert_eq!(
        node.result("challenge_list", json!({"onlyActive": true}))
            .await,
        json!({"total": 1, "challenges": [summary]})
    );

    let detail = node.result("challenge_get", json!({"id": CHALLENGE})).await;
    let mut head = detail.clone();
    head.as_object_mut().unwrap().remove("routes");
    assert_eq!(
        head,
        json!({"id": uuid, "name": CHALLENGE, "description": "terminal tasks",
            "codeHash": HASH, "codeSize": 262_000, "isActive": true,
            "owner": validator_key().to_hex(), "mechanismId": 0, "version": "4.0.0",
            "emissionWeight": 1.0, "timeoutSecs": 300, "createdAt": "2026-11-20T08:00:00Z"})
    );
    assert_eq!(
        detail["routes"][5],
        json!({"method": "POST", "path": "/submit",
            "fullPath": format!("/challenge/{uuid}/submit"), "description": "",
            "requiresAuth": true, "rateLimit": 0})
    );
    for id in [uuid.clone(), uuid.to_uppercase()] {
        assert_eq!(node.result("challenge_get", json!([id])).await, detail);
    }
    assert_eq!(
        node.error("challenge_get", json!(["nothing"])).await,
        (-32_000, "Challenge 'nothing' not found".into())
    );

    assert_eq!(
        node.result("challenge_getRoutes", json!([CHALLENGE])).await,
        json!({"challengeId": uuid, "routesCount": 14, "routes": detail["routes"]})
    );
    assert_eq!(
        node.result("challenge_getRoutes", json!({"id": "nothing"}))
            .await,
        json!({"challengeId": "nothing", "routesCount": 0, "routes": []})
    );
    let routes = node.result("challenge_listAllRoutes", json!({})).await;
    assert_eq!(routes["total"], 14);
    assert_eq!(
        routes["routes"][5],
        json!({"challengeId": uuid, "challengeName": CHALLENGE, "method": "POST",
            "path": "/submit", "fullPath": format!("/challenge/{uuid}/submit"),
            "description": "", "requiresAuth": true})
    );
}

#[tokio::test]
async fn leaderboard() {
    let node = Harness::start().await;
    let page = node
        .result("leaderboard_get", json!([CHALLENGE, 1, 1]))
        .await;
    assert_eq!(page["challengeId"], CHALLENGE);
    assert_eq!(page["entries"][0]["rank"], 2);
    assert_eq!(
        (&page["total"], &page["limit"], &page["offset"]),
        (&json!(2), &json!(1), &json!(1))
    );
    let request = node.node.last_route();
    assert_eq!(
        request.query,
        [("limit".into(), "1".into()), ("offset".into(), "1".into())]
    );
    assert_eq!(request.body, br#"{"limit":1,"offset":1}"#);
    let whole = node
        .result("leaderboard_get", json!({"challenge_id": CHALLENGE}))
        .await;
    assert_eq!(whole["total"], 2);
    assert_eq!(whole.get("error"), None);
    assert_eq!(
        node.error("leaderboard_get", json!(["nothing"])).await,
        (
            -32_000,
            "Challenge 'nothing' not found or has no routes".into()
        )
    );
}

#[tokio::test]
async fn evaluations_and_agents() {
    let node = Harness::start().await;
    let task = json!({"task_id": "t1", "status": "passed", "score": 1.0, "duration_ms": 40,
        "error": null});
    for subject in [SUBMISSION.to_owned(), miner_key().to_hex()] {
        assert_eq!(
            node.result("evaluation_getProgress", json!({"submission_id": subject}))
                .await,
            json!({"submissionId": subject, "progress": [task], "total": 1})
        );
    }
    assert_eq!(
        node.result("evaluation_getProgress", json!(["unknown"]))
            .await,
        json!({"submissionId": "unknown", "progress": [], "total": 0})
    );
    assert_eq!(
        node.result("evaluation_getLogs", json!([SUBMISSION])).await,
        json!({"submissionId": SUBMISSION, "logs": "task t1: passed\n", "validated": true,
            "logHash": HASH, "matchesLocal": true})
    );
    assert_eq!(
        node.result("evaluation_getLogs", json!({"submissionId": "x"}))
            .await,
        json!({"submissionId": "x", "logs": null, "validated": false, "logHash": null,
            "matchesLocal": null})
    );
    let hex = miner_key().to_hex();
    assert_eq!(
        node.result("agent_getCode", json!([hex, 7])).await,
        json!({"minerHotkey": hex, "entry": {"submissionId": SUBMISSION,
            "challenge": CHALLENGE, "epoch": 7, "name": "agent", "packageHash": HASH,
            "sizeBytes": 3, "package": "UEsD"}})
    );
    assert_eq!(
        node.result("agent_getCode", json!({"miner_hotkey": "ab".repeat(32)}))
            .await,
        json!({"minerHotkey": "ab".repeat(32), "entry": null})
    );
    assert_eq!(
        node.result("agent_getLogs", json!({"minerHotkey": hex, "epoch": 6}))
            .await,
        json!({"minerHotkey": hex, "total": 1, "logs": [{"submissionId": SUBMISSION,
            "challenge": CHALLENGE, "epoch": 7, "status": "executed", "score": 7_500,
            "logHash": HASH, "preview": "task t1"}]})
    );
    assert_eq!(
        *node.node.seen.lock().unwrap().last().unwrap(),
        Seen::Agent(miner_key(), Some(6))
    );
    assert_eq!(
        node.error("agent_getCode", json!(["nobody"])).await,
        (-32_602, "Invalid hotkey format".into())
    );
}

#[tokio::test]
async fn submissions() {
    let node = Harness::start().await;
    let reason = json!({"code": "ast_rejected", "text": "import of socket", "fault": "miner"});
    let (miner, validator) = (miner_key().to_ss58(), validator_key().to_ss58());
    assert_eq!(
        node.result("submission_get", json!({"submissionId": SUBMISSION}))
            .await,
        json!({"submissionId": SUBMISSION, "challenge": CHALLENGE, "hotkey": miner,
            "name": "agent", "sequence": 0, "epoch": 7, "status": "agreed", "reason": reason,
            "score": 7_500, "scoreFloat": 0.75, "logHash": HASH, "height": 12,
            "steps": [{"status": "received", "timeMs": 1_000, "height": null,
                "chainBlock": null, "reason": null}],
            "approvals": [{"hotkey": validator, "stake": 10, "verdict": "approve", "code": "",
                "text": ""}],
            "votes": [{"hotkey": validator, "stake": 10, "logHash": HASH, "score": 7_500,
                "agrees": true, "doubleVote": false}],
            "agreedStake": 10, "totalStake": 15})
    );
    assert_eq!(
        node.error("submission_get", json!([HASH])).await,
        (-32_006, format!("Submission '{HASH}' not found"))
    );
    assert_eq!(
        node.error("submission_get", json!(["short"])).await,
        (
            -32_602,
            "Invalid 'submissionId' parameter: expected 64 hex digits".into()
        )
    );
    let filters = json!({"hotkey": miner, "challenge": challenge_uuid(CHALLENGE),
        "status": "agreed", "limit": 5, "offset": 2});
    assert_eq!(
        node.result("submission_list", filters).await,
        json!({"total": 1, "submissions": [{"submissionId": SUBMISSION, "challenge": CHALLENGE,
            "hotkey": miner, "name": "agent", "sequence": 0, "epoch": 7, "status": "agreed",
            "reason": reason, "score": 7_500, "scoreFloat": 0.75, "logHash": HASH,
            "height": 12, "receivedMs": 1_000, "updatedMs": 1_000}]})
    );
    assert_eq!(
        *node.node.seen.lock().unwrap().last().unwrap(),
        Seen::Query(SubmissionQuery {
            hotkey: Some(miner_key()),
            challenge: Some(CHALLENGE.into()),
            status: Some(SubmissionStatus::Agreed),
            limit: 5,
            offset: 2,
        })
    );
    let (code, text) = node
        .error("submission_list", json!({"status": "done"}))
        .await;
    assert_eq!(code, -32_602);
    assert!(text.contains("expected received, approved"), "{text}");
}

#[tokio::test]
async fn sending_a_submission() {
    let node = Harness::start().await;
    assert_eq!(
        node.result(
            "submission_send",
            json!({"header": "0a0B", "payload": "UEsD"})
        )
        .await,
        json!({"submissionId": SUBMISSION, "status": "received"})
    );
    assert_eq!(
        *node.node.seen.lock().unwrap().last().unwrap(),
        Seen::Submission(vec![10, 11], b"PK\x03".to_vec())
    );
    let forged = json!({"header": hex::encode("forged"), "payload": ""});
    assert_eq!(
        node.respond("submission_send", forged).await["error"],
        json!({"code": -32_007, "message": "submission refused: signature does not verify (bad_signature)",
            "data": {"code": "bad_signature", "text": "signature does not verify",
                "fault": "miner"}})
    );
    let busy = json!([hex::encode("busy"), ""]);
    assert_eq!(
        node.error("submission_send", busy).await,
        (-32_008, "mempool is full".into())
    );
    for params in [
        json!({"header": "xyz", "payload": ""}),
        json!({"header": "00", "payload": "?"}),
        json!({"header": "00".repeat(5_000), "payload": ""}),
        json!({"header": "00"}),
    ] {
        assert_eq!(node.error("submission_send", params).await.0, -32_602);
    }
    let oversized = json!(["00", "A".repeat(2_200_000)]);
    let error = node.respond("submission_send", oversized).await["error"].take();
    assert_eq!(error["code"], -32_007);
    assert_eq!(error["data"]["code"], "payload_too_large");
    assert_eq!(node.node.seen.lock().unwrap().len(), 1);
}

#[tokio::test]
async fn weights() {
    let node = Harness::start().await;
    let entries = json!([{"hotkey": miner_key().to_ss58(), "uid": 4, "weight": 65_535}]);
    let validator = validator_key().to_ss58();
    assert_eq!(
        node.result("weights_get", json!([6])).await,
        json!({"epoch": 6, "status": "onchain", "weightsHash": HASH, "height": 20,
            "chainBlock": 790, "entries": entries,
            "votes": [{"hotkey": validator, "stake": 10, "weightsHash": HASH, "agrees": true,
                "doubleVote": false}],
            "agreedStake": 10, "totalStake": 15,
            "chain": [{"hotkey": validator, "uid": 0, "block": 791, "entries": entries,
                "matches": true}],
            "submission": {"stage": "taken", "reason": null, "method": "timelocked",
                "revealEpoch": 8, "block": 791, "attempts": [{"head": 789, "timeMs": 1_000,
                    "call": "commit_timelocked_mechanism_weights",
                    "extrinsic": format!("0x{HASH}"), "result": "in block 791", "times": 1}]},
            "history": [{"epoch": 6, "status": "agreed", "weightsHash": null,
                "entriesCount": 1, "agreedStake": 15, "totalStake": 15, "submission": null}]})
    );
    assert_eq!(node.result("weights_get", json!({})).await["epoch"], 7);
    assert_eq!(
        *node.node.seen.lock().unwrap(),
        [Seen::Weights(Some(6)), Seen::Weights(None)]
    );
}
