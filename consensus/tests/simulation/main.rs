//! Whole validators in virtual time on a seeded network, with disks that survive crashes.
//!
//! The world hands every [`Core`](assay_consensus::core::Core) its inputs and runs its effects as
//! a node would: what is persisted survives a crash, all else does not. While it runs, the
//! [`checks`] compare what all validators do with the invariants of the design. A failing run
//! prints its seed; `SIMULATION_SEED=<seed>` repeats it, event by event.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic
)]

mod chain;
mod checks;
mod disk;
mod effects;
mod executor;
mod faults;
mod hostile;
mod network;
#[path = "../support/rng.rs"]
mod rng;
mod scenarios;
mod trace;
mod world;
