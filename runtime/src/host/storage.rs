//! `platform_storage`. Read calls pass no buffer length: the guest reserves what its SDK generation
//! did, and writing more would overwrite its heap. So a longer value is never written, whatever the
//! store holds, and `storage_set` refuses it in the first place.

use assay_challenge_sdk::abi::{buffers, codec, status::storage as status};
use wasmer::FunctionEnvMut;

use super::guest::{Env, Guest, HostTrap, length};
use crate::limits;

const ACCESS_FUEL: u64 = limits::HOST_CALL_FUEL + limits::STORAGE_ACCESS_FUEL;

pub(super) fn get(
    mut function: FunctionEnvMut<'_, Env>,
    key: i32,
    key_len: i32,
    value: i32,
) -> Result<i32, HostTrap> {
    let mut guest = Guest::enter(&mut function, ACCESS_FUEL)?;
    match read_key(&guest, key, key_len) {
        Ok(key) => get_into(&mut guest, &key, value),
        Err(refusal) => Ok(refusal),
    }
}

pub(super) fn get_cross(
    mut function: FunctionEnvMut<'_, Env>,
    challenge: i32,
    challenge_len: i32,
    key: i32,
    key_len: i32,
    value: i32,
) -> Result<i32, HostTrap> {
    let mut guest = Guest::enter(&mut function, ACCESS_FUEL)?;
    let own_id = guest.env.context.challenge_id.clone();
    if length(challenge_len) != own_id.len() {
        return Ok(status::PERMISSION_DENIED);
    }
    match guest.read(challenge, own_id.len()) {
        None => return Ok(status::INTERNAL_ERROR),
        Some(id) if id != own_id.as_bytes() => return Ok(status::PERMISSION_DENIED),
        Some(_) => {}
    }
    match read_key(&guest, key, key_len) {
        Ok(key) => get_into(&mut guest, &key, value),
        Err(refusal) => Ok(refusal),
    }
}

pub(super) fn set(
    mut function: FunctionEnvMut<'_, Env>,
    key: i32,
    key_len: i32,
    value: i32,
    value_len: i32,
) -> Result<i32, HostTrap> {
    let mut guest = Guest::enter(&mut function, ACCESS_FUEL)?;
    if !guest.env.context.grants.storage_write {
        return Ok(status::PERMISSION_DENIED);
    }
    let key = match read_key(&guest, key, key_len) {
        Ok(key) => key,
        Err(refusal) => return Ok(refusal),
    };
    let size_bytes = length(value_len);
    if size_bytes > guest.env.generation.value_buffer_bytes() {
        return Ok(status::VALUE_TOO_LARGE);
    }
    guest.charge_bytes(size_bytes)?;
    let Some(value) = guest.read(value, size_bytes) else {
        return Ok(status::INTERNAL_ERROR);
    };
    Ok(write(&mut guest, key, Some(value)))
}

pub(super) fn delete(
    mut function: FunctionEnvMut<'_, Env>,
    key: i32,
    key_len: i32,
) -> Result<i32, HostTrap> {
    let mut guest = Guest::enter(&mut function, ACCESS_FUEL)?;
    if !guest.env.context.grants.storage_write {
        return Ok(status::PERMISSION_DENIED);
    }
    match read_key(&guest, key, key_len) {
        Ok(key) => Ok(write(&mut guest, key, None)),
        Err(refusal) => Ok(refusal),
    }
}

