//! Modules run from outside the crate: the ABI, loading and caching, and hostile guests.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic
)]

mod abi;
mod common;
mod hostile;
mod live;
mod load;
mod python;
