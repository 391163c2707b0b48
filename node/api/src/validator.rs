//! `validator_*` and `metagraph_*`. Hotkeys are 64 lowercase hex digits.

use serde::{Deserialize, Serialize};

/// A validator of the current epoch's set.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Validator {
    /// Hotkey, hex.
    pub hotkey: String,
    /// Stake in the epoch's validator set, in rao.
    pub stake: u64,
    /// The same in TAO.
    pub stake_tao: f64,
    /// Whether this node heard from it lately.
    pub is_active: bool,
    /// When this node last heard from it, RFC 3339; the Unix epoch if never.
    pub last_seen: String,
    /// Its transport identity, if known.
    pub peer_id: Option<String>,
}

/// Result of `validator_list`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ValidatorList {
    /// Validators in the set.
    pub total: u64,
    /// Validators skipped.
    pub offset: u64,
    /// Page size that was applied.
    pub limit: u64,
    /// The page.
    pub validators: Vec<Validator>,
}

/// Parameters of `validator_list`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PageParams {
    /// Entries to skip, default 0.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub offset: Option<u64>,
    /// Page size, default 100, at most 1,000.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<u64>,
}

/// Parameters of `validator_get` and `metagraph_isRegistered`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HotkeyParams {
    /// Hex or SS58.
    pub hotkey: String,
}

/// Result of `metagraph_hotkeys`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MetagraphHotkeys {
    /// How many.
    pub count: u64,
    /// All registered hotkeys, hex.
    pub hotkeys: Vec<String>,
}

/// Result of `metagraph_isRegistered`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct MetagraphRegistration {
    /// As given.
    pub hotkey: String,
    /// Whether the metagraph has it.
    pub is_registered: bool,
}
