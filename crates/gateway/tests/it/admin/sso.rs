//! Single sign-on at an identity provider that is sound, away, or lies.

mod closed;

use std::fmt::Write as _;

use http::{Method, StatusCode};
use serde_json::{Value, json};
use tempfile::TempDir;

use super::Api;
use super::credentials::people::somebody;
use crate::replicas::Database;
use crate::support::client::{Answer, Client};
use crate::support::idp::{CLIENT, Idp, Trick};
use crate::support::upstream::ScriptedUpstream;
use crate::support::{TestGateway, configuration};

const MAPPING: &str = r#"mapping = [
    { group = "tower", org = "acme", role = "owner" },
    { group = "gate", org = "acme", role = "member" },
    { group = "gate", org = "lab", role = "viewer" },
    { group = "root", admin = true },
]"#;

/// The lines that have a gateway sign people in at `issuer`.
fn lines(issuer: &str, more: &str) -> String {
    let said = ["mapping", "domains", "new_accounts"];
    let open = said.iter().all(|word| !more.contains(word));
    let open = if open { "new_accounts = true" } else { "" };
    format!(
        "public_url = \"http://localhost:7878\"\n[oidc]\nissuer = \"{issuer}\"\n\
         client_id = \"{CLIENT}\"\nclient_secret = \"env:UPSTREAM_idp\"\n{open}\n{more}\n"
    )
}

/// A provider, and a gateway with two organizations that trusts it.
struct World {
    idp: Idp,
    _upstream: ScriptedUpstream,
    gateway: TestGateway,
    api: Api,
}

impl World {
    async fn new(more: &str) -> Self {
        let idp = Idp::start().await;
        let issuer = idp.url.clone();
        Self::trusting(idp, &issuer, more).await
    }

    async fn trusting(idp: Idp, issuer: &str, more: &str) -> Self {
        let upstream = ScriptedUpstream::start().await;
        let gateway = TestGateway::start_with(&upstream.url, &lines(issuer, more)).await;
        let api = Api::new(&gateway);
        for name in ["acme", "lab"] {
            let body = json!({ "name": name }).to_string();
            let made = api.post("/api/v1/orgs", &body).await;
            assert_eq!(made.status, StatusCode::CREATED);
        }
        Self {
            idp,
            _upstream: upstream,
            gateway,
            api,
        }
    }

    /// The whole way of somebody with these claims: the last answer of the gateway.
    async fn sign_on(&self, claims: &Value) -> Answer {
        let away = Away::begin(&self.gateway, "/oidc/start").await;
        let query = self.idp.authorize(&away.url, claims);
        back(&self.gateway, &query, &away.cookie).await
    }

    /// The same for somebody who gets in: their session's cookie and what `/me` says of them.
    async fn enter(&self, claims: &Value) -> (String, Value) {
        let answer = self.sign_on(claims).await;
        let cookie = session(&answer);
        (cookie.clone(), me(&self.gateway, &cookie).await.json())
    }

    /// What the trail has of an action, newest first.
    async fn trail(&self, action: &str) -> Vec<Value> {
        let path = format!("/api/v1/audit?action={action}&limit=50");
        let found = self.api.get(&path).await;
        found["data"].as_array().unwrap().clone()
    }

    /// Why the last one was not let in, by the trail.
    async fn reason(&self) -> String {
        let refused = self.trail("session.refuse").await;
        let newest = refused
            .first()
            .map_or(&Value::Null, |entry| &entry["detail"]);
        newest["reason"].as_str().unwrap_or_default().to_owned()
    }
}

/// A browser that was sent to the provider.
struct Away {
    url: String,
    cookie: String,
}

impl Away {
    async fn begin(gateway: &TestGateway, path: &str) -> Self {
        let answer = get(gateway, path, "").await;
        assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.text());
        let cookie = answer.header("set-cookie").unwrap();
        let (pair, attributes) = cookie.split_once("; ").unwrap();
        assert_eq!(attributes, "Path=/; Max-Age=600; HttpOnly; SameSite=Lax");
        Self {
            url: answer.header("location").unwrap().to_owned(),
            cookie: pair.to_owned(),
        }
    }
}

