//! How long calls take, as counts in ranges that grow with the value: counts add up over any number of
//! calls, hours and groups, and percentiles come out of them to within the width of a range.

/// How many ranges there are.
pub const RANGES: usize = EDGES.len() + 1;

/// Where one range ends and the next begins, in milliseconds: five to each power of ten, the Renard
/// numbers. What is stored depends on them, so they never change.
pub const EDGES: [f64; 23] = [
    16.0, 25.0, 40.0, 63.0, 100.0, 160.0, 250.0, 400.0, 630.0, 1e3, 1.6e3, 2.5e3, 4e3, 6.3e3, 1e4,
    1.6e4, 2.5e4, 4e4, 6.3e4, 1e5, 1.6e5, 2.5e5, 4e5,
];

/// The range that a number of milliseconds is in.
pub fn range(milliseconds: f64) -> usize {
    EDGES.partition_point(|edge| *edge <= milliseconds)
}

/// How many calls took how long.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Histogram {
    /// Calls in each range.
    pub counts: [u64; RANGES],
    /// What they took together, in microseconds.
    pub micros: u64,
}

impl Histogram {
    /// How many calls there are.
    pub fn calls(&self) -> u64 {
        self.counts.iter().sum()
    }

    /// Both together.
    pub fn add(&mut self, other: &Self) {
        for (sum, count) in self.counts.iter_mut().zip(other.counts) {
            *sum = sum.saturating_add(count);
        }
        self.micros = self.micros.saturating_add(other.micros);
    }

    /// The mean in milliseconds; absent without calls.
    #[expect(clippy::cast_precision_loss, reason = "a mean is rounded anyway")]
    pub fn mean(&self) -> Option<f64> {
        let calls = self.calls();
        (calls > 0).then(|| self.micros as f64 / calls as f64 / 1e3)
    }

    /// The milliseconds that `share` of the calls took no longer than; absent without calls. Within a
    /// range calls are taken to be spread as its edges are; of the last, which has no end, its beginning
    /// is given.
    #[expect(
        clippy::cast_precision_loss,
        reason = "the range it falls into is coarser than any rounding"
    )]
    pub fn percentile(&self, share: f64) -> Option<f64> {
        let calls = self.calls();
        if calls == 0 {
            return None;
        }
        let rank = share.clamp(0.0, 1.0) * calls as f64;
        let mut below = 0.0;
        for (index, count) in self.counts.iter().enumerate() {
            let count = *count as f64;
            if count > 0.0 && below + count >= rank {
                return Some(within(index, (rank - below) / count));
            }
            below += count;
        }
        EDGES.last().copied()
    }
}

/// The milliseconds at `part` of a range.
fn within(index: usize, part: f64) -> f64 {
    let Some(&end) = EDGES.get(index) else {
        return EDGES[EDGES.len() - 1];
    };
    match index.checked_sub(1).and_then(|before| EDGES.get(before)) {
        Some(&start) => start * (end / start).powf(part),
        None => end * part,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn histogram(values: impl IntoIterator<Item = f64>) -> Histogram {
        let mut histogram = Histogram::default();
        for value in values {
            histogram.counts[range(value)] += 1;
        }
        histogram
    }

    #[test]
    fn ranges_begin_at_their_edges() {
        let cases = [
            (0.0, 0),
            (15.999, 0),
            (16.0, 1),
            (24.9, 1),
            (25.0, 2),
            (399_999.9, 22),
            (400_000.0, 23),
            (f64::MAX, 23),
        ];
        for (value, expected) in cases {
            assert_eq!(range(value), expected, "{value}");
        }
        assert!(EDGES.is_sorted());
    }

    #[test]
    fn percentiles_are_within_the_range_of_the_true_one() {
        for (share, rank) in [(0.5, 499), (0.95, 949), (0.99, 989)] {
            let values: Vec<f64> = (1..=1000).map(|n| f64::from(n) * 7.0).collect();
            let found = histogram(values.clone()).percentile(share).unwrap();
            assert_eq!(range(found), range(values[rank]), "{share}: {found}");
            // Where the values end in the middle of a range, the range is still all that is known.
            let (found, true_one) = (found.max(values[rank]), found.min(values[rank]));
            assert!(found / true_one < 1.6, "{share}: {found}");
        }
    }

    #[test]
    fn one_call_and_none() {
        assert_eq!(Histogram::default().percentile(0.5), None);
        assert_eq!(Histogram::default().mean(), None);
        assert_eq!(histogram([1e9]).percentile(0.5), Some(400_000.0));
        let one = histogram([50.0]).percentile(0.99).unwrap();
        assert!((40.0..63.0).contains(&one), "{one}");
    }

    #[test]
    fn what_is_added_up_counts_all() {
        let mut sum = histogram([1.0, 20.0]);
        sum.add(&histogram([20.0, 30.0]));
        assert_eq!(sum, histogram([1.0, 20.0, 20.0, 30.0]));
    }
}
