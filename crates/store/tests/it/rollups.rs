//! Sums by hour and day say what the calls say, whatever is stored how often by whom.

use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;
use tollhouse_domain::call::{Call, Outcome};
use tollhouse_domain::credential::CredentialSource;
use tollhouse_domain::id::{CallId, OrgId, UserId};
use tollhouse_domain::money::Money;
use tollhouse_domain::tenancy::Visible;
use tollhouse_domain::time::Timestamp;
use tollhouse_store::{
    CallFilter, Ended, GroupBy, Interval, MAX_COST, Question, Report, Store, UsageRow,
};
use tollhouse_wire::usage::Usage;
use uuid::Uuid;

use crate::support::{Place, by, call, key_id, metered, on_both, seconds, session_id, uuid};

on_both!(
    sums_are_what_a_recount_finds,
    a_sum_that_is_wrong_is_found_and_made_right,
    sums_outlive_their_calls,
    sums_that_came_later_are_made_of_those_that_were_there,
    what_was_there_before_is_counted_once_it_is_rebuilt,
    sums_that_would_overflow_do_not_hold_up_the_ledger,
    a_few_of_many_groups_are_what_all_of_them_say,
);

const HOUR: i64 = 3_600;
/// 2026-11-22T00:00:00Z.
const MIDNIGHT: i64 = 1_795_305_600;

fn calls() -> impl Strategy<Value = Vec<Call>> {
    let one = (
        (0_u128..200, 0..60 * HOUR, 0_u128..4, 0..3_usize),
        (0..4_usize, 0..3_usize, any::<bool>()),
        proptest::option::of(0_i64..1_000),
        proptest::option::of(0.0..900_000.0_f64),
    )
        .prop_map(
            |((n, after, key, model), (caller, outcome, tagged), cost, ms)| {
                let model = ["a", "b", "c"][model];
                let tags = ["x", "y"].map(|name| (name.to_owned(), caller.to_string()));
                Call {
                    at: Timestamp(
                        seconds(0).0 + (MIDNIGHT - 1_795_000_000 + after) * 1_000_000 + 17,
                    ),
                    key: key_id(key),
                    user: (key > 0).then(|| UserId(uuid(key / 2))),
                    org: (key > 1).then(|| OrgId(uuid(key))),
                    session: session_id(n % 7),
                    caller: ["", "curl", "codex", "claude-code"][caller].to_owned(),
                    outcome: Outcome::ALL[outcome],
                    status: Some(200 + u16::try_from(outcome).unwrap()),
                    credential_source: tagged.then_some(CredentialSource::Org),
                    tags: tags
                        .into_iter()
                        .take(usize::from(tagged) + outcome % 2)
                        .collect(),
                    cost_usd: cost.map(Money),
                    ttft_ms: ms.map(|ms| ms / 3.0),
                    duration_ms: ms,
                    usage: Usage {
                        input: cost.and_then(|cost| u64::try_from(cost).ok()),
                        ..Usage::default()
                    },
                    bytes_in: 3,
                    ..metered(n, model, 5, 5)
                }
            },
        );
    proptest::collection::vec(one, 1..60)
}

/// A question as sums answer it, and as the calls do: those are asked for by an id that all of them have.
async fn same(store: &Store, question: &Question) {
    let by_sums = store.usage(question).await.unwrap();
    let mut counted = question.clone();
    counted.filter.ids = Some((CallId(Uuid::nil()), CallId(Uuid::max())));
    let by_calls = store.usage(&counted).await.unwrap();
    assert_eq!(by_sums, by_calls, "{question:?}");
}

