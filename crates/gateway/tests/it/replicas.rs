//! Two and three gateways on one PostgreSQL.

mod accounts;
mod outage;
mod sign_in;

use std::process::Command;
use std::time::{Duration, Instant};

use http::{Method, StatusCode};
use tempfile::TempDir;

use crate::support::client::Client;
use crate::support::upstream::ScriptedUpstream;
use crate::support::{ADMIN, SOON, TestGateway, configuration};

/// A database in PostgreSQL, gone when this is.
pub(crate) struct Database {
    server: String,
    name: String,
}

impl Database {
    /// `None`, and a word about it, when no server is given.
    pub(crate) fn new(test: &str) -> Option<Self> {
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

    pub(crate) fn url(&self) -> String {
        let (server, _) = self.server.rsplit_once('/').unwrap();
        format!("{server}/{}", self.name)
    }

    fn execute(&self, sql: &str) {
        psql(&self.url(), &format!("SET search_path TO tollhouse; {sql}"));
    }

    /// The database by way of another address.
    fn url_at(&self, address: &str) -> String {
        let (user, _) = self.server.rsplit_once('@').unwrap();
        format!("{user}@{address}/{}", self.name)
    }

    /// Where the server listens.
    fn address(&self) -> &str {
        let (_, rest) = self.server.rsplit_once('@').unwrap();
        rest.split('/').next().unwrap()
    }

    /// The one number that a query finds.
    fn number(&self, sql: &str) -> i64 {
        let mut command = Command::new("psql");
        command.args(["--no-psqlrc", "--quiet", "--tuples-only", "--command"]);
        command.args([format!("SET search_path TO tollhouse; {sql}"), self.url()]);
        let output = command.output().unwrap();
        assert!(output.status.success(), "{output:?}");
        String::from_utf8(output.stdout)
            .unwrap()
            .trim()
            .parse()
            .unwrap()
    }

    /// A replica on it, in front of `upstream`.
    pub(crate) async fn replica(&self, upstream: &str) -> TestGateway {
        self.replica_at(upstream, &self.url()).await
    }

    async fn replica_at(&self, upstream: &str, url: &str) -> TestGateway {
        let data_dir = TempDir::new().unwrap();
        let extra = format!("database = \"{url}\"\n[vault]\nmaster_key = \"env:MASTER\"");
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

/// What a call with a hundred tokens costs, in hundredths of a dollar: all of its price is output.
const CALL: i64 = 10;
const PRICES: &str = r#"{"prices":[{"model":"m","provider":"lab","usd_per_million":{"input":"0",
    "cache_read":"0","cache_write_5m":"0","cache_write_1h":"0","output":"1000"},"source":"test"}]}"#;
const ASKS: &str = r#"{"model":"m","max_tokens":100,"messages":[]}"#;
const ANSWER: &str = r#"{"id":"msg_1","type":"message","role":"assistant","model":"m",
    "content":[{"type":"text","text":"x"}],"stop_reason":"end_turn","stop_sequence":null,
    "usage":{"input_tokens":0,"output_tokens":100}}"#;

/// Gives every key that is not the file's so many hundredths of a dollar.
fn budget(database: &Database, hundredths: i64, window: &str) {
    let (dollars, rest) = (hundredths / 100, hundredths % 100);
    database.execute(&format!(
        "UPDATE revision SET value = value + 1; \
         UPDATE sections SET revision = (SELECT value FROM revision) WHERE name = 'keys'; \
         UPDATE virtual_keys SET revision = (SELECT value FROM revision), \
         budgets = '[{{\"usd\":\"{dollars}.{rest:02}\",\"window\":\"{window}\"}}]' WHERE NOT managed"
    ));
}

/// How a budgeted call went.
#[derive(Debug, PartialEq, Eq)]
enum Went {
    Answered,
    /// Others hold the money: come back in a moment.
    Held,
    /// No money, or too little for this call.
    Spent,
}

async fn ask(client: &Client, upstream: &ScriptedUpstream, secret: &str) -> Went {
    let headers = [("x-api-key", secret), ("content-type", "application/json")];
    let answer = client.post("/v1/messages", &headers, ASKS).await;
    match answer.status.as_u16() {
        200 => {
            // The script that it took is there for the next.
            upstream.json(200, ANSWER);
            Went::Answered
        }
        429 if answer.json()["error"]["type"] == "billing_error" => Went::Spent,
        429 => Went::Held,
        _ => panic!("{} {}", answer.status, answer.text()),
    }
}

