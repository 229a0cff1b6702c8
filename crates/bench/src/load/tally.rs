//! What a run has counted.

use std::sync::{Mutex, MutexGuard, PoisonError};

use serde::{Deserialize, Serialize};

use super::conn::Failure;
use crate::hist::{Histogram, Summary};
use crate::units::{float, ms, per};

/// Shared by all connections of one run.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    counts: Mutex<Counts>,
}

/// The raw counters.
#[derive(Debug, Default)]
pub(crate) struct Counts {
    /// Calls begun.
    pub(crate) begun: u64,
    /// Calls answered in full and as expected.
    pub(crate) calls: u64,
    /// Events of those answers.
    pub(crate) events: u64,
    /// Bytes of all answers.
    pub(crate) bytes: u64,
    /// Calls that failed, by kind.
    pub(crate) refused: u64,
    pub(crate) cut: u64,
    pub(crate) mismatched: u64,
    /// The first failure in words.
    pub(crate) first_failure: Option<String>,
    /// Start of a call to its end.
    pub(crate) latency: Histogram,
    /// Start of a call to its first body byte, less the time the mock took by plan.
    pub(crate) first_byte: Histogram,
    /// From the mock's socket to here, per stamped event.
    pub(crate) delay: Histogram,
    /// Client gone to upstream aborted.
    pub(crate) abort: Histogram,
}

/// The result of a run, as printed.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(crate) struct Report {
    pub(crate) seconds: f64,
    pub(crate) begun: u64,
    pub(crate) calls: u64,
    pub(crate) calls_per_second: f64,
    pub(crate) events: u64,
    pub(crate) events_per_second: f64,
    pub(crate) bytes: u64,
    /// Not answered with 200, or not connected.
    pub(crate) refused: u64,
    /// Ended before the expected bytes.
    pub(crate) cut: u64,
    /// Bytes that differ from what the mock sent.
    pub(crate) mismatched: u64,
    /// Still under way when the time was over.
    pub(crate) unfinished: u64,
    pub(crate) first_failure: Option<String>,
    pub(crate) latency: Summary,
    pub(crate) first_byte: Summary,
    pub(crate) event_delay: Summary,
    pub(crate) abort: Summary,
    /// CPU time of the generator itself, microseconds.
    pub(crate) generator_cpu_us: u64,
}

impl Tally {
    /// The counters, for a moment.
    pub(crate) fn counts(&self) -> MutexGuard<'_, Counts> {
        self.counts.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Counts a failed call.
    pub(crate) fn fail(&self, failure: &Failure) {
        let mut counts = self.counts();
        *match failure {
            Failure::Connect(_) | Failure::Status(_) => &mut counts.refused,
            Failure::Transport(_) | Failure::Short(_) => &mut counts.cut,
            Failure::Mismatch(_) => &mut counts.mismatched,
        } += 1;
        if counts.first_failure.is_none() {
            counts.first_failure = Some(failure.to_string());
        }
    }

    /// Sums up after `elapsed` nanoseconds.
    pub(crate) fn report(&self, elapsed: u64, generator_cpu_us: u64) -> Report {
        let counts = self.counts();
        let seconds = ms(elapsed) / 1e3;
        let ended = counts.calls + counts.refused + counts.cut + counts.mismatched;
        Report {
            seconds,
            begun: counts.begun,
            calls: counts.calls,
            calls_per_second: per(float(counts.calls), seconds),
            events: counts.events,
            events_per_second: per(float(counts.events), seconds),
            bytes: counts.bytes,
            refused: counts.refused,
            cut: counts.cut,
            mismatched: counts.mismatched,
            unfinished: counts.begun.saturating_sub(ended),
            first_failure: counts.first_failure.clone(),
            latency: counts.latency.summary(),
            first_byte: counts.first_byte.summary(),
            event_delay: counts.delay.summary(),
            abort: counts.abort.summary(),
            generator_cpu_us,
        }
    }
}
