//! What the demo found, judged, and shown as a table or as JSON.

use std::fmt::Write as _;

use assay_api::weights::WeightEntry;
use comfy_table::presets::UTF8_FULL_CONDENSED;
use comfy_table::{ContentArrangement, Table};
use serde::Serialize;

use crate::agents::Expectation;

/// Everything the demo found.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Summary {
    /// Whether all validators agree, the chain holds exactly the recomputed weights, and every
    /// sample agent ended as expected.
    pub agreement: bool,
    /// What is wrong, if anything is.
    pub problems: Vec<String>,
    /// Epochs whose weights got to the chain.
    pub epochs: Vec<u64>,
    /// Whether a validator was killed and restarted.
    pub crashed: bool,
    /// The validators.
    pub validators: Vec<ValidatorView>,
    /// The miners.
    pub miners: Vec<MinerView>,
    /// Agreed weights of the last epoch by hotkey.
    pub agreed_weights: Vec<WeightView>,
    /// What the chain must hold for the last epoch, from the auditor's recomputation.
    pub expected_chain_weights: Vec<(u16, u16)>,
    /// What the auditor recomputed.
    pub audit: AuditView,
    /// How long it took in milliseconds.
    pub elapsed_ms: u64,
}

/// A validator.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ValidatorView {
    /// Its name in the testnet.
    pub name: String,
    /// Its hotkey (SS58).
    pub hotkey: String,
    /// What it says it is doing.
    pub mode: String,
    /// Height of its last executed block.
    pub ledger_height: u64,
    /// Whether it voted against what was agreed.
    pub divergent: bool,
    /// Its votes.
    pub votes: Vec<VoteView>,
    /// Hash of the weights it voted for in the last epoch.
    pub weights_vote: Option<String>,
    /// Weights the chain holds for it in the last epoch: uid and value.
    pub chain_weights: Option<Vec<(u16, u16)>>,
}

/// A log vote.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct VoteView {
    /// The submission.
    pub submission_id: String,
    /// The miner's name for it.
    pub name: String,
    /// Hash of the log.
    pub log_hash: String,
    /// Score × 10,000.
    pub score: i64,
    /// Whether it is what was agreed.
    pub agrees: bool,
}

/// A miner.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct MinerView {
    /// Its name in the testnet.
    pub name: String,
    /// Its hotkey (SS58).
    pub hotkey: String,
    /// Its submission, unless it was refused at once.
    pub submission_id: Option<String>,
    /// Where the submission ended.
    pub status: String,
    /// Score × 10,000.
    pub score: Option<i64>,
    /// Hash of the agreed log.
    pub log_hash: Option<String>,
    /// Why it was refused or not accepted.
    pub reason: Option<String>,
    /// What should have become of it.
    #[serde(skip)]
    pub expectation: Expectation,
}

/// A weight.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct WeightView {
    /// Hotkey (SS58).
    pub hotkey: String,
    /// Share of 65,535.
    pub weight: u16,
}

/// What a late observer recomputed from the ledger.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct AuditView {
    /// Height it replayed to.
    pub height: u64,
    /// Its state root there.
    pub state_root: String,
    /// Weights of the last epoch as it computed them.
    pub weights: Vec<WeightView>,
}

impl From<&WeightEntry> for WeightView {
    fn from(entry: &WeightEntry) -> WeightView {
        WeightView {
            hotkey: entry.hotkey.clone(),
            weight: entry.weight,
        }
    }
}

impl Summary {
    /// Decides whether all is as it should be. `tampering` names the validator that must diverge.
    pub fn judge(&mut self, tampering: Option<String>) {
        let mut problems = Vec::new();
        for validator in &self.validators {
            let should_diverge = tampering.as_ref() == Some(&validator.name);
            match (should_diverge, validator.divergent) {
                (true, true) => continue,
                (true, false) => {
                    problems.push(format!("{} tampers but was not found out", validator.name))
                }
                (false, true) => problems.push(format!("{} diverges", validator.name)),
                (false, false) => {}
            }
            if validator.chain_weights.as_ref() != Some(&self.expected_chain_weights) {
                problems.push(format!(
                    "the chain does not hold the recomputed weights for {}",
                    validator.name
                ));
            }
        }
        if self.audit.weights != self.agreed_weights {
            problems.push("the auditor recomputed other weights than the agreed ones".to_owned());
        }
        if self.expected_chain_weights.is_empty() {
            problems.push("there are no weights".to_owned());
        }
        for miner in &self.miners {
            let as_expected = match miner.expectation {
                Expectation::Scored(score) => {
                    miner.status == "agreed" && miner.score == Some(score) && miner.reason.is_none()
                }
                Expectation::Refused => miner.reason.is_some() && miner.score.unwrap_or(0) == 0,
            };
            if !as_expected {
                problems.push(format!(
                    "{} ended unexpectedly: {}",
                    miner.name, miner.status
                ));
            }
        }
        self.agreement = problems.is_empty();
        self.problems = problems;
    }

