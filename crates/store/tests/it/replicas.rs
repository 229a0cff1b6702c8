//! Several processes on one database: who is alive, whose turn it is, hearing of changes.

use std::time::Duration;

use tollhouse_store::{Singleton, StoreError};

use crate::support::{Place, key_id, on_both, seconds, uuid, virtual_key};

on_both!(a_turn_ends_with_its_holder);

const LONG: Duration = Duration::from_hours(1);

#[tokio::test]
async fn replicas_count_each_other_by_the_databases_clock() {
    let Some(place) = Place::postgres().await else {
        return;
    };
    let store = place.open().await;
    assert_eq!(store.beat(uuid(1), LONG).await.unwrap(), 1);
    assert_eq!(store.beat(uuid(2), LONG).await.unwrap(), 2);
    assert_eq!(
        store.beat(uuid(2), LONG).await.unwrap(),
        2,
        "once for each of them"
    );
    place
        .execute("UPDATE replicas SET seen_at = seen_at - 20000000 WHERE id::text LIKE '%1'")
        .await;
    let silence = Duration::from_secs(10);
    assert_eq!(store.beat(uuid(2), silence).await.unwrap(), 1);
    assert_eq!(
        store.beat(uuid(1), silence).await.unwrap(),
        2,
        "back from the dead"
    );
    store.leave(uuid(1)).await.unwrap();
    assert_eq!(store.beat(uuid(2), silence).await.unwrap(), 1);
    place
        .execute("UPDATE replicas SET seen_at = seen_at - 20000000")
        .await;
    assert_eq!(store.forget_silent(silence).await.unwrap(), 1);
    store.close().await;
}

#[tokio::test]
async fn sqlite_has_one_replica_and_nobody_to_hear_of() {
    let place = Place::sqlite();
    let store = place.open().await;
    assert_eq!(store.beat(uuid(1), LONG).await.unwrap(), 1);
    assert!(store.changes().await.unwrap().is_none());
}

async fn a_turn_ends_with_its_holder(place: Place) {
    let (one, two) = (place.open().await, place.open().await);
    let shared = one.kind() == "postgres";
    let turn = one.turn(Singleton::Retention).await.unwrap();
    assert!(turn.is_some());
    let taken = two.turn(Singleton::Retention).await.unwrap();
    assert_eq!(taken.is_none(), shared);
    turn.unwrap().end().await.unwrap();
    let theirs = two.turn(Singleton::Retention).await.unwrap().unwrap();
    // Dropped without a word, as when a process dies.
    drop(theirs);
    let next = async {
        while one.turn(Singleton::Retention).await.unwrap().is_none() {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(20), next)
        .await
        .unwrap();
}

#[tokio::test]
async fn a_change_is_announced_when_it_is_committed_and_nothing_else_is() {
    let Some(place) = Place::postgres().await else {
        return;
    };
    let (one, two) = (place.open().await, place.open().await);
    let mut changes = two.changes().await.unwrap().unwrap();
    one.touch_keys(&[(key_id(1), seconds(1))]).await.unwrap();
    assert!(!one.revoke_key(key_id(9), seconds(1)).await.unwrap());
    let key = virtual_key(1, "a");
    one.insert_key(&key, [1; 32]).await.unwrap();
    let revision = one.revision().await.unwrap();
    let soon = Duration::from_secs(20);
    let heard = tokio::time::timeout(soon, changes.next()).await.unwrap();
    assert_eq!(heard.unwrap(), revision, "and nothing before it");
    // Whoever listens learns that they do so no longer.
    place
        .execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity \
             WHERE datname = current_database() AND pid <> pg_backend_pid()",
        )
        .await;
    let lost = tokio::time::timeout(soon, changes.next()).await.unwrap();
    assert!(matches!(lost, Err(StoreError::Unavailable(_))), "{lost:?}");
}
