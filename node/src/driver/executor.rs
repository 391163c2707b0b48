//! Executes decided blocks one after the other and stores everything in one write.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use tokio::sync::mpsc;
use tracing::{info, warn};

use assay_consensus::block::{DecidedBlock, Entry};
use assay_consensus::core::{Executed, Input};
use assay_consensus::hash::Hash;
use assay_consensus::keys::Hotkey;
use assay_consensus::votes::weights_hash;

use super::background::Background;
use super::failure::Failure;
use super::reviewer::fetch_payload;
use super::sync::metagraph_of;
use crate::execution::{Inputs, execute_block};
use crate::shared::Shared;
use crate::storage::StorageError;

/// Pause before a block that could not be executed here is tried again.
const RETRY: Duration = Duration::from_secs(1);

/// Executes blocks in the background. The core asks for one at a time.
pub(super) struct Executor {
    shared: Arc<Shared>,
    answers: mpsc::Sender<Input>,
    failure: Failure,
    trouble: Arc<Mutex<Option<String>>>,
}

impl Executor {
    pub(super) fn new(
        shared: Arc<Shared>,
        answers: mpsc::Sender<Input>,
        failure: Failure,
    ) -> Executor {
        Executor {
            shared,
            answers,
            failure,
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

    /// Executes until it works: a local fault is retried, never turned into a result. A database
    /// that refuses all work ends the driver.
    pub(super) fn execute(&self, background: &Background, decided: DecidedBlock) {
        let (shared, answers) = (Arc::clone(&self.shared), self.answers.clone());
        let (failure, trouble) = (self.failure.clone(), Arc::clone(&self.trouble));
        background.spawn(async move {
            let decided = Arc::new(decided);
            let executed = loop {
                match attempt(&shared, &decided).await {
                    Ok(executed) => break executed,
                    Err(NotExecuted::Stopped(error)) => {
                        failure.report(&error);
                        return;
                    }
                    Err(NotExecuted::Later(reason)) => {
                        let height = decided.block.header.height;
                        warn!(height, reason, "block can't be executed yet");
                        *trouble
                            .lock()
                            .unwrap_or_else(std::sync::PoisonError::into_inner) = Some(reason);
                    }
                }
                tokio::time::sleep(RETRY).await;
            };
            *trouble
                .lock()
                .unwrap_or_else(std::sync::PoisonError::into_inner) = None;
            // Only fails when the driver has stopped.
            let _stopped = answers.send(Input::Executed(executed)).await;
        });
    }
}

/// Why a block is not executed.
enum NotExecuted {
    /// It is tried again.
    Later(String),
    /// The database refuses all further work.
    Stopped(StorageError),
}

impl From<String> for NotExecuted {
    fn from(reason: String) -> NotExecuted {
        NotExecuted::Later(reason)
    }
}

impl From<StorageError> for NotExecuted {
    fn from(error: StorageError) -> NotExecuted {
        if error.is_final() {
            NotExecuted::Stopped(error)
        } else {
            NotExecuted::Later(error.to_string())
        }
    }
}

async fn attempt(
    shared: &Arc<Shared>,
    decided: &Arc<DecidedBlock>,
) -> Result<Executed, NotExecuted> {
    let mut payloads = BTreeMap::new();
    let mut held = Vec::new();
    for entry in &decided.block.entries {
        if let Entry::Admit(admit) = entry {
            let header = &admit.submission.payload;
            let hold = shared.storage.hold_payload(header.payload_hash);
            let payload = fetch_payload(shared, &hold, header).await;
            held.push(hold);
            let payload =
                payload.map_err(|error| format!("payload {}: {error}", header.payload_hash))?;
            payloads.insert(header.payload_hash, payload);
        }
    }
    let tip = shared.storage.tip()?;
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
    let outcome = tokio::task::spawn_blocking(move || {
        execute_and_store(&shared, &decided, &payloads, &uids, weights_due)
    })
    .await
    .map_err(|error| error.to_string())?;
    drop(held);
    outcome
}

fn execute_and_store(
    shared: &Shared,
    decided: &DecidedBlock,
    payloads: &BTreeMap<Hash, Vec<u8>>,
    uids: &BTreeMap<u16, Hotkey>,
    weights_due: bool,
) -> Result<Executed, NotExecuted> {
    let tip = shared.storage.tip()?;
    let block = &decided.block;
    let same_epoch = tip.ledger.chain.epoch == block.header.chain.epoch;
    let inputs = Inputs {
        genesis: &shared.genesis,
        network: shared.network_id,
        modules: &shared.modules,
        state: shared.storage.state_at(tip.ledger.height),
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
        .commit_block(tip, decided, &execution, margin_blocks)?;
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
