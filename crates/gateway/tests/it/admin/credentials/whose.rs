//! Whose credential a call draws on: every combination by a table, and random people by a property.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use http::StatusCode;
use proptest::prelude::Rng;
use proptest::test_runner::{RngAlgorithm, TestRng};
use tollhouse_domain::credential::{CredentialKind, CredentialSource};

use super::people::{Somebody, call, drawn, enable, made, path, put, secret, shared, somebody};
use crate::admin::{ANSWER, Api, started};
use crate::support::TestGateway;
use crate::support::upstream::ScriptedUpstream;

/// How an owner's credential stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Has {
    Nothing,
    Ready,
    Disabled,
}

const SOURCES: [&str; 3] = ["user", "org", "platform"];

/// A key, and which of [`SOURCES`] it may draw on.
struct Key {
    secret: String,
    may: [bool; 3],
}

/// A key for every owner, organization and policy that there is.
async fn keys(api: &Api, user: &str) -> Vec<Key> {
    let mut keys = Vec::new();
    for bits in 0..32u8 {
        let bit = |at: u8| bits & (1 << at) != 0;
        let (mine, inside) = (bit(3), bit(4));
        let mut body = format!(
            r#"{{"name":"k","credentials":{{"user":{},"org":{},"platform":{}}}"#,
            bit(0),
            bit(1),
            bit(2)
        );
        if mine {
            write!(body, r#","owner":"{user}""#).unwrap();
        }
        if inside {
            body += r#","org":"acme""#;
        }
        let (_, secret) = api.key(&(body + "}")).await;
        let may = [mine && bit(0), inside && bit(1), bit(2)];
        keys.push(Key { secret, may });
    }
    keys
}

/// Brings an owner's credential to where the table wants it.
async fn bring(api: &Api, place: &str, has: Has) {
    match has {
        Has::Nothing => {
            let removed = api.delete(&path(place, "default")).await;
            assert_eq!(removed.status, StatusCode::NO_CONTENT);
        }
        Has::Ready | Has::Disabled => {
            let secret = format!("sk-of-{}", place.replace('/', "-"));
            let stored = put(api, place, "default", &secret).await;
            enable(api, stored["id"].as_str().unwrap(), has == Has::Ready).await;
        }
    }
}

#[tokio::test]
async fn the_first_owner_who_has_any_is_drawn_on_and_nobody_else() {
    let (upstream, gateway, api) = started().await;
    shared(&api, &upstream).await;
    made(&api, "/api/v1/orgs", r#"{"name":"acme"}"#).await;
    let ada = somebody(&gateway, &api, "ada", &[("acme", "admin")]).await;
    let keys = keys(&api, &ada.id).await;
    let places = [
        (&ada.api, "me"),
        (&ada.api, "orgs/acme"),
        (&api, "platform"),
    ];
    let all = [Has::Nothing, Has::Ready, Has::Disabled];
    let mut drew = BTreeMap::new();
    for at in 0..27 {
        let has = [all[at % 3], all[at / 3 % 3], all[at / 9]];
        for ((api, place), has) in places.iter().zip(has) {
            bring(api, place, has).await;
        }
        for key in &keys {
            let first = (0..3).find(|n| key.may[*n] && has[*n] != Has::Nothing);
            let expected = first.filter(|n| has[*n] == Has::Ready);
            let before = upstream.seen().len();
            if expected.is_some() {
                upstream.json(200, ANSWER);
            }
            let answer = call(&api, &key.secret, "talk").await;
            let text = answer.text();
            let case = format!("{has:?} {:?}: {text}", key.may);
            let Some(expected) = expected else {
                assert_eq!(answer.status, StatusCode::FAILED_DEPENDENCY, "{case}");
                assert_eq!(text.contains("switched off"), first.is_some(), "{case}");
                assert_eq!(upstream.seen().len(), before, "{case}");
                continue;
            };
            assert_eq!(answer.status, StatusCode::OK, "{case}");
            let source = answer.header("x-tollhouse-credential");
            assert_eq!(source, Some(SOURCES[expected]), "{case}");
            let place = places[expected].1.replace('/', "-");
            assert_eq!(secret(&upstream.last()), format!("sk-of-{place}"), "{case}");
            let id = answer.header("x-tollhouse-call").unwrap().to_owned();
            drew.insert(id, SOURCES[expected]);
        }
    }
    assert!(drew.len() > 200, "{}", drew.len());
    let rows = gateway.calls().await;
    assert_eq!(rows.len(), 27 * keys.len());
    for row in rows {
        let noted = row.credential_source.map(CredentialSource::as_str);
        assert_eq!(noted, drew.get(&row.id.to_string()).copied());
        assert_eq!(row.credential_id.is_some(), noted.is_some());
        let key = noted.map(|_| CredentialKind::ApiKey);
        assert_eq!(row.credential_kind, key);
    }
    gateway.stop().await;
}

#[tokio::test]
async fn a_token_that_was_made_for_one_source_never_draws_on_another() {
    let (upstream, gateway, api) = started().await;
    shared(&api, &upstream).await;
    made(&api, "/api/v1/orgs", r#"{"name":"acme"}"#).await;
    let ada = somebody(&gateway, &api, "ada", &[("acme", "admin")]).await;
    put(&ada.api, "orgs/acme", "default", "sk-of-acme").await;
    put(&api, "platform", "default", "sk-of-platform").await;
    put(&ada.api, "me", "default", "sk-of-ada").await;
    let wanted = r#"{"client":"openai-sdk","model":"shared-model","org":"acme"}"#;
    let token = made(&ada.api, "/api/v1/agents/a/bootstrap", wanted).await;
    assert_eq!(token["credential_source"], "user");
    let token = token["token"].as_str().unwrap();
    assert_eq!(drawn(&api, &upstream, token, "t").await, "sk-of-ada");
    ada.api.delete(&path("me", "default")).await;
    let refused = call(&api, token, "t").await;
    assert_eq!(refused.status, StatusCode::FAILED_DEPENDENCY);
    assert_eq!(upstream.seen().len(), 1);
    gateway.stop().await;
}

#[tokio::test]
async fn an_organizations_key_is_refused_as_ones_own() {
    let (_upstream, gateway, api) = started().await;
    assert_eq!(
        api.put("/api/v1/providers/anthropic", "{}").await.status,
        StatusCode::OK
    );
    made(&api, "/api/v1/orgs", r#"{"name":"acme"}"#).await;
    let ada = somebody(&gateway, &api, "ada", &[("acme", "admin")]).await;
    let at = |place: &str| format!("/api/v1/{place}/credentials/anthropic");
    let shared = r#"{"api_key":"sk-ant-of-acme"}"#;
    assert_eq!(
        ada.api.put(&at("orgs/acme"), shared).await.status,
        StatusCode::OK
    );
    for body in [shared, r#"{"api_key":"sk-ant-admin01-x"}"#] {
        let refused = ada.api.put(&at("me"), body).await;
        assert_eq!(refused.status, StatusCode::FORBIDDEN, "{body}");
        assert!(refused.text().contains("organization"));
        assert_eq!(ada.api.get(&at("me")).await["configured"], false);
    }
    let nobodys = api.put(&at("me"), r#"{"api_key":"sk-ant-x"}"#).await;
    assert_eq!(nobodys.status, StatusCode::FORBIDDEN);
    gateway.stop().await;
}

/// Numbers at random.
struct Dice(TestRng);

impl Dice {
    fn below(&mut self, count: usize) -> usize {
        usize::try_from(self.0.next_u32()).unwrap() % count
    }
}

/// Somebody, an organization or the platform, in a world that changes at random.
struct Owner {
    place: String,
    /// Whose token changes it.
    by: usize,
    source: CredentialSource,
    /// By name: the secret, the id, and whether it is switched on.
    rows: BTreeMap<String, (String, String, bool)>,
}

/// Users, organizations and keys between them; what each key may draw on, first choice first.
struct World {
    apis: Vec<Api>,
    owners: Vec<Owner>,
    keys: Vec<(String, Vec<usize>)>,
    serial: usize,
}

const USERS: usize = 4;
const ORGS: usize = 2;
const PLATFORM: usize = USERS + ORGS;

impl World {
    async fn new(gateway: &TestGateway, root: Api, dice: &mut Dice) -> Self {
        let owner = |place: String, by, source| Owner {
            place,
            by,
            source,
            rows: BTreeMap::new(),
        };
        for org in 0..ORGS {
            made(&root, "/api/v1/orgs", &format!(r#"{{"name":"org{org}"}}"#)).await;
        }
        let (mut apis, mut ids, mut owners) = (Vec::new(), Vec::new(), Vec::new());
        for user in 0..USERS {
            let org = format!("org{}", user % ORGS);
            let name = format!("user{user}");
            let Somebody { id, api } = somebody(gateway, &root, &name, &[(&org, "admin")]).await;
            owners.push(owner("me".into(), user, CredentialSource::User));
            apis.push(api);
            ids.push(id);
        }
        for org in 0..ORGS {
            owners.push(owner(format!("orgs/org{org}"), org, CredentialSource::Org));
        }
        owners.push(owner("platform".into(), USERS, CredentialSource::Platform));
        let mut keys = Vec::new();
        for _ in 0..24 {
            let user = dice.below(USERS);
            let [by_user, by_org, by_platform] = [(); 3].map(|()| dice.below(2) > 0);
            let (mine, inside) = (dice.below(5) > 0, dice.below(5) > 0);
            let mut body = format!(
                r#"{{"name":"k","credentials":{{"user":{by_user},"org":{by_org},"platform":{by_platform}}}"#
            );
            if mine {
                write!(body, r#","owner":"{}""#, ids[user]).unwrap();
            }
            if inside {
                write!(body, r#","org":"org{}""#, user % ORGS).unwrap();
            }
            let (_, secret) = root.key(&(body + "}")).await;
            let may = [
                (mine && by_user).then_some(user),
                (inside && by_org).then_some(USERS + user % ORGS),
                by_platform.then_some(PLATFORM),
            ];
            keys.push((secret, may.into_iter().flatten().collect()));
        }
        apis.push(root);
        Self {
            apis,
            owners,
            keys,
            serial: 0,
        }
    }

    /// One change at random: a new secret, a switch, a removal.
    async fn change(&mut self, dice: &mut Dice) {
        let at = dice.below(self.owners.len());
        let owner = &mut self.owners[at];
        let api = &self.apis[owner.by];
        let name = ["default", "b", "c"][dice.below(3)];
        match (dice.below(5), owner.rows.get_mut(name)) {
            (0, Some(_)) => {
                api.delete(&path(&owner.place, name)).await;
                owner.rows.remove(name);
            }
            (1, Some((_, id, on))) => {
                *on = !*on;
                enable(api, id, *on).await;
            }
            (_, Some((_, _, false))) => {}
            (_, Some(_) | None) => {
                self.serial += 1;
                let secret = format!("sk-canary-{at}-{name}-{}", self.serial);
                let stored = put(api, &owner.place, name, &secret).await;
                let id = stored["id"].as_str().unwrap().to_owned();
                owner.rows.insert(name.to_owned(), (secret, id, true));
            }
        }
    }

    /// One call at random, answered at random; holds what reached the upstream against what may.
    async fn call(&self, upstream: &ScriptedUpstream, dice: &mut Dice) -> Option<CredentialSource> {
        let (key, may) = &self.keys[dice.below(self.keys.len())];
        let session = format!("talk{}", dice.below(6));
        let status = [200, 200, 200, 200, 401, 429, 500][dice.below(7)];
        let before = upstream.seen().len();
        upstream.json(status, ANSWER);
        let answer = call(&self.apis[USERS], key, &session).await;
        let seen = upstream.seen().split_off(before);
        assert!(seen.len() <= 2, "at most one retry");
        let first = may.iter().find(|at| !self.owners[**at].rows.is_empty());
        for request in &seen {
            let owner = &self.owners[*first.expect("somebody's credential")];
            let sent = secret(request);
            let whose = owner
                .rows
                .values()
                .any(|(known, _, on)| *on && *known == sent);
            assert!(
                whose,
                "{sent} is not a working credential of {}",
                owner.place
            );
            assert!(!request.head.contains("th-"), "no key of ours");
            let said = answer.header("x-tollhouse-credential");
            assert_eq!(said, Some(owner.source.as_str()));
        }
        assert!(!answer.text().contains("sk-canary"));
        assert!(!format!("{:?}", answer.headers).contains("sk-canary"));
        first
            .filter(|_| !seen.is_empty())
            .map(|at| self.owners[*at].source)
    }
}

#[tokio::test]
async fn nobodys_credential_serves_another_whatever_happens() {
    let (upstream, gateway, root) = started().await;
    shared(&root, &upstream).await;
    // Another seed is another world; this one is the same every time.
    let mut dice = Dice(TestRng::from_seed(RngAlgorithm::ChaCha, &[7; 32]));
    let mut world = World::new(&gateway, root, &mut dice).await;
    let mut served = BTreeMap::new();
    for _ in 0..600 {
        if dice.below(3) == 0 {
            world.change(&mut dice).await;
        } else if let Some(source) = world.call(&upstream, &mut dice).await {
            *served.entry(source.as_str()).or_insert(0) += 1;
        }
    }
    assert_eq!(served.len(), 3, "{served:?}");
    assert!(served.values().all(|count| *count > 20), "{served:?}");
    let kinds: BTreeMap<&str, CredentialSource> = (world.owners.iter())
        .flat_map(|owner| {
            owner
                .rows
                .values()
                .map(|(_, id, _)| (id.as_str(), owner.source))
        })
        .collect();
    for row in gateway.calls().await {
        let known = row.credential_id.map(|id| id.to_string());
        if let Some(source) = known.and_then(|id| kinds.get(id.as_str()).copied()) {
            assert_eq!(row.credential_source, Some(source));
        }
        assert!(!serde_json::to_string(&row).unwrap().contains("sk-canary"));
    }
    for at in 0..=USERS {
        let mine = if at == USERS { "platform" } else { "me" };
        let list = format!("/api/v1/{mine}/credentials");
        assert!(
            !world.apis[at]
                .get(&list)
                .await
                .to_string()
                .contains("sk-canary")
        );
    }
    let trail = world.apis[USERS].get("/api/v1/audit?limit=1000").await;
    assert!(!trail.to_string().contains("sk-canary"));

    gateway.stop().await;
}

#[tokio::test]
async fn one_that_is_off_stops_the_search_for_the_maker_of_a_response_too() {
    let (upstream, gateway, root) = started().await;
    let body = format!(r#"{{"endpoints":{{"responses":"{}/v1"}}}}"#, upstream.url);
    let placed = root.put("/api/v1/providers/shared", &body).await;
    assert_eq!(placed.status, StatusCode::OK, "{}", placed.text());
    let routes = r#"{"data":[{"model":"shared-*","targets":[{"provider":"shared"}]}]}"#;
    assert_eq!(
        root.put("/api/v1/routes", routes).await.status,
        StatusCode::OK
    );
    made(&root, "/api/v1/orgs", r#"{"name":"acme"}"#).await;
    let ann = somebody(&gateway, &root, "ann", &[("acme", "member")]).await;
    put(&root, "orgs/acme", "default", "sk-of-acme").await;
    let (_, key) = ann.api.key(r#"{"name":"k","org":"acme"}"#).await;
    let headers = [("x-tollhouse-key", key.as_str())];
    let answer = r#"{"id":"resp_1","object":"response","model":"m","status":"completed","output":[],
        "usage":{"input_tokens":3,"output_tokens":9}}"#;
    upstream.json(200, answer);
    let body = r#"{"model":"shared-model","input":"x"}"#;
    let response = ann.api.client.post("/v1/responses", &headers, body).await;
    assert_eq!(response.status, StatusCode::OK, "{}", response.text());
    let mine = put(&ann.api, "me", "default", "sk-of-ann").await;
    for (enabled, expected) in [
        (true, StatusCode::OK),
        (false, StatusCode::FAILED_DEPENDENCY),
    ] {
        enable(&ann.api, mine["id"].as_str().unwrap(), enabled).await;
        if enabled {
            upstream.json(200, answer);
        }
        let found = ann.api.client.get("/v1/responses/resp_1", &headers).await;
        assert_eq!(found.status, expected, "{}", found.text());
        if enabled {
            assert_eq!(secret(&upstream.last()), "sk-of-acme", "who made it");
        }
    }
    gateway.stop().await;
}

/// A key of ann's for a model that `provider`, placed so, serves at `upstream`.
async fn local(gateway: &TestGateway, root: &Api, url: &str, more: &str) -> (Api, String, String) {
    let body = format!(r#"{{"endpoints":{{"chat":"{url}/v1"}},"auth":"none"{more}}}"#);
    let placed = root.put("/api/v1/providers/local", &body).await;
    assert_eq!(placed.status, StatusCode::OK, "{}", placed.text());
    let routes = r#"{"data":[{"model":"shared-model","targets":[{"provider":"local"}]}]}"#;
    let put = root.put("/api/v1/routes", routes).await;
    assert_eq!(put.status, StatusCode::OK);
    made(root, "/api/v1/orgs", r#"{"name":"acme"}"#).await;
    let ann = somebody(gateway, root, "ann", &[("acme", "member")]).await;
    let (id, key) = ann.api.key(r#"{"name":"k","org":"acme"}"#).await;
    (ann.api, id, key)
}

#[tokio::test]
async fn a_server_that_wants_no_credential_is_open_to_every_key() {
    let (upstream, gateway, root) = started().await;
    let (ann, _, key) = local(&gateway, &root, &upstream.url, "").await;
    upstream.json(200, ANSWER);
    let answer = call(&ann, &key, "talk").await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text());
    assert_eq!(answer.header("x-tollhouse-credential"), None);
    assert!(upstream.last().header("authorization").is_empty());
    let row = gateway.calls().await.remove(0);
    assert_eq!((row.credential_source, row.credential_kind), (None, None));
    let headers = [("x-tollhouse-key", key.as_str())];
    upstream.json(200, "{}");
    let answer = ann.client.get("/proxy/local/v1/models", &headers).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text());
    gateway.stop().await;
}

#[tokio::test]
async fn a_closed_server_is_for_keys_that_draw_on_the_platform() {
    let (upstream, gateway, root) = started().await;
    let (ann, id, key) = local(&gateway, &root, &upstream.url, r#","open":false"#).await;
    let headers = [("x-tollhouse-key", key.as_str())];
    let denied = call(&ann, &key, "talk").await;
    assert_eq!(denied.status, StatusCode::FORBIDDEN, "{}", denied.text());
    assert!(denied.text().contains("local"), "{}", denied.text());
    let denied = ann.client.get("/proxy/local/v1/models", &headers).await;
    assert_eq!(denied.status, StatusCode::FORBIDDEN);
    let listed = ann.client.get("/v1/models", &headers).await;
    assert!(!listed.text().contains("shared-model"), "{}", listed.text());
    assert!(upstream.seen().is_empty());
    let lent = r#"{"credentials":{"platform":true}}"#;
    let lent = root.patch(&format!("/api/v1/keys/{id}"), lent).await;
    assert_eq!(lent.status, StatusCode::OK, "{}", lent.text());
    let listed = ann.client.get("/v1/models", &headers).await;
    assert!(listed.text().contains("shared-model"), "{}", listed.text());
    upstream.json(200, ANSWER);
    assert_eq!(call(&ann, &key, "talk").await.status, StatusCode::OK);
    assert!(upstream.last().header("authorization").is_empty());
    gateway.stop().await;
}
