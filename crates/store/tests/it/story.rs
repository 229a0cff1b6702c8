//! One life, from the first start to the next.

use tollhouse_domain::call::Outcome;
use tollhouse_domain::route::{Route, Target};
use tollhouse_domain::tenancy::Visible;
use tollhouse_store::{CallFilter, GroupBy, Page};

use crate::support::{
    Place, by, call, credential, key_id, metered, on_both, provider, seconds, session_id,
    virtual_key,
};

on_both!(a_life);

/// The highest number of a file of migrations.
fn newest_migration() -> i64 {
    let migrations = concat!(env!("CARGO_MANIFEST_DIR"), "/../../migrations/sqlite");
    let number = |name: String| name.split('_').next().unwrap().parse().unwrap();
    std::fs::read_dir(migrations)
        .unwrap()
        .map(|file| number(file.unwrap().file_name().into_string().unwrap()))
        .max()
        .unwrap()
}

async fn a_life(place: Place) {
    let store = place.open().await;
    assert_eq!(store.schema_version().await.unwrap(), newest_migration());
    assert_eq!(store.revision().await.unwrap(), 0);
    store.ping().await.unwrap();

    // An administrator sets the gateway up.
    let key = virtual_key(1, "laptop");
    store.insert_key(&key, [1; 32]).await.unwrap();
    store
        .put_credential(&credential(9, "anthropic", b"sealed"), u32::MAX)
        .await
        .unwrap();
    store.upsert_provider(&provider("lab")).await.unwrap();
    let target = Target {
        provider: "lab".to_owned(),
        model: None,
        protocol: None,
    };
    let route = Route {
        model: "m-*".parse().unwrap(),
        targets: vec![target],
        managed: false,
    };
    store
        .replace_routes(std::slice::from_ref(&route))
        .await
        .unwrap();
    assert_eq!(store.revision().await.unwrap(), 4);

    // A snapshot is built.
    assert_eq!(
        store.all_keys_with_digests().await.unwrap(),
        [([1; 32], key)]
    );
    assert_eq!(store.providers().await.unwrap(), [provider("lab")]);
    assert_eq!(store.routes().await.unwrap(), [route]);
    assert_eq!(
        store.sealed_credentials().await.unwrap()[0].sealed,
        b"sealed"
    );

    // Agents work.
    let mut calls: Vec<_> = (1..=4).map(|n| metered(n, "m-large", 100, 5_000)).collect();
    calls[3].outcome = Outcome::StreamError;
    calls[3].cost_usd = None;
    calls.push(call(5));
    assert_eq!(store.insert_calls(&calls).await.unwrap(), 5);
    store.touch_keys(&[(key_id(1), seconds(60))]).await.unwrap();

    // Someone looks.
    let everything = CallFilter::default();
    let newest = store.calls(&everything, Page::first(2)).await.unwrap();
    assert_eq!(newest, [calls[4].clone(), calls[3].clone()]);
    let session = store
        .session(session_id(1), Visible::All)
        .await
        .unwrap()
        .unwrap();
    assert_eq!((session.totals.calls, session.totals.errors), (5, 1));
    assert_eq!(session.models, ["m-large-20260101"]);
    let usage = store.usage(&by(GroupBy::Model)).await.unwrap();
    let usage = usage.unwrap().rows;
    assert_eq!(usage[0].groups[0].as_deref(), Some("m-large"));
    assert_eq!(usage[0].totals.usage.output, Some(400));
    assert_eq!(usage[0].totals.cost.unwrap().to_string(), "0.000015");
    assert_eq!(usage[0].totals.calls_without_cost, 1);

    // Time passes; the key leaks and is ended.
    assert_eq!(store.delete_calls_before(seconds(3), 100).await.unwrap(), 2);
    assert!(store.revoke_key(key_id(1), seconds(100)).await.unwrap());
    store.close().await;

    // The next start finds everything as it was left.
    let store = place.open().await;
    let migrations = concat!(env!("CARGO_MANIFEST_DIR"), "/../../migrations/sqlite");
    let number = |name: String| name.split('_').next().unwrap().parse::<i64>().unwrap();
    let newest = std::fs::read_dir(migrations)
        .unwrap()
        .map(|file| number(file.unwrap().file_name().into_string().unwrap()))
        .max();
    assert_eq!(Some(store.schema_version().await.unwrap()), newest);
    assert_eq!(store.revision().await.unwrap(), 5);
    assert!(store.all_keys_with_digests().await.unwrap().is_empty());
    let key = store.key(key_id(1)).await.unwrap().unwrap();
    assert_eq!(key.revoked_at, Some(seconds(100)));
    assert_eq!(key.last_used_at, Some(seconds(60)));
    let left = store.calls(&everything, Page::first(100)).await.unwrap();
    assert_eq!(left, [calls[4].clone(), calls[3].clone(), calls[2].clone()]);
    store.close().await;
}
