//! `sandbox_exec` and `container_run` on `assay-sandbox`.

use std::ffi::OsString;

use assay_challenge_sdk::Programs;
use assay_challenge_sdk::abi::exec::{
    ContainerExecError, ContainerRunRequest, ContainerRunResponse, SandboxExecError,
    SandboxExecRequest, SandboxExecResponse,
};
use assay_sandbox::{
    BackendKind, EndReason, Limits, Outcome, Request, Sandbox, SandboxError, limits as bounds,
};

use crate::limits;

/// Bytes in a MiB, the unit of a container's memory limit.
const MIB: u64 = 1024 * 1024;

/// Runs programs in a sandbox. Not for calls that validators have to agree upon: time and memory differ.
#[derive(Debug, Clone, Default)]
pub struct SandboxedPrograms {
    sandbox: Option<Sandbox>,
    containers: Option<Containers>,
}

#[derive(Debug, Clone)]
struct Containers {
    sandbox: Sandbox,
    image: String,
}

/// Why a program did not run to its end, before it becomes the error of either function.
enum Stopped {
    Wall(u64),
    Limit(String),
    Failed(String),
}

impl SandboxedPrograms {
    /// Nothing runs.
    pub fn none() -> Self {
        Self::default()
    }

    /// Programs of `sandbox_exec` run in this sandbox.
    #[must_use]
    pub fn with_sandbox(mut self, sandbox: Sandbox) -> Self {
        self.sandbox = Some(sandbox);
        self
    }

    /// Commands of `container_run` run in this sandbox, if they ask for its image. Without effect when it
    /// runs them with something else than containers.
    #[must_use]
    pub fn with_containers(mut self, sandbox: Sandbox, image: impl Into<String>) -> Self {
        if sandbox.backend() == BackendKind::Container {
            let image = image.into();
            self.containers = Some(Containers { sandbox, image });
        }
        self
    }
}

impl Programs for SandboxedPrograms {
    fn sandbox_exec(
        &self,
        request: &SandboxExecRequest,
    ) -> Result<SandboxExecResponse, SandboxExecError> {
        let sandbox = self.sandbox.as_ref().ok_or(SandboxExecError::Disabled)?;
        let asked = Request {
            args: request.args.iter().map(OsString::from).collect(),
            env: environment(&request.env_vars),
            stdin: request.stdin.clone().unwrap_or_default(),
            working_dir: request.working_dir.clone().unwrap_or_default().into(),
            limits: limits_of(request.timeout_ms),
            ..Request::new(&request.command)
        };
        match run(sandbox, &asked) {
            Ok(outcome) => Ok(SandboxExecResponse {
                exit_code: outcome.shell_code(),
                duration_ms: outcome.wall_us / 1_000,
                stdout: outcome.stdout.data,
                stderr: outcome.stderr.data,
            }),
            Err(Stopped::Wall(limit_ms)) => Err(SandboxExecError::ExecutionTimeout(limit_ms)),
            Err(Stopped::Limit(reason) | Stopped::Failed(reason)) => {
                Err(SandboxExecError::ExecutionFailed(reason))
            }
        }
    }

    fn container_run(
        &self,
        request: &ContainerRunRequest,
    ) -> Result<ContainerRunResponse, ContainerExecError> {
        let containers = self
            .containers
            .as_ref()
            .ok_or(ContainerExecError::Disabled)?;
        if request.image != containers.image {
            return Err(ContainerExecError::ImageNotAllowed(request.image.clone()));
        }
        let network = request.network_mode.as_deref().unwrap_or("none");
        if network != "none" {
            let reason = format!("network mode {network:?}, only \"none\" is allowed");
            return Err(ContainerExecError::ExecutionFailed(reason));
        }
        let Some((program, args)) = request.command.split_first() else {
            return Err(ContainerExecError::ExecutionFailed("no command".to_owned()));
        };
        let mut limits = limits_of(request.timeout_ms);
        if let Some(memory_mib) = request.memory_limit_mb {
            limits.memory_bytes = memory_mib.saturating_mul(MIB);
        }
        let asked = Request {
            args: args.iter().map(OsString::from).collect(),
            env: environment(&request.env_vars),
            stdin: request.stdin.clone().unwrap_or_default(),
            working_dir: request.working_dir.clone().unwrap_or_default().into(),
            limits,
            ..Request::new(program)
        };
        match run(&containers.sandbox, &asked) {
            Ok(outcome) => Ok(ContainerRunResponse {
                exit_code: outcome.shell_code(),
                duration_ms: outcome.wall_us / 1_000,
                stdout: outcome.stdout.data,
                stderr: outcome.stderr.data,
            }),
            Err(Stopped::Wall(limit_ms)) => Err(ContainerExecError::ExecutionTimeout(limit_ms)),
            Err(Stopped::Limit(reason)) => Err(ContainerExecError::ResourceLimitExceeded(reason)),
            Err(Stopped::Failed(reason)) => Err(ContainerExecError::ExecutionFailed(reason)),
        }
    }
}

fn run(sandbox: &Sandbox, request: &Request) -> Result<Outcome, Stopped> {
    let outcome = sandbox
        .run(request)
        .map_err(|error: SandboxError| Stopped::Failed(error.to_string()))?;
    match outcome.end {
        EndReason::Exited | EndReason::Signalled => Ok(outcome),
        EndReason::Wall => Err(Stopped::Wall(request.limits.wall_ms)),
        EndReason::Cpu | EndReason::Memory | EndReason::Processes | EndReason::Output => {
            Err(Stopped::Limit(outcome.end.to_string()))
        }
    }
}

/// The default limits with the guest's time budget, and with no more output than guests have room for.
fn limits_of(timeout_ms: u64) -> Limits {
    let (least_ms, most_ms) = bounds::WALL_RANGE_MS;
    let asked_ms = match timeout_ms {
        0 => Limits::default().wall_ms,
        asked_ms => asked_ms.clamp(least_ms, most_ms.min(limits::MAX_EXEC_MS)),
    };
    Limits {
        wall_ms: asked_ms,
        cpu_ms: asked_ms,
        stdout_bytes: limits::MAX_EXEC_STREAM_BYTES,
        stderr_bytes: limits::MAX_EXEC_STREAM_BYTES,
        ..Limits::default()
    }
}

fn environment(variables: &[(String, String)]) -> std::collections::BTreeMap<OsString, OsString> {
    let variables = variables.iter();
    variables
        .map(|(name, value)| (name.into(), value.into()))
        .collect()
}
