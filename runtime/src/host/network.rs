//! `platform_network`, and the refusal that the exec-like namespaces share.

use assay_challenge_sdk::abi::{buffers, codec, network::HttpGetRequest, status::CALL_FAILED};
use wasmer::FunctionEnvMut;

use super::guest::{Env, Guest, HostTrap, length};
use crate::limits;

pub(super) fn http_get(
    mut function: FunctionEnvMut<'_, Env>,
    request: i32,
    request_len: i32,
    response: i32,
    response_len: i32,
) -> Result<i32, HostTrap> {
    let mut guest = Guest::enter(&mut function, limits::HOST_CALL_FUEL)?;
    let size_bytes = length(request_len);
    if size_bytes > limits::MAX_HTTP_REQUEST_BYTES {
        return Ok(CALL_FAILED);
    }
    guest.charge_bytes(size_bytes)?;
    let Some(bytes) = guest.read(request, size_bytes) else {
        return Ok(CALL_FAILED);
    };
    let Ok(request) =
        codec::decode::<HttpGetRequest>(&bytes, limits::MAX_HTTP_REQUEST_BYTES as u64)
    else {
        return Ok(CALL_FAILED);
    };
    let answer = guest.env.context.live.http_get(&request)?;
    let Ok(encoded) = codec::encode(&answer) else {
        return Ok(CALL_FAILED);
    };
    guest.answer(response, response_len, &encoded, CALL_FAILED)
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
