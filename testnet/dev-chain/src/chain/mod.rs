//! The dev chain as a pure state machine: no clock, no sockets, no disk. The same events give the
//! same blocks, which is how a restarted server finds its chain again.

mod build;
mod command;
mod config;
mod genesis;
mod header;
mod pool;
#[cfg(test)]
mod tests;
mod validity;

use std::collections::{BTreeMap, VecDeque};

use parity_scale_codec::{Decode, Encode};

pub use self::build::BuiltBlock;
pub use self::command::{AdminCommand, CommandError, Hyperparameter};
pub use self::config::{BeaconConfig, ChainConfig, ConfigError, NeuronConfig, SubnetConfig};
pub use self::header::{Block, Header};
pub use self::pool::Ended;
pub use self::validity::{Invalid, SubmitError};

use self::build::Source;
use self::pool::Pool;
use crate::extrinsic;
use crate::limits::{
    BLOCKS_MAX, BLOCKS_MAX_BYTES, EXTRINSIC_MAX_BYTES, PENDING_COMMANDS_MAX, STATE_HISTORY_BLOCKS,
    STATE_SWEEP_BLOCKS, STATES_DROPPED, STATES_MAX_BYTES,
};
use crate::pallets::system;
use crate::runtime::RuntimeVersion;
use crate::storage::{State, Versions};
use crate::types::{AccountId32, H256};

/// Something that happens to the chain and has to be remembered.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub enum Event {
    /// A block is made.
    Block {
        /// Time of the block in milliseconds since 1970.
        timestamp_ms: u64,
        /// Signed extrinsics in it.
        extrinsics: Vec<Vec<u8>>,
    },
    /// A command of a test.
    Command(AdminCommand),
}

/// Where an extrinsic is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TransactionStatus {
    /// In the pool, its turn has not come.
    Future,
    /// In the pool.
    Ready,
    /// In a block.
    InBlock {
        /// Hash of the block.
        block: H256,
        /// Whether the block is final.
        is_final: bool,
    },
    /// In no block and not in the pool any more.
    Ended(Ended),
    /// Never seen, or too long ago.
    Unknown,
}

/// A chain from its first block on, as far back as [`BLOCKS_MAX`].
#[derive(Debug, Clone)]
pub struct DevChain {
    config: ChainConfig,
    genesis_hash: H256,
    /// Number of the oldest block that is kept.
    first_number: u64,
    blocks: VecDeque<Block>,
    /// Bytes of the extrinsics in them.
    blocks_bytes: usize,
    /// Blocks and extrinsics by hash.
    numbers: BTreeMap<H256, u64>,
    included: BTreeMap<H256, u64>,
    versions: Versions,
    /// Commands for the next block.
    pending: Vec<AdminCommand>,
    /// Finalised block number while finality is stopped.
    stopped_at: Option<u64>,
    pool: Pool,
}

/// All of a chain that has to survive a restart.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct Snapshot {
    /// The configuration as JSON.
    config: String,
    genesis_hash: H256,
    first_number: u64,
    blocks: Vec<Block>,
    versions: Versions,
    pending: Vec<AdminCommand>,
    stopped_at: Option<u64>,
}

/// Why a snapshot is none of a chain.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SnapshotError {
    /// The configuration inside can't be read.
    #[error("the configuration in the snapshot: {0}")]
    Config(String),
    /// No block.
    #[error("expected at least one block in the snapshot")]
    NoBlock,
}

