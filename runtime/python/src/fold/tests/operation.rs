//! An operation on known values: folded, and as Python source.

use rustpython_parser::ast::{CmpOp, ConversionFlag, Operator, UnaryOp};

use super::oracle::source;
use crate::fold::{
    Const, attribute, binary, call, compare, format_value, iterate, method, slice, subscript, unary,
};

pub(super) type Keywords = Vec<(&'static str, Const)>;

/// An operation on known values.
#[derive(Debug)]
pub(super) enum Operation {
    Binary(Operator, &'static str, Const, Const),
    Unary(UnaryOp, &'static str, Const),
    Compare(CmpOp, &'static str, Const, Const),
    Subscript(Const, Const),
    Slice(Const, [Option<Const>; 3]),
    Format(Const, ConversionFlag, String),
    Iterate(Const),
    Method(Const, &'static str, Vec<Const>, Keywords),
    Call(&'static str, Vec<Const>, Keywords),
    Attribute(&'static str),
}

impl Operation {
    pub(super) fn fold(&self) -> Option<Const> {
        match self {
            Self::Binary(op, _, a, b) => binary(*op, a, b),
            Self::Unary(op, _, value) => unary(*op, value),
            Self::Compare(op, _, a, b) => compare(*op, a, b).map(Const::Bool),
            Self::Subscript(value, index) => subscript(value, index),
            Self::Slice(value, [lower, upper, step]) => {
                slice(value, lower.as_ref(), upper.as_ref(), step.as_ref())
            }
            Self::Format(value, conversion, spec) => format_value(value, *conversion, spec),
            Self::Iterate(value) => Const::list(iterate(value)?),
            Self::Method(receiver, name, args, keywords) => method(receiver, name, args, keywords),
            Self::Call(path, args, keywords) => call(path, args, keywords),
            Self::Attribute(path) => attribute(path),
        }
    }

    /// What has to be folded at least once for the comparison to mean something.
    pub(super) fn label(&self) -> String {
        match self {
            Self::Binary(_, symbol, ..) => format!("a {symbol} b"),
            Self::Unary(_, symbol, _) => format!("{symbol} a"),
            Self::Compare(_, symbol, ..) => format!("a {symbol} b"),
            Self::Subscript(..) => "a[b]".to_owned(),
            Self::Slice(..) => "a[b:c:d]".to_owned(),
            Self::Format(_, conversion, _) => format!("format {conversion:?}"),
            Self::Iterate(_) => "iterate".to_owned(),
            Self::Method(receiver, name, ..) => {
                format!("{}.{name}", type_name(receiver))
            }
            Self::Call(path, ..) | Self::Attribute(path) => (*path).to_owned(),
        }
    }

    pub(super) fn source(&self) -> String {
        match self {
            Self::Binary(_, symbol, a, b) | Self::Compare(_, symbol, a, b) => {
                format!("{} {symbol} {}", source(a), source(b))
            }
            Self::Unary(_, symbol, value) => format!("{symbol} {}", source(value)),
            Self::Subscript(value, index) => format!("{}[{}]", source(value), source(index)),
            Self::Slice(value, bounds) => {
                let bounds = bounds
                    .iter()
                    .map(|bound| bound.as_ref().map_or(String::new(), source));
                format!(
                    "{}[{}]",
                    source(value),
                    bounds.collect::<Vec<_>>().join(":")
                )
            }
            Self::Format(value, conversion, spec) => {
                let value = source(value);
                let value = match conversion {
                    ConversionFlag::None => value,
                    ConversionFlag::Str => format!("str({value})"),
                    ConversionFlag::Repr => format!("repr({value})"),
                    ConversionFlag::Ascii => format!("ascii({value})"),
                };
                format!(
                    "format({value}, {})",
                    source(&Const::text(spec.as_str()).unwrap())
                )
            }
            Self::Iterate(value) => format!("list({})", source(value)),
            Self::Method(receiver, name, args, keywords) => {
                format!("{}.{name}({})", source(receiver), arguments(args, keywords))
            }
            Self::Call(path, args, keywords) => format!("{path}({})", arguments(args, keywords)),
            Self::Attribute(path) => (*path).to_owned(),
        }
    }
}

fn arguments(args: &[Const], keywords: &Keywords) -> String {
    let args = args.iter().map(source);
    let keywords = keywords
        .iter()
        .map(|(name, value)| format!("{name}={}", source(value)));
    args.chain(keywords).collect::<Vec<_>>().join(", ")
}

fn type_name(value: &Const) -> &'static str {
    match value {
        Const::None => "None",
        Const::Bool(_) | Const::Int(_) => "int",
        Const::Str(_) => "str",
        Const::Bytes(_) => "bytes",
        Const::ByteArray(_) => "bytearray",
        Const::List(_) => "list",
        Const::Tuple(_) => "tuple",
        Const::Set(_) => "set",
        Const::Dict(_) => "dict",
        Const::View(_) => "view",
    }
}
