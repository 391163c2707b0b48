//! What unit tests of several modules share: a runtime's metadata without a chain.

use std::sync::Arc;

use parity_scale_codec::Decode;
use subxt::Metadata;
use subxt::client::{OfflineClient, OfflineClientAtBlock};
use subxt::config::SubstrateConfig;
use subxt::config::substrate::SpecVersionForRange;

use assay_dev_chain::metadata;
use assay_dev_chain::runtime::RuntimeVersion;

/// A block of a runtime with the real chain's numbers of calls.
pub(super) fn offline() -> OfflineClientAtBlock<SubstrateConfig> {
    let bytes = metadata::encoded(15, RuntimeVersion::default()).unwrap();
    let metadata = Metadata::decode(&mut bytes.as_slice()).unwrap();
    let config = SubstrateConfig::builder()
        .set_spec_version_for_block_ranges([SpecVersionForRange {
            block_range: 0..10,
            spec_version: 1,
            transaction_version: 1,
        }])
        .set_metadata_for_spec_versions([(1, Arc::new(metadata))])
        .build();
    OfflineClient::new_with_config(config)
        .at_block(1u64)
        .unwrap()
}
