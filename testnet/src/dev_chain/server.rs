//! The dev chain as a process serves it: state machine, journal, clock and HTTP put together.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::MissedTickBehavior;

use assay_chain::dev::{AdminCommand, ChainInfo, SetWeights};
use assay_consensus::envelope::Signed;

use super::chain::{AdminError, DevChain, Event};
use super::checks::Refused;
use super::config::{DevChainConfig, DevChainOptions};
use super::journal::{Journal, JournalError};
use super::limits::{ADVANCE_MAX_BLOCKS, SHUTDOWN_MS};
use super::routes;

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
}

/// Why a change was not made.
#[derive(Debug, thiserror::Error)]
pub(super) enum ChangeError {
    #[error(transparent)]
    Refused(#[from] Refused),
    #[error(transparent)]
    Admin(#[from] AdminError),
    #[error("expected at most {ADVANCE_MAX_BLOCKS} blocks, got {0}")]
    TooManyBlocks(u64),
    #[error("the chain has stopped: {0}")]
    Stopped(String),
}

/// A running dev chain.
pub struct DevChainServer {
    url: String,
    info: ChainInfo,
    stop: watch::Sender<bool>,
    tasks: Vec<JoinHandle<()>>,
}

/// What requests and the clock share.
pub(super) struct Shared {
    chain: RwLock<DevChain>,
    /// Held by whoever changes the chain; readers never wait for the disk.
    writer: Mutex<Writer>,
    /// Number of the finalised head.
    finalized: watch::Sender<u64>,
    pub(super) admin_token: Option<String>,
}

struct Writer {
    journal: Journal,
    /// Why nothing more can be written.
    failure: Option<String>,
}

impl DevChainServer {
    /// Opens the chain in the data folder (or makes one), serves it and, unless the block time is
    /// 0, lets it grow.
    pub async fn start(
        config: DevChainConfig,
        options: DevChainOptions,
    ) -> Result<DevChainServer, StartError> {
        let block_time_ms = config.block_time_ms;
        let (journal, chain) = Journal::open(&options.data_dir, &config, now_ms())?;
        let address = options.listen;
        let listener = TcpListener::bind(address)
            .await
            .map_err(|error| StartError::Listen { address, error })?;
        let bound = listener
            .local_addr()
            .map_err(|error| StartError::Listen { address, error })?;
        let info = chain.info();
        let shared = Arc::new(Shared {
            finalized: watch::Sender::new(chain.finalized_number()),
            chain: RwLock::new(chain),
            writer: Mutex::new(Writer {
                journal,
                failure: None,
            }),
            admin_token: options.admin_token,
        });
        let (stop, stopped) = watch::channel(false);
        let mut tasks = vec![tokio::spawn(serve(
            listener,
            Arc::clone(&shared),
            stopped.clone(),
        ))];
        if block_time_ms > 0 {
            tasks.push(tokio::spawn(tick(shared, block_time_ms, stopped)));
        }
        Ok(DevChainServer {
            url: format!("http://{bound}"),
            info,
            stop,
            tasks,
        })
    }

    /// Base URL for clients.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// What the chain is.
    pub fn info(&self) -> &ChainInfo {
        &self.info
    }

    /// Stops blocks and requests and waits until both have ended.
    pub async fn shutdown(self) {
        self.stop.send_replace(true);
        for mut task in self.tasks {
            let deadline = Duration::from_millis(SHUTDOWN_MS);
            if tokio::time::timeout(deadline, &mut task).await.is_err() {
                task.abort();
                // Ends at once, with the abort as its result.
                let _ = task.await;
            }
        }
    }
}

impl Shared {
    /// Reads the chain.
    pub(super) fn read<T>(&self, read: impl FnOnce(&DevChain) -> T) -> T {
        read(&self.chain.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Follows the number of the finalised head.
    pub(super) fn watch_finalized(&self) -> watch::Receiver<u64> {
        self.finalized.subscribe()
    }

    /// Takes a weights call; returns the number of the block that will carry it.
    pub(super) fn set_weights(&self, call: Signed<SetWeights>) -> Result<u64, ChangeError> {
        self.change(|chain| {
            let included_in = chain.check_weights(&call)?;
            Ok((vec![Event::Weights(call)], included_in))
        })
    }

    /// Carries out a command; returns the number of the best block afterwards.
    pub(super) fn obey(&self, command: AdminCommand) -> Result<u64, ChangeError> {
        if let AdminCommand::Advance { blocks } = command {
            return self.make_blocks(blocks, now_ms());
        }
        self.change(|chain| {
            chain.check_admin(&command)?;
            Ok((vec![Event::Admin(command)], chain.best_number()))
        })
    }

    fn make_blocks(&self, blocks: u64, timestamp_ms: u64) -> Result<u64, ChangeError> {
        if blocks > ADVANCE_MAX_BLOCKS {
            return Err(ChangeError::TooManyBlocks(blocks));
        }
        self.change(|chain| {
            let events = (0..blocks).map(|_| Event::Block { timestamp_ms });
            Ok((events.collect(), chain.best_number() + blocks))
        })
    }

    /// Decides on events, makes them durable, lets them happen, in this order. Blocks on the disk.
    fn change<T>(
        &self,
        decide: impl FnOnce(&DevChain) -> Result<(Vec<Event>, T), ChangeError>,
    ) -> Result<T, ChangeError> {
        let mut writer = self.writer.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(failure) = &writer.failure {
            return Err(ChangeError::Stopped(failure.clone()));
        }
        let (events, outcome) = self.read(decide)?;
        let kept = writer.journal.append(&events);
        writer.stop_on_error(kept)?;
        let finalized_number = {
            let mut chain = self.chain.write().unwrap_or_else(PoisonError::into_inner);
            for event in &events {
                chain.apply(event);
            }
            chain.finalized_number()
        };
        let compacted = self.read(|chain| writer.journal.compact_if_long(chain));
        writer.stop_on_error(compacted)?;
        self.finalized.send_if_modified(|finalized| {
            let is_news = *finalized != finalized_number;
            *finalized = finalized_number;
            is_news
        });
        Ok(outcome)
    }
}

impl Writer {
    fn stop_on_error(&mut self, outcome: Result<(), JournalError>) -> Result<(), ChangeError> {
        outcome.map_err(|error| {
            let failure = error.to_string();
            tracing::error!(failure, "the dev chain can't write its log and stops");
            self.failure = Some(failure.clone());
            ChangeError::Stopped(failure)
        })
    }
}

async fn serve(listener: TcpListener, shared: Arc<Shared>, mut stopped: watch::Receiver<bool>) {
    let router = routes::router(shared, stopped.clone());
    let until_stopped = async move {
        // An error means that the server was dropped.
        let _ = stopped.wait_for(|stop| *stop).await;
    };
    let served = axum::serve(listener, router).with_graceful_shutdown(until_stopped);
    if let Err(error) = served.await {
        tracing::error!(%error, "the dev chain's server ended");
    }
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
        let maker = Arc::clone(&shared);
        let made = tokio::task::spawn_blocking(move || maker.make_blocks(1, now_ms())).await;
        if !matches!(made, Ok(Ok(_))) {
            return;
        }
    }
}

fn now_ms() -> u64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |since| {
            u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
        })
}
