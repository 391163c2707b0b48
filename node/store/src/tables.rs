//! The tables of a validator. Ids are part of the on-disk layout and never reused.

use serde::{Deserialize, Serialize};

use assay_consensus::block::DecidedBlock;
use assay_consensus::envelope::{NetworkId, Signed};
use assay_consensus::hash::Hash;
use assay_consensus::keys::Hotkey;
use assay_consensus::ledger::LedgerTip;
use assay_consensus::submission::{SubmissionHeader, SubmissionId};
use assay_consensus::votes::{LogVote, VoteCertificate, Weight, WeightsVote};

use crate::limits::{STATE_KEY_MAX_BYTES, STATE_VALUE_MAX_BYTES, VALUE_MAX_BYTES};
use crate::table::Table;

/// Decided blocks by height.
pub const BLOCKS: Table<u64, DecidedBlock> = Table::new(0x01, "blocks", VALUE_MAX_BYTES);

/// Heights by block id.
pub const BLOCK_HEIGHTS: Table<Hash, u64> = Table::new(0x02, "block-heights", 16);

/// Log votes by submission and validator, two of a validator that voted twice.
pub const LOG_VOTES: Table<(SubmissionId, Hotkey), Vec<Signed<LogVote>>> =
    Table::new(0x05, "log-votes", 4 * 1024);

/// Agreement certificates by submission.
pub const LOG_CERTIFICATES: Table<SubmissionId, VoteCertificate<LogVote>> =
    Table::new(0x06, "log-certificates", VALUE_MAX_BYTES);

/// Weights that were computed for an epoch, ascending by hotkey.
pub const WEIGHTS: Table<u64, EpochWeights> = Table::new(0x07, "weights", VALUE_MAX_BYTES);

/// Weights votes by epoch and validator, two of a validator that voted twice.
pub const WEIGHTS_VOTES: Table<(u64, Hotkey), Vec<Signed<WeightsVote>>> =
    Table::new(0x08, "weights-votes", 4 * 1024);

/// Agreement certificates of weights by epoch.
pub const WEIGHTS_CERTIFICATES: Table<u64, VoteCertificate<WeightsVote>> =
    Table::new(0x09, "weights-certificates", VALUE_MAX_BYTES);

/// What happened to a submission; the node encodes it.
pub const JOURNEYS: Table<SubmissionId, Vec<u8>> = Table::new(0x0A, "journeys", VALUE_MAX_BYTES);

/// Acknowledged submissions that no block has ordered yet.
pub const PENDING: Table<SubmissionId, Signed<SubmissionHeader>> =
    Table::new(0x0B, "pending", 4 * 1024);

/// First table id that is free for tables which others define.
pub const FIRST_FREE_TABLE: u8 = 0x40;

/// Weights of an epoch with where they were computed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EpochWeights {
    /// The vote that this node casts for them.
    pub vote: WeightsVote,
    /// The weights, ascending by hotkey.
    pub weights: Vec<Weight>,
}

/// Challenge state; keys are built by [`crate::view`].
pub(crate) const STATE_TABLE: u8 = 0x03;

/// Name of the state table in errors.
pub(crate) const STATE_NAME: &str = "state";

/// What a single record of the store itself is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Meta {
    Network(NetworkId),
    Tip(Box<LedgerTip>),
    StateRoot(Vec<u8>),
}

pub(crate) const META: Table<u8, Meta> = Table::new(0x00, "meta", VALUE_MAX_BYTES);
pub(crate) const META_NETWORK: u8 = 0;
pub(crate) const META_TIP: u8 = 1;
pub(crate) const META_STATE_ROOT: u8 = 2;

/// What a block overwrote: by height and hash of the physical key.
pub(crate) const UNDO: Table<(u64, Hash), Undo> = Table::new(
    0x10,
    "undo",
    VALUE_MAX_BYTES + STATE_KEY_MAX_BYTES + STATE_VALUE_MAX_BYTES,
);

/// A physical key with the value it had before a block.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Undo {
    pub(crate) key: Vec<u8>,
    pub(crate) old: Option<Vec<u8>>,
}
