//! The audit trail: nothing administrative without an entry, and no entry changed without a trace.

use sqlx::{Connection, Executor};
use tollhouse_domain::audit::chain::{Broken, Fault, Head, Trusted, Verifier, digest_ids};
use tollhouse_domain::audit::{Action, Actor, Entry, Note, Subject, SubjectKind, Value};
use tollhouse_domain::call::Call;
use tollhouse_domain::credential::CredentialSource;
use tollhouse_domain::id::{CredentialId, OrgId};
use tollhouse_store::{AuditFilter, Page, Store, StoreError};

use crate::support::{Place, call, key_id, note, on_both, provider, seconds, uuid, virtual_key};

on_both!(
    nothing_is_written_without_saying_who,
    what_fails_or_changes_nothing_leaves_nothing,
    entries_read_back,
    filters_and_pages,
    rows_are_kept_as_they_are,
    edits_behind_the_stores_back_are_found,
    removals_behind_the_stores_back_are_found,
    rows_that_are_no_entries_are_named,
    many_writers_make_one_chain,
    uses_of_the_platforms_credentials_are_told_once,
    a_batch_of_many_keys_makes_one_chain,
);

async fn nothing_is_written_without_saying_who(place: Place) {
    let store = place.open_unnoted().await;
    let written = store.put_setting("name", "value").await;
    assert!(matches!(written, Err(StoreError::Unnoted)), "{written:?}");
    assert_eq!(store.setting("name").await.unwrap(), None);
    assert_eq!(store.audit_head().await.unwrap(), Head::START);
}

async fn what_fails_or_changes_nothing_leaves_nothing(place: Place) {
    let store = place.open().await;
    store.put_setting("name", "value").await.unwrap();
    store.put_setting("name", "value").await.unwrap();
    let key = virtual_key(1, "a");
    store.insert_key(&key, [1; 32]).await.unwrap();
    store.insert_key(&key, [1; 32]).await.unwrap_err();
    assert_eq!(store.audit_head().await.unwrap().seq, 2);
    assert_eq!(verify(&store, []).await.map(|head| head.seq), Ok(2));
}

/// A note with everything in it.
fn full() -> Note {
    let subject = Subject::id(SubjectKind::Key, "key_1").called("'; DROP TABLE audit; --");
    let actor = Actor::user("user_1", "Zoë \u{202e}\0");
    let mut note = Note::new(seconds(7), actor, Action::KeyCreate, subject)
        .in_org(Some(OrgId(uuid(3))))
        .with("count", 12)
        .with("strict", true)
        .with("prefix", "th-\"quoted\"");
    note.from = Some("2001:db8::1".parse().unwrap());
    note
}

async fn entries_read_back(place: Place) {
    let store = place.open_unnoted().await;
    store.noted(full()).put_setting("a", "1").await.unwrap();
    store.remember(full()).await.unwrap();
    let entries = trail(&store).await;
    let mut head = Head::START;
    assert_eq!(entries, [head.append(full()), head.append(full())]);
    assert_eq!(entries[0].detail["count"], Value::Number(12));
    assert_eq!(store.audit_head().await.unwrap(), head);
}

