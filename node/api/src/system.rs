//! `system_*`, `chain_getHead`, `rpc_methods` and `GET /health`.

use serde::{Deserialize, Serialize};

/// Symbol of the chain's token.
pub const TOKEN_SYMBOL: &str = "TAO";
/// Decimals of the chain's token: 1 TAO is 10⁹ rao.
pub const TOKEN_DECIMALS: u8 = 9;
/// SS58 prefix of hotkeys.
pub const SS58_FORMAT: u16 = 42;

/// Result of `system_health`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SystemHealth {
    /// Whether the node is still catching up with the ledger.
    pub is_syncing: bool,
    /// Connected peers.
    pub peers: u64,
    /// Whether the node expects to have peers.
    pub should_have_peers: bool,
    /// One word for it.
    pub health: HealthLevel,
}

/// The word in [`SystemHealth`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum HealthLevel {
    /// Peers connected or validators known.
    Healthy,
    /// Neither.
    Degraded,
}

/// Result of `system_properties`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SystemProperties {
    /// Subnet number on the chain.
    pub netuid: u16,
    /// [`TOKEN_SYMBOL`].
    pub token_symbol: String,
    /// [`TOKEN_DECIMALS`].
    pub token_decimals: u8,
    /// [`SS58_FORMAT`].
    pub ss58_format: u16,
    /// Least stake of a validator, in rao.
    pub min_stake: u64,
    /// The same in TAO.
    pub min_stake_tao: f64,
    /// Share of the stake that must be exceeded to agree.
    pub consensus_threshold: f64,
    /// Target time between chain blocks.
    pub block_time_ms: u64,
    /// Hash of the genesis document, 64 hex digits: part of everything that is signed.
    pub network_id: String,
}

/// Result of `chain_getHead`: the ledger's last executed block. Hashes are `0x` and 64 hex digits.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ChainHead {
    /// Height.
    pub number: u64,
    /// Block hash.
    pub hash: String,
    /// Hash of the block before.
    pub parent_hash: String,
    /// State root after the block.
    pub state_root: String,
    /// Root of the block's entries.
    pub extrinsics_root: String,
}

/// Result of `rpc_methods`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RpcMethods {
    /// Version of the surface.
    pub version: u32,
    /// Every method that is dispatched.
    pub methods: Vec<String>,
}

/// Answer of `GET /health`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HealthEnvelope {
    /// Always true: the node answered.
    pub success: bool,
    /// What it says of itself.
    pub data: HealthData,
    /// Always null.
    pub error: Option<String>,
    /// Now, RFC 3339.
    pub timestamp: String,
}

/// `data` of [`HealthEnvelope`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HealthData {
    /// `healthy` or `degraded`.
    pub status: HealthLevel,
    /// Version of the node.
    pub version: String,
    /// Seconds since start.
    pub uptime_secs: u64,
}

/// Rao as TAO, for people.
pub fn rao_to_tao(rao: u64) -> f64 {
    rao as f64 / 1e9
}
