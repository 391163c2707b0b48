//! The store: typed reads, atomic batches, durability.

use std::fs::File;
use std::ops::{Bound, ControlFlow};
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use serde::Serialize;
use serde::de::DeserializeOwned;

use assay_consensus::envelope::NetworkId;
use assay_consensus::hash::Hash;
use assay_consensus::ledger::LedgerTip;

use crate::batch::{Ops, WriteBatch};
use crate::error::StoreError;
use crate::limits::{SCAN_MAX_BYTES, SCAN_MAX_ENTRIES};
use crate::manifest::Manifest;
use crate::open::{self, OpenReport, StoreOptions};
use crate::raw::{KeyRange, Raw};
use crate::state_root::StateRoot;
use crate::table::{KeyPrefix, Order, Table, TableKey};
use crate::tables::{BLOCKS, META, META_NETWORK, META_STATE_ROOT, META_TIP, Meta};
use crate::watermark::Watermark;

/// A handle on the store; clones share it. All calls block: use them from blocking contexts.
#[derive(Clone)]
pub struct Store {
    pub(crate) shared: Arc<Shared>,
}

pub(crate) struct Shared {
    pub(crate) raw: Raw,
    /// Readers of more than one record hold it shared, so that they never see half a batch.
    latest: RwLock<Latest>,
    watermark: Mutex<Watermark>,
    _lock: File,
}

/// What follows every batch.
pub(crate) struct Latest {
    pub(crate) manifest: Manifest,
    pub(crate) network: Option<NetworkId>,
    pub(crate) tip: Option<LedgerTip>,
    pub(crate) state_root: StateRoot,
    /// Counts changes of the challenge state, so that writes prepared on an older one are noticed.
    pub(crate) state_version: u64,
}

impl Store {
    /// Opens or makes the store in a folder, verifying every record. A database that can't be
    /// trusted is moved aside and reported; the caller refills the store by sync.
    ///
    /// # Errors
    /// [`StoreError::Locked`] when another process has it open, [`StoreError::Io`] when the
    /// system refuses.
    pub fn open(dir: &Path, options: StoreOptions) -> Result<(Store, OpenReport), StoreError> {
        let opened = open::open(dir, options, |raw| load(raw).map(drop))?;
        let loaded = load(&opened.raw)?;
        let latest = Latest {
            manifest: opened.manifest,
            network: loaded.network,
            tip: loaded.tip,
            state_root: loaded.state_root,
            state_version: 0,
        };
        let shared = Shared {
            raw: opened.raw,
            latest: RwLock::new(latest),
            watermark: Mutex::new(opened.watermark),
            _lock: opened.lock,
        };
        let store = Store {
            shared: Arc::new(shared),
        };
        Ok((store, opened.report))
    }

    /// Binds a fresh store to a network and stores the tip that the genesis gives; on a store that
    /// is bound already it only checks the network. Returns the current tip.
    ///
    /// # Errors
    /// [`StoreError::WrongNetwork`] when it was made for another network,
    /// [`StoreError::RootDiffers`] when the genesis tip does not name the root of no state.
    pub fn init(&self, network: NetworkId, genesis: &LedgerTip) -> Result<LedgerTip, StoreError> {
        let mut latest = self.shared.write();
        match (latest.network, &latest.tip) {
            (Some(got), _) if got != network => Err(StoreError::WrongNetwork {
                expected: network,
                got,
            }),
            (Some(_), Some(tip)) => Ok(tip.clone()),
            _ => {
                let root = latest.state_root.root();
                if genesis.state_root != root {
                    return Err(StoreError::RootDiffers {
                        expected: root,
                        got: genesis.state_root,
                    });
                }
                let mut batch = WriteBatch::new();
                batch.put(&META, &META_NETWORK, &Meta::Network(network))?;
                batch.put(&META, &META_TIP, &Meta::Tip(Box::new(genesis.clone())))?;
                let bytes = latest.state_root.to_bytes();
                batch.put(&META, &META_STATE_ROOT, &Meta::StateRoot(bytes))?;
                latest.manifest = self.shared.raw.apply(&latest.manifest, &batch.into_ops())?;
                latest.network = Some(network);
                latest.tip = Some(genesis.clone());
                Ok(genesis.clone())
            }
        }
    }

