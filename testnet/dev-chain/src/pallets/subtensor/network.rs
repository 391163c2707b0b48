//! What the rules ask of a subnet: who is in it, with what stake, in which epoch.

use super::errors::Error;
use super::storage::{
    COMMIT_REVEAL_WEIGHTS_ENABLED, LAST_EPOCH_BLOCK, LAST_UPDATE, MECHANISM_COUNT_CURRENT,
    NETWORKS_ADDED, PENDING_EPOCH_AT, REVEAL_PERIOD_EPOCHS, STAKE_THRESHOLD, SUBNET_EPOCH_INDEX,
    SUBNET_OWNER_HOTKEY, SUBNETWORK_N, SaltedCommit, TAO_WEIGHT, TEMPO, TOTAL_HOTKEY_ALPHA, UIDS,
    WEIGHTS_SET_RATE_LIMIT,
};
use crate::pallets::system;
use crate::storage::State;
use crate::types::{AccountId32, H256, MechId, NetUid, NetUidStorageIndex};

/// The root subnet, whose stake counts in all others.
pub const ROOT: NetUid = NetUid(0);

/// Every subnet but the root, ascending.
pub fn subnets(state: &State<'_>) -> Vec<NetUid> {
    let mut netuids = NETWORKS_ADDED.keys(state);
    netuids.retain(|netuid| *netuid != ROOT);
    netuids.sort();
    netuids
}

/// Whether there is such a subnet.
pub fn subnet_exists(state: &State<'_>, netuid: NetUid) -> bool {
    NETWORKS_ADDED.get(state, (netuid,))
}

/// Whether there is such a mechanism.
pub fn mechanism_exists(state: &State<'_>, netuid: NetUid, mechanism: MechId) -> bool {
    subnet_exists(state, netuid) && mechanism < MECHANISM_COUNT_CURRENT.get(state, (netuid,))
}

/// Uid of a hotkey.
pub fn uid_of(state: &State<'_>, netuid: NetUid, hotkey: AccountId32) -> Option<u16> {
    UIDS.find(state, (netuid, hotkey))
}

/// Uid of a hotkey that has to have one.
pub fn registered_uid(
    state: &State<'_>,
    netuid: NetUid,
    hotkey: AccountId32,
) -> Result<u16, Error> {
    uid_of(state, netuid, hotkey).ok_or(Error::HotKeyNotRegisteredInSubNet)
}

/// Whether there is a neuron with this uid; uids have no gaps.
pub fn uid_exists(state: &State<'_>, netuid: NetUid, uid: u16) -> bool {
    uid < SUBNETWORK_N.get(state, (netuid,))
}

/// Whether the hotkey is the subnet owner's.
pub fn is_owner(state: &State<'_>, netuid: NetUid, hotkey: AccountId32) -> bool {
    SUBNET_OWNER_HOTKEY.find(state, (netuid,)) == Some(hotkey)
}

/// Root stake as far as it counts in other subnets (rao).
pub fn tao_stake(state: &State<'_>, hotkey: AccountId32) -> u64 {
    let root = u128::from(TOTAL_HOTKEY_ALPHA.get(state, (hotkey, ROOT)).0);
    let weighted = root * u128::from(TAO_WEIGHT.get(state, ())) / u128::from(u64::MAX);
    // No more than the root stake itself.
    u64::try_from(weighted).unwrap_or(u64::MAX)
}

/// Stake weight: the subnet's own token and the part of the root stake that counts.
pub fn stake_weight(state: &State<'_>, netuid: NetUid, hotkey: AccountId32) -> u64 {
    let alpha = TOTAL_HOTKEY_ALPHA.get(state, (hotkey, netuid)).0;
    alpha.saturating_add(tao_stake(state, hotkey))
}

/// Whether the stake is enough to set weights; the subnet's owner needs none.
pub fn has_min_stake(state: &State<'_>, netuid: NetUid, hotkey: AccountId32) -> bool {
    is_owner(state, netuid, hotkey)
        || stake_weight(state, netuid, hotkey) >= STAKE_THRESHOLD.get(state, ())
}

/// Whether weights are committed here.
pub fn commit_reveal(state: &State<'_>, netuid: NetUid) -> bool {
    COMMIT_REVEAL_WEIGHTS_ENABLED.get(state, (netuid,))
}

/// Block of the last weights or commit; 0: never.
pub fn last_update(state: &State<'_>, index: NetUidStorageIndex, uid: u16) -> u64 {
    let blocks = LAST_UPDATE.get(state, (index,));
    blocks.get(usize::from(uid)).copied().unwrap_or_default()
}

/// Notes weights or a commit in the present block.
pub fn touch(state: &mut State<'_>, index: NetUidStorageIndex, uid: u16) {
    let block = system::block_number(state);
    LAST_UPDATE.change(state, (index,), |blocks| put_at(blocks, uid, block));
}

