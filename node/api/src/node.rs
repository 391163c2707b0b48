//! `node_status`: one node as it sees itself. Hotkeys are SS58, hashes 64 hex digits.

use std::fmt;

use serde::{Deserialize, Serialize};

/// What a node is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// Signs votes with its hotkey.
    Validator,
    /// Follows and serves, signs nothing.
    Observer,
}

/// What a node is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum NodeMode {
    /// Takes part.
    Active,
    /// Catches up with the ledger; signs nothing.
    Syncing,
    /// Its roots differ from the decided ones; signs nothing until it resynced.
    Diverged,
    /// Follows only.
    Observer,
}

/// Result of `node_status`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct NodeStatus {
    /// Hash of the genesis document.
    pub network_id: String,
    /// Name of the network.
    pub network: String,
    /// Subnet number on the chain.
    pub netuid: u16,
    /// The node's hotkey.
    pub hotkey: Option<String>,
    /// What it is for.
    pub role: Role,
    /// Last executed ledger height.
    pub ledger_height: u64,
    /// Hash of that block.
    pub ledger_block: String,
    /// State root after it.
    pub state_root: String,
    /// Results root after it.
    pub results_root: String,
    /// Finalised chain block.
    pub chain_block: u64,
    /// Chain epoch.
    pub epoch: u64,
    /// What it is doing.
    pub mode: NodeMode,
    /// Why, for people; empty when active.
    pub mode_reason: String,
    /// Connected peers.
    pub peers: u64,
    /// Validators whose result differed from the agreed one, newest first.
    pub divergent: Vec<Divergence>,
    /// Version of the node.
    pub version: String,
    /// Seconds since start.
    pub uptime_secs: u64,
}

/// A validator that got something else than the agreed result.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Divergence {
    /// The validator.
    pub hotkey: String,
    /// The submission.
    pub submission_id: String,
    /// SHA-256 of its log.
    pub log_hash: String,
    /// Its score × 10,000.
    pub score: i64,
    /// SHA-256 of the agreed log.
    pub agreed_log_hash: String,
    /// The agreed score × 10,000.
    pub agreed_score: i64,
}

impl fmt::Display for NodeMode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            NodeMode::Active => "active",
            NodeMode::Syncing => "syncing",
            NodeMode::Diverged => "diverged",
            NodeMode::Observer => "observer",
        })
    }
}
