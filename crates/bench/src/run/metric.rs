//! What is measured, how rounds are summed up and how a value is compared with the bound's.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::units::median;

/// One column of a table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Metric {
    CpuPerCallUs,
    CpuPerCallMs,
    CpuPerEventUs,
    CallsPerSecond,
    EventsPerSecond,
    LatencyP50Ms,
    LatencyP99Ms,
    LatencyP999Ms,
    FirstByteP50Ms,
    FirstByteP99Ms,
    EventDelayP50Ms,
    EventDelayP99Ms,
    AbortP50Ms,
    AbortMaxMs,
    KibPerStream,
    PeakRssMib,
    FirstStartMs,
    StartMs,
    BinaryMib,
    IdleRssMib,
    IdleCpuPercent,
    RssAtOneMinuteMib,
    RssAtEndMib,
    Lost,
    ForeignTargetPercent,
    ForeignLoadPercent,
    LoadCorePercent,
}

/// The values of one round, or of all.
pub(super) type Values = BTreeMap<Metric, f64>;

/// How a value stands beside the bound's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Compare {
    Ratio,
    Difference,
    Not,
}

enum Fold {
    Median,
    Lowest,
    Highest,
    Sum,
}

impl Metric {
    /// The head of its column.
    pub(super) fn title(self) -> &'static str {
        match self {
            Self::CpuPerCallUs => "CPU µs/call",
            Self::CpuPerCallMs => "CPU ms/call",
            Self::CpuPerEventUs => "CPU µs/event",
            Self::CallsPerSecond => "calls/s",
            Self::EventsPerSecond => "events/s",
            Self::LatencyP50Ms => "p50 ms",
            Self::LatencyP99Ms => "p99 ms",
            Self::LatencyP999Ms => "p99.9 ms",
            Self::FirstByteP50Ms => "first byte p50 ms",
            Self::FirstByteP99Ms => "first byte p99 ms",
            Self::EventDelayP50Ms => "event delay p50 ms",
            Self::EventDelayP99Ms => "event delay p99 ms",
            Self::AbortP50Ms => "abort p50 ms",
            Self::AbortMaxMs => "abort max ms",
            Self::KibPerStream => "KiB/stream",
            Self::PeakRssMib => "peak RSS MiB",
            Self::FirstStartMs => "first start ms",
            Self::StartMs => "start ms",
            Self::BinaryMib => "binary MiB",
            Self::IdleRssMib => "idle RSS MiB",
            Self::IdleCpuPercent => "idle CPU %",
            Self::RssAtOneMinuteMib => "RSS after 1 min MiB",
            Self::RssAtEndMib => "RSS at end MiB",
            Self::Lost => "lost",
            Self::ForeignTargetPercent => "others on target core %",
            Self::ForeignLoadPercent => "others on load core %",
            Self::LoadCorePercent => "load core busy %",
        }
    }

    pub(super) fn compare(self) -> Compare {
        match self {
            Self::CpuPerCallUs
            | Self::CpuPerEventUs
            | Self::CallsPerSecond
            | Self::EventsPerSecond
            | Self::KibPerStream
            | Self::EventDelayP50Ms
            | Self::EventDelayP99Ms => Compare::Ratio,
            Self::CpuPerCallMs
            | Self::LatencyP50Ms
            | Self::LatencyP99Ms
            | Self::LatencyP999Ms
            | Self::FirstByteP50Ms
            | Self::FirstByteP99Ms => Compare::Difference,
            Self::AbortP50Ms
            | Self::AbortMaxMs
            | Self::PeakRssMib
            | Self::FirstStartMs
            | Self::StartMs
            | Self::BinaryMib
            | Self::IdleRssMib
            | Self::IdleCpuPercent
            | Self::RssAtOneMinuteMib
            | Self::RssAtEndMib
            | Self::Lost
            | Self::ForeignTargetPercent
            | Self::ForeignLoadPercent
            | Self::LoadCorePercent => Compare::Not,
        }
    }

    /// Digits behind the point.
    pub(super) fn digits(self) -> usize {
        match self {
            Self::CallsPerSecond
            | Self::EventsPerSecond
            | Self::Lost
            | Self::ForeignTargetPercent
            | Self::ForeignLoadPercent
            | Self::LoadCorePercent => 0,
            Self::LatencyP50Ms
            | Self::LatencyP99Ms
            | Self::LatencyP999Ms
            | Self::FirstByteP50Ms
            | Self::FirstByteP99Ms
            | Self::EventDelayP50Ms
            | Self::EventDelayP99Ms => 3,
            Self::CpuPerCallMs
            | Self::CpuPerEventUs
            | Self::AbortP50Ms
            | Self::AbortMaxMs
            | Self::IdleCpuPercent => 2,
            Self::CpuPerCallUs
            | Self::KibPerStream
            | Self::PeakRssMib
            | Self::FirstStartMs
            | Self::StartMs
            | Self::BinaryMib
            | Self::IdleRssMib
            | Self::RssAtOneMinuteMib
            | Self::RssAtEndMib => 1,
        }
    }

    /// Other work on the machine only ever adds to a latency, so its best round is the truest;
    /// CPU time and rates scatter both ways.
    fn fold(self) -> Fold {
        match self {
            Self::LatencyP50Ms
            | Self::LatencyP99Ms
            | Self::LatencyP999Ms
            | Self::FirstByteP50Ms
            | Self::FirstByteP99Ms
            | Self::EventDelayP50Ms
            | Self::EventDelayP99Ms => Fold::Lowest,
            Self::AbortMaxMs | Self::PeakRssMib => Fold::Highest,
            Self::Lost => Fold::Sum,
            Self::CpuPerCallUs
            | Self::CpuPerCallMs
            | Self::CpuPerEventUs
            | Self::CallsPerSecond
            | Self::EventsPerSecond
            | Self::AbortP50Ms
            | Self::KibPerStream
            | Self::FirstStartMs
            | Self::StartMs
            | Self::BinaryMib
            | Self::IdleRssMib
            | Self::IdleCpuPercent
            | Self::RssAtOneMinuteMib
            | Self::RssAtEndMib
            | Self::ForeignTargetPercent
            | Self::ForeignLoadPercent
            | Self::LoadCorePercent => Fold::Median,
        }
    }
}

/// Sums up the rounds of one target.
pub(super) fn merge<'a>(rounds: impl Iterator<Item = &'a Values>) -> Values {
    let mut all: BTreeMap<Metric, Vec<f64>> = BTreeMap::new();
    for (metric, value) in rounds.flatten() {
        all.entry(*metric).or_default().push(*value);
    }
    all.into_iter()
        .filter_map(|(metric, values)| {
            let value = match metric.fold() {
                Fold::Median => median(values),
                Fold::Lowest => values.into_iter().reduce(f64::min),
                Fold::Highest => values.into_iter().reduce(f64::max),
                Fold::Sum => Some(values.into_iter().sum()),
            };
            Some((metric, value?))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rounds_merge_by_the_nature_of_the_metric() {
        let round = |cpu, p99, lost| {
            Values::from([
                (Metric::CpuPerCallUs, cpu),
                (Metric::LatencyP99Ms, p99),
                (Metric::Lost, lost),
            ])
        };
        let rounds = [
            round(20.0, 3.0, 0.0),
            round(90.0, 1.0, 2.0),
            round(22.0, 2.0, 1.0),
        ];
        let merged = merge(rounds.iter());
        assert_eq!(merged, round(22.0, 1.0, 3.0));
    }
}
