//! Puts a node together from its configuration and runs it until it is told to stop.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::{Arc, RwLock};
use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use prometheus_client::registry::Registry;
use tokio::net::TcpListener;
use tokio::sync::{mpsc, watch};
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

use assay_chain::{Chain, CommitMode, HeadWatcher, SubtensorChain, SubtensorConfig};
use assay_consensus::codec;
use assay_consensus::core::{Core, CoreConfig, Mode, Resume, WalRecord};
use assay_consensus::engine::Timeouts;
use assay_consensus::genesis::Genesis;
use assay_consensus::hash::Hash;
use assay_consensus::keys::Keypair;
use assay_consensus::ledger::LedgerTip;
use assay_consensus::limits::GENESIS_MAX_BYTES;
use assay_p2p::{Multiaddr, Network, NetworkConfig, transport_key};
use assay_rpc::{RpcConfig, RpcMetrics, ServerHandle, serve};
use assay_runtime::{Engine, EngineConfig};
use assay_store::{BlobOptions, BlobStore, StateRoot, Store, StoreOptions, Wal};
use assay_wallet::WalletKey;

use crate::backend::NodeBackend;
use crate::config::{CommitConfig, ConsensusConfig, NodeConfig};
use crate::discovery;
use crate::driver::{Driver, DriverParts};
use crate::fault::FaultInjection;
use crate::hotkey;
use crate::identity::{self, TransportLink};
use crate::metagraphs::Metagraphs;
use crate::metrics::Metrics;
use crate::modules::ModuleRegistry;
use crate::shared::{Shared, View, unix_ms};
use crate::storage::Storage;
use crate::weights::{self, WeightsJob, WeightsTask};

/// Largest module file that is looked at, in bytes.
const MODULE_FILE_MAX_BYTES: u64 = 8 * 1024 * 1024;

/// Largest record of the write-ahead log in bytes.
const WAL_RECORD_MAX_BYTES: usize = 4 * 1024 * 1024;

/// Submissions of the RPC that wait for the driver.
const LOCAL_QUEUE: usize = 256;

/// Most bytes of all payloads together: miners fill them.
const PAYLOADS_MAX_BYTES: u64 = 48 * 1024 * 1024 * 1024;

/// Most bytes of all logs and modules together; payloads can't take their room.
const LOGS_MAX_BYTES: u64 = 16 * 1024 * 1024 * 1024;

/// Pause between looks at the connected peers.
const PEERS_REFRESH: Duration = Duration::from_secs(1);

/// Pause between tries to find out which chain this is.
const CHAIN_CHECK_RETRY: Duration = Duration::from_secs(6);

/// A node that is running.
pub struct RunningNode {
    /// Where JSON-RPC listens.
    pub rpc_addr: SocketAddr,
    /// Addresses at which peers can reach the node.
    pub p2p_addrs: Vec<String>,
    /// Shared facts and handles.
    pub shared: Arc<Shared>,
    cancel: CancellationToken,
    driver: tokio::task::JoinHandle<anyhow::Result<()>>,
    helpers: Vec<tokio::task::JoinHandle<()>>,
    heads: HeadWatcher,
    /// Ends with an error if the chain turns out to be another one.
    chain_check: tokio::task::JoinHandle<anyhow::Result<()>>,
    rpc: ServerHandle,
}

impl RunningNode {
    /// Stops the node when this is cancelled.
    pub fn cancel_token(&self) -> CancellationToken {
        self.cancel.clone()
    }

    /// Runs until cancelled or until something fails that a node can't go on without.
    pub async fn wait(mut self) -> anyhow::Result<()> {
        let outcome = (&mut self.driver).await.context("driver")?;
        self.cancel.cancel();
        self.rpc.shutdown().await;
        for helper in self.helpers {
            helper.await.context("background task")?;
        }
        self.heads.stop().await;
        self.shared.network.shutdown().await;
        let storage = self.shared.storage.clone();
        let flushed = tokio::task::spawn_blocking(move || storage.flush()).await?;
        let checked = self.chain_check.await.context("check of the chain")?;
        // What ended the node says more than what the database says afterwards.
        checked.and(outcome).and(flushed.context("database"))
    }
}

