//! Text encodings and the codecs of the `codecs` module.

use super::{Args, Const, binary_text, strings};

/// An encoding between text and bytes.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Encoding {
    Utf8,
    Ascii,
    Latin1,
    Utf16Le,
    Utf16Be,
    UnicodeEscape,
}

/// A codec that only `codecs.encode` and `codecs.decode` know.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Transform {
    Rot13,
    Hex,
    Base64,
}

fn normalized(name: &str) -> String {
    name.to_ascii_lowercase().replace([' ', '-'], "_")
}

fn encoding(name: &str) -> Option<Encoding> {
    match normalized(name).as_str() {
        "utf_8" | "utf8" | "u8" | "utf" => Some(Encoding::Utf8),
        "ascii" | "us_ascii" | "646" => Some(Encoding::Ascii),
        "latin_1" | "latin1" | "latin" | "l1" | "iso_8859_1" | "iso8859_1" | "8859" | "cp819" => {
            Some(Encoding::Latin1)
        }
        "utf_16_le" | "utf_16le" => Some(Encoding::Utf16Le),
        "utf_16_be" | "utf_16be" => Some(Encoding::Utf16Be),
        "unicode_escape" => Some(Encoding::UnicodeEscape),
        _ => None,
    }
}

fn transform(name: &str) -> Option<Transform> {
    match normalized(name).as_str() {
        "rot13" | "rot_13" => Some(Transform::Rot13),
        "hex" | "hex_codec" => Some(Transform::Hex),
        "base64" | "base64_codec" | "base_64" => Some(Transform::Base64),
        _ => None,
    }
}

/// `text.encode(encoding, errors)`.
pub(super) fn encode_text(text: &str, name: &str, errors: &str) -> Option<Vec<u8>> {
    let narrow = |limit: u32| {
        let mut out = Vec::with_capacity(text.len());
        for c in text.chars() {
            match (u8::try_from(u32::from(c)), errors) {
                (Ok(byte), _) if u32::from(byte) < limit => out.push(byte),
                (_, "ignore") => {}
                (_, "replace") => out.push(b'?'),
                _ => return None,
            }
        }
        Some(out)
    };
    match encoding(name)? {
        Encoding::Utf8 => Some(text.as_bytes().to_vec()),
        Encoding::Ascii => narrow(0x80),
        Encoding::Latin1 => narrow(0x100),
        Encoding::Utf16Le => Some(text.encode_utf16().flat_map(u16::to_le_bytes).collect()),
        Encoding::Utf16Be => Some(text.encode_utf16().flat_map(u16::to_be_bytes).collect()),
        Encoding::UnicodeEscape => None,
    }
}

/// `bytes.decode(encoding, errors)`.
pub(super) fn decode_text(bytes: &[u8], name: &str, errors: &str) -> Option<String> {
    match encoding(name)? {
        Encoding::Utf8 => decode_utf8(bytes, errors),
        Encoding::Ascii => {
            let mut out = String::with_capacity(bytes.len());
            for byte in bytes {
                match errors {
                    _ if byte.is_ascii() => out.push(char::from(*byte)),
                    "ignore" => {}
                    "replace" => out.push(char::REPLACEMENT_CHARACTER),
                    _ => return None,
                }
            }
            Some(out)
        }
        Encoding::Latin1 => Some(strings::latin1(bytes)),
        Encoding::Utf16Le => decode_utf16(bytes, u16::from_le_bytes),
        Encoding::Utf16Be => decode_utf16(bytes, u16::from_be_bytes),
        Encoding::UnicodeEscape => unescape(bytes),
    }
}

/// UTF-8 with the error handler of this name.
pub(super) fn decode_utf8(bytes: &[u8], errors: &str) -> Option<String> {
    if let Ok(text) = std::str::from_utf8(bytes) {
        return Some(text.to_owned());
    }
    let mut out = String::with_capacity(bytes.len());
    for chunk in bytes.utf8_chunks() {
        out.push_str(chunk.valid());
        match errors {
            _ if chunk.invalid().is_empty() => {}
            "ignore" => {}
            "replace" => out.push(char::REPLACEMENT_CHARACTER),
            _ => return None,
        }
    }
    Some(out)
}

