//! The finality engine in networks of several engines and under scripted messages.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic
)]

mod fuzz;
mod network;
mod random;
mod restart;
#[path = "../support/rng.rs"]
mod rng;
mod rounds;
mod script;
