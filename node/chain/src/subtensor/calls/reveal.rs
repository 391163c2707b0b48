//! The reveal of a salted commit.

use std::cmp::Ordering;

use super::Caller;
use super::invoke::{first_known, number, numbers, payload};
use super::salted::pending;
use super::signing::sign;
use super::weights::{MECHANISM, era_of_epoch, refused};
use crate::call::SignedCall;
use crate::chain::{PreparedWeights, WeightsMethod};
use crate::error::Refusal;
use crate::subtensor::fault::Fault;

/// Forms of the call that reveals, the preferred one first.
const REVEAL_CALLS: [&str; 2] = ["reveal_mechanism_weights", "reveal_weights"];

/// Signs the reveal of a salted commit. Nothing is sent. The call can't get into a block of a later
/// epoch, where the chain would refuse it, so it is tried up to the last block of this one.
///
/// Errors: [`crate::ChainError::Refused`] with [`Refusal::RevealTooEarly`], [`Refusal::ExpiredWeightCommit`]
/// or [`Refusal::NoWeightsCommitFound`] (also for weights that aren't salted);
/// [`crate::ChainError::TooLate`] if no era fits into what is left of the epoch,
/// [`crate::ChainError::Unsupported`].
pub(in crate::subtensor) async fn prepare_reveal(
    caller: &Caller<'_>,
    prepared: &PreparedWeights,
) -> Result<SignedCall, Fault> {
    let call = first_known(caller.at, &REVEAL_CALLS)?;
    let WeightsMethod::Salted {
        commit_hash,
        salt,
        version_key,
        ..
    } = &prepared.method
    else {
        return Err(refused(call, Refusal::NoWeightsCommitFound));
    };
    let commits = pending(caller.at, caller.netuid, &caller.signer.hotkey()).await?;
    let commit = commits.iter().find(|commit| commit.hash == *commit_hash);
    let commit = commit.ok_or_else(|| refused(call, Refusal::NoWeightsCommitFound))?;
    match caller.head.epoch.cmp(&commit.reveal_epoch) {
        Ordering::Less => return Err(refused(call, Refusal::RevealTooEarly)),
        Ordering::Greater => return Err(refused(call, Refusal::ExpiredWeightCommit)),
        Ordering::Equal => {}
    }
    let entries = &prepared.entries;
    let payload = payload(
        caller.at,
        call,
        &[
            ("netuid", number(caller.netuid)),
            ("mecid", number(MECHANISM)),
            ("uids", numbers(entries.iter().map(|(uid, _)| *uid))),
            ("values", numbers(entries.iter().map(|(_, value)| *value))),
            ("salt", numbers(salt.iter().copied())),
            ("version_key", number(*version_key)),
        ],
    )?;
    sign(caller, &payload, era_of_epoch(caller)?).await
}
