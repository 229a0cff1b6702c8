//! A histogram of nanoseconds in logarithmic buckets: constant memory, error below 1 %.

use serde::{Deserialize, Serialize};

use crate::units::{float, ms};

/// Buckets per power of two, as a power of two: 64 buckets bound the error of a reported
/// value (the middle of its bucket) to 1/128.
const BITS: u32 = 6;
const PER_OCTAVE: usize = 1 << BITS;

/// Counts values; see [`Summary`] for what comes out.
#[derive(Debug, Default, Clone)]
pub(crate) struct Histogram {
    counts: Vec<u64>,
    total: u64,
    sum: u64,
    max: u64,
}

/// What a histogram has to say, in milliseconds.
#[derive(Debug, Default, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub(crate) struct Summary {
    pub(crate) count: u64,
    pub(crate) mean_ms: f64,
    pub(crate) p50_ms: f64,
    pub(crate) p99_ms: f64,
    pub(crate) p999_ms: f64,
    pub(crate) max_ms: f64,
}

impl Histogram {
    /// Counts one value in nanoseconds.
    pub(crate) fn record(&mut self, ns: u64) {
        let index = bucket(ns);
        if index >= self.counts.len() {
            self.counts.resize(index + 1, 0);
        }
        self.counts[index] += 1;
        self.total += 1;
        self.sum = self.sum.saturating_add(ns);
        self.max = self.max.max(ns);
    }

    /// The value below or at which `per_ten_thousand`/10,000 of all values lie (9,990 is
    /// p99.9), in nanoseconds; 0 when nothing was recorded.
    pub(crate) fn quantile(&self, per_ten_thousand: u64) -> u64 {
        let rank = (self.total * per_ten_thousand).div_ceil(10_000).max(1);
        let mut seen = 0;
        for (index, count) in self.counts.iter().enumerate() {
            seen += count;
            if seen >= rank {
                return middle(index).min(self.max);
            }
        }
        0
    }

    /// The usual quantiles, the mean and the exact maximum.
    pub(crate) fn summary(&self) -> Summary {
        Summary {
            count: self.total,
            mean_ms: ms(self.sum) / float(self.total.max(1)),
            p50_ms: ms(self.quantile(5_000)),
            p99_ms: ms(self.quantile(9_900)),
            p999_ms: ms(self.quantile(9_990)),
            max_ms: ms(self.max),
        }
    }
}

/// Values below 64 have a bucket each; above, the leading bit picks the octave and the next
/// six bits the bucket in it.
fn bucket(ns: u64) -> usize {
    let width = u64::BITS - ns.leading_zeros();
    let shift = width.saturating_sub(BITS + 1);
    let mantissa = usize::try_from(ns >> shift).unwrap_or(usize::MAX);
    let octave = usize::try_from(shift).unwrap_or(0);
    octave * PER_OCTAVE + mantissa
}

fn middle(index: usize) -> u64 {
    if index < 2 * PER_OCTAVE {
        return u64::try_from(index).unwrap_or(u64::MAX);
    }
    let octave = index / PER_OCTAVE - 1;
    let low = u64::try_from(index - octave * PER_OCTAVE).unwrap_or(u64::MAX) << octave;
    low + (1 << octave) / 2
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn buckets_are_contiguous_and_monotone() {
        let mut last = 0;
        for ns in 0..100_000_u64 {
            let index = bucket(ns);
            assert!(index == last || index == last + 1, "gap at {ns}");
            last = index;
        }
    }

    #[test]
    fn a_reported_value_is_within_one_percent() {
        let mut ns = 1_u64;
        while ns < u64::MAX / 3 {
            let error = middle(bucket(ns)).abs_diff(ns);
            assert!(error <= ns / 100 + 1, "{ns} is off by {error}");
            ns = ns * 3 / 2 + 1;
        }
    }

    #[test]
    fn quantiles_of_a_ramp() {
        let mut histogram = Histogram::default();
        for ns in 1..=100_000 {
            histogram.record(ns);
        }
        for (tenths, want) in [(5_000, 50_000), (9_900, 99_000), (9_990, 99_900)] {
            let got = histogram.quantile(tenths);
            assert!(got.abs_diff(want) <= want / 100, "{got} is not near {want}");
        }
        let summary = histogram.summary();
        assert_eq!(summary.count, 100_000);
        assert!((summary.max_ms - 0.1).abs() < 1e-9);
        assert!((summary.mean_ms - 0.050_000_5).abs() < 1e-6);
    }

    #[test]
    fn a_single_value_is_every_quantile_and_nothing_is_zero() {
        let mut histogram = Histogram::default();
        assert_eq!(histogram.quantile(9_900), 0);
        histogram.record(1_234_567);
        assert_eq!(histogram.quantile(1), histogram.quantile(9_990));
        assert!(histogram.quantile(5_000) <= 1_234_567);
    }
}
