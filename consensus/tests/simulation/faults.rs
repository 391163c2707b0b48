//! What goes wrong, and how often.

/// Chances are in percent.
#[derive(Debug, Clone, Copy)]
pub struct Faults {
    /// A message, request or answer is lost.
    pub loss: u64,
    /// A gossiped message comes twice.
    pub duplicate: u64,
    /// Latency is uniform up to this, so messages overtake each other.
    pub latency_max_ms: u64,
    /// A validator crashes right after something was made durable.
    pub crash_on_persist: u64,
    /// A crashed validator comes back after up to this long.
    pub downtime_max_ms: u64,
}

impl Faults {
    pub const NONE: Faults = Faults {
        loss: 0,
        duplicate: 0,
        latency_max_ms: 40,
        crash_on_persist: 0,
        downtime_max_ms: 1_000,
    };
}

/// How a validator behaves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Behaviour {
    Honest,
    /// Its runtime gives other results.
    Tampered,
    /// Signs a second, different vote whenever it votes for a block.
    Equivocates,
    /// Runs no validator and sends whatever might hurt.
    Hostile,
}
