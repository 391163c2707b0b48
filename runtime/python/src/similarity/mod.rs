//! How much of one package of Python is in another.
//!
//! **Normalised program** (`lower`, `scope`, `rewrite`, `dead`). Each file becomes a row of statements, each
//! statement a tree in preorder. Names that the package gives (variables, parameters, functions, classes,
//! methods, attributes, aliases of imports) are only told apart from each other; names from outside
//! (built-ins, members of imported modules by their full path, attributes that the package doesn't
//! define, keywords of outside functions) are kept, through however many modules of the package they are
//! handed on (`package`). Literals are one symbol per class, tables of literals
//! one. Annotations, docstrings, imports, `pass`, `async` and `await`, `try` around anything, printing and
//! logging of what is there anyway, unreachable statements and values that nobody reads are dropped. What
//! can be written in two ways is brought into one: comparisons and branches turned round, `x += 1`,
//! chained comparisons, ways of formatting, tuple assignments, comprehensions and their loops, variables that
//! only name a part of the next statement, `self.x` and `x`.
//!
//! **Features** (`features`). Three kinds of slices of the program are hashed, with its names numbered by
//! their first place in the slice, so that a slice looks the same wherever it stands: whole statements (of
//! compound ones the head), which survive any change around them; expressions of 5 to 64 tokens,
//! which survive changes of their statement; and winnowed runs of 16 tokens of one function, which tell
//! the same statements in another order apart. A feature weighs what its tokens say, a kept name
//! three times as much as anything else, less a few that any statement has; a statement that is in
//! `idioms.py`, a file of what almost every program says, weighs 1, and the expressions in it
//! nothing. That a feature occurs n times counts as 1 + log2(n): repeating is free.
//!
//! **Fingerprint** (`sketch`). The set of weighted hashes, without those of the template. A package with
//! more than about 6,000 keeps the least hashes, and two fingerprints are compared below the lesser
//! of their limits: a random sample that is the same for all programs, so that the ratios below are right on
//! average. Hashes are 64 bits of BLAKE3, so that nobody can write code that has the hashes of someone
//! else's.
//!
//! **Scores** ([`compare`]), in 1/10,000. `contained` is the weight of the shared features over the
//! weight of the first program, `containing` over that of the second: padding, wrapping, splitting and
//! mixing don't change how much of the original is in the copy. `similarity` is twice the shared weight
//! over the sum of both weights. Where nothing is left to compare, all are 0.
//!
//! **Index** (`index`). Each program is found by its 256 least hashes, the rare ones first; what shares most is
//! then compared in full. **Regions** (`regions`) are runs of at least 24 tokens that two programs share but for
//! names, found greedily.
//!
//! It deliberately doesn't follow what a program computes: a new design of the same algorithm is new.

mod dead;
mod features;
mod index;
mod known;
mod lower;
mod package;
mod regions;
mod rewrite;
mod scope;
mod sketch;
mod tree;

use std::sync::OnceLock;

use assay_challenge_sdk::abi::PythonFile;
use rustc_hash::FxHashSet;
use rustpython_parser::ast::Stmt;

use crate::source;
pub use index::Index;
pub use regions::{MAX_REGIONS, Place, Region, regions};
pub use sketch::{DecodeError, Fingerprint, MAX_FINGERPRINT_BYTES, Scores, compare};

/// Bytes of source for one token of the normalised program, in the densest code: room for all is made at
/// once, since growing is copying.
const BYTES_PER_TOKEN: usize = 3;

/// Why a package has no fingerprint.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FingerprintError {
    /// A file can't be read or parsed.
    #[error("{file}:{line}:{column}: {reason}")]
    File {
        /// Path in the package.
        file: String,
        /// From 1; 0 when the whole file is meant.
        line: u32,
        /// In characters, from 1; 0 when the whole file is meant.
        column: u32,
        /// Stable id of the rule: `py.syntax`, `py.nesting`, `py.encoding` or `py.size`.
        rule: &'static str,
        /// What a person reads.
        reason: String,
    },
    /// The package is over a limit.
    #[error("package has {size} {unit}, at most {limit} are read")]
    TooLarge {
        /// What it has.
        size: usize,
        /// What it may have.
        limit: usize,
        /// `files` or `bytes`.
        unit: &'static str,
    },
    /// A fault of this machine.
    #[error("{0}")]
    Host(String),
}

