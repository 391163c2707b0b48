//! Integer arithmetic, parsing and methods.

use rustpython_parser::ast::Operator;

use super::{Args, Const, iterate};

/// `a op b`, rounding towards negative infinity.
pub(super) fn arithmetic(op: Operator, a: i128, b: i128) -> Option<i128> {
    match op {
        Operator::Add => a.checked_add(b),
        Operator::Sub => a.checked_sub(b),
        Operator::Mult => a.checked_mul(b),
        Operator::FloorDiv => Some(divmod(a, b)?.0),
        Operator::Mod => Some(divmod(a, b)?.1),
        Operator::Pow => power(a, b),
        Operator::LShift => {
            if b < 0 || a == 0 {
                return (b >= 0).then_some(0);
            }
            let shift = u32::try_from(b).ok().filter(|shift| *shift < 127)?;
            a.checked_mul(1_i128.checked_shl(shift)?)
        }
        Operator::RShift => {
            let shift = u32::try_from(b.min(127)).ok()?;
            a.checked_shr(shift)
        }
        Operator::BitOr => Some(a | b),
        Operator::BitXor => Some(a ^ b),
        Operator::BitAnd => Some(a & b),
        Operator::Div | Operator::MatMult => None,
    }
}

/// `divmod(a, b)`.
pub(super) fn divmod(a: i128, b: i128) -> Option<(i128, i128)> {
    let (quotient, remainder) = (a.checked_div(b)?, a.checked_rem(b)?);
    if remainder != 0 && (remainder < 0) != (b < 0) {
        Some((quotient.checked_sub(1)?, remainder.checked_add(b)?))
    } else {
        Some((quotient, remainder))
    }
}

fn power(base: i128, exponent: i128) -> Option<i128> {
    match (base, exponent) {
        (_, ..0) => None,
        (_, 0) => Some(1),
        (0 | 1, _) => Some(base),
        (-1, _) => Some(if exponent % 2 == 0 { 1 } else { -1 }),
        _ => base.checked_pow(u32::try_from(exponent).ok()?),
    }
}

/// `pow(base, exponent, modulus)`.
pub(super) fn power_modulo(base: i128, exponent: i128, modulus: i128) -> Option<i128> {
    if exponent < 0 || modulus == 0 {
        return None;
    }
    let (mut result, mut base, mut exponent) = (1, divmod(base, modulus)?.1, exponent);
    while exponent > 0 {
        if exponent & 1 == 1 {
            result = divmod(base.checked_mul(result)?, modulus)?.1;
        }
        exponent >>= 1;
        if exponent > 0 {
            base = divmod(base.checked_mul(base)?, modulus)?.1;
        }
    }
    Some(divmod(result, modulus)?.1)
}

/// `int(text, base)`.
pub(super) fn parse(text: &str, base: u32) -> Option<i128> {
    let text = text.trim_matches([' ', '\t', '\n', '\r', '\x0b', '\x0c']);
    let (negative, digits) = match text.strip_prefix(['+', '-']) {
        Some(digits) => (text.starts_with('-'), digits),
        None => (false, text),
    };
    let prefix = digits.get(..2).and_then(|prefix| match prefix {
        "0b" | "0B" => Some(2),
        "0o" | "0O" => Some(8),
        "0x" | "0X" => Some(16),
        _ => None,
    });
    let (base, digits) = match (base, prefix) {
        (0, Some(prefix)) => (prefix, digits.get(2..)?),
        // Without a prefix a leading zero is an error unless there is nothing else.
        (0, None) if digits.starts_with('0') => {
            return digits
                .bytes()
                .all(|b| matches!(b, b'0' | b'_'))
                .then(|| parse(text, 10))?;
        }
        (0, None) => (10, digits),
        (base, Some(prefix)) if base == prefix => (base, digits.get(2..)?),
        (base @ 2..=36, _) => (base, digits),
        _ => return None,
    };
    let prefixed = prefix == Some(base);
    let digits = if prefixed {
        digits.strip_prefix('_').unwrap_or(digits)
    } else {
        digits
    };
    let mut value = 0_i128;
    let mut after_digit = false;
    for c in digits.chars() {
        if c == '_' && after_digit {
            after_digit = false;
            continue;
        }
        let digit = i128::from(c.to_digit(base)?);
        let digit = if negative {
            digit.checked_neg()?
        } else {
            digit
        };
        value = value.checked_mul(base.into())?.checked_add(digit)?;
        after_digit = true;
    }
    after_digit.then_some(value)
}

