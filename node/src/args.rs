//! Command line of the node.

use std::io::IsTerminal;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use clap::{Parser, Subcommand, ValueEnum};
use tracing_subscriber::EnvFilter;

use crate::config::NodeConfig;
use crate::fault::FaultInjection;
use crate::sandbox::{self, SandboxCommand};
use crate::start::start;
use crate::tools;

/// How long a stopping node waits for guests that are still running.
const SHUTDOWN_WAIT: Duration = Duration::from_secs(2);

const EXAMPLES: &str = "\
Examples:
  assay-node run --genesis genesis.json --hotkey-file hotkey.json --bootstrap /ip4/192.0.2.7/tcp/9000
  assay-node run --genesis genesis.json --wallet validator --hotkey default --bootstrap /ip4/192.0.2.7/tcp/9000
  assay-node run --config node.toml -v
  assay-node config > node.toml
  assay-node module inspect challenge.wasm
  assay-node module call challenge.wasm get_routes --json
  assay-node sandbox check

Exit codes: 0 stopped as told, 1 failed, 2 wrong usage.";

/// Validator node of an Assay network.
#[derive(Debug, Parser)]
#[command(name = "assay-node", version, about, after_help = EXAMPLES)]
pub struct Args {
    #[command(subcommand)]
    command: Command,
    /// More log output: -v for what happens, -vv for details. ASSAY_LOG overrides with a filter.
    #[arg(short, long, action = clap::ArgAction::Count, global = true)]
    verbose: u8,
    /// Form of log lines on standard error.
    #[arg(long, value_enum, default_value_t = LogFormat::Text, global = true)]
    log_format: LogFormat,
}

/// Form of log lines.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum LogFormat {
    /// For people.
    Text,
    /// One JSON object per line.
    Json,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Run the node until it is told to stop.
    Run(Box<RunArgs>),
    /// Print the default configuration as TOML.
    Config,
    /// Look into challenge modules.
    #[command(subcommand)]
    Module(tools::ModuleCommand),
    /// Look at and try the sandbox of miners' programs.
    #[command(subcommand)]
    Sandbox(SandboxCommand),
}

/// Flags override the environment, which overrides the file.
#[derive(Debug, clap::Args)]
struct RunArgs {
    /// Configuration file (TOML).
    #[arg(long, env = "ASSAY_CONFIG")]
    config: Option<PathBuf>,
    /// Directory of database, blobs, logs and keys.
    #[arg(long, env = "ASSAY_DATA_DIR")]
    data_dir: Option<PathBuf>,
    /// Genesis document (JSON).
    #[arg(long, env = "ASSAY_GENESIS")]
    genesis: Option<PathBuf>,
    /// Key file of the validator's hotkey; without one the node only observes.
    #[arg(long, env = "ASSAY_HOTKEY_FILE", conflicts_with_all = ["wallet", "hotkey"])]
    hotkey_file: Option<PathBuf>,
    /// Bittensor wallet with the validator's hotkey, instead of a key file.
    #[arg(long, env = "ASSAY_WALLET", value_name = "NAME")]
    wallet: Option<String>,
    /// Name of the hotkey in the wallet [default: default]
    #[arg(long, env = "ASSAY_HOTKEY", value_name = "NAME")]
    hotkey: Option<String>,
    /// Directory of wallets [default: ~/.bittensor/wallets]
    #[arg(long, env = "ASSAY_WALLET_PATH", value_name = "DIR")]
    wallet_path: Option<PathBuf>,
    /// File with the password of an encrypted hotkey; BT_WALLET_PASSWORD and a prompt do as well.
    #[arg(long, env = "ASSAY_PASSWORD_FILE", value_name = "FILE")]
    password_file: Option<PathBuf>,
    /// Directory with challenge modules (*.wasm) that are not built in.
    #[arg(long, env = "ASSAY_MODULES_DIR")]
    modules_dir: Option<PathBuf>,
    /// WebSocket URL of a Subtensor node; more of them take over when one fails.
    #[arg(
        long,
        env = "ASSAY_CHAIN_URL",
        value_delimiter = ',',
        value_name = "URL"
    )]
    chain_url: Vec<String>,
    /// Multiaddress to listen on for peers; may be given several times.
    #[arg(long, env = "ASSAY_P2P_LISTEN", value_delimiter = ',')]
    p2p_listen: Vec<String>,
    /// Multiaddress of a peer to start from; may be given several times.
    #[arg(long, env = "ASSAY_BOOTSTRAP", value_delimiter = ',')]
    bootstrap: Vec<String>,
    /// Address of JSON-RPC, REST and metrics.
    #[arg(long, env = "ASSAY_RPC_LISTEN")]
    rpc_listen: Option<SocketAddr>,
}

