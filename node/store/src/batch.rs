//! Writes over any tables, collected to be applied at once.

use std::collections::BTreeMap;

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::error::StoreError;
use crate::limits::BATCH_MAX_BYTES;
use crate::table::{Table, TableKey};

/// Physical keys with their new values; nothing deletes.
pub(crate) type Ops = BTreeMap<Vec<u8>, Option<Vec<u8>>>;

/// Writes over any tables. Of several writes to one key the last counts.
#[derive(Debug, Clone, Default)]
pub struct WriteBatch {
    ops: Ops,
    size_bytes: usize,
}

impl WriteBatch {
    /// An empty batch.
    pub fn new() -> WriteBatch {
        WriteBatch::default()
    }

    /// Sets a value.
    pub fn put<K, V>(&mut self, table: &Table<K, V>, key: &K, value: &V) -> Result<(), StoreError>
    where
        K: TableKey,
        V: Serialize + DeserializeOwned,
    {
        let value = table.encode_value(value)?;
        self.push(table.physical_key(key)?, Some(value))
    }

    /// Deletes a value; nothing happens if there is none.
    pub fn delete<K, V>(&mut self, table: &Table<K, V>, key: &K) -> Result<(), StoreError>
    where
        K: TableKey,
        V: Serialize + DeserializeOwned,
    {
        self.push(table.physical_key(key)?, None)
    }

    /// Whether nothing would be written.
    pub fn is_empty(&self) -> bool {
        self.ops.is_empty()
    }

    pub(crate) fn push(&mut self, key: Vec<u8>, value: Option<Vec<u8>>) -> Result<(), StoreError> {
        self.size_bytes += key.len() + value.as_ref().map_or(0, Vec::len);
        if self.size_bytes > BATCH_MAX_BYTES {
            return Err(StoreError::BatchTooLarge {
                limit_bytes: BATCH_MAX_BYTES,
                got_bytes: self.size_bytes,
            });
        }
        self.ops.insert(key, value);
        Ok(())
    }

    pub(crate) fn into_ops(self) -> Ops {
        self.ops
    }
}
