//! Reported results: the JSON file in which a miner says how its agent did.
//!
//! Either an object `{"basilica_instance": …, "executor_url": …, "task_results": […]}` or only the
//! list. An element needs `task_id` and `passed`; `score` is 1 or 0 by `passed` when left out, all
//! other fields are optional. Unknown fields are errors, so that a misspelt one is noticed here.

use assay_challenge_term::TaskResult;
use serde::Deserialize;

use crate::limits::RESULTS_MAX;

/// What a miner reports beside its package.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Reported {
    /// Name of the Basilica instance that produced the results.
    pub basilica_instance: String,
    /// URL of the executor on that instance.
    pub executor_url: String,
    /// One result for each task.
    pub task_results: Vec<TaskResult>,
}

/// Why a results file can't be used.
#[derive(Debug, thiserror::Error)]
pub enum ResultsError {
    /// Not the JSON that is expected.
    #[error(
        "expected a list of results, or an object with basilica_instance, executor_url and task_results: {0}"
    )]
    Malformed(serde_json::Error),
    /// More results than any dataset has tasks.
    #[error("expected at most {RESULTS_MAX} results, got {0}")]
    TooMany(usize),
}

impl Reported {
    /// Parses the JSON of a results file.
    pub fn from_json(json: &[u8]) -> Result<Reported, ResultsError> {
        // Decided by the first character instead of by trying, so that errors keep line and column.
        let is_list = json.iter().find(|byte| !byte.is_ascii_whitespace()) == Some(&b'[');
        let file = if is_list {
            ResultsFile {
                task_results: serde_json::from_slice(json).map_err(ResultsError::Malformed)?,
                ..ResultsFile::default()
            }
        } else {
            serde_json::from_slice(json).map_err(ResultsError::Malformed)?
        };
        if file.task_results.len() > RESULTS_MAX {
            return Err(ResultsError::TooMany(file.task_results.len()));
        }
        Ok(Reported {
            basilica_instance: file.basilica_instance,
            executor_url: file.executor_url,
            task_results: file
                .task_results
                .into_iter()
                .map(TaskResult::from)
                .collect(),
        })
    }
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct ResultsFile {
    #[serde(default)]
    basilica_instance: String,
    #[serde(default)]
    executor_url: String,
    task_results: Vec<ResultEntry>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct ResultEntry {
    task_id: String,
    passed: bool,
    score: Option<f64>,
    #[serde(default)]
    execution_time_ms: u64,
    #[serde(default)]
    test_output: String,
    #[serde(default)]
    agent_output: String,
    error: Option<String>,
}

impl From<ResultEntry> for TaskResult {
    fn from(entry: ResultEntry) -> TaskResult {
        TaskResult {
            score: entry.score.unwrap_or(if entry.passed { 1.0 } else { 0.0 }),
            task_id: entry.task_id,
            passed: entry.passed,
            execution_time_ms: entry.execution_time_ms,
            test_output: entry.test_output,
            agent_output: entry.agent_output,
            error: entry.error,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_and_an_object_are_both_read() {
        let list = br#" [{"task_id": "t1", "passed": true}, {"task_id": "t2", "passed": false, "score": 0.25}]"#;
        let reported = Reported::from_json(list).unwrap();
        let scores: Vec<f64> = reported.task_results.iter().map(|r| r.score).collect();
        assert_eq!(scores, [1.0, 0.25]);
        let object = br#"{"basilica_instance": "b1", "executor_url": "https://e.example", "task_results": []}"#;
        assert_eq!(Reported::from_json(object).unwrap().basilica_instance, "b1");
    }

    #[test]
    fn a_misspelt_field_is_named_with_its_place() {
        let error = Reported::from_json(b"[{\"task_id\": \"t\", \"pased\": true}]").unwrap_err();
        let text = error.to_string();
        assert!(text.contains("pased") && text.contains("line 1"), "{text}");
    }

    #[test]
    fn more_results_than_any_dataset_has_are_refused() {
        let many = vec![serde_json::json!({"task_id": "t", "passed": true}); RESULTS_MAX + 1];
        let json = serde_json::to_vec(&many).unwrap();
        assert!(matches!(
            Reported::from_json(&json),
            Err(ResultsError::TooMany(_))
        ));
    }
}
