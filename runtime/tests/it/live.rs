//! Calls that leave the machine: refused by default, answered where they are granted.
use std::collections::BTreeMap;
use std::sync::Arc;

use crate::common::{context, empty, guest, load};
use assay_challenge_sdk::Programs;
use assay_challenge_sdk::abi::exec::{
    ContainerExecError, ContainerRunRequest, ContainerRunResponse, SandboxExecError,
    SandboxExecRequest, SandboxExecResponse,
};
use assay_challenge_sdk::abi::{codec, llm, network};
use assay_runtime::{CallContext, CallError, GrantedPrograms, HostFault, LiveCalls, LlmError};

const LIVE: &str = r#"
    (import "platform_network" "http_get" (func $http (param i32 i32 i32 i32) (result i32)))
    (import "platform_network" "dns_resolve" (func $dns (param i32 i32 i32) (result i32)))
    (import "platform_llm" "llm_chat_completion" (func $llm (param i32 i32 i32 i32) (result i32)))
    (import "platform_llm" "llm_is_available" (func $available (result i32)))
    (import "platform_sandbox" "sandbox_status" (func $status (result i32)))
    (import "platform_sandbox" "sandbox_exec" (func $exec (param i32 i32 i32 i32) (result i32)))
    (import "platform_container" "container_run" (func $run (param i32 i32 i32 i32) (result i32)))
"#;
const LIVE_CALLS: &str = r#"
    (func (export "http") (param i32 i32) (result i64)
        (call $pack (i32.const 65536) (call $http (local.get 0) (local.get 1) (i32.const 65536) (i32.const 4096))))
    (func (export "http_small") (param i32 i32) (result i32)
        (call $http (local.get 0) (local.get 1) (i32.const 65536) (i32.const 3)))
    (func (export "dns") (result i32) (call $dns (i32.const 0) (i32.const 0) (i32.const 65536)))
    (func (export "llm") (param i32 i32) (result i32)
        (call $llm (local.get 0) (local.get 1) (i32.const 65536) (i32.const 4096)))
    (func (export "available") (result i32) (call $available))
    (func (export "status") (result i32) (call $status))
    (func (export "exec") (param i32 i32) (result i64)
        (call $pack (i32.const 65536) (call $exec (local.get 0) (local.get 1) (i32.const 65536) (i32.const 4096))))
    (func (export "exec_status") (param i32 i32) (result i32)
        (call $exec (local.get 0) (local.get 1) (i32.const 65536) (i32.const 4096)))
    (func (export "run") (param i32 i32) (result i64)
        (call $pack (i32.const 65536) (call $run (local.get 0) (local.get 1) (i32.const 65536) (i32.const 4096))))
"#;

fn http_request() -> Vec<u8> {
    codec::encode(&network::HttpGetRequest {
        url: "https://example.org".into(),
        headers: BTreeMap::new(),
    })
    .unwrap()
}

fn llm_request() -> Vec<u8> {
    codec::encode(&llm::a::LlmRequest {
        model: "m".into(),
        messages: vec![],
        max_tokens: 1,
        temperature: 0.0,
    })
    .unwrap()
}

fn exec_request() -> Vec<u8> {
    codec::encode(&SandboxExecRequest {
        command: "python3".into(),
        args: vec!["-c".into(), "print(1)".into()],
        timeout_ms: 1_000,
        ..SandboxExecRequest::default()
    })
    .unwrap()
}

fn container_request() -> Vec<u8> {
    codec::encode(&ContainerRunRequest {
        image: "python:3.11".into(),
        ..ContainerRunRequest::default()
    })
    .unwrap()
}

#[test]
fn live_calls_are_denied_by_default_and_say_so() {
    let module = load(&guest(LIVE, LIVE_CALLS));
    let run = |name, input: &[u8]| {
        let outcome = module.call_raw(name, &context(), empty(), Some(input));
        outcome.unwrap().output
    };
    assert_eq!(
        run("http", &http_request()).bytes.unwrap(),
        [1, 0, 0, 0, 0, 0, 0, 0]
    );
    assert_eq!(run("http_small", &http_request()).value, Some(-8));
    assert_eq!(run("http_small", b"garbage").value, Some(-1));
    assert_eq!(run("dns", b"").value, Some(8));
    assert_eq!(run("llm", &llm_request()).value, Some(-1));
    assert_eq!(run("llm", b"garbage").value, Some(-2));
    assert_eq!(run("available", b"").value, Some(0));
    assert_eq!(run("status", b"").value, Some(1));
    for (name, request) in [("exec", exec_request()), ("run", container_request())] {
        // `Err` of variant 0: disabled.
        let answer = run(name, &request).bytes.unwrap();
        assert_eq!(answer, [1, 0, 0, 0, 0, 0, 0, 0], "{name}");
    }
    assert_eq!(run("exec_status", b"garbage").value, Some(-1));
}

