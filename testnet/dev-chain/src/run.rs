//! The dev chain as a program: arguments, files, signals. A program that contains it can take
//! [`RunArgs`] as a subcommand of its own.

use std::io;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use tokio::signal::unix::{SignalKind, signal};

use crate::chain::ChainConfig;
use crate::limits::{CONFIG_MAX_BYTES, TOKEN_MAX_BYTES};
use crate::server::{DevChainServer, ServerOptions, StartError};

/// How to run a chain.
#[derive(Debug, clap::Args)]
pub struct RunArgs {
    /// JSON file with the chain's subnets, neurons and parameters.
    #[arg(long)]
    pub config: PathBuf,
    /// Folder for the chain's log.
    #[arg(long)]
    pub data_dir: PathBuf,
    /// Address to listen on; port 0 picks a free one.
    #[arg(long, default_value = "127.0.0.1:9944")]
    pub listen: SocketAddr,
    /// Time between blocks in milliseconds; 0: blocks only on command.
    #[arg(long, default_value_t = 12_000)]
    pub block_time_ms: u64,
    /// File with the token of the admin calls; without it they are refused.
    #[arg(long)]
    pub admin_token_file: Option<PathBuf>,
}

/// Why a chain could not be run.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// A file can't be read.
    #[error("reading {path}: {error}")]
    File {
        /// The file.
        path: PathBuf,
        /// The system's answer.
        #[source]
        error: io::Error,
    },
    /// A file is too large.
    #[error("{path}: expected at most {max_bytes} bytes")]
    TooLarge {
        /// The file.
        path: PathBuf,
        /// The limit.
        max_bytes: u64,
    },
    /// The configuration isn't one.
    #[error("{path}: {error}")]
    Config {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        #[source]
        error: serde_json::Error,
    },
    /// The chain can't be started.
    #[error(transparent)]
    Start(#[from] StartError),
    /// Signals can't be waited for.
    #[error("waiting for signals: {0}")]
    Signals(#[source] io::Error),
}

/// Runs a chain until Ctrl-C or SIGTERM. Its URL is the first line of standard output.
pub async fn run(args: RunArgs) -> Result<(), RunError> {
    let config = read_bounded(&args.config, CONFIG_MAX_BYTES)?;
    let config: ChainConfig = serde_json::from_str(&config).map_err(|error| RunError::Config {
        path: args.config.clone(),
        error,
    })?;
    let token_file = args.admin_token_file.as_deref();
    let admin_token = token_file
        .map(|path| read_bounded(path, TOKEN_MAX_BYTES))
        .transpose()?
        .map(|token| token.trim().to_owned());
    let options = ServerOptions {
        listen: args.listen,
        data_dir: args.data_dir,
        block_time_ms: args.block_time_ms,
        admin_token,
    };
    let mut terminate = signal(SignalKind::terminate()).map_err(RunError::Signals)?;
    let server = DevChainServer::start(config, options).await?;
    println!("{}", server.url());
    tokio::select! {
        interrupted = tokio::signal::ctrl_c() => interrupted.map_err(RunError::Signals)?,
        _ = terminate.recv() => {}
    }
    server.shutdown().await;
    Ok(())
}

fn read_bounded(path: &Path, max_bytes: u64) -> Result<String, RunError> {
    let file_error = |error| RunError::File {
        path: path.to_owned(),
        error,
    };
    let length = std::fs::metadata(path).map_err(file_error)?.len();
    if length > max_bytes {
        return Err(RunError::TooLarge {
            path: path.to_owned(),
            max_bytes,
        });
    }
    std::fs::read_to_string(path).map_err(file_error)
}
