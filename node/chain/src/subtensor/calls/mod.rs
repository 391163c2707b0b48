//! Calls on one connection: what is read and checked before a call is signed, the signing, sending,
//! and what became of it.
//!
//! Every function works on a connection that stands and a block that is pinned; deadlines, failover
//! and the choice of the block are the caller's. Names of calls, arguments, storage items and errors
//! are looked up in the metadata of that block.
//!
//! Decisions:
//! * What the chain would refuse is found before a call is sent, in the chain's order of checks, so
//!   that the operator reads a name and not a number; see [`prepare_weights`].
//! * Weights are signed with an era that ends before the next epoch starts, so that a call that is
//!   late counts nowhere instead of in the wrong epoch.
//! * The nonce is the next one after the best block *and* after what waits in the endpoint's pool:
//!   the node has never two calls of one purpose under way, but an axon and weights may overlap. If
//!   the call before it never gets into a block, this one doesn't either, until its era is over.
//!
//! Deliberately not here: when to try again, and what to do if a call is lost.

mod axon;
mod invoke;
mod params;
mod pool;
mod read;
mod reveal;
mod salted;
mod send;
mod settlement;
mod signing;
mod standing;
#[cfg(test)]
mod testkit;
mod timelocked;
mod weights;

use subxt::OnlineClient;
use subxt::client::{ClientAtBlock, OnlineClientAtBlockImpl};
use subxt::config::{RpcConfigFor, SubstrateConfig};
use subxt::rpcs::LegacyRpcMethods;

use assay_consensus::block::ChainRef;
use assay_consensus::keys::Keypair;

pub use self::axon::prepare_axon;
pub use self::reveal::prepare_reveal;
pub use self::send::send;
pub use self::settlement::{Outcome, SettlementCache, settlement};
pub use self::standing::weights_standing;
pub use self::weights::prepare_weights;

/// A connection to one endpoint.
pub type Client = OnlineClient<SubstrateConfig>;

/// One connection's view of one block.
pub type AtBlock = ClientAtBlock<SubstrateConfig, OnlineClientAtBlockImpl<SubstrateConfig>>;

/// The same endpoint's plain RPC methods.
pub type Rpc = LegacyRpcMethods<RpcConfigFor<SubstrateConfig>>;

/// The pallet with subnets and weights.
const PALLET: &str = "SubtensorModule";

/// Which commits are made where the subnet wants commits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum CommitMode {
    /// Timelocked ones where the runtime has them, else salted ones.
    #[default]
    Auto,
    /// Salted ones, which this validator has to reveal.
    Salted,
}

/// What every call needs that is prepared.
#[derive(Clone, Copy)]
pub struct Caller<'a> {
    /// The endpoint.
    pub rpc: &'a Rpc,
    /// The finalised head, on the same endpoint.
    pub at: &'a AtBlock,
    /// What is known of that block.
    pub head: ChainRef,
    /// The subnet.
    pub netuid: u16,
    /// Who signs.
    pub signer: &'a Keypair,
}
