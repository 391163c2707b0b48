//! Neurons one by one, without weights.

use parity_scale_codec::{Compact, Encode};
use scale_info::TypeInfo;

use crate::pallets::subtensor::network::{last_update, uid_exists};
use crate::pallets::subtensor::storage::{
    ACTIVE, AXONS, AxonInfo, KEYS, OWNER, PrometheusInfo, SUBNETWORK_N, TOTAL_HOTKEY_ALPHA,
    VALIDATOR_PERMIT,
};
use crate::storage::State;
use crate::types::{AccountId32, AlphaBalance, NetUid, NetUidStorageIndex, PerU16};

/// A neuron.
#[derive(Debug, Clone, PartialEq, Eq, Encode, TypeInfo)]
#[expect(
    missing_docs,
    reason = "the fields have the names and meanings of the real chain"
)]
pub struct NeuronInfoLite {
    pub hotkey: AccountId32,
    pub coldkey: AccountId32,
    pub uid: Compact<u16>,
    pub netuid: Compact<NetUid>,
    pub active: bool,
    pub axon_info: AxonInfo,
    pub prometheus_info: PrometheusInfo,
    pub stake: Vec<(AccountId32, Compact<AlphaBalance>)>,
    pub rank: Compact<u16>,
    pub emission: Compact<AlphaBalance>,
    pub incentive: Compact<PerU16>,
    pub consensus: Compact<PerU16>,
    pub trust: Compact<PerU16>,
    pub validator_trust: Compact<PerU16>,
    pub dividends: Compact<PerU16>,
    pub last_update: Compact<u64>,
    pub validator_permit: bool,
    pub pruning_score: Compact<u16>,
}

/// All neurons of a subnet, ascending by uid.
pub fn all(state: &State<'_>, netuid: NetUid) -> Vec<NeuronInfoLite> {
    let neurons = SUBNETWORK_N.get(state, (netuid,));
    (0..neurons)
        .filter_map(|uid| one(state, netuid, uid))
        .collect()
}

/// The neuron with a uid.
pub fn one(state: &State<'_>, netuid: NetUid, uid: u16) -> Option<NeuronInfoLite> {
    if !uid_exists(state, netuid, uid) {
        return None;
    }
    let hotkey = KEYS.get(state, (netuid, uid));
    let coldkey = OWNER.get(state, (hotkey,));
    let alpha = TOTAL_HOTKEY_ALPHA.get(state, (hotkey, netuid));
    let is_set = |flags: Vec<bool>| flags.get(usize::from(uid)) == Some(&true);
    let index = NetUidStorageIndex::from(netuid);
    Some(NeuronInfoLite {
        hotkey,
        coldkey,
        uid: Compact(uid),
        netuid: Compact(netuid),
        active: is_set(ACTIVE.get(state, (netuid,))),
        axon_info: AXONS.get(state, (netuid, hotkey)),
        prometheus_info: PrometheusInfo::default(),
        stake: vec![(coldkey, Compact(alpha))],
        rank: Compact(0),
        emission: Compact(AlphaBalance(0)),
        incentive: Compact(PerU16(0)),
        consensus: Compact(PerU16(0)),
        trust: Compact(PerU16(0)),
        validator_trust: Compact(PerU16(0)),
        dividends: Compact(PerU16(0)),
        last_update: Compact(last_update(state, index, uid)),
        validator_permit: is_set(VALIDATOR_PERMIT.get(state, (netuid,))),
        pruning_score: Compact(u16::MAX),
    })
}
