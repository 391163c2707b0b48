//! Tokens of a source, cut exactly as CPython 3.11 cuts them (`tok_get` in Parser/tokenizer.c).
//!
//! The parser library's own lexer reads tabs, continuation lines, numbers and identifiers differently, and
//! what one reads as a block the other may not. This one knows nothing of the grammar: soft keywords and
//! strings are made into the parser's tokens by `stream`.

use rustpython_parser::Tok;
use rustpython_parser::text_size::{TextRange, TextSize};
use unicode_normalization::UnicodeNormalization;

use super::limits::{MAX_BRACKETS, MAX_IDENTIFIER_BYTES, MAX_INDENTS};
use super::strings::Literal;
use crate::finding::Finding;

/// What a scan finds.
pub(super) enum Scanned {
    /// A token that the parser knows.
    Token(Tok, TextRange),
    /// A string of any kind.
    Literal(Literal, TextRange),
    /// Nothing any more.
    End,
}

/// Width of an indentation with tabs every eight columns, and with tabs as one: both must agree.
#[derive(Clone, Copy, Default)]
struct Indentation {
    column: usize,
    alternative: usize,
}

/// Reads one file, or one expression of an f-string.
pub(super) struct Lexer<'a> {
    text: &'a str,
    /// The next byte to read.
    pub(super) at: usize,
    /// What is read once the text has ended: the line end or the bracket that is missing.
    tail: u8,
    at_line_start: bool,
    indents: Vec<Indentation>,
    /// Dedents still to be handed out.
    dedents: usize,
    brackets: Vec<u8>,
}

impl<'a> Lexer<'a> {
    /// Reads a file.
    pub(super) fn of_file(text: &'a str) -> Self {
        Self {
            text,
            at: 0,
            tail: if text.ends_with('\n') { 0 } else { b'\n' },
            at_line_start: true,
            indents: Vec::new(),
            dedents: 0,
            brackets: Vec::new(),
        }
    }

    /// Reads the expression at `start..end` up to and with the closing parenthesis that follows it.
    pub(super) fn of_expression(text: &'a str, start: usize, end: usize) -> Self {
        Self {
            text: text.get(..end).unwrap_or_default(),
            at: start,
            tail: b')',
            at_line_start: false,
            indents: Vec::new(),
            dedents: 0,
            brackets: vec![b'('],
        }
    }

    /// The byte at an offset, then the tail, then zeros.
    pub(super) fn byte(&self, at: usize) -> u8 {
        match self.text.as_bytes().get(at) {
            Some(byte) => *byte,
            None if at == self.text.len() => self.tail,
            None => 0,
        }
    }

    fn is_at_end(&self) -> bool {
        self.at > self.text.len() || (self.at == self.text.len() && self.tail == 0)
    }

