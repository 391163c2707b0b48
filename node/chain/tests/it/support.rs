//! A development chain for a test, and clients of it.

use std::sync::Arc;

use tempfile::TempDir;

use assay_chain::{SubtensorChain, SubtensorConfig};
use assay_consensus::hash::Hash;
use assay_consensus::keys::{Hotkey, Keypair};
use assay_dev_chain::chain::{
    AdminCommand, ChainConfig, Hyperparameter, NeuronConfig, SubnetConfig,
};
use assay_dev_chain::types::{AccountId32, NetUid};
use assay_dev_chain::{DevChainServer, ServerOptions};

/// The subnet of the tests.
pub const NETUID: u16 = 1;

/// Blocks of an epoch.
pub const TEMPO: u16 = 10;

/// By how many blocks finality lags behind.
pub const LAG: u64 = 2;

/// A deadline that only a fault lets pass.
pub const PATIENT_MS: u64 = 60_000;

/// A deadline for calls that are meant to run into it.
pub const HASTY_MS: u64 = 300;

/// A running chain that makes blocks on command only.
pub struct TestChain {
    server: DevChainServer,
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

/// A subnet of ten-block epochs with two validators and a miner.
pub fn config() -> ChainConfig {
    let neuron = |name: &str, stake| NeuronConfig {
        hotkey: account(name),
        coldkey: None,
        stake,
    };
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

impl TestChain {
    pub async fn start(config: ChainConfig) -> TestChain {
        TestChain::start_in(config, tempfile::tempdir().unwrap()).await
    }

    /// Two nodes of one chain that know nothing of each other's blocks.
    pub async fn twins(config: ChainConfig) -> (TestChain, TestChain) {
        let TestChain { server, dir } = TestChain::start(config.clone()).await;
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
            admin_token: None,
        };
        let server = DevChainServer::start(config, options).await.unwrap();
        TestChain { server, dir }
    }

    pub fn url(&self) -> String {
        self.server.url()
    }

    pub fn genesis(&self) -> Hash {
        Hash(self.server.genesis_hash().0)
    }

    /// Makes blocks; returns the number of the best one.
    pub async fn mine(&self, blocks: u64) -> u64 {
        self.server.mine(blocks).await.unwrap()
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

    pub async fn set(&self, parameter: Hyperparameter) {
        let netuid = NetUid(NETUID);
        self.command(AdminCommand::SetHyperparameter { netuid, parameter })
            .await;
    }

    /// A client of this chain alone.
    pub fn client(&self) -> SubtensorChain {
        client(&[self.url()])
    }

    pub async fn stop(self) {
        self.server.shutdown().await;
        drop(self.dir);
    }
}

/// A configuration that is as patient as a test on a busy machine has to be.
pub fn patient(endpoints: &[String]) -> SubtensorConfig {
    SubtensorConfig {
        call_deadline_ms: PATIENT_MS,
        ..SubtensorConfig::new(endpoints.to_vec(), NETUID)
    }
}

/// A client of some endpoints that can sign for Alice.
pub fn client(endpoints: &[String]) -> SubtensorChain {
    SubtensorChain::new(patient(endpoints), Some(Arc::new(keypair("alice")))).unwrap()
}
