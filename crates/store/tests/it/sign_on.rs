//! Who somebody is by what an identity provider calls them, and what their groups give and take.

use std::convert::Infallible;

use std::collections::BTreeMap;

use tollhouse_domain::audit::{Action, Actor, Note, Subject, SubjectKind};
use tollhouse_domain::id::{OrgId, UserId};
use tollhouse_domain::limits::Limits;
use tollhouse_domain::oidc::{Granted, Terms, Unwelcome};
use tollhouse_domain::tenancy::{Membership, Org, Role, User, UserKind};
use tollhouse_domain::time::Timestamp;
use tollhouse_store::{AuditFilter, Page, SignOn, SignedOn, Store, StoreError};
use uuid::Uuid;

use crate::support::{Place, on_both};

on_both!(
    makes_somebody_new_once,
    ties_an_address_to_one_name,
    gives_and_takes_only_what_it_gave,
    leaves_the_last_owner,
    takes_nothing_away_where_a_name_is_unknown,
    switches_no_last_owner_off,
    gives_and_takes_administration,
    gives_nothing_back_that_was_taken_away_by_hand,
    changes_nothing_where_nothing_changes,
    signs_the_same_person_on_many_times_at_once,
);

const NOW: Timestamp = Timestamp::from_secs(1_795_320_000);
const ISSUER: &str = "https://id.example";

fn noted(store: &Store) -> Store {
    let subject = Subject::of(SubjectKind::User);
    store.noted(Note::new(NOW, Actor::OPERATOR, Action::UserChange, subject))
}

fn on(subject: &str, orgs: &[(&str, Role)]) -> SignOn {
    let orgs = orgs.iter().map(|(name, role)| ((*name).to_owned(), *role));
    SignOn {
        issuer: ISSUER.to_owned(),
        subject: subject.to_owned(),
        email: Some("ada@example.com".to_owned()),
        name: "Ada".to_owned(),
        terms: Terms {
            granted: Granted {
                orgs: orgs.collect(),
                admin: false,
            },
            entry: Ok(()),
            newcomer: Ok(()),
        },
        id: UserId(Uuid::now_v7()),
        at: NOW,
        from: None,
    }
}

async fn org(store: &Store, n: u128, name: &str) -> OrgId {
    let id = OrgId(Uuid::from_u128(n));
    let org = Org {
        id,
        name: name.to_owned(),
        limits: Limits::default(),
        budgets: Vec::new(),
        created_at: NOW,
        disabled_at: None,
    };
    noted(store).insert_org(&org).await.unwrap();
    id
}

async fn user(store: &Store, n: u128, email: &str, admin: bool) -> UserId {
    let id = UserId(Uuid::from_u128(n));
    let user = User {
        id,
        kind: UserKind::Person,
        name: "By hand".to_owned(),
        email: Some(email.to_owned()),
        admin,
        limits: Limits::default(),
        budgets: Vec::new(),
        created_at: NOW,
        disabled_at: None,
    };
    noted(store).insert_user(&user).await.unwrap();
    id
}

async fn member(store: &Store, org: OrgId, user: UserId, role: Role) {
    let since = NOW;
    let member = Membership {
        org,
        user,
        role,
        since,
    };
    let store = noted(store);
    let put = store.put_member(member, None, |_, _| Ok::<_, Infallible>(()));
    let Ok(()) = put.await.unwrap();
}

/// Who was let in, whether it changed anything, and where they were kept.
async fn welcome(store: &Store, on: &SignOn) -> (User, bool, Vec<OrgId>) {
    match store.sign_on(on).await.unwrap() {
        SignedOn::Welcome {
            user,
            changed,
            kept,
            ..
        } => (user, changed, kept),
        SignedOn::Refused { why, .. } => panic!("refused: {why}"),
    }
}

async fn refused(store: &Store, on: &SignOn) -> Unwelcome {
    match store.sign_on(on).await.unwrap() {
        SignedOn::Welcome { user, .. } => panic!("let in as {}", user.id),
        SignedOn::Refused { why, .. } => why,
    }
}

async fn roles(store: &Store, user: UserId) -> BTreeMap<OrgId, Role> {
    let members = store.all_members().await.unwrap().into_iter();
    let own = members.filter(|member| member.user == user);
    own.map(|member| (member.org, member.role)).collect()
}

