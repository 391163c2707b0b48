//! What the pool refuses before anything gets into a block: the checks of the real chain's
//! `SubtensorTransactionExtension`, in its order.

use super::calls::Call;
use super::commits::check_reveal;
use super::dispatch::axon_of;
use super::errors::Error;
use super::network::{commit_reveal, ensure, has_min_stake, passes_rate_limit, uid_of};
use super::serving;
use super::weights::Request;
use crate::pallets::drand;
use crate::storage::State;
use crate::types::{AccountId32, MechId, NetUid, NetUidStorageIndex};

/// Checks a call as the next block would see it.
pub fn check(state: &State<'_>, hotkey: AccountId32, call: &Call) -> Result<(), Error> {
    check_lengths(call)?;
    check_min_stake(state, hotkey, call)?;
    check_commits(state, hotkey, call)?;
    check_rate_limit(state, hotkey, call)?;
    match call {
        Call::serve_axon { netuid, .. } => {
            serving::check(state, hotkey, *netuid, &axon_of(call).unwrap_or_default())
        }
        _ => Ok(()),
    }
}

fn check_lengths(call: &Call) -> Result<(), Error> {
    let equal = match call {
        Call::batch_commit_weights {
            netuids,
            commit_hashes,
        } => netuids.len() == commit_hashes.len(),
        Call::batch_set_weights {
            netuids,
            weights,
            version_keys,
        } => netuids.len() == weights.len() && netuids.len() == version_keys.len(),
        Call::batch_reveal_weights {
            uids_list,
            values_list,
            salts_list,
            version_keys,
            ..
        } => [values_list.len(), salts_list.len(), version_keys.len()]
            .iter()
            .all(|length| *length == uids_list.len()),
        _ => true,
    };
    ensure(equal, Error::InputLengthsUnequal)
}

fn check_min_stake(state: &State<'_>, hotkey: AccountId32, call: &Call) -> Result<(), Error> {
    let netuids: Vec<NetUid> = match call {
        Call::serve_axon { .. } => Vec::new(),
        Call::batch_commit_weights { netuids, .. } | Call::batch_set_weights { netuids, .. } => {
            netuids.iter().map(|netuid| netuid.0).collect()
        }
        Call::set_weights { netuid, .. }
        | Call::set_mechanism_weights { netuid, .. }
        | Call::commit_weights { netuid, .. }
        | Call::commit_mechanism_weights { netuid, .. }
        | Call::reveal_weights { netuid, .. }
        | Call::reveal_mechanism_weights { netuid, .. }
        | Call::batch_reveal_weights { netuid, .. }
        | Call::commit_timelocked_weights { netuid, .. }
        | Call::commit_timelocked_mechanism_weights { netuid, .. } => vec![*netuid],
    };
    let enough = |netuid: &NetUid| has_min_stake(state, *netuid, hotkey);
    ensure(
        netuids.iter().all(enough),
        Error::NotEnoughStakeToSetWeights,
    )
}

fn check_commits(state: &State<'_>, hotkey: AccountId32, call: &Call) -> Result<(), Error> {
    match call {
        Call::commit_timelocked_weights { reveal_round, .. }
        | Call::commit_timelocked_mechanism_weights { reveal_round, .. } => ensure(
            *reveal_round >= drand::LAST_STORED_ROUND.get(state, ()),
            Error::InvalidRevealRound,
        ),
        _ => reveals_of(call)
            .iter()
            .try_for_each(|(request, salt)| check_reveal(state, hotkey, request, salt)),
    }
}

/// What a call reveals, with the salts.
pub(super) fn reveals_of(call: &Call) -> Vec<(Request, Vec<u16>)> {
    let reveal = |netuid: &NetUid, mechanism: MechId, (uids, values, salt, version_key)| {
        let (uids, values): (&Vec<u16>, &Vec<u16>) = (uids, values);
        let (salt, version_key): (&Vec<u16>, &u64) = (salt, version_key);
        let request = Request {
            netuid: *netuid,
            mechanism,
            uids: uids.clone(),
            values: values.clone(),
            version_key: *version_key,
        };
        (request, salt.clone())
    };
    match call {
        Call::reveal_weights {
            netuid,
            uids,
            values,
            salt,
            version_key,
        } => vec![reveal(netuid, MechId(0), (uids, values, salt, version_key))],
        Call::reveal_mechanism_weights {
            netuid,
            mecid,
            uids,
            values,
            salt,
            version_key,
        } => vec![reveal(netuid, *mecid, (uids, values, salt, version_key))],
        Call::batch_reveal_weights {
            netuid,
            uids_list,
            values_list,
            salts_list,
            version_keys,
        } => uids_list
            .iter()
            .zip(values_list)
            .zip(salts_list)
            .zip(version_keys)
            .map(|(((uids, values), salt), version_key)| {
                reveal(netuid, MechId(0), (uids, values, salt, version_key))
            })
            .collect(),
        _ => Vec::new(),
    }
}

fn check_rate_limit(state: &State<'_>, hotkey: AccountId32, call: &Call) -> Result<(), Error> {
    let (netuid, mechanism, error) = match call {
        Call::commit_weights { netuid, .. } => {
            (*netuid, MechId(0), Error::CommittingWeightsTooFast)
        }
        Call::commit_mechanism_weights { netuid, mecid, .. } => {
            (*netuid, *mecid, Error::CommittingWeightsTooFast)
        }
        Call::set_weights { netuid, .. } => (*netuid, MechId(0), Error::SettingWeightsTooFast),
        Call::set_mechanism_weights { netuid, mecid, .. } => {
            (*netuid, *mecid, Error::SettingWeightsTooFast)
        }
        _ => return Ok(()),
    };
    let is_plain = error == Error::SettingWeightsTooFast;
    if is_plain && commit_reveal(state, netuid) {
        return Ok(());
    }
    let index = NetUidStorageIndex::new(netuid, mechanism);
    match uid_of(state, netuid, hotkey) {
        Some(uid) => ensure(passes_rate_limit(state, netuid, index, uid), error),
        None => Ok(()),
    }
}
