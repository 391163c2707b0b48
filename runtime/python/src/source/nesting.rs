//! Bounds the depth of the syntax tree while its tokens are read.
//!
//! The estimate never undercounts: every open bracket, indent, and every operator, dot, keyword
//! operator or closed bracket that can nest an expression counts one, until something at the same
//! bracket level ends the expression. Strings count nothing, replacement fields of f-strings count all
//! they contain.

use rustpython_parser::lexer::{LexResult, LexicalError, LexicalErrorType};
use rustpython_parser::{StringKind, Tok};

use crate::finding::Finding;

/// Depth of the tree of one statement. CPython gives up at about 200 brackets and 100 indents; chains
/// of operators in real code stay far below this.
const MAX_DEPTH: usize = 1_000;
/// Nested indented blocks, CPython's own limit.
const MAX_INDENTS: usize = 100;
/// Brackets open at once, CPython's own limit.
const MAX_BRACKETS: usize = 200;
/// `elif` branches of one statement: each nests the next.
const MAX_ELIFS: usize = 300;

/// Watches the tokens on their way to the parser.
pub(super) struct Nesting {
    depth: Depth,
    finding: Option<Finding>,
}

impl Nesting {
    pub(super) fn new() -> Self {
        Self {
            depth: Depth::new(),
            finding: None,
        }
    }

    /// Hands a token on, or ends the parse when the tree could become too deep.
    pub(super) fn check(&mut self, token: LexResult) -> LexResult {
        let (token, range) = token?;
        match self.depth.feed(&token) {
            Ok(()) => Ok((token, range)),
            Err(what) => {
                let message = format!("{what} nested too deeply");
                self.finding = Some(Finding::at(range, "py.nesting", message.clone()));
                Err(LexicalError {
                    error: LexicalErrorType::OtherError(message),
                    location: range.start(),
                })
            }
        }
    }

    /// What ended the parse, if it was the nesting.
    pub(super) fn into_finding(self) -> Option<Finding> {
        self.finding
    }
}

/// Counters of one bracket level.
#[derive(Default)]
struct Level {
    /// Operators since the expression began.
    chain: usize,
    /// Lambdas: a comma may belong to their parameters and ends nothing.
    lambdas: usize,
}

struct Depth {
    levels: Vec<Level>,
    /// Sum over all levels.
    total: usize,
    /// `elif`s of the statement open at each indent.
    elifs: Vec<usize>,
    /// Whether the next token begins a line: there an `if` is a statement, elsewhere an operator.
    at_line_start: bool,
}

impl Depth {
    fn new() -> Self {
        Self {
            levels: vec![Level::default()],
            total: 0,
            elifs: vec![0],
            at_line_start: true,
        }
    }

    fn feed(&mut self, token: &Tok) -> Result<(), &'static str> {
        let begins_line = self.at_line_start;
        self.at_line_start = matches!(token, Tok::Newline | Tok::Indent | Tok::Dedent);
        match token {
            Tok::Lpar | Tok::Lsqb | Tok::Lbrace => self.open()?,
            Tok::Rpar | Tok::Rsqb | Tok::Rbrace => self.close(),
            Tok::Indent => {
                self.elifs.push(0);
                if self.elifs.len() > MAX_INDENTS {
                    return Err("blocks");
                }
            }
            Tok::Dedent => {
                self.elifs.pop();
            }
            Tok::Newline | Tok::Semi => self.end_expression(true),
            Tok::Comma => self.end_expression(false),
            Tok::Elif => self.elif()?,
            Tok::If => {
                if begins_line {
                    self.reset_elifs();
                }
                self.add(1);
            }
            Tok::Lambda => {
                self.total += 1;
                if let Some(level) = self.levels.last_mut() {
                    level.lambdas += 1;
                }
            }
            Tok::String {
                value,
                kind: StringKind::FString | StringKind::RawFString,
                ..
            } => self.check_f_string(value)?,
            Tok::Name { .. }
            | Tok::Int { .. }
            | Tok::Float { .. }
            | Tok::Complex { .. }
            | Tok::String { .. }
            | Tok::Colon
            | Tok::EndOfFile => {}
            // Operators, dots and keywords: whatever can stand between two expressions.
            _ => self.add(1),
        }
        if self.total > MAX_DEPTH {
            return Err("expressions");
        }
        Ok(())
    }

    fn add(&mut self, count: usize) {
        self.total += count;
        if let Some(level) = self.levels.last_mut() {
            level.chain += count;
        }
    }

    fn open(&mut self) -> Result<(), &'static str> {
        self.add(1);
        self.levels.push(Level::default());
        if self.levels.len() > MAX_BRACKETS {
            return Err("brackets");
        }
        Ok(())
    }

    /// The bracket stays in the chain around it: `f()()()` nests to the left.
    fn close(&mut self) {
        if self.levels.len() > 1
            && let Some(level) = self.levels.pop()
        {
            self.total -= level.chain + level.lambdas;
        }
    }

    fn end_expression(&mut self, ends_statement: bool) {
        if let Some(level) = self.levels.last_mut() {
            self.total -= std::mem::take(&mut level.chain);
            if ends_statement {
                self.total -= std::mem::take(&mut level.lambdas);
            }
        }
    }

    fn elif(&mut self) -> Result<(), &'static str> {
        match self.elifs.last_mut() {
            Some(count) if *count >= MAX_ELIFS => Err("elif branches"),
            Some(count) => {
                *count += 1;
                Ok(())
            }
            None => Ok(()),
        }
    }

    fn reset_elifs(&mut self) {
        if let Some(count) = self.elifs.last_mut() {
            *count = 0;
        }
    }

    /// Counts everything inside braces that could nest, whether it does or not.
    fn check_f_string(&self, value: &str) -> Result<(), &'static str> {
        let (mut braces, mut count, mut in_word) = (0usize, 0usize, false);
        for character in value.chars() {
            match character {
                '{' => braces += 1,
                '}' => braces = braces.saturating_sub(1),
                _ => {}
            }
            let is_word = character.is_alphanumeric() || character == '_';
            let starts_word = is_word && !in_word;
            let is_sign = !is_word && !character.is_whitespace();
            in_word = is_word;
            if braces > 0 && (starts_word || is_sign) {
                count += 1;
            }
        }
        if self.total + count > MAX_DEPTH {
            return Err("f-strings");
        }
        Ok(())
    }
}
