//! Calls of pallet SubtensorModule, with the numbers, names and arguments of the real chain.

use parity_scale_codec::{Compact, Decode, Encode};
use scale_info::TypeInfo;

use crate::limits::COMMIT_MAX_BYTES;
use crate::types::{BoundedVec, H256, MechId, NetUid};

/// An encrypted commit.
pub type Commit = BoundedVec<u8, COMMIT_MAX_BYTES>;

/// What a hotkey may call.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode, TypeInfo)]
#[expect(non_camel_case_types, reason = "calls have the names that clients use")]
#[expect(missing_docs, reason = "arguments are described once, by the call")]
pub enum Call {
    /// Sets plain weights of the first mechanism.
    #[codec(index = 0)]
    set_weights {
        netuid: NetUid,
        dests: Vec<u16>,
        weights: Vec<u16>,
        version_key: u64,
    },
    /// Says where the hotkey can be reached; `ip_type` is 4 or 6.
    #[codec(index = 4)]
    serve_axon {
        netuid: NetUid,
        version: u32,
        ip: u128,
        port: u16,
        ip_type: u8,
        protocol: u8,
        placeholder1: u8,
        placeholder2: u8,
    },
    /// Sets plain weights in several subnets.
    #[codec(index = 80)]
    batch_set_weights {
        netuids: Vec<Compact<NetUid>>,
        weights: Vec<Vec<(Compact<u16>, Compact<u16>)>>,
        version_keys: Vec<Compact<u64>>,
    },
    /// Stores the hash of salted weights.
    #[codec(index = 96)]
    commit_weights { netuid: NetUid, commit_hash: H256 },
    /// Reveals salted weights.
    #[codec(index = 97)]
    reveal_weights {
        netuid: NetUid,
        uids: Vec<u16>,
        values: Vec<u16>,
        salt: Vec<u16>,
        version_key: u64,
    },
    /// Reveals several salted commits of one subnet.
    #[codec(index = 98)]
    batch_reveal_weights {
        netuid: NetUid,
        uids_list: Vec<Vec<u16>>,
        values_list: Vec<Vec<u16>>,
        salts_list: Vec<Vec<u16>>,
        version_keys: Vec<u64>,
    },
    /// Stores hashes of salted weights in several subnets.
    #[codec(index = 100)]
    batch_commit_weights {
        netuids: Vec<Compact<NetUid>>,
        commit_hashes: Vec<H256>,
    },
    /// Stores weights that are encrypted for a round of the beacon.
    #[codec(index = 113)]
    commit_timelocked_weights {
        netuid: NetUid,
        commit: Commit,
        reveal_round: u64,
        commit_reveal_version: u16,
    },
    /// [`Call::commit_weights`] of a mechanism.
    #[codec(index = 115)]
    commit_mechanism_weights {
        netuid: NetUid,
        mecid: MechId,
        commit_hash: H256,
    },
    /// [`Call::reveal_weights`] of a mechanism.
    #[codec(index = 116)]
    reveal_mechanism_weights {
        netuid: NetUid,
        mecid: MechId,
        uids: Vec<u16>,
        values: Vec<u16>,
        salt: Vec<u16>,
        version_key: u64,
    },
    /// [`Call::commit_timelocked_weights`] of a mechanism.
    #[codec(index = 118)]
    commit_timelocked_mechanism_weights {
        netuid: NetUid,
        mecid: MechId,
        commit: Commit,
        reveal_round: u64,
        commit_reveal_version: u16,
    },
    /// [`Call::set_weights`] of a mechanism.
    #[codec(index = 119)]
    set_mechanism_weights {
        netuid: NetUid,
        mecid: MechId,
        dests: Vec<u16>,
        weights: Vec<u16>,
        version_key: u64,
    },
}
