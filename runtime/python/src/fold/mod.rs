//! Evaluates operations on Python values that are known exactly: which string does
//! `"".join(map(chr, [101, 118]))` or `base64.b64decode("...")` compute?
//!
//! Every function answers with what CPython 3.11 computes or with `None`: "not known". `None` also covers
//! what raises an exception in Python, depends on the machine or would be large. Values are bounded by
//! [`MAX_LENGTH`] and [`MAX_DEPTH`], and no operation takes more than about linear time in them, so hostile
//! constants cannot make the checker slow.
//!
//! Pure functions of values: no syntax tree, names or state. Objects that Python shares and changes are the
//! caller's business: nothing here changes one. Floats, integers beyond 128 bits and strings with lone
//! surrogates are not represented. Case mapping and normalisation are only known for characters whose
//! properties are the same in all Unicode versions of interest (see `unicode`).

mod ascii85;
mod binary_text;
mod bytes;
mod codecs;
mod containers;
mod format;
mod functions;
mod integers;
mod iterables;
mod library;
mod methods;
mod ops;
mod order;
mod percent;
mod repr;
mod strings;
mod unicode;

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::ops::Deref;
use std::sync::Arc;

use rustpython_parser::ast;

pub(crate) use format::{concat_parts, format_value};
pub(crate) use functions::{attribute, call};
pub(crate) use methods::method;
pub(crate) use ops::{binary, compare, slice, subscript, truth, unary};

/// Bytes of a string, or elements of a container together with what they contain. Names and encoded
/// names are far shorter; what is longer is data.
pub(crate) const MAX_LENGTH: usize = 4096;
/// Levels of containers in containers. Keeps recursion, also on drop, shallow.
pub(crate) const MAX_DEPTH: u8 = 32;

/// A Python value that is known exactly.
///
/// Containers can only be built through the constructors, which check the bounds. The derived comparisons
/// are those of Rust (`True` is not `1`); Python's are in [`compare`].
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Const {
    /// `None`.
    None,
    /// `True` or `False`.
    Bool(bool),
    /// An integer that fits in 128 bits.
    Int(i128),
    /// A string without lone surrogates.
    Str(Arc<str>),
    /// `bytes`.
    Bytes(Arc<[u8]>),
    /// `bytearray`, as it is at this moment.
    ByteArray(Arc<[u8]>),
    /// A list, as it is at this moment.
    List(Bounded<Const>),
    /// A tuple.
    Tuple(Bounded<Const>),
    /// A set: distinct elements in no particular order.
    Set(Bounded<Const>),
    /// A dictionary in insertion order, keys distinct.
    Dict(Bounded<(Const, Const)>),
    /// What an iterator, range or dictionary view yields. It can be iterated and nothing else. An iterator
    /// is exhausted afterwards, which the caller has to account for; containers of them are not represented.
    View(Bounded<Const>),
}

/// A shared sequence whose size was checked when it was built.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Bounded<T> {
    items: Arc<[T]>,
    weight: usize,
    depth: u8,
}

impl<T> Deref for Bounded<T> {
    type Target = [T];

    fn deref(&self) -> &[T] {
        &self.items
    }
}

impl Bounded<Const> {
    fn new(items: Vec<Const>) -> Option<Self> {
        let (weight, depth) = measure(items.iter())?;
        Some(Self {
            items: items.into(),
            weight,
            depth,
        })
    }
}

impl Bounded<(Const, Const)> {
    fn new(items: Vec<(Const, Const)>) -> Option<Self> {
        let (weight, depth) = measure(items.iter().flat_map(|(key, value)| [key, value]))?;
        Some(Self {
            items: items.into(),
            weight,
            depth,
        })
    }
}

/// Weight and depth of a container of these values, if within bounds.
fn measure<'a>(values: impl Iterator<Item = &'a Const>) -> Option<(usize, u8)> {
    let (mut weight, mut depth) = (1_usize, 0);
    for value in values {
        // Whoever takes it out may use it up, and what is left is not what was put in.
        if matches!(value, Const::View(_)) {
            return None;
        }
        weight = weight.checked_add(value.weight())?;
        depth = depth.max(value.depth());
    }
    (weight <= MAX_LENGTH + 1 && depth < MAX_DEPTH).then_some((weight, depth + 1))
}

