//! `assay check`: what the validators' screen of Python says, before anything is submitted.

use std::io::{self, Write};
use std::path::Path;

use assay_challenge_sdk::abi::{
    PythonCheckRequest, PythonCheckResponse, PythonVerdict, PythonViolation,
};
use assay_python::{CheckError, Policy};
use serde::Serialize;

use crate::args::{CheckArgs, Global};
use crate::exit::{Exit, Failure};
use crate::findings;
use crate::limits::{CODE_COLUMNS, CODE_COLUMNS_RANGE, POLICY_READ_MAX_BYTES};
use crate::package::read_bounded;
use crate::sources::{self, Sources};
use crate::text::visible;

/// Columns beside the code: line number, bar and blanks.
const GUTTER_COLUMNS: usize = 8;

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

/// The sources at a path; what a person should know about them is said on standard error.
pub(super) fn read_sources(global: &Global, path: &Path) -> Result<Sources, Failure> {
    let sources = sources::load(path).map_err(Failure::usage)?;
    if !global.json || global.verbose {
        for note in &sources.notes {
            eprintln!("note: {}: {note}", visible(&path.display().to_string()));
        }
    }
    Ok(sources)
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

/// Columns for code: what the terminal leaves, or a fixed number for files and pipes.
pub(super) fn code_columns() -> usize {
    let (fewest, most) = CODE_COLUMNS_RANGE;
    match crossterm::terminal::size() {
        Ok((columns, _)) if io::IsTerminal::is_terminal(&io::stdout()) => usize::from(columns)
            .saturating_sub(GUTTER_COLUMNS)
            .clamp(fewest, most),
        _ => CODE_COLUMNS,
    }
}

/// Prints one JSON object.
pub(super) fn write_json<T: Serialize>(value: &T) -> Result<(), Failure> {
    let text = serde_json::to_string_pretty(value).map_err(Failure::usage)?;
    write_text(&format!("{text}\n"))
}

/// Prints to standard output; colours only where they are wanted. A reader that has seen enough, as
/// `head`, changes no verdict.
pub(super) fn write_text(text: &str) -> Result<(), Failure> {
    let mut out = anstream::stdout().lock();
    let written = out.write_all(text.as_bytes()).and_then(|()| out.flush());
    match written {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(Failure::usage(error)),
        _ => Ok(()),
    }
}
