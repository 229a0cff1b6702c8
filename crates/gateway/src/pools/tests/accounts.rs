use std::num::NonZeroU32;

use tollhouse_domain::account::failure::Failure;
use tollhouse_domain::account::window::{Window, Windows};
use tollhouse_domain::account::{CAP, Facts, Lost, RATE, Standing, State, Why};
use tollhouse_wire::meter::InBandError;

use super::*;

fn account(n: u128, configured_at: Timestamp, standing: Standing) -> Arc<OpenCredential> {
    let facts = Facts {
        generation: 1,
        expires_at: NOW.plus(Duration::from_hours(24 * 30)),
        standing,
        ..Facts::default()
    };
    let meta = meta(n, configured_at, None);
    Arc::new(OpenCredential::of_account(&meta, facts, &Secret::new("s".to_owned())).unwrap())
}

fn accounts(count: u128) -> Pool {
    pool_of((0..count).map(|n| account(n, NOW, Standing::default())))
}

fn resting(until: Timestamp) -> Standing {
    Standing {
        rest: Some((until, Why::Cap)),
        ..Standing::default()
    }
}

#[test]
fn an_account_rests_as_long_as_its_failure_says_and_no_other_does() {
    let cases = [
        (Failure::Capped(None), Some(CAP)),
        (
            Failure::Capped(Some(NOW.plus(Duration::from_mins(1)))),
            Some(Duration::from_mins(1)),
        ),
        (Failure::Limited(None), Some(RATE)),
        (
            Failure::Limited(Some(Duration::from_secs(9))),
            Some(Duration::from_secs(9)),
        ),
        (Failure::Model, None),
        (Failure::Other, None),
        // Refreshing it comes first.
        (Failure::Refused, None),
    ];
    for (failure, rest) in cases {
        let (pools, pool) = (Pools::default(), accounts(2));
        let before = first(pools.choose(&pool, session(1), NOW));
        pools.blame(&pool.members[before], failure, NOW);
        let after = first(pools.choose(&pool, session(1), NOW));
        assert_eq!(after != before, rest.is_some(), "{failure:?}");
        let other = &pool.members[1 - before];
        assert_eq!(pools.account_state(other, NOW), Some(State::Ready));
        let state = pools.account_state(&pool.members[before], NOW);
        let until = match state {
            Some(State::Cooling { until, .. }) => until,
            _ => None,
        };
        assert_eq!(until, rest.map(|rest| NOW.plus(rest)), "{failure:?}");
    }
}

#[test]
fn all_resting_say_when_the_first_returns_also_if_it_is_the_only_one() {
    let (pools, pool) = (Pools::default(), accounts(3));
    for (member, minutes) in pool.members.iter().zip([30, 10, 20]) {
        let until = NOW.plus(Duration::from_mins(minutes));
        pools.blame(member, Failure::Capped(Some(until)), NOW);
    }
    let soonest = NOW.plus(Duration::from_mins(10));
    let choice = pools.choose(&pool, session(1), NOW);
    assert_eq!(choice, Choice::Cooling(soonest));
    assert_eq!(first(pools.choose(&pool, session(1), soonest)), 1);
    // As the store has it, and alone.
    let only = pool_of([account(9, NOW, resting(soonest))].into_iter());
    let choice = pools.choose(&only, session(1), NOW);
    assert_eq!(choice, Choice::Cooling(soonest));
    assert_eq!(first(pools.choose(&only, session(1), soonest)), 0);
}

#[test]
fn a_lost_account_is_never_tried() {
    let lost = Standing {
        lost: Some((NOW, Lost::Reused)),
        ..Standing::default()
    };
    let (pools, pool) = (
        Pools::default(),
        pool_of([account(1, NOW, lost), account(2, NOW, Standing::default())].into_iter()),
    );
    let year = NOW.plus(Duration::from_hours(24 * 365));
    for n in 0..50 {
        assert_eq!(first(pools.choose(&pool, session(n), year)), 1);
    }
}

