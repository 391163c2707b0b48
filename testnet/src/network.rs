//! A whole network on this machine: development chain, genesis, validator processes.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use assay_api::node::NodeMode;
use assay_chain::{Chain as _, SubtensorChain, SubtensorConfig};
use assay_challenge_term::{DEFAULT_PYTHON_POLICY, EvidenceMode, TermParams};
use assay_consensus::genesis::{Genesis, GenesisChallenge};
use assay_consensus::hash::Hash;
use assay_consensus::keys::{Hotkey, Keypair};
use assay_consensus::validators::Quorum;
use assay_dev_chain::chain::{
    AdminCommand, BeaconConfig, ChainConfig, DevChain, Hyperparameter, NeuronConfig, SubnetConfig,
};
use assay_dev_chain::types::{AccountId32, NetUid};
use assay_dev_chain::{DevChainServer, ServerOptions};
use assay_wallet::{WalletKey, WriteOptions, keyfile};

use crate::agents;
use crate::process::{NodeProcess, NodeSpec, free_ports, log_tail};

/// Name of the challenge in the testnet.
pub const CHALLENGE: &str = "term-challenge";

/// Stake of each validator: 1,000 TAO in rao.
const VALIDATOR_STAKE_RAO: u64 = 1_000_000_000_000;

/// The testnet's subnet.
pub const NETUID: u16 = 1;

/// Time for all validators to get ready.
const READY: Duration = Duration::from_secs(60);

/// Pause between questions to a node.
pub const POLL: Duration = Duration::from_millis(100);

/// What a testnet is made of.
#[derive(Debug, Clone)]
pub struct Plan {
    /// The testnet's binary, which runs a validator with its `node` command.
    pub program: PathBuf,
    /// Directory for everything.
    pub dir: PathBuf,
    /// Number of validators.
    pub validators: usize,
    /// Names of miners; keys derive from them.
    pub miners: Vec<String>,
    /// Time between chain blocks in milliseconds.
    pub block_time_ms: u64,
    /// Length of an epoch in chain blocks.
    pub tempo_blocks: u16,
    /// Validator that tampers with its results.
    pub tamper: Option<usize>,
    /// How weights are set.
    pub weights: WeightsPath,
    /// Address of this machine at which validators listen and which they announce on the chain, to
    /// find each other by the chain alone; on loopback, where the chain takes no address, they are
    /// told of each other.
    pub announce: Option<IpAddr>,
    /// Address of the chain; port 0 picks a free one.
    pub chain_listen: SocketAddr,
    /// URLs at which validators look for the chain before they go to itself.
    pub relays: Vec<String>,
}

/// Any free port on loopback.
pub const ANY_PORT: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 0);

/// How the testnet's subnet takes weights.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum WeightsPath {
    /// In the open, at once.
    #[default]
    Plain,
    /// Encrypted; the chain reveals them in the next epoch.
    Timelocked,
    /// As a salted hash; validators reveal them in the next epoch.
    Salted,
}

/// A running network.
pub struct Testnet {
    /// What it was made of.
    pub plan: Plan,
    /// Its genesis.
    pub genesis: Genesis,
    /// Validators, in order of their names.
    pub nodes: Vec<NodeProcess>,
    /// Hotkeys of the validators.
    pub hotkeys: Vec<Hotkey>,
    /// Reader of the chain.
    pub chain: SubtensorChain,
    server: DevChainServer,
    ports: Vec<u16>,
}

impl Plan {
    /// Name of a validator.
    pub fn validator_name(index: usize) -> String {
        format!("validator-{}", index + 1)
    }

    /// Key of a validator or miner: derived from its name, worthless outside of testnets.
    pub fn key(name: &str) -> Keypair {
        Keypair::insecure_from_name(&format!("assay-testnet/{name}"))
    }

    /// Writes the key of a validator or miner to a file.
    pub fn write_key(name: &str, file: &Path) -> anyhow::Result<()> {
        let seed = Keypair::insecure_seed_of_name(&format!("assay-testnet/{name}"));
        let options = WriteOptions {
            replace: true,
            ..WriteOptions::default()
        };
        Ok(keyfile::write(
            file,
            &WalletKey::from_seed(&seed)?,
            options,
        )?)
    }

