//! Many at once: tasks of one process, and processes of one database.

use sqlx::{Connection, Executor};
use tokio::task::JoinSet;
use tollhouse_domain::call::Call;
use tollhouse_domain::money::Money;
use tollhouse_domain::tenancy::Visible;
use tollhouse_domain::time::Timestamp;
use tollhouse_store::{CallFilter, DataKeyRow, GroupBy, Question, Store, StoreOptions};

use crate::support::{
    Place, call, credential, key_id, metered, note, on_both, seconds, session_id, uuid, virtual_key,
};

on_both!(
    overlapping_batches_count_each_call_once,
    writers_of_every_kind_finish,
    two_handles_see_one_database,
    replicas_that_start_together_agree,
    sums_stay_right_while_they_are_made_anew_and_calls_go,
);

async fn overlapping_batches_count_each_call_once(place: Place) {
    let store = place.open().await;
    let mut tasks = JoinSet::new();
    for task in 0..8u128 {
        let store = store.clone();
        tasks.spawn(async move {
            let mut inserted = 0;
            for batch in 0..5u128 {
                // Every call is in the batches of several tasks, in another order in each.
                let mut calls: Vec<Call> = (0..40).map(|n| call(1 + batch * 40 + n)).collect();
                calls.rotate_left(usize::try_from(task * 5).unwrap());
                if task % 2 == 0 {
                    calls.reverse();
                }
                inserted += store.insert_calls(&calls).await.unwrap();
            }
            inserted
        });
    }
    let inserted: u64 = tasks.join_all().await.into_iter().sum();
    assert_eq!(inserted, 200);
    assert_eq!(
        store.totals(&CallFilter::default()).await.unwrap().calls,
        200
    );
    store.close().await;
}

async fn writers_of_every_kind_finish(place: Place) {
    let store = place.open().await;
    let mut tasks = JoinSet::new();
    for n in 1..=10u128 {
        let (store, digest) = (store.clone(), [u8::try_from(n).unwrap(); 32]);
        tasks.spawn(async move {
            store
                .insert_key(&virtual_key(n, "k"), digest)
                .await
                .unwrap();
            store.insert_calls(&[call(n), call(n + 100)]).await.unwrap();
            let used: Vec<_> = (1..=10).rev().map(|k| (key_id(k), seconds(1))).collect();
            store.touch_keys(&used).await.unwrap();
            assert!(store.revoke_key(key_id(n), seconds(2)).await.unwrap());
            store
                .session(session_id(1), Visible::All)
                .await
                .unwrap()
                .unwrap();
        });
    }
    tasks.join_all().await;
    assert_eq!(store.revision().await.unwrap(), 20);
    store.close().await;
}

async fn two_handles_see_one_database(place: Place) {
    let (one, other) = (place.open().await, place.open().await);
    one.insert_key(&virtual_key(1, "a"), [1; 32]).await.unwrap();
    assert_eq!(other.revision().await.unwrap(), 1);
    assert!(other.revoke_key(key_id(1), seconds(1)).await.unwrap());
    assert_eq!(one.revision().await.unwrap(), 2);
    assert!(one.all_keys_with_digests().await.unwrap().is_empty());
    // Each seals for an id of its own; only one can have it.
    let (first, second) = (credential(1, "p", b"one"), credential(2, "p", b"two"));
    let (first, second) = tokio::join!(
        one.put_credential(&first, u32::MAX),
        other.put_credential(&second, u32::MAX)
    );
    assert!(first.is_ok() != second.is_ok(), "{first:?} {second:?}");
    assert_eq!(one.sealed_credentials().await.unwrap().len(), 1);
    one.close().await;
    other.close().await;
}

async fn replicas_that_start_together_agree(place: Place) {
    let mut tasks = JoinSet::new();
    for n in 0..4u128 {
        let url = place.url();
        tasks.spawn(async move {
            let options = StoreOptions {
                postgres_connections: 2,
                ..StoreOptions::default()
            };
            let store = Store::open_with(&url, &options).await.unwrap();
            let store = store.noted(note());
            let row = DataKeyRow {
                id: uuid(n),
                master: vec![1],
                wrapped: vec![2],
            };
            let data_keys = store.insert_first_data_key(&row).await.unwrap();
            let sealed = store
                .put_sealed_setting_if_absent("s", &n.to_le_bytes())
                .await
                .unwrap();
            let keys = [
                (virtual_key(100 + n, "ci"), [1; 32]),
                (virtual_key(200 + n, "pod"), [2; 32]),
            ];
            store.put_managed_keys(&keys, seconds(0)).await.unwrap();
            let live = store.all_keys_with_digests().await.unwrap();
            store.close().await;
            (data_keys, sealed, live)
        });
    }
    let all = tasks.join_all().await;
    assert!(all.iter().all(|seen| *seen == all[0]));
    let store = place.open().await;
    // One data key, one sealed setting, one file of keys.
    assert_eq!(store.revision().await.unwrap(), 3);
    store.close().await;
}

