//! What a dev chain is made of.

use std::net::SocketAddr;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use assay_chain::Neuron;
use assay_chain::limits::NEURONS_MAX;

/// Rules of a chain and its first neurons; fixed for its whole life and part of its genesis hash.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DevChainConfig {
    /// The only subnet; 0 takes no weights.
    pub netuid: u16,
    /// Time between blocks in milliseconds; 0: blocks only on command.
    pub block_time_ms: u64,
    /// Blocks of an epoch; at least 1.
    pub tempo_blocks: u64,
    /// How many blocks the finalised head is behind the best one.
    pub finality_lag_blocks: u64,
    /// Neurons registered in block 0.
    pub neurons: Vec<Neuron>,
    /// Stake below which no weights are taken (rao).
    pub stake_threshold: u64,
    /// Smallest version key that is taken; 0: any.
    pub weights_version_key: u64,
    /// Blocks that must pass between two settings of one hotkey.
    pub weights_rate_limit_blocks: u64,
    /// Fewest entries of a weights call, or as many as there are neurons.
    pub min_allowed_weights: u16,
    /// Largest share of the sum that one entry may hold, of 65,535; 65,535: any.
    pub max_weight_limit: u16,
    /// Whether the subnet wants commitments, so that plain weights are refused.
    pub commit_reveal: bool,
}

/// Where a chain runs.
#[derive(Clone)]
pub struct DevChainOptions {
    /// Address to listen on; port 0 picks a free one.
    pub listen: SocketAddr,
    /// Folder of the chain's log.
    pub data_dir: PathBuf,
    /// Token for admin commands; none: they are refused.
    pub admin_token: Option<String>,
}

/// Why a configuration can't make a chain.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ConfigError {
    /// Epochs need blocks.
    #[error("expected tempo_blocks of at least 1, got 0")]
    NoTempo,
    /// Too many neurons.
    #[error("expected at most {NEURONS_MAX} neurons, got {0}")]
    TooManyNeurons(usize),
    /// Two neurons share a uid or a hotkey.
    #[error("uid {uid} ({hotkey}) appears twice, by uid or by hotkey")]
    DuplicateNeuron {
        /// Its uid.
        uid: u16,
        /// Its hotkey.
        hotkey: assay_consensus::keys::Hotkey,
    },
}

impl Default for DevChainConfig {
    fn default() -> DevChainConfig {
        DevChainConfig {
            netuid: 1,
            block_time_ms: 250,
            tempo_blocks: 100,
            finality_lag_blocks: 2,
            neurons: Vec::new(),
            stake_threshold: 0,
            weights_version_key: 0,
            weights_rate_limit_blocks: 0,
            min_allowed_weights: 1,
            max_weight_limit: u16::MAX,
            commit_reveal: false,
        }
    }
}

impl DevChainConfig {
    /// Checks what a chain can't be made of.
    pub fn validate(&self) -> Result<(), ConfigError> {
        if self.tempo_blocks == 0 {
            return Err(ConfigError::NoTempo);
        }
        if self.neurons.len() > NEURONS_MAX {
            return Err(ConfigError::TooManyNeurons(self.neurons.len()));
        }
        let mut uids = std::collections::BTreeSet::new();
        let mut hotkeys = std::collections::BTreeSet::new();
        for neuron in &self.neurons {
            if !uids.insert(neuron.uid) || !hotkeys.insert(neuron.hotkey) {
                return Err(ConfigError::DuplicateNeuron {
                    uid: neuron.uid,
                    hotkey: neuron.hotkey,
                });
            }
        }
        Ok(())
    }
}
