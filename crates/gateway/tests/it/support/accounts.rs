//! Accounts of a simulated authority, put where somebody would have signed in.

use std::time::Duration;

use tempfile::TempDir;
use tollhouse_domain::account::{Facts, token};
use tollhouse_domain::audit::{Action, Actor, Note, Subject, SubjectKind};
use tollhouse_domain::credential::{Credential, CredentialKind, Owner};
use tollhouse_domain::id::CredentialId;
use tollhouse_domain::time::Timestamp;
use tollhouse_gateway::{Config, clock};
use tollhouse_sim::{Sim, SimConfig, Vendor};
use tollhouse_store::{AccountRecord, CredentialRecord, Store};
use tollhouse_vault::{Context, DataKeyId, MasterKey, Secret, Vault, WrappedDataKey};
use uuid::Uuid;

use super::{MASTER_KEY, TestGateway, parse};

/// What we are called at the simulated authority.
const CLIENT: &str = "app_EMoamEEZ73f0CkXaXp7hrann";
/// How long access tokens live.
pub(crate) const LIFE: Duration = Duration::from_hours(1);

/// Now, in whole seconds, as the authority is to believe.
fn now() -> u64 {
    u64::try_from(clock::now().as_secs()).unwrap()
}

/// A simulated authority whose clock is right.
pub(crate) async fn authority() -> Sim {
    let keep = 4096;
    let sim = SimConfig {
        keep,
        ..SimConfig::default()
    };
    let sim = Sim::start(sim).await.unwrap();
    sim.authority().set_now(now());
    sim.authority().set_lifetime(LIFE);
    sim
}

/// The configuration of a gateway with the `ChatGPT` backend of `sim`, which takes accounts.
pub(crate) fn configuration(sim: &Sim, data_dir: &TempDir, extra: &str) -> String {
    let base = sim.base_url();
    let data_dir = data_dir.path().display();
    format!(
        r#"
[server]
listen = "127.0.0.1:0"
data_dir = "{data_dir}"
{extra}
[admin]
token = "env:ADMIN"
[vault]
master_key = "env:MASTER"
[accounts.authority.codex]
base = "{base}"
[[provider]]
name = "plan"
endpoints = {{ responses = "{base}/backend-api/codex" }}
account = {{ authority = "codex", header = "chatgpt-account-id" }}
[[key]]
name = "test"
secret = "env:KEY"
[[route]]
model = "gpt-*"
targets = [ {{ provider = "plan" }} ]
"#
    )
}

/// A gateway in front of `sim`, with an account of the operator's for each of `names` whose tokens were
/// issued `ago`.
pub(crate) async fn start(sim: &Sim, names: &[&str], ago: Duration) -> TestGateway {
    start_with(sim, names, ago, "").await
}

/// The same with more lines in its `[server]` table, or tables after it.
pub(crate) async fn start_with(
    sim: &Sim,
    names: &[&str],
    ago: Duration,
    extra: &str,
) -> TestGateway {
    let data_dir = TempDir::new().unwrap();
    let text = configuration(sim, &data_dir, extra);
    // Whoever starts first makes the vault.
    let data_dir = TestGateway::from_text(&text, data_dir).await.stop().await;
    put(&parse(&text), sim, names, Owner::Platform, ago).await;
    TestGateway::from_text(&text, data_dir).await
}

/// Signs `names` in at the authority, `ago`, and stores their accounts where the next gateway of `config`
/// finds them.
pub(crate) async fn put(config: &Config, sim: &Sim, names: &[&str], owner: Owner, ago: Duration) {
    put_at("plan", config, sim, names, owner, ago).await;
}

/// The same for another provider.
pub(crate) async fn put_at(
    provider: &str,
    config: &Config,
    sim: &Sim,
    names: &[&str],
    owner: Owner,
    ago: Duration,
) {
    let (store, vault) = open(config).await;
    sim.authority().set_now(now() - ago.as_secs());
    for name in names {
        let mut record = record(sim, &vault, name, owner);
        provider.clone_into(&mut record.credential.meta.provider);
        store.put_account(&record, u32::MAX).await.unwrap();
    }
    sim.authority().set_now(now());
    store.close().await;
}

