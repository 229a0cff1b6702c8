//! What can be said of several credentials together.

use crate::pool::Fit;
use crate::time::Timestamp;

/// How somebody's credentials for a provider are, together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outlook {
    /// There are none.
    Absent,
    /// None can be used, and waiting does not help.
    Refused,
    /// Those that could be used rest; the first to return does then.
    Cooling(Timestamp),
    /// Calls can draw on one.
    Usable,
}

impl Outlook {
    /// How credentials are that can be drawn on like this.
    pub fn of(fits: impl IntoIterator<Item = Fit>) -> Self {
        let each = fits.into_iter().map(|fit| match fit {
            // A place is free in a moment.
            Fit::Ready | Fit::Full => Self::Usable,
            Fit::Cooling(until) => Self::Cooling(until),
            Fit::Stale(_) => Self::Refused,
        });
        each.fold(Self::Absent, Self::or)
    }

    /// The better of two.
    #[must_use]
    pub fn or(self, other: Self) -> Self {
        match (self, other) {
            (Self::Usable, _) | (_, Self::Usable) => Self::Usable,
            (Self::Cooling(one), Self::Cooling(another)) => Self::Cooling(one.min(another)),
            (Self::Cooling(until), _) | (_, Self::Cooling(until)) => Self::Cooling(until),
            (Self::Refused, _) | (_, Self::Refused) => Self::Refused,
            (Self::Absent, Self::Absent) => Self::Absent,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn credentials_are_as_the_best_of_them() {
        let at = Timestamp::from_secs;
        let (soon, late) = (Fit::Cooling(at(5)), Fit::Cooling(at(9)));
        let stale = Fit::Stale(at(1));
        for (fits, expected) in [
            (&[][..], Outlook::Absent),
            (&[stale, stale], Outlook::Refused),
            (&[late, stale, soon], Outlook::Cooling(at(5))),
            (&[soon, late], Outlook::Cooling(at(5))),
            (&[soon, Fit::Full], Outlook::Usable),
            (&[Fit::Ready, stale], Outlook::Usable),
        ] {
            assert_eq!(Outlook::of(fits.iter().copied()), expected, "{fits:?}");
        }
    }
}
