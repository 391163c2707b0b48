//! Requests, responses and errors of `platform_sandbox`, `platform_exec` and `platform_container`.
//!
//! Each call writes a bincode `Result<Response, Error>`.

use alloc::{collections::BTreeMap, string::String, vec::Vec};

use serde::{Deserialize, Serialize};
use thiserror::Error;

/// Request of `sandbox_exec`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SandboxExecRequest {
    /// Program.
    pub command: String,
    /// Arguments.
    pub args: Vec<String>,
    /// Environment.
    pub env_vars: Vec<(String, String)>,
    /// Working directory.
    pub working_dir: Option<String>,
    /// Standard input.
    #[serde(with = "serde_bytes")]
    pub stdin: Option<Vec<u8>>,
    /// Time budget, in milliseconds.
    pub timeout_ms: u64,
}

/// Response of `sandbox_exec`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SandboxExecResponse {
    /// Exit code.
    pub exit_code: i32,
    /// Standard output.
    #[serde(with = "serde_bytes")]
    pub stdout: Vec<u8>,
    /// Standard error.
    #[serde(with = "serde_bytes")]
    pub stderr: Vec<u8>,
    /// Time taken, in milliseconds.
    pub duration_ms: u64,
}

/// Why `sandbox_exec` gave no response.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Error)]
pub enum SandboxExecError {
    /// No sandbox for this module.
    #[error("the sandbox is disabled for this module")]
    Disabled,
    /// The command isn't allowed.
    #[error("command not allowed: {0}")]
    CommandNotAllowed(String),
    /// The time budget ran out; in milliseconds.
    #[error("timed out after {0} ms")]
    ExecutionTimeout(u64),
    /// The program couldn't be run.
    #[error("execution failed: {0}")]
    ExecutionFailed(String),
    /// Guest memory couldn't be read or written.
    #[error("guest memory: {0}")]
    MemoryError(String),
}

/// Request of `exec_command`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExecRequest {
    /// Program.
    pub command: String,
    /// Arguments.
    pub args: Vec<String>,
    /// Environment.
    pub env: BTreeMap<String, String>,
    /// Standard input.
    #[serde(with = "serde_bytes")]
    pub stdin: Vec<u8>,
}

/// Response of `exec_command`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExecResponse {
    /// Exit code.
    pub exit_code: i32,
    /// Standard output.
    #[serde(with = "serde_bytes")]
    pub stdout: Vec<u8>,
    /// Standard error.
    #[serde(with = "serde_bytes")]
    pub stderr: Vec<u8>,
}

/// Why `exec_command` gave no response.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Error)]
pub enum ExecError {
    /// Not available to this module.
    #[error("exec is disabled for this module")]
    Disabled,
    /// The command isn't allowed.
    #[error("command not allowed: {0}")]
    CommandNotAllowed(String),
    /// The arguments aren't allowed.
    #[error("arguments not allowed: {0}")]
    ArgsNotAllowed(String),
    /// An environment variable isn't allowed.
    #[error("environment variable not allowed: {0}")]
    EnvVarNotAllowed(String),
    /// Too many calls.
    #[error("limit exceeded")]
    LimitExceeded,
    /// The time budget ran out.
    #[error("timed out")]
    Timeout,
    /// More output than allowed; in bytes.
    #[error("output of {0} bytes is too large")]
    OutputTooLarge(u64),
    /// The program couldn't be run.
    #[error("failed: {0}")]
    Failed(String),
}

/// Request of `container_run`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ContainerRunRequest {
    /// Image.
    pub image: String,
    /// Command and arguments.
    pub command: Vec<String>,
    /// Environment.
    pub env_vars: Vec<(String, String)>,
    /// Working directory.
    pub working_dir: Option<String>,
    /// Standard input.
    #[serde(with = "serde_bytes")]
    pub stdin: Option<Vec<u8>>,
    /// Memory cap, in MiB.
    pub memory_limit_mb: Option<u64>,
    /// CPU cap.
    pub cpu_limit: Option<u32>,
    /// Network mode.
    pub network_mode: Option<String>,
    /// Time budget, in milliseconds.
    pub timeout_ms: u64,
}

/// Response of `container_run`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ContainerRunResponse {
    /// Exit code.
    pub exit_code: i32,
    /// Standard output.
    #[serde(with = "serde_bytes")]
    pub stdout: Vec<u8>,
    /// Standard error.
    #[serde(with = "serde_bytes")]
    pub stderr: Vec<u8>,
    /// Time taken, in milliseconds.
    pub duration_ms: u64,
}

/// Why `container_run` gave no response.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Error)]
pub enum ContainerExecError {
    /// No containers for this module.
    #[error("containers are disabled for this module")]
    Disabled,
    /// The image isn't allowed.
    #[error("image not allowed: {0}")]
    ImageNotAllowed(String),
    /// The time budget ran out; in milliseconds.
    #[error("timed out after {0} ms")]
    ExecutionTimeout(u64),
    /// The container couldn't be run.
    #[error("execution failed: {0}")]
    ExecutionFailed(String),
    /// A resource cap was hit.
    #[error("resource limit exceeded: {0}")]
    ResourceLimitExceeded(String),
    /// Guest memory couldn't be read or written.
    #[error("guest memory: {0}")]
    MemoryError(String),
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::abi::codec::encode;

    #[test]
    fn error_variants_are_numbered_as_in_the_abi() {
        assert_eq!(encode(&SandboxExecError::Disabled).unwrap(), [0; 4]);
        assert_eq!(
            encode(&SandboxExecError::ExecutionTimeout(1)).unwrap()[..4],
            [2, 0, 0, 0]
        );
        assert_eq!(
            encode(&ExecError::OutputTooLarge(1)).unwrap()[..4],
            [6, 0, 0, 0]
        );
        assert_eq!(
            encode(&ContainerExecError::MemoryError("".into())).unwrap()[..4],
            [5, 0, 0, 0]
        );
    }
}
