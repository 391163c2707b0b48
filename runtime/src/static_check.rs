//! Limits on a module's shape, checked in one pass before the compiler sees it.
//!
//! Compile time is not metered, so whatever makes it grow faster than the module's size is bounded
//! here: function size, nesting, locals across blocks, arities. The pass validates at the same time and
//! measures each function's frame for the counted stack (see `middleware`).

use std::sync::Arc;

use assay_challenge_sdk::abi::names::{self, WasmType};
use wasmer::wasmparser::{
    ElementItems, ExternalKind, FuncToValidate, FuncType, FuncValidatorAllocations, FunctionBody,
    Operator, Parser, Payload, TypeRef, ValType, ValidPayload, Validator, ValidatorResources,
    WasmFeatures,
};

use crate::error::LoadError;
use crate::limits;
use crate::middleware::RESERVED_EXPORTS;

/// Units of a frame beside its locals and operands: return address, saved registers.
const FRAME_BASE_UNITS: u64 = 16;

/// A function signature of the module.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Signature {
    pub(crate) params: Vec<ValType>,
    pub(crate) results: Vec<ValType>,
}

impl Signature {
    pub(crate) fn is(&self, params: &[WasmType], result: Option<WasmType>) -> bool {
        let same = |found: &ValType, expected: &WasmType| {
            matches!(
                (found, expected),
                (ValType::I32, WasmType::I32) | (ValType::I64, WasmType::I64)
            )
        };
        self.params.len() == params.len()
            && self.params.iter().zip(params).all(|(f, e)| same(f, e))
            && self.results.len() == usize::from(result.is_some())
            && self.results.iter().zip(&result).all(|(f, e)| same(f, e))
    }
}

impl std::fmt::Display for Signature {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let list = |types: &[ValType]| {
            let names: Vec<String> = types.iter().map(ToString::to_string).collect();
            names.join(",")
        };
        write!(f, "({})->({})", list(&self.params), list(&self.results))
    }
}

/// The ABI's notation of a signature.
pub(crate) fn signature_text(params: &[WasmType], result: Option<WasmType>) -> String {
    let list = |types: &[WasmType]| {
        let names: Vec<&str> = types
            .iter()
            .map(|ty| match ty {
                WasmType::I32 => "i32",
                WasmType::I64 => "i64",
            })
            .collect();
        names.join(",")
    };
    format!("({})->({})", list(params), list(result.as_slice()))
}

/// What the pass found out.
#[derive(Debug, Clone, Default)]
pub(crate) struct ModuleShape {
    /// Imported functions in order.
    pub(crate) imports: Vec<(String, String, Signature)>,
    /// Exported functions.
    pub(crate) exports: Vec<(String, Signature)>,
    /// Names of all exports.
    pub(crate) export_names: Vec<String>,
    /// Frame size of each defined function, in stack units.
    pub(crate) frame_units: Arc<[u32]>,
    /// Bytes of all function bodies.
    pub(crate) code_bytes: u64,
    /// Bytes of all data segments.
    pub(crate) data_bytes: u64,
    /// Initial size of the memory.
    pub(crate) memory_min_pages: u64,
    /// Declared maximum of the memory.
    pub(crate) memory_max_pages: Option<u64>,
    /// Custom sections.
    pub(crate) custom_sections: Vec<String>,
}

/// The WebAssembly features that modules may use. SIMD is off altogether: no known module needs it.
pub(crate) fn wasm_features() -> WasmFeatures {
    WasmFeatures::BULK_MEMORY
        | WasmFeatures::REFERENCE_TYPES
        | WasmFeatures::MULTI_VALUE
        | WasmFeatures::MUTABLE_GLOBAL
        | WasmFeatures::SATURATING_FLOAT_TO_INT
        | WasmFeatures::SIGN_EXTENSION
        | WasmFeatures::FLOATS
        | WasmFeatures::GC_TYPES
}

/// Validates a module against the features and limits.
pub(crate) fn check(bytes: &[u8]) -> Result<ModuleShape, LoadError> {
    if bytes.len() > limits::MAX_MODULE_BYTES {
        return Err(LoadError::TooLarge {
            size_bytes: bytes.len(),
            max_bytes: limits::MAX_MODULE_BYTES,
        });
    }
    let mut scan = Scan::default();
    let mut validator = Validator::new_with_features(wasm_features());
    let mut parser = Parser::new(0);
    parser.set_features(wasm_features());
    for payload in parser.parse_all(bytes) {
        let payload = payload.map_err(invalid)?;
        scan.section(&payload)?;
        if let ValidPayload::Func(function, body) = validator.payload(&payload).map_err(invalid)? {
            scan.function(function, &body)?;
        }
    }
    scan.finish()
}

