//! Terminal interface, submissions, keys, and the screen of a package before it is submitted.
//!
//! The binary `assay` is a thin shell over this library; the testnet uses [`package`],
//! [`results`] and [`submission`] for its miners. Key files are those of the node.

pub mod args;
pub mod commands;
mod comparison;
pub mod exit;
mod findings;
#[cfg(test)]
#[path = "../tests/support/fixtures.rs"]
mod fixtures;
pub mod follow;
pub mod journey;
mod key_source;
pub mod limits;
pub mod package;
pub mod results;
mod snippet;
pub mod sources;
pub mod submission;
pub mod text;
mod tui;
mod weights;
