//! [`Host`] over the imports of the ABI.

use alloc::{boxed::Box, vec::Vec};
use core::cell::Cell;

use serde::{Serialize, de::DeserializeOwned};

use crate::{
    abi::{
        PythonCheckRequest, PythonCheckResponse, PythonFingerprintRequest,
        PythonFingerprintResponse, PythonSimilarityRequest, PythonSimilarityResponse, buffers,
        codec,
        exec::{
            ContainerExecError, ContainerRunRequest, ContainerRunResponse, SandboxExecError,
            SandboxExecRequest, SandboxExecResponse,
        },
        llm::bc::{LlmRequest, LlmResponse},
        network::{HttpGetRequest, HttpPostRequest, HttpResponse, NetworkError},
        status,
    },
    host::{Host, HostError, KeyValue, LogLevel},
};

/// First guess for an answer about Python; the host says how much is needed when it is too small.
const PYTHON_ANSWER_BYTES: usize = 64 * 1024;
/// Answer buffer of `http_get`, as in the last SDK generation.
const HTTP_GET_BYTES: usize = 10 * 1024 * 1024;
/// Answer buffer of `http_post`.
const HTTP_POST_BYTES: usize = 5 * 1024 * 1024;
/// Answer buffer of `sandbox_exec` and `container_run`.
const EXEC_BYTES: usize = 4 * 1024 * 1024;
/// Answer buffer of `llm_chat_completion`.
const LLM_BYTES: usize = 4 * 1024 * 1024;

/// The host that runs this module.
#[derive(Debug, Clone, Copy, Default)]
pub struct WasmHost;

mod imports {
    #[link(wasm_import_module = "platform_storage")]
    unsafe extern "C" {
        pub fn storage_get(key: *const u8, key_len: i32, value: *mut u8) -> i32;
        pub fn storage_set(key: *const u8, key_len: i32, value: *const u8, value_len: i32) -> i32;
        pub fn storage_list_prefix(
            prefix: *const u8,
            prefix_len: i32,
            result: *mut u8,
            limit: i32,
        ) -> i32;
        pub fn storage_count_prefix(prefix: *const u8, prefix_len: i32) -> i64;
    }

    #[link(wasm_import_module = "platform_consensus")]
    unsafe extern "C" {
        pub fn consensus_get_epoch() -> i64;
        pub fn consensus_get_block_height() -> i64;
        pub fn consensus_get_submission_count() -> i32;
    }

    #[link(wasm_import_module = "platform_sandbox")]
    unsafe extern "C" {
        pub fn get_timestamp() -> i64;
        pub fn log_message(level: i32, message: *const u8, message_len: i32);
        pub fn sandbox_exec(
            request: *const u8,
            request_len: i32,
            response: *mut u8,
            response_len: i32,
        ) -> i32;
    }

    #[link(wasm_import_module = "platform_container")]
    unsafe extern "C" {
        pub fn container_run(
            request: *const u8,
            request_len: i32,
            response: *mut u8,
            response_len: i32,
        ) -> i32;
    }

    #[link(wasm_import_module = "platform_terminal")]
    unsafe extern "C" {
        pub fn terminal_random_seed(buffer: *mut u8, buffer_len: i32) -> i32;
    }

    #[link(wasm_import_module = "platform_llm")]
    unsafe extern "C" {
        pub fn llm_is_available() -> i32;
        pub fn llm_chat_completion(
            request: *const u8,
            request_len: i32,
            response: *mut u8,
            response_len: i32,
        ) -> i32;
    }

    #[link(wasm_import_module = "platform_network")]
    unsafe extern "C" {
        pub fn http_get(
            request: *const u8,
            request_len: i32,
            response: *mut u8,
            response_len: i32,
        ) -> i32;
        pub fn http_post(
            request: *const u8,
            request_len: i32,
            response: *mut u8,
            response_len: i32,
            body_len: i32,
        ) -> i32;
    }

