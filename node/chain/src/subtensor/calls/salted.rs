//! Salted commits: the hash of weights now, the weights and the salt in the epoch of the reveal.

use parity_scale_codec::Encode;
use rand_core::{CryptoRng, RngCore};
use subxt::dynamic::Value;

use assay_consensus::hash::Hash;
use assay_consensus::keys::Hotkey;

use super::Caller;
use super::invoke::{Payload, number, payload};
use super::params::{Params, check_pending, reveal_period};
use super::weights::{MECHANISM, refused};
use crate::chain::{WeightsMethod, WeightsSubmission};
use crate::subtensor::connection::AtBlock;
use crate::subtensor::epochs;
use crate::subtensor::fault::Fault;
use crate::subtensor::read::{PALLET, find, storage};

/// Forms of the call that commits, the preferred one first.
pub(super) const COMMIT_CALLS: [&str; 2] = ["commit_mechanism_weights", "commit_weights"];

/// Numbers in a salt, 16 bits each; as many as the SDKs take.
const SALT_NUMBERS: usize = 8;

/// A salted commit that the chain holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct PendingCommit {
    pub(super) hash: Hash,
    /// The only epoch in which it can be revealed.
    pub(super) reveal_epoch: u64,
}

/// A salted commit as the chain stores it: its hash, then the epoch and the block of the commit and
/// a zero; before runtimes counted epochs the blocks of the commit and of the first and the last
/// possible reveal, of which the chain itself uses only the first.
type Stored = ([u8; 32], u64, u64, u64);

/// The call that commits weights, and what is needed for the reveal.
pub(super) async fn commit(
    caller: &Caller<'_>,
    call: &str,
    params: &Params,
    submission: &WeightsSubmission,
    rng: &mut (impl RngCore + CryptoRng + Send),
) -> Result<(Payload, WeightsMethod), Fault> {
    let hotkey = caller.signer.hotkey();
    let pending = pending(caller.at, caller.netuid, &hotkey).await?;
    // The chain drops those whose time is over first.
    let open = pending
        .iter()
        .filter(|commit| commit.reveal_epoch >= submission.epoch)
        .count();
    check_pending(open).map_err(|refusal| refused(call, refusal))?;
    let salt: Vec<u16> = (0..SALT_NUMBERS).map(|_| random(rng)).collect();
    let commit_hash = commit_hash(&hotkey, caller.netuid, submission, &salt);
    let payload = payload(
        caller.at,
        call,
        &[
            ("netuid", number(caller.netuid)),
            ("mecid", number(MECHANISM)),
            ("commit_hash", Value::from_bytes(commit_hash.0)),
        ],
    )?;
    let method = WeightsMethod::Salted {
        commit_hash,
        salt,
        version_key: submission.version_key,
        reveal_epoch: submission.epoch.saturating_add(params.reveal_period),
    };
    Ok((payload, method))
}

/// The salted commits of a hotkey that the chain holds.
pub(super) async fn pending(
    at: &AtBlock,
    netuid: u16,
    hotkey: &Hotkey,
) -> Result<Vec<PendingCommit>, Fault> {
    let key = (netuid, hotkey.0);
    let (commits, period, tempo) = tokio::try_join!(
        find::<_, Vec<Stored>>(at, PALLET, "WeightCommits", key),
        reveal_period(at, netuid),
        storage::<_, u16>(at, PALLET, "Tempo", (netuid,)),
    )?;
    let commits = commits.unwrap_or_default().into_iter();
    Ok(commits
        .map(|stored| PendingCommit {
            hash: Hash(stored.0),
            reveal_epoch: epoch_of(&stored, netuid, tempo).saturating_add(period),
        })
        .collect())
}

/// Epoch in which a commit was made.
fn epoch_of(stored: &Stored, netuid: u16, tempo: u16) -> u64 {
    match *stored {
        (_, epoch, _, 0) => epoch,
        (_, block, ..) => epochs::epoch_by_number(block, netuid, tempo),
    }
}

/// Blake2b-256 over the SCALE of all that is committed. The index of the first mechanism's storage
/// is the netuid.
fn commit_hash(hotkey: &Hotkey, index: u16, submission: &WeightsSubmission, salt: &[u16]) -> Hash {
    let (uids, values): (Vec<u16>, Vec<u16>) = submission.entries.iter().copied().unzip();
    let committed = (hotkey.0, index, uids, values, salt, submission.version_key);
    Hash(sp_crypto_hashing::blake2_256(&committed.encode()))
}

fn random(rng: &mut (impl RngCore + CryptoRng)) -> u16 {
    let mut bytes = [0; 2];
    rng.fill_bytes(&mut bytes);
    u16::from_le_bytes(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_epoch_of_a_commit_is_stored_or_follows_from_its_block() {
        assert_eq!(epoch_of(&([0; 32], 7, 900, 0), 1, 10), 7);
        // (20 + 1 + 1) / (10 + 1).
        assert_eq!(epoch_of(&([0; 32], 20, 31, 41), 1, 10), 2);
    }

    #[test]
    fn the_hash_covers_the_scale_of_all_that_is_committed() {
        let submission = WeightsSubmission {
            epoch: 0,
            entries: vec![(2, 21_845), (3, 65_535)],
            version_key: 7,
        };
        // By another implementation of the hash, over bytes put together by hand: mechanism 1 of
        // subnet 1.
        assert_eq!(
            commit_hash(&Hotkey([9; 32]), 4_097, &submission, &[5, 6]).to_hex(),
            "5a14354ecd8fc899b788ccf92f60b5b53ec9c4f89479084874420e59f4d75148"
        );
    }
}
