//! Brings agreed weights to the chain: resolved to uids at one pinned block, submitted until the
//! chain shows them or the epoch is over.
//!
//! Never twice in one epoch, as far as the chain shows: what is submitted is noted durably before.
//! While there is such a note and nobody knows whether the chain took them, because an answer was
//! lost or this process died, the chain is only watched; they are submitted again when it has moved
//! on by [`WATCH_BLOCKS`] and still does not show them.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;
use tracing::{error, info, warn};

use assay_chain::{Advice, ChainError, Metagraph, WeightsSubmission, weights};
use assay_consensus::hash::Hash;
use assay_consensus::keys::Hotkey;
use assay_consensus::votes::{VoteCertificate, WeightsVote, weights_hash};

use crate::execution::EpochWeights;
use crate::shared::Shared;
use crate::storage::OpenSubmission;

/// Pause between attempts and between looks at the chain.
const RETRY: Duration = Duration::from_millis(500);

/// Finalised chain blocks within which what the chain took must show.
const WATCH_BLOCKS: u64 = 8;

/// Jobs that wait; one comes per epoch.
pub const JOBS: usize = 16;

/// Weights of one epoch that a quorum agreed on.
#[derive(Debug, Clone)]
pub struct WeightsJob {
    /// The agreement.
    pub certificate: VoteCertificate<WeightsVote>,
}

/// What is submitted for an epoch, and for whom.
struct Submission {
    weights: WeightsSubmission,
    entries_hash: Hash,
    hotkey: Hotkey,
}

/// What to do next for weights that the chain does not show.
#[derive(Debug, PartialEq, Eq)]
enum Next {
    /// They may be on their way.
    Watch,
    /// They are not.
    Submit,
}

/// Works off jobs until cancelled. A job of a newer epoch takes the place of the one at hand.
pub async fn run(
    shared: Arc<Shared>,
    mut jobs: mpsc::Receiver<WeightsJob>,
    cancel: CancellationToken,
) {
    let mut newer = None;
    loop {
        let job = match newer.take() {
            Some(job) => job,
            None => tokio::select! {
                () = cancel.cancelled() => return,
                job = jobs.recv() => match job {
                    Some(job) => job,
                    None => return,
                },
            },
        };
        let epoch = job.certificate.payload.epoch;
        let outcome = tokio::select! {
            () = cancel.cancelled() => return,
            outcome = bring(&shared, &job) => outcome,
            next = job_after(&mut jobs, epoch) => {
                warn!(epoch, "weights did not get to the chain before those of a newer epoch");
                newer = Some(next);
                continue;
            }
        };
        match outcome {
            Ok(Some(block)) => info!(epoch, block, "weights are on the chain"),
            Ok(None) => {}
            Err(reason) => error!(epoch, reason, "weights did not get to the chain"),
        }
    }
}

/// The next job of a later epoch; others are done or at hand.
async fn job_after(jobs: &mut mpsc::Receiver<WeightsJob>, epoch: u64) -> WeightsJob {
    loop {
        match jobs.recv().await {
            Some(job) if job.certificate.payload.epoch > epoch => return job,
            Some(_) => {}
            None => return std::future::pending().await,
        }
    }
}

/// Submits and waits until the chain shows the weights. Nothing to do for those who may not.
async fn bring(shared: &Arc<Shared>, job: &WeightsJob) -> Result<Option<u64>, String> {
    let Some(hotkey) = shared.hotkey else {
        return Ok(None);
    };
    let Some(submission) = prepare(shared, job, hotkey).await? else {
        return Ok(None);
    };
    let epoch = submission.weights.epoch;
    loop {
        let over = is_over(shared, epoch);
        match shown_at(shared, &submission).await {
            Ok(Some(block)) => {
                close(shared, epoch)?;
                return Ok(Some(block));
            }
            Ok(None) if over => {
                return Err("the epoch ended before the chain showed them".to_owned());
            }
            Ok(None) => attempt(shared, &submission).await?,
            Err(error) if over => return Err(error.to_string()),
            Err(error) => warn!(epoch, %error, "weights on the chain can't be read; trying again"),
        }
        tokio::time::sleep(RETRY).await;
    }
}

/// Submits weights that the chain does not show, unless they may be on their way.
async fn attempt(shared: &Arc<Shared>, submission: &Submission) -> Result<(), String> {
    let epoch = submission.weights.epoch;
    let Some(head) = shared.view().head else {
        return Ok(());
    };
    let open = shared.storage.open_submission(epoch);
    let open = open.map_err(|error| error.to_string())?;
    if next_step(open.as_ref(), head.number) == Next::Watch {
        return Ok(());
    }
    let open = OpenSubmission {
        entries_hash: submission.entries_hash,
        head_number: head.number,
    };
    let storage = shared.storage.clone();
    tokio::task::spawn_blocking(move || storage.put_open_submission(epoch, &open))
        .await
        .map_err(|error| error.to_string())?
        .map_err(|error| error.to_string())?;
    match shared.chain.submit_weights(&submission.weights).await {
        Ok(outcome) => {
            shared.metrics.weights_submitted.inc();
            let included_in = outcome.included_in;
            info!(epoch, included_in, "weights submitted");
            Ok(())
        }
        Err(error) if error.may_have_arrived() => {
            warn!(epoch, %error, "nobody knows whether the chain took the weights; watching it");
            Ok(())
        }
        Err(error) => {
            close(shared, epoch)?;
            match error.advice() {
                Advice::RetryLater | Advice::WaitForChain => {
                    warn!(epoch, %error, "weights not taken yet; trying again");
                    Ok(())
                }
                Advice::TellOperator | Advice::GiveUp => Err(error.to_string()),
            }
        }
    }
}

