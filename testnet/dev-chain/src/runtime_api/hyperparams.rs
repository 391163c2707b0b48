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
use crate::types::{NetUid, TaoBalance};

/// A parameter of a subnet.
#[derive(Debug, Clone, PartialEq, Eq, Encode, TypeInfo)]
pub struct HyperparamEntry {
    /// Its name.
    pub name: Vec<u8>,
    /// Its value.
    pub value: HyperparamValue,
}

/// The value of a parameter.
#[derive(Debug, Clone, PartialEq, Eq, Encode, TypeInfo)]
pub enum HyperparamValue {
    /// Yes or no.
    Bool(bool),
    /// A number of 16 bits.
    U16(Compact<u16>),
    /// A number of 32 bits.
    U32(Compact<u32>),
    /// A number of 64 bits.
    U64(Compact<u64>),
    /// A number of 128 bits.
    U128(Compact<u128>),
    /// An amount.
    TaoBalance(Compact<TaoBalance>),
}

/// The parameters of a subnet that exists; those of the real chain that this one has.
pub fn of(state: &State<'_>, netuid: NetUid) -> Option<Vec<HyperparamEntry>> {
    if !subnet_exists(state, netuid) {
        return None;
    }
    let key = (netuid,);
    let flag = |name, value| entry(name, HyperparamValue::Bool(value));
    let short = |name, value| entry(name, HyperparamValue::U16(Compact(value)));
    let long = |name, value| entry(name, HyperparamValue::U64(Compact(value)));
    let factor = Compact(ACTIVITY_CUTOFF_FACTOR_MILLI.get(state, key));
    Some(vec![
        short("rho", RHO.get(state, key)),
        short("kappa", KAPPA.get(state, key)),
        short("immunity_period", IMMUNITY_PERIOD.get(state, key)),
        short("min_allowed_weights", MIN_ALLOWED_WEIGHTS.get(state, key)),
        short("max_weights_limit", MAX_WEIGHTS_LIMIT.get(state, key)),
        short("tempo", TEMPO.get(state, key)),
        long("weights_version", WEIGHTS_VERSION_KEY.get(state, key)),
        long("weights_rate_limit", WEIGHTS_SET_RATE_LIMIT.get(state, key)),
        long("activity_cutoff", activity_cutoff_blocks(state, netuid)),
        entry("activity_cutoff_factor", HyperparamValue::U32(factor)),
        flag("registration_allowed", false),
        long("serving_rate_limit", SERVING_RATE_LIMIT.get(state, key)),
        short("max_validators", MAX_ALLOWED_VALIDATORS.get(state, key)),
        long("commit_reveal_period", REVEAL_PERIOD_EPOCHS.get(state, key)),
        flag(
            "commit_reveal_weights_enabled",
            COMMIT_REVEAL_WEIGHTS_ENABLED.get(state, key),
        ),
        flag("subnet_is_active", true),
    ])
}

fn entry(name: &str, value: HyperparamValue) -> HyperparamEntry {
    HyperparamEntry {
        name: name.as_bytes().to_vec(),
        value,
    }
}
