//! Metadata of the chain in the versions 14 and 15: put together from the types, storage items
//! and calls that the chain itself uses, with the paths that clients look for.

use std::collections::BTreeSet;
use std::ops::Range;

use frame_metadata::{META_RESERVED, RuntimeMetadata, RuntimeMetadataPrefixed, v14, v15};
use parity_scale_codec::{Compact, Encode};
use scale_info::form::{MetaForm, PortableForm};
use scale_info::{MetaType, PortableRegistry, TypeDef, TypeInfo, Variant, meta_type};

use crate::limits::BLOCK_HASHES;
use crate::pallets::{
    RuntimeCall, RuntimeError, RuntimeEvent, balances, drand, subtensor, system, timestamp,
};
use crate::runtime::RuntimeVersion;
use crate::runtime_api;
use crate::types::{AccountId32, Era, H256, MultiAddress, MultiSignature, TaoBalance};

/// Versions of the metadata that can be asked for.
pub const VERSIONS: [u32; 2] = [14, 15];

/// Version of extrinsics.
pub const EXTRINSIC_VERSION: u8 = 4;

/// Why metadata can't be served.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MetadataError {
    /// Not metadata.
    #[error("expected metadata, which begins with `meta` and a version, got {0:?}")]
    Beginning(Vec<u8>),
    /// There is some already.
    #[error("other metadata is served already")]
    Twice,
}

/// The runtime as a type; it has nothing.
#[derive(TypeInfo)]
struct Runtime;

/// How extrinsics name their signer.
type Address = MultiAddress<AccountId32>;

/// An extrinsic of this chain as a type.
pub type OpaqueExtrinsic = SelfContainedExtrinsic<Address, RuntimeCall, MultiSignature, Extra>;

/// The real runtime's extrinsics may carry the transactions of another machine; no call of this
/// chain does.
#[derive(TypeInfo)]
pub struct SelfContainedExtrinsic<Address, Call, Signature, Extra>(
    pub UncheckedExtrinsic<Address, Call, Signature, Extra>,
);

/// An extrinsic as a type, whose parameters clients look for.
#[derive(TypeInfo)]
pub struct UncheckedExtrinsic<Address, Call, Signature, Extra>(
    pub Vec<u8>,
    pub std::marker::PhantomData<(Address, Call, Signature, Extra)>,
);

/// An extension that puts nothing into the extrinsic.
#[derive(TypeInfo)]
struct Nothing;

/// `CheckMortality`.
#[derive(TypeInfo)]
pub struct CheckMortality(pub Era);

/// `CheckNonce`.
#[derive(TypeInfo)]
pub struct CheckNonce(pub Compact<u32>);

/// `ChargeTransactionPayment`, with the tip.
#[derive(TypeInfo)]
pub struct ChargeTransactionPayment(pub Compact<TaoBalance>);

/// Whether a hash of the metadata is signed too.
#[derive(TypeInfo)]
pub enum Mode {
    /// It isn't.
    Disabled,
    /// It is; this chain refuses that.
    Enabled,
}

/// `CheckMetadataHash`.
#[derive(TypeInfo)]
pub struct CheckMetadataHash {
    /// Whether it is.
    pub mode: Mode,
}

/// The metadata in one of [`VERSIONS`], as bytes that begin with its magic number.
pub fn encoded(version: u32, runtime: RuntimeVersion) -> Option<Vec<u8>> {
    let mut metadata = match version {
        14 => RuntimeMetadata::V14(version_14(runtime)),
        15 => RuntimeMetadata::V15(version_15(runtime)),
        _ => return None,
    };
    match &mut metadata {
        RuntimeMetadata::V14(metadata) => finish(&mut metadata.types, runtime),
        RuntimeMetadata::V15(metadata) => finish(&mut metadata.types, runtime),
        _ => {}
    }
    Some(RuntimeMetadataPrefixed(META_RESERVED, metadata).encode())
}

/// The version of encoded metadata.
pub(crate) fn version_of(encoded: &[u8]) -> Result<u32, MetadataError> {
    let beginning = || encoded.iter().take(5).copied().collect();
    match encoded.strip_prefix(&META_RESERVED.to_le_bytes()) {
        Some([version, ..]) => Ok(u32::from(*version)),
        _ => Err(MetadataError::Beginning(beginning())),
    }
}

