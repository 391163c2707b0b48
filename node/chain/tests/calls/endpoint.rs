//! Endpoints that lack methods or have let go of old state.

use std::collections::BTreeMap;

use serde_json::value::RawValue;
use subxt::rpcs::client::{RawRpcFuture, RawRpcSubscription, RpcClient, RpcClientT};
use subxt::rpcs::{Error, UserError};

use assay_chain::subtensor::calls::{Outcome, Rpc, send, settlement};
use assay_chain::{ChainError, WeightsStanding};

use crate::support::{GOOD, TestChain, config, error};

/// Hands on all but some methods, which it answers with an error of a code and a text.
struct Limited {
    inner: RpcClient,
    refused: BTreeMap<&'static str, (i32, &'static str)>,
}

impl Limited {
    fn check(&self, method: &str) -> Result<(), Error> {
        let Some((code, message)) = self.refused.get(method) else {
            return Ok(());
        };
        Err(Error::User(UserError {
            code: *code,
            message: (*message).to_owned(),
            data: None,
        }))
    }
}

impl RpcClientT for Limited {
    fn request_raw<'a>(
        &'a self,
        method: &'a str,
        params: Option<Box<RawValue>>,
    ) -> RawRpcFuture<'a, Box<RawValue>> {
        Box::pin(async move {
            self.check(method)?;
            self.inner.request_raw(method, params).await
        })
    }

    fn subscribe_raw<'a>(
        &'a self,
        sub: &'a str,
        params: Option<Box<RawValue>>,
        unsub: &'a str,
    ) -> RawRpcFuture<'a, RawRpcSubscription> {
        Box::pin(async move {
            self.check(sub)?;
            self.inner.subscribe_raw(sub, params, unsub).await
        })
    }
}

fn limited(chain: &TestChain, refused: &[(&'static str, i32, &'static str)]) -> Rpc {
    let refused = refused.iter();
    Rpc::new(RpcClient::new(Limited {
        inner: chain.raw.clone(),
        refused: refused
            .map(|(method, code, message)| (*method, (*code, *message)))
            .collect(),
    }))
}

#[tokio::test]
async fn an_endpoint_without_optional_methods_is_enough() {
    let missing = (-32_601, "Method not found");
    let mut chain = TestChain::start(config()).await;
    chain.rpc = limited(
        &chain,
        &[
            ("system_accountNextIndex", missing.0, missing.1),
            ("author_submitExtrinsic", missing.0, missing.1),
        ],
    );
    chain.mine(5).await;
    for nonce in 0..2 {
        let prepared = chain.prepare(GOOD).await.unwrap();
        assert_eq!(prepared.call.nonce, nonce);
        chain.send(&prepared.call).await.unwrap();
        chain.send(&prepared.call).await.unwrap();
        chain.mine(3).await;
        let outcome = chain.settlement(&prepared.call).await;
        assert!(matches!(outcome, Outcome::Done { .. }), "{outcome:?}");
    }
    chain.stop().await;
}

#[tokio::test]
async fn a_call_in_a_block_whose_state_is_gone_is_not_said_to_have_failed() {
    let chain = TestChain::start(config()).await;
    chain.mine(5).await;
    let prepared = chain.prepare(GOOD).await.unwrap();
    chain.send(&prepared.call).await.unwrap();
    chain.mine(3).await;
    let discarded = "Client error: UnknownBlock: State already discarded for 0x01";
    let rpc = limited(&chain, &[("state_getStorage", 4_003, discarded)]);
    let head = chain.head().await.block;
    let outcome = settlement(&chain.client, &rpc, head, &prepared.call, &chain.cache).await;
    assert_eq!(outcome.unwrap(), Outcome::Forgotten { block: 6 });
    assert_eq!(chain.standing(&prepared).await, WeightsStanding::Stored);
    chain.stop().await;
}

#[tokio::test]
async fn a_trouble_of_the_endpoint_is_no_refusal() {
    let chain = TestChain::start(config()).await;
    chain.mine(5).await;
    let call = chain.prepare(GOOD).await.unwrap().call;
    let rpc = limited(
        &chain,
        &[("author_submitExtrinsic", -32_603, "Internal error")],
    );
    let refused = error(send(&rpc, &call).await);
    assert!(
        matches!(&refused, ChainError::Remote { code, .. } if code == "-32603"),
        "{refused:?}"
    );
    chain.send(&call).await.unwrap();
    chain.stop().await;
}
