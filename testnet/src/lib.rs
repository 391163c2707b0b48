//! Local multi-node testnet with its own development chain.
//!
//! * [`dev_chain`]: the chain that the testnet's validators follow.
//! * [`network`], [`process`]: validators as processes of the testnet's own binary.
//! * [`agents`], [`demo`], [`summary`]: miners, the main job, and what came of it.
//! * [`mod@bench`]: how fast it is and what the processors do.
//! * [`args`]: the command line.

pub mod agents;
pub mod args;
pub mod bench;
pub mod demo;
pub mod dev_chain;
pub mod network;
pub mod process;
pub mod summary;
