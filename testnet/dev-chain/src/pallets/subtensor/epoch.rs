//! What happens at the start of every block: due commits are revealed, due epochs are run.
//! Of an epoch only what validators depend on is computed: permits and activity. Consensus,
//! incentives and emission stay zero.

use std::collections::BTreeSet;

use super::deposit;
use super::events::Event;
use super::network::{epoch_index, epoch_is_due, is_owner, last_update, stake_weight, subnets};
use super::storage::{
    ACTIVE, ACTIVITY_CUTOFF_FACTOR_MILLI, BLOCKS_SINCE_LAST_STEP, KEYS, LAST_EPOCH_BLOCK,
    LAST_MECHANISM_STEP_BLOCK, MAX_ALLOWED_VALIDATORS, PENDING_EPOCH_AT, STAKE_THRESHOLD,
    SUBNET_EPOCH_INDEX, SUBNETWORK_N, TEMPO, VALIDATOR_PERMIT,
};
use super::timelocked;
use crate::limits::EPOCHS_PER_BLOCK_MAX;
use crate::pallets::system;
use crate::storage::State;
use crate::types::{NetUid, NetUidStorageIndex};

/// The step of the present block.
pub fn block_step(state: &mut State<'_>) {
    let netuids = subnets(state);
    let due: Vec<NetUid> = netuids
        .iter()
        .copied()
        .filter(|netuid| epoch_is_due(state, *netuid))
        .collect();
    let turns = EPOCHS_PER_BLOCK_MAX as usize;
    let deferred: BTreeSet<NetUid> = due.iter().copied().skip(turns).collect();
    for netuid in netuids.iter().filter(|netuid| !deferred.contains(netuid)) {
        timelocked::reveal_due(state, *netuid);
    }
    for netuid in &netuids {
        BLOCKS_SINCE_LAST_STEP.change(state, (*netuid,), |blocks| {
            *blocks = blocks.saturating_add(1);
        });
    }
    let block = system::block_number(state);
    for netuid in due {
        if deferred.contains(&netuid) {
            PENDING_EPOCH_AT.put(state, (netuid,), &(block + 1));
            deposit(
                state,
                Event::EpochDeferred {
                    netuid,
                    from_block: block,
                    to_block: block + 1,
                },
            );
            continue;
        }
        run(state, netuid, block);
    }
}

fn run(state: &mut State<'_>, netuid: NetUid, block: u64) {
    let index = epoch_index(state, netuid);
    recompute_permits(state, netuid);
    recompute_activity(state, netuid, block);
    BLOCKS_SINCE_LAST_STEP.put(state, (netuid,), &0);
    LAST_MECHANISM_STEP_BLOCK.put(state, (netuid,), &block);
    LAST_EPOCH_BLOCK.put(state, (netuid,), &block);
    PENDING_EPOCH_AT.put(state, (netuid,), &0);
    SUBNET_EPOCH_INDEX.put(state, (netuid,), &index);
}

/// Permits go to those with most stake, of equal stake to the lower uid, and to the owner.
pub fn recompute_permits(state: &mut State<'_>, netuid: NetUid) {
    let threshold = STAKE_THRESHOLD.get(state, ()).max(1);
    let neurons = SUBNETWORK_N.get(state, (netuid,));
    let hotkeys: Vec<_> = (0..neurons)
        .map(|uid| (uid, KEYS.get(state, (netuid, uid))))
        .collect();
    let mut ranking: Vec<(u64, u16)> = hotkeys
        .iter()
        .map(|(uid, hotkey)| (stake_weight(state, netuid, *hotkey), *uid))
        .filter(|(stake, _)| *stake >= threshold)
        .collect();
    ranking.sort_by(|a, b| b.0.cmp(&a.0).then(a.1.cmp(&b.1)));
    ranking.truncate(usize::from(MAX_ALLOWED_VALIDATORS.get(state, (netuid,))));
    let permitted: BTreeSet<u16> = ranking.into_iter().map(|(_, uid)| uid).collect();
    let permits: Vec<bool> = hotkeys
        .iter()
        .map(|(uid, hotkey)| permitted.contains(uid) || is_owner(state, netuid, *hotkey))
        .collect();
    VALIDATOR_PERMIT.put(state, (netuid,), &permits);
}

fn recompute_activity(state: &mut State<'_>, netuid: NetUid, block: u64) {
    let cutoff = activity_cutoff_blocks(state, netuid);
    let neurons = SUBNETWORK_N.get(state, (netuid,));
    let index = NetUidStorageIndex::from(netuid);
    let active: Vec<bool> = (0..neurons)
        .map(|uid| last_update(state, index, uid).saturating_add(cutoff) >= block)
        .collect();
    ACTIVE.put(state, (netuid,), &active);
}

/// Blocks without weights until a validator is inactive.
pub fn activity_cutoff_blocks(state: &State<'_>, netuid: NetUid) -> u64 {
    let factor = u64::from(ACTIVITY_CUTOFF_FACTOR_MILLI.get(state, (netuid,)));
    factor * u64::from(TEMPO.get(state, (netuid,))) / 1_000
}
