use proptest::prelude::*;

use super::*;

const NOW: Timestamp = Timestamp::from_secs(1_000_000);
const UNAUTHORIZED: Said = Said::Refused(Refusal::Unauthorized);
const FORBIDDEN: Said = Said::Refused(Refusal::Forbidden);

fn thing(n: u8) -> Asked {
    Asked::of("messages", Some(&format!("m{n}")))
}

fn after(said: &[(u8, Said)]) -> Option<Standing> {
    let each = said.iter();
    each.fold(None, |standing, (n, said)| {
        next(standing, *said, thing(*n), NOW)
    })
}

fn closed(standing: Option<Standing>, n: u8) -> bool {
    standing.is_some_and(|standing| standing.ask(thing(n), NOW).is_err())
}

#[test]
fn what_closes_what() {
    // What was said, and whether it closes the first thing and another one.
    for (said, first, other) in [
        (&[][..], false, false),
        (&[(0, UNAUTHORIZED)], true, false),
        (&[(0, UNAUTHORIZED), (0, UNAUTHORIZED)], true, false),
        (&[(0, UNAUTHORIZED), (1, UNAUTHORIZED)], true, true),
        (&[(0, UNAUTHORIZED), (0, Said::Known)], false, false),
        (&[(0, UNAUTHORIZED), (1, Said::Known)], true, false),
        (
            &[(0, UNAUTHORIZED), (1, UNAUTHORIZED), (2, Said::Known)],
            false,
            false,
        ),
        (
            &[(0, UNAUTHORIZED), (1, Said::Known), (2, UNAUTHORIZED)],
            true,
            true,
        ),
        (&[(0, FORBIDDEN)], false, false),
        (&[(0, FORBIDDEN), (0, FORBIDDEN)], true, false),
        (
            &[(0, FORBIDDEN), (1, FORBIDDEN), (0, FORBIDDEN)],
            false,
            false,
        ),
        (
            &[(0, FORBIDDEN), (0, Said::Known), (0, FORBIDDEN)],
            false,
            false,
        ),
        (&[(0, UNAUTHORIZED), (1, FORBIDDEN)], true, false),
        (&[(0, UNAUTHORIZED), (0, FORBIDDEN)], false, false),
        (&[(0, FORBIDDEN), (0, UNAUTHORIZED)], true, false),
    ] {
        let standing = after(said);
        assert_eq!(
            (closed(standing, 0), closed(standing, 9)),
            (first, other),
            "{said:?}"
        );
    }
}

#[test]
fn it_is_tried_again_by_one_call() {
    let standing = after(&[(0, UNAUTHORIZED)]).unwrap();
    let stale = standing.ask(thing(0), NOW).unwrap_err();
    assert_eq!((stale.since, stale.until), (NOW, NOW.plus(AGAIN)));
    assert_eq!(stale.how.status(), 401);
    let later = NOW.plus(AGAIN);
    assert_eq!(standing.ask(thing(1), later), Ok(standing));
    let standing = standing.ask(thing(0), later).unwrap();
    let stale = standing.ask(thing(0), later).unwrap_err();
    assert_eq!(stale.since, NOW, "since the first refusal");
}

#[test]
fn an_entry_is_small() {
    assert!(size_of::<(super::super::Pair, Standing)>() <= 64);
}

#[derive(Debug, Clone, Copy)]
struct Step {
    thing: u8,
    seconds: u64,
    said: Said,
}

fn steps(said: impl Strategy<Value = Said>) -> impl Strategy<Value = Vec<Step>> {
    let step = (0..4u8, 0..40u64, said).prop_map(|(thing, seconds, said)| Step {
        thing,
        seconds,
        said,
    });
    proptest::collection::vec(step, 0..200)
}

fn anything() -> impl Strategy<Value = Said> {
    prop_oneof![Just(Said::Known), Just(UNAUTHORIZED), Just(FORBIDDEN)]
}

/// Lets clients ask as the gateway does. What each was told: a provider's word, or nothing for a call
/// that was kept back.
fn play(steps: &[Step]) -> Vec<(Step, Timestamp, Option<Said>)> {
    let (mut now, mut standing) = (NOW, None::<Standing>);
    let mut told = Vec::new();
    for step in steps {
        now = now.plus(Duration::from_secs(step.seconds));
        let asked = thing(step.thing);
        let free = standing.map(|known| known.ask(asked, now)).transpose();
        if let Ok(trying) = free {
            standing = next(trying, step.said, asked, now);
        }
        told.push((*step, now, free.is_ok().then_some(step.said)));
    }
    told
}

proptest! {
    /// However clients ask with a dead credential, the provider hears of it twice, and then once a while.
    #[test]
    fn there_are_no_storms(steps in steps(Just(UNAUTHORIZED))) {
        let told = play(&steps);
        let asked = told.iter().filter(|(_, _, said)| said.is_some()).count();
        let whole = told.last().map_or(0, |(_, at, _)| at.since(NOW).as_secs() / AGAIN.as_secs());
        prop_assert!(asked as u64 <= 2 + whole, "{asked} in {whole} whiles");
    }

    /// A call is kept back only within a while of a refusal, and never by a single 403.
    #[test]
    fn nobody_is_kept_back_without_a_reason(steps in steps(anything())) {
        let told = play(&steps);
        for (n, (step, at, said)) in told.iter().enumerate() {
            if said.is_some() {
                continue;
            }
            let refused = |earlier: &&(Step, Timestamp, Option<Said>)| {
                matches!(earlier.2, Some(Said::Refused(_)))
            };
            let mut recent = told[..n].iter().filter(|earlier| at.since(earlier.1) < AGAIN);
            prop_assert!(recent.any(|earlier| refused(&earlier)), "{step:?} at {n}: long ago");
            let since = told[..n].iter().rev().take_while(|earlier| {
                earlier.2 != Some(Said::Known) || earlier.0.thing != step.thing
            });
            let (mut unauthorized, mut forbidden) = (0, 0);
            for earlier in since.filter(refused) {
                unauthorized += usize::from(earlier.2 == Some(UNAUTHORIZED));
                forbidden += usize::from(earlier.0.thing == step.thing);
            }
            prop_assert!(unauthorized > 0 || forbidden >= 2, "{step:?} at {n}: no reason");
        }
    }

    /// A provider that knows a credential opens at once what it knew it for.
    #[test]
    fn a_good_word_opens(steps in steps(anything()), n in 0..4u8) {
        let mut now = NOW;
        let mut standing = None;
        for step in &steps {
            now = now.plus(Duration::from_secs(step.seconds));
            standing = next(standing, step.said, thing(step.thing), now);
        }
        let standing = next(standing, Said::Known, thing(n), now);
        prop_assert!(standing.is_none_or(|known| known.ask(thing(n), now).is_ok()));
    }
}
