use super::*;

fn at(seconds: u64) -> Timestamp {
    Timestamp::from_secs(1_000_000).plus(Duration::from_secs(seconds))
}

fn grant(status: Status, polled: Option<u64>, interval: u64) -> Grant {
    Grant {
        status,
        created_at: at(0),
        polled_at: polled.map(at),
        interval: Duration::from_secs(interval),
    }
}

#[test]
fn a_device_is_told_what_was_said_and_when_it_is_too_quick() {
    use Status::{Approved, Denied, Pending, Used};
    // Status, last asked, interval, asked now; what it is told, and the interval after.
    let cases = [
        (Pending, None, 5, 0, Poll::Pending, 5),
        (Pending, Some(0), 5, 3, Poll::SlowDown, 10),
        (Pending, Some(0), 5, 4, Poll::Pending, 5),
        (Pending, Some(0), 5, 5, Poll::Pending, 5),
        (Pending, Some(0), 10, 8, Poll::SlowDown, 15),
        (Pending, Some(0), 10, 9, Poll::Pending, 10),
        (Pending, Some(590), 598, 599, Poll::SlowDown, 600),
        (Pending, Some(0), 5, 599, Poll::Pending, 5),
        (Pending, Some(0), 5, 600, Poll::Expired, 5),
        (Pending, Some(599), 5, 600, Poll::Expired, 5),
        (Approved, None, 5, 1, Poll::Granted, 5),
        (Approved, Some(0), 5, 3, Poll::SlowDown, 10),
        (Approved, Some(0), 5, 5, Poll::Granted, 5),
        (Approved, Some(0), 5, 600, Poll::Expired, 5),
        (Denied, Some(0), 5, 1, Poll::Denied, 5),
        (Denied, Some(0), 5, 700, Poll::Denied, 5),
        (Used, Some(0), 5, 1, Poll::Used, 5),
        (Used, Some(0), 5, 700, Poll::Used, 5),
    ];
    for (status, polled, interval, now, told, after) in cases {
        let before = grant(status, polled, interval);
        let (poll, left) = before.poll(at(now));
        let case = format!("{status:?}, {polled:?}, {interval}, {now}");
        assert_eq!(poll, told, "{case}");
        assert_eq!(left.interval, Duration::from_secs(after), "{case}");
        assert_eq!(left.status, status, "{case}");
        let counts = matches!(poll, Poll::Pending | Poll::SlowDown | Poll::Granted);
        let polled = if counts {
            Some(at(now))
        } else {
            before.polled_at
        };
        assert_eq!(left.polled_at, polled, "{case}");
    }
}

#[test]
fn only_a_pending_one_can_be_answered_and_in_time() {
    let cases = [
        (Status::Pending, 0, true),
        (Status::Pending, 599, true),
        (Status::Pending, 600, false),
        (Status::Approved, 0, false),
        (Status::Denied, 0, false),
        (Status::Used, 0, false),
    ];
    for (status, now, expected) in cases {
        let open = grant(status, None, 5).is_open(at(now));
        assert_eq!(open, expected, "{status:?} at {now}");
    }
    assert!(Grant::begin(at(0)).is_open(at(0)));
}

#[test]
fn codes_are_read_as_people_type_them() {
    let cases = [
        ("BCDF-GHJK", Some("BCDF-GHJK")),
        ("bcdfghjk", Some("BCDF-GHJK")),
        (" bcdf ghjk\n", Some("BCDF-GHJK")),
        ("b-c-d-f-g-h-j-k", Some("BCDF-GHJK")),
        ("BCDF-GHJ", None),
        ("BCDF-GHJKL", None),
        ("BCDF-GHJA", None),
        ("BCDF-GHJ1", None),
        ("BCDF-GHJ\u{212a}", None),
        ("BCDF_GHJK", None),
        ("", None),
    ];
    for (typed, expected) in cases {
        assert_eq!(read_code(typed).as_deref(), expected, "{typed:?}");
    }
}

#[test]
fn codes_are_made_of_every_letter_as_often() {
    let mut counts = [0_u32; 26];
    for byte in 0..=u8::MAX {
        let Some(code) = code(&[byte; LENGTH]) else {
            assert!(byte >= 240, "{byte}");
            continue;
        };
        assert_eq!(read_code(&code), Some(code.clone()));
        counts[usize::from(code.as_bytes()[0] - b'A')] += 1;
    }
    assert_eq!(counts.iter().filter(|count| **count == 12).count(), 20);
    assert_eq!(counts.iter().sum::<u32>(), 240);
    assert_eq!(code(&[0; LENGTH - 1]), None);
    assert_eq!(code(&[240; 100]), None);
    assert_eq!(
        code(&[255, 0, 1, 2, 3, 4, 5, 6, 7, 8]).as_deref(),
        Some("BCDF-GHJK")
    );
}

#[test]
fn every_status_reads_back() {
    for status in [
        Status::Pending,
        Status::Approved,
        Status::Denied,
        Status::Used,
    ] {
        assert_eq!(Status::parse(status.as_str()), Some(status));
    }
    assert_eq!(Status::parse("expired"), None);
}