/// Starts a node. Returns once it listens for peers and for RPC.
pub async fn start(config: NodeConfig, faults: FaultInjection) -> anyhow::Result<RunningNode> {
    let genesis = read_genesis(&config.genesis)?;
    let network_id = genesis.network_id();
    let config_of_key = config.clone();
    let key = tokio::task::spawn_blocking(move || hotkey::open(&config_of_key)).await??;
    let keypair = key.as_ref().map(WalletKey::keypair);
    let hotkey = keypair.as_ref().map(Keypair::hotkey);
    create_private_dir(&config.data_dir)?;

    let chain = chain_client(&config, &genesis, key.as_ref())?;
    let storage = open_storage(&config, &genesis)?;
    let modules = load_modules(&config, &genesis, &storage).await?;
    let (wal, resume) = open_log(&config, &storage)?;

    let transport = transport_key::load_or_create(&config.data_dir.join("transport.key"))
        .context("transport key")?;
    let peer_id = transport.peer_id();
    let core = Core::new(&genesis, core_config(&config.consensus), keypair, resume);
    let network_config = NetworkConfig {
        listen: parse_addresses(&config.p2p.listen)?,
        external: parse_addresses(&config.p2p.external)?,
        bootstrap: parse_addresses(&config.p2p.bootstrap)?,
        identity: core
            .sign_statement(TransportLink {
                peer_id: peer_id.to_bytes(),
            })
            .map(|statement| identity::encode(&statement))
            .unwrap_or_default(),
        blobs: storage.blob_source(),
        ..NetworkConfig::new(network_id.0.0, transport)
    };
    let (network, events) = Network::start(network_config)
        .await
        .context("peer-to-peer network")?;
    let p2p_addrs = network
        .listen_addresses()
        .iter()
        .map(ToString::to_string)
        .collect();

    let metrics = Metrics::default();
    let mut registry = Registry::default();
    metrics.register(&mut registry);
    let rpc_metrics = RpcMetrics::register(&mut registry);
    let (submissions, locals) = mpsc::channel(LOCAL_QUEUE);
    let (weights_jobs, jobs) = mpsc::channel(weights::JOBS);
    let view = View {
        tip: core.tip().clone(),
        mode: Mode::Active,
        is_behind: false,
        head: None,
        set: None,
        pending: 0,
        trouble: None,
    };
    let rpc_listen = config.rpc.listen;
    let metagraphs = Metagraphs::new(Arc::clone(&chain), storage.clone());
    let shared = Arc::new(Shared {
        config,
        genesis,
        network_id,
        hotkey,
        modules,
        storage,
        chain: Arc::clone(&chain),
        network,
        metrics,
        faults,
        submissions,
        view: RwLock::new(Arc::new(view)),
        metagraphs,
        weights_on_chain: tokio::sync::Mutex::default(),
        peers: RwLock::new(Vec::new()),
        identities: RwLock::new(BTreeMap::new()),
        started: Instant::now(),
    });
    if shared.hotkey.is_some() {
        requeue_weights(&shared, &weights_jobs)?;
    }

    let listener = TcpListener::bind(rpc_listen)
        .await
        .with_context(|| format!("RPC address {rpc_listen}"))?;
    let rpc_addr = listener.local_addr()?;
    let mut rpc_config = RpcConfig::new(env!("CARGO_PKG_VERSION"), Arc::new(registry));
    rpc_config.metrics = rpc_metrics;
    let rpc = serve(
        listener,
        Arc::new(NodeBackend::new(Arc::clone(&shared))),
        rpc_config,
    )
    .context("RPC server")?;

    let cancel = CancellationToken::new();
    let heads = HeadWatcher::spawn(chain);
    let driver = Driver::new(DriverParts {
        core,
        shared: Arc::clone(&shared),
        wal,
        events,
        heads: heads.subscribe(),
        locals,
        weights_jobs,
        cancel: cancel.clone(),
    });
    let (checked, is_checked) = watch::channel(false);
    let mut helpers = vec![
        tokio::spawn(discovery::run(
            Arc::clone(&shared),
            heads.subscribe(),
            cancel.clone(),
        )),
        tokio::spawn(refresh_peers(Arc::clone(&shared), cancel.clone())),
    ];
    if let Some(hotkey) = shared.hotkey {
        let task = WeightsTask {
            chain: Arc::clone(&shared.chain),
            metagraphs: shared.metagraphs.clone(),
            storage: shared.storage.clone(),
            hotkey,
            burn: shared.genesis.burn_hotkey,
            version_key: shared.config.chain.version_key,
            axon: discovery::axon_of(&parse_addresses(&shared.config.p2p.external)?),
            taken: shared.metrics.weights_submitted.clone(),
        };
        let (heads, cancel) = (heads.subscribe(), cancel.clone());
        helpers.push(tokio::spawn(async move {
            // Nothing is signed for a chain that may be another one.
            let mut is_checked = is_checked;
            if is_checked.wait_for(|checked| *checked).await.is_ok() {
                task.run(jobs, heads, cancel).await;
            }
        }));
    }
    let driver = tokio::spawn(driver.run());
    let chain_check = check_chain(Arc::clone(&shared), checked, cancel.clone());
    let chain_check = tokio::spawn(chain_check);
    info!(%rpc_addr, %peer_id, network = %shared.network_id.0, hotkey = ?shared.hotkey.map(|h| h.to_ss58()), "node started");
    Ok(RunningNode {
        rpc_addr,
        p2p_addrs,
        shared,
        cancel,
        driver,
        helpers,
        heads,
        chain_check,
        rpc,
    })
}

