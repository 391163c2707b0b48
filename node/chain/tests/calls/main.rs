//! Calls against the development chain: what is refused, what is taken, and what became of it.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic
)]

mod axon;
mod endpoint;
mod plain;
mod pool;
mod refusals;
mod salted;
mod support;
mod timelocked;
mod upgrade;
