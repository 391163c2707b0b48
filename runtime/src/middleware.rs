//! Code injected beside wasmer's metering: bulk operations cost by length, and call depth is counted.
//!
//! Metering charges a constant per operator, after the operators of a block ran, so one `memory.fill`
//! of 64 MiB would cost 1. [`Guard`] charges bulk operations by length before they run. It also counts
//! the stack: each function has a frame size in units that depends on its WebAssembly code alone, and a
//! call that would exceed [`limits::MAX_STACK_UNITS`] traps. Native frames differ between processors
//! and compiler versions; the counted limit strikes at the same call everywhere, before they run out.
//!
//! Traps end an instance for good, so nothing here restores a counter on the way out of a trap.

use std::sync::{Arc, OnceLock};

use wasmer::sys::{FunctionMiddleware, MiddlewareError, MiddlewareReaderState, ModuleMiddleware};
use wasmer::wasmparser::{BlockType, Operator};
use wasmer::{ExportIndex, GlobalInit, GlobalType, LocalFunctionIndex, Mutability, Type};
use wasmer_types::ModuleInfo;

use crate::limits;

/// Export under which wasmer's metering keeps the remaining fuel (i64).
pub(crate) const FUEL_REMAINING: &str = "wasmer_metering_remaining_points";
/// Export under which wasmer's metering says that fuel ran out (i32).
pub(crate) const FUEL_EXHAUSTED: &str = "wasmer_metering_points_exhausted";
/// Export of the counted call depth (i32, in units).
pub(crate) const STACK_DEPTH: &str = "assay_guard_stack_depth";
/// Names that a module must not export itself.
pub(crate) const RESERVED_EXPORTS: [&str; 3] = [FUEL_REMAINING, FUEL_EXHAUSTED, STACK_DEPTH];

/// Changes whenever costs or injected code change: part of the key of cached code.
pub(crate) const INSTRUMENTATION_VERSION: u32 = 1;

/// Memory bytes per unit of fuel, as a shift: 2 bytes, about what a copying loop costs.
const MEMORY_SHIFT: i64 = 1;
/// Units of fuel per table entry, as a shift: 16 units.
const TABLE_SHIFT: i64 = 4;

/// Fuel of one operator, bulk operations without their length.
pub(crate) fn operator_cost(operator: &Operator<'_>) -> u64 {
    match operator {
        Operator::Call { .. } => 10,
        Operator::CallIndirect { .. } => 15,
        Operator::BrTable { .. } => 3,
        Operator::I32DivS
        | Operator::I32DivU
        | Operator::I32RemS
        | Operator::I32RemU
        | Operator::I64DivS
        | Operator::I64DivU
        | Operator::I64RemS
        | Operator::I64RemU
        | Operator::F32Div
        | Operator::F64Div
        | Operator::F32Sqrt
        | Operator::F64Sqrt => 8,
        Operator::MemoryFill { .. }
        | Operator::MemoryCopy { .. }
        | Operator::MemoryInit { .. }
        | Operator::TableFill { .. }
        | Operator::TableCopy { .. }
        | Operator::TableInit { .. }
        | Operator::DataDrop { .. }
        | Operator::ElemDrop { .. } => 30,
        Operator::TableGet { .. } | Operator::TableSet { .. } => 10,
        Operator::MemoryGrow { .. } | Operator::TableGrow { .. } => 2_000,
        _ => 1,
    }
}

/// Indexes of the globals that injected code uses.
#[derive(Debug, Clone, Copy)]
struct Globals {
    fuel_remaining: u32,
    fuel_exhausted: u32,
    stack_depth: u32,
    scratch: u32,
    imported_functions: u32,
}

/// Module-level part. One instance per compilation; must come after metering in the chain.
#[derive(Debug)]
pub(crate) struct Guard {
    frame_units: Arc<[u32]>,
    globals: OnceLock<Globals>,
}

impl Guard {
    /// `frame_units` holds the frame size of each function that the module defines.
    pub(crate) fn new(frame_units: Arc<[u32]>) -> Self {
        Self {
            frame_units,
            globals: OnceLock::new(),
        }
    }
}

