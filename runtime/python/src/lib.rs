//! A static screen for miners' Python: policy check, fingerprint, similarity.
//!
//! It is a lint in front of the sandbox, not the boundary, and hard to fool all the same. Every result is
//! a function of the input: the same on every machine. Nothing in a source can crash it or make it slow:
//! size, nesting, findings and work are bounded.
//!
//! It knows no node, no network and no disk.

mod finding;
pub mod fold;
mod host;
mod policy;
pub mod similarity;
mod source;
#[doc(hidden)]
pub mod testing;

use std::collections::BTreeSet;

use assay_challenge_sdk::abi::{
    PythonCheckRequest, PythonCheckResponse, PythonFile, PythonVerdict, PythonViolation,
};

use finding::Finding;
pub use host::Analysis;
pub use policy::{Policy, PolicyError};
pub use source::MAX_SOURCE_BYTES;

/// Files of one request.
pub const MAX_FILES: usize = 256;
/// Bytes of a file's path.
pub const MAX_PATH_BYTES: usize = 512;
/// Findings reported; the rest is counted in one more.
pub const MAX_VIOLATIONS: usize = 200;
/// Why a request was not checked.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CheckError {
    /// The policy is unknown or malformed.
    #[error(transparent)]
    Policy(#[from] PolicyError),
    /// The request is over a limit.
    #[error("{0}")]
    Request(String),
    /// A fault of this machine.
    #[error("{0}")]
    Host(String),
}

/// Checks a package.
///
/// # Errors
/// [`CheckError`] when it could not be checked; what is wrong with the files is in the response.
pub fn check(request: &PythonCheckRequest) -> Result<PythonCheckResponse, CheckError> {
    let policy = Policy::named_or_toml(&request.policy)?;
    if request.files.len() > MAX_FILES {
        return Err(CheckError::Request(format!(
            "{} files, at most {MAX_FILES} are checked",
            request.files.len()
        )));
    }
    if let Some(file) = request
        .files
        .iter()
        .find(|file| file.path.len() > MAX_PATH_BYTES)
    {
        return Err(CheckError::Request(format!(
            "a path of {} bytes, at most {MAX_PATH_BYTES} are accepted",
            file.path.len()
        )));
    }
    let (violations, more) = source::on_large_stack(|| check_files(&request.files, &policy))
        .map_err(CheckError::Host)?;
    Ok(respond(violations, more))
}

/// Violations of all files, the first [`MAX_VIOLATIONS`] and how many more there were.
fn check_files(files: &[PythonFile], policy: &Policy) -> (Vec<PythonViolation>, usize) {
    let local: BTreeSet<&str> = files.iter().filter_map(|f| local_module(&f.path)).collect();
    let (mut violations, mut more) = (Vec::new(), 0);
    for file in files {
        for finding in check_source(&file.source, &local, policy) {
            if violations.len() < MAX_VIOLATIONS {
                violations.push(violation(finding, file));
            } else {
                more += 1;
            }
        }
    }
    (violations, more)
}

fn violation(finding: Finding, file: &PythonFile) -> PythonViolation {
    let (line, column, width) = match (finding.range, source::read(&file.source)) {
        (Some((start, end)), Ok(text)) => {
            let (line, column) = position(&text, start);
            (line, column, width(&text, start, end))
        }
        _ => (0, 0, 0),
    };
    PythonViolation {
        rule: finding.rule.to_owned(),
        severity: PythonVerdict::Deny,
        file: file.path.clone(),
        line,
        column,
        width,
        message: finding.message,
        hint: String::new(),
    }
}

/// Characters from `start` to `end` or to the end of the line, at least 1.
fn width(text: &str, start: usize, end: usize) -> u32 {
    let meant = text.get(start..end).unwrap_or_default();
    let width = meant.chars().take_while(|c| *c != '\n').count().max(1);
    u32::try_from(width).unwrap_or(u32::MAX)
}

/// Line and column, from 1, of a byte offset.
fn position(text: &str, offset: usize) -> (u32, u32) {
    let before = text.get(..offset).unwrap_or(text);
    let line = before.bytes().filter(|byte| *byte == b'\n').count() + 1;
    let column = before.chars().rev().take_while(|c| *c != '\n').count() + 1;
    (
        u32::try_from(line).unwrap_or(u32::MAX),
        u32::try_from(column).unwrap_or(u32::MAX),
    )
}

fn check_source(source: &[u8], local: &BTreeSet<&str>, policy: &Policy) -> Vec<Finding> {
    let text = match source::read(source) {
        Err(finding) => return vec![finding],
        Ok(text) => text,
    };
    match source::parse(&text) {
        Ok(body) => policy::rules::check(body, local, policy),
        Err(finding) => vec![finding],
    }
}

/// The name under which a file of the package is imported: its first path segment.
fn local_module(path: &str) -> Option<&str> {
    let first = path.split('/').next()?;
    let name = first.strip_suffix(".py").unwrap_or(first);
    (!name.is_empty()).then_some(name)
}

fn respond(mut violations: Vec<PythonViolation>, more: usize) -> PythonCheckResponse {
    let verdict = if violations.is_empty() {
        PythonVerdict::Allow
    } else {
        PythonVerdict::Deny
    };
    if more > 0 {
        violations.push(PythonViolation {
            rule: "py.more".to_owned(),
            message: format!("{more} more findings"),
            ..PythonViolation::default()
        });
    }
    PythonCheckResponse {
        verdict,
        violations,
    }
}

#[cfg(test)]
mod tests;
