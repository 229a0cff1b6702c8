//! Usage by everything it can be grouped by.

use tollhouse_domain::call::{Call, Outcome};
use tollhouse_domain::money::Money;
use tollhouse_domain::time::Timestamp;
use tollhouse_store::{CallFilter, GroupBy, Interval, Question, Report, Store, Totals, UsageRow};

use crate::support::{Place, by, call, key_id, metered, on_both, seconds, session_id};

on_both!(
    groups_say_what_they_are,
    hours_and_days_are_utc,
    the_busiest_come_first,
    nothing_adds_up_to_nothing,
    two_groups_over_time_with_latencies,
);

async fn rows(
    store: &Store,
    group: &GroupBy,
    filter: &CallFilter,
    limit: u32,
) -> Vec<(Option<String>, Totals)> {
    let question = Question {
        filter: filter.clone(),
        limit,
        ..by(group.clone())
    };
    let report = store.usage(&question).await.unwrap().unwrap();
    let pair = |mut row: UsageRow| (row.groups.remove(0), row.totals);
    report.rows.into_iter().map(pair).collect()
}

async fn groups_say_what_they_are(place: Place) {
    let store = place.open().await;
    let known = Call {
        agent: Some("reviewer".to_owned()),
        caller: "codex".to_owned(),
        key: key_id(2),
        session: session_id(3),
        outcome: Outcome::Refused,
        tags: [("repo".to_owned(), "a/b".to_owned())].into(),
        ..metered(1, "big", 5, 7)
    };
    store.insert_calls(&[known.clone(), call(2)]).await.unwrap();
    let cases = [
        (GroupBy::Model, Some("big".to_owned()), None),
        (GroupBy::ModelServed, Some("big-20260101".to_owned()), None),
        (GroupBy::Provider, Some("anthropic".to_owned()), None),
        (GroupBy::Status, Some("200".to_owned()), None),
        (GroupBy::Agent, Some("reviewer".to_owned()), None),
        (
            GroupBy::Caller,
            Some("codex".to_owned()),
            Some("curl".to_owned()),
        ),
        (
            GroupBy::Outcome,
            Some("refused".to_owned()),
            Some("success".to_owned()),
        ),
        (
            GroupBy::Key,
            Some(key_id(2).to_string()),
            Some(key_id(1).to_string()),
        ),
        (
            GroupBy::Session,
            Some(session_id(3).to_string()),
            Some(session_id(1).to_string()),
        ),
    ];
    for (group_by, of_known, of_other) in cases {
        let rows = rows(&store, &group_by, &CallFilter::default(), 10).await;
        assert_eq!(rows.len(), 2, "{group_by:?}");
        let (_, known) = rows.iter().find(|(group, _)| *group == of_known).unwrap();
        assert_eq!(known.cost, Some(Money(7)), "{group_by:?}");
        assert_eq!(known.errors, 1, "{group_by:?}");
        let (_, other) = rows.iter().find(|(group, _)| *group == of_other).unwrap();
        assert_eq!(other.cost, None, "{group_by:?}");
        assert_eq!(other.calls_without_cost, 1, "{group_by:?}");
    }
    // A call that has not the tag is in no group.
    let report = store.usage(&by(GroupBy::Tag("repo".to_owned()))).await;
    let report = report.unwrap().unwrap();
    assert_eq!((report.rows.len(), report.totals.calls), (1, 2));
    assert_eq!(report.rows[0].groups, [Some("a/b".to_owned())]);
}

async fn hours_and_days_are_utc(place: Place) {
    let store = place.open().await;
    let at = |n, time: &str| Call {
        at: Timestamp::parse(time).unwrap(),
        ..metered(n, "m", 1, 1)
    };
    let calls = [
        at(1, "2026-11-21T23:59:59.999999Z"),
        at(2, "2026-11-22T00:00:00Z"),
        at(3, "2026-11-22T00:59:59.999999Z"),
        at(4, "2026-11-22T01:00:00Z"),
    ];
    store.insert_calls(&calls).await.unwrap();
    let groups = async |group_by, limit| {
        let rows = rows(&store, &group_by, &CallFilter::default(), limit).await;
        let group = |(group, totals): (Option<String>, Totals)| (group.unwrap(), totals.calls);
        rows.into_iter().map(group).collect::<Vec<_>>()
    };
    let day = |n: u8, calls| (format!("2026-11-{n}T00:00:00.000000Z"), calls);
    assert_eq!(groups(GroupBy::Day, 9).await, [day(21, 1), day(22, 3)]);
    assert_eq!(groups(GroupBy::Day, 1).await, [day(22, 3)]);
    let hours = groups(GroupBy::Hour, 2).await;
    let late = "2026-11-22T01:00:00.000000Z".to_owned();
    assert_eq!(hours, [day(22, 2), (late, 1)]);
}

