//! Typed tables: what a table's keys and values are, and how keys are ordered.
//!
//! All tables live in one sled tree, each under its own first byte, because sled applies a batch
//! atomically only within one tree and a block must be applied in one write.

use core::marker::PhantomData;

use serde::Serialize;
use serde::de::DeserializeOwned;

use assay_consensus::codec;
use assay_consensus::hash::Hash;
use assay_consensus::keys::Hotkey;
use assay_consensus::submission::SubmissionId;

use crate::error::StoreError;
use crate::limits::PHYSICAL_KEY_MAX_BYTES;

/// First table byte that the store keeps for itself.
pub(crate) const FIRST_INTERNAL_TABLE: u8 = 0xF0;

/// A typed table: keys in byte order, values in bincode.
#[derive(Debug)]
pub struct Table<K, V> {
    id: u8,
    name: &'static str,
    value_max_bytes: usize,
    types: PhantomData<fn() -> (K, V)>,
}

/// Direction of a range read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Order {
    /// Smallest key first.
    Ascending,
    /// Largest key first.
    Descending,
}

/// A key whose encoding sorts like the key itself.
pub trait TableKey: Sized {
    /// Appends the encoding.
    fn write(&self, out: &mut Vec<u8>);
    /// Takes one key off the front; nothing if the bytes are no such key.
    fn read(bytes: &mut &[u8]) -> Option<Self>;
}

/// A leading part of a composite key.
pub trait KeyPrefix<K>: TableKey {}

impl<A: TableKey, B> KeyPrefix<(A, B)> for A {}
impl<A: TableKey, B, C> KeyPrefix<(A, B, C)> for A {}
impl<A: TableKey, B: TableKey, C> KeyPrefix<(A, B, C)> for (A, B) {}

impl<K: TableKey, V: Serialize + DeserializeOwned> Table<K, V> {
    /// Defines a table. `id` must be unique among all tables of the database and below `0xF0`.
    pub const fn new(id: u8, name: &'static str, value_max_bytes: usize) -> Table<K, V> {
        assert!(id < FIRST_INTERNAL_TABLE, "ids from 0xF0 on are internal");
        Table {
            id,
            name,
            value_max_bytes,
            types: PhantomData,
        }
    }

    /// Name for errors and tools.
    pub fn name(&self) -> &'static str {
        self.name
    }

    pub(crate) fn id(&self) -> u8 {
        self.id
    }

    pub(crate) fn physical_key(&self, key: &impl TableKey) -> Result<Vec<u8>, StoreError> {
        let mut physical = vec![self.id];
        key.write(&mut physical);
        if physical.len() > PHYSICAL_KEY_MAX_BYTES {
            return Err(StoreError::KeyTooLong {
                table: self.name,
                limit_bytes: PHYSICAL_KEY_MAX_BYTES,
                got_bytes: physical.len(),
            });
        }
        Ok(physical)
    }

    pub(crate) fn decode_key(&self, physical: &[u8]) -> Result<K, StoreError> {
        let mut rest = physical.get(1..).unwrap_or_default();
        K::read(&mut rest)
            .filter(|_| rest.is_empty())
            .ok_or_else(|| {
                StoreError::Corrupt(format!(
                    "table {}: {} is no key of it",
                    self.name,
                    hex::encode(physical)
                ))
            })
    }

    pub(crate) fn encode_value(&self, value: &V) -> Result<Vec<u8>, StoreError> {
        let bytes = codec::encode(value);
        if bytes.len() > self.value_max_bytes {
            return Err(StoreError::ValueTooLarge {
                table: self.name,
                limit_bytes: self.value_max_bytes,
                got_bytes: bytes.len(),
            });
        }
        Ok(bytes)
    }

    pub(crate) fn decode_value(&self, bytes: &[u8]) -> Result<V, StoreError> {
        codec::decode(bytes, self.value_max_bytes).map_err(|error| StoreError::Decode {
            table: self.name,
            error,
        })
    }
}

macro_rules! big_endian_key {
    ($($int:ty),*) => {
        $(impl TableKey for $int {
            fn write(&self, out: &mut Vec<u8>) {
                out.extend_from_slice(&self.to_be_bytes());
            }

            fn read(bytes: &mut &[u8]) -> Option<Self> {
                let (head, rest) = bytes.split_first_chunk()?;
                *bytes = rest;
                Some(<$int>::from_be_bytes(*head))
            }
        })*
    };
}

big_endian_key!(u8, u16, u32, u64);

macro_rules! bytes_key {
    ($($name:ty => $make:expr, $get:expr;)*) => {
        $(impl TableKey for $name {
            fn write(&self, out: &mut Vec<u8>) {
                out.extend_from_slice(&$get(self));
            }

            fn read(bytes: &mut &[u8]) -> Option<Self> {
                let (head, rest) = bytes.split_first_chunk::<32>()?;
                *bytes = rest;
                Some($make(*head))
            }
        })*
    };
}

bytes_key! {
    Hash => Hash, |key: &Hash| key.0;
    Hotkey => Hotkey, |key: &Hotkey| key.0;
    SubmissionId => |bytes| SubmissionId(Hash(bytes)), |key: &SubmissionId| key.0.0;
}

/// Length first, so that a text is never the beginning of another: short texts sort before long ones.
impl TableKey for String {
    fn write(&self, out: &mut Vec<u8>) {
        // Longer texts are refused by the key limit.
        out.extend_from_slice(&u16::try_from(self.len()).unwrap_or(u16::MAX).to_be_bytes());
        out.extend_from_slice(self.as_bytes());
    }

    fn read(bytes: &mut &[u8]) -> Option<Self> {
        let len = usize::from(u16::read(bytes)?);
        let (text, rest) = bytes.split_at_checked(len)?;
        *bytes = rest;
        String::from_utf8(text.to_vec()).ok()
    }
}

impl<A: TableKey, B: TableKey> TableKey for (A, B) {
    fn write(&self, out: &mut Vec<u8>) {
        self.0.write(out);
        self.1.write(out);
    }

    fn read(bytes: &mut &[u8]) -> Option<Self> {
        Some((A::read(bytes)?, B::read(bytes)?))
    }
}

impl<A: TableKey, B: TableKey, C: TableKey> TableKey for (A, B, C) {
    fn write(&self, out: &mut Vec<u8>) {
        self.0.write(out);
        self.1.write(out);
        self.2.write(out);
    }

    fn read(bytes: &mut &[u8]) -> Option<Self> {
        Some((A::read(bytes)?, B::read(bytes)?, C::read(bytes)?))
    }
}
