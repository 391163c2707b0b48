//! Loading: what is refused before compilation, what compiled code survives on disk, the watchdog.
use std::fs;
use std::sync::Arc;

use crate::common::{ENGINE, call, context, empty, guest, load, load_error, wasm, with_fuel};
use assay_runtime::{
    Access, Engine, EngineConfig, HostFault, LoadError, LoadedModule, limits, tooling,
};

#[test]
fn unknown_import_is_refused_by_its_name() {
    let error = load_error(
        r#"(module (import "platform_magic" "cast_spell" (func)) (memory (export "memory") 1))"#,
    );
    assert_eq!(
        error.to_string(),
        "unknown import platform_magic.cast_spell"
    );
    assert!(!error.is_host_fault());
}

#[test]
fn known_import_or_export_with_another_signature_is_refused() {
    let import = load_error(
        r#"(module (import "platform_storage" "storage_get" (func (param i32 i32) (result i32))) (memory (export "memory") 1))"#,
    );
    assert_eq!(
        import.to_string(),
        "platform_storage.storage_get has signature (i32,i32)->(i32), expected (i32,i32,i32)->(i32)"
    );
    let export = load_error(
        r#"(module (memory (export "memory") 1) (func (export "evaluate") (result i32) (i32.const 0)))"#,
    );
    assert!(matches!(export, LoadError::Signature { .. }));
}

