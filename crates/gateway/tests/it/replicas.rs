//! Two and three gateways on one PostgreSQL.

use std::process::Command;
use std::time::{Duration, Instant};

use http::{Method, StatusCode};
use tempfile::TempDir;

use crate::support::client::Client;
use crate::support::upstream::ScriptedUpstream;
use crate::support::{ADMIN, SOON, TestGateway, configuration};

/// A database in PostgreSQL, gone when this is.
struct Database {
    server: String,
    name: String,
}

impl Database {
    /// `None`, and a word about it, when no server is given.
    fn new(test: &str) -> Option<Self> {
        #[expect(clippy::disallowed_methods, reason = "a test binary has no other edge")]
        let Ok(server) = std::env::var("TEST_DATABASE_URL") else {
            #[expect(clippy::print_stderr, reason = "a test left out should be seen to be")]
            {
                eprintln!("skipped: TEST_DATABASE_URL is not set");
            }
            return None;
        };
        let name = format!("tollhouse_{test}_{}", std::process::id());
        psql(&server, &format!("CREATE DATABASE {name}"));
        Some(Self { server, name })
    }

    fn url(&self) -> String {
        let (server, _) = self.server.rsplit_once('/').unwrap();
        format!("{server}/{}", self.name)
    }

    fn execute(&self, sql: &str) {
        psql(&self.url(), &format!("SET search_path TO tollhouse; {sql}"));
    }

    /// A replica on it, in front of `upstream`.
    async fn replica(&self, upstream: &str) -> TestGateway {
        let data_dir = TempDir::new().unwrap();
        let extra = format!(
            "database = \"{}\"\n[vault]\nmaster_key = \"env:MASTER\"",
            self.url()
        );
        let text = configuration(upstream, data_dir.path(), &extra);
        TestGateway::from_text(&text, data_dir).await
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        let drop = format!("DROP DATABASE {} WITH (FORCE)", self.name);
        psql(&self.server, &drop);
    }
}

fn psql(server: &str, sql: &str) {
    let mut command = Command::new("psql");
    command.args(["--no-psqlrc", "--quiet", "--command", sql, server]);
    let output = command.output().unwrap();
    assert!(output.status.success(), "{output:?}");
}

async fn admin(replica: &TestGateway, method: Method, path: &str, body: &str) -> serde_json::Value {
    let client = Client::new(&replica.url);
    let bearer = format!("Bearer {ADMIN}");
    let headers = [
        ("authorization", bearer.as_str()),
        ("content-type", "application/json"),
    ];
    let request = client.request(method, path, &headers, body.to_owned());
    let answer = client.whole(request).await;
    assert!(
        answer.status.is_success(),
        "{} {}",
        answer.status,
        answer.text()
    );
    if answer.body.is_empty() {
        return serde_json::Value::Null;
    }
    answer.json()
}

/// Makes a key at `replica`: its id and its secret.
async fn key(replica: &TestGateway) -> (String, String) {
    let made = admin(replica, Method::POST, "/api/v1/keys", r#"{"name":"k"}"#).await;
    let text = |name: &str| made[name].as_str().unwrap().to_owned();
    (text("id"), text("secret"))
}

async fn status(replica: &TestGateway, upstream: &ScriptedUpstream, secret: &str) -> StatusCode {
    upstream.json(200, "{}");
    let client = Client::new(&replica.url);
    let body = r#"{"model":"m","messages":[]}"#;
    let headers = [("x-api-key", secret)];
    client.post("/v1/messages", &headers, body).await.status
}

/// How long it takes until `replica` answers a call with this key so.
#[expect(clippy::disallowed_methods, reason = "the time is what is tested")]
async fn until(
    replica: &TestGateway,
    upstream: &ScriptedUpstream,
    secret: &str,
    wanted: StatusCode,
) -> Duration {
    let start = Instant::now();
    let asking = async { while status(replica, upstream, secret).await != wanted {} };
    tokio::time::timeout(SOON, asking).await.unwrap();
    start.elapsed()
}

#[tokio::test]
async fn a_revocation_is_heard_by_the_other_replica() {
    let Some(database) = Database::new("heard") else {
        return;
    };
    let upstream = ScriptedUpstream::start().await;
    let one = database.replica(&upstream.url).await;
    let two = database.replica(&upstream.url).await;
    let mut waits = Vec::new();
    for _ in 0..7 {
        let (id, secret) = key(&one).await;
        until(&two, &upstream, &secret, StatusCode::OK).await;
        let path = format!("/api/v1/keys/{id}");
        admin(&one, Method::DELETE, &path, "").await;
        // At once where it was revoked.
        let here = status(&one, &upstream, &secret).await;
        assert_eq!(here, StatusCode::UNAUTHORIZED);
        waits.push(until(&two, &upstream, &secret, StatusCode::UNAUTHORIZED).await);
    }
    waits.sort_unstable();
    // Asking alone would take half a second in the middle, and up to one.
    assert!(waits[3] < Duration::from_millis(250), "{waits:?}");
    one.stop().await;
    two.stop().await;
    drop(database);
}

#[tokio::test]
async fn a_revocation_arrives_without_being_announced() {
    let Some(database) = Database::new("unheard") else {
        return;
    };
    let upstream = ScriptedUpstream::start().await;
    let one = database.replica(&upstream.url).await;
    let two = database.replica(&upstream.url).await;
    database.execute("DROP TRIGGER revision_announced ON revision");
    for _ in 0..2 {
        let (id, secret) = key(&one).await;
        until(&two, &upstream, &secret, StatusCode::OK).await;
        admin(&one, Method::DELETE, &format!("/api/v1/keys/{id}"), "").await;
        let wait = until(&two, &upstream, &secret, StatusCode::UNAUTHORIZED).await;
        // A second, and what a busy machine adds.
        assert!(wait < Duration::from_secs(3), "{wait:?}");
    }
    one.stop().await;
    two.stop().await;
    drop(database);
}
