//! Functions and constants of the standard library.

use rustpython_parser::ast::{CmpOp, Operator, UnaryOp};
use serde::de::{Deserialize, Deserializer, Error, MapAccess, SeqAccess, Visitor};

use super::{
    Args, Const, MAX_LENGTH, binary, codecs, compare, iterate, ops, truth, unary, unicode,
};

/// `module.name(...)`.
pub(super) fn call(module: &str, name: &str, args: Args<'_>) -> Option<Const> {
    match (module, name) {
        ("operator" | "_operator", _) => operator(name, args),
        ("urllib.parse", "unquote" | "unquote_plus" | "unquote_to_bytes") => unquote(name, args),
        ("html", "unescape") => {
            let [text] = args.exactly()?;
            Const::text(unescape_html(text.as_str()?)?)
        }
        ("json", "loads") => {
            let [text] = args.exactly()?;
            let parsed: Json = serde_json::from_str(text.as_str()?).ok()?;
            Some(parsed.0)
        }
        ("os.path" | "posixpath", "join") => join_paths(args),
        ("os.path" | "posixpath", "basename") => {
            let [path] = args.exactly()?;
            let path = path.as_str()?;
            Const::text(path.rsplit_once('/').map_or(path, |(_, name)| name))
        }
        ("textwrap", "dedent") => {
            let [text] = args.exactly()?;
            Const::text(dedent(text.as_str()?)?)
        }
        ("string", "capwords") => {
            let [text] = args.exactly()?;
            let words = super::method(text, "split", &[], &[])?;
            let words = iterate(&words)?;
            let words = words
                .iter()
                .map(|word| super::method(word, "capitalize", &[], &[]));
            let words = Const::list(words.collect::<Option<_>>()?)?;
            super::method(&Const::text(" ")?, "join", &[words], &[])
        }
        ("unicodedata", "normalize") => {
            let [form, text] = args.exactly()?;
            let text = text.as_str()?;
            Const::text(unicode::normalize(form.as_str()?, text)?)
        }
        ("itertools", "chain") => {
            args.keywords.is_empty().then_some(())?;
            chain(args.positional)
        }
        ("itertools.chain", "from_iterable") => {
            let [parts] = args.exactly()?;
            chain(&iterate(parts)?)
        }
        ("os", "fsdecode") => {
            let [path] = args.exactly()?;
            match path {
                Const::Str(_) => Some(path.clone()),
                Const::Bytes(bytes) => Const::text(codecs::decode_utf8(bytes, "strict")?),
                _ => None,
            }
        }
        _ => None,
    }
}

/// A constant by its path.
pub(super) fn attribute(path: &str) -> Option<Const> {
    const LOWERCASE: &str = "abcdefghijklmnopqrstuvwxyz";
    const UPPERCASE: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZ";
    const DIGITS: &str = "0123456789";
    const PUNCTUATION: &str = "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~";
    const WHITESPACE: &str = " \t\n\r\x0b\x0c";
    let text = match path {
        "string.ascii_lowercase" => LOWERCASE.to_owned(),
        "string.ascii_uppercase" => UPPERCASE.to_owned(),
        "string.ascii_letters" => [LOWERCASE, UPPERCASE].concat(),
        "string.digits" => DIGITS.to_owned(),
        "string.hexdigits" => [DIGITS, "abcdefABCDEF"].concat(),
        "string.octdigits" => "01234567".to_owned(),
        "string.punctuation" => PUNCTUATION.to_owned(),
        "string.whitespace" => WHITESPACE.to_owned(),
        "string.printable" => [DIGITS, LOWERCASE, UPPERCASE, PUNCTUATION, WHITESPACE].concat(),
        "os.sep" | "os.path.sep" => "/".to_owned(),
        "os.curdir" | "os.path.curdir" | "os.extsep" | "os.path.extsep" => ".".to_owned(),
        "os.pardir" | "os.path.pardir" => "..".to_owned(),
        "os.pathsep" | "os.path.pathsep" => ":".to_owned(),
        "os.linesep" => "\n".to_owned(),
        "sys.maxunicode" => return Some(Const::Int(0x0010_ffff)),
        _ => {
            let name = path.strip_prefix("builtins.")?.strip_suffix(".__name__")?;
            let known = matches!(
                name,
                "str" | "bytes" | "bytearray" | "int" | "bool" | "list" | "tuple" | "dict" | "set"
            );
            known.then(|| name.to_owned())?
        }
    };
    Const::text(text)
}

