use tempfile::TempDir;
use tollhouse_domain::capture::Capture;
use tollhouse_domain::id::{CallId, KeyId, SessionId};
use tollhouse_domain::time::Timestamp;
use tollhouse_journal::{Journal, Options, Reader};
use uuid::Uuid;

use super::super::record;
use super::*;
use crate::capture::Captures;
use crate::capture::tests::key;
use crate::config::{CaptureConfig, Durability};

struct Lab {
    books: Books,
    reader: Reader,
    _directory: TempDir,
}

impl Lab {
    fn new() -> Self {
        let directory = TempDir::new().unwrap();
        let (journal, reader) = Journal::open(directory.path(), Options::default()).unwrap();
        let books = Books {
            ledger: Arc::new(Ledger::new(journal, Durability::default())),
            metrics: Arc::new(Metrics::new()),
            prices: Arc::new(PriceBook::new([])),
        };
        Self {
            books,
            reader,
            _directory: directory,
        }
    }

    fn admit(&self) -> OpenCall {
        let row = serde_json::json!({
            "id": CallId(Uuid::from_u128(1)), "at": Timestamp::from_secs(1),
            "key": KeyId(Uuid::from_u128(2)), "session": SessionId(Uuid::from_u128(3)),
            "caller": "test", "endpoint": "messages", "stream": false, "mode": "passthrough",
            "outcome": "interrupted", "bytes_in": 0, "bytes_out": 0, "attempts": 0,
            "snapshot_revision": 0,
        });
        let row = serde_json::from_value(row).unwrap();
        OpenCall::admit(row, clock::monotonic(), true, 0, self.books.clone()).unwrap()
    }

    /// The calls in the journal that ended.
    fn ended(&mut self) -> Vec<Call> {
        let mut ended = Vec::new();
        let take = |_, kind, payload: &[u8]| {
            if kind == record::END {
                ended.push(record::decode(payload).unwrap());
            }
        };
        self.reader.read_batch(100, 1 << 20, take).unwrap();
        ended
    }

    /// How they did.
    fn ends(&mut self) -> Vec<Outcome> {
        self.ended().iter().map(|call| call.outcome).collect()
    }
}

#[test]
fn a_call_whose_task_panics_is_interrupted() {
    let mut lab = Lab::new();
    let call = lab.admit();
    let died = std::thread::spawn(move || {
        let _open = call;
        panic!("on purpose");
    });
    assert!(died.join().is_err());
    assert_eq!(lab.ends(), [Outcome::Interrupted]);
}

#[test]
fn a_call_that_is_dropped_lost_its_client() {
    let mut lab = Lab::new();
    drop(lab.admit());
    assert_eq!(lab.ends(), [Outcome::ClientDisconnect]);
    lab.books.ledger.cut();
    drop(lab.admit());
    assert_eq!(
        lab.ends(),
        [Outcome::Interrupted],
        "this one was cut off by us"
    );
}

#[test]
fn only_the_first_end_counts() {
    let mut lab = Lab::new();
    let mut call = lab.admit();
    assert!(call.close(Outcome::Success, None).is_some());
    assert!(call.close(Outcome::StreamError, None).is_none());
    drop(call);
    assert_eq!(lab.ends(), [Outcome::Success]);
}

#[test]
fn an_attempt_reads_however_long_its_model_is_called() {
    let mut lab = Lab::new();
    let mut call = lab.admit();
    // In JSON a control character takes six bytes, and a field of the journal holds 64 KiB.
    let model = "\u{1}".repeat(70_000);
    call.sent_to("lab", Some(&model), None, Paid::ByUse);
    call.answered(503, &HeaderMap::new());
    call.turns_elsewhere("server_error", 1.5);
    call.close(Outcome::Success, None);
    let row = lab.ended().remove(0);
    let [attempt] = row.tried.as_slice() else {
        panic!("one attempt: {:?}", row.tried.len());
    };
    assert_eq!(
        (attempt.provider.as_str(), attempt.status, attempt.ended_ms),
        ("lab", Some(503), 1.5)
    );
    assert_eq!(attempt.model_sent.as_deref(), model.get(..LONGEST_MODEL));
    // What that attempt was answered is not what the call was.
    assert_eq!(row.status, None);
}

/// `cargo test --release -p tollhouse-gateway --lib noting -- --ignored --nocapture`.
#[test]
#[ignore = "a measurement, for a release build"]
fn what_noting_an_answer_costs() {
    const PIECES: u32 = 200_000;
    let lab = Lab::new();
    for bodies in Capture::ALL {
        for length in [100, 4_000] {
            let mut call = lab.admit();
            let config = CaptureConfig {
                bodies,
                retention: None,
                max_body: 1 << 40,
                max_memory: 1 << 40,
            };
            let (captures, _finished) = Captures::new(&config, Arc::clone(&lab.books.metrics));
            call.keep(Arc::new(captures).start(&key(None)));
            let piece = Bytes::from(vec![b'x'; length]);
            let started = clock::monotonic();
            for _ in 0..PIECES {
                call.passed(std::hint::black_box(&piece));
            }
            let each = started.elapsed().as_secs_f64() * 1e9 / f64::from(PIECES);
            eprintln!(
                "{}: {each:.2} ns for a piece of {length} bytes",
                bodies.as_str()
            );
        }
    }
}
