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
async fn hanging_calls_make_others_wait_and_then_refuse_them() {
    let node = Harness::with(|config| {
        config.calls_max = 1;
        config.call_deadline = Duration::from_millis(200);
    })
    .await;
    let path = format!("/challenge/{CHALLENGE}/slow");
    let count = r#"{"jsonrpc":"2.0","id":1,"method":"validator_count"}"#;
    let (slow, first, second) = tokio::join!(node.get(&path), node.get(&path), node.get("/health"));
    let mut statuses = [slow.status, first.status];
    statuses.sort_unstable();
    assert!(statuses == [503, 504] || statuses == [504, 504]);
    assert_eq!(second.status, 200);
    assert_eq!(node.post(count).await.status, 200);
}

#[tokio::test]
async fn a_panic_in_the_node_costs_one_connection() {
    let node = Harness::start().await;
    let url = format!("{}/challenge/{CHALLENGE}/panic", node.url);
    assert!(node.http.get(url).send().await.is_err());
    assert_eq!(node.result("validator_count", json!({})).await, json!(2));
}

#[tokio::test]
async fn a_head_that_never_ends_is_cut_off() {
    let node = Harness::with(|config| config.head_deadline = Duration::from_millis(50)).await;
    let mut stream = TcpStream::connect(node.server.local_addr()).await.unwrap();
    stream.write_all(b"POST / HTTP/1.1\r\nhost:").await.unwrap();
    let mut rest = Vec::new();
    let _ = stream.read_to_end(&mut rest).await;
    let mut endless = TcpStream::connect(node.server.local_addr()).await.unwrap();
    let head = format!("GET /health HTTP/1.1\r\nx: {}", "x".repeat(100_000));
    let _ = endless.write_all(head.as_bytes()).await;
    let _ = endless.read_to_end(&mut rest).await;
    assert!(!rest.windows(12).any(|window| window == b"HTTP/1.1 200"));
}

#[tokio::test]
async fn shutdown_waits_for_running_calls_and_cuts_hanging_ones() {
    let node = Harness::with(|config| config.shutdown_grace = Duration::from_millis(50)).await;
    let address = node.server.local_addr();
    let mut hanging = TcpStream::connect(address).await.unwrap();
    let head = format!("GET /challenge/{CHALLENGE}/slow HTTP/1.1\r\nhost: x\r\n\r\n");
    hanging.write_all(head.as_bytes()).await.unwrap();
    assert_eq!(node.get("/health").await.status, 200);
    node.server.shutdown().await;
    let mut rest = Vec::new();
    let _ = hanging.read_to_end(&mut rest).await;
    assert!(TcpStream::connect(address).await.is_err());
}
