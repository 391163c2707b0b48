//! Counts of what was called and how it ended.

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::{Registry, Unit};

/// Label of calls of a method that doesn't exist, whatever it was called.
pub const UNKNOWN_METHOD: &str = "unknown";
/// Label of challenge routes called over plain HTTP.
pub const REST_CHALLENGE: &str = "rest_challenge";

/// From what a map lookup takes to the longest deadline.
const DURATION_BUCKETS_SECS: [f64; 10] =
    [0.001, 0.002, 0.005, 0.01, 0.025, 0.1, 0.25, 1.0, 2.5, 10.0];

/// How a call ended.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct CallLabels {
    method: &'static str,
    outcome: &'static str,
}

/// Why a request wasn't looked at.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct RefusalLabels {
    reason: &'static str,
}

/// The server's own metrics. Cloning shares them.
#[derive(Debug, Clone)]
pub struct RpcMetrics {
    calls: Family<CallLabels, Counter>,
    refusals: Family<RefusalLabels, Counter>,
    duration: Histogram,
}

impl Default for RpcMetrics {
    /// Counts that nobody sees.
    fn default() -> RpcMetrics {
        RpcMetrics {
            calls: Family::default(),
            refusals: Family::default(),
            duration: Histogram::new(DURATION_BUCKETS_SECS),
        }
    }
}

impl RpcMetrics {
    /// Metrics that `registry` shows as `assay_rpc_*`.
    pub fn register(registry: &mut Registry) -> RpcMetrics {
        let metrics = RpcMetrics::default();
        let registry = registry.sub_registry_with_prefix("assay_rpc");
        registry.register(
            "calls",
            "Calls by method and outcome",
            metrics.calls.clone(),
        );
        registry.register(
            "refusals",
            "Requests that were not looked at, by reason",
            metrics.refusals.clone(),
        );
        registry.register_with_unit(
            "call_duration",
            "Time from dispatching a call to its outcome",
            Unit::Seconds,
            metrics.duration.clone(),
        );
        metrics
    }

    /// A call has ended.
    pub(crate) fn call_ended(&self, method: &'static str, is_ok: bool, duration_ms: u64) {
        let outcome = if is_ok { "ok" } else { "error" };
        self.calls
            .get_or_create(&CallLabels { method, outcome })
            .inc();
        self.duration.observe(duration_ms as f64 / 1_000.0);
    }

    /// A request was refused.
    pub(crate) fn refused(&self, reason: &'static str) {
        self.refusals.get_or_create(&RefusalLabels { reason }).inc();
    }
}
