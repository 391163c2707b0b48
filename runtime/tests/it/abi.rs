//! The guest ABI as modules meet it: passing inputs, outputs, and each host function.
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::Arc;

use crate::common::{call, context, empty, fault, guest, load, number, wasm};
use assay_challenge_sdk::abi::{
    EvaluationInput, EvaluationOutput, WasmRouteDefinition, WasmRouteRequest, WeightAssignment,
    WeightEntry, Weights, codec, names,
};
use assay_runtime::{
    CallError, GuestFault, HostFault, LoadedModule, LogLevel, MemoryStorage, StorageFault,
    StorageView, limits,
};
use proptest::prelude::*;

const ECHO: &str = r#"(func (export "echo") (param i32 i32) (result i64) (call $pack (local.get 0) (local.get 1)))"#;

#[test]
fn input_reaches_the_guest_and_output_comes_back() {
    let module = load(&guest("", ECHO));
    for size in [0usize, 1, 7, 100_000] {
        let input = vec![0x5a; size];
        let outcome = module
            .call_raw("echo", &context(), empty(), Some(&input))
            .unwrap();
        assert_eq!(outcome.output.bytes.as_deref(), Some(input.as_slice()));
    }
}

#[test]
fn allocator_that_answers_zero_means_input_too_large_for_the_arena() {
    let module = load(&wasm(
        r#"(module (memory (export "memory") 1)
            (func (export "alloc") (param i32) (result i32) (i32.const 0))
            (func (export "evaluate") (param i32 i32) (result i64) unreachable))"#,
    ));
    let error = module
        .evaluate(&context(), empty(), &EvaluationInput::default())
        .unwrap_err();
    assert!(
        error
            .to_string()
            .contains("input too large for module arena")
    );
    assert!(matches!(fault(error), GuestFault::ArenaFull { .. }));
}

#[test]
fn missing_alloc_falls_back_to_allocate_and_then_to_the_end_of_memory() {
    let body = r#"(func (export "at") (param i32 i32) (result i32) (local.get 0))"#;
    let second = load(&wasm(&format!(
        r#"(module (memory (export "memory") 1)
            (func (export "allocate") (param i32 i32) (result i32) (i32.add (i32.const 4096) (local.get 1))) {body})"#
    )));
    let neither = load(&wasm(&format!(
        r#"(module (memory (export "memory") 1) {body})"#
    )));
    let at = |module: &LoadedModule, size: usize| {
        module.call_raw("at", &context(), empty(), Some(&vec![1; size]))
    };
    assert_eq!(at(&second, 10).unwrap().output.value, Some(4096));
    assert_eq!(
        at(&neither, 10).unwrap().output.value,
        Some(65_536 - 10 - 1024)
    );
    assert!(at(&neither, 65_536 - 5_120).is_ok());
    let error = at(&neither, 65_536 - 5_119).unwrap_err();
    assert!(matches!(fault(error), GuestFault::ArenaFull { .. }));
}

#[test]
fn allocator_that_points_outside_memory_is_caught() {
    let module = load(&wasm(
        r#"(module (memory (export "memory") 1)
            (func (export "alloc") (param i32) (result i32) (i32.const -8))
            (func (export "at") (param i32 i32) (result i32) (local.get 0)))"#,
    ));
    let error = module
        .call_raw("at", &context(), empty(), Some(&[1; 16]))
        .unwrap_err();
    assert!(matches!(fault(error), GuestFault::OutOfBounds { .. }));
}

