//! What can be said of several credentials together.

use crate::pool::Fit;
use crate::time::Timestamp;

/// How somebody's credentials for a provider are, together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outlook {
    /// There are none.
    Absent,
    /// None can be used, and waiting does not help.
    Useless(Useless),
    /// Those that could be used rest; the first to return does then.
    Cooling(Timestamp),
    /// Calls can draw on one.
    Usable,
}

/// Why a credential that is there cannot be used. Of several the last one here is the most worth telling: it
/// came about by itself, where the first were meant so.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Useless {
    /// The operator has yet to say what calls of the provider need.
    NotSetUp,
    /// Somebody has taken it out of use.
    Paused,
    /// It cannot be opened, or not be sent.
    Unusable,
    /// Its holder has to sign in again.
    SignedOut,
    /// Its provider refuses it.
    Refused,
}

impl Outlook {
    /// How a credential is that can be drawn on like this; `stale` says what it means when it cannot.
    pub const fn of(fit: Fit, stale: Useless) -> Self {
        match fit {
            // A place is free in a moment.
            Fit::Ready | Fit::Full => Self::Usable,
            Fit::Cooling(until) => Self::Cooling(until),
            Fit::Stale(_) => Self::Useless(stale),
        }
    }

    /// The better of two.
    #[must_use]
    pub fn or(self, other: Self) -> Self {
        match (self, other) {
            (Self::Usable, _) | (_, Self::Usable) => Self::Usable,
            (Self::Cooling(one), Self::Cooling(another)) => Self::Cooling(one.min(another)),
            (Self::Cooling(until), _) | (_, Self::Cooling(until)) => Self::Cooling(until),
            (Self::Useless(one), Self::Useless(another)) => Self::Useless(one.max(another)),
            (Self::Useless(why), _) | (_, Self::Useless(why)) => Self::Useless(why),
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
        let refused = Outlook::Useless(Useless::Refused);
        for (fits, expected) in [
            (&[][..], Outlook::Absent),
            (&[stale, stale], refused),
            (&[late, stale, soon], Outlook::Cooling(at(5))),
            (&[soon, late], Outlook::Cooling(at(5))),
            (&[soon, Fit::Full], Outlook::Usable),
            (&[Fit::Ready, stale], Outlook::Usable),
        ] {
            let each = fits.iter().map(|fit| Outlook::of(*fit, Useless::Refused));
            let together = each.fold(Outlook::Absent, Outlook::or);
            assert_eq!(together, expected, "{fits:?}");
        }
    }

    #[test]
    fn what_came_about_by_itself_is_told_before_what_was_meant() {
        let (paused, lost) = (Useless::Paused, Useless::SignedOut);
        let told = Outlook::Useless(paused).or(Outlook::Useless(lost));
        assert_eq!(told, Outlook::Useless(lost));
        let alone = Outlook::Absent.or(Outlook::Useless(paused));
        assert_eq!(alone, Outlook::Useless(paused));
    }
}