fn operator(name: &str, args: Args<'_>) -> Option<Const> {
    let name = name
        .strip_prefix("__")
        .and_then(|name| name.strip_suffix("__"))
        .unwrap_or(name);
    if let Some(op) = operator_of(name) {
        let [a, b] = args.exactly()?;
        return binary(op, a, b);
    }
    let comparison = match name {
        "eq" => Some(CmpOp::Eq),
        "ne" => Some(CmpOp::NotEq),
        "lt" => Some(CmpOp::Lt),
        "le" => Some(CmpOp::LtE),
        "gt" => Some(CmpOp::Gt),
        "ge" => Some(CmpOp::GtE),
        _ => None,
    };
    if let Some(op) = comparison {
        let [a, b] = args.exactly()?;
        return compare(op, a, b).map(Const::Bool);
    }
    match name {
        "neg" | "pos" | "invert" | "inv" | "not_" | "not" => {
            let [value] = args.exactly()?;
            let op = match name {
                "neg" => UnaryOp::USub,
                "pos" => UnaryOp::UAdd,
                "invert" | "inv" => UnaryOp::Invert,
                _ => UnaryOp::Not,
            };
            unary(op, value)
        }
        "truth" => {
            let [value] = args.exactly()?;
            truth(value).map(Const::Bool)
        }
        "concat" => {
            let [a, b] = args.exactly()?;
            ops::concat(a, b)
        }
        "getitem" => {
            let [value, index] = args.exactly()?;
            ops::subscript(value, index)
        }
        "contains" => {
            let [container, item] = args.exactly()?;
            compare(CmpOp::In, item, container).map(Const::Bool)
        }
        "index" => {
            let [value] = args.exactly()?;
            value.as_int().map(Const::Int)
        }
        _ => None,
    }
}

fn operator_of(name: &str) -> Option<Operator> {
    Some(match name {
        "add" => Operator::Add,
        "sub" => Operator::Sub,
        "mul" => Operator::Mult,
        "mod" => Operator::Mod,
        "floordiv" => Operator::FloorDiv,
        "pow" => Operator::Pow,
        "lshift" => Operator::LShift,
        "rshift" => Operator::RShift,
        "and_" | "and" => Operator::BitAnd,
        "or_" | "or" => Operator::BitOr,
        "xor" => Operator::BitXor,
        _ => return None,
    })
}

fn chain(parts: &[Const]) -> Option<Const> {
    let mut items = Vec::new();
    for part in parts {
        items.extend(iterate(part)?);
        if items.len() > MAX_LENGTH {
            return None;
        }
    }
    Const::view(items)
}

fn unquote(name: &str, args: Args<'_>) -> Option<Const> {
    let [text] = args.exactly()?;
    if name == "unquote_to_bytes" {
        return Const::bytes(match text {
            Const::Str(text) => percent_decoded(text.as_bytes()),
            Const::Bytes(bytes) => percent_decoded(bytes),
            _ => return None,
        });
    }
    let text = match name {
        "unquote_plus" => text.as_str()?.replace('+', " "),
        _ => text.as_str()?.to_owned(),
    };
    // Runs of ASCII are decoded one by one: what they contain cannot make up characters with others.
    let mut out = String::new();
    let mut rest = text.as_str();
    while !rest.is_empty() {
        let (ascii, tail) =
            rest.split_at_checked(rest.find(|c: char| !c.is_ascii()).unwrap_or(rest.len()))?;
        out.push_str(&codecs::decode_utf8(
            &percent_decoded(ascii.as_bytes()),
            "replace",
        )?);
        let (foreign, tail) =
            tail.split_at_checked(tail.find(|c: char| c.is_ascii()).unwrap_or(tail.len()))?;
        out.push_str(foreign);
        rest = tail;
    }
    Const::text(out)
}

fn percent_decoded(bytes: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(bytes.len());
    let mut rest = bytes;
    while let Some((byte, tail)) = rest.split_first() {
        let mut decoded = [0];
        match tail.get(..2) {
            Some(digits) if *byte == b'%' && hex::decode_to_slice(digits, &mut decoded).is_ok() => {
                out.extend(decoded);
                rest = tail.get(2..).unwrap_or_default();
            }
            _ => {
                out.push(*byte);
                rest = tail;
            }
        }
    }
    out
}