#[test]
fn packed_results_are_bounds_checked_and_need_no_alignment() {
    let module = load(&wasm(
        r#"(module (memory (export "memory") 1) (data (i32.const 3) "odd")
            (func (export "odd") (result i64) (i64.const 0x0000000300000003))
            (func (export "last") (result i64) (i64.const 0x000000010000ffff))
            (func (export "beyond") (result i64) (i64.const 0x000000020000ffff))
            (func (export "wrap") (result i64) (i64.const 0x00000020fffffff0))
            (func (export "huge") (result i64) (i64.const -1))
            (func (export "null") (result i64) (i64.const 0))
            (func (export "empty") (result i64) (i64.const 8)))"#,
    ));
    let bytes = |name| call(&module, name).unwrap().output.bytes;
    assert_eq!(bytes("odd").unwrap(), b"odd");
    assert_eq!(bytes("last").unwrap(), [0]);
    assert_eq!(bytes("null"), None);
    assert_eq!(bytes("empty").unwrap(), b"");
    let fails = |name| fault(call(&module, name).unwrap_err());
    assert!(matches!(fails("beyond"), GuestFault::OutOfBounds { .. }));
    assert!(matches!(fails("wrap"), GuestFault::OutOfBounds { .. }));
    assert!(matches!(fails("huge"), GuestFault::OutputTooLarge { .. }));
}

#[test]
fn missing_exports_and_odd_signatures_are_named() {
    let module = load(&guest("", r#"(func (export "odd") (param f32))"#));
    assert_eq!(
        fault(call(&module, "evaluate").unwrap_err()),
        GuestFault::MissingExport("evaluate".into())
    );
    assert!(matches!(
        fault(call(&module, "odd").unwrap_err()),
        GuestFault::ExportSignature { .. }
    ));
}

/// Puts bytes into memory at 256 and returns them from `name`.
fn returning(name: &str, signature: &str, bytes: &[u8]) -> Arc<LoadedModule> {
    let data: String = bytes.iter().fold(String::new(), |mut text, byte| {
        write!(text, "\\{byte:02x}").unwrap();
        text
    });
    let packed = ((bytes.len() as u64) << 32) | 256;
    load(&wasm(&format!(
        r#"(module (memory (export "memory") 1) (data (i32.const 256) "{data}")
            (func (export "alloc") (param i32) (result i32) (i32.const 32768))
            (func (export "{name}") {signature} (result i64) (i64.const {packed})))"#
    )))
}

#[test]
fn evaluate_decodes_and_refuses_garbage_and_silence() {
    let output = EvaluationOutput {
        score: 5_000,
        valid: true,
        message: "ok".into(),
        metrics: None,
        details: Some(vec![1]),
    };
    let mut bytes = codec::encode(&output).unwrap();
    bytes.push(9); // Trailing bytes are tolerated.
    let run =
        |module: &LoadedModule| module.evaluate(&context(), empty(), &EvaluationInput::default());
    let input = "(param i32 i32)";
    assert_eq!(
        run(&returning("evaluate", input, &bytes)).unwrap().output,
        output
    );
    let garbage = run(&returning("evaluate", input, &[0xff; 40])).unwrap_err();
    assert!(matches!(fault(garbage), GuestFault::BadOutput { .. }));
    let silent = load(&guest(
        "",
        r#"(func (export "evaluate") (param i32 i32) (result i64) (i64.const 0))"#,
    ));
    assert_eq!(
        fault(run(&silent).unwrap_err()),
        GuestFault::NoOutput("evaluate".into())
    );
}

#[test]
fn weights_come_in_two_layouts_or_not_at_all() {
    let by_uid = vec![WeightEntry { uid: 1, weight: 2 }];
    let by_hotkey = vec![WeightAssignment {
        hotkey: "ab".repeat(32),
        weight: 0.5,
    }];
    let weights = |module: &LoadedModule| module.weights(&context(), empty());
    let of = |bytes: &[u8]| weights(&returning("get_weights", "", bytes));
    assert_eq!(
        of(&codec::encode(&by_uid).unwrap()).unwrap().output,
        Weights::ByUid(by_uid)
    );
    assert_eq!(
        of(&codec::encode(&by_hotkey).unwrap()).unwrap().output,
        Weights::ByHotkey(by_hotkey)
    );
    assert!(matches!(
        fault(of(&[1, 2, 3]).unwrap_err()),
        GuestFault::BadOutput { .. }
    ));
    let none = load(&guest("", ""));
    assert_eq!(
        weights(&none).unwrap().output,
        Weights::ByHotkey(Vec::new())
    );
}

#[test]
fn labels_are_read_with_their_length_and_bounded() {
    let module = load(&wasm(
        r#"(module (memory (export "memory") 1)
            (data (i32.const 256) "\04\00\00\00term")
            (data (i32.const 512) "\ff\ff\ff\7f")
            (func (export "get_name") (result i32) (i32.const 256))
            (func (export "get_version") (result i32) (i32.const 512)))"#,
    ));
    assert_eq!(module.name(&context(), empty()).unwrap().output, "term");
    assert!(matches!(
        fault(module.version(&context(), empty()).unwrap_err()),
        GuestFault::BadOutput { .. }
    ));
}

