use std::collections::BTreeMap;

use proptest::prelude::*;
use uuid::Uuid;

use super::*;

const NOW: Timestamp = Timestamp::from_secs(1_000_000);

fn id(n: u128) -> CredentialId {
    CredentialId(Uuid::from_u128(n))
}

fn session(n: u128) -> SessionId {
    SessionId(Uuid::from_u128(n))
}

fn ready(count: u128) -> Vec<(CredentialId, Fit)> {
    (0..count).map(|n| (id(n), Fit::Ready)).collect()
}

fn first(choice: Choice) -> usize {
    match choice {
        Choice::Draw { first, .. } => first,
        Choice::Cooling(_) | Choice::Stale(_) => panic!("{choice:?}"),
    }
}

#[test]
fn a_limit_rests_as_asked_within_bounds_and_an_answer_ends_it() {
    let rest = |asked| match Standing::default()
        .on(Verdict::Limited(asked), NOW)
        .fit(NOW)
    {
        Fit::Cooling(until) => until.since(NOW),
        other => panic!("{other:?}"),
    };
    assert_eq!(rest(None), REST);
    assert_eq!(rest(Some(Duration::from_secs(7))), Duration::from_secs(7));
    assert_eq!(rest(Some(Duration::from_hours(30))), LONGEST_REST);
    let standing = Standing::default().on(Verdict::Limited(None), NOW);
    assert!(standing.on(Verdict::Taken, NOW).is_well());
    assert_eq!(standing.fit(NOW.plus(REST)), Fit::Ready);
    // A shorter rest does not cut a longer one short.
    let shorter = standing.on(Verdict::Limited(Some(Duration::from_secs(1))), NOW);
    assert_eq!(shorter.fit(NOW), Fit::Cooling(NOW.plus(REST)));
}

#[test]
fn a_refused_one_is_tried_once_a_minute_by_one_call() {
    let standing = Standing::default().on(Verdict::Refused, NOW);
    assert_eq!(standing.fit(NOW), Fit::Stale(NOW));
    let later = NOW.plus(TRY_AGAIN);
    assert_eq!(standing.fit(later), Fit::Ready);
    let trying = standing.trying(later);
    assert_eq!(trying.fit(later), Fit::Stale(NOW));
    // Refused again: since when does not move.
    assert_eq!(trying.on(Verdict::Refused, later).stale_since(), Some(NOW));
    assert!(trying.on(Verdict::Taken, later).is_well());
    assert!(Standing::default().trying(NOW).is_well());
}

#[test]
fn nothing_left_says_when_or_since_when() {
    let (soon, late) = (NOW.plus(REST), NOW.plus(LONGEST_REST));
    let of = |fits: &[Fit]| {
        let members: Vec<_> = (0..).map(id).zip(fits.iter().copied()).collect();
        choose(&members, None, session(1))
    };
    assert_eq!(
        of(&[Fit::Cooling(late), Fit::Cooling(soon)]),
        Choice::Cooling(soon)
    );
    assert_eq!(
        of(&[Fit::Stale(NOW), Fit::Cooling(soon)]),
        Choice::Cooling(soon)
    );
    assert_eq!(of(&[Fit::Stale(NOW)]), Choice::Stale(NOW));
}

#[test]
fn conversations_spread_over_a_pool() {
    let members = ready(4);
    let mut counts = BTreeMap::new();
    for n in 0..4_000 {
        *counts
            .entry(first(choose(&members, None, session(n))))
            .or_insert(0) += 1;
    }
    assert!(
        counts.len() == 4 && counts.values().all(|count| *count > 800),
        "{counts:?}"
    );
}

proptest! {
    #[test]
    fn a_conversation_stays_and_a_failure_moves_only_its_own(
        count in 2u128..8, failing in 0u128..8, talks in proptest::collection::vec(any::<u128>(), 1..50),
    ) {
        let (well, failing) = (ready(count), failing % count);
        let mut ill = well.clone();
        ill[usize::try_from(failing).unwrap()].1 = Fit::Cooling(NOW.plus(REST));
        for talk in talks {
            let before = first(choose(&well, None, session(talk)));
            let during = first(choose(&ill, None, session(talk)));
            if well[before].0 == id(failing) {
                prop_assert_ne!(before, during);
            } else {
                prop_assert_eq!(before, during);
            }
            // What moved stays where it went when the other one returns.
            let bound = Some(well[during].0);
            prop_assert_eq!(first(choose(&well, bound, session(talk))), during);
        }
    }

    #[test]
    fn only_a_ready_one_is_drawn_on_and_never_twice(
        fits in proptest::collection::vec(0u8..3, 1..8), bound in 0u128..8, talk in any::<u128>(),
    ) {
        let fit = |kind| [Fit::Ready, Fit::Cooling(NOW), Fit::Stale(NOW)][usize::from(kind)];
        let members: Vec<_> = (0..).map(id).zip(fits.iter().copied().map(fit)).collect();
        match choose(&members, Some(id(bound)), session(talk)) {
            Choice::Draw { first, second, natural } => {
                prop_assert_eq!(members[first].1, Fit::Ready);
                let well: Vec<_> = members.iter().map(|(id, _)| (*id, Fit::Ready)).collect();
                let alone = choose(&well, None, session(talk));
                let Choice::Draw { first: preferred, .. } = alone else {
                    panic!("{alone:?}");
                };
                prop_assert_eq!(natural, preferred == first);
                if let Some(second) = second {
                    prop_assert_eq!(members[second].1, Fit::Ready);
                    prop_assert_ne!(first, second);
                }
            }
            Choice::Cooling(_) | Choice::Stale(_) => {
                prop_assert!(members.iter().all(|(_, fit)| *fit != Fit::Ready));
            }
        }
    }
}
