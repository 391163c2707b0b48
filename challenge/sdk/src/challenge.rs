//! The [`Challenge`] trait: what a challenge does when the host calls.

use alloc::{string::String, vec::Vec};

use crate::{
    Host,
    abi::{
        AggregationInput, AggregationOutput, EvaluationInput, EvaluationOutput, ValidateOutcome,
        WasmRouteDefinition, WasmRouteRequest, WasmRouteResponse, WasmSyncResult, WeightAssignment,
        dedup,
    },
};

/// A challenge. Every call may happen in a fresh instance: what has to last goes to the host's storage.
///
/// Results must follow from the arguments and from what the host answers alone: validators compare them
/// bit for bit.
pub trait Challenge {
    /// Name under which it is registered.
    fn name(&self) -> &'static str;

    /// Version of its rules.
    fn version(&self) -> &'static str;

    /// Scores a submission, in ledger order, and may write to storage.
    fn evaluate<H: Host + ?Sized>(&self, host: &H, input: EvaluationInput) -> EvaluationOutput;

    /// Whether a submission may be ordered. Writes are dropped.
    fn validate<H: Host + ?Sized>(&self, host: &H, input: EvaluationInput) -> bool;

    /// As [`Challenge::validate`], with the refusal's name and reason for the miner. Hosts that know the
    /// export `assay_validate` use it instead of `validate`.
    fn validate_with_reason<H: Host + ?Sized>(
        &self,
        host: &H,
        input: EvaluationInput,
    ) -> ValidateOutcome {
        if self.validate(host, input) {
            ValidateOutcome::accept()
        } else {
            ValidateOutcome::refuse("refused", "the challenge refuses it without a reason")
        }
    }

    /// The routes that [`Challenge::handle_route`] answers.
    fn routes(&self) -> Vec<WasmRouteDefinition> {
        Vec::new()
    }

    /// Answers a route.
    fn handle_route<H: Host + ?Sized>(
        &self,
        host: &H,
        request: WasmRouteRequest,
    ) -> WasmRouteResponse {
        let _ = (host, request);
        WasmRouteResponse::default()
    }

    /// Relative weights by hotkey.
    fn get_weights<H: Host + ?Sized>(&self, host: &H) -> Vec<WeightAssignment> {
        let _ = host;
        Vec::new()
    }

    /// The tasks, by convention bincode `Vec<TaskDefinition>`.
    fn tasks<H: Host + ?Sized>(&self, host: &H) -> Vec<u8> {
        let _ = host;
        Vec::new()
    }

    /// Takes parameters outside of an evaluation.
    fn configure<H: Host + ?Sized>(&self, host: &H, params: &[u8]) {
        let _ = (host, params);
    }

    /// Makes a task from opaque parameters.
    fn generate_task<H: Host + ?Sized>(&self, host: &H, params: &[u8]) -> Vec<u8> {
        let _ = (host, params);
        Vec::new()
    }

    /// Prepares what an evaluation needs.
    fn setup_environment<H: Host + ?Sized>(&self, host: &H, config: &[u8]) -> bool {
        let _ = (host, config);
        true
    }

    /// Whether a proposed storage write is acceptable.
    fn validate_storage_write<H: Host + ?Sized>(&self, host: &H, key: &[u8], value: &[u8]) -> bool {
        let _ = (host, key, value);
        true
    }

    /// Periodic digest of the challenge's state.
    fn sync<H: Host + ?Sized>(&self, host: &H) -> Option<WasmSyncResult> {
        let _ = host;
        None
    }

    /// Combines the validators' evaluations of an epoch.
    fn aggregate<H: Host + ?Sized>(
        &self,
        host: &H,
        input: AggregationInput,
    ) -> Option<AggregationOutput> {
        let _ = (host, input);
        None
    }

    /// Which concurrent calls may be dropped, see [`dedup`].
    fn get_dedup_flags(&self) -> i32 {
        dedup::NONE
    }

    /// Called from time to time.
    fn background_tick<H: Host + ?Sized>(&self, host: &H) {
        let _ = host;
    }
}

impl WasmRouteResponse {
    /// An answer with a JSON body.
    #[must_use]
    pub fn json(status: u16, body: impl Into<String>) -> Self {
        Self {
            status,
            body: body.into().into_bytes(),
        }
    }
}
