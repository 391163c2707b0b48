//! A loaded module: what is known about it, and its calls.
//!
//! Each call gets a fresh instance. SDK guests never free their arena, and state left by one call must
//! not reach the next.

use std::collections::BTreeMap;
use std::sync::Arc;

use assay_challenge_sdk::abi::{
    EvaluationInput, EvaluationOutput, ValidateOutcome, WasmRouteDefinition, WasmRouteRequest,
    WasmRouteResponse, Weights, codec, names,
};
use serde::de::DeserializeOwned;
use serde::{Serialize, Serializer};

use crate::compile::Code;
use crate::context::{CallContext, GuestLog};
use crate::error::{CallError, Fault, GuestFailure, GuestFault, HostFault};
use crate::generation::SdkGeneration;
use crate::host::{Access, Linker};
use crate::instance::{Running, execute};
use crate::limits;
use crate::static_check::{ModuleShape, Signature};
use crate::storage::{StorageView, Writes};
use crate::worker::{JobLimits, Workers};

/// A function that the module exports.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FunctionInfo {
    /// Name.
    pub name: String,
    /// Signature, as `(i32,i32)->(i64)`.
    pub signature: String,
}

/// A function that the module imports.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ImportInfo {
    /// Namespace.
    pub namespace: String,
    /// Name.
    pub name: String,
    /// Signature.
    pub signature: String,
    /// What the host does when it is called.
    pub access: Access,
}

/// What is known about a module without running it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ModuleInfo {
    /// SHA-256 of the module's bytes, hex.
    pub code_hash: String,
    /// Bytes of the module.
    pub size_bytes: usize,
    /// Bytes of its function bodies.
    pub code_bytes: u64,
    /// Bytes of its data segments.
    pub data_bytes: u64,
    /// Functions it defines.
    pub functions: usize,
    /// Initial memory in pages of 64 KiB.
    pub memory_min_pages: u64,
    /// Declared maximum of the memory in pages.
    pub memory_max_pages: Option<u64>,
    /// SDK generation, as people call it.
    pub sdk_generation: &'static str,
    /// The export markers behind it.
    pub generation: SdkGeneration,
    /// Imports in order.
    pub imports: Vec<ImportInfo>,
    /// Exported functions.
    pub exports: Vec<FunctionInfo>,
    /// Names of custom sections.
    pub custom_sections: Vec<String>,
    /// Milliseconds that checking and compiling (or loading the compiled code) took here.
    pub load_ms: u64,
    /// Whether the compiled code came from the disk cache.
    pub from_disk_cache: bool,
}

/// A successful call.
#[derive(Debug, Clone, PartialEq)]
pub struct CallOutcome<T> {
    /// What the guest returned.
    pub output: T,
    /// What it wrote; the caller decides whether that is kept.
    pub writes: Writes,
    /// What it logged.
    pub logs: Vec<GuestLog>,
    /// Fuel used, host functions included. The same on all validators.
    pub fuel_used: u64,
}

impl<T> CallOutcome<T> {
    fn try_map<U>(
        self,
        map: impl FnOnce(T) -> Result<U, GuestFault>,
    ) -> Result<CallOutcome<U>, CallError> {
        match map(self.output) {
            Ok(output) => Ok(CallOutcome {
                output,
                writes: self.writes,
                logs: self.logs,
                fuel_used: self.fuel_used,
            }),
            Err(fault) => Err(CallError::Guest(Box::new(GuestFailure {
                fault,
                fuel_used: self.fuel_used,
                logs: self.logs,
            }))),
        }
    }
}

/// Result of a call.
pub type CallResult<T> = Result<CallOutcome<T>, CallError>;

/// What an export returned, not interpreted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RawOutput {
    /// The WebAssembly result, if the export has one; an i32 is sign-extended.
    pub value: Option<i64>,
    /// Bytes that it points to; None for "nothing" and for exports that return a number.
    pub bytes: Option<Vec<u8>>,
}

/// Everything that an instance is made from.
pub(crate) struct Compiled {
    pub(crate) code: Code,
    pub(crate) linkers: Vec<Linker>,
    pub(crate) exports: BTreeMap<String, Signature>,
    pub(crate) generation: SdkGeneration,
    pub(crate) memory_min_bytes: u64,
}

