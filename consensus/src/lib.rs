//! The agreement protocol of Assay as pure state machines.
//!
//! Time, randomness and messages come in as inputs; messages, timers and writes go out as
//! effects. This crate has no clock, no sockets, no disk and no async runtime: the node is the
//! only runner of effects, and the simulator in `tests/` is another one.
//!
//! * [`keys`], [`envelope`]: sr25519 hotkeys, SS58, domain-separated signatures.
//! * [`genesis`], [`validators`]: what a network agrees on before the first block, and whose stake counts.
//! * [`submission`], [`votes`], [`block`]: everything that is signed and gossiped.
//! * [`tally`]: counts stake per subject, keeps double votes as evidence.
//! * [`guard`]: never sign two different things for one subject, across crashes.
//! * [`engine`]: finality of one height at a time, on Malachite's Tendermint driver.
//! * [`core`]: the whole validator: `step(now, input) -> effects`.

pub mod block;
pub mod codec;
pub mod core;
pub mod engine;
pub mod envelope;
pub mod genesis;
pub mod guard;
pub mod hash;
pub mod keys;
pub mod ledger;
pub mod limits;
pub mod submission;
pub mod tally;
pub mod validators;
pub mod votes;
pub mod wire;
