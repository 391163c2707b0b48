//! Guest SDK for challenge modules: the ABI's wire types, the [`Challenge`] and [`Host`] traits and
//! [`register_challenge!`].
//!
//! A challenge is written once against [`Host`]. [`register_challenge!`] turns it into a WebAssembly
//! module with exactly the exports of the guest ABI; natively the same code runs over `MemoryHost`
//! (feature `native`) or any other implementation of the trait.
//!
//! What it deliberately does not do: no policy (which host function answers is the host's business),
//! no scoring rules, no clock and no randomness of its own.
#![no_std]

extern crate alloc;

pub mod abi;
