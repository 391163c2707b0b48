//! Finds the evaluator of a method.

use super::{Args, Const, bytes, containers, integers};

/// `receiver.name(*args, **kwargs)` of methods that leave the receiver as it is.
#[must_use]
pub(crate) fn method(
    receiver: &Const,
    name: &str,
    args: &[Const],
    kwargs: &[(&str, Const)],
) -> Option<Const> {
    let args = Args {
        positional: args,
        keywords: kwargs,
    };
    if !receiver.fits() || !args.fit() {
        return None;
    }
    if name.starts_with("__") {
        return containers::special(receiver, name, args);
    }
    match receiver {
        Const::Str(text) => bytes::str_method(text, receiver, name, args),
        Const::Bytes(data) | Const::ByteArray(data) => {
            bytes::bytes_method(data, receiver, name, args)
        }
        Const::Int(value) => integers::method(*value, name, args),
        // `bool` makes a boolean of them.
        Const::Bool(_) if name == "from_bytes" => None,
        Const::Bool(value) => integers::method((*value).into(), name, args),
        Const::List(_) | Const::Tuple(_) | Const::Set(_) | Const::Dict(_) => {
            containers::method(receiver, name, args)
        }
        Const::None | Const::View(_) => None,
    }
}
