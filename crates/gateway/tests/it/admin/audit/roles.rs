//! Who may read the audit trail.

use std::convert::Infallible;

use http::Method;
use tollhouse_domain::audit::{Action, Actor, Note, Subject, SubjectKind};
use tollhouse_domain::id::{OrgId, TokenId, UserId};
use tollhouse_domain::limits::Limits;
use tollhouse_domain::tenancy::{Membership, Org, Role, User, UserKind};
use tollhouse_domain::time::Timestamp;
use tollhouse_store::{ApiToken, DatabaseUrl, Store, TokenScope};
use tollhouse_vault::{
    Context, DataKeyId, KeyDigester, MasterKey, Sealed, ServerSecret, Vault, WrappedDataKey,
};
use uuid::Uuid;

use crate::admin::Api;
use crate::support::upstream::ScriptedUpstream;
use crate::support::{MASTER_KEY, TestGateway};

/// Tokens of users who are something in an organization, made behind the gateway's back.
async fn tokens(gateway: &TestGateway) -> Vec<(&'static str, String)> {
    let url = DatabaseUrl::Sqlite(gateway.data_dir.path().join("tollhouse.db"));
    let now = Timestamp::from_secs(1);
    let subject = Subject::of(SubjectKind::User);
    let note = Note::new(now, Actor::OPERATOR, Action::UserCreate, subject);
    let store = Store::open(&url).await.unwrap().noted(note);
    let digester = digester(&store).await;
    let id = |n: u128| Uuid::from_u128(n);
    for (n, name) in [(1, "ours"), (2, "theirs")] {
        let org = Org {
            id: OrgId(id(n)),
            name: name.to_owned(),
            limits: Limits::default(),
            budgets: Vec::new(),
            created_at: now,
            disabled_at: None,
        };
        store.insert_org(&org).await.unwrap();
    }
    let people = [
        ("member", Some((1, Role::Member)), false),
        ("admin", Some((1, Role::Admin)), false),
        ("stranger", Some((2, Role::Owner)), false),
        ("nobody", None, false),
        ("platform", None, true),
    ];
    let mut tokens = Vec::new();
    for ((name, role, admin), n) in people.into_iter().zip(10..) {
        let user = User {
            id: UserId(id(n)),
            kind: UserKind::Person,
            name: name.to_owned(),
            email: None,
            admin,
            limits: Limits::default(),
            budgets: Vec::new(),
            created_at: now,
            disabled_at: None,
        };
        store.insert_user(&user).await.unwrap();
        if let Some((org, role)) = role {
            let (org, user, since) = (OrgId(id(org)), user.id, now);
            let member = Membership {
                org,
                user,
                role,
                since,
            };
            let put = store.put_member(member, None, |_, _| Ok::<_, Infallible>(()));
            put.await.unwrap().unwrap();
        }
        let secret = format!("token-of-{name}-0123456789abcdefghij");
        let token = ApiToken {
            id: TokenId(id(n)),
            user: user.id,
            name: name.to_owned(),
            prefix: String::new(),
            scope: TokenScope::Admin,
            created_at: now,
            expires_at: None,
            revoked_at: None,
            last_used_at: None,
        };
        store
            .insert_token(&token, digester.digest(&secret))
            .await
            .unwrap();
        tokens.push((name, secret));
    }
    store.close().await;
    tokens
}

/// What the gateway digests tokens with, read as it reads it.
async fn digester(store: &Store) -> KeyDigester {
    let rows = store.data_keys().await.unwrap();
    let wrapped: Vec<WrappedDataKey> = rows
        .iter()
        .map(|row| WrappedDataKey {
            id: DataKeyId::from_uuid(row.id),
            master: String::from_utf8_lossy(&row.master).parse().unwrap(),
            bytes: row.wrapped.clone(),
        })
        .collect();
    let vault = Vault::open(MasterKey::from_base64(MASTER_KEY).unwrap(), &wrapped).unwrap();
    let sealed = store
        .sealed_setting("server.secret")
        .await
        .unwrap()
        .unwrap();
    let place = Context {
        table: "sealed_settings",
        row: Uuid::nil(),
        column: "server.secret",
    };
    let secret = vault
        .open_secret(&Sealed::from_bytes(sealed).unwrap(), &place)
        .unwrap();
    ServerSecret::from_secret(&secret).unwrap().key_digester()
}

#[tokio::test]
async fn an_organizations_administrators_see_what_concerns_it_and_no_more() {
    let upstream = ScriptedUpstream::start().await;
    let extra = "[vault]\nmaster_key = \"env:MASTER\"";
    let gateway = TestGateway::start_with(&upstream.url, extra).await;
    let tokens = tokens(&gateway).await;
    let api = Api::new(&gateway);
    // The snapshot is built anew with any change.
    let (id, _) = api.key(r#"{"name":"of nobody"}"#).await;
    api.delete(&format!("/api/v1/keys/{id}")).await;
    let paths = [
        "audit",
        "audit/export",
        "audit/head",
        "audit?org=ours",
        "audit/export?org=ours",
    ];
    // By path: everything, the export of everything, the head, the organization's, its export.
    let expected = [
        ("member", [403, 403, 403, 403, 403]),
        ("admin", [403, 403, 403, 200, 200]),
        ("stranger", [403, 403, 403, 404, 404]),
        ("nobody", [403, 403, 403, 404, 404]),
        ("platform", [200, 200, 200, 200, 200]),
    ];
    for ((name, token), (who, statuses)) in tokens.iter().zip(expected) {
        assert_eq!(*name, who);
        let api = Api::with(&gateway, token);
        for (path, status) in paths.iter().zip(statuses) {
            let answer = api.send(Method::GET, &format!("/api/v1/{path}"), "").await;
            assert_eq!(
                answer.status.as_u16(),
                status,
                "{who} {path}: {}",
                answer.text()
            );
            if who == "admin" && status == 200 {
                assert!(!answer.text().contains("of nobody"), "{path}");
            }
        }
    }
    gateway.stop().await;
}
