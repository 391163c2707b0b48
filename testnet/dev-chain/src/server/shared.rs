//! What requests and the clock share: the chain, its journal and the news of both.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError, RwLock};
use std::time::{SystemTime, UNIX_EPOCH};

use tokio::sync::watch;

use crate::chain::{AdminCommand, CommandError, DevChain, Event, SubmitError};
use crate::journal::{Journal, JournalError};
use crate::limits::{LOG_WRITE_MAX_BYTES, MINE_MAX_BLOCKS};
use crate::metadata::{self, MetadataError};
use crate::runtime::RuntimeVersion;
use crate::types::H256;

/// Blocks that one log write makes durable, when many are made at once.
const MINED_PER_WRITE: u64 = 256;

/// Metadata that is kept encoded: two versions of a few runtimes.
const METADATA_CACHE_MAX: usize = 8;

/// Encoded metadata by its version and the runtime's.
type MetadataCache = BTreeMap<(u32, RuntimeVersion), Arc<Vec<u8>>>;

/// Why a change was not made.
#[derive(Debug, thiserror::Error)]
pub enum ChangeError {
    /// The command can't be carried out.
    #[error(transparent)]
    Command(#[from] CommandError),
    /// Too many blocks at once.
    #[error("expected at most {MINE_MAX_BLOCKS} blocks, got {0}")]
    TooManyBlocks(u64),
    /// The log can't be written.
    #[error("the chain has stopped: {0}")]
    Stopped(String),
}

/// The chain behind all requests.
pub(super) struct Shared {
    chain: RwLock<DevChain>,
    /// Held by whoever changes what is kept on disk.
    writer: Mutex<Writer>,
    /// Counts changes; whoever waits for news looks at the chain then.
    news: watch::Sender<u64>,
    blocks_stopped: AtomicBool,
    metadata: Mutex<MetadataCache>,
    /// Metadata of another chain's runtime that is like this one's first.
    like: OnceLock<Foreign>,
    pub(super) admin_token: Option<String>,
}

/// Metadata with its version.
struct Foreign {
    version: u32,
    encoded: Arc<Vec<u8>>,
}

struct Writer {
    journal: Journal,
    /// Why nothing more can be written.
    failure: Option<String>,
}

impl Shared {
    pub(super) fn new(chain: DevChain, journal: Journal, admin_token: Option<String>) -> Shared {
        Shared {
            chain: RwLock::new(chain),
            writer: Mutex::new(Writer {
                journal,
                failure: None,
            }),
            news: watch::Sender::new(0),
            blocks_stopped: AtomicBool::new(false),
            metadata: Mutex::new(BTreeMap::new()),
            like: OnceLock::new(),
            admin_token,
        }
    }

