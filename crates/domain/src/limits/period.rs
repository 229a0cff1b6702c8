//! When a budget begins anew: calendar days, weeks from Monday and months, in UTC.

use crate::limits::BudgetWindow;
use crate::time::Timestamp;

const DAY: i64 = 86_400;

/// The first day of a budget's window, in days since the epoch.
///
/// Windows that never begin anew have the one period [`Period::ALWAYS`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Period(pub i64);

impl Period {
    /// The period of totals and sessions, and the day that the store keeps their sums under.
    pub const ALWAYS: Self = Self(-1);
}

/// The day of a moment, in days since the epoch.
pub const fn day(at: Timestamp) -> i64 {
    at.as_secs().div_euclid(DAY)
}

impl BudgetWindow {
    /// The period that a moment is in.
    pub fn period(self, at: Timestamp) -> Period {
        let day = day(at);
        match self {
            Self::Day => Period(day),
            Self::Week => Period(monday(day)),
            Self::Month => Period(first_of_month(day)),
            Self::Total | Self::Session => Period::ALWAYS,
        }
    }

    /// The last day of a period of this window; always the same one for those that never end.
    pub fn last_day(self, period: Period) -> Period {
        let first = period.0;
        match self {
            Self::Day => period,
            Self::Week => Period(first + 6),
            Self::Month => Period(first_of_month(first + 31) - 1),
            Self::Total | Self::Session => Period::ALWAYS,
        }
    }

    /// When the window that `now` is in ends; `None` for those that never do.
    pub fn reset_at(self, now: Timestamp) -> Option<Timestamp> {
        let day = day(now);
        let next = match self {
            Self::Day => day + 1,
            Self::Week => monday(day) + 7,
            // No month is longer than thirty-one days, and two are longer than that.
            Self::Month => first_of_month(first_of_month(day) + 31),
            Self::Total | Self::Session => return None,
        };
        Some(Timestamp::from_secs(next * DAY))
    }
}

/// The day of the Monday of a day's week. The first of January 1970 was a Thursday.
const fn monday(day: i64) -> i64 {
    day - (day + 3).rem_euclid(7)
}

/// The first day of a day's month.
fn first_of_month(day: i64) -> i64 {
    let moment = jiff::Timestamp::from_second(day.saturating_mul(DAY)).unwrap_or_default();
    let date = moment.to_zoned(jiff::tz::TimeZone::UTC).date();
    day - i64::from(date.day()) + 1
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn windows_end_where_the_calendar_says() {
        let at = |text: &str| Timestamp::parse(text).unwrap();
        for (now, window, reset) in [
            ("2026-11-28T16:00:00Z", BudgetWindow::Day, "2026-11-29"),
            ("2026-11-28T00:00:00Z", BudgetWindow::Day, "2026-11-29"),
            ("2026-11-28T23:59:59Z", BudgetWindow::Week, "2026-11-30"),
            ("2026-11-29T23:59:59Z", BudgetWindow::Week, "2026-11-30"),
            ("2026-11-30T00:00:00Z", BudgetWindow::Week, "2026-12-07"),
            ("2026-11-30T00:00:00Z", BudgetWindow::Month, "2026-12-01"),
            ("2026-12-31T23:59:59Z", BudgetWindow::Month, "2027-01-01"),
            ("2028-01-31T12:00:00Z", BudgetWindow::Month, "2028-02-01"),
            ("2028-02-29T12:00:00Z", BudgetWindow::Month, "2028-03-01"),
            ("1969-12-31T12:00:00Z", BudgetWindow::Month, "1970-01-01"),
        ] {
            assert_eq!(
                window.reset_at(at(now)),
                Some(at(reset)),
                "{window:?} {now}"
            );
        }
        assert_eq!(BudgetWindow::Total.reset_at(at("2026-11-28")), None);
        assert_eq!(BudgetWindow::Session.reset_at(at("2026-11-28")), None);
    }

    proptest! {
        #[test]
        fn a_window_ends_where_the_next_begins(seconds in 0i64..10_000_000_000) {
            let now = Timestamp::from_secs(seconds);
            for window in [BudgetWindow::Day, BudgetWindow::Week, BudgetWindow::Month] {
                let reset = window.reset_at(now).unwrap();
                prop_assert!(reset > now);
                prop_assert_eq!(window.period(reset), Period(day(reset)));
                let period = window.period(now);
                prop_assert_eq!(window.last_day(period), Period(day(reset) - 1));
                let last = Timestamp(reset.0 - 1);
                prop_assert_eq!(window.period(last), window.period(now));
            }
        }
    }
}
