//! Axons: where a neuron says that it can be reached.

use super::deposit;
use super::errors::Error;
use super::events::Event;
use super::network::{ensure, subnet_exists, uid_of};
use super::storage::{AXONS, AxonInfo, SERVING_RATE_LIMIT};
use crate::pallets::system;
use crate::storage::State;
use crate::types::{AccountId32, NetUid};

/// 127.0.0.1 as a number.
const LOOPBACK_V4: u128 = 0x7f00_0001;

/// `::1` as a number.
const LOOPBACK_V6: u128 = 1;

/// Stores a neuron's address; `axon.block` is filled in.
pub fn serve(
    state: &mut State<'_>,
    hotkey: AccountId32,
    netuid: NetUid,
    axon: AxonInfo,
) -> Result<(), Error> {
    ensure(subnet_exists(state, netuid), Error::SubnetNotExists)?;
    check(state, hotkey, netuid, &axon)?;
    let block = system::block_number(state);
    AXONS.put(state, (netuid, hotkey), &AxonInfo { block, ..axon });
    deposit(state, Event::AxonServed(netuid, hotkey));
    Ok(())
}

/// Whether an address can be stored now, as the pool asks too.
pub(super) fn check(
    state: &State<'_>,
    hotkey: AccountId32,
    netuid: NetUid,
    axon: &AxonInfo,
) -> Result<(), Error> {
    ensure(
        uid_of(state, netuid, hotkey).is_some(),
        Error::HotKeyNotRegisteredInNetwork,
    )?;
    ensure(matches!(axon.ip_type, 4 | 6), Error::InvalidIpType)?;
    ensure(is_valid_ip(axon), Error::InvalidIpAddress)?;
    let last = AXONS.get(state, (netuid, hotkey)).block;
    let pause = SERVING_RATE_LIMIT.get(state, (netuid,));
    let passed = system::block_number(state).saturating_sub(last);
    ensure(
        pause == 0 || last == 0 || passed >= pause,
        Error::ServingRateLimitExceeded,
    )?;
    ensure(axon.port != 0, Error::InvalidPort)
}

fn is_valid_ip(axon: &AxonInfo) -> bool {
    match axon.ip_type {
        4 => axon.ip < u128::from(u32::MAX) && axon.ip != LOOPBACK_V4,
        _ => axon.ip != u128::MAX && axon.ip != LOOPBACK_V6,
    }
}
