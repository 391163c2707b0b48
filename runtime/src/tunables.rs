//! Caps linear memory and tables of an instance by the call's grant.

use std::ptr::NonNull;

use wasmer::sys::vm::{
    MemoryError, MemoryStyle, TableStyle, VMConfig, VMMemory, VMMemoryDefinition, VMTable,
    VMTableDefinition,
};
use wasmer::sys::{BaseTunables, Tunables};
use wasmer::{MemoryType, Pages, TableType};

use crate::limits;

/// wasmer's own tunables with lower maxima: growth beyond them fails, as WebAssembly defines.
pub(crate) struct GrantTunables {
    base: BaseTunables,
    memory_max: Pages,
    config: VMConfig,
}

impl GrantTunables {
    /// Caps memory at `memory_bytes`, rounded down to pages.
    pub(crate) fn new(memory_bytes: u64) -> Self {
        let pages = memory_bytes.min(limits::MAX_MEMORY_BYTES) / limits::WASM_PAGE_BYTES;
        Self {
            base: BaseTunables::new(),
            memory_max: Pages(u32::try_from(pages).unwrap_or(u32::MAX)),
            config: VMConfig {
                wasm_stack_size: Some(limits::NATIVE_STACK_BYTES),
            },
        }
    }

    fn cap_memory(&self, ty: &MemoryType) -> MemoryType {
        let mut capped = *ty;
        capped.maximum = Some(ty.maximum.unwrap_or(self.memory_max).min(self.memory_max));
        capped
    }

    fn cap_table(&self, ty: &TableType) -> TableType {
        let mut capped = *ty;
        let max = ty.maximum.unwrap_or(limits::MAX_TABLE_ENTRIES);
        capped.maximum = Some(max.min(limits::MAX_TABLE_ENTRIES));
        capped
    }
}

impl Tunables for GrantTunables {
    fn memory_style(&self, memory: &MemoryType) -> MemoryStyle {
        self.base.memory_style(memory)
    }

    fn table_style(&self, table: &TableType) -> TableStyle {
        self.base.table_style(table)
    }

    fn create_host_memory(
        &self,
        ty: &MemoryType,
        style: &MemoryStyle,
    ) -> Result<VMMemory, MemoryError> {
        self.base.create_host_memory(&self.cap_memory(ty), style)
    }

    unsafe fn create_vm_memory(
        &self,
        ty: &MemoryType,
        style: &MemoryStyle,
        vm_definition_location: NonNull<VMMemoryDefinition>,
    ) -> Result<VMMemory, MemoryError> {
        // SAFETY: the caller's promise about the location is passed on unchanged; a lower maximum
        // doesn't change the definition's layout.
        unsafe {
            self.base
                .create_vm_memory(&self.cap_memory(ty), style, vm_definition_location)
        }
    }

    fn create_host_table(&self, ty: &TableType, style: &TableStyle) -> Result<VMTable, String> {
        self.base.create_host_table(&self.cap_table(ty), style)
    }

    unsafe fn create_vm_table(
        &self,
        ty: &TableType,
        style: &TableStyle,
        vm_definition_location: NonNull<VMTableDefinition>,
    ) -> Result<VMTable, String> {
        // SAFETY: as in `create_vm_memory`.
        unsafe {
            self.base
                .create_vm_table(&self.cap_table(ty), style, vm_definition_location)
        }
    }

    fn vmconfig(&self) -> &VMConfig {
        &self.config
    }
}
