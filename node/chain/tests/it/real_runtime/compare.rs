//! Whether all that the development chain's metadata has is in other metadata too: the same names,
//! numbers, hashers and types, down to the last field.

use std::collections::BTreeSet;
use std::fmt::Debug;

use frame_metadata::v15::{
    PalletMetadata, RuntimeApiMethodMetadata, RuntimeMetadataV15, StorageEntryMetadata,
    StorageEntryType,
};
use frame_metadata::{RuntimeMetadata, RuntimeMetadataPrefixed};
use parity_scale_codec::Decode;
use scale_info::form::PortableForm;
use scale_info::{Field, TypeDef, Variant};

use assay_dev_chain::metadata;
use assay_dev_chain::runtime::RuntimeVersion;

/// Errors with this name fill gaps between the real ones.
const FILLER: &str = "Reserved";

/// Two runtimes' metadata.
pub struct Comparison {
    ours: RuntimeMetadataV15,
    real: RuntimeMetadataV15,
    /// Pairs of types with fields that have been looked at.
    seen: BTreeSet<(u32, u32)>,
    /// Pairs of types to be looked at, with where they stand.
    todo: Vec<(u32, u32, String)>,
    differences: Vec<String>,
}

impl Comparison {
    /// The development chain's first runtime beside this one, encoded.
    pub fn with(real: &[u8]) -> Comparison {
        let ours = metadata::encoded(15, RuntimeVersion::default()).unwrap();
        Comparison {
            ours: decoded(&ours),
            real: decoded(real),
            seen: BTreeSet::new(),
            todo: Vec::new(),
            differences: Vec::new(),
        }
    }

    /// What differs, each with its place.
    pub fn differences(mut self) -> Vec<String> {
        let (ours, real) = (self.ours.clone(), self.real.clone());
        self.extrinsic(&ours, &real);
        for pallet in &ours.pallets {
            let name = &pallet.name;
            if let Some(real) = self.find(name, &real.pallets, |real| real.name == *name) {
                self.pallet(pallet, real);
            }
        }
        for api in &ours.apis {
            let name = &api.name;
            let Some(real) = self.find(name, &real.apis, |real| real.name == *name) else {
                continue;
            };
            for method in &api.methods {
                let at = format!("{name}.{}", method.name);
                let real = self.find(&at, &real.methods, |real| real.name == method.name);
                if let Some(real) = real {
                    self.method(&at, method, real);
                }
            }
        }
        while let Some((ours, real, at)) = self.todo.pop() {
            self.types(ours, real, &at);
        }
        self.differences
    }

    fn extrinsic(&mut self, ours: &RuntimeMetadataV15, real: &RuntimeMetadataV15) {
        let (ours, real) = (&ours.extrinsic, &real.extrinsic);
        self.same("extrinsic version", &ours.version, &real.version);
        self.later(ours.address_ty.id, real.address_ty.id, "address");
        self.later(ours.signature_ty.id, real.signature_ty.id, "signature");
        let (ours, real) = (&ours.signed_extensions, &real.signed_extensions);
        self.same("number of extensions", &ours.len(), &real.len());
        for (ours, real) in ours.iter().zip(real) {
            self.same("extension", &ours.identifier, &real.identifier);
            self.later(ours.ty.id, real.ty.id, &ours.identifier);
            let signed = (ours.additional_signed.id, real.additional_signed.id);
            self.later(signed.0, signed.1, &ours.identifier);
        }
    }

    fn pallet(&mut self, ours: &PalletMetadata<PortableForm>, real: &PalletMetadata<PortableForm>) {
        let name = &ours.name;
        self.same(&format!("number of {name}"), &ours.index, &real.index);
        let enums = |pallet: &PalletMetadata<PortableForm>| {
            [
                pallet.calls.as_ref().map(|calls| calls.ty.id),
                pallet.event.as_ref().map(|event| event.ty.id),
                pallet.error.as_ref().map(|error| error.ty.id),
            ]
        };
        for ((ours, real), what) in enums(ours)
            .into_iter()
            .zip(enums(real))
            .zip(["call", "event", "error"])
        {
            match (ours, real) {
                (Some(ours), Some(real)) => self.later(ours, real, &format!("{name} {what}")),
                (Some(_), None) => self.differences.push(format!("{name} has no {what}")),
                (None, _) => {}
            }
        }
        for constant in &ours.constants {
            let at = format!("constant {}", constant.name);
            let found = self.find(&at, &real.constants, |real| real.name == constant.name);
            if let Some(found) = found {
                self.later(constant.ty.id, found.ty.id, &at);
                self.same(&at, &constant.value, &found.value);
            }
        }
        let entries = |pallet: &PalletMetadata<PortableForm>| {
            let storage = pallet.storage.as_ref();
            storage.map_or_else(Vec::new, |storage| storage.entries.clone())
        };
        let real = entries(real);
        for entry in entries(ours) {
            let at = format!("{name}.{}", entry.name);
            if let Some(real) = self.find(&at, &real, |real| real.name == entry.name) {
                self.entry(&at, &entry, real);
            }
        }
    }

