//! Durable storage of a validator: sled tables with checksums, blobs, the write-ahead log of signatures.
