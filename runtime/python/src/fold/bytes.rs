//! Methods that only `str` or only `bytes` and `bytearray` have.

use std::collections::BTreeMap;

use super::{Args, Const, MAX_LENGTH, codecs, format, given, strings, unicode};

/// A method of a string.
pub(super) fn str_method(
    text: &str,
    receiver: &Const,
    name: &str,
    args: Args<'_>,
) -> Option<Const> {
    match name {
        "casefold" => {
            let [] = args.exactly()?;
            Const::text(unicode::casefold(text)?)
        }
        "encode" => {
            let [encoding, errors] = args.bind(["encoding", "errors"])?;
            let encoding = encoding.map_or(Some("utf-8"), Const::as_str)?;
            let errors = errors.map_or(Some("strict"), Const::as_str)?;
            Const::bytes(codecs::encode_text(text, encoding, errors)?)
        }
        "format" => format::str_format(text, args),
        "format_map" => {
            let [values] = args.exactly()?;
            format::str_format_map(text, values)
        }
        "translate" => {
            let [table] = args.exactly()?;
            translate(text, table)
        }
        "maketrans" => str_maketrans(args),
        _ => strings::method(receiver, name, args),
    }
}

/// A method of `bytes` or `bytearray`.
pub(super) fn bytes_method(
    bytes: &[u8],
    receiver: &Const,
    name: &str,
    args: Args<'_>,
) -> Option<Const> {
    match name {
        "decode" => {
            let [encoding, errors] = args.bind(["encoding", "errors"])?;
            let encoding = encoding.map_or(Some("utf-8"), Const::as_str)?;
            let errors = errors.map_or(Some("strict"), Const::as_str)?;
            Const::text(codecs::decode_text(bytes, encoding, errors)?)
        }
        "hex" => hex_with_separator(bytes, args),
        "fromhex" => {
            let decoded = fromhex(args)?;
            alike(receiver, decoded)
        }
        "translate" => {
            let [table, delete] = args.bind(["", "delete"])?;
            alike(
                receiver,
                translate_bytes(bytes, given(Some(table?)), delete)?,
            )
        }
        "maketrans" => bytes_maketrans(args),
        "copy" if matches!(receiver, Const::ByteArray(_)) => {
            let [] = args.exactly()?;
            Some(receiver.clone())
        }
        _ => strings::method(receiver, name, args),
    }
}

/// Bytes of the receiver's type.
fn alike(receiver: &Const, bytes: Vec<u8>) -> Option<Const> {
    match receiver {
        Const::ByteArray(_) => Const::bytearray(bytes),
        _ => Const::bytes(bytes),
    }
}

/// `str.translate`: what the table does not have stays.
fn translate(text: &str, table: &Const) -> Option<Const> {
    let entries: BTreeMap<i128, &Const> = match table {
        Const::Dict(pairs) => pairs
            .iter()
            .filter_map(|(key, value)| Some((key.as_int()?, value)))
            .collect(),
        Const::List(items) | Const::Tuple(items) => (0..).zip(items.iter()).collect(),
        _ => return None,
    };
    let mut out = String::new();
    for c in text.chars() {
        match entries.get(&i128::from(u32::from(c))) {
            None => out.push(c),
            Some(Const::None) => {}
            Some(Const::Str(replacement)) => out.push_str(replacement),
            Some(value) => out.push(char::from_u32(u32::try_from(value.as_int()?).ok()?)?),
        }
        if out.len() > MAX_LENGTH {
            return None;
        }
    }
    Const::text(out)
}

/// `str.maketrans`.
pub(super) fn str_maketrans(args: Args<'_>) -> Option<Const> {
    let [from, to, delete] = args.bind(["", "", ""])?;
    let number = |c: char| Const::Int(u32::from(c).into());
    let Some(to) = to else {
        let Const::Dict(pairs) = from? else {
            return None;
        };
        let pairs = pairs.iter().map(|(key, value)| {
            let key = match key {
                Const::Str(text) => {
                    let mut chars = text.chars();
                    number(chars.next().filter(|_| chars.next().is_none())?)
                }
                _ => {
                    key.as_int()?;
                    key.clone()
                }
            };
            Some((key, value.clone()))
        });
        return Const::dict(pairs.collect::<Option<_>>()?);
    };
    let (from, to) = (from?.as_str()?, to.as_str()?);
    if from.chars().count() != to.chars().count() {
        return None;
    }
    let delete = delete.map_or(Some(""), Const::as_str)?;
    let replaced = from
        .chars()
        .zip(to.chars())
        .map(|(from, to)| (number(from), number(to)));
    let deleted = delete.chars().map(|c| (number(c), Const::None));
    Const::dict(replaced.chain(deleted).collect())
}

/// `bytes.maketrans`.
pub(super) fn bytes_maketrans(args: Args<'_>) -> Option<Const> {
    let [from, to] = args.exactly()?;
    let (from, to) = (from.as_bytes()?, to.as_bytes()?);
    if from.len() != to.len() {
        return None;
    }
    let mut table: Vec<u8> = (0..=u8::MAX).collect();
    for (from, to) in from.iter().zip(to) {
        *table.get_mut(usize::from(*from))? = *to;
    }
    Const::bytes(table)
}

fn translate_bytes(bytes: &[u8], table: Option<&Const>, delete: Option<&Const>) -> Option<Vec<u8>> {
    let table = match table {
        Some(table) => Some(table.as_bytes().filter(|table| table.len() == 256)?),
        None => None,
    };
    let delete = delete.map_or(Some(&[][..]), Const::as_bytes)?;
    let mut deleted = [false; 256];
    for byte in delete {
        *deleted.get_mut(usize::from(*byte))? = true;
    }
    let kept = bytes
        .iter()
        .filter(|byte| deleted.get(usize::from(**byte)) == Some(&false));
    kept.map(|byte| match table {
        Some(table) => table.get(usize::from(*byte)).copied(),
        None => Some(*byte),
    })
    .collect()
}

/// `bytes.hex(sep, bytes_per_sep)`.
pub(super) fn hex_with_separator(bytes: &[u8], args: Args<'_>) -> Option<Const> {
    let [separator, group] = args.bind(["sep", "bytes_per_sep"])?;
    let group = group.map_or(Some(1), Const::as_c_int)?;
    let Some(separator) = separator else {
        return Const::text(hex::encode(bytes));
    };
    let separator = match separator {
        Const::Str(text) => text.to_string(),
        _ => strings::latin1(separator.as_bytes()?),
    };
    if separator.chars().count() != 1 || !separator.is_ascii() {
        return None;
    }
    let size = usize::try_from(group.unsigned_abs()).ok()?;
    let groups: Vec<String> = match group.signum() {
        0 => vec![hex::encode(bytes)],
        1 => {
            let mut groups: Vec<String> = bytes.rchunks(size).map(hex::encode).collect();
            groups.reverse();
            groups
        }
        _ => bytes.chunks(size).map(hex::encode).collect(),
    };
    Const::text(groups.join(&separator))
}

/// `bytes.fromhex`: whitespace may separate bytes.
pub(super) fn fromhex(args: Args<'_>) -> Option<Vec<u8>> {
    let [text] = args.exactly()?;
    let digits: Option<Vec<&str>> = text
        .as_str()?
        .split(unicode::is_byte_space)
        .map(|part| (part.len() % 2 == 0).then_some(part))
        .collect();
    hex::decode(digits?.concat()).ok()
}
