//! Conversions from counters to the floating-point numbers that reports print.

/// A count as a float. Counters here stay far below 2^52, where this would round.
#[expect(
    clippy::cast_precision_loss,
    reason = "counts and nanoseconds of one run stay below 2^52"
)]
pub(crate) fn float(count: u64) -> f64 {
    count as f64
}

/// Nanoseconds as milliseconds.
pub(crate) fn ms(ns: u64) -> f64 {
    float(ns) / 1e6
}

/// `part / whole`, and zero when there is no whole.
pub(crate) fn per(part: f64, whole: f64) -> f64 {
    if whole > 0.0 { part / whole } else { 0.0 }
}

/// The middle value (the upper one of two); `None` of nothing.
pub(crate) fn median(mut values: Vec<f64>) -> Option<f64> {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn median_takes_the_middle() {
        assert_eq!(median(vec![3.0, 1.0, 2.0]), Some(2.0));
        assert_eq!(median(vec![]), None);
        assert!(per(1.0, 0.0).abs() < f64::EPSILON);
    }
}
