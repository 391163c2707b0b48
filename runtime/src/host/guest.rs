//! The state behind an instance's host functions, and safe access to its memory and fuel.

use std::sync::Arc;

use wasmer::{FunctionEnvMut, Global, Memory, StoreMut, Value};

use super::ERR_DISABLED;
use crate::context::{CallContext, LogBuffer};
use crate::error::HostFault;
use crate::generation::SdkGeneration;
use crate::limits;
use crate::storage::{Overlay, PendingWrites, StorageView};

/// Why a host function ends the guest's call.
#[derive(Debug, Clone, thiserror::Error)]
pub(crate) enum HostTrap {
    #[error("out of fuel in a host function")]
    OutOfFuel,
    #[error(transparent)]
    Fault(#[from] HostFault),
}

impl From<crate::storage::StorageFault> for HostTrap {
    fn from(fault: crate::storage::StorageFault) -> Self {
        Self::Fault(HostFault::Storage(fault.0))
    }
}

/// Exports of an instance that host functions need. Known once it is instantiated.
#[derive(Debug, Clone)]
pub(crate) struct InstanceHandles {
    pub(crate) memory: Memory,
    pub(crate) fuel_remaining: Global,
    pub(crate) fuel_exhausted: Global,
}

/// State of one call.
pub(crate) struct Env {
    pub(crate) context: CallContext,
    pub(crate) generation: SdkGeneration,
    pub(crate) storage: Arc<dyn StorageView>,
    pub(crate) pending: PendingWrites,
    pub(crate) logs: LogBuffer,
    pub(crate) handles: Option<InstanceHandles>,
    /// Whether an oversized stored value was already reported in this call.
    pub(crate) reported_oversize: bool,
}

impl Env {
    pub(crate) fn new(
        context: CallContext,
        generation: SdkGeneration,
        storage: Arc<dyn StorageView>,
    ) -> Self {
        Self {
            context,
            generation,
            storage,
            pending: PendingWrites::default(),
            logs: LogBuffer::default(),
            handles: None,
            reported_oversize: false,
        }
    }

    #[cfg(test)]
    pub(crate) fn for_tests(context: CallContext) -> Self {
        let storage = Arc::new(crate::storage::MemoryStorage::default());
        Self::new(context, SdkGeneration::default(), storage)
    }

    pub(crate) fn overlay(&mut self) -> Overlay<'_> {
        Overlay::new(self.storage.as_ref(), &mut self.pending)
    }
}

/// A guest in the middle of a host call.
pub(crate) struct Guest<'a> {
    pub(crate) env: &'a mut Env,
    store: StoreMut<'a>,
    handles: InstanceHandles,
}

impl<'a> Guest<'a> {
    /// Enters a host function and charges its fuel.
    pub(crate) fn enter(
        function: &'a mut FunctionEnvMut<'_, Env>,
        fuel: u64,
    ) -> Result<Self, HostTrap> {
        let (env, store) = function.data_and_store_mut();
        let handles = env.handles.clone().ok_or_else(|| {
            HostTrap::Fault(HostFault::Internal(
                "host function called before the instance was ready".to_owned(),
            ))
        })?;
        let mut guest = Self {
            env,
            store,
            handles,
        };
        guest.charge(fuel)?;
        Ok(guest)
    }

    /// Takes fuel, or ends the call when there is not enough.
    pub(crate) fn charge(&mut self, fuel: u64) -> Result<(), HostTrap> {
        let remaining = match self.handles.fuel_remaining.get(&mut self.store) {
            Value::I64(points) => points.cast_unsigned(),
            _ => 0,
        };
        let (left, exhausted) = match remaining.checked_sub(fuel) {
            Some(left) => (left, false),
            None => (0, true),
        };
        self.set_global(
            &self.handles.fuel_remaining.clone(),
            left.cast_signed().into(),
        )?;
        if exhausted {
            self.set_global(&self.handles.fuel_exhausted.clone(), 1i32.into())?;
            return Err(HostTrap::OutOfFuel);
        }
        Ok(())
    }

    /// Takes the fuel of moving this many bytes.
    pub(crate) fn charge_bytes(&mut self, size_bytes: usize) -> Result<(), HostTrap> {
        self.charge(size_bytes as u64 * limits::MOVED_BYTE_FUEL)
    }

    fn set_global(&mut self, global: &Global, value: Value) -> Result<(), HostTrap> {
        global
            .set(&mut self.store, value)
            .map_err(|error| HostTrap::Fault(HostFault::Internal(error.to_string())))
    }

    /// Whether a range lies inside linear memory.
    pub(crate) fn in_bounds(&self, pointer: i32, size_bytes: usize) -> bool {
        let start = u64::from(pointer.cast_unsigned());
        let size = self.handles.memory.view(&self.store).data_size();
        start
            .checked_add(size_bytes as u64)
            .is_some_and(|end| end <= size)
    }

    /// Copies bytes out of linear memory; `None` when the range is outside of it.
    pub(crate) fn read(&self, pointer: i32, size_bytes: usize) -> Option<Vec<u8>> {
        if !self.in_bounds(pointer, size_bytes) {
            return None;
        }
        let mut bytes = vec![0; size_bytes];
        self.handles
            .memory
            .view(&self.store)
            .read(pointer.cast_unsigned().into(), &mut bytes)
            .ok()?;
        Some(bytes)
    }

    /// Copies bytes into linear memory; false, and nothing written, when they don't fit.
    #[must_use]
    pub(crate) fn write(&mut self, pointer: i32, bytes: &[u8]) -> bool {
        self.in_bounds(pointer, bytes.len())
            && self
                .handles
                .memory
                .view(&self.store)
                .write(pointer.cast_unsigned().into(), bytes)
                .is_ok()
    }

    /// Writes an answer into a buffer whose length the guest passed: bytes written, minus the needed
    /// length when the buffer is too small, `failed` when it isn't in memory.
    pub(crate) fn answer(
        &mut self,
        pointer: i32,
        capacity: i32,
        bytes: &[u8],
        failed: i32,
    ) -> Result<i32, HostTrap> {
        let Ok(size) = i32::try_from(bytes.len()) else {
            return Ok(failed);
        };
        if length(capacity) < bytes.len() {
            return Ok(-size);
        }
        self.charge_bytes(bytes.len())?;
        Ok(if self.write(pointer, bytes) {
            size
        } else {
            failed
        })
    }

    /// Answers that the function is disabled, in the bincode `Result` form.
    pub(crate) fn answer_disabled(
        &mut self,
        pointer: i32,
        capacity: i32,
        failed: i32,
    ) -> Result<i32, HostTrap> {
        self.answer(pointer, capacity, &ERR_DISABLED, failed)
    }
}

/// Where a guest's request lies and where it wants the answer.
pub(crate) struct Buffers {
    pub request: i32,
    pub request_len: i32,
    pub response: i32,
    pub response_len: i32,
}

impl Buffers {
    pub(crate) fn of(request: i32, request_len: i32, response: i32, response_len: i32) -> Self {
        Self {
            request,
            request_len,
            response,
            response_len,
        }
    }
}

/// A length as the guest means it: unsigned.
pub(crate) fn length(raw: i32) -> usize {
    raw.cast_unsigned() as usize
}
