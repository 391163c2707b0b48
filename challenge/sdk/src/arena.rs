//! The arena that carries ABI inputs and outputs: a bump allocator of fixed size, alignment 8.
//!
//! Only `alloc`, `allocate` and the copies of outputs come from here; ordinary heap use doesn't. It is
//! never reset: hosts use a fresh instance per call.

use core::cell::{Cell, UnsafeCell};

/// Alignment of everything that the arena hands out.
const ALIGNMENT: usize = 8;

/// Size of the guest's arena, in bytes.
pub const ARENA_BYTES: usize = if cfg!(feature = "huge-arena") {
    16 * 1024 * 1024
} else if cfg!(feature = "large-arena") {
    4 * 1024 * 1024
} else {
    1024 * 1024
};

/// A bump arena of `BYTES` bytes.
#[repr(C, align(8))]
pub struct Arena<const BYTES: usize> {
    memory: UnsafeCell<[u8; BYTES]>,
    used: Cell<usize>,
}

impl<const BYTES: usize> Arena<BYTES> {
    /// An empty arena.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            memory: UnsafeCell::new([0; BYTES]),
            used: Cell::new(0),
        }
    }

    /// Reserves `size_bytes`, or null when the arena is full.
    #[must_use]
    pub fn alloc(&self, size_bytes: usize) -> *mut u8 {
        let start = self.used.get();
        let end = size_bytes
            .checked_next_multiple_of(ALIGNMENT)
            .and_then(|aligned| start.checked_add(aligned))
            .filter(|end| *end <= BYTES);
        match end {
            Some(end) => {
                self.used.set(end);
                self.memory.get().cast::<u8>().wrapping_add(start)
            }
            None => core::ptr::null_mut(),
        }
    }
}

impl<const BYTES: usize> Default for Arena<BYTES> {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hands_out_aligned_disjoint_pieces_until_full() {
        let arena = Arena::<64>::new();
        let first = arena.alloc(1);
        let second = arena.alloc(9);
        assert_eq!(first as usize % ALIGNMENT, 0);
        assert_eq!(second as usize - first as usize, 8);
        assert!(!arena.alloc(40).is_null());
        assert!(arena.alloc(1).is_null());
    }

    #[test]
    fn sizes_that_overflow_are_refused() {
        let arena = Arena::<64>::new();
        assert!(arena.alloc(usize::MAX).is_null());
        assert!(arena.alloc(usize::MAX - 7).is_null());
        assert!(!arena.alloc(64).is_null(), "a refusal uses nothing up");
    }
}