    /// Tables for people.
    pub fn to_text(&self) -> String {
        let mut text = String::new();
        let mut miners = table(&["miner", "hotkey", "status", "score", "log", "reason"]);
        for miner in &self.miners {
            miners.add_row([
                miner.name.clone(),
                short(&miner.hotkey),
                miner.status.clone(),
                miner.score.map_or("-".into(), score),
                miner.log_hash.as_deref().map_or("-".into(), short),
                miner.reason.clone().unwrap_or_else(|| "-".into()),
            ]);
        }
        let mut validators = table(&[
            "validator",
            "hotkey",
            "mode",
            "height",
            "log votes",
            "weights vote",
            "chain holds",
        ]);
        for validator in &self.validators {
            let agreeing = validator.votes.iter().filter(|vote| vote.agrees).count();
            let votes = format!(
                "{agreeing}/{} agree{}",
                validator.votes.len(),
                if validator.divergent {
                    ", DIVERGENT"
                } else {
                    ""
                }
            );
            let held = validator.chain_weights.as_ref().map(|weights| {
                let entries = weights
                    .iter()
                    .map(|(uid, weight)| format!("{uid}:{weight}"));
                entries.collect::<Vec<_>>().join(" ")
            });
            validators.add_row([
                validator.name.clone(),
                short(&validator.hotkey),
                validator.mode.clone(),
                validator.ledger_height.to_string(),
                votes,
                validator.weights_vote.as_deref().map_or("-".into(), short),
                held.unwrap_or_else(|| "-".into()),
            ]);
        }
        let mut weights = table(&["agreed weight", "hotkey", "who"]);
        for weight in &self.agreed_weights {
            let miner = self
                .miners
                .iter()
                .find(|miner| miner.hotkey == weight.hotkey);
            let who = miner.map_or("burn", |miner| miner.name.as_str());
            weights.add_row([
                weight.weight.to_string(),
                short(&weight.hotkey),
                who.to_owned(),
            ]);
        }
        let epochs: Vec<String> = self.epochs.iter().map(u64::to_string).collect();
        // Writing to a String can't fail.
        let _ = writeln!(text, "{miners}\n{validators}\n{weights}");
        let _ = writeln!(
            text,
            "epochs: {}   elapsed: {:.1} s",
            epochs.join(", "),
            self.elapsed_ms as f64 / 1000.0
        );
        let _ = writeln!(
            text,
            "auditor: replayed {} blocks, state root {}, recomputed the same weights: {}",
            self.audit.height,
            short(&self.audit.state_root),
            if self.audit.weights == self.agreed_weights {
                "yes"
            } else {
                "NO"
            }
        );
        for problem in &self.problems {
            let _ = writeln!(text, "problem: {problem}");
        }
        let _ = write!(
            text,
            "agreement: {}",
            if self.agreement { "ok" } else { "FAILED" }
        );
        text
    }
}

fn table(header: &[&str]) -> Table {
    let mut table = Table::new();
    table
        .load_style(UTF8_FULL_CONDENSED)
        .set_content_arrangement(ContentArrangement::Dynamic)
        .set_header(header);
    table
}

fn score(score: i64) -> String {
    format!("{:.4}", score as f64 / 10_000.0)
}

fn short(text: &str) -> String {
    match (text.get(..6), text.get(text.len().saturating_sub(4)..)) {
        (Some(head), Some(tail)) if text.len() > 12 => format!("{head}…{tail}"),
        _ => text.to_owned(),
    }
}
