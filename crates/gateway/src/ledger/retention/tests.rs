use tollhouse_domain::audit::{Action, Actor, Note, Subject, SubjectKind};
use tollhouse_domain::call::Call;
use tollhouse_domain::credential::CredentialPolicy;
use tollhouse_domain::id::{CallId, KeyId, SessionId};
use tollhouse_domain::key::{KeyKind, VirtualKey};
use tollhouse_domain::limits::Limits;
use tollhouse_store::{CallFilter, CaptureRow, DatabaseUrl, ObjectKind, ObjectRow, Page};
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
        capture: None,
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

#[test]
fn what_calls_said_never_outlives_them() {
    let (now, day) = (Timestamp::from_secs(1_000_000), Duration::from_hours(24));
    for (calls, captures, expected) in [
        (None, None, (None, None)),
        (Some(3), Some(1), (Some(3), Some(1))),
        (Some(1), Some(3), (Some(1), Some(1))),
        (Some(2), None, (Some(2), Some(2))),
        (None, Some(2), (None, Some(2))),
    ] {
        let days = |days: Option<u32>| days.map(|days| day * days);
        let (calls, captures) = (days(calls), days(captures));
        let sums = None;
        let before = Keep {
            calls,
            sums,
            captures,
        }
        .at(now);
        let ago = |days: Option<u32>| days.map(|days| now.minus(day * days));
        assert_eq!(before.calls, ago(expected.0));
        assert_eq!(before.captures, ago(expected.1));
    }
}

#[tokio::test]
async fn captures_go_with_their_calls_or_before() {
    let directory = tempfile::TempDir::new().unwrap();
    let url = DatabaseUrl::Sqlite(directory.path().join("t.db"));
    let store = Store::open(&url).await.unwrap();
    let all =
        [900, 950, 1_100, 1_200].map(|seconds| call(u8::try_from(seconds / 10).unwrap(), seconds));
    store.insert_calls(&all).await.unwrap();
    let rows = all.clone().map(|call| CaptureRow {
        call: call.id,
        at: call.at,
        sealed: vec![1],
    });
    store.insert_captures(&rows).await.unwrap();
    let stop = CancellationToken::new();
    let seconds = |seconds| Some(Timestamp::from_secs(seconds));
    let (calls, captures) = (seconds(1_000), seconds(1_150));
    let sums = None;
    let before = Before {
        calls,
        sums,
        captures,
    };
    assert_eq!(sweep_all(&store, before, &stop).await.unwrap(), 5);
    let mut left = Vec::new();
    for call in &all {
        left.push(store.capture(call.id).await.unwrap().is_some());
    }
    assert_eq!(left, [false, false, false, true]);
    assert!(store.call(all[2].id).await.unwrap().is_some());
    let (calls, captures) = (None, None);
    let sums = None;
    let before = Before {
        calls,
        sums,
        captures,
    };
    assert_eq!(sweep_all(&store, before, &stop).await.unwrap(), 0);
    // Small enough a piece, and all of it all the same.
    assert_eq!(
        sweep_captures(&store, Timestamp::from_secs(9_999), 1, &stop)
            .await
            .unwrap(),
        1
    );
    store.close().await;
}

/// What is asked of sums is answered from them alone: calls that are there and have none would be missing, from usage
/// and from lists.
#[test]
fn sums_go_no_sooner_than_their_calls() {
    let days = |days: u64| Some(Duration::from_hours(24 * days));
    let now = Timestamp::from_secs(100 * 86_400);
    let sums = |calls, sums| {
        let keep = Keep {
            calls,
            sums,
            captures: None,
        };
        keep.at(now).sums.map(|before| before.as_secs() / 86_400)
    };
    assert_eq!(sums(days(30), days(40)), Some(60));
    assert_eq!(sums(days(30), days(7)), Some(70));
    assert_eq!(sums(None, days(7)), None);
    assert_eq!(sums(days(30), None), None);
}
