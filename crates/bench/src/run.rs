//! The orchestrator: starts mock, targets and generator as pinned processes, alternates rounds
//! between the targets and prints one table per scenario.
//!
//! A target is only ever seen from outside: its socket, its CPU time, its memory. Everything
//! started here is stopped here, also on an interrupt.

mod child;
mod config;
mod entry;
mod life;
mod litellm;
mod metric;
mod name;
mod options;
mod outcome;
mod round;
mod scenario;
mod stop;
mod table;
mod target;

use std::io::{self, Write as _};
use std::time::Duration;

use anyhow::Context as _;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

use self::entry::Entry;
use self::name::Name;
pub(crate) use self::options::Options;
use self::outcome::{Line, Measured, Outcome};
use self::scenario::{Kind, Load, Scenario};
use self::target::{Bench, Programs, Running};
use crate::proc;

/// Runs what was asked for. Errors: nothing to run, something that cannot be started, or an
/// answer of the gateway or the pass-through that was lost or differed.
pub(crate) fn run(mut options: Options) -> anyhow::Result<()> {
    if options.list {
        return print(&scenario::list());
    }
    if options.quick {
        options.rounds = 1;
        options.seconds = 1;
    }
    let scenarios = scenario::choose(
        &options.scenarios,
        options.quick,
        options.litellm,
        options.minutes,
    )?;
    stop::install()?;
    raise_file_limit();
    let bench = bench(&options)?;
    let mut outcome = Outcome {
        version: env!("CARGO_PKG_VERSION"),
        processor: proc::processor(),
        load_core: bench.load_core,
        target_core: bench.target_core,
        scenarios: Vec::new(),
    };
    print(&format!(
        "{}; target on core {}, mock and generator on core {}; {} rounds of {} s; latency and \
         event delay: best round, all else: median\n",
        outcome.processor, bench.target_core, bench.load_core, options.rounds, options.seconds
    ))?;
    for scenario in &scenarios {
        note(&format!("{}: {}", scenario.name, scenario.about));
        let measured = Measured {
            name: scenario.name,
            about: scenario.about,
            targets: measure(&bench, scenario, &options)?,
        };
        print(&table::render(scenario, &measured.targets))?;
        outcome.scenarios.push(measured);
        if let Some(file) = &options.json {
            let text = serde_json::to_vec_pretty(&outcome)?;
            std::fs::write(file, text)
                .with_context(|| format!("cannot write {}", file.display()))?;
        }
    }
    outcome.verdict()
}

fn bench(options: &Options) -> anyhow::Result<Bench> {
    let cores = proc::cores()?;
    let load_core = options.load_core.unwrap_or(cores[0]);
    let second = cores.get(1).copied().unwrap_or(cores[0]);
    let target_core = options.target_core.unwrap_or(second);
    if load_core == target_core {
        note("target and generator share one core: ratios hold, rates and latencies do not");
    }
    let mut asked = options.targets.clone();
    if options.litellm && !asked.is_empty() && !asked.contains(&Name::Litellm) {
        asked.push(Name::Litellm);
    }
    Bench::start(
        load_core,
        target_core,
        Programs {
            tollhouse: options.tollhouse.clone(),
            before: options.before.clone(),
            cache: options.cache.clone(),
        },
        asked,
        options.litellm,
    )
}

fn measure(bench: &Bench, scenario: &Scenario, options: &Options) -> anyhow::Result<Vec<Line>> {
    let entries = bench.entries(scenario)?;
    match scenario.kind {
        Kind::Start => life::start(bench, &entries, options.quick),
        Kind::Soak { minutes } => life::soak(bench, &entries, minutes),
        Kind::Load(load) => {
            let rounds = options.rounds.clamp(1, scenario.max_rounds);
            let millis = options.seconds * 1_000;
            let mut targets: Vec<(Running, Line)> = Vec::new();
            let mut absent = Vec::new();
            for entry in entries {
                let mut line = Line::new(entry, load.translated.is_some());
                match ready(bench, entry, load) {
                    Ok(running) => targets.push((running, line)),
                    Err(error) => {
                        stop::check()?;
                        line.fail(&error);
                        absent.push(line);
                    }
                }
            }
            for number in 0..rounds {
                for (running, line) in in_turn(&mut targets, number) {
                    if line.failure.is_some() {
                        continue;
                    }
                    match round::measure(bench, running, load, millis) {
                        Ok(round) => line.push(round),
                        Err(error) => {
                            stop::check()?;
                            line.fail(&error.context(running.log()));
                        }
                    }
                }
            }
            Ok(targets
                .into_iter()
                .map(|(_, mut line)| {
                    line.values = metric::merge(line.rounds.iter().map(|round| &round.values));
                    line
                })
                .chain(absent)
                .collect())
        }
    }
}

/// A started and warmed-up target.
fn ready(bench: &Bench, entry: Entry, load: Load) -> anyhow::Result<Running> {
    let mut running = bench.run(entry)?;
    round::warm_up(bench, &mut running, load).with_context(|| running.log())?;
    Ok(running)
}

/// Every second round goes backwards, so that no target always runs first on a cold or
/// throttled core.
fn in_turn<T>(targets: &mut [T], round: u32) -> Vec<&mut T> {
    let mut turn: Vec<&mut T> = targets.iter_mut().collect();
    if round % 2 == 1 {
        turn.reverse();
    }
    turn
}

/// Thousands of streams need more than the usual 1,024 files; the hard limit is the most an
/// unprivileged process may take, and the children inherit it.
fn raise_file_limit() {
    let limit = getrlimit(Resource::Nofile);
    let raised = Rlimit {
        current: limit.maximum,
        maximum: limit.maximum,
    };
    if setrlimit(Resource::Nofile, raised).is_err() {
        note("the limit of open files could not be raised; scenarios of 2,000 streams may fail");
    }
}

/// A pause between two looks at a child; long enough to cost its core nothing.
pub(crate) fn pause(time: Duration) {
    std::thread::sleep(time);
}

fn print(text: &str) -> anyhow::Result<()> {
    writeln!(io::stdout().lock(), "{text}")?;
    Ok(())
}

/// Progress goes to standard error, so that the tables can be redirected.
fn note(text: &str) {
    // A closed standard error is no reason to stop measuring.
    let _ = writeln!(io::stderr().lock(), "{text}");
}