/// Other weights than those on their way are not submitted either until these had their time.
fn next_step(open: Option<&OpenSubmission>, head_number: u64) -> Next {
    match open {
        Some(open) if head_number < open.head_number.saturating_add(WATCH_BLOCKS) => Next::Watch,
        _ => Next::Submit,
    }
}

fn close(shared: &Shared, epoch: u64) -> Result<(), String> {
    let closed = shared.storage.close_submission(epoch);
    closed.map_err(|error| error.to_string())
}

/// Everything but the chain call: the stored weights, checked against the agreement and resolved.
async fn prepare(
    shared: &Arc<Shared>,
    job: &WeightsJob,
    hotkey: Hotkey,
) -> Result<Option<Submission>, String> {
    let epoch = job.certificate.payload.epoch;
    let (stored, pinned) = stored_weights(shared, &job.certificate.payload)?;
    let metagraph = pinned_metagraph(shared, epoch, pinned).await?;
    let neuron = metagraph.neuron_of(&hotkey);
    if !neuron.is_some_and(|neuron| neuron.validator_permit) {
        info!(epoch, %hotkey, "no validator permit, so no weights are submitted");
        return Ok(None);
    }
    let resolved = weights::resolve(&stored.weights, &metagraph, &shared.genesis.burn_hotkey);
    if !resolved.unresolved.is_empty() {
        warn!(epoch, hotkeys = ?resolved.unresolved, "no longer registered; their share is burned");
    }
    if resolved.entries.is_empty() {
        return Err("none of their hotkeys is registered, nor is the burn hotkey".to_owned());
    }
    let entries_hash = Hash::of_value("assay/chain-weights/v1", &resolved.entries);
    let weights = WeightsSubmission {
        epoch,
        entries: resolved.entries,
        version_key: shared.config.chain.version_key,
    };
    Ok(Some(Submission {
        weights,
        entries_hash,
        hotkey,
    }))
}

/// The agreed weights as this node computed them, and the chain block they are pinned to.
fn stored_weights(shared: &Shared, agreed: &WeightsVote) -> Result<(EpochWeights, Hash), String> {
    let stored = shared.storage.weights(agreed.epoch);
    let stored = stored.map_err(|error| error.to_string())?;
    let stored = stored.ok_or("this node has not computed them")?;
    let own = weights_hash(&stored.weights);
    if own != agreed.weights_hash {
        return Err(format!(
            "this node computed {own}, the agreed weights are {}",
            agreed.weights_hash
        ));
    }
    let block = shared
        .storage
        .blocks_from(stored.height, 1)
        .map_err(|error| error.to_string())?;
    let pinned = block
        .first()
        .map(|decided| decided.block.header.chain.hash)
        .ok_or("their block is missing")?;
    Ok((stored, pinned))
}

async fn pinned_metagraph(
    shared: &Arc<Shared>,
    epoch: u64,
    pinned: Hash,
) -> Result<Metagraph, String> {
    loop {
        match shared.chain.metagraph(pinned).await {
            Ok(metagraph) => return Ok(metagraph),
            Err(error) if error.advice() != Advice::RetryLater => return Err(error.to_string()),
            Err(error) if is_over(shared, epoch) => {
                return Err(format!("the epoch ended before that: {error}"));
            }
            Err(error) => warn!(epoch, %error, "metagraph can't be read; trying again"),
        }
        tokio::time::sleep(RETRY).await;
    }
}

/// Whether the chain has moved on to a later epoch, in which these weights count for nothing.
fn is_over(shared: &Shared, epoch: u64) -> bool {
    let head = shared.view().head;
    head.is_some_and(|head| head.epoch > epoch)
}

/// Block at which the chain took exactly these weights of this validator in this epoch.
async fn shown_at(
    shared: &Arc<Shared>,
    submission: &Submission,
) -> Result<Option<u64>, ChainError> {
    let shown = shared.chain.weights_on_chain(None).await?;
    let own = shown
        .into_iter()
        .find(|weights| weights.hotkey == submission.hotkey);
    Ok(own
        .filter(|own| {
            own.epoch == submission.weights.epoch && own.entries == submission.weights.entries
        })
        .map(|own| own.block))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_may_be_on_its_way_is_watched_before_it_is_sent_again() {
        let open = OpenSubmission {
            entries_hash: Hash::ZERO,
            head_number: 100,
        };
        assert_eq!(next_step(None, 100), Next::Submit);
        for head_number in [90, 100, 107] {
            assert_eq!(next_step(Some(&open), head_number), Next::Watch);
        }
        assert_eq!(next_step(Some(&open), 108), Next::Submit);
        let latest = OpenSubmission {
            head_number: u64::MAX,
            ..open
        };
        assert_eq!(next_step(Some(&latest), u64::MAX - 1), Next::Watch);
    }
}
