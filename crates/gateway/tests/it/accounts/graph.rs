//! Microsoft 365 Copilot: conversations of the Graph, for callers of every protocol.

mod bounds;
mod refused;
mod said;

use http::{Method, StatusCode};
use serde_json::{Value, json};
use tempfile::TempDir;
use tollhouse_domain::call::{Call, Mode, Outcome};
use tollhouse_domain::credential::CredentialSource;
use tollhouse_sim::{Recorded, Script, Sim};
use tollhouse_wire::usage::Usage;

use crate::support::accounts::{authority, put_microsoft};
use crate::support::client::{Answer, Client};
use crate::support::dialect::{DIALECTS, Dialect};
use crate::support::{TestGateway, parse};

const CONVERSATIONS: &str = "/beta/copilot/conversations";

fn configuration(sim: &Sim, data_dir: &TempDir, extra: &str) -> String {
    let (base, path) = (sim.base_url(), data_dir.path().display());
    format!(
        r#"
[server]
listen = "127.0.0.1:0"
data_dir = "{path}"
[admin]
token = "env:ADMIN"
[vault]
master_key = "env:MASTER"
[accounts.authority.microsoft]
base = "{base}/tenant"
client_id = "app"
[[provider]]
name = "microsoft-365-copilot"
endpoints = {{ chat = "{base}/beta/copilot" }}
[[key]]
name = "test"
secret = "env:KEY"
[[route]]
model = "m365"
targets = [ {{ provider = "microsoft-365-copilot" }} ]
{extra}
"#
    )
}

/// A gateway in front of the Graph with ada's login; `extra` are more tables.
async fn gateway_with(sim: &Sim, extra: &str) -> TestGateway {
    let data_dir = TempDir::new().unwrap();
    let text = configuration(sim, &data_dir, extra);
    // Whoever starts first makes the vault.
    let data_dir = TestGateway::from_text(&text, data_dir).await.stop().await;
    put_microsoft(&parse(&text), sim, "ada").await;
    TestGateway::from_text(&text, data_dir).await
}

async fn gateway(sim: &Sim) -> TestGateway {
    gateway_with(sim, "").await
}

async fn call(client: &Client, dialect: &Dialect, stream: bool) -> Answer {
    let body = dialect.request("m365", stream);
    client.post(dialect.path, &[], body).await
}

/// What was sent to the Graph so far.
fn sent(sim: &Sim) -> Vec<Recorded> {
    let mut requests = sim.requests();
    requests.retain(|request| request.uri.path().starts_with(CONVERSATIONS));
    requests
}

/// Has the call's second request answered by this script.
fn second(sim: &Sim, script: &str) {
    sim.script_next(Script::default());
    sim.script_next(script.parse().unwrap());
}

/// Whether nobody claims to know what a call consumed or cost.
fn is_unknown(call: &Call) -> bool {
    call.usage == Usage::default()
        && call.usage_raw.is_none()
        && !call.estimated
        && (call.cost_usd, call.list_cost_usd, call.charged_usd) == (None, None, None)
}
