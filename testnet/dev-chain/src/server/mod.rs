//! The dev chain as a process serves it: state machine, journal, clock and JSON-RPC put together.

mod author;
mod blocks;
mod dev;
mod json;
mod shared;
mod state;
mod system;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use jsonrpsee::RpcModule;
use jsonrpsee::server::{
    BatchRequestConfig, RandomStringIdProvider, RegisterMethodError, Server, ServerConfig,
    ServerHandle,
};
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::MissedTickBehavior;

use crate::chain::{AdminCommand, ChainConfig, DevChain};
use crate::journal::{Journal, JournalError};
use crate::limits::{
    BATCH_MAX, CONNECTIONS_MAX, REQUEST_MAX_BYTES, RESPONSE_MAX_BYTES, SHUTDOWN_MS,
    SUBSCRIBER_BUFFER, SUBSCRIPTIONS_PER_CONNECTION_MAX,
};
use crate::metadata::MetadataError;
use crate::types::H256;
pub use shared::ChangeError;
use shared::Shared;

/// Bytes of randomness in the name of a subscription.
const SUBSCRIPTION_ID_BYTES: usize = 16;

/// How and where a chain runs; unlike its configuration this may change with every start.
#[derive(Clone)]
pub struct ServerOptions {
    /// Address to listen on; port 0 picks a free one.
    pub listen: SocketAddr,
    /// Folder of the chain's log.
    pub data_dir: PathBuf,
    /// Time between blocks in milliseconds; 0: blocks only on command.
    pub block_time_ms: u64,
    /// Token for the calls of the namespace `dev`; none: they are refused.
    pub admin_token: Option<String>,
}

/// Why a server could not be started.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The chain could not be opened.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// The address could not be listened on.
    #[error("listening on {address}: {error}")]
    Listen {
        /// The address.
        address: SocketAddr,
        /// The system's answer.
        #[source]
        error: std::io::Error,
    },
    /// Two methods have one name.
    #[error("registering the methods: {0}")]
    Methods(#[from] RegisterMethodError),
}

/// A running dev chain.
pub struct DevChainServer {
    address: SocketAddr,
    shared: Arc<Shared>,
    handle: ServerHandle,
    stop: watch::Sender<bool>,
    ticker: Option<JoinHandle<()>>,
}

impl DevChainServer {
    /// Opens the chain in the data folder (or makes one), serves it and, unless the block time is
    /// 0, lets it grow.
    pub async fn start(
        config: ChainConfig,
        options: ServerOptions,
    ) -> Result<DevChainServer, StartError> {
        let (journal, chain) = Journal::open(&options.data_dir, &config, shared::now_ms())?;
        let shared = Arc::new(Shared::new(chain, journal, options.admin_token));
        let module = module(Arc::clone(&shared))?;
        let address = options.listen;
        let listen_error = |error| StartError::Listen { address, error };
        let server = Server::builder()
            .set_config(server_config())
            .build(address)
            .await
            .map_err(listen_error)?;
        let address = server.local_addr().map_err(listen_error)?;
        let handle = server.start(module);
        let (stop, stopped) = watch::channel(false);
        let block_time_ms = options.block_time_ms;
        let ticker = (block_time_ms > 0)
            .then(|| tokio::spawn(tick(Arc::clone(&shared), block_time_ms, stopped)));
        Ok(DevChainServer {
            address,
            shared,
            handle,
            stop,
            ticker,
        })
    }

    /// URL for clients with WebSocket.
    pub fn url(&self) -> String {
        format!("ws://{}", self.address)
    }

    /// URL for clients with HTTP.
    pub fn http_url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Hash of block 0.
    pub fn genesis_hash(&self) -> H256 {
        self.shared.read(|chain| chain.genesis_hash())
    }

    /// Looks at the chain; nothing changes meanwhile.
    pub fn read<T>(&self, read: impl FnOnce(&DevChain) -> T) -> T {
        self.shared.read(read)
    }