fn filters() -> Vec<CallFilter> {
    let whole = CallFilter::default();
    let at = |after: i64| Some(Timestamp::from_secs(MIDNIGHT + after));
    vec![
        whole.clone(),
        CallFilter {
            from: at(5 * HOUR + 1),
            to: at(50 * HOUR + 1_800),
            ..whole.clone()
        },
        CallFilter {
            from: at(24 * HOUR),
            visible: Visible::Of {
                user: UserId(uuid(0)),
                orgs: vec![OrgId(uuid(2))],
            },
            ..whole.clone()
        },
        CallFilter {
            model: Some("a".to_owned()),
            outcome: Some(Ended::As(Outcome::Success)),
            to: at(30 * HOUR),
            ..whole.clone()
        },
        CallFilter {
            outcome: Some(Ended::Unsuccessfully),
            from: at(7 * HOUR),
            ..whole.clone()
        },
        CallFilter {
            org: Some(OrgId(uuid(3))),
            from: at(HOUR / 2),
            ..whole.clone()
        },
        CallFilter {
            key: Some(key_id(2)),
            to: at(55 * HOUR),
            ..whole.clone()
        },
        CallFilter {
            user: Some(UserId(uuid(1))),
            visible: Visible::Of {
                user: UserId(uuid(1)),
                orgs: vec![],
            },
            ..whole.clone()
        },
        CallFilter {
            tag: Some(("x".to_owned(), "1".to_owned())),
            from: at(3 * HOUR + 60),
            visible: Visible::Of {
                user: UserId(uuid(1)),
                orgs: vec![OrgId(uuid(2)), OrgId(uuid(3))],
            },
            ..whole.clone()
        },
        CallFilter {
            tag: Some(("y".to_owned(), "2".to_owned())),
            ..whole.clone()
        },
        // Nothing is from then.
        CallFilter {
            key: Some(key_id(1)),
            from: at(-400 * 24 * HOUR),
            to: at(-100 * 24 * HOUR),
            ..whole
        },
    ]
}

fn questions() -> Vec<Question> {
    let groups = [
        vec![],
        vec![GroupBy::Model],
        vec![GroupBy::Key, GroupBy::Caller],
        vec![GroupBy::User, GroupBy::Outcome],
        vec![GroupBy::Org],
        vec![GroupBy::Status, GroupBy::Source],
        vec![GroupBy::Tag("x".to_owned())],
        vec![GroupBy::Tag("y".to_owned()), GroupBy::User],
        vec![GroupBy::Tag("y".to_owned()), GroupBy::Model],
        vec![GroupBy::Agent, GroupBy::Provider],
        vec![GroupBy::Session],
        vec![GroupBy::Day],
        vec![GroupBy::Hour],
    ];
    let filters = filters();
    let mut questions = Vec::new();
    for groups in groups {
        for (index, filter) in filters.iter().enumerate() {
            let of_time = groups
                .iter()
                .any(|group| matches!(group, GroupBy::Day | GroupBy::Hour));
            questions.push(Question {
                groups: groups.clone(),
                interval: [None, Some(Interval::Day), Some(Interval::Hour), None][index % 4]
                    .filter(|_| !of_time),
                filter: filter.clone(),
                limit: 100,
                latency: index != 1,
                among: None,
            });
        }
    }
    questions
}

async fn sums_are_what_a_recount_finds(place: Place) {
    let (one, two) = (place.open().await, place.open().await);
    let mut runner = TestRunner::deterministic();
    for round in 0..4_usize {
        let mut batch = || calls().new_tree(&mut runner).unwrap().current();
        // The same calls from both, in both orders, some of them twice.
        let (mut here, mut there) = (batch(), batch());
        here.extend_from_within(..here.len() / 2);
        there.extend_from_slice(&here[here.len() / 3..]);
        let (first, second) = tokio::join!(one.insert_calls(&here), two.insert_calls(&there));
        let new = first.unwrap() + second.unwrap();
        assert!(new > 0 || round > 0);
        assert_eq!(
            two.insert_calls(&here).await.unwrap(),
            0,
            "a replay adds nothing"
        );
    }
    let found = one.verify_rollups().await.unwrap();
    assert_eq!((found.differing, found.at), (0, vec![]));
    assert_eq!(
        found.calls,
        one.totals(&CallFilter::default()).await.unwrap().calls
    );
    for question in questions() {
        same(&one, &question).await;
    }
    // What is made anew is the same.
    assert_eq!(one.rebuild_rollups().await.unwrap(), found.calls);
    assert_eq!(one.verify_rollups().await.unwrap().differing, 0);
}

