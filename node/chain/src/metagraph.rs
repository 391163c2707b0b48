//! Who is registered in the subnet at one block.

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;

use serde::{Deserialize, Serialize};

use assay_consensus::block::ChainRef;
use assay_consensus::keys::Hotkey;
use assay_consensus::limits::VALIDATORS_MAX;
use assay_consensus::validators::{Validator, ValidatorSet, ValidatorSetError};

use crate::limits::NEURONS_MAX;

/// One registered neuron.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Neuron {
    /// Its slot in the subnet; recycled when a neuron is replaced.
    pub uid: u16,
    /// Its hotkey.
    pub hotkey: Hotkey,
    /// Its stake weight in the chain's smallest unit (rao).
    pub stake: u64,
    /// Whether it may set weights.
    pub validator_permit: bool,
    /// Whether it set weights recently.
    pub active: bool,
    /// Where it says that peers reach it.
    pub axon: Option<SocketAddr>,
}

/// What the subnet demands of weights.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct WeightsRules {
    /// Fewest entries, or as many as there are neurons.
    pub min_entries: u16,
    /// Largest share of one entry in the sum, of 65,535; 65,535 is no limit.
    pub max_share: u16,
}

impl Default for WeightsRules {
    /// Any number of entries of any size.
    fn default() -> WeightsRules {
        WeightsRules {
            min_entries: 1,
            max_share: u16::MAX,
        }
    }
}

/// Why a list of neurons is no metagraph.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MetagraphError {
    /// More neurons than any subnet has.
    #[error("expected at most {NEURONS_MAX} neurons, got {0}")]
    TooMany(usize),
    /// A uid twice.
    #[error("uid {0} appears twice")]
    DuplicateUid(u16),
    /// A hotkey twice.
    #[error("hotkey {0} appears twice")]
    DuplicateHotkey(Hotkey),
}

/// The neurons of a subnet after one block, ascending by uid.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "RawMetagraph", into = "RawMetagraph")]
pub struct Metagraph {
    block: ChainRef,
    neurons: Vec<Neuron>,
    rules: WeightsRules,
    uids: BTreeMap<Hotkey, usize>,
}

/// The wire form, checked on the way in.
#[derive(Clone, Serialize, Deserialize)]
struct RawMetagraph {
    block: ChainRef,
    neurons: Vec<Neuron>,
    rules: WeightsRules,
}

impl Metagraph {
    /// Builds a metagraph; uids and hotkeys must be unique.
    pub fn new(
        block: ChainRef,
        mut neurons: Vec<Neuron>,
        rules: WeightsRules,
    ) -> Result<Metagraph, MetagraphError> {
        if neurons.len() > NEURONS_MAX {
            return Err(MetagraphError::TooMany(neurons.len()));
        }
        neurons.sort_by_key(|neuron| neuron.uid);
        let mut seen = BTreeSet::new();
        let mut uids = BTreeMap::new();
        for (position, neuron) in neurons.iter().enumerate() {
            if !seen.insert(neuron.uid) {
                return Err(MetagraphError::DuplicateUid(neuron.uid));
            }
            if uids.insert(neuron.hotkey, position).is_some() {
                return Err(MetagraphError::DuplicateHotkey(neuron.hotkey));
            }
        }
        Ok(Metagraph {
            block,
            neurons,
            rules,
            uids,
        })
    }

    /// The block after which this is the state.
    pub fn block(&self) -> ChainRef {
        self.block
    }

    /// All neurons, ascending by uid.
    pub fn neurons(&self) -> &[Neuron] {
        &self.neurons
    }

    /// What the subnet demands of weights.
    pub fn rules(&self) -> WeightsRules {
        self.rules
    }

    /// The neuron with a hotkey.
    pub fn neuron_of(&self, hotkey: &Hotkey) -> Option<&Neuron> {
        self.neurons.get(*self.uids.get(hotkey)?)
    }

    /// The uid of a hotkey.
    pub fn uid_of(&self, hotkey: &Hotkey) -> Option<u16> {
        self.neuron_of(hotkey).map(|neuron| neuron.uid)
    }

    /// The hotkey at a uid.
    pub fn hotkey_of(&self, uid: u16) -> Option<Hotkey> {
        let position = self.neurons.binary_search_by_key(&uid, |n| n.uid).ok()?;
        self.neurons.get(position).map(|neuron| neuron.hotkey)
    }

    /// Whether a hotkey is registered.
    pub fn contains(&self, hotkey: &Hotkey) -> bool {
        self.uids.contains_key(hotkey)
    }

