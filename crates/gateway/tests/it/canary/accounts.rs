//! Secrets of accounts: planted in every answer of an authority and in what is brought, and searched for.

use http::Method;
use serde_json::{Value, json};
use tempfile::TempDir;
use tollhouse_store::{DatabaseUrl, Store};

use super::{listen, seek, seek_files};
use crate::admin::accounts::{due, tables};
use crate::support::client::{Answer, Client};
use crate::support::upstream::ScriptedUpstream;
use crate::support::{ADMIN, TestGateway, configuration};

const HANDLE: &str = "handle-canary-of-a-device";
const CODE: &str = "authorization-code-canary";
const VERIFIER: &str = "code-verifier-canary";
const ACCESS: &str = "access-token-canary";
const REFRESH: &str = "refresh-token-canary";
const ID: &str = "id-token-canary";
const IMPORTED: &str = "imported-token-canary";
const STATE: &str = "brought-back-state-canary";

fn secrets() -> Vec<(&'static str, String)> {
    let all = [HANDLE, CODE, VERIFIER, ACCESS, REFRESH, ID, IMPORTED, STATE];
    all.into_iter()
        .map(|secret| (secret, secret.to_owned()))
        .collect()
}

struct World {
    client: Client,
    store: Store,
    /// Everything that was answered.
    said: Vec<String>,
}

impl World {
    async fn send(&mut self, method: Method, path: &str, body: &str) -> Answer {
        let bearer = format!("Bearer {ADMIN}");
        let mut headers = vec![("authorization", bearer.as_str())];
        if !body.is_empty() {
            headers.push(("content-type", "application/json"));
        }
        let request = self.client.request(method, path, &headers, body.to_owned());
        let answer = self.client.whole(request).await;
        self.said
            .push(format!("{:?} {}", answer.headers, answer.text()));
        answer
    }

    async fn begin(&mut self, authority: &ScriptedUpstream, name: &str) -> Value {
        let offer = json!({ "device_auth_id": HANDLE, "user_code": "ABCD-EFGHI", "interval": "1" });
        authority.json(200, &offer.to_string());
        let body = json!({ "provider": "plan", "name": name }).to_string();
        self.send(Method::POST, "/api/v1/accounts/login", &body)
            .await
            .json()
    }

    async fn poll(&mut self, begun: &Value) -> Value {
        due(&self.store, begun).await;
        self.send(Method::GET, begun["poll"].as_str().unwrap(), "")
            .await
            .json()
    }
}

#[tokio::test]
#[expect(clippy::too_many_lines, reason = "every way in which tokens come")]
async fn no_sink_holds_a_token_or_what_one_is_got_with() {
    let log = listen();
    let authority = ScriptedUpstream::start().await;
    let data_dir = TempDir::new().unwrap();
    let database = DatabaseUrl::Sqlite(data_dir.path().join("tollhouse.db"));
    let text = configuration(&authority.url, data_dir.path(), "");
    let text = text + &tables(&authority.url, &authority.url);
    let gateway = TestGateway::from_text(&text, data_dir).await;
    let mut world = World {
        client: Client::new(&gateway.url),
        store: Store::open(&database).await.unwrap(),
        said: Vec::new(),
    };
    let approved = json!({ "authorization_code": CODE, "code_verifier": VERIFIER }).to_string();
    let tokens =
        json!({ "access_token": ACCESS, "refresh_token": REFRESH, "id_token": ID }).to_string();
    let error =
        json!({ "error": { "code": "x", "message": format!("{ACCESS} {CODE}") } }).to_string();

    let begun = world.begin(&authority, "good").await;
    authority
        .json(403, &error)
        .json(200, &approved)
        .json(503, &error)
        .json(200, &tokens);
    for _ in 0..2 {
        assert_eq!(world.poll(&begun).await["state"], "pending");
    }
    // While it is open what it is gone on with is in the database, sealed.
    assert!(seek_files(&secrets(), gateway.data_dir.path()) > 1);
    assert_eq!(world.poll(&begun).await["state"], "done");
    for (n, answers) in [
        vec![(400, error.as_str())],
        vec![(200, &approved), (400, &error)],
        vec![(200, &approved), (200, &approved)],
        vec![(200, &tokens)],
    ]
    .into_iter()
    .enumerate()
    {
        let begun = world.begin(&authority, &format!("bad-{n}")).await;
        for (status, body) in answers {
            authority.json(status, body);
        }
        assert_eq!(world.poll(&begun).await["state"], "refused", "{n}");
    }
    let browser = r#"{"provider":"plan","name":"browser","flow":"browser"}"#;
    let begun = world
        .send(Method::POST, "/api/v1/accounts/login", browser)
        .await
        .json();
    let path = format!("{}/code", begun["poll"].as_str().unwrap());
    let body = json!({ "code": format!("{CODE}#{STATE}") }).to_string();
    assert_eq!(world.send(Method::POST, &path, &body).await.status, 400);
    for (file, status) in [
        (
            json!({ "access_token": IMPORTED, "refresh_token": IMPORTED }),
            200,
        ),
        (json!({ "access_token": IMPORTED }), 400),
        (
            json!({ "access_token": format!("{IMPORTED} {IMPORTED}"), "refresh_token": 1 }),
            400,
        ),
        (json!(format!("{{{IMPORTED}")), 400),
    ] {
        let body =
            json!({ "provider": "plan", "name": "brought", "auth_json": file, "consent": true });
        let answer = world
            .send(Method::POST, "/api/v1/accounts/import", &body.to_string())
            .await;
        assert_eq!(answer.status, status, "{}", answer.text());
    }
    for path in [
        "/api/v1/accounts",
        "/api/v1/platform/credentials",
        "/api/v1/audit?limit=1000",
        "/metrics",
    ] {
        assert_eq!(
            world.send(Method::GET, path, "").await.status,
            200,
            "{path}"
        );
    }
    for said in &world.said {
        seek(&secrets(), "an answer", said.as_bytes());
    }
    assert!(seek_files(&secrets(), gateway.data_dir.path()) > 1);
    drop(world);
    let data_dir = gateway.stop().await;
    assert!(seek_files(&secrets(), data_dir.path()) > 1);
    let log = log.0.lock().unwrap();
    seek(&secrets(), "the log", &log);
    assert!(String::from_utf8_lossy(&log).contains("gave no tokens for a sign-in"));
}
