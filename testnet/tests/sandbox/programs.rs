//! `sandbox_exec`.

use assay_challenge_sdk::abi::exec::{
    ContainerExecError, ContainerRunRequest, SandboxExecError, SandboxExecRequest,
    SandboxExecResponse,
};
use assay_challenge_sdk::{Host, HostError};
use assay_runtime::SandboxedPrograms;

use crate::{Both, other, sandbox};

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

fn ask(both: &Both, request: &SandboxExecRequest) -> Result<SandboxExecResponse, SandboxExecError> {
    let native = both
        .native
        .sandbox_exec(request)
        .map_err(|error| match error {
            HostError::Sandbox(error) => error,
            error => other(&error),
        });
    both.ask(request, native, |response| SandboxExecResponse {
        duration_ms: 0,
        ..response
    })
}

#[test]
fn modules_and_native_challenges_get_the_same_answers_of_programs() {
    let state = tempfile::tempdir().unwrap();
    let programs = SandboxedPrograms::none().with_sandbox(sandbox(state.path(), None));
    let both = Both::new("platform_sandbox", "sandbox_exec", programs);

    let code = "import os, sys; print(os.environ['NAME'], sys.stdin.read()); print({'b', 'a'}); sys.exit(3)";
    let answer = ask(&both, &python(code)).unwrap();
    let printed = String::from_utf8(answer.stdout).unwrap();
    assert!(printed.starts_with("value given\n"), "{printed}");
    assert_eq!((answer.exit_code, answer.stderr), (3, Vec::new()));

    let answer = ask(&both, &python("import os; os.kill(os.getpid(), 9)")).unwrap();
    assert_eq!(answer.exit_code, 137);

    let mut slow = python("import time; time.sleep(60)");
    slow.timeout_ms = 200;
    let too_slow = SandboxExecError::ExecutionTimeout(200);
    assert_eq!(ask(&both, &slow), Err(too_slow));

    let flood = python("while True: print('x' * 1000)");
    let too_much = SandboxExecError::ExecutionFailed("too much output".into());
    assert_eq!(ask(&both, &flood), Err(too_much));

    let mut missing = python("");
    missing.command = "no-such-program".into();
    assert!(matches!(
        ask(&both, &missing),
        Err(SandboxExecError::ExecutionFailed(_))
    ));

    let refused = both.native.container_run(&ContainerRunRequest::default());
    let disabled = HostError::Container(ContainerExecError::Disabled);
    assert_eq!(refused.unwrap_err(), disabled);
}
