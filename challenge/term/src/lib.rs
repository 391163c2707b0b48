//! Term Challenge: miners submit Python agents that fix real repository bugs.
//!
//! The same code is the WebAssembly module of the nodes and, natively, the library of the miner's tool
//! ([`signing`], [`TermParams`], [`Submission`]) and of the server mode. `validate` applies the rules of
//! `validation`, `evaluate` applies them again in ledger order, reviews the sources, scores, and keeps
//! the leaderboard; the routes answer in JSON from what is kept.
//!
//! An evaluation's `details` are its logs ([`AgentLogs`] as JSON, at most 256 KiB): the bytes that
//! validators hash and vote on. Its `metrics` are `{"passed","total","score"}`. A message reads
//! `<whose fault>: <code>: <reason>` when the submission was refused or denied.
//!
//! Deliberately missing: running agents (evidence mode `verified` needs the sandbox), review by language
//! models, dataset selection by consensus, and every route that would have to invent its data.
#![no_std]

extern crate alloc;
#[cfg(test)]
extern crate std;

pub mod decay;
mod evaluation;
mod leaderboard;
pub mod limits;
mod logs;
mod package;
mod params;
mod records;
mod refusal;
mod routes;
pub mod signing;
mod storage;
#[cfg(test)]
mod tests;
mod text;
mod types;
mod validation;
mod zip;

use alloc::{string::String, vec::Vec};

use assay_challenge_sdk::{
    Challenge, Host, LogLevel,
    abi::{
        EvaluationInput, EvaluationOutput, TaskDefinition, ValidateOutcome, WasmRouteDefinition,
        WasmRouteRequest, WasmRouteResponse, WeightAssignment, codec,
    },
    register_challenge,
};

pub use logs::{AgentLogs, LogEntry};
pub use package::{
    ENTRY_POINT, Package, PackageError, is_python, read as read_package, read_without_entry_point,
};
pub use params::{DEFAULT_PYTHON_POLICY, Difficulty, EvidenceMode, ParamsError, Task, TermParams};
pub use records::EvaluationStatus;
pub use refusal::{Fault, Refusal};
pub use types::{Submission, TaskResult};
pub use zip::ZipError;

/// Name under which the challenge is registered.
pub const NAME: &str = "term-challenge";
/// Version of the rules.
pub const VERSION: &str = "4.1.0";

/// The challenge.
#[derive(Debug, Clone, Copy, Default)]
pub struct TermChallenge;

register_challenge!(TermChallenge, TermChallenge);

impl Challenge for TermChallenge {
    fn name(&self) -> &'static str {
        NAME
    }

    fn version(&self) -> &'static str {
        VERSION
    }

    fn evaluate<H: Host + ?Sized>(&self, host: &H, input: EvaluationInput) -> EvaluationOutput {
        evaluation::evaluate(host, &input)
    }

    fn validate<H: Host + ?Sized>(&self, host: &H, input: EvaluationInput) -> bool {
        self.validate_with_reason(host, input).accepted
    }

    fn validate_with_reason<H: Host + ?Sized>(
        &self,
        host: &H,
        input: EvaluationInput,
    ) -> ValidateOutcome {
        match validation::check(host, &input) {
            Ok(_) => ValidateOutcome::accept(),
            Err(refusal) => {
                host.log(LogLevel::Error, &refusal.message());
                refusal.into()
            }
        }
    }

    fn routes(&self) -> Vec<WasmRouteDefinition> {
        routes::definitions()
    }

    fn handle_route<H: Host + ?Sized>(
        &self,
        host: &H,
        request: WasmRouteRequest,
    ) -> WasmRouteResponse {
        routes::handle(host, &request)
    }

    fn get_weights<H: Host + ?Sized>(&self, host: &H) -> Vec<WeightAssignment> {
        match weights(host) {
            Ok(weights) => weights,
            Err(refusal) => {
                host.log(LogLevel::Error, &refusal.message());
                Vec::new()
            }
        }
    }

    fn tasks<H: Host + ?Sized>(&self, host: &H) -> Vec<u8> {
        let params = storage::Store::new(host).params().ok().flatten();
        let tasks: Vec<TaskDefinition> = params
            .map(|params| params.tasks)
            .unwrap_or_default()
            .iter()
            .map(task_definition)
            .collect();
        codec::encode(&tasks).unwrap_or_default()
    }

    /// Keeps parameters for calls that come without; bad ones are logged and ignored.
    fn configure<H: Host + ?Sized>(&self, host: &H, params: &[u8]) {
        let kept = TermParams::from_bytes(params)
            .map_err(|error| Refusal::platform("platform.bad_params", alloc::format!("{error}")))
            .and_then(|_| Ok(storage::Store::new(host).set_params(params)?));
        if let Err(refusal) = kept {
            host.log(LogLevel::Error, &refusal.message());
        }
    }
}

/// Weights at the current epoch; none before the first evaluation.
fn weights<H: Host + ?Sized>(host: &H) -> Result<Vec<WeightAssignment>, Refusal> {
    let store = storage::Store::new(host);
    let Some(params) = store.params()? else {
        return Ok(Vec::new());
    };
    let leaderboard = leaderboard::compute(&store, host.epoch()?)?;
    Ok(leaderboard::weights(&leaderboard, &params.burn_hotkey))
}

fn task_definition(task: &Task) -> TaskDefinition {
    TaskDefinition {
        task_id: task.id.clone(),
        description: task.name.clone(),
        command: String::new(),
        expected_output: None,
        timeout_ms: task.timeout_secs.saturating_mul(1_000),
        scoring_criteria: Vec::new(),
    }
}
