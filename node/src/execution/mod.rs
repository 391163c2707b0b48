//! Execution of decided blocks: entries in order on the state that the previous block left,
//! challenges in parallel, one challenge in sequence.
//!
//! A function of the block, the payloads, the modules and the state: no clock, no network, no
//! disk. Whatever a guest does wrong becomes part of the result; a fault of this machine stops
//! the execution without a result, so that it never becomes a vote.

mod guest_fault;
mod log;
mod overlay;
mod weights;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use assay_challenge_sdk::abi::{self, EvaluationInput, EvaluationOutput, SubmissionContext};
use assay_consensus::block::{Admit, Block, ChainRef, Entry};
use assay_consensus::codec;
use assay_consensus::envelope::NetworkId;
use assay_consensus::genesis::Genesis;
use assay_consensus::hash::Hash;
use assay_consensus::keys::Hotkey;
use assay_consensus::submission::{SubmissionHeader, SubmissionId};
use assay_consensus::votes::{Weight, weights_hash};
use assay_runtime::{CallContext, CallError, HostFault};

use crate::fault::FaultInjection;
use crate::modules::{Challenge, ModuleRegistry};

pub use guest_fault::stable_text;
pub use log::{EvaluationLog, LOG_MAX_BYTES, PREVIEW_MAX_BYTES, preview};
pub use overlay::{ChallengeView, StateRead, StateWrites};

/// What evaluating one submission gave.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EvaluationResult {
    /// The submission.
    pub submission: SubmissionId,
    /// SHA-256 of the log.
    pub log_hash: Hash,
    /// Score × 10,000.
    pub score: i64,
    /// Whether the challenge accepted the submission.
    pub valid: bool,
}

/// Weights that a block computed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EpochWeights {
    /// Epoch they are for.
    pub epoch: u64,
    /// Height of the block that computed them.
    pub height: u64,
    /// Sorted by hotkey, adding up to 65,535.
    pub weights: Vec<Weight>,
}

/// Everything a block changed.
#[derive(Debug, Default)]
pub struct Execution {
    /// Writes per challenge and key; none deletes.
    pub writes: StateWrites,
    /// One result per admitted submission, in order of the block.
    pub results: Vec<EvaluationResult>,
    /// Logs in the same order, each at most [`LOG_MAX_BYTES`].
    pub logs: Vec<Vec<u8>>,
    /// Messages in the same order, for people, bounded like those in the logs.
    pub messages: Vec<String>,
    /// Weights, if the block was the one to compute them.
    pub weights: Option<EpochWeights>,
}

/// Why a block could not be executed here. All of these are local.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ExecutionError {
    /// The payload of an admitted submission is not on this machine.
    #[error("payload {0} is missing")]
    MissingPayload(Hash),
    /// A challenge of the genesis has no module here.
    #[error("no module is loaded for challenge {0:?}")]
    MissingModule(String),
    /// The runtime failed for a local reason.
    #[error("runtime: {0}")]
    Host(#[from] HostFault),
    /// A thread of the execution broke down.
    #[error("execution of challenge {0:?} broke down")]
    Panicked(String),
}

/// What execution reads besides the block.
pub struct Inputs<'a> {
    /// The network's genesis.
    pub genesis: &'a Genesis,
    /// Id of the network.
    pub network: NetworkId,
    /// Loaded modules.
    pub modules: &'a ModuleRegistry,
    /// State that the previous block left.
    pub state: Arc<dyn StateRead>,
    /// Payloads by hash.
    pub payloads: &'a BTreeMap<Hash, Vec<u8>>,
    /// Hotkeys by uid at the first finalised chain block of the epoch, for modules that weigh uids.
    pub uids: &'a BTreeMap<u16, Hotkey>,
    /// Submissions admitted in the block's epoch before this block.
    pub admitted_before: u32,
    /// Whether this block computes the weights of its epoch.
    pub weights_due: bool,
    /// Test switches; none in a normal node.
    pub faults: &'a FaultInjection,
}