impl DevChain {
    /// A chain with block 0.
    pub fn new(config: ChainConfig, genesis_time_ms: u64) -> Result<DevChain, ConfigError> {
        config.validate()?;
        let mut versions = Versions::default();
        let mut state = State::after(&versions, 0);
        genesis::fill(&mut state, &config, genesis_time_ms);
        let changes = state.into_changes();
        // The state covers all of the configuration but how finality behaves.
        let described = serde_json::to_string(&config).unwrap_or_default();
        let before = H256(sp_crypto_hashing::blake2_256(described.as_bytes()));
        let header = Header {
            parent_hash: H256::default(),
            number: 0,
            state_root: build::state_root(before, &changes),
            extrinsics_root: header::extrinsics_root(&[]),
            digest: Vec::new(),
        };
        versions.commit(0, changes);
        let block = Block {
            hash: header.hash(),
            header,
            extrinsics: Vec::new(),
        };
        Ok(DevChain {
            config,
            genesis_hash: block.hash,
            first_number: 0,
            numbers: BTreeMap::from([(block.hash, 0)]),
            included: BTreeMap::new(),
            blocks: VecDeque::from([block]),
            blocks_bytes: 0,
            versions,
            pending: Vec::new(),
            stopped_at: None,
            pool: Pool::default(),
        })
    }

    /// The chain's rules.
    pub fn config(&self) -> &ChainConfig {
        &self.config
    }

    /// Hash of block 0.
    pub fn genesis_hash(&self) -> H256 {
        self.genesis_hash
    }

    /// Number of the best block.
    pub fn best_number(&self) -> u64 {
        self.first_number + (self.blocks.len() as u64).saturating_sub(1)
    }

    /// Hash of the best block.
    pub fn best_hash(&self) -> H256 {
        self.blocks.back().map_or(self.genesis_hash, |b| b.hash)
    }

    /// Number of the finalised head.
    pub fn finalized_number(&self) -> u64 {
        self.stopped_at.unwrap_or_else(|| {
            self.best_number()
                .saturating_sub(self.config.finality_lag_blocks)
        })
    }

    /// Hash of the finalised head; of the oldest block that is kept, if finality has been stopped
    /// for so long.
    pub fn finalized_hash(&self) -> H256 {
        self.hash_of(self.finalized_number().max(self.first_number))
            .unwrap_or(self.genesis_hash)
    }

    /// A block by number.
    pub fn block_by_number(&self, number: u64) -> Option<&Block> {
        let position = number.checked_sub(self.first_number)?;
        self.blocks.get(usize::try_from(position).ok()?)
    }

    /// Hash of the block with a number; that of block 0 is never forgotten.
    pub fn hash_of(&self, number: u64) -> Option<H256> {
        if number == 0 {
            return Some(self.genesis_hash);
        }
        self.block_by_number(number).map(|block| block.hash)
    }

    /// A block by hash.
    pub fn block(&self, hash: &H256) -> Option<&Block> {
        self.block_by_number(self.number_of(hash)?)
    }

    /// Number of the block with a hash.
    pub fn number_of(&self, hash: &H256) -> Option<u64> {
        self.numbers.get(hash).copied()
    }