    /// Text from an offset to the next byte to read.
    pub(super) fn since(&self, start: usize) -> &'a str {
        self.text
            .get(start..self.at.min(self.text.len()))
            .unwrap_or_default()
    }

    pub(super) fn range(&self, start: usize) -> TextRange {
        range(start, self.at.min(self.text.len()))
    }

    /// The next token.
    pub(super) fn scan(&mut self) -> Result<Scanned, Finding> {
        loop {
            let mut is_blank = false;
            if self.at_line_start {
                self.at_line_start = false;
                match self.indentation()? {
                    Line::Blank => is_blank = true,
                    Line::Same => {}
                    Line::Deeper => return Ok(Scanned::Token(Tok::Indent, self.range(self.at))),
                }
            }
            if self.dedents > 0 {
                self.dedents -= 1;
                return Ok(Scanned::Token(Tok::Dedent, self.range(self.at)));
            }
            self.skip_space_and_comment()?;
            if self.is_at_end() {
                return match self.brackets.last() {
                    Some(open) => {
                        Err(self
                            .refuse(self.at, format!("`{}` was never closed", char::from(*open))))
                    }
                    None => Ok(Scanned::End),
                };
            }
            let start = self.at;
            let byte = self.byte(start);
            if byte == b'\n' {
                self.at += 1;
                self.at_line_start = true;
                if is_blank || !self.brackets.is_empty() {
                    continue;
                }
                return Ok(Scanned::Token(Tok::Newline, self.range(start)));
            }
            if is_name_byte(byte) && !byte.is_ascii_digit() {
                return self.name(start);
            }
            let token = match byte {
                b'0'..=b'9' => self.number()?,
                b'.' if self.byte(start + 1).is_ascii_digit() => self.number()?,
                b'"' | b'\'' => return self.literal(start),
                _ => self.operator(byte)?,
            };
            return Ok(Scanned::Token(token, self.range(start)));
        }
    }

    /// Reads the white space that begins a line, and compares it with the blocks that are open.
    fn indentation(&mut self) -> Result<Line, Finding> {
        let mut width = Indentation::default();
        let mut before_continuation = 0;
        loop {
            match self.byte(self.at) {
                b' ' => {
                    width.column += 1;
                    width.alternative += 1;
                }
                b'\t' => {
                    width.column = (width.column / 8 + 1) * 8;
                    width.alternative += 1;
                }
                b'\x0c' => width = Indentation::default(),
                b'\\' => {
                    if before_continuation == 0 {
                        before_continuation = width.column;
                    }
                    self.continue_line()?;
                    continue;
                }
                _ => break,
            }
            self.at += 1;
        }
        if matches!(self.byte(self.at), b'#' | b'\n') {
            return Ok(Line::Blank);
        }
        if !self.brackets.is_empty() {
            return Ok(Line::Same);
        }
        if before_continuation > 0 {
            width = Indentation {
                column: before_continuation,
                alternative: before_continuation,
            };
        }
        self.enter(width)
    }

    fn enter(&mut self, width: Indentation) -> Result<Line, Finding> {
        let current = self.indents.last().copied().unwrap_or_default();
        if width.column > current.column {
            if width.alternative <= current.alternative {
                return Err(self.tab_error());
            }
            if self.indents.len() + 1 >= MAX_INDENTS {
                return Err(Finding::at_offset(
                    self.at,
                    "py.nesting",
                    "blocks nested too deeply",
                ));
            }
            self.indents.push(width);
            return Ok(Line::Deeper);
        }
        while self
            .indents
            .last()
            .is_some_and(|open| open.column > width.column)
        {
            self.indents.pop();
            self.dedents += 1;
        }
        let current = self.indents.last().copied().unwrap_or_default();
        if current.column != width.column {
            return Err(self.refuse(self.at, "unindent matches no outer indentation level"));
        }
        if current.alternative != width.alternative {
            return Err(self.tab_error());
        }
        Ok(Line::Same)
    }

    fn tab_error(&self) -> Finding {
        self.refuse(
            self.at,
            "inconsistent use of tabs and spaces in indentation",
        )
    }

    fn skip_space_and_comment(&mut self) -> Result<(), Finding> {
        loop {
            match self.byte(self.at) {
                b' ' | b'\t' | b'\x0c' => self.at += 1,
                b'\\' => self.continue_line()?,
                b'#' => {
                    let rest = self.text.as_bytes().get(self.at..).unwrap_or_default();
                    let length = rest.iter().position(|byte| *byte == b'\n');
                    self.at += length.unwrap_or(rest.len());
                    return Ok(());
                }
                _ => return Ok(()),
            }
        }
    }

    /// Passes a backslash that ends a line.
    fn continue_line(&mut self) -> Result<(), Finding> {
        if self.byte(self.at + 1) != b'\n' {
            return Err(self.refuse(self.at, "unexpected character after a line continuation"));
        }
        self.at += 2;
        if self.is_at_end() {
            return Err(self.refuse(self.at, "file ends after a line continuation"));
        }
        Ok(())
    }

    /// A keyword, an identifier, or a string with a prefix.
    fn name(&mut self, start: usize) -> Result<Scanned, Finding> {
        while is_name_byte(self.byte(self.at)) {
            self.at += 1;
        }
        if matches!(self.byte(self.at), b'"' | b'\'') && Literal::is_prefix(self.since(start)) {
            return self.literal(start);
        }
        let word = self.since(start);
        let token = match keyword(word) {
            Some(keyword) => keyword,
            None => Tok::Name {
                name: self.identifier(start, word)?,
            },
        };
        Ok(Scanned::Token(token, self.range(start)))
    }

    /// The identifier as Python compares it: compatibility forms of letters are the letters.
    fn identifier(&self, start: usize, word: &str) -> Result<String, Finding> {
        if word.len() > MAX_IDENTIFIER_BYTES {
            return Err(Finding::at(
                self.range(start),
                "py.size",
                format!("an identifier of more than {MAX_IDENTIFIER_BYTES} bytes"),
            ));
        }
        if word.is_ascii() {
            return Ok(word.to_owned());
        }
        let mut characters = word.chars();
        let is_valid = characters
            .next()
            .is_some_and(|first| first == '_' || unicode_ident::is_xid_start(first))
            && characters.all(unicode_ident::is_xid_continue);
        if !is_valid {
            return Err(Finding::at(
                self.range(start),
                "py.syntax",
                "invalid character in an identifier",
            ));
        }
        Ok(word.nfkc().collect())
    }

    fn literal(&mut self, start: usize) -> Result<Scanned, Finding> {
        let bytes = self.text.as_bytes();
        let (literal, end) = Literal::read(bytes, start, self.at)
            .ok_or_else(|| self.refuse(start, "unterminated string literal"))?;
        self.at = end;
        Ok(Scanned::Literal(literal, self.range(start)))
    }

    fn operator(&mut self, first: u8) -> Result<Tok, Finding> {
        let (second, third) = (self.byte(self.at + 1), self.byte(self.at + 2));
        let (token, length) = match (first, second, third) {
            (b'*', b'*', b'=') => (Tok::DoubleStarEqual, 3),
            (b'/', b'/', b'=') => (Tok::DoubleSlashEqual, 3),
            (b'<', b'<', b'=') => (Tok::LeftShiftEqual, 3),
            (b'>', b'>', b'=') => (Tok::RightShiftEqual, 3),
            (b'.', b'.', b'.') => (Tok::Ellipsis, 3),
            (b'=', b'=', _) => (Tok::EqEqual, 2),
            (b'!', b'=', _) => (Tok::NotEqual, 2),
            (b'<', b'=', _) => (Tok::LessEqual, 2),
            (b'>', b'=', _) => (Tok::GreaterEqual, 2),
            (b'<', b'<', _) => (Tok::LeftShift, 2),
            (b'>', b'>', _) => (Tok::RightShift, 2),
            (b'*', b'*', _) => (Tok::DoubleStar, 2),
            (b'/', b'/', _) => (Tok::DoubleSlash, 2),
            (b'-', b'>', _) => (Tok::Rarrow, 2),
            (b':', b'=', _) => (Tok::ColonEqual, 2),
            (b'+', b'=', _) => (Tok::PlusEqual, 2),
            (b'-', b'=', _) => (Tok::MinusEqual, 2),
            (b'*', b'=', _) => (Tok::StarEqual, 2),
            (b'/', b'=', _) => (Tok::SlashEqual, 2),
            (b'%', b'=', _) => (Tok::PercentEqual, 2),
            (b'&', b'=', _) => (Tok::AmperEqual, 2),
            (b'|', b'=', _) => (Tok::VbarEqual, 2),
            (b'^', b'=', _) => (Tok::CircumflexEqual, 2),
            (b'@', b'=', _) => (Tok::AtEqual, 2),
            // CPython reads an inequality here and then refuses it.
            (b'<', b'>', _) => return Err(self.refuse(self.at, "invalid operator `<>`")),
            (b'(', ..) => (self.open(first, Tok::Lpar)?, 1),
            (b'[', ..) => (self.open(first, Tok::Lsqb)?, 1),
            (b'{', ..) => (self.open(first, Tok::Lbrace)?, 1),
            (b')', ..) => (self.close(b'(', Tok::Rpar)?, 1),
            (b']', ..) => (self.close(b'[', Tok::Rsqb)?, 1),
            (b'}', ..) => (self.close(b'{', Tok::Rbrace)?, 1),
            (b'=', ..) => (Tok::Equal, 1),
            (b'<', ..) => (Tok::Less, 1),
            (b'>', ..) => (Tok::Greater, 1),
            (b'+', ..) => (Tok::Plus, 1),
            (b'-', ..) => (Tok::Minus, 1),
            (b'*', ..) => (Tok::Star, 1),
            (b'/', ..) => (Tok::Slash, 1),
            (b'%', ..) => (Tok::Percent, 1),
            (b'&', ..) => (Tok::Amper, 1),
            (b'|', ..) => (Tok::Vbar, 1),
            (b'^', ..) => (Tok::CircumFlex, 1),
            (b'~', ..) => (Tok::Tilde, 1),
            (b'@', ..) => (Tok::At, 1),
            (b'.', ..) => (Tok::Dot, 1),
            (b',', ..) => (Tok::Comma, 1),
            (b':', ..) => (Tok::Colon, 1),
            (b';', ..) => (Tok::Semi, 1),
            _ => return Err(self.refuse(self.at, "invalid character")),
        };
        self.at += length;
        Ok(token)
    }

    fn open(&mut self, bracket: u8, token: Tok) -> Result<Tok, Finding> {
        if self.brackets.len() >= MAX_BRACKETS {
            return Err(Finding::at_offset(
                self.at,
                "py.nesting",
                "brackets nested too deeply",
            ));
        }
        self.brackets.push(bracket);
        Ok(token)
    }

    fn close(&mut self, opening: u8, token: Tok) -> Result<Tok, Finding> {
        match self.brackets.pop() {
            Some(open) if open == opening => Ok(token),
            Some(open) => Err(self.refuse(
                self.at,
                format!("bracket does not match `{}`", char::from(open)),
            )),
            None => Err(self.refuse(self.at, "bracket was never opened")),
        }
    }

    pub(super) fn refuse(&self, at: usize, message: impl Into<String>) -> Finding {
        Finding::at_offset(at.min(self.text.len()), "py.syntax", message)
    }
}

