//! `platform_network`, and the refusal that the exec-like namespaces share.

use assay_challenge_sdk::abi::{buffers, codec, status::CALL_FAILED};
use serde::Serialize;
use serde::de::DeserializeOwned;
use wasmer::FunctionEnvMut;

use super::guest::{Buffers, Env, Guest, HostTrap, length};
use crate::context::LiveCalls;
use crate::error::HostFault;
use crate::limits;

pub(super) fn http_get(
    mut function: FunctionEnvMut<'_, Env>,
    request: i32,
    request_len: i32,
    response: i32,
    response_len: i32,
) -> Result<i32, HostTrap> {
    let buffers = Buffers::of(request, request_len, response, response_len);
    let max_bytes = limits::MAX_HTTP_REQUEST_BYTES;
    live_call(&mut function, &buffers, max_bytes, |live, request| {
        live.http_get(request)
    })
}

/// Reads a request of at most `max_bytes`, and writes the `Result` that a live call answers.
pub(super) fn live_call<T: DeserializeOwned, R: Serialize, E: Serialize>(
    function: &mut FunctionEnvMut<'_, Env>,
    buffers: &Buffers,
    max_bytes: usize,
    call: impl FnOnce(&dyn LiveCalls, &T) -> Result<Result<R, E>, HostFault>,
) -> Result<i32, HostTrap> {
    let mut guest = Guest::enter(function, limits::HOST_CALL_FUEL)?;
    let size_bytes = length(buffers.request_len);
    if size_bytes > max_bytes {
        return Ok(CALL_FAILED);
    }
    guest.charge_bytes(size_bytes)?;
    let Some(bytes) = guest.read(buffers.request, size_bytes) else {
        return Ok(CALL_FAILED);
    };
    let Ok(request) = codec::decode::<T>(&bytes, max_bytes as u64) else {
        return Ok(CALL_FAILED);
    };
    let answer = call(guest.env.context.live.as_ref(), &request)?;
    let Ok(encoded) = codec::encode(&answer) else {
        return Ok(CALL_FAILED);
    };
    guest.answer(
        buffers.response,
        buffers.response_len,
        &encoded,
        CALL_FAILED,
    )
}

pub(super) fn refuse4(
    mut function: FunctionEnvMut<'_, Env>,
    _request: i32,
    _request_len: i32,
    response: i32,
    response_len: i32,
) -> Result<i32, HostTrap> {
    Guest::enter(&mut function, limits::HOST_CALL_FUEL)?.answer_disabled(
        response,
        response_len,
        CALL_FAILED,
    )
}

pub(super) fn refuse5(
    function: FunctionEnvMut<'_, Env>,
    request: i32,
    request_len: i32,
    response: i32,
    response_len: i32,
    _extra: i32,
) -> Result<i32, HostTrap> {
    refuse4(function, request, request_len, response, response_len)
}

pub(super) fn refuse_dns(
    function: FunctionEnvMut<'_, Env>,
    request: i32,
    request_len: i32,
    response: i32,
) -> Result<i32, HostTrap> {
    let capacity = i32::try_from(buffers::DNS_BYTES).unwrap_or(0);
    refuse4(function, request, request_len, response, capacity)
}
