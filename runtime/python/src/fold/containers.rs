//! Methods of lists, tuples, dictionaries and sets that change nothing.

use super::{Args, Const, compare, iterate, ops, order};

use rustpython_parser::ast::CmpOp;

/// `receiver.name(*args)`.
pub(super) fn method(receiver: &Const, name: &str, args: Args<'_>) -> Option<Const> {
    match (receiver, name) {
        (Const::List(_) | Const::Set(_) | Const::Dict(_), "copy") => {
            let [] = args.exactly()?;
            Some(receiver.clone())
        }
        (Const::List(items) | Const::Tuple(items), "index") => {
            let [wanted] = args.exactly()?;
            let at = place_of(items, wanted)??;
            Some(Const::Int(i128::try_from(at).ok()?))
        }
        (Const::List(items) | Const::Tuple(items), "count") => {
            let [wanted] = args.exactly()?;
            let mut count = 0;
            for item in items.iter() {
                count += i128::from(order::equal(item, wanted)?);
            }
            Some(Const::Int(count))
        }
        (Const::Dict(pairs), "get") => {
            let [key, otherwise] = args.bind(["", ""])?;
            let found = order::lookup(pairs, key?)?;
            Some(found.or(otherwise).cloned().unwrap_or(Const::None))
        }
        (Const::Dict(pairs), "keys" | "values" | "items") => {
            let [] = args.exactly()?;
            let view = pairs.iter().map(|(key, value)| match name {
                "keys" => Some(key.clone()),
                "values" => Some(value.clone()),
                _ => Const::tuple(vec![key.clone(), value.clone()]),
            });
            Const::view(view.collect::<Option<_>>()?)
        }
        (Const::Dict(_), "fromkeys") => fromkeys(args),
        (Const::Set(items), "union") => {
            let mut all = items.to_vec();
            args.keywords.is_empty().then_some(())?;
            for other in args.positional {
                all.extend(elements(other)?);
            }
            Const::set(all)
        }
        _ => None,
    }
}

/// `dict.fromkeys`.
pub(super) fn fromkeys(args: Args<'_>) -> Option<Const> {
    let [keys, value] = args.bind(["", ""])?;
    let value = value.cloned().unwrap_or(Const::None);
    let pairs = iterate(keys?)?.into_iter().map(|key| (key, value.clone()));
    Const::dict(pairs.collect())
}

/// Elements where their order does not matter.
pub(super) fn elements(value: &Const) -> Option<Vec<Const>> {
    match value {
        Const::Set(items) => Some(items.to_vec()),
        _ => iterate(value),
    }
}

/// Where an element is; `None` outside when that is not known.
fn place_of(items: &[Const], wanted: &Const) -> Option<Option<usize>> {
    for (at, item) in items.iter().enumerate() {
        if order::equal(item, wanted)? {
            return Some(Some(at));
        }
    }
    Some(None)
}

/// Entries as `dict()` takes them: a dictionary or pairs.
pub(super) fn entries(value: &Const) -> Option<Vec<(Const, Const)>> {
    if let Const::Dict(pairs) = value {
        return Some(pairs.to_vec());
    }
    let pairs = iterate(value)?.into_iter().map(|pair| {
        let pair = iterate(&pair)?;
        let [key, value] = <[Const; 2]>::try_from(pair).ok()?;
        Some((key, value))
    });
    pairs.collect()
}

/// Methods behind the operators of containers and strings: `"a".__add__("b")`.
pub(super) fn special(receiver: &Const, name: &str, args: Args<'_>) -> Option<Const> {
    use rustpython_parser::ast::Operator;

    let number = receiver.as_int().is_some();
    match name {
        "__len__" => {
            let [] = args.exactly()?;
            Some(Const::Int(i128::try_from(ops::length(receiver)?).ok()?))
        }
        "__contains__" => {
            let [item] = args.exactly()?;
            compare(CmpOp::In, item, receiver).map(Const::Bool)
        }
        "__getitem__" => {
            let [index] = args.exactly()?;
            ops::subscript(receiver, index)
        }
        "__add__" => {
            let [other] = args.exactly()?;
            ops::binary(Operator::Add, receiver, other)
        }
        "__mul__" | "__rmul__" if !number => {
            let [times] = args.exactly()?;
            ops::repeat(receiver, times)
        }
        "__mod__" => {
            let [other] = args.exactly()?;
            ops::binary(Operator::Mod, receiver, other)
        }
        "__str__" | "__repr__" => {
            let [] = args.exactly()?;
            let text = if name == "__str__" {
                super::repr::display(receiver)
            } else {
                super::repr::repr(receiver)
            };
            Const::text(text?)
        }
        "__format__" => {
            let [spec] = args.exactly()?;
            Const::text(super::format::formatted(receiver, spec.as_str()?)?)
        }
        "__iter__" => {
            let [] = args.exactly()?;
            Const::view(iterate(receiver)?)
        }
        _ => None,
    }
}
