//! The compiled modules keep to the guest ABI.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic
)]

use std::collections::{BTreeMap, BTreeSet};

use assay_challenge_modules::{TERM_CHALLENGE, modules};
use assay_challenge_sdk::abi::names::{EXPORT_MEMORY, EXPORTS, IMPORTS, WasmType};
use wasmparser::{
    CompositeInnerType, ExternalKind, FuncType, Parser, Payload, TypeRef, ValType, Validator,
    WasmFeatures,
};

/// What rustc's WebAssembly modules need, and no more.
const FEATURES: WasmFeatures = WasmFeatures::BULK_MEMORY
    .union(WasmFeatures::MULTI_VALUE)
    .union(WasmFeatures::MUTABLE_GLOBAL)
    .union(WasmFeatures::SATURATING_FLOAT_TO_INT)
    .union(WasmFeatures::REFERENCE_TYPES)
    .union(WasmFeatures::SIGN_EXTENSION)
    .union(WasmFeatures::FLOATS)
    .union(WasmFeatures::GC_TYPES);

type Signature = (Vec<ValType>, Vec<ValType>);

#[derive(Default)]
struct Surface {
    imports: BTreeMap<(String, String), Signature>,
    functions: BTreeMap<String, Signature>,
    memories: BTreeSet<String>,
    has_start: bool,
}

fn surface(wasm: &[u8]) -> Surface {
    let mut surface = Surface::default();
    let mut types: Vec<FuncType> = Vec::new();
    let mut functions: Vec<u32> = Vec::new();
    for payload in Parser::new(0).parse_all(wasm) {
        match payload.unwrap() {
            Payload::TypeSection(section) => {
                for group in section {
                    for ty in group.unwrap().into_types() {
                        match ty.composite_type.inner {
                            CompositeInnerType::Func(function) => types.push(function),
                            other => panic!("unexpected type {other:?}"),
                        }
                    }
                }
            }
            Payload::ImportSection(section) => {
                for import in section.into_imports() {
                    let import = import.unwrap();
                    let TypeRef::Func(ty) = import.ty else {
                        panic!("imports {:?}", import.ty)
                    };
                    functions.push(ty);
                    let name = (import.module.to_owned(), import.name.to_owned());
                    surface.imports.insert(name, signature(&types[ty as usize]));
                }
            }
            Payload::FunctionSection(section) => {
                functions.extend(section.into_iter().map(Result::unwrap));
            }
            Payload::ExportSection(section) => {
                for export in section {
                    let export = export.unwrap();
                    let name = export.name.to_owned();
                    match export.kind {
                        ExternalKind::Func => {
                            let ty = &types[functions[export.index as usize] as usize];
                            surface.functions.insert(name, signature(ty));
                        }
                        ExternalKind::Memory => {
                            surface.memories.insert(name);
                        }
                        ExternalKind::Global => {}
                        other => panic!("exports {name} as {other:?}"),
                    }
                }
            }
            Payload::StartSection { .. } => surface.has_start = true,
            _ => {}
        }
    }
    surface
}

fn signature(ty: &FuncType) -> Signature {
    (ty.params().to_vec(), ty.results().to_vec())
}

fn expected(params: &[WasmType], result: Option<WasmType>) -> Signature {
    let convert = |ty: &WasmType| match ty {
        WasmType::I32 => ValType::I32,
        WasmType::I64 => ValType::I64,
    };
    (
        params.iter().map(convert).collect(),
        result.iter().map(convert).collect(),
    )
}

#[test]
fn modules_are_valid_with_the_features_of_the_abi_only() {
    for module in modules() {
        Validator::new_with_features(FEATURES)
            .validate_all(module.bytes)
            .expect(module.name);
    }
}

#[test]
fn exports_are_exactly_those_of_the_abi() {
    let expected: BTreeMap<String, Signature> = EXPORTS
        .iter()
        .map(|export| {
            (
                export.name.to_owned(),
                expected(export.params, export.result),
            )
        })
        .collect();
    for module in modules() {
        let surface = surface(module.bytes);
        assert_eq!(surface.functions, expected, "{}", module.name);
        assert_eq!(surface.memories, BTreeSet::from([EXPORT_MEMORY.to_owned()]));
        assert!(
            !surface.has_start,
            "{} needs no initialisation",
            module.name
        );
    }
}

#[test]
fn imports_have_the_signatures_of_the_abi() {
    for module in modules() {
        for ((namespace, name), signature) in surface(module.bytes).imports {
            let import = IMPORTS
                .iter()
                .find(|import| import.module == namespace && import.name == name)
                .unwrap_or_else(|| panic!("{} imports {namespace}.{name}", module.name));
            assert_eq!(
                signature,
                expected(import.params, import.result),
                "{namespace}.{name}"
            );
        }
    }
}

#[test]
fn term_challenge_makes_no_live_calls() {
    let imported: BTreeSet<String> = surface(TERM_CHALLENGE)
        .imports
        .into_keys()
        .map(|(namespace, name)| format!("{namespace}.{name}"))
        .collect();
    let expected = [
        "assay_crypto.sr25519_verify",
        "assay_python.python_check",
        "platform_consensus.consensus_get_epoch",
        "platform_sandbox.log_message",
        "platform_storage.storage_get",
        "platform_storage.storage_list_prefix",
        "platform_storage.storage_set",
    ];
    assert_eq!(imported, expected.map(str::to_owned).into());
}

#[test]
fn modules_stay_small_and_name_no_path_of_the_machine() {
    for module in modules() {
        assert!(
            module.bytes.len() < 400 * 1024,
            "{} has {} bytes",
            module.name,
            module.bytes.len()
        );
        let text = String::from_utf8_lossy(module.bytes);
        let workspace = concat!(env!("CARGO_MANIFEST_DIR"), "/");
        for path in [workspace, "registry/src", "/home/", "/root/"] {
            assert!(!text.contains(path), "{} names {path}", module.name);
        }
    }
}
