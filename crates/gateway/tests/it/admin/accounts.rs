//! Accounts: signed in with at simulated authorities, brought, shown, drawn on and removed.

mod begun;
mod import;
mod refused;
mod seen_at;
mod sign_in;
mod whose;
mod words;

use http::{Method, StatusCode};
use serde_json::{Value, json};
use tempfile::TempDir;
use tollhouse_domain::time::Timestamp;
use tollhouse_sim::{Sim, SimConfig};
use tollhouse_store::{DatabaseUrl, Store};

use super::{Api, refusal};
use crate::support::client::Answer;
use crate::support::upstream::ScriptedUpstream;
use crate::support::{TestGateway, configuration};

const LOGIN: &str = "/api/v1/accounts/login";

/// A gateway whose providers take accounts: `plan` of OpenAI's authority, `copilot` of GitHub's, `graph` of
/// Microsoft's. Where calls go, and GitHub's logins are exchanged, is scripted.
struct World {
    sim: Sim,
    upstream: ScriptedUpstream,
    gateway: TestGateway,
    api: Api,
    /// The same database by another door.
    store: Store,
}

/// The tables of a configuration whose providers take accounts.
pub(crate) fn tables(authority: &str, upstream: &str) -> String {
    format!(
        r#"
[[provider]]
name = "plan"
endpoints = {{ responses = "{upstream}/v1" }}
account = {{ authority = "codex", header = "chatgpt-account-id" }}
[[provider]]
name = "copilot"
endpoints = {{ chat = "{upstream}/v1" }}
account = {{ authority = "github" }}
[[provider]]
name = "graph"
endpoints = {{ chat = "{upstream}/v1" }}
account = {{ authority = "microsoft" }}
[[route]]
model = "plan-*"
targets = [ {{ provider = "plan" }} ]
[accounts]
[accounts.authority.codex]
base = "{authority}"
[accounts.authority.github]
base = "{authority}"
api = "{upstream}"
client_id = "Iv1.of-the-operator"
[accounts.authority.microsoft]
base = "{authority}/organizations"
client_id = "application-of-the-operator"
"#
    )
}

/// The wall clock, which the simulated authorities have to be told.
#[expect(
    clippy::disallowed_methods,
    reason = "the simulator has no clock of its own"
)]
pub(crate) fn seconds() -> u64 {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    since.unwrap().as_secs()
}

impl World {
    async fn new() -> Self {
        Self::edited("", "").await
    }

    /// With something else in the configuration.
    async fn edited(from: &str, to: &str) -> Self {
        let sim = Sim::start(SimConfig::default()).await.unwrap();
        sim.authority().set_now(seconds());
        let upstream = ScriptedUpstream::start().await;
        Self::on(sim, upstream, TempDir::new().unwrap(), (from, to)).await
    }

    /// The same after a new start with something else in the configuration.
    async fn again(self, from: &str, to: &str) -> Self {
        drop(self.store);
        let data_dir = self.gateway.stop().await;
        Self::on(self.sim, self.upstream, data_dir, (from, to)).await
    }

    async fn on(
        sim: Sim,
        upstream: ScriptedUpstream,
        data_dir: TempDir,
        (from, to): (&str, &str),
    ) -> Self {
        let path = data_dir.path().join("tollhouse.db");
        let text = configuration(&upstream.url, data_dir.path(), "");
        let routes = text.find("[[route]]").unwrap();
        let text = text[..routes].to_owned() + &tables(&sim.base_url(), &upstream.url);
        let text = text.replace(from, to);
        let gateway = TestGateway::from_text(&text, data_dir).await;
        let api = Api::new(&gateway);
        let store = Store::open(&DatabaseUrl::Sqlite(path)).await.unwrap();
        Self {
            sim,
            upstream,
            gateway,
            api,
            store,
        }
    }

    /// Lets the interval of an attempt pass.
    async fn due(&self, begun: &Value) {
        due(&self.store, begun).await;
    }

    /// Begins a sign-in for `plan`.
    async fn begin(&self, api: &Api, name: &str) -> Value {
        begin(api, &json!({ "provider": "plan", "name": name })).await
    }

    /// Signs in as somebody of the simulator's; the account.
    async fn sign_in(&self, api: &Api, name: &str, holder: &str) -> Value {
        let begun = self.begin(api, name).await;
        let code = begun["user_code"].as_str().unwrap();
        assert!(self.sim.authority().approve(code, holder));
        self.due(&begun).await;
        let done = poll(api, &begun).await;
        assert_eq!(done["state"], "done", "{done}");
        done["account"].clone()
    }
}

/// Lets the interval of an attempt pass.
pub(crate) async fn due(store: &Store, begun: &Value) {
    let id = begun["id"].as_str().unwrap().parse().unwrap();
    let seen = store.sign_in(id).await.unwrap().unwrap();
    let moved = store.claim_sign_in(&seen, Timestamp::from_secs(1)).await;
    assert!(moved.unwrap());
}

async fn begin(api: &Api, body: &Value) -> Value {
    let answer = api.post(LOGIN, &body.to_string()).await;
    assert_eq!(answer.status, StatusCode::CREATED, "{}", answer.text());
    answer.json()
}

async fn poll(api: &Api, begun: &Value) -> Value {
    api.get(begun["poll"].as_str().unwrap()).await
}

/// A call with a key to `plan`; what it is answered with.
async fn call(world: &World, key: &str) -> Answer {
    world
        .upstream
        .json(200, r#"{"id":"resp_1","object":"response"}"#);
    let headers = [
        ("x-tollhouse-key", key),
        ("content-type", "application/json"),
    ];
    let body = r#"{"model":"plan-1","input":"hi"}"#;
    let client = &world.api.client;
    let request = client.request(Method::POST, "/v1/responses", &headers, body);
    client.whole(request).await
}

/// The actions of the audit trail, newest first, with their detail.
async fn trail(api: &Api) -> Vec<(String, Value)> {
    let rows = api.get("/api/v1/audit?limit=100").await;
    let rows = rows["data"].as_array().unwrap().clone();
    let pair = |row: Value| {
        (
            row["action"].as_str().unwrap().to_owned(),
            row["detail"].clone(),
        )
    };
    rows.into_iter().map(pair).collect()
}
