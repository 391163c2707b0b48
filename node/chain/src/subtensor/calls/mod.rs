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
mod reveal;
mod salted;
mod search;
mod send;
mod settlement;
mod signing;
mod standing;
mod timelocked;
mod weights;

use assay_consensus::block::ChainRef;
use assay_consensus::keys::Keypair;

pub(super) use self::axon::prepare_axon;
pub(super) use self::reveal::prepare_reveal;
pub(super) use self::send::{Sending, send};
pub(super) use self::settlement::{Head, SettlementCache, settlement};
pub(super) use self::standing::weights_standing;
pub(super) use self::weights::prepare_weights;

use super::connection::{AtBlock, Rpc};

/// What every call needs that is prepared.
#[derive(Clone, Copy)]
pub(super) struct Caller<'a> {
    /// The endpoint.
    pub(super) rpc: &'a Rpc,
    /// The finalised head, on the same endpoint.
    pub(super) at: &'a AtBlock,
    /// What is known of that block.
    pub(super) head: ChainRef,
    /// Blocks of an epoch.
    pub(super) epoch_blocks: u64,
    /// Block that began the epoch of that head.
    pub(super) epoch_began: u64,
    /// The subnet, which exists in that block.
    pub(super) netuid: u16,
    /// Who signs.
    pub(super) signer: &'a Keypair,
}
