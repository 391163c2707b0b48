//! A gossip message on any topic: decodes to something that encodes to the same bytes, or not at all.
#![no_main]

use assay_consensus::wire::{Message, Topic};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let topics = [
        Topic::Submissions,
        Topic::Approvals,
        Topic::Consensus,
        Topic::LogVotes,
        Topic::WeightsVotes,
        Topic::Status,
    ];
    let decoded: Vec<Message> = topics
        .into_iter()
        .filter_map(|topic| Message::decode(topic, data).ok())
        .collect();
    assert!(decoded.len() <= 1, "a message belongs to one topic");
    for message in decoded {
        assert_eq!(message.encode(), data);
    }
});
