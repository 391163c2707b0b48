//! Structures of the evaluation, route, weight and epoch exports, in wire order.

use alloc::{string::String, vec::Vec};

use serde::{Deserialize, Serialize};
use thiserror::Error;

use super::codec;

/// Scores travel as integers: a score of 1.0 is `SCORE_SCALE`.
pub const SCORE_SCALE: i64 = 10_000;

/// Input of `evaluate` and `validate`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct EvaluationInput {
    /// The miner's submission in the challenge's own encoding.
    #[serde(with = "serde_bytes")]
    pub agent_data: Vec<u8>,
    /// The challenge's id.
    pub challenge_id: String,
    /// The challenge's parameters in its own encoding.
    #[serde(with = "serde_bytes")]
    pub params: Vec<u8>,
    /// A task for challenges that evaluate one task per call.
    #[serde(with = "serde_bytes")]
    pub task_definition: Option<Vec<u8>>,
    /// Our nodes put a bincode [`super::SubmissionContext`] here; older modules ignore it.
    #[serde(with = "serde_bytes")]
    pub environment_config: Option<Vec<u8>>,
}

/// Result of `evaluate`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct EvaluationOutput {
    /// Score in units of 1 / [`SCORE_SCALE`].
    pub score: i64,
    /// False when the submission was refused.
    pub valid: bool,
    /// What a person reads: the summary, or the reason of a refusal.
    pub message: String,
    /// Opaque numbers of the challenge.
    #[serde(with = "serde_bytes")]
    pub metrics: Option<Vec<u8>>,
    /// Opaque details of the challenge, as its logs.
    #[serde(with = "serde_bytes")]
    pub details: Option<Vec<u8>>,
}

/// A task in the SDK's own form.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct TaskDefinition {
    /// Unique id.
    pub task_id: String,
    /// What is to be done.
    pub description: String,
    /// The command that does it.
    pub command: String,
    /// Expected output, if the task is judged by it.
    pub expected_output: Option<String>,
    /// Time budget, in milliseconds.
    pub timeout_ms: u64,
    /// Opaque criteria of the challenge.
    #[serde(with = "serde_bytes")]
    pub scoring_criteria: Vec<u8>,
}

/// The outcome of a task in the SDK's own form.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct TaskResult {
    /// The task's id.
    pub task_id: String,
    /// Whether it passed.
    pub passed: bool,
    /// Score in 0..=1.
    pub score: f64,
    /// Output of the task.
    pub output: Option<String>,
    /// Opaque numbers.
    #[serde(with = "serde_bytes")]
    pub metrics: Option<Vec<u8>>,
}

/// A route that the module answers.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct WasmRouteDefinition {
    /// Upper-case HTTP method.
    pub method: String,
    /// Path pattern; `:name` captures one segment.
    pub path: String,
    /// One line for a person.
    pub description: String,
    /// Whether the caller must be authenticated.
    pub requires_auth: bool,
}

/// A call of a route.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct WasmRouteRequest {
    /// Upper-case HTTP method.
    pub method: String,
    /// Path relative to the challenge, starting with `/`.
    pub path: String,
    /// Captured path segments; may be empty even for a pattern with captures.
    pub params: Vec<(String, String)>,
    /// Query parameters.
    pub query: Vec<(String, String)>,
    /// JSON bytes; the four bytes `null` when there was no body.
    #[serde(with = "serde_bytes")]
    pub body: Vec<u8>,
    /// 64 hex digits of the caller's verified sr25519 public key.
    pub auth_hotkey: Option<String>,
}

/// The answer of a route.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct WasmRouteResponse {
    /// HTTP status.
    pub status: u16,
    /// Body, by convention JSON.
    #[serde(with = "serde_bytes")]
    pub body: Vec<u8>,
}

/// Older layout of `get_weights`: by UID.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct WeightEntry {
    /// UID in the subnet.
    pub uid: u16,
    /// Weight, 65,535 being all.
    pub weight: u16,
}

/// Newer layout of `get_weights`: by hotkey.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct WeightAssignment {
    /// Hotkey as hex or SS58.
    pub hotkey: String,
    /// Relative weight, finite and not negative.
    pub weight: f64,
}

/// Result of `sync`: 56 bytes. The names come from the challenge it was first made for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct WasmSyncResult {
    /// Hash of the leaderboard.
    pub leaderboard_hash: [u8; 32],
    /// Users known.
    pub total_users: u32,
    /// Items counted as valid.
    pub total_valid_issues: u32,
    /// Items counted as invalid.
    pub total_invalid_issues: u32,
    /// Items not yet decided.
    pub total_pending_issues: u32,
    /// Time of the sync as the module understands it.
    pub sync_timestamp: i64,
}

/// One validator's evaluation, as `aggregate` receives it.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct ValidatorEvaluationData {
    /// The validator.
    pub validator_hotkey: String,
    /// Its stake.
    pub validator_stake: u64,
    /// What was evaluated.
    pub submission_id: String,
    /// Whose it was.
    pub miner_hotkey: String,
    /// Score in 0..=1.
    pub score: f64,
    /// Opaque numbers.
    #[serde(with = "serde_bytes")]
    pub metrics: Vec<u8>,
    /// When, in milliseconds.
    pub timestamp: i64,
}

