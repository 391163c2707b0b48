//! `state_*`: storage, metadata, runtime version and runtime APIs at a block.

use std::sync::Arc;

use jsonrpsee::server::{RegisterMethodError, SubscriptionMessage, SubscriptionSink};
use jsonrpsee::types::Params;
use jsonrpsee::{PendingSubscriptionSink, RpcModule};
use parity_scale_codec::Encode;
use serde::Serialize;

use super::json::{Answer, Bytes, at, bad_params, client_error, no_state, to_hex};
use super::shared::Shared;
use crate::chain::DevChain;
use crate::limits::{KEYS_PAGE_MAX, QUERY_KEYS_MAX};
use crate::pallets::system;
use crate::runtime::RuntimeVersion;
use crate::runtime_api::{self, OpaqueMetadata};
use crate::types::H256;

/// Longest key or prefix that is looked up, in bytes; the longest of ours has 120.
const KEY_MAX_BYTES: usize = 512;

/// Version of the metadata that `state_getMetadata` answers with.
const LEGACY_METADATA_VERSION: u32 = 14;

/// What some keys hold at a block.
#[derive(Debug, Clone, Serialize)]
struct ChangeSet {
    block: H256,
    changes: Vec<(Bytes, Option<Bytes>)>,
}

#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
struct RuntimeVersionJson {
    spec_name: String,
    impl_name: String,
    authoring_version: u32,
    spec_version: u32,
    impl_version: u32,
    apis: Vec<(String, u32)>,
    transaction_version: u32,
    state_version: u8,
}

pub(super) fn register(module: &mut RpcModule<Shared>) -> Result<(), RegisterMethodError> {
    module.register_method("state_getStorage", |params, shared, _| {
        get_storage(&params, shared)
    })?;
    module.register_method("state_getKeysPaged", |params, shared, _| {
        keys_paged(&params, shared)
    })?;
    module.register_method("state_queryStorageAt", |params, shared, _| {
        query_storage(&params, shared)
    })?;
    module.register_method("state_getMetadata", |params, shared, _| {
        get_metadata(&params, shared)
    })?;
    module.register_method("state_getRuntimeVersion", |params, shared, _| {
        let hash = params.sequence().optional_next::<H256>()?;
        runtime_version(shared, hash)
    })?;
    module.register_method("state_call", |params, shared, _| call(&params, shared))?;
    module.register_alias("state_getStorageAt", "state_getStorage")?;
    module.register_alias("state_getKeysPagedAt", "state_getKeysPaged")?;
    module.register_alias("state_callAt", "state_call")?;
    module.register_alias("chain_getRuntimeVersion", "state_getRuntimeVersion")?;
    module.register_subscription(
        "state_subscribeRuntimeVersion",
        "state_runtimeVersion",
        "state_unsubscribeRuntimeVersion",
        |_, pending, shared, _| follow_runtime(pending, shared),
    )?;
    module.register_subscription(
        "state_subscribeStorage",
        "state_storage",
        "state_unsubscribeStorage",
        |params, pending, shared, _| {
            let keys = params.sequence().next::<Vec<Bytes>>();
            async move {
                match keys.map_err(bad_params).and_then(bounded) {
                    Ok(keys) => follow_storage(pending, shared, keys).await,
                    Err(error) => pending.reject(error).await,
                }
            }
        },
    )?;
    Ok(())
}

fn get_storage(params: &Params<'_>, shared: &Shared) -> Answer<Option<Bytes>> {
    let mut params = params.sequence();
    let Bytes(key) = bounded_key(params.next()?)?;
    let hash = params.optional_next::<H256>()?;
    shared.read(|chain| {
        let hash = at(chain, hash);
        let state = chain
            .state_at(&hash)
            .ok_or_else(|| no_state(chain, &hash))?;
        Ok(state.get(&key).map(|value| Bytes(value.to_vec())))
    })
}

