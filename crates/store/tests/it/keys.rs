//! Virtual keys: those of the API, and those that the configuration file states.

use tollhouse_domain::capture::Capture;
use tollhouse_domain::credential::{CredentialPolicy, CredentialSource};
use tollhouse_domain::id::{OrgId, UserId};
use tollhouse_domain::key::{KeyKind, VirtualKey};
use tollhouse_domain::limits::{Budget, BudgetWindow, Limits};
use tollhouse_domain::money::Money;
use tollhouse_store::{KeyCaps, Page, Store, StoreError};

use crate::support::{Place, edit, key_id, on_both, seconds, uuid, virtual_key};

on_both!(
    a_key_comes_back_as_it_went_in,
    keys_are_listed_newest_first,
    a_secret_serves_one_live_key,
    revoking_is_final_and_says_whether_it_did,
    an_edit_changes_what_may_be_edited,
    as_many_work_as_there_is_room_for,
    last_use_only_moves_forward,
    expired_scoped_keys_are_forgotten,
    the_file_keeps_ids_and_retires_what_it_drops,
    names_and_secrets_may_change_places,
    a_person_outranks_the_file,
);

async fn a_key_comes_back_as_it_went_in(place: Place) {
    let store = place.open().await;
    let full = VirtualKey {
        owner: Some(UserId(uuid(8))),
        org: Some(OrgId(uuid(9))),
        agent: Some("reviewer".to_owned()),
        kind: KeyKind::Scoped,
        models: Some(vec!["claude-*".parse().unwrap(), "gpt-5".parse().unwrap()]),
        providers: Some(Vec::new()),
        credentials: CredentialPolicy {
            client: true,
            user: false,
            org: false,
            platform: true,
        },
        strict: true,
        capture: Some(Capture::Redacted),
        routes: Some(vec!["claude-*".parse().unwrap()]),
        pinned_source: Some(CredentialSource::User),
        limits: Limits {
            rpm: Some(1),
            tpm: Some(2),
            concurrency: Some(3),
        },
        budgets: BudgetWindow::ALL
            .map(|window| Budget {
                usd: Money(1),
                window,
            })
            .to_vec(),
        grace_until: Some(seconds(7)),
        expires_at: Some(seconds(10)),
        last_used_at: Some(seconds(5)),
        ..virtual_key(2, "🔑 of \"Zoë\"")
    };
    for (key, digest) in [(virtual_key(1, "bare"), [1; 32]), (full, [0xff; 32])] {
        store.insert_key(&key, digest).await.unwrap();
        assert_eq!(store.key(key.id).await.unwrap().as_ref(), Some(&key));
        let live = store.all_keys_with_digests().await.unwrap();
        assert_eq!(live.last(), Some(&(digest, key)));
    }
    assert_eq!(store.key(key_id(99)).await.unwrap(), None);
}

async fn keys_are_listed_newest_first(place: Place) {
    let store = place.open().await;
    for n in 1..=5 {
        let digest = [u8::try_from(n).unwrap(); 32];
        store
            .insert_key(&virtual_key(n, "same name"), digest)
            .await
            .unwrap();
    }
    let ids = async |page| {
        let keys = store.keys(page).await.unwrap();
        keys.into_iter().map(|key| key.id).collect::<Vec<_>>()
    };
    assert_eq!(ids(Page::first(2)).await, [key_id(5), key_id(4)]);
    assert_eq!(
        ids(Page::after(9, key_id(4))).await,
        [key_id(3), key_id(2), key_id(1)]
    );
    assert!(ids(Page::after(9, key_id(1))).await.is_empty());
}

async fn a_secret_serves_one_live_key(place: Place) {
    let store = place.open().await;
    store
        .insert_key(&virtual_key(1, "a"), [1; 32])
        .await
        .unwrap();
    let refused = store
        .insert_key(&virtual_key(2, "b"), [1; 32])
        .await
        .unwrap_err();
    assert!(
        matches!(refused, StoreError::Conflict { .. }),
        "{refused:?}"
    );
    assert!(!refused.is_transient());
    assert_eq!(store.revision().await.unwrap(), 1);
}

async fn revoking_is_final_and_says_whether_it_did(place: Place) {
    let store = place.open().await;
    store
        .insert_key(&virtual_key(1, "a"), [1; 32])
        .await
        .unwrap();
    assert!(store.revoke_key(key_id(1), seconds(1)).await.unwrap());
    assert!(!store.revoke_key(key_id(1), seconds(2)).await.unwrap());
    assert!(!store.revoke_key(key_id(2), seconds(2)).await.unwrap());
    let key = store.key(key_id(1)).await.unwrap().unwrap();
    assert_eq!(key.revoked_at, Some(seconds(1)));
    assert!(store.all_keys_with_digests().await.unwrap().is_empty());
}

