//! Executes decided blocks one after the other and stores everything in one write.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tracing::{info, warn};

use assay_consensus::block::{DecidedBlock, Entry};
use assay_consensus::core::{Executed, Input};
use assay_consensus::hash::Hash;
use assay_consensus::keys::Hotkey;
use assay_consensus::votes::weights_hash;

use super::reviewer::fetch_payload;
use super::sync::metagraph_of;
use crate::execution::{Inputs, execute_block};
use crate::shared::Shared;

/// Pause before a block that could not be executed here is tried again.
const RETRY: Duration = Duration::from_secs(1);

/// Executes blocks in the background. The core asks for one at a time.
pub(super) struct Executor {
    shared: Arc<Shared>,
    answers: mpsc::Sender<Input>,
    cancel: CancellationToken,
    trouble: Arc<Mutex<Option<String>>>,
}

impl Executor {
    pub(super) fn new(
        shared: Arc<Shared>,
        answers: mpsc::Sender<Input>,
        cancel: CancellationToken,
    ) -> Executor {
        Executor {
            shared,
            answers,
            cancel,
            trouble: Arc::default(),
        }
    }

    /// What keeps the block at hand from being executed, if it is being retried.
    pub(super) fn trouble(&self) -> Option<String> {
        self.trouble
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner)
            .clone()
    }

    /// Executes until it works: a local fault is retried, never turned into a result.
    pub(super) fn execute(&self, tasks: &TaskTracker, decided: DecidedBlock) {
        let (shared, answers, cancel) = (
            Arc::clone(&self.shared),
            self.answers.clone(),
            self.cancel.clone(),
        );
        let trouble = Arc::clone(&self.trouble);
        tasks.spawn(async move {
            let decided = Arc::new(decided);
            let executed = loop {
                match attempt(&shared, &decided).await {
                    Ok(executed) => break executed,
                    Err(reason) => {
                        let height = decided.block.header.height;
                        warn!(height, reason, "block can't be executed yet");
                        *trouble
                            .lock()
                            .unwrap_or_else(std::sync::PoisonError::into_inner) = Some(reason);
                    }
                }
                tokio::select! {
                    () = cancel.cancelled() => return,
                    () = tokio::time::sleep(RETRY) => {}
                }
            };
            *trouble
                .lock()
                .unwrap_or_else(std::sync::PoisonError::into_inner) = None;
            // Only fails when the driver has stopped.
            let _stopped = answers.send(Input::Executed(executed)).await;
        });
    }
}

async fn attempt(shared: &Arc<Shared>, decided: &Arc<DecidedBlock>) -> Result<Executed, String> {
    let mut payloads = BTreeMap::new();
    for entry in &decided.block.entries {
        if let Entry::Admit(admit) = entry {
            let header = &admit.submission.payload;
            let payload = fetch_payload(shared, header).await;
            let payload =
                payload.map_err(|error| format!("payload {}: {error}", header.payload_hash))?;
            payloads.insert(header.payload_hash, payload);
        }
    }
    let tip = shared.storage.tip().map_err(|error| error.to_string())?;
    let weights_due = tip.ledger.weights_due(
        &decided.block.header.chain,
        shared.genesis.weights_margin_blocks,
    );
    let uids = if weights_due {
        let metagraph = metagraph_of(shared, decided.block.header.chain.epoch).await?;
        metagraph
            .neurons()
            .iter()
            .map(|neuron| (neuron.uid, neuron.hotkey))
            .collect()
    } else {
        BTreeMap::new()
    };
    let (shared, decided) = (Arc::clone(shared), Arc::clone(decided));
    tokio::task::spawn_blocking(move || {
        execute_and_store(&shared, &decided, &payloads, &uids, weights_due)
    })
    .await
    .map_err(|error| error.to_string())?
}

fn execute_and_store(
    shared: &Shared,
    decided: &DecidedBlock,
    payloads: &BTreeMap<Hash, Vec<u8>>,
    uids: &BTreeMap<u16, Hotkey>,
    weights_due: bool,
) -> Result<Executed, String> {
    let tip = shared.storage.tip().map_err(|error| error.to_string())?;
    let block = &decided.block;
    let same_epoch = tip.ledger.chain.epoch == block.header.chain.epoch;
    let inputs = Inputs {
        genesis: &shared.genesis,
        network: shared.network_id,
        modules: &shared.modules,
        state: shared.storage.state(),
        payloads,
        uids,
        admitted_before: if same_epoch { tip.admitted_in_epoch } else { 0 },
        weights_due,
        faults: &shared.faults,
    };
    let timer = Instant::now();
    let execution = execute_block(&inputs, block).map_err(|error| error.to_string())?;
    shared
        .metrics
        .wasm_seconds
        .inc_by(timer.elapsed().as_secs_f64());
    let margin_blocks = shared.genesis.weights_margin_blocks;
    let stored = shared
        .storage
        .commit_block(tip, decided, &execution, margin_blocks);
    let stored = stored.map_err(|error| error.to_string())?;
    info!(
        height = block.header.height,
        entries = block.entries.len(),
        chain_block = block.header.chain.number,
        epoch = block.header.chain.epoch,
        state_root = %stored.ledger.state_root,
        elapsed_ms = timer.elapsed().as_millis() as u64,
        "block executed"
    );
    Ok(Executed {
        height: block.header.height,
        state_root: stored.ledger.state_root,
        results_root: stored.ledger.results_root,
        results: execution
            .results
            .iter()
            .map(|r| (r.submission, r.log_hash, r.score))
            .collect(),
        weights_hash: execution
            .weights
            .as_ref()
            .map(|weights| weights_hash(&weights.weights)),
    })
}