fn keys_paged(params: &Params<'_>, shared: &Shared) -> Answer<Vec<Bytes>> {
    let mut params = params.sequence();
    let prefix = match params.optional_next()? {
        Some(prefix) => bounded_key(prefix)?.0,
        None => Vec::new(),
    };
    let count: u32 = params.next()?;
    let after = params.optional_next::<Bytes>()?.map(bounded_key);
    let after = after.transpose()?.map(|Bytes(after)| after);
    let hash = params.optional_next::<H256>()?;
    if count > KEYS_PAGE_MAX {
        return Err(bad_params(format!(
            "expected at most {KEYS_PAGE_MAX} keys a page, got {count}"
        )));
    }
    shared.read(|chain| {
        let hash = at(chain, hash);
        let keys = chain.keys_at(&hash, &prefix, after.as_deref(), count as usize);
        let keys = keys.ok_or_else(|| no_state(chain, &hash))?;
        Ok(keys.into_iter().map(Bytes).collect())
    })
}

fn query_storage(params: &Params<'_>, shared: &Shared) -> Answer<Vec<ChangeSet>> {
    let mut params = params.sequence();
    let keys = bounded(params.next()?)?;
    let hash = params.optional_next::<H256>()?;
    shared.read(|chain| Ok(vec![change_set(chain, at(chain, hash), keys)?]))
}

fn get_metadata(params: &Params<'_>, shared: &Shared) -> Answer<Bytes> {
    let hash = params.sequence().optional_next::<H256>()?;
    let runtime = runtime_at(shared, hash)?;
    let metadata = shared.metadata(LEGACY_METADATA_VERSION, runtime);
    Ok(Bytes(
        metadata.map_or_else(Vec::new, |bytes| bytes.to_vec()),
    ))
}

fn call(params: &Params<'_>, shared: &Shared) -> Answer<Bytes> {
    let mut params = params.sequence();
    let method: String = params.next()?;
    let Bytes(arguments) = params.next()?;
    let hash = params.optional_next::<H256>()?;
    if let Some(metadata) = known_metadata(shared, &method, &arguments, hash)? {
        return Ok(Bytes(metadata));
    }
    shared.read(|chain| {
        let hash = at(chain, hash);
        let state = chain
            .state_at(&hash)
            .ok_or_else(|| no_state(chain, &hash))?;
        runtime_api::call(&state, &method, &arguments)
            .map(Bytes)
            .map_err(client_error)
    })
}

/// Metadata comes from the cache, since every client asks for it first.
fn known_metadata(
    shared: &Shared,
    method: &str,
    arguments: &[u8],
    hash: Option<H256>,
) -> Answer<Option<Vec<u8>>> {
    let answer = match (method, <[u8; 4]>::try_from(arguments)) {
        ("Metadata_metadata_at_version", Ok(version)) => {
            let runtime = runtime_at(shared, hash)?;
            let metadata = shared.metadata(u32::from_le_bytes(version), runtime);
            metadata
                .map(|bytes| OpaqueMetadata(bytes.to_vec()))
                .encode()
        }
        ("Metadata_metadata_versions", _) => {
            let runtime = runtime_at(shared, hash)?;
            shared.metadata_versions(runtime).encode()
        }
        _ => return Ok(None),
    };
    Ok(Some(answer))
}

fn runtime_at(shared: &Shared, hash: Option<H256>) -> Answer<RuntimeVersion> {
    shared.read(|chain| {
        let hash = at(chain, hash);
        let state = chain
            .state_at(&hash)
            .ok_or_else(|| no_state(chain, &hash))?;
        Ok(system::runtime(&state))
    })
}

