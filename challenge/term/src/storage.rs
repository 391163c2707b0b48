//! Keys of the challenge's storage and typed access to them.

use alloc::{
    format,
    string::{String, ToString},
    vec::Vec,
};

use assay_challenge_sdk::{Host, HostError, Hotkey, abi::codec};
use serde::{Serialize, de::DeserializeOwned};
use thiserror::Error;

use crate::{
    limits::{MINERS_MAX, RECORD_MAX_BYTES},
    params::TermParams,
    records::{
        AgentCode, AstReviewResult, MinerRecord, Stats, SubmissionName, SubmissionRecord,
        TopAgentState,
    },
};

const PARAMS_KEY: &[u8] = b"config:params";
const TOP_AGENT_KEY: &[u8] = b"top_agent_state";
const STATS_KEY: &[u8] = b"stats";
const MINER_PREFIX: &str = "leaderboard:";

/// Storage that fails or holds something else than this version writes.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum StorageError {
    /// The host failed.
    #[error(transparent)]
    Host(#[from] HostError),
    /// The value isn't a record of this version.
    #[error("storage key {key:?} holds no valid record: {reason}")]
    Record {
        /// Which.
        key: String,
        /// Why.
        reason: String,
    },
}

/// Typed access to a host's storage.
pub struct Store<'a, H: ?Sized> {
    host: &'a H,
}

impl<'a, H: Host + ?Sized> Store<'a, H> {
    /// Access through this host.
    pub const fn new(host: &'a H) -> Self {
        Self { host }
    }

    /// The parameters of the last evaluation or `configure` call.
    pub fn params(&self) -> Result<Option<TermParams>, StorageError> {
        let Some(bytes) = self.host.storage_get(PARAMS_KEY)? else {
            return Ok(None);
        };
        TermParams::from_bytes(&bytes)
            .map(Some)
            .map_err(|error| broken(PARAMS_KEY, &error))
    }

    /// Keeps the parameters for calls that come without; they are written only when they change.
    pub fn set_params(&self, bytes: &[u8]) -> Result<(), StorageError> {
        if self.host.storage_get(PARAMS_KEY)?.as_deref() != Some(bytes) {
            self.host.storage_set(PARAMS_KEY, bytes)?;
        }
        Ok(())
    }

    /// The leader.
    pub fn top_agent(&self) -> Result<Option<TopAgentState>, StorageError> {
        self.get(TOP_AGENT_KEY)
    }

    /// Sets the leader.
    pub fn set_top_agent(&self, state: &TopAgentState) -> Result<(), StorageError> {
        self.set(TOP_AGENT_KEY, state)
    }

    /// The counters.
    pub fn stats(&self) -> Result<Stats, StorageError> {
        Ok(self.get(STATS_KEY)?.unwrap_or_default())
    }

    /// Sets the counters.
    pub fn set_stats(&self, stats: &Stats) -> Result<(), StorageError> {
        self.set(STATS_KEY, stats)
    }

    /// A miner, if it ever submitted.
    pub fn miner(&self, hotkey: &Hotkey) -> Result<Option<MinerRecord>, StorageError> {
        self.get(&miner_key(hotkey))
    }

    /// Sets a miner.
    pub fn set_miner(&self, miner: &MinerRecord) -> Result<(), StorageError> {
        self.set(&miner_key(&miner.hotkey()), miner)
    }

    /// All miners, by hotkey.
    pub fn miners(&self) -> Result<Vec<MinerRecord>, StorageError> {
        let entries = self
            .host
            .storage_list_prefix(MINER_PREFIX.as_bytes(), MINERS_MAX)?;
        entries
            .iter()
            .map(|(key, value)| decode(key, value))
            .collect()
    }

    /// Ids of a miner's last submissions, oldest first.
    pub fn history(&self, hotkey: &Hotkey) -> Result<Vec<[u8; 32]>, StorageError> {
        Ok(self.get(&history_key(hotkey))?.unwrap_or_default())
    }

    /// Sets a miner's history.
    pub fn set_history(&self, hotkey: &Hotkey, ids: &[[u8; 32]]) -> Result<(), StorageError> {
        self.set(&history_key(hotkey), ids)
    }

    /// A submission.
    pub fn submission(&self, id: &[u8; 32]) -> Result<Option<SubmissionRecord>, StorageError> {
        self.get(&submission_key(id))
    }

    /// Sets a submission.
    pub fn set_submission(&self, record: &SubmissionRecord) -> Result<(), StorageError> {
        self.set(&submission_key(&record.id), record)
    }

    /// Id of the submission with this number, counted from 0 in ledger order.
    pub fn submission_at(&self, order: u64) -> Result<Option<[u8; 32]>, StorageError> {
        self.get(&order_key(order))
    }

