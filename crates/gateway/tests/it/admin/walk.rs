//! Every route of the control plane as everybody: strangers, people of another organization, each role,
//! administrators of the installation, and a token that may only read.

use std::collections::BTreeSet;

use bytes::Bytes;
use http::Method;
use serde_json::Value;
use tempfile::TempDir;

use super::Api;
use super::access::documented;
use crate::support::client::Client;
use crate::support::upstream::ScriptedUpstream;
use crate::support::{TestGateway, configuration};

/// Who asks, in the order of the table's columns.
const WHO: [&str; 9] = [
    "anonymous",
    // Signed in, and in no organization.
    "loner",
    // An owner, but of another organization.
    "other",
    "viewer",
    "member",
    "admin",
    "owner",
    // An owner of the organization, with a token that may only read.
    "reader",
    // An administrator of the installation.
    "root",
];

/// A route, what is sent to it, and the status for each of [`WHO`]. `ORG`, `KEY`, … stand for what
/// [`World`] has made: all of it in one organization, the key and the service its member's.
struct Row(Method, &'static str, &'static str, [u16; 9]);

const OPEN: [u16; 9] = [200; 9];
const SIGNED: [u16; 9] = [401, 200, 200, 200, 200, 200, 200, 200, 200];
const IN_ORG: [u16; 9] = [401, 404, 404, 200, 200, 200, 200, 200, 200];

/// Only administrators of the installation: `status` for them.
const fn root(status: u16) -> [u16; 9] {
    [401, 403, 403, 403, 403, 403, 403, 403, status]
}

/// Administrators of the organization and above.
const fn admin(status: u16) -> [u16; 9] {
    [401, 404, 404, 403, 403, status, status, 403, status]
}

/// The member whose it is, and administrators of the organization and above.
const fn own(status: u16) -> [u16; 9] {
    [401, 404, 404, 403, status, status, status, 403, status]
}
const OWN: [u16; 9] = own(200);

/// Everybody who is somebody: the reader looks only.
const fn mine(status: u16) -> [u16; 9] {
    [
        401, status, status, status, status, status, status, 403, status,
    ]
}
const MINE: [u16; 9] = [401, 200, 200, 200, 200, 200, 200, 200, 200];

/// Owners of the organization and above.
const fn owner(status: u16) -> [u16; 9] {
    [401, 404, 404, 403, 403, 403, status, 403, status]
}