fn runtime_version(shared: &Shared, hash: Option<H256>) -> Answer<RuntimeVersionJson> {
    shared.read(|chain| {
        let hash = at(chain, hash);
        let state = chain
            .state_at(&hash)
            .ok_or_else(|| no_state(chain, &hash))?;
        let version = runtime_api::version(&state);
        let apis = version.apis.0.iter();
        Ok(RuntimeVersionJson {
            apis: apis.map(|(id, version)| (to_hex(id), *version)).collect(),
            spec_name: version.spec_name.0,
            impl_name: version.impl_name.0,
            authoring_version: version.authoring_version,
            spec_version: version.spec_version,
            impl_version: version.impl_version,
            transaction_version: version.transaction_version,
            state_version: version.system_version,
        })
    })
}

fn change_set(chain: &DevChain, block: H256, keys: Vec<Bytes>) -> Answer<ChangeSet> {
    let state = chain
        .state_at(&block)
        .ok_or_else(|| no_state(chain, &block))?;
    let value = |key: &Bytes| state.get(&key.0).map(|value| Bytes(value.to_vec()));
    let changes = keys.into_iter().map(|key| {
        let value = value(&key);
        (key, value)
    });
    Ok(ChangeSet {
        block,
        changes: changes.collect(),
    })
}

fn bounded(keys: Vec<Bytes>) -> Answer<Vec<Bytes>> {
    if keys.len() > QUERY_KEYS_MAX {
        return Err(bad_params(format!(
            "expected at most {QUERY_KEYS_MAX} keys, got {}",
            keys.len()
        )));
    }
    keys.into_iter().map(bounded_key).collect()
}

fn bounded_key(key: Bytes) -> Answer<Bytes> {
    if key.0.len() > KEY_MAX_BYTES {
        return Err(bad_params(format!(
            "expected a key of at most {KEY_MAX_BYTES} bytes, got {}",
            key.0.len()
        )));
    }
    Ok(key)
}

/// Sends the runtime's version, and again whenever it is upgraded.
async fn follow_runtime(pending: PendingSubscriptionSink, shared: Arc<Shared>) {
    let mut news = shared.news();
    let Ok(sink) = pending.accept().await else {
        return;
    };
    let mut sent = None;
    loop {
        let version = runtime_version(&shared, None).ok();
        let runtime = version.as_ref().map(|version| version.spec_version);
        if runtime != sent {
            sent = runtime;
            if !send(&sink, &version).await {
                return;
            }
        }
        tokio::select! {
            changed = news.changed() => if changed.is_err() { return },
            () = sink.closed() => return,
        }
    }
}

/// Sends what some keys hold, and again those that change.
async fn follow_storage(pending: PendingSubscriptionSink, shared: Arc<Shared>, keys: Vec<Bytes>) {
    let mut news = shared.news();
    let Ok(sink) = pending.accept().await else {
        return;
    };
    let mut known: Option<ChangeSet> = None;
    loop {
        let read = |chain: &DevChain| change_set(chain, chain.best_hash(), keys.clone());
        let Ok(now) = shared.read(read) else {
            return;
        };
        let is_new = |position: usize, change: &(Bytes, Option<Bytes>)| {
            let before = known.as_ref().and_then(|set| set.changes.get(position));
            before != Some(change)
        };
        let changes = now.changes.iter().enumerate();
        let changed: Vec<_> = changes
            .filter(|(position, change)| is_new(*position, change))
            .map(|(_, change)| change.clone())
            .collect();
        if !changed.is_empty() {
            let message = ChangeSet {
                block: now.block,
                changes: changed,
            };
            if !send(&sink, &message).await {
                return;
            }
        }
        known = Some(now);
        tokio::select! {
            changed = news.changed() => if changed.is_err() { return },
            () = sink.closed() => return,
        }
    }
}

/// Sends a message; whether the subscriber is still there.
async fn send(sink: &SubscriptionSink, message: &impl Serialize) -> bool {
    match serde_json::value::to_raw_value(message) {
        Ok(message) => sink.send(SubscriptionMessage::from(message)).await.is_ok(),
        Err(_) => false,
    }
}