fn read_genesis(path: &Path) -> anyhow::Result<Genesis> {
    let text =
        std::fs::read(path).with_context(|| format!("genesis document {}", path.display()))?;
    if text.len() > GENESIS_MAX_BYTES {
        bail!(
            "genesis document {}: expected at most {GENESIS_MAX_BYTES} bytes, got {}",
            path.display(),
            text.len()
        );
    }
    let genesis: Genesis = serde_json::from_slice(&text)
        .with_context(|| format!("genesis document {}", path.display()))?;
    genesis
        .validate()
        .with_context(|| format!("genesis document {}", path.display()))?;
    Ok(genesis)
}

fn chain_client(
    config: &NodeConfig,
    genesis: &Genesis,
    key: Option<&WalletKey>,
) -> anyhow::Result<Arc<dyn Chain>> {
    // The chain client signs with the same hotkey; it gets a copy of the key.
    let signer = key.map(|key| Arc::new(key.keypair()));
    let client_config = SubtensorConfig {
        genesis_hash: config.chain.genesis_hash,
        commit_mode: match config.chain.commits {
            CommitConfig::Auto => CommitMode::Auto,
            CommitConfig::Salted => CommitMode::Salted,
        },
        ..SubtensorConfig::new(config.chain.endpoints.clone(), genesis.netuid)
    };
    let client = SubtensorChain::new(client_config, signer);
    Ok(Arc::new(client.with_context(|| {
        format!("chain {}", config.chain.endpoints.join(", "))
    })?))
}