#[test]
fn validate_without_reasons_and_with_them() {
    let input = EvaluationInput::default();
    let plain = load(&guest(
        "",
        r#"(func (export "validate") (param i32 i32) (result i32) (i32.const 1))"#,
    ));
    let refusing = load(&guest(
        "",
        r#"(func (export "validate") (param i32 i32) (result i32) (i32.const 2))"#,
    ));
    let run = |module: &LoadedModule| module.validate(&context(), empty(), &input).unwrap().output;
    assert!(run(&plain).accepted);
    assert!(!run(&refusing).accepted);
    let reason = assay_challenge_sdk::abi::ValidateOutcome::refuse("zip.encrypted", "no");
    let named = returning(
        "assay_validate",
        "(param i32 i32)",
        &codec::encode(&reason).unwrap(),
    );
    assert_eq!(run(&named), reason);
}

#[test]
fn routes_are_listed_and_answered() {
    let routes = vec![WasmRouteDefinition {
        method: "GET".into(),
        path: "/leaderboard".into(),
        description: String::new(),
        requires_auth: false,
    }];
    let module = returning("get_routes", "", &codec::encode(&routes).unwrap());
    assert_eq!(module.routes(&context(), empty()).unwrap().output, routes);
    let answer = returning(
        "handle_route",
        "(param i32 i32)",
        &[200, 0, 2, 0, 0, 0, 0, 0, 0, 0, b'{', b'}'],
    );
    let response = answer
        .handle_route(&context(), empty(), &WasmRouteRequest::default())
        .unwrap()
        .output;
    assert_eq!(
        (response.status, response.body.as_slice()),
        (200, b"{}".as_slice())
    );
}

const STORAGE: &str = r#"
    (import "platform_storage" "storage_get" (func $get (param i32 i32 i32) (result i32)))
    (import "platform_storage" "storage_set" (func $set (param i32 i32 i32 i32) (result i32)))
    (import "platform_storage" "storage_delete" (func $delete (param i32 i32) (result i32)))
    (import "platform_storage" "storage_list_prefix" (func $list (param i32 i32 i32 i32) (result i32)))
    (import "platform_storage" "storage_count_prefix" (func $count (param i32 i32) (result i64)))
    (import "platform_storage" "storage_get_cross" (func $cross (param i32 i32 i32 i32 i32) (result i32)))
"#;

fn stored(key: &[u8], size: usize) -> Arc<MemoryStorage> {
    Arc::new(MemoryStorage::new(BTreeMap::from([(
        key.to_vec(),
        vec![7; size],
    )])))
}

