//! One round: the generator against one target, with the kernel's counters before and after.

use std::io::Read as _;
use std::process::Stdio;
use std::time::Duration;

use anyhow::{Context as _, bail};
use serde::Serialize;

use super::child::command;
use super::metric::{Metric, Values};
use super::scenario::Load;
use super::target::{Bench, KEY, Running};
use super::{pause, stop};
use crate::load::{Plan, Report};
use crate::proc::CpuTime;
use crate::units::{float, per};
use crate::{clock, proc};

/// Work a target does after its answers (records, batched writes) belongs to the calls.
const SETTLE: Duration = Duration::from_millis(300);

/// Slack for the generator beyond its own limit.
const SLACK: Duration = Duration::from_secs(20);

/// One round's results.
#[derive(Debug, Serialize)]
pub(super) struct Round {
    pub(super) values: Values,
    pub(super) report: Report,
    /// CPU time of the target, microseconds.
    cpu_us: u64,
    rss_before_kib: u64,
    rss_peak_kib: u64,
}

/// Connections, pools and lazily built tables exist before anything is measured.
pub(super) fn warm_up(bench: &Bench, running: &mut Running, load: Load) -> anyhow::Result<()> {
    let warm = Load {
        events: load.events.min(20),
        gap_us: 0,
        first_us: 0,
        conns: 8,
        ramp_millis: None,
        mode: crate::load::Mode::Closed,
        ..load
    };
    let plan = warm.plan(running.ends, running.entry, 300);
    let report = generate(bench, &plan, || ())?;
    if report.calls == 0 {
        let failure = report.first_failure.unwrap_or_default();
        bail!("no call came through: {failure}");
    }
    pause(SETTLE);
    running.base_kib = proc::rss_kib(running.process.pid())?;
    Ok(())
}

/// Runs the load once.
pub(super) fn measure(
    bench: &Bench,
    running: &Running,
    load: Load,
    millis: u64,
) -> anyhow::Result<Round> {
    let plan = load.plan(running.ends, running.entry, millis);
    let pid = running.process.pid();
    let rss_before_kib = proc::rss_kib(pid)?;
    let mut rss_peak_kib = rss_before_kib;
    let started = clock::now_ns();
    let before = Counters::read(bench, pid)?;
    let report = generate(bench, &plan, || {
        rss_peak_kib = rss_peak_kib.max(proc::rss_kib(pid).unwrap_or(0));
    })?;
    pause(SETTLE);
    let used = Counters::read(bench, pid)?.since(&before);
    let wall = float(clock::now_ns() - started) / 1e3;
    let mut values = values(&report);
    let percent = |part: u64| 100.0 * per(float(part), wall);
    let load_side = used.mock + report.generator_cpu_us;
    values.extend([
        (Metric::PeakRssMib, float(rss_peak_kib) / 1_024.0),
        (
            Metric::ForeignTargetPercent,
            percent(used.target_core.saturating_sub(used.target)),
        ),
        (
            Metric::ForeignLoadPercent,
            percent(used.load_core.saturating_sub(load_side)),
        ),
        (Metric::LoadCorePercent, percent(used.load_core)),
    ]);
    if report.calls > 0 {
        let used = float(used.target);
        let per_call = per(used, float(report.calls));
        values.insert(Metric::CpuPerCallUs, per_call);
        values.insert(Metric::CpuPerCallMs, per_call / 1e3);
        values.insert(Metric::CpuPerEventUs, per(used, float(report.events)));
    }
    if load.ramp_millis.is_some() {
        let grown = float(rss_peak_kib.saturating_sub(running.base_kib));
        values.insert(
            Metric::KibPerStream,
            per(grown, float(u64::from(load.conns))),
        );
    }
    Ok(Round {
        values,
        report,
        cpu_us: used.target,
        rss_before_kib,
        rss_peak_kib,
    })
}

/// The kernel's counters at one moment.
#[derive(Debug)]
struct Counters {
    target: CpuTime,
    mock: CpuTime,
    target_core: u64,
    load_core: u64,
}

/// What they have grown by, microseconds.
#[derive(Debug)]
struct Used {
    target: u64,
    mock: u64,
    target_core: u64,
    load_core: u64,
}

impl Counters {
    fn read(bench: &Bench, pid: u32) -> anyhow::Result<Self> {
        Ok(Self {
            target: CpuTime::read(pid).context("the target has ended")?,
            mock: CpuTime::read(bench.mock.pid())?,
            target_core: proc::busy_us(bench.target_core)?,
            load_core: proc::busy_us(bench.load_core)?,
        })
    }

    fn since(&self, before: &Self) -> Used {
        Used {
            target: self.target.since(&before.target),
            mock: self.mock.since(&before.mock),
            target_core: self.target_core.saturating_sub(before.target_core),
            load_core: self.load_core.saturating_sub(before.load_core),
        }
    }
}

/// What the generator saw; what nothing was counted for is left out.
fn values(report: &Report) -> Values {
    let lost = report.refused + report.cut + report.mismatched + report.unfinished;
    let mut values = Values::from([(Metric::Lost, float(lost))]);
    if report.latency.count > 0 {
        values.extend([
            (Metric::CallsPerSecond, report.calls_per_second),
            (Metric::EventsPerSecond, report.events_per_second),
            (Metric::LatencyP50Ms, report.latency.p50_ms),
            (Metric::LatencyP99Ms, report.latency.p99_ms),
            (Metric::LatencyP999Ms, report.latency.p999_ms),
            (Metric::FirstByteP50Ms, report.first_byte.p50_ms),
            (Metric::FirstByteP99Ms, report.first_byte.p99_ms),
        ]);
    }
    if report.event_delay.count > 0 {
        values.insert(Metric::EventDelayP50Ms, report.event_delay.p50_ms);
        values.insert(Metric::EventDelayP99Ms, report.event_delay.p99_ms);
    }
    if report.abort.count > 0 {
        values.insert(Metric::AbortP50Ms, report.abort.p50_ms);
        values.insert(Metric::AbortMaxMs, report.abort.max_ms);
    }
    values
}

/// Runs the generator to its end, calling `look` about every 50 ms.
pub(super) fn generate(
    bench: &Bench,
    plan: &Plan,
    mut look: impl FnMut(),
) -> anyhow::Result<Report> {
    let mut arguments = vec!["load".to_owned()];
    arguments.extend(plan.flags());
    let variables = [("BENCH_KEY", KEY)];
    let mut child = command(bench.load_core, &bench.program, &arguments, &variables)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .context("cannot start the generator")?;
    let started = clock::now_ns();
    let limit = u64::try_from((plan.length() + SLACK).as_nanos())?;
    let status = loop {
        if let Some(status) = child.try_wait()? {
            break status;
        }
        let late = clock::now_ns() - started > limit;
        if late || stop::check().is_err() {
            child.kill()?;
            child.wait()?;
            stop::check()?;
            bail!("the generator did not end in time");
        }
        look();
        pause(Duration::from_millis(50));
    };
    let mut text = String::new();
    if status.success() {
        if let Some(output) = &mut child.stdout {
            output.read_to_string(&mut text)?;
        }
        return Ok(serde_json::from_str(&text)?);
    }
    if let Some(errors) = &mut child.stderr {
        errors.read_to_string(&mut text)?;
    }
    bail!("the generator gave up: {}", text.trim());
}