    /// The tip of the ledger; nothing before [`Store::init`].
    pub fn tip(&self) -> Option<LedgerTip> {
        self.shared.read().tip.clone()
    }

    /// The root of the challenge state.
    pub fn state_root(&self) -> Hash {
        self.shared.read().state_root.root()
    }

    /// Reads a value.
    pub fn get<K, V>(&self, table: &Table<K, V>, key: &K) -> Result<Option<V>, StoreError>
    where
        K: TableKey,
        V: Serialize + DeserializeOwned,
    {
        let _consistent = self.shared.read();
        let bytes = self.shared.raw.get(&table.physical_key(key)?)?;
        bytes.map(|bytes| table.decode_value(&bytes)).transpose()
    }

    /// Whether there is a value.
    pub fn contains<K, V>(&self, table: &Table<K, V>, key: &K) -> Result<bool, StoreError>
    where
        K: TableKey,
        V: Serialize + DeserializeOwned,
    {
        self.shared.raw.contains(&table.physical_key(key)?)
    }

    /// Number of values in a table.
    pub fn count<K, V>(&self, table: &Table<K, V>) -> u64
    where
        K: TableKey,
        V: Serialize + DeserializeOwned,
    {
        self.shared.read().manifest.records(table.id())
    }

    /// Values whose keys lie in a range, at most `limit` (and [`SCAN_MAX_ENTRIES`]; reading also
    /// stops after [`SCAN_MAX_BYTES`]).
    pub fn range<K, V>(
        &self,
        table: &Table<K, V>,
        from: Bound<&K>,
        to: Bound<&K>,
        order: Order,
        limit: usize,
    ) -> Result<Vec<(K, V)>, StoreError>
    where
        K: TableKey,
        V: Serialize + DeserializeOwned,
    {
        let from = match bound(table, from)? {
            Bound::Unbounded => Bound::Included(vec![table.id()]),
            bounded => bounded,
        };
        let to = match bound(table, to)? {
            Bound::Unbounded => Bound::Excluded(vec![table.id() + 1]),
            bounded => bounded,
        };
        self.collect(table, (from, to), order, limit)
    }

    /// Values whose keys start with the leading part of a composite key, at most `limit`; limits
    /// as in [`Store::range`].
    pub fn prefix<K, V, P>(
        &self,
        table: &Table<K, V>,
        prefix: &P,
        order: Order,
        limit: usize,
    ) -> Result<Vec<(K, V)>, StoreError>
    where
        K: TableKey,
        V: Serialize + DeserializeOwned,
        P: KeyPrefix<K>,
    {
        let from = table.physical_key(prefix)?;
        let to = prefix_end(&from);
        self.collect(table, (Bound::Included(from), to), order, limit)
    }

    /// Applies a batch atomically. It survives a killed process, but power loss only after a
    /// flush.
    pub fn commit(&self, batch: WriteBatch) -> Result<(), StoreError> {
        if batch.is_empty() {
            return Ok(());
        }
        let mut latest = self.shared.write();
        latest.manifest = self.shared.raw.apply(&latest.manifest, &batch.into_ops())?;
        Ok(())
    }

    /// Applies a batch atomically and makes it durable before it returns.
    pub fn commit_durable(&self, batch: WriteBatch) -> Result<(), StoreError> {
        self.commit(batch)?;
        self.flush()
    }

    /// Makes everything committed so far survive power loss. Callers that wait at the same time
    /// share one sync.
    pub fn flush(&self) -> Result<(), StoreError> {
        let wanted = self.shared.read().manifest.commits;
        let mut watermark = lock(&self.shared.watermark);
        if watermark.commits() >= wanted {
            return Ok(());
        }
        let commits = self.shared.read().manifest.commits;
        self.shared.raw.flush()?;
        watermark
            .raise(commits)
            .map_err(StoreError::io("writing the watermark"))
    }

