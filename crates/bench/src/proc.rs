//! What the kernel says about processes and cores: CPU time, memory.
//!
//! Linux only, by design: the numbers come from `/proc`.

use std::collections::BTreeMap;
use std::fs;

use anyhow::{Context as _, bail};

/// Length of one clock tick in `/proc`: 100 a second on every Linux the workspace builds for.
const TICK_US: u64 = 10_000;

/// How far the scheduler's nanoseconds may be from the clock ticks before they are distrusted:
/// a tick is lost to rounding at either end.
const TRUST_US: u64 = 2 * TICK_US;

/// CPU time of a process by both of the kernel's accounts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct CpuTime {
    /// In whole ticks, with the threads that have ended.
    ticks_us: u64,
    /// In nanoseconds, by thread, only those that live.
    threads: BTreeMap<u32, u64>,
}

impl CpuTime {
    /// Reads both accounts.
    pub(crate) fn read(pid: u32) -> anyhow::Result<Self> {
        let ticks_us = cpu_us(pid)?;
        let mut threads = BTreeMap::new();
        for entry in fs::read_dir(format!("/proc/{pid}/task"))? {
            let path = entry?.path();
            // A thread may end between listing and reading; a kernel may lack this account.
            let text = fs::read_to_string(path.join("schedstat")).unwrap_or_default();
            let name = path.file_name().and_then(|name| name.to_str());
            let id = name.and_then(|name| name.parse().ok());
            let time = text.split_whitespace().next();
            if let (Some(id), Some(time)) = (id, time.and_then(|time| time.parse().ok())) {
                threads.insert(id, time);
            }
        }
        Ok(Self { ticks_us, threads })
    }

    /// Microseconds used since an earlier reading: exact as long as no thread with a part in
    /// it has ended, else to the tick.
    pub(crate) fn since(&self, before: &Self) -> u64 {
        let ticks = self.ticks_us.saturating_sub(before.ticks_us);
        let exact: u64 = self
            .threads
            .iter()
            .map(|(id, time)| time.saturating_sub(before.threads.get(id).copied().unwrap_or(0)))
            .sum();
        let exact = exact / 1_000;
        if exact.abs_diff(ticks) <= TRUST_US {
            exact
        } else {
            ticks
        }
    }
}

/// CPU time of all threads of a process, user and system, microseconds in whole ticks.
pub(crate) fn cpu_us(pid: u32) -> anyhow::Result<u64> {
    let text = fs::read_to_string(format!("/proc/{pid}/stat"))?;
    parse_cpu_us(&text).with_context(|| format!("unreadable stat of process {pid}"))
}

/// Resident memory of a process, KiB.
pub(crate) fn rss_kib(pid: u32) -> anyhow::Result<u64> {
    let text = fs::read_to_string(format!("/proc/{pid}/status"))?;
    parse_kib(&text, "VmRSS:").with_context(|| format!("no VmRSS of process {pid}"))
}

/// Time one core was not idle since boot, microseconds.
pub(crate) fn busy_us(core: u32) -> anyhow::Result<u64> {
    let text = fs::read_to_string("/proc/stat")?;
    parse_busy_us(&text, core).with_context(|| format!("core {core} is not in /proc/stat"))
}

/// The cores this process may run on.
pub(crate) fn cores() -> anyhow::Result<Vec<u32>> {
    let text = fs::read_to_string("/proc/self/status")?;
    let list = text
        .lines()
        .find_map(|line| line.strip_prefix("Cpus_allowed_list:"))
        .context("no Cpus_allowed_list")?;
    parse_list(list.trim())
}

/// The name of the processor, for the head of a report.
pub(crate) fn processor() -> String {
    fs::read_to_string("/proc/cpuinfo")
        .ok()
        .and_then(|text| {
            let line = text.lines().find(|line| line.starts_with("model name"))?;
            Some(line.split_once(':')?.1.trim().to_owned())
        })
        .unwrap_or_else(|| "unknown processor".to_owned())
}

