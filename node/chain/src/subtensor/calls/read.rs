//! Reading storage at a pinned block, by name.

use subxt::client::{ClientAtBlock, OfflineClientAtBlockT};
use subxt::config::SubstrateConfig;
use subxt::ext::frame_decode::storage::{IntoDecodableValues, IntoEncodableValues};
use subxt::ext::scale_decode::DecodeAsType;
use subxt::{Metadata, dynamic};

use super::{AtBlock, PALLET};
use crate::error::ChainError;
use crate::subtensor::fault::Fault;

/// A value of pallet SubtensorModule, or the runtime's default of it; `None` if the runtime has no
/// such item, or no value and no default.
pub(super) async fn find<K, V>(at: &AtBlock, name: &str, keys: K) -> Result<Option<V>, Fault>
where
    K: IntoEncodableValues + IntoDecodableValues,
    V: DecodeAsType,
{
    find_in(at, PALLET, name, keys).await
}

/// The same of any pallet.
pub(super) async fn find_in<K, V>(
    at: &AtBlock,
    pallet: &str,
    name: &str,
    keys: K,
) -> Result<Option<V>, Fault>
where
    K: IntoEncodableValues + IntoDecodableValues,
    V: DecodeAsType,
{
    if !has_item(at.metadata_ref(), pallet, name) {
        return Ok(None);
    }
    let address = dynamic::storage::<K, V>(pallet, name);
    let value = at.storage().try_fetch(address, keys).await;
    let value = value.map_err(Fault::client)?;
    let decoded = value.map(|value| value.decode().map_err(Fault::client));
    decoded.transpose()
}

fn has_item(metadata: &Metadata, pallet: &str, name: &str) -> bool {
    let pallet = metadata.pallet_by_name(pallet);
    let storage = pallet.and_then(|pallet| pallet.storage());
    storage.is_some_and(|storage| storage.entry_by_name(name).is_some())
}

/// A value of pallet SubtensorModule that every runtime has.
pub(super) async fn value<K, V>(at: &AtBlock, name: &str, keys: K) -> Result<V, Fault>
where
    K: IntoEncodableValues + IntoDecodableValues,
    V: DecodeAsType,
{
    let found = find(at, name, keys).await?;
    found.ok_or_else(|| missing(at, format!("{PALLET}.{name}")))
}

/// The same of any pallet.
pub(super) async fn value_in<K, V>(
    at: &AtBlock,
    pallet: &str,
    name: &str,
    keys: K,
) -> Result<V, Fault>
where
    K: IntoEncodableValues + IntoDecodableValues,
    V: DecodeAsType,
{
    let found = find_in(at, pallet, name, keys).await?;
    found.ok_or_else(|| missing(at, format!("{pallet}.{name}")))
}

/// The runtime lacks what this client can't do without.
pub(super) fn missing<C>(at: &ClientAtBlock<SubstrateConfig, C>, what: String) -> Fault
where
    C: OfflineClientAtBlockT<SubstrateConfig>,
{
    let spec_version = at.spec_version();
    Fault::Chain(ChainError::Unsupported { what, spec_version })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::subtensor::calls::testkit::offline;

    #[test]
    fn an_item_that_a_runtime_lacks_is_told_from_one_it_has() {
        let at = offline();
        let has = |pallet, name| has_item(at.metadata_ref(), pallet, name);
        assert!(has("SubtensorModule", "Weights"));
        assert!(!has("SubtensorModule", "FinerWeights"));
        assert!(!has("FinerModule", "Weights"));
    }
}