    /// The validators of an epoch: neurons with a permit and at least `min_stake` (and more than
    /// none). Of more than [`VALIDATORS_MAX`] the ones with most stake count, ties by hotkey, so
    /// that a crowded subnet still has a set.
    pub fn validator_set(
        &self,
        epoch: u64,
        min_stake: u64,
    ) -> Result<ValidatorSet, ValidatorSetError> {
        let mut validators: Vec<Validator> = self
            .neurons
            .iter()
            .filter(|n| n.validator_permit && n.stake >= min_stake && n.stake > 0)
            .map(|n| Validator {
                hotkey: n.hotkey,
                stake: n.stake,
            })
            .collect();
        validators.sort_by(|a, b| b.stake.cmp(&a.stake).then(a.hotkey.cmp(&b.hotkey)));
        validators.truncate(VALIDATORS_MAX);
        ValidatorSet::new(epoch, validators)
    }
}

impl TryFrom<RawMetagraph> for Metagraph {
    type Error = MetagraphError;

    fn try_from(raw: RawMetagraph) -> Result<Metagraph, MetagraphError> {
        Metagraph::new(raw.block, raw.neurons, raw.rules)
    }
}

impl From<Metagraph> for RawMetagraph {
    fn from(metagraph: Metagraph) -> RawMetagraph {
        RawMetagraph {
            block: metagraph.block,
            neurons: metagraph.neurons,
            rules: metagraph.rules,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use assay_consensus::hash::Hash;
    use assay_consensus::keys::Keypair;

    fn neuron(uid: u16, name: &str, stake: u64, validator_permit: bool) -> Neuron {
        Neuron {
            uid,
            hotkey: Keypair::insecure_from_name(name).hotkey(),
            stake,
            validator_permit,
            active: true,
            axon: None,
        }
    }

    fn block() -> ChainRef {
        ChainRef {
            number: 5,
            hash: Hash::of(b"5"),
            epoch: 0,
            next_epoch_start: 10,
            timestamp_ms: 1,
        }
    }

    #[test]
    fn only_neurons_with_permit_and_enough_stake_are_validators() {
        let metagraph = Metagraph::new(
            block(),
            vec![
                neuron(3, "rich", 100, true),
                neuron(0, "poor", 9, true),
                neuron(1, "miner", 1_000, false),
                neuron(2, "penniless", 0, true),
            ],
            WeightsRules::default(),
        )
        .unwrap();
        let set = metagraph.validator_set(7, 10).unwrap();
        assert_eq!(set.epoch(), 7);
        assert_eq!(set.validators().len(), 1);
        assert_eq!(set.total_stake(), 100);
        assert_eq!(metagraph.validator_set(7, 0).unwrap().validators().len(), 2);
    }

    #[test]
    fn a_crowded_subnet_keeps_the_validators_with_most_stake() {
        let neurons: Vec<Neuron> = (0..VALIDATORS_MAX as u16 + 10)
            .map(|uid| neuron(uid, &format!("v{uid}"), u64::from(uid) + 1, true))
            .collect();
        let poorest = neurons.first().unwrap().hotkey;
        let set = Metagraph::new(block(), neurons, WeightsRules::default())
            .unwrap()
            .validator_set(0, 0)
            .unwrap();
        assert_eq!(set.validators().len(), VALIDATORS_MAX);
        assert_eq!(set.stake_of(&poorest), 0);
    }

    #[test]
    fn a_uid_or_hotkey_listed_twice_is_refused() {
        let same_uid = vec![neuron(1, "a", 1, true), neuron(1, "b", 1, true)];
        assert_eq!(
            Metagraph::new(block(), same_uid, WeightsRules::default()),
            Err(MetagraphError::DuplicateUid(1))
        );
        let same_hotkey = vec![neuron(1, "a", 1, true), neuron(2, "a", 1, true)];
        assert!(matches!(
            Metagraph::new(block(), same_hotkey, WeightsRules::default()),
            Err(MetagraphError::DuplicateHotkey(_))
        ));
    }

    #[test]
    fn uids_and_hotkeys_are_found_both_ways() {
        let neurons = vec![neuron(9, "b", 1, true), neuron(4, "a", 1, false)];
        let metagraph = Metagraph::new(block(), neurons.clone(), WeightsRules::default()).unwrap();
        for neuron in &neurons {
            assert_eq!(metagraph.uid_of(&neuron.hotkey), Some(neuron.uid));
            assert_eq!(metagraph.hotkey_of(neuron.uid), Some(neuron.hotkey));
        }
        assert_eq!(metagraph.hotkey_of(5), None);
    }
}
