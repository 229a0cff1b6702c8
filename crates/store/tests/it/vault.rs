//! What the vault needs of the store: first come first served, and compare-and-set.

use tollhouse_store::{DataKeyRow, SealedSetting};

use crate::support::{Place, on_both, uuid};

on_both!(
    rotation_can_be_cut_short,
    the_first_data_key_wins,
    the_first_sealed_setting_wins
);

fn data_key(n: u128, master: &[u8], wrapped: &[u8]) -> DataKeyRow {
    DataKeyRow {
        id: uuid(n),
        master: master.to_vec(),
        wrapped: wrapped.to_vec(),
    }
}

async fn rotation_can_be_cut_short(place: Place) {
    let store = place.open().await;
    for row in [data_key(2, b"old", b"b"), data_key(1, b"old", b"a")] {
        store.insert_data_key(&row).await.unwrap();
    }
    let rotated = data_key(1, b"new", b"A");
    assert!(store.replace_data_key(&rotated, b"old").await.unwrap());
    // Run again from the start, the part that is done says so.
    assert!(!store.replace_data_key(&rotated, b"old").await.unwrap());
    assert_eq!(
        store.data_keys().await.unwrap(),
        [rotated, data_key(2, b"old", b"b")]
    );
}

async fn the_first_data_key_wins(place: Place) {
    let store = place.open().await;
    let (first, second) = (data_key(1, b"m", b"a"), data_key(2, b"m", b"b"));
    let winner = [first.clone()];
    assert_eq!(store.insert_first_data_key(&first).await.unwrap(), winner);
    assert_eq!(store.insert_first_data_key(&second).await.unwrap(), winner);
    assert_eq!(store.data_keys().await.unwrap(), winner);
}

async fn the_first_sealed_setting_wins(place: Place) {
    let store = place.open().await;
    assert_eq!(store.sealed_setting("digest.key").await.unwrap(), None);
    let put = async |sealed: &[u8]| {
        store
            .put_sealed_setting_if_absent("digest.key", sealed)
            .await
            .unwrap()
    };
    assert_eq!(put(b"one").await, b"one");
    assert_eq!(put(b"two").await, b"one");
    assert!(
        !store
            .reseal_setting("digest.key", b"two", b"three")
            .await
            .unwrap()
    );
    assert!(
        store
            .reseal_setting("digest.key", b"one", b"three")
            .await
            .unwrap()
    );
    assert_eq!(
        store.sealed_setting("digest.key").await.unwrap().unwrap(),
        b"three"
    );
    let all = store.sealed_settings().await.unwrap();
    let expected = SealedSetting {
        name: "digest.key".to_owned(),
        sealed: b"three".to_vec(),
    };
    assert_eq!(all, [expected]);
}