#[test]
fn value_beyond_the_guests_buffer_is_never_written() {
    let reader = |extra: &str| {
        load(&guest(
            STORAGE,
            &format!(
                r#"(data (i32.const 16) "k") {extra}
                   (func (export "read") (result i32) (call $get (i32.const 16) (i32.const 1) (i32.const 2048)))
                   (func (export "canary") (result i32)
                       (drop (call $get (i32.const 16) (i32.const 1) (i32.const 2048)))
                       (i32.load8_u (i32.const 2048)))"#
            ),
        ))
    };
    let old = reader(r#"(func (export "get_dedup_flags") (result i32) (i32.const 0))"#);
    let new = reader(r#"(func (export "background_tick"))"#);
    let read = |module: &LoadedModule, export, size| {
        let storage = stored(b"k", size);
        let outcome = module.call_raw(export, &context(), storage, None).unwrap();
        outcome.output.value.unwrap()
    };
    assert_eq!(read(&old, "read", 65_536), 65_536);
    assert_eq!(read(&old, "read", 65_537), -2);
    assert_eq!(read(&old, "canary", 65_537), 0);
    assert_eq!(read(&new, "read", 70_000), 70_000);
    assert_eq!(read(&new, "read", 5 * 1024 * 1024 + 1), -2);
    // Fits the buffer's rule but not the memory behind the pointer.
    assert_eq!(read(&new, "read", 200_000), -100);
    assert_eq!(read(&new, "canary", 200_000), 0);
}

#[test]
fn storage_statuses_are_the_abis() {
    let module = load(&guest(
        STORAGE,
        r#"(data (i32.const 16) "key") (data (i32.const 32) "test-challenge") (data (i32.const 64) "other-challeng")
           (func (export "missing") (result i32) (call $get (i32.const 16) (i32.const 3) (i32.const 512)))
           (func (export "empty_key") (result i32) (call $get (i32.const 16) (i32.const 0) (i32.const 512)))
           (func (export "long_key") (result i32) (call $get (i32.const 16) (i32.const 1025) (i32.const 512)))
           (func (export "bad_key") (result i32) (call $get (i32.const -1) (i32.const 3) (i32.const 512)))
           (func (export "set") (result i32) (call $set (i32.const 16) (i32.const 3) (i32.const 32) (i32.const 4)))
           (func (export "set_empty_key") (result i32) (call $set (i32.const 16) (i32.const 0) (i32.const 32) (i32.const 4)))
           (func (export "set_large") (result i32) (call $set (i32.const 16) (i32.const 3) (i32.const 0) (i32.const 65537)))
           (func (export "set_bad_value") (result i32) (call $set (i32.const 16) (i32.const 3) (i32.const -4) (i32.const 8)))
           (func (export "cross_own") (result i32) (call $cross (i32.const 32) (i32.const 14) (i32.const 16) (i32.const 3) (i32.const 512)))
           (func (export "cross_other") (result i32) (call $cross (i32.const 64) (i32.const 14) (i32.const 16) (i32.const 3) (i32.const 512)))
           (func (export "round_trip") (result i32)
               (drop (call $set (i32.const 16) (i32.const 3) (i32.const 32) (i32.const 4)))
               (drop (call $get (i32.const 16) (i32.const 3) (i32.const 512)))
               (drop (call $delete (i32.const 16) (i32.const 3)))
               (i32.add (i32.load (i32.const 512)) (call $get (i32.const 16) (i32.const 3) (i32.const 512))))
           (func (export "quota") (result i32) (local $n i32)
               (loop $l
                   (i32.store (i32.const 16) (local.get $n))
                   (local.set $n (i32.add (local.get $n) (i32.const 1)))
                   (br_if $l (i32.eqz (call $set (i32.const 16) (i32.const 4) (i32.const 0) (i32.const 65536)))))
               (local.get $n))"#,
    ));
    let of = |name| number(&module, name);
    assert_eq!(of("missing"), 0);
    assert_eq!(of("empty_key"), -3);
    assert_eq!(of("long_key"), -1);
    assert_eq!(of("bad_key"), -100);
    assert_eq!(of("set"), 0);
    assert_eq!(of("set_empty_key"), -3);
    assert_eq!(of("set_large"), -2);
    assert_eq!(of("set_bad_value"), -100);
    assert_eq!(of("cross_own"), 0);
    assert_eq!(of("cross_other"), -7);
    assert_eq!(of("round_trip"), i64::from(u32::from_le_bytes(*b"test")));
    assert_eq!(of("quota"), 256);
    let writes = call(&module, "set").unwrap().writes;
    assert_eq!(
        writes,
        BTreeMap::from([(b"key".to_vec(), Some(b"test".to_vec()))])
    );

    let mut read_only = context();
    read_only.grants.storage_write = false;
    let outcome = module.call_raw("set", &read_only, empty(), None).unwrap();
    assert_eq!(outcome.output.value, Some(-7));
}

#[test]
fn listing_is_sorted_sees_own_writes_and_stops_before_the_buffer_ends() {
    let functions = r#"(data (i32.const 16) "p:a")
       (func (export "list") (param i32 i32) (result i64)
           (drop (call $set (i32.const 16) (i32.const 3) (i32.const 16) (i32.const 1)))
           (call $pack (i32.const 2048) (call $list (i32.const 16) (i32.const 2) (i32.const 2048) (i32.load (local.get 0)))))
       (func (export "count") (result i64) (call $count (i32.const 16) (i32.const 2)))"#;
    let module = load(&guest(STORAGE, functions));
    let storage = |entries: usize, size: usize| {
        let entries = (0..entries).map(|i| (format!("p:b{i:05}").into_bytes(), vec![1; size]));
        let others = [(b"o".to_vec(), vec![]), (b"q".to_vec(), vec![])];
        Arc::new(MemoryStorage::new(entries.chain(others).collect()))
    };
    let list = |limit: i32, storage| {
        let input = limit.to_le_bytes();
        let outcome = module.call_raw("list", &context(), storage, Some(&input));
        let bytes = outcome.unwrap().output.bytes.unwrap();
        codec::decode_exact::<Vec<(Vec<u8>, Vec<u8>)>>(&bytes, 1 << 20).unwrap()
    };
    let three = list(3, storage(10, 4));
    let keys: Vec<&[u8]> = three.iter().map(|(key, _)| key.as_slice()).collect();
    assert_eq!(keys, [b"p:a".as_slice(), b"p:b00000", b"p:b00001"]);
    assert_eq!(list(0, storage(2_000, 1)).len(), 1_000);
    assert_eq!(list(-5, storage(10, 1)).len(), 11);
    // 240 KB fit the guest's buffer by its SDK's rule, but not the memory of this one: -100.
    let large = module
        .call_raw(
            "list",
            &context(),
            storage(9, 60_000),
            Some(&9i32.to_le_bytes()),
        )
        .unwrap_err();
    assert_eq!(
        fault(large),
        GuestFault::OutputTooLarge {
            size_bytes: (-100i32).cast_unsigned() as usize,
            max_bytes: limits::MAX_OUTPUT_BYTES
        }
    );
    let count = module.call_raw("count", &context(), storage(10, 1), None);
    assert_eq!(count.unwrap().output.value, Some(10));
}

#[test]
fn list_never_exceeds_the_generations_buffer() {
    let module = load(&wasm(&format!(
        r#"(module {STORAGE} (memory (export "memory") 200)
            (func (export "bytes") (result i32) (call $list (i32.const 0) (i32.const 0) (i32.const 2048) (i32.const 100000))))"#
    )));
    let entries = (0..100u32).map(|i| (i.to_be_bytes().to_vec(), vec![1; 60_000]));
    let storage = Arc::new(MemoryStorage::new(entries.collect()));
    let outcome = module.call_raw("bytes", &context(), storage, None).unwrap();
    // Four entries of 16 + 4 + 60,000 bytes fit 256 KiB.
    assert_eq!(outcome.output.value, Some(8 + 4 * 60_020));
}

#[test]
fn trap_drops_writes_but_keeps_logs() {
    let module = load(&guest(
        &format!(
            r#"{STORAGE} (import "platform_sandbox" "log_message" (func $log (param i32 i32 i32)))"#
        ),
        r#"(data (i32.const 16) "key")
           (func (export "evaluate") (param i32 i32) (result i64)
               (drop (call $set (i32.const 16) (i32.const 3) (i32.const 16) (i32.const 3)))
               (call $log (i32.const 1) (i32.const 16) (i32.const 3))
               unreachable)"#,
    ));
    let error = module
        .evaluate(&context(), empty(), &EvaluationInput::default())
        .unwrap_err();
    let CallError::Guest(failure) = error else {
        panic!("host fault");
    };
    assert_eq!(failure.fault.to_string(), "trap: unreachable");
    assert_eq!(failure.logs[0].level, LogLevel::Warn);
    assert_eq!(failure.logs[0].message, "key");
    assert!(failure.fuel_used > 0);
}

#[test]
fn failing_store_is_a_host_fault_never_the_guests() {
    struct Broken;
    impl StorageView for Broken {
        fn get(&self, _: &[u8]) -> Result<Option<Vec<u8>>, StorageFault> {
            Err(StorageFault("disk is gone".into()))
        }
        fn list_prefix(
            &self,
            _: &[u8],
            _: Option<&[u8]>,
            _: usize,
        ) -> Result<Vec<(Vec<u8>, Vec<u8>)>, StorageFault> {
            Err(StorageFault("disk is gone".into()))
        }
        fn count_prefix(&self, _: &[u8]) -> Result<u64, StorageFault> {
            Err(StorageFault("disk is gone".into()))
        }
    }
    let module = load(&guest(
        STORAGE,
        r#"(func (export "get") (result i32) (call $get (i32.const 16) (i32.const 1) (i32.const 512)))
           (func (export "list") (result i32) (call $list (i32.const 16) (i32.const 1) (i32.const 512) (i32.const 1)))
           (func (export "count") (result i64) (call $count (i32.const 16) (i32.const 1)))"#,
    ));
    for name in ["get", "list", "count"] {
        let error = module.call_raw(name, &context(), Arc::new(Broken), None);
        assert_eq!(
            error.unwrap_err().host_fault(),
            Some(&HostFault::Storage("disk is gone".into()))
        );
    }
}

#[test]
fn context_functions_answer_from_the_context() {
    let module = load(&guest(
        r#"(import "platform_consensus" "consensus_get_epoch" (func $epoch (result i64)))
           (import "platform_consensus" "consensus_get_block_height" (func $height (result i64)))
           (import "platform_consensus" "consensus_get_submission_count" (func $count (result i32)))
           (import "platform_sandbox" "get_timestamp" (func $time (result i64)))
           (import "platform_terminal" "terminal_random_seed" (func $seed (param i32 i32) (result i32)))"#,
        r#"(func (export "all") (result i64)
               (i64.store (i32.const 0) (call $epoch))
               (i64.store (i32.const 8) (call $height))
               (i64.store (i32.const 16) (i64.extend_i32_s (call $count)))
               (i64.store (i32.const 24) (call $time))
               (drop (call $seed (i32.const 32) (i32.const 40)))
               (call $pack (i32.const 0) (i32.const 72)))"#,
    ));
    let run = |seed| {
        let mut context = context();
        context.seed = seed;
        let outcome = module.call_raw("all", &context, empty(), None).unwrap();
        outcome.output.bytes.unwrap()
    };
    let bytes = run(Some([1; 32]));
    let numbers: Vec<u64> = bytes[..32]
        .chunks(8)
        .map(|chunk| u64::from_le_bytes(chunk.try_into().unwrap()))
        .collect();
    assert_eq!(numbers, [7, 99, 3, 1_234]);
    assert_ne!(bytes[32..64], [0; 32]);
    assert_eq!(bytes, run(Some([1; 32])));
    assert_ne!(bytes, run(Some([2; 32])));
    assert_ne!(bytes, run(None));
}

