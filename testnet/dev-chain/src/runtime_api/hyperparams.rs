//! Parameters of a subnet.

use parity_scale_codec::{Compact, Encode};
use scale_info::TypeInfo;

use crate::pallets::subtensor::epoch::activity_cutoff_blocks;
use crate::pallets::subtensor::network::subnet_exists;
use crate::pallets::subtensor::storage::{
    ACTIVITY_CUTOFF_FACTOR_MILLI, COMMIT_REVEAL_WEIGHTS_ENABLED, IMMUNITY_PERIOD, KAPPA,
    MAX_ALLOWED_VALIDATORS, MAX_WEIGHTS_LIMIT, MIN_ALLOWED_WEIGHTS, REVEAL_PERIOD_EPOCHS, RHO,
    SERVING_RATE_LIMIT, TEMPO, WEIGHTS_SET_RATE_LIMIT, WEIGHTS_VERSION_KEY,
};
use crate::storage::State;
use crate::types::NetUid;

/// Parameters of a subnet; those of the real chain that this one has.
#[derive(Debug, Clone, PartialEq, Eq, Encode, TypeInfo)]
#[expect(
    missing_docs,
    reason = "the fields have the names and meanings of the real chain"
)]
pub struct SubnetHyperparamsV3 {
    pub rho: Compact<u16>,
    pub kappa: Compact<u16>,
    pub immunity_period: Compact<u16>,
    pub min_allowed_weights: Compact<u16>,
    pub max_weights_limit: Compact<u16>,
    pub tempo: Compact<u16>,
    pub weights_version: Compact<u64>,
    pub weights_rate_limit: Compact<u64>,
    pub activity_cutoff: Compact<u64>,
    pub activity_cutoff_factor: Compact<u32>,
    pub registration_allowed: bool,
    pub serving_rate_limit: Compact<u64>,
    pub max_validators: Compact<u16>,
    pub commit_reveal_period: Compact<u64>,
    pub commit_reveal_weights_enabled: bool,
    pub subnet_is_active: bool,
}

/// The parameters of a subnet that exists.
pub fn of(state: &State<'_>, netuid: NetUid) -> Option<SubnetHyperparamsV3> {
    let key = (netuid,);
    subnet_exists(state, netuid).then(|| SubnetHyperparamsV3 {
        rho: Compact(RHO.get(state, key)),
        kappa: Compact(KAPPA.get(state, key)),
        immunity_period: Compact(IMMUNITY_PERIOD.get(state, key)),
        min_allowed_weights: Compact(MIN_ALLOWED_WEIGHTS.get(state, key)),
        max_weights_limit: Compact(MAX_WEIGHTS_LIMIT.get(state, key)),
        tempo: Compact(TEMPO.get(state, key)),
        weights_version: Compact(WEIGHTS_VERSION_KEY.get(state, key)),
        weights_rate_limit: Compact(WEIGHTS_SET_RATE_LIMIT.get(state, key)),
        activity_cutoff: Compact(activity_cutoff_blocks(state, netuid)),
        activity_cutoff_factor: Compact(ACTIVITY_CUTOFF_FACTOR_MILLI.get(state, key)),
        registration_allowed: false,
        serving_rate_limit: Compact(SERVING_RATE_LIMIT.get(state, key)),
        max_validators: Compact(MAX_ALLOWED_VALIDATORS.get(state, key)),
        commit_reveal_period: Compact(REVEAL_PERIOD_EPOCHS.get(state, key)),
        commit_reveal_weights_enabled: COMMIT_REVEAL_WEIGHTS_ENABLED.get(state, key),
        subnet_is_active: true,
    })
}