fn invalid(error: wasmer::wasmparser::BinaryReaderError) -> LoadError {
    LoadError::Invalid(error.to_string())
}

fn at_most(what: &'static str, found: u64, max: u64) -> Result<(), LoadError> {
    if found > max {
        return Err(LoadError::StaticLimit { what, found, max });
    }
    Ok(())
}

#[derive(Default)]
struct Scan {
    shape: ModuleShape,
    types: Vec<FuncType>,
    function_types: Vec<u32>,
    imported_functions: usize,
    frame_units: Vec<u32>,
    locals_times_blocks: u64,
    allocations: FuncValidatorAllocations,
    has_memory: bool,
    has_memory_export: bool,
}

impl Scan {
    fn section(&mut self, payload: &Payload<'_>) -> Result<(), LoadError> {
        match payload {
            Payload::TypeSection(reader) => {
                at_most("types", reader.count().into(), limits::MAX_TYPES.into())?;
                for ty in reader.clone().into_iter_err_on_gc_types() {
                    let ty = ty.map_err(invalid)?;
                    let arity = ty.params().len().max(ty.results().len());
                    at_most("type arity", arity as u64, limits::MAX_TYPE_ARITY as u64)?;
                    self.types.push(ty);
                }
            }
            Payload::ImportSection(reader) => {
                at_most("imports", reader.count().into(), limits::MAX_IMPORTS.into())?;
                for import in reader.clone().into_imports() {
                    let import = import.map_err(invalid)?;
                    let TypeRef::Func(type_index) = import.ty else {
                        return Err(LoadError::NotAllowed(
                            "an imported memory, table, global or tag",
                        ));
                    };
                    name_length(import.module)?;
                    name_length(import.name)?;
                    let signature = self.signature(type_index)?;
                    self.function_types.push(type_index);
                    self.shape.imports.push((
                        import.module.to_owned(),
                        import.name.to_owned(),
                        signature,
                    ));
                }
                self.imported_functions = self.function_types.len();
            }
            Payload::FunctionSection(reader) => {
                at_most(
                    "functions",
                    reader.count().into(),
                    limits::MAX_FUNCTIONS.into(),
                )?;
                for type_index in reader.clone() {
                    self.function_types.push(type_index.map_err(invalid)?);
                }
            }
            Payload::TableSection(reader) => {
                at_most("tables", reader.count().into(), limits::MAX_TABLES.into())?;
                for table in reader.clone() {
                    let table = table.map_err(invalid)?;
                    at_most(
                        "table entries",
                        table.ty.initial,
                        limits::MAX_TABLE_ENTRIES.into(),
                    )?;
                }
            }
            Payload::MemorySection(reader) => {
                for memory in reader.clone() {
                    let memory = memory.map_err(invalid)?;
                    at_most(
                        "initial memory pages",
                        memory.initial,
                        limits::MAX_MEMORY_BYTES / limits::WASM_PAGE_BYTES,
                    )?;
                    self.has_memory = true;
                    self.shape.memory_min_pages = memory.initial;
                    self.shape.memory_max_pages = memory.maximum;
                }
            }
            Payload::GlobalSection(reader) => {
                at_most("globals", reader.count().into(), limits::MAX_GLOBALS.into())?;
            }
            Payload::ExportSection(reader) => {
                at_most("exports", reader.count().into(), limits::MAX_EXPORTS.into())?;
                for export in reader.clone() {
                    let export = export.map_err(invalid)?;
                    self.export(export.name, export.kind, export.index)?;
                }
            }
            Payload::StartSection { .. } => {
                return Err(LoadError::NotAllowed("a start function"));
            }
            Payload::ElementSection(reader) => {
                at_most(
                    "element segments",
                    reader.count().into(),
                    limits::MAX_SEGMENTS.into(),
                )?;
                let mut entries = 0u64;
                for element in reader.clone() {
                    entries += match element.map_err(invalid)?.items {
                        ElementItems::Functions(items) => u64::from(items.count()),
                        ElementItems::Expressions(_, items) => u64::from(items.count()),
                    };
                }
                at_most(
                    "element segment entries",
                    entries,
                    limits::MAX_TABLE_ENTRIES.into(),
                )?;
            }
            Payload::DataCountSection { count, .. } => {
                at_most(
                    "data segments",
                    (*count).into(),
                    limits::MAX_SEGMENTS.into(),
                )?;
            }
            Payload::DataSection(reader) => {
                at_most(
                    "data segments",
                    reader.count().into(),
                    limits::MAX_SEGMENTS.into(),
                )?;
                for data in reader.clone() {
                    self.shape.data_bytes += data.map_err(invalid)?.data.len() as u64;
                }
            }
            Payload::CustomSection(section) => {
                self.shape.custom_sections.push(section.name().to_owned());
            }
            _ => {}
        }
        Ok(())
    }