/// What single sign-on noted, oldest first.
async fn told(store: &Store) -> Vec<Action> {
    let all = AuditFilter::default();
    let entries = store.audit(&all, Page::first(100));
    let entries = entries.await.unwrap().into_iter().map(Result::unwrap);
    let ours = entries.filter(|entry| entry.detail.contains_key("via"));
    let mut actions: Vec<Action> = ours.map(|entry| entry.action).collect();
    actions.reverse();
    actions
}

async fn makes_somebody_new_once(place: Place) {
    let store = place.open().await;
    let acme = org(&store, 1, "acme").await;
    let first = on("ada", &[("acme", Role::Member), ("nowhere", Role::Owner)]);
    let SignedOn::Welcome { user, unknown, .. } = store.sign_on(&first).await.unwrap() else {
        panic!("refused");
    };
    assert_eq!(unknown, ["nowhere"]);
    assert_eq!(user.id, first.id);
    assert_eq!(store.user(user.id).await.unwrap(), Some(user.clone()));
    assert_eq!(
        roles(&store, user.id).await,
        BTreeMap::from([(acme, Role::Member)])
    );
    assert_eq!(told(&store).await, [Action::UserCreate, Action::MemberPut]);

    // The provider's own name for somebody counts, whatever else it says of them.
    let mut again = on("ada", &[]);
    again.email = Some("other@example.com".to_owned());
    again.terms.newcomer = Err(Unwelcome::NoPlace);
    assert_eq!(welcome(&store, &again).await.0, User { ..user.clone() });
    // The same name at another provider is somebody else, and an address is one person's.
    let mut elsewhere = on("ada", &[]);
    "https://other.example".clone_into(&mut elsewhere.issuer);
    elsewhere.email = None;
    assert_eq!(welcome(&store, &elsewhere).await.0.id, elsewhere.id);
    assert_eq!(refused(&store, &on("eve", &[])).await, Unwelcome::Tied);
    let mut stranger = on("bob", &[]);
    stranger.email = None;
    stranger.terms.newcomer = Err(Unwelcome::NoPlace);
    assert_eq!(refused(&store, &stranger).await, Unwelcome::NoPlace);
    assert_eq!(store.all_users().await.unwrap().len(), 2);
}

async fn ties_an_address_to_one_name(place: Place) {
    let store = place.open().await;
    let ada = user(&store, 7, "ada@example.com", false).await;
    let root = user(&store, 8, "root@example.com", true).await;
    let mut unverified = on("unverified", &[]);
    unverified.email = None;
    assert_eq!(welcome(&store, &unverified).await.0.id, unverified.id);
    let (found, changed, _) = welcome(&store, &on("ada", &[])).await;
    assert_eq!((found.id, changed), (ada, true));
    assert_eq!(told(&store).await, [Action::UserCreate, Action::UserLink]);
    assert_eq!(refused(&store, &on("eve", &[])).await, Unwelcome::Tied);

    let mut on_root = on("root", &[]);
    on_root.email = Some("root@example.com".to_owned());
    assert_eq!(refused(&store, &on_root).await, Unwelcome::Administrator);
    on_root.terms.granted.admin = true;
    assert_eq!(welcome(&store, &on_root).await.0.id, root);

    let off = |user: &mut User| user.disabled_at = Some(NOW);
    noted(&store).change_user(ada, off).await.unwrap();
    assert_eq!(refused(&store, &on("ada", &[])).await, Unwelcome::Off);
}

async fn gives_and_takes_only_what_it_gave(place: Place) {
    let store = place.open().await;
    let (acme, lab) = (org(&store, 1, "acme").await, org(&store, 2, "lab").await);
    let ada = user(&store, 7, "ada@example.com", false).await;
    member(&store, lab, ada, Role::Viewer).await;
    let both = [("acme", Role::Admin), ("lab", Role::Owner)];
    welcome(&store, &on("ada", &both)).await;
    let by_hand = (lab, Role::Viewer);
    let expected = BTreeMap::from([(acme, Role::Admin), by_hand]);
    assert_eq!(roles(&store, ada).await, expected);
    welcome(&store, &on("ada", &[("acme", Role::Viewer)])).await;
    let expected = BTreeMap::from([(acme, Role::Viewer), by_hand]);
    assert_eq!(roles(&store, ada).await, expected);
    welcome(&store, &on("ada", &[])).await;
    assert_eq!(roles(&store, ada).await, BTreeMap::from([by_hand]));

    // By its id, and by its id only where another one is called so.
    let id = acme.to_string();
    org(&store, 3, &id).await;
    welcome(&store, &on("ada", &[(&id, Role::Member)])).await;
    let expected = BTreeMap::from([(acme, Role::Member), by_hand]);
    assert_eq!(roles(&store, ada).await, expected);
    // What somebody settles by hand stays, even where it says the same.
    member(&store, acme, ada, Role::Member).await;
    welcome(&store, &on("ada", &[])).await;
    assert_eq!(roles(&store, ada).await, expected);
}