    /// Reads the chain.
    pub(super) fn read<T>(&self, read: impl FnOnce(&DevChain) -> T) -> T {
        read(&self.chain.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Follows changes of the chain.
    pub(super) fn news(&self) -> watch::Receiver<u64> {
        self.news.subscribe()
    }

    /// Takes an extrinsic into the pool, which isn't kept on disk.
    pub(super) fn submit(&self, bytes: &[u8]) -> Result<H256, SubmitError> {
        let submitted = self.write(|chain| chain.submit(bytes));
        if submitted.is_ok() {
            self.tell();
        }
        submitted
    }

    /// Makes one block; it is on disk before anyone sees it.
    pub(super) fn make_block(&self, timestamp_ms: u64) -> Result<u64, ChangeError> {
        let mut writer = self.writer()?;
        let built = self.read(|chain| chain.build(timestamp_ms));
        let event = Event::Block {
            timestamp_ms: built.timestamp_ms,
            extrinsics: built.included.clone(),
        };
        let kept = writer.journal.append(&[event]);
        writer.stop_on_error(kept)?;
        let best = self.write(|chain| {
            chain.add(built);
            chain.best_number()
        });
        self.finish(&mut writer)?;
        Ok(best)
    }

    /// Makes many blocks for a test, some of which may be seen a moment before they are on disk.
    pub(super) fn mine(&self, blocks: u64, timestamp_ms: Option<u64>) -> Result<u64, ChangeError> {
        if blocks > MINE_MAX_BLOCKS {
            return Err(ChangeError::TooManyBlocks(blocks));
        }
        let mut writer = self.writer()?;
        let mut left = blocks;
        while left > 0 {
            let events = self.write(|chain| make_some(chain, left, timestamp_ms));
            left = left.saturating_sub(events.len() as u64);
            let kept = writer.journal.append(&events);
            writer.stop_on_error(kept)?;
            self.finish(&mut writer)?;
        }
        Ok(self.read(DevChain::best_number))
    }

    /// Carries out a command, or lets it wait for the next block.
    pub(super) fn obey(&self, command: AdminCommand) -> Result<(), ChangeError> {
        let mut writer = self.writer()?;
        self.read(|chain| chain.check_command(&command))?;
        let kept = writer.journal.append(&[Event::Command(command.clone())]);
        writer.stop_on_error(kept)?;
        self.write(|chain| chain.command(command));
        self.finish(&mut writer)
    }

    /// Whether the clock makes no blocks at present.
    pub(super) fn blocks_are_stopped(&self) -> bool {
        self.blocks_stopped.load(Ordering::Relaxed)
    }

    /// Lets the clock make blocks, or not, until the next start.
    pub(super) fn stop_blocks(&self, stopped: bool) {
        self.blocks_stopped.store(stopped, Ordering::Relaxed);
    }

    /// Sets the metadata of the first runtime, once.
    pub(super) fn serve_metadata(&self, encoded: Vec<u8>) -> Result<(), MetadataError> {
        let version = metadata::version_of(&encoded)?;
        let encoded = Arc::new(encoded);
        let set = self.like.set(Foreign { version, encoded });
        set.map_err(|_| MetadataError::Twice)
    }

    /// The versions in which the metadata of a runtime can be had.
    pub(super) fn metadata_versions(&self, runtime: RuntimeVersion) -> Vec<u32> {
        let mut versions = metadata::VERSIONS.to_vec();
        let like = self.metadata_like(runtime).map(|foreign| foreign.version);
        versions.extend(like.filter(|version| !metadata::VERSIONS.contains(version)));
        versions
    }

    /// The metadata of a runtime, which takes a while to put together.
    pub(super) fn metadata(&self, version: u32, runtime: RuntimeVersion) -> Option<Arc<Vec<u8>>> {
        let like = self.metadata_like(runtime);
        if let Some(foreign) = like.filter(|foreign| foreign.version == version) {
            return Some(Arc::clone(&foreign.encoded));
        }
        let mut cache = self.metadata.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = cache.get(&(version, runtime)) {
            return Some(Arc::clone(known));
        }
        let encoded = Arc::new(metadata::encoded(version, runtime)?);
        while cache.len() >= METADATA_CACHE_MAX {
            cache.pop_first();
        }
        cache.insert((version, runtime), Arc::clone(&encoded));
        Some(encoded)
    }

    fn metadata_like(&self, runtime: RuntimeVersion) -> Option<&Foreign> {
        (runtime == RuntimeVersion::default()).then(|| self.like.get())?
    }

    fn write<T>(&self, write: impl FnOnce(&mut DevChain) -> T) -> T {
        write(&mut self.chain.write().unwrap_or_else(PoisonError::into_inner))
    }

    fn writer(&self) -> Result<std::sync::MutexGuard<'_, Writer>, ChangeError> {
        let writer = self.writer.lock().unwrap_or_else(PoisonError::into_inner);
        match &writer.failure {
            Some(failure) => Err(ChangeError::Stopped(failure.clone())),
            None => Ok(writer),
        }
    }

    fn finish(&self, writer: &mut Writer) -> Result<(), ChangeError> {
        let compacted = self.read(|chain| writer.journal.compact_if_long(chain));
        writer.stop_on_error(compacted)?;
        self.tell();
        Ok(())
    }

    fn tell(&self) {
        self.news
            .send_modify(|count| *count = count.wrapping_add(1));
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

/// Makes as many blocks as one write to the log holds, at most `count` and at least one.
fn make_some(chain: &mut DevChain, count: u64, timestamp_ms: Option<u64>) -> Vec<Event> {
    let mut events = Vec::new();
    let mut bytes = 0;
    for _ in 0..count.min(MINED_PER_WRITE) {
        let built = chain.build(timestamp_ms.unwrap_or_else(now_ms));
        bytes += built.included.iter().map(Vec::len).sum::<usize>();
        events.push(Event::Block {
            timestamp_ms: built.timestamp_ms,
            extrinsics: built.included.clone(),
        });
        chain.add(built);
        if bytes > LOG_WRITE_MAX_BYTES {
            break;
        }
    }
    events
}

/// The time in milliseconds since 1970.
pub(super) fn now_ms() -> u64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |since| {
            u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
        })
}