    fn export(&mut self, name: &str, kind: ExternalKind, index: u32) -> Result<(), LoadError> {
        name_length(name)?;
        if RESERVED_EXPORTS.contains(&name) {
            return Err(LoadError::NotAllowed("an export name reserved by the host"));
        }
        self.shape.export_names.push(name.to_owned());
        match kind {
            ExternalKind::Func => {
                let type_index = self
                    .function_types
                    .get(index as usize)
                    .copied()
                    .ok_or_else(|| LoadError::Invalid(format!("export `{name}` out of range")))?;
                let signature = self.signature(type_index)?;
                self.shape.exports.push((name.to_owned(), signature));
            }
            ExternalKind::Memory if name == names::EXPORT_MEMORY => self.has_memory_export = true,
            _ => {}
        }
        Ok(())
    }

    fn function(
        &mut self,
        function: FuncToValidate<ValidatorResources>,
        body: &FunctionBody<'_>,
    ) -> Result<(), LoadError> {
        let size_bytes = body.range().end - body.range().start;
        at_most(
            "function bytes",
            size_bytes,
            limits::MAX_FUNCTION_BYTES as u64,
        )?;
        self.shape.code_bytes += size_bytes;
        let params = self.signature(function.ty)?.params.len() as u64;
        let mut validator = function.into_validator(std::mem::take(&mut self.allocations));
        let mut locals = params;
        for local in body.get_locals_reader().map_err(invalid)? {
            locals += u64::from(local.map_err(invalid)?.0);
            at_most("locals", locals, limits::MAX_LOCALS.into())?;
        }
        let mut reader = body.get_binary_reader();
        validator.read_locals(&mut reader).map_err(invalid)?;
        let (mut blocks, mut loops, mut operands) = (1u64, 0u64, 0u64);
        let mut operators = body.get_operators_reader().map_err(invalid)?;
        while !operators.eof() {
            let (operator, offset) = operators.read_with_offset().map_err(invalid)?;
            match &operator {
                Operator::Loop { .. } => {
                    blocks += 1;
                    loops += 1;
                }
                Operator::Block { .. } | Operator::If { .. } | Operator::Else => blocks += 1,
                Operator::BrTable { targets } => at_most(
                    "br_table targets",
                    targets.len().into(),
                    limits::MAX_BR_TABLE_TARGETS.into(),
                )?,
                _ => {}
            }
            validator.op(offset, &operator).map_err(invalid)?;
            operands = operands.max(validator.operand_stack_height().into());
            at_most(
                "block nesting",
                validator.control_stack_height().into(),
                limits::MAX_BLOCK_NESTING.into(),
            )?;
        }
        operators.finish().map_err(invalid)?;
        self.allocations = validator.into_allocations();
        at_most("loops of a function", loops, limits::MAX_LOOPS)?;
        at_most("blocks of a function", blocks, limits::MAX_BLOCKS)?;
        at_most(
            "locals times blocks of a function",
            locals * blocks,
            limits::MAX_LOCALS_TIMES_BLOCKS,
        )?;
        self.locals_times_blocks += locals * blocks;
        at_most(
            "locals times blocks of the module",
            self.locals_times_blocks,
            limits::MAX_MODULE_LOCALS_TIMES_BLOCKS,
        )?;
        let units = (FRAME_BASE_UNITS + locals + operands).min(limits::MAX_STACK_UNITS.into());
        self.frame_units
            .push(u32::try_from(units).unwrap_or(limits::MAX_STACK_UNITS));
        Ok(())
    }

    fn finish(mut self) -> Result<ModuleShape, LoadError> {
        if !self.has_memory || !self.has_memory_export {
            return Err(LoadError::NoMemory);
        }
        self.shape.frame_units = self.frame_units.into();
        Ok(self.shape)
    }

    fn signature(&self, type_index: u32) -> Result<Signature, LoadError> {
        let ty = self
            .types
            .get(type_index as usize)
            .ok_or_else(|| LoadError::Invalid(format!("type {type_index} out of range")))?;
        Ok(Signature {
            params: ty.params().to_vec(),
            results: ty.results().to_vec(),
        })
    }
}

fn name_length(name: &str) -> Result<(), LoadError> {
    at_most(
        "name bytes",
        name.len() as u64,
        limits::MAX_NAME_BYTES as u64,
    )
}
