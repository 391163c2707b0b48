//! Running programs in isolation as hosts offer it: to modules where live calls are granted,
//! [`crate::MemoryHost`] to native runs. One implementation behind both keeps their answers alike.

use crate::abi::exec::{
    ContainerExecError, ContainerRunRequest, ContainerRunResponse, SandboxExecError,
    SandboxExecRequest, SandboxExecResponse,
};

/// What stands behind `sandbox_exec` and `container_run`.
pub trait Programs: Send + Sync {
    /// Runs a program in the sandbox.
    ///
    /// # Errors
    /// [`SandboxExecError`] when it was not run to its end.
    fn sandbox_exec(
        &self,
        request: &SandboxExecRequest,
    ) -> Result<SandboxExecResponse, SandboxExecError>;

    /// Runs a command in a container. Most hosts have none.
    ///
    /// # Errors
    /// [`ContainerExecError`] when it was not run to its end.
    fn container_run(
        &self,
        _request: &ContainerRunRequest,
    ) -> Result<ContainerRunResponse, ContainerExecError> {
        Err(ContainerExecError::Disabled)
    }
}
