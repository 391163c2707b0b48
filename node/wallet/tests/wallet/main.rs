//! Wallets as others have written them, and as they may be damaged.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic
)]

mod directories;
mod encrypted;
mod forms;
mod properties;
mod python;
mod samples;
