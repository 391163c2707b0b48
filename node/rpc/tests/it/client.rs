//! The client of `assay-api` against the server.

use std::time::Duration;

use assay_api::challenge::{ChallengeCallParams, LeaderboardParams};
use assay_api::evaluation::AgentParams;
use assay_api::submission::{SubmissionListParams, SubmissionSendParams, SubmissionStatus};
use assay_api::validator::PageParams;
use assay_api::{ClientError, ClientOptions, RpcClient, codes};
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use crate::fake_node::{CHALLENGE, SUBMISSION, Seen, journey, miner_key};
use crate::harness::Harness;

#[tokio::test]
async fn every_typed_method_reads_its_answer() {
    let node = Harness::start().await;
    let client = RpcClient::new(&node.url).unwrap();
    let hotkey = miner_key().to_ss58();
    let agent = AgentParams {
        miner_hotkey: hotkey.clone(),
        epoch: Some(7),
    };
    client.system_health().await.unwrap();
    assert_eq!(client.system_version().await.unwrap(), "0.1.0");
    client.system_name().await.unwrap();
    client.system_properties().await.unwrap();
    client.chain_get_head().await.unwrap();
    client.rpc_methods().await.unwrap();
    client.epoch_current().await.unwrap();
    client.epoch_get_phase().await.unwrap();
    assert_eq!(client.validator_count().await.unwrap(), 2);
    let listed = client.validator_list(&PageParams::default()).await.unwrap();
    client
        .validator_get(&listed.validators[0].hotkey)
        .await
        .unwrap();
    client.metagraph_hotkeys().await.unwrap();
    assert!(
        client
            .metagraph_is_registered(&hotkey)
            .await
            .unwrap()
            .is_registered
    );
    assert_eq!(client.challenge_list(true).await.unwrap().total, 1);
    client.challenge_get(CHALLENGE).await.unwrap();
    client.challenge_get_routes(CHALLENGE).await.unwrap();
    client.challenge_list_all_routes().await.unwrap();
    let call = ChallengeCallParams {
        challenge_id: CHALLENGE.into(),
        method: Some("POST".into()),
        path: Some("/echo".into()),
        body: json!({"x": 1}),
        query: Some([("q".to_owned(), "1".to_owned())].into()),
        headers: None,
    };
    let echoed = client.challenge_call(&call).await.unwrap();
    assert_eq!(echoed.body["body"], json!({"x": 1}));
    let leaderboard = LeaderboardParams {
        challenge_id: CHALLENGE.into(),
        limit: None,
        offset: None,
    };
    client.leaderboard_get(&leaderboard).await.unwrap();
    client.evaluation_get_progress(&hotkey).await.unwrap();
    client.evaluation_get_logs(SUBMISSION).await.unwrap();
    client.agent_get_code(&agent).await.unwrap();
    client.agent_get_logs(&agent).await.unwrap();
    client.subnet_get_weights().await.unwrap();
    let submission = SubmissionSendParams::encode(&[0, 0xab], b"PK");
    let receipt = client.submission_send(&submission).await.unwrap();
    assert_eq!(receipt.status, SubmissionStatus::Received);
    assert_eq!(
        *node.node.seen.lock().unwrap().last().unwrap(),
        Seen::Submission(vec![0, 0xab], b"PK".to_vec())
    );
    assert_eq!(client.submission_get(SUBMISSION).await.unwrap(), journey());
    let filter = SubmissionListParams {
        status: Some(SubmissionStatus::Agreed),
        ..SubmissionListParams::default()
    };
    client.submission_list(&filter).await.unwrap();
    client.weights_get(Some(3)).await.unwrap();
    client.node_status().await.unwrap();
}

#[tokio::test]
async fn failures_say_what_they_are() {
    let node = Harness::with(|config| config.call_deadline = Duration::from_millis(50)).await;
    let client = RpcClient::new(&format!("{}/rpc", node.url)).unwrap();
    let missing = client.challenge_get("nothing").await.unwrap_err();
    assert_eq!(missing.rpc_code(), Some(codes::CHALLENGE_NOT_FOUND));
    assert!(!missing.is_retryable());
    let slow = ChallengeCallParams {
        challenge_id: CHALLENGE.into(),
        path: Some("/slow".into()),
        ..ChallengeCallParams::default()
    };
    let slow = client.challenge_call(&slow).await.unwrap_err();
    assert_eq!(slow.rpc_code(), Some(codes::DEADLINE_EXCEEDED));
    assert!(slow.is_retryable());
    let mistyped = client.call::<u64>("system_name", json!({})).await;
    assert!(matches!(mistyped, Err(ClientError::Undecodable { .. })));

    let elsewhere = RpcClient::new(&format!("{}/nowhere", node.url)).unwrap();
    let error = elsewhere.system_health().await.unwrap_err();
    assert!(matches!(error, ClientError::Status { status: 404, .. }));

    node.server.shutdown().await;
    let error = client.system_health().await.unwrap_err();
    assert!(matches!(error, ClientError::Unreachable { .. }), "{error}");
    assert!(error.is_retryable());
    for url in ["", "node:8080", "https://node", "ftp://node"] {
        assert!(matches!(
            RpcClient::new(url),
            Err(ClientError::BadUrl { .. })
        ));
    }
}

/// A server that answers every connection with these bytes; nothing at all makes it hang.
async fn answering(bytes: &'static [u8]) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut request = [0; 4_096];
        let _ = stream.read(&mut request).await;
        stream.write_all(bytes).await.unwrap();
        if bytes.is_empty() {
            std::future::pending::<()>().await;
        }
    });
    url
}

#[tokio::test]
async fn a_hostile_server_costs_a_bounded_answer_and_time() {
    let options = ClientOptions {
        request_timeout: Duration::from_millis(300),
        response_max_bytes: 64,
        ..ClientOptions::default()
    };
    let silent = RpcClient::with_options(&answering(b"").await, options).unwrap();
    let error = silent.system_version().await.unwrap_err();
    assert!(matches!(
        error,
        ClientError::Timeout {
            timeout_ms: 300,
            ..
        }
    ));

    let long = b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n\
        xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx";
    let long = RpcClient::with_options(&answering(long).await, options).unwrap();
    let error = long.system_version().await.unwrap_err();
    assert!(matches!(
        error,
        ClientError::TooLarge {
            limit_bytes: 64,
            ..
        }
    ));

    let other = b"HTTP/1.1 200 OK\r\ncontent-length: 40\r\n\r\n{\"jsonrpc\":\"2.0\",\"result\":\"x\",\"id\":9999}";
    let other = RpcClient::with_options(&answering(other).await, options).unwrap();
    let error = other.system_version().await.unwrap_err();
    assert!(
        matches!(&error, ClientError::Undecodable { reason, .. } if reason.contains("another")),
        "{error}"
    );

    let redirect = b"HTTP/1.1 302 Found\r\nlocation: /x\r\ncontent-length: 0\r\n\r\n";
    let redirect = RpcClient::with_options(&answering(redirect).await, options).unwrap();
    let error = redirect.system_version().await.unwrap_err();
    assert!(matches!(error, ClientError::Status { status: 302, .. }));
}