/// An installation that had sums by key alone answers from these, and makes the others of them where the calls are gone.
async fn sums_that_came_later_are_made_of_those_that_were_there(place: Place) {
    let store = place.open().await;
    let mut runner = TestRunner::deterministic();
    let calls = calls().new_tree(&mut runner).unwrap().current();
    store.insert_calls(&calls).await.unwrap();
    let everything = || Question {
        groups: vec![GroupBy::Model],
        interval: Some(Interval::Hour),
        filter: CallFilter::default(),
        limit: 100,
        latency: true,
        among: None,
    };
    let by_model = store.usage(&everything()).await.unwrap().unwrap();
    place
        .execute("DELETE FROM usage_rollups WHERE kind > 4")
        .await;
    place
        .execute("UPDATE usage_rollups SET cost_most = NULL")
        .await;
    place.execute("UPDATE usage_state SET whole = 1").await;
    assert!(!store.rollups_are_whole().await.unwrap());
    for question in questions().into_iter().step_by(3) {
        same(&store, &question).await;
    }
    let of_sums = store.usage(&everything()).await.unwrap().unwrap();
    assert_eq!(of_sums, by_model);
    let middle = Timestamp::from_secs(MIDNIGHT + 30 * HOUR + 1_800);
    let gone = store.delete_calls_before(middle, 1_000).await.unwrap();
    assert!(gone > 0);
    let left = store.rebuild_rollups().await.unwrap();
    assert!(left > 0);
    assert!(store.rollups_are_whole().await.unwrap());
    assert_eq!(store.verify_rollups().await.unwrap().differing, 0);
    let of_wider = store.usage(&everything()).await.unwrap().unwrap();
    assert_eq!(of_wider, by_model);
}

async fn a_sum_that_is_wrong_is_found_and_made_right(place: Place) {
    let store = place.open().await;
    let calls: Vec<Call> = (1..=9).map(|n| metered(n, "m", 1, 7)).collect();
    store.insert_calls(&calls).await.unwrap();
    let harms = [
        "UPDATE usage_rollups SET tokens_output = tokens_output + 1 WHERE kind = 1",
        "UPDATE usage_rollups SET cost = NULL WHERE kind = 2",
        "DELETE FROM usage_rollups WHERE kind = 1",
        "DELETE FROM usage_rollups WHERE kind = 2",
        "INSERT INTO usage_rollups (kind, at, series, calls) SELECT 2, 0, id, 1 FROM usage_series",
        "UPDATE usage_rollups SET at = 0 WHERE kind = 1",
        "UPDATE usage_rollups SET bytes_in = 1 WHERE kind = 5",
        "UPDATE usage_rollups SET duration_5 = 2 WHERE kind = 8",
        "UPDATE usage_rollups SET cost_most = cost_most + 1 WHERE kind = 7",
        "DELETE FROM usage_rollups WHERE kind = 6",
    ];
    for harm in harms {
        assert_eq!(store.verify_rollups().await.unwrap().differing, 0, "{harm}");
        place.execute(harm).await;
        let found = store.verify_rollups().await.unwrap();
        assert!(found.differing > 0 && !found.at.is_empty(), "{harm}");
        assert_eq!(store.rebuild_rollups().await.unwrap(), 9, "{harm}");
    }
    assert_eq!(store.verify_rollups().await.unwrap().differing, 0);
}

async fn sums_outlive_their_calls(place: Place) {
    let store = place.open().await;
    let calls: Vec<Call> = (0..10)
        .map(|n| Call {
            at: Timestamp::from_secs(MIDNIGHT + i64::try_from(n).unwrap() * 1_000),
            ..metered(n + 1, "m", 1, 1)
        })
        .collect();
    store.insert_calls(&calls).await.unwrap();
    let middle = Timestamp::from_secs(MIDNIGHT + 5_000);
    assert_eq!(store.delete_calls_before(middle, 100).await.unwrap(), 5);
    let everything = CallFilter::default();
    assert_eq!(store.totals(&everything).await.unwrap().calls, 10);
    // Of the second hour some calls are gone, so it is neither checked nor made anew.
    assert_eq!(store.verify_rollups().await.unwrap().differing, 0);
    store.rebuild_rollups().await.unwrap();
    assert_eq!(store.totals(&everything).await.unwrap().calls, 10);
    let day = |n: i64| Timestamp::from_secs(MIDNIGHT + n * 24 * HOUR + 5);
    assert_eq!(store.delete_rollups_before(day(0), 9).await.unwrap(), 0);
    assert_eq!(store.delete_idle_series().await.unwrap(), 0);
    for left in [3, 3, 3, 3, 3, 1, 0] {
        let deleted = store.delete_rollups_before(day(1), 3).await.unwrap();
        assert_eq!(deleted, left);
    }
    // By key, and what is left of that without keys, and without what was done.
    assert_eq!(store.delete_idle_series().await.unwrap(), 3);
    assert_eq!(store.totals(&everything).await.unwrap().calls, 0);
}

