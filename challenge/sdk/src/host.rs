//! The [`Host`] trait: everything that a challenge may ask of the world.

use alloc::{string::String, vec::Vec};

use thiserror::Error;

use crate::abi::{
    PythonCheckRequest, PythonCheckResponse, PythonFingerprintRequest, PythonFingerprintResponse,
    PythonSimilarityRequest, PythonSimilarityResponse,
    codec::CodecError,
    exec::{
        ContainerExecError, ContainerRunRequest, ContainerRunResponse, SandboxExecError,
        SandboxExecRequest, SandboxExecResponse,
    },
    llm::bc::{LlmRequest, LlmResponse},
    network::{HttpGetRequest, HttpPostRequest, HttpResponse, NetworkError},
};

/// Largest value that a challenge should keep under an ordinary key: every reader of it pays for it,
/// and hosts cap it there for modules of the first generation.
pub const STORAGE_VALUE_GUIDE_BYTES: usize = 64 * 1024;

/// How important a log line is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogLevel {
    /// Progress.
    Info,
    /// Something odd.
    Warn,
    /// Something failed.
    Error,
}

impl LogLevel {
    /// The number that the ABI uses.
    #[must_use]
    pub const fn code(self) -> i32 {
        match self {
            Self::Info => 0,
            Self::Warn => 1,
            Self::Error => 2,
        }
    }
}

/// Why a host call gave no answer. It is never the miner's fault.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum HostError {
    /// The host answered with a status code.
    #[error("host function {function} failed with status {status}")]
    Status {
        /// The function's name in the ABI.
        function: &'static str,
        /// The code, see [`crate::abi::status`].
        status: i64,
    },
    /// The network call failed.
    #[error(transparent)]
    Network(#[from] NetworkError),
    /// The sandboxed program didn't run to its end.
    #[error(transparent)]
    Sandbox(#[from] SandboxExecError),
    /// The container didn't run to its end.
    #[error(transparent)]
    Container(#[from] ContainerExecError),
    /// The answer doesn't decode.
    #[error("undecodable answer or request: {0}")]
    Codec(#[from] CodecError),
    /// A host without this ability, with its reason.
    #[error("host function {function} is not available: {reason}")]
    Unavailable {
        /// The function's name in the ABI.
        function: &'static str,
        /// Why.
        reason: String,
    },
}

/// A key with its value, as `storage_list_prefix` returns it.
pub type KeyValue = (Vec<u8>, Vec<u8>);

/// What a challenge may ask of the world. Object safe; `&self`, since a guest has one thread and native
/// hosts bring their own locking.
pub trait Host {
    /// Value of a key; `None` when missing or empty (the ABI can't tell these apart).
    ///
    /// # Errors
    /// [`HostError`] when the store fails or the value exceeds the guest's buffer of 5 MiB.
    fn storage_get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, HostError>;

    /// Stores a value; keep it under [`STORAGE_VALUE_GUIDE_BYTES`].
    ///
    /// # Errors
    /// [`HostError::Status`] when the host refuses the key, the value, or writing as such.
    fn storage_set(&self, key: &[u8], value: &[u8]) -> Result<(), HostError>;

    /// Keys that start with `prefix` and their values, sorted by key: at most `limit`, and at most
    /// 4 MiB in total.
    ///
    /// # Errors
    /// [`HostError`] when the store fails.
    fn storage_list_prefix(&self, prefix: &[u8], limit: u32) -> Result<Vec<KeyValue>, HostError>;

    /// How many keys start with `prefix`.
    ///
    /// # Errors
    /// [`HostError`] when the store fails.
    fn storage_count_prefix(&self, prefix: &[u8]) -> Result<u64, HostError>;

    /// Current chain epoch.
    ///
    /// # Errors
    /// [`HostError::Status`] when the host gives no consensus data.
    fn epoch(&self) -> Result<u64, HostError>;

    /// Height of the ledger.
    ///
    /// # Errors
    /// [`HostError::Status`] when the host gives no consensus data.
    fn block_height(&self) -> Result<u64, HostError>;

    /// Submissions that the host counts for this challenge.
    ///
    /// # Errors
    /// [`HostError::Status`] when the host gives no consensus data.
    fn submission_count(&self) -> Result<u32, HostError>;

    /// Time of the referenced chain block, in milliseconds since the Unix epoch.
    fn timestamp_ms(&self) -> i64;

    /// Fills the buffer with randomness that is the same on all validators.
    ///
    /// # Errors
    /// [`HostError::Status`] when the host fails.
    fn random_seed(&self, buffer: &mut [u8]) -> Result<(), HostError>;

    /// Writes a line to the host's log. Not part of any agreed result.
    fn log(&self, level: LogLevel, message: &str);

    /// Whether [`Host::llm_chat`] can work.
    fn llm_is_available(&self) -> bool;

    /// Asks a language model. A live call.
    ///
    /// # Errors
    /// [`HostError`] when there is no answer.
    fn llm_chat(&self, request: &LlmRequest) -> Result<LlmResponse, HostError>;

    /// HTTP GET. A live call.
    ///
    /// # Errors
    /// [`HostError`] when there is no answer.
    fn http_get(&self, request: &HttpGetRequest) -> Result<HttpResponse, HostError>;

    /// HTTP POST. A live call.
    ///
    /// # Errors
    /// [`HostError`] when there is no answer.
    fn http_post(&self, request: &HttpPostRequest) -> Result<HttpResponse, HostError>;

    /// Runs a program in the sandbox. A live call.
    ///
    /// # Errors
    /// [`HostError`] when it was not run to its end.
    fn sandbox_exec(&self, request: &SandboxExecRequest) -> Result<SandboxExecResponse, HostError>;

    /// Runs a command in a container. A live call.
    ///
    /// # Errors
    /// [`HostError`] when it was not run to its end.
    fn container_run(
        &self,
        request: &ContainerRunRequest,
    ) -> Result<ContainerRunResponse, HostError>;

    /// Checks Python sources against a policy. Deterministic.
    ///
    /// # Errors
    /// [`HostError`] when the host has no Python analysis, doesn't know the policy, or refuses the request.
    fn python_check(&self, request: &PythonCheckRequest) -> Result<PythonCheckResponse, HostError>;

    /// Fingerprint of a package, to keep and compare later. Deterministic.
    ///
    /// # Errors
    /// [`HostError`] when the host makes none or refuses the request; what is wrong with the files is in
    /// the response.
    fn python_fingerprint(
        &self,
        request: &PythonFingerprintRequest,
    ) -> Result<PythonFingerprintResponse, HostError>;

    /// Compares a fingerprint with others. Deterministic.
    ///
    /// # Errors
    /// [`HostError`] when the host can't, when there are too many, or when one of them is none.
    fn python_similarity(
        &self,
        request: &PythonSimilarityRequest,
    ) -> Result<PythonSimilarityResponse, HostError>;

    /// Whether an sr25519 signature (signing context `substrate`) is valid.
    ///
    /// # Errors
    /// [`HostError::Status`] when the host can't check signatures.
    fn sr25519_verify(
        &self,
        public_key: &[u8; 32],
        message: &[u8],
        signature: &[u8; 64],
    ) -> Result<bool, HostError>;
}