async fn filters_and_pages(place: Place) {
    let store = place.open_unnoted().await;
    for n in 0..10 {
        let mut note = full();
        note.at = seconds(n);
        if n % 2 == 0 {
            note = Note {
                actor: Actor::OPERATOR,
                action: Action::KeyRevoke,
                org: None,
                ..note
            };
        }
        store.remember(note).await.unwrap();
    }
    let none = AuditFilter::default;
    let seqs = async |filter: AuditFilter| -> Vec<u64> {
        let rows = store.audit(&filter, Page::first(99)).await.unwrap();
        let oldest = store.audit_from(&filter, 0, 99).await.unwrap();
        assert!(rows.iter().rev().eq(&oldest));
        rows.into_iter().map(|entry| entry.unwrap().seq).collect()
    };
    let odd = [9, 7, 5, 3, 1];
    let even = [10, 8, 6, 4, 2];
    let actor = |actor: &str| AuditFilter {
        actor: Some(actor.to_owned()),
        ..none()
    };
    assert_eq!(seqs(actor("operator")).await, odd);
    assert_eq!(seqs(actor("user_1")).await, even);
    assert_eq!(seqs(actor("user")).await, even);
    assert!(seqs(actor("user_2")).await.is_empty());
    let action = Some(Action::KeyRevoke);
    assert_eq!(seqs(AuditFilter { action, ..none() }).await, odd);
    let org = Some(OrgId(uuid(3)));
    assert_eq!(seqs(AuditFilter { org, ..none() }).await, even);
    let (from, to) = (Some(seconds(2)), Some(seconds(5)));
    assert_eq!(seqs(AuditFilter { from, to, ..none() }).await, [5, 4, 3]);

    let page = store.audit(&none(), Page::after(3, 8)).await.unwrap();
    let page: Vec<u64> = page.into_iter().map(|entry| entry.unwrap().seq).collect();
    assert_eq!(page, [7, 6, 5]);
    let page = store.audit_from(&none(), 8, 99).await.unwrap();
    let page: Vec<u64> = page.into_iter().map(|entry| entry.unwrap().seq).collect();
    assert_eq!(page, [9, 10]);
}

async fn rows_are_kept_as_they_are(place: Place) {
    let store = place.open().await;
    store.put_setting("a", "1").await.unwrap();
    for sql in [
        "UPDATE audit SET actor_name = 'nobody'",
        "DELETE FROM audit",
        "TRUNCATE audit",
    ] {
        match place {
            Place::Sqlite { .. } if sql.starts_with("TRUNCATE") => continue,
            Place::Sqlite { .. } | Place::Postgres { .. } => {}
        }
        let refused = attempt(&place, sql).await.unwrap_err().to_string();
        assert!(refused.contains("append-only"), "{refused}");
    }
    assert_eq!(verify(&store, []).await.map(|head| head.seq), Ok(1));
}

async fn edits_behind_the_stores_back_are_found(place: Place) {
    let store = filled(&place, 5).await;
    unlock(&place).await;
    place
        .execute("UPDATE audit SET actor_name = 'Eve' WHERE seq = 3")
        .await;
    let seq = 3;
    let fault = Fault::Altered;
    assert_eq!(verify(&store, []).await, Err(Broken { seq, fault }));
}

async fn removals_behind_the_stores_back_are_found(place: Place) {
    let store = filled(&place, 5).await;
    unlock(&place).await;
    let head = store.audit_head().await.unwrap();
    place.execute("DELETE FROM audit WHERE seq = 5").await;
    let broken = |seq, fault| Err(Broken { seq, fault });
    assert_eq!(verify(&store, []).await.map(|head| head.seq), Ok(4));
    let found = verify(&store, [Trusted::Head(head)]).await;
    assert_eq!(found, broken(5, Fault::Truncated));
    place.execute("DELETE FROM audit WHERE seq = 2").await;
    assert_eq!(verify(&store, []).await, broken(2, Fault::Missing));
}

async fn rows_that_are_no_entries_are_named(place: Place) {
    let store = filled(&place, 3).await;
    unlock(&place).await;
    for (sql, seq) in [
        ("UPDATE audit SET detail = '[]' WHERE seq = 3", 3),
        ("UPDATE audit SET action = 'key.steal' WHERE seq = 2", 2),
        ("UPDATE audit SET address = 'here' WHERE seq = 1", 1),
    ] {
        place.execute(sql).await;
        let fault = Fault::Unreadable;
        assert_eq!(verify(&store, []).await, Err(Broken { seq, fault }));
    }
    let rows = store.audit(&AuditFilter::default(), Page::first(9)).await;
    assert_eq!(rows.unwrap(), [Err(3), Err(2), Err(1)]);
}

