//! What a call costs: instance creation, a warm `evaluate`, host functions, and the share of metering.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    missing_docs
)]

use std::hint::black_box;
use std::sync::Arc;

use assay_challenge_sdk::abi::{EvaluationInput, EvaluationOutput, codec};
use assay_runtime::{CallContext, Engine, EngineConfig, LoadedModule, MemoryStorage};
use criterion::{Criterion, criterion_group, criterion_main};
use wasmer::sys::{CompilerConfig, Cranelift};
use wasmer::{Instance, Module, Store, imports};
use wasmer_middlewares::Metering;

const FIB: &str = r#"
    (func $fib (param i32) (result i32)
        (if (result i32) (i32.lt_u (local.get 0) (i32.const 2))
            (then (local.get 0))
            (else (i32.add (call $fib (i32.sub (local.get 0) (i32.const 1)))
                           (call $fib (i32.sub (local.get 0) (i32.const 2)))))))
    (func (export "fib") (result i32) (call $fib (i32.const 22)))
    (func (export "sum") (result i32) (local $i i32) (local $s i32)
        (loop $l
            (local.set $s (i32.add (local.get $s) (i32.load8_u (i32.and (local.get $i) (i32.const 65535)))))
            (local.set $i (i32.add (local.get $i) (i32.const 1)))
            (br_if $l (i32.lt_u (local.get $i) (i32.const 100000))))
        (local.get $s))
"#;

fn bytes() -> Vec<u8> {
    let output = codec::encode(&EvaluationOutput::default()).unwrap();
    let data: String = output.iter().map(|byte| format!("\\{byte:02x}")).collect();
    let packed = ((output.len() as u64) << 32) | 256;
    wat::parse_str(format!(
        r#"(module
            (import "platform_storage" "storage_get" (func $get (param i32 i32 i32) (result i32)))
            (import "platform_storage" "storage_set" (func $set (param i32 i32 i32 i32) (result i32)))
            (import "platform_consensus" "consensus_get_epoch" (func $epoch (result i64)))
            (memory (export "memory") 33)
            (data (i32.const 256) "{data}")
            (func (export "alloc") (param i32) (result i32) (i32.const 4096))
            (func (export "noop"))
            (func (export "evaluate") (param i32 i32) (result i64) (i64.const {packed}))
            (func (export "storage_1000") (local $n i32)
                (loop $l
                    (drop (call $get (i32.const 256) (i32.const 8) (i32.const 4096)))
                    (local.set $n (i32.add (local.get $n) (i32.const 1)))
                    (br_if $l (i32.lt_u (local.get $n) (i32.const 1000)))))
            {FIB})"#
    ))
    .unwrap()
}

fn run(module: &LoadedModule, export: &str) {
    let storage = Arc::new(MemoryStorage::default());
    let outcome = module.call_raw(export, &CallContext::new("bench"), storage, None);
    black_box(outcome.unwrap());
}

/// The same functions on wasmer alone, with or without its metering: what our instrumentation adds.
fn plain(metered: bool) -> (Store, Instance) {
    let mut compiler = Cranelift::new();
    compiler.canonicalize_nans(true);
    if metered {
        compiler.push_middleware(Arc::new(Metering::new(u64::MAX / 2, |_: &_| 1)));
    }
    let mut store = Store::new(compiler);
    let text = format!(r#"(module (memory (export "memory") 33) {FIB})"#);
    let module = Module::new(&store, wat::parse_str(text).unwrap()).unwrap();
    let instance = Instance::new(&mut store, &module, &imports! {}).unwrap();
    (store, instance)
}

fn calls(criterion: &mut Criterion) {
    let engine = Engine::new(EngineConfig::default()).unwrap();
    let module = engine.load(&bytes()).unwrap();
    let input = EvaluationInput {
        agent_data: vec![0; 10_000],
        ..EvaluationInput::default()
    };
    criterion.bench_function("instance and empty call", |bencher| {
        bencher.iter(|| run(&module, "noop"));
    });
    criterion.bench_function("evaluate with 10 KB input", |bencher| {
        bencher.iter(|| {
            let storage = Arc::new(MemoryStorage::default());
            module
                .evaluate(&CallContext::new("bench"), storage, &input)
                .unwrap()
        });
    });
    criterion.bench_function("1000 storage_get", |bencher| {
        bencher.iter(|| run(&module, "storage_1000"));
    });
}

fn metering_share(criterion: &mut Criterion) {
    let engine = Engine::new(EngineConfig::default()).unwrap();
    let module = engine.load(&bytes()).unwrap();
    for export in ["fib", "sum"] {
        let mut group = criterion.benchmark_group(export);
        for (name, metered) in [("unmetered", false), ("metered", true)] {
            let (mut store, instance) = plain(metered);
            let function = instance
                .exports
                .get_typed_function::<(), i32>(&store, export)
                .unwrap();
            group.bench_function(name, |bencher| {
                bencher.iter(|| function.call(&mut store).unwrap());
            });
        }
        group.bench_function("metered and guarded, with instance", |bencher| {
            bencher.iter(|| run(&module, export));
        });
        group.finish();
    }
}

fn load(criterion: &mut Criterion) {
    let directory = tempfile::tempdir().unwrap();
    let bytes = bytes();
    let open = || {
        Engine::new(EngineConfig {
            cache_directory: Some(directory.path().to_owned()),
            ..EngineConfig::default()
        })
        .unwrap()
    };
    open().load(&bytes).unwrap();
    criterion.bench_function("load from disk cache", |bencher| {
        bencher.iter(|| open().load(&bytes).unwrap());
    });
}

criterion_group!(benches, calls, metering_share, load);
criterion_main!(benches);
