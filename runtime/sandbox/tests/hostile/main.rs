//! Hostile and ordinary programs, each run as root and as an ordinary user on each back end of this
//! crate. What the machine can't do is said loudly, never passed over.
#![cfg(target_os = "linux")]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic
)]

mod accounting;
mod crash;
mod evasion;
mod ordinary;
mod output;
mod reach;
mod resources;
mod support;
mod system;
