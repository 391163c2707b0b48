//! JSON-RPC and REST server of a validator over axum.