pub(super) fn list_prefix(
    mut function: FunctionEnvMut<'_, Env>,
    prefix: i32,
    prefix_len: i32,
    result: i32,
    limit: i32,
) -> Result<i32, HostTrap> {
    let mut guest = Guest::enter(&mut function, ACCESS_FUEL)?;
    let prefix = match read_prefix(&guest, prefix, prefix_len) {
        Ok(prefix) => prefix,
        Err(refusal) => return Ok(refusal),
    };
    let max_entries = usize::try_from(limit)
        .ok()
        .filter(|limit| *limit > 0)
        .unwrap_or(buffers::STORAGE_LIST_DEFAULT_ENTRIES as usize);
    let max_bytes = guest.env.generation.list_buffer_bytes();
    let mut entries: Vec<(Vec<u8>, Vec<u8>)> = Vec::new();
    let mut size_bytes = 8;
    let (mut seen, mut moved_bytes) = (0u64, 0usize);
    guest.env.overlay().scan(&prefix, |key, value| {
        // Bincode: each entry is two u64 lengths and the bytes.
        let grown = size_bytes + 16 + key.len() + value.len();
        seen += 1;
        moved_bytes += key.len() + value.len();
        if entries.len() >= max_entries || grown > max_bytes {
            return false;
        }
        size_bytes = grown;
        entries.push((key.to_vec(), value.to_vec()));
        true
    })?;
    guest.charge(seen * limits::STORAGE_ENTRY_FUEL)?;
    guest.charge_bytes(moved_bytes)?;
    let Ok(bytes) = codec::encode(&entries) else {
        return Ok(status::INTERNAL_ERROR);
    };
    let Ok(written) = i32::try_from(bytes.len()) else {
        return Ok(status::INTERNAL_ERROR);
    };
    Ok(if guest.write(result, &bytes) {
        written
    } else {
        status::INTERNAL_ERROR
    })
}

pub(super) fn count_prefix(
    mut function: FunctionEnvMut<'_, Env>,
    prefix: i32,
    prefix_len: i32,
) -> Result<i64, HostTrap> {
    let mut guest = Guest::enter(&mut function, ACCESS_FUEL)?;
    let Ok(prefix) = read_prefix(&guest, prefix, prefix_len) else {
        return Ok(-1);
    };
    let overlay = guest.env.overlay();
    let count = overlay.count_prefix(&prefix)?;
    let looked_at = count.saturating_add(overlay.written_keys());
    guest.charge(looked_at.saturating_mul(limits::STORAGE_ENTRY_FUEL))?;
    Ok(i64::try_from(count).unwrap_or(i64::MAX))
}

fn get_into(guest: &mut Guest<'_>, key: &[u8], pointer: i32) -> Result<i32, HostTrap> {
    let Some(value) = guest.env.overlay().get(key)? else {
        return Ok(0);
    };
    let buffer_bytes = guest.env.generation.value_buffer_bytes();
    if value.len() > buffer_bytes {
        if !std::mem::replace(&mut guest.env.reported_oversize, true) {
            tracing::error!(
                challenge = guest.env.context.challenge_id,
                value_bytes = value.len(),
                buffer_bytes,
                "stored value exceeds the module's read buffer: not delivered"
            );
        }
        return Ok(status::VALUE_TOO_LARGE);
    }
    guest.charge_bytes(value.len())?;
    Ok(match i32::try_from(value.len()) {
        Ok(written) if guest.write(pointer, &value) => written,
        _ => status::INTERNAL_ERROR,
    })
}

fn write(guest: &mut Guest<'_>, key: Vec<u8>, value: Option<Vec<u8>>) -> i32 {
    match guest.env.overlay().write(key, value) {
        Ok(()) => status::SUCCESS,
        Err(_) => status::QUOTA_EXCEEDED,
    }
}

fn read_key(guest: &Guest<'_>, pointer: i32, key_len: i32) -> Result<Vec<u8>, i32> {
    if key_len == 0 {
        return Err(status::INVALID_KEY);
    }
    read_prefix(guest, pointer, key_len)
}

/// Like a key, but may be empty: every key of the challenge.
fn read_prefix(guest: &Guest<'_>, pointer: i32, len: i32) -> Result<Vec<u8>, i32> {
    let size_bytes = length(len);
    if size_bytes > limits::MAX_STORAGE_KEY_BYTES {
        return Err(status::KEY_TOO_LARGE);
    }
    guest
        .read(pointer, size_bytes)
        .ok_or(status::INTERNAL_ERROR)
}