/// The fingerprint of a package. What is in `template` doesn't count.
///
/// # Errors
/// [`FingerprintError`] when a file can't be read, or the package is too large.
pub fn fingerprint(
    files: &[PythonFile],
    template: Option<&Fingerprint>,
) -> Result<Fingerprint, FingerprintError> {
    check_size(files)?;
    source::on_large_stack(|| {
        let program = lower_package(files)?;
        let features = features::features(&program, idioms());
        Ok(Fingerprint::new(features, template))
    })
    .map_err(FingerprintError::Host)?
}

/// Hashes of the statements that almost every program has. Needs a large stack.
fn idioms() -> &'static FxHashSet<u64> {
    static IDIOMS: OnceLock<FxHashSet<u64>> = OnceLock::new();
    IDIOMS.get_or_init(|| {
        let mut program = tree::Program::default();
        let body = source::parse(include_str!("idioms.py")).unwrap_or_default();
        let package = package::Package::new(std::iter::empty());
        lower::lower(&body, 0, &package, &mut program);
        finish(&mut program);
        features::statement_hashes(&program)
    })
}

fn check_size(files: &[PythonFile]) -> Result<(), FingerprintError> {
    let too_large = |size, limit, unit| Err(FingerprintError::TooLarge { size, limit, unit });
    if files.len() > crate::MAX_FILES {
        return too_large(files.len(), crate::MAX_FILES, "files");
    }
    let size_bytes = files.iter().map(|file| file.source.len()).sum();
    if size_bytes > crate::MAX_PACKAGE_BYTES {
        return too_large(size_bytes, crate::MAX_PACKAGE_BYTES, "bytes");
    }
    Ok(())
}

/// Needs a large stack.
fn lower_package(files: &[PythonFile]) -> Result<tree::Program, FingerprintError> {
    let size_bytes: usize = files.iter().map(|file| file.source.len()).sum();
    let mut program = tree::Program::default();
    program.tokens.reserve(size_bytes / BYTES_PER_TOKEN);
    let mut package = package::Package::new(files.iter().map(|file| file.path.as_str()));
    let mut imports = Vec::with_capacity(files.len());
    // Syntax trees are large: only those are kept that need something from another one.
    let mut waiting = Vec::new();
    for (number, file) in (0..).zip(files) {
        let body = parse(file)?;
        let needs = package::Imports::of(&package, number, &body);
        if needs.are_any {
            waiting.push((number, body));
        } else {
            package.add_leaf(number, &body, &mut program);
            lower::lower(&body, number, &package, &mut program);
        }
        imports.push(needs);
    }
    package.link(&waiting, &imports, &mut program);
    for (number, body) in waiting {
        lower::lower(&body, number, &package, &mut program);
    }
    finish(&mut program);
    Ok(program)
}

fn parse(file: &PythonFile) -> Result<Vec<Stmt>, FingerprintError> {
    let text = source::read(&file.source).map_err(|finding| error(file, "", finding))?;
    source::parse(&text).map_err(|finding| error(file, &text, finding))
}

/// What can be done when all files are there.
fn finish(program: &mut tree::Program) {
    program.settle();
    rewrite::join_members(program);
    dead::drop_dead(program);
    rewrite::inline(program);
}

fn error(file: &PythonFile, text: &str, finding: crate::finding::Finding) -> FingerprintError {
    let (line, column) = match finding.range {
        Some((start, _)) => source::Lines::of(text).position(text, start),
        None => (0, 0),
    };
    FingerprintError::File {
        file: file.path.clone(),
        line,
        column,
        rule: finding.rule,
        reason: finding.message,
    }
}

#[cfg(test)]
mod tests;
