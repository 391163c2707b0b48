//! A static screen for miners' Python: policy check, fingerprint, similarity.
//!
//! It is a lint in front of the sandbox, not the boundary, and hard to fool all the same. Every result is
//! a function of the input: the same on every machine. Nothing in a source can crash it or make it slow:
//! size, nesting, findings and work are bounded.
//!
//! It knows no node, no network and no disk.

mod analysis;
mod finding;
mod fold;
mod host;
mod policy;
pub mod similarity;
mod source;
#[doc(hidden)]
pub mod testing;

use std::collections::{BTreeMap, BTreeSet};

use assay_challenge_sdk::abi::{
    PythonCheckRequest, PythonCheckResponse, PythonFile, PythonVerdict, PythonViolation,
};

pub use analysis::MAX_WORK;
use analysis::Module;
use finding::Finding;
pub use host::Analysis;
pub use policy::{Policy, PolicyError};
use policy::{Rule, catalogue};
pub use source::MAX_SOURCE_BYTES;

/// Files of one request.
pub const MAX_FILES: usize = 256;
/// Bytes of a file's path.
pub const MAX_PATH_BYTES: usize = 512;
/// Bytes of all sources of one request: as much as a package may unpack to.
pub const MAX_PACKAGE_BYTES: usize = 10 * 1024 * 1024;
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

/// A checked package.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checked {
    /// The verdict and why.
    pub response: PythonCheckResponse,
    /// What it took beyond reading and parsing, in alternatives looked at: about 50 ns each. The same for
    /// the same request on every machine.
    pub work: u64,
}

/// Checks a package.
///
/// # Errors
/// [`CheckError`] when it could not be checked; what is wrong with the files is in the response.
pub fn check(request: &PythonCheckRequest) -> Result<PythonCheckResponse, CheckError> {
    check_metered(request).map(|checked| checked.response)
}

/// Checks a package and tells what it took.
///
/// # Errors
/// [`CheckError`] when it could not be checked; what is wrong with the files is in the response.
pub fn check_metered(request: &PythonCheckRequest) -> Result<Checked, CheckError> {
    let policy = Policy::named_or_toml(&request.policy)?;
    if request.files.len() > MAX_FILES {
        return Err(CheckError::Request(format!(
            "{} files, at most {MAX_FILES} are checked",
            request.files.len()
        )));
    }
    let total: usize = request.files.iter().map(|file| file.source.len()).sum();
    if total > MAX_PACKAGE_BYTES {
        return Err(CheckError::Request(format!(
            "{total} bytes of source, at most {MAX_PACKAGE_BYTES} are checked"
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
    source::on_large_stack(|| check_files(&request.files, &policy)).map_err(CheckError::Host)
}

fn check_files(files: &[PythonFile], policy: &Policy) -> Checked {
    let mut texts = Vec::with_capacity(files.len());
    let mut modules = Vec::with_capacity(files.len());
    let mut refused = Vec::with_capacity(files.len());
    for file in files {
        let text = source::read(&file.source);
        let body = text
            .as_ref()
            .map_err(Clone::clone)
            .and_then(|text| source::parse(text));
        let (body, finding) = match body {
            Ok(body) => (body, None),
            Err(finding) => (Vec::new(), Some(finding)),
        };
        modules.push(Module {
            path: file.path.clone(),
            body,
        });
        texts.push(text.unwrap_or_default());
        refused.push(finding);
    }
    modules.extend(missing_packages(files));
    let analysed = analysis::analyse(&modules, policy);
    let mut found = Vec::new();
    let findings = refused.into_iter().zip(analysed.findings);
    for (index, (refused, analysed)) in findings.enumerate() {
        for finding in refused.into_iter().chain(analysed) {
            let rule = catalogue().rule(finding.rule);
            let severity = policy.severity(rule);
            if severity != PythonVerdict::Allow {
                found.push((severity, index, finding, rule));
            }
        }
    }
    let verdict = found
        .iter()
        .map(|(severity, ..)| *severity)
        .max()
        .unwrap_or_default();
    let more = found.len().saturating_sub(MAX_VIOLATIONS);
    if more > 0 {
        // What decides is shown before the rest; within each, the order of the files stays.
        found.sort_by_key(|(severity, ..)| std::cmp::Reverse(*severity));
        found.truncate(MAX_VIOLATIONS);
    }
    let mut lines = BTreeMap::new();
    let shown = found
        .into_iter()
        .filter_map(|(severity, index, finding, rule)| {
            let (file, text) = (files.get(index)?, texts.get(index)?);
            let lines = lines
                .entry(index)
                .or_insert_with(|| source::Lines::of(text));
            Some(violation(finding, severity, rule, &file.path, text, lines))
        });
    let mut violations: Vec<PythonViolation> = shown.collect();
    if more > 0 {
        violations.push(PythonViolation {
            rule: "py.more".to_owned(),
            severity: verdict,
            message: format!("{more} more findings"),
            ..PythonViolation::default()
        });
    }
    Checked {
        response: PythonCheckResponse {
            verdict,
            violations,
        },
        work: analysed.work as u64,
    }
}

/// Empty files for packages without an `__init__.py`, and for the root.
fn missing_packages(files: &[PythonFile]) -> Vec<Module> {
    let present: BTreeSet<&str> = files.iter().map(|file| file.path.as_str()).collect();
    let mut missing = BTreeSet::from(["__init__.py".to_owned()]);
    for file in files {
        for (end, _) in file.path.match_indices('/') {
            let directory = file.path.get(..end).unwrap_or_default();
            missing.insert(format!("{directory}/__init__.py"));
        }
    }
    let missing = missing
        .into_iter()
        .filter(|path| !present.contains(path.as_str()));
    missing
        .map(|path| Module {
            path,
            body: Vec::new(),
        })
        .collect()
}

fn violation(
    finding: Finding,
    severity: PythonVerdict,
    rule: &Rule,
    path: &str,
    text: &str,
    lines: &source::Lines,
) -> PythonViolation {
    let (line, column, width) = match finding.range {
        Some((start, end)) => {
            let (line, column) = lines.position(text, start);
            (line, column, width(text, start, end))
        }
        None => (0, 0, 0),
    };
    PythonViolation {
        rule: rule.id.clone(),
        severity,
        file: path.to_owned(),
        line,
        column,
        width,
        message: finding.message,
        hint: rule.hint.clone(),
    }
}

/// Characters from `start` to `end` or to the end of the line, at least 1.
fn width(text: &str, start: usize, end: usize) -> u32 {
    let meant = text.get(start..end).unwrap_or_default();
    let width = meant.chars().take_while(|c| *c != '\n').count().max(1);
    u32::try_from(width).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests;
