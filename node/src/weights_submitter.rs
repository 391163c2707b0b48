//! Brings agreed weights to the chain: resolved to uids at one pinned block, submitted until the
//! chain shows them or the epoch is over, never twice in one epoch.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;
use tracing::{error, info, warn};

use assay_chain::{Advice, ChainError, WeightsSubmission, weights};
use assay_consensus::hash::Hash;
use assay_consensus::keys::Hotkey;
use assay_consensus::votes::{VoteCertificate, WeightsVote, weights_hash};

use crate::shared::Shared;

/// Pause between attempts and between looks at the chain.
const RETRY: Duration = Duration::from_millis(500);

/// Jobs that wait; one comes per epoch.
pub const JOBS: usize = 16;

/// Weights of one epoch that a quorum agreed on.
#[derive(Debug, Clone)]
pub struct WeightsJob {
    /// The agreement.
    pub certificate: VoteCertificate<WeightsVote>,
}

/// What is submitted for an epoch, and from which block on the chain must show it.
struct Submission {
    weights: WeightsSubmission,
    hotkey: Hotkey,
}

/// Works off jobs until cancelled.
pub async fn run(
    shared: Arc<Shared>,
    mut jobs: mpsc::Receiver<WeightsJob>,
    cancel: CancellationToken,
) {
    loop {
        let job = tokio::select! {
            () = cancel.cancelled() => return,
            job = jobs.recv() => match job {
                Some(job) => job,
                None => return,
            },
        };
        let epoch = job.certificate.payload.epoch;
        let outcome = tokio::select! {
            () = cancel.cancelled() => return,
            outcome = bring(&shared, &job) => outcome,
        };
        match outcome {
            Ok(Some(block)) => info!(epoch, block, "weights are on the chain"),
            Ok(None) => {}
            Err(reason) => error!(epoch, reason, "weights did not get to the chain"),
        }
    }
}

/// Submits and waits until the chain shows the weights. Nothing to do for those who may not.
async fn bring(shared: &Arc<Shared>, job: &WeightsJob) -> Result<Option<u64>, String> {
    let Some(hotkey) = shared.hotkey else {
        return Ok(None);
    };
    let submission = match prepare(shared, job, hotkey).await {
        Ok(Some(submission)) => submission,
        Ok(None) => return Ok(None),
        Err(reason) => return Err(reason),
    };
    let epoch = submission.weights.epoch;
    loop {
        match shown_at(shared, &submission).await {
            Ok(Some(block)) => return Ok(Some(block)),
            Ok(None) => {}
            Err(error) => warn!(epoch, %error, "weights on the chain can't be read; trying again"),
        }
        let head = shared.view().head;
        if head.is_some_and(|head| head.epoch > epoch) {
            return Err("the epoch ended before the chain showed them".to_owned());
        }
        match shared.chain.submit_weights(&submission.weights).await {
            Ok(outcome) => {
                shared.metrics.weights_submitted.inc();
                info!(
                    epoch,
                    included_in = outcome.included_in,
                    "weights submitted"
                );
                return wait_until_shown(shared, &submission).await;
            }
            Err(error) => match error.advice() {
                Advice::RetryLater | Advice::WaitForChain => {
                    warn!(epoch, %error, "weights not taken yet; trying again");
                }
                Advice::TellOperator | Advice::GiveUp => return Err(error.to_string()),
            },
        }
        tokio::time::sleep(RETRY).await;
    }
}

/// Everything but the chain call: the stored weights, checked against the agreement and resolved.
async fn prepare(
    shared: &Arc<Shared>,
    job: &WeightsJob,
    hotkey: Hotkey,
) -> Result<Option<Submission>, String> {
    let vote = job.certificate.payload;
    let stored = shared
        .storage
        .weights(vote.epoch)
        .map_err(|error| error.to_string())?;
    let stored = stored.ok_or("this node has not computed them")?;
    let own = weights_hash(&stored.weights);
    if own != vote.weights_hash {
        return Err(format!(
            "this node computed {own}, the agreed weights are {}",
            vote.weights_hash
        ));
    }
    let block = shared
        .storage
        .blocks_from(stored.height, 1)
        .map_err(|error| error.to_string())?;
    let pinned: Hash = block
        .first()
        .map(|decided| decided.block.header.chain.hash)
        .ok_or("their block is missing")?;
    let metagraph = loop {
        match shared.chain.metagraph(pinned).await {
            Ok(metagraph) => break metagraph,
            Err(error) if error.advice() == Advice::RetryLater => tokio::time::sleep(RETRY).await,
            Err(error) => return Err(error.to_string()),
        }
    };
    if !metagraph
        .neuron_of(&hotkey)
        .is_some_and(|neuron| neuron.validator_permit)
    {
        return Ok(None);
    }
    let resolved = weights::resolve(&stored.weights, &metagraph, &shared.genesis.burn_hotkey);
    if !resolved.unresolved.is_empty() {
        warn!(epoch = vote.epoch, hotkeys = ?resolved.unresolved, "no longer registered; their share is burned");
    }
    let version_key = shared.config.chain.version_key;
    let weights = WeightsSubmission {
        epoch: vote.epoch,
        entries: resolved.entries,
        version_key,
    };
    Ok(Some(Submission { weights, hotkey }))
}

async fn wait_until_shown(
    shared: &Arc<Shared>,
    submission: &Submission,
) -> Result<Option<u64>, String> {
    loop {
        match shown_at(shared, submission).await {
            Ok(Some(block)) => return Ok(Some(block)),
            Ok(None) => {}
            Err(error) => warn!(%error, "weights on the chain can't be read; trying again"),
        }
        let over = shared
            .view()
            .head
            .is_some_and(|head| head.epoch > submission.weights.epoch + 1);
        if over {
            return Err("the chain took them but never showed them".to_owned());
        }
        tokio::time::sleep(RETRY).await;
    }
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
