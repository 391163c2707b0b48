//! What clients read.

use std::{string::String, vec, vec::Vec};

use assay_challenge_sdk::{Challenge, abi::WasmRouteRequest};
use serde_json::{Value, json};

use super::fixtures::{Miner, Node};
use crate::TermChallenge;

fn fields(value: &Value) -> Vec<&str> {
    value
        .as_object()
        .unwrap()
        .keys()
        .map(String::as_str)
        .collect()
}

#[test]
fn leaderboard_rows_have_the_contracts_fields() {
    let (miner, mut node) = (Miner::new(1), Node::new());
    node.submit(&miner, 5, 3);
    let (status, rows) = node.get("/leaderboard");
    assert_eq!(status, 200);
    let ss58 = miner.hotkey().to_ss58();
    assert_eq!(
        rows,
        json!([{
            "rank": 1, "hotkey": ss58, "miner_hotkey": ss58, "score": 0.75, "weight": 0.75,
            "pass_rate": 0.75, "submissions": 1, "last_epoch": 5,
            "last_submission": 1_700_000_000_001i64
        }])
    );
}

#[test]
fn the_leaderboard_is_paged() {
    let mut node = Node::new();
    for (seed, passed) in [(1, 1), (2, 3), (3, 2)] {
        node.submit(&Miner::new(seed), 0, passed);
    }
    let ranks = |path: &str| -> Vec<(u64, f64)> {
        let (_, rows) = node.get(path);
        let rows = rows.as_array().unwrap().iter();
        rows.map(|row| {
            (
                row["rank"].as_u64().unwrap(),
                row["score"].as_f64().unwrap(),
            )
        })
        .collect()
    };
    assert_eq!(ranks("/leaderboard"), [(1, 0.75), (2, 0.5), (3, 0.25)]);
    assert_eq!(ranks("/leaderboard?limit=1&offset=1"), [(2, 0.5)]);
    assert_eq!(ranks("/leaderboard?offset=18446744073709551615"), []);
    assert_eq!(node.get("/leaderboard?limit=-1").0, 400);
}

#[test]
fn stats_and_decay_have_the_contracts_fields_from_the_start() {
    let mut node = Node::new();
    assert_eq!(
        node.get("/stats").1,
        json!({"total_submissions": 0, "active_miners": 0})
    );
    let decay_fields = [
        "achieved_epoch",
        "agent_hash",
        "current_burn_percent",
        "decay_active",
        "epochs_stale",
        "score",
    ];
    assert_eq!(fields(&node.get("/decay").1), decay_fields);
    node.submit(&Miner::new(1), 0, 2);
    node.submit(&Miner::new(2), 0, 1);
    node.submit(&Miner::new(1), 3, 1);
    assert_eq!(
        node.get("/stats").1,
        json!({"total_submissions": 3, "active_miners": 2})
    );
    node.set_epoch(80);
    let (_, decay) = node.get("/decay");
    assert_eq!(fields(&decay), decay_fields);
    assert_eq!(decay["epochs_stale"], 80);
    assert_eq!(decay["decay_active"], true);
    assert_eq!(decay["current_burn_percent"], 50.0);
}

#[test]
fn submissions_are_listed_newest_first() {
    let mut node = Node::new();
    for seed in 1..=3 {
        node.submit(&Miner::new(seed), 0, 1);
    }
    let ids = |path: &str| -> Vec<String> {
        let (_, page) = node.get(path);
        assert_eq!(page["total"], 3);
        let rows = page["submissions"].as_array().unwrap().iter();
        rows.map(|row| row["submission_id"].as_str().unwrap()[..2].into())
            .collect()
    };
    assert_eq!(ids("/submissions"), ["03", "02", "01"]);
    assert_eq!(ids("/submissions?limit=1&offset=1"), ["02"]);
    assert_eq!(ids("/submissions?offset=9"), Vec::<String>::new());
}