/// One submission of a block, with its position.
struct Job<'a> {
    position: usize,
    admit: &'a Admit,
    payload: &'a [u8],
    /// Submissions of the epoch ordered before it.
    count_before: u32,
}

/// One evaluated submission.
struct Evaluated {
    position: usize,
    result: EvaluationResult,
    log: Vec<u8>,
    message: String,
}

/// Executes a block.
pub fn execute_block(inputs: &Inputs<'_>, block: &Block) -> Result<Execution, ExecutionError> {
    let mut per_challenge: BTreeMap<&str, Vec<Job<'_>>> = BTreeMap::new();
    let mut ordered = 0u32;
    for (position, entry) in block.entries.iter().enumerate() {
        let Entry::Admit(admit) = entry else { continue };
        let header = &admit.submission.payload;
        let payload = inputs.payloads.get(&header.payload_hash);
        let payload = payload.ok_or(ExecutionError::MissingPayload(header.payload_hash))?;
        let count_before = inputs.admitted_before.saturating_add(ordered);
        ordered = ordered.saturating_add(1);
        let jobs = per_challenge.entry(header.challenge.as_str()).or_default();
        jobs.push(Job {
            position,
            admit,
            payload,
            count_before,
        });
    }

    let mut evaluated = Vec::new();
    let mut writes = StateWrites::new();
    for outcome in run_challenges(inputs, block, per_challenge) {
        let (challenge, results, view) = outcome?;
        evaluated.extend(results);
        writes.extend(
            view.into_writes()
                .into_iter()
                .map(|(key, value)| ((challenge.clone(), key), value)),
        );
    }
    evaluated.sort_by_key(|one: &Evaluated| one.position);

    let mut execution = Execution {
        writes,
        ..Execution::default()
    };
    for one in evaluated {
        execution.results.push(one.result);
        execution.logs.push(one.log);
        execution.messages.push(one.message);
    }
    if inputs.weights_due {
        let context = PlaceInLedger::new(block);
        let weights = weights::compute(inputs, &context, &execution.writes)?;
        execution.weights = Some(EpochWeights {
            epoch: context.chain.epoch,
            height: context.height,
            weights,
        });
    }
    Ok(execution)
}

/// The results root after a block: a hash chain that only moves when there are results.
pub fn results_root(previous: Hash, execution: &Execution) -> Hash {
    if execution.results.is_empty() && execution.weights.is_none() {
        return previous;
    }
    let weights = execution
        .weights
        .as_ref()
        .map(|weights| (weights.epoch, weights_hash(&weights.weights)));
    Hash::of_value("assay/results/v1", &(previous, &execution.results, weights))
}

/// The input of `evaluate` and `validate` for a submission.
pub fn evaluation_input(
    network: &NetworkId,
    challenge: &Challenge,
    header: &SubmissionHeader,
    payload: &[u8],
    place: &PlaceInLedger,
) -> EvaluationInput {
    let context = SubmissionContext {
        network_id: network.0.0,
        submission_id: header.id().0.0,
        hotkey: header.hotkey.0,
        name: header.name.clone(),
        sequence: header.sequence,
        epoch: place.chain.epoch,
        block_height: place.height,
        timestamp_ms: i64::try_from(place.chain.timestamp_ms).unwrap_or(i64::MAX),
    };
    EvaluationInput {
        agent_data: payload.to_vec(),
        challenge_id: challenge.id.clone(),
        params: challenge.params.clone(),
        task_definition: None,
        environment_config: Some(codec::encode(&context)),
    }
}

/// The runtime's context for a call at a place in the ledger. `subject` varies the random seed.
pub fn call_context(
    challenge: &Challenge,
    place: &PlaceInLedger,
    subject: &Hash,
    submission_count: u32,
) -> CallContext {
    let seed = Hash::of_value("assay/seed/v1", &(place.chain.hash, subject));
    CallContext {
        epoch: place.chain.epoch,
        block_height: place.height,
        timestamp_ms: i64::try_from(place.chain.timestamp_ms).unwrap_or(i64::MAX),
        seed: Some(seed.0),
        submission_count,
        ..CallContext::new(challenge.id.clone())
    }
}