fn version_15(runtime: RuntimeVersion) -> v15::RuntimeMetadataV15 {
    let extensions = extensions().into_iter();
    let signed_extensions = extensions
        .map(
            |(identifier, ty, additional_signed)| v15::SignedExtensionMetadata {
                identifier,
                ty,
                additional_signed,
            },
        )
        .collect();
    v15::RuntimeMetadataV15::new(
        pallets(runtime)
            .into_iter()
            .map(Pallet::version_15)
            .collect(),
        v15::ExtrinsicMetadata {
            version: EXTRINSIC_VERSION,
            address_ty: meta_type::<Address>(),
            call_ty: meta_type::<RuntimeCall>(),
            signature_ty: meta_type::<MultiSignature>(),
            extra_ty: meta_type::<Extra>(),
            signed_extensions,
        },
        meta_type::<Runtime>(),
        runtime_api::metadata(runtime),
        v15::OuterEnums {
            call_enum_ty: meta_type::<RuntimeCall>(),
            event_enum_ty: meta_type::<RuntimeEvent>(),
            error_enum_ty: meta_type::<RuntimeError>(),
        },
        v15::CustomMetadata {
            map: std::collections::BTreeMap::new(),
        },
    )
}

fn version_14(runtime: RuntimeVersion) -> v14::RuntimeMetadataV14 {
    let extensions = extensions().into_iter();
    let signed_extensions = extensions
        .map(
            |(identifier, ty, additional_signed)| v14::SignedExtensionMetadata {
                identifier,
                ty,
                additional_signed,
            },
        )
        .collect();
    v14::RuntimeMetadataV14::new(
        pallets(runtime)
            .into_iter()
            .map(Pallet::version_14)
            .collect(),
        v14::ExtrinsicMetadata {
            ty: meta_type::<OpaqueExtrinsic>(),
            version: EXTRINSIC_VERSION,
            signed_extensions,
        },
        meta_type::<Runtime>(),
    )
}

/// What all extensions together put into an extrinsic.
pub type Extra = (
    CheckMortality,
    CheckNonce,
    ChargeTransactionPayment,
    CheckMetadataHash,
);

/// The extensions in their order: name, what they put into the extrinsic, what is signed beside.
fn extensions() -> Vec<(&'static str, MetaType, MetaType)> {
    let nothing = meta_type::<Nothing>;
    let unit = meta_type::<()>;
    vec![
        ("CheckNonZeroSender", nothing(), unit()),
        ("CheckSpecVersion", nothing(), meta_type::<u32>()),
        ("CheckTxVersion", nothing(), meta_type::<u32>()),
        ("CheckGenesis", nothing(), meta_type::<H256>()),
        (
            "CheckMortality",
            meta_type::<CheckMortality>(),
            meta_type::<H256>(),
        ),
        ("CheckNonce", meta_type::<CheckNonce>(), unit()),
        ("CheckWeight", nothing(), unit()),
        (
            "ChargeTransactionPayment",
            meta_type::<ChargeTransactionPayment>(),
            unit(),
        ),
        ("SudoTransactionExtension", nothing(), unit()),
        ("CheckShieldedTxValidity", nothing(), unit()),
        ("SubtensorTransactionExtension", nothing(), unit()),
        ("DrandPriority", nothing(), unit()),
        (
            "CheckMetadataHash",
            meta_type::<CheckMetadataHash>(),
            meta_type::<Option<[u8; 32]>>(),
        ),
    ]
}

/// Storage that a runtime with legacy epochs doesn't have.
const STATEFUL_EPOCHS: [&str; 3] = ["LastEpochBlock", "PendingEpochAt", "SubnetEpochIndex"];

/// A pallet in either version.
struct Pallet {
    name: &'static str,
    index: u8,
    storage: Vec<v14::StorageEntryMetadata<MetaForm>>,
    calls: Option<MetaType>,
    event: Option<MetaType>,
    error: Option<MetaType>,
    constants: Vec<v14::PalletConstantMetadata<MetaForm>>,
}

