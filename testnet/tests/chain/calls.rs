//! Calls that set weights, as the chain's blocks hold them.

use std::collections::BTreeMap;

use assay_dev_chain::chain::DevChain;
use assay_dev_chain::extrinsic;
use assay_dev_chain::pallets::subtensor::calls::Call;
use assay_dev_chain::pallets::subtensor::storage::SUBNET_EPOCH_INDEX;
use assay_dev_chain::pallets::{RuntimeCall, system};
use assay_dev_chain::types::NetUid;
use assay_testnet::network::NETUID;

/// Blocks with a call that sets weights, by hotkey and epoch, whether it went well or not.
pub fn weights_calls(chain: &DevChain) -> BTreeMap<(String, u64), Vec<u64>> {
    let mut calls: BTreeMap<(String, u64), Vec<u64>> = BTreeMap::new();
    for number in 1..=chain.best_number() {
        let block = chain.block_by_number(number).unwrap();
        let state = chain.state_at(&block.hash).unwrap();
        let epoch = SUBNET_EPOCH_INDEX.get(&state, (NetUid(NETUID),));
        // A block that upgrades the runtime is still read by the old one.
        let parent = chain.hash_of(number - 1).unwrap();
        let runtime = system::runtime(&chain.state_at(&parent).unwrap());
        let signed = block.extrinsics.iter();
        for call in signed.filter_map(|bytes| extrinsic::decode(bytes, runtime).ok()) {
            let sets_weights = matches!(
                &call.call,
                RuntimeCall::SubtensorModule(
                    Call::set_weights { .. } | Call::set_mechanism_weights { .. }
                )
            );
            if sets_weights {
                let hotkey = call.signer().unwrap().to_string();
                calls.entry((hotkey, epoch)).or_default().push(number);
            }
        }
    }
    calls
}
