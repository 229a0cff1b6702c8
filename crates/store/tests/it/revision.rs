//! The revision rises by one for each administrative write that changed something, and for nothing
//! else: replicas rebuild what they know exactly when they must.

use tollhouse_domain::id::{CredentialId, OrgId};
use tollhouse_domain::limits::Limits;
use tollhouse_domain::price::Price;
use tollhouse_domain::route::Route;
use tollhouse_domain::tenancy::Org;
use tollhouse_store::{DataKeyRow, ObjectKind, ObjectRow, Revisions, Section, Store, StoredPrice};

use crate::support::{
    Place, call, credential, edit, key_id, on_both, provider, seconds, uuid, virtual_key,
};

on_both!(
    administrative_writes_raise_it_once,
    a_write_raises_the_section_it_touches_and_no_other,
    keys_are_read_by_what_is_new,
    a_revision_that_no_section_explains_is_told,
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
    once!(store, |s| edit(s, &edited));
    once!(store, |s| s.revoke_key(key.id, seconds(1)));
    let managed = [(virtual_key(2, "ci"), [2; 32])];
    once!(store, |s| s.put_managed_keys(&managed, seconds(1)));
    once!(store, |s| s.put_managed_keys(&[], seconds(1)));

    once!(store, |s| s
        .put_credential(&credential(1, "anthropic", b"old"), u32::MAX));
    once!(store, |s| s.reseal_credential(
        CredentialId(uuid(1)),
        b"old",
        b"new"
    ));
    once!(store, |s| s.delete_credential(CredentialId(uuid(1))));
    let mut stated = credential(2, "lab", b"x");
    stated.meta.managed = true;
    once!(store, |s| s.put_credential(&stated, u32::MAX));
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
    once!(store, |s| s.delete_price("m", None));
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

/// Which sections `act` touches. All of them must then say what the revision says.
async fn touched<T>(store: &Store, act: impl AsyncFnOnce(&Store) -> T) -> Vec<&'static str> {
    let before = store.revisions().await.unwrap();
    act(store).await;
    let after = store.revisions().await.unwrap();
    assert!(after.accounted_for());
    let of = |revisions: &Revisions| {
        [
            (Section::Keys, revisions.keys),
            (Section::Catalog, revisions.catalog),
            (Section::Credentials, revisions.credentials),
            (Section::People, revisions.people),
            (Section::Prices, revisions.prices),
            (Section::Settings, revisions.settings),
        ]
    };
    let pairs = of(&before).into_iter().zip(of(&after));
    let moved = pairs.filter(|(before, after)| before != after);
    moved
        .map(|(_, (section, revision))| {
            assert_eq!(revision, after.newest);
            section.as_str()
        })
        .collect()
}

async fn a_write_raises_the_section_it_touches_and_no_other(place: Place) {
    let store = &place.open().await;
    macro_rules! touches {
        ($section:literal, |$s:ident| $act:expr) => {
            let found = touched(store, async |$s| $act.await.unwrap()).await;
            assert_eq!(found, [$section], "{}", stringify!($act));
        };
    }
    touches!("keys", |s| s.insert_key(&virtual_key(1, "a"), [1; 32]));
    touches!("keys", |s| s.revoke_key(key_id(1), seconds(1)));
    touches!("catalog", |s| s.upsert_provider(&provider("api")));
    touches!("catalog", |s| s.replace_routes(&[Route {
        model: "*".parse().unwrap(),
        targets: vec![],
        managed: false,
    }]));
    touches!("credentials", |s| s
        .put_credential(&credential(1, "anthropic", b"x"), u32::MAX));
    touches!("settings", |s| s.put_setting("name", "value"));
    touches!("prices", |s| s.put_prices(&[StoredPrice {
        model: "m".to_owned(),
        provider: None,
        price: Price::default(),
        source: "s".to_owned(),
        dated: "2026-11-22".to_owned(),
    }]));
    touches!("people", |s| s.insert_org(&Org {
        id: OrgId(uuid(1)),
        name: "lab".to_owned(),
        limits: Limits::default(),
        budgets: vec![],
        created_at: seconds(1),
        disabled_at: None,
    }));
}

async fn keys_are_read_by_what_is_new(place: Place) {
    let store = &place.open().await;
    for n in 1..=3 {
        let digest = [u8::try_from(n).unwrap(); 32];
        store
            .insert_key(&virtual_key(n, "a"), digest)
            .await
            .unwrap();
    }
    let seen = store.revisions().await.unwrap().keys;
    let names = async |since| {
        let keys = store.keys_since(since).await.unwrap();
        keys.iter()
            .map(|stored| (stored.key.id, stored.key.revoked_at))
            .collect::<Vec<_>>()
    };
    assert_eq!(names(seen).await, []);
    assert_eq!(
        names(seen - 1).await,
        [(key_id(3), None)],
        "the row that is that new"
    );
    store.revoke_key(key_id(1), seconds(7)).await.unwrap();
    let mut edited = virtual_key(2, "a");
    edited.agent = Some("x".to_owned());
    edit(store, &edited).await.unwrap();
    store.touch_keys(&[(key_id(3), seconds(8))]).await.unwrap();
    store.put_setting("name", "value").await.unwrap();
    assert_eq!(
        names(seen).await,
        [(key_id(1), Some(seconds(7))), (key_id(2), None)],
        "revoked ones too, and no key that was only used"
    );
}

async fn a_revision_that_no_section_explains_is_told(place: Place) {
    let store = &place.open().await;
    store.put_setting("name", "value").await.unwrap();
    assert!(store.revisions().await.unwrap().accounted_for());
    place
        .execute("UPDATE revision SET value = value + 1 WHERE id = 1")
        .await;
    assert!(!store.revisions().await.unwrap().accounted_for());
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
