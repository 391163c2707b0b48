//! Configuration: a TOML file, overridden by environment and flags.

use std::net::SocketAddr;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use assay_consensus::hash::Hash;

/// Everything a node can be told. Every field has a default but the genesis.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct NodeConfig {
    /// Directory of database, blobs, logs and keys of this node.
    pub data_dir: PathBuf,
    /// Genesis document (JSON).
    pub genesis: PathBuf,
    /// Key file of the validator's hotkey. Without one, or a wallet, the node only observes.
    pub hotkey_file: Option<PathBuf>,
    /// Directory with module files (`*.wasm`); found by their hash, whatever their name.
    pub modules_dir: Option<PathBuf>,
    /// Bittensor wallet with the validator's hotkey, instead of a key file.
    pub wallet: WalletConfig,
    /// Chain to follow.
    pub chain: ChainConfig,
    /// Peer-to-peer network.
    pub p2p: P2pConfig,
    /// JSON-RPC, REST and metrics.
    pub rpc: RpcConfig,
    /// Execution of challenges.
    pub runtime: RuntimeConfig,
    /// Timeouts of the finality engine.
    pub consensus: ConsensusConfig,
}

/// A hotkey of a Bittensor wallet. It is used if the wallet or the hotkey is named.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct WalletConfig {
    /// Name of the wallet; `default` if only the hotkey is named.
    pub name: Option<String>,
    /// Name of the hotkey; `default` if only the wallet is named.
    pub hotkey: Option<String>,
    /// Directory of wallets; `~/.bittensor/wallets` if not given.
    pub path: Option<PathBuf>,
    /// File with the password of an encrypted hotkey, also of a key file.
    pub password_file: Option<PathBuf>,
}

impl WalletConfig {
    /// Whether a hotkey is named.
    pub fn is_named(&self) -> bool {
        self.name.is_some() || self.hotkey.is_some()
    }
}

/// Chain to follow.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ChainConfig {
    /// WebSocket URLs of Subtensor nodes. The first is used while it works, then the next.
    pub endpoints: Vec<String>,
    /// Hash of the chain's first block; whatever answers first decides if there is none.
    pub genesis_hash: Option<Hash>,
    /// How weights are committed where the subnet wants commits.
    pub commits: CommitConfig,
    /// Version key that goes with weights.
    pub version_key: u64,
    /// Expected time between chain blocks in milliseconds; only for estimates shown to people.
    pub block_time_ms: u64,
}

/// How weights are committed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum CommitConfig {
    /// Encrypted for a round of the beacon, or salted where the chain knows no other way.
    #[default]
    Auto,
    /// As a salted hash, which this node has to reveal while the next epoch lasts.
    Salted,
}

/// Peer-to-peer network.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct P2pConfig {
    /// Multiaddresses to listen on.
    pub listen: Vec<String>,
    /// Multiaddresses under which others reach this node, if they differ.
    pub external: Vec<String>,
    /// Multiaddresses of peers to start from.
    pub bootstrap: Vec<String>,
}

/// JSON-RPC, REST and metrics.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct RpcConfig {
    /// Address to listen on.
    pub listen: SocketAddr,
}

/// Execution of challenges.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct RuntimeConfig {
    /// Guests that run at once; 0 takes the number of processors.
    pub workers: usize,
    /// Database cache in MiB.
    pub database_cache_mib: u64,
}

/// Timeouts of the finality engine, in milliseconds. All validators of a network should agree.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ConsensusConfig {
    /// For a proposal.
    pub propose_ms: u64,
    /// For more prevotes.
    pub prevote_ms: u64,
    /// For more precommits.
    pub precommit_ms: u64,
    /// Added per round.
    pub delta_ms: u64,
    /// Pause between anti-entropy pulls while something is outstanding.
    pub pull_ms: u64,
}

/// Why a configuration is refused.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The file can't be read.
    #[error("configuration file {path}: {error}")]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system said.
        error: std::io::Error,
    },
    /// The file is not what is expected.
    #[error("configuration file {path}: {error}")]
    Parse {
        /// The file.
        path: PathBuf,
        /// What and where.
        error: Box<toml::de::Error>,
    },
}

impl NodeConfig {
    /// Reads a TOML file.
    pub fn read(path: &std::path::Path) -> Result<NodeConfig, ConfigError> {
        let text = std::fs::read_to_string(path).map_err(|error| ConfigError::Read {
            path: path.into(),
            error,
        })?;
        toml::from_str(&text).map_err(|error| ConfigError::Parse {
            path: path.into(),
            error: Box::new(error),
        })
    }
}

impl Default for NodeConfig {
    fn default() -> NodeConfig {
        NodeConfig {
            data_dir: PathBuf::from("assay-data"),
            genesis: PathBuf::from("genesis.json"),
            hotkey_file: None,
            modules_dir: None,
            wallet: WalletConfig::default(),
            chain: ChainConfig::default(),
            p2p: P2pConfig::default(),
            rpc: RpcConfig::default(),
            runtime: RuntimeConfig::default(),
            consensus: ConsensusConfig::default(),
        }
    }
}

impl Default for ChainConfig {
    fn default() -> ChainConfig {
        ChainConfig {
            endpoints: vec!["ws://127.0.0.1:9944".to_owned()],
            genesis_hash: None,
            commits: CommitConfig::Auto,
            version_key: 0,
            block_time_ms: 12_000,
        }
    }
}

impl Default for P2pConfig {
    fn default() -> P2pConfig {
        P2pConfig {
            listen: vec![
                "/ip4/0.0.0.0/tcp/9000".to_owned(),
                "/ip4/0.0.0.0/udp/9000/quic-v1".to_owned(),
            ],
            external: Vec::new(),
            bootstrap: Vec::new(),
        }
    }
}

impl Default for RpcConfig {
    fn default() -> RpcConfig {
        RpcConfig {
            listen: SocketAddr::from(([127, 0, 0, 1], 8080)),
        }
    }
}

impl Default for RuntimeConfig {
    fn default() -> RuntimeConfig {
        RuntimeConfig {
            workers: 0,
            database_cache_mib: 64,
        }
    }
}

impl Default for ConsensusConfig {
    fn default() -> ConsensusConfig {
        ConsensusConfig {
            propose_ms: 1_500,
            prevote_ms: 700,
            precommit_ms: 700,
            delta_ms: 500,
            pull_ms: 2_000,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_empty_file_gives_the_defaults() {
        assert_eq!(
            toml::from_str::<NodeConfig>("").unwrap(),
            NodeConfig::default()
        );
    }

    #[test]
    fn a_misspelt_key_is_refused_with_its_name() {
        let error = toml::from_str::<NodeConfig>("[rpc]\nlisten_on = 1").unwrap_err();
        assert!(error.to_string().contains("listen_on"), "{error}");
    }

    #[test]
    fn the_defaults_survive_a_round_trip() {
        let text = toml::to_string(&NodeConfig::default()).unwrap();
        assert_eq!(
            toml::from_str::<NodeConfig>(&text).unwrap(),
            NodeConfig::default()
        );
    }
}