impl ModuleMiddleware for Guard {
    fn generate_function_middleware<'a>(
        &self,
        local_function_index: LocalFunctionIndex,
    ) -> Box<dyn FunctionMiddleware<'a> + 'a> {
        let frame_units = self
            .frame_units
            .get(local_function_index.as_u32() as usize)
            .copied();
        Box::new(FunctionGuard {
            frame_units,
            globals: self.globals.get().copied(),
        })
    }

    fn transform_module_info(&self, info: &mut ModuleInfo) -> Result<(), MiddlewareError> {
        let index_of = |info: &ModuleInfo, name: &str| match info.exports.get(name) {
            Some(ExportIndex::Global(index)) => Ok(index.as_u32()),
            _ => Err(error("metering must come before the guard")),
        };
        let fuel_remaining = index_of(info, FUEL_REMAINING)?;
        let fuel_exhausted = index_of(info, FUEL_EXHAUSTED)?;
        let mut add_global = || {
            let index = info
                .globals
                .push(GlobalType::new(Type::I32, Mutability::Var));
            info.global_initializers.push(GlobalInit::I32Const(0));
            index
        };
        let stack_depth = add_global();
        let scratch = add_global();
        info.exports
            .insert(STACK_DEPTH.to_string(), ExportIndex::Global(stack_depth));
        let imported_functions = u32::try_from(info.num_imported_functions)
            .map_err(|_| error("too many imported functions"))?;
        self.globals
            .set(Globals {
                fuel_remaining,
                fuel_exhausted,
                stack_depth: stack_depth.as_u32(),
                scratch: scratch.as_u32(),
                imported_functions,
            })
            .map_err(|_| error("one guard was used for two modules"))
    }
}

#[derive(Debug)]
struct FunctionGuard {
    frame_units: Option<u32>,
    globals: Option<Globals>,
}

impl<'a> FunctionMiddleware<'a> for FunctionGuard {
    fn feed(
        &mut self,
        operator: Operator<'a>,
        state: &mut MiddlewareReaderState<'a>,
    ) -> Result<(), MiddlewareError> {
        let globals = self
            .globals
            .ok_or_else(|| error("guard was not initialised"))?;
        match operator {
            Operator::Call { function_index } if function_index < globals.imported_functions => {
                state.push_operator(operator);
            }
            Operator::Call { .. } | Operator::CallIndirect { .. } => {
                let units = self
                    .frame_units
                    .ok_or_else(|| error("a function was not measured"))?
                    .cast_signed();
                enter_frame(state, globals, units);
                state.push_operator(operator);
                leave_frame(state, globals, units);
            }
            Operator::MemoryFill { .. }
            | Operator::MemoryCopy { .. }
            | Operator::MemoryInit { .. } => {
                charge_length(state, globals, Operator::I64ShrU, MEMORY_SHIFT);
                state.push_operator(operator);
            }
            Operator::TableFill { .. }
            | Operator::TableCopy { .. }
            | Operator::TableInit { .. }
            | Operator::TableGrow { .. } => {
                charge_length(state, globals, Operator::I64Shl, TABLE_SHIFT);
                state.push_operator(operator);
            }
            other => state.push_operator(other),
        }
        Ok(())
    }
}

fn error(message: &str) -> MiddlewareError {
    MiddlewareError::new("Guard", message)
}

fn enter_frame<'a>(state: &mut MiddlewareReaderState<'a>, globals: Globals, units: i32) {
    let global_index = globals.stack_depth;
    state.extend([
        Operator::GlobalGet { global_index },
        Operator::I32Const { value: units },
        Operator::I32Add,
        Operator::GlobalSet { global_index },
        Operator::GlobalGet { global_index },
        Operator::I32Const {
            value: limits::MAX_STACK_UNITS.cast_signed(),
        },
        Operator::I32GtU,
        Operator::If {
            blockty: BlockType::Empty,
        },
        Operator::Unreachable,
        Operator::End,
    ]);
}

fn leave_frame<'a>(state: &mut MiddlewareReaderState<'a>, globals: Globals, units: i32) {
    let global_index = globals.stack_depth;
    state.extend([
        Operator::GlobalGet { global_index },
        Operator::I32Const { value: units },
        Operator::I32Sub,
        Operator::GlobalSet { global_index },
    ]);
}

/// Charges `length shift amount`, the length being the i32 on top of the operand stack.
fn charge_length<'a>(
    state: &mut MiddlewareReaderState<'a>,
    globals: Globals,
    shift: Operator<'a>,
    amount: i64,
) {
    let scratch = globals.scratch;
    let fuel = globals.fuel_remaining;
    let cost = [
        Operator::GlobalGet {
            global_index: scratch,
        },
        Operator::I64ExtendI32U,
        Operator::I64Const { value: amount },
        shift,
    ];
    state.extend([
        Operator::GlobalSet {
            global_index: scratch,
        },
        Operator::GlobalGet { global_index: fuel },
    ]);
    state.extend(cost.clone());
    state.extend([
        Operator::I64LtU,
        Operator::If {
            blockty: BlockType::Empty,
        },
        Operator::I32Const { value: 1 },
        Operator::GlobalSet {
            global_index: globals.fuel_exhausted,
        },
        Operator::Unreachable,
        Operator::End,
        Operator::GlobalGet { global_index: fuel },
    ]);
    state.extend(cost);
    state.extend([
        Operator::I64Sub,
        Operator::GlobalSet { global_index: fuel },
        Operator::GlobalGet {
            global_index: scratch,
        },
    ]);
}
