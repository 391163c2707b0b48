//! `author_*`: the pool, and what becomes of an extrinsic.

use std::sync::Arc;

use jsonrpsee::server::{RegisterMethodError, SubscriptionMessage, SubscriptionSink};
use jsonrpsee::{PendingSubscriptionSink, RpcModule};
use serde::Serialize;

use super::json::{Answer, Bytes, bad_params, check_extrinsic, refusal};
use super::shared::Shared;
use crate::chain::{DevChain, Ended, SubmitError, TransactionStatus};
use crate::types::H256;

/// Blocks after which a node no longer waits for an extrinsic's finality.
const FINALITY_TIMEOUT_BLOCKS: u64 = 512;

/// News of an extrinsic.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
enum Update {
    Future,
    Ready,
    InBlock(H256),
    FinalityTimeout(H256),
    Finalized(H256),
    Usurped(H256),
    Dropped,
    Invalid,
}

pub(super) fn register(module: &mut RpcModule<Shared>) -> Result<(), RegisterMethodError> {
    module.register_method("author_submitExtrinsic", |params, shared, _| -> Answer<_> {
        let Bytes(bytes) = params.sequence().next()?;
        submit(shared, &bytes).map_err(|error| refusal(&error))
    })?;
    module.register_method("author_pendingExtrinsics", |_, shared, _| {
        let pending = shared.read(DevChain::pending_extrinsics).into_iter();
        pending.map(Bytes).collect::<Vec<Bytes>>()
    })?;
    module.register_subscription(
        "author_submitAndWatchExtrinsic",
        "author_extrinsicUpdate",
        "author_unwatchExtrinsic",
        |params, pending, shared, _| {
            let bytes = params.sequence().next::<Bytes>();
            async move {
                match bytes {
                    Ok(Bytes(bytes)) => submit_and_watch(pending, shared, bytes).await,
                    Err(error) => pending.reject(bad_params(error)).await,
                }
            }
        },
    )?;
    Ok(())
}

fn submit(shared: &Shared, bytes: &[u8]) -> Result<H256, SubmitError> {
    check_extrinsic(bytes)?;
    shared.submit(bytes)
}

async fn submit_and_watch(pending: PendingSubscriptionSink, shared: Arc<Shared>, bytes: Vec<u8>) {
    let mut news = shared.news();
    let hash = match submit(&shared, &bytes) {
        Ok(hash) => hash,
        Err(error) => {
            pending.reject(refusal(&error)).await;
            return;
        }
    };
    let Ok(sink) = pending.accept().await else {
        return;
    };
    let mut sent = Vec::new();
    loop {
        let updates = shared.read(|chain| updates(chain, &hash));
        for update in updates {
            if sent.contains(&update) {
                continue;
            }
            let is_last = update.is_last();
            if !send(&sink, &update).await || is_last {
                return;
            }
            sent.push(update);
        }
        tokio::select! {
            changed = news.changed() => if changed.is_err() { return },
            () = sink.closed() => return,
        }
    }
}

/// All that an extrinsic's watcher has to know by now, in order.
fn updates(chain: &DevChain, hash: &H256) -> Vec<Update> {
    match chain.status_of(hash) {
        TransactionStatus::Future => vec![Update::Future],
        TransactionStatus::Ready => vec![Update::Ready],
        TransactionStatus::InBlock { block, is_final } => {
            let number = chain.number_of(&block).unwrap_or_default();
            let age = chain.best_number().saturating_sub(number);
            let mut updates = vec![Update::Ready, Update::InBlock(block)];
            if is_final {
                updates.push(Update::Finalized(block));
            } else if age > FINALITY_TIMEOUT_BLOCKS {
                updates.push(Update::FinalityTimeout(block));
            }
            updates
        }
        TransactionStatus::Ended(Ended::Invalid) => vec![Update::Invalid],
        TransactionStatus::Ended(Ended::Usurped(by)) => vec![Update::Usurped(by)],
        TransactionStatus::Unknown => vec![Update::Dropped],
    }
}

impl Update {
    /// Whether nothing more will be said.
    fn is_last(&self) -> bool {
        !matches!(self, Update::Future | Update::Ready | Update::InBlock(_))
    }
}

async fn send(sink: &SubscriptionSink, update: &Update) -> bool {
    match serde_json::value::to_raw_value(update) {
        Ok(message) => sink.send(SubscriptionMessage::from(message)).await.is_ok(),
        Err(_) => false,
    }
}