async fn many_writers_make_one_chain(place: Place) {
    let stores = [place.open().await, place.open().await];
    let mut tasks = tokio::task::JoinSet::new();
    for n in 0..40_usize {
        let store = stores[n % 2].clone();
        tasks.spawn(async move {
            match n % 4 {
                0 | 1 => store.put_setting(&format!("s{n}"), "v").await.unwrap(),
                2 => store
                    .upsert_provider(&provider(&format!("p{n}")))
                    .await
                    .unwrap(),
                _ => store.remember(note()).await.unwrap(),
            }
        });
    }
    while let Some(done) = tasks.join_next().await {
        done.unwrap();
    }
    assert_eq!(verify(&stores[0], []).await.map(|head| head.seq), Ok(40));
}

fn platform_call(n: u128, key: u128) -> Call {
    Call {
        key: key_id(key),
        credential_id: Some(CredentialId(uuid(9))),
        credential_source: Some(CredentialSource::Platform),
        ..call(n)
    }
}

async fn uses_of_the_platforms_credentials_are_told_once(place: Place) {
    let store = place.open_unnoted().await;
    let calls = [
        platform_call(1, 1),
        platform_call(2, 1),
        call(3),
        platform_call(4, 2),
        platform_call(4, 2),
    ];
    store.insert_calls(&calls).await.unwrap();
    // A batch that is sent again, because nobody knows whether it arrived, with one call more.
    let again = [&calls[..], &[platform_call(5, 1)]].concat();
    store.insert_calls(&again).await.unwrap();
    store.insert_calls(&again).await.unwrap();
    let trail = trail(&store).await;
    let told: Vec<_> = trail
        .iter()
        .map(|entry| (entry.actor.id.clone().unwrap(), &entry.detail["calls"]))
        .collect();
    let (one, two) = (key_id(1).to_string(), key_id(2).to_string());
    let (first, second) = (Value::Number(1), Value::Number(2));
    assert_eq!(told, [(one.clone(), &second), (two, &first), (one, &first)]);
    let digest = digest_ids([uuid(1), uuid(2)]).to_string();
    assert_eq!(trail[0].detail["digest"], Value::Text(digest));
    assert_eq!(verify(&store, []).await.map(|head| head.seq), Ok(3));
}

/// More entries than one statement takes.
async fn a_batch_of_many_keys_makes_one_chain(place: Place) {
    let store = place.open_unnoted().await;
    let calls: Vec<Call> = (1..=600).map(|n| platform_call(n, n)).collect();
    store.insert_calls(&calls).await.unwrap();
    assert_eq!(verify(&store, []).await.map(|head| head.seq), Ok(600));
}

async fn filled(place: &Place, entries: u32) -> Store {
    let store = place.open().await;
    for n in 0..entries {
        store.put_setting("name", &n.to_string()).await.unwrap();
    }
    store
}

/// Takes away what guards the rows, as whoever owns the database can.
async fn unlock(place: &Place) {
    let sql = match place {
        Place::Sqlite { .. } => "DROP TRIGGER audit_keeps_rows; DROP TRIGGER audit_keeps_words",
        Place::Postgres { .. } => "ALTER TABLE audit DISABLE TRIGGER ALL",
    };
    place.execute(sql).await;
}

async fn attempt(place: &Place, sql: &'static str) -> Result<(), sqlx::Error> {
    match place {
        Place::Sqlite { .. } => {
            let url = format!("sqlite://{}", place.file().display());
            let mut connection = sqlx::SqliteConnection::connect(&url).await?;
            connection.execute(sql).await.map(drop)
        }
        Place::Postgres { .. } => place.connect().await.execute(sql).await.map(drop),
    }
}

async fn verify(store: &Store, trusted: impl IntoIterator<Item = Trusted>) -> Result<Head, Broken> {
    let mut verifier = Verifier::new(trusted);
    let rows = store.audit_from(&AuditFilter::default(), 0, 9_999).await;
    for row in rows.unwrap() {
        match row {
            Ok(entry) => verifier.push(&entry)?,
            Err(_) => return Err(verifier.unreadable()),
        }
    }
    verifier.finish()
}

async fn trail(store: &Store) -> Vec<Entry> {
    let rows = store.audit_from(&AuditFilter::default(), 0, 9_999).await;
    rows.unwrap().into_iter().map(Result::unwrap).collect()
}
