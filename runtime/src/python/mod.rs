//! Policy check for Python packages: a lint in front of the sandbox, not the boundary.
//!
//! Every file must be UTF-8 text that parses; imports must be allowed by the policy, local to the
//! package or relative; forbidden names and attributes must not occur in code. All findings are listed,
//! in file order. The check is a function of its input: the same on every machine.
//!
//! The parser survives any nesting but dropping its tree does not, so nesting is bounded before parsing
//! (see `nesting`), and parsing, walking and dropping happen on a thread with a large stack.
//!
//! What it does not do yet: follow aliases and constant strings, compare packages.

mod nesting;
mod policy;
mod rules;

use std::collections::BTreeSet;

use assay_challenge_sdk::abi::{
    PythonCheckRequest, PythonCheckResponse, PythonFile, PythonVerdict, PythonViolation,
};
use rustpython_parser::{Mode, parse};

use crate::error::HostFault;
pub use policy::{Policy, PolicyError};

/// Files of one request.
pub const MAX_FILES: usize = 256;
/// Bytes of one source file.
pub const MAX_SOURCE_BYTES: usize = 1024 * 1024;
/// Bytes of a file's path.
pub const MAX_PATH_BYTES: usize = 512;
/// Findings reported; the rest is counted in one more.
pub const MAX_VIOLATIONS: usize = 200;
/// Stack of the checking thread in bytes. `nesting` bounds trees to about 1,500 levels, an unoptimised
/// walk takes up to 10 KiB a level.
const STACK_BYTES: usize = 64 * 1024 * 1024;

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
    #[error(transparent)]
    Host(#[from] HostFault),
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
    let (violations, more) = std::thread::scope(|scope| {
        std::thread::Builder::new()
            .name("python-check".to_owned())
            .stack_size(STACK_BYTES)
            .spawn_scoped(scope, || check_files(&request.files, &policy))
            .map_err(|error| HostFault::Resource(error.to_string()))?
            .join()
            .map_err(|_| HostFault::Internal("the Python check panicked".to_owned()))
    })?;
    Ok(respond(violations, more))
}

/// Violations of all files, the first [`MAX_VIOLATIONS`] and how many more there were.
fn check_files(files: &[PythonFile], policy: &Policy) -> (Vec<PythonViolation>, usize) {
    let local: BTreeSet<&str> = files.iter().filter_map(|f| local_module(&f.path)).collect();
    let (mut violations, mut more) = (Vec::new(), 0);
    for file in files {
        let (text, found) = match readable(&file.source) {
            Err(finding) => ("", Findings::one(finding)),
            Ok(text) => (text, check_source(text, &local, policy)),
        };
        more += found.more;
        for finding in found.list {
            if violations.len() < MAX_VIOLATIONS {
                violations.push(finding.located(&file.path, text));
            } else {
                more += 1;
            }
        }
    }
    (violations, more)
}

/// Something wrong in one file, at a byte offset or with the file as a whole.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Finding {
    offset: Option<usize>,
    rule: &'static str,
    message: String,
}

/// Findings of one file. What exceeds [`MAX_VIOLATIONS`] is only counted.
#[derive(Debug, Default)]
struct Findings {
    list: Vec<Finding>,
    more: usize,
}

impl Findings {
    fn one(finding: Finding) -> Self {
        Self {
            list: vec![finding],
            more: 0,
        }
    }

    fn add(&mut self, finding: Finding) {
        if self.list.len() < MAX_VIOLATIONS {
            self.list.push(finding);
        } else {
            self.more += 1;
        }
    }
}

impl Finding {
    fn whole_file(rule: &'static str, message: String) -> Self {
        Self {
            offset: None,
            rule,
            message,
        }
    }

    fn at(offset: usize, rule: &'static str, message: String) -> Self {
        Self {
            offset: Some(offset),
            rule,
            message,
        }
    }

    fn located(self, path: &str, text: &str) -> PythonViolation {
        let (line, column) = match self.offset {
            None => (0, 0),
            Some(offset) => position(text, offset),
        };
        PythonViolation {
            rule: self.rule.to_owned(),
            file: path.to_owned(),
            line,
            column,
            message: self.message,
        }
    }
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

/// The text of a file as Python reads it, if there is no trick in its encoding.
fn readable(source: &[u8]) -> Result<&str, Finding> {
    let refuse = |rule, message: &str| Err(Finding::whole_file(rule, message.to_owned()));
    if source.len() > MAX_SOURCE_BYTES {
        return Err(Finding::whole_file(
            "py.size",
            format!(
                "file has {} bytes, at most {MAX_SOURCE_BYTES} are checked",
                source.len()
            ),
        ));
    }
    if source.contains(&0) {
        return refuse("py.encoding", "file contains a NUL byte");
    }
    let Ok(text) = std::str::from_utf8(source) else {
        return refuse("py.encoding", "file is not UTF-8");
    };
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    if text.contains(['\r', '\x0c']) && text.replace("\r\n", "").contains(['\r', '\x0c']) {
        return refuse(
            "py.encoding",
            "file contains a carriage return or form feed that editors may hide",
        );
    }
    match encoding_cookie(text) {
        Some(cookie) if !matches!(cookie.as_str(), "utf-8" | "utf8" | "utf_8") => Err(
            Finding::whole_file("py.encoding", format!("encoding `{cookie}` is not UTF-8")),
        ),
        _ => Ok(text),
    }
}

/// The encoding that a comment in the first two lines declares.
fn encoding_cookie(text: &str) -> Option<String> {
    text.lines().take(2).find_map(|line| {
        let comment = line.trim_start().strip_prefix('#')?;
        let at = comment.find("coding")?;
        let rest = comment.get(at + "coding".len()..)?;
        let rest = rest.strip_prefix([':', '='])?.trim_start();
        let name: String = rest
            .chars()
            .take_while(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.'))
            .collect();
        Some(name.to_ascii_lowercase())
    })
}

fn check_source(source: &str, local: &BTreeSet<&str>, policy: &Policy) -> Findings {
    if let Err(finding) = nesting::check(source) {
        return Findings::one(finding);
    }
    match parse(source, Mode::Module, "") {
        Ok(module) => rules::check(module, local, policy),
        Err(error) => Findings::one(Finding::at(
            error.offset.to_usize(),
            "py.syntax",
            error.error.to_string(),
        )),
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
