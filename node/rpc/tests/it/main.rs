//! The server over real HTTP on loopback, in front of a node that is made up.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic
)]

mod auth;
mod client;
mod fake_node;
mod harness;
mod limits;
mod methods;
mod protocol;
mod rest;
mod term_cli;
