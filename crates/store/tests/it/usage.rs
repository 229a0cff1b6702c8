//! Usage by everything it can be grouped by.

use tollhouse_domain::call::{Call, Outcome};
use tollhouse_domain::money::Money;
use tollhouse_domain::time::Timestamp;
use tollhouse_store::{CallFilter, GroupBy, Totals};

use crate::support::{Place, call, key_id, metered, on_both, session_id};

on_both!(
    groups_say_what_they_are,
    hours_and_days_are_utc,
    the_busiest_come_first,
    nothing_adds_up_to_nothing,
);

async fn groups_say_what_they_are(place: Place) {
    let store = place.open().await;
    let known = Call {
        agent: Some("reviewer".to_owned()),
        caller: "codex".to_owned(),
        key: key_id(2),
        session: session_id(3),
        outcome: Outcome::Refused,
        ..metered(1, "big", 5, 7)
    };
    store.insert_calls(&[known.clone(), call(2)]).await.unwrap();
    let cases = [
        (GroupBy::Model, Some("big".to_owned()), None),
        (GroupBy::ModelServed, Some("big-20260101".to_owned()), None),
        (GroupBy::Provider, Some("anthropic".to_owned()), None),
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
        let rows = store
            .usage(group_by, &CallFilter::default(), 10)
            .await
            .unwrap();
        assert_eq!(rows.len(), 2, "{group_by:?}");
        let row = rows.iter().find(|row| row.group == of_known).unwrap();
        assert_eq!(row.totals.cost, Some(Money(7)), "{group_by:?}");
        assert_eq!(row.totals.errors, 1, "{group_by:?}");
        let other = rows.iter().find(|row| row.group == of_other).unwrap();
        assert_eq!(other.totals.cost, None, "{group_by:?}");
        assert_eq!(other.totals.calls_without_cost, 1, "{group_by:?}");
    }
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
        let rows = store
            .usage(group_by, &CallFilter::default(), limit)
            .await
            .unwrap();
        let group = |row: tollhouse_store::UsageRow| (row.group.unwrap(), row.totals.calls);
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
    let rows = store
        .usage(GroupBy::Model, &CallFilter::default(), 10)
        .await
        .unwrap();
    let names: Vec<_> = rows
        .iter()
        .map(|row| row.group.as_deref().unwrap())
        .collect();
    assert_eq!(names, ["Busy", "common", "also rare", "rare"]);
    let filter = CallFilter {
        from: Some(calls[4].at),
        ..CallFilter::default()
    };
    let rows = store.usage(GroupBy::Model, &filter, 1).await.unwrap();
    assert_eq!(rows.len(), 1);
    assert_eq!(rows[0].totals.calls, 1);
}

async fn nothing_adds_up_to_nothing(place: Place) {
    let store = place.open().await;
    let everything = CallFilter::default();
    assert!(
        store
            .usage(GroupBy::Day, &everything, 10)
            .await
            .unwrap()
            .is_empty()
    );
    assert_eq!(store.totals(&everything).await.unwrap(), Totals::default());
}
