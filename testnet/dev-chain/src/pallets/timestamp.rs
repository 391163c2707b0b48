//! Pallet Timestamp: the time of the block, which its author puts in.

use parity_scale_codec::{Decode, Encode};
use scale_info::TypeInfo;

use crate::storage::storage;

/// Calls of the pallet; only in blocks, never in the pool.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode, TypeInfo)]
#[expect(non_camel_case_types, reason = "calls have the names that clients use")]
pub enum Call {
    /// Sets the time of the block.
    set {
        /// Milliseconds since 1970.
        #[codec(compact)]
        now: u64,
    },
}

storage! {
    pallet "Timestamp";
    /// Time of the block in milliseconds since 1970.
    NOW "Now" () => u64;
}
