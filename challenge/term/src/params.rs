//! The challenge's parameters: JSON, in the genesis or set by the owner.
//!
//! ```json
//! {
//!   "evidence": "reported",
//!   "burn_hotkey": "5GrwvaEF5zXb26Fz9rcQpDWS57CtERHpNehXCPcNoHGKutQY",
//!   "python_policy": "term",
//!   "tasks": [
//!     {"id": "t1", "name": "fix parser", "repo": "owner/name", "base_commit": "0a1b2c",
//!      "difficulty": "easy", "timeout_secs": 600}
//!   ]
//! }
//! ```
//!
//! Grace, half-life, rate limit and size caps are contract with miners, not parameters. The evidence mode
//! `reported` is the only one: `verified` needs the sandbox, and a mode that isn't there must not be
//! selectable.

use alloc::{
    collections::BTreeSet,
    format,
    string::{String, ToString},
    vec::Vec,
};

use assay_challenge_sdk::Hotkey;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use thiserror::Error;

use crate::{
    limits::{
        PARAMS_MAX_BYTES, PYTHON_POLICY_MAX_BYTES, TASK_ID_MAX_BYTES, TASK_TEXT_MAX_BYTES,
        TASK_TIMEOUT_MAX_SECS, TASKS_MAX,
    },
    text::is_plain,
};

/// Characters of task ids beside letters and digits; none of them needs escaping in JSON or URLs' paths.
const TASK_ID_PUNCTUATION: &str = "._-:@+";

/// The policy for agents that every node knows.
pub const DEFAULT_PYTHON_POLICY: &str = "term";

/// Where results come from.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EvidenceMode {
    /// The miner's own results count.
    #[default]
    Reported,
}

/// How hard a task is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Difficulty {
    /// Easy.
    #[default]
    Easy,
    /// Medium.
    Medium,
    /// Hard.
    Hard,
}

/// A task of the dataset.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Task {
    /// Unique id.
    pub id: String,
    /// What a person reads.
    pub name: String,
    /// The repository to fix.
    pub repo: String,
    /// The commit to start from.
    pub base_commit: String,
    /// How hard it is.
    pub difficulty: Difficulty,
    /// Time budget, in seconds.
    pub timeout_secs: u64,
}

/// The parameters.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TermParams {
    /// Where results come from.
    pub evidence: EvidenceMode,
    /// Who gets the part of the leader's weight that has decayed away: the hotkey that the chain burns for.
    pub burn_hotkey: Hotkey,
    /// Name of the Python policy that packages must pass, or the policy itself as TOML.
    pub python_policy: String,
    /// The active dataset.
    pub tasks: Vec<Task>,
}

/// Why bytes are no parameters.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum ParamsError {
    /// Too many bytes.
    #[error("expected at most {PARAMS_MAX_BYTES} bytes of parameters, got {got}")]
    Size {
        /// How many.
        got: usize,
    },
    /// Not the JSON that was expected.
    #[error("expected term-challenge parameters as JSON: {0}")]
    Json(String),
    /// A field is out of bounds.
    #[error("parameter {field}: {rule}")]
    Field {
        /// Which.
        field: String,
        /// What was expected.
        rule: &'static str,
    },
}

impl TermParams {
    /// Encodes the parameters.
    ///
    /// # Errors
    /// [`ParamsError`] when they break a rule that [`TermParams::from_bytes`] would refuse.
    pub fn to_bytes(&self) -> Result<Vec<u8>, ParamsError> {
        self.check()?;
        let bytes =
            serde_json::to_vec(self).map_err(|error| ParamsError::Json(error.to_string()))?;
        check_size(&bytes)?;
        Ok(bytes)
    }

    /// Decodes and checks parameters.
    ///
    /// # Errors
    /// [`ParamsError`] naming what is wrong.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, ParamsError> {
        check_size(bytes)?;
        let params: Self =
            serde_json::from_slice(bytes).map_err(|error| ParamsError::Json(error.to_string()))?;
        params.check()?;
        Ok(params)
    }

    /// SHA-256 over the tasks, in order: which dataset a result belongs to.
    #[must_use]
    pub fn dataset_hash(&self) -> [u8; 32] {
        let mut hasher = Sha256::new();
        for task in &self.tasks {
            for text in [&task.id, &task.name, &task.repo, &task.base_commit] {
                hasher.update((text.len() as u64).to_le_bytes());
                hasher.update(text);
            }
            hasher.update([task.difficulty as u8]);
            hasher.update(task.timeout_secs.to_le_bytes());
        }
        hasher.finalize().into()
    }

    fn check(&self) -> Result<(), ParamsError> {
        let refuse = |field: &str, rule| {
            Err(ParamsError::Field {
                field: field.into(),
                rule,
            })
        };
        if !(1..=TASKS_MAX).contains(&self.tasks.len()) {
            return refuse("tasks", "expected 1 to 256 tasks");
        }
        if !(1..=PYTHON_POLICY_MAX_BYTES).contains(&self.python_policy.len()) {
            return refuse("python_policy", "expected a name or TOML of up to 64 KiB");
        }
        let mut ids = BTreeSet::new();
        for (index, task) in self.tasks.iter().enumerate() {
            let field = |name: &str| format!("tasks[{index}].{name}");
            if !is_plain(&task.id, TASK_ID_MAX_BYTES, TASK_ID_PUNCTUATION) {
                return refuse(&field("id"), "expected 1 to 128 letters, digits or ._-:@+");
            }
            if !ids.insert(&task.id) {
                return refuse(&field("id"), "expected unique ids");
            }
            for (name, text) in [
                ("name", &task.name),
                ("repo", &task.repo),
                ("base_commit", &task.base_commit),
            ] {
                if text.len() > TASK_TEXT_MAX_BYTES {
                    return refuse(&field(name), "expected at most 512 bytes");
                }
            }
            if !(1..=TASK_TIMEOUT_MAX_SECS).contains(&task.timeout_secs) {
                return refuse(&field("timeout_secs"), "expected 1 second to one day");
            }
        }
        Ok(())
    }
}

fn check_size(bytes: &[u8]) -> Result<(), ParamsError> {
    if bytes.len() > PARAMS_MAX_BYTES {
        return Err(ParamsError::Size { got: bytes.len() });
    }
    Ok(())
}
