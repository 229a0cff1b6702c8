//! The servers under test and how each is started.

use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context as _, bail};
use tempfile::TempDir;

use super::child::{Pinned, free_address};
use super::entry::Entry;
use super::name::Name;
use super::scenario::{Kind, Scenario};
use super::{config, litellm, note};
use crate::payload::Api;
use crate::{clock, proc};

/// The client's key towards the gateway: worth nothing outside the run it is used in.
pub(super) const KEY: &str = "th-bench-0123456789abcdefghijklmnopqrstuvwxyz";
const UPSTREAM_KEY: &str = "bench-upstream-0123456789";

/// The two ends of a measured path.
#[derive(Debug, Clone, Copy)]
pub(super) struct Ends {
    pub(super) target: SocketAddr,
    pub(super) mock: SocketAddr,
}

/// What all scenarios share: the mock, the cores, the programs, a temporary directory.
#[derive(Debug)]
pub(super) struct Bench {
    pub(super) load_core: u32,
    pub(super) target_core: u32,
    pub(super) program: PathBuf,
    pub(super) mock: Pinned,
    mock_address: SocketAddr,
    tollhouse: PathBuf,
    before: Option<PathBuf>,
    cache: Option<PathBuf>,
    asked: Vec<Name>,
    litellm: bool,
    temp: TempDir,
}

/// Where the servers are.
#[derive(Debug, Default)]
pub(super) struct Programs {
    /// The gateway; without this the one next to this program.
    pub(super) tollhouse: Option<PathBuf>,
    /// Another build of it.
    pub(super) before: Option<PathBuf>,
    /// Where peers are installed.
    pub(super) cache: Option<PathBuf>,
}

/// A started target.
#[derive(Debug)]
pub(super) struct Running {
    pub(super) entry: Entry,
    pub(super) process: Pinned,
    pub(super) ends: Ends,
    /// Nanoseconds from start to the first healthy answer.
    pub(super) start_ns: u64,
    /// Resident memory before the scenario's load, KiB.
    pub(super) base_kib: u64,
}

impl Running {
    pub(super) fn log(&self) -> String {
        self.process.log()
    }
}

impl Bench {
    /// Starts the mock. Errors: no `taskset`, no temporary directory.
    pub(super) fn start(
        load_core: u32,
        target_core: u32,
        programs: Programs,
        asked: Vec<Name>,
        litellm: bool,
    ) -> anyhow::Result<Self> {
        let program = std::env::current_exe()?;
        let temp = TempDir::with_prefix("tollhouse-bench-")?;
        let mock_address = free_address()?;
        let arguments = strings(&["mock", "--listen", &mock_address.to_string()]);
        let log = temp.path().join("mock.log");
        let mut mock = Pinned::start(load_core, &program, &arguments, &[], log)?;
        mock.ready(mock_address, "/healthz", Duration::from_secs(10))?;
        Ok(Self {
            load_core,
            target_core,
            tollhouse: programs
                .tollhouse
                .unwrap_or_else(|| program.with_file_name("tollhouse")),
            before: programs.before,
            program,
            mock,
            mock_address,
            cache: programs.cache,
            asked,
            litellm,
            temp,
        })
    }

    /// Who takes part in a scenario: the targets asked for, else the installed ones.
    pub(super) fn entries(&self, scenario: &Scenario) -> anyhow::Result<Vec<Entry>> {
        let entries = |names: &[Name]| match scenario.kind {
            Kind::Load(load) => load.entries(names),
            Kind::Start | Kind::Soak { .. } => names
                .iter()
                .map(|name| Entry::unchanged(*name, Api::Messages))
                .collect(),
        };
        Ok(entries(&self.targets(scenario)?))
    }

