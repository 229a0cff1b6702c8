//! Signing in with accounts: one step at a time, whoever takes it.

use std::time::Duration;

use tollhouse_domain::account::sign_in::{MOST_EACH, Status, Way};
use tollhouse_domain::account::{Facts, device::LONGEST};
use tollhouse_domain::credential::{CredentialKind, Owner};
use tollhouse_domain::id::SignInId;
use tollhouse_store::{AccountRecord, SignIn, Step, Store, StoreError};

use crate::support::{Place, credential, on_both, seconds, uuid};

on_both!(
    a_step_is_taken_by_one_and_stored_by_nobody_else,
    an_account_comes_of_an_attempt_that_nobody_gave_up,
    one_caller_begins_a_few_and_old_ones_go,
    one_caller_begins_no_more_by_beginning_them_at_once,
    a_login_has_one_owner_and_one_name,
);

fn attempt(n: u128) -> SignIn {
    SignIn {
        id: SignInId(uuid(n)),
        user: None,
        owner: Owner::Platform,
        provider: "chatgpt".to_owned(),
        name: "default".to_owned(),
        way: Way::Device,
        status: Status::Pending,
        sealed: b"sealed".to_vec(),
        interval: Duration::from_secs(5),
        next_at: seconds(5),
        created_at: seconds(0),
        expires_at: seconds(900),
        account: None,
        why: None,
    }
}

fn account(n: u128) -> AccountRecord {
    let mut credential = credential(n, "chatgpt", b"tokens");
    credential.meta.kind = CredentialKind::OauthAccount;
    credential.meta.owner = Owner::Platform;
    credential.meta.name = format!("name-{n}");
    credential.meta.fingerprint = format!("{n:08x}");
    AccountRecord {
        credential,
        facts: Facts {
            generation: 1,
            expires_at: seconds(3600),
            ..Facts::default()
        },
    }
}

async fn known(store: &Store, n: u128) -> SignIn {
    store.sign_in(SignInId(uuid(n))).await.unwrap().unwrap()
}

async fn a_step_is_taken_by_one_and_stored_by_nobody_else(place: Place) {
    let store = place.open().await;
    let first = attempt(1);
    assert!(store.open_sign_in(&first).await.unwrap());
    assert_eq!(known(&store, 1).await, first);
    assert_eq!(store.sign_in(SignInId(uuid(2))).await.unwrap(), None);
    let (mine, theirs) = (seconds(100), seconds(101));
    assert!(store.claim_sign_in(&first, mine).await.unwrap());
    assert!(!store.claim_sign_in(&first, theirs).await.unwrap());
    let step = Step {
        sealed: b"further".to_vec(),
        interval: Duration::from_secs(10),
        next_at: seconds(20),
        expires_at: seconds(800),
    };
    assert!(!store.step_sign_in(first.id, theirs, &step).await.unwrap());
    assert!(store.step_sign_in(first.id, mine, &step).await.unwrap());
    let after = known(&store, 1).await;
    assert_eq!(
        (&after.sealed, after.interval),
        (&step.sealed, step.interval)
    );
    assert_eq!(
        (after.next_at, after.expires_at),
        (step.next_at, step.expires_at)
    );
    // One that was given up for lost does not undo what came after it.
    let late = store.end_sign_in(first.id, mine, Status::Denied, None);
    assert!(!late.await.unwrap());
    let ended = store.end_sign_in(first.id, step.next_at, Status::Refused, Some("why"));
    assert!(ended.await.unwrap());
    let ended = known(&store, 1).await;
    assert_eq!(
        (ended.status, ended.why.as_deref()),
        (Status::Refused, Some("why"))
    );
    assert!(ended.sealed.is_empty());
    assert!(!store.claim_sign_in(&ended, seconds(200)).await.unwrap());
    assert!(!store.cancel_sign_in(first.id).await.unwrap());
}