impl Compiled {
    pub(crate) fn new(
        code: Code,
        linkers: Vec<Linker>,
        shape: ModuleShape,
        generation: SdkGeneration,
    ) -> Self {
        Self {
            code,
            linkers,
            memory_min_bytes: shape.memory_min_pages * limits::WASM_PAGE_BYTES,
            exports: shape.exports.into_iter().collect(),
            generation,
        }
    }
}

/// A module that can be called. Calls block until the guest is done.
pub struct LoadedModule {
    compiled: Arc<Compiled>,
    hash: [u8; 32],
    info: ModuleInfo,
    workers: Arc<Workers>,
    limits: JobLimits,
}

impl LoadedModule {
    pub(crate) fn new(
        compiled: Compiled,
        hash: [u8; 32],
        info: ModuleInfo,
        workers: Arc<Workers>,
        limits: JobLimits,
    ) -> Self {
        Self {
            compiled: Arc::new(compiled),
            hash,
            info,
            workers,
            limits,
        }
    }

    /// What is known about the module.
    pub fn info(&self) -> &ModuleInfo {
        &self.info
    }

    /// SHA-256 of the module's bytes.
    pub fn hash(&self) -> &[u8; 32] {
        &self.hash
    }

    /// Whether the module exports a function.
    pub fn exports(&self, name: &str) -> bool {
        self.compiled.exports.contains_key(name)
    }

    /// Whether the module can be activated as a challenge.
    pub fn is_challenge(&self) -> bool {
        self.exports("evaluate")
    }

    /// Runs `evaluate`.
    ///
    /// # Errors
    /// [`CallError`], whose kind says whether it may be voted on.
    pub fn evaluate(
        &self,
        context: &CallContext,
        storage: Arc<dyn StorageView>,
        input: &EvaluationInput,
    ) -> CallResult<EvaluationOutput> {
        self.structured("evaluate", context, storage, input)
    }

    /// Runs the module's own `assay_validate` if it has one, else `validate`, whose refusals have no
    /// reason.
    ///
    /// # Errors
    /// [`CallError`], whose kind says whether it may be voted on.
    pub fn validate(
        &self,
        context: &CallContext,
        storage: Arc<dyn StorageView>,
        input: &EvaluationInput,
    ) -> CallResult<ValidateOutcome> {
        if self.exports(names::EXPORT_ASSAY_VALIDATE) {
            return self.structured(names::EXPORT_ASSAY_VALIDATE, context, storage, input);
        }
        let bytes = encode(input)?;
        let outcome = self.call_raw("validate", context, storage, Some(&bytes))?;
        outcome.try_map(|raw| {
            Ok(match raw.value {
                Some(1) => ValidateOutcome::accept(),
                _ => ValidateOutcome::refuse("validate.refused", "the module refused it"),
            })
        })
    }

    /// Runs `handle_route`.
    ///
    /// # Errors
    /// [`CallError`], whose kind says whether it may be voted on.
    pub fn handle_route(
        &self,
        context: &CallContext,
        storage: Arc<dyn StorageView>,
        request: &WasmRouteRequest,
    ) -> CallResult<WasmRouteResponse> {
        self.structured("handle_route", context, storage, request)
    }

    /// Runs `get_routes`; a module without it has no routes.
    ///
    /// # Errors
    /// [`CallError`], whose kind says whether it may be voted on.
    pub fn routes(
        &self,
        context: &CallContext,
        storage: Arc<dyn StorageView>,
    ) -> CallResult<Vec<WasmRouteDefinition>> {
        let outcome = self.optional_bytes("get_routes", context, storage)?;
        outcome.try_map(|bytes| match bytes {
            Some(bytes) => decode("get_routes", &bytes),
            None => Ok(Vec::new()),
        })
    }

    /// Runs `get_weights`, in whichever of the two layouts; a module without it gives none.
    ///
    /// # Errors
    /// [`CallError`], whose kind says whether it may be voted on.
    pub fn weights(
        &self,
        context: &CallContext,
        storage: Arc<dyn StorageView>,
    ) -> CallResult<Weights> {
        let outcome = self.optional_bytes("get_weights", context, storage)?;
        outcome.try_map(|bytes| {
            Weights::decode(&bytes.unwrap_or_default()).map_err(|error| GuestFault::BadOutput {
                export: "get_weights".to_owned(),
                what: error.to_string(),
            })
        })
    }

