//! `assay check`: what the validators' screen of Python says, before anything is submitted.

use std::path::Path;

use assay_challenge_sdk::abi::{
    PythonCheckRequest, PythonCheckResponse, PythonVerdict, PythonViolation,
};
use assay_python::{CheckError, Policy};
use serde::Serialize;

use super::output::{code_columns, read_sources, write_json, write_text};
use crate::args::{CheckArgs, Global};
use crate::exit::{Exit, Failure};
use crate::findings;
use crate::limits::POLICY_READ_MAX_BYTES;
use crate::package::read_bounded;
use crate::text::visible;

/// What `--json` prints.
#[derive(Serialize)]
struct CheckView<'a> {
    verdict: PythonVerdict,
    files: Vec<&'a str>,
    violations: &'a [PythonViolation],
}

/// Checks the sources at a path.
pub fn run(global: &Global, args: &CheckArgs) -> Result<Exit, Failure> {
    let policy = policy_text(&args.policy)?;
    let sources = read_sources(global, &args.path)?;
    let request = PythonCheckRequest {
        files: sources.files.clone(),
        policy,
    };
    let response = assay_python::check(&request).map_err(|error| match error {
        CheckError::Policy(error) => Failure::usage(anyhow::anyhow!(
            "policy {}: {}",
            visible(&args.policy),
            visible_lines(&error.to_string())
        )),
        other => Failure::usage(other),
    })?;
    if global.json {
        write_json(&CheckView {
            verdict: response.verdict,
            files: sources
                .files
                .iter()
                .map(|file| file.path.as_str())
                .collect(),
            violations: &response.violations,
        })?;
    } else {
        write_text(&findings::render(&response, &sources, code_columns()))?;
    }
    Ok(exit(&response))
}

fn exit(response: &PythonCheckResponse) -> Exit {
    match response.verdict {
        PythonVerdict::Allow => Exit::Ok,
        PythonVerdict::Review | PythonVerdict::Deny => Exit::Other,
    }
}

/// Name of a policy, or the text of the file that holds one. Names go first: `./term` is a file.
fn policy_text(policy: &str) -> Result<String, Failure> {
    let is_word = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
    if !policy.is_empty() && policy.chars().all(is_word) && Policy::named_or_toml(policy).is_ok() {
        return Ok(policy.to_owned());
    }
    let path = Path::new(policy);
    if !path.exists() {
        return Err(Failure::usage(anyhow::anyhow!(
            "no policy {:?}: expected term, data-fabrication, bitsec or a TOML file",
            visible(policy)
        )));
    }
    let bytes = read_bounded(path, POLICY_READ_MAX_BYTES).map_err(Failure::usage)?;
    String::from_utf8(bytes).map_err(|_| {
        Failure::usage(anyhow::anyhow!(
            "policy {}: not UTF-8 text",
            visible(policy)
        ))
    })
}

/// Text of several lines, as the TOML reader's, with nothing that steers the terminal.
fn visible_lines(text: &str) -> String {
    let lines: Vec<String> = text.lines().map(visible).collect();
    lines.join("\n")
}
