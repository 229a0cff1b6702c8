//! A range of time in pieces: days and hours that have been added up already, and what is left at its ends.

use super::group::Interval;

/// Where a piece's sums come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Source {
    /// The calls themselves.
    Calls,
    /// Sums by hour or by day.
    Sums(Interval),
}

/// A piece, from its beginning to before its end; without one of them it goes on for ever.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Slice {
    pub(super) source: Source,
    pub(super) from: Option<i64>,
    pub(super) to: Option<i64>,
}

/// Cuts a range into as few sums as possible, none of them longer than `longest`. The pieces are the range, and
/// no two of them share a moment.
pub(super) fn slices(from: Option<i64>, to: Option<i64>, longest: Interval) -> Vec<Slice> {
    let mut pieces = Vec::new();
    cut(from, to, Some(longest), &mut pieces);
    pieces
}

fn cut(from: Option<i64>, to: Option<i64>, longest: Option<Interval>, pieces: &mut Vec<Slice>) {
    if let (Some(from), Some(to)) = (from, to)
        && from >= to
    {
        return;
    }
    let Some(interval) = longest else {
        pieces.push(Slice {
            source: Source::Calls,
            from,
            to,
        });
        return;
    };
    let shorter = match interval {
        Interval::Day => Some(Interval::Hour),
        Interval::Hour => None,
    };
    let first = from.map(|from| {
        let before = interval.begin(from);
        if before == from {
            from
        } else {
            before.saturating_add(interval.micros())
        }
    });
    let last = to.map(|to| interval.begin(to));
    if let (Some(first), Some(last)) = (first, last)
        && first >= last
    {
        cut(from, to, shorter, pieces);
        return;
    }
    if first != from {
        cut(from, first, shorter, pieces);
    }
    pieces.push(Slice {
        source: Source::Sums(interval),
        from: first,
        to: last,
    });
    if last != to {
        cut(last, to, shorter, pieces);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const HOUR: i64 = Interval::Hour.micros();
    const DAY: i64 = Interval::Day.micros();

    fn piece(source: Source, from: Option<i64>, to: Option<i64>) -> Slice {
        Slice { source, from, to }
    }

    #[test]
    fn whole_ranges_are_one_sum() {
        let days = Source::Sums(Interval::Day);
        for (from, to) in [(None, None), (Some(0), None), (Some(DAY), Some(9 * DAY))] {
            assert_eq!(slices(from, to, Interval::Day), [piece(days, from, to)]);
        }
        let hours = Source::Sums(Interval::Hour);
        let (from, to) = (Some(0), Some(9 * DAY));
        assert_eq!(slices(from, to, Interval::Hour), [piece(hours, from, to)]);
        assert_eq!(slices(Some(5), Some(5), Interval::Day), []);
        assert_eq!(slices(Some(6), Some(5), Interval::Day), []);
    }

    #[test]
    fn what_is_left_at_the_ends_is_counted() {
        let (from, to) = (Some(DAY - HOUR - 1), Some(3 * DAY + HOUR + 1));
        let expected = [
            piece(Source::Calls, from, Some(DAY - HOUR)),
            piece(Source::Sums(Interval::Hour), Some(DAY - HOUR), Some(DAY)),
            piece(Source::Sums(Interval::Day), Some(DAY), Some(3 * DAY)),
            piece(
                Source::Sums(Interval::Hour),
                Some(3 * DAY),
                Some(3 * DAY + HOUR),
            ),
            piece(Source::Calls, Some(3 * DAY + HOUR), to),
        ];
        assert_eq!(slices(from, to, Interval::Day), expected);
        let short = (Some(HOUR + 1), Some(HOUR + 2));
        let expected = [piece(Source::Calls, short.0, short.1)];
        assert_eq!(slices(short.0, short.1, Interval::Day), expected);
    }

    proptest! {
        #[test]
        fn pieces_are_the_range_and_fit_their_sums(
            from in 0..5 * DAY,
            length in 1..5 * DAY,
            whole in any::<(bool, bool)>(),
            days in any::<bool>(),
        ) {
            let round = |at: i64, whole: bool| if whole { Interval::Hour.begin(at) } else { at };
            let (from, to) = (round(from, whole.0), round(from + length, whole.1));
            let longest = if days { Interval::Day } else { Interval::Hour };
            let mut at = from;
            for slice in slices(Some(from), Some(to), longest) {
                prop_assert_eq!(slice.from, Some(at));
                at = slice.to.unwrap();
                prop_assert!(slice.from.unwrap() < at);
                if let Source::Sums(interval) = slice.source {
                    prop_assert_eq!(slice.from.unwrap() % interval.micros(), 0);
                    prop_assert_eq!(at % interval.micros(), 0);
                }
            }
            prop_assert_eq!(at, to.max(from));
        }
    }
}
