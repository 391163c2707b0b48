//! Brings agreed weights to the chain, once per epoch.
//!
//! * [`record`]: what this validator did for an epoch, as a state machine without I/O. A signed call
//!   is in the record, on disk, before it is sent; so after a crash the very same call is sent again
//!   or looked for, and the chain takes it once.
//! * [`task`]: walks the open records whenever the chain moves, one call at a time.
//! * [`axon`]: announces the node's address; here, because that call takes a nonce, too.
//!
//! Commits stay open until their epoch of reveal, while the next epochs' weights go their way.

mod axon;
pub mod record;
mod task;
#[cfg(test)]
mod testkit;
#[cfg(test)]
mod tests;
pub mod view;

pub use record::WeightsRecord;
pub use task::{JOBS, WeightsJob, WeightsTask};
