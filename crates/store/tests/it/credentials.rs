//! Sealed secrets: one row per provider and name, whose id its seal depends on.

use tollhouse_domain::credential::Owner;
use tollhouse_domain::id::{CredentialId, OrgId, UserId};
use tollhouse_domain::time::Timestamp;
use tollhouse_store::{CredentialRecord, StoreError};

use crate::support::{Place, credential, on_both, seconds, uuid};

on_both!(
    a_new_secret_keeps_the_row,
    another_id_for_the_same_credential_is_refused,
    resealing_needs_what_is_there,
    the_file_drops_what_it_stops_stating,
    owners_keep_theirs_apart,
    a_refusal_is_noted_until_it_is_taken_back,
);

async fn a_new_secret_keeps_the_row(place: Place) {
    let store = place.open().await;
    let first = credential(1, "anthropic", b"one");
    store.put_credential(&first, u32::MAX).await.unwrap();
    let mut second = credential(1, "anthropic", b"two");
    second.meta.configured_at = seconds(5);
    second.meta.fingerprint = "beef".into();
    store.put_credential(&second, u32::MAX).await.unwrap();
    assert_eq!(store.sealed_credentials().await.unwrap(), [second.clone()]);
    assert_eq!(
        store.credentials_of(Owner::Platform).await.unwrap(),
        [second.meta.clone()]
    );
    let found = store
        .credential_named(Owner::Platform, "anthropic", "default")
        .await
        .unwrap();
    assert_eq!(found, Some(second.meta));
    let spare = store.credential_named(Owner::Platform, "anthropic", "spare");
    assert_eq!(spare.await.unwrap(), None);
    assert!(store.delete_credential(first.meta.id).await.unwrap());
    assert!(!store.delete_credential(first.meta.id).await.unwrap());
    assert!(
        store
            .credentials_of(Owner::Platform)
            .await
            .unwrap()
            .is_empty()
    );
}

async fn another_id_for_the_same_credential_is_refused(place: Place) {
    let store = place.open().await;
    store
        .put_credential(&credential(1, "anthropic", b"one"), u32::MAX)
        .await
        .unwrap();
    let refused = store
        .put_credential(&credential(2, "anthropic", b"two"), u32::MAX)
        .await
        .unwrap_err();
    assert!(
        matches!(refused, StoreError::Conflict { .. }),
        "{refused:?}"
    );
    // Nor may an id move to another credential: its seal would not open there.
    let refused = store
        .put_credential(&credential(1, "openai", b"two"), u32::MAX)
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
    store.put_credential(&spare, u32::MAX).await.unwrap();
    assert_eq!(
        store.credentials_of(Owner::Platform).await.unwrap().len(),
        2
    );
}

async fn resealing_needs_what_is_there(place: Place) {
    let store = place.open().await;
    store
        .put_credential(&credential(1, "anthropic", b"old"), u32::MAX)
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
        store.put_credential(record, u32::MAX).await.unwrap();
    }
    let stated = [CredentialId(uuid(2))];
    assert_eq!(store.keep_managed_credentials(&stated).await.unwrap(), 1);
    assert_eq!(store.keep_managed_credentials(&stated).await.unwrap(), 0);
    assert_eq!(store.sealed_credentials().await.unwrap(), records[1..]);
}

async fn owners_keep_theirs_apart(place: Place) {
    let store = place.open().await;
    let owners = [
        Owner::Platform,
        Owner::Org(OrgId(uuid(1))),
        // The same number as the organization's: the kind tells them apart.
        Owner::User(UserId(uuid(1))),
        Owner::User(UserId(uuid(2))),
    ];
    for (owner, n) in owners.into_iter().zip(1..) {
        let mut record = credential(n, "anthropic", b"x");
        record.meta.owner = owner;
        record.meta.base_url = Some(format!("https://{n}.example.com"));
        store.put_credential(&record, u32::MAX).await.unwrap();
        let found = store.credential_named(owner, "anthropic", "default");
        assert_eq!(found.await.unwrap().as_ref(), Some(&record.meta));
        let sealed = store.sealed_credential(record.meta.id).await.unwrap();
        assert_eq!(sealed, Some(record));
    }
    for (owner, n) in owners.into_iter().zip(1..) {
        let theirs = store.credentials_of(owner).await.unwrap();
        assert_eq!(theirs.len(), 1);
        assert_eq!(theirs[0].id, CredentialId(uuid(n)));
    }
    assert_eq!(store.sealed_credentials().await.unwrap().len(), 4);
    let nobody = store.credentials_of(Owner::Org(OrgId(uuid(2)))).await;
    assert!(nobody.unwrap().is_empty());
}

async fn a_refusal_is_noted_until_it_is_taken_back(place: Place) {
    let store = place.open().await;
    let record = credential(1, "anthropic", b"x");
    let id = record.meta.id;
    store.put_credential(&record, u32::MAX).await.unwrap();
    let known = async || store.sealed_credential(id).await.unwrap().unwrap().meta;
    // A refusal of the secret before this one says nothing of it.
    let before = Timestamp(record.meta.configured_at.0 - 1);
    assert!(!store.mark_credential(id, Some(before)).await.unwrap());
    assert!(store.mark_credential(id, Some(seconds(9))).await.unwrap());
    assert!(!store.mark_credential(id, Some(seconds(10))).await.unwrap());
    assert_eq!(known().await.stale_since, Some(seconds(9)));
    assert!(store.mark_credential(id, None).await.unwrap());
    assert!(!store.mark_credential(id, None).await.unwrap());
    assert_eq!(known().await.stale_since, None);
    // Switching it off and on has it judged anew.
    store.mark_credential(id, Some(seconds(9))).await.unwrap();
    assert!(store.enable_credential(id, false).await.unwrap());
    assert!(!store.enable_credential(id, false).await.unwrap());
    let meta = known().await;
    assert!(!meta.enabled && meta.stale_since.is_none());
    assert!(store.enable_credential(id, true).await.unwrap());
    assert!(known().await.enabled);
}
