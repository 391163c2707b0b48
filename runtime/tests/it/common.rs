//! Guests in text form and an engine to run them on.

use std::sync::{Arc, LazyLock};

use assay_runtime::{
    CallContext, CallError, CallResult, Engine, EngineConfig, Grants, GuestFault, LoadError,
    LoadedModule, MemoryStorage, RawOutput,
};

pub static ENGINE: LazyLock<Engine> =
    LazyLock::new(|| Engine::new(EngineConfig::default()).unwrap());

/// A bump allocator from 1024 on and a function that packs a pointer and a length.
pub const PRELUDE: &str = r#"
    (memory (export "memory") 2)
    (global $next (mut i32) (i32.const 1024))
    (func $alloc (export "alloc") (param $len i32) (result i32)
        (local $at i32)
        (local.set $at (global.get $next))
        (global.set $next (i32.add (global.get $next) (i32.and (i32.add (local.get $len) (i32.const 7)) (i32.const -8))))
        (local.get $at))
    (func $pack (param $ptr i32) (param $len i32) (result i64)
        (i64.or (i64.shl (i64.extend_i32_u (local.get $len)) (i64.const 32)) (i64.extend_i32_u (local.get $ptr))))
"#;

pub fn wasm(text: &str) -> Vec<u8> {
    wat::parse_str(text).unwrap()
}

/// A module of imports, the prelude, and functions.
pub fn guest(imports: &str, functions: &str) -> Vec<u8> {
    wasm(&format!("(module {imports} {PRELUDE} {functions})"))
}

pub fn load(bytes: &[u8]) -> Arc<LoadedModule> {
    ENGINE.load(bytes).unwrap()
}

pub fn load_error(text: &str) -> LoadError {
    match ENGINE.load(&wasm(text)) {
        Ok(_) => panic!("loaded: {text}"),
        Err(error) => error,
    }
}

pub fn context() -> CallContext {
    let mut context = CallContext::new("test-challenge");
    context.epoch = 7;
    context.block_height = 99;
    context.timestamp_ms = 1_234;
    context.submission_count = 3;
    context
}

pub fn with_fuel(fuel: u64) -> CallContext {
    let mut context = context();
    context.grants = Grants {
        fuel,
        ..Grants::default()
    };
    context
}

pub fn empty() -> Arc<MemoryStorage> {
    Arc::new(MemoryStorage::default())
}

pub fn call(module: &LoadedModule, export: &str) -> CallResult<RawOutput> {
    module.call_raw(export, &context(), empty(), None)
}

/// The result of an export that returns a number.
pub fn number(module: &LoadedModule, export: &str) -> i64 {
    call(module, export).unwrap().output.value.unwrap()
}

pub fn fault(error: CallError) -> GuestFault {
    match error {
        CallError::Guest(failure) => failure.fault,
        CallError::Host(fault) => panic!("host fault: {fault}"),
    }
}
