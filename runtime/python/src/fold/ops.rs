//! Operators, subscripts and slices.

use std::cmp::Ordering;
use std::collections::BTreeSet;

use rustpython_parser::ast::{CmpOp, Operator, UnaryOp};

use super::{Const, MAX_LENGTH, given, integers, order, percent, strings};

/// `a op b`.
#[must_use]
pub(crate) fn binary(op: Operator, a: &Const, b: &Const) -> Option<Const> {
    if !a.fits() || !b.fits() {
        return None;
    }
    if let (Some(x), Some(y)) = (a.as_int(), b.as_int()) {
        return match (op, a, b) {
            (Operator::BitAnd, Const::Bool(a), Const::Bool(b)) => Some(Const::Bool(a & b)),
            (Operator::BitOr, Const::Bool(a), Const::Bool(b)) => Some(Const::Bool(a | b)),
            (Operator::BitXor, Const::Bool(a), Const::Bool(b)) => Some(Const::Bool(a ^ b)),
            _ => integers::arithmetic(op, x, y).map(Const::Int),
        };
    }
    match op {
        Operator::Add => concat(a, b),
        Operator::Mult if a.as_int().is_some() => repeat(b, a),
        Operator::Mult => repeat(a, b),
        Operator::Mod => percent::format(a, b),
        Operator::BitOr | Operator::BitAnd | Operator::BitXor | Operator::Sub => merge(op, a, b),
        _ => None,
    }
}

/// `a + b` of sequences.
pub(super) fn concat(a: &Const, b: &Const) -> Option<Const> {
    match (a, b) {
        (Const::Str(a), Const::Str(b)) => Const::text(format!("{a}{b}")),
        (Const::Bytes(a), Const::Bytes(b) | Const::ByteArray(b)) => {
            Const::bytes([&**a, &**b].concat())
        }
        (Const::ByteArray(a), Const::Bytes(b) | Const::ByteArray(b)) => {
            Const::bytearray([&**a, &**b].concat())
        }
        (Const::List(a), Const::List(b)) => Const::list([&**a, &**b].concat()),
        (Const::Tuple(a), Const::Tuple(b)) => Const::tuple([&**a, &**b].concat()),
        _ => None,
    }
}

/// `value * times` of a sequence.
pub(super) fn repeat(value: &Const, times: &Const) -> Option<Const> {
    let times = usize::try_from(times.as_size()?.max(0)).ok()?;
    // Nothing, however often, is nothing.
    let times_of = |length: usize| {
        let times = if length == 0 { 0 } else { times };
        (length.checked_mul(times)? <= MAX_LENGTH).then_some(times)
    };
    match value {
        Const::Str(text) => Const::text(text.repeat(times_of(text.len())?)),
        Const::Bytes(bytes) => Const::bytes(bytes.repeat(times_of(bytes.len())?)),
        Const::ByteArray(bytes) => Const::bytearray(bytes.repeat(times_of(bytes.len())?)),
        Const::List(items) => Const::list(vec![&**items; times_of(items.len())?].concat()),
        Const::Tuple(items) => Const::tuple(vec![&**items; times_of(items.len())?].concat()),
        _ => None,
    }
}

/// Operators of sets and dictionaries.
fn merge(op: Operator, a: &Const, b: &Const) -> Option<Const> {
    let keys = |items: &[Const]| {
        items
            .iter()
            .map(order::key)
            .collect::<Option<BTreeSet<_>>>()
    };
    match (op, a, b) {
        (Operator::BitOr, Const::Dict(a), Const::Dict(b)) => Const::dict([&**a, &**b].concat()),
        (_, Const::Set(a), Const::Set(b)) => {
            let (in_a, in_b) = (keys(a)?, keys(b)?);
            let kept = |item: &&Const| {
                let Some(key) = order::key(item) else {
                    return false;
                };
                let (in_a, in_b) = (in_a.contains(&key), in_b.contains(&key));
                match op {
                    Operator::BitOr => true,
                    Operator::BitAnd => in_a && in_b,
                    Operator::BitXor => in_a != in_b,
                    _ => in_a && !in_b,
                }
            };
            // Which of two equal elements stays (`True` or `1`) is not worth knowing.
            if in_a.intersection(&in_b).any(|key| key.as_int().is_some()) {
                return None;
            }
            Const::set(a.iter().chain(b.iter()).filter(kept).cloned().collect())
        }
        _ => None,
    }
}

/// `op value`.
#[must_use]
pub(crate) fn unary(op: UnaryOp, value: &Const) -> Option<Const> {
    match op {
        UnaryOp::Not => truth(value).map(|value| Const::Bool(!value)),
        UnaryOp::UAdd => value.as_int().map(Const::Int),
        UnaryOp::USub => value.as_int()?.checked_neg().map(Const::Int),
        UnaryOp::Invert => value.as_int().map(|value| Const::Int(!value)),
    }
}

/// `bool(value)`.
#[must_use]
pub(crate) fn truth(value: &Const) -> Option<bool> {
    match value {
        Const::None => Some(false),
        Const::Bool(value) => Some(*value),
        Const::Int(value) => Some(*value != 0),
        // An iterator is true, a range or dictionary view as its length is.
        Const::View(_) => None,
        _ => Some(length(value)? > 0),
    }
}

/// `len(value)`.
pub(super) fn length(value: &Const) -> Option<usize> {
    match value {
        Const::Str(text) => Some(text.chars().count()),
        Const::Bytes(bytes) | Const::ByteArray(bytes) => Some(bytes.len()),
        Const::List(items) | Const::Tuple(items) | Const::Set(items) => Some(items.len()),
        Const::Dict(pairs) => Some(pairs.len()),
        Const::None | Const::Bool(_) | Const::Int(_) | Const::View(_) => None,
    }
}