#[test]
fn what_an_earlier_login_ran_into_is_not_the_next_ones() {
    let pools = Pools::default();
    let later = NOW.plus(Duration::from_secs(1));
    let (old, new) = (
        account(1, NOW, Standing::default()),
        account(1, later, Standing::default()),
    );
    pools.blame(&old, Failure::Capped(None), later);
    assert_eq!(pools.account_state(&new, later), Some(State::Ready));
    pools.blame(&new, Failure::Limited(None), later);
    let stands = pools.account_state(&new, later);
    // A verdict that comes late does not take the place of a newer one.
    pools.blame(&old, Failure::Capped(None), later);
    assert_eq!(pools.account_state(&new, later), stands);
}

#[test]
fn a_full_account_is_passed_over_and_its_places_come_back() {
    let most = NonZeroU32::new(2);
    let (pools, pool) = (Arc::new(Pools::new(most, None)), accounts(2));
    let home = first(pools.choose(&pool, session(1), NOW));
    let mut seats: Vec<_> = (0..2)
        .map(|_| pools.sit(&pool.members[home]).unwrap())
        .collect();
    assert!(pools.sit(&pool.members[home]).is_none());
    assert_eq!(first(pools.choose(&pool, session(1), NOW)), 1 - home);
    seats.extend((0..2).map(|_| pools.sit(&pool.members[1 - home]).unwrap()));
    assert_eq!(pools.choose(&pool, session(1), NOW), Choice::Full);
    drop(seats.remove(0));
    // It had not moved.
    assert_eq!(first(pools.choose(&pool, session(1), NOW)), home);
    drop(seats);
    assert!(pools.lock().accounts_are_idle());
}

#[test]
fn replicas_share_the_places_of_an_account() {
    for (most, replicas, here) in [(6, 1, 6), (6, 3, 2), (7, 2, 3), (1, 4, 1)] {
        let others = Arc::new(Replica::among(replicas));
        let pools = Arc::new(Pools::new(NonZeroU32::new(most), Some(others)));
        let one = account(1, NOW, Standing::default());
        let seats: Vec<_> = std::iter::from_fn(|| pools.sit(&one)).take(9).collect();
        assert_eq!(seats.len(), here, "{most} among {replicas}");
    }
}

#[test]
fn an_error_inside_a_stream_is_the_accounts_where_the_answer_is() {
    let error = InBandError {
        code: Some("usage_limit_reached".to_owned()),
        resets_in_seconds: Some(90),
        ..InBandError::default()
    };
    for judges in [true, false] {
        let (pools, pool) = (Arc::new(Pools::default()), accounts(1));
        let seat = pools.sit(&pool.members[0]).unwrap().judging(judges);
        seat.failed(&error, NOW);
        let state = pools.account_state(&pool.members[0], NOW);
        let until = NOW.plus(Duration::from_secs(90));
        let cooling = State::Cooling {
            until: Some(until),
            why: Why::Cap,
        };
        let expected = if judges { cooling } else { State::Ready };
        assert_eq!(state, Some(expected));
    }
}

#[test]
fn the_store_is_told_what_is_worth_it_and_has_the_last_word_then() {
    let (pools, one) = (Pools::default(), account(1, NOW, Standing::default()));
    pools.blame(&one, Failure::Limited(Some(Duration::from_secs(5))), NOW);
    assert!(pools.take_rests().is_empty(), "over before it is read");
    pools.blame(&one, Failure::Capped(None), NOW);
    // What fails together says the same a moment later.
    let after = NOW.plus(Duration::from_secs(2));
    pools.blame(&one, Failure::Capped(None), after);
    let told = pools.take_rests();
    let [(id, rest)] = told.as_slice() else {
        panic!("{told:?}");
    };
    assert_eq!(
        (*id, rest.until, rest.why),
        (one.id, NOW.plus(CAP), Why::Cap)
    );
    pools.blame(&one, Failure::Capped(None), after);
    assert!(pools.take_rests().is_empty());
    pools.put_back_rest(*id, *rest);
    assert_eq!(pools.take_rests(), [(*id, *rest)]);
    // Not known to the store yet, so it is kept.
    pools.settle([&one].into_iter(), after);
    assert!(matches!(
        pools.account_state(&one, after),
        Some(State::Cooling { .. })
    ));
    let stored = account(1, NOW, resting(rest.until));
    pools.settle([&stored].into_iter(), after);
    // Somebody ends it by hand, at whichever replica.
    let woken = account(1, NOW, Standing::default());
    assert_eq!(pools.account_state(&woken, after), Some(State::Ready));
}

