//! f-strings, taken apart as CPython 3.11 takes them apart (`fstring_find_literal` and `fstring_find_expr`
//! in Parser/string_parser.c).
//!
//! The parser gets an f-string as a call of a marker that no source can name: its parts are the arguments,
//! a replacement field is a call of another marker with the expression in parentheses and the format
//! specification, again an f-string. So one lexer reads all code, and every node knows its true place.
//! `assemble` makes the nodes of them after parsing.

use rustpython_parser::{StringKind, Tok};

use super::lexer::{Lexer, range};
use super::limits::MAX_BRACKETS;
use super::stream::Stream;
use super::strings::{Literal, decode};
use crate::finding::Finding;

/// Names the call that stands for an f-string.
pub(super) const F_STRING: &str = "\0f";
/// Names the calls that stand for replacement fields: without conversion, `!s`, `!r`, `!a`.
pub(super) const FIELDS: [&str; 4] = ["\0-", "\0s", "\0r", "\0a"];

/// Fields may have fields in their format, and those none.
const MAX_FIELD_LEVELS: usize = 2;

/// The parts of a run of literals of which one at least is an f-string.
struct Parts {
    /// Text that belongs to one constant, and where it began.
    text: String,
    text_start: usize,
    /// Whether a part was handed on already.
    any: bool,
}

/// A replacement field up to its format specification.
struct Field {
    expression_end: usize,
    /// End of `expression =` and the white space after it, which is then part of the text.
    documented_end: Option<usize>,
    /// Index in [`FIELDS`].
    conversion: usize,
    /// Where the closing brace or the colon is.
    at: usize,
}

impl Stream<'_> {
    /// Hands on a run of literals with an f-string among them, from `start` to `end`.
    pub(super) fn f_string(
        &mut self,
        literals: &[Literal],
        start: usize,
        end: usize,
    ) -> Result<(), Finding> {
        self.needs_assembly = true;
        self.open_marker(F_STRING, start);
        let mut parts = Parts::new(start);
        for literal in literals {
            if literal.is_format {
                self.parts(literal, literal.body.start, 0, &mut parts)?;
            } else {
                let body = self.text.get(literal.body.clone()).unwrap_or_default();
                decode(body, literal.body.start, literal.is_raw, &mut parts.text)?;
            }
        }
        self.end_text(&mut parts, end);
        self.push(Tok::Rpar, range(end, end));
        Ok(())
    }

    /// Hands on the parts from `at` to the end of the literal, or of the format specification.
    fn parts(
        &mut self,
        literal: &Literal,
        mut at: usize,
        level: usize,
        parts: &mut Parts,
    ) -> Result<usize, Finding> {
        let text = self.text;
        let end = literal.body.end;
        loop {
            let (stop, resume) = plain_end(text.as_bytes(), at, literal, level)?;
            let plain = text.get(at..stop).unwrap_or_default();
            decode(plain, at, literal.is_raw, &mut parts.text)?;
            at = resume;
            if resume > stop {
                continue;
            }
            if at >= end || text.as_bytes().get(at) == Some(&b'}') {
                return Ok(at);
            }
            at = self.field(literal, at, level, parts)?;
        }
    }

    /// Hands on the replacement field whose brace is at `start`, and says where it ends.
    fn field(
        &mut self,
        literal: &Literal,
        start: usize,
        level: usize,
        parts: &mut Parts,
    ) -> Result<usize, Finding> {
        if level >= MAX_FIELD_LEVELS {
            return Err(refuse(start, "expressions nested too deeply"));
        }
        self.bound_queue()?;
        let text = self.text;
        let bytes = text.get(..literal.body.end).unwrap_or_default().as_bytes();
        let mut field = Field::read(bytes, start + 1)?;
        let has_format = bytes.get(field.at) == Some(&b':');
        if let Some(end) = field.documented_end {
            parts
                .text
                .push_str(text.get(start + 1..end).unwrap_or_default());
            if field.conversion == 0 && !has_format {
                field.conversion = 2;
            }
        }
        self.end_text(parts, start);
        parts.separate(self, start);
        self.open_marker(
            FIELDS.get(field.conversion).copied().unwrap_or_default(),
            start,
        );
        self.push(Tok::Lpar, range(start, start + 1));
        self.expression(start + 1, field.expression_end)?;
        let mut at = field.at;
        if has_format {
            at += 1;
            self.push(Tok::Comma, range(at, at));
            self.open_marker(F_STRING, at);
            let mut inner = Parts::new(at);
            at = self.parts(literal, at, level + 1, &mut inner)?;
            self.end_text(&mut inner, at);
            self.push(Tok::Rpar, range(at, at));
        }
        if bytes.get(at) != Some(&b'}') {
            return Err(refuse(at, "expecting `}`"));
        }
        self.push(Tok::Rpar, range(at, at + 1));
        parts.text_start = at + 1;
        Ok(at + 1)
    }

    /// Hands on the tokens of an expression and the parenthesis that closes it.
    fn expression(&mut self, start: usize, end: usize) -> Result<(), Finding> {
        let lexer = Lexer::of_expression(self.text, start, end);
        let mut inner = Stream::of(self.text, lexer);
        while inner.fill()? {}
        self.queue.append(&mut inner.queue);
        Ok(())
    }

    fn open_marker(&mut self, marker: &str, at: usize) {
        let name = marker.to_owned();
        self.push(Tok::Name { name }, range(at, at));
        self.push(Tok::Lpar, range(at, at));
    }

    /// Hands on the text before a field or the end, if there is any.
    fn end_text(&mut self, parts: &mut Parts, end: usize) {
        if parts.text.is_empty() {
            return;
        }
        parts.separate(self, end);
        let token = Tok::String {
            value: std::mem::take(&mut parts.text),
            kind: StringKind::RawString,
            triple_quoted: true,
        };
        self.push(token, range(parts.text_start, end));
    }
}