fn decode_utf16(bytes: &[u8], unit: fn([u8; 2]) -> u16) -> Option<String> {
    let (pairs, rest) = bytes.as_chunks::<2>();
    if !rest.is_empty() {
        return None;
    }
    char::decode_utf16(pairs.iter().copied().map(unit))
        .collect::<Result<_, _>>()
        .ok()
}

/// `unicode_escape`: escapes as in a string literal, other bytes as Latin-1.
fn unescape(bytes: &[u8]) -> Option<String> {
    let text = strings::latin1(bytes);
    let mut out = String::with_capacity(text.len());
    let mut rest = text.as_str();
    while let Some((literal, escape)) = rest.split_once('\\') {
        out.push_str(literal);
        let kind = escape.chars().next()?;
        let after = escape.get(kind.len_utf8()..)?;
        let mut number = |length: usize| {
            let digits = after.get(..length)?;
            // A sign is no digit.
            digits
                .bytes()
                .all(|b| b.is_ascii_hexdigit())
                .then_some(())?;
            out.push(char::from_u32(u32::from_str_radix(digits, 16).ok()?)?);
            after.get(length..)
        };
        rest = match kind {
            'x' => number(2)?,
            'u' => number(4)?,
            'U' => number(8)?,
            'N' => return None,
            '0'..='7' => {
                let length = escape
                    .bytes()
                    .take(3)
                    .take_while(|byte| matches!(byte, b'0'..=b'7'))
                    .count();
                let (digits, after) = escape.split_at_checked(length)?;
                out.push(char::from_u32(u32::from_str_radix(digits, 8).ok()?)?);
                after
            }
            _ => {
                match kind {
                    '\n' => {}
                    '\\' | '\'' | '"' => out.push(kind),
                    'a' => out.push('\x07'),
                    'b' => out.push('\x08'),
                    't' => out.push('\t'),
                    'n' => out.push('\n'),
                    'v' => out.push('\x0b'),
                    'f' => out.push('\x0c'),
                    'r' => out.push('\r'),
                    _ => {
                        out.push('\\');
                        out.push(kind);
                    }
                }
                after
            }
        };
    }
    out.push_str(rest);
    Some(out)
}

/// `codecs.encode(value, encoding, errors)` and `codecs.decode`.
pub(super) fn codecs_call(name: &str, args: Args<'_>) -> Option<Const> {
    let [value, codec, errors] = args.bind(["obj", "encoding", "errors"])?;
    let (value, codec) = (value?, codec.map_or(Some("utf-8"), Const::as_str)?);
    let errors = errors.map_or(Some("strict"), Const::as_str)?;
    match (transform(codec), name) {
        (Some(Transform::Rot13), _) => Const::text(rot13(value.as_str()?)),
        (Some(_), _) if errors != "strict" => None,
        (Some(Transform::Hex), "encode") => {
            Const::bytes(hex::encode(value.as_bytes()?).into_bytes())
        }
        (Some(Transform::Hex), _) => binary_text::unhexlify(value),
        (Some(Transform::Base64), "encode") => binary_text::encodebytes(value.as_bytes()?),
        (Some(Transform::Base64), _) => {
            Const::bytes(binary_text::a2b_base64(value.as_bytes()?, false)?)
        }
        (None, "encode") => Const::bytes(encode_text(value.as_str()?, codec, errors)?),
        (None, _) => match value {
            // Escapes may also be decoded from text, which is ASCII or else encoded first.
            Const::Str(text) if encoding(codec)? == Encoding::UnicodeEscape && text.is_ascii() => {
                Const::text(unescape(text.as_bytes())?)
            }
            _ => Const::text(decode_text(value.as_bytes()?, codec, errors)?),
        },
    }
}

fn rot13(text: &str) -> String {
    let rotate = |c: char, first: u8| {
        u8::try_from(c).map_or(c, |byte| char::from((byte - first + 13) % 26 + first))
    };
    text.chars()
        .map(|c| match c {
            'a'..='z' => rotate(c, b'a'),
            'A'..='Z' => rotate(c, b'A'),
            _ => c,
        })
        .collect()
}