    fn targets(&self, scenario: &Scenario) -> anyhow::Result<Vec<Name>> {
        let litellm = match scenario.kind {
            Kind::Load(load) if load.translated.is_some() => self.litellm,
            Kind::Load(load) => load.api == Api::Chat,
            Kind::Start | Kind::Soak { .. } => false,
        };
        let mut names = self.asked.clone();
        if names.is_empty() {
            names = vec![Name::Passthrough, Name::Tollhouse, Name::Limited];
            if self.before.is_some() {
                names.push(Name::Before);
            }
            if nginx().is_some() {
                names.push(Name::Nginx);
            }
            names.push(Name::Litellm);
        }
        names.retain(|name| litellm || *name != Name::Litellm);
        if names.contains(&Name::Before) && self.before.is_none() {
            bail!("--targets names `before`: say where it is with --before");
        }
        if names.contains(&Name::Tollhouse) && !self.tollhouse.is_file() {
            bail!(
                "{} is missing: build it, or leave `tollhouse` out of --targets",
                self.tollhouse.display()
            );
        }
        if names.is_empty() {
            note("no target takes part");
        }
        Ok(names)
    }

    /// Starts a target with fresh data and waits for its first healthy answer.
    pub(super) fn run(&self, entry: Entry) -> anyhow::Result<Running> {
        let home = self.temp.path().join(entry.id());
        if home.exists() {
            fs::remove_dir_all(&home)?;
        }
        self.run_again(entry)
    }

    /// Starts a target on the data of its last run.
    pub(super) fn run_again(&self, entry: Entry) -> anyhow::Result<Running> {
        let home = self.temp.path().join(entry.id());
        fs::create_dir_all(&home)?;
        let name = entry.target;
        let ends = Ends {
            target: free_address()?,
            mock: self.mock_address,
        };
        let (program, arguments) = self.prepare(entry, ends, &home)?;
        let variables = [("BENCH_KEY", KEY), ("BENCH_UPSTREAM_KEY", UPSTREAM_KEY)];
        let log = home.join("log");
        let started = clock::now_ns();
        let mut process = Pinned::start(self.target_core, &program, &arguments, &variables, log)?;
        let ready = process
            .ready(ends.target, name.health(), name.patience())
            .with_context(|| format!("{name} did not start"))?;
        let base_kib = proc::rss_kib(process.pid())?;
        Ok(Running {
            entry,
            process,
            base_kib,
            ends,
            start_ns: ready - started,
        })
    }

    /// The file a target is run from.
    pub(super) fn binary(&self, name: Name) -> Option<PathBuf> {
        match name {
            Name::Passthrough => Some(self.program.clone()),
            Name::Tollhouse | Name::Limited => Some(self.tollhouse.clone()),
            Name::Before => self.before.clone(),
            Name::Nginx => nginx(),
            Name::Litellm => None,
        }
    }

    fn prepare(
        &self,
        entry: Entry,
        ends: Ends,
        home: &Path,
    ) -> anyhow::Result<(PathBuf, Vec<String>)> {
        let listen = ends.target.to_string();
        Ok(match entry.target {
            Name::Passthrough => {
                let upstream = ends.mock.to_string();
                let arguments = ["passthrough", "--listen", &listen, "--upstream", &upstream];
                (self.program.clone(), strings(&arguments))
            }
            Name::Tollhouse | Name::Limited | Name::Before => {
                let file = home.join("tollhouse.toml");
                let limited = entry.target == Name::Limited;
                let text = config::tollhouse(ends, home, entry.crossing, limited);
                fs::write(&file, text)?;
                let arguments = ["serve", "--config", &file.to_string_lossy()];
                let program = self.binary(entry.target);
                (program.context("no such program")?, strings(&arguments))
            }
            Name::Nginx => {
                let program = nginx().context("nginx is not installed")?;
                let file = home.join("nginx.conf");
                fs::write(&file, config::nginx(ends, home))?;
                let prefix = home.to_string_lossy();
                let arguments = ["-p", &prefix, "-c", &file.to_string_lossy(), "-e", "stderr"];
                (program, strings(&arguments))
            }
            Name::Litellm => {
                let cache = self.cache.as_deref();
                let cache = cache.context("LiteLLM needs --cache, where to install it")?;
                litellm::prepare(ends, home, cache)?
            }
        })
    }
}

/// nginx is not always on an unprivileged user's `PATH`.
fn nginx() -> Option<PathBuf> {
    [
        "/usr/sbin/nginx",
        "/usr/local/sbin/nginx",
        "/usr/bin/nginx",
        "/usr/local/bin/nginx",
    ]
    .into_iter()
    .map(PathBuf::from)
    .find(|file| file.is_file())
}

pub(super) fn strings(words: &[&str]) -> Vec<String> {
    words.iter().map(|word| (*word).to_owned()).collect()
}
