use super::*;

fn at(seconds: u64) -> Timestamp {
    Timestamp::from_secs(1_000_000).plus(Duration::from_secs(seconds))
}

#[test]
fn locks_longer_with_every_wrong_password() {
    // Failures before, and for how many seconds the next one locks.
    let cases = [
        (0, None),
        (3, None),
        (4, None),
        (5, Some(60)),
        (6, Some(120)),
        (7, Some(240)),
        (10, Some(1920)),
        (11, Some(3600)),
        (12, Some(3600)),
        (40, Some(3600)),
        (u32::MAX, Some(3600)),
    ];
    for (failures, seconds) in cases {
        let before = Lockout {
            failures,
            locked_until: None,
        };
        let after = before.failed(at(0));
        assert_eq!(after.failures, failures.saturating_add(1));
        assert_eq!(after.locked_until, seconds.map(at), "after {failures}");
    }
}

#[test]
fn a_lock_ends_by_itself() {
    let lockout = Lockout {
        failures: 6,
        locked_until: Some(at(60)),
    };
    let cases = [
        (0, Some(at(60))),
        (59, Some(at(60))),
        (60, None),
        (61, None),
    ];
    for (second, expected) in cases {
        assert_eq!(lockout.locked(at(second)), expected, "second {second}");
    }
    assert_eq!(Lockout::default().locked(at(0)), None);
}

#[test]
fn sessions_end_and_change_their_secret_in_time() {
    use SessionStep::{Keep, Over, Rotate, Touch};
    const H: u64 = 3600;
    // Created, last seen, last rotated, used now.
    let cases = [
        (0, 0, 0, 0, Keep),
        (0, 0, 0, 59, Keep),
        (0, 0, 0, 60, Touch),
        (0, 30, 0, 89, Keep),
        (0, H - 1, 0, H - 1, Keep),
        (0, H - 1, 0, H, Rotate),
        (0, 0, 0, 12 * H - 1, Rotate),
        (0, 0, 0, 12 * H, Over),
        (0, 11 * H, 11 * H, 12 * H, Rotate),
        (0, 167 * H, 167 * H, 168 * H - 1, Touch),
        (0, 168 * H - 1, 168 * H - 1, 168 * H, Over),
    ];
    for (created, seen, rotated, now, expected) in cases {
        let times = SessionTimes {
            created_at: at(created),
            seen_at: at(seen),
            rotated_at: at(rotated),
        };
        let step = times.used(at(now));
        assert_eq!(step, expected, "{created} {seen} {rotated} at {now}");
    }
    assert_eq!(SessionTimes::begin(at(0)).ends_at(), at(12 * H));
}

#[test]
fn a_browser_is_sent_on_to_paths_of_this_server_alone() {
    let cases = [
        ("/", true),
        ("/device?code=BCDF-GHJK", true),
        ("/dashboard/#/calls?from=%2F%2Fevil", true),
        ("/a//b", true),
        ("", false),
        ("device", false),
        ("//evil.example", false),
        ("/\\evil.example", false),
        ("/\t/evil.example", false),
        ("/\n/evil.example", false),
        ("\t//evil.example", false),
        ("/a\r\nset-cookie: a=b", false),
        ("/ü", false),
        ("https://evil.example", false),
        ("javascript:alert(1)", false),
    ];
    for (text, local) in cases {
        assert_eq!(local_path(text), local.then_some(text), "{text:?}");
    }
    let long = format!("/{}", "a".repeat(MAX_PATH));
    assert_eq!(local_path(&long), None);
    assert_eq!(local_path(&long[..MAX_PATH]), Some(&long[..MAX_PATH]));
}
