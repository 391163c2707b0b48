//! Reading storage at a pinned block, by name.

use subxt::client::{ClientAtBlock, OfflineClientAtBlockT};
use subxt::config::SubstrateConfig;
use subxt::dynamic;
use subxt::error::StorageError;
use subxt::ext::frame_decode::storage::{IntoDecodableValues, IntoEncodableValues};
use subxt::ext::scale_decode::DecodeAsType;

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
    let address = dynamic::storage::<K, V>(pallet, name);
    let value = match at.storage().try_fetch(address, keys).await {
        Ok(Some(value)) => value,
        Ok(None)
        | Err(
            StorageError::StorageEntryNotFound { .. } | StorageError::PalletNameNotFound { .. },
        ) => return Ok(None),
        Err(error) => return Err(Fault::client(error)),
    };
    value.decode().map(Some).map_err(Fault::client)
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
