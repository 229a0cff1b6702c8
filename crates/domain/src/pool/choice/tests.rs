use std::collections::BTreeMap;
use std::time::Duration;

use proptest::prelude::*;
use uuid::Uuid;

use super::*;
use crate::pool::{LONGEST_REST, REST};

mod simulation;

const NOW: Timestamp = Timestamp::from_secs(1_000_000);

fn id(n: u128) -> CredentialId {
    CredentialId(Uuid::from_u128(n))
}

/// Conversations have ids of their own.
fn session(n: u128) -> SessionId {
    SessionId(Uuid::from_u128(n.wrapping_add(1 << 100)))
}

fn order(count: usize) -> Order {
    Order::new((0..count as u128).map(id).collect())
}

fn of(fits: &[Fit], bound: Option<CredentialId>, session: SessionId) -> Choice {
    choose(&order(fits.len()), bound, session, |place| fits[place])
}

fn first(choice: Choice) -> usize {
    match choice {
        Choice::Draw { first, .. } => first,
        Choice::Full | Choice::Cooling(_) | Choice::Stale(_) => panic!("{choice:?}"),
    }
}

#[test]
fn nothing_left_says_when_or_since_when() {
    let (soon, late) = (NOW.plus(REST), NOW.plus(LONGEST_REST));
    let cases: [(&[Fit], Choice); 5] = [
        (
            &[Fit::Cooling(late), Fit::Cooling(soon)],
            Choice::Cooling(soon),
        ),
        (
            &[Fit::Stale(NOW), Fit::Cooling(soon)],
            Choice::Cooling(soon),
        ),
        (&[Fit::Stale(NOW)], Choice::Stale(NOW)),
        // Who has no room has some sooner than who rests.
        (&[Fit::Cooling(soon), Fit::Full], Choice::Full),
        (&[], Choice::Stale(Timestamp::default())),
    ];
    for (fits, expected) in cases {
        assert_eq!(of(fits, None, session(1)), expected, "{fits:?}");
    }
    for last in [0, 500, 999] {
        let mut fits = vec![Fit::Cooling(late); 1000];
        fits[last] = Fit::Cooling(soon);
        assert_eq!(of(&fits, None, session(1)), Choice::Cooling(soon));
        fits[last] = Fit::Ready;
        assert_eq!(first(of(&fits, None, session(1))), last, "the only one");
    }
}

#[test]
fn conversations_spread_over_a_pool() {
    for (count, least, most) in [(4, 800, 1_200), (1_000, 30, 200)] {
        let order = order(count);
        let mut counts = BTreeMap::new();
        let talks = if count == 4 { 4_000 } else { 100_000 };
        for n in 0..talks {
            let choice = choose(&order, None, session(n), |_| Fit::Ready);
            *counts.entry(first(choice)).or_insert(0) += 1;
        }
        let extremes = (counts.values().min(), counts.values().max());
        assert_eq!(counts.len(), count);
        assert!(
            extremes.0 >= Some(&least) && extremes.1 <= Some(&most),
            "{extremes:?}"
        );
    }
}

#[test]
fn a_full_one_is_passed_over_and_not_left() {
    for count in [3, 100] {
        let mut fits = vec![Fit::Ready; count];
        let home = first(of(&fits, None, session(7)));
        fits[home] = Fit::Full;
        let Choice::Draw {
            first: elsewhere,
            moved,
            ..
        } = of(&fits, None, session(7))
        else {
            panic!("nothing drawn");
        };
        assert!(elsewhere != home && !moved);
        // The same of one that it moved to.
        let mut fits = vec![Fit::Ready; count];
        fits[elsewhere] = Fit::Full;
        let bound = Some(id(elsewhere as u128));
        let Choice::Draw {
            first: again,
            moved,
            ..
        } = of(&fits, bound, session(7))
        else {
            panic!("nothing drawn");
        };
        assert!(again != elsewhere && !moved);
        fits[elsewhere] = Fit::Ready;
        assert_eq!(first(of(&fits, bound, session(7))), elsewhere);
        // All of them have enough to do.
        assert_eq!(of(&vec![Fit::Full; count], bound, session(7)), Choice::Full);
    }
}

#[test]
fn who_has_to_move_to_a_full_one_is_elsewhere_for_one_call() {
    for count in [4, 100] {
        let mut fits = vec![Fit::Ready; count];
        let left = first(of(&fits, None, session(7)));
        fits[left] = Fit::Cooling(NOW.plus(REST));
        let next = first(of(&fits, None, session(7)));
        fits[next] = Fit::Full;
        let Choice::Draw { first, moved, .. } = of(&fits, None, session(7)) else {
            panic!("nothing drawn");
        };
        assert!(first != left && first != next && !moved);
        fits[next] = Fit::Ready;
        let Choice::Draw { first, moved, .. } = of(&fits, None, session(7)) else {
            panic!("nothing drawn");
        };
        assert!(first == next && moved, "it goes there once it can");
    }
}

