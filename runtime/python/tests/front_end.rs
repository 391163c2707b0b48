//! Reading, lexing and parsing of hostile and of odd sources: nothing that CPython 3.11 sees is read
//! differently or missed, and nothing takes long, deep or much.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic
)]

mod cpython;

#[path = "front_end/agreement.rs"]
mod agreement;
#[path = "front_end/hostile.rs"]
mod hostile;
#[path = "front_end/nesting.rs"]
mod nesting;
