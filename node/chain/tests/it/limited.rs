//! An endpoint in front of a node that lacks methods, or answers some requests in its own way.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use jsonrpsee::core::SubscriptionResult;
use jsonrpsee::server::{Server, ServerHandle};
use jsonrpsee::types::{ErrorObjectOwned, Params};
use jsonrpsee::{PendingSubscriptionSink, RpcModule};
use serde_json::Value;
use serde_json::value::RawValue;
use subxt::rpcs;
use subxt::rpcs::client::RpcClient;

/// What the endpoint passes on, as far as it has it.
const METHODS: [&str; 13] = [
    "author_submitExtrinsic",
    "chain_getBlock",
    "chain_getBlockHash",
    "chain_getFinalizedHead",
    "chain_getHeader",
    "state_call",
    "state_getKeysPaged",
    "state_getMetadata",
    "state_getRuntimeVersion",
    "state_getStorage",
    "state_queryStorageAt",
    "system_accountNextIndex",
    "system_chain",
];

/// What is different from the node.
#[derive(Clone)]
pub enum Limit {
    /// The method doesn't exist.
    Lacks(&'static str),
    /// Requests of the method whose parameters contain the text fail with a code and a message.
    Fails(&'static str, String, i32, &'static str),
    /// Requests of the method whose parameters contain the text get this answer.
    Answers(&'static str, String, Value),
    /// Requests of the method are passed on, and count as answered in its own way.
    Counts(&'static str),
    /// Requests with the first text in their parameters are passed on with the second in its place.
    Reads(String, String),
}

/// Storage key of an item, or the beginning of its keys.
pub fn key_of(pallet: &str, item: &str) -> String {
    let hashes = [pallet, item].map(|name| sp_crypto_hashing::twox_128(name.as_bytes()));
    hex::encode(hashes.concat())
}

/// A running endpoint.
pub struct Limited {
    pub url: String,
    handle: ServerHandle,
    own_answers: Arc<AtomicU64>,
}

struct Shared {
    node: RpcClient,
    limits: Vec<Limit>,
    own_answers: Arc<AtomicU64>,
}

impl Limited {
    /// An endpoint in front of the node at a URL.
    pub async fn start(node: &str, limits: &[Limit]) -> Limited {
        let lacks = |method: &str| {
            let mut limits = limits.iter();
            limits.any(|limit| matches!(limit, Limit::Lacks(name) if *name == method))
        };
        let own_answers = Arc::new(AtomicU64::new(0));
        let mut module = RpcModule::new(Shared {
            own_answers: Arc::clone(&own_answers),
            node: RpcClient::from_insecure_url(node).await.unwrap(),
            limits: limits.to_vec(),
        });
        for method in METHODS.into_iter().filter(|method| !lacks(method)) {
            module
                .register_async_method(method, move |params, shared, _| async move {
                    shared.answer(method, &params).await
                })
                .unwrap();
        }
        module
            .register_subscription(
                "author_submitAndWatchExtrinsic",
                "author_extrinsicUpdate",
                "author_unwatchExtrinsic",
                |params, pending, shared, _| async move { shared.watch(&params, pending).await },
            )
            .unwrap();
        let server = Server::builder().build("127.0.0.1:0").await.unwrap();
        let url = format!("ws://{}", server.local_addr().unwrap());
        let handle = server.start(module);
        Limited {
            url,
            handle,
            own_answers,
        }
    }

    /// How many requests it answered in its own way.
    pub fn own_answers(&self) -> u64 {
        self.own_answers.load(Ordering::Relaxed)
    }

    pub async fn stop(self) {
        self.handle.stop().unwrap();
        self.handle.stopped().await;
    }
}

impl Shared {
    async fn answer(
        &self,
        method: &'static str,
        params: &Params<'_>,
    ) -> Result<Value, ErrorObjectOwned> {
        let asked = params.as_str().unwrap_or_default();
        let count = || self.own_answers.fetch_add(1, Ordering::Relaxed);
        for limit in &self.limits {
            match limit {
                Limit::Fails(name, text, code, message)
                    if *name == method && asked.contains(text) =>
                {
                    count();
                    return Err(ErrorObjectOwned::owned(*code, *message, None::<()>));
                }
                Limit::Counts(name) if *name == method => {
                    count();
                }
                Limit::Answers(name, text, answer) if *name == method && asked.contains(text) => {
                    count();
                    return Ok(answer.clone());
                }
                _ => {}
            }
        }
        let mut passed = asked.to_owned();
        for limit in &self.limits {
            if let Limit::Reads(text, instead) = limit {
                passed = passed.replace(text, instead);
            }
        }
        let passed = (!passed.is_empty()).then(|| RawValue::from_string(passed).unwrap());
        let answer = self.node.request_raw(method, passed).await;
        let answer = answer.map_err(passed_on)?;
        Ok(serde_json::from_str(answer.get()).unwrap())
    }

    /// Passes the call on, and nothing of what becomes of it.
    async fn watch(
        &self,
        params: &Params<'_>,
        pending: PendingSubscriptionSink,
    ) -> SubscriptionResult {
        let (method, unwatch) = ("author_submitAndWatchExtrinsic", "author_unwatchExtrinsic");
        let watched = self.node.subscribe_raw(method, raw(params), unwatch).await;
        match watched {
            Ok(_) => pending.accept().await.map(drop)?,
            Err(error) => pending.reject(passed_on(error)).await,
        }
        Ok(())
    }
}

fn raw(params: &Params<'_>) -> Option<Box<RawValue>> {
    let params = params.as_str()?.to_owned();
    Some(RawValue::from_string(params).unwrap())
}

fn passed_on(error: rpcs::Error) -> ErrorObjectOwned {
    match error {
        rpcs::Error::User(error) => ErrorObjectOwned::owned(error.code, error.message, error.data),
        other => panic!("the node is gone: {other}"),
    }
}
