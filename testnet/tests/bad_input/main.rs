//! Whatever miners, clients and peers send: a named error, nothing stored, nothing crashes.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic
)]

#[path = "../support/mod.rs"]
#[allow(dead_code, reason = "each test binary uses its own part")]
mod support;

mod headers;
mod http;
mod packages;
mod peers;
mod rivals;
