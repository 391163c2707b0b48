//! Calls as data: which of them a runtime has, and their arguments by name.

use subxt::dynamic::{self, Value};
use subxt::ext::scale_value::Composite;
use subxt::transactions::DynamicPayload;

use super::read::missing;
use super::{AtBlock, PALLET};
use crate::subtensor::fault::Fault;

/// A call with all arguments that any runtime's form of it has.
pub(super) type Payload = DynamicPayload<Composite<()>>;

/// The first of some names that the runtime has a call of; each names a form of the same call.
pub(super) fn first_known<'a>(at: &AtBlock, names: &[&'a str]) -> Result<&'a str, Fault> {
    let metadata = at.metadata_ref();
    let pallet = metadata.pallet_by_name(PALLET);
    let known = |name: &&&str| pallet.is_some_and(|p| p.call_variant_by_name(name).is_some());
    let found = names.iter().find(known).copied();
    found.ok_or_else(|| missing(at, format!("call {PALLET}.{}", names.join(" or "))))
}

/// A call of pallet SubtensorModule. Arguments that this runtime's form of the call doesn't have
/// are left out; one that it wants and isn't here is an error.
pub(super) fn payload(
    at: &AtBlock,
    name: &str,
    arguments: &[(&str, Value)],
) -> Result<Payload, Fault> {
    let metadata = at.metadata_ref();
    let variant = metadata
        .pallet_by_name(PALLET)
        .and_then(|pallet| pallet.call_variant_by_name(name))
        .ok_or_else(|| missing(at, format!("call {PALLET}.{name}")))?;
    let mut known = Vec::with_capacity(arguments.len());
    for field in &variant.fields {
        let field = field.name.as_deref().unwrap_or_default();
        let argument = arguments.iter().find(|(argument, _)| *argument == field);
        let (_, value) = argument
            .ok_or_else(|| missing(at, format!("call {name} without the argument {field:?}")))?;
        known.push((field.to_owned(), value.clone()));
    }
    Ok(dynamic::transaction(
        PALLET.to_owned(),
        name.to_owned(),
        Composite::named(known),
    ))
}

/// A number as an argument.
pub(super) fn number(value: impl Into<u128>) -> Value {
    Value::u128(value.into())
}

/// A list of numbers as an argument.
pub(super) fn numbers(values: impl IntoIterator<Item = u16>) -> Value {
    Value::unnamed_composite(values.into_iter().map(number))
}
