//! The chain as a validator needs it: finalised heads, the metagraph at a block, setting weights.
//!
//! * [`Chain`]: the one trait the node talks to; every call has a deadline.
//! * [`Metagraph`]: who is registered at one block, and the validator set that follows from it.
//! * [`weights`]: pure rules from agreed weights (bound to hotkeys) to what a chain call takes.
//! * [`SubtensorChain`]: the client of the real chain and of the development chain.
//! * [`HeadWatcher`]: follows finalised heads in a task of its own, never missing the latest.
//! * [`beacon`]: encryption for a round of the beacon.
//! * [`SignedCall`]: what is sent; whoever keeps it can send it again without its counting twice.
//!
//! Deliberately not here: when to submit weights, how often to retry, "never twice per epoch".
//! Those are decisions of the node; this crate only says what a refusal means.

pub mod beacon;
mod call;
mod chain;
mod error;
mod heads;
mod limits;
mod metagraph;
mod subtensor;
pub mod weights;

pub use call::{Settlement, SignedCall};
pub use chain::{
    Chain, ChainWeights, PreparedWeights, WeightsMethod, WeightsStanding, WeightsSubmission,
};
pub use error::{Advice, CallFailure, ChainError, Refusal};
pub use heads::{HeadStatus, HeadWatcher};
pub use metagraph::{Metagraph, MetagraphError, Neuron, WeightsRules};
pub use subtensor::{CommitMode, SubtensorChain, SubtensorConfig};
