//! Guests' programs in the sandbox: through WebAssembly and natively the same code answers.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic
)]

use std::sync::Arc;

use assay_challenge_sdk::abi::codec;
use assay_challenge_sdk::abi::exec::{
    ContainerExecError, ContainerRunRequest, SandboxExecError, SandboxExecRequest,
    SandboxExecResponse,
};
use assay_challenge_sdk::{Host, HostError, MemoryHost};
use assay_runtime::{
    CallContext, Engine, EngineConfig, GrantedPrograms, MemoryStorage, SandboxedPrograms,
};
use assay_sandbox::{Sandbox, SandboxConfig};

/// Hands its input to `sandbox_exec` and gives back what it answers.
const GUEST: &str = r#"(module
    (import "platform_sandbox" "sandbox_exec" (func $exec (param i32 i32 i32 i32) (result i32)))
    (memory (export "memory") 80)
    (func (export "alloc") (param i32) (result i32) (i32.const 1024))
    (func (export "exec") (param $at i32) (param $len i32) (result i64)
        (i64.or
            (i64.shl
                (i64.extend_i32_u
                    (call $exec (local.get $at) (local.get $len) (i32.const 131072) (i32.const 4194304)))
                (i64.const 32))
            (i64.const 131072))))"#;

fn sandbox(state_dir: &std::path::Path) -> Sandbox {
    let config = SandboxConfig {
        slots: 2,
        state_dir: state_dir.to_owned(),
        helper: env!("CARGO_BIN_EXE_assay-testnet").into(),
        ..SandboxConfig::default()
    };
    Sandbox::start(&config, Vec::new()).unwrap()
}

fn python(code: &str) -> SandboxExecRequest {
    SandboxExecRequest {
        command: "python3".into(),
        // `-I` would ignore the fixed hash seed along with the rest of the environment.
        args: ["-P", "-s", "-S", "-c", code].map(String::from).to_vec(),
        env_vars: vec![("NAME".into(), "value".into())],
        stdin: Some(b"given".to_vec()),
        timeout_ms: 20_000,
        ..SandboxExecRequest::default()
    }
}

#[test]
fn modules_and_native_challenges_get_the_same_answers_of_programs() {
    let state = tempfile::tempdir().unwrap();
    let programs = SandboxedPrograms::new(sandbox(state.path()));
    let engine = Engine::new(EngineConfig::default()).unwrap();
    let module = engine.load(&wat::parse_str(GUEST).unwrap()).unwrap();
    let mut context = CallContext::new("test");
    context.live = Arc::new(GrantedPrograms::new(Arc::new(programs.clone())));
    let host = MemoryHost::new().with_programs(programs);
    let ask = |request: &SandboxExecRequest| {
        let input = codec::encode(request).unwrap();
        let storage = Arc::new(MemoryStorage::default());
        let outcome = module.call_raw("exec", &context, storage, Some(&input));
        let bytes = outcome.unwrap().output.bytes.unwrap();
        let answer: Result<SandboxExecResponse, SandboxExecError> =
            codec::decode_exact(&bytes, 1 << 22).unwrap();
        let native = host.sandbox_exec(request);
        let without_time = |response: SandboxExecResponse| SandboxExecResponse {
            duration_ms: 0,
            ..response
        };
        let native = match native {
            Ok(response) => Ok(without_time(response)),
            Err(HostError::Sandbox(error)) => Err(error),
            Err(other) => panic!("{other}"),
        };
        let answer = answer.map(without_time);
        assert_eq!(answer, native);
        answer
    };

    let code = "import os, sys; print(os.environ['NAME'], sys.stdin.read()); print({'b', 'a'}); sys.exit(3)";
    let answer = ask(&python(code)).unwrap();
    let printed = String::from_utf8(answer.stdout).unwrap();
    assert!(printed.starts_with("value given\n"), "{printed}");
    assert_eq!((answer.exit_code, answer.stderr), (3, Vec::new()));

    let answer = ask(&python("import os; os.kill(os.getpid(), 9)")).unwrap();
    assert_eq!(answer.exit_code, 137);

    let mut slow = python("import time; time.sleep(60)");
    slow.timeout_ms = 200;
    assert_eq!(ask(&slow), Err(SandboxExecError::ExecutionTimeout(200)));

    let flood = python("while True: print('x' * 1000)");
    let too_much = SandboxExecError::ExecutionFailed("too much output".into());
    assert_eq!(ask(&flood), Err(too_much));

    let mut missing = python("");
    missing.command = "no-such-program".into();
    assert!(matches!(
        ask(&missing),
        Err(SandboxExecError::ExecutionFailed(_))
    ));

    let refused = host.container_run(&ContainerRunRequest::default());
    let disabled = HostError::Container(ContainerExecError::Disabled);
    assert_eq!(refused.unwrap_err(), disabled);
}
