//! The dev chain as a pure state machine: no clock, no sockets, no disk. The same events give the
//! same blocks, which is how a restarted server finds its chain again.

use std::collections::{BTreeMap, VecDeque};

use serde::{Deserialize, Serialize};

use assay_chain::dev::{AdminCommand, ChainInfo, SetWeights};
use assay_chain::weights::max_upscale;
use assay_chain::{ChainWeights, Metagraph, Neuron};
use assay_consensus::block::ChainRef;
use assay_consensus::envelope::Signed;
use assay_consensus::hash::Hash;
use assay_consensus::keys::Hotkey;

use super::checks;
use super::checks::Refused;
use super::config::{ConfigError, DevChainConfig};
use super::limits::HISTORY_BLOCKS;

/// Something that happens to the chain.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Event {
    /// A block is made; everything since the one before is in it.
    Block {
        /// Time of the block in milliseconds since 1970.
        timestamp_ms: u64,
    },
    /// A weights call that passed its checks.
    Weights(Signed<SetWeights>),
    /// A command of a test.
    Admin(AdminCommand),
}

/// Why a command of a test can't be carried out.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AdminError {
    /// No neuron with this hotkey.
    #[error("hotkey {0} is not registered")]
    NotRegistered(Hotkey),
    /// The hotkey is registered under another uid.
    #[error("hotkey {hotkey} is registered already, with uid {uid}")]
    RegisteredElsewhere {
        /// The hotkey.
        hotkey: Hotkey,
        /// Its uid.
        uid: u16,
    },
    /// The subnet is full.
    #[error("the subnet has as many neurons as a metagraph can show")]
    Full,
}

/// A chain from its first block on, as far back as [`HISTORY_BLOCKS`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DevChain {
    config: DevChainConfig,
    genesis_hash: Hash,
    /// Number of the oldest block that is kept.
    first_number: u64,
    blocks: VecDeque<KeptBlock>,
    numbers: BTreeMap<Hash, u64>,
    /// Digest of what happened since the last block.
    pending: Hash,
    /// Finalised block number while finality is stopped.
    stopped_at: Option<u64>,
    /// Neurons by the number of the block from which on they are registered like that.
    neurons: BTreeMap<u64, Vec<Neuron>>,
    /// Weights by hotkey and number of the block that carries them.
    weights: BTreeMap<Hotkey, BTreeMap<u64, Vec<(u16, u16)>>>,
    /// Block of the last weights of a hotkey, or of its registration.
    last_update: BTreeMap<Hotkey, u64>,
    nonces: BTreeMap<Hotkey, u64>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
struct KeptBlock {
    hash: Hash,
    timestamp_ms: u64,
}

impl DevChain {
    /// A chain with block 0.
    pub fn new(config: DevChainConfig, genesis_time_ms: u64) -> Result<DevChain, ConfigError> {
        config.validate()?;
        let genesis_hash =
            Hash::of_value("assay/dev-chain/genesis/v1", &(&config, genesis_time_ms));
        let mut neurons = config.neurons.clone();
        neurons.sort_by_key(|neuron| neuron.uid);
        let genesis = KeptBlock {
            hash: genesis_hash,
            timestamp_ms: genesis_time_ms,
        };
        Ok(DevChain {
            config,
            genesis_hash,
            first_number: 0,
            blocks: VecDeque::from([genesis]),
            numbers: BTreeMap::from([(genesis_hash, 0)]),
            pending: Hash::ZERO,
            stopped_at: None,
            neurons: BTreeMap::from([(0, neurons)]),
            weights: BTreeMap::new(),
            last_update: BTreeMap::new(),
            nonces: BTreeMap::new(),
        })
    }

    /// The chain's rules.
    pub fn config(&self) -> &DevChainConfig {
        &self.config
    }

    /// What the chain is, for its clients.
    pub fn info(&self) -> ChainInfo {
        ChainInfo {
            genesis_hash: self.genesis_hash,
            netuid: self.config.netuid,
            block_time_ms: self.config.block_time_ms,
            tempo_blocks: self.config.tempo_blocks,
            finality_lag_blocks: self.config.finality_lag_blocks,
            weights_version_key: self.config.weights_version_key,
        }
    }

    /// Number of the best block.
    pub fn best_number(&self) -> u64 {
        self.first_number + (self.blocks.len() as u64).saturating_sub(1)
    }

    /// Number of the finalised head.
    pub fn finalized_number(&self) -> u64 {
        self.stopped_at.unwrap_or_else(|| {
            self.best_number()
                .saturating_sub(self.config.finality_lag_blocks)
        })
    }

    /// The finalised head.
    pub fn finalized_head(&self) -> ChainRef {
        // Finality lags less than the history is long, unless it is stopped for very long; then
        // the oldest block that is kept stands in.
        self.chain_ref(self.finalized_number().max(self.first_number))
            .unwrap_or_else(|| self.chain_ref_of(0, self.genesis_hash, 0))
    }

