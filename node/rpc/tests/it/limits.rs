//! What a caller may take of the node, and how the server stops.

use std::time::Duration;

use assay_rpc::RateLimit;
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::fake_node::CHALLENGE;
use crate::harness::Harness;

const FOUR_MIB: usize = 4 * 1024 * 1024;

#[tokio::test]
async fn oversized_bodies_are_refused_with_an_answer() {
    let node = Harness::start().await;
    let answer = node.post(" ".repeat(FOUR_MIB + 1)).await;
    assert_eq!(answer.status, 413);
    assert_eq!(answer.json()["error"]["code"], -32_600);
    let request = node
        .http
        .post(format!("{}/challenge/{CHALLENGE}/echo", node.url))
        .header("content-type", "application/json")
        .body(" ".repeat(FOUR_MIB + 1));
    let answer = node.send(request).await;
    assert_eq!(answer.status, 413);
    assert_eq!(answer.json()["error"], "invalid_body");

    let request = r#"{"jsonrpc":"2.0","id":1,"method":"validator_count"}"#;
    let padded = format!("{request}{}", " ".repeat(FOUR_MIB - request.len()));
    assert_eq!(node.post(padded).await.json()["result"], 2);
}

#[tokio::test]
async fn a_body_without_a_length_is_bounded_too() {
    let node = Harness::start().await;
    let mut stream = TcpStream::connect(node.server.local_addr()).await.unwrap();
    let head = "POST / HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n\
                transfer-encoding: chunked\r\n\r\n";
    stream.write_all(head.as_bytes()).await.unwrap();
    let chunk = format!("100000\r\n{}\r\n", " ".repeat(0x10_0000));
    for _ in 0..5 {
        stream.write_all(chunk.as_bytes()).await.unwrap();
    }
    stream.write_all(b"0\r\n\r\n").await.unwrap();
    let mut start = [0; 12];
    stream.read_exact(&mut start).await.unwrap();
    assert_eq!(&start, b"HTTP/1.1 413");
}

#[tokio::test]
async fn a_flood_is_refused_until_tokens_come_back() {
    let node = Harness::with(|config| {
        config.loopback_rate = RateLimit {
            burst: 3,
            per_second: 1,
        };
    })
    .await;
    let call = r#"{"jsonrpc":"2.0","id":1,"method":"validator_count"}"#;
    let batch = format!("[{call},{call},{call},{call}]");
    let refused = node.post(batch.clone()).await;
    assert_eq!(refused.status, 429);
    assert_eq!(refused.json()["error"]["code"], -32_008);
    assert_eq!(refused.headers["retry-after"], "1");
    assert_eq!(node.post(call).await.status, 200);
    assert_eq!(node.get("/health").await.status, 200);
    let refused = node.get(&format!("/challenge/{CHALLENGE}/stats")).await;
    assert_eq!(refused.status, 429);
    assert_eq!(refused.json()["error"], "rate_limited");
    node.clock.advance_secs(2);
    let both = format!("[{call},{call}]");
    assert_eq!(node.post(both.clone()).await.status, 200);
    assert_eq!(node.post(both).await.status, 429);
}

#[tokio::test]
async fn a_module_that_hangs_is_cut_off() {
    let node = Harness::with(|config| config.call_deadline = Duration::from_millis(50)).await;
    let call = json!({"challengeId": CHALLENGE, "path": "/slow"});
    assert_eq!(
        node.error("challenge_call", call).await,
        (-32_009, "not done within 50 ms".into())
    );
    let answer = node.get(&format!("/challenge/{CHALLENGE}/slow")).await;
    assert_eq!(answer.status, 504);
    assert_eq!(answer.json()["error"], "deadline_exceeded");
}

