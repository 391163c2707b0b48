//! Wire types of the development chain's HTTP API, used by its server and by
//! [`crate::DevChainClient`]: JSON, hashes as hex, hotkeys as SS58.
//!
//! | method and path | answer |
//! |---|---|
//! | `GET /v1/info` | [`ChainInfo`] |
//! | `GET /v1/head` | [`HeadAnswer`] |
//! | `GET /v1/head/next?after=N&wait_ms=M` | [`NextHeadAnswer`], held back until there is news or M ms passed |
//! | `GET /v1/blocks/{number}` | [`BlockAnswer`] |
//! | `GET /v1/epochs/{epoch}/start` | [`BlockAnswer`] |
//! | `GET /v1/metagraph/{block hash}` | [`crate::Metagraph`] |
//! | `GET /v1/weights?at={block hash}` | [`WeightsAnswer`] |
//! | `GET /v1/nonce/{hotkey}` | [`NonceAnswer`] |
//! | `POST /v1/weights` with `Signed<SetWeights>` | [`AcceptedAnswer`] |
//! | `POST /v1/admin` with [`AdminCommand`] and the admin token | [`AdminAnswer`] |
//!
//! Every error has an HTTP status of 4xx or 5xx and an [`ErrorAnswer`].

use serde::{Deserialize, Serialize};

use assay_consensus::block::ChainRef;
use assay_consensus::envelope::{NetworkId, Payload};
use assay_consensus::hash::Hash;
use assay_consensus::keys::Hotkey;

use crate::chain::ChainWeights;
use crate::metagraph::Neuron;

/// HTTP header that carries the admin token.
pub const ADMIN_TOKEN_HEADER: &str = "x-assay-admin-token";

/// A call that sets weights, as the validator's hotkey signs it. The signature covers the genesis
/// hash as network id, so that it can't be moved to another chain.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SetWeights {
    /// Subnet.
    pub netuid: u16,
    /// Epoch in which the weights may be counted.
    pub epoch: u64,
    /// Uids that are paid.
    pub dests: Vec<u16>,
    /// Weight of each uid.
    pub weights: Vec<u16>,
    /// Version of the weights rules.
    pub version_key: u64,
    /// The hotkey's next nonce; keeps a signed call from being replayed.
    pub nonce: u64,
}

impl Payload for SetWeights {
    const DOMAIN: &'static str = "assay/dev-chain/set-weights/v1";
}

/// What a dev chain is, fixed for its whole life.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChainInfo {
    /// Hash of block 0.
    pub genesis_hash: Hash,
    /// Its only subnet.
    pub netuid: u16,
    /// Time between blocks in milliseconds; 0: blocks only on command.
    pub block_time_ms: u64,
    /// Blocks of an epoch.
    pub tempo_blocks: u64,
    /// How many blocks the finalised head is behind the best one.
    pub finality_lag_blocks: u64,
    /// Smallest version key that is accepted.
    pub weights_version_key: u64,
}

impl ChainInfo {
    /// The network id under which calls are signed.
    pub fn signing_network(&self) -> NetworkId {
        NetworkId(self.genesis_hash)
    }
}

/// Where the chain is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct HeadAnswer {
    /// Number of the best block.
    pub best_number: u64,
    /// The finalised head.
    pub finalized: ChainRef,
}

/// News about the finalised head.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct NextHeadAnswer {
    /// The finalised head if it is newer than asked, nothing if the wait ran out.
    pub finalized: Option<ChainRef>,
}

/// One finalised block, if there is such.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct BlockAnswer {
    /// The block.
    pub block: Option<ChainRef>,
}

/// Weights of all validators after one block.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WeightsAnswer {
    /// Ascending by hotkey.
    pub weights: Vec<ChainWeights>,
}

/// The nonce for a hotkey's next call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct NonceAnswer {
    /// The nonce.
    pub nonce: u64,
}

/// A call that was taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct AcceptedAnswer {
    /// Number of the block that will carry it.
    pub included_in: u64,
}

/// An error.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ErrorAnswer {
    /// Stable name: one of [`crate::WeightsRefusal`] or one of the constants in [`codes`].
    pub code: String,
    /// Text for people.
    pub message: String,
}

/// Error codes beside the refusals of weights.
pub mod codes {
    /// No finalised block with this hash or number.
    pub const UNKNOWN_BLOCK: &str = "UnknownBlock";
    /// The request is not what the path takes.
    pub const BAD_REQUEST: &str = "BadRequest";
    /// Admin commands are off, or the token is wrong.
    pub const FORBIDDEN: &str = "Forbidden";
    /// The command can't be carried out.
    pub const REFUSED: &str = "Refused";
    /// No such path.
    pub const NOT_FOUND: &str = "NotFound";
    /// The chain can't write its log and has stopped.
    pub const STOPPED: &str = "Stopped";
}

/// What tests may do to the chain.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "command", deny_unknown_fields)]
pub enum AdminCommand {
    /// Makes blocks at once.
    Advance {
        /// How many.
        blocks: u64,
    },
    /// Blocks go on, the finalised head stays where it is.
    StopFinality,
    /// The finalised head catches up.
    ResumeFinality,
    /// Registers a neuron, or replaces the one with the same uid.
    Register {
        /// The neuron.
        neuron: Neuron,
    },
    /// Takes a neuron's registration away.
    Deregister {
        /// Its hotkey.
        hotkey: Hotkey,
    },
    /// Changes a neuron's stake.
    SetStake {
        /// Its hotkey.
        hotkey: Hotkey,
        /// New stake weight (rao).
        stake: u64,
    },
    /// Gives or takes a validator permit.
    SetPermit {
        /// The neuron's hotkey.
        hotkey: Hotkey,
        /// Whether it may set weights.
        validator_permit: bool,
    },
}

/// A command was carried out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct AdminAnswer {
    /// Number of the best block afterwards.
    pub best_number: u64,
}
