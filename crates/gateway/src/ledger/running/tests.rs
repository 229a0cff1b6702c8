use std::time::Duration;

use tollhouse_domain::id::{KeyId, SessionId};
use uuid::Uuid;

use super::*;
use crate::clock;

fn call(number: u128, user: u128) -> Call {
    let id = CallId(Uuid::from_u128(number));
    let at = Timestamp(i64::try_from(number).unwrap());
    Call {
        user: Some(UserId(Uuid::from_u128(user))),
        caller: format!("caller {number}"),
        model_requested: Some("sonnet".to_owned()),
        ..Call::opened(
            id,
            at,
            KeyId(Uuid::from_u128(7)),
            SessionId(Uuid::from_u128(8)),
        )
    }
}

fn enter(running: &Arc<Running>, call: &Call) -> Place {
    running.enter(call, record::encode(call))
}

/// What there is to say of those that are seen, and how many more there are.
fn looked(running: &Running, visible: &Visible, most: usize) -> (Vec<Call>, usize) {
    let seen = running.seen(visible, most);
    (running.read(&seen), seen.more)
}

fn numbers(calls: &[Call]) -> Vec<u128> {
    calls.iter().map(|call| call.id.0.as_u128()).collect()
}

#[test]
fn calls_run_from_their_beginning_to_their_end_and_places_are_used_again() {
    let running = Arc::new(Running::default());
    let places: Vec<_> = (1..=40).map(|n| enter(&running, &call(n, 1))).collect();
    assert_eq!(
        numbers(&looked(&running, &Visible::All, 100).0),
        (1..=40).rev().collect::<Vec<_>>()
    );
    drop(places);
    assert!(looked(&running, &Visible::All, 100).0.is_empty());
    let _places: Vec<_> = (1..=40).map(|n| enter(&running, &call(n, 1))).collect();
    let held: usize = (0..LISTS).map(|list| running.list(list).places.len()).sum();
    assert_eq!(held, 40, "no more than ran at once");
}

#[test]
fn what_is_seen_is_the_row_and_who_is_asked_last() {
    let running = Arc::new(Running::default());
    let begun = call(3, 1);
    let place = enter(&running, &begun);
    assert_eq!(looked(&running, &Visible::All, 1).0.first(), Some(&begun));
    place.asks("lab", Some("sonnet-5"));
    place.asks("spare", Some("opus-5"));
    let expected = Call {
        provider: Some("spare".to_owned()),
        model_sent: Some("opus-5".to_owned()),
        attempts: 2,
        ..begun
    };
    assert_eq!(looked(&running, &Visible::All, 1).0, [expected]);
}

#[test]
fn what_is_seen_differs_when_there_is_something_new_to_say() {
    let running = Arc::new(Running::default());
    let seen = || running.seen(&Visible::All, 2);
    let place = enter(&running, &call(3, 1));
    let before = seen();
    assert!(seen() == before, "nothing happened");
    place.asks("lab", None);
    let asked = seen();
    assert!(asked != before, "somebody was asked");
    let newer = [4, 5].map(|number| enter(&running, &call(number, 1)));
    assert!(seen() != asked, "others began");
    let three = seen();
    let _fourth = enter(&running, &call(6, 1));
    assert!(seen() != three, "one more is counted");
    drop(newer);
    drop(place);
    // Its place is another's by now, or nobody's.
    assert!(running.read(&asked).is_empty());
    let _next = enter(&running, &call(3 + 256, 1));
    assert!(running.read(&asked).is_empty());
}

#[test]
fn of_more_than_are_told_those_that_run_the_longest_are() {
    let running = Arc::new(Running::default());
    let _places: Vec<_> = (1..=9).map(|n| enter(&running, &call(n, n % 2))).collect();
    let (calls, more) = looked(&running, &Visible::All, 3);
    assert_eq!((numbers(&calls), more), (vec![3, 2, 1], 6));
    let even = Visible::Of {
        user: UserId(Uuid::from_u128(0)),
        orgs: Vec::new(),
    };
    let (calls, more) = looked(&running, &even, 3);
    assert_eq!(
        (numbers(&calls), more),
        (vec![6, 4, 2], 1),
        "others' are not even counted"
    );
}

/// `cargo test --release -p tollhouse-gateway --lib place_costs -- --ignored --nocapture`.
#[test]
#[ignore = "a measurement, for a release build"]
fn what_a_place_costs() {
    const CALLS: u32 = 200_000;
    let running = Arc::new(Running::default());
    let _others: Vec<_> = (1..=2_000).map(|n| enter(&running, &call(n, 1))).collect();
    let call = call(9, 1);
    let round = |listed: bool| -> Duration {
        let started = clock::monotonic();
        for _ in 0..CALLS {
            let record = std::hint::black_box(record::encode(&call));
            if listed {
                let place = running.enter(&call, record);
                place.asks("lab", call.model_requested.as_deref());
            }
        }
        clock::monotonic() - started
    };
    let (without, with) = (round(false), round(true));
    let place = with.saturating_sub(without) / CALLS;
    println!("{place:?} for a place");
}