#[test]
fn windows_are_kept_until_they_are_stored_and_park_nobody() {
    let full = |used_percent| Windows {
        primary: Some(Window {
            used_percent,
            minutes: Some(300),
            resets_at: Some(NOW.plus(CAP)),
        }),
        secondary: None,
    };
    let (pools, one) = (Pools::default(), account(1, NOW, Standing::default()));
    pools.heard(&one, full(40.0), NOW);
    pools.heard(&one, Windows::default(), NOW.plus(CAP));
    pools.heard(&one, full(100.0), NOW);
    assert_eq!(pools.account_windows(&one), (full(100.0), Some(NOW)));
    assert_eq!(pools.account_state(&one, NOW), Some(State::Ready));
    let told = pools.take_windows();
    assert_eq!(told.len(), 1);
    assert!(pools.take_windows().is_empty(), "once");
    pools.put_back_windows(told[0].0, told[0].1);
    assert_eq!(pools.take_windows().len(), 1);
    let anew = account(1, NOW.plus(CAP), Standing::default());
    assert_eq!(pools.account_windows(&anew), (Windows::default(), None));
    pools.forget_windows(|_| false);
    assert_eq!(pools.account_windows(&one), (Windows::default(), None));
}

/// What one conversation that moved takes, in bytes.
fn bytes_of_a_binding(pools: &Pools) -> usize {
    let book = pools.lock();
    let room = book.moved.capacity() + book.moved_before.capacity();
    let bindings = book.moved.len() + book.moved_before.len();
    // A table has room for an eighth more than it says, and a byte for each place.
    let entry = size_of::<(Talk, CredentialId)>() + 1;
    room * 8 / 7 * entry / bindings
}

#[test]
fn a_conversation_that_moved_is_remembered_in_little_room() {
    let (pools, pool) = (Pools::default(), accounts(10));
    for member in pool.members.iter().step_by(2) {
        pools.blame(member, Failure::Capped(None), NOW);
    }
    for n in 0..3 * MOVED {
        pools.choose(&pool, session(n), NOW);
        if n >= 1024 && n % 512 == 0 {
            let bytes = bytes_of_a_binding(&pools);
            assert!(bytes <= 200, "{bytes} bytes each after {n} conversations");
        }
    }
    assert!(
        !pools.lock().moved_before.is_empty(),
        "as many as there ever are"
    );
}

/// `cargo test --release -p tollhouse-gateway --lib choosing -- --ignored --nocapture`.
#[test]
#[ignore = "a measurement, for a release build"]
fn what_choosing_among_accounts_costs() {
    const TALKS: u32 = 100_000;
    let each = |started: std::time::Instant| {
        let elapsed = crate::clock::monotonic().saturating_duration_since(started);
        elapsed.as_secs_f64() * 1e9 / f64::from(TALKS)
    };
    for count in [2, 10, 32, 100, 1_000] {
        let (pools, pool) = (Pools::default(), accounts(count));
        let all = |what: &str, now: Timestamp| {
            let started = crate::clock::monotonic();
            for n in 0..TALKS {
                std::hint::black_box(pools.choose(&pool, session(n as usize), now));
            }
            eprintln!("{count} accounts, {what}: {:.0} ns", each(started));
        };
        all("nothing known", NOW);
        for member in pool.members.iter().step_by(2) {
            pools.blame(member, Failure::Capped(None), NOW);
        }
        all("half resting, moving", NOW);
        let later = NOW.plus(CAP);
        all("moved, all back", later);
        eprintln!("{} bytes for each that moved", bytes_of_a_binding(&pools));
        for member in &pool.members {
            pools.blame(member, Failure::Capped(None), later);
        }
        all("all resting", later);
    }
}