async fn get(gateway: &TestGateway, path: &str, cookie: &str) -> Answer {
    let client = Client::new(&gateway.url);
    // `x-tollhouse-key` only keeps the test's client from adding a key of its own.
    let headers = [("cookie", cookie), ("x-tollhouse-key", "none")];
    let request = client.request(Method::GET, path, &headers, bytes::Bytes::new());
    client.whole(request).await
}

async fn back(gateway: &TestGateway, query: &str, cookie: &str) -> Answer {
    get(gateway, &format!("/oidc/callback?{query}"), cookie).await
}

async fn me(gateway: &TestGateway, cookie: &str) -> Answer {
    get(gateway, "/api/v1/me", cookie).await
}

/// The session's cookie of an answer that lets somebody in.
fn session(answer: &Answer) -> String {
    assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.text());
    let set = answer.headers.get_all("set-cookie").iter();
    let set: Vec<&str> = set.map(|value| value.to_str().unwrap()).collect();
    let [session, forget] = set[..] else {
        panic!("{set:?}");
    };
    assert!(
        forget.starts_with("tollhouse-oidc=; Path=/; Max-Age=0;"),
        "{forget}"
    );
    let (pair, attributes) = session.split_once("; ").unwrap();
    assert_eq!(attributes, "Path=/; Max-Age=604800; HttpOnly; SameSite=Lax");
    assert!(pair.starts_with("tollhouse="), "{pair}");
    pair.to_owned()
}

/// A page that says that somebody was not signed in, and gives no session.
fn page(answer: &Answer, status: u16, says: &str) {
    let text = answer.text();
    assert_eq!(answer.status.as_u16(), status, "{text}");
    assert!(text.contains(says), "{says}: {text}");
    assert_eq!(
        answer.header("content-type"),
        Some("text/html; charset=utf-8")
    );
    let policy = answer.header("content-security-policy").unwrap();
    assert!(policy.starts_with("default-src 'none'"), "{policy}");
    assert_eq!(answer.header("referrer-policy"), Some("same-origin"));
    let mut set = answer.headers.get_all("set-cookie").iter();
    assert!(set.all(|value| !value.to_str().unwrap().starts_with("tollhouse=")));
}

fn ada(groups: &[&str]) -> Value {
    json!({
        "email": "Ada@Example.com", "email_verified": true, "name": "Ada", "groups": groups,
    })
}

/// The organizations of somebody, and what they are there.
fn orgs(me: &Value) -> String {
    let orgs = me["user"]["orgs"].as_array().unwrap().iter();
    let mut orgs: Vec<String> = orgs
        .map(|org| {
            let text = |name: &str| org[name].as_str().unwrap();
            format!("{}:{}", text("name"), text("role"))
        })
        .collect();
    orgs.sort();
    orgs.join(" ")
}

