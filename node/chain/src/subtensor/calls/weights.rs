//! Weights: how the subnet wants them, whether the chain would take them, and the signed call.

use rand_core::{CryptoRng, RngCore};

use super::invoke::{Payload, first_known, number, numbers, payload};
use super::params::Params;
use super::pool::best_number;
use super::signing::{Era, sign};
use super::{Caller, salted, timelocked};
use crate::chain::{PreparedWeights, WeightsMethod, WeightsSubmission};
use crate::error::{ChainError, Refusal};
use crate::subtensor::config::CommitMode;
use crate::subtensor::fault::Fault;

/// The mechanism of a subnet that weights are for.
pub(super) const MECHANISM: u8 = 0;

/// How many blocks before the next epoch a call has to be in a block at the latest, when it goes
/// into the first block it can: room for a block that is full and one that is missed.
const MARGIN_BLOCKS: u64 = 3;

/// Forms of the call that sets plain weights, the preferred one first.
const SET_WEIGHTS: [&str; 2] = ["set_mechanism_weights", "set_weights"];

/// Reads how weights have to be set now, checks what the chain would refuse, and signs the call.
/// Nothing is sent. The call can't get into a block of a later epoch.
///
/// Errors: [`ChainError::WrongEpoch`], [`ChainError::TooLate`], [`ChainError::AlreadySet`], [`ChainError::Refused`] with the
/// refusal that the chain would answer with, [`ChainError::Unsupported`].
pub(in crate::subtensor) async fn prepare_weights(
    caller: &Caller<'_>,
    submission: &WeightsSubmission,
    mode: CommitMode,
    rng: &mut (impl RngCore + CryptoRng + Send),
) -> Result<PreparedWeights, Fault> {
    let head = caller.head;
    if submission.epoch != head.epoch {
        return Err(Fault::Chain(ChainError::WrongEpoch {
            expected: submission.epoch,
            got: head.epoch,
        }));
    }
    let next_block = next_block_in_time(caller).await?;
    let era = era_of_epoch(caller)?;
    let params = Params::read(caller.at, caller.netuid, &caller.signer.hotkey()).await?;
    let form = form(caller, &params, mode)?;
    let entries = entries(submission, params.uid);
    params
        .check(&entries, submission.version_key, next_block)
        .map_err(|refusal| refused(form.call(), refusal))?;
    let submission = WeightsSubmission {
        entries,
        ..submission.clone()
    };
    let (payload, method) = match form {
        Form::Plain(call) => (plain(caller, call, &submission)?, WeightsMethod::Plain),
        Form::Timelocked(call) => {
            timelocked::commit(caller, call, &params, &submission, rng).await?
        }
        Form::Salted(call) => salted::commit(caller, call, &params, &submission, rng).await?,
    };
    // After all that the chain would refuse, since it says more.
    if let Some(block) = params.set_since(caller.epoch_began) {
        let epoch = head.epoch;
        return Err(Fault::Chain(ChainError::AlreadySet { epoch, block }));
    }
    let call = sign(caller, &payload, era).await?;
    Ok(PreparedWeights {
        epoch: submission.epoch,
        entries: submission.entries,
        method,
        call,
    })
}

/// How weights get to the chain, and by which call.
#[derive(Debug, Clone, Copy)]
enum Form {
    Plain(&'static str),
    Timelocked(&'static str),
    Salted(&'static str),
}

impl Form {
    fn call(self) -> &'static str {
        match self {
            Form::Plain(call) | Form::Timelocked(call) | Form::Salted(call) => call,
        }
    }
}

fn form(caller: &Caller<'_>, params: &Params, mode: CommitMode) -> Result<Form, Fault> {
    if !params.commit_reveal {
        return first_known(caller.at, &SET_WEIGHTS).map(Form::Plain);
    }
    if mode == CommitMode::Auto
        && let Ok(call) = first_known(caller.at, &timelocked::CALLS)
    {
        return Ok(Form::Timelocked(call));
    }
    first_known(caller.at, &salted::COMMIT_CALLS).map(Form::Salted)
}

/// Number of the first block that can take a call, if that is early enough in the epoch.
async fn next_block_in_time(caller: &Caller<'_>) -> Result<u64, Fault> {
    // The best block is ahead of the finalised one, and the call goes after it.
    let best = best_number(caller.rpc).await?.max(caller.head.number);
    let next_block = best.saturating_add(1);
    if next_block.saturating_add(MARGIN_BLOCKS) <= caller.head.next_epoch_start {
        return Ok(next_block);
    }
    Err(too_late(caller))
}

/// The era of a call that has to be in a block of the present epoch.
pub(super) fn era_of_epoch(caller: &Caller<'_>) -> Result<Era, Fault> {
    let head = caller.head;
    Era::before(head.number, head.next_epoch_start).ok_or_else(|| too_late(caller))
}

fn too_late(caller: &Caller<'_>) -> Fault {
    Fault::Chain(ChainError::TooLate {
        head: caller.head.number,
        next_epoch_start: caller.head.next_epoch_start,
    })
}

/// The entries that are sent. A validator that weighs only itself is exempt from rules about length
/// and share, but only without the zeros that fill up the length for others.
fn entries(submission: &WeightsSubmission, own_uid: Option<u16>) -> Vec<(u16, u16)> {
    let mut nonzero = submission.entries.iter().filter(|(_, value)| *value > 0);
    match (nonzero.next(), nonzero.next()) {
        (Some(only), None) if Some(only.0) == own_uid => vec![*only],
        _ => submission.entries.clone(),
    }
}

fn plain(
    caller: &Caller<'_>,
    call: &str,
    submission: &WeightsSubmission,
) -> Result<Payload, Fault> {
    let entries = &submission.entries;
    payload(
        caller.at,
        call,
        &[
            ("netuid", number(caller.netuid)),
            ("mecid", number(MECHANISM)),
            ("dests", numbers(entries.iter().map(|(uid, _)| *uid))),
            ("weights", numbers(entries.iter().map(|(_, value)| *value))),
            ("version_key", number(submission.version_key)),
        ],
    )
}

/// A refusal found before anything is sent.
pub(super) fn refused(call: &str, refusal: Refusal) -> Fault {
    Fault::Chain(ChainError::Refused {
        call: call.to_owned(),
        failure: refusal.into(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn submission(entries: &[(u16, u16)]) -> WeightsSubmission {
        WeightsSubmission {
            epoch: 1,
            entries: entries.to_vec(),
            version_key: 0,
        }
    }

    #[test]
    fn zeros_beside_a_self_weight_are_left_out() {
        let padded = submission(&[(0, 0), (1, 65_535), (2, 0)]);
        assert_eq!(entries(&padded, Some(1)), vec![(1, 65_535)]);
        assert_eq!(entries(&padded, Some(2)), padded.entries);
        assert_eq!(entries(&padded, None), padded.entries);
        let several = submission(&[(0, 1), (1, 65_535)]);
        assert_eq!(entries(&several, Some(1)), several.entries);
    }
}