/// Stores a login of GitHub's, of the operator's own, whose short token has `left` to live of 25 minutes; one
/// without was not exchanged yet.
pub(crate) async fn put_github(config: &Config, sim: &Sim, name: &str, left: Duration) {
    let (store, vault) = open(config).await;
    let login = sim.authority().sign_in(Vendor::GitHub, name, "Iv1.acme");
    let secret = serde_json::json!({ "access": "none-yet", "refresh": login.access_token });
    let meta = meta("github-copilot", name, Owner::Platform, clock::now());
    let facts = Facts {
        renewable: true,
        issued_at: clock::now().plus(left).minus(Duration::from_mins(25)),
        expires_at: clock::now().plus(left),
        ..Facts::default()
    };
    let record = sealed(&vault, meta, facts, &secret);
    store.put_account(&record, u32::MAX).await.unwrap();
    store.close().await;
}

/// Stores a login of Microsoft's, of the operator's own.
pub(crate) async fn put_microsoft(config: &Config, sim: &Sim, name: &str) {
    let (store, vault) = open(config).await;
    let login = sim.authority().sign_in(Vendor::Microsoft, name, "app");
    let secret =
        serde_json::json!({ "access": login.access_token, "refresh": login.refresh_token });
    let now = clock::now();
    let meta = meta("microsoft-365-copilot", name, Owner::Platform, now);
    let facts = Facts {
        renewable: true,
        issued_at: now,
        expires_at: now.plus(LIFE),
        ..Facts::default()
    };
    let record = sealed(&vault, meta, facts, &secret);
    store.put_account(&record, u32::MAX).await.unwrap();
    store.close().await;
}

async fn open(config: &Config) -> (Store, Vault) {
    let store = Store::open(&config.database).await.unwrap().noted(note());
    let rows = store.data_keys().await.unwrap();
    let wrapped = rows.iter().map(|row| WrappedDataKey {
        id: DataKeyId::from_uuid(row.id),
        master: String::from_utf8_lossy(&row.master).parse().unwrap(),
        bytes: row.wrapped.clone(),
    });
    let wrapped: Vec<WrappedDataKey> = wrapped.collect();
    let vault = Vault::open(MasterKey::from_base64(MASTER_KEY).unwrap(), &wrapped).unwrap();
    (store, vault)
}

fn record(sim: &Sim, vault: &Vault, name: &str, owner: Owner) -> AccountRecord {
    let tokens = sim.authority().sign_in(Vendor::OpenAi, name, CLIENT);
    let claims = token::claims(&tokens.access_token);
    let meta = meta("plan", name, owner, claims.issued_at.unwrap());
    let secret = serde_json::json!({
        "access": tokens.access_token,
        "refresh": tokens.refresh_token,
        "id": tokens.id_token,
        "account": sim.authority().account_id(name),
    });
    let facts = Facts {
        renewable: true,
        issued_at: claims.issued_at.unwrap(),
        expires_at: claims.expires_at.unwrap(),
        ..Facts::default()
    };
    sealed(vault, meta, facts, &secret)
}

fn meta(provider: &str, name: &str, owner: Owner, configured_at: Timestamp) -> Credential {
    Credential {
        id: CredentialId(id(name)),
        owner,
        provider: provider.to_owned(),
        name: name.to_owned(),
        kind: CredentialKind::OauthAccount,
        fingerprint: name.to_owned(),
        configured_at,
        enabled: true,
        base_url: None,
        stale_since: None,
        managed: false,
    }
}

fn sealed(
    vault: &Vault,
    meta: Credential,
    facts: Facts,
    secret: &serde_json::Value,
) -> AccountRecord {
    let place = Context {
        table: "credentials",
        row: meta.id.0,
        column: "sealed",
    };
    let sealed = vault
        .seal(&Secret::new(secret.to_string()), &place)
        .into_bytes();
    AccountRecord {
        facts,
        credential: CredentialRecord { meta, sealed },
    }
}

/// A name's own number.
fn id(name: &str) -> Uuid {
    let bytes = name.bytes();
    Uuid::from_u128(bytes.fold(0, |id, byte| id << 8 | u128::from(byte)))
}

fn note() -> Note {
    let subject = Subject::of(SubjectKind::Credential);
    Note::new(Timestamp(0), Actor::SYSTEM, Action::AccountPut, subject)
}