    /// Owner, validators and miners, in the order of their uids. What is burned goes to the owner.
    fn neurons(&self) -> Vec<NeuronConfig> {
        let neuron = |name: &str, stake| NeuronConfig {
            hotkey: AccountId32(Plan::key(name).hotkey().0),
            coldkey: None,
            stake,
        };
        let validators = (0..self.validators)
            .map(|index| neuron(&Plan::validator_name(index), VALIDATOR_STAKE_RAO));
        let miners = self.miners.iter().map(|miner| neuron(miner, 0));
        let owner = std::iter::once(neuron("owner", 0));
        owner.chain(validators).chain(miners).collect()
    }
}

impl Testnet {
    /// Starts chain and validators and waits until all of them vote. `say` gets a line per step.
    pub async fn start(plan: Plan, mut say: impl FnMut(String)) -> anyhow::Result<Testnet> {
        std::fs::create_dir_all(&plan.dir).with_context(|| plan.dir.display().to_string())?;
        say("starting the development chain".to_owned());
        let (server, chain) = start_chain(&plan).await?;
        let genesis = make_genesis(&plan, &chain).await?;
        let genesis_file = plan.dir.join("genesis.json");
        std::fs::write(&genesis_file, serde_json::to_vec_pretty(&genesis)?)?;

        // Two more ports than validators need: for an auditor that joins late.
        let ports = free_ports(2 * plan.validators + 2)?;
        let mut testnet = Testnet {
            plan,
            genesis,
            nodes: Vec::new(),
            hotkeys: Vec::new(),
            chain,
            server,
            ports,
        };
        say(format!("starting {} validators", testnet.plan.validators));
        for index in 0..testnet.plan.validators {
            let name = Plan::validator_name(index);
            let mut spec = testnet.spec(&name, index)?;
            let key = spec.dir.join("hotkey.json");
            std::fs::create_dir_all(&spec.dir)?;
            Plan::write_key(&name, &key)?;
            spec.hotkey_file = Some(key);
            spec.tampers = testnet.plan.tamper == Some(index);
            testnet.hotkeys.push(Plan::key(&name).hotkey());
            testnet.nodes.push(NodeProcess::start(spec)?);
        }
        testnet.wait_until_ready(&mut say).await?;
        Ok(testnet)
    }

    /// Starts an observer that was not there from the beginning.
    pub fn start_auditor(&self) -> anyhow::Result<NodeProcess> {
        NodeProcess::start(self.spec("auditor", self.plan.validators)?)
    }

    /// URL of the chain.
    pub fn chain_url(&self) -> String {
        self.server.url()
    }

    /// Looks at the chain itself.
    pub fn read_chain<T>(&self, read: impl FnOnce(&DevChain) -> T) -> T {
        self.server.read(read)
    }

    /// Does something to the chain that nobody could sign.
    pub async fn command_chain(&self, command: AdminCommand) -> anyhow::Result<()> {
        let done = self.server.command(command).await;
        done.context("development chain")
    }

    /// Fails if a validator has ended by itself.
    pub fn check_alive(&mut self) -> anyhow::Result<()> {
        self.nodes.iter_mut().try_for_each(NodeProcess::check_alive)
    }

    /// Stops validators and chain.
    pub async fn stop(mut self) -> anyhow::Result<()> {
        let mut outcome = Ok(());
        for node in &mut self.nodes {
            outcome = outcome.and(node.stop().await);
        }
        self.server.shutdown().await;
        outcome
    }

    fn spec(&self, name: &str, index: usize) -> anyhow::Result<NodeSpec> {
        let port = |at: usize| self.ports.get(at).copied().context("a port for every node");
        let others = (0..self.plan.validators).filter(|other| *other != index);
        Ok(NodeSpec {
            name: name.to_owned(),
            program: self.plan.program.clone(),
            dir: self.plan.dir.join(name),
            genesis: self.plan.dir.join("genesis.json"),
            hotkey_file: None,
            chain_urls: [self.plan.relays.as_slice(), &[self.chain_url()]].concat(),
            salted_commits: self.plan.weights == WeightsPath::Salted,
            block_time_ms: self.plan.block_time_ms,
            p2p_port: port(2 * index)?,
            rpc_port: port(2 * index + 1)?,
            announce: self.plan.announce,
            peers: others
                .filter(|_| self.plan.announce.is_none())
                .map(|other| port(2 * other))
                .collect::<anyhow::Result<_>>()?,
            tampers: false,
        })
    }

