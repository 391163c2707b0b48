//! Validator nodes as child processes.

use std::fs::File;
use std::net::{IpAddr, Ipv4Addr, TcpListener, UdpSocket};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use anyhow::{Context, bail};
use assay_api::RpcClient;
use assay_node::config::{
    ChainConfig, CommitConfig, ConsensusConfig, NodeConfig, P2pConfig, RpcConfig, RuntimeConfig,
    WalletConfig,
};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use tokio::process::{Child, Command};

/// Time that a node gets to stop by itself.
const STOP_GRACE: Duration = Duration::from_secs(10);

/// What a node is started with.
#[derive(Debug, Clone)]
pub struct NodeSpec {
    /// Name for people and files.
    pub name: String,
    /// The testnet's binary.
    pub program: PathBuf,
    /// Directory of its configuration, data and log.
    pub dir: PathBuf,
    /// Genesis document.
    pub genesis: PathBuf,
    /// Key file; none for an observer.
    pub hotkey_file: Option<PathBuf>,
    /// URLs of the chain, the first one preferred.
    pub chain_urls: Vec<String>,
    /// Whether weights are committed as salted hashes where the subnet wants commits.
    pub salted_commits: bool,
    /// Address to listen on and to announce on the chain, instead of loopback.
    pub announce: Option<IpAddr>,
    /// Expected time between chain blocks in milliseconds.
    pub block_time_ms: u64,
    /// TCP and UDP port for peers.
    pub p2p_port: u16,
    /// TCP port of JSON-RPC.
    pub rpc_port: u16,
    /// Ports of the peers to start from.
    pub peers: Vec<u16>,
    /// Whether it tampers with its results.
    pub tampers: bool,
}

/// A node with its process, if it runs.
#[derive(Debug)]
pub struct NodeProcess {
    /// What it is started with.
    pub spec: NodeSpec,
    child: Option<Child>,
}

impl NodeProcess {
    /// Writes the configuration and starts the process.
    pub fn start(spec: NodeSpec) -> anyhow::Result<NodeProcess> {
        std::fs::create_dir_all(&spec.dir).with_context(|| spec.dir.display().to_string())?;
        std::fs::write(spec.config_file(), toml::to_string_pretty(&spec.config())?)?;
        let mut node = NodeProcess { spec, child: None };
        node.spawn()?;
        Ok(node)
    }

    /// Starts the process again after [`NodeProcess::kill`].
    pub fn spawn(&mut self) -> anyhow::Result<()> {
        let log = File::options()
            .create(true)
            .append(true)
            .open(self.spec.log_file())?;
        let mut command = Command::new(&self.spec.program);
        command
            .arg("node")
            .arg("--config")
            .arg(self.spec.config_file());
        if self.spec.tampers {
            command.arg("--tamper-results");
        }
        command
            .stdin(Stdio::null())
            .stdout(log.try_clone()?)
            .stderr(log)
            .kill_on_drop(true);
        self.child = Some(
            command
                .spawn()
                .with_context(|| format!("starting {}", self.spec.name))?,
        );
        Ok(())
    }

    /// SIGKILL: the node gets no chance to save anything.
    pub async fn kill(&mut self) -> anyhow::Result<()> {
        if let Some(mut child) = self.child.take() {
            child
                .kill()
                .await
                .with_context(|| format!("killing {}", self.spec.name))?;
        }
        Ok(())
    }

    /// SIGTERM, then SIGKILL if it does not stop.
    pub async fn stop(&mut self) -> anyhow::Result<()> {
        let Some(mut child) = self.child.take() else {
            return Ok(());
        };
        if let Some(pid) = child.id().and_then(|pid| i32::try_from(pid).ok()) {
            // The process may have ended in this moment.
            let _ended = kill(Pid::from_raw(pid), Signal::SIGTERM);
        }
        match tokio::time::timeout(STOP_GRACE, child.wait()).await {
            Ok(status) => {
                let status = status?;
                if !status.success() {
                    bail!(
                        "{} ended with {status}; see {}",
                        self.spec.name,
                        self.spec.log_file().display()
                    );
                }
                Ok(())
            }
            Err(_) => {
                child.kill().await?;
                bail!(
                    "{} did not stop within {STOP_GRACE:?} and was killed",
                    self.spec.name
                )
            }
        }
    }