    #[link(wasm_import_module = "assay_python")]
    unsafe extern "C" {
        pub fn python_check(
            request: *const u8,
            request_len: i32,
            response: *mut u8,
            response_len: i32,
        ) -> i32;
        pub fn python_fingerprint(
            request: *const u8,
            request_len: i32,
            response: *mut u8,
            response_len: i32,
        ) -> i32;
        pub fn python_similarity(
            request: *const u8,
            request_len: i32,
            response: *mut u8,
            response_len: i32,
        ) -> i32;
    }

    #[link(wasm_import_module = "assay_crypto")]
    unsafe extern "C" {
        pub fn sr25519_verify(
            public_key: *const u8,
            message: *const u8,
            message_len: i32,
            signature: *const u8,
        ) -> i32;
    }
}

/// One buffer for all calls that pass no length, reserved at first use and never zeroed: only what a
/// call writes is touched.
struct Scratch(Cell<*mut u8>);

// SAFETY: a module has a single thread.
unsafe impl Sync for Scratch {}

static SCRATCH: Scratch = Scratch(Cell::new(core::ptr::null_mut()));

const _: () = assert!(buffers::STORAGE_LIST_BYTES <= buffers::STORAGE_GET_BYTES);

impl Scratch {
    fn pointer(&self) -> *mut u8 {
        if self.0.get().is_null() {
            let buffer = Box::<[u8]>::new_uninit_slice(buffers::STORAGE_GET_BYTES);
            self.0.set(Box::leak(buffer).as_mut_ptr().cast());
        }
        self.0.get()
    }

    /// Runs a call that writes into the buffer and says how much; copies that out.
    fn read(
        &self,
        function: &'static str,
        capacity: usize,
        call: impl FnOnce(*mut u8) -> i32,
    ) -> Result<Vec<u8>, HostError> {
        let pointer = self.pointer();
        let written = call(pointer);
        let len = usize::try_from(written)
            .ok()
            .filter(|len| *len <= capacity)
            .ok_or(HostError::Status {
                function,
                status: i64::from(written),
            })?;
        // SAFETY: the host wrote `len` bytes at `pointer`, within the buffer as just checked.
        Ok(unsafe { core::slice::from_raw_parts(pointer, len) }.to_vec())
    }
}

/// A call with a request and a response buffer of known length; `Err` holds the negative result.
fn exchange<T: Serialize>(
    request: &T,
    capacity: usize,
    call: impl FnOnce(*const u8, i32, *mut u8, i32) -> i32,
) -> Result<Result<Vec<u8>, i32>, HostError> {
    let request = codec::encode(request)?;
    let mut response: Vec<u8> = Vec::with_capacity(capacity);
    let written = call(
        request.as_ptr(),
        request.len() as i32,
        response.as_mut_ptr(),
        capacity as i32,
    );
    match usize::try_from(written) {
        Ok(len) if len <= capacity => {
            // SAFETY: the host wrote `len` bytes, which is within the capacity.
            unsafe { response.set_len(len) };
            Ok(Ok(response))
        }
        _ => Ok(Err(written)),
    }
}

/// The answer of a function that writes a `Result`.
fn answered<T: DeserializeOwned, E: DeserializeOwned + Into<HostError>>(
    function: &'static str,
    answer: Result<Vec<u8>, i32>,
) -> Result<T, HostError> {
    let bytes = answer.map_err(|status| HostError::Status {
        function,
        status: status.into(),
    })?;
    let result: Result<T, E> = codec::decode(&bytes, codec::MODULE_OUTPUT_LIMIT_BYTES)?;
    result.map_err(Into::into)
}

