//! A development chain that speaks the JSON-RPC and the SCALE of a Subtensor node: the same
//! metadata versions, storage keys, calls, events, errors, runtime APIs and pool refusals, so that
//! one client talks to this chain and to the real one.
//!
//! * [`chain::DevChain`]: the chain as a pure state machine.
//! * [`pallets`]: storage, calls and rules; [`storage`], [`extrinsic`], [`metadata`],
//!   [`runtime_api`]: how clients see them.
//! * [`server`]: clock, journal and JSON-RPC around it; [`run`]: the same as a program.
//!
//! Decisions: types are written by hand and described by `scale-info`; nothing is copied from a
//! real runtime. A runtime upgrade moves the numbers of calls and errors, since clients have to go
//! by names. Blocks are never reorganised, finality only lags.
//!
//! Deliberately not here: forks, wasm, tries and proofs, fees, emission, consensus between
//! validators, childkeys, and every call that a validator's hotkey doesn't make.

pub mod address;
pub mod beacon;
pub mod chain;
pub mod extrinsic;
mod journal;
pub mod limits;
pub mod metadata;
pub mod pallets;
pub mod run;
pub mod runtime;
pub mod runtime_api;
pub mod server;
pub mod storage;
#[cfg(test)]
mod testkit;
pub mod types;

pub use journal::JournalError;
pub use server::{ChangeError, DevChainServer, ServerOptions, StartError};