/// `cargo test --release -p tollhouse-domain choosing -- --ignored --nocapture`.
#[test]
#[ignore = "a measurement, for a release build"]
#[expect(
    clippy::cast_precision_loss,
    clippy::disallowed_methods,
    reason = "a measurement reads the clock"
)]
fn what_choosing_costs() {
    const TALKS: u128 = 100_000;
    for count in [1, 10, 32, 100, 1_000] {
        let order = order(count);
        let half = |place: usize| match place % 2 {
            0 => Fit::Cooling(NOW),
            _ => Fit::Ready,
        };
        let measured = |what: &str, bound: bool, fit: &dyn Fn(usize) -> Fit| {
            let started = std::time::Instant::now();
            for n in 0..TALKS {
                let bound = bound.then(|| id(n % count as u128));
                std::hint::black_box(choose(&order, bound, session(n), fit));
            }
            let each = started.elapsed().as_secs_f64() * 1e9 / TALKS as f64;
            eprintln!("{count} members, {what}: {each:.0} ns");
        };
        measured("all ready", false, &|_| Fit::Ready);
        measured("all ready, moved before", true, &|_| Fit::Ready);
        measured("half resting", false, &half);
        measured("all resting", false, &|_| Fit::Cooling(NOW));
    }
}

fn fit(kind: u8) -> Fit {
    [
        Fit::Ready,
        Fit::Full,
        Fit::Cooling(NOW.plus(Duration::from_secs(9))),
        Fit::Stale(NOW),
    ][usize::from(kind)]
}

fn fits() -> impl Strategy<Value = Vec<Fit>> {
    let some = |count| proptest::collection::vec((0u8..4).prop_map(fit), count);
    // Few that are ready among many are the hard case of the ring.
    let rare = prop_oneof![1 => Just(0u8), 9 => 1u8..4].prop_map(fit);
    let many = proptest::collection::vec(rare, 33..80);
    prop_oneof![some(1..8), some(33..80), many]
}

proptest! {
    #[test]
    fn a_conversation_stays_and_a_failure_moves_only_its_own(
        count in prop_oneof![2usize..8, 33usize..200], failing in any::<usize>(),
        talks in proptest::collection::vec(any::<u128>(), 1..50),
    ) {
        let (well, failing) = (vec![Fit::Ready; count], failing % count);
        let mut ill = well.clone();
        ill[failing] = Fit::Cooling(NOW.plus(REST));
        for talk in talks {
            let before = first(of(&well, None, session(talk)));
            let during = first(of(&ill, None, session(talk)));
            if before == failing {
                prop_assert_ne!(before, during);
            } else {
                prop_assert_eq!(before, during);
            }
            // What moved stays where it went when the other one returns.
            let bound = Some(id(during as u128));
            prop_assert_eq!(first(of(&well, bound, session(talk))), during);
        }
    }

    #[test]
    fn only_a_ready_one_is_drawn_on_and_never_twice(
        fits in fits(), bound in proptest::option::of(0u128..80), talk in any::<u128>(),
    ) {
        let ready = fits.iter().filter(|fit| **fit == Fit::Ready).count();
        match of(&fits, bound.map(id), session(talk)) {
            Choice::Draw { first, second, .. } => {
                prop_assert_eq!(fits[first], Fit::Ready);
                prop_assert_eq!(second.is_some(), ready > 1, "another one where there is any");
                if let Some(second) = second {
                    prop_assert_eq!(fits[second], Fit::Ready);
                    prop_assert_ne!(first, second);
                }
            }
            Choice::Full => prop_assert!(ready == 0 && fits.contains(&Fit::Full)),
            Choice::Cooling(_) | Choice::Stale(_) => {
                prop_assert!(ready == 0 && !fits.contains(&Fit::Full));
            }
        }
    }

    #[test]
    fn a_conversation_moves_for_a_reason_and_no_other(
        fits in fits(), bound in proptest::option::of(0u128..80), talk in any::<u128>(),
    ) {
        let natural = first(of(&vec![Fit::Ready; fits.len()], None, session(talk)));
        let known = bound.and_then(|n| usize::try_from(n).ok()).filter(|n| *n < fits.len());
        let Choice::Draw { first, moved, .. } = of(&fits, bound.map(id), session(talk)) else {
            return Ok(());
        };
        let before = known.unwrap_or(natural);
        let gone = !matches!(fits[before], Fit::Ready | Fit::Full);
        if moved {
            prop_assert!(gone && first != before);
        } else {
            // At home, or away for this call only.
            let spilled = fits.contains(&Fit::Full);
            prop_assert!(first == before || spilled, "{first} {before}");
        }
        if fits[before] == Fit::Ready {
            prop_assert_eq!(first, before);
        }
    }
}
