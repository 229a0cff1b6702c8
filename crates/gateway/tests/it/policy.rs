//! One table over every route that agents speak: who may not, may not anywhere.

use std::convert::Infallible;

use http::Method;
use tempfile::TempDir;
use tollhouse_domain::audit::{Action, Actor, Note, Subject, SubjectKind};
use tollhouse_domain::id::{OrgId, UserId};
use tollhouse_domain::limits::Limits;
use tollhouse_domain::tenancy::{Membership, Org, Role, User, UserKind};
use tollhouse_domain::time::Timestamp;
use tollhouse_store::{DatabaseUrl, KeyCaps, Store};

use crate::support::client::{Answer, Client};
use crate::support::upstream::ScriptedUpstream;
use crate::support::{ADMIN, KEY, SOON, TestGateway, configuration, virtual_key};

/// A route of the data plane, and what a key that may not use the model, the provider, or the
/// route to the model is told.
struct Route {
    method: Method,
    path: &'static str,
    body: &'static str,
    model_denied: u16,
    provider_denied: u16,
    pattern_denied: u16,
}

const MODEL: &str = r#"{"model":"m","messages":[],"input":"x"}"#;
const BATCH: &str = r#"{"requests":[{"custom_id":"a","params":{"model":"m"}}]}"#;

/// Objects that the key did not make are unknown to it, whatever else it may do; the list of models
/// answers with those that are left.
fn routes() -> Vec<Route> {
    let post = |path, body| Route {
        method: Method::POST,
        path,
        body,
        model_denied: 403,
        provider_denied: 403,
        pattern_denied: 403,
    };
    let other = |method, path, model_denied, provider_denied| Route {
        method,
        path,
        body: "",
        model_denied,
        provider_denied,
        // Like a provider that it may not use: below `/proxy` there are no routes to be allowed.
        pattern_denied: provider_denied,
    };
    vec![
        post("/v1/messages", MODEL),
        post("/v1/messages/count_tokens", MODEL),
        post("/v1/messages/batches", BATCH),
        post("/v1/chat/completions", MODEL),
        post("/v1/embeddings", MODEL),
        post("/v1/responses", MODEL),
        post("/v1/responses/compact", MODEL),
        post("/v1/responses/input_tokens", MODEL),
        post("/proxy/lab/v1/messages", MODEL),
        post("/proxy/lab/v1/chat/completions", MODEL),
        post("/proxy/lab/v1/unheard_of", MODEL),
        // Nothing in it names a model.
        other(Method::GET, "/proxy/lab/v1/files", 200, 403),
        other(Method::GET, "/v1/messages/batches", 404, 404),
        other(Method::GET, "/v1/messages/batches/msgbatch_1", 404, 404),
        other(
            Method::GET,
            "/v1/messages/batches/msgbatch_1/results",
            404,
            404,
        ),
        other(
            Method::POST,
            "/v1/messages/batches/msgbatch_1/cancel",
            404,
            404,
        ),
        other(Method::DELETE, "/v1/messages/batches/msgbatch_1", 404, 404),
        other(Method::GET, "/v1/responses/resp_1", 404, 404),
        other(Method::GET, "/v1/responses/resp_1/input_items", 404, 404),
        other(Method::POST, "/v1/responses/resp_1/cancel", 404, 404),
        other(Method::DELETE, "/v1/responses/resp_1", 404, 404),
        other(Method::GET, "/v1/models", 200, 200),
        other(Method::GET, "/v1/models/m", 404, 404),
    ]
}

/// Asks for `route` with `key`, or with none.
async fn ask(client: &Client, route: &Route, key: Option<&str>, version: bool) -> Answer {
    let mut headers = vec![("x-api-key", key.unwrap_or(""))];
    if version {
        headers.push(("anthropic-version", "2023-06-01"));
    }
    client
        .whole(client.request(route.method.clone(), route.path, &headers, route.body))
        .await
}

async fn admin(client: &Client, method: Method, path: &str, body: &str) -> Answer {
    let bearer = format!("Bearer {ADMIN}");
    let headers = [
        ("authorization", bearer.as_str()),
        ("content-type", "application/json"),
    ];
    client
        .whole(client.request(method, path, &headers, body.to_owned()))
        .await
}

