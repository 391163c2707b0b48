//! Stands for the runtime: what executing a block gives is a function of the block and the state
//! before it. Empty blocks change nothing, as in the real node.

use assay_consensus::block::{Block, Entry};
use assay_consensus::core::{Executed, Review};
use assay_consensus::hash::Hash;
use assay_consensus::ledger::LedgerTip;
use assay_consensus::submission::{SubmissionHeader, SubmissionId};

/// Submissions whose name starts so are rejected by every validator.
pub const BROKEN_PREFIX: &str = "broken";

/// Executes a block on the state of `tip`. A tampered runtime gives every log its own hash.
pub fn execute(tip: &LedgerTip, block: &Block, margin_blocks: u64, is_tampered: bool) -> Executed {
    let results: Vec<(SubmissionId, Hash, i64)> = block
        .entries
        .iter()
        .filter_map(|entry| match entry {
            Entry::Admit(admit) => Some(evaluate(&admit.submission.payload, is_tampered)),
            Entry::Evidence(_) => None,
        })
        .collect();
    let state_root = match results.as_slice() {
        [] => tip.state_root,
        some => Hash::of_value("simulation/state", &(tip.state_root, some)),
    };
    let chain = &block.header.chain;
    let weights_hash = tip
        .weights_due(chain, margin_blocks)
        .then(|| Hash::of_value("simulation/weights", &(chain.epoch, state_root)));
    let results_root = if results.is_empty() && weights_hash.is_none() {
        tip.results_root
    } else {
        let what = (tip.results_root, &results, weights_hash);
        Hash::of_value("simulation/results", &what)
    };
    Executed {
        height: block.header.height,
        state_root,
        results_root,
        results,
        weights_hash,
    }
}

/// Stands for the challenge's `validate`.
pub fn review(header: &SubmissionHeader) -> Review {
    if header.name.starts_with(BROKEN_PREFIX) {
        Review::Reject {
            code: "broken".into(),
            text: "the package does not parse".into(),
        }
    } else {
        Review::Approve
    }
}

fn evaluate(header: &SubmissionHeader, is_tampered: bool) -> (SubmissionId, Hash, i64) {
    let id = header.id();
    let log_hash = Hash::of_value("simulation/log", &(id, is_tampered));
    let score = i64::from(log_hash.0[0]) * 39;
    (id, log_hash, score)
}
