//! `container_run`, as `assay-node module call --image` grants it, on the Podman daemon that the tests
//! of the sandbox start.

use assay_challenge_sdk::abi::exec::{
    ContainerExecError, ContainerRunRequest, ContainerRunResponse, SandboxExecError,
};
use assay_challenge_sdk::{Host, HostError};
use assay_runtime::SandboxedPrograms;

use crate::{Both, daemon, other, sandbox};

fn ask(
    both: &Both,
    request: &ContainerRunRequest,
) -> Result<ContainerRunResponse, ContainerExecError> {
    let native = both
        .native
        .container_run(request)
        .map_err(|error| match error {
            HostError::Container(error) => error,
            error => other(&error),
        });
    both.ask(request, native, |response| ContainerRunResponse {
        duration_ms: 0,
        ..response
    })
}

#[test]
fn modules_and_native_challenges_get_the_same_answers_of_containers() {
    // What can't be tested is said loudly.
    let Some(daemon) = daemon::daemon() else {
        return;
    };
    let state = tempfile::tempdir().unwrap();
    let container = daemon.config();
    let image = container.image.clone();
    let containers = sandbox(state.path(), Some(container));
    let programs = SandboxedPrograms::none().with_containers(containers, &image);
    let both = Both::new("platform_container", "container_run", programs);
    let request = |command: &[&str]| ContainerRunRequest {
        image: image.clone(),
        command: command.iter().map(ToString::to_string).collect(),
        stdin: Some(b"given".to_vec()),
        timeout_ms: 20_000,
        ..ContainerRunRequest::default()
    };

    let answer = ask(&both, &request(&["sh", "-c", "cat; exit 3"])).unwrap();
    assert_eq!(
        (answer.exit_code, answer.stdout.as_slice()),
        (3, &b"given"[..])
    );

    let mut slow = request(&["sleep", "60"]);
    slow.timeout_ms = 1_000;
    let too_slow = ContainerExecError::ExecutionTimeout(1_000);
    assert_eq!(ask(&both, &slow), Err(too_slow));

    let other_image = ContainerRunRequest {
        image: "localhost/another:1".into(),
        ..request(&["true"])
    };
    let refused = ContainerExecError::ImageNotAllowed("localhost/another:1".into());
    assert_eq!(ask(&both, &other_image), Err(refused));

    let with_network = ContainerRunRequest {
        network_mode: Some("host".into()),
        ..request(&["true"])
    };
    assert!(matches!(
        ask(&both, &with_network),
        Err(ContainerExecError::ExecutionFailed(reason)) if reason.contains("network")
    ));

    let refused = both.native.sandbox_exec(&Default::default());
    let disabled = HostError::Sandbox(SandboxExecError::Disabled);
    assert_eq!(refused.unwrap_err(), disabled);
}