/// Whether the pause between two settings is over.
pub fn passes_rate_limit(
    state: &State<'_>,
    netuid: NetUid,
    index: NetUidStorageIndex,
    uid: u16,
) -> bool {
    let last = last_update(state, index, uid);
    let pause = WEIGHTS_SET_RATE_LIMIT.get(state, (netuid,));
    let passed = system::block_number(state).saturating_sub(last);
    uid_exists(state, netuid, uid) && (last == 0 || passed >= pause)
}

/// Whether an epoch begins with the present block.
pub fn epoch_is_due(state: &State<'_>, netuid: NetUid) -> bool {
    if let Some(legacy) = legacy_epochs(state, netuid) {
        return legacy.offset == 0;
    }
    let block = system::block_number(state);
    next_epoch_start(state, netuid).is_some_and(|start| block >= start)
}

/// Block of the next epoch; none where there are no epochs.
pub fn next_epoch_start(state: &State<'_>, netuid: NetUid) -> Option<u64> {
    let tempo = u64::from(TEMPO.get(state, (netuid,)));
    let regular = LAST_EPOCH_BLOCK.get(state, (netuid,)).saturating_add(tempo);
    let pending = PENDING_EPOCH_AT.get(state, (netuid,));
    (tempo > 0).then(|| match pending {
        0 => regular,
        pending => regular.min(pending),
    })
}

/// The present epoch; in the block that begins one, also before it has been run.
pub fn epoch_index(state: &State<'_>, netuid: NetUid) -> u64 {
    if let Some(legacy) = legacy_epochs(state, netuid) {
        return legacy.index;
    }
    let past = SUBNET_EPOCH_INDEX.get(state, (netuid,));
    past.saturating_add(u64::from(epoch_is_due(state, netuid)))
}

/// Where a block is by the rule of old runtimes, whose epochs are one block longer than the tempo
/// and begin at other blocks in every subnet.
struct LegacyPosition {
    index: u64,
    offset: u64,
}

fn legacy_epochs(state: &State<'_>, netuid: NetUid) -> Option<LegacyPosition> {
    let tempo = TEMPO.get(state, (netuid,));
    let is_legacy = tempo > 0 && system::runtime(state).legacy_epochs;
    is_legacy.then(|| legacy_position(netuid, tempo, system::block_number(state)))
}

fn legacy_position(netuid: NetUid, tempo: u16, block: u64) -> LegacyPosition {
    let shifted = block.saturating_add(u64::from(netuid.0) + 1);
    let length = u64::from(tempo) + 1;
    LegacyPosition {
        index: shifted / length,
        offset: shifted % length,
    }
}

/// A salted commit of now, as the present runtime stores it.
pub(super) fn salted_commit(state: &State<'_>, netuid: NetUid, hash: H256) -> SaltedCommit {
    let block = system::block_number(state);
    let Some(legacy) = legacy_epochs(state, netuid) else {
        return (hash, epoch_index(state, netuid), block, 0);
    };
    let length = u64::from(TEMPO.get(state, (netuid,))) + 1;
    let period = REVEAL_PERIOD_EPOCHS.get(state, (netuid,));
    let first = block.saturating_sub(legacy.offset) + period.saturating_mul(length);
    (hash, block, first, first + length - 1)
}

/// Epoch in which a salted commit was made.
pub(super) fn epoch_of(state: &State<'_>, netuid: NetUid, commit: &SaltedCommit) -> u64 {
    match *commit {
        (_, epoch, _, 0) => epoch,
        (_, block, ..) => legacy_position(netuid, TEMPO.get(state, (netuid,)), block).index,
    }
}

/// Whether what was committed in an epoch can be revealed now.
pub fn is_reveal_epoch(state: &State<'_>, netuid: NetUid, commit_epoch: u64) -> bool {
    let period = REVEAL_PERIOD_EPOCHS.get(state, (netuid,));
    epoch_index(state, netuid) == commit_epoch.saturating_add(period)
}

/// Whether what was committed in an epoch can't be revealed any more.
pub fn is_expired(state: &State<'_>, netuid: NetUid, commit_epoch: u64) -> bool {
    let period = REVEAL_PERIOD_EPOCHS.get(state, (netuid,));
    epoch_index(state, netuid) > commit_epoch.saturating_add(period)
}

/// Writes the value of a uid, filling up with defaults.
pub(super) fn put_at<T: Clone + Default>(values: &mut Vec<T>, uid: u16, value: T) {
    let position = usize::from(uid);
    if values.len() <= position {
        values.resize(position + 1, T::default());
    }
    if let Some(slot) = values.get_mut(position) {
        *slot = value;
    }
}

/// Fails with `error` unless `holds`.
pub(super) fn ensure(holds: bool, error: Error) -> Result<(), Error> {
    if holds { Ok(()) } else { Err(error) }
}
