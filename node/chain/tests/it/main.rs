//! The client of the real chain against the development chain, which speaks the same.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic
)]

mod calls;
mod endpoints;
mod epochs;
mod heads;
mod limited;
mod pace;
mod proxy;
mod reads;
mod real_runtime;
mod support;
mod weights;