async fn leaves_the_last_owner(place: Place) {
    let store = place.open().await;
    let acme = org(&store, 1, "acme").await;
    let (ada, ..) = welcome(&store, &on("ada", &[("acme", Role::Owner)])).await;
    let owner = BTreeMap::from([(acme, Role::Owner)]);
    for less in [&[][..], &[("acme", Role::Admin)]] {
        let (_, _, kept) = welcome(&store, &on("ada", less)).await;
        assert_eq!(kept, [acme]);
        assert_eq!(roles(&store, ada.id).await, owner);
        assert_eq!(told(&store).await.last(), Some(&Action::MemberKeep));
    }
    // One who is switched off is no owner to leave it to.
    let bob = user(&store, 7, "bob@example.com", false).await;
    member(&store, acme, bob, Role::Owner).await;
    let switch = |off: bool| move |user: &mut User| user.disabled_at = off.then_some(NOW);
    noted(&store).change_user(bob, switch(true)).await.unwrap();
    assert_eq!(welcome(&store, &on("ada", &[])).await.2, [acme]);
    noted(&store).change_user(bob, switch(false)).await.unwrap();
    assert_eq!(welcome(&store, &on("ada", &[])).await.2, []);
    assert_eq!(roles(&store, ada.id).await, BTreeMap::new());
}

async fn takes_nothing_away_where_a_name_is_unknown(place: Place) {
    let store = place.open().await;
    let acme = org(&store, 1, "acme").await;
    let (ada, ..) = welcome(&store, &on("ada", &[("acme", Role::Member)])).await;
    let rename = |org: &mut Org| "other".clone_into(&mut org.name);
    noted(&store).change_org(acme, rename).await.unwrap();
    let (_, changed, _) = welcome(&store, &on("ada", &[("acme", Role::Member)])).await;
    assert!(!changed);
    let member = BTreeMap::from([(acme, Role::Member)]);
    assert_eq!(roles(&store, ada.id).await, member);
    // Out of the group, they lose what it gave.
    welcome(&store, &on("ada", &[])).await;
    assert_eq!(roles(&store, ada.id).await, BTreeMap::new());
}

async fn switches_no_last_owner_off(place: Place) {
    let store = place.open().await;
    let (acme, lab) = (org(&store, 1, "acme").await, org(&store, 2, "lab").await);
    let ada = user(&store, 7, "ada@example.com", false).await;
    let bob = user(&store, 8, "bob@example.com", false).await;
    member(&store, acme, ada, Role::Owner).await;
    member(&store, lab, ada, Role::Admin).await;
    let switch = async |id, off: bool| {
        let change = |user: &mut User| user.disabled_at = off.then_some(NOW);
        noted(&store).change_user(id, change).await
    };
    let refused = async |id| match switch(id, true).await {
        Err(StoreError::Conflict { what }) => assert!(what.contains("organization acme"), "{what}"),
        other => panic!("{other:?}"),
    };
    refused(ada).await;
    assert_eq!(store.user(ada).await.unwrap().unwrap().disabled_at, None);
    // An owner who is switched off is none.
    member(&store, acme, bob, Role::Owner).await;
    switch(bob, true).await.unwrap();
    refused(ada).await;
    switch(bob, false).await.unwrap();
    switch(ada, true).await.unwrap();
    // Again changes nothing, and is no matter of owners.
    switch(ada, true).await.unwrap();
    refused(bob).await;
    let off = |org: &mut Org| org.disabled_at = Some(NOW);
    noted(&store).change_org(acme, off).await.unwrap();
    switch(bob, true).await.unwrap();
}

