//! One run of a program: started for one request, read line by line, and gone with the request.

use std::fs::{DirBuilder, File};
use std::io::{self, Seek as _, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use tempfile::TempDir;
use tokio::io::AsyncReadExt as _;
use tokio::process::{Child, ChildStderr, ChildStdout};
use tokio::time::{Instant, timeout, timeout_at};
use tollhouse_domain::bridge::ask::Ask;
use tollhouse_domain::bridge::output::{Done, Event, Failure, Reader, Why, complaint};
use tollhouse_domain::bridge::{Bridge, Serve};

use super::group::Group;
use super::machine;

/// The most bytes of an answer, and of one line of output.
const MOST: usize = 10 << 20;
/// The last so many bytes of standard error are kept.
const COMPLAINTS: usize = 4 << 10;
/// How long a program may take to end once its output has.
const LAST_BREATH: Duration = Duration::from_secs(2);

/// What comes of a run, piece by piece.
pub(super) enum Step {
    /// More text.
    Text(String),
    /// That was all.
    Done(Done),
    /// There is no (whole) answer.
    Failed(Failed),
}

/// Why not.
pub(super) enum Failed {
    /// The program says so.
    Said(Failure),
    /// It took too long.
    TimedOut,
    /// It said too much.
    TooLong,
    /// It is not there, or cannot be started.
    NotStarted(io::Error),
}

/// A program at work. Dropped, it is ended, with all that it has started.
pub(super) struct Run {
    /// Dropped before the rest, while the program still has its number.
    _group: Group,
    child: Child,
    stdout: ChildStdout,
    stderr: Option<ChildStderr>,
    reader: Reader,
    buffer: Vec<u8>,
    /// How much of the buffer has no line break in it.
    searched: usize,
    complaints: Vec<u8>,
    pending: Option<Done>,
    said: usize,
    until: Instant,
    _directory: TempDir,
}

impl Run {
    pub(super) fn start(
        known: &Bridge,
        serve: &Serve,
        ask: &Ask,
        limit: Duration,
    ) -> io::Result<Self> {
        let directory = tempfile::Builder::new()
            .prefix("tollhouse-bridge-")
            .tempdir()?;
        let work = work_in(directory.path())?;
        let system = match &ask.system {
            Some(text) => Some(system_in(directory.path(), text)?),
            None => None,
        };
        let system = system.as_ref().and_then(|path| path.to_str());
        // A file that nobody can name, so that nothing has to be written while there is something to read.
        let mut prompt = tempfile::tempfile()?;
        prompt.write_all(ask.prompt.as_bytes())?;
        prompt.rewind()?;
        let program = known.command.as_deref().unwrap_or(&known.id);
        let mut command = machine::command(program, known);
        command
            .args(serve.arguments(ask.model.as_deref(), system))
            .current_dir(work)
            .stdin(Stdio::from(prompt))
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let mut child = command.spawn()?;
        let group = Group::of(&child);
        let (Some(stdout), stderr) = (child.stdout.take(), child.stderr.take()) else {
            return Err(io::Error::other("the program has no output"));
        };
        Ok(Self {
            _group: group,
            child,
            stdout,
            stderr,
            reader: Reader::new(serve.prints),
            buffer: Vec::new(),
            searched: 0,
            complaints: Vec::new(),
            pending: None,
            said: 0,
            until: Instant::now() + limit,
            _directory: directory,
        })
    }

    /// Lets a program that has answered come to its own end, for a moment.
    pub(super) async fn settle(mut self) {
        let ending = async {
            while matches!(self.read().await, Ok(true)) {
                self.buffer.clear();
            }
            let _ = self.child.wait().await;
        };
        // Dropped after this, it is ended.
        let _ = timeout(LAST_BREATH, ending).await;
    }

    /// The model that answers, where the program says.
    pub(super) fn model(&self) -> Option<&str> {
        self.reader.model()
    }

    /// When its time is over.
    pub(super) fn until(&self) -> Instant {
        self.until
    }

    /// Waits for what comes next. After anything but text there is nothing more.
    pub(super) async fn next(&mut self) -> Step {
        let until = self.until;
        match timeout_at(until, self.step()).await {
            Ok(Step::Text(text)) => {
                self.said += text.len();
                if self.said > MOST {
                    return Step::Failed(Failed::TooLong);
                }
                Step::Text(text)
            }
            Ok(step) => step,
            Err(_) => Step::Failed(Failed::TimedOut),
        }
    }

    async fn step(&mut self) -> Step {
        if let Some(done) = self.pending.take() {
            return Step::Done(done);
        }
        loop {
            while let Some(line) = self.line() {
                match self.reader.line(&line) {
                    Event::Nothing => {}
                    Event::Text(text) => return Step::Text(text),
                    Event::Done(done) => return Step::Done(done),
                    Event::Whole(text, done) => {
                        self.pending = Some(done);
                        return Step::Text(text);
                    }
                    Event::Failed(failure) => return Step::Failed(Failed::Said(failure)),
                }
            }
            if self.buffer.len() > MOST {
                return Step::Failed(Failed::TooLong);
            }
            match self.read().await {
                Ok(true) => {}
                // The last line may have no end.
                Ok(false) if self.buffer.last().is_some_and(|last| *last != b'\n') => {
                    self.buffer.push(b'\n');
                }
                Ok(false) => return Step::Failed(Failed::Said(self.why().await)),
                Err(error) => {
                    return Step::Failed(Failed::Said(Failure {
                        why: Why::Other,
                        text: format!("its output cannot be read: {error}"),
                    }));
                }
            }
        }
    }

    /// The next whole line of output.
    fn line(&mut self) -> Option<Vec<u8>> {
        let found = self.buffer[self.searched..]
            .iter()
            .position(|byte| *byte == b'\n');
        let Some(end) = found else {
            self.searched = self.buffer.len();
            return None;
        };
        let rest = self.buffer.split_off(self.searched + end + 1);
        self.searched = 0;
        Some(std::mem::replace(&mut self.buffer, rest))
    }

    /// Takes what there is of either output. `false` when there will be no more of the first.
    async fn read(&mut self) -> io::Result<bool> {
        loop {
            let Some(stderr) = &mut self.stderr else {
                return Ok(self.stdout.read_buf(&mut self.buffer).await? > 0);
            };
            tokio::select! {
                read = self.stdout.read_buf(&mut self.buffer) => return Ok(read? > 0),
                read = stderr.read_buf(&mut self.complaints) => {
                    if read.unwrap_or(0) == 0 {
                        self.stderr = None;
                    }
                    let old = self.complaints.len().saturating_sub(COMPLAINTS);
                    self.complaints.drain(..old);
                }
            }
        }
    }

    /// Why a program ended without an answer.
    async fn why(&mut self) -> Failure {
        let ended = async {
            if let Some(stderr) = &mut self.stderr {
                let mut stderr = stderr.take(COMPLAINTS as u64);
                let _ = stderr.read_to_end(&mut self.complaints).await;
            }
            self.child.wait().await
        };
        let status = timeout(LAST_BREATH, ended).await;
        let said = String::from_utf8_lossy(&self.complaints);
        if !said.trim().is_empty() {
            return complaint(&said);
        }
        let text = match status {
            Ok(Ok(status)) => format!("the program ended without an answer ({status})"),
            Ok(Err(_)) | Err(_) => "the program ended its output without an answer".to_owned(),
        };
        Failure {
            why: Why::Other,
            text,
        }
    }
}

/// A directory with nothing in it.
fn work_in(directory: &Path) -> io::Result<PathBuf> {
    let work = directory.join("work");
    DirBuilder::new().mode(0o700).create(&work)?;
    Ok(work)
}

/// A file with the system prompt, beside that directory.
fn system_in(directory: &Path, text: &str) -> io::Result<PathBuf> {
    let path = directory.join("system");
    let mut options = File::options();
    let mut file = options
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(&path)?;
    file.write_all(text.as_bytes())?;
    Ok(path)
}
