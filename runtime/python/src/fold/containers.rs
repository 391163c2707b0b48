//! Methods of lists, tuples, dictionaries and sets, and what changing one leaves behind.

use super::{Args, Const, compare, iterate, ops, order};

use rustpython_parser::ast::CmpOp;

/// A method that changes nothing.
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

/// A method that changes its receiver: what the receiver is afterwards, and the method's result.
#[must_use]
pub fn mutate(
    receiver: &Const,
    name: &str,
    args: &[Const],
    kwargs: &[(&str, Const)],
) -> Option<(Const, Const)> {
    let args = Args {
        positional: args,
        keywords: kwargs,
    };
    if !receiver.fits() || !args.fit() {
        return None;
    }
    match receiver {
        Const::List(items) => {
            let (items, result) = mutate_list(items.to_vec(), name, args)?;
            Some((Const::list(items)?, result))
        }
        // What a bytearray's methods take and give are integers, as if it were a list of them.
        Const::ByteArray(_) if name != "sort" => {
            let (items, result) = mutate_list(iterate(receiver)?, name, args)?;
            let bytes = items.iter().map(|item| u8::try_from(item.as_int()?).ok());
            Some((
                Const::bytearray(bytes.collect::<Option<Vec<u8>>>()?)?,
                result,
            ))
        }
        Const::Dict(pairs) => {
            let (pairs, result) = mutate_dict(pairs.to_vec(), name, args)?;
            Some((Const::dict(pairs)?, result))
        }
        Const::Set(items) => {
            let (items, result) = mutate_set(items.to_vec(), name, args)?;
            Some((Const::set(items)?, result))
        }
        _ => None,
    }
}

fn mutate_list(mut items: Vec<Const>, name: &str, args: Args<'_>) -> Option<(Vec<Const>, Const)> {
    let mut result = Const::None;
    match name {
        "append" => {
            let [item] = args.exactly()?;
            items.push(item.clone());
        }
        "extend" => {
            let [more] = args.exactly()?;
            items.extend(iterate(more)?);
        }
        "insert" => {
            let [at, item] = args.exactly()?;
            let length = i128::try_from(items.len()).ok()?;
            let at = at.as_size()?;
            let at = if at < 0 {
                at.saturating_add(length)
            } else {
                at
            };
            items.insert(usize::try_from(at.clamp(0, length)).ok()?, item.clone());
        }
        "pop" => {
            let [at] = args.bind([""])?;
            let at = at.map_or(Some(-1), Const::as_size)?;
            result = items.remove(ops::position(at, items.len())?);
        }
        "remove" => {
            let [item] = args.exactly()?;
            items.remove(place_of(&items, item)??);
        }
        "reverse" => {
            let [] = args.exactly()?;
            items.reverse();
        }
        "clear" => {
            let [] = args.exactly()?;
            items.clear();
        }
        "sort" => {
            let [key, reverse] = args.bind(["*key", "*reverse"])?;
            let reverse = reverse.map_or(Some(0), Const::as_c_int)? != 0;
            super::given(key).is_none().then_some(())?;
            items = order::sorted(items, reverse)?;
        }
        _ => return None,
    }
    Some((items, result))
}

type Pairs = Vec<(Const, Const)>;

fn mutate_dict(mut pairs: Pairs, name: &str, args: Args<'_>) -> Option<(Pairs, Const)> {
    let place = |pairs: &Pairs, wanted: &Const| {
        let wanted = Some(order::key(wanted)?);
        Some(pairs.iter().position(|(key, _)| order::key(key) == wanted))
    };
    let mut result = Const::None;
    match name {
        "pop" => {
            let [key, otherwise] = args.bind(["", ""])?;
            result = match place(&pairs, key?)? {
                Some(at) => pairs.remove(at).1,
                None => otherwise?.clone(),
            };
        }
        "setdefault" => {
            let [key, otherwise] = args.bind(["", ""])?;
            let otherwise = otherwise.cloned().unwrap_or(Const::None);
            result = match place(&pairs, key?)? {
                Some(at) => pairs.get(at)?.1.clone(),
                None => {
                    pairs.push((key?.clone(), otherwise.clone()));
                    otherwise
                }
            };
        }
        "popitem" => {
            let [] = args.exactly()?;
            let (key, value) = pairs.pop()?;
            result = Const::tuple(vec![key, value])?;
        }
        "update" => {
            if let [more] = args.positional {
                pairs.extend(entries(more)?);
            } else if !args.positional.is_empty() {
                return None;
            }
            for (name, value) in args.keywords {
                pairs.push((Const::text(*name)?, value.clone()));
            }
        }
        "clear" => {
            let [] = args.exactly()?;
            pairs.clear();
        }
        _ => return None,
    }
    Some((pairs, result))
}

/// Entries as `dict()` and `dict.update` take them: a dictionary or pairs.
pub(super) fn entries(value: &Const) -> Option<Pairs> {
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

fn mutate_set(mut items: Vec<Const>, name: &str, args: Args<'_>) -> Option<(Vec<Const>, Const)> {
    let mut result = Const::None;
    match name {
        "add" => {
            let [item] = args.exactly()?;
            items.push(item.clone());
        }
        "discard" | "remove" => {
            let [item] = args.exactly()?;
            let before = items.len();
            let wanted = Some(order::key(item)?);
            items.retain(|item| order::key(item) != wanted);
            (name == "discard" || items.len() < before).then_some(())?;
        }
        "update" => {
            args.keywords.is_empty().then_some(())?;
            for other in args.positional {
                items.extend(elements(other)?);
            }
        }
        "pop" if items.len() == 1 => {
            let [] = args.exactly()?;
            result = items.pop()?;
        }
        "clear" => {
            let [] = args.exactly()?;
            items.clear();
        }
        _ => return None,
    }
    Some((items, result))
}

/// `receiver[index] = value`: what the receiver is afterwards.
#[must_use]
pub fn store(receiver: &Const, index: &Const, value: &Const) -> Option<Const> {
    if !receiver.fits() || !index.fits() || !value.fits() {
        return None;
    }
    match receiver {
        Const::List(items) => {
            let mut items = items.to_vec();
            let at = ops::position(index.as_int()?, items.len())?;
            *items.get_mut(at)? = value.clone();
            Const::list(items)
        }
        Const::ByteArray(bytes) => {
            let mut bytes = bytes.to_vec();
            let at = ops::position(index.as_int()?, bytes.len())?;
            *bytes.get_mut(at)? = u8::try_from(value.as_int()?).ok()?;
            Const::bytearray(bytes)
        }
        Const::Dict(pairs) => {
            let mut pairs = pairs.to_vec();
            pairs.push((index.clone(), value.clone()));
            Const::dict(pairs)
        }
        _ => None,
    }
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