/// `html.unescape` of numbers and the commonest names; `None` where there may be another name.
fn unescape_html(text: &str) -> Option<String> {
    let ends = |c| matches!(c, '\t' | '\n' | '\x0c' | ' ' | '<' | '&' | '#' | ';');
    let mut out = String::new();
    let mut rest = text;
    while let Some((literal, tail)) = rest.split_once('&') {
        out.push_str(literal);
        if let Some(number) = tail.strip_prefix('#') {
            let (radix, number) = match number.strip_prefix(['x', 'X']) {
                Some(number) => (16, number),
                None => (10, number),
            };
            let end = number
                .find(|c: char| !c.is_digit(radix))
                .unwrap_or(number.len());
            let (digits, tail) = number.split_at_checked(end)?;
            out.push(char_reference(u32::from_str_radix(digits, radix).ok()?)?);
            rest = tail.strip_prefix(';').unwrap_or(tail);
            continue;
        }
        let (name, tail) = tail.split_at_checked(tail.find(ends).unwrap_or(tail.len()))?;
        if name.is_empty() {
            out.push('&');
            rest = tail;
            continue;
        }
        out.push(match name {
            "amp" => '&',
            "lt" => '<',
            "gt" => '>',
            "quot" => '"',
            "apos" => '\'',
            _ => return None,
        });
        rest = tail.strip_prefix(';')?;
    }
    out.push_str(rest);
    Some(out)
}

/// The character of a number, unless browsers read it differently.
fn char_reference(number: u32) -> Option<char> {
    match number {
        0x20..0x7f | 0x09 | 0x0a | 0xa0..0xfdd0 => char::from_u32(number),
        _ => None,
    }
}

fn join_paths(args: Args<'_>) -> Option<Const> {
    args.keywords.is_empty().then_some(())?;
    let (first, rest) = args.positional.split_first()?;
    let mut path = first.as_str()?.to_owned();
    for part in rest {
        let part = part.as_str()?;
        if part.starts_with('/') {
            path.clear();
        } else if !path.is_empty() && !path.ends_with('/') {
            path.push('/');
        }
        path.push_str(part);
        if path.len() > MAX_LENGTH {
            return None;
        }
    }
    Const::text(path)
}

/// `textwrap.dedent`: the margin that all lines with content share is taken away.
fn dedent(text: &str) -> Option<String> {
    let blank = |line: &str| line.chars().all(|c| matches!(c, ' ' | '\t'));
    let mut margin: Option<&str> = None;
    for line in text.split('\n').filter(|line| !blank(line)) {
        let indent = line.get(..line.len() - line.trim_start_matches([' ', '\t']).len())?;
        margin = Some(match margin {
            None => indent,
            Some(margin) => {
                let shared = margin
                    .bytes()
                    .zip(indent.bytes())
                    .take_while(|(a, b)| a == b);
                margin.get(..shared.count())?
            }
        });
    }
    let margin = margin.unwrap_or("");
    let lines = text.split('\n').map(|line| match blank(line) {
        true => "",
        false => line.strip_prefix(margin).unwrap_or(line),
    });
    Some(lines.collect::<Vec<_>>().join("\n"))
}

/// A JSON document without fractions.
struct Json(Const);

impl<'de> Deserialize<'de> for Json {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(JsonVisitor).map(Self)
    }
}

struct JsonVisitor;

impl<'de> Visitor<'de> for JsonVisitor {
    type Value = Const;

    fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("a small value without fractions")
    }

    fn visit_unit<E: Error>(self) -> Result<Const, E> {
        Ok(Const::None)
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<Const, E> {
        Ok(Const::Bool(value))
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<Const, E> {
        Ok(Const::Int(value.into()))
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<Const, E> {
        Ok(Const::Int(value.into()))
    }

    fn visit_str<E: Error>(self, value: &str) -> Result<Const, E> {
        Const::text(value).ok_or_else(|| E::custom("too long"))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Const, A::Error> {
        let mut list = Vec::new();
        while let Some(Json(item)) = items.next_element()? {
            list.push(item);
        }
        Const::list(list).ok_or_else(|| A::Error::custom("too large"))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Const, A::Error> {
        let mut pairs = Vec::new();
        while let Some((Json(key), Json(value))) = entries.next_entry()? {
            pairs.push((key, value));
        }
        Const::dict(pairs).ok_or_else(|| A::Error::custom("too large"))
    }
}
