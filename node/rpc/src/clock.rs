//! Time as an input, so that tests decide what time it is.

use std::time::{Instant, SystemTime, UNIX_EPOCH};

/// Where the server gets its time.
pub trait Clock: Send + Sync + 'static {
    /// Milliseconds since the Unix epoch.
    fn unix_ms(&self) -> u64;

    /// Milliseconds since some fixed moment; never goes back.
    fn monotonic_ms(&self) -> u64;
}

/// The machine's clocks.
#[derive(Debug)]
pub struct SystemClock {
    start: Instant,
}

impl Default for SystemClock {
    fn default() -> SystemClock {
        SystemClock {
            start: Instant::now(),
        }
    }
}

impl Clock for SystemClock {
    fn unix_ms(&self) -> u64 {
        SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .map_or(0, |since| saturate(since.as_millis()))
    }

    fn monotonic_ms(&self) -> u64 {
        saturate(self.start.elapsed().as_millis())
    }
}

fn saturate(millis: u128) -> u64 {
    u64::try_from(millis).unwrap_or(u64::MAX)
}
