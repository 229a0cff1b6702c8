//! What calls said is kept as it is given, and forgotten by time or on somebody's word.

use tollhouse_store::{CaptureRow, StoreError};

use crate::support::{Place, call_id, on_both, seconds};

on_both!(
    a_capture_comes_back_as_it_went_in,
    a_deletion_is_in_the_trail,
    old_captures_are_forgotten_piece_by_piece,
);

fn row(n: u128, sealed: &[u8]) -> CaptureRow {
    CaptureRow {
        call: call_id(n),
        at: seconds(i64::try_from(n).unwrap()),
        sealed: sealed.to_vec(),
    }
}

async fn a_capture_comes_back_as_it_went_in(place: Place) {
    let store = place.open_unnoted().await;
    let large = vec![0xff; 3 << 20];
    let revision = store.revision().await.unwrap();
    let rows = [row(1, &[0, 255]), row(2, &large)];
    store.insert_captures(&rows).await.unwrap();
    // A batch whose answer was lost is sent again, and what is there stays.
    let again = [row(1, b"other"), row(3, b"")];
    store.insert_captures(&again).await.unwrap();
    store.insert_captures(&[]).await.unwrap();
    let get = async |n| store.capture(call_id(n)).await.unwrap();
    assert_eq!(get(1).await, Some(vec![0, 255]));
    assert_eq!(get(2).await, Some(large));
    assert_eq!(get(3).await, Some(Vec::new()));
    assert_eq!(get(4).await, None);
    assert_eq!(store.revision().await.unwrap(), revision);
    assert!(!format!("{:?}", row(1, b"canary")).contains("99, 97"));
}

async fn a_deletion_is_in_the_trail(place: Place) {
    let store = place.open().await;
    store.insert_captures(&[row(1, b"a")]).await.unwrap();
    let refused = place.open_unnoted().await.delete_capture(call_id(1)).await;
    assert!(matches!(refused, Err(StoreError::Unnoted)), "{refused:?}");
    let before = store.audit_head().await.unwrap();
    assert!(store.delete_capture(call_id(1)).await.unwrap());
    assert!(!store.delete_capture(call_id(1)).await.unwrap());
    assert_eq!(store.audit_head().await.unwrap().seq, before.seq + 1);
    assert_eq!(store.capture(call_id(1)).await.unwrap(), None);
}

async fn old_captures_are_forgotten_piece_by_piece(place: Place) {
    let store = place.open().await;
    let rows: Vec<_> = (1..=5).map(|n| row(n, b"a")).collect();
    store.insert_captures(&rows).await.unwrap();
    let forget = async || store.delete_captures_before(seconds(5), 3).await.unwrap();
    assert_eq!(forget().await, 3);
    assert_eq!(store.capture(call_id(3)).await.unwrap(), None);
    assert!(store.capture(call_id(4)).await.unwrap().is_some());
    assert_eq!(forget().await, 1);
    assert_eq!(forget().await, 0);
    assert!(store.capture(call_id(5)).await.unwrap().is_some());
}
