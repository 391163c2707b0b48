//! From bytes to a syntax tree, without trusting the bytes.
//!
//! A file must be UTF-8 text as CPython 3.11 reads it, of bounded size and nesting, and parse. Reading and
//! lexing are our own and follow CPython's tokenizer to the letter (`read`, `lexer`, `number`, `strings`,
//! `f_string`, `stream`); the grammar is the parser library's. Where the two disagree, ours accepts more:
//! a program that Python refuses to run does no harm.
//!
//! Identifiers in the tree are NFKC-folded. Literals in it have the values they have in Python, but lone
//! surrogates and characters named by an alias that is not ASCII are U+FFFD.
//!
//! The parser survives any nesting but dropping its tree does not: nesting is bounded while tokens are
//! read (see `nesting`), and [`on_large_stack`] gives parsing, walking and dropping the room they need.

mod assemble;
mod f_string;
mod lexer;
mod limits;
mod lines;
mod nesting;
mod number;
mod read;
mod stream;
mod strings;

use rustpython_parser::ast::{self, Stmt};
use rustpython_parser::{Mode, ParseErrorType, parse_tokens};

use crate::finding::Finding;
pub use limits::MAX_SOURCE_BYTES;
use limits::{MAX_MESSAGE_BYTES, STACK_BYTES};
pub(crate) use lines::Lines;
pub(crate) use read::read;
use stream::Stream;

/// The statements of a file that [`read`] accepted.
pub(crate) fn parse(text: &str) -> Result<Vec<Stmt>, Finding> {
    parse_with_bound(text).map(|(body, _)| body)
}

/// The statements of a file, and the bound on the height of their tree.
pub(crate) fn parse_with_bound(text: &str) -> Result<(Vec<Stmt>, usize), Finding> {
    let mut stream = Stream::of_file(text);
    let parsed = parse_tokens(&mut stream, Mode::Module, "");
    if let Some(finding) = stream.finding {
        return Err(finding);
    }
    let mut body = match parsed {
        Ok(ast::Mod::Module(module)) => module.body,
        Ok(_) => return Err(Finding::whole_file("py.syntax", "file is not a module")),
        Err(error) => {
            let offset = error.offset.to_usize();
            return Err(Finding::at_offset(
                offset,
                "py.syntax",
                message(error.error),
            ));
        }
    };
    if stream.needs_assembly {
        assemble::complete(&mut body)
            .map_err(|range| Finding::at(range, "py.syntax", "an f-string is no pattern"))?;
    }
    Ok((body, stream.depth.peak()))
}

fn message(error: ParseErrorType) -> String {
    let mut message = match error {
        ParseErrorType::Lexical(error) => error.to_string(),
        other => other.to_string(),
    };
    if message.len() > MAX_MESSAGE_BYTES {
        message.truncate(message.floor_char_boundary(MAX_MESSAGE_BYTES));
        message.push('…');
    }
    // The names that stand for f-strings are of no use to a person.
    message.replace('\0', "")
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