async fn the_busiest_come_first(place: Place) {
    let store = place.open().await;
    let models = [
        "rare",
        "Busy",
        "common",
        "Busy",
        "common",
        "Busy",
        "also rare",
    ];
    let calls: Vec<Call> = models
        .iter()
        .zip(1..)
        .map(|(model, n)| metered(n, model, 1, 1))
        .collect();
    store.insert_calls(&calls).await.unwrap();
    let found = rows(&store, &GroupBy::Model, &CallFilter::default(), 10).await;
    let names: Vec<_> = found
        .iter()
        .map(|(group, _)| group.as_deref().unwrap())
        .collect();
    assert_eq!(names, ["Busy", "common", "also rare", "rare"]);
    let filter = CallFilter {
        from: Some(calls[4].at),
        ..CallFilter::default()
    };
    let found = rows(&store, &GroupBy::Model, &filter, 1).await;
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].1.calls, 1);
}

async fn nothing_adds_up_to_nothing(place: Place) {
    let store = place.open().await;
    let everything = CallFilter::default();
    assert!(
        rows(&store, &GroupBy::Day, &everything, 10)
            .await
            .is_empty()
    );
    assert_eq!(store.totals(&everything).await.unwrap(), Totals::default());
}

async fn two_groups_over_time_with_latencies(place: Place) {
    let store = place.open().await;
    let hour = 3600;
    let one = |n: u128, model: &str, caller: &str, after: i64, ms: f64| Call {
        at: seconds(after),
        caller: caller.to_owned(),
        duration_ms: Some(ms),
        // More than an integer holds, and nothing that a clock says.
        ttft_ms: Some(1e300),
        ..metered(n, model, 1, 1)
    };
    let calls = [
        one(1, "a", "x", 0, 15.0),
        one(2, "a", "x", hour, 16.0),
        one(3, "a", "y", hour, 20.0),
        one(4, "b", "x", 2 * hour, 5e5),
    ];
    store.insert_calls(&calls).await.unwrap();
    let mut question = Question {
        groups: vec![GroupBy::Model, GroupBy::Caller],
        interval: Some(Interval::Hour),
        limit: 2,
        latency: true,
        ..Question::default()
    };
    let report = store.usage(&question).await.unwrap().unwrap();
    let groups = |report: &Report| -> Vec<String> {
        let join = |row: &UsageRow| row.groups.iter().flatten().cloned().collect::<String>();
        report.rows.iter().map(join).collect()
    };
    assert_eq!(groups(&report), ["ax", "ay"]);
    assert_eq!((report.totals.calls, report.series.len()), (4, 3));
    let series: Vec<_> = report.rows[0]
        .series
        .iter()
        .map(|(at, totals)| (at.0, totals.calls))
        .collect();
    let begin = |after| seconds(after).0 / 3_600_000_000 * 3_600_000_000;
    assert_eq!(series, [(begin(0), 1), (begin(hour), 1)]);
    let latency = report.totals.latency.unwrap();
    assert_eq!(latency.ttft.calls(), 0);
    assert_eq!(latency.duration.counts[0], 1);
    assert_eq!(latency.duration.counts[1], 2);
    assert_eq!(latency.duration.counts[23], 1);
    assert_eq!(latency.duration.micros, 500_051_000);
    question.interval = None;
    let whole = store.usage(&question).await.unwrap().unwrap();
    assert_eq!(groups(&whole), ["ax", "ay"]);
    assert_eq!(
        (whole.totals.calls, whole.totals.latency.unwrap()),
        (4, latency)
    );
}
