//! Tokens on their way to the parser: strings joined, soft keywords told from names, nesting watched.
//!
//! `match` begins a statement if it begins a line that ends with a colon; `case` does if it begins a line of
//! the block below. Nothing that CPython accepts is read differently by these two rules, and no token is
//! looked at twice.

use std::collections::VecDeque;

use rustpython_parser::lexer::{LexResult, LexicalError, LexicalErrorType};
use rustpython_parser::text_size::TextRange;
use rustpython_parser::{StringKind, Tok};

use super::lexer::{Lexer, Scanned};
use super::limits::MAX_TOKENS;
use super::nesting::{Depth, Excess};
use super::strings::{Literal, decode};
use crate::finding::Finding;

/// The token before the next one, as far as it matters.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Before {
    LineStart,
    /// `def` or `class`.
    Definition,
    /// The name after it.
    DefinitionName,
    Dot,
    /// `[`
    Bracket,
    Other,
}

/// Hands a file's tokens to the parser.
pub(super) struct Stream<'a> {
    pub(super) text: &'a str,
    lexer: Lexer<'a>,
    /// What came after a run of strings.
    ahead: Option<Scanned>,
    pub(super) queue: VecDeque<(Tok, TextRange)>,
    before: Before,
    /// For each open block, whether it is the one of a `match`.
    blocks: Vec<bool>,
    /// The line before was the head of a `match`.
    after_match: bool,
    /// The tree has what only `assemble` completes.
    pub(super) needs_assembly: bool,
    pub(super) depth: Depth,
    /// What ended the tokens.
    pub(super) finding: Option<Finding>,
}

impl<'a> Stream<'a> {
    pub(super) fn of_file(text: &'a str) -> Self {
        Self {
            before: Before::LineStart,
            ..Self::of(text, Lexer::of_file(text))
        }
    }

    pub(super) fn of(text: &'a str, lexer: Lexer<'a>) -> Self {
        Self {
            text,
            lexer,
            ahead: None,
            queue: VecDeque::new(),
            before: Before::Other,
            blocks: Vec::new(),
            after_match: false,
            needs_assembly: false,
            depth: Depth::new(),
            finding: None,
        }
    }

    pub(super) fn push(&mut self, token: Tok, range: TextRange) {
        self.queue.push_back((token, range));
    }

    /// Refuses what would be refused anyway once the parser had taken the queue.
    pub(super) fn bound_queue(&self) -> Result<(), Finding> {
        if self.queue.len() > MAX_TOKENS {
            let excess = Excess::Tokens;
            return Err(Finding::whole_file(excess.rule(), excess.to_string()));
        }
        Ok(())
    }

    /// Puts at least one more token into the queue, or finds none.
    pub(super) fn fill(&mut self) -> Result<bool, Finding> {
        self.bound_queue()?;
        let scanned = match self.ahead.take() {
            Some(scanned) => scanned,
            None => self.lexer.scan()?,
        };
        match scanned {
            Scanned::End => return Ok(false),
            Scanned::Token(token, range) => self.token(token, range)?,
            Scanned::Literal(literal, range) => self.literals(literal, range)?,
        }
        Ok(true)
    }

    fn token(&mut self, token: Tok, range: TextRange) -> Result<(), Finding> {
        let before = self.before;
        let after_match = std::mem::take(&mut self.after_match);
        self.before = match &token {
            Tok::Newline | Tok::Indent | Tok::Dedent => Before::LineStart,
            Tok::Def | Tok::Class => Before::Definition,
            Tok::Dot => Before::Dot,
            Tok::Lsqb => Before::Bracket,
            Tok::Name { .. } if before == Before::Definition => Before::DefinitionName,
            _ => Before::Other,
        };
        match &token {
            Tok::Indent => self.blocks.push(after_match),
            Tok::Dedent => {
                self.blocks.pop();
            }
            Tok::Lsqb if before == Before::DefinitionName => {
                let message = "type parameters came with Python 3.12, this is 3.11";
                return Err(Finding::at(range, "py.syntax", message));
            }
            Tok::Star if before == Before::Bracket => self.needs_assembly = true,
            Tok::Name { name } if before == Before::LineStart => {
                if name == "match" && self.is_soft_keyword(range) {
                    return self.match_line(token, range);
                }
                let is_case = name == "case" && self.blocks.last() == Some(&true);
                if is_case && self.is_soft_keyword(range) {
                    self.push(Tok::Case, range);
                    return Ok(());
                }
            }
            _ => {}
        }
        self.push(token, range);
        Ok(())
    }

