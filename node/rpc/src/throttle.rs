//! How much one address may ask for: calls per second, connections at once.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::config::RateLimit;
use crate::limits::RATE_TABLE_MAX_ADDRESSES;

/// Thousandths of a token, so that refilling is exact in milliseconds.
const MILLI: u64 = 1_000;

/// How often a full table looks for buckets that it can drop.
const PURGE_INTERVAL_MS: u64 = 1_000;

/// Token buckets by address.
pub struct RateLimiter {
    rate: RateLimit,
    loopback_rate: RateLimit,
    table: Mutex<Table>,
}

struct Table {
    buckets: HashMap<IpAddr, Bucket>,
    loopback: Bucket,
    /// For all addresses that came while the table was full.
    overflow: Bucket,
    purged_ms: u64,
}

#[derive(Clone, Copy)]
struct Bucket {
    milli_tokens: u64,
    filled_ms: u64,
}

impl RateLimiter {
    /// Full buckets for everyone.
    pub fn new(rate: RateLimit, loopback_rate: RateLimit) -> RateLimiter {
        RateLimiter {
            rate,
            loopback_rate,
            table: Mutex::new(Table {
                buckets: HashMap::new(),
                loopback: Bucket::full(loopback_rate, 0),
                overflow: Bucket::full(rate, 0),
                purged_ms: 0,
            }),
        }
    }

    /// Takes tokens for `calls` calls, all or none. The error is how long to wait, in seconds.
    pub fn take(&self, address: IpAddr, calls: u32, now_ms: u64) -> Result<(), u64> {
        let mut table = lock(&self.table);
        if address.to_canonical().is_loopback() {
            return table.loopback.take(self.loopback_rate, calls, now_ms);
        }
        table
            .bucket(network_of(address), self.rate, now_ms)
            .take(self.rate, calls, now_ms)
    }
}

impl Table {
    fn bucket(&mut self, key: IpAddr, rate: RateLimit, now_ms: u64) -> &mut Bucket {
        let known = self.buckets.contains_key(&key);
        if !known && self.buckets.len() >= RATE_TABLE_MAX_ADDRESSES {
            if now_ms.saturating_sub(self.purged_ms) >= PURGE_INTERVAL_MS {
                self.purged_ms = now_ms;
                self.buckets
                    .retain(|_, bucket| !bucket.is_full_at(rate, now_ms));
            }
            if self.buckets.len() >= RATE_TABLE_MAX_ADDRESSES {
                return &mut self.overflow;
            }
        }
        self.buckets
            .entry(key)
            .or_insert_with(|| Bucket::full(rate, now_ms))
    }
}

impl Bucket {
    fn full(rate: RateLimit, now_ms: u64) -> Bucket {
        Bucket {
            milli_tokens: u64::from(rate.burst) * MILLI,
            filled_ms: now_ms,
        }
    }

    fn level_at(&self, rate: RateLimit, now_ms: u64) -> u64 {
        let elapsed_ms = now_ms.saturating_sub(self.filled_ms);
        self.milli_tokens
            .saturating_add(elapsed_ms.saturating_mul(u64::from(rate.per_second)))
            .min(u64::from(rate.burst) * MILLI)
    }

    fn is_full_at(&self, rate: RateLimit, now_ms: u64) -> bool {
        self.level_at(rate, now_ms) >= u64::from(rate.burst) * MILLI
    }

    fn take(&mut self, rate: RateLimit, calls: u32, now_ms: u64) -> Result<(), u64> {
        let level = self.level_at(rate, now_ms);
        let wanted = u64::from(calls) * MILLI;
        self.filled_ms = self.filled_ms.max(now_ms);
        self.milli_tokens = level.saturating_sub(wanted);
        if level < wanted {
            self.milli_tokens = level;
            let refill = u64::from(rate.per_second.max(1)) * MILLI;
            return Err((wanted - level).div_ceil(refill).max(1));
        }
        Ok(())
    }
}

/// Connections at once by address.
pub struct ConnectionCounter {
    max_per_address: usize,
    open: Mutex<HashMap<IpAddr, usize>>,
}

/// Counts as a connection until dropped.
pub struct ConnectionSlot {
    counter: Arc<ConnectionCounter>,
    key: IpAddr,
}

impl ConnectionCounter {
    /// Nobody is connected.
    pub fn new(max_per_address: usize) -> Arc<ConnectionCounter> {
        Arc::new(ConnectionCounter {
            max_per_address,
            open: Mutex::new(HashMap::new()),
        })
    }

    /// Counts a connection; `None` if the address has too many. Loopback may have any number.
    pub fn open(self: &Arc<Self>, address: IpAddr) -> Option<ConnectionSlot> {
        let key = network_of(address);
        let mut open = lock(&self.open);
        let count = open.get(&key).copied().unwrap_or(0);
        if count >= self.max_per_address && !address.to_canonical().is_loopback() {
            return None;
        }
        open.insert(key, count + 1);
        Some(ConnectionSlot {
            counter: Arc::clone(self),
            key,
        })
    }
}

