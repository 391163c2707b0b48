//! What a call runs with: the place in the ledger, the grants, and how live calls are answered.
//!
//! Nothing here reads a clock or a random source: time, epoch and seed are inputs, so that all
//! validators run the same call.

use std::fmt;
use std::sync::Arc;

use assay_challenge_sdk::abi::{
    exec::{
        ContainerExecError, ContainerRunRequest, ContainerRunResponse, SandboxExecError,
        SandboxExecRequest, SandboxExecResponse,
    },
    llm::bc,
    network,
};
use serde::Serialize;

use crate::error::HostFault;
use crate::limits;

/// Fuel and memory of one call. Part of the agreed outcome: the same on all validators.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Grants {
    /// Fuel, at most [`limits::MAX_FUEL`].
    pub fuel: u64,
    /// Linear memory in bytes, rounded down to pages, at most [`limits::MAX_MEMORY_BYTES`].
    pub memory_bytes: u64,
    /// Whether storage may be written. Without it `storage_set` answers "permission denied".
    pub storage_write: bool,
}

impl Default for Grants {
    fn default() -> Self {
        Self {
            fuel: limits::DEFAULT_FUEL,
            memory_bytes: limits::DEFAULT_MEMORY_BYTES,
            storage_write: true,
        }
    }
}

/// Where and when a call happens, what it may use.
#[derive(Debug, Clone)]
pub struct CallContext {
    /// Id of the challenge, as `storage_get_cross` and the random seed know it.
    pub challenge_id: String,
    /// Chain epoch.
    pub epoch: u64,
    /// Height of the ledger.
    pub block_height: u64,
    /// Time of the referenced chain block, milliseconds since the Unix epoch.
    pub timestamp_ms: i64,
    /// Random material, as the referenced chain block's hash with the submission's id. Without it
    /// random bytes derive from challenge id and time, as modules were written against.
    pub seed: Option<[u8; 32]>,
    /// Submissions of the epoch, for `consensus_get_submission_count`.
    pub submission_count: u32,
    /// Fuel, memory and storage grants.
    pub grants: Grants,
    /// Answers to HTTP and LLM calls.
    pub live: Arc<dyn LiveCalls>,
}

impl CallContext {
    /// A context at epoch, height and time 0, with default grants and live calls denied.
    pub fn new(challenge_id: impl Into<String>) -> Self {
        Self {
            challenge_id: challenge_id.into(),
            epoch: 0,
            block_height: 0,
            timestamp_ms: 0,
            seed: None,
            submission_count: 0,
            grants: Grants::default(),
            live: Arc::new(DeniedLiveCalls),
        }
    }
}

/// Why an LLM call has no answer, as the guest sees it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LlmError {
    /// Not available to this module.
    Disabled,
    /// The request is out of bounds.
    InvalidRequest,
    /// The service failed.
    Api,
    /// Too many calls.
    RateLimited,
}

/// Answers the calls that leave the machine. Recording and replaying are implementations of this.
///
/// A [`HostFault`] ends the guest's call as a fault of this machine.
pub trait LiveCalls: Send + Sync + fmt::Debug {
    /// Answers `http_get`.
    ///
    /// # Errors
    /// [`HostFault::LiveCall`] when there is no answer to give to the guest at all.
    fn http_get(
        &self,
        request: &network::HttpGetRequest,
    ) -> Result<Result<network::HttpResponse, network::NetworkError>, HostFault>;

    /// Whether `llm_is_available` says yes.
    fn llm_is_available(&self) -> bool;

    /// Answers `llm_chat_completion`; requests in the older layout arrive converted.
    ///
    /// # Errors
    /// [`HostFault::LiveCall`] when there is no answer to give to the guest at all.
    fn llm_chat_completion(
        &self,
        request: &bc::LlmRequest,
    ) -> Result<Result<bc::LlmResponse, LlmError>, HostFault>;

    /// Whether `sandbox_status` says that there is a sandbox.
    fn sandbox_is_available(&self) -> bool;

    /// Answers `sandbox_exec`.
    ///
    /// # Errors
    /// [`HostFault::LiveCall`] when there is no answer to give to the guest at all.
    fn sandbox_exec(
        &self,
        request: &SandboxExecRequest,
    ) -> Result<Result<SandboxExecResponse, SandboxExecError>, HostFault>;

    /// Answers `container_run`.
    ///
    /// # Errors
    /// [`HostFault::LiveCall`] when there is no answer to give to the guest at all.
    fn container_run(
        &self,
        request: &ContainerRunRequest,
    ) -> Result<Result<ContainerRunResponse, ContainerExecError>, HostFault>;
}