impl Parts {
    fn new(start: usize) -> Self {
        Self {
            text: String::new(),
            text_start: start,
            any: false,
        }
    }

    fn separate(&mut self, stream: &mut Stream<'_>, at: usize) {
        if std::mem::replace(&mut self.any, true) {
            stream.push(Tok::Comma, range(at, at));
        }
    }
}

/// Where the plain text at `at` ends, and where reading goes on: after the second of two doubled braces, or
/// at the brace of a field or the end.
fn plain_end(
    bytes: &[u8],
    mut at: usize,
    literal: &Literal,
    level: usize,
) -> Result<(usize, usize), Finding> {
    let end = literal.body.end;
    let byte = |at: usize| {
        if at < end {
            bytes.get(at).copied()
        } else {
            None
        }
    };
    while let Some(mut current) = byte(at) {
        if current == b'\\' && !literal.is_raw {
            at += 1;
            match byte(at) {
                None => break,
                Some(b'N') if byte(at + 1) == Some(b'{') => {
                    while byte(at).is_some_and(|byte| byte != b'}') {
                        at += 1;
                    }
                    at += 1;
                    continue;
                }
                // Braces mean the same with and without a backslash.
                Some(brace @ (b'{' | b'}')) => current = brace,
                Some(_) => {
                    at += 1;
                    continue;
                }
            }
        }
        if matches!(current, b'{' | b'}') {
            if level == 0 && byte(at + 1) == Some(current) {
                return Ok((at + 1, at + 2));
            }
            if level == 0 && current == b'}' {
                return Err(refuse(at, "single `}` is not allowed"));
            }
            return Ok((at, at));
        }
        at += 1;
    }
    Ok((end, end))
}

impl Field {
    /// Reads the field whose expression begins at `start`; `bytes` end with the literal's body.
    fn read(bytes: &[u8], start: usize) -> Result<Self, Finding> {
        let expression_end = expression_end(bytes, start)?;
        let is_space = |byte: &u8| matches!(byte, b' ' | b'\t' | b'\n' | b'\x0c');
        let expression = bytes.get(start..expression_end).unwrap_or_default();
        if expression.iter().all(is_space) {
            return Err(refuse(start, "empty expression"));
        }
        let mut at = expression_end;
        let mut documented_end = None;
        if bytes.get(at) == Some(&b'=') {
            at += 1;
            while bytes
                .get(at)
                .is_some_and(|byte| is_space(byte) || matches!(byte, b'\r' | b'\x0b'))
            {
                at += 1;
            }
            documented_end = Some(at);
        }
        let mut conversion = 0;
        if bytes.get(at) == Some(&b'!') {
            conversion = match bytes.get(at + 1) {
                Some(b's') => 1,
                Some(b'r') => 2,
                Some(b'a') => 3,
                _ => return Err(refuse(at, "invalid conversion character")),
            };
            at += 2;
        }
        if !matches!(bytes.get(at), Some(b'}' | b':')) {
            return Err(refuse(at, "expecting `}`"));
        }
        Ok(Self {
            expression_end,
            documented_end,
            conversion,
            at,
        })
    }
}

/// Where the expression at `at` ends: at a brace, colon, equals sign or exclamation mark outside of brackets
/// and strings.
fn expression_end(bytes: &[u8], mut at: usize) -> Result<usize, Finding> {
    let mut brackets: Vec<u8> = Vec::new();
    while let Some(byte) = bytes.get(at).copied() {
        let next = bytes.get(at + 1).copied();
        match byte {
            b'\\' => return Err(refuse(at, "expression with a backslash")),
            b'#' => return Err(refuse(at, "expression with a comment")),
            b'\'' | b'"' => {
                at = string_end(bytes, at).ok_or_else(|| refuse(at, "unterminated string"))?;
                continue;
            }
            b'(' | b'[' | b'{' => {
                if brackets.len() >= MAX_BRACKETS {
                    return Err(Finding::at_offset(
                        at,
                        "py.nesting",
                        "brackets nested too deeply",
                    ));
                }
                brackets.push(byte);
            }
            b'!' | b'=' | b'<' | b'>' if brackets.is_empty() && next == Some(b'=') => at += 1,
            b'!' | b':' | b'}' | b'=' if brackets.is_empty() => return Ok(at),
            b')' | b']' | b'}' => match (brackets.pop(), byte) {
                (Some(b'('), b')') | (Some(b'['), b']') | (Some(b'{'), b'}') => {}
                _ => return Err(refuse(at, "bracket does not match")),
            },
            _ => {}
        }
        at += 1;
    }
    Err(refuse(at, "expecting `}`"))
}

/// Where the string ends whose quote is at `start`; a backslash in it is refused.
fn string_end(bytes: &[u8], start: usize) -> Option<usize> {
    let quote = bytes.get(start)?;
    let is_quote = |at: usize| bytes.get(at) == Some(quote);
    let is_triple = is_quote(start + 1) && is_quote(start + 2);
    let width = if is_triple { 3 } else { 1 };
    let mut at = start + width;
    loop {
        match bytes.get(at)? {
            b'\\' => return None,
            byte if byte == quote && (!is_triple || (is_quote(at + 1) && is_quote(at + 2))) => {
                return Some(at + width);
            }
            _ => at += 1,
        }
    }
}

fn refuse(at: usize, message: &str) -> Finding {
    Finding::at_offset(at, "py.syntax", format!("f-string: {message}"))
}