async fn an_account_comes_of_an_attempt_that_nobody_gave_up(place: Place) {
    let store = place.open().await;
    let (first, second) = (attempt(1), attempt(2));
    for attempt in [&first, &second] {
        assert!(store.open_sign_in(attempt).await.unwrap());
    }
    assert!(store.cancel_sign_in(first.id).await.unwrap());
    let record = account(7);
    let finish = async |attempt: &SignIn| {
        let claim = (attempt.id, attempt.next_at);
        store
            .finish_sign_in(claim, &record, None, u32::MAX)
            .await
            .unwrap()
    };
    let revision = store.revision().await.unwrap();
    assert!(!finish(&first).await);
    assert_eq!(store.accounts().await.unwrap(), []);
    assert_eq!(store.revision().await.unwrap(), revision);
    assert!(finish(&second).await);
    assert!(!finish(&second).await, "it is over");
    let done = known(&store, 2).await;
    assert_eq!(
        (done.status, done.account),
        (Status::Done, Some(record.credential.meta.id))
    );
    assert!(done.sealed.is_empty());
    assert_eq!(store.accounts().await.unwrap().len(), 1);
    assert!(store.revision().await.unwrap() > revision);
    let everybodys = store.accounts_of(None).await.unwrap();
    assert_eq!(everybodys, std::slice::from_ref(&record));
    assert_eq!(
        store.accounts_of(Some(Owner::Platform)).await.unwrap(),
        [record]
    );
}

async fn one_caller_begins_a_few_and_old_ones_go(place: Place) {
    let store = place.open().await;
    for n in 0..MOST_EACH.into() {
        assert!(store.open_sign_in(&attempt(n)).await.unwrap());
        assert!(store.cancel_sign_in(SignInId(uuid(n))).await.unwrap());
    }
    assert!(!store.open_sign_in(&attempt(50)).await.unwrap());
    let later = SignIn {
        created_at: seconds(0).plus(LONGEST),
        expires_at: seconds(0).plus(2 * LONGEST),
        ..attempt(51)
    };
    assert!(store.open_sign_in(&later).await.unwrap());
    let before = store.delete_sign_ins_before(seconds(900)).await.unwrap();
    assert_eq!(before, u64::from(MOST_EACH));
    assert_eq!(known(&store, 51).await, later);
}

async fn one_caller_begins_no_more_by_beginning_them_at_once(place: Place) {
    let store = place.open().await;
    let mut open = tokio::task::JoinSet::new();
    for n in 0..40 {
        let store = store.clone();
        open.spawn(async move { store.open_sign_in(&attempt(n)).await.unwrap() });
    }
    let begun = open.join_all().await;
    let begun = begun.into_iter().filter(|begun| *begun).count();
    assert_eq!(u32::try_from(begun).unwrap(), MOST_EACH);
}

async fn a_login_has_one_owner_and_one_name(place: Place) {
    let store = place.open().await;
    let (ada, bob) = ([1; 32], [2; 32]);
    let take = async |record: &AccountRecord, identity: Option<&[u8; 32]>| match store
        .take_account(record, identity, u32::MAX)
        .await
    {
        Ok(()) => None,
        Err(StoreError::Conflict { what }) => Some(what),
        Err(error) => panic!("{error}"),
    };
    let first = account(1);
    assert_eq!(take(&first, Some(&ada)).await, None);
    assert_eq!(take(&first, Some(&ada)).await, None, "it is renewed");
    let other = take(&first, Some(&bob)).await.unwrap();
    assert!(other.contains("another login"), "{other}");
    let again = take(&account(2), Some(&ada)).await.unwrap();
    assert!(again.contains("`name-1` of `chatgpt`"), "{again}");
    let mut theirs = account(3);
    theirs.credential.meta.owner = Owner::User(tollhouse_domain::id::UserId(uuid(9)));
    let elsewhere = take(&theirs, Some(&ada)).await.unwrap();
    assert!(!elsewhere.contains("name-1"), "{elsewhere}");
    // Where tokens do not say who it is, the same refresh token tells.
    theirs.credential.meta.fingerprint = first.credential.meta.fingerprint.clone();
    assert!(take(&theirs, None).await.is_some());
    assert_eq!(take(&account(4), Some(&bob)).await, None);
    assert_eq!(take(&account(5), None).await, None);
}
