//! Python's equality, ordering and dictionary keys.

use std::cmp::Ordering;
use std::collections::BTreeMap;

use super::{Bounded, Const};

/// The value under which a dictionary or set finds an element: equal values have equal keys. `None` when
/// the value is unhashable.
pub(super) fn key(value: &Const) -> Option<Const> {
    match value {
        Const::None | Const::Int(_) | Const::Str(_) | Const::Bytes(_) => Some(value.clone()),
        Const::Bool(value) => Some(Const::Int((*value).into())),
        Const::Tuple(items) => Const::tuple(items.iter().map(key).collect::<Option<_>>()?),
        Const::ByteArray(_) | Const::List(_) | Const::Set(_) | Const::Dict(_) | Const::View(_) => {
            None
        }
    }
}

/// The value of a dictionary's entry; `None` inside when it is absent.
pub(super) fn lookup<'a>(
    pairs: &'a Bounded<(Const, Const)>,
    wanted: &Const,
) -> Option<Option<&'a Const>> {
    key(wanted)?;
    Some(
        pairs
            .iter()
            .find(|(candidate, _)| equal(candidate, wanted) == Some(true))
            .map(|(_, value)| value),
    )
}

/// `a == b`.
pub(super) fn equal(a: &Const, b: &Const) -> Option<bool> {
    if let (Some(a), Some(b)) = (a.as_int(), b.as_int()) {
        return Some(a == b);
    }
    if let (Some(a), Some(b)) = (a.as_bytes(), b.as_bytes()) {
        return Some(a == b);
    }
    match (a, b) {
        (Const::View(_), _) | (_, Const::View(_)) => None,
        (Const::List(a), Const::List(b)) | (Const::Tuple(a), Const::Tuple(b)) => {
            if a.len() != b.len() {
                return Some(false);
            }
            for (a, b) in a.iter().zip(b.iter()) {
                if !equal(a, b)? {
                    return Some(false);
                }
            }
            Some(true)
        }
        (Const::Set(a), Const::Set(b)) => {
            let keys = |items: &[Const]| items.iter().map(key).collect::<Option<Vec<_>>>();
            let (mut a, mut b) = (keys(a)?, keys(b)?);
            a.sort();
            b.sort();
            Some(a == b)
        }
        (Const::Dict(a), Const::Dict(b)) => equal_dicts(a, b),
        _ => Some(a == b),
    }
}

fn equal_dicts(a: &[(Const, Const)], b: &[(Const, Const)]) -> Option<bool> {
    if a.len() != b.len() {
        return Some(false);
    }
    let entries = b
        .iter()
        .map(|(k, value)| Some((key(k)?, value)))
        .collect::<Option<BTreeMap<_, _>>>()?;
    for (k, value) in a {
        match entries.get(&key(k)?) {
            Some(other) if equal(value, other)? => {}
            _ => return Some(false),
        }
    }
    Some(true)
}

/// How `a` and `b` are ordered, if `<` is defined for them and total.
pub(super) fn order(a: &Const, b: &Const) -> Option<Ordering> {
    if let (Some(a), Some(b)) = (a.as_int(), b.as_int()) {
        return Some(a.cmp(&b));
    }
    if let (Some(a), Some(b)) = (a.as_bytes(), b.as_bytes()) {
        return Some(a.cmp(b));
    }
    match (a, b) {
        (Const::Str(a), Const::Str(b)) => Some(a.cmp(b)),
        (Const::List(a), Const::List(b)) | (Const::Tuple(a), Const::Tuple(b)) => {
            for (a, b) in a.iter().zip(b.iter()) {
                if !equal(a, b)? {
                    return order(a, b);
                }
            }
            Some(a.len().cmp(&b.len()))
        }
        _ => None,
    }
}

/// The items in ascending order; equal ones keep their order.
pub(super) fn sorted(mut items: Vec<Const>, reverse: bool) -> Option<Vec<Const>> {
    let mut comparable = true;
    items.sort_by(|a, b| {
        let ordering = order(a, b).unwrap_or_else(|| {
            comparable = false;
            Ordering::Equal
        });
        if reverse {
            ordering.reverse()
        } else {
            ordering
        }
    });
    comparable.then_some(items)
}