/// A key made by the control plane: its id and its secret.
async fn made(client: &Client, body: &str) -> (String, String) {
    let answer = admin(client, Method::POST, "/api/v1/keys", body).await;
    assert_eq!(answer.status, 201, "{}", answer.text());
    let text = |field: &str| answer.json()[field].as_str().unwrap().to_owned();
    (text("id"), text("secret"))
}

/// Lets a key's time be over, which the control plane has no way to do.
async fn expire(data_dir: &TempDir, id: &str) {
    let store = opened(data_dir).await;
    let keys = store.all_keys_with_digests().await.unwrap();
    let (_, mut key) = keys
        .into_iter()
        .find(|(_, key)| key.id.to_string() == id)
        .unwrap();
    key.expires_at = Some(key.created_at);
    let subject = Subject::id(SubjectKind::Key, key.id);
    let note = Note::new(key.created_at, Actor::OPERATOR, Action::KeyChange, subject);
    let noted = store.noted(note);
    let changed = noted.change_key(key.id, KeyCaps::NONE, |stored| {
        stored.clone_from(&key);
        Ok::<_, Infallible>(())
    });
    changed.await.unwrap().unwrap();
    store.close().await;
}

async fn opened(data_dir: &TempDir) -> Store {
    let url = DatabaseUrl::Sqlite(data_dir.path().join("tollhouse.db"));
    Store::open(&url).await.unwrap()
}

/// A user and an organization that they are a member of.
async fn tenant(data_dir: &TempDir, n: u128) -> (User, Org) {
    let store = opened(data_dir).await;
    let at = Timestamp::from_secs(1_000);
    let user = User {
        id: UserId(uuid::Uuid::from_u128(n)),
        kind: UserKind::Person,
        name: format!("user {n}"),
        email: None,
        admin: false,
        limits: Limits::default(),
        budgets: Vec::new(),
        created_at: at,
        disabled_at: None,
    };
    let org = Org {
        id: OrgId(uuid::Uuid::from_u128(n)),
        name: format!("org-{n}"),
        limits: Limits::default(),
        budgets: Vec::new(),
        created_at: at,
        disabled_at: None,
    };
    let subject = Subject::of(SubjectKind::Org);
    let store = store.noted(Note::new(at, Actor::OPERATOR, Action::OrgCreate, subject));
    store.insert_user(&user).await.unwrap();
    store.insert_org(&org).await.unwrap();
    let member = Membership {
        org: org.id,
        user: user.id,
        role: Role::Member,
        since: at,
    };
    let put = store.put_member(member, None, |_, _| Ok::<_, Infallible>(()));
    put.await.unwrap().unwrap();
    store.close().await;
    (user, org)
}

/// What is done to a tenant, and whether its key works after.
enum Done {
    OwnerOff,
    OrgOff,
    MemberGone,
    MemberViews,
}

async fn undo(data_dir: &TempDir, done: &Done, user: &User, org: &Org) {
    let store = opened(data_dir).await;
    let at = Timestamp::from_secs(2_000);
    let subject = Subject::of(SubjectKind::Org);
    let store = store.noted(Note::new(at, Actor::OPERATOR, Action::OrgChange, subject));
    match done {
        Done::OwnerOff => {
            let mut user = user.clone();
            user.disabled_at = Some(at);
            store
                .change_user(user.id, |stored| stored.clone_from(&user))
                .await
                .unwrap();
        }
        Done::OrgOff => {
            let mut org = org.clone();
            org.disabled_at = Some(at);
            store
                .change_org(org.id, |stored| stored.clone_from(&org))
                .await
                .unwrap();
        }
        Done::MemberGone => {
            let free = |_, _| Ok::<_, Infallible>(());
            let gone = store.delete_member((org.id, user.id), None, free).await;
            assert!(gone.unwrap().unwrap());
        }
        Done::MemberViews => {
            let member = Membership {
                org: org.id,
                user: user.id,
                role: Role::Viewer,
                since: at,
            };
            let put = store.put_member(member, None, |_, _| Ok::<_, Infallible>(()));
            put.await.unwrap().unwrap();
        }
    }
    store.close().await;
}

