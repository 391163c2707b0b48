//! Number literals, cut as CPython 3.11 cuts them: `1if x else y` is a number and a keyword, `0777` is an
//! error, `0xfor x` is `0xf or x`.

use std::str::FromStr;

use rustpython_parser::Tok;
use rustpython_parser::ast::bigint::BigInt;

use super::lexer::{Lexer, is_name_byte};
use super::limits::MAX_INTEGER_DIGITS;
use crate::finding::Finding;

/// Keywords that may follow a number without a space.
const KEYWORDS_AFTER: [&[u8]; 8] = [b"and", b"else", b"for", b"if", b"in", b"is", b"not", b"or"];

impl Lexer<'_> {
    /// The number at the next byte, which is a digit or a dot before one.
    pub(super) fn number(&mut self) -> Result<Tok, Finding> {
        let start = self.at;
        let radix = match (self.byte(start), self.byte(start + 1)) {
            (b'0', b'x' | b'X') => 16,
            (b'0', b'o' | b'O') => 8,
            (b'0', b'b' | b'B') => 2,
            _ => return self.decimal(start),
        };
        self.at += 2;
        if self.byte(self.at) == b'_' {
            self.at += 1;
        }
        self.digits(start, radix)?;
        self.number_ends(start)?;
        let digits: Vec<u8> = self
            .since(start + 2)
            .bytes()
            .filter(|byte| *byte != b'_')
            .collect();
        let value = BigInt::parse_bytes(&digits, radix).ok_or_else(|| self.malformed(start))?;
        Ok(Tok::Int { value })
    }

    fn decimal(&mut self, start: usize) -> Result<Tok, Finding> {
        let mut is_float = false;
        if self.byte(self.at) != b'.' {
            self.digits(start, 10)?;
        }
        if self.byte(self.at) == b'.' {
            is_float = true;
            self.at += 1;
            if self.byte(self.at).is_ascii_digit() {
                self.digits(start, 10)?;
            }
        }
        if matches!(self.byte(self.at), b'e' | b'E') {
            let sign = usize::from(matches!(self.byte(self.at + 1), b'+' | b'-'));
            if self.byte(self.at + 1 + sign).is_ascii_digit() {
                is_float = true;
                self.at += 1 + sign;
                self.digits(start, 10)?;
            } else if sign > 0 {
                return Err(self.malformed(start));
            }
        }
        let text = self.since(start).replace('_', "");
        if matches!(self.byte(self.at), b'j' | b'J') {
            self.at += 1;
            self.number_ends(start)?;
            let imag = f64::from_str(&text).map_err(|_| self.malformed(start))?;
            return Ok(Tok::Complex { real: 0.0, imag });
        }
        self.number_ends(start)?;
        if is_float {
            let value = f64::from_str(&text).map_err(|_| self.malformed(start))?;
            return Ok(Tok::Float { value });
        }
        self.integer(start, &text)
    }

    fn integer(&self, start: usize, digits: &str) -> Result<Tok, Finding> {
        let significant = digits.trim_start_matches('0');
        if significant.len() < digits.len() && !significant.is_empty() {
            return Err(self.malformed(start));
        }
        if significant.len() > MAX_INTEGER_DIGITS {
            return Err(Finding::at(
                self.range(start),
                "py.syntax",
                format!("an integer of more than {MAX_INTEGER_DIGITS} decimal digits"),
            ));
        }
        let value = match digits.parse::<u64>() {
            Ok(small) => BigInt::from(small),
            Err(_) => BigInt::from_str(digits).map_err(|_| self.malformed(start))?,
        };
        Ok(Tok::Int { value })
    }

    /// Digits with single underscores between them, at least one.
    fn digits(&mut self, start: usize, radix: u32) -> Result<(), Finding> {
        let is_digit = |byte: u8| char::from(byte).is_digit(radix);
        loop {
            if !is_digit(self.byte(self.at)) {
                return Err(self.malformed(start));
            }
            while is_digit(self.byte(self.at)) {
                self.at += 1;
            }
            if self.byte(self.at) != b'_' {
                return Ok(());
            }
            self.at += 1;
        }
    }

    /// No letter or digit may follow, but some keywords may.
    fn number_ends(&self, start: usize) -> Result<(), Finding> {
        if !is_name_byte(self.byte(self.at)) {
            return Ok(());
        }
        let is_keyword = |word: &[u8]| {
            word.iter()
                .enumerate()
                .all(|(index, byte)| self.byte(self.at + index) == *byte)
        };
        if KEYWORDS_AFTER.into_iter().any(is_keyword) {
            Ok(())
        } else {
            Err(self.malformed(start))
        }
    }

    fn malformed(&self, start: usize) -> Finding {
        Finding::at(self.range(start), "py.syntax", "invalid number literal")
    }
}
