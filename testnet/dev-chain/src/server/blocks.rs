//! `chain_*`: blocks, headers and heads.

use std::sync::Arc;

use jsonrpsee::server::{RegisterMethodError, SubscriptionMessage};
use jsonrpsee::{PendingSubscriptionSink, RpcModule};
use serde::{Deserialize, Serialize};

use super::json::{Answer, Bytes, HeaderJson, at, bad_params};
use super::shared::Shared;
use crate::chain::{Block, DevChain};
use crate::limits::QUERY_KEYS_MAX;
use crate::types::H256;

/// A block with what proves that it is final, which is nothing here.
#[derive(Debug, Clone, Serialize)]
struct SignedBlock {
    block: BlockJson,
    justifications: Option<()>,
}

#[derive(Debug, Clone, Serialize)]
struct BlockJson {
    header: HeaderJson,
    extrinsics: Vec<Bytes>,
}

/// A block number as a number or as hex.
#[derive(Debug, Clone, Deserialize)]
#[serde(untagged)]
enum NumberOrHex {
    Number(u64),
    Hex(String),
}

/// One block number or several.
#[derive(Debug, Clone, Deserialize)]
#[serde(untagged)]
enum ListOrNumber {
    List(Vec<NumberOrHex>),
    One(NumberOrHex),
}

/// One hash or several, in the shape of the question.
#[derive(Debug, Clone, Serialize)]
#[serde(untagged)]
enum ListOrHash {
    List(Vec<Option<H256>>),
    One(Option<H256>),
}

pub(super) fn register(module: &mut RpcModule<Shared>) -> Result<(), RegisterMethodError> {
    module.register_method("chain_getHeader", |params, shared, _| -> Answer<_> {
        let hash = params.sequence().optional_next::<H256>()?;
        Ok(shared.read(|chain| {
            let block = chain.block(&at(chain, hash));
            block.map(|block| HeaderJson::from(&block.header))
        }))
    })?;
    module.register_method("chain_getBlock", |params, shared, _| -> Answer<_> {
        let hash = params.sequence().optional_next::<H256>()?;
        Ok(shared.read(|chain| chain.block(&at(chain, hash)).map(signed_block)))
    })?;
    module.register_method("chain_getBlockHash", |params, shared, _| -> Answer<_> {
        let asked = params.sequence().optional_next::<ListOrNumber>()?;
        shared.read(|chain| match asked {
            None => Ok(ListOrHash::One(Some(chain.best_hash()))),
            Some(ListOrNumber::One(number)) => Ok(ListOrHash::One(hash_of(chain, &number)?)),
            Some(ListOrNumber::List(numbers)) if numbers.len() > QUERY_KEYS_MAX => {
                Err(bad_params("too many block numbers"))
            }
            Some(ListOrNumber::List(numbers)) => {
                let hashes = numbers.iter().map(|number| hash_of(chain, number));
                Ok(ListOrHash::List(hashes.collect::<Answer<_>>()?))
            }
        })
    })?;
    module.register_method("chain_getFinalizedHead", |_, shared, _| -> Answer<H256> {
        Ok(shared.read(DevChain::finalized_hash))
    })?;
    module.register_alias("chain_getHead", "chain_getBlockHash")?;
    module.register_alias("chain_getFinalisedHead", "chain_getFinalizedHead")?;
    register_subscriptions(module)
}

fn register_subscriptions(module: &mut RpcModule<Shared>) -> Result<(), RegisterMethodError> {
    let best: fn(&DevChain) -> H256 = DevChain::best_hash;
    let finalized: fn(&DevChain) -> H256 = DevChain::finalized_hash;
    let subscriptions = [
        (
            "chain_subscribeNewHeads",
            "chain_newHead",
            "chain_unsubscribeNewHeads",
            best,
        ),
        (
            "chain_subscribeAllHeads",
            "chain_allHead",
            "chain_unsubscribeAllHeads",
            best,
        ),
        (
            "chain_subscribeFinalizedHeads",
            "chain_finalizedHead",
            "chain_unsubscribeFinalizedHeads",
            finalized,
        ),
    ];
    for (subscribe, notification, unsubscribe, head) in subscriptions {
        module.register_subscription(
            subscribe,
            notification,
            unsubscribe,
            move |_, pending, shared, _| follow(pending, shared, head),
        )?;
    }
    Ok(())
}

/// Sends the header of a head whenever it moves; of several at once only the last.
async fn follow(
    pending: PendingSubscriptionSink,
    shared: Arc<Shared>,
    head: fn(&DevChain) -> H256,
) {
    let mut news = shared.news();
    let Ok(sink) = pending.accept().await else {
        return;
    };
    let mut sent = None;
    loop {
        let (hash, header) = shared.read(|chain| {
            let hash = head(chain);
            let block = chain.block(&hash);
            (hash, block.map(|block| HeaderJson::from(&block.header)))
        });
        if sent != Some(hash) {
            sent = Some(hash);
            let Ok(message) = serde_json::value::to_raw_value(&header) else {
                return;
            };
            if sink.send(SubscriptionMessage::from(message)).await.is_err() {
                return;
            }
        }
        tokio::select! {
            changed = news.changed() => if changed.is_err() { return },
            () = sink.closed() => return,
        }
    }
}

fn signed_block(block: &Block) -> SignedBlock {
    SignedBlock {
        block: BlockJson {
            header: HeaderJson::from(&block.header),
            extrinsics: block.extrinsics.iter().cloned().map(Bytes).collect(),
        },
        justifications: None,
    }
}

fn hash_of(chain: &DevChain, number: &NumberOrHex) -> Answer<Option<H256>> {
    let number = match number {
        NumberOrHex::Number(number) => *number,
        NumberOrHex::Hex(text) => {
            let digits = text.strip_prefix("0x").unwrap_or(text);
            u64::from_str_radix(digits, 16).map_err(bad_params)?
        }
    };
    Ok(chain.hash_of(number))
}
