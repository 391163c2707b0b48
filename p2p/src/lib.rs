//! The libp2p network of Assay: gossip, blob exchange, sync.