#[tokio::test]
async fn groups_give_and_take() {
    let world = World::new(MAPPING).await;
    let (_, me) = world.enter(&ada(&["gate", "unknown"])).await;
    assert_eq!(me["user"]["email"], "ada@example.com");
    assert_eq!(me["user"]["name"], "Ada");
    assert_eq!(me["scope"], "admin");
    assert_eq!(orgs(&me), "acme:member lab:viewer");
    let id = me["user"]["id"].as_str().unwrap().to_owned();
    for (groups, expected, admin) in [
        (&["gate", "tower"][..], "acme:owner lab:viewer", false),
        (&["tower", "root"], "acme:owner", true),
        // Nobody else owns it.
        (&["gate"], "acme:owner lab:viewer", false),
        (&[], "acme:owner", false),
    ] {
        let (_, me) = world.enter(&ada(groups)).await;
        assert_eq!(me["user"]["id"], id.as_str());
        assert_eq!(orgs(&me), expected, "{groups:?}");
        assert_eq!(me["user"]["admin"], admin, "{groups:?}");
    }
    // Another provider's word for her is the same one's here only.
    let mut bob = ada(&["tower"]);
    bob["sub"] = json!("bob");
    bob["email"] = json!("bob@example.com");
    world.enter(&bob).await;
    let (_, me) = world.enter(&ada(&[])).await;
    assert_eq!(orgs(&me), "");

    for (action, count) in [
        ("user.create", 2),
        ("member.keep", 2),
        ("session.open", 7),
        ("session.refuse", 0),
    ] {
        let entries = world.trail(action).await;
        assert_eq!(entries.len(), count, "{action}: {entries:?}");
    }
    let created = &world.trail("user.create").await[1];
    assert_eq!(created["actor"]["id"], id.as_str());
    assert_eq!(created["detail"]["via"], "sso");
    world.gateway.stop().await;
}

