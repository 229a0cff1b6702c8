//! Passwords, wrong ones, and sessions of browsers.

use std::time::Duration;

use tollhouse_domain::audit::{Action, Actor, Note, Subject, SubjectKind};
use tollhouse_domain::id::{UserId, WebSessionId};
use tollhouse_domain::limits::Limits;
use tollhouse_domain::sign_in::{GRACE, SessionTimes};
use tollhouse_domain::tenancy::{User, UserKind};
use tollhouse_domain::time::Timestamp;
use tollhouse_store::{Attempt, Holder, Store, StoreError, WebSession};
use uuid::Uuid;

use crate::support::{Place, on_both};

on_both!(
    counts_an_attempt_before_its_outcome,
    a_session_changes_its_secret_and_ends,
    a_new_password_ends_other_sessions,
    a_session_may_be_the_operators,
);

const NOW: Timestamp = Timestamp::from_secs(1_795_320_000);

fn note(action: Action) -> Note {
    Note::new(NOW, Actor::OPERATOR, action, Subject::of(SubjectKind::User))
}

async fn somebody(store: &Store) -> User {
    let user = User {
        id: UserId(Uuid::from_u128(7)),
        kind: UserKind::Person,
        name: "Ada".to_owned(),
        email: Some("ada@example.com".to_owned()),
        admin: false,
        limits: Limits::default(),
        budgets: Vec::new(),
        created_at: NOW,
        disabled_at: None,
    };
    let noted = store.noted(note(Action::UserCreate));
    noted.insert_user(&user).await.unwrap();
    user
}

async fn begin(store: &Store, user: &User, number: u8) -> WebSession {
    let session = WebSession {
        id: WebSessionId(Uuid::from_u128(number.into())),
        holder: Holder::User(user.id),
        times: SessionTimes::begin(NOW),
    };
    let note = note(Action::SessionOpen);
    let opened = store.open_session(session, [number; 32], note).await;
    opened.unwrap();
    session
}

async fn counts_an_attempt_before_its_outcome(place: Place) {
    let store = place.open().await;
    let user = somebody(&store).await;
    let revision = store.revision().await.unwrap();
    let mut attempts = tokio::task::JoinSet::new();
    for _ in 0..8 {
        let (store, id) = (store.clone(), user.id);
        attempts.spawn(async move { store.attempt(id, NOW).await });
    }
    let mut open = 0;
    while let Some(attempt) = attempts.join_next().await {
        open += u32::from(attempt.unwrap().unwrap() == Attempt::Open);
    }
    assert_eq!(open, 6, "five are free, the sixth locks");
    let locked = Attempt::Locked(NOW.plus(Duration::from_mins(1)));
    assert_eq!(store.attempt(user.id, NOW).await.unwrap(), locked);
    begin(&store, &user, 1).await;
    assert_eq!(store.attempt(user.id, NOW).await.unwrap(), Attempt::Open);
    assert_eq!(store.revision().await.unwrap(), revision);
    let nobody = store.attempt(UserId(Uuid::nil()), NOW).await;
    assert!(matches!(nobody, Err(StoreError::NotFound)));
}

async fn a_session_changes_its_secret_and_ends(place: Place) {
    let store = place.open().await;
    let user = somebody(&store).await;
    let session = begin(&store, &user, 1).await;
    let found = async |digest: u8, at| {
        let found = store.session_by_digest(&[digest; 32], at).await.unwrap();
        found.map(|session| session.id)
    };
    assert_eq!(found(1, NOW).await, Some(session.id));
    assert_eq!(found(9, NOW).await, None);
    assert_eq!(found(1, session.times.ends_at()).await, None);

    let later = NOW.plus(Duration::from_hours(1));
    for expected in [true, false] {
        let rotated = store
            .rotate_session(session, (&[1; 32], &[2; 32]), later)
            .await;
        assert_eq!(rotated.unwrap(), expected);
    }
    assert_eq!(found(2, later).await, Some(session.id));
    assert_eq!(found(1, later).await, Some(session.id));
    assert_eq!(found(1, later.plus(GRACE)).await, None);
    assert_eq!(found(2, later.plus(GRACE)).await, Some(session.id));

    for expected in [true, false] {
        let closed = store.close_session(session.id, note(Action::SessionClose));
        assert_eq!(closed.await.unwrap(), expected);
    }
    assert_eq!(found(2, later).await, None);
}

async fn a_new_password_ends_other_sessions(place: Place) {
    let store = place.open().await;
    let mut user = somebody(&store).await;
    let (kept, other) = (begin(&store, &user, 1).await, begin(&store, &user, 2).await);
    assert_eq!(store.password_of(user.id).await.unwrap(), None);
    let noted = store.noted(note(Action::UserPassword));
    let set = noted.set_password(user.id, "$hash", Some(kept.id)).await;
    set.unwrap();
    let stored = store.password_of(user.id).await.unwrap();
    assert_eq!(stored.as_deref(), Some("$hash"));
    let found = async |digest: u8| {
        let found = store.session_by_digest(&[digest; 32], NOW).await;
        found.unwrap().map(|session| session.id)
    };
    assert_eq!(found(1).await, Some(kept.id));
    assert_ne!(found(2).await, Some(other.id));
    let nobody = noted.set_password(UserId(Uuid::nil()), "$hash", None).await;
    assert!(matches!(nobody, Err(StoreError::NotFound)));

    user.disabled_at = Some(NOW);
    noted
        .change_user(user.id, |stored| stored.clone_from(&user))
        .await
        .unwrap();
    assert_eq!(found(1).await, None);
}

async fn a_session_may_be_the_operators(place: Place) {
    let store = place.open().await;
    let session = WebSession {
        id: WebSessionId(Uuid::from_u128(1)),
        holder: Holder::Operator([9; 32]),
        times: SessionTimes::begin(NOW),
    };
    let opened = store.open_session(session, [1; 32], note(Action::SessionOpen));
    opened.await.unwrap();
    let found = store.session_by_digest(&[1; 32], NOW).await.unwrap();
    assert_eq!(found, Some(session));
}
