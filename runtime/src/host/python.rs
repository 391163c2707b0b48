//! `assay_python`: policy check, fingerprint and similarity of packages. Costs follow the length of the
//! request, for a check also how tangled the package is, and for similarity how often the subject is
//! compared.

use assay_challenge_sdk::PythonAnalysis;
use assay_challenge_sdk::abi::{
    PYTHON_SIMILARITY_MAX_OTHERS, PythonSimilarityRequest, codec, status::python as status,
};
use assay_challenge_sdk::python::PythonFault;
use assay_python::{Analysis, check_metered};
use serde::Serialize;
use serde::de::DeserializeOwned;
use wasmer::FunctionEnvMut;

use super::guest::{Buffers, Env, Guest, HostTrap, length};
use crate::error::HostFault;
use crate::limits;

pub(super) fn check(
    mut function: FunctionEnvMut<'_, Env>,
    request: i32,
    request_len: i32,
    response: i32,
    response_len: i32,
) -> Result<i32, HostTrap> {
    let buffers = Buffers::of(request, request_len, response, response_len);
    let cost = Cost {
        call: limits::PYTHON_CALL_FUEL,
        byte: limits::PYTHON_BYTE_FUEL,
    };
    answer(
        &mut function,
        &buffers,
        &cost,
        |guest, request| match check_metered(request) {
            Ok(checked) => {
                guest.charge(checked.work * limits::PYTHON_WORK_FUEL)?;
                Ok(Ok(checked.response))
            }
            Err(error) => Ok(Err(PythonFault::from(error))),
        },
    )
}

pub(super) fn fingerprint(
    mut function: FunctionEnvMut<'_, Env>,
    request: i32,
    request_len: i32,
    response: i32,
    response_len: i32,
) -> Result<i32, HostTrap> {
    let buffers = Buffers::of(request, request_len, response, response_len);
    let cost = Cost {
        call: limits::PYTHON_CALL_FUEL,
        byte: limits::PYTHON_FINGERPRINT_BYTE_FUEL,
    };
    answer(&mut function, &buffers, &cost, |_, request| {
        Ok(Analysis.fingerprint(request))
    })
}

pub(super) fn similarity(
    mut function: FunctionEnvMut<'_, Env>,
    request: i32,
    request_len: i32,
    response: i32,
    response_len: i32,
) -> Result<i32, HostTrap> {
    let buffers = Buffers::of(request, request_len, response, response_len);
    let cost = Cost {
        call: 0,
        byte: limits::PYTHON_COMPARED_BYTE_FUEL,
    };
    answer(
        &mut function,
        &buffers,
        &cost,
        |guest, request: &PythonSimilarityRequest| {
            let times = request.others.len().min(PYTHON_SIMILARITY_MAX_OTHERS) as u64;
            let subject_bytes = request.subject.0.len() as u64;
            guest.charge(times * subject_bytes * limits::PYTHON_COMPARED_BYTE_FUEL)?;
            Ok(Analysis.similarity(request))
        },
    )
}

/// Fuel of a call, and of each byte of its request.
struct Cost {
    call: u64,
    byte: u64,
}

/// Reads a request, pays for it before it is looked at, and writes what `work` answers.
fn answer<T: DeserializeOwned, R: Serialize>(
    function: &mut FunctionEnvMut<'_, Env>,
    buffers: &Buffers,
    cost: &Cost,
    work: impl FnOnce(&mut Guest<'_>, &T) -> Result<Result<R, PythonFault>, HostTrap>,
) -> Result<i32, HostTrap> {
    let mut guest = Guest::enter(function, limits::HOST_CALL_FUEL + cost.call)?;
    let size_bytes = length(buffers.request_len);
    if size_bytes > limits::MAX_INPUT_BYTES {
        return Ok(status::INVALID_REQUEST);
    }
    guest.charge(size_bytes as u64 * cost.byte)?;
    let Some(bytes) = guest.read(buffers.request, size_bytes) else {
        return Ok(status::BAD_POINTER);
    };
    let Ok(request) = codec::decode::<T>(&bytes, limits::MAX_INPUT_BYTES as u64) else {
        return Ok(status::INVALID_REQUEST);
    };
    let response = match work(&mut guest, &request)? {
        Ok(response) => response,
        Err(PythonFault::Request(_)) => return Ok(status::INVALID_REQUEST),
        Err(PythonFault::Machine(reason)) => {
            return Err(HostTrap::Fault(HostFault::Resource(reason)));
        }
    };
    let Ok(encoded) = codec::encode(&response) else {
        return Ok(status::INTERNAL_ERROR);
    };
    guest.answer(
        buffers.response,
        buffers.response_len,
        &encoded,
        status::BAD_POINTER,
    )
}
