//! Live calls of which only programs are granted, and programs that run in this machine's sandbox.

mod sandboxed;

use std::fmt;
use std::sync::Arc;

use assay_challenge_sdk::Programs;
use assay_challenge_sdk::abi::exec::{
    ContainerExecError, ContainerRunRequest, ContainerRunResponse, SandboxExecError,
    SandboxExecRequest, SandboxExecResponse,
};
use assay_challenge_sdk::abi::{llm::bc, network};

use crate::context::{DeniedLiveCalls, LiveCalls, LlmError};
use crate::error::HostFault;

pub use sandboxed::SandboxedPrograms;

/// Runs guests' programs for real; HTTP and language models are denied. For calls whose results nobody has
/// to agree upon.
#[derive(Clone)]
pub struct GrantedPrograms(Arc<dyn Programs>);

impl GrantedPrograms {
    /// Runs them with `programs`.
    pub fn new(programs: Arc<dyn Programs>) -> Self {
        Self(programs)
    }
}

impl fmt::Debug for GrantedPrograms {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("GrantedPrograms")
    }
}

impl LiveCalls for GrantedPrograms {
    fn http_get(
        &self,
        request: &network::HttpGetRequest,
    ) -> Result<Result<network::HttpResponse, network::NetworkError>, HostFault> {
        DeniedLiveCalls.http_get(request)
    }

    fn llm_is_available(&self) -> bool {
        DeniedLiveCalls.llm_is_available()
    }

    fn llm_chat_completion(
        &self,
        request: &bc::LlmRequest,
    ) -> Result<Result<bc::LlmResponse, LlmError>, HostFault> {
        DeniedLiveCalls.llm_chat_completion(request)
    }

    fn sandbox_is_available(&self) -> bool {
        true
    }

    fn sandbox_exec(
        &self,
        request: &SandboxExecRequest,
    ) -> Result<Result<SandboxExecResponse, SandboxExecError>, HostFault> {
        Ok(self.0.sandbox_exec(request))
    }

    fn container_run(
        &self,
        request: &ContainerRunRequest,
    ) -> Result<Result<ContainerRunResponse, ContainerExecError>, HostFault> {
        Ok(self.0.container_run(request))
    }
}
