//! Base 85 in its two alphabets.

use super::binary_text::ascii_bytes;
use super::{Args, Const, ops};

const BASE85: &[u8; 85] =
    b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz!#$%&()*+-;<=>?@^_`{|}~";

/// `b85decode`, `a85decode` and their inverses, without the rarer options.
pub(super) fn call(name: &str, args: Args<'_>) -> Option<Const> {
    match name {
        "b85decode" => {
            let [data] = args.bind(["b"])?;
            let digits = ascii_bytes(data?)?.iter().map(|byte| {
                let digit = BASE85.iter().position(|candidate| candidate == byte)?;
                u32::try_from(digit).ok()
            });
            Const::bytes(decode(&digits.collect::<Option<Vec<_>>>()?)?)
        }
        "b85encode" => {
            let [data] = args.bind(["b"])?;
            let digits = encode(data?.as_bytes()?)?;
            let digits = digits.concat().into_iter();
            Const::bytes(
                digits
                    .map(|digit| BASE85.get(digit).copied())
                    .collect::<Option<Vec<u8>>>()?,
            )
        }
        "a85decode" => {
            let [data, foldspaces, adobe] = args.bind(["b", "*foldspaces", "*adobe"])?;
            let plain = |option: Option<&Const>| option.map_or(Some(false), ops::truth);
            if plain(foldspaces)? || plain(adobe)? {
                return None;
            }
            a85decode(ascii_bytes(data?)?)
        }
        "a85encode" => {
            let [data] = args.bind(["b"])?;
            let mut out = Vec::new();
            for group in encode(data?.as_bytes()?)? {
                if group == [0; 5] {
                    out.push(b'z');
                    continue;
                }
                for digit in group {
                    out.push(u8::try_from(digit).ok()?.checked_add(b'!')?);
                }
            }
            Const::bytes(out)
        }
        _ => None,
    }
}

fn a85decode(data: &[u8]) -> Option<Const> {
    let mut digits = Vec::new();
    for byte in data {
        match byte {
            b'!'..=b'u' => digits.push(u32::from(byte - b'!')),
            b'z' if digits.len().is_multiple_of(5) => digits.extend([0; 5]),
            b' ' | b'\t' | b'\n' | b'\r' | b'\x0b' => {}
            _ => return None,
        }
    }
    Const::bytes(decode(&digits)?)
}

/// Groups of five digits as four bytes each; an incomplete group is filled with the highest digit.
fn decode(digits: &[u32]) -> Option<Vec<u8>> {
    let mut out = Vec::new();
    for group in digits.chunks(5) {
        let missing = 5 - group.len();
        let filled = group.iter().chain(std::iter::repeat_n(&84, missing));
        let mut value = 0_u32;
        for digit in filled {
            value = value.checked_mul(85)?.checked_add(*digit)?;
        }
        out.extend(
            value
                .to_be_bytes()
                .into_iter()
                .take(4_usize.checked_sub(missing)?),
        );
    }
    Some(out)
}

/// Groups of four bytes as five digits each; an incomplete group has one digit more than bytes.
fn encode(data: &[u8]) -> Option<Vec<Vec<usize>>> {
    let mut groups = Vec::new();
    for chunk in data.chunks(4) {
        let mut bytes = [0_u8; 4];
        for (place, byte) in bytes.iter_mut().zip(chunk) {
            *place = *byte;
        }
        let mut value = usize::try_from(u32::from_be_bytes(bytes)).ok()?;
        let mut digits = vec![0; 5];
        for digit in digits.iter_mut().rev() {
            *digit = value % 85;
            value /= 85;
        }
        digits.truncate(chunk.len() + 1);
        groups.push(digits);
    }
    Some(groups)
}