fn parse_cpu_us(text: &str) -> Option<u64> {
    // The command name is in parentheses and may itself contain spaces and parentheses.
    let (_, fields) = text.rsplit_once(')')?;
    let mut fields = fields.split_whitespace().skip(11);
    let own: u64 = fields.next()?.parse().ok()?;
    let kernel: u64 = fields.next()?.parse().ok()?;
    Some((own + kernel) * TICK_US)
}

fn parse_kib(status: &str, name: &str) -> Option<u64> {
    let line = status.lines().find_map(|line| line.strip_prefix(name))?;
    line.split_whitespace().next()?.parse().ok()
}

fn parse_busy_us(stat: &str, core: u32) -> Option<u64> {
    let name = format!("cpu{core} ");
    let line = stat.lines().find_map(|line| line.strip_prefix(&name))?;
    let ticks: Vec<u64> = line
        .split_whitespace()
        .map_while(|field| field.parse().ok())
        .collect();
    // user nice system idle iowait irq softirq steal; guest time is contained in user.
    let busy = [0, 1, 2, 5, 6, 7];
    let sum: u64 = busy.iter().filter_map(|index| ticks.get(*index)).sum();
    Some(sum * TICK_US)
}

fn parse_list(ranges: &str) -> anyhow::Result<Vec<u32>> {
    let mut cores = Vec::new();
    for part in ranges.split(',') {
        let (first, last) = part.split_once('-').unwrap_or((part, part));
        let (first, last): (u32, u32) = (first.parse()?, last.parse()?);
        cores.extend(first..=last);
    }
    if cores.is_empty() {
        bail!("no core allowed");
    }
    Ok(cores)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cpu_time_survives_an_awkward_command_name() {
        let stat = "42 (a) b (c) S 1 42 42 0 -1 4194304 100 0 0 0 123 45 7 8 20 0 1 0 99 1 2";
        assert_eq!(parse_cpu_us(stat), Some(168 * TICK_US));
        assert_eq!(parse_cpu_us("42 nothing"), None);
    }

    #[test]
    fn nanoseconds_are_used_unless_they_contradict_the_ticks() {
        let time = |ticks_us, threads: &[(u32, u64)]| CpuTime {
            ticks_us,
            threads: threads.iter().copied().collect(),
        };
        let before = time(100_000, &[(1, 90_000_000), (2, 9_000_000)]);
        let after = time(130_000, &[(1, 110_500_000), (2, 9_000_000), (3, 4_000_000)]);
        assert_eq!(after.since(&before), 24_500);
        let thread_gone = time(200_000, &[(1, 91_000_000)]);
        assert_eq!(thread_gone.since(&before), 100_000);
        let no_account = time(200_000, &[]);
        assert_eq!(no_account.since(&time(100_000, &[])), 100_000);
    }

    #[test]
    fn memory_is_read_in_kib() {
        let status = "Name:\tx\nVmHWM:\t  9000 kB\nVmRSS:\t    1752 kB\n";
        assert_eq!(parse_kib(status, "VmRSS:"), Some(1_752));
        assert_eq!(parse_kib("Name:\tx\n", "VmRSS:"), None);
    }

    #[test]
    fn busy_time_leaves_out_idle_iowait_and_guest() {
        let stat = "cpu  9 9 9 9\ncpu1 10 20 30 4000 500 6 7 8 90 100\ncpu11 1 1 1 1 1 1 1 1\n";
        assert_eq!(parse_busy_us(stat, 1), Some(81 * TICK_US));
        assert_eq!(parse_busy_us(stat, 2), None);
    }

    #[test]
    fn core_lists_have_ranges() {
        assert_eq!(parse_list("0-2,5,7-8").unwrap(), [0, 1, 2, 5, 7, 8]);
        assert!(parse_list("x").is_err());
    }

    #[test]
    fn this_process_can_be_read() {
        let pid = std::process::id();
        assert!(rss_kib(pid).unwrap() > 100);
        let time = CpuTime::read(pid).unwrap();
        assert!(time.since(&time) == 0 && !time.threads.is_empty());
        let cores = cores().unwrap();
        assert!(busy_us(cores[0]).unwrap() > 0);
    }
}
