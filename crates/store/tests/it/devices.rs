//! Devices that ask to be let in.

use std::time::Duration;

use tollhouse_domain::audit::{Action, Actor, Note, Subject, SubjectKind};
use tollhouse_domain::device::{Grant, LIFE, MOST_OPEN, Poll, Status};
use tollhouse_domain::id::{DeviceId, TokenId, UserId};
use tollhouse_domain::limits::Limits;
use tollhouse_domain::tenancy::{User, UserKind};
use tollhouse_domain::time::Timestamp;
use tollhouse_store::{ApiToken, DeviceGrant, Store, TokenScope};
use uuid::Uuid;

use crate::support::{Place, on_both};

on_both!(
    a_device_waits_is_let_in_and_gets_one_token,
    one_that_is_turned_away_or_late_stays_so,
    switching_off_whoever_let_it_in_ends_it,
    no_more_wait_than_may_and_old_ones_go,
);

const NOW: Timestamp = Timestamp::from_secs(1_795_320_000);
const ADA: UserId = UserId(Uuid::from_u128(7));

fn after(seconds: u64) -> Timestamp {
    NOW.plus(Duration::from_secs(seconds))
}

fn note(action: Action, at: Timestamp) -> Note {
    let subject = Subject::of(SubjectKind::Device);
    Note::new(at, Actor::OPERATOR, action, subject)
}

async fn ada(store: &Store) -> User {
    let user = User {
        id: ADA,
        kind: UserKind::Person,
        name: "Ada".to_owned(),
        email: Some("ada@example.com".to_owned()),
        admin: false,
        limits: Limits::default(),
        budgets: Vec::new(),
        created_at: NOW,
        disabled_at: None,
    };
    let noted = store.noted(note(Action::UserCreate, NOW));
    noted.insert_user(&user).await.unwrap();
    user
}

fn digests(number: u32) -> ([u8; 32], [u8; 32]) {
    let (mut device, mut code) = ([1; 32], [2; 32]);
    device[..4].copy_from_slice(&number.to_be_bytes());
    code[..4].copy_from_slice(&number.to_be_bytes());
    (device, code)
}

async fn open(store: &Store, number: u32, at: Timestamp) -> (DeviceGrant, bool) {
    let device = DeviceGrant {
        id: DeviceId(Uuid::from_u128(number.into())),
        name: "laptop".to_owned(),
        from: Some("2001:db8::1".parse().unwrap()),
        grant: Grant::begin(at),
        approved: None,
    };
    let opened = store.open_device(&device, digests(number)).await.unwrap();
    (device, opened)
}

async fn poll(store: &Store, number: u32, seconds: u64) -> Option<Poll> {
    let polled = store.poll_device(&digests(number).0, after(seconds)).await;
    polled.unwrap().map(|(poll, _)| poll)
}

async fn answer(store: &Store, number: u32, seconds: u64, yes: bool) -> bool {
    let id = DeviceId(Uuid::from_u128(number.into()));
    let approved = yes.then_some((ADA, TokenScope::Read));
    let note = note(Action::DeviceApprove, after(seconds));
    store.answer_device(id, approved, note).await.unwrap()
}

async fn redeem(store: &Store, number: u32) -> bool {
    let token = ApiToken {
        id: TokenId(Uuid::now_v7()),
        user: ADA,
        name: "laptop".to_owned(),
        prefix: "tht_abcde".to_owned(),
        scope: TokenScope::Read,
        created_at: NOW,
        expires_at: Some(after(1000)),
        revoked_at: None,
        last_used_at: None,
    };
    let mut digest = [3; 32];
    digest[..16].copy_from_slice(token.id.0.as_bytes());
    let id = DeviceId(Uuid::from_u128(number.into()));
    let noted = store.noted(note(Action::TokenCreate, NOW));
    noted.redeem_device(id, &token, digest).await.unwrap()
}

