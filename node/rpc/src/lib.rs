//! JSON-RPC and REST server of a validator over axum.
//!
//! * [`backend`]: what the server asks of the node; the node implements [`Backend`].
//! * [`server`]: [`serve`], connections, [`ServerHandle`]; [`config`], [`clock`],
//!   [`metrics`].
//! * `jsonrpc`, `dispatch`, `params`: `POST /` and `POST /rpc`.
//! * `rest`: `GET /health`, `GET /metrics`, `/challenge/{id}/{path}`.
//! * `calls`, `matching`, `auth`, `replay`: calling a challenge's route, for both of them.
//! * `body`, `throttle`: what a caller may take of the node.
//!
//! Decisions: shapes, texts and HTTP status codes are those of the existing surface; batches and
//! notifications follow JSON-RPC 2.0. At the top level what isn't a request is a parse error
//! (−32700, HTTP 400) as existing clients know it; inside a batch it is an invalid request
//! (−32600). Paging, lookup by name and the answers of several methods are made here from one
//! query, so that the node implements as little as possible.
//!
//! Not here: TLS (a reverse proxy's job), subscriptions, administration. The memory of used nonces
//! is this process's own: it keeps one node from acting twice on one signed call, the ledger keeps
//! the network from it.

mod auth;
pub mod backend;
mod body;
mod calls;
pub mod clock;
pub mod config;
mod dispatch;
mod errors;
mod jsonrpc;
pub mod limits;
mod matching;
pub mod metrics;
mod params;
mod replay;
mod rest;
pub mod server;
mod service;
mod throttle;

pub use backend::{Backend, BackendError, RouteAuth, RouteReply, RouteRequest, SubmissionQuery};
pub use clock::{Clock, SystemClock};
pub use config::{RateLimit, RpcConfig};
pub use metrics::RpcMetrics;
pub use server::{ServerHandle, serve};