#[test]
fn signatures_are_checked_for_guests() {
    let module = load(&guest(
        r#"(import "assay_crypto" "sr25519_verify" (func $sig (param i32 i32 i32 i32) (result i32)))"#,
        r#"(func (export "sig") (param i32 i32) (result i32)
               (call $sig (local.get 0) (i32.add (local.get 0) (i32.const 96)) (i32.sub (local.get 1) (i32.const 96))
                          (i32.add (local.get 0) (i32.const 32))))
           (func (export "sig_bad") (result i32) (call $sig (i32.const -9) (i32.const 8) (i32.const 0) (i32.const 0)))"#,
    ));
    let run = |name, input: &[u8]| {
        let outcome = module.call_raw(name, &context(), empty(), Some(input));
        outcome.unwrap()
    };
    let pair = schnorrkel::Keypair::generate();
    let signature = pair.sign_simple(b"substrate", b"message");
    let mut input = pair.public.to_bytes().to_vec();
    input.extend_from_slice(&signature.to_bytes());
    input.extend_from_slice(b"message");
    let valid = run("sig", &input);
    assert_eq!(valid.output.value, Some(1));
    assert!(valid.fuel_used >= limits::SIGNATURE_FUEL);
    *input.last_mut().unwrap() ^= 1;
    assert_eq!(run("sig", &input).output.value, Some(0));
    assert_eq!(run("sig_bad", b"").output.value, Some(-1));
}

