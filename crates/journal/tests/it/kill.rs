//! `kill -9` at random moments. The test runs its own binary again as the process that dies.

use std::collections::hash_map::RandomState;
use std::hash::{BuildHasher, Hasher};
use std::io::{BufRead, BufReader, Read, Write};
use std::path::Path;
use std::process::{Command, Stdio};

use tollhouse_journal::{Journal, Options};

const DIRECTORY: &str = "TOLLHOUSE_JOURNAL_KILL_DIRECTORY";
const FIRST: &str = "TOLLHOUSE_JOURNAL_KILL_FIRST";
const RELEASES: &str = "TOLLHOUSE_JOURNAL_KILL_RELEASES";
const OPTIONS: Options = Options {
    segment_bytes: 300_000,
    max_total_bytes: 1 << 30,
};
const ROUNDS: u64 = 20;

fn random(below: u64) -> u64 {
    RandomState::new().build_hasher().finish() % below
}

/// Some records are large, so that a kill can also fall into the middle of a write.
fn payload(number: u64) -> Vec<u8> {
    let size = if number.is_multiple_of(7) {
        70_000
    } else {
        8 + number % 600
    };
    let mut payload = vec![u8::try_from(number % 251).unwrap(); usize::try_from(size).unwrap()];
    payload[..8].copy_from_slice(&number.to_le_bytes());
    payload
}

fn number_of(record: &[u8]) -> u64 {
    let number = u64::from_le_bytes(record[..8].try_into().unwrap());
    assert_eq!(record, payload(number), "record {number} came back altered");
    number
}

/// The process that dies. Not a test by itself: without the variable it does nothing.
#[test]
fn child() {
    let Some(directory) = std::env::var_os(DIRECTORY) else {
        return;
    };
    let first: u64 = std::env::var_os(FIRST)
        .unwrap()
        .to_str()
        .unwrap()
        .parse()
        .unwrap();
    let releases = std::env::var_os(RELEASES).is_some();
    let (journal, mut reader) = Journal::open(Path::new(&directory), OPTIONS).unwrap();
    // Not through `println!`, which the test harness captures and buffers.
    let mut out = std::io::stdout().lock();
    for number in first.. {
        journal.append(1, &payload(number)).unwrap();
        writeln!(out, "\nappended {number}").unwrap();
        out.flush().unwrap();
        if releases && number % 5 == 0 {
            let mut delivered = Vec::new();
            let batch = reader.read_batch(4, 1 << 20, |_, _, p| delivered.push(number_of(p)));
            for number in delivered {
                writeln!(out, "\ndelivered {number}").unwrap();
            }
            out.flush().unwrap();
            reader.release(batch.unwrap().end).unwrap();
        }
    }
}

/// What a child said before it died.
#[derive(Default)]
struct Said {
    appended: Vec<u64>,
    delivered: Vec<u64>,
}

impl Said {
    fn line(&mut self, line: &str) {
        let mut words = line.split(' ');
        match (
            words.next(),
            words.next().and_then(|number| number.parse().ok()),
        ) {
            (Some("appended"), Some(number)) => self.appended.push(number),
            (Some("delivered"), Some(number)) => self.delivered.push(number),
            // The harness's own lines, and the end of a line cut off by the kill.
            _ => {}
        }
    }
}

/// Starts a child that appends from `first` on, and kills it after a random number of its lines.
fn run_and_kill(directory: &Path, first: u64, releases: bool) -> Said {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["--exact", "kill::child", "--nocapture", "--test-threads=1"]);
    command
        .env(DIRECTORY, directory)
        .env(FIRST, first.to_string());
    if releases {
        command.env(RELEASES, "1");
    }
    let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
    let mut out = BufReader::new(child.stdout.take().unwrap());
    let mut said = Said::default();
    let enough = 1 + random(400);
    let mut line = String::new();
    while (said.appended.len() as u64) < enough {
        line.clear();
        assert!(
            out.read_line(&mut line).unwrap() > 0,
            "the child ended by itself"
        );
        said.line(line.trim_end());
    }
    // SIGKILL. The child is somewhere ahead of what we have read.
    child.kill().unwrap();
    child.wait().unwrap();
    let mut rest = String::new();
    out.read_to_string(&mut rest).unwrap();
    // An unfinished last line might show a shorter number than was meant.
    let finished = rest.rfind('\n').map_or("", |end| &rest[..end]);
    finished.lines().for_each(|line| said.line(line));
    said
}

fn read_all(directory: &Path) -> (Vec<u64>, Journal, tollhouse_journal::Reader) {
    let (journal, mut reader) = Journal::open(directory, OPTIONS).unwrap();
    let mut numbers = Vec::new();
    let batch = reader.read_batch(usize::MAX, usize::MAX, |_, _, p| numbers.push(number_of(p)));
    assert!(batch.unwrap().caught_up);
    assert_eq!(
        reader.recovery().corrupt_segments,
        0,
        "{:?}",
        reader.recovery()
    );
    assert_eq!(reader.recovery().frames, numbers.len() as u64);
    (numbers, journal, reader)
}

#[test]
fn every_acknowledged_record_survives_exactly_once() {
    let directory = tempfile::tempdir().unwrap();
    let (mut released, mut next) = (0, 0);
    for round in 0..ROUNDS {
        let said = run_and_kill(directory.path(), next, false);
        let (numbers, _journal, mut reader) = read_all(directory.path());
        let survived = released + numbers.len() as u64;
        // Each once and in order, those of earlier rounds too.
        assert_eq!(
            numbers,
            (released..survived).collect::<Vec<_>>(),
            "round {round}"
        );
        assert!(said.appended.last().unwrap() < &survived, "round {round}");
        assert_eq!(said.appended[0], next, "round {round}");
        next = survived;
        if round % 4 == 3 {
            reader.release(reader.position()).unwrap();
            released = survived;
        }
    }
}

#[test]
fn a_kill_during_delivery_and_release_loses_nothing() {
    let directory = tempfile::tempdir().unwrap();
    let mut next = 0;
    let mut delivered = Vec::new();
    for round in 0..ROUNDS {
        let said = run_and_kill(directory.path(), next, true);
        delivered.extend(said.delivered);
        // What the child delivered and what is still there make up everything acknowledged.
        let (numbers, ..) = read_all(directory.path());
        let mut all = delivered.clone();
        all.extend(&numbers);
        all.sort_unstable();
        all.dedup();
        let count = all.len() as u64;
        assert_eq!(all, (0..count).collect::<Vec<_>>(), "round {round}");
        assert!(said.appended.last().unwrap() < &count, "round {round}");
        assert!(numbers.is_sorted());
        next = count;
    }
    let (_, journal, mut reader) = read_all(directory.path());
    reader.release(journal.end()).unwrap();
    assert!(journal.total_bytes() < OPTIONS.segment_bytes);
}
