//! Block 0.

use super::command::{set_auto_pulses, set_beacon, set_stake};
use super::config::{ChainConfig, SubnetConfig};
use crate::pallets::subtensor::network::ROOT;
use crate::pallets::subtensor::{epoch, registration, storage as subtensor};
use crate::pallets::{system, timestamp};
use crate::runtime::RuntimeVersion;
use crate::storage::State;

/// Fills the state of block 0.
pub(super) fn fill(state: &mut State<'_>, config: &ChainConfig, time_ms: u64) {
    system::NUMBER.put(state, (), &0);
    let runtime = if config.legacy_epochs {
        RuntimeVersion::legacy()
    } else {
        RuntimeVersion::default()
    };
    system::set_runtime(state, runtime);
    timestamp::NOW.put(state, (), &time_ms);
    // Good until the year 2106, as on the real chain.
    let genesis_time_s = u32::try_from(time_ms / 1_000).unwrap_or(u32::MAX);
    let beacon = &config.beacon;
    set_beacon(state, &beacon.seed, beacon.period_s, genesis_time_s);
    set_auto_pulses(state, beacon.auto_pulses);
    subtensor::STAKE_THRESHOLD.put(state, (), &config.stake_threshold);
    registration::add_subnet(state, ROOT, 0);
    for subnet in &config.subnets {
        add_subnet(state, subnet);
    }
    // Block 0 has no events, on no chain.
    system::EVENTS.put(state, (), &Vec::new());
    system::EVENT_COUNT.put(state, (), &0);
}

fn add_subnet(state: &mut State<'_>, subnet: &SubnetConfig) {
    let netuid = subnet.netuid;
    registration::add_subnet(state, netuid, subnet.tempo);
    for parameter in &subnet.hyperparameters {
        parameter.apply(state, netuid);
    }
    for neuron in &subnet.neurons {
        let coldkey = neuron.coldkey.unwrap_or(neuron.hotkey);
        registration::register(state, netuid, neuron.hotkey, coldkey, None);
        set_stake(state, netuid, neuron.hotkey, neuron.stake);
    }
    if let Some(owner) = subnet.owner {
        let coldkey = subtensor::OWNER.find(state, (owner,)).unwrap_or(owner);
        registration::set_subnet_owner(state, netuid, coldkey, owner);
    }
    epoch::recompute_permits(state, netuid);
}
