//! Objects that upstreams keep belong to the key that made them.

use tollhouse_domain::id::CredentialId;
use tollhouse_store::{ObjectKind, ObjectRow};

use crate::support::{Place, key_id, on_both, seconds, uuid};

on_both!(an_object_is_its_keys_alone, old_objects_are_forgotten);

fn object(id: &str, key: u128) -> ObjectRow {
    ObjectRow {
        id: id.to_owned(),
        kind: ObjectKind::MessageBatch,
        key: key_id(key),
        provider: "anthropic".to_owned(),
        credential_id: Some(CredentialId(uuid(7))),
        created_at: seconds(i64::try_from(key).unwrap()),
    }
}

async fn an_object_is_its_keys_alone(place: Place) {
    let store = place.open().await;
    let mine = object("msgbatch_1", 1);
    let theirs = ObjectRow {
        kind: ObjectKind::Response,
        credential_id: None,
        provider: "openai".to_owned(),
        ..object("msgbatch_1", 2)
    };
    store.remember_object(&mine).await.unwrap();
    store.remember_object(&theirs).await.unwrap();
    let get = async |id, key| store.object(id, key_id(key)).await.unwrap();
    assert_eq!(get("msgbatch_1", 1).await, Some(mine.clone()));
    assert_eq!(get("msgbatch_1", 2).await, Some(theirs.clone()));
    assert_eq!(get("msgbatch_1", 3).await, None);
    assert_eq!(get("msgbatch_2", 1).await, None);
    let moved = ObjectRow {
        provider: "lab".to_owned(),
        ..mine
    };
    store.remember_object(&moved).await.unwrap();
    assert_eq!(get("msgbatch_1", 1).await, Some(moved));
    assert!(store.forget_object("msgbatch_1", key_id(1)).await.unwrap());
    assert!(!store.forget_object("msgbatch_1", key_id(1)).await.unwrap());
    assert_eq!(get("msgbatch_1", 2).await, Some(theirs));
}

async fn old_objects_are_forgotten(place: Place) {
    let store = place.open().await;
    for key in 1..=3 {
        store.remember_object(&object("resp_1", key)).await.unwrap();
    }
    assert_eq!(store.delete_objects_before(seconds(3)).await.unwrap(), 2);
    assert_eq!(store.object("resp_1", key_id(2)).await.unwrap(), None);
    assert!(store.object("resp_1", key_id(3)).await.unwrap().is_some());
}