/// `a op b` of comparisons. Identity is only known of `None`, `True` and `False`.
#[must_use]
pub(crate) fn compare(op: CmpOp, a: &Const, b: &Const) -> Option<bool> {
    if !a.fits() || !b.fits() {
        return None;
    }
    let singleton = |value: &Const| matches!(value, Const::None | Const::Bool(_));
    match op {
        CmpOp::Eq => order::equal(a, b),
        CmpOp::NotEq => order::equal(a, b).map(|equal| !equal),
        CmpOp::Lt => order::order(a, b).map(Ordering::is_lt),
        CmpOp::LtE => order::order(a, b).map(Ordering::is_le),
        CmpOp::Gt => order::order(a, b).map(Ordering::is_gt),
        CmpOp::GtE => order::order(a, b).map(Ordering::is_ge),
        CmpOp::In => contains(b, a),
        CmpOp::NotIn => contains(b, a).map(|contained| !contained),
        CmpOp::Is if singleton(a) || singleton(b) => Some(a == b),
        CmpOp::IsNot if singleton(a) || singleton(b) => Some(a != b),
        CmpOp::Is | CmpOp::IsNot => None,
    }
}

/// `item in container`.
pub(super) fn contains(container: &Const, item: &Const) -> Option<bool> {
    match container {
        Const::Str(text) => Some(text.contains(item.as_str()?)),
        Const::Bytes(_) | Const::ByteArray(_) => strings::holds_bytes(container, item),
        Const::List(items) | Const::Tuple(items) => {
            for candidate in items.iter() {
                if order::equal(candidate, item)? {
                    return Some(true);
                }
            }
            Some(false)
        }
        Const::Set(items) => {
            order::key(item)?;
            let equal = |candidate| order::equal(candidate, item) == Some(true);
            Some(items.iter().any(equal))
        }
        Const::Dict(pairs) => order::lookup(pairs, item).map(|found| found.is_some()),
        // Asking an iterator uses it up.
        Const::None | Const::Bool(_) | Const::Int(_) | Const::View(_) => None,
    }
}

/// `value[index]`.
#[must_use]
pub(crate) fn subscript(value: &Const, index: &Const) -> Option<Const> {
    if !value.fits() || !index.fits() {
        return None;
    }
    if let Const::Dict(pairs) = value {
        return order::lookup(pairs, index)?.cloned();
    }
    let at = |length| position(index.as_int()?, length);
    match value {
        Const::Str(text) => {
            let c = text.chars().nth(at(text.chars().count())?)?;
            Const::text(String::from(c))
        }
        Const::Bytes(bytes) | Const::ByteArray(bytes) => {
            Some(Const::Int((*bytes.get(at(bytes.len())?)?).into()))
        }
        Const::List(items) | Const::Tuple(items) => items.get(at(items.len())?).cloned(),
        _ => None,
    }
}

/// The place that an index means, negative ones counted from the end.
pub(super) fn position(index: i128, length: usize) -> Option<usize> {
    let length_signed = i128::try_from(length).ok()?;
    let index = if index < 0 {
        index.checked_add(length_signed)?
    } else {
        index
    };
    usize::try_from(index).ok().filter(|index| *index < length)
}

/// `value[lower:upper:step]`; an absent bound and `None` are the same.
#[must_use]
pub(crate) fn slice(
    value: &Const,
    lower: Option<&Const>,
    upper: Option<&Const>,
    step: Option<&Const>,
) -> Option<Const> {
    if !value.fits() {
        return None;
    }
    let places = places(length(value)?, given(lower), given(upper), given(step))?;
    match value {
        Const::Str(text) => {
            let chars: Vec<char> = text.chars().collect();
            Const::text(pick(&chars, &places).into_iter().collect::<String>())
        }
        Const::Bytes(bytes) => Const::bytes(pick(bytes, &places)),
        Const::ByteArray(bytes) => Const::bytearray(pick(bytes, &places)),
        Const::List(items) => Const::list(pick(items, &places)),
        Const::Tuple(items) => Const::tuple(pick(items, &places)),
        _ => None,
    }
}

fn pick<T: Clone>(items: &[T], places: &[usize]) -> Vec<T> {
    places
        .iter()
        .filter_map(|place| items.get(*place))
        .cloned()
        .collect()
}

/// The places that a slice takes, in its order.
fn places(
    length: usize,
    lower: Option<&Const>,
    upper: Option<&Const>,
    step: Option<&Const>,
) -> Option<Vec<usize>> {
    let step = step.map_or(Some(1), Const::as_int)?;
    let length = i128::try_from(length).ok()?;
    // Where a walk in either direction may begin and end.
    let (first, last) = match step.signum() {
        1 => (0, length),
        -1 => (-1, length.checked_sub(1)?),
        _ => return None,
    };
    let bound = |bound: Option<&Const>, otherwise| {
        let Some(bound) = bound else {
            return Some(otherwise);
        };
        let bound = bound.as_int()?;
        let bound = if bound < 0 {
            bound.saturating_add(length)
        } else {
            bound
        };
        Some(bound.clamp(first, last))
    };
    let (start, stop) = if step > 0 {
        (first, last)
    } else {
        (last, first)
    };
    let (mut at, stop) = (bound(lower, start)?, bound(upper, stop)?);
    let mut places = Vec::new();
    while (step > 0 && at < stop) || (step < 0 && at > stop) {
        places.push(usize::try_from(at).ok()?);
        at = at.saturating_add(step);
    }
    Some(places)
}
