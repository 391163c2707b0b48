//! A development chain for a test, and clients of it.

use std::fmt::Debug;
use std::sync::Arc;

use tempfile::TempDir;

use assay_chain::{
    CallFailure, Chain, ChainError, CommitMode, PreparedWeights, Refusal, Settlement, SignedCall,
    SubtensorChain, SubtensorConfig, WeightsStanding, WeightsSubmission,
};
use assay_consensus::block::ChainRef;
use assay_consensus::hash::Hash;
use assay_consensus::keys::{Hotkey, Keypair};
use assay_dev_chain::chain::{
    AdminCommand, ChainConfig, Hyperparameter, NeuronConfig, SubnetConfig,
};
use assay_dev_chain::types::{AccountId32, NetUid};
use assay_dev_chain::{DevChainServer, ServerOptions};

use crate::pace::{Pace, TOKEN};
use crate::real_runtime;

/// The subnet of the tests.
pub const NETUID: u16 = 1;

/// Blocks of an epoch in [`config`].
pub const TEMPO: u16 = 10;

/// Blocks of an epoch in [`calls_config`].
pub const CALLS_TEMPO: u16 = 20;

/// By how many blocks finality lags behind.
pub const LAG: u64 = 2;

/// A deadline that only a fault lets pass.
pub const PATIENT_MS: u64 = 60_000;

/// A deadline for calls that are meant to run into it.
pub const HASTY_MS: u64 = 300;

/// How often [`eventually`] asks.
const TRIES: u32 = 1_000;

/// Weights that all rules of [`calls_config`] allow.
pub const GOOD: &[(u16, u16)] = &[(1, 21_845), (2, 65_535)];

/// A running chain that makes blocks on command only.
pub struct TestChain {
    /// A client that signs for Alice.
    pub alice: SubtensorChain,
    server: DevChainServer,
    pace: Option<Pace>,
    dir: TempDir,
}

/// The hotkey of a name.
pub fn hotkey(name: &str) -> Hotkey {
    keypair(name).hotkey()
}

/// The key pair of a name.
pub fn keypair(name: &str) -> Keypair {
    Keypair::insecure_from_name(name)
}

/// The account of a name.
pub fn account(name: &str) -> AccountId32 {
    AccountId32(hotkey(name).0)
}

/// A neuron by its name.
pub fn neuron(name: &str, stake: u64) -> NeuronConfig {
    NeuronConfig {
        hotkey: account(name),
        coldkey: None,
        stake,
    }
}

/// A subnet of ten-block epochs with two validators and a miner.
pub fn config() -> ChainConfig {
    ChainConfig {
        subnets: vec![SubnetConfig {
            netuid: NetUid(NETUID),
            tempo: TEMPO,
            neurons: vec![
                neuron("alice", 1_000),
                neuron("bob", 500),
                neuron("miner", 0),
            ],
            ..SubnetConfig::plain()
        }],
        finality_lag_blocks: LAG,
        ..ChainConfig::default()
    }
}

/// The same with another miner, uid 3, and with time for several calls in an epoch; plain weights
/// of any length at any pace.
pub fn calls_config() -> ChainConfig {
    let mut config = config();
    let subnet = &mut config.subnets[0];
    subnet.tempo = CALLS_TEMPO;
    subnet.neurons.push(neuron("other", 0));
    config
}

/// The same subnet with commits instead of plain weights.
pub fn commit_config() -> ChainConfig {
    let mut config = calls_config();
    let subnet = &mut config.subnets[0];
    subnet
        .hyperparameters
        .push(Hyperparameter::CommitRevealWeightsEnabled(true));
    config
}

/// The command that sets a parameter of the subnet.
pub fn set(parameter: Hyperparameter) -> AdminCommand {
    AdminCommand::SetHyperparameter {
        netuid: NetUid(NETUID),
        parameter,
    }
}

/// The command that takes a name's uid away.
pub fn deregister(name: &str) -> AdminCommand {
    AdminCommand::Deregister {
        netuid: NetUid(NETUID),
        hotkey: account(name),
    }
}

/// The command with which the runtime gets other numbers of calls and errors.
pub fn upgrade(call_shift: u8, error_shift: u8) -> AdminCommand {
    AdminCommand::UpgradeRuntime {
        call_shift,
        error_shift,
    }
}

