//! Sealed secrets: one row per provider and name, whose id its seal depends on.

use tollhouse_domain::id::CredentialId;
use tollhouse_store::{CredentialRecord, StoreError};

use crate::support::{Place, credential, on_both, seconds, uuid};

on_both!(
    a_new_secret_keeps_the_row,
    another_id_for_the_same_credential_is_refused,
    resealing_needs_what_is_there,
    the_file_drops_what_it_stops_stating,
);

async fn a_new_secret_keeps_the_row(place: Place) {
    let store = place.open().await;
    let first = credential(1, "anthropic", b"one");
    store.put_credential(&first).await.unwrap();
    let mut second = credential(1, "anthropic", b"two");
    second.meta.configured_at = seconds(5);
    second.meta.fingerprint = "beef".into();
    store.put_credential(&second).await.unwrap();
    assert_eq!(store.sealed_credentials().await.unwrap(), [second.clone()]);
    assert_eq!(store.credentials().await.unwrap(), [second.meta.clone()]);
    let found = store.credential("anthropic", "default").await.unwrap();
    assert_eq!(found, Some(second.meta));
    assert_eq!(store.credential("anthropic", "spare").await.unwrap(), None);
    assert!(
        store
            .delete_credential("anthropic", "default")
            .await
            .unwrap()
    );
    assert!(
        !store
            .delete_credential("anthropic", "default")
            .await
            .unwrap()
    );
    assert!(store.credentials().await.unwrap().is_empty());
}

async fn another_id_for_the_same_credential_is_refused(place: Place) {
    let store = place.open().await;
    store
        .put_credential(&credential(1, "anthropic", b"one"))
        .await
        .unwrap();
    let refused = store
        .put_credential(&credential(2, "anthropic", b"two"))
        .await
        .unwrap_err();
    assert!(
        matches!(refused, StoreError::Conflict { .. }),
        "{refused:?}"
    );
    // Nor may an id move to another credential: its seal would not open there.
    let refused = store
        .put_credential(&credential(1, "openai", b"two"))
        .await
        .unwrap_err();
    assert!(
        matches!(refused, StoreError::Conflict { .. }),
        "{refused:?}"
    );
    assert_eq!(
        store.sealed_credentials().await.unwrap(),
        [credential(1, "anthropic", b"one")]
    );
    // Several of one provider differ by name.
    let mut spare = credential(3, "anthropic", b"three");
    spare.meta.name = "spare".into();
    store.put_credential(&spare).await.unwrap();
    assert_eq!(store.credentials().await.unwrap().len(), 2);
}

async fn resealing_needs_what_is_there(place: Place) {
    let store = place.open().await;
    store
        .put_credential(&credential(1, "anthropic", b"old"))
        .await
        .unwrap();
    let id = CredentialId(uuid(1));
    assert!(!store.reseal_credential(id, b"other", b"new").await.unwrap());
    assert!(store.reseal_credential(id, b"old", b"new").await.unwrap());
    assert!(!store.reseal_credential(id, b"old", b"newer").await.unwrap());
    assert_eq!(
        store.sealed_credentials().await.unwrap(),
        [credential(1, "anthropic", b"new")]
    );
}

async fn the_file_drops_what_it_stops_stating(place: Place) {
    let store = place.open().await;
    let managed = |n, provider| {
        let mut record: CredentialRecord = credential(n, provider, b"x");
        record.meta.managed = true;
        record
    };
    let records = [
        managed(1, "anthropic"),
        managed(2, "openai"),
        credential(3, "lab", b"y"),
    ];
    for record in &records {
        store.put_credential(record).await.unwrap();
    }
    let stated = [CredentialId(uuid(2))];
    assert_eq!(store.keep_managed_credentials(&stated).await.unwrap(), 1);
    assert_eq!(store.keep_managed_credentials(&stated).await.unwrap(), 0);
    assert_eq!(store.sealed_credentials().await.unwrap(), records[1..]);
}
