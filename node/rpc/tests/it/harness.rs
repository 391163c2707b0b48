//! Starts a server in front of a [`FakeNode`] and speaks plain HTTP to it.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use assay_rpc::{Clock, RpcConfig, RpcMetrics, ServerHandle, serve};
use prometheus_client::metrics::counter::Counter;
use prometheus_client::registry::Registry;
use serde_json::{Value, json};
use tokio::net::TcpListener;

use crate::fake_node::FakeNode;

/// 2023-11-14T22:13:20Z.
pub const NOW_SECS: u64 = 1_700_000_000;

/// A clock that stands still until a test moves it.
pub struct FakeClock(AtomicU64);

impl FakeClock {
    pub fn advance_secs(&self, secs: u64) {
        self.0.fetch_add(secs * 1_000, Ordering::SeqCst);
    }
}

impl Clock for FakeClock {
    fn unix_ms(&self) -> u64 {
        self.0.load(Ordering::SeqCst)
    }

    fn monotonic_ms(&self) -> u64 {
        self.0.load(Ordering::SeqCst)
    }
}

pub struct Harness {
    pub node: Arc<FakeNode>,
    pub clock: Arc<FakeClock>,
    pub url: String,
    pub http: reqwest::Client,
    pub server: ServerHandle,
}

/// An HTTP answer.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub content_type: String,
    pub headers: reqwest::header::HeaderMap,
    pub bytes: Vec<u8>,
}

impl Answer {
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.bytes)
            .unwrap_or_else(|error| panic!("expected JSON ({error}), got {self:?}"))
    }
}

impl Harness {
    pub async fn start() -> Harness {
        Harness::with(|_| {}).await
    }

    pub async fn with(change: impl FnOnce(&mut RpcConfig)) -> Harness {
        let node = Arc::new(FakeNode::default());
        let clock = Arc::new(FakeClock(AtomicU64::new(NOW_SECS * 1_000)));
        let mut registry = Registry::default();
        let counter: Counter = Counter::default();
        counter.inc();
        registry.register("assay_blocks", "Executed blocks", counter);
        let metrics = RpcMetrics::register(&mut registry);
        let mut config = RpcConfig::new("0.1.0", Arc::new(registry));
        config.metrics = metrics;
        config.clock = Arc::clone(&clock) as Arc<dyn Clock>;
        change(&mut config);
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let server = serve(listener, Arc::clone(&node) as _, config).unwrap();
        let url = format!("http://{}", server.local_addr());
        let http = reqwest::Client::builder().no_proxy().build().unwrap();
        Harness {
            node,
            clock,
            url,
            http,
            server,
        }
    }

    pub async fn send(&self, request: reqwest::RequestBuilder) -> Answer {
        let response = request.send().await.unwrap();
        let headers = response.headers().clone();
        Answer {
            status: response.status().as_u16(),
            content_type: headers
                .get("content-type")
                .map(|value| value.to_str().unwrap().to_owned())
                .unwrap_or_default(),
            headers,
            bytes: response.bytes().await.unwrap().to_vec(),
        }
    }

    /// POSTs a text as JSON to the base URL.
    pub async fn post(&self, body: impl Into<String>) -> Answer {
        let request = self
            .http
            .post(&self.url)
            .header("content-type", "application/json")
            .body(body.into());
        self.send(request).await
    }

    pub async fn get(&self, path: &str) -> Answer {
        self.send(self.http.get(format!("{}{path}", self.url)))
            .await
    }

    /// A call with id 1: the whole response, which must come with HTTP 200.
    pub async fn respond(&self, method: &str, params: Value) -> Value {
        let request = json!({"jsonrpc": "2.0", "id": 1, "method": method, "params": params});
        let answer = self.post(request.to_string()).await;
        assert_eq!(answer.status, 200, "{method}: {answer:?}");
        let response = answer.json();
        assert_eq!(response["jsonrpc"], "2.0");
        assert_eq!(response["id"], 1);
        response
    }

    /// The result of a call.
    pub async fn result(&self, method: &str, params: Value) -> Value {
        let mut response = self.respond(method, params).await;
        assert_eq!(response.get("error"), None, "{method}");
        response["result"].take()
    }

    /// Code and message of a failing call.
    pub async fn error(&self, method: &str, params: Value) -> (i64, String) {
        let response = self.respond(method, params).await;
        assert_eq!(response.get("result"), None, "{method}");
        let error = &response["error"];
        (
            error["code"].as_i64().unwrap(),
            error["message"].as_str().unwrap().to_owned(),
        )
    }
}