#[tokio::test]
async fn a_name_that_groups_lead_to_is_the_installations_to_give() {
    let world = World::new(MAPPING).await;
    let other = r#"{"name":"other"}"#;
    let made = world.api.post("/api/v1/orgs", other).await;
    assert_eq!(made.status, StatusCode::CREATED);
    let places = [("acme", "owner"), ("other", "owner")];
    let ann = somebody(&world.gateway, &world.api, "ann", &places).await;
    for (org, name, status) in [
        ("acme", "elsewhere", StatusCode::FORBIDDEN),
        ("acme", "acme", StatusCode::OK),
        ("other", "gate", StatusCode::OK),
        ("gate", "other", StatusCode::OK),
    ] {
        let path = format!("/api/v1/orgs/{org}");
        let body = json!({ "name": name }).to_string();
        let put = ann.api.patch(&path, &body).await;
        assert_eq!(put.status, status, "{org} as {name}");
    }
    // Once the name is free, it is still nobody's to take.
    let aside = r#"{"name":"aside"}"#;
    let moved = world.api.patch("/api/v1/orgs/acme", aside).await;
    assert_eq!(moved.status, StatusCode::OK);
    let taken = ann.api.patch("/api/v1/orgs/other", r#"{"name":"acme"}"#);
    assert_eq!(taken.await.status, StatusCode::FORBIDDEN);
    world.gateway.stop().await;
}

#[tokio::test]
async fn an_address_is_a_tie_only_where_it_is_known_to_be_theirs() {
    let world = World::new("").await;
    let make = async |body: Value| {
        let made = world.api.post("/api/v1/users", &body.to_string()).await;
        assert_eq!(made.status, StatusCode::CREATED, "{}", made.text());
        made.json()["id"].as_str().unwrap().to_owned()
    };
    let known = make(json!({"name": "Ada", "email": "ada@example.com", "org": "lab"})).await;
    make(json!({"name": "Root", "email": "root@example.com", "admin": true})).await;
    for verified in [json!(false), json!("true"), Value::Null] {
        let mut claims = ada(&[]);
        claims["sub"] = json!(format!("unverified {verified}"));
        claims["email_verified"] = verified;
        let (_, me) = world.enter(&claims).await;
        assert_ne!(me["user"]["id"], known.as_str());
        assert_eq!(me["user"]["email"], Value::Null);
        assert_eq!(orgs(&me), "");
    }
    let (_, me) = world.enter(&ada(&[])).await;
    assert_eq!(me["user"]["id"], known.as_str());
    assert_eq!(orgs(&me), "lab:member");
    assert_eq!(world.trail("user.link").await.len(), 1);

    let mut other = ada(&[]);
    other["sub"] = json!("eve");
    page(
        &world.sign_on(&other).await,
        403,
        "somebody else signs in to",
    );
    assert_eq!(world.reason().await, "address_taken");
    let mut root = ada(&[]);
    root["sub"] = json!("root");
    root["email"] = json!("root@example.com");
    page(
        &world.sign_on(&root).await,
        403,
        "administrator of this installation",
    );
    assert_eq!(world.reason().await, "administrator");
    world.gateway.stop().await;
}

#[tokio::test]
async fn who_is_switched_off_or_has_no_place_stays_out() {
    let world = World::new(MAPPING).await;
    page(
        &world.sign_on(&ada(&["nothing"])).await,
        403,
        "none of your groups",
    );
    assert_eq!(world.reason().await, "no_group");
    // Which stranger it was: the SHA-256 of `ada`.
    let refused = &world.trail("session.refuse").await[0]["detail"];
    let expected = "fdee430d40bd57deeac186cd9790033d0f06f909a8806e7ce6e717ab7c7d5029";
    assert_eq!(refused["subject"], expected);
    let (cookie, me_before) = world.enter(&ada(&["gate"])).await;
    let path = format!(
        "/api/v1/users/{}",
        me_before["user"]["id"].as_str().unwrap()
    );
    assert_eq!(world.api.delete(&path).await.status, StatusCode::NO_CONTENT);
    assert_eq!(
        me(&world.gateway, &cookie).await.status,
        StatusCode::UNAUTHORIZED
    );
    page(
        &world.sign_on(&ada(&["gate", "root"])).await,
        403,
        "switched off",
    );
    assert_eq!(world.reason().await, "switched_off");
    let user = world.api.get(&path).await;
    assert_eq!(user["admin"], false);
    world.gateway.stop().await;
}

#[tokio::test]
async fn only_a_token_of_the_providers_for_us_now_and_here_counts() {
    let world = World::new("").await;
    let secret = crate::support::upstream_key("idp");
    let old = json!({"iat": 1_000_000, "exp": 1_000_300});
    let claims = [
        json!({"iss": "https://evil.example"}),
        json!({"aud": "another"}),
        json!({"aud": [CLIENT, "another"]}),
        json!({"azp": "another"}),
        json!({"nonce": "another"}),
        json!({"nonce": null}),
        json!({"sub": ""}),
        json!({"sub": null}),
        old,
    ];
    for changes in &claims {
        let answer = world.sign_on(changes).await;
        page(&answer, 502, "cannot be believed");
        assert_eq!(world.reason().await, "token", "{changes}");
        assert!(!answer.text().contains("evil"), "{}", answer.text());
    }
    for (header, signature) in [
        (json!({"alg": "none"}), Some("")),
        (json!({"alg": "HS256"}), None),
        (json!({"alg": "HS256"}), Some(secret.as_str())),
        (json!({}), Some("AAAA")),
        (json!({"alg": "RS256"}), None),
    ] {
        {
            let mut state = world.idp.state();
            state.header = header.clone();
            state.signature = signature.map(str::to_owned);
        }
        page(&world.sign_on(&ada(&[])).await, 502, "cannot be believed");
        assert_eq!(world.reason().await, "token", "{header}");
    }
    let users = world.api.get("/api/v1/users").await;
    assert_eq!(users["data"], json!([]));
    world.gateway.stop().await;
}

#[tokio::test]
async fn an_answer_is_for_one_attempt_of_one_browser() {
    let world = World::new("").await;
    let gateway = &world.gateway;
    let (mine, other) = (
        Away::begin(gateway, "/oidc/start").await,
        Away::begin(gateway, "/oidc/start").await,
    );
    let query = world.idp.authorize(&mine.url, &ada(&[]));
    let foreign = query.replace("iss=", "iss=https%3A%2F%2Fevil.example%2F");
    let (unnamed, _) = query.split_once("&iss=").unwrap();
    let (name, value) = mine.cookie.split_once('=').unwrap();
    let (start, end) = value.split_at(value.len() / 2);
    let other_one = if end.starts_with('A') { 'B' } else { 'A' };
    let broken = format!("{name}={start}{other_one}{}", &end[1..]);
    let twice = format!("{}; {}", mine.cookie, other.cookie);
    let plain = format!("{name}=a.b.c.1");
    for (query, cookie, says) in [
        (query.as_str(), "", "has run out"),
        (query.as_str(), other.cookie.as_str(), "has run out"),
        (query.as_str(), twice.as_str(), "has run out"),
        (query.as_str(), broken.as_str(), "has run out"),
        (query.as_str(), plain.as_str(), "has run out"),
        (foreign.as_str(), mine.cookie.as_str(), "does not belong"),
        (unnamed, mine.cookie.as_str(), "does not belong"),
        ("", mine.cookie.as_str(), "has run out"),
    ] {
        page(&back(gateway, query, cookie).await, 400, says);
    }
    assert_eq!(world.idp.count("/token"), 0);
    let state = query
        .split('&')
        .find(|pair| pair.starts_with("state="))
        .unwrap();
    let refused = format!(
        "{state}&iss={}&error=access_denied&error_description=%3Cb%3E",
        world.idp.url
    );
    let answer = back(gateway, &refused, &mine.cookie).await;
    page(&answer, 403, "did not let you in");
    assert!(!answer.text().contains("<b>"));
    assert_eq!(world.reason().await, "refused_there");

    session(&back(gateway, &query, &mine.cookie).await);
    // Not even the provider is asked about another answer to the same attempt.
    let noted = world.trail("session.refuse").await.len();
    let junk = query.replace("code=", "code=junk-");
    for again in [&query, &junk] {
        page(
            &back(gateway, again, &mine.cookie).await,
            400,
            "has run out",
        );
    }
    assert_eq!(world.idp.count("/token"), 1);
    assert_eq!(world.trail("session.refuse").await.len(), noted);
    world.gateway.stop().await;
}

#[tokio::test]
async fn goes_on_to_our_own_pages_alone() {
    let world = World::new("").await;
    for (next, expected) in [
        ("", "/dashboard/"),
        ("?next=/", "/"),
        ("?next=/device%3Fcode%3DBCDF-GHJK", "/device?code=BCDF-GHJK"),
        ("?next=//evil.example", "/dashboard/"),
        ("?next=https://evil.example", "/dashboard/"),
        ("?next=/%5Cevil.example", "/dashboard/"),
        ("?next=.evil.example", "/dashboard/"),
        ("?next=@evil.example", "/dashboard/"),
        ("?next=/a%0d%0aset-cookie:b", "/dashboard/"),
    ] {
        let away = Away::begin(&world.gateway, &format!("/oidc/start{next}")).await;
        let query = world.idp.authorize(&away.url, &ada(&[]));
        let answer = back(&world.gateway, &query, &away.cookie).await;
        session(&answer);
        let location = answer.header("location").unwrap();
        assert_eq!(
            location,
            format!("http://localhost:7878{expected}"),
            "{next}"
        );
    }
    world.gateway.stop().await;
}

#[tokio::test]
async fn a_provider_that_misbehaves_signs_nobody_in() {
    const DISCOVERY: &str = "/.well-known/openid-configuration";
    let elsewhere = Idp::start().await;
    let mut huge = String::from("{\"a\":\"");
    huge.extend(std::iter::repeat_n('a', 256 << 10));
    huge.push_str("\"}");
    let redirect = format!("location: {}{DISCOVERY}\r\n", elsewhere.url);
    let says = |status, more: &str, body: &str| Trick::Says(status, more.into(), body.into());
    let tricks = [
        (DISCOVERY, says(200, "", &huge)),
        (DISCOVERY, says(302, &redirect, "")),
        (DISCOVERY, says(500, "", "")),
        (DISCOVERY, says(200, "", "<html>")),
        ("/keys", says(200, "", &huge)),
        ("/keys", says(200, "", "[]")),
    ];
    for (path, trick) in tricks {
        let world = World::new("").await;
        world.idp.state().tricks.insert(path, trick);
        let answer = get(&world.gateway, "/oidc/start", "").await;
        page(&answer, 502, "does not answer as it should");
        // Nobody asks again at once, and the gateway is as well as before.
        let asked = world.idp.count(DISCOVERY);
        page(
            &get(&world.gateway, "/oidc/start", "").await,
            502,
            "does not answer",
        );
        assert_eq!(world.idp.count(DISCOVERY), asked);
        let ready = get(&world.gateway, "/readyz", "").await;
        assert_eq!(ready.status, StatusCode::OK);
        world.gateway.stop().await;
    }
    for document in [
        json!({"issuer": "https://evil.example"}),
        json!({"token_endpoint": "http://evil.example/token"}),
        json!({"jwks_uri": null}),
    ] {
        let world = World::new("").await;
        world.idp.state().document = document;
        page(
            &get(&world.gateway, "/oidc/start", "").await,
            502,
            "does not answer",
        );
        world.gateway.stop().await;
    }
    assert_eq!(elsewhere.count(DISCOVERY), 0);
}

#[tokio::test]
async fn a_token_endpoint_that_misbehaves_signs_nobody_in() {
    let says = |status, body: &str| Trick::Says(status, String::new(), body.to_owned());
    let mut huge = String::from("{\"id_token\":\"");
    huge.extend(std::iter::repeat_n('a', 256 << 10));
    huge.push_str("\"}");
    let world = World::new("").await;
    for (trick, reason) in [
        (says(200, "{}"), "code"),
        (says(200, r#"{"id_token":"a"}"#), "token"),
        (says(200, &huge), "code"),
        (says(400, r#"{"error":"invalid_grant"}"#), "code"),
        (says(302, ""), "code"),
    ] {
        world.idp.state().tricks.insert("/token", trick);
        let answer = world.sign_on(&ada(&[])).await;
        assert_eq!(answer.status, StatusCode::BAD_GATEWAY);
        assert_eq!(world.reason().await, reason);
    }
    world.gateway.stop().await;
}

#[tokio::test]
async fn a_provider_that_is_away_holds_up_nobody_else() {
    let idp = Idp::start().await;
    // Nobody listens on a port that was given back.
    let port = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let issuer = format!("http://{}", port.local_addr().unwrap());
    drop(port);
    let world = World::trusting(idp, &issuer, "").await;
    page(
        &get(&world.gateway, "/oidc/start", "").await,
        502,
        "does not answer",
    );
    let ready = get(&world.gateway, "/readyz", "").await;
    assert_eq!(ready.status, StatusCode::OK);
    world.gateway.stop().await;
}

#[tokio::test]
async fn a_provider_that_says_nothing_is_not_waited_for() {
    const DISCOVERY: &str = "/.well-known/openid-configuration";
    let world = World::new("").await;
    world.idp.state().tricks.insert(DISCOVERY, Trick::Hangs);
    let asked = async {
        while world.idp.count(DISCOVERY) == 0 {
            tokio::task::yield_now().await;
        }
        // From here on, waiting takes no time.
        tokio::time::pause();
        tokio::time::Instant::now()
    };
    let (answer, began) = tokio::join!(get(&world.gateway, "/oidc/start", ""), asked);
    page(&answer, 502, "does not answer as it should");
    let took = began.elapsed().as_secs();
    assert!((9..=11).contains(&took), "{took}");
    tokio::time::resume();
    world.gateway.stop().await;
}

#[tokio::test]
async fn another_replica_takes_the_browser_back() {
    let Some(database) = Database::new("sso") else {
        return;
    };
    let (idp, upstream) = (Idp::start().await, ScriptedUpstream::start().await);
    let start = async || {
        let data_dir = TempDir::new().unwrap();
        let oidc = lines(&idp.url, MAPPING);
        let extra = format!(
            "database = \"{}\"\n{oidc}[vault]\nmaster_key = \"env:MASTER\"",
            database.url()
        );
        let text = configuration(&upstream.url, data_dir.path(), &extra);
        TestGateway::from_text(&text, data_dir).await
    };
    let (one, two) = (start().await, start().await);
    let made = Api::new(&one)
        .post("/api/v1/orgs", r#"{"name":"acme"}"#)
        .await;
    assert_eq!(made.status, StatusCode::CREATED);
    let away = Away::begin(&one, "/oidc/start").await;
    let query = idp.authorize(&away.url, &ada(&["tower"]));
    let cookie = session(&back(&two, &query, &away.cookie).await);
    assert_eq!(orgs(&me(&two, &cookie).await.json()), "acme:owner");
    // At once: whoever is new here is known from their first request on.
    assert_eq!(me(&one, &cookie).await.status, StatusCode::OK);
    one.stop().await;
    two.stop().await;
}

#[tokio::test]
async fn new_keys_are_asked_for_once_in_a_while() {
    let world = World::new("").await;
    world.enter(&ada(&[])).await;
    assert_eq!(world.idp.count("/keys"), 1);
    world.idp.state().kid = ["two".to_owned(), "two".to_owned()];
    world.enter(&ada(&[])).await;
    assert_eq!(world.idp.count("/keys"), 2);
    world.idp.state().kid = ["three".to_owned(), "two".to_owned()];
    for _ in 0..5 {
        page(&world.sign_on(&ada(&[])).await, 502, "cannot be believed");
    }
    assert_eq!(world.idp.count("/keys"), 2);
    world.gateway.stop().await;
}

#[tokio::test]
async fn shows_who_we_are_in_the_way_that_the_provider_takes() {
    for (methods, status) in [
        (json!(["client_secret_post"]), 303),
        (json!(["client_secret_basic", "client_secret_post"]), 303),
        (json!(["private_key_jwt"]), 502),
    ] {
        let world = World::new("").await;
        world.idp.state().document = json!({"token_endpoint_auth_methods_supported": methods});
        let answer = world.sign_on(&ada(&[])).await;
        assert_eq!(answer.status.as_u16(), status, "{methods}");
        world.gateway.stop().await;
    }
}

#[tokio::test]
async fn passwords_can_be_switched_off() {
    for (allowed, status) in [(true, StatusCode::OK), (false, StatusCode::FORBIDDEN)] {
        let world = World::new(&format!("allow_password = {allowed}")).await;
        let body = r#"{"name":"Ada","email":"ada@example.com"}"#;
        let made = world.api.post("/api/v1/users", body).await.json();
        let path = format!("/api/v1/users/{}/password", made["id"].as_str().unwrap());
        let password = json!({"new": "correct horse battery"}).to_string();
        let set = world.api.put(&path, &password).await;
        assert_eq!(set.status, StatusCode::NO_CONTENT);
        let body = json!({"email": "ada@example.com", "password": "correct horse battery"});
        let ways = get(&world.gateway, "/api/v1/session/ways", "").await.json();
        let expected = json!({"password": allowed, "sso": true, "token": true});
        assert_eq!(ways, expected);
        let answer = world.api.post("/api/v1/session", &body.to_string()).await;
        assert_eq!(answer.status, status, "{}", answer.text());
        assert_eq!(answer.header("set-cookie").is_some(), allowed);
        // By single sign-on they come in either way, and the administrator's token works.
        world.enter(&ada(&[])).await;
        world.gateway.stop().await;
    }
}

#[tokio::test]
async fn one_address_comes_so_often() {
    let world = World::new("").await;
    let mut statuses = String::new();
    for _ in 0..62 {
        let answer = get(&world.gateway, "/oidc/callback", "").await;
        let _ = write!(statuses, "{} ", answer.status.as_u16());
    }
    assert!(statuses.ends_with("400 429 429 "), "{statuses}");
    let answer = get(&world.gateway, "/oidc/start", "").await;
    page(&answer, 429, "too many attempts");
    assert!(answer.header("retry-after").is_some());
    world.gateway.stop().await;
}
