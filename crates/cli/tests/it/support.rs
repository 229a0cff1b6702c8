//! A place to run the command in, servers that end with their test, and snapshots of what is said.

use std::fs::{self, Permissions};
use std::io::{BufRead, BufReader, Read};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStderr, ChildStdout, Command, ExitStatus, Output, Stdio};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;
use tempfile::TempDir;

const PROGRAM: &str = env!("CARGO_BIN_EXE_tollhouse");
const PATIENCE: Duration = Duration::from_mins(1);

/// A home and working directory with nothing of the machine's in it.
pub(crate) struct Place {
    directory: TempDir,
    variables: Vec<(String, String)>,
}

impl Place {
    pub(crate) fn new() -> Self {
        Self {
            directory: TempDir::with_prefix("tollhouse-test-").unwrap(),
            variables: Vec::new(),
        }
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    pub(crate) fn write(&self, name: &str, text: &str) -> PathBuf {
        let path = self.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, text).unwrap();
        path
    }

    pub(crate) fn read(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).unwrap()
    }

    /// A program on this place's PATH.
    pub(crate) fn program(&self, name: &str, script: &str) {
        let path = self.write(&format!("bin/{name}"), script);
        fs::set_permissions(path, Permissions::from_mode(0o755)).unwrap();
    }

    /// Sets a variable for everything that is started here from now on.
    pub(crate) fn set(&mut self, name: &str, value: &str) {
        self.variables.push((name.to_owned(), value.to_owned()));
    }

    fn environment(&self) -> Vec<(String, String)> {
        let home = self.directory.path().display().to_string();
        let path = format!("{home}/bin:/usr/bin:/bin");
        let own = [("HOME", home.clone()), ("PATH", path), ("TMPDIR", home)];
        let own = own.map(|(name, value)| (name.to_owned(), value));
        own.into_iter()
            .chain(self.variables.iter().cloned())
            .collect()
    }

    /// Runs the command to its end.
    pub(crate) fn run(&self, arguments: &[&str]) -> Output {
        self.run_with(arguments, "")
    }

    /// The same with something on standard input.
    pub(crate) fn run_with(&self, arguments: &[&str], input: &str) -> Output {
        assert_cmd::Command::new(PROGRAM)
            .args(arguments)
            .env_clear()
            .envs(self.environment())
            .current_dir(self.directory.path())
            .write_stdin(input)
            .timeout(PATIENCE)
            .output()
            .unwrap()
    }

    /// Runs a command that must succeed; its standard output.
    pub(crate) fn ok(&self, arguments: &[&str]) -> String {
        let output = self.run(arguments);
        assert!(output.status.success(), "{arguments:?}: {}", shown(&output));
        String::from_utf8(output.stdout).unwrap()
    }

    /// Starts the command and waits until a line of its output starts with `ready`.
    pub(crate) fn start(&self, arguments: &[&str], ready: &str) -> Running {
        let mut child = Command::new(PROGRAM)
            .args(arguments)
            .env_clear()
            .envs(self.environment())
            .current_dir(self.directory.path())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut stdout = BufReader::new(child.stdout.take().unwrap());
        let stderr = child.stderr.take().unwrap();
        let mut line = String::new();
        while !line.starts_with(ready) {
            line.clear();
            if stdout.read_line(&mut line).unwrap() == 0 {
                let mut said = String::new();
                BufReader::new(stderr).read_to_string(&mut said).unwrap();
                panic!("{arguments:?} ended before it was ready: {said}");
            }
        }
        Running {
            child,
            stdout,
            stderr: Some(stderr),
            ready: line.trim_end().to_owned(),
        }
    }

    /// A demo, and this place's commands pointed at it.
    pub(crate) fn demo(&mut self) -> (Running, Value) {
        let running = self.start(
            &[
                "demo",
                "--port",
                "0",
                "--history",
                "0",
                "--ready-file",
                "ready.json",
            ],
            "Tollhouse demo at",
        );
        let ready: Value = serde_json::from_str(&self.read("ready.json")).unwrap();
        self.set("TOLLHOUSE_URL", ready["url"].as_str().unwrap());
        self.set("TOLLHOUSE_TOKEN", ready["admin_token"].as_str().unwrap());
        (running, ready)
    }

    /// Text with what differs from run to run taken out.
    pub(crate) fn filters(&self) -> Vec<(String, &'static str)> {
        let home = self.directory.path().display().to_string();
        vec![
            (home, "[HOME]"),
            (
                r"\b(key|call|ses|cred|user|org)_[0-9a-f]{32}\b".to_owned(),
                "${1}_[ID]",
            ),
            (r"\bth-[A-Za-z0-9_-]{43}".to_owned(), "th-[SECRET]"),
            (r"\bth-[A-Za-z0-9_-]{6}".to_owned(), "th-[PREFIX]"),
            (r"\d{4}-\d\d-\d\dT[0-9:.]+Z".to_owned(), "[TIME]"),
            (r"127\.0\.0\.1:\d{4,5}".to_owned(), "127.0.0.1:[PORT]"),
            (r"\b[0-9a-f]{16}\b".to_owned(), "[MASTER KEY]"),
            (r"tollhouse \d+\.\d+\.\d+".to_owned(), "tollhouse [VERSION]"),
        ]
    }
}

/// A process that ends with its test.
pub(crate) struct Running {
    child: Child,
    stdout: BufReader<ChildStdout>,
    stderr: Option<ChildStderr>,
    /// The line that it was waited for.
    pub(crate) ready: String,
}

impl Running {
    pub(crate) fn line(&mut self) -> String {
        let mut line = String::new();
        self.stdout.read_line(&mut line).unwrap();
        line.trim_end().to_owned()
    }

    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    pub(crate) fn signal(&self, signal: Signal) {
        let pid = Pid::from_raw(i32::try_from(self.child.id()).unwrap()).unwrap();
        kill_process(pid, signal).unwrap();
    }

    /// Waits for its end; what it said on standard error since it was ready.
    pub(crate) fn wait(mut self) -> (ExitStatus, String) {
        let mut said = String::new();
        self.stderr
            .take()
            .unwrap()
            .read_to_string(&mut said)
            .unwrap();
        (self.child.wait().unwrap(), said)
    }

    /// Asks it to end, which must go well.
    pub(crate) fn stop(self) -> String {
        self.signal(Signal::TERM);
        let (status, said) = self.wait();
        assert!(status.success(), "{status}: {said}");
        said
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Exit code and both outputs.
pub(crate) fn shown(output: &Output) -> String {
    format!(
        "exit code: {}\n--- stdout\n{}--- stderr\n{}",
        output
            .status
            .code()
            .map_or("none".to_owned(), |code| code.to_string()),
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    )
}

/// The mode of a file.
pub(crate) fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}

/// Compares exit code and outputs with what was reviewed.
macro_rules! snapshot {
    ($place:expr, $output:expr) => {{
        let filters = $place.filters();
        let filters = filters.iter().map(|(pattern, text)| (pattern.as_str(), *text));
        insta::with_settings!({ filters => filters, omit_expression => true }, {
            insta::assert_snapshot!($crate::support::shown(&$output));
        });
    }};
}

pub(crate) use snapshot;