    /// The state after a block, unless it is too old.
    pub fn state_at(&self, hash: &H256) -> Option<State<'_>> {
        let number = self.number_of(hash)?;
        (number >= self.versions.first_block()).then(|| State::after(&self.versions, number))
    }

    /// Keys with a value after a block, see [`Versions::keys`].
    pub fn keys_at(
        &self,
        hash: &H256,
        prefix: &[u8],
        after: Option<&[u8]>,
        count: usize,
    ) -> Option<Vec<Vec<u8>>> {
        let number = self.number_of(hash)?;
        let keys = self.versions.keys(number, prefix, after);
        (number >= self.versions.first_block())
            .then(|| keys.take(count).map(<[u8]>::to_vec).collect())
    }

    /// The state after the best block.
    pub fn best_state(&self) -> State<'_> {
        State::after(&self.versions, self.best_number())
    }

    /// The runtime of the best block's state.
    pub fn runtime(&self) -> RuntimeVersion {
        system::runtime(&self.best_state())
    }

    /// The next nonce of an account, after what waits in the pool.
    pub fn next_nonce(&self, account: AccountId32) -> u32 {
        let nonce = system::ACCOUNT.get(&self.best_state(), (account,)).nonce;
        self.pool.next_nonce(account, nonce)
    }

    /// Extrinsics in the pool whose turn has come, in the order of the next block.
    pub fn pending_extrinsics(&self) -> Vec<Vec<u8>> {
        let state = self.best_state();
        let next_nonce = |account| system::ACCOUNT.get(&state, (account,)).nonce;
        let ready = self.pool.ready(next_nonce).into_iter();
        ready.map(|pooled| pooled.bytes.clone()).collect()
    }

    /// Where an extrinsic is.
    pub fn status_of(&self, hash: &H256) -> TransactionStatus {
        if let Some(number) = self.included.get(hash)
            && let Some(block) = self.hash_of(*number)
        {
            return TransactionStatus::InBlock {
                block,
                is_final: *number <= self.finalized_number(),
            };
        }
        if let Some((signer, nonce)) = self.pool.place(hash) {
            let next = system::ACCOUNT.get(&self.best_state(), (signer,)).nonce;
            return if nonce < self.pool.next_nonce(signer, next) {
                TransactionStatus::Ready
            } else {
                TransactionStatus::Future
            };
        }
        let ended = self.pool.ended(hash);
        ended.map_or(TransactionStatus::Unknown, TransactionStatus::Ended)
    }

    /// Takes an extrinsic into the pool, if it would be valid in the next block; returns its hash.
    pub fn submit(&mut self, bytes: &[u8]) -> Result<H256, SubmitError> {
        if bytes.len() > EXTRINSIC_MAX_BYTES {
            return Err(SubmitError::Format(format!(
                "expected at most {EXTRINSIC_MAX_BYTES} bytes, got {}",
                bytes.len()
            )));
        }
        let hash = extrinsic::hash(bytes);
        let state = build::begin(self);
        let extrinsic =
            extrinsic::decode(bytes, system::runtime(&state)).map_err(SubmitError::Undecodable)?;
        if self.pool.place(&hash).is_some() {
            return Err(SubmitError::AlreadyImported);
        }
        let signer = validity::check(&state, self.genesis_hash, &extrinsic)?;
        let birth = extrinsic.era.birth(self.best_number() + 1);
        self.pool
            .insert(signer, hash, bytes.to_vec(), (extrinsic, birth))?;
        Ok(hash)
    }

    /// Makes the next block of what is in the pool, without adding it.
    pub fn build(&self, timestamp_ms: u64) -> BuiltBlock {
        build::build(self, timestamp_ms, &Source::Pool)
    }

    /// Adds a block that was built on the best one.
    pub fn add(&mut self, built: BuiltBlock) {
        let number = self.best_number() + 1;
        self.versions.commit(number, built.changes);
        self.pending.clear();
        for extrinsic in &built.included {
            let hash = extrinsic::hash(extrinsic);
            self.included.insert(hash, number);
            self.pool.remove(&hash);
        }
        for hash in built.invalid {
            self.pool.end(hash, Ended::Invalid);
        }
        self.numbers.insert(built.block.hash, number);
        self.blocks_bytes += built.block.extrinsics_bytes();
        self.blocks.push_back(built.block);
        self.drop_outdated();
        self.forget_old(number);
    }

    /// Checks a command.
    pub fn check_command(&self, command: &AdminCommand) -> Result<(), CommandError> {
        if self.pending.len() >= PENDING_COMMANDS_MAX {
            return Err(CommandError::Busy);
        }
        // As the next block will see it, after the commands that wait already.
        let mut state = build::begin(self);
        for pending in &self.pending {
            pending.apply(&mut state);
        }
        command.check(&state)
    }

    /// Carries out a command that was checked, or lets it wait for the next block.
    pub fn command(&mut self, command: AdminCommand) {
        match command {
            AdminCommand::StopFinality => {
                self.stopped_at = Some(self.finalized_number());
            }
            AdminCommand::ResumeFinality => self.stopped_at = None,
            other => self.pending.push(other),
        }
    }

    /// Lets something happen again that happened before.
    pub fn replay(&mut self, event: Event) {
        match event {
            Event::Command(command) => self.command(command),
            Event::Block {
                timestamp_ms,
                extrinsics,
            } => {
                let source = Source::Exactly(&extrinsics);
                let built = build::build(self, timestamp_ms, &source);
                self.add(built);
            }
        }
    }

    /// What has to survive a restart.
    pub fn snapshot(&self) -> Snapshot {
        Snapshot {
            config: serde_json::to_string(&self.config).unwrap_or_default(),
            genesis_hash: self.genesis_hash,
            first_number: self.first_number,
            blocks: self.blocks.iter().cloned().collect(),
            versions: self.versions.clone(),
            pending: self.pending.clone(),
            stopped_at: self.stopped_at,
        }
    }

    /// The chain of a snapshot, with an empty pool.
    pub fn restore(snapshot: Snapshot) -> Result<DevChain, SnapshotError> {
        let config = serde_json::from_str(&snapshot.config)
            .map_err(|error| SnapshotError::Config(error.to_string()))?;
        if snapshot.blocks.is_empty() {
            return Err(SnapshotError::NoBlock);
        }
        let mut numbers = BTreeMap::new();
        let mut included = BTreeMap::new();
        for (number, block) in (snapshot.first_number..).zip(&snapshot.blocks) {
            numbers.insert(block.hash, number);
            // The first one is the time, which nobody watches.
            for extrinsic in block.extrinsics.iter().skip(1) {
                included.insert(extrinsic::hash(extrinsic), number);
            }
        }
        Ok(DevChain {
            config,
            genesis_hash: snapshot.genesis_hash,
            first_number: snapshot.first_number,
            blocks_bytes: snapshot.blocks.iter().map(Block::extrinsics_bytes).sum(),
            blocks: snapshot.blocks.into(),
            numbers,
            included,
            versions: snapshot.versions,
            pending: snapshot.pending,
            stopped_at: snapshot.stopped_at,
            pool: Pool::default(),
        })
    }

    fn best_header(&self) -> &Header {
        const NONE: &Header = &Header {
            parent_hash: H256([0; 32]),
            number: 0,
            state_root: H256([0; 32]),
            extrinsics_root: H256([0; 32]),
            digest: Vec::new(),
        };
        self.blocks.back().map_or(NONE, |block| &block.header)
    }

    /// Lets go of extrinsics whose nonce is used or whose era is over.
    fn drop_outdated(&mut self) {
        let state = State::after(&self.versions, self.best_number());
        let next = self.best_number() + 1;
        let is_outdated = |pooled: &&pool::Pooled| {
            let signer = pooled.extrinsic.signer().unwrap_or_default();
            let nonce = system::ACCOUNT.get(&state, (signer,)).nonce;
            let is_over = pooled.extrinsic.era.birth(next) != pooled.birth;
            is_over || pooled.extrinsic.nonce < nonce
        };
        let outdated: Vec<H256> = self
            .pool
            .all()
            .filter(is_outdated)
            .map(|pooled| pooled.hash)
            .collect();
        for hash in outdated {
            self.pool.end(hash, Ended::Invalid);
        }
    }

    fn forget_old(&mut self, best: u64) {
        while self.blocks.len() > BLOCKS_MAX || self.blocks_bytes > BLOCKS_MAX_BYTES {
            if let Some(oldest) = self.blocks.pop_front() {
                self.blocks_bytes -= oldest.extrinsics_bytes();
                self.numbers.remove(&oldest.hash);
                for extrinsic in oldest.extrinsics.iter().skip(1) {
                    self.included.remove(&extrinsic::hash(extrinsic));
                }
            }
            self.first_number += 1;
        }
        // A state is found by its block.
        let first_state = best
            .saturating_sub(STATE_HISTORY_BLOCKS)
            .max(self.first_number);
        let sweep = best.is_multiple_of(STATE_SWEEP_BLOCKS);
        self.versions.forget_before(first_state, sweep);
        while self.versions.size_bytes() > STATES_MAX_BYTES as u64
            && self.versions.first_block() < best
        {
            let next = self.versions.first_block() + STATES_DROPPED;
            self.versions.forget_before(next.min(best), true);
        }
    }
}
