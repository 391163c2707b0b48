//! From bytes to a syntax tree, without trusting the bytes.
//!
//! A file must be UTF-8 text as CPython 3.11 reads it, of bounded size and nesting, and parse. Line ends
//! are made `\n` before parsing, as CPython does, so that a lone carriage return hides nothing.
//!
//! The parser survives any nesting but dropping its tree does not: nesting is bounded while tokens are
//! read (see `nesting`), and [`on_large_stack`] gives parsing, walking and dropping the room they need.

mod nesting;
mod read;

use rustpython_parser::ast::{self, Stmt};
use rustpython_parser::lexer::lex;
use rustpython_parser::{Mode, ParseErrorType, parse_tokens};

use crate::finding::Finding;
pub(crate) use read::read;

/// Bytes of one source file.
pub const MAX_SOURCE_BYTES: usize = 1024 * 1024;
/// Stack of the checking thread in bytes. `nesting` bounds trees to about 1,500 levels, an unoptimised
/// walk takes up to 10 KiB a level.
const STACK_BYTES: usize = 64 * 1024 * 1024;

/// The statements of a file that [`read`] accepted.
pub(crate) fn parse(text: &str) -> Result<Vec<Stmt>, Finding> {
    let mut nesting = nesting::Nesting::new();
    let tokens = lex(text, Mode::Module).map(|token| nesting.check(token));
    let parsed = parse_tokens(tokens, Mode::Module, "");
    if let Some(finding) = nesting.into_finding() {
        return Err(finding);
    }
    match parsed {
        Ok(ast::Mod::Module(module)) => Ok(module.body),
        Ok(_) => Err(Finding::whole_file("py.syntax", "file is not a module")),
        Err(error) => {
            let message = match error.error {
                ParseErrorType::Lexical(error) => error.to_string(),
                other => other.to_string(),
            };
            Err(Finding::at_offset(
                error.offset.to_usize(),
                "py.syntax",
                message,
            ))
        }
    }
}

/// Runs `work` on a thread of its own with a stack large enough for any tree that [`parse`] makes.
///
/// # Errors
/// The reason when the thread can't be started, or when `work` panicked.
pub(crate) fn on_large_stack<T: Send>(work: impl FnOnce() -> T + Send) -> Result<T, String> {
    std::thread::scope(|scope| {
        std::thread::Builder::new()
            .name("python-check".to_owned())
            .stack_size(STACK_BYTES)
            .spawn_scoped(scope, work)
            .map_err(|error| format!("can't start a thread: {error}"))?
            .join()
            .map_err(|_| "the Python check panicked".to_owned())
    })
}
