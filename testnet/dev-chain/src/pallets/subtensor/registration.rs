//! How subnets and neurons come into being. On the real chain that costs work or money; here
//! genesis and admin commands do it, with the same effect on storage.

use super::deposit;
use super::events::Event;
use super::network::{put_at, uid_of};
use super::storage::{
    ACTIVE, AXONS, BLOCK_AT_REGISTRATION, CONSENSUS, DIVIDENDS, EMISSION, INCENTIVE,
    IS_NETWORK_MEMBER, KEYS, LAST_EPOCH_BLOCK, LAST_UPDATE, MECHANISM_COUNT_CURRENT,
    NETWORK_REGISTERED_AT, NETWORKS_ADDED, OWNER, SUBNET_OWNER, SUBNET_OWNER_HOTKEY, SUBNETWORK_N,
    TEMPO, TOTAL_NETWORKS, UIDS, VALIDATOR_PERMIT,
};
use crate::pallets::system;
use crate::storage::State;
use crate::types::{AccountId32, AlphaBalance, MechId, NetUid, NetUidStorageIndex, PerU16};

/// Makes a subnet without neurons.
pub fn add_subnet(state: &mut State<'_>, netuid: NetUid, tempo: u16) {
    let block = system::block_number(state);
    NETWORKS_ADDED.put(state, (netuid,), &true);
    TOTAL_NETWORKS.change(state, (), |count| *count = count.saturating_add(1));
    NETWORK_REGISTERED_AT.put(state, (netuid,), &block);
    LAST_EPOCH_BLOCK.put(state, (netuid,), &block);
    SUBNETWORK_N.put(state, (netuid,), &0);
    TEMPO.put(state, (netuid,), &tempo);
}

/// Gives a subnet an owner.
pub fn set_subnet_owner(
    state: &mut State<'_>,
    netuid: NetUid,
    coldkey: AccountId32,
    hotkey: AccountId32,
) {
    SUBNET_OWNER.put(state, (netuid,), &coldkey);
    SUBNET_OWNER_HOTKEY.put(state, (netuid,), &hotkey);
}

/// Gives a hotkey the uid `uid`, in place of whoever had it, or the next free one. A hotkey that
/// has a uid already keeps that one.
pub fn register(
    state: &mut State<'_>,
    netuid: NetUid,
    hotkey: AccountId32,
    coldkey: AccountId32,
    uid: Option<u16>,
) -> u16 {
    OWNER.put(state, (hotkey,), &coldkey);
    if let Some(uid) = uid_of(state, netuid, hotkey) {
        return uid;
    }
    let neurons = SUBNETWORK_N.get(state, (netuid,));
    // Uids have no gaps, so one beyond the end means the end.
    let uid = uid.unwrap_or(neurons).min(neurons);
    if uid < neurons {
        let replaced = KEYS.get(state, (netuid, uid));
        UIDS.remove(state, (netuid, replaced));
        IS_NETWORK_MEMBER.remove(state, (replaced, netuid));
        AXONS.remove(state, (netuid, replaced));
    } else {
        SUBNETWORK_N.put(state, (netuid,), &neurons.saturating_add(1));
    }
    UIDS.put(state, (netuid, hotkey), &uid);
    KEYS.put(state, (netuid, uid), &hotkey);
    IS_NETWORK_MEMBER.put(state, (hotkey, netuid), &true);
    reset(state, netuid, uid);
    deposit(state, Event::NeuronRegistered(netuid, uid, hotkey));
    uid
}

/// What a new neuron begins with. As on the real chain its rate limit runs from its registration
/// on, and the weights that its predecessor set stay where they are.
fn reset(state: &mut State<'_>, netuid: NetUid, uid: u16) {
    let block = system::block_number(state);
    BLOCK_AT_REGISTRATION.put(state, (netuid, uid), &block);
    VALIDATOR_PERMIT.change(state, (netuid,), |values| put_at(values, uid, false));
    ACTIVE.change(state, (netuid,), |values| put_at(values, uid, true));
    DIVIDENDS.change(state, (netuid,), |values| put_at(values, uid, PerU16(0)));
    CONSENSUS.change(state, (netuid,), |values| put_at(values, uid, PerU16(0)));
    EMISSION.change(state, (netuid,), |values| {
        put_at(values, uid, AlphaBalance(0));
    });
    for mechanism in 0..MECHANISM_COUNT_CURRENT.get(state, (netuid,)).0 {
        let index = NetUidStorageIndex::new(netuid, MechId(mechanism));
        LAST_UPDATE.change(state, (index,), |values| put_at(values, uid, block));
        INCENTIVE.change(state, (index,), |values| put_at(values, uid, PerU16(0)));
    }
}
