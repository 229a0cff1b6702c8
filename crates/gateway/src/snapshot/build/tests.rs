use tollhouse_domain::account::Facts;
use tollhouse_domain::audit::{Action, Actor, Note, Subject, SubjectKind};
use tollhouse_domain::credential::{Credential, CredentialKind, CredentialPolicy, Owner};
use tollhouse_domain::id::{CredentialId, KeyId, OrgId, UserId};
use tollhouse_domain::key::{KeyKind, VirtualKey};
use tollhouse_domain::limits::Limits;
use tollhouse_domain::own::Brought;
use tollhouse_domain::time::Timestamp;
use tollhouse_store::{AccountRecord, CredentialRecord, DatabaseUrl};
use tollhouse_vault::{MasterKey, ServerSecret};
use uuid::Uuid;

use super::*;
use crate::accounts::tokens::Tokens;
use crate::snapshot::Pool;
use crate::start::place;

const RULES: Rules = Rules {
    accounts: true,
    of_organizations: false,
    brought: Brought::Any,
};

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
    let zero = first(&store, &vault, Arc::clone(&digester), RULES)
        .await
        .unwrap();
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

/// An account of `owner`, sealed as it is stored.
async fn put_account(store: &Store, vault: &Vault, n: u128, owner: Owner) {
    let meta = Credential {
        id: CredentialId(Uuid::from_u128(n)),
        owner,
        provider: "chatgpt".to_owned(),
        name: "default".to_owned(),
        kind: CredentialKind::OauthAccount,
        fingerprint: "f".to_owned(),
        configured_at: Timestamp(0),
        enabled: true,
        base_url: None,
        stale_since: None,
        managed: false,
    };
    let mut tokens = Tokens::default();
    tokens.access = format!("access-{n}");
    tokens.account = Some(format!("acc-{n}"));
    let sealed = vault.seal(&tokens.secret(), &place(&meta)).into_bytes();
    let credential = CredentialRecord { meta, sealed };
    let facts = Facts::default();
    let record = AccountRecord { credential, facts };
    store.put_account(&record, u32::MAX).await.unwrap();
}

#[tokio::test]
async fn accounts_serve_their_holders_as_far_as_they_are_allowed() {
    let dir = tempfile::tempdir().unwrap();
    let url = DatabaseUrl::Sqlite(dir.path().join("db"));
    let store = Store::open(&url).await.unwrap().noted(note());
    let (vault, _) = Vault::create(MasterKey::generate());
    let user = Owner::User(UserId(Uuid::from_u128(1)));
    let org = Owner::Org(OrgId(Uuid::from_u128(2)));
    for (n, owner) in [(1, user), (2, org), (3, Owner::Platform)] {
        put_account(&store, &vault, n, owner).await;
    }
    let built = async |accounts, of_organizations| {
        let digester = Arc::new(ServerSecret::generate().key_digester());
        let rules = Rules {
            accounts,
            of_organizations,
            ..RULES
        };
        first(&store, &vault, digester, rules).await.unwrap()
    };
    let usable = |pool: Option<&Pool>| {
        let pool = pool?;
        assert_ne!(pool.idle.is_some(), !pool.members.is_empty());
        Some(pool.members.len())
    };
    for (accounts, of_organizations, expected) in [
        (true, false, [Some(1), Some(0), None, Some(1)]),
        (true, true, [Some(1), Some(1), None, Some(1)]),
        (false, true, [Some(0), Some(0), None, Some(0)]),
    ] {
        let snapshot = built(accounts, of_organizations).await;
        let credentials = snapshot.credentials();
        let found = [
            usable(credentials.pool(user, "chatgpt")),
            usable(credentials.pool(org, "chatgpt")),
            // The operator's own is not among what the platform lends.
            usable(credentials.pool(Owner::Platform, "chatgpt")),
            usable(credentials.operators("chatgpt")),
        ];
        assert_eq!(found, expected, "{accounts} {of_organizations}");
    }
    let snapshot = built(true, false).await;
    let pool = snapshot.credentials().pool(user, "chatgpt").unwrap();
    let open = &pool.members[0];
    assert_eq!(open.bearer(), "Bearer access-1");
    let account = open.account.as_ref().unwrap();
    assert_eq!(account.name.as_ref().unwrap(), "acc-1");
    assert_eq!(account.facts.generation, 1);
    assert_eq!(snapshot.credentials().accounts().count(), 2);
    // Out of use it serves nobody, and is refreshed all the same.
    store.enable_credential(open.id, false).await.unwrap();
    let snapshot = built(true, false).await;
    assert_eq!(
        usable(snapshot.credentials().pool(user, "chatgpt")),
        Some(0)
    );
    assert_eq!(snapshot.credentials().accounts().count(), 2);
}
