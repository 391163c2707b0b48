//! From calls to what carries them out.

use super::calls::Call;
use super::errors::Error;
use super::pool_checks::reveals_of;
use super::storage::AxonInfo;
use super::weights::Request;
use super::{commits, serving, timelocked, weights};
use crate::storage::State;
use crate::types::{AccountId32, MechId, NetUid};

/// Carries out a call for the hotkey that signed it. What fails leaves nothing, see
/// [`State::transaction`].
pub fn dispatch(state: &mut State<'_>, hotkey: AccountId32, call: &Call) -> Result<(), Error> {
    match call {
        Call::set_weights {
            netuid,
            dests,
            weights,
            version_key,
        } => {
            let request = request(*netuid, MechId(0), dests, weights, *version_key);
            weights::set(state, hotkey, &request)
        }
        Call::set_mechanism_weights {
            netuid,
            mecid,
            dests,
            weights,
            version_key,
        } => {
            let request = request(*netuid, *mecid, dests, weights, *version_key);
            weights::set(state, hotkey, &request)
        }
        Call::batch_set_weights {
            netuids,
            weights,
            version_keys,
        } => weights::set_batch(state, hotkey, netuids, weights, version_keys),
        Call::commit_weights {
            netuid,
            commit_hash,
        } => commits::commit(state, hotkey, *netuid, MechId(0), *commit_hash),
        Call::commit_mechanism_weights {
            netuid,
            mecid,
            commit_hash,
        } => commits::commit(state, hotkey, *netuid, *mecid, *commit_hash),
        Call::batch_commit_weights {
            netuids,
            commit_hashes,
        } => commits::commit_batch(state, hotkey, netuids, commit_hashes),
        Call::reveal_weights { .. } | Call::reveal_mechanism_weights { .. } => {
            reveals_of(call).iter().try_for_each(|(request, salt)| {
                commits::reveal(state, hotkey, request, salt).map(|_| ())
            })
        }
        Call::batch_reveal_weights { netuid, .. } => {
            commits::reveal_batch(state, hotkey, *netuid, &reveals_of(call))
        }
        Call::commit_timelocked_weights {
            netuid,
            commit,
            reveal_round,
            commit_reveal_version,
        } => {
            let commit = (commit, *reveal_round, *commit_reveal_version);
            timelocked::commit(state, hotkey, *netuid, MechId(0), commit)
        }
        Call::commit_timelocked_mechanism_weights {
            netuid,
            mecid,
            commit,
            reveal_round,
            commit_reveal_version,
        } => {
            let commit = (commit, *reveal_round, *commit_reveal_version);
            timelocked::commit(state, hotkey, *netuid, *mecid, commit)
        }
        Call::serve_axon { netuid, .. } => {
            serving::serve(state, hotkey, *netuid, axon_of(call).unwrap_or_default())
        }
    }
}

/// The address in a call that serves one.
pub(super) fn axon_of(call: &Call) -> Option<AxonInfo> {
    match call {
        Call::serve_axon {
            version,
            ip,
            port,
            ip_type,
            protocol,
            placeholder1,
            placeholder2,
            ..
        } => Some(AxonInfo {
            block: 0,
            version: *version,
            ip: *ip,
            port: *port,
            ip_type: *ip_type,
            protocol: *protocol,
            placeholder1: *placeholder1,
            placeholder2: *placeholder2,
        }),
        _ => None,
    }
}

fn request(
    netuid: NetUid,
    mechanism: MechId,
    uids: &[u16],
    values: &[u16],
    version_key: u64,
) -> Request {
    Request {
        netuid,
        mechanism,
        uids: uids.to_vec(),
        values: values.to_vec(),
        version_key,
    }
}
