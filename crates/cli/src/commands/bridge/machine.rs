//! What is found on this machine: the program, its version, whether somebody is logged in.
//!
//! A program is started in an environment of its own: what is the machine's, what is the program's, and
//! nothing else. A variable that points a client at the gateway would have it answer its own bridge, and
//! one with a key would spend what nobody asked it to.

use std::io::ErrorKind;
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use tokio::io::AsyncReadExt as _;
use tokio::process::Command;
use tokio::time::timeout;
use tollhouse_domain::bridge::Bridge;
use tollhouse_domain::bridge::standing::{Found, Login};

use super::group::Group;
use crate::environment;

/// How long a program may take to say its version, or who is logged in.
const PATIENCE: Duration = Duration::from_secs(3);
/// The most characters of a version.
const LONGEST_VERSION: usize = 64;
/// The most bytes that are read of what a program says of itself.
const LONGEST_SAID: u64 = 4 << 10;

/// Variables that say what a machine is like and hold nobody's credentials.
const MACHINE: [&str; 22] = [
    "HOME",
    "PATH",
    "USER",
    "LOGNAME",
    "SHELL",
    "TMPDIR",
    "LANG",
    "LC_ALL",
    "LC_CTYPE",
    "TZ",
    "XDG_CONFIG_HOME",
    "XDG_DATA_HOME",
    "XDG_STATE_HOME",
    "XDG_CACHE_HOME",
    "XDG_RUNTIME_DIR",
    "DBUS_SESSION_BUS_ADDRESS",
    "SSL_CERT_FILE",
    "SSL_CERT_DIR",
    "NODE_EXTRA_CA_CERTS",
    "HTTPS_PROXY",
    "https_proxy",
    "NO_PROXY",
];

/// A program that is started in an environment and a group of its own.
pub(super) fn command(program: &str, known: &Bridge) -> Command {
    let own = known.serve.iter().flat_map(|serve| &serve.environment);
    let names = MACHINE.into_iter().chain(own.map(String::as_str));
    let mut command = Command::new(program);
    command
        .env_clear()
        .envs(names.filter_map(|name| Some((name, environment::variable(name)?))))
        .process_group(0)
        .kill_on_drop(true);
    command
}

/// Asks the program itself.
pub(super) async fn look(known: &Bridge) -> Found {
    let Some(program) = &known.command else {
        return Found::default();
    };
    let (installed, version) = version(program, known).await;
    if !installed {
        return Found::default();
    }
    Found {
        installed,
        version,
        login: login(known).await,
    }
}

/// Whether it is there, and its version. One that fails is there all the same.
async fn version(program: &str, known: &Bridge) -> (bool, Option<String>) {
    let (status, said) = match ask(command(program, known), &known.version, Stdio::piped()).await {
        Ok(answer) => answer,
        Err(error) => return (error.kind() != ErrorKind::NotFound, None),
    };
    let text = String::from_utf8_lossy(&said);
    let line = text
        .lines()
        .next()
        .map(str::trim)
        .filter(|line| !line.is_empty());
    let version = line.filter(|_| status.is_some_and(|status| status.success()));
    (
        true,
        version.map(|line| line.chars().take(LONGEST_VERSION).collect()),
    )
}

/// Whether somebody is logged in: as the program says, or nobody knows.
async fn login(known: &Bridge) -> Login {
    let Some((program, arguments)) = known.auth.split_first() else {
        return Login::Unknown;
    };
    let asked = ask(command(program, known), arguments, Stdio::null()).await;
    let status = asked.ok().and_then(|(status, _)| status);
    match status.and_then(|status| status.code()) {
        Some(0) => Login::In,
        Some(_) => Login::Out,
        None => Login::Unknown,
    }
}

/// How a program ends that is asked about itself, if it does so in time, and the beginning of what it says
/// where that is wanted. Nothing that it started outlives the question.
async fn ask(
    mut command: Command,
    arguments: &[String],
    stdout: Stdio,
) -> std::io::Result<(Option<ExitStatus>, Vec<u8>)> {
    let mut child = command
        .args(arguments)
        .stdin(Stdio::null())
        .stdout(stdout)
        .stderr(Stdio::null())
        .spawn()?;
    let _group = Group::of(&child);
    let mut said = Vec::new();
    let answer = async {
        if let Some(stdout) = child.stdout.take() {
            stdout.take(LONGEST_SAID).read_to_end(&mut said).await?;
        }
        child.wait().await
    };
    let status = timeout(PATIENCE, answer).await;
    Ok((status.ok().and_then(Result::ok), said))
}
