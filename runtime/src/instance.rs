//! One instance for one call: link, run, collect what it wrote, logged and used.

use std::sync::Arc;

use assay_challenge_sdk::abi::{names, unpack};
use wasmer::sys::NativeEngineExt;
use wasmer::{
    AsStoreMut, Extern, FunctionEnv, Global, Instance, InstantiationError, RuntimeError, Store,
    Value,
};
use wasmer_types::TrapCode;

use crate::context::CallContext;
use crate::error::{CallError, Fault, GuestFailure, GuestFault, HostFault};
use crate::host::{Env, HostTrap, InstanceHandles};
use crate::limits;
use crate::middleware::{FUEL_EXHAUSTED, FUEL_REMAINING, STACK_DEPTH};
use crate::module::{CallOutcome, Compiled, RawOutput};
use crate::storage::StorageView;
use crate::tunables::GrantTunables;

/// Without an allocator, input goes this far below the end of memory ...
const FALLBACK_MARGIN_BYTES: u64 = 1024;
/// ... if memory is larger than the input by this much.
const FALLBACK_RESERVE_BYTES: u64 = 5120;

/// Runs `body` on a fresh instance.
pub(crate) fn execute<T>(
    compiled: &Compiled,
    mut context: CallContext,
    storage: Arc<dyn StorageView>,
    body: impl FnOnce(&mut Running) -> Result<T, Fault>,
) -> Result<CallOutcome<T>, CallError> {
    context.grants.fuel = context.grants.fuel.min(limits::MAX_FUEL);
    let fuel_limit = context.grants.fuel;
    let mut running = match Running::start(compiled, context, storage) {
        Ok(running) => running,
        Err(Fault::Host(fault)) => return Err(CallError::Host(fault)),
        Err(Fault::Guest(fault)) => {
            return Err(CallError::Guest(Box::new(GuestFailure {
                fault,
                fuel_used: 0,
                logs: Vec::new(),
            })));
        }
    };
    let result = body(&mut running);
    let fuel_used = fuel_limit.saturating_sub(running.fuel_left());
    let env = running.env.as_mut(&mut running.store);
    let logs = std::mem::take(&mut env.logs).finish();
    match result {
        Ok(output) => Ok(CallOutcome {
            output,
            writes: std::mem::take(&mut env.pending).into_writes(),
            logs,
            fuel_used,
        }),
        Err(Fault::Guest(fault)) => Err(CallError::Guest(Box::new(GuestFailure {
            fault,
            fuel_used,
            logs,
        }))),
        Err(Fault::Host(fault)) => Err(CallError::Host(fault)),
    }
}

/// An instance during its call.
pub(crate) struct Running<'a> {
    compiled: &'a Compiled,
    store: Store,
    env: FunctionEnv<Env>,
    instance: Instance,
    handles: InstanceHandles,
    stack_depth: Global,
    fuel_limit: u64,
}

impl<'a> Running<'a> {
    fn start(
        compiled: &'a Compiled,
        context: CallContext,
        storage: Arc<dyn StorageView>,
    ) -> Result<Self, Fault> {
        let grants = context.grants;
        let granted_bytes = grants.memory_bytes.min(limits::MAX_MEMORY_BYTES);
        if compiled.memory_min_bytes > granted_bytes {
            return Err(Fault::Guest(GuestFault::MemoryGrant {
                needed_bytes: compiled.memory_min_bytes,
                granted_bytes,
            }));
        }
        let mut engine = compiled.code.engine.clone();
        engine.set_tunables(GrantTunables::new(granted_bytes));
        let mut store = Store::new(engine);
        let env = FunctionEnv::new(&mut store, Env::new(context, compiled.generation, storage));
        let imports: Vec<Extern> = compiled
            .linkers
            .iter()
            .map(|link| link(&mut store, &env).into())
            .collect();
        let instance = Instance::new_by_index(&mut store, &compiled.code.module, &imports)
            .map_err(instantiation_fault)?;
        let missing = |name: &str| Fault::Host(HostFault::Internal(format!("no export {name}")));
        let global = |name: &str| {
            instance
                .exports
                .get_global(name)
                .cloned()
                .map_err(|_| missing(name))
        };
        let handles = InstanceHandles {
            memory: instance
                .exports
                .get_memory(names::EXPORT_MEMORY)
                .cloned()
                .map_err(|_| missing(names::EXPORT_MEMORY))?,
            fuel_remaining: global(FUEL_REMAINING)?,
            fuel_exhausted: global(FUEL_EXHAUSTED)?,
        };
        let stack_depth = global(STACK_DEPTH)?;
        handles
            .fuel_remaining
            .set(&mut store, Value::I64(grants.fuel.cast_signed()))
            .map_err(|error| HostFault::Internal(error.to_string()))?;
        env.as_mut(&mut store).handles = Some(handles.clone());
        Ok(Self {
            compiled,
            store,
            env,
            instance,
            handles,
            stack_depth,
            fuel_limit: grants.fuel,
        })
    }

