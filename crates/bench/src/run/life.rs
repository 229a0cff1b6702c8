//! Scenarios about a target's life rather than its calls: start, idling, a long soak.

use std::time::Duration;

use super::entry::Entry;
use super::metric::{self, Metric, Values};
use super::outcome::Line;
use super::scenario::Load;
use super::target::{Bench, Running};
use super::{pause, round, stop};
use crate::proc::CpuTime;
use crate::units::{float, ms};
use crate::{clock, proc};

const MIB: f64 = 1_048_576.0;

/// Starts each target several times and looks at it while it idles.
pub(super) fn start(bench: &Bench, entries: &[Entry], quick: bool) -> anyhow::Result<Vec<Line>> {
    let again = if quick { 2 } else { 9 };
    let idle = Duration::from_millis(if quick { 500 } else { 3_000 });
    entries
        .iter()
        .map(|entry| {
            let first = bench.run(*entry)?;
            let mut rounds = vec![Values::from([(Metric::FirstStartMs, ms(first.start_ns))])];
            first.process.stop()?;
            for _ in 0..again {
                stop::check()?;
                let running = bench.run_again(*entry)?;
                rounds.push(Values::from([(Metric::StartMs, ms(running.start_ns))]));
                running.process.stop()?;
            }
            rounds.push(idling(&bench.run_again(*entry)?, idle)?);
            if let Some(file) = bench.binary(entry.target) {
                let size = float(std::fs::metadata(file)?.len()) / MIB;
                rounds.push(Values::from([(Metric::BinaryMib, size)]));
            }
            let mut line = Line::new(*entry, false);
            line.values = metric::merge(rounds.iter());
            Ok(line)
        })
        .collect()
}

fn idling(running: &Running, time: Duration) -> anyhow::Result<Values> {
    let pid = running.process.pid();
    pause(Duration::from_millis(500));
    let before = CpuTime::read(pid)?;
    let started = clock::now_ns();
    pause(time);
    let used = float(CpuTime::read(pid)?.since(&before));
    let wall = float(clock::now_ns() - started) / 1e3;
    Ok(Values::from([
        (Metric::IdleRssMib, float(proc::rss_kib(pid)?) / 1_024.0),
        (Metric::IdleCpuPercent, 100.0 * used / wall),
    ]))
}

/// 1,000 calls/s for minutes on each target in turn: does memory stay flat?
pub(super) fn soak(bench: &Bench, entries: &[Entry], minutes: u64) -> anyhow::Result<Vec<Line>> {
    let load = Load::open(1_000);
    let mut lines = Vec::new();
    for entry in entries {
        let running = bench.run(*entry)?;
        let mut line = Line::new(*entry, false);
        let first = minutes.min(1);
        let mut rounds = Vec::new();
        for (part, metric) in [
            (first, Metric::RssAtOneMinuteMib),
            (minutes - first, Metric::RssAtEndMib),
        ] {
            if part == 0 {
                continue;
            }
            match round::measure(bench, &running, load, part * 60_000) {
                Ok(mut round) => {
                    let rss = float(proc::rss_kib(running.process.pid())?) / 1_024.0;
                    round.values.insert(metric, rss);
                    rounds.push(round);
                }
                Err(error) => {
                    stop::check()?;
                    line.fail(&error.context(running.log()));
                    break;
                }
            }
        }
        line.values = metric::merge(rounds.iter().map(|round| &round.values));
        line.rounds = rounds;
        lines.push(line);
    }
    Ok(lines)
}
