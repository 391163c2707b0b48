//! [`Host`] in memory, for tests, simulations and the server mode.

use alloc::{
    boxed::Box,
    collections::BTreeMap,
    string::{String, ToString},
    vec::Vec,
};
use std::sync::{Mutex, MutexGuard, PoisonError};

use schnorrkel::{PublicKey, Signature, signing_context};
use serde::{Serialize, de::DeserializeOwned};

use crate::{
    abi::{
        PYTHON_REQUEST_MAX_BYTES, PythonCheckRequest, PythonCheckResponse,
        PythonFingerprintRequest, PythonFingerprintResponse, PythonSimilarityRequest,
        PythonSimilarityResponse, buffers, codec,
        exec::{
            ContainerExecError, ContainerRunRequest, ContainerRunResponse, SandboxExecError,
            SandboxExecRequest, SandboxExecResponse,
        },
        llm::bc::{LlmRequest, LlmResponse},
        network::{HttpGetRequest, HttpPostRequest, HttpResponse, NetworkError},
        status,
    },
    host::{Host, HostError, KeyValue, LogLevel},
    programs::Programs,
    python::{PythonAnalysis, PythonFault},
};

/// Signing context of all sr25519 signatures.
const SIGNING_CONTEXT: &[u8] = b"substrate";
/// Log lines that are kept; older ones stay, newer ones are dropped.
const LOG_LINES_MAX: usize = 10_000;

/// A line that the challenge logged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogLine {
    /// Its level.
    pub level: LogLevel,
    /// Its text.
    pub message: String,
}

#[derive(Debug, Default)]
struct State {
    storage: BTreeMap<Vec<u8>, Vec<u8>>,
    epoch: u64,
    block_height: u64,
    submission_count: u32,
    timestamp_ms: i64,
    seed: [u8; 32],
    logs: Vec<LogLine>,
}

/// A host whose world is set by hand. It has no network and no language model.
#[derive(Default)]
pub struct MemoryHost {
    state: Mutex<State>,
    python: Option<Box<dyn PythonAnalysis>>,
    programs: Option<Box<dyn Programs>>,
}

impl MemoryHost {
    /// An empty world at epoch 0, time 0, without Python analysis and programs.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Answers questions about Python with this analysis.
    #[must_use]
    pub fn with_python(mut self, analysis: impl PythonAnalysis + 'static) -> Self {
        self.python = Some(Box::new(analysis));
        self
    }

    /// Runs programs with this.
    #[must_use]
    pub fn with_programs(mut self, programs: impl Programs + 'static) -> Self {
        self.programs = Some(Box::new(programs));
        self
    }

    /// Sets the chain epoch.
    pub fn set_epoch(&self, epoch: u64) {
        self.state().epoch = epoch;
    }

    /// Sets the height of the ledger.
    pub fn set_block_height(&self, block_height: u64) {
        self.state().block_height = block_height;
    }

    /// Sets the number of submissions.
    pub fn set_submission_count(&self, submission_count: u32) {
        self.state().submission_count = submission_count;
    }

    /// Sets the time, in milliseconds since the Unix epoch.
    pub fn set_timestamp_ms(&self, timestamp_ms: i64) {
        self.state().timestamp_ms = timestamp_ms;
    }

    /// Sets the bytes that the random seed repeats.
    pub fn set_seed(&self, seed: [u8; 32]) {
        self.state().seed = seed;
    }

    /// A copy of everything stored.
    #[must_use]
    pub fn storage(&self) -> BTreeMap<Vec<u8>, Vec<u8>> {
        self.state().storage.clone()
    }

    /// Everything logged so far.
    #[must_use]
    pub fn logs(&self) -> Vec<LogLine> {
        self.state().logs.clone()
    }

    /// Asks the analysis as a module's host does: the same trip over the wire, limits and refusals.
    fn ask_python<T: Serialize + DeserializeOwned, R>(
        &self,
        function: &'static str,
        request: &T,
        ask: impl FnOnce(&dyn PythonAnalysis, &T) -> Result<R, PythonFault>,
    ) -> Result<R, HostError> {
        let invalid = || HostError::Status {
            function,
            status: status::python::INVALID_REQUEST.into(),
        };
        let unavailable = |reason| HostError::Unavailable { function, reason };
        let Some(analysis) = &self.python else {
            return Err(unavailable(
                "this host was made without Python analysis".to_string(),
            ));
        };
        let bytes = codec::encode(request)?;
        let request =
            codec::decode(&bytes, PYTHON_REQUEST_MAX_BYTES as u64).map_err(|_| invalid())?;
        ask(analysis.as_ref(), &request).map_err(|fault| match fault {
            PythonFault::Request(_) => invalid(),
            PythonFault::Machine(reason) => unavailable(reason),
        })
    }

