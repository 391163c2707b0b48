//! What a source may have at most before it is parsed.

/// Bytes of one source file.
pub const MAX_SOURCE_BYTES: usize = 1024 * 1024;

/// Height of one statement's expressions in the syntax tree. Chains in real code stay far below.
pub(super) const MAX_EXPRESSION_DEPTH: usize = 1_000;

/// Blocks and `elif` branches around one statement: each `elif` nests the next one.
pub(super) const MAX_STATEMENT_DEPTH: usize = 1_000;

/// Indents open at once, CPython's own limit (MAXINDENT).
pub(super) const MAX_INDENTS: usize = 100;

/// Brackets open at once, CPython's own limit (MAXLEVEL).
pub(super) const MAX_BRACKETS: usize = 200;

/// Decimal digits of an integer literal, CPython's own limit: reading them takes quadratic time.
pub(super) const MAX_INTEGER_DIGITS: usize = 4_300;

/// Bytes of an identifier. Real ones stay below a hundred.
pub(super) const MAX_IDENTIFIER_BYTES: usize = 1_000;

/// Names that the parser keeps in one hash table to find duplicates: parameters of one function or keywords
/// of one call. Its hash has no key, so that a hostile source can make all of them collide.
pub(super) const MAX_ARGUMENTS: usize = 2_000;

/// Tokens of one file: parsing takes a microsecond or two for each. The densest real files have 150,000.
pub(super) const MAX_TOKENS: usize = 250_000;

/// Bytes of a syntax error's text: the parser quotes the token it stumbled over, a whole literal perhaps.
pub(super) const MAX_MESSAGE_BYTES: usize = 160;

/// Stack of the checking thread in bytes. Trees have at most [`MAX_EXPRESSION_DEPTH`] +
/// [`MAX_STATEMENT_DEPTH`] levels and a few, an unoptimised walk takes up to 10 KiB a level.
pub(super) const STACK_BYTES: usize = 64 * 1024 * 1024;
