//! Token buckets. Time is an input.

use tokio::time::Instant;

/// Allows `per_second` on average and twice that at once.
#[derive(Debug, Clone)]
pub(crate) struct Bucket {
    per_second: f64,
    tokens: f64,
    filled: Instant,
}

impl Bucket {
    pub(crate) fn new(per_second: u32, now: Instant) -> Self {
        let per_second = f64::from(per_second);
        Self {
            per_second,
            tokens: per_second * 2.0,
            filled: now,
        }
    }

    /// Takes `amount` tokens; false (and nothing taken) when there are not so many.
    pub(crate) fn take(&mut self, amount: u32, now: Instant) -> bool {
        let elapsed = now.saturating_duration_since(self.filled).as_secs_f64();
        self.filled = self.filled.max(now);
        self.tokens = (self.tokens + elapsed * self.per_second).min(self.per_second * 2.0);
        let amount = f64::from(amount);
        if self.tokens < amount {
            return false;
        }
        self.tokens -= amount;
        true
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn a_burst_empties_the_bucket_and_time_fills_it() {
        let now = Instant::now();
        let mut bucket = Bucket::new(10, now);
        assert_eq!((0..100).filter(|_| bucket.take(1, now)).count(), 20);
        let later = now + Duration::from_millis(500);
        assert_eq!((0..100).filter(|_| bucket.take(1, later)).count(), 5);
        let much_later = now + Duration::from_secs(1000);
        assert_eq!((0..100).filter(|_| bucket.take(1, much_later)).count(), 20);
    }

    #[test]
    fn time_going_back_gives_nothing() {
        let now = Instant::now() + Duration::from_secs(10);
        let mut bucket = Bucket::new(1, now);
        assert!(bucket.take(2, now));
        assert!(!bucket.take(1, now - Duration::from_secs(5)));
        assert!(!bucket.take(1, now));
    }
}