impl Const {
    /// Whether something in this container can change without the container being touched.
    #[must_use]
    pub(crate) fn holds_changeable(&self) -> bool {
        let changes = |item: &Const| {
            matches!(
                item,
                Self::List(_) | Self::Set(_) | Self::Dict(_) | Self::ByteArray(_)
            ) || item.holds_changeable()
        };
        match self {
            Self::List(items) | Self::Tuple(items) | Self::Set(items) | Self::View(items) => {
                items.iter().any(changes)
            }
            Self::Dict(pairs) => pairs.iter().any(|(_, value)| changes(value)),
            _ => false,
        }
    }

    /// The value of a literal; `None` for floats, large values and strings that may hold surrogates.
    #[must_use]
    pub(crate) fn from_literal(literal: &ast::Constant) -> Option<Self> {
        match literal {
            ast::Constant::None => Some(Self::None),
            ast::Constant::Bool(value) => Some(Self::Bool(*value)),
            ast::Constant::Int(value) => Some(Self::Int(value.try_into().ok()?)),
            // The parser puts the replacement character where an escape names a surrogate.
            ast::Constant::Str(text) if text.contains(char::REPLACEMENT_CHARACTER) => None,
            ast::Constant::Str(text) => Self::text(text.as_str()),
            ast::Constant::Bytes(bytes) => Self::bytes(bytes.as_slice()),
            ast::Constant::Tuple(items) => Self::tuple(
                items
                    .iter()
                    .map(Self::from_literal)
                    .collect::<Option<_>>()?,
            ),
            _ => None,
        }
    }

    /// A string, if within bounds.
    #[must_use]
    pub(crate) fn text(text: impl Into<Arc<str>> + AsRef<str>) -> Option<Self> {
        (text.as_ref().len() <= MAX_LENGTH).then(|| Self::Str(text.into()))
    }

    /// `bytes`, if within bounds.
    #[must_use]
    pub(crate) fn bytes(bytes: impl Into<Arc<[u8]>> + AsRef<[u8]>) -> Option<Self> {
        (bytes.as_ref().len() <= MAX_LENGTH).then(|| Self::Bytes(bytes.into()))
    }

    /// `bytearray`, if within bounds.
    #[must_use]
    pub(crate) fn bytearray(bytes: impl Into<Arc<[u8]>> + AsRef<[u8]>) -> Option<Self> {
        (bytes.as_ref().len() <= MAX_LENGTH).then(|| Self::ByteArray(bytes.into()))
    }

    /// A list, if within bounds.
    #[must_use]
    pub(crate) fn list(items: Vec<Self>) -> Option<Self> {
        Bounded::<Self>::new(items).map(Self::List)
    }

    /// A tuple, if within bounds.
    #[must_use]
    pub(crate) fn tuple(items: Vec<Self>) -> Option<Self> {
        Bounded::<Self>::new(items).map(Self::Tuple)
    }

    /// A set of the distinct ones of these values, if they are hashable and within bounds.
    #[must_use]
    pub(crate) fn set(items: Vec<Self>) -> Option<Self> {
        let mut distinct = BTreeMap::new();
        for item in items {
            distinct.entry(order::key(&item)?).or_insert(item);
        }
        Bounded::<Self>::new(distinct.into_values().collect()).map(Self::Set)
    }

    /// A dictionary, if its keys are hashable and it is within bounds. A repeated key keeps its place and
    /// gets the later value, as in Python.
    #[must_use]
    pub(crate) fn dict(pairs: Vec<(Self, Self)>) -> Option<Self> {
        let mut places = BTreeMap::new();
        let mut entries: Vec<(Self, Self)> = Vec::new();
        for (key, value) in pairs {
            let place = *places.entry(order::key(&key)?).or_insert(entries.len());
            match entries.get_mut(place) {
                Some((_, old)) => *old = value,
                None => entries.push((key, value)),
            }
        }
        Bounded::<(Self, Self)>::new(entries).map(Self::Dict)
    }

    /// What an iterator yields, if within bounds.
    #[must_use]
    pub(crate) fn view(items: Vec<Self>) -> Option<Self> {
        Bounded::<Self>::new(items).map(Self::View)
    }

    /// The string, if it is one.
    #[must_use]
    pub(crate) fn is_container(&self) -> bool {
        matches!(
            self,
            Self::List(_) | Self::Tuple(_) | Self::Set(_) | Self::Dict(_) | Self::View(_)
        )
    }

    /// The text of a string.
    pub(crate) fn as_str(&self) -> Option<&str> {
        match self {
            Self::Str(text) => Some(text),
            _ => None,
        }
    }

