//! Counters, written by the network task and read by anyone.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use crate::topic::{PerTopic, Topic};

/// A counter that only grows, or a gauge.
#[derive(Debug, Default)]
pub(crate) struct Count(AtomicU64);

impl Count {
    pub(crate) fn add(&self, amount: u64) {
        self.0.fetch_add(amount, Relaxed);
    }

    pub(crate) fn add_len(&self, len: usize) {
        self.add(u64::try_from(len).unwrap_or(u64::MAX));
    }

    pub(crate) fn set(&self, value: usize) {
        self.0
            .store(u64::try_from(value).unwrap_or(u64::MAX), Relaxed);
    }

    fn get(&self) -> u64 {
        self.0.load(Relaxed)
    }
}

#[derive(Debug, Default)]
pub(crate) struct TopicCounts {
    pub(crate) messages_in: Count,
    pub(crate) bytes_in: Count,
    pub(crate) messages_out: Count,
    pub(crate) bytes_out: Count,
    pub(crate) accepted: Count,
    pub(crate) ignored: Count,
    pub(crate) rejected: Count,
    pub(crate) dropped: Count,
    pub(crate) over_rate: Count,
    pub(crate) own_returned: Count,
}

#[derive(Debug, Default)]
pub(crate) struct Metrics {
    pub(crate) topics: PerTopic<TopicCounts>,
    pub(crate) peers: Count,
    pub(crate) connections: Count,
    pub(crate) dials: Count,
    pub(crate) bans: Count,
    pub(crate) late_verdicts: Count,
    pub(crate) events_lost: Count,
    pub(crate) requests_in: Count,
    pub(crate) requests_out: Count,
    pub(crate) requests_refused: Count,
    pub(crate) requests_failed: Count,
    pub(crate) malformed: Count,
    pub(crate) blob_chunks_served: Count,
    pub(crate) blob_bytes_served: Count,
    pub(crate) blobs_fetched: Count,
    pub(crate) blob_bytes_fetched: Count,
    pub(crate) blobs_corrupt: Count,
}

/// All counters at one moment. Totals since start unless said otherwise.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct MetricsSnapshot {
    /// Per topic, in the order of [`Topic::ALL`].
    pub topics: Vec<TopicMetrics>,
    /// Peers of this network connected now.
    pub peers: u64,
    /// Connections open now, identified or not.
    pub connections: u64,
    /// Dials begun for the bootstrap list and known peers.
    pub dials: u64,
    /// Bans, requested and automatic.
    pub bans: u64,
    /// Verdicts that came after the message had left the cache.
    pub late_verdicts: u64,
    /// Events about peers lost because the node read none for very long.
    pub events_lost: u64,
    /// Sync, blob and identity requests received.
    pub requests_in: u64,
    /// Sync, blob and identity requests sent.
    pub requests_out: u64,
    /// Requests answered with "busy" because of a limit or rate.
    pub requests_refused: u64,
    /// Our requests that failed, timed out or met a closed connection.
    pub requests_failed: u64,
    /// Frames that were not of the protocol.
    pub malformed: u64,
    /// Blob chunks served.
    pub blob_chunks_served: u64,
    /// Blob bytes served.
    pub blob_bytes_served: u64,
    /// Blobs fetched and verified.
    pub blobs_fetched: u64,
    /// Bytes of blobs fetched and verified.
    pub blob_bytes_fetched: u64,
    /// Downloads whose bytes had another hash or broke the protocol.
    pub blobs_corrupt: u64,
}

/// Counters of one topic.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TopicMetrics {
    /// [`Topic::name`].
    pub topic: &'static str,
    /// Messages received once duplicates are gone.
    pub messages_in: u64,
    /// Their payload bytes.
    pub bytes_in: u64,
    /// Messages published by this node.
    pub messages_out: u64,
    /// Their payload bytes.
    pub bytes_out: u64,
    /// Verdicts "accept".
    pub accepted: u64,
    /// Verdicts "ignore".
    pub ignored: u64,
    /// Verdicts "reject".
    pub rejected: u64,
    /// Messages dropped because the node was slow.
    pub dropped: u64,
    /// Messages dropped because a peer or all together were over the rate.
    pub over_rate: u64,
    /// Messages of our own that came back, published before a restart.
    pub own_returned: u64,
}

impl MetricsSnapshot {
    /// Counters of one topic.
    #[must_use]
    pub fn topic(&self, topic: Topic) -> Option<&TopicMetrics> {
        self.topics
            .iter()
            .find(|counts| counts.topic == topic.name())
    }
}

impl Metrics {
    pub(crate) fn snapshot(&self) -> MetricsSnapshot {
        let topics = Topic::ALL
            .iter()
            .map(|topic| self.topics.get(*topic).snapshot(*topic))
            .collect();
        MetricsSnapshot {
            topics,
            peers: self.peers.get(),
            connections: self.connections.get(),
            dials: self.dials.get(),
            bans: self.bans.get(),
            late_verdicts: self.late_verdicts.get(),
            events_lost: self.events_lost.get(),
            requests_in: self.requests_in.get(),
            requests_out: self.requests_out.get(),
            requests_refused: self.requests_refused.get(),
            requests_failed: self.requests_failed.get(),
            malformed: self.malformed.get(),
            blob_chunks_served: self.blob_chunks_served.get(),
            blob_bytes_served: self.blob_bytes_served.get(),
            blobs_fetched: self.blobs_fetched.get(),
            blob_bytes_fetched: self.blob_bytes_fetched.get(),
            blobs_corrupt: self.blobs_corrupt.get(),
        }
    }
}

impl TopicCounts {
    fn snapshot(&self, topic: Topic) -> TopicMetrics {
        TopicMetrics {
            topic: topic.name(),
            messages_in: self.messages_in.get(),
            bytes_in: self.bytes_in.get(),
            messages_out: self.messages_out.get(),
            bytes_out: self.bytes_out.get(),
            accepted: self.accepted.get(),
            ignored: self.ignored.get(),
            rejected: self.rejected.get(),
            dropped: self.dropped.get(),
            over_rate: self.over_rate.get(),
            own_returned: self.own_returned.get(),
        }
    }
}
