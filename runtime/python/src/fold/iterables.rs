//! Builtins that take or make sequences.

use super::{Args, Const, MAX_LENGTH, containers, given, iterate, ops, order};

/// A builtin function of sequences.
pub(super) fn builtin(name: &str, args: Args<'_>) -> Option<Const> {
    match name {
        "list" => {
            let [items] = args.bind([""])?;
            Const::list(items.map_or(Some(Vec::new()), iterate)?)
        }
        "tuple" => {
            let [items] = args.bind([""])?;
            Const::tuple(items.map_or(Some(Vec::new()), iterate)?)
        }
        "set" => {
            let [items] = args.bind([""])?;
            Const::set(items.map_or(Some(Vec::new()), containers::elements)?)
        }
        "dict" => {
            let (positional, names) = (args.positional, args.keywords);
            let mut pairs = match positional {
                [] => Vec::new(),
                [pairs] => containers::entries(pairs)?,
                _ => return None,
            };
            for (name, value) in names {
                pairs.push((Const::text(*name)?, value.clone()));
            }
            Const::dict(pairs)
        }
        "iter" => {
            let [items] = args.exactly()?;
            Const::view(iterate(items)?)
        }
        "reversed" => {
            let [items] = args.exactly()?;
            // Views and sets have no order to reverse, or not always.
            if matches!(items, Const::View(_) | Const::Set(_)) {
                return None;
            }
            let mut items = iterate(items)?;
            items.reverse();
            Const::view(items)
        }
        "range" => range(args),
        "enumerate" => {
            let [items, start] = args.bind(["iterable", "start"])?;
            let start = start.map_or(Some(0), Const::as_int)?;
            let mut pairs = Vec::new();
            for (index, item) in (0_i128..).zip(iterate(items?)?) {
                pairs.push(Const::tuple(vec![
                    Const::Int(start.checked_add(index)?),
                    item,
                ])?);
            }
            Const::view(pairs)
        }
        "zip" => zip(args),
        "sorted" => {
            let [items, key, reverse] = args.bind(["", "*key", "*reverse"])?;
            given(key).is_none().then_some(())?;
            let reverse = reverse.map_or(Some(0), Const::as_c_int)? != 0;
            Const::list(order::sorted(containers::elements(items?)?, reverse)?)
        }
        "min" | "max" => extreme(name, args),
        "sum" => {
            let [items, start] = args.bind(["", "start"])?;
            sum(&containers::elements(items?)?, start)
        }
        "len" => {
            let [value] = args.exactly()?;
            Some(Const::Int(i128::try_from(ops::length(value)?).ok()?))
        }
        "any" | "all" => {
            let [items] = args.exactly()?;
            // The first element that decides ends the search.
            for item in iterate(items)? {
                if ops::truth(&item)? == (name == "any") {
                    return Some(Const::Bool(name == "any"));
                }
            }
            Some(Const::Bool(name == "all"))
        }
        _ => None,
    }
}

fn range(args: Args<'_>) -> Option<Const> {
    let [first, second, step] = args.bind(["", "", ""])?;
    let (start, stop) = match second {
        Some(stop) => (first?.as_int()?, stop.as_int()?),
        None => (0, first?.as_int()?),
    };
    let step = step.map_or(Some(1), Const::as_int)?;
    if step == 0 {
        return None;
    }
    let mut items = Vec::new();
    let mut at = start;
    while (step > 0 && at < stop) || (step < 0 && at > stop) {
        if items.len() >= MAX_LENGTH {
            return None;
        }
        items.push(Const::Int(at));
        // Beyond the largest integer there is nothing below the end either.
        at = match at.checked_add(step) {
            Some(next) => next,
            None => break,
        };
    }
    Const::view(items)
}

fn zip(args: Args<'_>) -> Option<Const> {
    let strict = match args.keywords {
        [] => false,
        [("strict", strict)] => ops::truth(strict)?,
        _ => return None,
    };
    let columns = args
        .positional
        .iter()
        .map(iterate)
        .collect::<Option<Vec<_>>>()?;
    let length = columns.iter().map(Vec::len).min().unwrap_or(0);
    if strict && columns.iter().any(|column| column.len() != length) {
        return None;
    }
    let mut columns: Vec<_> = columns.into_iter().map(Vec::into_iter).collect();
    let mut rows = Vec::new();
    for _ in 0..length {
        let row = columns
            .iter_mut()
            .map(Iterator::next)
            .collect::<Option<_>>()?;
        rows.push(Const::tuple(row)?);
    }
    Const::view(rows)
}

fn extreme(name: &str, args: Args<'_>) -> Option<Const> {
    let mut otherwise = None;
    for (keyword, value) in args.keywords {
        match *keyword {
            "default" if args.positional.len() == 1 => otherwise = Some(value.clone()),
            "key" if *value == Const::None => {}
            _ => return None,
        }
    }
    let items = match args.positional {
        [items] => containers::elements(items)?,
        items => items.to_vec(),
    };
    let mut items = items.into_iter();
    let Some(mut best) = items.next() else {
        return if args.positional.len() == 1 {
            otherwise
        } else {
            None
        };
    };
    for item in items {
        let ordering = order::order(&item, &best)?;
        // Of equal ones the first stays.
        if (name == "min" && ordering.is_lt()) || (name == "max" && ordering.is_gt()) {
            best = item;
        }
    }
    Some(best)
}

/// `sum(items, start)`; sequences are joined once, not one after the other.
fn sum(items: &[Const], start: Option<&Const>) -> Option<Const> {
    let zero = Const::Int(0);
    let start = start.unwrap_or(&zero);
    match start {
        Const::List(first) => {
            let mut all = first.to_vec();
            for item in items {
                let Const::List(more) = item else {
                    return None;
                };
                all.extend(more.iter().cloned());
            }
            Const::list(all)
        }
        Const::Tuple(first) => {
            let mut all = first.to_vec();
            for item in items {
                let Const::Tuple(more) = item else {
                    return None;
                };
                all.extend(more.iter().cloned());
            }
            Const::tuple(all)
        }
        _ => {
            // Of nothing the start stays what it is, also a boolean.
            if items.is_empty() {
                return matches!(start, Const::Int(_) | Const::Bool(_)).then(|| start.clone());
            }
            let mut total = start.as_int()?;
            for item in items {
                total = total.checked_add(item.as_int()?)?;
            }
            Some(Const::Int(total))
        }
    }
}