/// Two transactions that wait for each other: PostgreSQL ends one, which is run again unasked.
#[tokio::test]
async fn a_deadlock_costs_a_retry_and_no_error() {
    let Some(place) = Place::postgres().await else {
        return;
    };
    let store = place.open().await;
    store
        .insert_key(&virtual_key(1, "a"), [1; 32])
        .await
        .unwrap();
    let mut other = place.connect().await;
    // The other side looks for deadlocks much later than the store's, so that the store's loses.
    other.execute("SET deadlock_timeout = '30s'").await.unwrap();
    let mut transaction = other.begin().await.unwrap();
    transaction
        .execute("UPDATE virtual_keys SET agent = 'x'")
        .await
        .unwrap();
    let mut tasks = JoinSet::new();
    let writer = store.clone();
    tasks.spawn(async move { writer.revoke_key(key_id(1), seconds(1)).await });
    // The store has raised the revision and waits for the key.
    let waiting = "SELECT COUNT(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'";
    let mut watcher = place.connect().await;
    while sqlx::query_scalar::<_, i64>(waiting)
        .fetch_one(&mut watcher)
        .await
        .unwrap()
        == 0
    {}
    transaction
        .execute("UPDATE revision SET value = value + 1")
        .await
        .unwrap();
    transaction.commit().await.unwrap();
    assert!(tasks.join_next().await.unwrap().unwrap().unwrap());
    assert_eq!(store.revision().await.unwrap(), 3);
    assert_eq!(
        store
            .key(key_id(1))
            .await
            .unwrap()
            .unwrap()
            .agent
            .as_deref(),
        Some("x")
    );
    watcher.close().await.unwrap();
    other.close().await.unwrap();
    store.close().await;
}

/// Two replicas write, one of them what the other wrote already; the sums are made anew and checked; what is old goes.
async fn sums_stay_right_while_they_are_made_anew_and_calls_go(place: Place) {
    const HALF_HOUR: i64 = 1_800_000_000;
    let midnight = Timestamp::parse("2026-11-22").unwrap();
    let at = move |half_hours: i64| Timestamp(midnight.0 + half_hours * HALF_HOUR);
    let made = move |n: u128, half_hours: i64| Call {
        at: Timestamp(at(half_hours).0 + i64::try_from(n).unwrap()),
        key: key_id(n % 7),
        tags: [("repo".to_owned(), (n % 3).to_string())].into(),
        ..metered(n, ["a", "b"][usize::from(n.is_multiple_of(2))], 5, 3)
    };
    let (one, two) = (place.open().await, place.open().await);
    // The beginning of the sixth hour goes, its end stays.
    let cut = at(11);
    let old: Vec<Call> = (1..=120)
        .map(|n| made(n, i64::try_from(n % 20).unwrap()))
        .collect();
    one.insert_calls(&old).await.unwrap();
    let batch = move |first: u128| -> Vec<Call> {
        let calls = (first..first + 40).map(|n| made(n, 11 + i64::try_from(n % 15).unwrap()));
        calls.collect()
    };
    let mut tasks = JoinSet::new();
    for (store, later) in [(one.clone(), 0), (two.clone(), 20)] {
        tasks.spawn(async move {
            for number in 0..8 {
                let calls = batch(1_000 + number * 40 + later);
                store.insert_calls(&calls).await.unwrap();
            }
        });
    }
    for store in [one.clone(), two.clone()] {
        tasks.spawn(async move {
            for _ in 0..2 {
                store.rebuild_rollups().await.unwrap();
                assert_eq!(store.verify_rollups().await.unwrap().differing, 0);
            }
        });
    }
    let store = two.clone();
    tasks.spawn(async move { while store.delete_calls_before(cut, 7).await.unwrap() > 0 {} });
    tasks.join_all().await;

    assert_eq!(one.verify_rollups().await.unwrap().differing, 0);
    let wanted = 120 + 8 * 40 + 20;
    let repo = || GroupBy::Tag("repo".to_owned());
    for groups in [
        vec![GroupBy::Model],
        vec![GroupBy::Key],
        vec![GroupBy::User],
        vec![repo()],
        vec![repo(), GroupBy::Model],
    ] {
        let question = Question {
            groups,
            limit: 100,
            ..Question::default()
        };
        let report = one.usage(&question).await.unwrap().unwrap();
        let found: u64 = report.rows.iter().map(|row| row.totals.calls).sum();
        assert_eq!(found, wanted, "{question:?}");
        assert_eq!(
            report.totals.cost,
            Some(Money(3 * i64::try_from(wanted).unwrap()))
        );
    }
}