fn open_storage(config: &NodeConfig, genesis: &Genesis) -> anyhow::Result<Storage> {
    let options = StoreOptions {
        cache_bytes: config.runtime.database_cache_mib.max(8) * 1024 * 1024,
    };
    let (store, report) = Store::open(&config.data_dir.join("db"), options).context("database")?;
    if let Some(quarantined) = &report.quarantined {
        warn!(path = %quarantined.path.display(), reason = quarantined.reason, "database could not be trusted and was moved aside; it is refilled from peers");
    }
    if let Some(lost) = &report.lost {
        warn!(
            durable = lost.durable,
            found = lost.found,
            "the database is older than what was durable; the rest is refilled from peers"
        );
    }
    let blobs = config.data_dir.join("blobs");
    let payloads = open_blobs(&blobs.join("payloads"), PAYLOADS_MAX_BYTES)?;
    let blobs = open_blobs(&blobs.join("logs"), LOGS_MAX_BYTES)?;
    let tip = LedgerTip::genesis(genesis, StateRoot::empty().root(), Hash::ZERO);
    Storage::new(store, blobs, payloads, genesis.network_id(), &tip).context("database")
}

fn open_blobs(dir: &Path, total_max_bytes: u64) -> anyhow::Result<BlobStore> {
    let options = BlobOptions {
        total_max_bytes,
        ..BlobOptions::default()
    };
    BlobStore::open(dir, options).with_context(|| format!("blobs in {}", dir.display()))
}

async fn load_modules(
    config: &NodeConfig,
    genesis: &Genesis,
    storage: &Storage,
) -> anyhow::Result<ModuleRegistry> {
    let engine_config = EngineConfig {
        cache_directory: Some(config.data_dir.join("modules")),
        workers: match config.runtime.workers {
            0 => EngineConfig::default().workers,
            workers => workers,
        },
        ..EngineConfig::default()
    };
    let (config, genesis, storage) = (config.clone(), genesis.clone(), storage.clone());
    tokio::task::spawn_blocking(move || {
        let engine = Engine::new(engine_config).context("runtime")?;
        let files = module_files(&config)?;
        let mut registry = ModuleRegistry::default();
        for challenge in &genesis.challenges {
            let bytes = match files.get(&challenge.module_hash) {
                Some(bytes) => Some(bytes.clone()),
                None => storage.blob(&challenge.module_hash)?,
            };
            let bytes = bytes.with_context(|| {
                format!(
                    "module {} of challenge {:?} is neither built in nor in modules_dir; put its .wasm file there",
                    challenge.module_hash, challenge.name
                )
            })?;
            registry.load(&engine, challenge, &bytes)?;
            storage.put_blob(&bytes)?;
        }
        Ok(registry)
    })
    .await?
}

/// Built-in modules and those of the modules directory, by hash.
fn module_files(config: &NodeConfig) -> anyhow::Result<BTreeMap<Hash, Vec<u8>>> {
    let mut files = BTreeMap::new();
    for module in assay_challenge_modules::modules() {
        files.insert(Hash::of(module.bytes), module.bytes.to_vec());
    }
    let Some(dir) = &config.modules_dir else {
        return Ok(files);
    };
    for entry in
        std::fs::read_dir(dir).with_context(|| format!("modules directory {}", dir.display()))?
    {
        let path = entry?.path();
        let is_module = path
            .extension()
            .is_some_and(|extension| extension == "wasm");
        if is_module && path.metadata()?.len() <= MODULE_FILE_MAX_BYTES {
            let bytes =
                std::fs::read(&path).with_context(|| format!("module {}", path.display()))?;
            files.insert(Hash::of(&bytes), bytes);
        }
    }
    Ok(files)
}

fn open_log(config: &NodeConfig, storage: &Storage) -> anyhow::Result<(Wal, Resume)> {
    let (wal, opened) = Wal::open(&config.data_dir.join("signatures.wal")).context(
        "write-ahead log of signatures; without it this validator could sign two different things, so it does not start",
    )?;
    let mut records = Vec::new();
    for record in &opened.records {
        let record: WalRecord =
            codec::decode(record, WAL_RECORD_MAX_BYTES).context("write-ahead log of signatures")?;
        records.push(record);
    }
    let resume = Resume {
        tip: storage.tip()?.ledger,
        admitted: storage.admitted(),
        wal: records,
        open_results: storage.open_results()?,
        open_weights: storage.open_weights()?,
    };
    Ok((wal, resume))
}

