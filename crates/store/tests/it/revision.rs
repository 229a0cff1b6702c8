//! The revision rises by one for each administrative write that changed something, and for nothing
//! else: replicas rebuild what they know exactly when they must.

use tollhouse_domain::id::CredentialId;
use tollhouse_domain::price::Price;
use tollhouse_domain::route::Route;
use tollhouse_store::{DataKeyRow, ObjectKind, ObjectRow, Store, StoredPrice};

use crate::support::{
    Place, call, credential, key_id, on_both, provider, seconds, uuid, virtual_key,
};

on_both!(
    administrative_writes_raise_it_once,
    the_ledger_lane_never_raises_it
);

/// By how much `act` raises the revision; the audit trail grows by as much.
async fn raised<T>(store: &Store, act: impl AsyncFnOnce(&Store) -> T) -> i64 {
    let before = store.revision().await.unwrap();
    let trail = store.audit_head().await.unwrap().seq;
    act(store).await;
    let by = store.revision().await.unwrap() - before;
    let grown = store.audit_head().await.unwrap().seq - trail;
    assert_eq!(i64::try_from(grown), Ok(by), "entries in the audit trail");
    by
}

/// Asserts that the first time raises it and the same again does not.
macro_rules! once {
    ($store:expr, |$s:ident| $act:expr) => {
        assert_eq!(
            raised($store, async |$s| $act.await.unwrap()).await,
            1,
            stringify!($act)
        );
        assert_eq!(
            raised($store, async |$s| $act.await).await,
            0,
            stringify!($act)
        );
    };
}

async fn administrative_writes_raise_it_once(place: Place) {
    let store = &place.open().await;
    let key = virtual_key(1, "a");
    once!(store, |s| s.insert_key(&key, [1; 32]));
    let mut edited = key.clone();
    edited.agent = Some("x".to_owned());
    once!(store, |s| s.update_key(&edited));
    once!(store, |s| s.revoke_key(key.id, seconds(1)));
    let managed = [(virtual_key(2, "ci"), [2; 32])];
    once!(store, |s| s.put_managed_keys(&managed, seconds(1)));
    once!(store, |s| s.put_managed_keys(&[], seconds(1)));

    once!(store, |s| s.put_credential(&credential(
        1,
        "anthropic",
        b"old"
    )));
    once!(store, |s| s.reseal_credential(
        CredentialId(uuid(1)),
        b"old",
        b"new"
    ));
    once!(store, |s| s.delete_credential("anthropic", "default"));
    let mut stated = credential(2, "lab", b"x");
    stated.meta.managed = true;
    once!(store, |s| s.put_credential(&stated));
    once!(store, |s| s.keep_managed_credentials(&[]));

    once!(store, |s| s.put_managed_providers(&[provider("file")]));
    once!(store, |s| s.upsert_provider(&provider("api")));
    once!(store, |s| s.delete_provider("api"));
    let routes = [Route {
        model: "*".parse().unwrap(),
        targets: vec![],
        managed: false,
    }];
    once!(store, |s| s.replace_routes(&routes));
    once!(store, |s| s.put_managed_routes(&routes));

    let price = StoredPrice {
        model: "m".to_owned(),
        provider: None,
        price: Price::default(),
        source: "s".to_owned(),
        dated: "2026-11-22".to_owned(),
    };
    once!(store, |s| s.put_prices(std::slice::from_ref(&price)));
    once!(store, |s| s.put_setting("name", "value"));

    let row = DataKeyRow {
        id: uuid(1),
        master: b"old".to_vec(),
        wrapped: b"w".to_vec(),
    };
    once!(store, |s| s.insert_data_key(&row));
    assert_eq!(
        raised(store, async |s| s.insert_first_data_key(&row).await).await,
        0
    );
    let new = DataKeyRow {
        master: b"new".to_vec(),
        ..row.clone()
    };
    once!(store, |s| s.replace_data_key(&new, b"old"));
    once!(store, |s| s.put_sealed_setting_if_absent("name", b"old"));
    once!(store, |s| s.reseal_setting("name", b"old", b"new"));
}

async fn the_ledger_lane_never_raises_it(place: Place) {
    let store = &place.open().await;
    store
        .insert_key(&virtual_key(1, "a"), [1; 32])
        .await
        .unwrap();
    let object = ObjectRow {
        id: "resp_1".to_owned(),
        kind: ObjectKind::Response,
        key: key_id(1),
        provider: "openai".to_owned(),
        credential_id: None,
        created_at: seconds(1),
    };
    let lane = raised(store, async |s| {
        assert_eq!(s.insert_calls(&[call(1), call(2)]).await.unwrap(), 2);
        s.touch_keys(&[(key_id(1), seconds(1))]).await.unwrap();
        s.remember_object(&object).await.unwrap();
        assert!(s.forget_object("resp_1", key_id(1)).await.unwrap());
        s.delete_objects_before(seconds(9)).await.unwrap();
        assert_eq!(s.delete_calls_before(seconds(9), 9).await.unwrap(), 2);
        s.delete_expired_scoped(seconds(9)).await.unwrap();
    });
    assert_eq!(lane.await, 0);
}
