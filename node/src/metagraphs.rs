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

use crate::storage::{MetagraphKind, Storage};

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
    known: Mutex<Known>,
    /// Held while the chain is asked, so that everybody who waits gets the same answer.
    asking: tokio::sync::Mutex<()>,
}

/// Metagraphs in memory, by kind and epoch.
type Known = BTreeMap<(MetagraphKind, u64), Arc<Metagraph>>;

impl Metagraphs {
    /// None yet.
    pub fn new(chain: Arc<dyn Chain>, storage: Storage) -> Metagraphs {
        Metagraphs {
            inner: Arc::new(Inner {
                chain,
                storage,
                known: Mutex::default(),
                asking: tokio::sync::Mutex::default(),
            }),
        }
    }

    /// The metagraph at the first finalised block of an epoch, if it was asked for before.
    pub fn known(&self, epoch: u64) -> Option<Arc<Metagraph>> {
        self.inner.find(MetagraphKind::First, epoch, None)
    }

    /// The metagraph at the first finalised block of an epoch.
    pub async fn of_epoch(&self, epoch: u64) -> Result<Arc<Metagraph>, ChainError> {
        self.inner.get(MetagraphKind::First, epoch, None).await
    }

    /// The metagraph at the block at which the weights of an epoch were computed.
    pub async fn pinned(&self, epoch: u64, block: Hash) -> Result<Arc<Metagraph>, ChainError> {
        let block = Some(block);
        self.inner.get(MetagraphKind::Pinned, epoch, block).await
    }
}

impl Inner {
    /// From memory, else the database, else the chain. Without a block, that of the epoch's start.
    async fn get(
        &self,
        kind: MetagraphKind,
        epoch: u64,
        block: Option<Hash>,
    ) -> Result<Arc<Metagraph>, ChainError> {
        if let Some(known) = self.find(kind, epoch, block) {
            return Ok(known);
        }
        let _turn = self.asking.lock().await;
        if let Some(known) = self.find(kind, epoch, block) {
            return Ok(known);
        }
        let stored = self.storage.metagraph(kind, epoch);
        let stored = stored.unwrap_or_else(|error| {
            warn!(epoch, %error, "the stored metagraph can't be read; asking the chain");
            None
        });
        let metagraph = match stored.filter(|stored| is_at(stored, block)) {
            Some(stored) => stored,
            None => self.ask(kind, epoch, block).await?,
        };
        let metagraph = Arc::new(metagraph);
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let of_kind = (kind, 0)..=(kind, u64::MAX);
        if known.range(of_kind.clone()).count() >= KEPT
            && let Some((oldest, _)) = known.range(of_kind).next()
        {
            let oldest = *oldest;
            known.remove(&oldest);
        }
        known.insert((kind, epoch), Arc::clone(&metagraph));
        Ok(metagraph)
    }

    /// Asks the chain and stores the answer.
    async fn ask(
        &self,
        kind: MetagraphKind,
        epoch: u64,
        block: Option<Hash>,
    ) -> Result<Metagraph, ChainError> {
        let block = match block {
            Some(block) => block,
            None => self.chain.epoch_start(epoch).await?.hash,
        };
        let metagraph = self.chain.metagraph(block).await?;
        if let Err(error) = self.storage.put_metagraph(kind, epoch, &metagraph) {
            warn!(epoch, %error, "the metagraph can't be stored");
        }
        Ok(metagraph)
    }

    fn find(&self, kind: MetagraphKind, epoch: u64, block: Option<Hash>) -> Option<Arc<Metagraph>> {
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let found = known.get(&(kind, epoch)).cloned();
        found.filter(|metagraph| is_at(metagraph, block))
    }
}

/// Whether it is the metagraph of a block, or of any where none is named.
fn is_at(metagraph: &Metagraph, block: Option<Hash>) -> bool {
    block.is_none_or(|block| metagraph.block().hash == block)
}