/// Where in the ledger something is executed.
#[derive(Debug, Clone, Copy)]
pub struct PlaceInLedger {
    /// Ledger height.
    pub height: u64,
    /// The referenced chain block.
    pub chain: ChainRef,
}

impl PlaceInLedger {
    /// The place of a block.
    pub fn new(block: &Block) -> PlaceInLedger {
        PlaceInLedger {
            height: block.header.height,
            chain: block.header.chain,
        }
    }
}

type ChallengeOutcome = Result<(String, Vec<Evaluated>, ChallengeView), ExecutionError>;

/// Runs each challenge's jobs on a thread of its own; the answers come in order of the names.
fn run_challenges(
    inputs: &Inputs<'_>,
    block: &Block,
    per_challenge: BTreeMap<&str, Vec<Job<'_>>>,
) -> Vec<ChallengeOutcome> {
    std::thread::scope(|scope| {
        let running: Vec<_> = per_challenge
            .into_iter()
            .map(|(name, jobs)| {
                (
                    name,
                    scope.spawn(move || run_challenge(inputs, block, name, jobs)),
                )
            })
            .collect();
        running
            .into_iter()
            .map(|(name, thread)| {
                thread
                    .join()
                    .unwrap_or_else(|_| Err(ExecutionError::Panicked(name.to_owned())))
            })
            .collect()
    })
}

fn run_challenge(
    inputs: &Inputs<'_>,
    block: &Block,
    name: &str,
    jobs: Vec<Job<'_>>,
) -> ChallengeOutcome {
    let challenge = inputs
        .modules
        .get(name)
        .ok_or_else(|| ExecutionError::MissingModule(name.to_owned()))?;
    let place = PlaceInLedger::new(block);
    let mut view = ChallengeView::new(Arc::clone(&inputs.state), name);
    let mut evaluated = Vec::with_capacity(jobs.len());
    for job in jobs {
        let one = evaluate(inputs, &challenge, &place, &mut view, &job)?;
        evaluated.push(one);
    }
    Ok((name.to_owned(), evaluated, view))
}

fn evaluate(
    inputs: &Inputs<'_>,
    challenge: &Challenge,
    place: &PlaceInLedger,
    view: &mut ChallengeView,
    job: &Job<'_>,
) -> Result<Evaluated, ExecutionError> {
    let header = &job.admit.submission.payload;
    let submission = header.id();
    let input = evaluation_input(&inputs.network, challenge, header, job.payload, place);
    let context = call_context(challenge, place, &submission.0, job.count_before);
    let (output, guest_logs, fault) =
        match challenge.module.evaluate(&context, view.share(), &input) {
            Ok(outcome) => {
                view.apply(outcome.writes);
                (outcome.output, outcome.logs, None)
            }
            Err(CallError::Guest(failure)) => {
                let fault = stable_text(&failure.fault);
                let output = EvaluationOutput {
                    message: fault.clone(),
                    ..EvaluationOutput::default()
                };
                (output, failure.logs, Some(fault))
            }
            Err(CallError::Host(fault)) => return Err(fault.into()),
        };
    let output = inputs.faults.tamper(output);
    let score = if output.valid {
        output.score.clamp(0, abi::SCORE_SCALE)
    } else {
        0
    };
    let log = EvaluationLog::new(header, place, &output, score, fault, &guest_logs).to_bytes();
    Ok(Evaluated {
        position: job.position,
        result: EvaluationResult {
            submission,
            log_hash: Hash::of(&log),
            score,
            valid: output.valid,
        },
        log,
        message: log::cut(&output.message, log::MESSAGE_MAX_BYTES),
    })
}

/// Hashes of the payloads that executing a block needs.
pub fn payload_hashes(block: &Block) -> BTreeSet<(Hash, u32)> {
    let admits = block.entries.iter().filter_map(|entry| match entry {
        Entry::Admit(admit) => Some(&admit.submission.payload),
        Entry::Evidence(_) => None,
    });
    admits
        .map(|header| (header.payload_hash, header.payload_len))
        .collect()
}
