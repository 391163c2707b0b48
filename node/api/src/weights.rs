//! `subnet_getWeights` (by UID, existing clients) and `weights_get` (by hotkey, ours).

use serde::{Deserialize, Serialize};

/// Result of `subnet_getWeights`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SubnetWeights {
    /// One element per incentive mechanism.
    pub weights: Vec<MechanismWeights>,
}

/// The agreed weights of one mechanism.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct MechanismWeights {
    /// The mechanism.
    pub mechanism_id: u8,
    /// Sorted by UID.
    pub entries: Vec<UidWeight>,
    /// Sum of the entries.
    pub total_weight: u64,
    /// How many.
    pub count: u64,
}

/// A weight by UID.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct UidWeight {
    /// Who, as the chain numbers it.
    pub uid: u16,
    /// Share of 65,535.
    pub weight: u16,
}

/// Parameters of `weights_get`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct WeightsParams {
    /// Chain epoch; the newest with votes when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub epoch: Option<u64>,
}

/// How far the weights of an epoch are. The order is that of the way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum WeightsStatus {
    /// Nobody computed them yet.
    Pending,
    /// Computed, votes are coming in.
    Voting,
    /// More than half of the stake agrees.
    Agreed,
    /// The chain holds this node's commit, which is revealed in a later epoch.
    Committed,
    /// The chain shows the agreed weights of this node's validator.
    Onchain,
}

/// Result of `weights_get`. Hotkeys are SS58, hashes 64 hex digits.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct WeightsReport {
    /// Chain epoch.
    pub epoch: u64,
    /// How far they are.
    pub status: WeightsStatus,
    /// Hash of the agreed weights; before that, of this node's.
    pub weights_hash: Option<String>,
    /// Ledger height that computed them.
    pub height: Option<u64>,
    /// Finalised chain block that this ledger block refers to.
    pub chain_block: Option<u64>,
    /// The weights of that hash, sorted by hotkey.
    pub entries: Vec<WeightEntry>,
    /// Every validator's vote.
    pub votes: Vec<WeightsVoteView>,
    /// Stake behind that hash, in rao.
    pub agreed_stake: u64,
    /// Stake of the whole set, in rao.
    pub total_stake: u64,
    /// What the chain shows for each validator.
    pub chain: Vec<ChainWeights>,
    /// What this node's validator did to bring them there; null if it did nothing.
    #[serde(default)]
    pub submission: Option<ChainSubmission>,
    /// Earlier epochs, newest first.
    pub history: Vec<WeightsSummary>,
}

/// A weight by hotkey.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WeightEntry {
    /// Who is paid.
    pub hotkey: String,
    /// Its UID in the metagraph, null if it isn't registered any more.
    pub uid: Option<u16>,
    /// Share of 65,535.
    pub weight: u16,
}

/// A validator's vote on the weights of an epoch.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct WeightsVoteView {
    /// The validator.
    pub hotkey: String,
    /// Its stake in rao.
    pub stake: u64,
    /// What it computed.
    pub weights_hash: String,
    /// Whether that is the agreed hash; null before there is one.
    pub agrees: Option<bool>,
    /// It signed two different votes: neither counts.
    pub double_vote: bool,
}

/// The weights that a validator has on the chain.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ChainWeights {
    /// The validator.
    pub hotkey: String,
    /// Its UID.
    pub uid: Option<u16>,
    /// Chain block they were set at.
    pub block: Option<u64>,
    /// Sorted by hotkey.
    pub entries: Vec<WeightEntry>,
    /// Whether they are the agreed ones.
    pub matches: bool,
}

/// The weights of an earlier epoch in one line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct WeightsSummary {
    /// Chain epoch.
    pub epoch: u64,
    /// How far they got.
    pub status: WeightsStatus,
    /// Hash of the agreed weights.
    pub weights_hash: Option<String>,
    /// How many hotkeys were paid.
    pub entries_count: u64,
    /// Stake that agreed, in rao.
    pub agreed_stake: u64,
    /// Stake of the whole set, in rao.
    pub total_stake: u64,
    /// What this node's validator did to bring them to the chain; null if it did nothing.
    #[serde(default)]
    pub submission: Option<ChainSubmission>,
}

/// How far weights are on their way to the chain.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum SubmissionStage {
    /// To be signed and sent.
    Open,
    /// Sent, not in a finalised block yet.
    Sent,
    /// Their call is in a finalised block; a commit waits for its reveal.
    Taken,
    /// The chain holds them.
    Stored,
    /// This validator has none to set.
    Skipped,
    /// The epoch ended first.
    Missed,
    /// Refused for good.
    Failed,
}

/// How weights are set.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum SubmissionMethod {
    /// In the open.
    Plain,
    /// Encrypted; the chain reveals them.
    Timelocked,
    /// As a salted hash; the validator reveals them.
    Salted,
}

/// What a validator did to bring the weights of an epoch to the chain.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ChainSubmission {
    /// How far they are.
    pub stage: SubmissionStage,
    /// Why they got no further; null where nothing is wrong.
    pub reason: Option<String>,
    /// How they are set; null until they are signed.
    pub method: Option<SubmissionMethod>,
    /// Chain epoch in which a commit is revealed.
    pub reveal_epoch: Option<u64>,
    /// Chain block that holds the weights or their commit.
    pub block: Option<u64>,
    /// What was tried, oldest first.
    pub attempts: Vec<ChainAttempt>,
}

/// One try to bring weights to the chain.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ChainAttempt {
    /// Finalised chain block at that time.
    pub head: u64,
    /// When, in milliseconds since 1970.
    pub time_ms: u64,
    /// Name of the call, if one was signed.
    pub call: Option<String>,
    /// Hash of the extrinsic (`0x…`), if one was signed.
    pub extrinsic: Option<String>,
    /// What came of it, in words.
    pub result: String,
    /// How often the same was found in a row.
    pub times: u32,
}