    /// Defaults are left out: some are parameters of a network.
    fn entry(
        &mut self,
        at: &str,
        ours: &StorageEntryMetadata<PortableForm>,
        real: &StorageEntryMetadata<PortableForm>,
    ) {
        self.same(&format!("absence of {at}"), &ours.modifier, &real.modifier);
        match (&ours.ty, &real.ty) {
            (StorageEntryType::Plain(ours), StorageEntryType::Plain(real)) => {
                self.later(ours.id, real.id, at);
            }
            (
                StorageEntryType::Map {
                    hashers,
                    key,
                    value,
                },
                StorageEntryType::Map {
                    hashers: real_hashers,
                    key: real_key,
                    value: real_value,
                },
            ) => {
                self.same(&format!("hashers of {at}"), hashers, real_hashers);
                self.later(key.id, real_key.id, &format!("key of {at}"));
                self.later(value.id, real_value.id, at);
            }
            (ours, real) => self.differ(at, ours, real),
        }
    }

    fn method(
        &mut self,
        at: &str,
        ours: &RuntimeApiMethodMetadata<PortableForm>,
        real: &RuntimeApiMethodMetadata<PortableForm>,
    ) {
        self.same(at, &ours.inputs.len(), &real.inputs.len());
        for (ours, real) in ours.inputs.iter().zip(&real.inputs) {
            self.same(&format!("argument of {at}"), &ours.name, &real.name);
            self.later(ours.ty.id, real.ty.id, at);
        }
        self.later(ours.output.id, real.output.id, &format!("answer of {at}"));
    }

    fn types(&mut self, ours: u32, real: u32, at: &str) {
        // Types that may hold themselves are looked at once; all others wherever they stand.
        let has_fields =
            |def: &TypeDef<_>| matches!(def, TypeDef::Composite(_) | TypeDef::Variant(_));
        let pair = (ours, real);
        let resolve = |metadata: &RuntimeMetadataV15, id| {
            let found = metadata.types.resolve(id);
            found.expect("metadata has all types that it names").clone()
        };
        let ours = resolve(&self.ours, ours).type_def;
        let real = resolve(&self.real, real).type_def;
        if has_fields(&ours) && has_fields(&real) && !self.seen.insert(pair) {
            return;
        }
        match (&ours, &real) {
            (TypeDef::Composite(ours), TypeDef::Composite(real)) => {
                self.fields(at, &ours.fields, &real.fields);
            }
            (TypeDef::Variant(ours), TypeDef::Variant(real)) => {
                let is_filler = |ours: &&Variant<PortableForm>| ours.name.starts_with(FILLER);
                for ours in ours.variants.iter().filter(|ours| !is_filler(ours)) {
                    let at = format!("{at}::{}", ours.name);
                    let found = self.find(&at, &real.variants, |real| real.name == ours.name);
                    if let Some(real) = found {
                        self.same(&format!("number of {at}"), &ours.index, &real.index);
                        self.fields(&at, &ours.fields, &real.fields);
                    }
                }
            }
            (TypeDef::Sequence(ours), TypeDef::Sequence(real)) => {
                self.later(ours.type_param.id, real.type_param.id, &format!("{at}[]"));
            }
            (TypeDef::Array(ours), TypeDef::Array(real)) if ours.len == real.len => {
                self.later(ours.type_param.id, real.type_param.id, &format!("{at}[]"));
            }
            (TypeDef::Compact(ours), TypeDef::Compact(real)) => {
                self.later(ours.type_param.id, real.type_param.id, at);
            }
            (TypeDef::Tuple(ours), TypeDef::Tuple(real))
                if ours.fields.len() == real.fields.len() =>
            {
                for (place, (ours, real)) in ours.fields.iter().zip(&real.fields).enumerate() {
                    self.later(ours.id, real.id, &format!("{at}.{place}"));
                }
            }
            (TypeDef::Primitive(ours), TypeDef::Primitive(real)) => self.same(at, ours, real),
            (ours, real) => self.differ(at, ours, real),
        }
    }

    fn fields(&mut self, at: &str, ours: &[Field<PortableForm>], real: &[Field<PortableForm>]) {
        let names = |fields: &[Field<PortableForm>]| -> Vec<Option<String>> {
            fields.iter().map(|field| field.name.clone()).collect()
        };
        self.same(&format!("fields of {at}"), &names(ours), &names(real));
        for (ours, real) in ours.iter().zip(real) {
            let name = ours.name.as_deref().unwrap_or("0");
            self.later(ours.ty.id, real.ty.id, &format!("{at}.{name}"));
        }
    }

    fn later(&mut self, ours: u32, real: u32, at: &str) {
        self.todo.push((ours, real, at.to_owned()));
    }

    fn find<'a, T>(
        &mut self,
        at: &str,
        real: &'a [T],
        is_it: impl Fn(&T) -> bool,
    ) -> Option<&'a T> {
        let found = real.iter().find(|real| is_it(real));
        if found.is_none() {
            self.differences.push(format!("{at}: not there"));
        }
        found
    }

    fn same<T: PartialEq + Debug>(&mut self, at: &str, ours: &T, real: &T) {
        if ours != real {
            self.differ(at, ours, real);
        }
    }

    fn differ<T: Debug>(&mut self, at: &str, ours: &T, real: &T) {
        let difference = format!("{at}: {ours:?}, and the real runtime has {real:?}");
        self.differences.push(difference);
    }
}

fn decoded(encoded: &[u8]) -> RuntimeMetadataV15 {
    let mut rest = encoded;
    let RuntimeMetadataPrefixed(_, metadata) = RuntimeMetadataPrefixed::decode(&mut rest).unwrap();
    match metadata {
        RuntimeMetadata::V15(metadata) => metadata,
        other => panic!("expected version 15, got {}", other.version()),
    }
}
