//! The dev chain as its clients see it.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic
)]

mod foreign;
mod program;
mod rpc;
mod subxt_client;
mod support;
