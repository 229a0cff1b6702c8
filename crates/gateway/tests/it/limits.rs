//! Rates, concurrency and budgets over real sockets: what is refused, how, and what is never overdrawn.

mod api;
mod exits;
mod money;
mod restart;
mod table;

use std::convert::Infallible;

use http::Method;
use tollhouse_domain::audit::{Action, Actor, Note, Subject, SubjectKind};
use tollhouse_domain::key::VirtualKey;
use tollhouse_domain::limits::{Budget, BudgetWindow, Limits};
use tollhouse_store::{DatabaseUrl, KeyCaps, Store};

use crate::support::client::{Answer, Client};
use crate::support::upstream::ScriptedUpstream;
use crate::support::{ADMIN, TestGateway};

/// A gateway whose model `m` costs a dollar per thousand tokens of the answer, and nothing else.
struct Lab {
    upstream: ScriptedUpstream,
    gateway: TestGateway,
    client: Client,
}

/// A million dollars per million tokens is a dollar per token; this is a thousandth of it.
const PRICES: &str = r#"{"prices":[
    {"model":"m","usd_per_million":{"input":"0","output":"1000"}},
    {"model":"m-1","usd_per_million":{"input":"0","output":"1000"}},
    {"model":"free","usd_per_million":{"input":"0","output":"0"}}]}"#;

impl Lab {
    async fn start() -> Self {
        Self::start_with("").await
    }

    async fn start_with(extra: &str) -> Self {
        let upstream = ScriptedUpstream::start().await;
        let gateway = TestGateway::start_with(&upstream.url, extra).await;
        let lab = Self {
            client: Client::new(&gateway.url),
            upstream,
            gateway,
        };
        let put = lab.admin(Method::PUT, "/api/v1/prices", PRICES).await;
        assert!(put.status.is_success(), "{}", put.text());
        lab
    }

    async fn admin(&self, method: Method, path: &str, body: &str) -> Answer {
        let bearer = format!("Bearer {ADMIN}");
        let headers = [
            ("authorization", bearer.as_str()),
            ("content-type", "application/json"),
        ];
        let request = self.client.request(method, path, &headers, body.to_owned());
        self.client.whole(request).await
    }

    /// A key that is changed before its first use; its secret.
    async fn key(&self, change: impl FnOnce(&mut VirtualKey)) -> String {
        let body = r#"{"name":"limited","credentials":{"platform":true}}"#;
        let made = self.admin(Method::POST, "/api/v1/keys", body).await.json();
        let url = DatabaseUrl::Sqlite(self.gateway.data_dir.path().join("tollhouse.db"));
        let store = Store::open(&url).await.unwrap();
        let id = made["id"].as_str().unwrap().parse().unwrap();
        let mut key = store.key(id).await.unwrap().unwrap();
        change(&mut key);
        let subject = Subject::id(SubjectKind::Key, key.id);
        let note = Note::new(key.created_at, Actor::OPERATOR, Action::KeyChange, subject);
        let noted = store.noted(note);
        let changed = noted.change_key(key.id, KeyCaps::NONE, |stored| {
            stored.clone_from(&key);
            Ok::<_, Infallible>(())
        });
        changed.await.unwrap().unwrap();
        store.close().await;
        // Any other change lets the gateway look again.
        self.admin(Method::POST, "/api/v1/keys", body).await;
        made["secret"].as_str().unwrap().to_owned()
    }

    async fn budgeted(&self, usd: &str, window: BudgetWindow) -> String {
        let usd = usd.parse().unwrap();
        self.key(|key| key.budgets = vec![Budget { usd, window }])
            .await
    }

    async fn limited(&self, limits: Limits) -> String {
        self.key(|key| key.limits = limits).await
    }

    async fn post(&self, key: &str, path: &str, body: &str) -> Answer {
        self.client
            .post(path, &[("x-api-key", key)], body.to_owned())
            .await
    }
}

/// A whole Messages answer that used so many tokens.
fn answer(output: u64) -> String {
    format!(
        r#"{{"id":"msg_1","type":"message","model":"m-1","content":[],"stop_reason":"end_turn","usage":{{"input_tokens":3,"output_tokens":{output}}}}}"#
    )
}

/// A Messages request that wants at most so many tokens.
fn request(model: &str, max_tokens: u64) -> String {
    format!(
        r#"{{"model":"{model}","max_tokens":{max_tokens},"messages":[{{"role":"user","content":"hi"}}]}}"#
    )
}

const MESSAGES: &str = "/v1/messages";