    /// Calls an export by its signature; see [`crate::LoadedModule::call_raw`].
    pub(crate) fn call_export(
        &mut self,
        export: &str,
        input: Option<&[u8]>,
    ) -> Result<RawOutput, Fault> {
        let signature = self
            .compiled
            .exports
            .get(export)
            .ok_or_else(|| GuestFault::MissingExport(export.to_owned()))?;
        let input = input.unwrap_or_default();
        match signature.to_string().as_str() {
            "()->()" => {
                self.call::<(), ()>(export, |function, store| function.call(store))?;
                Ok(RawOutput {
                    value: None,
                    bytes: None,
                })
            }
            "()->(i32)" => {
                let value = self.call::<(), i32>(export, |f, store| f.call(store))?;
                let bytes = match export {
                    "get_name" | "get_version" => self.read_label(export, value)?,
                    _ => None,
                };
                Ok(number(value, bytes))
            }
            "()->(i64)" => {
                let packed = self.call::<(), i64>(export, |f, store| f.call(store))?;
                self.packed(packed)
            }
            "(i32,i32)->(i32)" => {
                let (pointer, len) = self.pass_input(input)?;
                let value = self.call::<(i32, i32), i32>(export, |function, store| {
                    function.call(store, pointer, len)
                })?;
                Ok(number(value, None))
            }
            "(i32,i32)->(i64)" => {
                let (pointer, len) = self.pass_input(input)?;
                let packed = self.call::<(i32, i32), i64>(export, |function, store| {
                    function.call(store, pointer, len)
                })?;
                self.packed(packed)
            }
            found => Err(Fault::Guest(GuestFault::ExportSignature {
                export: export.to_owned(),
                found: found.to_owned(),
                expected: "no parameters or (i32,i32), and at most one result".to_owned(),
            })),
        }
    }

    /// Fuel not used.
    fn fuel_left(&mut self) -> u64 {
        if self.is_set(&self.handles.fuel_exhausted.clone()) {
            return 0;
        }
        match self.handles.fuel_remaining.get(&mut self.store) {
            Value::I64(points) => points.cast_unsigned(),
            _ => 0,
        }
    }

    fn is_set(&mut self, global: &Global) -> bool {
        !matches!(global.get(&mut self.store), Value::I32(0))
    }

    fn call<Args, Rets>(
        &mut self,
        export: &str,
        invoke: impl FnOnce(
            &wasmer::TypedFunction<Args, Rets>,
            &mut wasmer::StoreMut<'_>,
        ) -> Result<Rets, RuntimeError>,
    ) -> Result<Rets, Fault>
    where
        Args: wasmer::WasmTypeList,
        Rets: wasmer::WasmTypeList,
    {
        let function = self
            .instance
            .exports
            .get_typed_function::<Args, Rets>(&self.store, export)
            .map_err(|error| HostFault::Internal(error.to_string()))?;
        invoke(&function, &mut self.store.as_store_mut()).map_err(|error| self.trap_fault(&error))
    }

    /// Puts the input into the guest's memory (guest ABI §1.1).
    fn pass_input(&mut self, input: &[u8]) -> Result<(i32, i32), Fault> {
        let too_large = GuestFault::InputTooLarge {
            size_bytes: input.len(),
            max_bytes: limits::MAX_INPUT_BYTES,
        };
        if input.len() > limits::MAX_INPUT_BYTES {
            return Err(too_large.into());
        }
        let Ok(len) = i32::try_from(input.len()) else {
            return Err(too_large.into());
        };
        let pointer = if self.compiled.exports.contains_key("alloc") {
            self.call::<i32, i32>("alloc", |function, store| function.call(store, len))?
        } else if self.compiled.exports.contains_key("allocate") {
            self.call::<(i32, i32), i32>("allocate", |function, store| {
                function.call(store, len, 0)
            })?
        } else {
            self.fallback_pointer(input.len())?
        };
        if input.is_empty() {
            return Ok((pointer, 0));
        }
        if pointer == 0 {
            return Err(Fault::Guest(GuestFault::ArenaFull {
                size_bytes: input.len(),
            }));
        }
        let start = pointer.cast_unsigned();
        self.check_bounds("input buffer", start, len.cast_unsigned())?;
        self.handles
            .memory
            .view(&self.store)
            .write(start.into(), input)
            .map_err(|error| HostFault::Internal(error.to_string()))?;
        Ok((pointer, len))
    }

