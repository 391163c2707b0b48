//! Empty on purpose: only wasm targets of libp2p would use this crate, and none is built.