fn pallets(runtime: RuntimeVersion) -> Vec<Pallet> {
    let mut subtensor_storage = subtensor::storage::entries();
    if runtime.legacy_epochs {
        subtensor_storage.retain(|entry| !STATEFUL_EPOCHS.contains(&entry.name));
    }
    let plain = |name, index, storage| Pallet {
        name,
        index,
        storage,
        calls: None,
        event: None,
        error: None,
        constants: Vec::new(),
    };
    vec![
        Pallet {
            event: Some(meta_type::<system::Event>()),
            constants: vec![
                constant("BlockHashCount", &(BLOCK_HASHES as u32)),
                constant("SS58Prefix", &u16::from(crate::address::SS58_PREFIX)),
            ],
            ..plain("System", 0, system::entries())
        },
        Pallet {
            calls: Some(meta_type::<timestamp::Call>()),
            ..plain("Timestamp", 2, timestamp::entries())
        },
        Pallet {
            constants: vec![constant("ExistentialDeposit", &TaoBalance(500))],
            ..plain("Balances", 5, balances::entries())
        },
        Pallet {
            calls: Some(meta_type::<subtensor::calls::Call>()),
            event: Some(meta_type::<subtensor::events::Event>()),
            error: Some(meta_type::<subtensor::errors::Error>()),
            ..plain(
                "SubtensorModule",
                subtensor::errors::PALLET_INDEX,
                subtensor_storage,
            )
        },
        Pallet {
            event: Some(meta_type::<drand::Event>()),
            ..plain("Drand", 26, drand::entries())
        },
    ]
}

fn constant<T: Encode + TypeInfo + 'static>(
    name: &'static str,
    value: &T,
) -> v14::PalletConstantMetadata<MetaForm> {
    v14::PalletConstantMetadata {
        name,
        ty: meta_type::<T>(),
        value: value.encode(),
        docs: Vec::new(),
    }
}

impl Pallet {
    fn version_14(self) -> v14::PalletMetadata<MetaForm> {
        v14::PalletMetadata {
            name: self.name,
            storage: Some(v14::PalletStorageMetadata {
                prefix: self.name,
                entries: self.storage,
            }),
            calls: self.calls.map(|ty| v14::PalletCallMetadata { ty }),
            event: self.event.map(|ty| v14::PalletEventMetadata { ty }),
            constants: self.constants,
            error: self.error.map(|ty| v14::PalletErrorMetadata { ty }),
            index: self.index,
        }
    }

    fn version_15(self) -> v15::PalletMetadata<MetaForm> {
        let pallet = self.version_14();
        v15::PalletMetadata {
            name: pallet.name,
            storage: pallet.storage,
            calls: pallet.calls,
            event: pallet.event,
            constants: pallet.constants,
            error: pallet.error,
            index: pallet.index,
            docs: Vec::new(),
        }
    }
}

/// Gives types the paths of the real runtime and moves what an upgrade has moved.
fn finish(types: &mut PortableRegistry, runtime: RuntimeVersion) {
    for portable in &mut types.types {
        let path = portable.ty.path.segments.join("::");
        let shift = match path.as_str() {
            SUBTENSOR_CALL => runtime.call_shift,
            SUBTENSOR_ERROR => runtime.error_shift,
            _ => 0,
        };
        if let TypeDef::Variant(variants) = &mut portable.ty.type_def {
            for variant in &mut variants.variants {
                variant.index = variant.index.wrapping_add(shift);
            }
            // Some clients take an error's number for its position, so errors have no gaps.
            let last_error = variants.variants.iter().map(|error| error.index).max();
            let end = match path.as_str() {
                SUBTENSOR_ERROR => last_error.unwrap_or(shift),
                _ => shift,
            };
            fill(&mut variants.variants, 0..end);
            if path == ERA {
                number_eras(variants);
            }
        }
        if let Some(real) = real_path(&path) {
            portable.ty.path.segments = real.split("::").map(str::to_owned).collect();
        }
    }
}

const SUBTENSOR_CALL: &str = "assay_dev_chain::pallets::subtensor::calls::Call";
const SUBTENSOR_ERROR: &str = "assay_dev_chain::pallets::subtensor::errors::Error";
const ERA: &str = "sp_runtime::generic::era::Era";