async fn gives_and_takes_administration(place: Place) {
    let store = place.open().await;
    let with = |subject: &str, admin: bool| {
        let mut on = on(subject, &[]);
        on.terms.granted.admin = admin;
        on
    };
    let is_admin = async |id| store.user(id).await.unwrap().unwrap().admin;
    let (ada, ..) = welcome(&store, &with("ada", true)).await;
    assert!(ada.admin && is_admin(ada.id).await);
    let (again, ..) = welcome(&store, &with("ada", false)).await;
    assert!(!again.admin && !is_admin(ada.id).await);
    let change = |admin: bool| move |user: &mut User| user.admin = admin;
    // By hand: it stays, whatever the groups say.
    noted(&store)
        .change_user(ada.id, change(true))
        .await
        .unwrap();
    welcome(&store, &with("ada", false)).await;
    assert!(is_admin(ada.id).await);
    // Taken away by hand: it stays away.
    noted(&store)
        .change_user(ada.id, change(false))
        .await
        .unwrap();
    let (_, changed, _) = welcome(&store, &with("ada", true)).await;
    assert!(!changed && !is_admin(ada.id).await);

    // By the groups, and another change by hand leaves that as it is.
    let mut bob = with("bob", true);
    bob.email = None;
    let (id, ..) = welcome(&store, &bob).await;
    let id = id.id;
    let rename = |user: &mut User| "Bob L.".clone_into(&mut user.name);
    noted(&store).change_user(id, rename).await.unwrap();
    bob.terms.granted.admin = false;
    welcome(&store, &bob).await;
    assert!(!is_admin(id).await);
    bob.terms.granted.admin = true;
    welcome(&store, &bob).await;
    assert!(is_admin(id).await);
    // Said by hand of somebody who has it by the groups: it stays without them.
    let before = store.revision().await.unwrap();
    noted(&store).settle_user(id, change(true)).await.unwrap();
    assert_ne!(store.revision().await.unwrap(), before);
    bob.terms.granted.admin = false;
    welcome(&store, &bob).await;
    assert!(is_admin(id).await);
    // And a plain no, of somebody whom nothing gave it.
    let carl = user(&store, 9, "carl@example.com", false).await;
    noted(&store)
        .settle_user(carl, change(false))
        .await
        .unwrap();
    let mut on_carl = with("carl", true);
    on_carl.email = Some("carl@example.com".to_owned());
    welcome(&store, &on_carl).await;
    assert!(!is_admin(carl).await);
}

async fn gives_nothing_back_that_was_taken_away_by_hand(place: Place) {
    let store = place.open().await;
    let acme = org(&store, 1, "acme").await;
    let orgs = [("acme", Role::Member)];
    let (ada, ..) = welcome(&store, &on("ada", &orgs)).await;
    let remove = async || {
        let store = noted(&store);
        let removed = store.delete_member((acme, ada.id), None, |_, _| Ok::<_, Infallible>(()));
        removed.await.unwrap()
    };
    assert_eq!(remove().await, Ok(true));
    let (_, changed, _) = welcome(&store, &on("ada", &orgs)).await;
    assert!(!changed && roles(&store, ada.id).await.is_empty());
    // Until somebody gives it by hand.
    member(&store, acme, ada.id, Role::Viewer).await;
    welcome(&store, &on("ada", &orgs)).await;
    let by_hand = BTreeMap::from([(acme, Role::Viewer)]);
    assert_eq!(roles(&store, ada.id).await, by_hand);
    assert_eq!(remove().await, Ok(true));
    // Nobody took anything from who was not there.
    assert_eq!(remove().await, Ok(false));
    let mut bob = on("bob", &orgs);
    bob.email = None;
    let (bob, ..) = welcome(&store, &bob).await;
    assert_eq!(roles(&store, bob.id).await.len(), 1);
}

async fn changes_nothing_where_nothing_changes(place: Place) {
    let store = place.open().await;
    org(&store, 1, "acme").await;
    let orgs = [("acme", Role::Member)];
    welcome(&store, &on("ada", &orgs)).await;
    let (before, told_before) = (store.revision().await.unwrap(), told(&store).await);
    let (_, changed, kept) = welcome(&store, &on("ada", &orgs)).await;
    assert!(!changed && kept.is_empty());
    refused(&store, &on("eve", &orgs)).await;
    assert_eq!(store.revision().await.unwrap(), before);
    assert_eq!(told(&store).await, told_before);
}

async fn signs_the_same_person_on_many_times_at_once(place: Place) {
    let store = place.open().await;
    org(&store, 1, "acme").await;
    let mut tasks = tokio::task::JoinSet::new();
    for _ in 0..8 {
        let store = store.clone();
        let on = on("ada", &[("acme", Role::Member)]);
        tasks.spawn(async move { welcome(&store, &on).await.0.id });
    }
    let ids = tasks.join_all().await;
    assert!(ids.iter().all(|id| *id == ids[0]), "{ids:?}");
    assert_eq!(store.all_users().await.unwrap().len(), 1);
    assert_eq!(store.all_members().await.unwrap().len(), 1);
}
