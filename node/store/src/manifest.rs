//! Counts and sums over every table, written with every batch: a record that is lost, or an old
//! one that comes back, makes them disagree with what a scan finds.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::record::Header;

/// Version of the on-disk layout.
const FORMAT: u32 = 1;

/// Number of records of a table and the sum of their checksums modulo 2^128.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub(crate) struct TableSum {
    pub(crate) records: u64,
    pub(crate) sum: u128,
}

/// What the whole database should hold.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Manifest {
    format: u32,
    /// Number of batches applied.
    pub(crate) commits: u64,
    tables: BTreeMap<u8, TableSum>,
}

impl Manifest {
    /// The manifest of an empty database.
    pub(crate) fn empty() -> Manifest {
        Manifest {
            format: FORMAT,
            commits: 0,
            tables: BTreeMap::new(),
        }
    }

    /// Whether this version of the store can read the layout.
    pub(crate) fn is_current_format(&self) -> bool {
        self.format == FORMAT
    }

    /// Takes a record into account.
    pub(crate) fn add(&mut self, table: u8, header: &Header) {
        let sum = self.tables.entry(table).or_default();
        sum.records = sum.records.wrapping_add(1);
        sum.sum = sum.sum.wrapping_add(header.checksum);
    }

    /// Takes a record out of account.
    pub(crate) fn remove(&mut self, table: u8, header: &Header) {
        let sum = self.tables.entry(table).or_default();
        sum.records = sum.records.wrapping_sub(1);
        sum.sum = sum.sum.wrapping_sub(header.checksum);
    }

    /// Number of records of a table.
    pub(crate) fn records(&self, table: u8) -> u64 {
        self.tables.get(&table).map_or(0, |sum| sum.records)
    }

    /// Number of records in all tables.
    pub(crate) fn total_records(&self) -> u64 {
        self.tables.values().map(|sum| sum.records).sum()
    }

    /// The first table whose count or sum differs from another manifest's, with both counts.
    pub(crate) fn difference(&self, found: &Manifest) -> Option<(u8, u64, u64)> {
        let of = |manifest: &Manifest, table: u8| {
            manifest.tables.get(&table).copied().unwrap_or_default()
        };
        self.tables
            .keys()
            .chain(found.tables.keys())
            .find(|table| of(self, **table) != of(found, **table))
            .map(|table| (*table, of(self, *table).records, of(found, *table).records))
    }
}
