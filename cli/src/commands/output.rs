//! What `check` and `similarity` share: reading sources and printing what was found. All failures here
//! are of usage or of reading and writing, so that exit code 1 is left to findings.

use std::io::{self, Write};
use std::path::Path;

use serde::Serialize;

use crate::args::Global;
use crate::exit::Failure;
use crate::limits::{CODE_COLUMNS, CODE_COLUMNS_RANGE};
use crate::sources::{self, Sources};
use crate::text::visible;

/// Columns beside the code: line number, bar and blanks.
const GUTTER_COLUMNS: usize = 8;

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