/// A call of `assay_python`, again with the buffer that the host asks for when the first was too small.
fn ask_python<T: Serialize, R: DeserializeOwned>(
    function: &'static str,
    request: &T,
    call: impl Fn(*const u8, i32, *mut u8, i32) -> i32,
) -> Result<R, HostError> {
    let mut capacity = PYTHON_ANSWER_BYTES;
    loop {
        let status = match exchange(request, capacity, &call)? {
            Ok(bytes) => return Ok(codec::decode(&bytes, codec::MODULE_OUTPUT_LIMIT_BYTES)?),
            Err(status) => status,
        };
        let needed = status.unsigned_abs() as usize;
        let can_grow = status < 0
            && status > status::python::HIGHEST_STATUS
            && needed > capacity
            && needed as u64 <= codec::MODULE_OUTPUT_LIMIT_BYTES;
        if !can_grow {
            return Err(HostError::Status {
                function,
                status: status.into(),
            });
        }
        capacity = needed;
    }
}

fn not_negative(function: &'static str, value: i64) -> Result<u64, HostError> {
    u64::try_from(value).map_err(|_| HostError::Status {
        function,
        status: value,
    })
}

// SAFETY of all calls below: the contract's functions read the passed ranges of live borrows and write
// only into buffers that are reserved for them.
impl Host for WasmHost {
    fn storage_get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, HostError> {
        let value = SCRATCH.read("storage_get", buffers::STORAGE_GET_BYTES, |buffer| unsafe {
            imports::storage_get(key.as_ptr(), key.len() as i32, buffer)
        })?;
        Ok(Some(value).filter(|value| !value.is_empty()))
    }

    fn storage_set(&self, key: &[u8], value: &[u8]) -> Result<(), HostError> {
        let status = unsafe {
            imports::storage_set(
                key.as_ptr(),
                key.len() as i32,
                value.as_ptr(),
                value.len() as i32,
            )
        };
        if status == status::storage::SUCCESS {
            Ok(())
        } else {
            Err(HostError::Status {
                function: "storage_set",
                status: status.into(),
            })
        }
    }

    fn storage_list_prefix(&self, prefix: &[u8], limit: u32) -> Result<Vec<KeyValue>, HostError> {
        let limit = i32::try_from(limit).unwrap_or(i32::MAX);
        let bytes = SCRATCH.read(
            "storage_list_prefix",
            buffers::STORAGE_LIST_BYTES,
            |buffer| unsafe {
                imports::storage_list_prefix(prefix.as_ptr(), prefix.len() as i32, buffer, limit)
            },
        )?;
        if bytes.is_empty() {
            return Ok(Vec::new());
        }
        Ok(codec::decode(&bytes, codec::MODULE_OUTPUT_LIMIT_BYTES)?)
    }

    fn storage_count_prefix(&self, prefix: &[u8]) -> Result<u64, HostError> {
        let count = unsafe { imports::storage_count_prefix(prefix.as_ptr(), prefix.len() as i32) };
        not_negative("storage_count_prefix", count)
    }

    fn epoch(&self) -> Result<u64, HostError> {
        not_negative("consensus_get_epoch", unsafe {
            imports::consensus_get_epoch()
        })
    }

    fn block_height(&self) -> Result<u64, HostError> {
        not_negative("consensus_get_block_height", unsafe {
            imports::consensus_get_block_height()
        })
    }

    fn submission_count(&self) -> Result<u32, HostError> {
        let count = unsafe { imports::consensus_get_submission_count() };
        u32::try_from(count).map_err(|_| HostError::Status {
            function: "consensus_get_submission_count",
            status: count.into(),
        })
    }

    fn timestamp_ms(&self) -> i64 {
        unsafe { imports::get_timestamp() }
    }

    fn random_seed(&self, buffer: &mut [u8]) -> Result<(), HostError> {
        let status =
            unsafe { imports::terminal_random_seed(buffer.as_mut_ptr(), buffer.len() as i32) };
        if status == status::terminal::SUCCESS {
            Ok(())
        } else {
            Err(HostError::Status {
                function: "terminal_random_seed",
                status: status.into(),
            })
        }
    }