    /// Fails if the process has ended by itself.
    pub fn check_alive(&mut self) -> anyhow::Result<()> {
        if let Some(status) = self
            .child
            .as_mut()
            .map(Child::try_wait)
            .transpose()?
            .flatten()
        {
            bail!(
                "{} ended with {status}; see {}",
                self.spec.name,
                self.spec.log_file().display()
            );
        }
        Ok(())
    }

    /// Process id, while it runs.
    pub fn pid(&self) -> Option<u32> {
        self.child.as_ref().and_then(Child::id)
    }

    /// URL of its JSON-RPC.
    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.spec.rpc_port)
    }

    /// A client of its JSON-RPC.
    pub fn client(&self) -> anyhow::Result<RpcClient> {
        Ok(RpcClient::new(&self.url())?)
    }
}

impl NodeSpec {
    /// File that its output goes to.
    pub fn log_file(&self) -> PathBuf {
        self.dir.join("node.log")
    }

    fn config_file(&self) -> PathBuf {
        self.dir.join("node.toml")
    }

    fn config(&self) -> NodeConfig {
        let port = self.p2p_port;
        let ip = match self.announce.unwrap_or(Ipv4Addr::LOCALHOST.into()) {
            IpAddr::V4(ip) => format!("/ip4/{ip}"),
            IpAddr::V6(ip) => format!("/ip6/{ip}"),
        };
        let tcp = format!("{ip}/tcp/{port}");
        NodeConfig {
            data_dir: self.dir.join("data"),
            genesis: self.genesis.clone(),
            hotkey_file: self.hotkey_file.clone(),
            modules_dir: None,
            wallet: WalletConfig::default(),
            chain: ChainConfig {
                endpoints: self.chain_urls.clone(),
                commits: if self.salted_commits {
                    CommitConfig::Salted
                } else {
                    CommitConfig::Auto
                },
                block_time_ms: self.block_time_ms,
                ..ChainConfig::default()
            },
            p2p: P2pConfig {
                external: self.announce.map(|_| tcp.clone()).into_iter().collect(),
                listen: vec![tcp, format!("{ip}/udp/{port}/quic-v1")],
                bootstrap: self
                    .peers
                    .iter()
                    .map(|peer| format!("/ip4/127.0.0.1/tcp/{peer}"))
                    .collect(),
            },
            rpc: RpcConfig {
                listen: ([127, 0, 0, 1], self.rpc_port).into(),
            },
            runtime: RuntimeConfig {
                workers: 2,
                ..RuntimeConfig::default()
            },
            consensus: ConsensusConfig {
                propose_ms: 1_000,
                prevote_ms: 500,
                precommit_ms: 500,
                delta_ms: 300,
                pull_ms: 500,
            },
        }
    }
}

/// Ports that are free for TCP and UDP on loopback right now.
pub fn free_ports(count: usize) -> anyhow::Result<Vec<u16>> {
    let mut held = Vec::new();
    while held.len() < count {
        let tcp = TcpListener::bind(("127.0.0.1", 0))?;
        let port = tcp.local_addr()?.port();
        // Held together until all are found, so that no port is given twice.
        if let Ok(udp) = UdpSocket::bind(("127.0.0.1", port)) {
            held.push((port, tcp, udp));
        }
    }
    Ok(held.into_iter().map(|(port, _, _)| port).collect())
}

/// The last lines of a node's log, for error messages.
pub fn log_tail(file: &Path, lines: usize) -> String {
    let text = std::fs::read(file).unwrap_or_default();
    let text = String::from_utf8_lossy(&text);
    let all: Vec<&str> = text.lines().collect();
    all.iter()
        .skip(all.len().saturating_sub(lines))
        .copied()
        .collect::<Vec<_>>()
        .join("\n")
}
