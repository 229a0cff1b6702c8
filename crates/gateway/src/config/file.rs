//! The configuration file as written: names and shapes, nothing looked up yet.
//!
//! Unknown keys are refused, so that a misspelt setting is an error and not a surprise.

use std::collections::BTreeMap;
use std::num::NonZeroU32;
use std::path::PathBuf;

use serde::Deserialize;
use serde::de::IgnoredAny;
use tollhouse_domain::account::authority::Change;
use tollhouse_domain::credential::CredentialPolicy;
use tollhouse_domain::limits::Budget;
use tollhouse_domain::own::Brought;
use tollhouse_domain::pattern::Pattern;
use tollhouse_domain::provider::{AccountScheme, AuthScheme};
use tollhouse_domain::route::Target;
use tollhouse_domain::tenancy::Role;
use tollhouse_wire::Protocol;
use tollhouse_wire::dialect::Quirk;
use toml::Spanned;

use crate::upstream::extras::Fact;

/// Everything a configuration file may say.
#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
pub(super) struct FileConfig {
    #[serde(default)]
    pub(super) server: Server,
    #[serde(default)]
    pub(super) admin: Admin,
    #[serde(default)]
    pub(super) vault: Vault,
    #[serde(default)]
    pub(super) ledger: Ledger,
    #[serde(default)]
    pub(super) capture: Capture,
    #[serde(default)]
    pub(super) upstream: Upstream,
    #[serde(default)]
    pub(super) limits: Limits,
    #[serde(default)]
    pub(super) bootstrap: Bootstrap,
    #[serde(default)]
    pub(super) accounts: Accounts,
    pub(super) oidc: Option<Spanned<Oidc>>,
    #[serde(default)]
    pub(super) provider: Vec<Spanned<Provider>>,
    #[serde(default)]
    pub(super) bridge: Vec<Spanned<Bridge>>,
    #[serde(default)]
    pub(super) key: Vec<Spanned<Key>>,
    #[serde(default)]
    pub(super) route: Vec<Spanned<Route>>,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
pub(super) struct Server {
    pub(super) listen: Option<Spanned<String>>,
    pub(super) data_dir: Option<PathBuf>,
    pub(super) database: Option<Spanned<String>>,
    pub(super) max_body: Option<Spanned<String>>,
    pub(super) max_connections: Option<Spanned<u32>>,
    pub(super) behind_proxy: Option<bool>,
    pub(super) trusted_proxies: Option<Spanned<Vec<String>>>,
    pub(super) public_url: Option<Spanned<String>>,
    pub(super) drain_seconds: Option<u64>,
    pub(super) tls: Option<Tls>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Tls {
    pub(super) certificate: PathBuf,
    pub(super) key: PathBuf,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
pub(super) struct Admin {
    pub(super) token: Option<Spanned<String>>,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
pub(super) struct Vault {
    pub(super) master_key: Option<Spanned<String>>,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
pub(super) struct Ledger {
    pub(super) durability: Option<super::Durability>,
    pub(super) retention_days: Option<u32>,
    pub(super) rollup_days: Option<u32>,
    pub(super) max_journal: Option<Spanned<String>>,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
pub(super) struct Capture {
    pub(super) bodies: Option<tollhouse_domain::capture::Capture>,
    pub(super) retention_days: Option<u32>,
    pub(super) max_body: Option<Spanned<String>>,
    pub(super) max_memory: Option<Spanned<String>>,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
pub(super) struct Upstream {
    pub(super) connect_seconds: Option<u64>,
    pub(super) idle_seconds: Option<u64>,
    pub(super) system_roots: Option<bool>,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
pub(super) struct Limits {
    pub(super) rpm: Option<u32>,
    pub(super) tpm: Option<u64>,
    pub(super) concurrency: Option<u32>,
    pub(super) bytes_per_token: Option<Spanned<u32>>,
    pub(super) assumed_output_tokens: Option<u64>,
    pub(super) assumed_input_tokens: Option<u64>,
    pub(super) sessions: Option<Spanned<u32>>,
    pub(super) keys_per_owner: Option<Spanned<u32>>,
    pub(super) keys_per_org: Option<Spanned<u32>>,
    pub(super) credentials_per_provider: Option<Spanned<u32>>,
    pub(super) live_views: Option<Spanned<u32>>,
    #[serde(default)]
    pub(super) key: tollhouse_domain::limits::Limits,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
pub(super) struct Bootstrap {
    pub(super) platform: Option<bool>,
    pub(super) token_seconds: Option<Spanned<u64>>,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
pub(super) struct Accounts {
    pub(super) enabled: Option<bool>,
    pub(super) allow_organization: Option<bool>,
    pub(super) max_concurrency: Option<NonZeroU32>,
    pub(super) clients: Option<Brought>,
    #[serde(default)]
    pub(super) authority: BTreeMap<String, Spanned<Change>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Oidc {
    pub(super) issuer: Option<Spanned<String>>,
    pub(super) client_id: Option<Spanned<String>>,
    pub(super) client_secret: Option<Spanned<String>>,
    pub(super) scopes: Option<Spanned<Vec<String>>>,
    pub(super) groups_claim: Option<Spanned<String>>,
    #[serde(default)]
    pub(super) mapping: Vec<Spanned<Mapping>>,
    pub(super) domains: Option<Spanned<Vec<String>>>,
    pub(super) new_accounts: Option<bool>,
    pub(super) allow_password: Option<bool>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Mapping {
    pub(super) group: String,
    pub(super) org: Option<String>,
    pub(super) role: Option<Role>,
    pub(super) admin: Option<bool>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Provider {
    pub(super) name: String,
    pub(super) endpoints: Option<BTreeMap<Protocol, String>>,
    pub(super) api_key: Option<String>,
    pub(super) auth: Option<AuthScheme>,
    pub(super) open: Option<bool>,
    pub(super) account: Option<AccountScheme>,
    #[serde(default)]
    pub(super) headers: BTreeMap<String, String>,
    pub(super) quirks: Option<Vec<Quirk>>,
    pub(super) metadata: Option<Metadata>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Metadata {
    pub(super) header: Option<String>,
    pub(super) template: Option<BTreeMap<String, Fact>>,
    pub(super) auth_header: Option<String>,
    pub(super) auth: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Bridge {
    pub(super) name: String,
    pub(super) provider: Option<String>,
    pub(super) url: Option<String>,
    pub(super) secret: Option<String>,
    pub(super) proof: Option<bool>,
    pub(super) models: Option<Vec<String>>,
    pub(super) owner: Option<String>,
    pub(super) probe_seconds: Option<u64>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Key {
    pub(super) name: String,
    pub(super) secret: String,
    pub(super) agent: Option<String>,
    pub(super) models: Option<Vec<Pattern>>,
    pub(super) providers: Option<Vec<String>>,
    pub(super) routes: Option<Vec<Pattern>>,
    pub(super) credentials: Option<FileCredentials>,
    pub(super) strict: Option<bool>,
    pub(super) limits: Option<tollhouse_domain::limits::Limits>,
    pub(super) budget: Option<Budgets>,
    pub(super) capture: Option<tollhouse_domain::capture::Capture>,
    // Named so that they can be refused in words.
    pub(super) owner: Option<IgnoredAny>,
    pub(super) org: Option<IgnoredAny>,
    pub(super) kind: Option<IgnoredAny>,
    pub(super) expires_in: Option<IgnoredAny>,
}

/// One budget, or one for each of several windows.
#[derive(Deserialize)]
#[serde(
    untagged,
    expecting = "a budget such as { usd = \"5\", window = \"day\" }, or a list of them"
)]
pub(super) enum Budgets {
    One(Budget),
    Many(Vec<Budget>),
}

/// The administrator's own keys may spend the platform's money unless told otherwise.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct FileCredentials {
    client: Option<bool>,
    user: Option<bool>,
    org: Option<bool>,
    platform: Option<bool>,
}

impl FileCredentials {
    pub(super) fn policy(given: Option<&Self>) -> CredentialPolicy {
        let field = |of: fn(&Self) -> Option<bool>| given.and_then(of);
        CredentialPolicy {
            client: field(|f| f.client).unwrap_or(false),
            user: field(|f| f.user).unwrap_or(true),
            org: field(|f| f.org).unwrap_or(true),
            platform: field(|f| f.platform).unwrap_or(true),
        }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Route {
    pub(super) model: Pattern,
    pub(super) targets: Vec<Target>,
}
