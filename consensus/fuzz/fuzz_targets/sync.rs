//! A request or an answer of the sync protocol, and records of the write-ahead log.
#![no_main]

use assay_consensus::codec;
use assay_consensus::core::WalRecord;
use assay_consensus::wire::{SyncReply, SyncRequest};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    if let Ok(request) = codec::decode::<SyncRequest>(data, 64 * 1024) {
        assert_eq!(codec::encode(&request), data);
    }
    if let Ok(reply) = SyncReply::decode(data) {
        assert_eq!(codec::encode(&reply), data);
    }
    if let Ok(record) = codec::decode::<WalRecord>(data, 1024 * 1024) {
        assert_eq!(codec::encode(&record), data);
    }
});