    /// A panic of another thread leaves plain data behind, never a half-made change.
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Host for MemoryHost {
    fn storage_get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, HostError> {
        Ok(self
            .state()
            .storage
            .get(key)
            .filter(|value| !value.is_empty())
            .cloned())
    }

    fn storage_set(&self, key: &[u8], value: &[u8]) -> Result<(), HostError> {
        let refuse = |status: i32| {
            Err(HostError::Status {
                function: "storage_set",
                status: status.into(),
            })
        };
        if key.is_empty() {
            return refuse(status::storage::INVALID_KEY);
        }
        if value.len() > buffers::STORAGE_GET_BYTES {
            return refuse(status::storage::VALUE_TOO_LARGE);
        }
        self.state().storage.insert(key.to_vec(), value.to_vec());
        Ok(())
    }

    fn storage_list_prefix(&self, prefix: &[u8], limit: u32) -> Result<Vec<KeyValue>, HostError> {
        let limit = if limit == 0 {
            buffers::STORAGE_LIST_DEFAULT_ENTRIES
        } else {
            limit
        };
        let mut entries = Vec::new();
        let mut size_bytes = size_of::<u64>();
        for (key, value) in self.state().storage.range(prefix.to_vec()..) {
            size_bytes += 2 * size_of::<u64>() + key.len() + value.len();
            if !key.starts_with(prefix)
                || entries.len() as u64 >= u64::from(limit)
                || size_bytes > buffers::STORAGE_LIST_BYTES
            {
                break;
            }
            entries.push((key.clone(), value.clone()));
        }
        Ok(entries)
    }

    fn storage_count_prefix(&self, prefix: &[u8]) -> Result<u64, HostError> {
        let state = self.state();
        let keys = state.storage.range(prefix.to_vec()..);
        Ok(keys.take_while(|(key, _)| key.starts_with(prefix)).count() as u64)
    }

    fn epoch(&self) -> Result<u64, HostError> {
        Ok(self.state().epoch)
    }

    fn block_height(&self) -> Result<u64, HostError> {
        Ok(self.state().block_height)
    }

    fn submission_count(&self) -> Result<u32, HostError> {
        Ok(self.state().submission_count)
    }

    fn timestamp_ms(&self) -> i64 {
        self.state().timestamp_ms
    }

    fn random_seed(&self, buffer: &mut [u8]) -> Result<(), HostError> {
        let seed = self.state().seed;
        for (to, from) in buffer.iter_mut().zip(seed.iter().cycle()) {
            *to = *from;
        }
        Ok(())
    }

    fn log(&self, level: LogLevel, message: &str) {
        let mut state = self.state();
        if state.logs.len() < LOG_LINES_MAX {
            state.logs.push(LogLine {
                level,
                message: message.to_string(),
            });
        }
    }

    fn llm_is_available(&self) -> bool {
        false
    }

    fn llm_chat(&self, _request: &LlmRequest) -> Result<LlmResponse, HostError> {
        Err(HostError::Status {
            function: "llm_chat_completion",
            status: status::llm::DISABLED.into(),
        })
    }

    fn http_get(&self, _request: &HttpGetRequest) -> Result<HttpResponse, HostError> {
        Err(NetworkError::NetworkDisabled.into())
    }

    fn http_post(&self, _request: &HttpPostRequest) -> Result<HttpResponse, HostError> {
        Err(NetworkError::NetworkDisabled.into())
    }

    fn sandbox_exec(&self, request: &SandboxExecRequest) -> Result<SandboxExecResponse, HostError> {
        let programs = self.programs.as_ref().ok_or(SandboxExecError::Disabled)?;
        Ok(programs.sandbox_exec(request)?)
    }

    fn container_run(
        &self,
        request: &ContainerRunRequest,
    ) -> Result<ContainerRunResponse, HostError> {
        let programs = self.programs.as_ref().ok_or(ContainerExecError::Disabled)?;
        Ok(programs.container_run(request)?)
    }

    fn python_check(&self, request: &PythonCheckRequest) -> Result<PythonCheckResponse, HostError> {
        self.ask_python("python_check", request, |python, it| python.check(it))
    }

    fn python_fingerprint(
        &self,
        request: &PythonFingerprintRequest,
    ) -> Result<PythonFingerprintResponse, HostError> {
        self.ask_python("python_fingerprint", request, |python, it| {
            python.fingerprint(it)
        })
    }

    fn python_similarity(
        &self,
        request: &PythonSimilarityRequest,
    ) -> Result<PythonSimilarityResponse, HostError> {
        self.ask_python("python_similarity", request, |python, it| {
            python.similarity(it)
        })
    }

    fn sr25519_verify(
        &self,
        public_key: &[u8; 32],
        message: &[u8],
        signature: &[u8; 64],
    ) -> Result<bool, HostError> {
        let (Ok(key), Ok(signature)) = (
            PublicKey::from_bytes(public_key),
            Signature::from_bytes(signature),
        ) else {
            return Ok(false);
        };
        let transcript = signing_context(SIGNING_CONTEXT).bytes(message);
        Ok(key.verify(transcript, &signature).is_ok())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prefix_listing_is_sorted_bounded_and_stops_at_the_prefix() {
        let host = MemoryHost::new();
        for key in ["b:2", "a:1", "b:1", "c:1"] {
            host.storage_set(key.as_bytes(), b"v").unwrap();
        }
        let keys = |limit| -> Vec<Vec<u8>> {
            let entries = host.storage_list_prefix(b"b:", limit).unwrap();
            entries.into_iter().map(|(key, _)| key).collect()
        };
        assert_eq!(keys(0), [b"b:1".to_vec(), b"b:2".to_vec()]);
        assert_eq!(keys(1), [b"b:1".to_vec()]);
        assert_eq!(host.storage_count_prefix(b"b:"), Ok(2));
    }

    #[test]
    fn an_empty_key_and_an_oversized_value_are_refused_by_name() {
        let host = MemoryHost::new();
        let status = |result: Result<(), HostError>| match result {
            Err(HostError::Status { status, .. }) => status,
            other => panic!("expected a status, got {other:?}"),
        };
        assert_eq!(status(host.storage_set(b"", b"v")), -3);
        let large = alloc::vec![0; buffers::STORAGE_GET_BYTES + 1];
        assert_eq!(status(host.storage_set(b"k", &large)), -2);
    }

    #[test]
    fn python_is_asked_with_the_limits_of_a_module_s_host() {
        struct Echo;
        impl PythonAnalysis for Echo {
            fn check(&self, it: &PythonCheckRequest) -> Result<PythonCheckResponse, PythonFault> {
                match it.policy.as_str() {
                    "unknown" => Err(PythonFault::Request("unknown policy".into())),
                    "broken" => Err(PythonFault::Machine("no thread".into())),
                    _ => Ok(PythonCheckResponse::default()),
                }
            }
        }
        let request = |policy: &str| PythonCheckRequest {
            policy: policy.into(),
            ..PythonCheckRequest::default()
        };
        let invalid = |function| HostError::Status {
            function,
            status: status::python::INVALID_REQUEST.into(),
        };
        let unavailable = |function, reason: &str| HostError::Unavailable {
            function,
            reason: reason.into(),
        };
        let host = MemoryHost::new().with_python(Echo);
        let check = |policy: &str| host.python_check(&request(policy));
        assert_eq!(check("term"), Ok(PythonCheckResponse::default()));
        assert_eq!(check("unknown"), Err(invalid("python_check")));
        assert_eq!(
            check("broken"),
            Err(unavailable("python_check", "no thread"))
        );
        let too_long = "x".repeat(PYTHON_REQUEST_MAX_BYTES);
        assert_eq!(check(&too_long), Err(invalid("python_check")));
        assert_eq!(
            host.python_similarity(&PythonSimilarityRequest::default()),
            Err(invalid("python_similarity"))
        );
        assert_eq!(
            MemoryHost::new().python_check(&request("term")),
            Err(unavailable(
                "python_check",
                "this host was made without Python analysis"
            ))
        );
    }

    #[test]
    fn signatures_verify_only_with_their_key_and_message() {
        let host = MemoryHost::new();
        let pair = schnorrkel::MiniSecretKey::from_bytes(&[7; 32])
            .unwrap()
            .expand_to_keypair(schnorrkel::ExpansionMode::Ed25519);
        let signature = pair.sign_simple(SIGNING_CONTEXT, b"message").to_bytes();
        let key = pair.public.to_bytes();
        assert_eq!(host.sr25519_verify(&key, b"message", &signature), Ok(true));
        assert_eq!(host.sr25519_verify(&key, b"massage", &signature), Ok(false));
        assert_eq!(
            host.sr25519_verify(&[0xff; 32], b"message", &signature),
            Ok(false)
        );
    }
}