/// 64 callers spread over replicas, until none of them is let through; returns how many calls were
/// answered.
async fn exhaust(replicas: &[TestGateway], upstream: &ScriptedUpstream, secret: &str) -> usize {
    for _ in 0..64 {
        upstream.json(200, ANSWER);
    }
    let clients: Vec<Client> = replicas
        .iter()
        .map(|replica| Client::new(&replica.url))
        .collect();
    let caller = async |at: usize| {
        let client = &clients[at % clients.len()];
        let mut answered = 0;
        loop {
            match ask(client, upstream, secret).await {
                Went::Answered => answered += 1,
                Went::Held => tokio::time::sleep(Duration::from_millis(50)).await,
                Went::Spent => return answered,
            }
        }
    };
    let all = futures_util::future::join_all((0..64).map(caller));
    let answered = tokio::time::timeout(SOON * 2, all).await.unwrap();
    answered.into_iter().sum()
}

/// Replicas of a database of their own, and a key with a budget.
async fn spenders(
    test: &str,
    count: usize,
    hundredths: i64,
) -> Option<(Database, ScriptedUpstream, Vec<TestGateway>, String)> {
    let database = Database::new(test)?;
    let upstream = ScriptedUpstream::start().await;
    let mut replicas = Vec::new();
    for _ in 0..count {
        replicas.push(database.replica(&upstream.url).await);
    }
    admin(&replicas[0], Method::PUT, "/api/v1/prices", PRICES).await;
    let (_, secret) = key(&replicas[0]).await;
    budget(&database, hundredths, "day");
    // Until all know the key, its budget and the price.
    let revision = database.number("SELECT value FROM revision");
    let know = async {
        for replica in &replicas {
            while replica.gateway.revision() < revision {
                tokio::task::yield_now().await;
            }
        }
    };
    tokio::time::timeout(SOON, know).await.unwrap();
    Some((database, upstream, replicas, secret))
}

#[tokio::test]
async fn one_replica_spends_all_of_a_budget_and_not_a_call_more() {
    let Some((database, upstream, replicas, secret)) = spenders("alone", 1, 205).await else {
        return;
    };
    assert_eq!(exhaust(&replicas, &upstream, &secret).await, 20);
    for replica in replicas {
        replica.stop().await;
    }
    // Nor does the next process on it, which has held nothing of it yet.
    let again = [database.replica(&upstream.url).await];
    assert_eq!(exhaust(&again, &upstream, &secret).await, 0);
    let [again] = again;
    again.stop().await;
}

#[tokio::test]
async fn replicas_overshoot_a_budget_by_no_more_than_a_call_each() {
    for count in [2, 3] {
        let name = format!("shared{count}");
        let Some((_database, upstream, replicas, secret)) = spenders(&name, count, 400).await
        else {
            return;
        };
        let answered = exhaust(&replicas, &upstream, &secret).await;
        let most = usize::try_from(400 / CALL).unwrap() + count;
        assert!((40..=most).contains(&answered), "{answered}");
        // From then on, not one.
        assert_eq!(exhaust(&replicas, &upstream, &secret).await, 0);
        for replica in replicas {
            replica.stop().await;
        }
    }
}

#[tokio::test]
async fn what_one_replica_kept_another_shows() {
    let Some(database) = Database::new("captures") else {
        return;
    };
    let upstream = ScriptedUpstream::start().await;
    let one = database.replica(&upstream.url).await;
    let other = database.replica(&upstream.url).await;
    let body = r#"{"name":"k","capture":"full"}"#;
    let made = admin(&one, Method::POST, "/api/v1/keys", body).await;
    let secret = made["secret"].as_str().unwrap();
    assert_eq!(status(&one, &upstream, secret).await, StatusCode::OK);
    let id = one.calls().await[0].id;
    // What waits to be stored is stored before a gateway ends.
    one.stop().await;
    let said = admin(
        &other,
        Method::GET,
        &format!("/api/v1/calls/{id}/capture"),
        "",
    )
    .await;
    assert_eq!(said["request"]["body"], r#"{"model":"m","messages":[]}"#);
    assert_eq!(said["response"]["body"], "{}");
    other.stop().await;
}