#[test]
fn the_journey_tells_each_step_with_time_block_and_reason() {
    let (miner, mut node) = (Miner::new(1), Node::new());
    node.submit(&miner, 0, 2);
    for spelling in [miner.hotkey().to_ss58(), miner.hotkey().to_hex()] {
        let (status, journey) = node.get(&std::format!("/agent/{spelling}/journey"));
        assert_eq!(status, 200);
        assert_eq!(journey["status"], "completed");
        let steps = journey["steps"].as_array().unwrap();
        let names: Vec<&str> = steps
            .iter()
            .map(|step| step["status"].as_str().unwrap())
            .collect();
        assert_eq!(
            names,
            [
                "pending",
                "ast_review",
                "llm_review",
                "evaluating",
                "completed"
            ]
        );
        assert_eq!(
            steps[2]["reason"],
            "skipped: review by language models is not enabled"
        );
        assert_eq!(steps[4]["block_height"], 101);
        assert_eq!(steps[4]["timestamp_ms"], 1_700_000_000_001i64);
    }
}

#[test]
fn code_logs_and_reviews_are_found_by_epoch_and_id() {
    let (miner, mut node) = (Miner::new(1), Node::new());
    node.submit(&miner, 0, 1);
    node.submit(&miner, 3, 2);
    let hotkey = miner.hotkey();
    let (_, last) = node.get(&std::format!("/agent/{hotkey}/logs"));
    assert_eq!(last["epoch"], 3);
    let (_, first) = node.get(&std::format!("/agent/{hotkey}/logs?epoch=0"));
    assert_eq!(first["passed"], 1);
    let (_, code) = node.get(&std::format!("/agent/{hotkey}/code"));
    assert!(
        code["package_base64"]
            .as_str()
            .unwrap()
            .starts_with("UEsDB")
    );
    let (_, review) = node.get(&std::format!("/ast/0x{}", "02".repeat(32)));
    assert_eq!(review["files_checked"], 2);
    assert_eq!(
        node.get(&std::format!("/agent/{hotkey}/logs?epoch=1")).0,
        404
    );
}

#[test]
fn dataset_and_policy_are_those_of_the_last_evaluation() {
    let mut node = Node::new();
    assert_eq!(node.get("/dataset").0, 404);
    node.submit(&Miner::new(1), 0, 1);
    let (_, dataset) = node.get("/dataset");
    assert_eq!(dataset["total"], 4);
    assert_eq!(dataset["evidence"], "reported");
    assert_eq!(dataset["tasks"][0]["id"], "task-0");
    assert_eq!(
        node.get("/config/whitelist").1,
        json!({"python_policy": "term"})
    );
}

#[test]
fn unknown_things_and_bad_parameters_are_named() {
    let node = Node::new();
    let hotkey = Miner::new(1).hotkey();
    for (path, status) in [
        (String::from("/nothing"), 404),
        (String::from("/review/1"), 404),
        (String::from("/submission/nobody"), 404),
        (std::format!("/submissions/{}", "00".repeat(32)), 404),
        (String::from("/submissions/xyz"), 400),
        (String::from("/ast/"), 404),
        (std::format!("/agent/{hotkey}/journey"), 404),
        (std::format!("/agent/{hotkey}/logs"), 404),
        (String::from("/agent/someone/logs"), 400),
        (std::format!("/agent/{hotkey}/code?epoch=x"), 400),
    ] {
        let (got, body) = node.get(&path);
        assert_eq!(got, status, "{path}");
        assert_eq!(fields(&body), ["error", "message"]);
    }
}

#[test]
fn captured_parameters_of_the_host_are_used() {
    let (miner, mut node) = (Miner::new(1), Node::new());
    node.submit(&miner, 0, 1);
    let request = WasmRouteRequest {
        method: "GET".into(),
        path: "/agent/:hotkey/logs".into(),
        params: vec![("hotkey".into(), miner.hotkey().to_hex())],
        ..WasmRouteRequest::default()
    };
    assert_eq!(TermChallenge.handle_route(&node.host, request).status, 200);
}

#[test]
fn every_route_in_the_table_is_answered() {
    let (miner, mut node) = (Miner::new(1), Node::new());
    node.submit(&miner, 0, 1);
    for route in TermChallenge.routes() {
        let name = std::format!("agent-of-{}", &miner.hotkey().to_hex()[..8]);
        let path = route
            .path
            .replace(":hotkey", &miner.hotkey().to_ss58())
            .replace(":id", &"01".repeat(32))
            .replace(":name", &name);
        assert_eq!(node.get(&path).0, 200, "{path}");
        assert!(!route.requires_auth && route.method == "GET" && !route.description.is_empty());
    }
}