async fn what_was_there_before_is_counted_once_it_is_rebuilt(place: Place) {
    let store = place.open().await;
    store.insert_calls(&[call(1), call(2)]).await.unwrap();
    place.execute("DELETE FROM usage_rollups").await;
    place.execute("UPDATE usage_state SET whole = 0").await;
    assert!(!store.rollups_are_whole().await.unwrap());
    store.insert_calls(&[call(3)]).await.unwrap();
    let everything = CallFilter::default();
    assert_eq!(
        store.totals(&everything).await.unwrap().calls,
        3,
        "from the calls"
    );
    assert_eq!(store.rebuild_rollups().await.unwrap(), 3);
    assert!(store.rollups_are_whole().await.unwrap());
    assert_eq!(
        store
            .usage(&by(GroupBy::Key))
            .await
            .unwrap()
            .unwrap()
            .totals
            .calls,
        3
    );
}

async fn sums_that_would_overflow_do_not_hold_up_the_ledger(place: Place) {
    let store = place.open().await;
    let dear = |n| Call {
        cost_usd: Some(MAX_COST),
        list_cost_usd: Some(Money(i64::MAX)),
        ..call(n)
    };
    store.insert_calls(&[dear(1)]).await.unwrap();
    place
        .execute("UPDATE usage_rollups SET cost = 7999999999999999999")
        .await;
    store.insert_calls(&[dear(2), dear(3)]).await.unwrap();
    let totals = store.totals(&CallFilter::default()).await.unwrap();
    assert_eq!(totals.cost, Some(Money(8_000_000_000_000_000_000)));
    assert_eq!(totals.list_cost, Some(Money(3 * MAX_COST.0)));
}

/// A few of many groups are found first and added up then; some that are named are added up alone. Either way they are
/// those that a report of all of them has, and the totals are of all.
async fn a_few_of_many_groups_are_what_all_of_them_say(place: Place) {
    let store = place.open().await;
    let mut runner = TestRunner::deterministic();
    for _ in 0..3 {
        let calls = calls().new_tree(&mut runner).unwrap().current();
        store.insert_calls(&calls).await.unwrap();
    }
    for question in questions() {
        if question.interval.is_some() {
            continue;
        }
        let all = whole(&store, &question).await;
        let of_time = matches!(question.groups[..], [GroupBy::Day | GroupBy::Hour]);
        let few = Question {
            limit: 2,
            ..question.clone()
        };
        let few = whole(&store, &few).await;
        let wanted = all.rows.len().min(2);
        assert_eq!(few.totals, all.totals, "{question:?}");
        assert_eq!(few.rows.len(), wanted, "{question:?}");
        if !of_time {
            // Which of those that are as busy as the last one is the database's choice.
            let calls = |row: &UsageRow| row.totals.calls;
            let busiest = all.rows[..wanted].iter().map(calls);
            assert!(few.rows.iter().map(calls).eq(busiest), "{question:?}");
        }
        assert!(few.rows.iter().all(|row| all.rows.contains(row)));
        // Every other one of all the time, in a part of it.
        let every_other = all.rows.iter().step_by(2).map(|row| row.groups.clone());
        let mut named = Question {
            among: Some(every_other.collect()),
            limit: 1,
            ..question.clone()
        };
        let mut all = question;
        let to = Some(Timestamp::from_secs(MIDNIGHT + 20 * HOUR + 7));
        (named.filter.to, all.filter.to) = (to, to);
        let (mut of_all, of_named) = (whole(&store, &all).await, whole(&store, &named).await);
        let among = named.among.as_ref().unwrap();
        of_all.rows.retain(|row| among.contains(&row.groups));
        assert_eq!(of_named, of_all, "{named:?}");
    }
}

async fn whole(store: &Store, question: &Question) -> Report {
    store.usage(question).await.unwrap().unwrap()
}
