//! `bridge list`: which there are, which of them run, and what is on this machine.

use std::net::SocketAddr;
use std::time::Duration;

use anyhow::Context as _;
use bytes::Bytes;
use http::Request;
use http::uri::Authority;
use http_body_util::{BodyExt as _, Empty, LengthLimitError, Limited};
use hyper_util::client::legacy::Client;
use hyper_util::rt::TokioExecutor;
use serde::Serialize;
use tokio::task::JoinSet;
use tollhouse_domain::bridge::health::{Health, LONGEST, PATIENCE, Probe, State, judge};
use tollhouse_domain::bridge::standing::{Found, Login};
use tollhouse_domain::bridge::{Bridge, bridges, proof};
use tollhouse_vault::{Secret, is_proof, new_nonce};

use super::{machine, secret};
use crate::args::Format;
use crate::environment;
use crate::output::{self, Table};

#[derive(Serialize)]
struct Row {
    id: String,
    label: String,
    provider: String,
    url: String,
    state: State,
    #[serde(skip_serializing_if = "Option::is_none")]
    detail: Option<String>,
    /// Whether it proves to know the secret that is kept on this machine; absent where none is, or nobody
    /// answers.
    #[serde(skip_serializing_if = "Option::is_none")]
    proven: Option<bool>,
    /// Whether the program is on this machine; absent where there is none to look for.
    #[serde(skip_serializing_if = "Option::is_none")]
    installed: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    version: Option<String>,
    /// Absent where nobody can tell.
    #[serde(skip_serializing_if = "Option::is_none")]
    logged_in: Option<bool>,
    /// Whether `tollhouse bridge` serves it.
    served: bool,
}

pub(super) async fn run(format: Format) -> anyhow::Result<()> {
    let mut looking = JoinSet::new();
    for (place, known) in bridges()?.into_iter().enumerate() {
        looking.spawn(async move { (place, row(known).await) });
    }
    let mut rows = looking.join_all().await;
    rows.sort_by_key(|(place, _)| *place);
    let rows: Vec<Row> = rows.into_iter().map(|(_, row)| row).collect();
    if format.json {
        return output::json(&rows);
    }
    let mut table = Table::new(&[
        "NAME",
        "BRIDGE",
        "PROVEN",
        "INSTALLED",
        "LOGGED IN",
        "URL",
        "DETAIL",
    ]);
    let word = |known: Option<bool>| match known {
        Some(true) => "yes",
        Some(false) => "no",
        None => "unknown",
    };
    for row in rows {
        let installed = row
            .version
            .unwrap_or_else(|| word(row.installed).to_owned());
        table.row([
            row.id,
            row.state.to_string(),
            match row.state {
                State::Unreachable => "-",
                State::Ready | State::Starting | State::AuthRequired => word(row.proven),
            }
            .to_owned(),
            installed,
            word(row.logged_in).to_owned(),
            row.url,
            row.detail.unwrap_or_default(),
        ]);
    }
    output::table(&table).context("the list")?;
    Ok(())
}

/// A bridge that runs counts whether or not its program is on this machine, and so it is asked first.
async fn row(known: Bridge) -> Row {
    let url = environment::variable(&known.url_variable).unwrap_or_else(|| known.usual_url());
    let secret = secret::kept(&known.id);
    let (health, proven) = ask(&url, secret.as_ref()).await;
    let found = machine::look(&known).await;
    Row {
        state: health.state,
        detail: health.detail,
        proven: secret.and(proven),
        installed: known.command.as_ref().map(|_| found.installed),
        logged_in: logged_in(&found),
        version: found.version,
        served: known.serve.is_some(),
        id: known.id,
        label: known.label,
        provider: known.provider,
        url,
    }
}

fn logged_in(found: &Found) -> Option<bool> {
    match found.login {
        Login::In => Some(true),
        Login::Out => Some(false),
        Login::Unknown => None,
    }
}

/// What to say of whoever has taken the address. It is not shown the secret.
pub(super) async fn who_is_at(address: SocketAddr, secret: &Secret) -> String {
    let (health, proven) = ask(&format!("http://{address}"), Some(secret)).await;
    let state = health.state;
    match (state, proven) {
        (State::Unreachable, _) => "something that is no bridge may be there already".to_owned(),
        (State::Ready | State::Starting | State::AuthRequired, Some(true)) => {
            format!("the bridge with this secret runs there already ({state})")
        }
        (State::Ready | State::Starting | State::AuthRequired, Some(false) | None) => {
            format!(
                "what says it is a bridge is there already ({state}), and does not prove that it knows \
                 this secret"
            )
        }
    }
}

/// Asks a bridge how it is, and whether it knows the secret if there is one. Redirects are not followed.
async fn ask(url: &str, secret: Option<&Secret>) -> (Health, Option<bool>) {
    let nobody = || (judge(Probe::Nobody), None);
    let client: Client<_, Empty<Bytes>> = Client::builder(TokioExecutor::new())
        .pool_idle_timeout(Duration::from_secs(1))
        .build_http();
    let nonce = new_nonce();
    let request = Request::get(format!("{}/health", url.trim_end_matches('/')))
        .header(proof::NONCE, &nonce)
        .body(Empty::new());
    let Ok(request) = request else {
        return nobody();
    };
    let address = request
        .uri()
        .authority()
        .map(Authority::as_str)
        .and_then(numbered);
    let asked = async {
        let Ok(answer) = client.request(request).await else {
            return nobody();
        };
        let proven = secret.zip(address).map(|(secret, address)| {
            let given = answer.headers().get(proof::PROOF);
            let said = proof::said(&nonce, address);
            given.is_some_and(|given| is_proof(secret, &said, given.as_bytes()))
        });
        let status = answer.status().as_u16();
        let health = match Limited::new(answer.into_body(), LONGEST).collect().await {
            Ok(body) => judge(Probe::Answered(status, &body.to_bytes())),
            Err(error) if error.is::<LengthLimitError>() => judge(Probe::TooLong),
            Err(_) => judge(Probe::Nobody),
        };
        (health, proven)
    };
    let answered = tokio::time::timeout(PATIENCE, asked).await;
    answered.unwrap_or_else(|_| (judge(Probe::TooSlow), None))
}

/// The address that an authority stands for. Of this machine's name it is the one that the gateway takes it
/// for.
fn numbered(authority: &str) -> Option<SocketAddr> {
    let port = authority.strip_prefix("localhost:");
    let named = port.map(|port| format!("127.0.0.1:{port}"));
    named.as_deref().unwrap_or(authority).parse().ok()
}