    /// Runs `get_tasks`: opaque bytes of the challenge, None for nothing.
    ///
    /// # Errors
    /// [`CallError`], whose kind says whether it may be voted on.
    pub fn tasks(
        &self,
        context: &CallContext,
        storage: Arc<dyn StorageView>,
    ) -> CallResult<Option<Vec<u8>>> {
        self.optional_bytes("get_tasks", context, storage)
    }

    /// Runs `get_name`.
    ///
    /// # Errors
    /// [`CallError`], whose kind says whether it may be voted on.
    pub fn name(&self, context: &CallContext, storage: Arc<dyn StorageView>) -> CallResult<String> {
        self.label("get_name", context, storage)
    }

    /// Runs `get_version`.
    ///
    /// # Errors
    /// [`CallError`], whose kind says whether it may be voted on.
    pub fn version(
        &self,
        context: &CallContext,
        storage: Arc<dyn StorageView>,
    ) -> CallResult<String> {
        self.label("get_version", context, storage)
    }

    /// Runs any export that takes nothing or one input, and returns nothing, a number or packed bytes.
    ///
    /// # Errors
    /// [`CallError`], whose kind says whether it may be voted on.
    pub fn call_raw(
        &self,
        export: &str,
        context: &CallContext,
        storage: Arc<dyn StorageView>,
        input: Option<&[u8]>,
    ) -> CallResult<RawOutput> {
        let (name, input) = (export.to_owned(), input.map(<[u8]>::to_vec));
        self.run(context, storage, move |running| {
            running.call_export(&name, input.as_deref())
        })
    }

    fn structured<I: Serialize, O: DeserializeOwned>(
        &self,
        export: &str,
        context: &CallContext,
        storage: Arc<dyn StorageView>,
        input: &I,
    ) -> CallResult<O> {
        let bytes = encode(input)?;
        let outcome = self.call_raw(export, context, storage, Some(&bytes))?;
        outcome.try_map(|raw| match raw.bytes {
            Some(bytes) => decode(export, &bytes),
            None => Err(GuestFault::NoOutput(export.to_owned())),
        })
    }

    fn optional_bytes(
        &self,
        export: &str,
        context: &CallContext,
        storage: Arc<dyn StorageView>,
    ) -> CallResult<Option<Vec<u8>>> {
        if !self.exports(export) {
            return Ok(CallOutcome {
                output: None,
                writes: Writes::new(),
                logs: Vec::new(),
                fuel_used: 0,
            });
        }
        self.call_raw(export, context, storage, None)?
            .try_map(|raw| Ok(raw.bytes))
    }

    fn label(
        &self,
        export: &str,
        context: &CallContext,
        storage: Arc<dyn StorageView>,
    ) -> CallResult<String> {
        let outcome = self.call_raw(export, context, storage, None)?;
        outcome.try_map(|raw| {
            let bytes = raw
                .bytes
                .ok_or_else(|| GuestFault::NoOutput(export.to_owned()))?;
            String::from_utf8(bytes).map_err(|_| GuestFault::BadOutput {
                export: export.to_owned(),
                what: "text that is not UTF-8".to_owned(),
            })
        })
    }

    fn run<T: Send + 'static>(
        &self,
        context: &CallContext,
        storage: Arc<dyn StorageView>,
        body: impl FnOnce(&mut Running) -> Result<T, Fault> + Send + 'static,
    ) -> CallResult<T> {
        let compiled = Arc::clone(&self.compiled);
        let context = context.clone();
        self.workers
            .run(self.limits, move || {
                execute(&compiled, context, storage, body)
            })
            .map_err(CallError::Host)?
    }
}

fn encode<T: Serialize>(value: &T) -> Result<Vec<u8>, CallError> {
    codec::encode(value).map_err(|error| CallError::Host(HostFault::Internal(error.to_string())))
}

fn decode<T: DeserializeOwned>(export: &str, bytes: &[u8]) -> Result<T, GuestFault> {
    codec::decode(bytes, limits::MAX_OUTPUT_BYTES as u64).map_err(|error| GuestFault::BadOutput {
        export: export.to_owned(),
        what: error.to_string(),
    })
}

impl Serialize for CallError {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}
