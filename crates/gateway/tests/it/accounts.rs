//! Accounts that calls draw on: which one a conversation gets, what its refusals mean, and who hears of it.

mod backend;
mod busy;
mod copilot;
mod graph;
mod held;
mod refresh;
mod resting;
pub(crate) mod signed_in;
mod told;

use std::collections::BTreeMap;

use http::header::AUTHORIZATION;
use tempfile::TempDir;

use crate::support::TestGateway;
use crate::support::client::{Answer, Client};
use crate::support::dialect::Dialect;
use crate::support::upstream::ScriptedUpstream;

/// A gateway on SQLite in front of `upstream`, with so many accounts of the operator's and no keys of its own.
async fn gateway(upstream: &str, count: u128, extra: &str) -> TestGateway {
    let data_dir = TempDir::new().unwrap();
    let text = signed_in::configuration(upstream, data_dir.path(), extra);
    let gateway = TestGateway::from_text(&text, data_dir).await;
    signed_in::sign_in(&gateway, 0..count).await;
    gateway
}

/// A call of a conversation.
async fn call(client: &Client, dialect: &Dialect, session: &str) -> Answer {
    let headers = [("x-tollhouse-session", session)];
    client
        .post(dialect.path, &headers, dialect.request("m", false))
        .await
}

/// Which accounts the upstream was called with, in order.
fn drawn(upstream: &ScriptedUpstream) -> Vec<String> {
    let of = |seen: crate::support::upstream::Seen| {
        let values = seen.header(AUTHORIZATION.as_str());
        let token = values
            .first()
            .and_then(|value| value.strip_prefix("Bearer access-"));
        token.unwrap_or_else(|| panic!("{}", seen.head)).to_owned()
    };
    upstream.seen().into_iter().map(of).collect()
}

/// One conversation for each of so many accounts, by the account that it draws on.
async fn conversations(
    client: &Client,
    upstream: &ScriptedUpstream,
    dialect: &Dialect,
    count: usize,
) -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    for n in 0.. {
        upstream.json(200, dialect.answer);
        let session = format!("talk-{n}");
        assert_eq!(call(client, dialect, &session).await.status, 200);
        let account = drawn(upstream).pop().unwrap();
        found.entry(account).or_insert(session);
        if found.len() == count {
            break;
        }
    }
    found
}
