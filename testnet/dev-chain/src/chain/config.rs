//! What a dev chain is made of.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::command::Hyperparameter;
use crate::limits::{NETUIDS_PER_MECHANISM, NEURONS_MAX, SUBNETS_MAX};
use crate::types::{AccountId32, NetUid};

/// Rules of a chain, its first subnets and neurons; fixed for its whole life and part of its
/// genesis hash.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ChainConfig {
    /// Subnets beside the root.
    pub subnets: Vec<SubnetConfig>,
    /// Stake weight below which no weights are taken (rao).
    pub stake_threshold: u64,
    /// How many blocks the finalised head is behind the best one.
    pub finality_lag_blocks: u64,
    /// The beacon for which commits are encrypted.
    pub beacon: BeaconConfig,
    /// Whether the first runtime is an old one, whose epochs follow from block numbers alone.
    pub legacy_epochs: bool,
}

/// A subnet in block 0.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct SubnetConfig {
    /// Its number, not 0.
    pub netuid: NetUid,
    /// Blocks of an epoch; 0: no epochs.
    pub tempo: u16,
    /// Hotkey of the owner, which needs neither stake nor permit.
    pub owner: Option<AccountId32>,
    /// Neurons, whose uids are their positions.
    pub neurons: Vec<NeuronConfig>,
    /// What differs from the real chain's defaults.
    pub hyperparameters: Vec<Hyperparameter>,
}

/// A neuron in block 0.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NeuronConfig {
    /// Its hotkey.
    pub hotkey: AccountId32,
    /// Its coldkey; the hotkey if there is none.
    #[serde(default)]
    pub coldkey: Option<AccountId32>,
    /// Its stake in the subnet's token; with any, and if it is among the largest, it has a permit
    /// from the start.
    #[serde(default)]
    pub stake: u64,
}

/// The simulated beacon.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct BeaconConfig {
    /// What its key is made of.
    pub seed: String,
    /// Seconds between rounds, at least 1; round 1 is at the time of block 0.
    pub period_s: u32,
    /// Whether its rounds come by themselves as time goes by.
    pub auto_pulses: bool,
}

/// Why a configuration can't make a chain.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ConfigError {
    /// More subnets than a chain holds.
    #[error("expected at most {SUBNETS_MAX} subnets, got {0}")]
    TooManySubnets(usize),
    /// The root, twice the same, or too large a number.
    #[error("expected different subnet numbers of 1 to 4095, got {0}")]
    Netuid(u16),
    /// More neurons than a subnet holds.
    #[error("expected at most {NEURONS_MAX} neurons in subnet {netuid}, got {got}")]
    TooManyNeurons {
        /// The subnet.
        netuid: u16,
        /// How many there are.
        got: usize,
    },
    /// A hotkey twice in a subnet.
    #[error("hotkey {hotkey} appears twice in subnet {netuid}")]
    DuplicateHotkey {
        /// The subnet.
        netuid: u16,
        /// The hotkey.
        hotkey: AccountId32,
    },
    /// A beacon without time.
    #[error("expected a beacon period of at least 1 second")]
    NoPeriod,
    /// A value that the parameter can't have.
    #[error("subnet {netuid}: {reason}")]
    Hyperparameter {
        /// The subnet.
        netuid: u16,
        /// What is wrong.
        reason: String,
    },
}

impl Default for ChainConfig {
    fn default() -> ChainConfig {
        ChainConfig {
            subnets: Vec::new(),
            stake_threshold: 0,
            finality_lag_blocks: 2,
            beacon: BeaconConfig::default(),
            legacy_epochs: false,
        }
    }
}

impl Default for BeaconConfig {
    fn default() -> BeaconConfig {
        BeaconConfig {
            seed: "assay".to_owned(),
            period_s: 3,
            auto_pulses: true,
        }
    }
}

impl Default for SubnetConfig {
    /// A subnet with the real chain's parameters and no neurons.
    fn default() -> SubnetConfig {
        SubnetConfig {
            netuid: NetUid(1),
            tempo: 360,
            owner: None,
            neurons: Vec::new(),
            hyperparameters: Vec::new(),
        }
    }
}

impl SubnetConfig {
    /// A subnet that takes plain weights of any length at any pace.
    pub fn plain() -> SubnetConfig {
        SubnetConfig {
            hyperparameters: vec![
                Hyperparameter::CommitRevealWeightsEnabled(false),
                Hyperparameter::MinAllowedWeights(1),
                Hyperparameter::WeightsSetRateLimit(0),
            ],
            ..SubnetConfig::default()
        }
    }
}

impl ChainConfig {
    /// Checks what a chain can't be made of.
    pub fn validate(&self) -> Result<(), ConfigError> {
        if self.subnets.len() > SUBNETS_MAX {
            return Err(ConfigError::TooManySubnets(self.subnets.len()));
        }
        if self.beacon.period_s == 0 {
            return Err(ConfigError::NoPeriod);
        }
        let mut netuids = BTreeSet::new();
        for subnet in &self.subnets {
            let netuid = subnet.netuid.0;
            let in_range = (1..NETUIDS_PER_MECHANISM).contains(&netuid);
            if !in_range || !netuids.insert(netuid) {
                return Err(ConfigError::Netuid(netuid));
            }
            subnet.validate()?;
        }
        Ok(())
    }
}

impl SubnetConfig {
    fn validate(&self) -> Result<(), ConfigError> {
        let netuid = self.netuid.0;
        let got = self.neurons.len();
        if got > usize::from(NEURONS_MAX) {
            return Err(ConfigError::TooManyNeurons { netuid, got });
        }
        let mut hotkeys = BTreeSet::new();
        for neuron in &self.neurons {
            if !hotkeys.insert(neuron.hotkey) {
                let hotkey = neuron.hotkey;
                return Err(ConfigError::DuplicateHotkey { netuid, hotkey });
            }
        }
        let mut parameters = self.hyperparameters.iter();
        parameters.try_for_each(|parameter| {
            parameter.validate().map_err(|error| {
                let reason = error.to_string();
                ConfigError::Hyperparameter { netuid, reason }
            })
        })
    }
}