    /// Answers with another chain's metadata where clients ask for that of the first runtime, which
    /// must be like it in all that this chain has: shows that they understand both by it.
    ///
    /// # Errors
    ///
    /// Bytes that don't begin as metadata do, and a second call.
    pub fn serve_metadata(&self, encoded: Vec<u8>) -> Result<(), MetadataError> {
        self.shared.serve_metadata(encoded)
    }

    /// Carries out a command, or lets it wait for the next block, as the namespace `dev` does.
    pub async fn command(&self, command: AdminCommand) -> Result<(), ChangeError> {
        self.change(move |shared| shared.obey(command)).await
    }

    /// Makes blocks at once; returns the number of the best one.
    pub async fn mine(&self, blocks: u64) -> Result<u64, ChangeError> {
        self.change(move |shared| shared.mine(blocks, None)).await
    }

    /// Changes wait for the disk, which no other task should have to.
    async fn change<T: Send + 'static>(
        &self,
        change: impl FnOnce(&Shared) -> Result<T, ChangeError> + Send + 'static,
    ) -> Result<T, ChangeError> {
        let shared = Arc::clone(&self.shared);
        let changed = tokio::task::spawn_blocking(move || change(&shared)).await;
        changed.unwrap_or_else(|error| Err(ChangeError::Stopped(error.to_string())))
    }

    /// Stops blocks and requests and waits until both have ended.
    pub async fn shutdown(self) {
        self.stop.send_replace(true);
        // An error means that it has stopped already.
        let _ = self.handle.stop();
        let deadline = Duration::from_millis(SHUTDOWN_MS);
        if tokio::time::timeout(deadline, self.handle.stopped())
            .await
            .is_err()
        {
            tracing::warn!("connections of the dev chain did not end in time");
        }
        if let Some(mut ticker) = self.ticker
            && tokio::time::timeout(deadline, &mut ticker).await.is_err()
        {
            ticker.abort();
            // Ends at once, with the abort as its result.
            let _ = ticker.await;
        }
    }
}

fn server_config() -> ServerConfig {
    ServerConfig::builder()
        .max_request_body_size(REQUEST_MAX_BYTES)
        .max_response_body_size(RESPONSE_MAX_BYTES)
        .max_connections(CONNECTIONS_MAX)
        .max_subscriptions_per_connection(SUBSCRIPTIONS_PER_CONNECTION_MAX)
        .set_batch_request_config(BatchRequestConfig::Limit(BATCH_MAX))
        .set_message_buffer_capacity(SUBSCRIBER_BUFFER)
        .set_id_provider(RandomStringIdProvider::new(SUBSCRIPTION_ID_BYTES))
        .build()
}

fn module(shared: Arc<Shared>) -> Result<RpcModule<Shared>, RegisterMethodError> {
    let mut module = RpcModule::from_arc(shared);
    blocks::register(&mut module)?;
    state::register(&mut module)?;
    author::register(&mut module)?;
    system::register(&mut module)?;
    dev::register(&mut module)?;
    system::register_list(&mut module)?;
    Ok(module)
}

/// Makes a block per block time until it is stopped or the log fails.
async fn tick(shared: Arc<Shared>, block_time_ms: u64, mut stopped: watch::Receiver<bool>) {
    let mut clock = tokio::time::interval(Duration::from_millis(block_time_ms));
    clock.set_missed_tick_behavior(MissedTickBehavior::Delay);
    clock.tick().await;
    loop {
        tokio::select! {
            _ = clock.tick() => {}
            _ = stopped.wait_for(|stop| *stop) => return,
        }
        if shared.blocks_are_stopped() {
            continue;
        }
        let maker = Arc::clone(&shared);
        let made = tokio::task::spawn_blocking(move || maker.make_block(shared::now_ms())).await;
        if !matches!(made, Ok(Ok(_))) {
            return;
        }
    }
}