#[tokio::test]
async fn a_key_stops_with_its_owner_and_its_organization() {
    let upstream = ScriptedUpstream::start().await;
    let gateway = TestGateway::start(&upstream.url).await;
    let client = Client::new(&gateway.url);
    let deeds = [
        Done::OwnerOff,
        Done::OrgOff,
        Done::MemberGone,
        Done::MemberViews,
    ];
    for (n, done) in deeds.iter().enumerate() {
        let (user, org) = tenant(&gateway.data_dir, n as u128 + 1).await;
        // Whatever is written makes the gateway look at what is new.
        let nudge = || made(&client, r#"{"name":"nudge"}"#);
        nudge().await;
        let body = format!(
            r#"{{"name":"k","owner":"{}","org":"{}","credentials":{{"platform":true}}}}"#,
            user.id, org.name
        );
        let (_, secret) = made(&client, &body).await;
        let headers = [("x-api-key", secret.as_str())];
        upstream.json(200, "{}");
        let answer = client.post("/v1/messages", &headers, MODEL).await;
        assert_eq!(answer.status, 200, "{n}: {}", answer.text());
        undo(&gateway.data_dir, done, &user, &org).await;
        nudge().await;
        for route in routes() {
            let answer = ask(&client, &route, Some(&secret), true).await;
            let what = format!("{n} {} {}: {}", route.method, route.path, answer.text());
            assert_eq!(answer.status, 401, "{what}");
            assert_eq!(answer.header("x-should-retry"), Some("false"), "{what}");
        }
        if let Done::OwnerOff | Done::MemberGone | Done::MemberViews = done {
            let refused = admin(&client, Method::POST, "/api/v1/keys", &body).await;
            let expected = if matches!(done, Done::OwnerOff) {
                201
            } else {
                400
            };
            assert_eq!(refused.status, expected, "{}", refused.text());
        }
    }
    gateway.stop().await;
}

#[tokio::test]
async fn every_route_asks_who_and_what() {
    let upstream = ScriptedUpstream::start().await;
    let data_dir = TempDir::new().unwrap();
    let keys = "[[provider]]\nname = \"second\"\nendpoints = { chat = \"http://127.0.0.1:9/v1\" }\n\
        [[key]]\nname = \"models\"\nsecret = \"env:KEY_models\"\nmodels = [\"other\"]\n\
        [[key]]\nname = \"providers\"\nsecret = \"env:KEY_providers\"\nproviders = [\"second\"]\n";
    let elsewhere = "[[route]]\nmodel = \"elsewhere-*\"\ntargets = [ { provider = \"lab\" } ]\n";
    let text = configuration(&upstream.url, data_dir.path(), "") + keys + elsewhere;
    let gateway = TestGateway::from_text(&text, data_dir).await;
    let client = Client::new(&gateway.url);
    let (revoked_id, revoked) = made(&client, r#"{"name":"revoked"}"#).await;
    let (expired_id, expired) = made(&client, r#"{"name":"expired"}"#).await;
    let (_, routed) = made(&client, r#"{"name":"routed","routes":["elsewhere-*"]}"#).await;
    let path = format!("/api/v1/keys/{revoked_id}");
    assert!(
        admin(&client, Method::DELETE, &path, "")
            .await
            .status
            .is_success()
    );
    let data_dir = gateway.stop().await;
    expire(&data_dir, &expired_id).await;
    let gateway = TestGateway::from_text(&text, data_dir).await;
    let client = Client::new(&gateway.url);
    let (unknown, models, providers) = (
        virtual_key("nobody"),
        virtual_key("models"),
        virtual_key("providers"),
    );
    for route in routes() {
        for version in [false, true] {
            for (who, key, status, retry) in [
                ("no key", None, 401, Some("false")),
                ("unknown", Some(&unknown), 401, Some("false")),
                ("revoked", Some(&revoked), 401, Some("false")),
                ("expired", Some(&expired), 401, None),
                ("model", Some(&models), route.model_denied, None),
                ("provider", Some(&providers), route.provider_denied, None),
                ("route", Some(&routed), route.pattern_denied, None),
            ] {
                if status == 200 {
                    upstream.json(200, "{}");
                }
                let answer = ask(&client, &route, key.map(String::as_str), version).await;
                let what = format!("{} {} {who}: {}", route.method, route.path, answer.text());
                assert_eq!(answer.status, status, "{what}");
                assert_eq!(answer.header("x-should-retry"), retry, "{what}");
                assert!(answer.header("x-tollhouse-call").is_some(), "{what}");
            }
        }
    }
    let reached: Vec<_> = upstream
        .seen()
        .iter()
        .map(|seen| seen.line().to_owned())
        .collect();
    assert_eq!(
        reached, ["GET /v1/files HTTP/1.1"; 2],
        "nothing else got through"
    );
    gateway.stop().await;
}

#[tokio::test]
async fn a_revoked_key_stops_at_once() {
    let upstream = ScriptedUpstream::start().await;
    let gateway = TestGateway::start(&upstream.url).await;
    let client = Client::new(&gateway.url);
    let (id, secret) = made(&client, r#"{"name":"short-lived"}"#).await;
    let headers = [("x-api-key", secret.as_str())];
    upstream.json(200, "{}");
    assert_eq!(
        client.post("/v1/messages", &headers, MODEL).await.status,
        200
    );
    let path = format!("/api/v1/keys/{id}");
    assert!(
        admin(&client, Method::DELETE, &path, "")
            .await
            .status
            .is_success()
    );
    let answer = client.post("/v1/messages", &headers, MODEL).await;
    assert_eq!(answer.status, 401, "the very next call");
    assert_eq!(answer.header("x-should-retry"), Some("false"));
    assert_eq!(upstream.seen().len(), 1);
    let calls = tokio::time::timeout(SOON, gateway.calls()).await.unwrap();
    assert_eq!(
        calls.len(),
        1,
        "what was refused before admission leaves no row"
    );
    gateway.stop().await;
}

/// What clients bring of their own, as they send it, and whether it is a sign-in.
const BROUGHT: [(&str, &str, bool); 5] = [
    ("authorization", "Bearer sk-ant-oat01-own-canary", true),
    (
        "authorization",
        "Bearer eyJhbGciOiJSUzI1NiJ9.own-canary",
        true,
    ),
    ("x-api-key", "sk-ant-oat01-own-canary", true),
    ("authorization", "Bearer sk-proj-own-canary", false),
    ("x-api-key", "own-canary", false),
];

/// Subscriptions were said to be off altogether, and those that clients brought went on passing.
#[tokio::test]
async fn the_operator_says_what_clients_may_bring_whatever_their_keys_allow() {
    let upstream = ScriptedUpstream::start().await;
    for (accounts, told, keys, sign_ins) in [
        ("", "any", true, true),
        ("clients = \"api_keys\"", "api_keys", true, false),
        ("clients = \"none\"", "none", false, false),
        ("enabled = false", "api_keys", true, false),
        (
            "enabled = false\nclients = \"any\"",
            "api_keys",
            true,
            false,
        ),
        ("enabled = false\nclients = \"none\"", "none", false, false),
    ] {
        let data_dir = TempDir::new().unwrap();
        let allow = "secret = \"env:KEY\"\ncredentials = { client = true }";
        let accounts = format!("[accounts]\n{accounts}\n");
        let text = configuration(&upstream.url, data_dir.path(), &accounts);
        let text = text.replace("secret = \"env:KEY\"", allow);
        let gateway = TestGateway::from_text(&text, data_dir).await;
        let client = Client::new(&gateway.url);
        let info = admin(&client, Method::GET, "/api/v1/proxy-info", "").await;
        assert_eq!(info.json()["own_credentials"], told, "{accounts}");
        for (header, value, sign_in) in BROUGHT {
            let taken = if sign_in { sign_ins } else { keys };
            let headers = [("x-tollhouse-key", KEY), (header, value)];
            let before = upstream.seen().len();
            for route in routes().iter().filter(|_| !taken) {
                let method = route.method.clone();
                let request = client.request(method, route.path, &headers, route.body);
                let answer = client.whole(request).await;
                let what = format!("{accounts} {value} {}: {}", route.path, answer.text());
                assert_eq!(answer.status, 403, "{what}");
                assert!(answer.text().contains("accounts.clients"), "{what}");
                assert!(!answer.text().contains("canary"), "{what}");
                let error = &answer.json()["error"];
                let known =
                    error["type"] == "permission_error" || error["code"] == "permission_denied";
                assert!(known, "in the caller's envelope: {what}");
            }
            assert_eq!(upstream.seen().len(), before, "{accounts} {value}");
            // A vendor's token is shown to that vendor only, which this provider is not.
            if !taken || value.contains("sk-ant-oat") {
                continue;
            }
            upstream.json(200, "{}");
            let answer = client.post("/v1/messages", &headers, MODEL).await;
            assert_eq!(answer.status, 200, "{accounts} {value}: {}", answer.text());
            assert_eq!(answer.header("x-tollhouse-credential"), Some("client"));
        }
        gateway.stop().await;
    }
}