async fn an_edit_changes_what_may_be_edited(place: Place) {
    let store = place.open().await;
    let key = virtual_key(1, "a");
    store.insert_key(&key, [1; 32]).await.unwrap();
    let edited = VirtualKey {
        name: "b".to_owned(),
        agent: Some("x".to_owned()),
        models: Some(Vec::new()),
        strict: true,
        capture: Some(Capture::Full),
        expires_at: Some(seconds(9)),
        ..key.clone()
    };
    // What is not an administrator's to change is not looked at.
    let asked = VirtualKey {
        prefix: "th-evil".to_owned(),
        revoked_at: Some(seconds(1)),
        managed: true,
        ..edited.clone()
    };
    edit(&store, &asked).await.unwrap();
    assert_eq!(store.key(key.id).await.unwrap(), Some(edited));
    assert_eq!(store.all_keys_with_digests().await.unwrap()[0].0, [1; 32]);
    let missing = edit(&store, &virtual_key(2, "c")).await.unwrap_err();
    assert!(matches!(missing, StoreError::NotFound), "{missing:?}");
    put(&store, &[("file", 7)], 0).await;
    let managed = store
        .all_keys_with_digests()
        .await
        .unwrap()
        .pop()
        .unwrap()
        .1;
    let refused = edit(&store, &managed).await.unwrap_err();
    assert!(
        matches!(refused, StoreError::Conflict { .. }),
        "{refused:?}"
    );
}

async fn as_many_work_as_there_is_room_for(place: Place) {
    let store = place.open().await;
    let caps = KeyCaps {
        per_owner: 2,
        per_org: 3,
        now: seconds(10),
    };
    let key = |n: u128, owner: u128, expires: Option<i64>| VirtualKey {
        owner: Some(UserId(uuid(owner))),
        org: Some(OrgId(uuid(9))),
        expires_at: expires.map(seconds),
        ..virtual_key(n, "k")
    };
    let add = async |key: &VirtualKey, n: u8| store.insert_key_within(key, [n; 32], caps).await;
    let expired = key(1, 1, Some(9));
    add(&expired, 1).await.unwrap();
    add(&key(2, 1, Some(11)), 2).await.unwrap();
    add(&key(3, 1, None), 3).await.unwrap();
    let full = add(&key(4, 1, None), 4).await.unwrap_err();
    assert!(matches!(full, StoreError::Conflict { .. }), "{full:?}");
    // Nor does one that has ended come back to life beside them.
    let longer = store.change_key(expired.id, caps, |key| {
        key.expires_at = None;
        Ok::<_, StoreError>(())
    });
    let full = longer.await.unwrap_err();
    assert!(matches!(full, StoreError::Conflict { .. }), "{full:?}");
    // The one that stays ended may be renamed.
    let renamed = store.change_key(expired.id, caps, |key| {
        "old".clone_into(&mut key.name);
        Ok::<_, StoreError>(())
    });
    renamed.await.unwrap().unwrap();
    add(&key(5, 2, None), 5).await.unwrap();
    let full = add(&key(6, 2, None), 6).await.unwrap_err();
    assert!(full.to_string().contains("3 is the most"), "{full}");
    let nobodys = virtual_key(7, "k");
    add(&nobodys, 7).await.unwrap();
}

async fn last_use_only_moves_forward(place: Place) {
    let store = place.open().await;
    store
        .insert_key(&virtual_key(1, "a"), [1; 32])
        .await
        .unwrap();
    let used = async |at| {
        store
            .touch_keys(&[(key_id(1), seconds(at)), (key_id(9), seconds(at))])
            .await
            .unwrap();
        store.key(key_id(1)).await.unwrap().unwrap().last_used_at
    };
    assert_eq!(used(5).await, Some(seconds(5)));
    assert_eq!(used(3).await, Some(seconds(5)));
    assert_eq!(used(8).await, Some(seconds(8)));
    store.touch_keys(&[]).await.unwrap();
}

async fn expired_scoped_keys_are_forgotten(place: Place) {
    let store = place.open().await;
    let expires_at = Some(seconds(5));
    let scoped = VirtualKey {
        kind: KeyKind::Scoped,
        expires_at,
        ..virtual_key(1, "run")
    };
    let later = VirtualKey {
        expires_at: Some(seconds(6)),
        id: key_id(2),
        ..scoped.clone()
    };
    let standard = VirtualKey {
        expires_at,
        ..virtual_key(3, "laptop")
    };
    for (key, digest) in [(&scoped, [1; 32]), (&later, [2; 32]), (&standard, [3; 32])] {
        store.insert_key(key, digest).await.unwrap();
    }
    assert_eq!(store.delete_expired_scoped(seconds(5)).await.unwrap(), 0);
    assert_eq!(store.delete_expired_scoped(seconds(6)).await.unwrap(), 1);
    let left = store.keys(Page::first(9)).await.unwrap();
    assert_eq!(left, [standard, later]);
}

