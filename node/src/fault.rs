//! Test switches that make a node misbehave. Only the testnet constructs anything but the
//! default; the `assay-node` binary has no way to.

use assay_challenge_sdk::abi::EvaluationOutput;

/// How a node misbehaves. The default is not at all.
#[derive(Debug, Clone, Default)]
pub struct FaultInjection {
    /// Adds a point to every score and a line to every message.
    pub tamper_results: bool,
}

impl FaultInjection {
    /// The output that this node pretends to have seen.
    pub(crate) fn tamper(&self, mut output: EvaluationOutput) -> EvaluationOutput {
        if self.tamper_results {
            output.score = output.score.saturating_sub(1).max(1);
            output.message.push_str(" (tampered)");
        }
        output
    }
}
