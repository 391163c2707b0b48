//! Validator node: configuration, store, block execution, JSON-RPC.
