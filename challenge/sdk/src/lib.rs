//! Guest SDK for challenge modules: the ABI's wire types, the [`Challenge`] and [`Host`] traits and
//! [`register_challenge!`].
//!
//! A challenge is written once against [`Host`]. [`register_challenge!`] turns it into a WebAssembly
//! module with exactly the exports of the guest ABI; natively the same code runs over `MemoryHost`
//! (feature `native`) or any other implementation of the trait.
//!
//! [`Challenge`]'s methods are generic over the host, not `dyn`: what a challenge never calls is then
//! not imported by its module. Nodes read the imports: a module without live calls (HTTP, models,
//! programs) is executed straight by every validator.
//!
//! A whole challenge, in a crate that is built as `cdylib` for `wasm32-unknown-unknown`:
//!
//! ```
//! use assay_challenge_sdk::{
//!     Challenge, Host,
//!     abi::{EvaluationInput, EvaluationOutput, SCORE_SCALE},
//!     register_challenge,
//! };
//!
//! #[derive(Default)]
//! struct Longest;
//!
//! register_challenge!(Longest);
//!
//! impl Challenge for Longest {
//!     fn name(&self) -> &'static str {
//!         "longest"
//!     }
//!
//!     fn version(&self) -> &'static str {
//!         "0.1.0"
//!     }
//!
//!     fn validate<H: Host + ?Sized>(&self, _host: &H, input: EvaluationInput) -> bool {
//!         !input.agent_data.is_empty()
//!     }
//!
//!     fn evaluate<H: Host + ?Sized>(&self, _host: &H, input: EvaluationInput) -> EvaluationOutput {
//!         let score = (input.agent_data.len() as i64).min(SCORE_SCALE);
//!         EvaluationOutput { score, valid: true, ..EvaluationOutput::default() }
//!     }
//! }
//! ```
//!
//! What it deliberately does not do: no policy (which host function answers is the host's business),
//! no scoring rules, no clock and no randomness of its own.
#![no_std]

extern crate alloc;
#[cfg(any(feature = "native", test))]
extern crate std;

pub mod abi;
pub mod arena;
mod challenge;
pub mod host;
pub mod hotkey;
pub mod programs;
pub mod python;
mod register;

#[cfg(target_arch = "wasm32")]
#[doc(hidden)]
pub mod guest;
#[cfg(feature = "native")]
mod memory_host;
#[cfg(target_arch = "wasm32")]
mod wasm_host;

pub use challenge::Challenge;
pub use host::{Host, HostError, LogLevel};
pub use hotkey::{Hotkey, HotkeyError};
#[cfg(feature = "native")]
pub use memory_host::{LogLine, MemoryHost};
pub use programs::Programs;
pub use python::{PythonAnalysis, PythonFault};
#[cfg(target_arch = "wasm32")]
pub use wasm_host::WasmHost;