/// Input of `aggregate`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct AggregationInput {
    /// The challenge.
    pub challenge_id: String,
    /// Epoch that ends.
    pub epoch: u64,
    /// Height of the ledger.
    pub block_height: u64,
    /// All validators' evaluations.
    pub evaluations: Vec<ValidatorEvaluationData>,
    /// The leaderboard so far, in the challenge's encoding.
    #[serde(with = "serde_bytes")]
    pub current_leaderboard: Vec<u8>,
}

/// Output of `aggregate`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct AggregationOutput {
    /// The new leaderboard, in the challenge's encoding.
    #[serde(with = "serde_bytes")]
    pub leaderboard: Vec<u8>,
    /// Weights by UID.
    pub weights: Vec<WeightEntry>,
    /// Hash of the leaderboard.
    pub leaderboard_hash: [u8; 32],
}

/// What `get_weights` returned, in whichever of its two layouts.
#[derive(Debug, Clone, PartialEq)]
pub enum Weights {
    /// By UID.
    ByUid(Vec<WeightEntry>),
    /// By hotkey.
    ByHotkey(Vec<WeightAssignment>),
}

/// Bytes that are neither layout of `get_weights`.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{len_bytes} bytes of weights are in neither of the two layouts")]
pub struct WeightsError {
    /// Length of what came.
    pub len_bytes: usize,
}

impl Weights {
    /// Tells the two layouts of `get_weights` apart: a layout counts only when it consumes every byte,
    /// and the one by hotkey only when all weights are finite and not negative and every hotkey is
    /// plain ASCII letters and digits of a possible length (hex or SS58). No bytes mean no weights.
    ///
    /// # Errors
    /// [`WeightsError`] when neither layout fits.
    pub fn decode(bytes: &[u8]) -> Result<Self, WeightsError> {
        if bytes.is_empty() {
            return Ok(Self::ByHotkey(Vec::new()));
        }
        let limit = codec::MODULE_OUTPUT_LIMIT_BYTES;
        if let Ok(entries) = codec::decode_exact::<Vec<WeightAssignment>>(bytes, limit)
            && entries.iter().all(is_plausible)
        {
            return Ok(Self::ByHotkey(entries));
        }
        codec::decode_exact::<Vec<WeightEntry>>(bytes, limit)
            .map(Self::ByUid)
            .map_err(|_| WeightsError {
                len_bytes: bytes.len(),
            })
    }
}

fn is_plausible(entry: &WeightAssignment) -> bool {
    let len = entry.hotkey.len();
    entry.weight.is_finite()
        && entry.weight >= 0.0
        && (46..=66).contains(&len)
        && entry
            .hotkey
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric())
}

#[cfg(test)]
mod tests {
    use alloc::vec;

    use proptest::prelude::*;

    use super::*;
    use crate::abi::codec::{decode, encode};

    #[test]
    fn sync_result_is_56_bytes() {
        assert_eq!(encode(&WasmSyncResult::default()).unwrap().len(), 56);
    }

    #[test]
    fn route_response_is_status_length_body() {
        let response = WasmRouteResponse {
            status: 200,
            body: b"{}".to_vec(),
        };
        assert_eq!(
            encode(&response).unwrap(),
            [200, 0, 2, 0, 0, 0, 0, 0, 0, 0, b'{', b'}']
        );
    }

    #[test]
    fn weights_by_uid_are_not_taken_for_hotkeys() {
        let entries = vec![
            WeightEntry {
                uid: 3,
                weight: 65_535,
            },
            WeightEntry { uid: 0, weight: 1 },
        ];
        assert_eq!(
            Weights::decode(&encode(&entries).unwrap()),
            Ok(Weights::ByUid(entries))
        );
    }

    #[test]
    fn weights_with_nan_or_strange_hotkeys_are_refused() {
        for (hotkey, weight) in [
            ("aa".repeat(32), f64::NAN),
            ("aa".repeat(32), -1.0),
            ("../x".into(), 1.0),
        ] {
            let bytes = encode(&vec![WeightAssignment { hotkey, weight }]).unwrap();
            assert!(Weights::decode(&bytes).is_err());
        }
    }

    #[test]
    fn empty_weights_are_no_weights_in_both_spellings() {
        assert_eq!(Weights::decode(&[]), Ok(Weights::ByHotkey(vec![])));
        assert_eq!(Weights::decode(&[0; 8]), Ok(Weights::ByHotkey(vec![])));
    }

    proptest! {
        #[test]
        fn evaluation_input_round_trips(
            agent_data in any::<Vec<u8>>(), challenge_id in ".*", params in any::<Vec<u8>>(),
            task_definition in any::<Option<Vec<u8>>>(), environment_config in any::<Option<Vec<u8>>>(),
        ) {
            let input = EvaluationInput { agent_data, challenge_id, params, task_definition, environment_config };
            let bytes = encode(&input).unwrap();
            prop_assert_eq!(decode::<EvaluationInput>(&bytes, 1 << 20).unwrap(), input);
        }

        #[test]
        fn arbitrary_bytes_never_panic(bytes in any::<Vec<u8>>()) {
            let _ = decode::<EvaluationInput>(&bytes, 1 << 20);
            let _ = decode::<AggregationInput>(&bytes, 1 << 20);
            let _ = Weights::decode(&bytes);
        }
    }
}
