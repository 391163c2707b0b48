//! Validator node: wires the agreement core, the network, the runtime, the store and the chain.
//!
//! * [`config`], [`args`], [`start`]: from configuration to a running node.
//! * `driver`: the only runner of the core's effects; reviewing, executing, syncing, journaling.
//! * [`execution`]: what a block does, as a function.
//! * `backend`, `reports`: what the JSON-RPC server shows; `intake`: what it takes.
//! * `storage`, [`journey`]: what is kept.
//! * `weights`: agreed weights on their way to the chain; `discovery`: peers that it names.
//!
//! Deliberately absent: any rule of agreement (that is `assay-consensus`) and any rule of a
//! challenge (that is its module).

pub mod args;
mod backend;
pub mod config;
mod discovery;
mod driver;
pub mod execution;
pub mod fault;
mod hotkey;
mod identity;
mod intake;
pub mod journey;
mod metagraphs;
mod metrics;
mod modules;
mod reports;
mod sandbox;
mod shared;
pub mod start;
mod storage;
mod tools;
mod weights;
