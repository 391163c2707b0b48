//! Modules that abuse what they are given. Each must end in the guest's own, deterministic fault.
use crate::common::{call, context, empty, fault, guest, load, number, wasm, with_fuel};
use assay_runtime::{CallError, GuestFault, limits};

#[test]
fn endless_loop_ends_when_fuel_is_used_up() {
    let module = load(&guest("", r#"(func (export "spin") (loop $l (br $l)))"#));
    let error = module
        .call_raw("spin", &with_fuel(1_000_000), empty(), None)
        .unwrap_err();
    let CallError::Guest(failure) = error else {
        panic!("host fault");
    };
    assert_eq!(failure.fault, GuestFault::OutOfFuel { limit: 1_000_000 });
    assert_eq!(failure.fuel_used, 1_000_000);
}

#[test]
fn endless_loop_without_instructions_in_it_is_metered() {
    let module = load(&guest(
        "",
        r#"(func (export "spin") (loop $l (block $b (br_if $b (i32.const 0))) (br_table $l $l (i32.const 0))))
           (func $even (export "even") (call $odd)) (func $odd (call $even))"#,
    ));
    let run = |name| module.call_raw(name, &with_fuel(10_000), empty(), None);
    assert!(matches!(
        fault(run("spin").unwrap_err()),
        GuestFault::OutOfFuel { .. }
    ));
    assert!(matches!(
        fault(run("even").unwrap_err()),
        GuestFault::OutOfFuel { .. }
    ));
}

#[test]
fn bulk_operations_cost_by_length_before_they_run() {
    let module = load(&wasm(
        r#"(module
            (memory (export "memory") 1024)
            (table $t 60000 funcref)
            (elem $e func $f)
            (data $d "0123456789abcdef")
            (func $f)
            (func (export "fill") (memory.fill (i32.const 0) (i32.const 1) (i32.const 67108864)))
            (func (export "copy") (memory.copy (i32.const 0) (i32.const 8) (i32.const 67000000)))
            (func (export "init") (memory.init $d (i32.const 0) (i32.const 0) (i32.const 16)))
            (func (export "table_fill") (table.fill $t (i32.const 0) (ref.func $f) (i32.const 60000)))
            (func (export "table_copy") (table.copy $t $t (i32.const 0) (i32.const 1) (i32.const 59999)))
            (func (export "table_init") (table.init $t $e (i32.const 0) (i32.const 0) (i32.const 1)))
            (func (export "table_grow") (result i32) (table.grow $t (ref.null func) (i32.const 5000)))
            (func (export "fill_many") (local $n i32)
                (loop $l
                    (memory.fill (i32.const 0) (i32.const 1) (i32.const 67108864))
                    (local.set $n (i32.add (local.get $n) (i32.const 1)))
                    (br_if $l (i32.lt_u (local.get $n) (i32.const 1000000)))))
        )"#,
    ));
    let used = |name| call(&module, name).unwrap().fuel_used;
    assert!(used("fill") >= 67_108_864 / 2);
    assert!(used("copy") >= 67_000_000 / 2);
    assert!((32..200).contains(&used("init")));
    assert!(used("table_fill") >= 60_000 * 16);
    assert!(used("table_copy") >= 59_999 * 16);
    assert!(used("table_init") < 200);
    assert!(used("table_grow") >= 5_000 * 16);
    for name in [
        "fill",
        "copy",
        "table_fill",
        "table_copy",
        "table_grow",
        "fill_many",
    ] {
        let error = module
            .call_raw(name, &with_fuel(10_000), empty(), None)
            .unwrap_err();
        assert_eq!(
            fault(error),
            GuestFault::OutOfFuel { limit: 10_000 },
            "{name}"
        );
    }
}

#[test]
fn bulk_operation_out_of_bounds_traps_whatever_its_length() {
    let module = load(&guest(
        "",
        r#"(func (export "fill") (memory.fill (i32.const 0) (i32.const 1) (i32.const -1)))"#,
    ));
    assert!(matches!(
        fault(call(&module, "fill").unwrap_err()),
        GuestFault::Trap(_)
    ));
}

#[test]
fn memory_and_tables_grow_only_to_their_caps() {
    let module = load(&wasm(
        r#"(module
            (memory (export "memory") 1)
            (table $t 1 funcref)
            (func (export "grow_all") (result i32) (local $n i32)
                (loop $l
                    (local.set $n (i32.add (local.get $n) (i32.const 1)))
                    (br_if $l (i32.ne (memory.grow (i32.const 1)) (i32.const -1))))
                (memory.size))
            (func (export "grow_huge") (result i32) (memory.grow (i32.const 65535)))
            (func (export "table") (result i32) (local $n i32)
                (loop $l
                    (br_if $l (i32.ne (table.grow $t (ref.null func) (i32.const 1000)) (i32.const -1))))
                (table.size $t))
        )"#,
    ));
    let mut context = context();
    context.grants.memory_bytes = 10 * 65_536 + 1;
    let run = |name| {
        let outcome = module.call_raw(name, &context, empty(), None).unwrap();
        outcome.output.value.unwrap()
    };
    assert_eq!(run("grow_all"), 10);
    assert_eq!(run("grow_huge"), -1);
    let table = run("table");
    assert!(table <= i64::from(limits::MAX_TABLE_ENTRIES) && table > 64_000);
}

