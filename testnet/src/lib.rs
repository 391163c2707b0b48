//! Local multi-node testnet on a development chain of its own (`assay-dev-chain`).
//!
//! * [`network`], [`process`]: validators as processes of the testnet's own binary.
//! * [`agents`], [`demo`], [`summary`]: miners, the main job, and what came of it.
//! * [`mod@bench`]: how fast it is and what the processors do.
//! * [`args`]: the command line.

pub mod agents;
pub mod args;
pub mod bench;
pub mod demo;
pub mod network;
pub mod process;
pub mod summary;
