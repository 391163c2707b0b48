//! Local multi-node testnet with its own development chain.
