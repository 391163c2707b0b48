//! Finds the evaluator of a function or the value of a constant by its dotted path.

use super::{
    Args, Const, binary_text, bytes, codecs, containers, integers, iterables, library, method, repr,
};

/// `path(*args, **kwargs)`, where the path is that of a builtin (`builtins.chr`), a method of a type
/// (`builtins.str.upper`) or a function of the standard library (`base64.b64decode`).
#[must_use]
pub(crate) fn call(path: &str, args: &[Const], kwargs: &[(&str, Const)]) -> Option<Const> {
    let arguments = Args {
        positional: args,
        keywords: kwargs,
    };
    if !arguments.fit() {
        return None;
    }
    let (module, name) = path.rsplit_once('.')?;
    match module {
        "builtins" => builtin(name, arguments),
        "base64" => binary_text::base64_call(name, arguments),
        "binascii" => binary_text::binascii_call(name, arguments),
        "codecs" | "_codecs" if matches!(name, "encode" | "decode") => {
            codecs::codecs_call(name, arguments)
        }
        _ => match module.strip_prefix("builtins.") {
            Some(type_name) => unbound(type_name, name, args, kwargs),
            None => library::call(module, name, arguments),
        },
    }
}

/// The value of a constant of the standard library, such as `string.ascii_lowercase`.
#[must_use]
pub(crate) fn attribute(path: &str) -> Option<Const> {
    library::attribute(path)
}

/// `str.upper("a")`, and methods of the types themselves.
fn unbound(type_name: &str, name: &str, args: &[Const], kwargs: &[(&str, Const)]) -> Option<Const> {
    let arguments = Args {
        positional: args,
        keywords: kwargs,
    };
    match (type_name, name) {
        ("str", "maketrans") => bytes::str_maketrans(arguments),
        ("bytes" | "bytearray", "maketrans") => bytes::bytes_maketrans(arguments),
        ("bytes", "fromhex") => Const::bytes(bytes::fromhex(arguments)?),
        ("bytearray", "fromhex") => Const::bytearray(bytes::fromhex(arguments)?),
        ("int", "from_bytes") => integers::from_bytes(arguments),
        ("dict", "fromkeys") => containers::fromkeys(arguments),
        _ => {
            let (receiver, args) = args.split_first()?;
            let matches = match receiver {
                Const::Str(_) => type_name == "str",
                Const::Bytes(_) => type_name == "bytes",
                Const::ByteArray(_) => type_name == "bytearray",
                Const::Int(_) | Const::Bool(_) => type_name == "int",
                Const::List(_) => type_name == "list",
                Const::Tuple(_) => type_name == "tuple",
                Const::Dict(_) => type_name == "dict",
                Const::Set(_) => type_name == "set",
                Const::None | Const::View(_) => false,
            };
            matches.then(|| method(receiver, name, args, kwargs))?
        }
    }
}

fn builtin(name: &str, args: Args<'_>) -> Option<Const> {
    match name {
        "str" => str_of(args),
        "bytes" => Const::bytes(bytes_of(args)?),
        "bytearray" => Const::bytearray(bytes_of(args)?),
        "int" => int_of(args),
        "bool" => {
            let [value] = args.bind([""])?;
            value.map_or(Some(false), super::truth).map(Const::Bool)
        }
        "chr" => {
            let [number] = args.exactly()?;
            let c = char::from_u32(u32::try_from(number.as_int()?).ok()?)?;
            Const::text(String::from(c))
        }
        "ord" => {
            let [value] = args.exactly()?;
            ord(value)
        }
        "repr" => {
            let [value] = args.exactly()?;
            Const::text(repr::repr(value)?)
        }
        "ascii" => {
            let [value] = args.exactly()?;
            Const::text(repr::ascii(value)?)
        }
        "format" => {
            let [value, spec] = args.bind(["", ""])?;
            let spec = spec.map_or(Some(""), Const::as_str)?;
            Const::text(super::format::formatted(value?, spec)?)
        }
        "bin" | "oct" | "hex" => {
            let [value] = args.exactly()?;
            let (prefix, base) = match name {
                "bin" => ("0b", 2),
                "oct" => ("0o", 8),
                _ => ("0x", 16),
            };
            integers::prefixed(value.as_int()?, prefix, base)
        }
        "abs" => {
            let [value] = args.exactly()?;
            value.as_int()?.checked_abs().map(Const::Int)
        }
        "divmod" => {
            let [a, b] = args.exactly()?;
            let (quotient, remainder) = integers::divmod(a.as_int()?, b.as_int()?)?;
            Const::tuple(vec![Const::Int(quotient), Const::Int(remainder)])
        }
        "pow" => {
            let [base, exponent, modulus] = args.bind(["base", "exp", "mod"])?;
            let (base, exponent) = (base?.as_int()?, exponent?.as_int()?);
            match super::given(modulus) {
                Some(modulus) => integers::power_modulo(base, exponent, modulus.as_int()?),
                None => integers::arithmetic(rustpython_parser::ast::Operator::Pow, base, exponent),
            }
            .map(Const::Int)
        }
        _ => iterables::builtin(name, args),
    }
}

fn str_of(args: Args<'_>) -> Option<Const> {
    let [value, encoding, errors] = args.bind(["object", "encoding", "errors"])?;
    if encoding.is_none() && errors.is_none() {
        let Some(value) = value else {
            return Const::text("");
        };
        return Const::text(repr::display(value)?);
    }
    let encoding = encoding.map_or(Some("utf-8"), Const::as_str)?;
    let errors = errors.map_or(Some("strict"), Const::as_str)?;
    Const::text(codecs::decode_text(value?.as_bytes()?, encoding, errors)?)
}

/// What `bytes(...)` and `bytearray(...)` hold.
fn bytes_of(args: Args<'_>) -> Option<Vec<u8>> {
    let [source, encoding, errors] = args.bind(["source", "encoding", "errors"])?;
    let Some(source) = source else {
        return (encoding.is_none() && errors.is_none()).then(Vec::new);
    };
    if let Const::Str(text) = source {
        let errors = errors.map_or(Some("strict"), Const::as_str)?;
        return codecs::encode_text(text, encoding?.as_str()?, errors);
    }
    if encoding.is_some() || errors.is_some() {
        return None;
    }
    if let Some(length) = source.as_int() {
        let length = usize::try_from(length)
            .ok()
            .filter(|length| *length <= super::MAX_LENGTH)?;
        return Some(vec![0; length]);
    }
    let items = super::iterate(source)?;
    items
        .iter()
        .map(|item| u8::try_from(item.as_int()?).ok())
        .collect()
}

fn int_of(args: Args<'_>) -> Option<Const> {
    let [value, base] = args.bind(["", "base"])?;
    let Some(value) = value else {
        return base.is_none().then_some(Const::Int(0));
    };
    if base.is_none()
        && let Some(value) = value.as_int()
    {
        return Some(Const::Int(value));
    }
    let base = u32::try_from(base.map_or(Some(10), Const::as_int)?).ok()?;
    let text = match value {
        Const::Str(text) => text.to_string(),
        _ => super::strings::latin1(value.as_bytes()?),
    };
    // Other scripts have digits and spaces as well.
    if !text.is_ascii() {
        return None;
    }
    integers::parse(&text, base).map(Const::Int)
}

fn ord(value: &Const) -> Option<Const> {
    let text = match value {
        Const::Str(text) => text.to_string(),
        _ => super::strings::latin1(value.as_bytes()?),
    };
    let mut chars = text.chars();
    let c = chars.next().filter(|_| chars.next().is_none())?;
    Some(Const::Int(u32::from(c).into()))
}