/// Puts a variant that nobody uses at every free one of these numbers, and sorts all by number.
fn fill(variants: &mut Vec<Variant<PortableForm>>, numbers: Range<u8>) {
    let taken: BTreeSet<u8> = variants.iter().map(|variant| variant.index).collect();
    let free = numbers.filter(|index| !taken.contains(index));
    variants.extend(free.map(|index| Variant {
        name: format!("Reserved{index}"),
        fields: Vec::new(),
        index,
        docs: Vec::new(),
    }));
    variants.sort_by_key(|variant| variant.index);
}

/// `Mortal1` to `Mortal255`, by which clients know the first byte of an era.
fn number_eras(variants: &mut scale_info::TypeDefVariant<PortableForm>) {
    for variant in &mut variants.variants {
        if variant.index > 0 {
            variant.name = format!("Mortal{}", variant.index);
        }
    }
}

/// Where the real runtime has a type; only of those that clients look for.
fn real_path(path: &str) -> Option<&'static str> {
    let real = match path.strip_prefix("assay_dev_chain::")? {
        "types::H256" => "primitive_types::H256",
        "types::Cow" => "Cow",
        "types::PerU16" => "sp_arithmetic::per_things::PerU16",
        "types::AccountId32" => "sp_core::crypto::AccountId32",
        "types::MultiAddress" => "sp_runtime::multiaddress::MultiAddress",
        "types::MultiSignature" => "sp_runtime::MultiSignature",
        "types::NetUid" => "subtensor_runtime_common::NetUid",
        "types::MechId" => "subtensor_runtime_common::MechId",
        "types::NetUidStorageIndex" => "subtensor_runtime_common::NetUidStorageIndex",
        "types::TaoBalance" => "subtensor_runtime_common::currency::TaoBalance",
        "types::AlphaBalance" => "subtensor_runtime_common::currency::AlphaBalance",
        "pallets::RuntimeCall" => "node_subtensor_runtime::RuntimeCall",
        "pallets::RuntimeEvent" => "node_subtensor_runtime::RuntimeEvent",
        "pallets::RuntimeError" => "node_subtensor_runtime::RuntimeError",
        "pallets::system::AccountInfo" => "frame_system::AccountInfo",
        "pallets::system::AccountData" => "pallet_balances::types::AccountData",
        "pallets::system::ExtraFlags" => "pallet_balances::types::ExtraFlags",
        "pallets::system::Phase" => "frame_system::Phase",
        "pallets::system::EventRecord" => "frame_system::EventRecord",
        "pallets::system::Event" => "frame_system::pallet::Event",
        "pallets::system::DispatchEventInfo" => "frame_system::DispatchEventInfo",
        "pallets::system::DispatchError" => "sp_runtime::DispatchError",
        "pallets::system::ModuleError" => "sp_runtime::ModuleError",
        "pallets::system::Weight" => "sp_weights::weight_v2::Weight",
        "pallets::system::DispatchClass" => "frame_support::dispatch::DispatchClass",
        "pallets::system::Pays" => "frame_support::dispatch::Pays",
        "pallets::timestamp::Call" => "pallet_timestamp::pallet::Call",
        "pallets::drand::Event" => "pallet_drand::pallet::Event",
        "pallets::subtensor::calls::Call" => "pallet_subtensor::pallet::Call",
        "pallets::subtensor::events::Event" => "pallet_subtensor::pallet::Event",
        "pallets::subtensor::errors::Error" => "pallet_subtensor::pallet::Error",
        "metadata::CheckMortality" => "frame_system::extensions::check_mortality::CheckMortality",
        "metadata::CheckNonce" => "frame_system::extensions::check_nonce::CheckNonce",
        "metadata::SelfContainedExtrinsic" => {
            "fp_self_contained::unchecked_extrinsic::UncheckedExtrinsic"
        }
        "metadata::UncheckedExtrinsic" => {
            "sp_runtime::generic::unchecked_extrinsic::UncheckedExtrinsic"
        }
        _ => return None,
    };
    Some(real)
}