    async fn wait_until_ready(&mut self, say: &mut impl FnMut(String)) -> anyhow::Result<()> {
        let started = Instant::now();
        for index in 0..self.nodes.len() {
            loop {
                self.check_alive()?;
                let Some(node) = self.nodes.get(index) else {
                    break;
                };
                let client = node.client()?;
                let ready = match client.node_status().await {
                    Ok(status) => {
                        status.mode == NodeMode::Active
                            && status.peers + 1 >= self.nodes.len() as u64
                    }
                    Err(_) => false,
                };
                if ready {
                    say(format!("{} votes", node.spec.name));
                    break;
                }
                if started.elapsed() > READY {
                    let log = log_tail(&node.spec.log_file(), 20);
                    bail!(
                        "{} is not ready after {READY:?}; its log ends with:\n{log}",
                        node.spec.name
                    );
                }
                tokio::time::sleep(POLL).await;
            }
        }
        Ok(())
    }
}

async fn start_chain(plan: &Plan) -> anyhow::Result<(DevChainServer, SubtensorChain)> {
    let mut subnet = SubnetConfig {
        netuid: NetUid(NETUID),
        tempo: plan.tempo_blocks,
        owner: Some(AccountId32(Plan::key("owner").hotkey().0)),
        neurons: plan.neurons(),
        ..SubnetConfig::plain()
    };
    let commits = plan.weights != WeightsPath::Plain;
    let commits = Hyperparameter::CommitRevealWeightsEnabled(commits);
    subnet.hyperparameters.push(commits);
    let config = ChainConfig {
        subnets: vec![subnet],
        beacon: BeaconConfig {
            // Epochs last seconds.
            period_s: 1,
            ..BeaconConfig::default()
        },
        ..ChainConfig::default()
    };
    let options = ServerOptions {
        listen: plan.chain_listen,
        data_dir: plan.dir.join("chain"),
        block_time_ms: plan.block_time_ms,
        admin_token: None,
    };
    let server = DevChainServer::start(config, options)
        .await
        .context("development chain")?;
    let client = SubtensorChain::new(SubtensorConfig::new(vec![server.url()], NETUID), None)?;
    Ok((server, client))
}

async fn make_genesis(plan: &Plan, chain: &SubtensorChain) -> anyhow::Result<Genesis> {
    let head = chain.finalized_head().await.context("development chain")?;
    let burn_hotkey = Plan::key("owner").hotkey();
    let params = TermParams {
        evidence: EvidenceMode::Reported,
        burn_hotkey: assay_challenge_sdk::Hotkey(burn_hotkey.0),
        python_policy: DEFAULT_PYTHON_POLICY.to_owned(),
        tasks: agents::tasks(),
    };
    let challenge = GenesisChallenge {
        name: CHALLENGE.to_owned(),
        module_hash: Hash::of(assay_challenge_modules::TERM_CHALLENGE),
        emission_share: 1,
        params: params.to_bytes()?,
    };
    let genesis = Genesis {
        name: "assay-testnet".to_owned(),
        netuid: NETUID,
        quorum: Quorum::Majority,
        // A third of an epoch: enough for votes and retries on a busy machine.
        weights_margin_blocks: u64::from(plan.tempo_blocks) / 3,
        min_stake_rao: VALIDATOR_STAKE_RAO / 1_000,
        burn_hotkey,
        chain: head,
        challenges: vec![challenge],
    };
    genesis.validate()?;
    Ok(genesis)
}

/// The directory of a testnet: the given one, or a temporary one.
pub fn work_dir(dir: Option<&Path>) -> anyhow::Result<(PathBuf, Option<tempfile::TempDir>)> {
    match dir {
        Some(dir) => Ok((dir.to_owned(), None)),
        None => {
            let temporary = tempfile::Builder::new()
                .prefix("assay-testnet-")
                .tempdir()?;
            Ok((temporary.path().to_owned(), Some(temporary)))
        }
    }
}
