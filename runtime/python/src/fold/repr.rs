//! `str()`, `repr()` and `ascii()`.

use std::fmt::Write;

use super::unicode::known_printable;
use super::{Const, MAX_LENGTH};

/// `str(value)`.
pub(super) fn display(value: &Const) -> Option<String> {
    match value {
        Const::Str(text) => Some(text.to_string()),
        _ => repr(value),
    }
}

/// `repr(value)`.
pub(super) fn repr(value: &Const) -> Option<String> {
    written(value, false)
}

/// `ascii(value)`.
pub(super) fn ascii(value: &Const) -> Option<String> {
    written(value, true)
}

fn written(value: &Const, ascii: bool) -> Option<String> {
    let mut out = String::new();
    write(&mut out, value, ascii)?;
    Some(out)
}

fn write(out: &mut String, value: &Const, ascii: bool) -> Option<()> {
    match value {
        Const::None => out.push_str("None"),
        Const::Bool(true) => out.push_str("True"),
        Const::Bool(false) => out.push_str("False"),
        Const::Int(value) => write!(out, "{value}").ok()?,
        Const::Str(text) => write_str(out, text, ascii)?,
        Const::Bytes(bytes) => write_bytes(out, bytes, false)?,
        Const::ByteArray(bytes) => {
            out.push_str("bytearray(");
            write_bytes(out, bytes, true)?;
            out.push(')');
        }
        Const::List(items) => write_items(out, ("[", "]"), items, ascii)?,
        Const::Tuple(items) => {
            let close = if items.len() == 1 { ",)" } else { ")" };
            write_items(out, ("(", close), items, ascii)?;
        }
        Const::Set(items) if items.is_empty() => out.push_str("set()"),
        // The order of more elements is not known.
        Const::Set(items) if items.len() > 1 => return None,
        Const::Set(items) => write_items(out, ("{", "}"), items, ascii)?,
        Const::Dict(pairs) => {
            out.push('{');
            for (index, (key, value)) in pairs.iter().enumerate() {
                if index > 0 {
                    out.push_str(", ");
                }
                write(out, key, ascii)?;
                out.push_str(": ");
                write(out, value, ascii)?;
            }
            out.push('}');
        }
        Const::View(_) => return None,
    }
    (out.len() <= MAX_LENGTH).then_some(())
}

fn write_items(
    out: &mut String,
    (open, close): (&str, &str),
    items: &[Const],
    ascii: bool,
) -> Option<()> {
    out.push_str(open);
    for (index, item) in items.iter().enumerate() {
        if index > 0 {
            out.push_str(", ");
        }
        write(out, item, ascii)?;
    }
    out.push_str(close);
    Some(())
}

fn write_str(out: &mut String, text: &str, ascii: bool) -> Option<()> {
    let quote = quote_for(text.contains('\''), text.contains('"'));
    out.push(quote);
    for c in text.chars() {
        match c {
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            c if c == quote => {
                out.push('\\');
                out.push(c);
            }
            ' '..='~' => out.push(c),
            '\0'..='\u{a0}' | '\u{ad}' => write!(out, "\\x{:02x}", u32::from(c)).ok()?,
            c if !ascii && known_printable(c) => out.push(c),
            _ if !ascii => return None,
            '\0'..='\u{ff}' => write!(out, "\\x{:02x}", u32::from(c)).ok()?,
            '\0'..='\u{ffff}' => write!(out, "\\u{:04x}", u32::from(c)).ok()?,
            c => write!(out, "\\U{:08x}", u32::from(c)).ok()?,
        }
    }
    out.push(quote);
    Some(())
}

/// A bytearray escapes single quotes even between double ones.
fn write_bytes(out: &mut String, bytes: &[u8], mutable: bool) -> Option<()> {
    let quote = quote_for(bytes.contains(&b'\''), bytes.contains(&b'"'));
    out.push('b');
    out.push(quote);
    for byte in bytes {
        match byte {
            b'\\' => out.push_str("\\\\"),
            b'\n' => out.push_str("\\n"),
            b'\r' => out.push_str("\\r"),
            b'\t' => out.push_str("\\t"),
            byte if char::from(*byte) == quote || (mutable && *byte == b'\'') => {
                out.push('\\');
                out.push(char::from(*byte));
            }
            b' '..=b'~' => out.push(char::from(*byte)),
            byte => write!(out, "\\x{byte:02x}").ok()?,
        }
    }
    out.push(quote);
    Some(())
}

fn quote_for(single: bool, double: bool) -> char {
    if single && !double { '"' } else { '\'' }
}
