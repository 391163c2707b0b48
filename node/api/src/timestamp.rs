//! RFC 3339 text of a time.

use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

/// What [`rfc3339`] gives for 0, and for times it can't show (after the year 9999).
pub const UNIX_EPOCH: &str = "1970-01-01T00:00:00Z";

/// RFC 3339 text in UTC of milliseconds since the Unix epoch.
pub fn rfc3339(unix_ms: u64) -> String {
    OffsetDateTime::from_unix_timestamp_nanos(i128::from(unix_ms) * 1_000_000)
        .ok()
        .and_then(|time| time.format(&Rfc3339).ok())
        .unwrap_or_else(|| UNIX_EPOCH.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_utc_with_fractions_only_when_needed() {
        assert_eq!(rfc3339(0), UNIX_EPOCH);
        assert_eq!(rfc3339(1_700_000_000_000), "2023-11-14T22:13:20Z");
        assert_eq!(rfc3339(1_700_000_000_250), "2023-11-14T22:13:20.25Z");
    }

    #[test]
    fn a_time_past_the_calendar_does_not_panic() {
        assert_eq!(rfc3339(u64::MAX), UNIX_EPOCH);
    }
}
