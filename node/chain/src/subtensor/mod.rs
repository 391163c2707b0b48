//! A client of Subtensor, the chain of Bittensor: types and calls are found by name in the metadata
//! that each connection fetches, so that nothing here depends on one version of the runtime.

pub mod calls;
mod fault;

pub use self::fault::Fault;
