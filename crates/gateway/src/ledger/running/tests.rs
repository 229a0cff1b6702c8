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

fn numbers(seen: &Seen) -> Vec<u128> {
    seen.calls.iter().map(|call| call.id.0.as_u128()).collect()
}

#[test]
fn calls_run_from_their_beginning_to_their_end_and_places_are_used_again() {
    let running = Arc::new(Running::default());
    let places: Vec<_> = (1..=40).map(|n| enter(&running, &call(n, 1))).collect();
    assert_eq!(
        numbers(&running.seen(&Visible::All, 100)),
        (1..=40).rev().collect::<Vec<_>>()
    );
    drop(places);
    assert!(running.seen(&Visible::All, 100).calls.is_empty());
    let _places: Vec<_> = (1..=40).map(|n| enter(&running, &call(n, 1))).collect();
    let held: usize = (0..LISTS).map(|list| running.list(list).places.len()).sum();
    assert_eq!(held, 40, "no more than ran at once");
}

#[test]
fn what_is_seen_is_the_row_and_who_is_asked_last() {
    let running = Arc::new(Running::default());
    let begun = call(3, 1);
    let place = enter(&running, &begun);
    assert_eq!(running.seen(&Visible::All, 1).calls.first(), Some(&begun));
    place.asks("lab", Some("sonnet-5"));
    place.asks("spare", Some("opus-5"));
    let expected = Call {
        provider: Some("spare".to_owned()),
        model_sent: Some("opus-5".to_owned()),
        attempts: 2,
        ..begun
    };
    assert_eq!(running.seen(&Visible::All, 1).calls, [expected]);
}

#[test]
fn of_more_than_are_told_those_that_run_the_longest_are() {
    let running = Arc::new(Running::default());
    let _places: Vec<_> = (1..=9).map(|n| enter(&running, &call(n, n % 2))).collect();
    let seen = running.seen(&Visible::All, 3);
    assert_eq!((numbers(&seen), seen.more), (vec![3, 2, 1], 6));
    let even = Visible::Of {
        user: UserId(Uuid::from_u128(0)),
        orgs: Vec::new(),
    };
    let seen = running.seen(&even, 3);
    assert_eq!(
        (numbers(&seen), seen.more),
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
