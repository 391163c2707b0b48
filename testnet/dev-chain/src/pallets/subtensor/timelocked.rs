//! Timelocked commits: weights that are encrypted for a round of the beacon, and that the chain
//! itself decrypts when their epoch has come.

use std::collections::VecDeque;

use parity_scale_codec::{Decode, Encode};

use super::calls::Commit;
use super::commits::check_committer;
use super::deposit;
use super::errors::Error;
use super::events::Event;
use super::network::{ensure, epoch_index, touch};
use super::storage::{
    COMMIT_REVEAL_WEIGHTS_VERSION, MECHANISM_COUNT_CURRENT, REVEAL_PERIOD_EPOCHS,
    TIMELOCKED_WEIGHT_COMMITS, TimelockedCommit,
};
use super::weights::{self, Request};
use crate::beacon;
use crate::limits::UNREVEALED_COMMITS_MAX;
use crate::pallets::{drand, system};
use crate::storage::State;
use crate::types::{AccountId32, H256, MechId, NetUid, NetUidStorageIndex};

/// What is encrypted.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct WeightsTlockPayload {
    /// Who committed; keeps a commit from being copied.
    pub hotkey: Vec<u8>,
    /// Uids that get something.
    pub uids: Vec<u16>,
    /// What each of them gets.
    pub values: Vec<u16>,
    /// Version of the rules by which they were found.
    pub version_key: u64,
}

/// Why a commit came to nothing; the real chain only logs it, and so does this one.
#[derive(Debug, thiserror::Error)]
enum RevealError {
    #[error(transparent)]
    Decrypt(#[from] beacon::DecryptError),
    #[error("the decrypted bytes are no weights: {0}")]
    Payload(#[from] parity_scale_codec::Error),
    #[error("the weights inside are another hotkey's")]
    OtherHotkey,
    #[error(transparent)]
    Refused(#[from] Error),
}

/// Stores an encrypted commit.
pub fn commit(
    state: &mut State<'_>,
    hotkey: AccountId32,
    netuid: NetUid,
    mechanism: MechId,
    (commit, round, version): (&Commit, u64, u16),
) -> Result<(), Error> {
    let index = NetUidStorageIndex::new(netuid, mechanism);
    ensure(
        version == COMMIT_REVEAL_WEIGHTS_VERSION.get(state, ()),
        Error::IncorrectCommitRevealVersion,
    )?;
    let uid = check_committer(state, hotkey, netuid, index)?;
    ensure(
        round >= drand::LAST_STORED_ROUND.get(state, ()),
        Error::InvalidRevealRound,
    )?;
    let (epoch, block) = (epoch_index(state, netuid), system::block_number(state));
    let mut commits = TIMELOCKED_WEIGHT_COMMITS.get(state, (index, epoch));
    let pending = commits.iter().filter(|(who, ..)| *who == hotkey).count();
    ensure(
        pending < UNREVEALED_COMMITS_MAX,
        Error::TooManyUnrevealedCommits,
    )?;
    commits.push_back((hotkey, block, commit.clone(), round));
    TIMELOCKED_WEIGHT_COMMITS.put(state, (index, epoch), &commits);
    let hash = H256(sp_crypto_hashing::blake2_256(&commit.encode()));
    deposit(
        state,
        Event::TimelockedWeightsCommitted(hotkey, index, hash, round),
    );
    touch(state, index, uid);
    Ok(())
}

/// Reveals what was committed for the present epoch of a subnet and whose round is known, and
/// drops what is too old.
pub fn reveal_due(state: &mut State<'_>, netuid: NetUid) {
    let current = epoch_index(state, netuid);
    let period = REVEAL_PERIOD_EPOCHS.get(state, (netuid,));
    let Some(due) = current.checked_sub(period) else {
        return;
    };
    for mechanism in 0..MECHANISM_COUNT_CURRENT.get(state, (netuid,)).0 {
        let index = NetUidStorageIndex::new(netuid, MechId(mechanism));
        for epoch in TIMELOCKED_WEIGHT_COMMITS.second_keys(state, &index) {
            if epoch < due {
                TIMELOCKED_WEIGHT_COMMITS.remove(state, (index, epoch));
            }
        }
        let Some(commits) = TIMELOCKED_WEIGHT_COMMITS.find(state, (index, due)) else {
            continue;
        };
        let mut waiting = VecDeque::new();
        for commit in commits {
            match drand::PULSES.find(state, (commit.3,)) {
                Some(pulse) => reveal(state, netuid, MechId(mechanism), &commit, &pulse),
                None => waiting.push_back(commit),
            }
        }
        if waiting.is_empty() {
            TIMELOCKED_WEIGHT_COMMITS.remove(state, (index, due));
        } else {
            TIMELOCKED_WEIGHT_COMMITS.put(state, (index, due), &waiting);
        }
    }
}

fn reveal(
    state: &mut State<'_>,
    netuid: NetUid,
    mechanism: MechId,
    (hotkey, _, commit, round): &TimelockedCommit,
    pulse: &drand::Pulse,
) {
    let revealed = state.transaction(|state| -> Result<(), RevealError> {
        let decrypted = beacon::decrypt(&commit.0, &pulse.signature.0)?;
        let payload = WeightsTlockPayload::decode(&mut decrypted.as_slice())?;
        if payload.hotkey != hotkey.0 {
            return Err(RevealError::OtherHotkey);
        }
        let request = Request {
            netuid,
            mechanism,
            uids: payload.uids,
            values: payload.values,
            version_key: payload.version_key,
        };
        Ok(weights::store(state, *hotkey, &request)?)
    });
    match revealed {
        Ok(()) => {
            let index = NetUidStorageIndex::new(netuid, mechanism);
            deposit(state, Event::TimelockedWeightsRevealed(index, *hotkey));
        }
        Err(error) => tracing::info!(%hotkey, round, %error, "a commit came to nothing"),
    }
}