#[test]
fn granted_live_calls_reach_the_guest_and_their_host_faults_the_caller() {
    #[derive(Debug)]
    struct Canned(bool);
    impl LiveCalls for Canned {
        fn http_get(
            &self,
            request: &network::HttpGetRequest,
        ) -> Result<Result<network::HttpResponse, network::NetworkError>, HostFault> {
            if self.0 {
                return Err(HostFault::LiveCall("not in the transcript".into()));
            }
            Ok(Ok(network::HttpResponse {
                status: 200,
                headers: BTreeMap::new(),
                body: request.url.clone().into_bytes(),
            }))
        }
        fn llm_is_available(&self) -> bool {
            true
        }
        fn llm_chat_completion(
            &self,
            _: &llm::bc::LlmRequest,
        ) -> Result<Result<llm::bc::LlmResponse, LlmError>, HostFault> {
            Ok(Ok(llm::bc::LlmResponse {
                content: Some("yes".into()),
                ..Default::default()
            }))
        }
        fn sandbox_is_available(&self) -> bool {
            true
        }
        fn sandbox_exec(
            &self,
            _: &SandboxExecRequest,
        ) -> Result<Result<SandboxExecResponse, SandboxExecError>, HostFault> {
            Err(HostFault::LiveCall("not in the transcript".into()))
        }
        fn container_run(
            &self,
            _: &ContainerRunRequest,
        ) -> Result<Result<ContainerRunResponse, ContainerExecError>, HostFault> {
            Err(HostFault::LiveCall("not in the transcript".into()))
        }
    }
    let module = load(&guest(LIVE, LIVE_CALLS));
    let run = |broken, name, input: &[u8]| {
        let mut context: CallContext = context();
        context.live = Arc::new(Canned(broken));
        module.call_raw(name, &context, empty(), Some(input))
    };
    let bytes = run(false, "http", &http_request())
        .unwrap()
        .output
        .bytes
        .unwrap();
    let answer: Result<network::HttpResponse, network::NetworkError> =
        codec::decode_exact(&bytes, 4096).unwrap();
    assert_eq!(answer.unwrap().body, b"https://example.org");
    assert_eq!(run(false, "available", b"").unwrap().output.value, Some(1));
    // u64 length, "yes", no usage.
    assert_eq!(
        run(false, "llm", &llm_request()).unwrap().output.value,
        Some(12)
    );
    for (name, request) in [
        ("http", http_request()),
        ("exec", exec_request()),
        ("run", container_request()),
    ] {
        assert_eq!(
            run(true, name, &request).unwrap_err(),
            CallError::Host(HostFault::LiveCall("not in the transcript".into())),
            "{name}"
        );
    }
}

#[test]
fn granted_programs_run_and_nothing_else_is_granted_with_them() {
    struct Shouting;
    impl Programs for Shouting {
        fn sandbox_exec(
            &self,
            request: &SandboxExecRequest,
        ) -> Result<SandboxExecResponse, SandboxExecError> {
            Ok(SandboxExecResponse {
                exit_code: 3,
                stdout: request.command.to_uppercase().into_bytes(),
                ..SandboxExecResponse::default()
            })
        }
    }
    let module = load(&guest(LIVE, LIVE_CALLS));
    let mut context: CallContext = context();
    context.live = Arc::new(GrantedPrograms::new(Arc::new(Shouting)));
    let run = |name, input: &[u8]| {
        let outcome = module.call_raw(name, &context, empty(), Some(input));
        outcome.unwrap().output
    };
    assert_eq!(run("status", b"").value, Some(0));
    let bytes = run("exec", &exec_request()).bytes.unwrap();
    let answer: Result<SandboxExecResponse, SandboxExecError> =
        codec::decode_exact(&bytes, 4096).unwrap();
    let answer = answer.unwrap();
    assert_eq!(
        (answer.exit_code, answer.stdout.as_slice()),
        (3, &b"PYTHON3"[..])
    );
    for (name, request) in [("run", container_request()), ("http", http_request())] {
        let answer = run(name, &request).bytes.unwrap();
        assert_eq!(answer, [1, 0, 0, 0, 0, 0, 0, 0], "{name}");
    }
}