    /// A finalised block by number.
    pub fn block(&self, number: u64) -> Option<ChainRef> {
        (number <= self.finalized_number())
            .then(|| self.chain_ref(number))
            .flatten()
    }

    /// A finalised block by hash.
    pub fn block_by_hash(&self, hash: &Hash) -> Option<ChainRef> {
        self.block(*self.numbers.get(hash)?)
    }

    /// The first block of an epoch, once it is finalised.
    pub fn epoch_start(&self, epoch: u64) -> Option<ChainRef> {
        self.block(epoch.checked_mul(self.config.tempo_blocks)?)
    }

    /// The metagraph after a finalised block.
    pub fn metagraph(&self, block: &Hash) -> Option<Metagraph> {
        let block = self.block_by_hash(block)?;
        let (_, neurons) = self.neurons.range(..=block.number).next_back()?;
        // Uids and hotkeys stay unique: `check_admin` and the configuration see to it.
        Metagraph::new(block, neurons.clone()).ok()
    }

    /// Weights of all validators after a finalised block, ascending by hotkey.
    pub fn weights_at(&self, block: &Hash) -> Option<Vec<ChainWeights>> {
        let at = self.block_by_hash(block)?.number;
        let latest = self.weights.iter().filter_map(|(hotkey, history)| {
            let (block, entries) = history.range(..=at).next_back()?;
            Some(ChainWeights {
                hotkey: *hotkey,
                entries: entries.clone(),
                block: *block,
                epoch: self.epoch_of(*block),
            })
        });
        Some(latest.collect())
    }

    /// The nonce of a hotkey's next call.
    pub fn next_nonce(&self, hotkey: &Hotkey) -> u64 {
        self.nonces.get(hotkey).copied().unwrap_or(0)
    }

    /// Checks a weights call as the next block would; returns the number of that block.
    pub fn check_weights(&self, call: &Signed<SetWeights>) -> Result<u64, Refused> {
        checks::check(self, call)?;
        Ok(self.next_number())
    }

    /// Checks a command of a test.
    pub fn check_admin(&self, command: &AdminCommand) -> Result<(), AdminError> {
        match command {
            AdminCommand::Advance { .. }
            | AdminCommand::StopFinality
            | AdminCommand::ResumeFinality => Ok(()),
            AdminCommand::Register { neuron } => {
                let neurons = self.latest_neurons();
                match neurons.iter().find(|known| known.hotkey == neuron.hotkey) {
                    Some(known) if known.uid != neuron.uid => {
                        Err(AdminError::RegisteredElsewhere {
                            hotkey: neuron.hotkey,
                            uid: known.uid,
                        })
                    }
                    None if neurons.len() >= assay_chain::limits::NEURONS_MAX => {
                        Err(AdminError::Full)
                    }
                    _ => Ok(()),
                }
            }
            AdminCommand::Deregister { hotkey }
            | AdminCommand::SetStake { hotkey, .. }
            | AdminCommand::SetPermit { hotkey, .. } => self
                .latest_neurons()
                .iter()
                .any(|neuron| neuron.hotkey == *hotkey)
                .then_some(())
                .ok_or(AdminError::NotRegistered(*hotkey)),
        }
    }

    /// Lets something happen that was checked before.
    pub fn apply(&mut self, event: &Event) {
        match event {
            Event::Block { timestamp_ms } => self.make_block(*timestamp_ms),
            Event::Weights(call) => self.take_weights(call),
            Event::Admin(command) => self.obey(command),
        }
        if !matches!(event, Event::Block { .. }) {
            self.pending = Hash::of_value(
                "assay/dev-chain/pending/v1",
                &(
                    self.pending,
                    serde_json::to_string(event).unwrap_or_default(),
                ),
            );
        }
    }

    pub(super) fn next_number(&self) -> u64 {
        self.best_number() + 1
    }

    pub(super) fn epoch_of(&self, number: u64) -> u64 {
        number / self.config.tempo_blocks
    }

    /// Neurons as the next block has them.
    pub(super) fn latest_neurons(&self) -> &[Neuron] {
        self.neurons
            .last_key_value()
            .map_or(&[], |(_, neurons)| neurons)
    }

    pub(super) fn last_update(&self, hotkey: &Hotkey) -> u64 {
        self.last_update.get(hotkey).copied().unwrap_or(0)
    }

    fn make_block(&mut self, timestamp_ms: u64) {
        let number = self.next_number();
        let parent = self.blocks.back().copied();
        // Time goes forward whatever the clock does.
        let earliest_ms = parent.map_or(0, |block| block.timestamp_ms + 1);
        let timestamp_ms = timestamp_ms.max(earliest_ms);
        let parent_hash = parent.map_or(self.genesis_hash, |block| block.hash);
        let hash = Hash::of_value(
            "assay/dev-chain/block/v1",
            &(parent_hash, number, timestamp_ms, self.pending),
        );
        self.blocks.push_back(KeptBlock { hash, timestamp_ms });
        self.numbers.insert(hash, number);
        self.pending = Hash::ZERO;
        self.forget_old();
    }