#[test]
fn what_the_abi_has_no_use_for_is_refused() {
    for (text, expected) in [
        (r#"(module)"#, "does not export a memory"),
        (r#"(module (memory 1))"#, "does not export a memory"),
        (
            r#"(module (memory (export "memory") 1) (func $s) (start $s))"#,
            "a start function",
        ),
        (
            r#"(module (import "env" "memory" (memory 1)) (export "memory" (memory 0)))"#,
            "an imported memory",
        ),
        (
            r#"(module (memory (export "memory") 1) (global (export "wasmer_metering_remaining_points") (mut i64) (i64.const 0)))"#,
            "reserved by the host",
        ),
        (
            r#"(module (memory (export "memory") 1) (func (drop (v128.const i64x2 0 0))))"#,
            "SIMD",
        ),
        (
            r#"(module (memory (export "memory") 1 1 shared))"#,
            "threads",
        ),
        (r#"(module (memory (export "memory") i64 1))"#, "memory64"),
        (
            r#"(module (memory (export "memory") 1) (func (drop (i32.atomic.load (i32.const 0)))))"#,
            "threads",
        ),
        (
            r#"(module (memory (export "memory") 1) (tag))"#,
            "exceptions",
        ),
        (
            r#"(module (memory (export "memory") 1) (memory 1))"#,
            "multi",
        ),
        (
            r#"(module (memory (export "memory") 1) (func $f (return_call $f)))"#,
            "tail calls",
        ),
    ] {
        let error = load_error(text).to_string();
        assert!(error.contains(expected), "{text}: {error}");
    }
}

#[test]
fn compile_bombs_are_refused_before_the_compiler_sees_them() {
    let memory = r#"(memory (export "memory") 1)"#;
    let bombs = [
        format!(
            "(module {memory} (func {} {}))",
            "block ".repeat(50_000),
            "end ".repeat(50_000)
        ),
        format!(
            "(module {memory} (func (result i32) (i32.const 0) {}))",
            "(i32.const 1) i32.add ".repeat(100_000)
        ),
        format!(
            "(module {memory} (func {} {}))",
            "(local i64)".repeat(4_000),
            "(block)".repeat(2_000)
        ),
        format!("(module {memory} (func {}))", "(loop)".repeat(1_001)),
        format!("(module {memory} (func {}))", "(block)".repeat(10_001)),
        format!("(module {memory} (func {}))", "(local i64)".repeat(5_000)),
        format!(
            "(module {memory} (func (block (br_table {} (i32.const 0)))))",
            "0 ".repeat(5_000)
        ),
        format!("(module {memory} {})", "(func)".repeat(20_000)),
        format!(
            "(module {memory} (type (func (param {}))))",
            "i32 ".repeat(100)
        ),
        format!("(module {memory} (table 1000000 funcref))"),
        format!("(module {memory} (global i32 (i32.const 0)))").replace(
            "(global i32 (i32.const 0))",
            &"(global i32 (i32.const 0))".repeat(5_000),
        ),
        r#"(module (memory (export "memory") 65536))"#.to_owned(),
    ];
    for bomb in bombs {
        let error = load_error(&bomb);
        assert!(
            matches!(error, LoadError::StaticLimit { .. }),
            "{}: {error}",
            &bomb[..100]
        );
    }
    let huge = vec![0; limits::MAX_MODULE_BYTES + 1];
    assert!(matches!(
        ENGINE.load(&huge),
        Err(LoadError::TooLarge { .. })
    ));
}

#[test]
fn largest_accepted_shapes_compile_well_within_the_deadline() {
    // Loops with locals that live across all of them: the shape that costs most per byte.
    let (locals, blocks) = (1_900, 1_000);
    let loops: String = "(loop (br_if 0 (i32.eqz (local.get 0))))".repeat(blocks);
    let uses: String = (0..locals)
        .map(|i| format!("(local.set {i} (i32.add (local.get {i}) (i32.const 1)))"))
        .collect();
    let module = load(&guest(
        "",
        &format!(
            r#"(func (export "f") {} {uses} {loops} {uses})"#,
            "(local i32)".repeat(locals)
        ),
    ));
    assert!(module.info().load_ms < limits::COMPILE_DEADLINE_MS / 2);
}

#[test]
fn garbage_and_every_truncation_is_refused_without_a_panic() {
    let good = guest("", r#"(func (export "noop"))"#);
    for len in 0..good.len() {
        // Without its last custom section it is still the whole module.
        if let Ok(module) = ENGINE.load(&good[..len]) {
            assert!(
                module.exports("noop") && len > good.len() / 2,
                "cut at {len}"
            );
        }
    }
    assert!(matches!(
        ENGINE.load(b"not a module"),
        Err(LoadError::Invalid(_))
    ));
}

#[test]
fn info_says_what_a_module_imports_exports_and_was_built_with() {
    let bytes = guest(
        r#"(import "platform_storage" "storage_get" (func (param i32 i32 i32) (result i32)))
           (import "platform_network" "http_get" (func (param i32 i32 i32 i32) (result i32)))
           (import "platform_exec" "exec_command" (func (param i32 i32 i32 i32) (result i32)))"#,
        r#"(func (export "evaluate") (param i32 i32) (result i64) (i64.const 0))
           (func (export "get_name") (result i32) (i32.const 0))
           (func (export "background_tick"))"#,
    );
    let report = tooling::inspect(&ENGINE, &bytes).unwrap();
    let access: Vec<Access> = report.module.imports.iter().map(|i| i.access).collect();
    assert_eq!(access, [Access::Granted, Access::Live, Access::Denied]);
    assert_eq!(report.module.sdk_generation, "B/C");
    assert!(report.is_challenge);
    assert_eq!(report.module.size_bytes, bytes.len());
    assert!(report.name.value().is_none());
    assert_eq!(report.routes.value().map(Vec::len), Some(0));
    let json = serde_json::to_value(&report).unwrap();
    assert_eq!(json["imports"][2]["access"], "denied");
    assert_eq!(json["code_hash"].as_str().map(str::len), Some(64));
}

#[test]
fn call_report_shows_output_writes_logs_fuel_and_whose_fault() {
    let bytes = guest(
        r#"(import "platform_storage" "storage_set" (func $set (param i32 i32 i32 i32) (result i32)))
           (import "platform_network" "log_message" (func $log (param i32 i32 i32)))"#,
        r#"(data (i32.const 16) "key")
           (func (export "go") (param i32 i32) (result i64)
               (drop (call $set (i32.const 16) (i32.const 3) (local.get 0) (local.get 1)))
               (call $log (i32.const 0) (i32.const 16) (i32.const 3))
               (call $pack (local.get 0) (local.get 1)))
           (func (export "trap") unreachable)"#,
    );
    let run = |export| {
        let storage = tooling::parse_storage(b"{}").unwrap();
        tooling::call(&ENGINE, &bytes, export, Some(b"hello"), storage, &context()).unwrap()
    };
    let report = run("go");
    assert!(report.ok);
    assert_eq!(report.output_hex.as_deref(), Some("68656c6c6f"));
    assert_eq!(report.output_text.as_deref(), Some("hello"));
    assert_eq!(
        report.storage_writes["6b6579"].as_deref(),
        Some("68656c6c6f")
    );
    assert_eq!(report.logs[0].message, "key");
    assert!(report.fuel_used.unwrap() > 0);
    let failed = run("trap");
    assert_eq!((failed.ok, failed.fault), (false, Some("guest")));
    assert!(
        serde_json::to_string(&failed)
            .unwrap()
            .contains("unreachable")
    );
}

fn engine_at(directory: &std::path::Path) -> Engine {
    Engine::new(EngineConfig {
        cache_directory: Some(directory.to_owned()),
        ..EngineConfig::default()
    })
    .unwrap()
}

fn noop() -> Vec<u8> {
    guest("", r#"(func (export "seven") (result i32) (i32.const 7))"#)
}

fn seven(module: &LoadedModule) -> bool {
    call(module, "seven").unwrap().output.value == Some(7)
}

#[test]
fn compiled_code_is_reused_after_a_restart_and_in_memory() {
    let directory = tempfile::tempdir().unwrap();
    let first = engine_at(directory.path());
    let compiled = first.load(&noop()).unwrap();
    assert!(!compiled.info().from_disk_cache);
    assert!(Arc::ptr_eq(&compiled, &first.load(&noop()).unwrap()));
    drop(first);
    let loaded = engine_at(directory.path()).load(&noop()).unwrap();
    assert!(loaded.info().from_disk_cache);
    assert!(seven(&loaded));
    let (a, b) = (
        call(&compiled, "seven").unwrap(),
        call(&loaded, "seven").unwrap(),
    );
    assert_eq!(a, b);
}

#[test]
fn damaged_cache_entry_is_compiled_again_and_replaced() {
    let directory = tempfile::tempdir().unwrap();
    engine_at(directory.path()).load(&noop()).unwrap();
    let path = fs::read_dir(directory.path())
        .unwrap()
        .next()
        .unwrap()
        .unwrap()
        .path();
    let good = fs::read(&path).unwrap();
    let mut flipped = good.clone();
    flipped[good.len() / 2] ^= 0x10;
    for bad in [
        flipped,
        good[..good.len() / 2].to_vec(),
        Vec::new(),
        vec![0; 100],
    ] {
        fs::write(&path, &bad).unwrap();
        let module = engine_at(directory.path()).load(&noop()).unwrap();
        assert!(!module.info().from_disk_cache);
        assert!(seven(&module));
        let again = engine_at(directory.path()).load(&noop()).unwrap();
        assert!(again.info().from_disk_cache);
    }
}

#[test]
fn well_formed_file_that_is_no_artefact_is_compiled_again() {
    use sha2::Digest;
    let directory = tempfile::tempdir().unwrap();
    engine_at(directory.path()).load(&noop()).unwrap();
    let path = fs::read_dir(directory.path())
        .unwrap()
        .next()
        .unwrap()
        .unwrap()
        .path();
    let payload = vec![0x5a; 4096];
    let mut file = b"assayc01".to_vec();
    file.extend_from_slice(&sha2::Sha256::digest(&payload));
    file.extend_from_slice(&payload);
    fs::write(&path, &file).unwrap();
    let module = engine_at(directory.path()).load(&noop()).unwrap();
    assert!(!module.info().from_disk_cache);
    assert!(seven(&module));
}

#[test]
fn watchdog_gives_a_host_fault_and_the_next_call_works() {
    let engine = Engine::new(EngineConfig {
        cpu_limit_ms: 20,
        workers: 1,
        ..EngineConfig::default()
    })
    .unwrap();
    let module = engine
        .load(&guest(
            "",
            r#"(func (export "spin") (loop $l (br $l))) (func (export "seven") (result i32) (i32.const 7))"#,
        ))
        .unwrap();
    let error = module
        .call_raw("spin", &with_fuel(3_000_000_000), empty(), None)
        .unwrap_err();
    assert!(matches!(error.host_fault(), Some(HostFault::Watchdog(_))));
    assert!(seven(&module));
}

#[test]
fn unusable_cache_directory_is_a_named_host_fault() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("file");
    fs::write(&file, b"").unwrap();
    let result = Engine::new(EngineConfig {
        cache_directory: Some(file),
        ..EngineConfig::default()
    });
    assert!(matches!(result.err(), Some(HostFault::Io(_))));
}

#[test]
fn concurrent_loads_and_calls_agree() {
    let bytes = wasm(
        r#"(module (memory (export "memory") 1) (func (export "eleven") (result i32) (i32.const 11)))"#,
    );
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                let module = load(&bytes);
                for _ in 0..20 {
                    assert_eq!(call(&module, "eleven").unwrap().output.value, Some(11));
                }
            });
        }
    });
}

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig::with_cases(200))]
    /// Flipped bytes often stay valid: what loads must run to a result or a fault of its own.
    #[test]
    fn mutated_module_is_refused_or_runs_without_hurting_the_host(
        flips in proptest::collection::vec((0usize..400, 0u8..=255), 1..4),
    ) {
        let mut bytes = guest(
            r#"(import "platform_storage" "storage_get" (func $get (param i32 i32 i32) (result i32)))
               (import "platform_storage" "storage_set" (func $set (param i32 i32 i32 i32) (result i32)))"#,
            r#"(table 4 funcref) (elem (i32.const 0) $a $b)
               (func $a (export "a") (param i32 i32) (result i64)
                   (drop (call $get (i32.const 16) (i32.const 1) (i32.const 2048)))
                   (memory.fill (i32.const 0) (i32.const 1) (i32.const 100))
                   (call_indirect (param i32 i32) (result i64) (i32.const 8) (i32.const 9) (i32.const 1)))
               (func $b (export "b") (param i32 i32) (result i64) (local $n i32)
                   (loop $l
                       (local.set $n (i32.add (local.get $n) (i32.const 1)))
                       (drop (call $set (local.get $n) (i32.const 4) (i32.const 0) (i32.const 8)))
                       (br_if $l (i32.lt_u (local.get $n) (i32.const 50))))
                   (call $pack (memory.grow (i32.const 1)) (local.get $n)))"#,
        );
        for (at, value) in flips {
            let at = at % bytes.len();
            bytes[at] = value;
        }
        if let Ok(module) = ENGINE.load(&bytes) {
            let names: Vec<String> = module.info().exports.iter().map(|e| e.name.clone()).collect();
            for name in names {
                let result = module.call_raw(&name, &with_fuel(50_000_000), empty(), Some(b"12345678"));
                if let Err(error) = result {
                    proptest::prop_assert!(error.host_fault().is_none(), "{name}: {error}");
                }
            }
        }
    }
}
