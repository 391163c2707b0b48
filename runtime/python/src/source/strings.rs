//! String literals: where they end, and what their escapes mean.

use std::ops::Range;

use crate::finding::Finding;

/// Longest name in `\N{...}`, in bytes.
const MAX_CHARACTER_NAME_BYTES: usize = 88;

/// A string literal: its prefix and where its body is.
#[derive(Clone)]
pub(super) struct Literal {
    pub(super) is_raw: bool,
    pub(super) is_bytes: bool,
    pub(super) is_format: bool,
    /// Bytes between the quotes.
    pub(super) body: Range<usize>,
}

impl Literal {
    /// Whether a word before a quote belongs to the literal.
    pub(super) fn is_prefix(word: &str) -> bool {
        let mut letters = word.bytes().map(|byte| byte.to_ascii_lowercase());
        match (letters.next(), letters.next(), letters.next()) {
            (Some(b'b' | b'f' | b'r' | b'u'), None, None) => true,
            (Some(first), Some(second), None) => {
                matches!((first, second), (b'b' | b'f', b'r') | (b'r', b'b' | b'f'))
            }
            _ => false,
        }
    }

    /// The literal whose prefix begins at `start` and whose quote is at `quote_at`, and its end. `None` if
    /// it has none.
    pub(super) fn read(bytes: &[u8], start: usize, quote_at: usize) -> Option<(Self, usize)> {
        let quote = *bytes.get(quote_at)?;
        let is_quote = |at: usize| bytes.get(at) == Some(&quote);
        let is_triple = is_quote(quote_at + 1) && is_quote(quote_at + 2);
        let width = if is_triple { 3 } else { 1 };
        let body_start = quote_at + width;
        let mut at = body_start;
        loop {
            match *bytes.get(at)? {
                b'\\' => at += 2,
                b'\n' if !is_triple => return None,
                byte if byte == quote && (!is_triple || (is_quote(at + 1) && is_quote(at + 2))) => {
                    break;
                }
                _ => at += 1,
            }
        }
        let prefix = bytes.get(start..quote_at)?;
        let has = |letter: u8| {
            prefix
                .iter()
                .any(|byte| byte.to_ascii_lowercase() == letter)
        };
        let literal = Self {
            is_raw: has(b'r'),
            is_bytes: has(b'b'),
            is_format: has(b'f'),
            body: body_start..at,
        };
        Some((literal, at + width))
    }
}

/// Appends the text of a literal, with its escapes resolved unless it is raw. Lone surrogates become U+FFFD.
/// `offset` is where `body` begins in the source.
pub(super) fn decode(
    body: &str,
    offset: usize,
    is_raw: bool,
    out: &mut String,
) -> Result<(), Finding> {
    if is_raw {
        out.push_str(body);
        return Ok(());
    }
    let mut rest = body;
    while let Some((plain, escape)) = rest.split_once('\\') {
        out.push_str(plain);
        let consumed = escaped(escape, out).ok_or_else(|| {
            let at = offset + (body.len() - escape.len()).saturating_sub(1);
            Finding::at_offset(at, "py.syntax", "invalid escape in a string")
        })?;
        rest = escape.get(consumed..).unwrap_or_default();
    }
    out.push_str(rest);
    Ok(())
}

/// Appends what the escape at the start of `text` means, and says how many bytes it has after the backslash.
fn escaped(text: &str, out: &mut String) -> Option<usize> {
    let Some(first) = text.chars().next() else {
        // Before a replacement field.
        out.push('\\');
        return Some(0);
    };
    let simple = match first {
        '\\' | '\'' | '"' => first,
        'a' => '\x07',
        'b' => '\x08',
        'f' => '\x0c',
        'n' => '\n',
        'r' => '\r',
        't' => '\t',
        'v' => '\x0b',
        '\n' => return Some(1),
        '0'..='7' => return octal(text, out),
        'x' => return hexadecimal(text, 2, out),
        'u' => return hexadecimal(text, 4, out),
        'U' => return hexadecimal(text, 8, out),
        'N' => return named(text, out),
        _ => {
            out.push('\\');
            out.push(first);
            return Some(first.len_utf8());
        }
    };
    out.push(simple);
    Some(1)
}

fn octal(text: &str, out: &mut String) -> Option<usize> {
    let length = text
        .bytes()
        .take(3)
        .take_while(|byte| matches!(byte, b'0'..=b'7'))
        .count();
    let value = u32::from_str_radix(text.get(..length)?, 8).ok()?;
    out.push(char::from_u32(value)?);
    Some(length)
}

fn hexadecimal(text: &str, digits: usize, out: &mut String) -> Option<usize> {
    let number = text.get(1..=digits)?;
    if !number.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return None;
    }
    let value = u32::from_str_radix(number, 16).ok()?;
    match value {
        0xD800..=0xDFFF => out.push(char::REPLACEMENT_CHARACTER),
        _ => out.push(char::from_u32(value)?),
    }
    Some(1 + digits)
}

fn named(text: &str, out: &mut String) -> Option<usize> {
    let (name, _) = text.strip_prefix("N{")?.split_once('}')?;
    let is_name =
        |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b' ' | b'-' | b'(' | b')');
    if name.is_empty() || name.len() > MAX_CHARACTER_NAME_BYTES || !name.bytes().all(is_name) {
        return None;
    }
    let character = unicode_names2::character(name)
        .or_else(|| alias(name))
        // An alias of a character that is not ASCII, or nothing at all: then CPython refuses the file.
        .unwrap_or(char::REPLACEMENT_CHARACTER);
    out.push(character);
    Some("N{}".len() + name.len())
}

/// Aliases of ASCII characters in Unicode's NameAliases.txt: the only ones that can spell code.
fn alias(name: &str) -> Option<char> {
    Some(match name.to_ascii_uppercase().as_str() {
        "NULL" | "NUL" => '\0',
        "ALERT" | "BEL" => '\x07',
        "BACKSPACE" | "BS" => '\x08',
        "CHARACTER TABULATION" | "HORIZONTAL TABULATION" | "HT" | "TAB" => '\t',
        "LINE FEED" | "NEW LINE" | "END OF LINE" | "LF" | "NL" | "EOL" => '\n',
        "LINE TABULATION" | "VERTICAL TABULATION" | "VT" => '\x0b',
        "FORM FEED" | "FF" => '\x0c',
        "CARRIAGE RETURN" | "CR" => '\r',
        "ESCAPE" | "ESC" => '\x1b',
        "SP" => ' ',
        "DELETE" | "DEL" => '\x7f',
        _ => return None,
    })
}
