//! `assay_python`: the Python policy for packages.

use assay_challenge_sdk::abi::{PythonCheckRequest, codec, status::python as status};
use assay_python::CheckError;
use wasmer::FunctionEnvMut;

use super::guest::{Env, Guest, HostTrap, length};
use crate::error::HostFault;
use crate::limits;

pub(super) fn check(
    mut function: FunctionEnvMut<'_, Env>,
    request: i32,
    request_len: i32,
    response: i32,
    response_len: i32,
) -> Result<i32, HostTrap> {
    let mut guest = Guest::enter(
        &mut function,
        limits::HOST_CALL_FUEL + limits::PYTHON_CALL_FUEL,
    )?;
    let size_bytes = length(request_len);
    if size_bytes > limits::MAX_INPUT_BYTES {
        return Ok(status::INVALID_REQUEST);
    }
    guest.charge(size_bytes as u64 * limits::PYTHON_BYTE_FUEL)?;
    let Some(bytes) = guest.read(request, size_bytes) else {
        return Ok(status::BAD_POINTER);
    };
    let limit = limits::MAX_INPUT_BYTES as u64;
    let Ok(request) = codec::decode::<PythonCheckRequest>(&bytes, limit) else {
        return Ok(status::INVALID_REQUEST);
    };
    let verdict = match assay_python::check(&request) {
        Ok(verdict) => verdict,
        Err(CheckError::Policy(_) | CheckError::Request(_)) => return Ok(status::INVALID_REQUEST),
        Err(CheckError::Host(reason)) => {
            return Err(HostTrap::Fault(HostFault::Resource(reason)));
        }
    };
    let Ok(encoded) = codec::encode(&verdict) else {
        return Ok(status::INTERNAL_ERROR);
    };
    guest.answer(response, response_len, &encoded, status::BAD_POINTER)
}
