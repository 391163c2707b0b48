//! `system_*`: what kind of node this is; and the list of all methods.

use jsonrpsee::RpcModule;
use jsonrpsee::server::RegisterMethodError;
use serde_json::json;

use super::json::{Answer, bad_params};
use super::shared::Shared;
use crate::address::SS58_PREFIX;
use crate::types::AccountId32;

/// Name of the chain.
const CHAIN_NAME: &str = "Assay Development";

pub(super) fn register(module: &mut RpcModule<Shared>) -> Result<(), RegisterMethodError> {
    module.register_method("system_name", |_, _, _| env!("CARGO_PKG_NAME"))?;
    module.register_method("system_version", |_, _, _| env!("CARGO_PKG_VERSION"))?;
    module.register_method("system_chain", |_, _, _| CHAIN_NAME)?;
    module.register_method("system_chainType", |_, _, _| "Development")?;
    module.register_method(
        "system_properties",
        |_, _, _| json!({ "ss58Format": SS58_PREFIX, "tokenDecimals": 9, "tokenSymbol": "TAO" }),
    )?;
    module.register_method(
        "system_health",
        |_, _, _| json!({ "peers": 0, "isSyncing": false, "shouldHavePeers": false }),
    )?;
    module.register_method("system_syncState", |_, shared, _| {
        let best = shared.read(|chain| chain.best_number());
        json!({ "startingBlock": 0, "currentBlock": best, "highestBlock": best })
    })?;
    module.register_method(
        "system_accountNextIndex",
        |params, shared, _| -> Answer<_> {
            let account: String = params.sequence().next()?;
            let account: AccountId32 = account.parse().map_err(bad_params)?;
            Ok(shared.read(|chain| chain.next_nonce(account)))
        },
    )?;
    module.register_alias("account_nextIndex", "system_accountNextIndex")?;
    Ok(())
}

/// Registers the list of the methods that are registered by now.
pub(super) fn register_list(module: &mut RpcModule<Shared>) -> Result<(), RegisterMethodError> {
    let mut names: Vec<&'static str> = module.method_names().collect();
    names.push("rpc_methods");
    names.sort_unstable();
    module.register_method("rpc_methods", move |_, _, _| json!({ "methods": names }))?;
    Ok(())
}