async fn a_device_waits_is_let_in_and_gets_one_token(place: Place) {
    let store = place.open().await;
    ada(&store).await;
    let revision = store.revision().await.unwrap();
    let (device, opened) = open(&store, 1, NOW).await;
    assert!(opened);
    let found = store.device_by_code(&digests(1).1).await.unwrap();
    assert_eq!(found, Some(device));
    assert_eq!(store.device_by_code(&digests(1).0).await.unwrap(), None);
    assert_eq!(poll(&store, 9, 0).await, None);
    assert_eq!(poll(&store, 1, 0).await, Some(Poll::Pending));
    assert_eq!(poll(&store, 1, 1).await, Some(Poll::SlowDown));
    assert!(!redeem(&store, 1).await, "nobody let it in yet");
    assert!(answer(&store, 1, 2, true).await);
    assert!(!answer(&store, 1, 2, false).await, "answered once");
    assert_eq!(poll(&store, 1, 9).await, Some(Poll::SlowDown));
    assert_eq!(store.revision().await.unwrap(), revision);
    assert_eq!(poll(&store, 1, 30).await, Some(Poll::Granted));
    let found = store.device_by_code(&digests(1).1).await.unwrap().unwrap();
    assert_eq!(found.approved, Some((ADA, TokenScope::Read)));

    let mut tries = tokio::task::JoinSet::new();
    for _ in 0..6 {
        let store = store.clone();
        tries.spawn(async move { redeem(&store, 1).await });
    }
    let redeemed = tries.join_all().await;
    assert_eq!(redeemed.iter().filter(|redeemed| **redeemed).count(), 1);
    assert_eq!(store.tokens_of(ADA).await.unwrap().len(), 1);
    assert_eq!(poll(&store, 1, 60).await, Some(Poll::Used));
    assert!(store.revision().await.unwrap() > revision);
}

async fn one_that_is_turned_away_or_late_stays_so(place: Place) {
    let store = place.open().await;
    ada(&store).await;
    for number in [1, 2, 3] {
        open(&store, number, NOW).await;
    }
    assert!(answer(&store, 1, 1, false).await);
    assert!(!answer(&store, 1, 1, true).await);
    assert_eq!(poll(&store, 1, 2).await, Some(Poll::Denied));
    let end = LIFE.as_secs();
    assert!(!answer(&store, 2, end, true).await);
    assert_eq!(poll(&store, 2, end).await, Some(Poll::Expired));
    assert!(answer(&store, 3, end - 1, true).await);
    assert_eq!(poll(&store, 3, end).await, Some(Poll::Expired));
    assert!(store.tokens_of(ADA).await.unwrap().is_empty());
}

async fn switching_off_whoever_let_it_in_ends_it(place: Place) {
    let store = place.open().await;
    ada(&store).await;
    open(&store, 1, NOW).await;
    assert!(answer(&store, 1, 1, true).await);
    let noted = store.noted(note(Action::UserDisable, NOW));
    for disabled_at in [Some(NOW), None] {
        let change = |user: &mut User| user.disabled_at = disabled_at;
        noted.change_user(ADA, change).await.unwrap();
        assert!(!redeem(&store, 1).await);
        assert_eq!(poll(&store, 1, 5).await, None);
    }
    // One that is let in meanwhile, by a replica that does not know yet.
    open(&store, 2, NOW).await;
    let off = |user: &mut User| user.disabled_at = Some(NOW);
    noted.change_user(ADA, off).await.unwrap();
    assert!(answer(&store, 2, 1, true).await);
    assert!(!redeem(&store, 2).await);
    let found = store.device_by_code(&digests(2).1).await.unwrap().unwrap();
    assert_eq!(found.grant.status, Status::Approved);
    assert!(store.tokens_of(ADA).await.unwrap().is_empty());
}

async fn no_more_wait_than_may_and_old_ones_go(place: Place) {
    let store = place.open().await;
    for number in 0..MOST_OPEN {
        assert!(open(&store, number, NOW).await.1, "{number}");
    }
    assert!(!open(&store, MOST_OPEN, NOW).await.1);
    let end = LIFE.as_secs();
    assert!(open(&store, MOST_OPEN, after(end)).await.1);
    assert_eq!(poll(&store, 0, end).await, Some(Poll::Expired));
    open(&store, MOST_OPEN + 1, after(2 * end)).await;
    assert_eq!(poll(&store, 0, 2 * end).await, None);
    assert_eq!(store.delete_devices_before(after(end)).await.unwrap(), 0);
    assert_eq!(
        store.delete_devices_before(after(3 * end)).await.unwrap(),
        2
    );
}