#[test]
fn host_functions_cost_fuel_and_end_when_it_is_used_up() {
    let module = load(&guest(
        STORAGE,
        r#"(func (export "many") (loop $l (drop (call $get (i32.const 16) (i32.const 1) (i32.const 512))) (br $l)))"#,
    ));
    let error = module
        .call_raw("many", &crate::common::with_fuel(10_000_000), empty(), None)
        .unwrap_err();
    let CallError::Guest(failure) = error else {
        panic!("host fault");
    };
    assert_eq!(failure.fault, GuestFault::OutOfFuel { limit: 10_000_000 });
    assert_eq!(failure.fuel_used, 10_000_000);
}

/// A module that imports everything and calls import `n` by its export `fn` with i32 arguments taken
/// from its input.
fn caller_of_everything() -> Arc<LoadedModule> {
    let (mut imports, mut functions) = (String::new(), String::new());
    for (index, import) in names::IMPORTS.iter().enumerate() {
        let params = "i32 ".repeat(import.params.len());
        let (result, drop) = match import.result {
            Some(names::WasmType::I32) => ("(result i32)", "drop"),
            Some(names::WasmType::I64) => ("(result i64)", "drop"),
            None => ("", ""),
        };
        writeln!(
            imports,
            r#"(import "{}" "{}" (func $i{index} (param {params}) {result}))"#,
            import.module, import.name
        )
        .unwrap();
        let arguments: String = (0..import.params.len())
            .map(|i| format!("(i32.load offset={} (local.get 0))", i * 4))
            .collect();
        writeln!(
            functions,
            r#"(func (export "f{index}") (param i32 i32) (result i32) (call $i{index} {arguments}) {drop} (i32.const 1))"#
        )
        .unwrap();
    }
    load(&guest(&imports, &functions))
}