/// `value` in a base of 2 to 16, without prefix, in lower case.
pub(super) fn digits(value: u128, base: u32) -> Option<String> {
    Some(match base {
        2 => format!("{value:b}"),
        8 => format!("{value:o}"),
        10 => value.to_string(),
        16 => format!("{value:x}"),
        _ => return None,
    })
}

/// `bin`, `oct` and `hex`.
pub(super) fn prefixed(value: i128, prefix: &str, base: u32) -> Option<Const> {
    let sign = if value < 0 { "-" } else { "" };
    Const::text(format!(
        "{sign}{prefix}{}",
        digits(value.unsigned_abs(), base)?
    ))
}

/// Methods of integers and booleans.
pub(super) fn method(value: i128, name: &str, args: Args<'_>) -> Option<Const> {
    match name {
        "to_bytes" => {
            let [length, order, signed] = args.bind(["length", "byteorder", "*signed"])?;
            let length = length.map_or(Some(1), Const::as_int)?;
            let order = order.map_or(Some("big"), Const::as_str)?;
            to_bytes(value, usize::try_from(length).ok()?, order, flag(signed)?)
        }
        "from_bytes" => from_bytes(args),
        "bit_length" => {
            let [] = args.exactly()?;
            Some(Const::Int(
                (128 - value.unsigned_abs().leading_zeros()).into(),
            ))
        }
        "bit_count" => {
            let [] = args.exactly()?;
            Some(Const::Int(value.unsigned_abs().count_ones().into()))
        }
        "conjugate" | "__int__" | "__index__" => {
            let [] = args.exactly()?;
            Some(Const::Int(value))
        }
        _ => None,
    }
}

fn flag(value: Option<&Const>) -> Option<bool> {
    value.map_or(Some(false), super::truth)
}

fn to_bytes(value: i128, length: usize, order: &str, signed: bool) -> Option<Const> {
    if length > super::MAX_LENGTH || (value < 0 && !signed) {
        return None;
    }
    let fill = if value < 0 { 0xff } else { 0 };
    let mut bytes: Vec<u8> = value.to_le_bytes().to_vec();
    while bytes.len() < length {
        bytes.push(fill);
    }
    if bytes.split_off(length).iter().any(|byte| *byte != fill) {
        return None;
    }
    let negative = bytes.last().is_some_and(|byte| byte & 0x80 != 0);
    if signed && negative != (value < 0) {
        return None;
    }
    match order {
        "little" => {}
        "big" => bytes.reverse(),
        _ => return None,
    }
    Const::bytes(bytes)
}

/// `int.from_bytes(bytes, byteorder, signed)`.
pub(super) fn from_bytes(args: Args<'_>) -> Option<Const> {
    let [bytes, order, signed] = args.bind(["bytes", "byteorder", "*signed"])?;
    let mut bytes = match bytes? {
        Const::Bytes(bytes) | Const::ByteArray(bytes) => bytes.to_vec(),
        value @ (Const::List(_) | Const::Tuple(_) | Const::View(_)) => iterate(value)?
            .iter()
            .map(|item| u8::try_from(item.as_int()?).ok())
            .collect::<Option<_>>()?,
        _ => return None,
    };
    match order.map_or(Some("big"), Const::as_str)? {
        "little" => bytes.reverse(),
        "big" => {}
        _ => return None,
    }
    let negative = flag(signed)? && bytes.first().is_some_and(|byte| byte & 0x80 != 0);
    let mut value: i128 = if negative { -1 } else { 0 };
    for byte in bytes {
        value = value.checked_mul(256)?.checked_add(byte.into())?;
    }
    Some(Const::Int(value))
}