#[tokio::test]
async fn a_call_too_many_is_refused_while_health_still_answers() {
    let node = Harness::with(|config| {
        config.calls_max = 1;
        config.call_deadline = Duration::from_secs(2);
    })
    .await;
    let count = r#"{"jsonrpc":"2.0","id":1,"method":"validator_count"}"#;
    let gate = format!("/challenge/{CHALLENGE}/gate");
    let others = async {
        node.node.at_gate.notified().await;
        let health = node.get("/health").await.status;
        let route = node.get(&gate);
        let (call, route) = tokio::join!(node.post(count), route);
        node.node.gate.notify_one();
        (health, call, route)
    };
    let (held, (health, call, route)) = tokio::join!(node.get(&gate), others);
    assert_eq!((held.status, health), (200, 200));
    assert_eq!((call.status, route.status), (503, 503));
    assert_eq!(call.json()["error"]["code"], -32_008);
    assert_eq!(route.json()["error"], "busy");
    assert_eq!(node.post(count).await.status, 200);
}

#[tokio::test]
async fn a_waiting_call_runs_when_another_ends() {
    let node = Harness::with(|config| config.calls_max = 1).await;
    let gate = format!("/challenge/{CHALLENGE}/gate");
    let second = async {
        node.node.at_gate.notified().await;
        let call = node.result("validator_count", json!({}));
        let release = async { node.node.gate.notify_one() };
        tokio::join!(call, release).0
    };
    let (first, second) = tokio::join!(node.get(&gate), second);
    assert_eq!((first.status, second), (200, json!(2)));
}

#[tokio::test]
async fn a_panic_in_the_node_costs_one_connection() {
    let node = Harness::start().await;
    let url = format!("{}/challenge/{CHALLENGE}/panic", node.url);
    assert!(node.http.get(url).send().await.is_err());
    assert_eq!(node.result("validator_count", json!({})).await, json!(2));
}

#[tokio::test]
async fn a_head_that_never_ends_or_never_starts_is_cut_off() {
    let node = Harness::with(|config| config.head_deadline = Duration::from_millis(50)).await;
    let mut rest = Vec::new();
    let both_cut = async {
        for head in ["POST / HTTP/1.1\r\nhost:", ""] {
            let mut stream = TcpStream::connect(node.server.local_addr()).await.unwrap();
            stream.write_all(head.as_bytes()).await.unwrap();
            let _ = stream.read_to_end(&mut rest).await;
        }
    };
    // Far above the deadline, far below the 30 s that hyper has by itself.
    let patience = Duration::from_secs(15);
    tokio::time::timeout(patience, both_cut).await.unwrap();
    let mut endless = TcpStream::connect(node.server.local_addr()).await.unwrap();
    let head = format!("GET /health HTTP/1.1\r\nx: {}", "x".repeat(100_000));
    let _ = endless.write_all(head.as_bytes()).await;
    let _ = endless.read_to_end(&mut rest).await;
    assert!(!rest.windows(12).any(|window| window == b"HTTP/1.1 200"));
}

#[tokio::test]
async fn shutdown_cuts_hanging_calls_after_the_grace_time() {
    let node = Harness::with(|config| {
        config.shutdown_grace = Duration::from_millis(50);
        config.call_deadline = Duration::from_secs(3_600);
    })
    .await;
    let address = node.server.local_addr();
    let mut hanging = TcpStream::connect(address).await.unwrap();
    let head = format!("GET /challenge/{CHALLENGE}/slow HTTP/1.1\r\nhost: x\r\n\r\n");
    hanging.write_all(head.as_bytes()).await.unwrap();
    assert_eq!(node.get("/health").await.status, 200);
    node.server.shutdown().await;
    let mut rest = Vec::new();
    let cut = tokio::time::timeout(Duration::from_secs(15), hanging.read_to_end(&mut rest));
    let _ = cut.await.expect("the connection is cut");
    assert!(TcpStream::connect(address).await.is_err());
}

#[tokio::test]
async fn shutdown_lets_running_calls_end() {
    let node = Harness::start().await;
    let Harness {
        node: fake,
        http,
        url,
        server,
        ..
    } = node;
    let gate = http.get(format!("{url}/challenge/{CHALLENGE}/gate"));
    let stop = async {
        fake.at_gate.notified().await;
        let address = server.local_addr();
        let release = async {
            while TcpStream::connect(address).await.is_ok() {
                tokio::task::yield_now().await;
            }
            fake.gate.notify_one();
        };
        tokio::join!(server.shutdown(), release);
    };
    let (answer, ()) = tokio::join!(gate.send(), stop);
    assert_eq!(answer.unwrap().status(), 200);
}
