//! The chain on disk: a snapshot and the events since, in the same log that validators keep their
//! signatures in. The same events always give the same chain.

use std::path::Path;

use assay_store::{Wal, WalError};
use parity_scale_codec::{DecodeAll, Encode};

use crate::chain::{ChainConfig, ConfigError, DevChain, Event, Snapshot, SnapshotError};
use crate::limits::{LOG_MAX_BYTES, LOG_RECORDS_MAX, SNAPSHOT_PART_BYTES};

/// Why a chain could not be opened or kept.
#[derive(Debug, thiserror::Error)]
pub enum JournalError {
    /// The log failed.
    #[error(transparent)]
    Wal(#[from] WalError),
    /// The configuration makes no chain.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// The snapshot makes no chain.
    #[error(transparent)]
    Snapshot(#[from] SnapshotError),
    /// The log is no chain's log.
    #[error("record {record} of the chain's log: {reason}")]
    Malformed {
        /// Position in the log.
        record: usize,
        /// What is wrong with it.
        reason: String,
    },
    /// The folder holds a chain with other rules.
    #[error("the chain in this folder was made with another configuration")]
    OtherConfig,
}

/// Kinds of records, the first byte of each.
mod kind {
    /// Part of a snapshot; more follow.
    pub(super) const SNAPSHOT_PART: u8 = 1;
    /// The last part of a snapshot.
    pub(super) const SNAPSHOT_END: u8 = 2;
    /// An event after the snapshot.
    pub(super) const EVENT: u8 = 3;
}

/// The open log of a chain.
pub(crate) struct Journal {
    wal: Wal,
    events: usize,
}

impl Journal {
    /// Opens the chain in a folder, or makes one.
    pub(crate) fn open(
        dir: &Path,
        config: &ChainConfig,
        now_ms: u64,
    ) -> Result<(Journal, DevChain), JournalError> {
        let (wal, opened) = Wal::open(&dir.join("chain.log"))?;
        let mut journal = Journal { wal, events: 0 };
        if opened.records.is_empty() {
            let chain = DevChain::new(config.clone(), now_ms)?;
            journal.rewrite(&chain)?;
            return Ok((journal, chain));
        }
        let chain = journal.replay(&opened.records)?;
        if chain.config() != config {
            return Err(JournalError::OtherConfig);
        }
        Ok((journal, chain))
    }

    /// Makes events durable, all of them or none.
    pub(crate) fn append(&mut self, events: &[Event]) -> Result<(), JournalError> {
        let records: Vec<Vec<u8>> = events
            .iter()
            .map(|event| record(kind::EVENT, &event.encode()))
            .collect();
        self.wal.append(&records)?;
        self.events += events.len();
        Ok(())
    }

    /// Replaces a long log by a snapshot of the chain that it leads to.
    pub(crate) fn compact_if_long(&mut self, chain: &DevChain) -> Result<(), JournalError> {
        if self.events < LOG_RECORDS_MAX && self.wal.len_bytes() < LOG_MAX_BYTES {
            return Ok(());
        }
        self.rewrite(chain)
    }

    fn replay(&mut self, records: &[impl AsRef<[u8]>]) -> Result<DevChain, JournalError> {
        let mut snapshot = Vec::new();
        let mut chain: Option<DevChain> = None;
        for (position, bytes) in records.iter().enumerate() {
            let malformed = |reason: String| JournalError::Malformed {
                record: position,
                reason,
            };
            match (bytes.as_ref().split_first(), &mut chain) {
                (Some((&kind::SNAPSHOT_PART, part)), None) => snapshot.extend_from_slice(part),
                (Some((&kind::SNAPSHOT_END, part)), None) => {
                    snapshot.extend_from_slice(part);
                    let decoded = Snapshot::decode_all(&mut snapshot.as_slice())
                        .map_err(|error| malformed(error.to_string()))?;
                    chain = Some(DevChain::restore(decoded)?);
                }
                (Some((&kind::EVENT, mut event)), Some(chain)) => {
                    let event = Event::decode_all(&mut event)
                        .map_err(|error| malformed(error.to_string()))?;
                    chain.replay(event);
                    self.events += 1;
                }
                _ => return Err(malformed("expected a snapshot, then events".into())),
            }
        }
        chain.ok_or_else(|| JournalError::Malformed {
            record: records.len(),
            reason: "the snapshot is incomplete".into(),
        })
    }

    fn rewrite(&mut self, chain: &DevChain) -> Result<(), JournalError> {
        let snapshot = chain.snapshot().encode();
        let parts: Vec<&[u8]> = snapshot.chunks(SNAPSHOT_PART_BYTES).collect();
        let last = parts.len().saturating_sub(1);
        let records: Vec<Vec<u8>> = parts
            .into_iter()
            .enumerate()
            .map(|(position, part)| {
                let is_last = position == last;
                let kind = if is_last {
                    kind::SNAPSHOT_END
                } else {
                    kind::SNAPSHOT_PART
                };
                record(kind, part)
            })
            .collect();
        self.wal.rewrite(&records)?;
        self.events = 0;
        Ok(())
    }
}

fn record(kind: u8, content: &[u8]) -> Vec<u8> {
    let mut record = vec![kind];
    record.extend_from_slice(content);
    record
}