    fn fallback_pointer(&mut self, size_bytes: usize) -> Result<i32, Fault> {
        let memory_bytes = self.memory_bytes();
        let size = size_bytes as u64;
        if memory_bytes < size + FALLBACK_RESERVE_BYTES {
            return Err(Fault::Guest(GuestFault::ArenaFull { size_bytes }));
        }
        let pointer = memory_bytes - size - FALLBACK_MARGIN_BYTES;
        u32::try_from(pointer)
            .map(u32::cast_signed)
            .map_err(|_| Fault::Guest(GuestFault::ArenaFull { size_bytes }))
    }

    fn packed(&mut self, packed: i64) -> Result<RawOutput, Fault> {
        let (pointer, len) = unpack(packed);
        let bytes = if len == 0 && pointer == 0 {
            None
        } else {
            Some(self.read("output", pointer, len)?)
        };
        Ok(RawOutput {
            value: Some(packed),
            bytes,
        })
    }

    /// `u32` length and text, as `get_name` returns them; None for a null pointer.
    fn read_label(&mut self, export: &str, pointer: i32) -> Result<Option<Vec<u8>>, Fault> {
        if pointer == 0 {
            return Ok(None);
        }
        let start = pointer.cast_unsigned();
        let header = self.read("label", start, 4)?;
        let len = header
            .try_into()
            .map(u32::from_le_bytes)
            .map_err(|_| HostFault::Internal("label header".to_owned()))?;
        if len as usize > limits::MAX_LABEL_BYTES {
            return Err(Fault::Guest(GuestFault::BadOutput {
                export: export.to_owned(),
                what: format!(
                    "a label of {len} bytes, at most {} are accepted",
                    limits::MAX_LABEL_BYTES
                ),
            }));
        }
        self.read("label", start.saturating_add(4), len).map(Some)
    }

    fn read(&mut self, what: &'static str, pointer: u32, len: u32) -> Result<Vec<u8>, Fault> {
        let size_bytes = len as usize;
        if size_bytes > limits::MAX_OUTPUT_BYTES {
            return Err(Fault::Guest(GuestFault::OutputTooLarge {
                size_bytes,
                max_bytes: limits::MAX_OUTPUT_BYTES,
            }));
        }
        self.check_bounds(what, pointer, len)?;
        let mut bytes = vec![0; size_bytes];
        self.handles
            .memory
            .view(&self.store)
            .read(pointer.into(), &mut bytes)
            .map_err(|error| HostFault::Internal(error.to_string()))?;
        Ok(bytes)
    }

    fn check_bounds(&self, what: &'static str, pointer: u32, len: u32) -> Result<(), Fault> {
        let memory_bytes = self.memory_bytes();
        if u64::from(pointer) + u64::from(len) > memory_bytes {
            return Err(Fault::Guest(GuestFault::OutOfBounds {
                what,
                pointer,
                length_bytes: len,
                memory_bytes,
            }));
        }
        Ok(())
    }

    fn memory_bytes(&self) -> u64 {
        self.handles.memory.view(&self.store).data_size()
    }

    /// Sorts a trap: by what the injected code left behind, then by its code.
    fn trap_fault(&mut self, error: &RuntimeError) -> Fault {
        if let Some(HostTrap::Fault(fault)) = error.downcast_ref::<HostTrap>() {
            return Fault::Host(fault.clone());
        }
        if self.is_set(&self.handles.fuel_exhausted.clone()) {
            return Fault::Guest(GuestFault::OutOfFuel {
                limit: self.fuel_limit,
            });
        }
        let depth = match self.stack_depth.get(&mut self.store) {
            Value::I32(units) => units.cast_unsigned(),
            _ => 0,
        };
        if depth > limits::MAX_STACK_UNITS {
            return Fault::Guest(GuestFault::StackDepth(limits::MAX_STACK_UNITS));
        }
        match error.clone().to_trap() {
            Some(TrapCode::StackOverflow) => Fault::Host(HostFault::NativeStack),
            Some(code) => Fault::Guest(GuestFault::Trap(code.message().to_owned())),
            None => Fault::Host(HostFault::Resource(error.message())),
        }
    }
}

fn number(value: i32, bytes: Option<Vec<u8>>) -> RawOutput {
    RawOutput {
        value: Some(value.into()),
        bytes,
    }
}

fn instantiation_fault(error: InstantiationError) -> Fault {
    match error {
        InstantiationError::Start(trap) => match trap.clone().to_trap() {
            Some(code) => Fault::Guest(GuestFault::Trap(format!(
                "{} while the instance was set up",
                code.message()
            ))),
            None => Fault::Host(HostFault::Resource(trap.message())),
        },
        other => Fault::Host(HostFault::Resource(other.to_string())),
    }
}
