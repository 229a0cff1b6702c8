use tollhouse_domain::audit::{Action, Actor, Note, Subject, SubjectKind};
use tollhouse_domain::call::Call;
use tollhouse_domain::credential::CredentialPolicy;
use tollhouse_domain::id::{CallId, KeyId, SessionId};
use tollhouse_domain::key::{KeyKind, VirtualKey};
use tollhouse_domain::limits::Limits;
use tollhouse_store::{CallFilter, DatabaseUrl, ObjectKind, ObjectRow, Page};
use uuid::Uuid;

use super::*;

const BEFORE: Timestamp = Timestamp::from_secs(1_000);
const KEY: KeyId = KeyId(Uuid::from_u128(1));

fn call(n: u8, seconds: i64) -> Call {
    let id = CallId(Uuid::from_u128(n.into()));
    let at = Timestamp::from_secs(seconds);
    Call::opened(id, at, KEY, SessionId(Uuid::nil()))
}

fn key(n: u8, kind: KeyKind, expires: i64) -> VirtualKey {
    VirtualKey {
        id: KeyId(Uuid::from_u128(n.into())),
        name: format!("key {n}"),
        prefix: "th-".into(),
        owner: None,
        org: None,
        agent: None,
        kind,
        models: None,
        providers: None,
        credentials: CredentialPolicy::default(),
        routes: None,
        pinned_source: None,
        limits: Limits::default(),
        budgets: Vec::new(),
        grace_until: None,
        strict: false,
        created_at: Timestamp(0),
        expires_at: Some(Timestamp::from_secs(expires)),
        revoked_at: None,
        last_used_at: None,
        managed: false,
    }
}

fn object(id: &str, seconds: i64) -> ObjectRow {
    ObjectRow {
        id: id.into(),
        kind: ObjectKind::MessageBatch,
        key: KEY,
        provider: "lab".into(),
        credential_id: None,
        created_at: Timestamp::from_secs(seconds),
    }
}

#[tokio::test]
async fn what_is_past_its_time_goes_and_the_rest_stays() {
    let directory = tempfile::TempDir::new().unwrap();
    let url = DatabaseUrl::Sqlite(directory.path().join("t.db"));
    let store = Store::open(&url).await.unwrap();
    let subject = Subject::of(SubjectKind::Key);
    let note = Note::new(Timestamp(0), Actor::OPERATOR, Action::KeyCreate, subject);
    let store = store.noted(note);
    let calls: Vec<Call> = (1..=7)
        .map(|n| call(n, 900))
        .chain([call(8, 1_100)])
        .collect();
    store.insert_calls(&calls).await.unwrap();
    for (n, kind, expires) in [
        (1, KeyKind::Scoped, 900),
        (2, KeyKind::Scoped, 1_100),
        (3, KeyKind::Standard, 900),
    ] {
        store
            .insert_key(&key(n, kind, expires), [n; 32])
            .await
            .unwrap();
    }
    store.remember_object(&object("old", 900)).await.unwrap();
    store.remember_object(&object("new", 1_100)).await.unwrap();

    let stop = CancellationToken::new();
    // In pieces of three, so that one turn is not enough.
    assert_eq!(sweep(&store, BEFORE, 3, &stop).await.unwrap(), 9);

    let left = store
        .calls(&CallFilter::default(), Page::first(10))
        .await
        .unwrap();
    assert_eq!(left, [call(8, 1_100)]);
    let keys = store.keys(Page::first(10)).await.unwrap();
    let names: Vec<_> = keys.iter().map(|key| key.name.as_str()).collect();
    assert_eq!(names, ["key 3", "key 2"]);
    assert!(store.object("old", KEY).await.unwrap().is_none());
    assert!(store.object("new", KEY).await.unwrap().is_some());
    assert_eq!(sweep(&store, BEFORE, 3, &stop).await.unwrap(), 0);
    store.close().await;
}
