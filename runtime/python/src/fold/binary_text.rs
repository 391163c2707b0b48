//! Bytes written as text: hexadecimal, base 16, 32 and 64.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::{Args, Const, ascii85, bytes, given, ops};

/// Bytes, or the bytes of an ASCII string, as the decoders accept them.
pub(super) fn ascii_bytes(value: &Const) -> Option<&[u8]> {
    match value {
        Const::Str(text) => text.is_ascii().then_some(text.as_bytes()),
        _ => value.as_bytes(),
    }
}

/// A function of the `base64` module.
pub(super) fn base64_call(name: &str, args: Args<'_>) -> Option<Const> {
    match name {
        "b64decode" => {
            let [data, altchars, validate] = args.bind(["s", "altchars", "validate"])?;
            let data = ascii_bytes(data?)?;
            let validate = validate.map_or(Some(false), ops::truth)?;
            let data = match given(altchars) {
                Some(altchars) => swap(data, ascii_bytes(altchars)?, b"+/")?,
                None => data.to_vec(),
            };
            Const::bytes(a2b_base64(&data, validate)?)
        }
        "standard_b64decode" | "urlsafe_b64decode" => {
            let [data] = args.bind(["s"])?;
            let data = ascii_bytes(data?)?;
            let data = match name {
                "urlsafe_b64decode" => swap(data, b"-_", b"+/")?,
                _ => data.to_vec(),
            };
            Const::bytes(a2b_base64(&data, false)?)
        }
        "b64encode" => {
            let [data, altchars] = args.bind(["s", "altchars"])?;
            let encoded = STANDARD.encode(data?.as_bytes()?).into_bytes();
            Const::bytes(match given(altchars) {
                Some(altchars) => swap(&encoded, b"+/", altchars.as_bytes()?)?,
                None => encoded,
            })
        }
        "standard_b64encode" | "urlsafe_b64encode" => {
            let [data] = args.bind(["s"])?;
            let encoded = STANDARD.encode(data?.as_bytes()?).into_bytes();
            Const::bytes(match name {
                "urlsafe_b64encode" => swap(&encoded, b"+/", b"-_")?,
                _ => encoded,
            })
        }
        "decodebytes" => {
            let [data] = args.bind(["s"])?;
            Const::bytes(a2b_base64(data?.as_bytes()?, false)?)
        }
        "encodebytes" => {
            let [data] = args.bind(["s"])?;
            encodebytes(data?.as_bytes()?)
        }
        "b32decode" => {
            let [data, casefold, mapping] = args.bind(["s", "casefold", "map01"])?;
            let casefold = casefold.map_or(Some(false), ops::truth)?;
            given(mapping).is_none().then_some(())?;
            Const::bytes(b32decode(ascii_bytes(data?)?, casefold)?)
        }
        "b32encode" => {
            let [data] = args.bind(["s"])?;
            Const::bytes(b32encode(data?.as_bytes()?)?)
        }
        "b16decode" => {
            let [data, casefold] = args.bind(["s", "casefold"])?;
            let casefold = casefold.map_or(Some(false), ops::truth)?;
            let data = ascii_bytes(data?)?;
            if !casefold && data.iter().any(u8::is_ascii_lowercase) {
                return None;
            }
            Const::bytes(hex::decode(data).ok()?)
        }
        "b16encode" => {
            let [data] = args.bind(["s"])?;
            Const::bytes(hex::encode_upper(data?.as_bytes()?).into_bytes())
        }
        "b85decode" | "a85decode" | "b85encode" | "a85encode" => ascii85::call(name, args),
        _ => None,
    }
}

/// A function of the `binascii` module.
pub(super) fn binascii_call(name: &str, args: Args<'_>) -> Option<Const> {
    match name {
        "unhexlify" | "a2b_hex" => {
            let [data] = args.exactly()?;
            unhexlify(data)
        }
        "hexlify" | "b2a_hex" => {
            let [data, separator, group] = args.bind(["data", "sep", "bytes_per_sep"])?;
            let rest = [("sep", separator), ("bytes_per_sep", group)];
            let keywords: Vec<(&str, Const)> = rest
                .into_iter()
                .filter_map(|(name, value)| Some((name, value?.clone())))
                .collect();
            let keywords = Args {
                positional: &[],
                keywords: &keywords,
            };
            let text = bytes::hex_with_separator(data?.as_bytes()?, keywords)?;
            Const::bytes(text.as_str()?.as_bytes())
        }
        "a2b_base64" => {
            let [data, strict] = args.bind(["", "*strict_mode"])?;
            let strict = strict.map_or(Some(false), ops::truth)?;
            Const::bytes(a2b_base64(ascii_bytes(data?)?, strict)?)
        }
        "b2a_base64" => {
            let [data, newline] = args.bind(["", "*newline"])?;
            let newline = newline.map_or(Some(true), ops::truth)?;
            let mut encoded = STANDARD.encode(data?.as_bytes()?);
            if newline {
                encoded.push('\n');
            }
            Const::bytes(encoded.into_bytes())
        }
        _ => None,
    }
}

