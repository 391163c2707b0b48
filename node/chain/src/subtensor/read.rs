//! Reading the state after a block by the names of pallets, items and functions.

use subxt::client::{ClientAtBlock, OfflineClientAtBlockT};
use subxt::config::SubstrateConfig;
use subxt::dynamic;
use subxt::ext::frame_decode::storage::{IntoDecodableValues, IntoEncodableValues};
use subxt::ext::scale_decode::DecodeAsType;

use assay_consensus::hash::Hash;

use super::connection::AtBlock;
use super::fault::Fault;
use crate::error::ChainError;

/// The pallet of subnets, neurons and weights.
pub(super) const PALLET: &str = "SubtensorModule";

/// Hash of the block that is read.
pub(super) fn hash_at(at: &AtBlock) -> Hash {
    Hash(at.block_hash().0)
}

/// Whether the runtime has a storage item.
pub(super) fn has_storage<C>(
    at: &ClientAtBlock<SubstrateConfig, C>,
    pallet: &str,
    entry: &str,
) -> bool
where
    C: OfflineClientAtBlockT<SubstrateConfig>,
{
    let pallet = at.metadata_ref().pallet_by_name(pallet);
    let storage = pallet.and_then(|pallet| pallet.storage());
    storage.is_some_and(|storage| storage.entry_by_name(entry).is_some())
}

/// Whether the runtime has a function for clients.
pub(super) fn has_runtime_api(at: &AtBlock, api: &str, method: &str) -> bool {
    let api = at.metadata_ref().runtime_api_trait_by_name(api);
    api.is_some_and(|api| api.method_by_name(method).is_some())
}

/// What a storage item holds, or its default; `None` if the runtime has no such item, or no value
/// and no default.
pub(super) async fn find<K, V>(
    at: &AtBlock,
    pallet: &'static str,
    entry: &'static str,
    keys: K,
) -> Result<Option<V>, Fault>
where
    K: IntoEncodableValues + IntoDecodableValues + Send + Sync,
    V: DecodeAsType,
{
    if !has_storage(at, pallet, entry) {
        return Ok(None);
    }
    let address = dynamic::storage::<K, V>(pallet, entry);
    // The library puts in the runtime's default where nothing is stored.
    let value = at.storage().try_fetch(address, keys).await;
    let value = value.map_err(|error| Fault::at_block(hash_at(at), error))?;
    let decoded = value.map(|value| value.decode().map_err(Fault::client));
    decoded.transpose()
}

/// The same of an item that every runtime has.
pub(super) async fn storage<K, V>(
    at: &AtBlock,
    pallet: &'static str,
    entry: &'static str,
    keys: K,
) -> Result<V, Fault>
where
    K: IntoEncodableValues + IntoDecodableValues + Send + Sync,
    V: DecodeAsType,
{
    let found = find(at, pallet, entry, keys).await?;
    found.ok_or_else(|| unsupported(at, format!("storage {pallet}.{entry}")))
}

/// What a function of the runtime answers.
pub(super) async fn runtime_api<A, V>(
    at: &AtBlock,
    api: &'static str,
    method: &'static str,
    arguments: A,
) -> Result<V, Fault>
where
    A: IntoEncodableValues + Send + Sync,
    V: DecodeAsType,
{
    if !has_runtime_api(at, api, method) {
        return Err(unsupported(at, format!("function {api}.{method}")));
    }
    let call = dynamic::runtime_api_call::<A, V>(api, method, arguments);
    let answer = at.runtime_apis().call(call).await;
    answer.map_err(|error| Fault::at_block(hash_at(at), error))
}

/// Something that the runtime of a block lacks.
pub(super) fn unsupported<C>(
    at: &ClientAtBlock<SubstrateConfig, C>,
    what: impl Into<String>,
) -> Fault
where
    C: OfflineClientAtBlockT<SubstrateConfig>,
{
    Fault::Chain(ChainError::Unsupported {
        what: what.into(),
        spec_version: at.spec_version(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::subtensor::testkit::offline;

    #[test]
    fn an_item_that_a_runtime_lacks_is_told_from_one_it_has() {
        let at = offline();
        assert!(has_storage(&at, PALLET, "Weights"));
        assert!(!has_storage(&at, PALLET, "FinerWeights"));
        assert!(!has_storage(&at, "FinerModule", "Weights"));
    }
}