/// Runs the node's command line. `faults` stays empty but in testnets.
pub fn run(args: Args, faults: FaultInjection) -> ExitCode {
    let outcome = match args.command {
        Command::Run(run_args) => {
            init_logs(args.verbose, args.log_format);
            configuration(*run_args).and_then(|config| run_node(config, faults))
        }
        Command::Config => print_default_config(),
        Command::Module(command) => tools::run(command),
        Command::Sandbox(command) => return sandbox::run(command),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// Runs a node until SIGINT or SIGTERM.
pub fn run_node(config: NodeConfig, faults: FaultInjection) -> anyhow::Result<()> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .thread_name("assay")
        .build()?;
    let outcome = runtime.block_on(async {
        let node = start(config, faults).await?;
        let cancel = node.cancel_token();
        let signals = tokio::spawn(async move {
            wait_for_signal().await;
            cancel.cancel();
        });
        let outcome = node.wait().await;
        signals.abort();
        outcome
    });
    // A guest may run for minutes. What it computes is not stored then, as after a crash.
    runtime.shutdown_timeout(SHUTDOWN_WAIT);
    outcome
}

/// Starts logging to standard error.
pub fn init_logs_for(verbose: u8, json: bool) {
    init_logs(
        verbose,
        if json {
            LogFormat::Json
        } else {
            LogFormat::Text
        },
    );
}

fn init_logs(verbose: u8, format: LogFormat) {
    // Gossipsub and Kademlia warn about what is ordinary here: repeated statuses, no peers yet.
    let level = match verbose {
        0 => "warn,libp2p_gossipsub=error,libp2p_kad=error",
        1 => {
            "warn,libp2p_gossipsub=error,libp2p_kad=error,assay_node=info,assay_consensus=info,\
             assay_runtime=info,assay_p2p=info,assay_chain=info"
        }
        2 => "info,assay_node=debug,assay_p2p=debug",
        _ => "debug",
    };
    let filter = EnvFilter::try_from_env("ASSAY_LOG").unwrap_or_else(|_| EnvFilter::new(level));
    let logs = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_ansi(std::io::stderr().is_terminal())
        .with_writer(std::io::stderr);
    match format {
        LogFormat::Text => logs.init(),
        LogFormat::Json => logs.json().init(),
    }
}

fn configuration(args: RunArgs) -> anyhow::Result<NodeConfig> {
    let mut config = match &args.config {
        Some(path) => NodeConfig::read(path)?,
        None => NodeConfig::default(),
    };
    if let Some(data_dir) = args.data_dir {
        config.data_dir = data_dir;
    }
    if let Some(genesis) = args.genesis {
        config.genesis = genesis;
    }
    if !args.chain_url.is_empty() {
        config.chain.endpoints = args.chain_url;
    }
    if let Some(listen) = args.rpc_listen {
        config.rpc.listen = listen;
    }
    if !args.p2p_listen.is_empty() {
        config.p2p.listen = args.p2p_listen;
    }
    if !args.bootstrap.is_empty() {
        config.p2p.bootstrap = args.bootstrap;
    }
    // A key that is named outside the file takes the place of the file's, whichever kind that is.
    if args.hotkey_file.is_some() {
        config.wallet.name = None;
        config.wallet.hotkey = None;
        config.hotkey_file = args.hotkey_file;
    } else if args.wallet.is_some() || args.hotkey.is_some() {
        config.hotkey_file = None;
    }
    config.wallet.name = args.wallet.or(config.wallet.name);
    config.wallet.hotkey = args.hotkey.or(config.wallet.hotkey);
    config.wallet.path = args.wallet_path.or(config.wallet.path);
    config.wallet.password_file = args.password_file.or(config.wallet.password_file);
    config.modules_dir = args.modules_dir.or(config.modules_dir);
    Ok(config)
}

fn print_default_config() -> anyhow::Result<()> {
    print!("{}", toml::to_string_pretty(&NodeConfig::default())?);
    Ok(())
}

async fn wait_for_signal() {
    use tokio::signal::unix::{SignalKind, signal};
    let (Ok(mut interrupt), Ok(mut terminate)) = (
        signal(SignalKind::interrupt()),
        signal(SignalKind::terminate()),
    ) else {
        tracing::error!("signals can't be caught; stop the process with SIGKILL");
        return std::future::pending().await;
    };
    tokio::select! {
        _ = interrupt.recv() => {}
        _ = terminate.recv() => {}
    }
}
