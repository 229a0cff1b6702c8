use tollhouse_domain::credential::CredentialPolicy;
use tollhouse_domain::id::KeyId;
use tollhouse_domain::key::KeyKind;
use tollhouse_domain::limits::Limits;
use uuid::Uuid;

use super::*;

/// A key that says so of captures.
pub(crate) fn key(capture: Option<Capture>) -> VirtualKey {
    VirtualKey {
        id: KeyId(Uuid::nil()),
        name: String::new(),
        prefix: String::new(),
        owner: None,
        org: None,
        agent: None,
        kind: KeyKind::Standard,
        models: None,
        providers: None,
        routes: None,
        credentials: CredentialPolicy::default(),
        pinned_source: None,
        limits: Limits::default(),
        budgets: Vec::new(),
        strict: false,
        capture,
        created_at: Timestamp(0),
        expires_at: None,
        revoked_at: None,
        grace_until: None,
        last_used_at: None,
        managed: false,
    }
}

fn captures(bodies: Capture, max_memory: u64) -> (Arc<Captures>, mpsc::Receiver<Finished>) {
    let config = CaptureConfig {
        bodies,
        retention: None,
        max_body: 100_000,
        max_memory,
    };
    let (captures, finished) = Captures::new(&config, Arc::new(Metrics::new()));
    (Arc::new(captures), finished)
}

fn finish(recording: Box<Recording>) -> Kept {
    recording.finish(CallId(Uuid::nil()), Timestamp(0))
}

#[test]
fn a_key_says_otherwise_than_the_installation_in_either_direction() {
    for bodies in Capture::ALL {
        let (captures, _finished) = captures(bodies, 1 << 20);
        for said in [
            None,
            Some(Capture::Off),
            Some(Capture::Redacted),
            Some(Capture::Full),
        ] {
            let mode = said.unwrap_or(bodies);
            assert_eq!(captures.of(&key(said)), mode);
            let kept = captures.start(&key(said)).map(finish);
            let expected = match mode {
                Capture::Off => None,
                Capture::Redacted => Some(Kept::Redacted),
                Capture::Full => Some(Kept::Full),
            };
            assert_eq!(kept, expected, "{bodies:?} {said:?}");
        }
    }
}

#[test]
fn who_finds_no_room_is_dropped_and_takes_none() {
    let (captures, mut finished) = captures(Capture::Full, 64 << 10);
    let body = Bytes::from(vec![0; 40_000]);
    let mut first = captures.start(&key(None)).unwrap();
    first.passed(&body);
    let mut second = captures.start(&key(None)).unwrap();
    second.passed(&body);
    second.passed(&body);
    assert_eq!(second.answer.held(), 0);
    assert_eq!(finish(second), Kept::Dropped);
    assert_eq!(finish(first), Kept::Full);
    let waiting = finished.try_recv().unwrap();
    assert!(finished.try_recv().is_err());
    // What waits to be stored takes its room until then.
    let mut third = captures.start(&key(None)).unwrap();
    third.passed(&body);
    assert_eq!(finish(third), Kept::Dropped);
    drop(waiting);
    let mut fourth = captures.start(&key(None)).unwrap();
    fourth.passed(&body);
    assert_eq!(finish(fourth), Kept::Full);
    assert_eq!(captures.metrics.captures_dropped.get(), 2);
}

#[test]
fn a_queue_that_is_full_delays_nobody() {
    let (captures, finished) = captures(Capture::Redacted, 1 << 30);
    for _ in 0..QUEUE {
        let recording = captures.start(&key(None)).unwrap();
        assert_eq!(finish(recording), Kept::Redacted);
    }
    assert_eq!(finish(captures.start(&key(None)).unwrap()), Kept::Dropped);
    drop(finished);
    assert_eq!(finish(captures.start(&key(None)).unwrap()), Kept::Dropped);
}