/// Starting and stopping, blocks and commands.
impl TestChain {
    pub async fn start(config: ChainConfig) -> TestChain {
        TestChain::start_in(config, tempfile::tempdir().unwrap()).await
    }

    /// A chain whose blocks have times as far apart as those of the real chain.
    pub async fn start_paced(config: ChainConfig) -> TestChain {
        let chain = TestChain::start(config).await;
        TestChain {
            pace: Some(Pace::of(&chain.url()).await),
            ..chain
        }
    }

    /// Two nodes of one chain that know nothing of each other's blocks.
    pub async fn twins(config: ChainConfig) -> (TestChain, TestChain) {
        let TestChain { server, dir, .. } = TestChain::start(config.clone()).await;
        server.shutdown().await;
        let copy = tempfile::tempdir().unwrap();
        for file in std::fs::read_dir(dir.path()).unwrap() {
            let file = file.unwrap();
            std::fs::copy(file.path(), copy.path().join(file.file_name())).unwrap();
        }
        (
            TestChain::start_in(config.clone(), dir).await,
            TestChain::start_in(config, copy).await,
        )
    }

    async fn start_in(config: ChainConfig, dir: TempDir) -> TestChain {
        let options = ServerOptions {
            listen: "127.0.0.1:0".parse().unwrap(),
            data_dir: dir.path().to_owned(),
            block_time_ms: 0,
            admin_token: Some(TOKEN.to_owned()),
        };
        let server = DevChainServer::start(config, options).await.unwrap();
        if let Some(metadata) = real_runtime::chosen() {
            server.serve_metadata(metadata).unwrap();
        }
        TestChain {
            alice: client(&[server.url()]),
            server,
            pace: None,
            dir,
        }
    }

    /// The same chain with a client that makes salted commits.
    pub fn salted(self) -> TestChain {
        let mut config = patient(&[self.url()]);
        config.commit_mode = CommitMode::Salted;
        TestChain {
            alice: signing(config, "alice"),
            ..self
        }
    }

    pub fn url(&self) -> String {
        self.server.url()
    }

    pub fn genesis(&self) -> Hash {
        Hash(self.server.genesis_hash().0)
    }

    /// What sets the times of the blocks.
    pub fn pace(&self) -> &Pace {
        self.pace.as_ref().expect("a chain from start_paced")
    }

    /// Makes blocks; returns the number of the best one.
    pub async fn mine(&self, blocks: u64) -> u64 {
        match &self.pace {
            Some(pace) => {
                pace.mine(blocks).await;
                self.server.mine(0).await.unwrap()
            }
            None => self.server.mine(blocks).await.unwrap(),
        }
    }

    /// Makes blocks until one is final.
    pub async fn finalize(&self, number: u64) {
        let best = self.mine(0).await;
        self.mine((number + LAG).saturating_sub(best)).await;
    }

    /// Carries out a command, with the next block.
    pub async fn command(&self, command: AdminCommand) {
        self.server.command(command).await.unwrap();
    }

    /// Carries out commands and makes the blocks with which they are final.
    pub async fn enact(&self, commands: impl IntoIterator<Item = AdminCommand>) {
        for command in commands {
            self.command(command).await;
        }
        self.mine(1 + LAG).await;
    }

    pub async fn set(&self, parameter: Hyperparameter) {
        self.command(set(parameter)).await;
    }

    /// A client of this chain alone.
    pub fn client(&self) -> SubtensorChain {
        client(&[self.url()])
    }

    pub async fn stop(self) {
        drop(self.pace);
        self.server.shutdown().await;
        drop(self.dir);
    }
}

/// Calls of Alice.
impl TestChain {
    pub async fn head(&self) -> ChainRef {
        self.alice.finalized_head().await.unwrap()
    }

    /// Makes blocks until the first one of the next epoch is final.
    pub async fn next_epoch(&self) -> ChainRef {
        let epoch = self.head().await.epoch;
        loop {
            self.mine(1).await;
            let head = self.head().await;
            if head.epoch > epoch {
                return head;
            }
        }
    }