    fn take_weights(&mut self, call: &Signed<SetWeights>) {
        let number = self.next_number();
        let values = call.payload.dests.iter().zip(&call.payload.weights);
        let entries = max_upscale(values.map(|(uid, weight)| (*uid, u64::from(*weight))));
        self.weights
            .entry(call.signer)
            .or_default()
            .insert(number, entries);
        self.last_update.insert(call.signer, number);
        self.nonces.insert(call.signer, call.payload.nonce + 1);
        let is_inactive = |n: &Neuron| n.hotkey == call.signer && !n.active;
        if self.latest_neurons().iter().any(is_inactive) {
            self.change_neurons(|neurons| {
                for neuron in neurons.iter_mut().filter(|n| n.hotkey == call.signer) {
                    neuron.active = true;
                }
            });
        }
    }

    fn obey(&mut self, command: &AdminCommand) {
        match command {
            // The server turns it into block events.
            AdminCommand::Advance { .. } => {}
            AdminCommand::StopFinality => self.stopped_at = Some(self.finalized_number()),
            AdminCommand::ResumeFinality => self.stopped_at = None,
            AdminCommand::Register { neuron } => {
                let number = self.next_number();
                self.change_neurons(|neurons| {
                    neurons.retain(|known| known.uid != neuron.uid);
                    neurons.push(*neuron);
                    neurons.sort_by_key(|known| known.uid);
                });
                self.last_update.insert(neuron.hotkey, number);
                self.forget_unregistered();
            }
            AdminCommand::Deregister { hotkey } => {
                self.change_neurons(|neurons| neurons.retain(|known| known.hotkey != *hotkey));
                self.forget_unregistered();
            }
            AdminCommand::SetStake { hotkey, stake } => self.change_neuron(hotkey, |neuron| {
                neuron.stake = *stake;
            }),
            AdminCommand::SetPermit {
                hotkey,
                validator_permit,
            } => self.change_neuron(hotkey, |neuron| {
                neuron.validator_permit = *validator_permit;
            }),
        }
    }

    fn change_neuron(&mut self, hotkey: &Hotkey, change: impl FnOnce(&mut Neuron)) {
        self.change_neurons(|neurons| {
            if let Some(neuron) = neurons.iter_mut().find(|n| n.hotkey == *hotkey) {
                change(neuron);
            }
        });
    }

    fn change_neurons(&mut self, change: impl FnOnce(&mut Vec<Neuron>)) {
        let mut neurons = self.latest_neurons().to_vec();
        change(&mut neurons);
        self.neurons.insert(self.next_number(), neurons);
    }

    /// Weights and rate limit of a hotkey end with its registration; from the next block on its
    /// weights are an empty list. Nonces stay, or old calls could be replayed.
    fn forget_unregistered(&mut self) {
        let number = self.next_number();
        let registered: Vec<Hotkey> = self.latest_neurons().iter().map(|n| n.hotkey).collect();
        self.last_update
            .retain(|hotkey, _| registered.contains(hotkey));
        for (hotkey, history) in &mut self.weights {
            if !registered.contains(hotkey) {
                history.insert(number, Vec::new());
            }
        }
    }

    fn forget_old(&mut self) {
        while self.blocks.len() as u64 > HISTORY_BLOCKS {
            if let Some(oldest) = self.blocks.pop_front() {
                self.numbers.remove(&oldest.hash);
            }
            self.first_number += 1;
        }
        let first = self.first_number;
        forget_versions(&mut self.neurons, first);
        for history in self.weights.values_mut() {
            forget_versions(history, first);
        }
    }

    fn chain_ref(&self, number: u64) -> Option<ChainRef> {
        let position = usize::try_from(number.checked_sub(self.first_number)?).ok()?;
        let block = self.blocks.get(position)?;
        Some(self.chain_ref_of(number, block.hash, block.timestamp_ms))
    }

    fn chain_ref_of(&self, number: u64, hash: Hash, timestamp_ms: u64) -> ChainRef {
        let epoch = self.epoch_of(number);
        ChainRef {
            number,
            hash,
            epoch,
            next_epoch_start: (epoch + 1).saturating_mul(self.config.tempo_blocks),
            timestamp_ms,
        }
    }
}

/// Drops versions that were replaced before the oldest block that is kept.
fn forget_versions<T>(versions: &mut BTreeMap<u64, T>, first_number: u64) {
    while let Some(second) = versions.keys().nth(1).copied() {
        if second > first_number {
            break;
        }
        versions.pop_first();
    }
}
