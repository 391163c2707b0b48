//! Blocks and their headers, with the hash that clients compute themselves.

use parity_scale_codec::{Compact, Decode, Encode};

use crate::types::H256;

/// Header of a block.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct Header {
    /// Hash of the block before.
    pub parent_hash: H256,
    /// Its number.
    #[codec(compact)]
    pub number: u32,
    /// Digest of all states so far. No trie's root: nothing can be proven with it.
    pub state_root: H256,
    /// Digest of the extrinsics; no trie's root either.
    pub extrinsics_root: H256,
    /// Notes of the block's author; this chain makes none.
    pub digest: Vec<u8>,
}

/// A block that is kept.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct Block {
    /// Its hash.
    pub hash: H256,
    /// Its header.
    pub header: Header,
    /// Its extrinsics, each with its length before it.
    pub extrinsics: Vec<Vec<u8>>,
}

impl Block {
    /// Bytes of all its extrinsics.
    pub fn extrinsics_bytes(&self) -> usize {
        self.extrinsics.iter().map(Vec::len).sum()
    }
}

impl Header {
    /// The hash of the block.
    pub fn hash(&self) -> H256 {
        H256(sp_crypto_hashing::blake2_256(&self.encode()))
    }
}

/// Digest of the extrinsics of a block.
pub fn extrinsics_root(extrinsics: &[Vec<u8>]) -> H256 {
    let mut bytes = Compact(extrinsics.len() as u32).encode();
    for extrinsic in extrinsics {
        bytes.extend(sp_crypto_hashing::blake2_256(extrinsic));
    }
    H256(sp_crypto_hashing::blake2_256(&bytes))
}
