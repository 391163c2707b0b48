//! JSON-RPC types and the client, one definition for server and clients.
//!
//! * [`envelope`], [`codes`], [`methods`]: JSON-RPC 2.0 itself.
//! * [`system`], [`epoch`], [`validator`], [`challenge`], [`evaluation`], [`weights`]: the surface
//!   that existing clients use; spellings (camelCase, a few snake_case names) are theirs.
//! * [`submission`], [`node`]: our own methods, `submission_*`, `weights_get`, `node_status`.
//! * [`auth`]: what a signed route call signs; used by both sides.
//! * [`client`]: [`RpcClient`], a typed method for each of them.
//!
//! Hotkeys are 64 lowercase hex digits in the old methods and SS58 in ours, as each field says.
//! Decoding ignores unknown fields, so that servers may extend results. This crate knows nothing
//! of keys, consensus or storage, and checks no signatures.

pub mod auth;
pub mod challenge;
pub mod client;
mod client_methods;
pub mod codes;
pub mod envelope;
pub mod epoch;
pub mod evaluation;
pub mod limits;
pub mod methods;
pub mod node;
pub mod submission;
pub mod system;
pub mod timestamp;
pub mod validator;
pub mod weights;

pub use challenge::challenge_uuid;
pub use client::{ClientError, ClientOptions, RpcClient};
