//! A development chain: blocks with hashes, epochs, finality, a metagraph and weights, served over
//! HTTP, kept on disk.
//!
//! * [`DevChain`]: the chain as a pure state machine; `checks` holds the checks of weights calls in
//!   the real chain's order.
//! * `journal`: snapshot and events on disk; the same events always give the same chain.
//! * [`DevChainServer`]: clock, journal and HTTP routes around it.
//!
//! Deliberately not here: forks (the best chain never changes, finality only lags), emission,
//! fees, commit-reveal (it can only be switched on to be refused), and any protection against
//! many connections: it is meant for loopback.

mod chain;
mod checks;
mod config;
mod journal;
pub mod limits;
mod routes;
mod server;

pub use chain::{AdminError, DevChain, Event};
pub use checks::Refused;
pub use config::{ConfigError, DevChainConfig, DevChainOptions};
pub use journal::JournalError;
pub use server::{DevChainServer, StartError};
