//! Metagraphs that the node needs again and again: asked of the chain once, kept in the database,
//! since nodes of the chain forget old states within the hour.
//!
//! Two per epoch: that of the epoch's first block says who votes, that of the block at which its
//! weights were computed says which uids are paid.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use tracing::warn;

use assay_chain::{Chain, ChainError, Metagraph};
use assay_consensus::hash::Hash;

use crate::storage::Storage;

/// Metagraphs of each kind in memory.
const KEPT: usize = 24;

/// Cheap to clone.
#[derive(Clone)]
pub struct Metagraphs {
    inner: Arc<Inner>,
}

struct Inner {
    chain: Arc<dyn Chain>,
    storage: Storage,
    epochs: Mutex<BTreeMap<u64, Arc<Metagraph>>>,
    pinned: Mutex<BTreeMap<u64, Arc<Metagraph>>>,
    /// Held while the chain is asked, so that everybody who waits gets the same answer.
    asking: tokio::sync::Mutex<()>,
}

impl Metagraphs {
    /// None yet.
    pub fn new(chain: Arc<dyn Chain>, storage: Storage) -> Metagraphs {
        Metagraphs {
            inner: Arc::new(Inner {
                chain,
                storage,
                epochs: Mutex::default(),
                pinned: Mutex::default(),
                asking: tokio::sync::Mutex::default(),
            }),
        }
    }

    /// The metagraph at the first finalised block of an epoch, if it was asked for before.
    pub fn known(&self, epoch: u64) -> Option<Arc<Metagraph>> {
        find(&self.inner.epochs, epoch)
    }

    /// The metagraph at the first finalised block of an epoch.
    pub async fn of_epoch(&self, epoch: u64) -> Result<Arc<Metagraph>, ChainError> {
        if let Some(known) = self.known(epoch) {
            return Ok(known);
        }
        let _turn = self.inner.asking.lock().await;
        if let Some(known) = self.known(epoch) {
            return Ok(known);
        }
        let storage = &self.inner.storage;
        let stored = storage.metagraph(epoch).unwrap_or_else(|error| {
            warn!(epoch, %error, "the stored metagraph can't be read; asking the chain");
            None
        });
        let metagraph = match stored {
            Some(stored) => stored,
            None => {
                let start = self.inner.chain.epoch_start(epoch).await?;
                let metagraph = self.inner.chain.metagraph(start.hash).await?;
                if let Err(error) = storage.put_metagraph(epoch, &metagraph) {
                    warn!(epoch, %error, "the metagraph can't be stored");
                }
                metagraph
            }
        };
        Ok(keep(&self.inner.epochs, epoch, metagraph))
    }

    /// The metagraph at the block at which the weights of an epoch were computed.
    pub async fn pinned(&self, epoch: u64, block: Hash) -> Result<Arc<Metagraph>, ChainError> {
        let is_it = |metagraph: &Arc<Metagraph>| metagraph.block().hash == block;
        if let Some(known) = find(&self.inner.pinned, epoch).filter(is_it) {
            return Ok(known);
        }
        let _turn = self.inner.asking.lock().await;
        if let Some(known) = find(&self.inner.pinned, epoch).filter(is_it) {
            return Ok(known);
        }
        let storage = &self.inner.storage;
        let stored = storage.pinned_metagraph(epoch).unwrap_or_else(|error| {
            warn!(epoch, %error, "the stored metagraph can't be read; asking the chain");
            None
        });
        let metagraph = match stored.filter(|stored| stored.block().hash == block) {
            Some(stored) => stored,
            None => {
                let metagraph = self.inner.chain.metagraph(block).await?;
                if let Err(error) = storage.put_pinned_metagraph(epoch, &metagraph) {
                    warn!(epoch, %error, "the metagraph can't be stored");
                }
                metagraph
            }
        };
        Ok(keep(&self.inner.pinned, epoch, metagraph))
    }
}

fn find(known: &Mutex<BTreeMap<u64, Arc<Metagraph>>>, epoch: u64) -> Option<Arc<Metagraph>> {
    let known = known.lock().unwrap_or_else(PoisonError::into_inner);
    known.get(&epoch).cloned()
}

/// Keeps the newest epochs and the one just found.
fn keep(
    known: &Mutex<BTreeMap<u64, Arc<Metagraph>>>,
    epoch: u64,
    metagraph: Metagraph,
) -> Arc<Metagraph> {
    let metagraph = Arc::new(metagraph);
    let mut known = known.lock().unwrap_or_else(PoisonError::into_inner);
    while known.len() >= KEPT {
        known.pop_first();
    }
    known.insert(epoch, Arc::clone(&metagraph));
    metagraph
}