#[test]
fn initial_memory_beyond_the_grant_is_the_guests_fault() {
    let module = load(&guest("", r#"(func (export "noop"))"#));
    let mut context = context();
    context.grants.memory_bytes = 65_536;
    let error = module
        .call_raw("noop", &context, empty(), None)
        .unwrap_err();
    assert!(matches!(fault(error), GuestFault::MemoryGrant { .. }));
}

#[test]
fn recursion_ends_at_the_counted_depth() {
    let module = load(&guest(
        "",
        r#"(table funcref (elem $indirect))
           (func $direct (export "direct") (call $direct))
           (func $indirect (export "indirect") (call_indirect (i32.const 0)))"#,
    ));
    for name in ["direct", "indirect"] {
        assert_eq!(
            fault(call(&module, name).unwrap_err()),
            GuestFault::StackDepth(limits::MAX_STACK_UNITS),
            "{name}"
        );
    }
}

#[test]
fn recursion_with_large_frames_never_reaches_the_native_limit() {
    for locals in [100usize, 1_000, 4_000] {
        let declare = "(local i64)".repeat(locals);
        let set: String = (1..=locals)
            .map(|i| format!("(local.set {i} (i64.mul (local.get 0) (i64.const {i})))"))
            .collect();
        let sum: String = (1..=locals)
            .map(|i| format!("(local.set 0 (i64.add (local.get 0) (local.get {i})))"))
            .collect();
        let module = load(&guest(
            "",
            &format!(
                r#"(func $f (param i64) (result i64) {declare} {set}
                       (local.set 0 (call $f (i64.add (local.get 0) (i64.const 1)))) {sum} (local.get 0))
                   (func (export "go") (result i64) (call $f (i64.const 0)))"#
            ),
        ));
        assert_eq!(
            fault(call(&module, "go").unwrap_err()),
            GuestFault::StackDepth(limits::MAX_STACK_UNITS),
            "{locals} locals"
        );
    }
}

#[test]
fn depth_counter_comes_back_after_every_return() {
    let module = load(&guest(
        "",
        r#"(func $leaf)
           (func $nest (param i32) (if (local.get 0) (then (call $nest (i32.sub (local.get 0) (i32.const 1))))))
           (func (export "many") (local $n i32)
               (loop $l
                   (call $leaf) (call $nest (i32.const 10))
                   (local.set $n (i32.add (local.get $n) (i32.const 1)))
                   (br_if $l (i32.lt_u (local.get $n) (i32.const 100000)))))"#,
    ));
    call(&module, "many").unwrap();
}

#[test]
fn traps_have_their_names() {
    let module = load(&guest(
        "",
        r#"(table 1 funcref)
           (func (export "unreachable") unreachable)
           (func (export "divide") (drop (i32.div_s (i32.const 1) (i32.const 0))))
           (func (export "load") (drop (i32.load (i32.const -4))))
           (func (export "null") (call_indirect (i32.const 0)))
           (func (export "convert") (drop (i32.trunc_f32_s (f32.const nan))))"#,
    ));
    let traps: Vec<String> = ["unreachable", "divide", "load", "null", "convert"]
        .into_iter()
        .map(|name| fault(call(&module, name).unwrap_err()).to_string())
        .collect();
    assert_eq!(
        traps,
        [
            "trap: unreachable",
            "trap: integer divide by zero",
            "trap: out of bounds memory access",
            "trap: uninitialized element",
            "trap: invalid conversion to integer",
        ]
    );
}

#[test]
fn active_segment_out_of_bounds_is_the_guests_fault() {
    let module = load(&wasm(
        r#"(module (memory (export "memory") 1) (data (i32.const 65535) "xx") (func (export "noop")))"#,
    ));
    assert!(matches!(
        fault(call(&module, "noop").unwrap_err()),
        GuestFault::Trap(_)
    ));
}

#[test]
fn nan_bits_are_canonical() {
    let module = load(&guest(
        "",
        r#"(func (export "f32") (result i32)
               (i32.reinterpret_f32 (f32.add (f32.const -nan:0x200001) (f32.const 1))))
           (func (export "f64") (result i64)
               (i64.reinterpret_f64 (f64.div (f64.const 0) (f64.const -0))))
           (func (export "demote") (result i32)
               (i32.reinterpret_f32 (f32.demote_f64 (f64.const -nan:0x4000000000001))))"#,
    ));
    assert_eq!(number(&module, "f32"), 0x7fc0_0000);
    let packed = call(&module, "f64").unwrap_err();
    // As a packed pointer the canonical NaN is (0, 0x7ff80000): too long, with exactly these bits.
    assert_eq!(
        fault(packed),
        GuestFault::OutputTooLarge {
            size_bytes: 0x7ff8_0000,
            max_bytes: limits::MAX_OUTPUT_BYTES
        }
    );
    assert_eq!(number(&module, "demote"), 0x7fc0_0000);
}

#[test]
fn fuel_is_the_same_in_every_run_and_for_recompiled_code() {
    let text = guest(
        "",
        r#"(func $fib (param i32) (result i32)
               (if (result i32) (i32.lt_u (local.get 0) (i32.const 2))
                   (then (local.get 0))
                   (else (i32.add (call $fib (i32.sub (local.get 0) (i32.const 1)))
                                  (call $fib (i32.sub (local.get 0) (i32.const 2)))))))
           (func (export "go") (result i32) (call $fib (i32.const 15)))"#,
    );
    let other = assay_runtime::Engine::new(assay_runtime::EngineConfig::default()).unwrap();
    let modules = [load(&text), other.load(&text).unwrap()];
    let runs: Vec<_> = (0..4)
        .map(|i| call(&modules[i % 2], "go").unwrap())
        .collect();
    assert!(runs.iter().all(|run| run == &runs[0]));
    assert_eq!(runs[0].output.value, Some(610));
}