impl Drop for ConnectionSlot {
    fn drop(&mut self) {
        let mut open = lock(&self.counter.open);
        match open.get(&self.key).copied() {
            Some(count) if count > 1 => {
                open.insert(self.key, count - 1);
            }
            _ => {
                open.remove(&self.key);
            }
        }
    }
}

/// Who counts as one: an IPv4 address, or the /64 network that an IPv6 host owns.
fn network_of(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(v6) if !v6.is_loopback() => {
            IpAddr::V6((u128::from(v6) & !u128::from(u64::MAX)).into())
        }
        other => other,
    }
}

/// The data is plain counters: a panic elsewhere leaves them usable.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    const RATE: RateLimit = RateLimit {
        burst: 3,
        per_second: 2,
    };
    const LOOPBACK: RateLimit = RateLimit {
        burst: 100,
        per_second: 100,
    };

    fn address(text: &str) -> IpAddr {
        text.parse().expect("an address")
    }

    #[test]
    fn a_bucket_empties_and_refills() {
        let limiter = RateLimiter::new(RATE, LOOPBACK);
        let (alice, bob) = (address("192.0.2.1"), address("192.0.2.2"));
        assert_eq!(limiter.take(alice, 3, 0), Ok(()));
        assert_eq!(limiter.take(alice, 1, 0), Err(1));
        assert_eq!(limiter.take(bob, 1, 0), Ok(()));
        assert_eq!(limiter.take(alice, 1, 499), Err(1));
        assert_eq!(limiter.take(alice, 1, 500), Ok(()));
        assert_eq!(limiter.take(alice, 3, 60_000), Ok(()));
        assert_eq!(limiter.take(alice, 1, 60_000), Err(1));
    }

    #[test]
    fn a_refused_batch_takes_no_tokens() {
        let limiter = RateLimiter::new(RATE, LOOPBACK);
        assert_eq!(limiter.take(address("192.0.2.1"), 7, 0), Err(2));
        assert_eq!(limiter.take(address("192.0.2.1"), 3, 0), Ok(()));
    }

    #[test]
    fn loopback_has_its_own_rate_also_when_mapped() {
        let limiter = RateLimiter::new(RATE, LOOPBACK);
        assert_eq!(limiter.take(address("127.0.0.1"), 50, 0), Ok(()));
        assert_eq!(limiter.take(address("::ffff:127.0.0.1"), 50, 0), Ok(()));
        assert_eq!(limiter.take(address("127.0.0.1"), 1, 0), Err(1));
    }

    #[test]
    fn hosts_of_one_ipv6_network_share_a_bucket() {
        let limiter = RateLimiter::new(RATE, LOOPBACK);
        assert_eq!(limiter.take(address("2001:db8::1"), 3, 0), Ok(()));
        assert_eq!(limiter.take(address("2001:db8::2"), 1, 0), Err(1));
        assert_eq!(limiter.take(address("2001:db8:0:1::1"), 1, 0), Ok(()));
    }

    #[test]
    fn a_flood_of_addresses_shares_one_bucket_and_does_not_grow_the_table() {
        let limiter = RateLimiter::new(RATE, LOOPBACK);
        let flood = |n: u32| IpAddr::V4(n.into());
        for n in 0..RATE_TABLE_MAX_ADDRESSES as u32 {
            assert_eq!(limiter.take(flood(0x0b00_0000 + n), 1, 0), Ok(()));
        }
        let late = |n: u32, now| limiter.take(flood(0x0c00_0000 + n), 1, now);
        assert!((0..3).all(|n| late(n, 0).is_ok()));
        assert_eq!(late(3, 0), Err(1));
        assert_eq!(lock(&limiter.table).buckets.len(), RATE_TABLE_MAX_ADDRESSES);
        assert_eq!(late(4, 10_000), Ok(()));
        assert_eq!(lock(&limiter.table).buckets.len(), 1);
    }

    #[test]
    fn connections_are_counted_until_they_close() {
        let counter = ConnectionCounter::new(1);
        let slot = counter.open(address("192.0.2.1"));
        assert!(slot.is_some());
        assert!(counter.open(address("192.0.2.1")).is_none());
        assert!(counter.open(address("192.0.2.2")).is_some());
        drop(slot);
        assert!(counter.open(address("192.0.2.1")).is_some());
        let loopback = [counter.open(address("::1")), counter.open(address("::1"))];
        assert!(loopback.iter().all(Option::is_some));
        drop(loopback);
        assert!(lock(&counter.open).is_empty());
    }
}
