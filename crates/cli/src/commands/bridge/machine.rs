//! What is found on this machine: the program, its version, whether somebody is logged in.
//!
//! A program is started in an environment of its own: what is the machine's, what is the program's, and
//! nothing else. A variable that points a client at the gateway would have it answer its own bridge, and
//! one with a key would spend what nobody asked it to.

use std::io::ErrorKind;
use std::process::Stdio;
use std::time::Duration;

use tokio::process::Command;
use tollhouse_domain::bridge::Bridge;
use tollhouse_domain::bridge::standing::{Found, Login};

use crate::environment;

/// How long a program may take to say its version, or who is logged in.
const PATIENCE: Duration = Duration::from_secs(3);
/// The most characters of a version.
const LONGEST_VERSION: usize = 64;

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

/// A program that is started in an environment of its own, and ended with all that it starts.
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
    let mut command = command(program, known);
    command.args(&known.version).stdin(Stdio::null());
    let output = match tokio::time::timeout(PATIENCE, command.output()).await {
        Ok(Ok(output)) => output,
        Ok(Err(error)) => return (error.kind() != ErrorKind::NotFound, None),
        Err(_) => return (true, None),
    };
    let text = String::from_utf8_lossy(&output.stdout);
    let line = text
        .lines()
        .next()
        .map(str::trim)
        .filter(|line| !line.is_empty());
    let version = line.filter(|_| output.status.success());
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
    let mut command = command(program, known);
    command
        .args(arguments)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    match tokio::time::timeout(PATIENCE, command.status()).await {
        Ok(Ok(status)) => match status.code() {
            Some(0) => Login::In,
            Some(_) => Login::Out,
            None => Login::Unknown,
        },
        Ok(Err(_)) | Err(_) => Login::Unknown,
    }
}
