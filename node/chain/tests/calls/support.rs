//! A dev chain that makes blocks on command, and the smallest connection to it.

use rand_core::OsRng;
use serde_json::{Value, json};
use subxt::dynamic;
use subxt::rpcs::client::{RpcClient, rpc_params};
use tempfile::TempDir;

use assay_chain::subtensor::Fault;
use assay_chain::subtensor::calls::{
    AtBlock, Caller, Client, CommitMode, Outcome, Rpc, SettlementCache, prepare_axon,
    prepare_reveal, prepare_weights, send, settlement, weights_standing,
};
use assay_chain::{
    CallFailure, ChainError, PreparedWeights, Refusal, SignedCall, WeightsStanding,
    WeightsSubmission,
};
use assay_consensus::block::ChainRef;
use assay_consensus::hash::Hash;
use assay_consensus::keys::Keypair;
use assay_dev_chain::chain::{
    AdminCommand, ChainConfig, Hyperparameter, NeuronConfig, SubnetConfig,
};
use assay_dev_chain::types::{AccountId32, NetUid};
use assay_dev_chain::{DevChainServer, ServerOptions};

/// Token of the admin calls.
const TOKEN: &str = "secret";

/// The subnet of the tests.
pub const NETUID: u16 = 1;

/// Blocks of an epoch.
pub const TEMPO: u16 = 20;

/// Time between two blocks in milliseconds, as on the real chain.
const BLOCK_TIME_MS: u64 = 12_000;

/// A running chain and one connection to it.
pub struct TestChain {
    pub server: DevChainServer,
    pub client: Client,
    pub rpc: Rpc,
    pub raw: RpcClient,
    pub cache: SettlementCache,
    legacy_epochs: bool,
    _dir: TempDir,
}

/// The finalised head.
pub struct Head {
    pub at: AtBlock,
    pub block: ChainRef,
}

pub fn account(name: &str) -> AccountId32 {
    AccountId32(key(name).hotkey().0)
}

pub fn key(name: &str) -> Keypair {
    Keypair::insecure_from_name(name)
}

/// `alice` (uid 0) and `bob` (1) with stake, `miner` (2) and `other` (3) without; plain weights of
/// any length at any pace.
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
                neuron("other", 0),
            ],
            ..SubnetConfig::plain()
        }],
        ..ChainConfig::default()
    }
}

/// The same subnet with commits instead of plain weights.
pub fn commit_config() -> ChainConfig {
    let mut config = config();
    let subnet = &mut config.subnets[0];
    subnet
        .hyperparameters
        .push(Hyperparameter::CommitRevealWeightsEnabled(true));
    config
}

pub fn set(parameter: Hyperparameter) -> AdminCommand {
    AdminCommand::SetHyperparameter {
        netuid: NetUid(NETUID),
        parameter,
    }
}

pub fn submission(head: &Head, entries: &[(u16, u16)]) -> WeightsSubmission {
    WeightsSubmission {
        epoch: head.block.epoch,
        entries: entries.to_vec(),
        version_key: 0,
    }
}

/// Weights that all rules of [`config`] allow.
pub const GOOD: &[(u16, u16)] = &[(1, 21_845), (2, 65_535)];

impl TestChain {
    pub async fn start(config: ChainConfig) -> TestChain {
        let dir = tempfile::tempdir().unwrap();
        let options = ServerOptions {
            listen: "127.0.0.1:0".parse().unwrap(),
            data_dir: dir.path().to_owned(),
            block_time_ms: 0,
            admin_token: Some(TOKEN.to_owned()),
        };
        let legacy_epochs = config.legacy_epochs;
        let server = DevChainServer::start(config, options).await.unwrap();
        let raw = RpcClient::from_insecure_url(server.url()).await.unwrap();
        let client = Client::from_rpc_client(raw.clone()).await.unwrap();
        TestChain {
            server,
            client,
            rpc: Rpc::new(raw.clone()),
            raw,
            cache: SettlementCache::default(),
            legacy_epochs,
            _dir: dir,
        }
    }

    /// Makes blocks with the pace of the real chain.
    pub async fn mine(&self, blocks: u64) {
        self.mine_paced(blocks, BLOCK_TIME_MS).await;
    }

    /// Makes blocks with a time between two of them.
    pub async fn mine_paced(&self, blocks: u64, block_time_ms: u64) {
        for _ in 0..blocks {
            let best = self.client.at_block(self.best_hash().await).await.unwrap();
            let time_ms = timestamp(&best).await + block_time_ms;
            let block = json!({ "blocks": 1, "timestampMs": time_ms });
            let _: Value = self.admin("dev_mine", block).await;
        }
    }

    async fn best_hash(&self) -> subxt::utils::H256 {
        self.rpc.chain_get_block_hash(None).await.unwrap().unwrap()
    }

    pub async fn admin(&self, method: &str, argument: Value) -> Value {
        let answer = self.raw.request(method, rpc_params![TOKEN, argument]).await;
        answer.unwrap()
    }

    /// Carries out commands and makes the block with which they are final.
    pub async fn command(&self, commands: impl IntoIterator<Item = AdminCommand>) {
        for command in commands {
            self.server.command(command).await.unwrap();
        }
        self.mine(3).await;
    }

    /// Makes blocks until the finalised head is at least this far in the next epoch.
    pub async fn next_epoch(&self) -> Head {
        let epoch = self.head().await.block.epoch;
        loop {
            self.mine(1).await;
            let head = self.head().await;
            if head.block.epoch > epoch {
                return head;
            }
        }
    }

