//! Time, randomness, place in the ledger, logging: all from the call's context.

use assay_challenge_sdk::abi::status::terminal as status;
use sha2::{Digest, Sha256};
use wasmer::FunctionEnvMut;

use super::guest::{Env, Guest, HostTrap, length};
use crate::context::LogLevel;
use crate::limits;

pub(super) fn timestamp_ms(function: FunctionEnvMut<'_, Env>) -> i64 {
    function.data().context.timestamp_ms
}

pub(super) fn epoch(function: FunctionEnvMut<'_, Env>) -> i64 {
    i64::try_from(function.data().context.epoch).unwrap_or(i64::MAX)
}

pub(super) fn block_height(function: FunctionEnvMut<'_, Env>) -> i64 {
    i64::try_from(function.data().context.block_height).unwrap_or(i64::MAX)
}

pub(super) fn submission_count(function: FunctionEnvMut<'_, Env>) -> i32 {
    i32::try_from(function.data().context.submission_count).unwrap_or(i32::MAX)
}

/// Logs a line. A bad pointer logs nothing: the function has no result to say so.
pub(super) fn log_message(
    mut function: FunctionEnvMut<'_, Env>,
    level: i32,
    text: i32,
    text_len: i32,
) -> Result<(), HostTrap> {
    let mut guest = Guest::enter(&mut function, limits::HOST_CALL_FUEL)?;
    let size_bytes = guest.env.logs.accepted_bytes(length(text_len));
    guest.charge_bytes(size_bytes)?;
    if let Some(bytes) = guest.read(text, size_bytes) {
        guest.env.logs.push(LogLevel::from_abi(level), &bytes);
    }
    Ok(())
}

/// Fills a buffer. Like the host that modules were written against, every call of one execution gets
/// the same bytes.
pub(super) fn random_seed(
    mut function: FunctionEnvMut<'_, Env>,
    buffer: i32,
    buffer_len: i32,
) -> Result<i32, HostTrap> {
    let mut guest = Guest::enter(&mut function, limits::HOST_CALL_FUEL)?;
    let size_bytes = length(buffer_len);
    if !guest.in_bounds(buffer, size_bytes) {
        return Ok(status::INTERNAL_ERROR);
    }
    guest.charge(size_bytes as u64 * limits::HASHED_BYTE_FUEL)?;
    let bytes = random_bytes(guest.env, size_bytes);
    Ok(if guest.write(buffer, &bytes) {
        status::SUCCESS
    } else {
        status::INTERNAL_ERROR
    })
}

fn random_bytes(env: &Env, size_bytes: usize) -> Vec<u8> {
    let context = &env.context;
    let block = |counter: u64| match &context.seed {
        Some(seed) => Sha256::new()
            .chain_update(seed)
            .chain_update(counter.to_le_bytes())
            .finalize(),
        None => Sha256::new()
            .chain_update(context.challenge_id.as_bytes())
            .chain_update(context.timestamp_ms.to_le_bytes())
            .finalize(),
    };
    (0u64..).flat_map(block).take(size_bytes).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::CallContext;

    #[test]
    fn seeded_bytes_do_not_repeat_and_unseeded_ones_follow_the_old_rule() {
        let mut context = CallContext::new("term");
        context.timestamp_ms = 5;
        let unseeded = random_bytes(&Env::for_tests(context.clone()), 64);
        let mut preimage = b"term".to_vec();
        preimage.extend_from_slice(&5i64.to_le_bytes());
        let digest = Sha256::digest(&preimage);
        assert_eq!(unseeded, [digest.as_slice(), digest.as_slice()].concat());

        context.seed = Some([9; 32]);
        let seeded = random_bytes(&Env::for_tests(context), 64);
        assert_ne!(seeded[..32], seeded[32..]);
        assert_ne!(seeded, unseeded);
    }
}