async fn the_file_keeps_ids_and_retires_what_it_drops(place: Place) {
    let store = place.open().await;
    put(&store, &[("ci", 1), ("pod", 2)], 0).await;
    let first = live(&store).await;
    // The same file again, though it brings other ids: nothing changes.
    put(&store, &[("ci", 1), ("pod", 2)], 1).await;
    assert_eq!(live(&store).await, first);
    assert_eq!(store.revision().await.unwrap(), 1);
    // A new secret keeps the key's id; a dropped name stops working.
    put(&store, &[("ci", 3)], 2).await;
    let second = live(&store).await;
    assert_eq!(second, [("ci".to_owned(), 3, first[0].2)]);
    let pod = store.key(first[1].2).await.unwrap().unwrap();
    assert_eq!(pod.revoked_at, Some(seconds(2)));
    // A name that comes back is the key it was.
    put(&store, &[("ci", 3), ("pod", 2)], 3).await;
    let third = live(&store).await;
    assert_eq!(third[1], first[1]);
    assert_eq!(store.revision().await.unwrap(), 3);
    // Keys of the API are none of the file's business.
    store
        .insert_key(&virtual_key(50, "mine"), [50; 32])
        .await
        .unwrap();
    put(&store, &[], 4).await;
    assert_eq!(live(&store).await, [("mine".to_owned(), 50, key_id(50))]);
}

async fn names_and_secrets_may_change_places(place: Place) {
    let store = place.open().await;
    put(&store, &[("a", 1), ("b", 2)], 0).await;
    let before = live(&store).await;
    put(&store, &[("a", 2), ("b", 1)], 1).await;
    let swapped = live(&store).await;
    assert_eq!(
        swapped,
        [
            ("a".to_owned(), 2, before[0].2),
            ("b".to_owned(), 1, before[1].2)
        ]
    );
    // A renamed key works at once under its new name.
    put(&store, &[("c", 2), ("b", 1)], 2).await;
    let renamed: Vec<_> = live(&store)
        .await
        .into_iter()
        .map(|(name, n, _)| (name, n))
        .collect();
    assert_eq!(renamed, [("b".to_owned(), 1), ("c".to_owned(), 2)]);
    // One secret cannot be two keys, and a refused file changes nothing.
    let before = live(&store).await;
    let same = [
        (virtual_key(60, "x"), [9; 32]),
        (virtual_key(61, "y"), [9; 32]),
    ];
    let refused = store.put_managed_keys(&same, seconds(3)).await.unwrap_err();
    assert!(
        matches!(refused, StoreError::Conflict { .. }),
        "{refused:?}"
    );
    assert_eq!(live(&store).await, before);
}

async fn a_person_outranks_the_file(place: Place) {
    let store = place.open().await;
    put(&store, &[("ci", 1)], 0).await;
    let id = live(&store).await[0].2;
    assert!(store.revoke_key(id, seconds(1)).await.unwrap());
    // The secret leaked: no restart and no new name brings it back.
    assert_eq!(put(&store, &[("ci", 1)], 2).await, ["ci"]);
    assert_eq!(put(&store, &[("other", 1)], 3).await, ["other"]);
    assert!(live(&store).await.is_empty());
    // A new secret does, as a new key.
    assert!(put(&store, &[("ci", 2)], 4).await.is_empty());
    let now = live(&store).await;
    assert_eq!((now[0].0.as_str(), now[0].1), ("ci", 2));
    assert_ne!(now[0].2, id);
    // A key that the file had dropped can still be ended for good.
    put(&store, &[], 5).await;
    assert!(store.revoke_key(now[0].2, seconds(6)).await.unwrap());
    assert_eq!(put(&store, &[("ci", 2)], 7).await, ["ci"]);
}

/// States keys by name and the byte their digest is made of, under ids not used before.
async fn put(store: &Store, keys: &[(&str, u8)], at: i64) -> Vec<String> {
    let id = |n: u128| 1_000 * (u128::try_from(at).unwrap() + 1) + n;
    let keys: Vec<_> = keys
        .iter()
        .zip(0..)
        .map(|(&(name, digest), n)| (virtual_key(id(n), name), [digest; 32]))
        .collect();
    store.put_managed_keys(&keys, seconds(at)).await.unwrap()
}

/// Name, digest byte and id of every live key, by name.
async fn live(store: &Store) -> Vec<(String, u8, tollhouse_domain::id::KeyId)> {
    let keys = store.all_keys_with_digests().await.unwrap();
    let mut live: Vec<_> = keys
        .into_iter()
        .map(|(digest, key)| (key.name, digest[0], key.id))
        .collect();
    live.sort();
    live
}
