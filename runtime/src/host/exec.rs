//! `sandbox_exec` and `container_run`: live calls, refused where nobody grants them.

use assay_challenge_sdk::abi::status::sandbox as status;
use wasmer::FunctionEnvMut;

use super::guest::{Buffers, Env, Guest, HostTrap};
use super::network::live_call;
use crate::limits;

pub(super) fn sandbox_status(mut function: FunctionEnvMut<'_, Env>) -> Result<i32, HostTrap> {
    let guest = Guest::enter(&mut function, limits::HOST_CALL_FUEL)?;
    Ok(if guest.env.context.live.sandbox_is_available() {
        status::SUCCESS
    } else {
        status::DISABLED
    })
}

pub(super) fn sandbox_exec(
    mut function: FunctionEnvMut<'_, Env>,
    request: i32,
    request_len: i32,
    response: i32,
    response_len: i32,
) -> Result<i32, HostTrap> {
    let buffers = Buffers::of(request, request_len, response, response_len);
    let max_bytes = limits::MAX_EXEC_REQUEST_BYTES;
    live_call(&mut function, &buffers, max_bytes, |live, request| {
        live.sandbox_exec(request)
    })
}

pub(super) fn container_run(
    mut function: FunctionEnvMut<'_, Env>,
    request: i32,
    request_len: i32,
    response: i32,
    response_len: i32,
) -> Result<i32, HostTrap> {
    let buffers = Buffers::of(request, request_len, response, response_len);
    let max_bytes = limits::MAX_EXEC_REQUEST_BYTES;
    live_call(&mut function, &buffers, max_bytes, |live, request| {
        live.container_run(request)
    })
}
