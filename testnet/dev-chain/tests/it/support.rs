//! A dev chain for a test, with its admin calls.

use jsonrpsee::core::client::ClientT;
use jsonrpsee::rpc_params;
use jsonrpsee::ws_client::{WsClient, WsClientBuilder};
use serde_json::Value;
use tempfile::TempDir;

use assay_dev_chain::chain::{ChainConfig, NeuronConfig, SubnetConfig};
use assay_dev_chain::types::{AccountId32, NetUid};
use assay_dev_chain::{DevChainServer, ServerOptions};

/// Token of the admin calls.
pub const TOKEN: &str = "secret";

/// The subnet of the tests.
pub const NETUID: NetUid = NetUid(1);

/// Uids of Alice, Bob and Charlie.
pub const CHARLIE_UID: u16 = 2;

/// A running chain.
pub struct TestChain {
    pub server: DevChainServer,
    pub dir: TempDir,
    pub rpc: WsClient,
}

/// A well-known development key.
pub fn account(keypair: &subxt_signer::sr25519::Keypair) -> AccountId32 {
    AccountId32(keypair.public_key().0)
}

/// A subnet of ten-block epochs with Alice and Bob, who have stake, and Charlie, who has none.
pub fn config() -> ChainConfig {
    use subxt_signer::sr25519::dev;
    let neuron = |keypair, stake| NeuronConfig {
        hotkey: account(&keypair),
        coldkey: None,
        stake,
    };
    ChainConfig {
        subnets: vec![SubnetConfig {
            netuid: NETUID,
            tempo: 10,
            neurons: vec![
                neuron(dev::alice(), 1_000),
                neuron(dev::bob(), 500),
                neuron(dev::charlie(), 0),
            ],
            ..SubnetConfig::plain()
        }],
        ..ChainConfig::default()
    }
}

impl TestChain {
    /// A chain that makes blocks on command only.
    pub async fn start(config: ChainConfig) -> TestChain {
        TestChain::start_in(config, tempfile::tempdir().unwrap()).await
    }

    /// A chain in a folder that may have one already.
    pub async fn start_in(config: ChainConfig, dir: TempDir) -> TestChain {
        TestChain::start_with(config, dir, 0).await
    }

    /// A chain that makes blocks by itself.
    pub async fn start_ticking(config: ChainConfig, block_time_ms: u64) -> TestChain {
        TestChain::start_with(config, tempfile::tempdir().unwrap(), block_time_ms).await
    }

    async fn start_with(config: ChainConfig, dir: TempDir, block_time_ms: u64) -> TestChain {
        let options = ServerOptions {
            listen: "127.0.0.1:0".parse().unwrap(),
            data_dir: dir.path().to_owned(),
            block_time_ms,
            admin_token: Some(TOKEN.to_owned()),
        };
        let server = DevChainServer::start(config, options).await.unwrap();
        let rpc = WsClientBuilder::default()
            .build(server.url())
            .await
            .unwrap();
        TestChain { server, dir, rpc }
    }

    /// Calls a method of the namespace `dev`.
    pub async fn dev(&self, name: &str, argument: Value) -> Value {
        let method = format!("dev_{name}");
        let answer = self.rpc.request(&method, rpc_params![TOKEN, argument]);
        answer.await.unwrap()
    }

    /// Makes blocks; returns the number of the best one.
    pub async fn mine(&self, blocks: u64) -> u64 {
        let position = self
            .dev("mine", serde_json::json!({ "blocks": blocks }))
            .await;
        position["best"].as_u64().unwrap()
    }

    /// Ends the chain; its folder stays.
    pub async fn stop(self) -> TempDir {
        drop(self.rpc);
        self.server.shutdown().await;
        self.dir
    }
}
