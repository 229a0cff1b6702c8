use std::collections::HashSet;

use tollhouse_domain::credential::CredentialPolicy;
use tollhouse_domain::limits::Limits;
use uuid::Uuid;

use super::*;

const NOW: Timestamp = Timestamp(1_000);

fn stored(n: u128, digest: u8) -> StoredKey {
    let key = VirtualKey {
        id: KeyId(Uuid::from_u128(n)),
        name: n.to_string(),
        prefix: String::new(),
        owner: None,
        org: None,
        agent: None,
        kind: KeyKind::Standard,
        models: None,
        providers: None,
        routes: None,
        credentials: CredentialPolicy::default(),
        pinned_source: None,
        limits: Limits::default(),
        budgets: Vec::new(),
        strict: false,
        capture: None,
        created_at: Timestamp(0),
        expires_at: None,
        revoked_at: None,
        grace_until: None,
        last_used_at: None,
        managed: false,
    };
    StoredKey {
        key,
        digest: [digest; 32],
        previous: None,
    }
}

fn name(keys: &Keys, digest: u8) -> Option<&str> {
    keys.find(&[digest; 32], NOW).map(|key| key.name.as_str())
}

#[test]
fn a_copy_is_unmoved_by_what_changes_later() {
    let mut keys = Keys::default();
    keys.put(stored(1, 1));
    keys.put(stored(2, 2));
    let before = keys.clone();
    let mut revoked = stored(1, 1);
    revoked.key.revoked_at = Some(NOW);
    keys.put(revoked);
    keys.put(stored(2, 3));
    assert_eq!((name(&before, 1), name(&before, 2)), (Some("1"), Some("2")));
    assert_eq!(
        (name(&keys, 1), name(&keys, 2), name(&keys, 3)),
        (None, None, Some("2"))
    );
}

#[test]
fn a_change_copies_only_the_shards_it_falls_into() {
    let mut keys = Keys::default();
    for n in 0..200 {
        keys.put(stored(n, u8::try_from(n).unwrap()));
    }
    let before = keys.clone();
    keys.put(stored(7, 7));
    let apart = |(a, b): (&Arc<_>, &Arc<_>)| !Arc::ptr_eq(a, b);
    let pairs = keys.by_digest.shards.iter().zip(&before.by_digest.shards);
    assert_eq!(pairs.filter(|(a, b)| apart((a, b))).count(), 1);
}

#[test]
fn a_replaced_secret_works_until_its_grace_ends() {
    let mut keys = Keys::default();
    let mut rotated = stored(1, 2);
    rotated.previous = Some([1; 32]);
    rotated.key.grace_until = Some(NOW);
    keys.put(rotated.clone());
    assert_eq!(
        (name(&keys, 1), name(&keys, 2)),
        (None, Some("1")),
        "over at that moment"
    );
    rotated.key.grace_until = Some(Timestamp(NOW.0 + 1));
    keys.put(rotated.clone());
    assert_eq!((name(&keys, 1), name(&keys, 2)), (Some("1"), Some("1")));
    rotated.previous = Some([2; 32]);
    rotated.digest = [3; 32];
    keys.put(rotated.clone());
    assert_eq!(
        (name(&keys, 1), name(&keys, 2), name(&keys, 3)),
        (None, Some("1"), Some("1"))
    );
    rotated.key.revoked_at = Some(NOW);
    keys.put(rotated);
    assert_eq!((name(&keys, 2), name(&keys, 3)), (None, None));
}

#[test]
fn a_secret_that_moved_to_another_key_stays_with_it() {
    // The file gave the secret of one name to another: whichever row is read first.
    for order in [[1, 2], [2, 1]] {
        let mut keys = Keys::default();
        keys.put(stored(1, 1));
        for n in order {
            let mut now = stored(n, 1);
            now.key.revoked_at = (n == 1).then_some(NOW);
            keys.put(now);
        }
        assert_eq!(name(&keys, 1), Some("2"), "{order:?}");
    }
}

#[test]
fn what_the_store_deletes_leaves() {
    let mut keys = Keys::default();
    for (n, kind, expires) in [
        (1, KeyKind::Scoped, Some(9)),
        (2, KeyKind::Scoped, Some(10)),
        (3, KeyKind::Scoped, None),
        (4, KeyKind::Standard, Some(9)),
    ] {
        let mut key = stored(n, u8::try_from(n).unwrap());
        key.key.kind = kind;
        key.key.expires_at = expires.map(Timestamp);
        keys.put(key);
    }
    assert_eq!(keys.forget_expired_scoped(Timestamp(10)), 1);
    assert_eq!(keys.forget_expired_scoped(Timestamp(10)), 0);
    let left: HashSet<_> = (1..=4).filter_map(|n| name(&keys, n)).collect();
    assert_eq!(left, HashSet::from(["2", "3", "4"]));
}