#[cfg(test)]
mod tests {
    use super::*;
    use frame_metadata::v14::StorageEntryType;
    use parity_scale_codec::Decode;

    fn decoded(version: u32, runtime: RuntimeVersion) -> RuntimeMetadata {
        let bytes = encoded(version, runtime).unwrap();
        RuntimeMetadataPrefixed::decode(&mut &bytes[..]).unwrap().1
    }

    fn version_15_of(runtime: RuntimeVersion) -> v15::RuntimeMetadataV15 {
        match decoded(15, runtime) {
            RuntimeMetadata::V15(metadata) => metadata,
            _ => panic!("not version 15"),
        }
    }

    fn number_of(metadata: &v15::RuntimeMetadataV15, ty: u32, name: &str) -> u8 {
        let TypeDef::Variant(variants) = &metadata.types.resolve(ty).unwrap().type_def else {
            panic!("no enum");
        };
        let found = variants
            .variants
            .iter()
            .find(|variant| variant.name == name);
        found.unwrap().index
    }

    #[test]
    fn an_upgrade_moves_calls_and_errors_and_nothing_else() {
        let first = RuntimeVersion::default();
        let numbers = |runtime| {
            let metadata = version_15_of(runtime);
            let pallet = metadata
                .pallets
                .iter()
                .find(|pallet| pallet.name == "SubtensorModule")
                .unwrap();
            (
                number_of(
                    &metadata,
                    pallet.calls.clone().unwrap().ty.id,
                    "set_weights",
                ),
                number_of(
                    &metadata,
                    pallet.error.clone().unwrap().ty.id,
                    "CommitRevealEnabled",
                ),
                number_of(&metadata, pallet.event.clone().unwrap().ty.id, "WeightsSet"),
            )
        };
        assert_eq!(numbers(first), (0, 53, 5));
        assert_eq!(numbers(first.upgraded(3, 9)), (3, 62, 5));
    }

    #[test]
    fn an_old_runtime_does_not_say_when_epochs_begin() {
        let has_epochs = |runtime| {
            let metadata = version_15_of(runtime);
            let mut pallets = metadata.pallets.iter();
            let pallet = pallets.find(|pallet| pallet.name == "SubtensorModule");
            let storage = pallet.unwrap().storage.as_ref().unwrap();
            let mut methods = metadata.apis.iter().flat_map(|api| &api.methods);
            (
                storage.entries.iter().any(|e| e.name == "LastEpochBlock"),
                methods.any(|method| method.name == "get_next_epoch_start_block"),
            )
        };
        assert_eq!(has_epochs(RuntimeVersion::default()), (true, true));
        assert_eq!(has_epochs(RuntimeVersion::legacy()), (false, false));
    }

    #[test]
    fn version_14_names_what_clients_of_it_look_for() {
        let RuntimeMetadata::V14(metadata) = decoded(14, RuntimeVersion::default()) else {
            panic!("not version 14");
        };
        let extrinsic = metadata.types.resolve(metadata.extrinsic.ty.id).unwrap();
        let names: Vec<&str> = extrinsic
            .type_params
            .iter()
            .map(|param| param.name.as_str())
            .collect();
        assert_eq!(names, ["Address", "Call", "Signature", "Extra"]);
        assert_eq!(metadata.extrinsic.signed_extensions.len(), 13);
    }

    #[test]
    fn no_version_is_made_up() {
        assert_eq!(encoded(13, RuntimeVersion::default()), None);
        assert_eq!(encoded(u32::MAX, RuntimeVersion::default()), None);
    }

    #[test]
    fn every_map_has_a_hasher_for_each_part_of_its_key() {
        let metadata = version_15_of(RuntimeVersion::default());
        for pallet in &metadata.pallets {
            for entry in &pallet.storage.as_ref().unwrap().entries {
                let StorageEntryType::Map { hashers, key, .. } = &entry.ty else {
                    continue;
                };
                let parts = match &metadata.types.resolve(key.id).unwrap().type_def {
                    TypeDef::Tuple(tuple) => tuple.fields.len(),
                    _ => 1,
                };
                assert_eq!(hashers.len(), parts, "{}", entry.name);
            }
        }
    }
}
