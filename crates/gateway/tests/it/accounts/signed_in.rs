//! Accounts as they are in the store after somebody has signed in.

use std::ops::Range;
use std::path::Path;

use http::Method;
use tollhouse_domain::account::Facts;
use tollhouse_domain::audit::{Action, Actor, Note, Subject, SubjectKind};
use tollhouse_domain::credential::{Credential, CredentialKind, Owner};
use tollhouse_domain::id::CredentialId;
use tollhouse_domain::time::Timestamp;
use tollhouse_gateway::clock;
use tollhouse_store::{AccountRecord, CredentialRecord, DatabaseUrl, Store};
use tollhouse_vault::{Context, DataKeyId, MasterKey, Secret, Vault, WrappedDataKey};
use uuid::Uuid;

use crate::support::client::Client;
use crate::support::{ADMIN, MASTER_KEY, TestGateway};

/// A gateway whose one provider takes accounts.
pub(super) fn configuration(upstream: &str, data_dir: &Path, extra: &str) -> String {
    let vault = "[vault]\nmaster_key = \"env:MASTER\"\n";
    crate::support::configuration(upstream, data_dir, &format!("{extra}\n{vault}")).replace(
        "api_key = \"env:UPSTREAM\"",
        "auth = \"bearer\"\naccount = { authority = \"codex\", header = \"chatgpt-account-id\" }",
    )
}

/// Signs the operator in with accounts `access-N`, and has the gateway know.
pub(super) async fn sign_in(gateway: &TestGateway, accounts: Range<u128>) {
    let url = DatabaseUrl::Sqlite(gateway.data_dir.path().join("tollhouse.db"));
    sign_in_at(&url, accounts).await;
    heed(gateway).await;
}

/// The same in a database that others may use too.
pub(super) async fn sign_in_at(url: &DatabaseUrl, accounts: Range<u128>) {
    let store = Store::open(url).await.unwrap();
    let subject = Subject::of(SubjectKind::Credential);
    let note = Note::new(clock::now(), Actor::SYSTEM, Action::AccountPut, subject);
    let vault = vault(&store).await;
    for n in accounts {
        let record = record(&vault, n);
        store
            .noted(note.clone())
            .put_account(&record, u32::MAX)
            .await
            .unwrap();
    }
    store.close().await;
}

/// Has a gateway read what changed behind its back: it does whenever it changes something itself.
pub(super) async fn heed(gateway: &TestGateway) {
    let client = Client::new(&gateway.url);
    let bearer = format!("Bearer {ADMIN}");
    let headers = [
        ("authorization", bearer.as_str()),
        ("content-type", "application/json"),
    ];
    let body = r#"{"name":"unused"}"#.to_owned();
    let request = client.request(Method::POST, "/api/v1/keys", &headers, body);
    let answer = client.whole(request).await;
    assert!(answer.status.is_success(), "{}", answer.text());
}

async fn vault(store: &Store) -> Vault {
    let rows = store.data_keys().await.unwrap();
    let wrapped: Vec<_> = rows
        .iter()
        .map(|row| WrappedDataKey {
            id: DataKeyId::from_uuid(row.id),
            master: String::from_utf8_lossy(&row.master).parse().unwrap(),
            bytes: row.wrapped.clone(),
        })
        .collect();
    Vault::open(MasterKey::from_base64(MASTER_KEY).unwrap(), &wrapped).unwrap()
}

/// An account of the operator's, sealed as it is stored.
fn record(vault: &Vault, n: u128) -> AccountRecord {
    let now = clock::now();
    let meta = Credential {
        id: CredentialId(Uuid::from_u128(n + 1)),
        owner: Owner::Platform,
        provider: "lab".to_owned(),
        name: format!("account-{n}"),
        kind: CredentialKind::OauthAccount,
        fingerprint: "f".to_owned(),
        configured_at: now,
        enabled: true,
        base_url: None,
        stale_since: None,
        managed: false,
    };
    let tokens = format!(r#"{{"access":"access-{n}","account":"acc-{n}"}}"#);
    let place = Context {
        table: "credentials",
        row: meta.id.0,
        column: "sealed",
    };
    let sealed = vault.seal(&Secret::new(tokens), &place).into_bytes();
    AccountRecord {
        credential: CredentialRecord { meta, sealed },
        facts: Facts {
            issued_at: now,
            expires_at: Timestamp::from_secs(now.as_secs() + 10 * 24 * 3600),
            ..Facts::default()
        },
    }
}