    fn log(&self, level: LogLevel, message: &str) {
        unsafe { imports::log_message(level.code(), message.as_ptr(), message.len() as i32) };
    }

    fn llm_is_available(&self) -> bool {
        unsafe { imports::llm_is_available() == 1 }
    }

    fn llm_chat(&self, request: &LlmRequest) -> Result<LlmResponse, HostError> {
        let answer = exchange(request, LLM_BYTES, |req, req_len, resp, resp_len| unsafe {
            imports::llm_chat_completion(req, req_len, resp, resp_len)
        })?;
        let bytes = answer.map_err(|status| HostError::Status {
            function: "llm_chat_completion",
            status: status.into(),
        })?;
        Ok(codec::decode(&bytes, codec::MODULE_OUTPUT_LIMIT_BYTES)?)
    }

    fn http_get(&self, request: &HttpGetRequest) -> Result<HttpResponse, HostError> {
        let answer = exchange(
            request,
            HTTP_GET_BYTES,
            |req, req_len, resp, resp_len| unsafe {
                imports::http_get(req, req_len, resp, resp_len)
            },
        )?;
        answered::<_, NetworkError>("http_get", answer)
    }

    fn http_post(&self, request: &HttpPostRequest) -> Result<HttpResponse, HostError> {
        let body_len = request.body.len() as i32;
        let answer = exchange(
            request,
            HTTP_POST_BYTES,
            |req, req_len, resp, resp_len| unsafe {
                imports::http_post(req, req_len, resp, resp_len, body_len)
            },
        )?;
        answered::<_, NetworkError>("http_post", answer)
    }

    fn sandbox_exec(&self, request: &SandboxExecRequest) -> Result<SandboxExecResponse, HostError> {
        let answer = exchange(request, EXEC_BYTES, |req, req_len, resp, resp_len| unsafe {
            imports::sandbox_exec(req, req_len, resp, resp_len)
        })?;
        answered::<_, SandboxExecError>("sandbox_exec", answer)
    }

    fn container_run(
        &self,
        request: &ContainerRunRequest,
    ) -> Result<ContainerRunResponse, HostError> {
        let answer = exchange(request, EXEC_BYTES, |req, req_len, resp, resp_len| unsafe {
            imports::container_run(req, req_len, resp, resp_len)
        })?;
        answered::<_, ContainerExecError>("container_run", answer)
    }

    fn python_check(&self, request: &PythonCheckRequest) -> Result<PythonCheckResponse, HostError> {
        ask_python(
            "python_check",
            request,
            |req, req_len, resp, resp_len| unsafe {
                imports::python_check(req, req_len, resp, resp_len)
            },
        )
    }

    fn python_fingerprint(
        &self,
        request: &PythonFingerprintRequest,
    ) -> Result<PythonFingerprintResponse, HostError> {
        ask_python(
            "python_fingerprint",
            request,
            |req, req_len, resp, resp_len| unsafe {
                imports::python_fingerprint(req, req_len, resp, resp_len)
            },
        )
    }

    fn python_similarity(
        &self,
        request: &PythonSimilarityRequest,
    ) -> Result<PythonSimilarityResponse, HostError> {
        ask_python(
            "python_similarity",
            request,
            |req, req_len, resp, resp_len| unsafe {
                imports::python_similarity(req, req_len, resp, resp_len)
            },
        )
    }

    fn sr25519_verify(
        &self,
        public_key: &[u8; 32],
        message: &[u8],
        signature: &[u8; 64],
    ) -> Result<bool, HostError> {
        let result = unsafe {
            imports::sr25519_verify(
                public_key.as_ptr(),
                message.as_ptr(),
                message.len() as i32,
                signature.as_ptr(),
            )
        };
        match result {
            status::crypto::VALID => Ok(true),
            status::crypto::INVALID => Ok(false),
            status => Err(HostError::Status {
                function: "sr25519_verify",
                status: status.into(),
            }),
        }
    }
}