    /// The bytes of `bytes` and `bytearray`.
    #[must_use]
    pub(crate) fn as_bytes(&self) -> Option<&[u8]> {
        match self {
            Self::Bytes(bytes) | Self::ByteArray(bytes) => Some(bytes),
            _ => None,
        }
    }

    /// The value of an integer or boolean.
    #[must_use]
    pub(crate) fn as_int(&self) -> Option<i128> {
        match self {
            Self::Int(value) => Some(*value),
            Self::Bool(value) => Some(i128::from(*value)),
            _ => None,
        }
    }

    /// An integer where CPython takes a size; others raise an exception.
    fn as_size(&self) -> Option<i128> {
        self.as_int().filter(|value| i64::try_from(*value).is_ok())
    }

    /// An integer where CPython takes a C `int`.
    fn as_c_int(&self) -> Option<i128> {
        self.as_int().filter(|value| i32::try_from(*value).is_ok())
    }

    fn weight(&self) -> usize {
        match self {
            Self::None | Self::Bool(_) | Self::Int(_) => 1,
            Self::Str(text) => text.len().max(1),
            Self::Bytes(bytes) | Self::ByteArray(bytes) => bytes.len().max(1),
            Self::List(items) | Self::Tuple(items) | Self::Set(items) | Self::View(items) => {
                items.weight
            }
            Self::Dict(pairs) => pairs.weight,
        }
    }

    fn depth(&self) -> u8 {
        match self {
            Self::List(items) | Self::Tuple(items) | Self::Set(items) | Self::View(items) => {
                items.depth
            }
            Self::Dict(pairs) => pairs.depth,
            _ => 0,
        }
    }

    /// Whether the value is small enough to compute with. Containers always are; strings can be built
    /// without a constructor.
    fn fits(&self) -> bool {
        self.weight() <= MAX_LENGTH + 1
    }
}

impl From<bool> for Const {
    fn from(value: bool) -> Self {
        Self::Bool(value)
    }
}

impl From<i128> for Const {
    fn from(value: i128) -> Self {
        Self::Int(value)
    }
}

/// The elements in the order in which a `for` loop sees them. A set has no known order unless it has at
/// most one element.
#[must_use]
pub(crate) fn iterate(value: &Const) -> Option<Vec<Const>> {
    if !value.fits() {
        return None;
    }
    match value {
        Const::Str(text) => text
            .chars()
            .map(|c| Const::text(c.encode_utf8(&mut [0; 4]) as &str))
            .collect(),
        Const::Bytes(bytes) | Const::ByteArray(bytes) => Some(
            bytes
                .iter()
                .map(|byte| Const::Int((*byte).into()))
                .collect(),
        ),
        Const::List(items) | Const::Tuple(items) | Const::View(items) => Some(items.to_vec()),
        Const::Set(items) => (items.len() <= 1).then(|| items.to_vec()),
        Const::Dict(pairs) => Some(pairs.iter().map(|(key, _)| key.clone()).collect()),
        Const::None | Const::Bool(_) | Const::Int(_) => None,
    }
}

/// Arguments of a call.
#[derive(Debug, Clone, Copy)]
struct Args<'a> {
    positional: &'a [Const],
    keywords: &'a [(&'a str, Const)],
}

impl<'a> Args<'a> {
    fn fit(&self) -> bool {
        self.positional.iter().all(Const::fits) && self.keywords.iter().all(|(_, v)| v.fits())
    }

    /// Exactly `N` positional arguments.
    fn exactly<const N: usize>(&self) -> Option<&'a [Const; N]> {
        self.keywords.is_empty().then_some(())?;
        self.positional.try_into().ok()
    }

    /// Arguments by parameter. A parameter without a name is positional-only, one that begins with `*` is
    /// keyword-only.
    fn bind<const N: usize>(&self, parameters: [&str; N]) -> Option<[Option<&'a Const>; N]> {
        let mut bound = [None; N];
        for (index, value) in self.positional.iter().enumerate() {
            if parameters.get(index)?.starts_with('*') {
                return None;
            }
            *bound.get_mut(index)? = Some(value);
        }
        for (name, value) in self.keywords {
            let index = parameters.iter().position(|parameter| {
                !name.is_empty() && parameter.strip_prefix('*').unwrap_or(parameter) == *name
            })?;
            let place = bound.get_mut(index)?;
            if place.replace(value).is_some() {
                return None;
            }
        }
        Some(bound)
    }
}

/// The argument unless it is absent or `None`.
fn given(argument: Option<&Const>) -> Option<&Const> {
    argument.filter(|value| **value != Const::None)
}