/// Stops the node if the chain is not the one of the genesis document: nothing may be signed for
/// another. As long as the chain can't tell, the ledger's own checks of chain blocks hold.
async fn check_chain(
    shared: Arc<Shared>,
    checked: watch::Sender<bool>,
    cancel: CancellationToken,
) -> anyhow::Result<()> {
    let expected = shared.genesis.chain;
    loop {
        let found = tokio::select! {
            found = shared.chain.hash_of_block(expected.number) => found,
            () = cancel.cancelled() => return Ok(()),
        };
        match found {
            Ok(Some(hash)) if hash == expected.hash => {
                checked.send_replace(true);
                return Ok(());
            }
            Ok(Some(hash)) => {
                cancel.cancel();
                bail!(
                    "this is not the chain of the genesis document: expected block {} to be {}, the chain has {hash}; check chain.endpoints and the genesis document",
                    expected.number,
                    expected.hash
                );
            }
            Ok(None) => warn!(
                block = expected.number,
                "the chain does not know the block that the genesis document starts from; no weights are set until it does: is the first of chain.endpoints in step, and the right chain?"
            ),
            Err(error) => warn!(%error, "no weights are set until it is known which chain this is"),
        }
        tokio::select! {
            () = tokio::time::sleep(CHAIN_CHECK_RETRY) => {}
            () = cancel.cancelled() => return Ok(()),
        }
    }
}

/// Agreed weights of the running epoch that a restart may have kept from the chain.
fn requeue_weights(shared: &Shared, jobs: &mpsc::Sender<WeightsJob>) -> anyhow::Result<()> {
    let epoch = shared.view().tip.chain.epoch;
    let newest = shared.storage.agreed_weights(1)?.pop();
    if let Some(certificate) = newest.filter(|certificate| certificate.payload.epoch == epoch) {
        jobs.try_send(WeightsJob { certificate })
            .context("weights queue")?;
    }
    Ok(())
}

async fn refresh_peers(shared: Arc<Shared>, cancel: CancellationToken) {
    let mut ticks = tokio::time::interval(PEERS_REFRESH);
    loop {
        tokio::select! {
            () = cancel.cancelled() => return,
            _ = ticks.tick() => {}
        }
        let Ok(peers) = shared.network.peers().await else {
            return;
        };
        let now_ms = unix_ms();
        let mut identities = shared
            .identities
            .write()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        for seen in identities.values_mut() {
            if peers.iter().any(|peer| peer.peer_id == seen.peer) {
                seen.last_seen_ms = now_ms;
            }
        }
        drop(identities);
        *shared
            .peers
            .write()
            .unwrap_or_else(std::sync::PoisonError::into_inner) = peers;
    }
}

fn core_config(config: &ConsensusConfig) -> CoreConfig {
    CoreConfig {
        timeouts: Timeouts {
            propose_ms: config.propose_ms,
            prevote_ms: config.prevote_ms,
            precommit_ms: config.precommit_ms,
            delta_ms: config.delta_ms,
        },
        pull_busy_ms: config.pull_ms,
        pull_idle_ms: config.pull_ms.saturating_mul(3),
        status_ms: config.pull_ms.saturating_mul(2),
        sync_retry_ms: config.pull_ms,
    }
}

fn parse_addresses(addresses: &[String]) -> anyhow::Result<Vec<Multiaddr>> {
    let parsed = addresses.iter().map(|address| {
        // The network resolves no names; taken silently, such an address would never connect.
        if address.contains("/dns") {
            bail!("expected an IP address like /ip4/192.0.2.7/tcp/9000, names are not resolved: {address:?}");
        }
        address.parse().with_context(|| {
            format!("expected a multiaddress like /ip4/127.0.0.1/tcp/9000, got {address:?}")
        })
    });
    parsed.collect()
}

fn create_private_dir(dir: &Path) -> anyhow::Result<()> {
    use std::os::unix::fs::DirBuilderExt;
    let created = std::fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(dir);
    created.with_context(|| format!("data directory {}", dir.display()))
}
