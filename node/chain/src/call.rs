//! Signed calls: what is sent to the chain, and what came of it.
//!
//! A call is signed once, noted durably by whoever needs it only once, and may then be sent any
//! number of times: its nonce lets the chain take it at most once, and after
//! [`SignedCall::valid_until`], or under another runtime, not at all.

use serde::{Deserialize, Serialize};

use assay_consensus::hash::Hash;
use assay_consensus::keys::Hotkey;

use crate::error::CallFailure;

/// A call with its signature, ready to be sent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SignedCall {
    /// Name of the call, such as `set_mechanism_weights`.
    pub name: String,
    /// Who signed it.
    pub hotkey: Hotkey,
    /// The extrinsic as bytes, with its length before it.
    pub extrinsic: Vec<u8>,
    /// Its hash (blake2b-256), under which blocks and explorers know it.
    pub hash: Hash,
    /// Its nonce: of all calls of the hotkey with this nonce, the chain takes one.
    pub nonce: u64,
    /// Number of the finalised block it was made at; only later ones can hold it.
    pub signed_at: u64,
    /// Number of the last block that can hold it.
    pub valid_until: u64,
    /// Version of the runtime that it was signed for; any other refuses it.
    pub spec_version: u32,
}

/// What the finalised chain shows of a [`SignedCall`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Settlement {
    /// It is in no finalised block yet and still can get into one.
    Waiting,
    /// It is in a finalised block and did what it should, or the block is so old that the chain
    /// doesn't tell any more.
    Done {
        /// Number of the block.
        block: u64,
    },
    /// It is in a finalised block, and the chain refused it there.
    Failed {
        /// Number of the block.
        block: u64,
        /// Why.
        failure: CallFailure,
    },
    /// It is in no block and can't get into one any more: its time is over, another call took its
    /// nonce, or the chain's runtime was replaced.
    Lost,
}