/// `binascii.unhexlify`.
pub(super) fn unhexlify(value: &Const) -> Option<Const> {
    Const::bytes(hex::decode(ascii_bytes(value)?).ok()?)
}

/// `base64.encodebytes`: lines of 76 characters.
pub(super) fn encodebytes(bytes: &[u8]) -> Option<Const> {
    let lines = bytes.chunks(57).map(|line| STANDARD.encode(line) + "\n");
    Const::bytes(lines.collect::<String>().into_bytes())
}

/// The data with two characters replaced by two others.
fn swap(data: &[u8], from: &[u8], to: &[u8]) -> Option<Vec<u8>> {
    let ([a, b], [to_a, to_b]) = (from, to) else {
        return None;
    };
    // The later of two equal characters counts, as in a translation table.
    let map = |byte: &u8| match byte {
        byte if byte == b => *to_b,
        byte if byte == a => *to_a,
        byte => *byte,
    };
    Some(data.iter().map(map).collect())
}

/// `binascii.a2b_base64`, which skips foreign characters and stops at the padding unless it is strict.
pub(super) fn a2b_base64(data: &[u8], strict: bool) -> Option<Vec<u8>> {
    let mut out = Vec::new();
    let (mut place, mut left, mut pads, mut padding) = (0_u8, 0_u8, 0_u8, false);
    if strict && data.first() == Some(&b'=') {
        return None;
    }
    for (index, byte) in data.iter().enumerate() {
        let value = match byte {
            b'=' => {
                padding = true;
                if place >= 2 {
                    pads += 1;
                    if place + pads >= 4 {
                        return (!strict || index + 1 == data.len()).then_some(out);
                    }
                } else if strict {
                    return None;
                }
                continue;
            }
            b'A'..=b'Z' => byte - b'A',
            b'a'..=b'z' => byte - b'a' + 26,
            b'0'..=b'9' => byte - b'0' + 52,
            b'+' => 62,
            b'/' => 63,
            _ if strict => return None,
            _ => continue,
        };
        if strict && padding {
            return None;
        }
        pads = 0;
        match place {
            0 => left = value,
            1 => {
                out.push((left << 2) | (value >> 4));
                left = value & 0x0f;
            }
            2 => {
                out.push((left << 4) | (value >> 2));
                left = value & 0x03;
            }
            _ => out.push((left << 6) | value),
        }
        place = (place + 1) % 4;
    }
    (place == 0).then_some(out)
}

const BASE32: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

fn b32decode(data: &[u8], casefold: bool) -> Option<Vec<u8>> {
    if !data.len().is_multiple_of(8) {
        return None;
    }
    let padding = data.iter().rev().take_while(|byte| **byte == b'=').count();
    let digits = data.get(..data.len() - padding)?;
    if !matches!(padding, 0 | 1 | 3 | 4 | 6) {
        return None;
    }
    let (mut out, mut buffer, mut bits) = (Vec::new(), 0_u32, 0);
    for byte in digits {
        let byte = if casefold {
            byte.to_ascii_uppercase()
        } else {
            *byte
        };
        let value = BASE32.iter().position(|digit| *digit == byte)?;
        buffer = ((buffer << 5) | u32::try_from(value).ok()?) & 0xffff;
        bits += 5;
        if bits >= 8 {
            bits -= 8;
            out.push(u8::try_from((buffer >> bits) & 0xff).ok()?);
        }
    }
    Some(out)
}

fn b32encode(data: &[u8]) -> Option<Vec<u8>> {
    let mut out = Vec::new();
    for chunk in data.chunks(5) {
        let mut group = [0_u8; 8];
        for (place, byte) in group.iter_mut().skip(3).zip(chunk) {
            *place = *byte;
        }
        let group = u64::from_be_bytes(group);
        let digits = (chunk.len() * 8).div_ceil(5);
        for index in 0..8_usize {
            let value = usize::try_from((group >> (35 - 5 * index)) & 31).ok()?;
            out.push(if index < digits {
                *BASE32.get(value)?
            } else {
                b'='
            });
        }
    }
    Some(out)
}