    fn collect<K, V>(
        &self,
        table: &Table<K, V>,
        bounds: KeyRange,
        order: Order,
        limit: usize,
    ) -> Result<Vec<(K, V)>, StoreError>
    where
        K: TableKey,
        V: Serialize + DeserializeOwned,
    {
        let limit = limit.min(SCAN_MAX_ENTRIES);
        let mut found = Vec::new();
        if limit == 0 {
            return Ok(found);
        }
        let mut size_bytes = 0usize;
        let _consistent = self.shared.read();
        self.shared.raw.scan(bounds, order, true, |key, value| {
            size_bytes = size_bytes.saturating_add(value.len());
            found.push((table.decode_key(&key)?, table.decode_value(&value)?));
            Ok(if found.len() >= limit || size_bytes >= SCAN_MAX_BYTES {
                ControlFlow::Break(())
            } else {
                ControlFlow::Continue(())
            })
        })?;
        Ok(found)
    }
}

impl Shared {
    // A panic elsewhere can't leave `Latest` half-changed: it is only assigned after a batch was
    // applied. So a poisoned lock is as good as any.
    pub(crate) fn read(&self) -> RwLockReadGuard<'_, Latest> {
        self.latest.read().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn write(&self) -> RwLockWriteGuard<'_, Latest> {
        self.latest.write().unwrap_or_else(PoisonError::into_inner)
    }

    /// Applies operations that touch the store's own records and takes over what they say.
    pub(crate) fn apply_and_reload(
        &self,
        latest: &mut Latest,
        ops: &Ops,
    ) -> Result<(), StoreError> {
        latest.manifest = self.raw.apply(&latest.manifest, ops)?;
        let loaded = load(&self.raw)?;
        latest.tip = loaded.tip;
        latest.state_root = loaded.state_root;
        latest.state_version += 1;
        Ok(())
    }
}

/// The store's own records.
struct Loaded {
    network: Option<NetworkId>,
    tip: Option<LedgerTip>,
    state_root: StateRoot,
}

/// Reads the store's own records and checks that they fit each other.
fn load(raw: &Raw) -> Result<Loaded, StoreError> {
    let corrupt = |reason: &str| StoreError::Corrupt(reason.into());
    let read = |key: u8| -> Result<Option<Meta>, StoreError> {
        raw.get(&META.physical_key(&key)?)?
            .map(|bytes| META.decode_value(&bytes))
            .transpose()
            .map_err(|error| StoreError::Corrupt(error.to_string()))
    };
    let loaded = match (read(META_NETWORK)?, read(META_TIP)?, read(META_STATE_ROOT)?) {
        (None, None, None) => {
            return Ok(Loaded {
                network: None,
                tip: None,
                state_root: StateRoot::empty(),
            });
        }
        (Some(Meta::Network(network)), Some(Meta::Tip(tip)), Some(Meta::StateRoot(bytes))) => {
            Loaded {
                network: Some(network),
                tip: Some(*tip),
                state_root: StateRoot::from_bytes(&bytes)
                    .ok_or_else(|| corrupt("the state root has a wrong length"))?,
            }
        }
        _ => return Err(corrupt("network, tip and state root don't go together")),
    };
    if let Some(tip) = &loaded.tip {
        if tip.state_root != loaded.state_root.root() {
            return Err(corrupt("the tip names another state root"));
        }
        if tip.height > 0 {
            let block = raw
                .get(&BLOCKS.physical_key(&tip.height)?)?
                .map(|bytes| BLOCKS.decode_value(&bytes))
                .transpose()
                .map_err(|error| StoreError::Corrupt(error.to_string()))?;
            if block.is_none_or(|decided| decided.block.id() != tip.block) {
                return Err(corrupt("the block of the tip is missing or another one"));
            }
        }
    }
    Ok(loaded)
}

fn bound<K, V>(table: &Table<K, V>, bound: Bound<&K>) -> Result<Bound<Vec<u8>>, StoreError>
where
    K: TableKey,
    V: Serialize + DeserializeOwned,
{
    Ok(match bound {
        Bound::Included(key) => Bound::Included(table.physical_key(key)?),
        Bound::Excluded(key) => Bound::Excluded(table.physical_key(key)?),
        Bound::Unbounded => Bound::Unbounded,
    })
}

/// The first key behind all keys with a prefix.
pub(crate) fn prefix_end(prefix: &[u8]) -> Bound<Vec<u8>> {
    let mut end = prefix.to_vec();
    while let Some(last) = end.pop() {
        if last < u8::MAX {
            end.push(last + 1);
            return Bound::Excluded(end);
        }
    }
    Bound::Unbounded
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
