use super::*;

const NOW: Timestamp = Timestamp::from_secs(1_000_000);

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
