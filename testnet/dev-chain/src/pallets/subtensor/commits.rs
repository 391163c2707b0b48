//! Salted commits: the hash of weights in one epoch, the weights and the salt in the epoch that
//! the reveal period names.

use std::collections::VecDeque;

use parity_scale_codec::{Compact, Encode};

use super::deposit;
use super::errors::Error;
use super::events::Event;
use super::network::{
    commit_reveal, ensure, epoch_of, is_expired, is_reveal_epoch, passes_rate_limit,
    registered_uid, salted_commit, touch,
};
use super::storage::{SaltedCommit, WEIGHT_COMMITS};
use super::weights::{self, Request};
use crate::limits::UNREVEALED_COMMITS_MAX;
use crate::storage::State;
use crate::types::{AccountId32, H256, MechId, NetUid, NetUidStorageIndex};

/// Hash of salted weights, as the chain and its clients compute it.
pub fn commit_hash(hotkey: AccountId32, request: &Request, salt: &[u16]) -> H256 {
    let index = NetUidStorageIndex::new(request.netuid, request.mechanism);
    let committed = (
        hotkey,
        index,
        &request.uids,
        &request.values,
        salt,
        request.version_key,
    );
    H256(sp_crypto_hashing::blake2_256(&committed.encode()))
}

/// Checks that a hotkey may commit now; returns its uid.
pub(super) fn check_committer(
    state: &State<'_>,
    hotkey: AccountId32,
    netuid: NetUid,
    index: NetUidStorageIndex,
) -> Result<u16, Error> {
    ensure(commit_reveal(state, netuid), Error::CommitRevealDisabled)?;
    let uid = registered_uid(state, netuid, hotkey)?;
    ensure(
        passes_rate_limit(state, netuid, index, uid),
        Error::CommittingWeightsTooFast,
    )?;
    Ok(uid)
}

/// Stores the hash of weights.
pub fn commit(
    state: &mut State<'_>,
    hotkey: AccountId32,
    netuid: NetUid,
    mechanism: MechId,
    hash: H256,
) -> Result<(), Error> {
    let index = NetUidStorageIndex::new(netuid, mechanism);
    let uid = check_committer(state, hotkey, netuid, index)?;
    let mut commits = WEIGHT_COMMITS.get(state, (index, hotkey));
    drop_expired(state, netuid, &mut commits);
    ensure(
        commits.len() < UNREVEALED_COMMITS_MAX,
        Error::TooManyUnrevealedCommits,
    )?;
    commits.push_back(salted_commit(state, netuid, hash));
    WEIGHT_COMMITS.put(state, (index, hotkey), &commits);
    deposit(state, Event::WeightsCommitted(hotkey, index, hash));
    touch(state, index, uid);
    Ok(())
}

/// Stores hashes in several subnets; a part that fails is named by an event.
pub fn commit_batch(
    state: &mut State<'_>,
    hotkey: AccountId32,
    netuids: &[Compact<NetUid>],
    hashes: &[H256],
) -> Result<(), Error> {
    ensure(netuids.len() == hashes.len(), Error::InputLengthsUnequal)?;
    let mut all_done = true;
    for (netuid, hash) in netuids.iter().zip(hashes) {
        let done = state.transaction(|state| commit(state, hotkey, netuid.0, MechId(0), *hash));
        if let Err(error) = done {
            weights::batch_item_failed(state, netuid.0, error);
            all_done = false;
        }
    }
    weights::finish_batch(state, hotkey, netuids, all_done);
    Ok(())
}

/// Reveals committed weights and sets them. The commit and those before it are used up.
pub fn reveal(
    state: &mut State<'_>,
    hotkey: AccountId32,
    request: &Request,
    salt: &[u16],
) -> Result<H256, Error> {
    let netuid = request.netuid;
    let index = NetUidStorageIndex::new(netuid, request.mechanism);
    ensure(commit_reveal(state, netuid), Error::CommitRevealDisabled)?;
    let mut commits = WEIGHT_COMMITS
        .find(state, (index, hotkey))
        .ok_or(Error::NoWeightsCommitFound)?;
    let expired = drop_expired(state, netuid, &mut commits);
    let hash = commit_hash(hotkey, request, salt);
    let Some(position) = commits.iter().position(|(known, ..)| *known == hash) else {
        return Err(if expired.contains(&hash) {
            Error::ExpiredWeightCommit
        } else if commits.is_empty() {
            Error::NoWeightsCommitFound
        } else {
            Error::InvalidRevealCommitHashNotMatch
        });
    };
    let commit = commits.get(position);
    let epoch = commit.map_or(0, |commit| epoch_of(state, netuid, commit));
    ensure(is_reveal_epoch(state, netuid, epoch), Error::RevealTooEarly)?;
    commits.drain(..=position);
    if commits.is_empty() {
        WEIGHT_COMMITS.remove(state, (index, hotkey));
    } else {
        WEIGHT_COMMITS.put(state, (index, hotkey), &commits);
    }
    weights::store(state, hotkey, request)?;
    deposit(state, Event::WeightsRevealed(hotkey, index, hash));
    Ok(hash)
}

/// Reveals several commits of a subnet, all or none.
pub fn reveal_batch(
    state: &mut State<'_>,
    hotkey: AccountId32,
    netuid: NetUid,
    requests: &[(Request, Vec<u16>)],
) -> Result<(), Error> {
    let hashes = requests
        .iter()
        .map(|(request, salt)| reveal(state, hotkey, request, salt))
        .collect::<Result<Vec<H256>, Error>>()?;
    deposit(state, Event::WeightsBatchRevealed(hotkey, netuid, hashes));
    Ok(())
}

/// Whether a reveal has a commit and comes in the right epoch, as the pool asks.
pub(super) fn check_reveal(
    state: &State<'_>,
    hotkey: AccountId32,
    request: &Request,
    salt: &[u16],
) -> Result<(), Error> {
    let index = NetUidStorageIndex::new(request.netuid, request.mechanism);
    let hash = commit_hash(hotkey, request, salt);
    let commits = WEIGHT_COMMITS.get(state, (index, hotkey));
    let commit = commits.iter().find(|(known, ..)| *known == hash);
    let commit = commit.ok_or(Error::NoWeightsCommitFound)?;
    let epoch = epoch_of(state, request.netuid, commit);
    ensure(
        is_reveal_epoch(state, request.netuid, epoch),
        Error::RevealTooEarly,
    )
}

fn drop_expired(
    state: &State<'_>,
    netuid: NetUid,
    commits: &mut VecDeque<SaltedCommit>,
) -> Vec<H256> {
    let mut expired = Vec::new();
    while let Some(commit) = commits.front() {
        if !is_expired(state, netuid, epoch_of(state, netuid, commit)) {
            break;
        }
        expired.push(commit.0);
        commits.pop_front();
    }
    expired
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_hash_covers_the_scale_of_all_that_is_committed() {
        let request = Request {
            netuid: NetUid(1),
            mechanism: MechId(1),
            uids: vec![2, 3],
            values: vec![21_845, 65_535],
            version_key: 7,
        };
        // By another implementation of the hash, over bytes put together by hand.
        assert_eq!(
            hex::encode(commit_hash(AccountId32([9; 32]), &request, &[5, 6]).0),
            "5a14354ecd8fc899b788ccf92f60b5b53ec9c4f89479084874420e59f4d75148"
        );
    }
}