    pub async fn head(&self) -> Head {
        let at = self.client.at_current_block().await.unwrap();
        let subnet = (NETUID,);
        let (epoch, next_epoch_start) = if self.legacy_epochs {
            let blocks = u64::from(TEMPO) + 1;
            let shift = u64::from(NETUID) + 1;
            let epoch = (at.block_number() + shift) / blocks;
            (epoch, (epoch + 1) * blocks - shift)
        } else {
            let epoch = dynamic::storage::<_, u64>("SubtensorModule", "SubnetEpochIndex");
            let epoch = at.storage().fetch(epoch, subnet).await.unwrap();
            let next = dynamic::runtime_api_call::<_, Option<u64>>(
                "SubnetInfoRuntimeApi",
                "get_next_epoch_start_block",
                subnet,
            );
            let next = at.runtime_apis().call(next).await.unwrap();
            (epoch.decode().unwrap(), next.unwrap())
        };
        let block = ChainRef {
            number: at.block_number(),
            hash: Hash(at.block_hash().0),
            epoch,
            next_epoch_start,
            timestamp_ms: timestamp(&at).await,
        };
        Head { at, block }
    }

    pub fn caller<'a>(&'a self, head: &'a Head, signer: &'a Keypair) -> Caller<'a> {
        Caller {
            rpc: &self.rpc,
            at: &head.at,
            head: head.block,
            netuid: NETUID,
            signer,
        }
    }

    /// Prepares weights of Alice at the finalised head.
    pub async fn prepare(&self, entries: &[(u16, u16)]) -> Result<PreparedWeights, Fault> {
        self.prepare_as("alice", entries, CommitMode::Auto).await
    }

    pub async fn prepare_as(
        &self,
        name: &str,
        entries: &[(u16, u16)],
        mode: CommitMode,
    ) -> Result<PreparedWeights, Fault> {
        let head = self.head().await;
        let signer = key(name);
        let caller = self.caller(&head, &signer);
        sendable(prepare_weights(
            &caller,
            &submission(&head, entries),
            mode,
            &mut OsRng,
        ))
        .await
    }

    pub async fn prepare_reveal(&self, prepared: &PreparedWeights) -> Result<SignedCall, Fault> {
        let head = self.head().await;
        sendable(prepare_reveal(&self.caller(&head, &key("alice")), prepared)).await
    }

    pub async fn prepare_axon(&self, address: &str) -> Result<Option<SignedCall>, Fault> {
        let head = self.head().await;
        let address = address.parse().unwrap();
        sendable(prepare_axon(&self.caller(&head, &key("alice")), address)).await
    }

    pub async fn send(&self, call: &SignedCall) -> Result<(), Fault> {
        sendable(send(&self.rpc, call)).await
    }

    pub async fn settlement(&self, call: &SignedCall) -> Outcome {
        let head = self.head().await.block;
        let outcome = settlement(&self.client, &self.rpc, head, call, &self.cache);
        sendable(outcome).await.unwrap()
    }

    pub async fn standing(&self, prepared: &PreparedWeights) -> WeightsStanding {
        let head = self.head().await;
        let hotkey = key("alice").hotkey();
        let standing = weights_standing(&head.at, head.block, NETUID, &hotkey, prepared);
        sendable(standing).await.unwrap()
    }

    /// Sends a call and makes the blocks with which it is final.
    pub async fn carry_out(&self, call: &SignedCall) -> Outcome {
        self.send(call).await.unwrap();
        self.mine(3).await;
        self.settlement(call).await
    }

    /// The next weights arrive as if nothing had been.
    pub async fn succeeds_in_the_next_epoch(&self) {
        self.next_epoch().await;
        let prepared = self.prepare(GOOD).await.unwrap();
        let outcome = self.carry_out(&prepared.call).await;
        assert!(matches!(outcome, Outcome::Done { .. }), "{outcome:?}");
        assert_eq!(self.standing(&prepared).await, WeightsStanding::Stored);
    }

    /// Weights of a uid at the finalised head.
    pub async fn weights(&self, uid: u16) -> Vec<(u16, u16)> {
        let head = self.head().await;
        let address = dynamic::storage::<(u16, u16), Vec<(u16, u16)>>("SubtensorModule", "Weights");
        let value = head.at.storage().fetch(address, (NETUID, uid)).await;
        value.unwrap().decode().unwrap()
    }

    pub async fn stop(self) {
        drop((self.client, self.rpc, self.raw));
        self.server.shutdown().await;
    }
}

/// A future that may move between threads, as the client's users need it.
fn sendable<F: Future + Send>(future: F) -> F {
    future
}

async fn timestamp(at: &AtBlock) -> u64 {
    let now = dynamic::storage::<(), u64>("Timestamp", "Now");
    let now = at.storage().fetch(now, ()).await.unwrap();
    now.decode().unwrap()
}

/// The error in this crate's words.
pub fn error<T: std::fmt::Debug>(result: Result<T, Fault>) -> ChainError {
    match result {
        Err(Fault::Chain(error)) => error,
        other => panic!("expected an error of the chain, got {other:?}"),
    }
}

/// The refusal by its name.
pub fn refusal<T: std::fmt::Debug>(result: Result<T, Fault>) -> Refusal {
    match error(result) {
        ChainError::Refused {
            failure: CallFailure::Named { refusal },
            ..
        } => refusal,
        other => panic!("expected a named refusal, got {other:?}"),
    }
}