    /// Sets the id of a submission's number.
    pub fn set_submission_at(&self, order: u64, id: &[u8; 32]) -> Result<(), StorageError> {
        self.set(&order_key(order), id)
    }

    /// A registered name.
    pub fn name(&self, name: &str) -> Result<Option<SubmissionName>, StorageError> {
        self.get(&name_key(name))
    }

    /// Registers or updates a name.
    pub fn set_name(&self, record: &SubmissionName) -> Result<(), StorageError> {
        self.set(&name_key(&record.name), record)
    }

    /// The review of a submission's sources.
    pub fn ast_review(&self, id: &[u8; 32]) -> Result<Option<AstReviewResult>, StorageError> {
        self.get(&ast_key(id))
    }

    /// Sets the review of a submission's sources.
    pub fn set_ast_review(
        &self,
        id: &[u8; 32],
        review: &AstReviewResult,
    ) -> Result<(), StorageError> {
        self.set(&ast_key(id), review)
    }

    /// The package that a miner submitted in an epoch.
    pub fn agent_code(
        &self,
        hotkey: &Hotkey,
        epoch: u64,
    ) -> Result<Option<AgentCode>, StorageError> {
        self.get(&agent_key("agent_code", hotkey, epoch))
    }

    /// Sets the package and its hash.
    pub fn set_agent_code(
        &self,
        hotkey: &Hotkey,
        epoch: u64,
        agent_hash: &[u8; 32],
        code: &AgentCode,
    ) -> Result<(), StorageError> {
        self.set(&agent_key("agent_code", hotkey, epoch), code)?;
        let hash_key = agent_key("agent_hash", hotkey, epoch);
        Ok(self
            .host
            .storage_set(&hash_key, hex::encode(agent_hash).as_bytes())?)
    }

    /// The logs, as JSON.
    pub fn agent_logs(&self, hotkey: &Hotkey, epoch: u64) -> Result<Option<Vec<u8>>, StorageError> {
        Ok(self
            .host
            .storage_get(&agent_key("agent_logs", hotkey, epoch))?)
    }

    /// Sets the logs.
    pub fn set_agent_logs(
        &self,
        hotkey: &Hotkey,
        epoch: u64,
        json: &[u8],
    ) -> Result<(), StorageError> {
        Ok(self
            .host
            .storage_set(&agent_key("agent_logs", hotkey, epoch), json)?)
    }

    fn get<T: DeserializeOwned>(&self, key: &[u8]) -> Result<Option<T>, StorageError> {
        let Some(bytes) = self.host.storage_get(key)? else {
            return Ok(None);
        };
        decode(key, &bytes).map(Some)
    }

    fn set<T: Serialize + ?Sized>(&self, key: &[u8], value: &T) -> Result<(), StorageError> {
        let bytes = codec::encode(value).map_err(HostError::from)?;
        Ok(self.host.storage_set(key, &bytes)?)
    }
}

fn decode<T: DeserializeOwned>(key: &[u8], value: &[u8]) -> Result<T, StorageError> {
    codec::decode_exact(value, RECORD_MAX_BYTES).map_err(|error| broken(key, &error))
}

fn broken(key: &[u8], error: &dyn core::fmt::Display) -> StorageError {
    StorageError::Record {
        key: String::from_utf8_lossy(key).into_owned(),
        reason: error.to_string(),
    }
}

fn miner_key(hotkey: &Hotkey) -> Vec<u8> {
    format!("{MINER_PREFIX}{}", hotkey.to_hex()).into_bytes()
}

fn history_key(hotkey: &Hotkey) -> Vec<u8> {
    format!("history:{}", hotkey.to_hex()).into_bytes()
}

fn submission_key(id: &[u8; 32]) -> Vec<u8> {
    format!("submission:{}", hex::encode(id)).into_bytes()
}

fn order_key(order: u64) -> Vec<u8> {
    format!("submission_order:{order:020}").into_bytes()
}

/// Names that differ only in case are the same name.
fn name_key(name: &str) -> Vec<u8> {
    format!("name_registry:{}", name.to_lowercase()).into_bytes()
}

fn ast_key(id: &[u8; 32]) -> Vec<u8> {
    format!("ast_review:{}", hex::encode(id)).into_bytes()
}

/// `<kind>:<hotkey as hex>:<epoch as u64 LE>`.
fn agent_key(kind: &str, hotkey: &Hotkey, epoch: u64) -> Vec<u8> {
    let mut key = format!("{kind}:{}:", hotkey.to_hex()).into_bytes();
    key.extend_from_slice(&epoch.to_le_bytes());
    key
}
