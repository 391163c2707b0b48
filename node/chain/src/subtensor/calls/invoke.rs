//! Calls as data: which of them a runtime has, and their arguments by name.

use subxt::client::{ClientAtBlock, OfflineClientAtBlockT};
use subxt::config::SubstrateConfig;
use subxt::dynamic::{self, Value};
use subxt::ext::scale_value::Composite;
use subxt::transactions::DynamicPayload;

use crate::subtensor::fault::Fault;
use crate::subtensor::read::{PALLET, unsupported};

/// A call with all arguments that any runtime's form of it has.
pub(super) type Payload = DynamicPayload<Composite<()>>;

/// The first of some names that the runtime has a call of; each names a form of the same call.
pub(super) fn first_known<'a, C>(
    at: &ClientAtBlock<SubstrateConfig, C>,
    names: &[&'a str],
) -> Result<&'a str, Fault>
where
    C: OfflineClientAtBlockT<SubstrateConfig>,
{
    let metadata = at.metadata_ref();
    let pallet = metadata.pallet_by_name(PALLET);
    let known = |name: &&&str| pallet.is_some_and(|p| p.call_variant_by_name(name).is_some());
    let found = names.iter().find(known).copied();
    found.ok_or_else(|| unsupported(at, format!("call {PALLET}.{}", names.join(" or "))))
}

/// A call of pallet SubtensorModule. Arguments that this runtime's form of the call doesn't have
/// are left out; one that it wants and isn't here is an error.
pub(super) fn payload<C>(
    at: &ClientAtBlock<SubstrateConfig, C>,
    name: &str,
    arguments: &[(&str, Value)],
) -> Result<Payload, Fault>
where
    C: OfflineClientAtBlockT<SubstrateConfig>,
{
    let metadata = at.metadata_ref();
    let variant = metadata
        .pallet_by_name(PALLET)
        .and_then(|pallet| pallet.call_variant_by_name(name))
        .ok_or_else(|| unsupported(at, format!("call {PALLET}.{name}")))?;
    let mut known = Vec::with_capacity(arguments.len());
    for field in &variant.fields {
        let field = field.name.as_deref().unwrap_or_default();
        let argument = arguments.iter().find(|(argument, _)| *argument == field);
        let (_, value) = argument.ok_or_else(|| {
            unsupported(at, format!("call {name} without the argument {field:?}"))
        })?;
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::ChainError;
    use crate::subtensor::testkit::offline;

    fn bytes(call: &str, arguments: &[(&str, Value)]) -> String {
        let at = offline();
        let payload = payload(&at, call, arguments).unwrap();
        hex::encode(at.transactions().call_data(&payload).unwrap())
    }

    /// Call bytes by another implementation of SCALE.
    #[test]
    fn calls_have_the_bytes_of_the_real_chain() {
        let weights = [
            ("netuid", number(1u16)),
            ("mecid", number(0u8)),
            ("dests", numbers([2, 3])),
            ("weights", numbers([21_845, 65_535])),
            ("version_key", number(0u64)),
        ];
        assert_eq!(
            bytes("set_weights", &weights),
            "070001000802000300085555ffff0000000000000000"
        );
        assert_eq!(
            bytes("set_mechanism_weights", &weights),
            "07770100000802000300085555ffff0000000000000000"
        );
        let commit = [
            ("netuid", number(1u16)),
            ("mecid", number(0u8)),
            ("commit", Value::from_bytes([0xaa, 0xbb, 0xcc])),
            ("reveal_round", number(1_000u64)),
            ("commit_reveal_version", number(4u16)),
        ];
        assert_eq!(
            bytes("commit_timelocked_mechanism_weights", &commit),
            "07760100000caabbcce8030000000000000400"
        );
        let commit = [
            ("netuid", number(1u16)),
            ("mecid", number(0u8)),
            ("commit_hash", Value::from_bytes([7; 32])),
        ];
        assert_eq!(
            bytes("commit_mechanism_weights", &commit),
            format!("0773010000{}", "07".repeat(32))
        );
        let one = [("netuid", number(1u16)), ("commit", Value::from_bytes([9]))];
        let rest = [
            ("reveal_round", number(1u64)),
            ("commit_reveal_version", number(4u16)),
        ];
        assert_eq!(
            bytes("commit_timelocked_weights", &[one, rest].concat()),
            "07710100040901000000000000000400"
        );
    }

    #[test]
    fn lists_of_one_and_of_none_are_lists() {
        let weights = |uids: &[u16]| {
            [
                ("netuid", number(1u16)),
                ("dests", numbers(uids.iter().copied())),
                ("weights", numbers(uids.iter().copied())),
                ("version_key", number(0u64)),
            ]
        };
        assert_eq!(
            bytes("set_weights", &weights(&[5])),
            "07000100040500040500".to_owned() + "0000000000000000"
        );
        assert_eq!(
            bytes("set_weights", &weights(&[])),
            "070001000000".to_owned() + "0000000000000000"
        );
    }

    #[test]
    fn a_runtime_that_lacks_a_call_or_wants_more_is_named() {
        let at = offline();
        let known = first_known(&at, &["set_finer_weights", "set_weights"]);
        assert_eq!(known.unwrap(), "set_weights");
        let unknown = first_known(&at, &["set_finer_weights"]);
        let Err(Fault::Chain(ChainError::Unsupported { what, .. })) = unknown else {
            panic!("{unknown:?}");
        };
        assert_eq!(what, "call SubtensorModule.set_finer_weights");
        let short = payload(&at, "set_weights", &[("netuid", number(1u16))]);
        let Err(Fault::Chain(ChainError::Unsupported { what, .. })) = short else {
            panic!("{short:?}");
        };
        assert_eq!(what, "call set_weights without the argument \"dests\"");
    }
}
