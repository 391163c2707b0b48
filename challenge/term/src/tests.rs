//! The challenge over the in-memory host.

mod evaluation;
mod fixtures;
mod package;
mod routes;
mod validation;
mod wire;
mod zip;
