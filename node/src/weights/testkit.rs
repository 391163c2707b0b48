//! Samples for the tests of records and of the task.

use assay_chain::{ChainError, Refusal, SignedCall};
use assay_consensus::hash::Hash;
use assay_consensus::keys::Hotkey;

/// The validator.
pub const HOTKEY: Hotkey = Hotkey([7; 32]);

/// A call that can get into blocks 11 to 20.
pub fn call(name: &str) -> SignedCall {
    SignedCall {
        name: name.into(),
        hotkey: HOTKEY,
        extrinsic: vec![1],
        hash: Hash::of(name.as_bytes()),
        nonce: 0,
        signed_at: 10,
        valid_until: 20,
        spec_version: 1,
    }
}

/// The chain refuses a call.
pub fn refused(refusal: Refusal) -> ChainError {
    ChainError::Refused {
        call: "set_mechanism_weights".into(),
        failure: refusal.into(),
    }
}
