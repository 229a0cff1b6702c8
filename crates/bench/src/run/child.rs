//! A child process pinned to a core, stopped when its owner lets go of it.

use std::fs::{self, File};
use std::io::{Read as _, Write as _};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use anyhow::{Context as _, bail};
use rustix::process::{Pid, Signal, kill_process};

use super::{pause, stop};
use crate::clock;

/// Variables that would lead a child away from loopback or change what it does.
const UNSET: [&str; 9] = [
    "HTTP_PROXY",
    "HTTPS_PROXY",
    "ALL_PROXY",
    "http_proxy",
    "https_proxy",
    "all_proxy",
    "RUST_LOG",
    "TOLLHOUSE_ADMIN_TOKEN",
    "TOLLHOUSE_MASTER_KEY",
];

/// How long a child may take to end after SIGTERM.
const LAST_WORDS: Duration = Duration::from_secs(5);

/// A running child.
#[derive(Debug)]
pub(super) struct Pinned {
    child: Child,
    log: PathBuf,
}

impl Pinned {
    /// Starts `program` on one core, its output in `log`. Errors: it, or util-linux, is missing.
    pub(super) fn start(
        core: u32,
        program: &Path,
        arguments: &[String],
        variables: &[(&str, &str)],
        log: PathBuf,
    ) -> anyhow::Result<Self> {
        let output = File::create(&log)?;
        let errors = output.try_clone()?;
        let child = command(core, program, arguments, variables)
            .stdout(output)
            .stderr(errors)
            .spawn()
            .with_context(|| format!("cannot start {}", program.display()))?;
        Ok(Self { child, log })
    }

    /// The process id; what pins it replaces itself by the program.
    pub(super) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Waits until `GET path` is answered with 200 and returns the time of that answer.
    /// Errors: the child ended, `limit` passed, or an interrupt.
    pub(super) fn ready(
        &mut self,
        address: SocketAddr,
        path: &str,
        limit: Duration,
    ) -> anyhow::Result<u64> {
        let started = clock::now_ns();
        while clock::now_ns() - started < u64::try_from(limit.as_nanos())? {
            stop::check()?;
            if get(address, path).is_ok_and(|status| status == 200) {
                return Ok(clock::now_ns());
            }
            if let Some(status) = self.child.try_wait()? {
                bail!("ended with {status} before it answered\n{}", self.log());
            }
            pause(Duration::from_micros(500));
        }
        bail!("no healthy answer within {limit:?}\n{}", self.log());
    }

    /// The end of what it has printed.
    pub(super) fn log(&self) -> String {
        let text = fs::read_to_string(&self.log).unwrap_or_default();
        let skip = text.lines().count().saturating_sub(15);
        let lines: Vec<&str> = text.lines().skip(skip).collect();
        lines.join("\n")
    }

    /// Ends it as an operator would, and by force when that takes too long.
    pub(super) fn stop(mut self) -> anyhow::Result<()> {
        if let Some(pid) = Pid::from_raw(i32::try_from(self.child.id())?) {
            // An error means that it has ended already.
            let _ = kill_process(pid, Signal::TERM);
        }
        let started = clock::now_ns();
        while clock::now_ns() - started < u64::try_from(LAST_WORDS.as_nanos())? {
            if self.child.try_wait()?.is_some() {
                return Ok(());
            }
            pause(Duration::from_millis(5));
        }
        Ok(())
    }
}

impl Drop for Pinned {
    fn drop(&mut self) {
        // Both fail only when the child has ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A command pinned to one core, without the variables that would disturb it.
pub(super) fn command(
    core: u32,
    program: &Path,
    arguments: &[String],
    variables: &[(&str, &str)],
) -> Command {
    // The child goes when the orchestrator does, even if that was killed; both programs replace
    // themselves by what they start.
    let mut command = Command::new("setpriv");
    command
        .args(["--pdeathsig", "KILL", "taskset", "-c", &core.to_string()])
        .arg(program)
        .args(arguments)
        .stdin(Stdio::null());
    for name in UNSET {
        command.env_remove(name);
    }
    command.envs(variables.iter().copied());
    command
}

/// A loopback address nobody listens on at the moment.
pub(super) fn free_address() -> anyhow::Result<SocketAddr> {
    Ok(TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?)
}

/// The status of one `GET`. A few lines of HTTP/1.1 by hand: the orchestrator has no runtime,
/// and a client's set-up would show in the start times.
fn get(address: SocketAddr, path: &str) -> anyhow::Result<u16> {
    let mut socket = TcpStream::connect_timeout(&address, Duration::from_millis(500))?;
    socket.set_read_timeout(Some(Duration::from_secs(2)))?;
    write!(
        socket,
        "GET {path} HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n\r\n"
    )?;
    let mut head = [0; 12];
    socket.read_exact(&mut head)?;
    let status = std::str::from_utf8(&head)?
        .rsplit(' ')
        .next()
        .unwrap_or("")
        .parse()?;
    Ok(status)
}