    /// Prepares weights for the epoch of the finalised head.
    pub async fn prepare(&self, entries: &[(u16, u16)]) -> Result<PreparedWeights, ChainError> {
        prepare(&self.alice, entries).await
    }

    /// The same for another hotkey.
    pub async fn prepare_as(
        &self,
        name: &str,
        entries: &[(u16, u16)],
    ) -> Result<PreparedWeights, ChainError> {
        prepare(&signing(patient(&[self.url()]), name), entries).await
    }

    pub async fn prepare_axon(&self, address: &str) -> Result<Option<SignedCall>, ChainError> {
        self.alice.prepare_axon(address.parse().unwrap()).await
    }

    pub async fn send(&self, call: &SignedCall) -> Result<(), ChainError> {
        self.alice.send(call).await
    }

    pub async fn settlement(&self, call: &SignedCall) -> Settlement {
        self.alice.settlement(call).await.unwrap()
    }

    pub async fn standing(&self, prepared: &PreparedWeights) -> WeightsStanding {
        self.alice.weights_standing(prepared, 0).await.unwrap()
    }

    /// Sends a call and makes the blocks with which it is final.
    pub async fn carry_out(&self, call: &SignedCall) -> Settlement {
        self.send(call).await.unwrap();
        self.mine(1 + LAG).await;
        self.settlement(call).await
    }

    /// Carries out a call, which does what it should; returns the number of its block.
    pub async fn succeeds(&self, call: &SignedCall) -> u64 {
        match self.carry_out(call).await {
            Settlement::Done { block } => block,
            other => panic!("{other:?}"),
        }
    }

    /// The next weights arrive as if nothing had been.
    pub async fn succeeds_in_the_next_epoch(&self) {
        self.next_epoch().await;
        let prepared = self.prepare(GOOD).await.unwrap();
        self.succeeds(&prepared.call).await;
        assert_eq!(self.standing(&prepared).await, WeightsStanding::Stored);
    }

    /// The weights that the chain holds.
    pub async fn weights(&self) -> Vec<(u16, u16)> {
        let mut shown = self.alice.weights_on_chain(None).await.unwrap();
        shown.retain(|weights| weights.hotkey == hotkey("alice"));
        shown.pop().map_or_else(Vec::new, |weights| weights.entries)
    }
}

/// Prepares weights for the epoch of the finalised head.
pub async fn prepare(
    client: &SubtensorChain,
    entries: &[(u16, u16)],
) -> Result<PreparedWeights, ChainError> {
    let epoch = client.finalized_head().await.unwrap().epoch;
    client.prepare_weights(&submission(epoch, entries)).await
}

/// Asks until there is an answer, so often that only a fault lets it end.
pub async fn eventually<T, E: Debug>(mut ask: impl AsyncFnMut() -> Result<T, E>) -> T {
    let mut last = None;
    for _ in 0..TRIES {
        match ask().await {
            Ok(answer) => return answer,
            Err(error) => last = Some(error),
        }
    }
    panic!("no answer in {TRIES} tries: {last:?}");
}

pub fn submission(epoch: u64, entries: &[(u16, u16)]) -> WeightsSubmission {
    WeightsSubmission {
        epoch,
        entries: entries.to_vec(),
        version_key: 0,
    }
}

/// A configuration that is as patient as a test on a busy machine has to be.
pub fn patient(endpoints: &[String]) -> SubtensorConfig {
    SubtensorConfig {
        call_deadline_ms: PATIENT_MS,
        ..SubtensorConfig::new(endpoints.to_vec(), NETUID)
    }
}

/// A client that signs for a name.
pub fn signing(config: SubtensorConfig, name: &str) -> SubtensorChain {
    SubtensorChain::new(config, Some(Arc::new(keypair(name)))).unwrap()
}

/// A client of some endpoints that can sign for Alice.
pub fn client(endpoints: &[String]) -> SubtensorChain {
    signing(patient(endpoints), "alice")
}

/// The refusal by its name.
pub fn refusal<T: Debug>(result: Result<T, ChainError>) -> Refusal {
    match result {
        Err(ChainError::Refused {
            failure: CallFailure::Named { refusal },
            ..
        }) => refusal,
        other => panic!("expected a named refusal, got {other:?}"),
    }
}
