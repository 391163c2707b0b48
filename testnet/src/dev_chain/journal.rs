//! The chain on disk: a snapshot and the events since, in the same log that validators keep their
//! signatures in, so a killed server finds every block that it ever showed.

use std::path::Path;

use serde::{Deserialize, Serialize};

use assay_store::{Wal, WalError};

use super::chain::{DevChain, Event};
use super::config::{ConfigError, DevChainConfig};
use super::limits::{LOG_RECORDS_MAX, SNAPSHOT_PART_BYTES};

/// Why a chain could not be opened or kept.
#[derive(Debug, thiserror::Error)]
pub enum JournalError {
    /// The log failed.
    #[error(transparent)]
    Wal(#[from] WalError),
    /// The configuration makes no chain.
    #[error(transparent)]
    Config(#[from] ConfigError),
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

#[derive(Serialize, Deserialize)]
enum Record {
    /// Part of a snapshot's JSON; the parts follow each other, the last one completes it.
    Snapshot { part: String, is_last: bool },
    /// An event after the snapshot.
    Event(Event),
}

/// The open log of a chain.
pub(super) struct Journal {
    wal: Wal,
    events: usize,
}

impl Journal {
    /// Opens the chain in a folder, or makes one.
    pub(super) fn open(
        dir: &Path,
        config: &DevChainConfig,
        now_ms: u64,
    ) -> Result<(Journal, DevChain), JournalError> {
        let (wal, opened) = Wal::open(&dir.join("chain.log"))?;
        let mut journal = Journal { wal, events: 0 };
        if opened.records.is_empty() {
            let chain = DevChain::new(config.clone(), now_ms)?;
            journal.rewrite(&chain)?;
            return Ok((journal, chain));
        }
        let mut snapshot = String::new();
        let mut chain: Option<DevChain> = None;
        for (record, bytes) in opened.records.iter().enumerate() {
            let malformed = |reason: String| JournalError::Malformed { record, reason };
            let parsed =
                serde_json::from_slice(bytes).map_err(|error| malformed(error.to_string()))?;
            match (parsed, &mut chain) {
                (Record::Snapshot { part, is_last }, None) => {
                    snapshot.push_str(&part);
                    if is_last {
                        let parsed = serde_json::from_str(&snapshot)
                            .map_err(|error| malformed(error.to_string()))?;
                        chain = Some(parsed);
                    }
                }
                (Record::Event(event), Some(chain)) => {
                    chain.apply(&event);
                    journal.events += 1;
                }
                _ => return Err(malformed("expected a snapshot, then events".into())),
            }
        }
        let chain = chain.ok_or_else(|| JournalError::Malformed {
            record: opened.records.len(),
            reason: "the snapshot is incomplete".into(),
        })?;
        if chain.config() != config {
            return Err(JournalError::OtherConfig);
        }
        Ok((journal, chain))
    }

    /// Makes events durable, all of them or none.
    pub(super) fn append(&mut self, events: &[Event]) -> Result<(), JournalError> {
        let records: Vec<Vec<u8>> = events
            .iter()
            .map(|event| encode(&Record::Event(event.clone())))
            .collect();
        self.wal.append(&records)?;
        self.events += events.len();
        Ok(())
    }

    /// Replaces a long log by a snapshot of the chain that it leads to.
    pub(super) fn compact_if_long(&mut self, chain: &DevChain) -> Result<(), JournalError> {
        if self.events < LOG_RECORDS_MAX {
            return Ok(());
        }
        self.rewrite(chain)
    }

    fn rewrite(&mut self, chain: &DevChain) -> Result<(), JournalError> {
        // Serialising the chain to memory has no way to fail: maps have string-like keys.
        let snapshot = serde_json::to_string(chain).unwrap_or_default();
        let parts = split_text(&snapshot, SNAPSHOT_PART_BYTES);
        let last = parts.len().saturating_sub(1);
        let records: Vec<Vec<u8>> = parts
            .into_iter()
            .enumerate()
            .map(|(position, part)| {
                encode(&Record::Snapshot {
                    part: part.into(),
                    is_last: position == last,
                })
            })
            .collect();
        self.wal.rewrite(&records)?;
        self.events = 0;
        Ok(())
    }
}

fn encode(record: &Record) -> Vec<u8> {
    serde_json::to_vec(record).unwrap_or_default()
}

/// Cuts a text into pieces of about `bytes`, never inside a character.
fn split_text(mut text: &str, bytes: usize) -> Vec<&str> {
    let mut parts = Vec::new();
    while !text.is_empty() {
        let mut end = bytes.min(text.len());
        while !text.is_char_boundary(end) {
            end += 1;
        }
        let (part, rest) = text.split_at(end);
        parts.push(part);
        text = rest;
    }
    parts
}
