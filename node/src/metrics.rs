//! Counters for Prometheus.

use std::sync::atomic::{AtomicU64, Ordering};

use assay_consensus::keys::SignatureCounts;
use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, EncodeMetric};
use prometheus_client::metrics::counter::{ConstCounter, Counter};
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::Registry;

/// Seconds as a counter.
pub type Seconds = Counter<f64, AtomicU64>;

/// Counters and gauges of a node.
#[derive(Debug, Default)]
pub struct Metrics {
    /// Height of the last executed block.
    pub ledger_height: Gauge,
    /// Submissions on their way to being ordered.
    pub pending_submissions: Gauge,
    /// 1 when this node's results differ from the decided ones.
    pub diverged: Gauge,
    /// Submissions whose log and score were agreed.
    pub agreed: Counter,
    /// Gossip messages received.
    pub gossip_received: Counter,
    /// Gossip messages rejected as their sender's fault.
    pub gossip_rejected: Counter,
    /// Outgoing messages dropped because the queue was full.
    pub outbox_dropped: Counter,
    /// Validators caught signing two different things.
    pub equivocations: Counter,
    /// Writes to the journal that failed.
    pub storage_errors: Counter,
    /// Wall time of reviews and block executions, waiting for a processor or a guest worker
    /// included. CPU time of guests alone: the threads `guest-N` of the process.
    pub wasm_seconds: Seconds,
    /// Wall time the core took for its inputs, signatures included.
    pub core_seconds: Seconds,
    /// Weights submitted to the chain.
    pub weights_submitted: Counter,
    /// Questions asked to peers; also spreads them.
    pub questions: Turns,
}

/// Shows the process-wide counts of hotkey signatures.
#[derive(Debug)]
struct SignatureCollector;

impl Collector for SignatureCollector {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> Result<(), std::fmt::Error> {
        let counts = SignatureCounts::now();
        let shown = [
            (
                "signatures_verified",
                "Hotkey signatures checked, those that guests check aside",
                counts.verified,
            ),
            ("signatures_made", "Hotkey signatures made", counts.signed),
        ];
        for (name, help, count) in shown {
            let counter = ConstCounter::new(count);
            let metric = encoder.encode_descriptor(name, help, None, counter.metric_type())?;
            counter.encode(metric)?;
        }
        Ok(())
    }
}

/// A counter that hands out turns.
#[derive(Debug, Default)]
pub struct Turns(AtomicU64);

impl Turns {
    /// Takes the next turn.
    pub fn inc(&self) -> u64 {
        self.0.fetch_add(1, Ordering::Relaxed)
    }
}

impl Metrics {
    /// Registers everything under the prefix `assay`.
    pub fn register(&self, registry: &mut Registry) {
        let registry = registry.sub_registry_with_prefix("assay");
        let gauges = [
            (
                "ledger_height",
                "Height of the last executed block",
                &self.ledger_height,
            ),
            (
                "pending_submissions",
                "Submissions on their way to being ordered",
                &self.pending_submissions,
            ),
            (
                "diverged",
                "1 when this node's results differ from the decided ones",
                &self.diverged,
            ),
        ];
        for (name, help, gauge) in gauges {
            registry.register(name, help, gauge.clone());
        }
        let counters = [
            (
                "submissions_agreed",
                "Submissions whose log and score were agreed",
                &self.agreed,
            ),
            (
                "gossip_received",
                "Gossip messages received",
                &self.gossip_received,
            ),
            (
                "gossip_rejected",
                "Gossip messages rejected as their sender's fault",
                &self.gossip_rejected,
            ),
            (
                "outbox_dropped",
                "Outgoing messages dropped because the queue was full",
                &self.outbox_dropped,
            ),
            (
                "equivocations",
                "Validators caught signing two different things",
                &self.equivocations,
            ),
            (
                "storage_errors",
                "Writes to the journal that failed",
                &self.storage_errors,
            ),
            (
                "weights_submitted",
                "Weights submitted to the chain",
                &self.weights_submitted,
            ),
        ];
        for (name, help, counter) in counters {
            registry.register(name, help, counter.clone());
        }
        registry.register(
            "wasm_seconds",
            "Wall time of reviews and block executions",
            self.wasm_seconds.clone(),
        );
        registry.register(
            "core_seconds",
            "Wall time the core took, signatures included",
            self.core_seconds.clone(),
        );
        registry.register_collector(Box::new(SignatureCollector));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signatures_are_shown_under_the_common_prefix() {
        let mut registry = Registry::default();
        Metrics::default().register(&mut registry);
        let mut text = String::new();
        prometheus_client::encoding::text::encode(&mut text, &registry).unwrap();
        for name in ["signatures_verified", "signatures_made", "core_seconds"] {
            assert!(text.contains(&format!("\nassay_{name}_total ")), "{text}");
        }
    }
}