#[rustfmt::skip]
#[expect(clippy::too_many_lines, reason = "one line for each route")]
fn table() -> Vec<Row> {
    let (get, post, put, patch, delete) =
        (Method::GET, Method::POST, Method::PUT, Method::PATCH, Method::DELETE);
    let row = |method: &Method, path, body, expected| Row(method.clone(), path, body, expected);
    vec![
        row(&get, "/healthz", "", OPEN),
        row(&get, "/readyz", "", OPEN),
        row(&get, "/metrics", "", OPEN),
        row(&get, "/", "", OPEN),

        row(&get, "/api/v1/orgs", "", SIGNED),
        row(&post, "/api/v1/orgs", r#"{"name":"new"}"#, root(201)),
        row(&get, "/api/v1/orgs/{org}", "", IN_ORG),
        row(&patch, "/api/v1/orgs/{org}", r#"{"name":"renamed"}"#, owner(200)),
        row(&delete, "/api/v1/orgs/{org}", "", owner(204)),
        row(&get, "/api/v1/members", "", SIGNED),
        row(&get, "/api/v1/orgs/{org}/members", "", IN_ORG),
        row(&put, "/api/v1/orgs/{org}/members/{user}", r#"{"role":"member"}"#, admin(200)),
        row(&delete, "/api/v1/orgs/{org}/members/{user}", "", [401, 404, 404, 403, 204, 204, 204, 403, 204]),
        row(&get, "/api/v1/users", "", SIGNED),
        row(&post, "/api/v1/users", r#"{"name":"n","email":"n@example.com"}"#, root(201)),
        row(&post, "/api/v1/session", r#"{"email":"nobody@example.com","password":"x"}"#, [401; 9]),
        row(&post, "/api/v1/session", r#"{"token":"not the administrator's"}"#, [401; 9]),
        row(&get, "/api/v1/session/ways", "", OPEN),
        row(&delete, "/api/v1/session", "", mine(404)),
        row(&post, "/api/v1/device/code", r#"{"name":"laptop"}"#, [200; 9]),
        row(&post, "/api/v1/device/token", r#"{"device_code":"x"}"#, [400; 9]),
        // Pages know sessions alone, and no tokens.
        row(&get, "/signin", "", OPEN),
        row(&get, "/device", "", [303; 9]),
        row(&get, "/api/v1/me", "", SIGNED),
        row(&get, "/api/v1/me/tokens", "", MINE),
        row(&post, "/api/v1/me/tokens", r#"{"name":"t"}"#, mine(201)),
        row(&delete, "/api/v1/me/tokens/{token}", "", [401, 404, 404, 404, 204, 404, 404, 403, 404]),
        row(&put, "/api/v1/me/password", r#"{"current":"not my password","new":"another horse battery"}"#, mine(400)),
        row(&put, "/api/v1/users/{id}/password", r#"{"new":"another horse battery"}"#, [401, 404, 404, 403, 403, 403, 403, 403, 204]),
        row(&get, "/api/v1/users/{id}", "", [401, 404, 404, 200, 200, 200, 200, 200, 200]),
        row(&patch, "/api/v1/users/{id}", r#"{"disabled":false}"#, [401, 404, 404, 403, 403, 403, 403, 403, 200]),
        row(&delete, "/api/v1/users/{id}", "", [401, 404, 404, 403, 403, 403, 403, 403, 204]),
        row(&get, "/api/v1/users/{id}/tokens", "", [401, 404, 404, 403, 200, 403, 403, 403, 200]),
        row(&post, "/api/v1/users/{id}/tokens", r#"{"name":"t"}"#, [401, 404, 404, 403, 201, 403, 403, 403, 201]),
        row(&delete, "/api/v1/users/{id}/tokens/{token}", "", [401, 404, 404, 403, 204, 403, 403, 403, 204]),

        row(&get, "/api/v1/users/{id}/limits", "", [401, 404, 404, 403, 200, 200, 200, 403, 200]),
        row(&get, "/api/v1/orgs/{org}/limits", "", IN_ORG),
        row(&put, "/api/v1/users/{id}/limits", r#"{"limits":{"rpm":5}}"#,
            [401, 404, 404, 403, 403, 403, 403, 403, 200]),
        row(&put, "/api/v1/orgs/{org}/limits", r#"{"limits":{"rpm":5}}"#, admin(200)),
        row(&get, "/api/v1/budgets", "", SIGNED),

        row(&get, "/api/v1/keys", "", SIGNED),
        row(&post, "/api/v1/keys", r#"{"name":"n","org":"here"}"#, [401, 404, 404, 403, 201, 201, 201, 403, 201]),
        row(&get, "/api/v1/keys/{id}", "", IN_ORG),
        row(&patch, "/api/v1/keys/{id}", r#"{"name":"n"}"#, OWN),
        row(&delete, "/api/v1/keys/{id}", "", own(204)),
        // Nobody else has the secret of a key that draws on somebody's own credentials.
        row(&post, "/api/v1/keys/{id}/rotate", "{}", [401, 404, 404, 403, 200, 403, 403, 403, 200]),
        row(&post, "/api/v1/keys/{id}/renew", "{}", own(409)),
        row(&post, "/api/v1/agents/{agent}/bootstrap", r#"{"client":"anthropic-sdk","org":"here","model":"claude-x"}"#,
            // Who administers the installation is not for that a member.
            [401, 404, 404, 403, 201, 201, 201, 403, 403]),

        row(&get, "/api/v1/me/credentials", "", MINE),
        row(&get, "/api/v1/me/credentials/{provider}", "", MINE),
        row(&put, "/api/v1/me/credentials/{provider}", r#"{"api_key":"k"}"#, mine(200)),
        row(&delete, "/api/v1/me/credentials/{provider}", "", mine(204)),
        row(&get, "/api/v1/orgs/{org}/credentials", "", IN_ORG),
        row(&get, "/api/v1/orgs/{org}/credentials/{provider}", "", IN_ORG),
        row(&put, "/api/v1/orgs/{org}/credentials/{provider}", r#"{"api_key":"k"}"#, admin(200)),
        row(&delete, "/api/v1/orgs/{org}/credentials/{provider}", "", admin(204)),
        row(&get, "/api/v1/credentials/{id}", "", IN_ORG),
        row(&patch, "/api/v1/credentials/{id}", r#"{"enabled":false}"#, admin(200)),
        row(&post, "/api/v1/credentials/{id}/test", "", admin(200)),
        row(&delete, "/api/v1/credentials/{id}", "", admin(204)),
        row(&get, "/api/v1/platform/credentials", "", root(200)),
        row(&get, "/api/v1/platform/credentials/{provider}", "", root(200)),
        row(&put, "/api/v1/platform/credentials/{provider}?name=new", r#"{"api_key":"k"}"#, root(200)),
        row(&delete, "/api/v1/platform/credentials/{provider}?name=new", "", root(204)),

        row(&get, "/api/v1/accounts", "", MINE),
        row(&post, "/api/v1/accounts/login", r#"{"provider":"plan","flow":"browser"}"#, mine(201)),
        // Whoever began it, and who administers the installation: who looks, and gives it up.
        row(&get, "/api/v1/accounts/login/{id}", "", [401, 404, 404, 404, 200, 404, 404, 404, 200]),
        row(&post, "/api/v1/accounts/login/{id}/code", r#"{"code":"a#b"}"#,
            [401, 404, 404, 404, 400, 404, 404, 403, 404]),
        row(&delete, "/api/v1/accounts/login/{id}", "", [401, 404, 404, 404, 204, 404, 404, 403, 204]),
        row(&post, "/api/v1/accounts/import",
            r#"{"provider":"plan","auth_json":{"access_token":"a","refresh_token":"another"},"consent":true}"#, mine(200)),
        row(&get, "/api/v1/accounts/{id}", "", admin(200)),
        row(&post, "/api/v1/accounts/{id}/pause", "", admin(200)),
        row(&post, "/api/v1/accounts/{id}/resume", "", admin(200)),
        row(&post, "/api/v1/accounts/{id}/wake", "", admin(200)),
        row(&post, "/api/v1/accounts/{id}/refresh", "", admin(200)),
        row(&delete, "/api/v1/accounts/{id}", "", admin(204)),

        row(&get, "/api/v1/providers", "", SIGNED),
        row(&put, "/api/v1/providers/{name}", r#"{"endpoints":{"chat":"https://example.com/v1"}}"#, root(200)),
        row(&delete, "/api/v1/providers/{name}", "", root(204)),
        row(&get, "/api/v1/routes", "", root(200)),
        row(&put, "/api/v1/routes", r#"{"data":[]}"#, root(200)),
        row(&post, "/api/v1/routes/dry-run", r#"{"protocol":"chat","model":"m"}"#, root(200)),
        row(&post, "/api/v1/routes/dry-run", r#"{"protocol":"chat","model":"m","key":"{key}"}"#, OWN),
        row(&post, "/api/v1/routes/dry-run", r#"{"protocol":"chat","model":"m","key":"{key}","routes":[]}"#, root(200)),
        row(&get, "/api/v1/models", "", SIGNED),
        row(&get, "/api/v1/prices", "", SIGNED),
        row(&put, "/api/v1/prices", r#"{"prices":[{"model":"m","usd_per_million":{"input":"1"},"source":"s"}]}"#, root(200)),
        // Nobody has set any here.
        row(&delete, "/api/v1/prices?model=m", "", root(404)),
        row(&post, "/api/v1/prices/import", "{}", root(200)),
        row(&get, "/api/v1/proxy-info", "", SIGNED),
        row(&get, "/api/v1/audit", "", root(200)),
        row(&get, "/api/v1/audit?org=here", "", admin(200)),
        row(&get, "/api/v1/audit/export", "", root(200)),
        row(&get, "/api/v1/audit/head", "", root(200)),

        row(&get, "/api/v1/calls", "", SIGNED),
        row(&get, "/api/v1/calls/{id}", "", IN_ORG),
        row(&get, "/api/v1/calls/{id}/capture", "", OWN),
        row(&delete, "/api/v1/calls/{id}/capture", "", admin(204)),
        row(&get, "/api/v1/calls/export?format=jsonl", "", SIGNED),
        row(&get, "/api/v1/sessions", "", SIGNED),
        row(&get, "/api/v1/sessions/{id}", "", IN_ORG),
        row(&get, "/api/v1/sessions/{id}/transcript", "", OWN),
        row(&get, "/api/v1/usage", "", SIGNED),
        row(&get, "/api/v1/live", "", SIGNED),
    ]
}

/// An organization with somebody in each role, another one, and tokens for all of them.
struct World {
    upstream: ScriptedUpstream,
    gateway: TestGateway,
    root: Api,
    names: Vec<(&'static str, String)>,
    tokens: Vec<String>,
}

impl World {
    async fn new() -> Self {
        let upstream = ScriptedUpstream::start().await;
        let data_dir = TempDir::new().unwrap();
        let text = configuration(&upstream.url, data_dir.path(), "");
        let text = text
            + "[capture]\nbodies = \"full\"\n[accounts]\nallow_organization = true\n[[provider]]\n\
               name = \"plan\"\nendpoints = { responses = \"http://127.0.0.1:9\" }\n\
               account = { authority = \"codex\" }\n\
               [accounts.authority.codex]\nbase = \"http://127.0.0.1:9\"";
        let gateway = TestGateway::from_text(&text, data_dir).await;
        let root = Api::new(&gateway);
        let mut world = Self {
            upstream,
            gateway,
            root,
            names: Vec::new(),
            tokens: Vec::new(),
        };
        world.populate().await;
        world
    }

    async fn populate(&mut self) {
        let org = self.made("/api/v1/orgs", r#"{"name":"here"}"#).await;
        let elsewhere = self.made("/api/v1/orgs", r#"{"name":"elsewhere"}"#).await;
        let mut member = String::new();
        for who in &WHO[1..] {
            let is_root = *who == "root";
            let body =
                format!(r#"{{"name":"{who}","email":"{who}@example.com","admin":{is_root}}}"#);
            let user = self.made("/api/v1/users", &body).await;
            let (place, role) = match *who {
                "other" => (Some(&elsewhere), "owner"),
                "viewer" | "member" | "admin" | "owner" => (Some(&org), *who),
                "reader" => (Some(&org), "owner"),
                _ => (None, ""),
            };
            if let Some(place) = place {
                let path = format!("/api/v1/orgs/{place}/members/{user}");
                let answer = self
                    .root
                    .put(&path, &format!(r#"{{"role":"{role}"}}"#))
                    .await;
                assert_eq!(answer.status, 200, "{}", answer.text());
            }
            let scope = if *who == "reader" { "read" } else { "admin" };
            let path = format!("/api/v1/users/{user}/tokens");
            let body = format!(r#"{{"name":"t","scope":"{scope}"}}"#);
            let token = self.root.post(&path, &body).await.json();
            self.tokens
                .push(token["secret"].as_str().unwrap().to_owned());
            if *who == "member" {
                member = user.clone();
                self.names
                    .push(("{token}", token["id"].as_str().unwrap().to_owned()));
            }
        }
        self.accounts().await;
        self.names.push(("{agent}", "builder".to_owned()));
        let path = format!("/api/v1/orgs/{org}/credentials/lab");
        let kept = self.root.put(&path, r#"{"api_key":"kept"}"#).await.json();
        let kept = kept["id"].as_str().unwrap();
        self.names
            .push(("/credentials/{id}", format!("/credentials/{kept}")));
        self.names.push(("{provider}", "lab".to_owned()));
        self.names.push(("{name}", "another".to_owned()));
        self.names.push(("{org}", org));
        self.names.push(("{user}", member.clone()));
        self.names.push(("/users/{id}", format!("/users/{member}")));
        self.call(&member).await;
    }

    /// An account of the organization's, and the member signing in with one.
    async fn accounts(&mut self) {
        let body = r#"{"provider":"plan","owner":"here","consent":true,
            "auth_json":{"access_token":"a","refresh_token":"r"}}"#;
        let kept = self.root.post("/api/v1/accounts/import", body).await.json();
        let id = kept["account"]["id"].as_str().unwrap();
        let (login, body) = (
            "/accounts/login/{id}",
            r#"{"provider":"plan","flow":"browser"}"#,
        );
        let account = ("/accounts/{id}", format!("/accounts/{id}"));
        let at = WHO.iter().position(|who| *who == "member").unwrap() - 1;
        let member = Api::with(&self.gateway, &self.tokens[at]);
        let begun = member.post("/api/v1/accounts/login", body).await.json();
        let id = begun["id"].as_str().unwrap();
        let login = (login, format!("/accounts/login/{id}"));
        self.names.extend([login, account]);
    }

    /// A call with a key of the member's, for the record.
    async fn call(&mut self, member: &str) {
        let org = self.name("{org}");
        let body = format!(
            r#"{{"name":"k","owner":"{member}","org":"{org}","credentials":{{"platform":true}}}}"#
        );
        let (key, secret) = self.root.key(&body).await;
        assert_eq!(self.root.call(&self.upstream, &secret, "m").await, 200);
        let call = self.root.get("/api/v1/calls?limit=1").await["data"][0].clone();
        let text = |name: &str| call[name].as_str().unwrap().to_owned();
        self.names
            .push(("/calls/{id}", format!("/calls/{}", text("id"))));
        self.names
            .push(("/sessions/{id}", format!("/sessions/{}", text("session"))));
        self.names.push(("/keys/{id}", format!("/keys/{key}")));
        self.names.push(("{key}", key));
    }

    fn name(&self, what: &str) -> String {
        self.names
            .iter()
            .find(|(name, _)| *name == what)
            .unwrap()
            .1
            .clone()
    }

    async fn made(&self, path: &str, body: &str) -> String {
        let answer = self.root.post(path, body).await;
        assert_eq!(answer.status, 201, "{path}: {}", answer.text());
        answer.json()["id"].as_str().unwrap().to_owned()
    }

    /// The path with names in place of what stands for them.
    fn path(&self, template: &str) -> String {
        let names = self.names.iter();
        names.fold(template.to_owned(), |path, (name, value)| {
            path.replace(name, value)
        })
    }

    async fn ask(&self, row: &Row, who: usize) -> (u16, String) {
        let client = Client::new(&self.gateway.url);
        let authorization = who
            .checked_sub(1)
            .map(|at| format!("Bearer {}", self.tokens[at]));
        let mut headers: Vec<(&str, &str)> = Vec::new();
        headers.extend(
            authorization
                .as_deref()
                .map(|value| ("authorization", value)),
        );
        if !row.2.is_empty() {
            headers.push(("content-type", "application/json"));
        }
        let body = Bytes::from(self.path(row.2));
        let request = client.request(row.0.clone(), &self.path(row.1), &headers, body);
        if row.1.ends_with("/test") {
            self.upstream.json(200, "{}");
        }
        if row.1 == "/api/v1/live" {
            // It goes on for ever; its head is enough.
            let status = client.send(request).await.status().as_u16();
            let text = r#"{"error":{"message":""}}"#;
            return (status, text.to_owned());
        }
        let answer = client.whole(request).await;
        (answer.status.as_u16(), answer.text())
    }
}

/// In parts, because each row that changes something starts with a world of its own.
const PARTS: usize = 4;

#[tokio::test]
async fn every_route_asks_who_is_there_and_what_they_may() {
    walk(0).await;
}

#[tokio::test]
async fn so_does_the_second_part() {
    walk(1).await;
}

#[tokio::test]
async fn so_does_the_third_part() {
    walk(2).await;
}

#[tokio::test]
async fn so_does_the_fourth_part() {
    walk(3).await;
}

async fn walk(part: usize) {
    let mut wrong = Vec::new();
    for row in table().into_iter().skip(part).step_by(PARTS) {
        let changes = row.0 != Method::GET;
        let mut world = World::new().await;
        for (who, name) in WHO.iter().enumerate() {
            let (status, text) = world.ask(&row, who).await;
            if status != row.3[who] {
                wrong.push(format!(
                    "{} {} as {}: {status}, not {}: {text}",
                    row.0, row.1, name, row.3[who]
                ));
            }
            if status >= 400 {
                let body: Value = serde_json::from_str(&text).unwrap_or_default();
                assert!(
                    body["error"]["message"].is_string(),
                    "{} {}: {text}",
                    row.0,
                    row.1
                );
            }
            // What was changed must not stand in the next one's way.
            if changes && status < 300 && who + 1 < WHO.len() {
                std::mem::replace(&mut world, World::new().await)
                    .gateway
                    .stop()
                    .await;
            }
        }
        world.gateway.stop().await;
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[tokio::test]
async fn no_route_is_missing_from_the_table() {
    let world = World::new().await;
    let known: BTreeSet<_> = table()
        .into_iter()
        .map(|row| {
            (
                row.0.to_string(),
                row.1.split('?').next().unwrap().replace(['{', '}'], ""),
            )
        })
        .collect();
    let documented = documented(&world.root.client).await;
    let missing: Vec<_> = documented
        .into_iter()
        .map(|(method, path)| (method.to_string(), path))
        .filter(|route| !known.contains(route))
        .collect();
    assert!(missing.is_empty(), "{missing:#?}");
    world.gateway.stop().await;
}
