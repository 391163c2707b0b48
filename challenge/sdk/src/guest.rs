//! What [`crate::register_challenge!`] expands into: reading inputs from and placing outputs into linear
//! memory. Not for direct use.

use alloc::vec::Vec;

use serde::{Serialize, de::DeserializeOwned};

use crate::{
    abi::{codec, pack},
    arena::{ARENA_BYTES, Arena},
};

struct GuestArena(Arena<ARENA_BYTES>);

// SAFETY: a module has a single thread; the contract has no threads at all.
unsafe impl Sync for GuestArena {}

static ARENA: GuestArena = GuestArena(Arena::new());

/// The `alloc` export.
pub fn alloc(size_bytes: i32) -> i32 {
    match usize::try_from(size_bytes) {
        Ok(size_bytes) => ARENA.0.alloc(size_bytes) as usize as i32,
        Err(_) => 0,
    }
}

/// The bytes that the host placed at `(pointer, len)`; none for a null pointer or a negative length.
pub fn input<'a>(pointer: i32, len: i32) -> Option<&'a [u8]> {
    let len = usize::try_from(len).ok()?;
    if pointer == 0 {
        return None;
    }
    // SAFETY: the contract says that the host wrote `len` bytes at `pointer`, which it got from `alloc`,
    // and nobody writes there during the call. Reads outside of linear memory trap.
    Some(unsafe { core::slice::from_raw_parts(pointer as u32 as usize as *const u8, len) })
}

/// Decodes the input of an export.
pub fn decode<T: DeserializeOwned>(pointer: i32, len: i32, limit_bytes: u64) -> Option<T> {
    codec::decode(input(pointer, len)?, limit_bytes).ok()
}

/// Places an output and packs its address; `(0, 0)` when it is empty or the arena is full.
pub fn output(bytes: &[u8]) -> i64 {
    if bytes.is_empty() {
        return 0;
    }
    match place(&[bytes]) {
        Some(pointer) => pack(pointer, bytes.len() as u32),
        None => 0,
    }
}

/// Encodes and places an output.
pub fn encode<T: Serialize>(value: &T) -> i64 {
    codec::encode(value).map_or(0, |bytes: Vec<u8>| output(&bytes))
}

/// Places a text with its `u32` length in front, as `get_name` and `get_version` return it.
pub fn text(text: &str) -> i32 {
    let len = (text.len() as u32).to_le_bytes();
    place(&[&len, text.as_bytes()]).map_or(0, |pointer| pointer as i32)
}

fn place(parts: &[&[u8]]) -> Option<u32> {
    let total = parts.iter().map(|part| part.len()).sum();
    let start = ARENA.0.alloc(total);
    if start.is_null() {
        return None;
    }
    let mut at = start;
    for part in parts {
        // SAFETY: the arena reserved `total` bytes at `start`, the sum of all parts, for us alone.
        unsafe {
            core::ptr::copy_nonoverlapping(part.as_ptr(), at, part.len());
            at = at.add(part.len());
        }
    }
    Some(start as usize as u32)
}
