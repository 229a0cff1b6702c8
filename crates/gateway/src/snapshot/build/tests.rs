use tollhouse_domain::audit::{Action, Actor, Note, Subject, SubjectKind};
use tollhouse_domain::credential::CredentialPolicy;
use tollhouse_domain::id::KeyId;
use tollhouse_domain::key::{KeyKind, VirtualKey};
use tollhouse_domain::limits::Limits;
use tollhouse_domain::time::Timestamp;
use tollhouse_store::DatabaseUrl;
use tollhouse_vault::{MasterKey, ServerSecret};
use uuid::Uuid;

use super::*;

fn key(n: u128) -> VirtualKey {
    VirtualKey {
        id: KeyId(Uuid::from_u128(n)),
        name: n.to_string(),
        prefix: "th-".into(),
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
    }
}

fn note() -> Note {
    let subject = Subject::of(SubjectKind::Key);
    Note::new(Timestamp(0), Actor::SYSTEM, Action::KeyCreate, subject)
}

/// Which parts two snapshots share.
fn shared(a: &Snapshot, b: &Snapshot) -> [bool; 5] {
    [
        Arc::ptr_eq(&a.catalog, &b.catalog),
        Arc::ptr_eq(&a.credentials, &b.credentials),
        Arc::ptr_eq(&a.prices, &b.prices),
        Arc::ptr_eq(&a.people, &b.people),
        Arc::ptr_eq(&a.dialects, &b.dialects),
    ]
}

#[tokio::test]
async fn only_what_changed_is_read_again() {
    let dir = tempfile::tempdir().unwrap();
    let url = DatabaseUrl::Sqlite(dir.path().join("db"));
    let store = Store::open(&url).await.unwrap().noted(note());
    let (vault, _) = Vault::create(MasterKey::generate());
    let digester = Arc::new(ServerSecret::generate().key_digester());
    let digest = |secret: &str| digester.digest(secret);
    store.insert_key(&key(1), digest("th-one")).await.unwrap();
    let zero = first(&store, &vault, Arc::clone(&digester)).await.unwrap();
    let now = Timestamp(1);
    assert!(zero.key("th-one", now).is_some() && zero.key("th-two", now).is_none());

    store.insert_key(&key(2), digest("th-two")).await.unwrap();
    store.revoke_key(key(1).id, now).await.unwrap();
    let one = next(&store, &vault, &zero).await.unwrap();
    assert!(one.key("th-one", now).is_none() && one.key("th-two", now).is_some());
    assert!(
        zero.key("th-one", now).is_some(),
        "a call sees what it began with"
    );
    assert_eq!(one.revision, zero.revision + 2);
    assert_eq!(shared(&zero, &one), [true; 5]);

    store.replace_routes(&[]).await.unwrap();
    store.put_setting("a", "b").await.unwrap();
    let route = tollhouse_domain::route::Route {
        model: "m".parse().unwrap(),
        targets: vec![],
        managed: false,
    };
    store.replace_routes(&[route]).await.unwrap();
    let two = next(&store, &vault, &one).await.unwrap();
    assert_eq!(shared(&one, &two), [false, true, true, true, true]);
    assert!(two.routes().resolve("m").is_some() && two.key("th-two", now).is_some());
}
