//! Instants as whole microseconds since the Unix epoch; RFC 3339 in print.

use std::fmt;
use std::time::Duration;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A moment in wall-clock time, in microseconds since 1970-01-01T00:00:00Z.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Timestamp(pub i64);

impl Timestamp {
    /// The moment `seconds` after the epoch.
    pub const fn from_secs(seconds: i64) -> Self {
        Self(seconds * 1_000_000)
    }

    /// Whole seconds since the epoch, rounded down.
    pub const fn as_secs(self) -> i64 {
        self.0.div_euclid(1_000_000)
    }

    /// This moment and `by`; saturates at the end of time.
    #[must_use]
    pub fn plus(self, by: Duration) -> Self {
        Self(
            self.0
                .saturating_add(i64::try_from(by.as_micros()).unwrap_or(i64::MAX)),
        )
    }

    /// This moment less `by`.
    #[must_use]
    pub fn minus(self, by: Duration) -> Self {
        Self(
            self.0
                .saturating_sub(i64::try_from(by.as_micros()).unwrap_or(i64::MAX)),
        )
    }

    /// How long after `earlier` this is; zero when it is not.
    pub fn since(self, earlier: Self) -> Duration {
        Duration::from_micros(u64::try_from(self.0.saturating_sub(earlier.0)).unwrap_or(0))
    }

    /// Reads RFC 3339, a date alone (`2026-11-22`, midnight UTC) or whole Unix seconds, up to the year 9999. Longer
    /// numbers are of something shorter than seconds.
    pub fn parse(text: &str) -> Option<Self> {
        if let Ok(seconds) = text.parse::<i64>() {
            let moment = jiff::Timestamp::from_second(seconds).ok()?;
            return Some(Self(moment.as_microsecond()));
        }
        if let Ok(moment) = text.parse::<jiff::Timestamp>() {
            return Some(Self(moment.as_microsecond()));
        }
        let day = text.parse::<jiff::civil::Date>().ok()?;
        let midnight = day.to_zoned(jiff::tz::TimeZone::UTC).ok()?;
        Some(Self(midnight.timestamp().as_microsecond()))
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match jiff::Timestamp::from_microsecond(self.0) {
            Ok(moment) => write!(f, "{moment:.6}"),
            Err(_) => write!(f, "{}us", self.0),
        }
    }
}

impl Serialize for Timestamp {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Timestamp {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        Self::parse(&text).ok_or_else(|| serde::de::Error::custom("expected an RFC 3339 time"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prints_rfc_3339_and_reads_it_back() {
        let at = Timestamp(1_795_320_000_123_456);
        assert_eq!(at.to_string(), "2026-11-22T04:00:00.123456Z");
        assert_eq!(Timestamp::parse(&at.to_string()), Some(at));
    }

    #[test]
    fn reads_dates_and_seconds() {
        assert_eq!(
            Timestamp::parse("1970-01-02"),
            Some(Timestamp::from_secs(86_400))
        );
        assert_eq!(Timestamp::parse("60"), Some(Timestamp::from_secs(60)));
        assert_eq!(Timestamp::parse("yesterday"), None);
    }

    #[test]
    fn moments_that_no_calendar_has_are_no_times() {
        // Milliseconds and microseconds since the epoch, where seconds are expected.
        for text in [
            "1795320000000",
            "1795320000000000",
            "9223372036854775807",
            "-9223372036854775808",
        ] {
            assert_eq!(Timestamp::parse(text), None, "{text}");
        }
        let last = Timestamp::parse("253402207200").unwrap();
        assert_eq!(Timestamp::parse(&last.to_string()), Some(last));
    }

    #[test]
    fn since_is_never_negative() {
        assert_eq!(Timestamp(1).since(Timestamp(5)), Duration::ZERO);
    }
}