    /// Keywords are keywords before compatibility forms are folded.
    fn is_soft_keyword(&self, range: TextRange) -> bool {
        let (start, end) = (range.start().to_usize(), range.end().to_usize());
        self.text.get(start..end).is_some_and(str::is_ascii)
    }

    /// Reads a line that begins with `match`: its end tells whether that is a keyword.
    fn match_line(&mut self, name: Tok, range: TextRange) -> Result<(), Finding> {
        let index = self.queue.len();
        self.push(name, range);
        while self.fill()? && !matches!(self.queue.back(), Some((Tok::Newline, _))) {}
        let colon = self.queue.len().saturating_sub(2);
        let place = match self.queue.get(colon) {
            Some((Tok::Colon, range)) => TextRange::empty(range.start()),
            _ => return Ok(()),
        };
        if let Some((token, _)) = self.queue.get_mut(index) {
            *token = Tok::Match;
            self.after_match = true;
        }
        // The parser forgets that `x,` is a tuple here, and doesn't if it is in parentheses.
        if matches!(
            self.queue.get(colon.saturating_sub(1)),
            Some((Tok::Comma, _))
        ) {
            self.queue.insert(colon, (Tok::Rpar, place));
            self.queue
                .insert(index + 1, (Tok::Lpar, TextRange::empty(range.end())));
        }
        Ok(())
    }

    /// Hands on a run of string literals, which are one string to Python.
    fn literals(&mut self, first: Literal, range: TextRange) -> Result<(), Finding> {
        if matches!(self.before, Before::Definition | Before::Dot) {
            return Err(Finding::at(
                range,
                "py.syntax",
                "a string where a name belongs",
            ));
        }
        self.before = Before::Other;
        self.after_match = false;
        let mut run = vec![(first, range)];
        loop {
            match self.lexer.scan()? {
                Scanned::Literal(literal, range) => run.push((literal, range)),
                other => {
                    self.ahead = Some(other);
                    break;
                }
            }
        }
        let end = run.last().map_or(range.end(), |(_, range)| range.end());
        let is_mixed = |(literal, _): &(Literal, TextRange)| {
            literal.is_bytes != run.first().is_some_and(|(first, _)| first.is_bytes)
        };
        if run.iter().any(is_mixed) {
            let message = "bytes and text literals in one string";
            return Err(Finding::at(range, "py.syntax", message));
        }
        if run.iter().any(|(literal, _)| literal.is_format) {
            let literals: Vec<Literal> = run.into_iter().map(|(literal, _)| literal).collect();
            return self.f_string(&literals, range.start().to_usize(), end.to_usize());
        }
        for (literal, range) in run {
            let token = self.plain_string(&literal)?;
            self.push(token, range);
        }
        Ok(())
    }

    /// The parser resolves the escapes of bytes; those of text are resolved here.
    fn plain_string(&self, literal: &Literal) -> Result<Tok, Finding> {
        let body = self.text.get(literal.body.clone()).unwrap_or_default();
        let mut value = String::with_capacity(body.len());
        let kind = match (literal.is_bytes, literal.is_raw) {
            (true, true) => StringKind::RawBytes,
            (true, false) => StringKind::Bytes,
            (false, _) => StringKind::RawString,
        };
        decode(
            body,
            literal.body.start,
            literal.is_raw || literal.is_bytes,
            &mut value,
        )?;
        Ok(Tok::String {
            value,
            kind,
            triple_quoted: true,
        })
    }

    fn end(&mut self, finding: Finding) -> LexResult {
        let offset = finding.range.map_or(0, |(start, _)| start);
        self.queue.clear();
        self.finding = Some(finding);
        Err(LexicalError {
            error: LexicalErrorType::OtherError(String::new()),
            location: u32::try_from(offset).unwrap_or(u32::MAX).into(),
        })
    }
}

impl Iterator for Stream<'_> {
    type Item = LexResult;

    fn next(&mut self) -> Option<LexResult> {
        if self.finding.is_some() {
            return None;
        }
        loop {
            if let Some((token, range)) = self.queue.pop_front() {
                return Some(match self.depth.feed(&token) {
                    Ok(()) => Ok((token, range)),
                    Err(what) => self.end(Finding::at(range, what.rule(), what.to_string())),
                });
            }
            match self.fill() {
                Ok(true) => {}
                Ok(false) => return None,
                Err(finding) => return Some(self.end(finding)),
            }
        }
    }
}