fn nasty_argument() -> impl Strategy<Value = i32> {
    prop_oneof![
        Just(0),
        Just(-1),
        Just(i32::MIN),
        Just(i32::MAX),
        Just(131_072),
        Just(131_071),
        0..2_000i32,
        65_000..140_000i32,
        any::<i32>(),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn no_argument_to_any_host_function_hurts_the_host(
        arguments in proptest::collection::vec(nasty_argument(), 5),
    ) {
        let module = caller_of_everything();
        let input: Vec<u8> = arguments.iter().flat_map(|a| a.to_le_bytes()).collect();
        for index in 0..names::IMPORTS.len() {
            let context = crate::common::with_fuel(2_000_000_000);
            let result = module.call_raw(&format!("f{index}"), &context, stored(b"\0", 10), Some(&input));
            match result {
                Ok(_) => {}
                Err(CallError::Guest(failure)) => {
                    prop_assert!(matches!(failure.fault, GuestFault::OutOfFuel { .. }), "{index}: {:?}", failure.fault);
                }
                Err(CallError::Host(fault)) => prop_assert!(false, "{index}: {fault}"),
            }
        }
    }

    #[test]
    fn any_packed_result_is_bytes_or_the_guests_fault(packed in any::<i64>()) {
        let module = load(&guest("", r#"(func (export "give") (param i32 i32) (result i64) (i64.load (local.get 0)))"#));
        let result = module.call_raw("give", &context(), empty(), Some(&packed.to_le_bytes()));
        match result {
            Ok(outcome) => prop_assert!(outcome.output.bytes.is_none_or(|b| b.len() <= 131_072)),
            Err(error) => prop_assert!(error.guest_fault().is_some()),
        }
    }
}
