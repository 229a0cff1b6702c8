//! The servers under test and how each is started.

use std::fmt;
use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context as _, bail};
use clap::ValueEnum;
use serde::Serialize;
use tempfile::TempDir;

use super::child::{Pinned, free_address};
use super::scenario::{Kind, Scenario};
use super::{config, litellm, note};
use crate::payload::Api;
use crate::{clock, proc};

/// The client's key towards the gateway: worth nothing outside the run it is used in.
pub(super) const KEY: &str = "th-bench-0123456789abcdefghijklmnopqrstuvwxyz";
const UPSTREAM_KEY: &str = "bench-upstream-0123456789";

/// A server under test.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum, Serialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Name {
    /// The bound
    Passthrough,
    /// The gateway, everything on
    Tollhouse,
    /// nginx as a reverse proxy, when installed
    Nginx,
    /// `LiteLLM`, one worker, chat completions only
    Litellm,
}

impl Name {
    /// Losing an answer here fails the run; a peer that does is only reported.
    pub(super) fn is_ours(self) -> bool {
        matches!(self, Self::Passthrough | Self::Tollhouse)
    }

    /// Whether answers come through byte for byte.
    pub(super) fn is_exact(self) -> bool {
        self != Self::Litellm
    }

    fn health(self) -> &'static str {
        match self {
            // The bare proxies hand it on, so their health includes reaching the mock.
            Self::Passthrough | Self::Nginx | Self::Tollhouse => "/healthz",
            Self::Litellm => "/health/liveliness",
        }
    }

    fn patience(self) -> Duration {
        match self {
            Self::Passthrough | Self::Nginx | Self::Tollhouse => Duration::from_secs(10),
            Self::Litellm => Duration::from_mins(2),
        }
    }
}

impl fmt::Display for Name {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Passthrough => "passthrough",
            Self::Tollhouse => "tollhouse",
            Self::Nginx => "nginx",
            Self::Litellm => "LiteLLM",
        })
    }
}

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
    cache: Option<PathBuf>,
    asked: Vec<Name>,
    temp: TempDir,
}

/// A started target.
#[derive(Debug)]
pub(super) struct Running {
    pub(super) name: Name,
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
        tollhouse: Option<PathBuf>,
        cache: Option<PathBuf>,
        asked: Vec<Name>,
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
            tollhouse: tollhouse.unwrap_or_else(|| program.with_file_name("tollhouse")),
            program,
            mock,
            mock_address,
            cache,
            asked,
            temp,
        })
    }

    /// The targets that take part in a scenario: those asked for, else the installed ones.
    pub(super) fn targets(&self, scenario: &Scenario) -> anyhow::Result<Vec<Name>> {
        let chat = matches!(scenario.kind, Kind::Load(load) if load.api == Api::Chat);
        let mut names = self.asked.clone();
        if names.is_empty() {
            names = vec![Name::Passthrough, Name::Tollhouse];
            if nginx().is_some() {
                names.push(Name::Nginx);
            }
            names.push(Name::Litellm);
        }
        names.retain(|name| chat || *name != Name::Litellm);
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
    pub(super) fn run(&self, name: Name) -> anyhow::Result<Running> {
        let home = self.temp.path().join(name.to_string());
        if home.exists() {
            fs::remove_dir_all(&home)?;
        }
        self.run_again(name)
    }

    /// Starts a target on the data of its last run.
    pub(super) fn run_again(&self, name: Name) -> anyhow::Result<Running> {
        let home = self.temp.path().join(name.to_string());
        fs::create_dir_all(&home)?;
        let ends = Ends {
            target: free_address()?,
            mock: self.mock_address,
        };
        let (program, arguments) = self.prepare(name, ends, &home)?;
        let variables = [("BENCH_KEY", KEY), ("BENCH_UPSTREAM_KEY", UPSTREAM_KEY)];
        let log = home.join("log");
        let started = clock::now_ns();
        let mut process = Pinned::start(self.target_core, &program, &arguments, &variables, log)?;
        let ready = process
            .ready(ends.target, name.health(), name.patience())
            .with_context(|| format!("{name} did not start"))?;
        let base_kib = proc::rss_kib(process.pid())?;
        Ok(Running {
            name,
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
            Name::Tollhouse => Some(self.tollhouse.clone()),
            Name::Nginx => nginx(),
            Name::Litellm => None,
        }
    }

    fn prepare(
        &self,
        name: Name,
        ends: Ends,
        home: &Path,
    ) -> anyhow::Result<(PathBuf, Vec<String>)> {
        let listen = ends.target.to_string();
        Ok(match name {
            Name::Passthrough => {
                let upstream = ends.mock.to_string();
                let arguments = ["passthrough", "--listen", &listen, "--upstream", &upstream];
                (self.program.clone(), strings(&arguments))
            }
            Name::Tollhouse => {
                let file = home.join("tollhouse.toml");
                fs::write(&file, config::tollhouse(ends, home))?;
                let arguments = ["serve", "--config", &file.to_string_lossy()];
                (self.tollhouse.clone(), strings(&arguments))
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