/// How a line stands to the one before.
enum Line {
    /// Nothing but white space and a comment.
    Blank,
    /// In the same block, or in an outer one: then there are dedents.
    Same,
    /// In a new block.
    Deeper,
}

/// Bytes of identifiers, keywords and numbers: CPython looks at other alphabets later.
pub(super) fn is_name_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_' || byte >= 0x80
}

/// A range of a source, which is far smaller than 4 GiB.
pub(super) fn range(start: usize, end: usize) -> TextRange {
    let size = |offset: usize| TextSize::new(u32::try_from(offset).unwrap_or(u32::MAX));
    TextRange::new(size(start.min(end)), size(end))
}

/// Words that are never names. The soft keywords `match` and `case` are found later; `type` is none in 3.11.
fn keyword(word: &str) -> Option<Tok> {
    Some(match word {
        "False" => Tok::False,
        "None" => Tok::None,
        "True" => Tok::True,
        "and" => Tok::And,
        "as" => Tok::As,
        "assert" => Tok::Assert,
        "async" => Tok::Async,
        "await" => Tok::Await,
        "break" => Tok::Break,
        "class" => Tok::Class,
        "continue" => Tok::Continue,
        "def" => Tok::Def,
        "del" => Tok::Del,
        "elif" => Tok::Elif,
        "else" => Tok::Else,
        "except" => Tok::Except,
        "finally" => Tok::Finally,
        "for" => Tok::For,
        "from" => Tok::From,
        "global" => Tok::Global,
        "if" => Tok::If,
        "import" => Tok::Import,
        "in" => Tok::In,
        "is" => Tok::Is,
        "lambda" => Tok::Lambda,
        "nonlocal" => Tok::Nonlocal,
        "not" => Tok::Not,
        "or" => Tok::Or,
        "pass" => Tok::Pass,
        "raise" => Tok::Raise,
        "return" => Tok::Return,
        "try" => Tok::Try,
        "while" => Tok::While,
        "with" => Tok::With,
        "yield" => Tok::Yield,
        _ => return None,
    })
}