/// The default: no live call is made, the guest is told so.
#[derive(Debug, Clone, Copy, Default)]
pub struct DeniedLiveCalls;

impl LiveCalls for DeniedLiveCalls {
    fn http_get(
        &self,
        _request: &network::HttpGetRequest,
    ) -> Result<Result<network::HttpResponse, network::NetworkError>, HostFault> {
        Ok(Err(network::NetworkError::NetworkDisabled))
    }

    fn llm_is_available(&self) -> bool {
        false
    }

    fn llm_chat_completion(
        &self,
        _request: &bc::LlmRequest,
    ) -> Result<Result<bc::LlmResponse, LlmError>, HostFault> {
        Ok(Err(LlmError::Disabled))
    }

    fn sandbox_is_available(&self) -> bool {
        false
    }

    fn sandbox_exec(
        &self,
        _request: &SandboxExecRequest,
    ) -> Result<Result<SandboxExecResponse, SandboxExecError>, HostFault> {
        Ok(Err(SandboxExecError::Disabled))
    }

    fn container_run(
        &self,
        _request: &ContainerRunRequest,
    ) -> Result<Result<ContainerRunResponse, ContainerExecError>, HostFault> {
        Ok(Err(ContainerExecError::Disabled))
    }
}

/// Severity of a log line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum LogLevel {
    /// Level 0.
    Info,
    /// Level 1.
    Warn,
    /// Any other level.
    Error,
}

impl LogLevel {
    pub(crate) fn from_abi(level: i32) -> Self {
        match level {
            0 => Self::Info,
            1 => Self::Warn,
            _ => Self::Error,
        }
    }
}

/// A line that the guest logged.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct GuestLog {
    /// Severity.
    pub level: LogLevel,
    /// Text, at most [`limits::MAX_LOG_LINE_BYTES`] bytes; invalid UTF-8 is replaced.
    pub message: String,
}

/// Collects log lines within the limits; what exceeds them is dropped and counted.
#[derive(Debug, Default)]
pub(crate) struct LogBuffer {
    lines: Vec<GuestLog>,
    size_bytes: usize,
    dropped: u64,
}

impl LogBuffer {
    /// Bytes of a line worth reading from the guest.
    pub(crate) fn accepted_bytes(&self, length_bytes: usize) -> usize {
        length_bytes.min(limits::MAX_LOG_LINE_BYTES)
    }

    pub(crate) fn push(&mut self, level: LogLevel, bytes: &[u8]) {
        let message = cut_lossy(bytes, limits::MAX_LOG_LINE_BYTES);
        let size_bytes = self.size_bytes + message.len();
        if self.lines.len() >= limits::MAX_LOG_LINES || size_bytes > limits::MAX_LOG_BYTES {
            self.dropped += 1;
            return;
        }
        self.size_bytes = size_bytes;
        self.lines.push(GuestLog { level, message });
    }

    pub(crate) fn finish(mut self) -> Vec<GuestLog> {
        if self.dropped > 0 {
            self.lines.push(GuestLog {
                level: LogLevel::Warn,
                message: format!("{} log lines dropped: log full", self.dropped),
            });
        }
        self.lines
    }
}

/// Text of at most `max_bytes`, cut at a character boundary.
fn cut_lossy(bytes: &[u8], max_bytes: usize) -> String {
    let mut text = String::from_utf8_lossy(bytes).into_owned();
    let mut end = text.len().min(max_bytes);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    text.truncate(end);
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn log_flood_is_bounded_and_counted() {
        let mut buffer = LogBuffer::default();
        for _ in 0..100_000 {
            buffer.push(LogLevel::Info, &[b'x'; 100]);
        }
        let lines = buffer.finish();
        assert!(lines.iter().map(|l| l.message.len()).sum::<usize>() <= limits::MAX_LOG_BYTES + 64);
        assert!(lines.last().unwrap().message.contains("dropped"));
    }

    #[test]
    fn long_line_is_cut_at_a_character_boundary() {
        let text = "ü".repeat(limits::MAX_LOG_LINE_BYTES);
        let mut buffer = LogBuffer::default();
        buffer.push(LogLevel::from_abi(7), text.as_bytes());
        let lines = buffer.finish();
        assert_eq!(lines[0].level, LogLevel::Error);
        assert!(lines[0].message.len() <= limits::MAX_LOG_LINE_BYTES);
        assert!(text.starts_with(&lines[0].message));
    }
}
