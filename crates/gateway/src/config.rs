//! Configuration: what the program needs to start, read from a file and the environment once.
//!
//! Two stages: [`mod@file`] is what somebody wrote; [`Config`] is what the program needs, with secrets
//! looked up, sizes read and defaults filled in. Nothing here opens a store or a socket.

mod accounts;
mod bridges;
mod error;
mod file;
mod oidc;
mod read;
mod tables;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use tollhouse_domain::capture::Capture;
use tollhouse_domain::limits::{Assumptions, Limits};
use tollhouse_domain::oidc::Policy;
use tollhouse_domain::route::Route;
use tollhouse_domain::time::Timestamp;
use tollhouse_store::{DatabaseUrl, KeyCaps};
use tollhouse_vault::Secret;

pub use self::accounts::Accounts;
pub use self::bridges::ConfiguredBridge;
pub use self::error::ConfigError;
pub use self::read::{Overrides, Text, load, parse};
pub use self::tables::{ConfiguredKey, ConfiguredProvider, check_virtual_key};
pub use crate::client::Proxies;

/// When a call's record is safe from what.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Durability {
    /// Written before the answer's last bytes are released: survives a dead process. Synced to disk
    /// every 100 ms: a dead machine may lose that much.
    #[default]
    Process,
    /// Synced to disk before the answer's last bytes are released: survives a dead machine.
    Strict,
}

/// Where TLS towards clients comes from.
#[derive(Debug, Clone)]
pub struct TlsFiles {
    /// The certificate chain, PEM.
    pub certificate: PathBuf,
    /// Its private key, PEM.
    pub key: PathBuf,
}

/// Where the vault's master key comes from.
#[expect(missing_debug_implementations, reason = "may hold the master key")]
pub enum MasterKeySource {
    /// Given by reference in the configuration.
    Given(Secret),
    /// A file that is made at the first start.
    File(PathBuf),
}

/// Everything the program needs to start.
#[expect(missing_debug_implementations, reason = "holds secrets")]
pub struct Config {
    /// Where to listen.
    pub listen: SocketAddr,
    /// TLS towards clients.
    pub tls: Option<TlsFiles>,
    /// The address clients are told, without a trailing slash.
    pub public_url: String,
    /// Embedded database, journal, generated secrets.
    pub data_dir: PathBuf,
    /// The store.
    pub database: DatabaseUrl,
    /// Who may say for whom they ask.
    pub proxies: Proxies,
    /// The largest request body in bytes.
    pub max_body: u64,
    /// The most client connections at once; further ones wait in the kernel's queue.
    pub max_connections: u32,
    /// How long open calls may run on after a stop was asked for.
    pub drain: Duration,
    /// The administrator's token; absent: made in `data_dir` at the first start.
    pub admin_token: Option<Secret>,
    /// The vault's master key.
    pub master_key: MasterKeySource,
    /// How hard the ledger holds on.
    pub durability: Durability,
    /// How long ledger rows are kept; absent: for ever.
    pub retention: Option<Duration>,
    /// How long the sums of calls are kept; absent: for ever.
    pub rollup_retention: Option<Duration>,
    /// The most bytes of journal kept for a store that does not answer.
    pub max_journal: u64,
    /// What is kept of bodies.
    pub capture: CaptureConfig,
    /// How upstreams are called.
    pub upstream: UpstreamConfig,
    /// What all calls may use together, and what is assumed of them.
    pub limits: LimitsConfig,
    /// What bootstrap may hand out.
    pub bootstrap: Bootstrap,
    /// Whether and on which terms accounts are used.
    pub accounts: Accounts,
    /// Single sign-on.
    pub oidc: Option<Arc<OidcConfig>>,
    /// `[[provider]]` tables.
    pub providers: Vec<ConfiguredProvider>,
    /// `[[bridge]]` tables.
    pub bridges: Vec<ConfiguredBridge>,
    /// `[[key]]` tables.
    pub keys: Vec<ConfiguredKey>,
    /// `[[route]]` tables, and one for each model of a bridge.
    pub routes: Vec<Route>,
}

/// Where everything is kept: what commands need that work on the data without serving.
#[derive(Debug)]
pub struct Storage {
    /// Embedded database, journal, generated secrets.
    pub data_dir: PathBuf,
    /// The store.
    pub database: DatabaseUrl,
}

/// What bootstrap may hand out.
#[derive(Debug, Clone, Copy)]
pub struct Bootstrap {
    /// Whether it may lend the platform's credentials to who asks for that.
    pub platform: bool,
    /// How long a token lives before it has to be renewed.
    pub token: Duration,
}

/// Single sign-on by `OpenID` Connect.
#[expect(missing_debug_implementations, reason = "holds a secret")]
pub struct OidcConfig {
    /// The identity provider, exactly as it calls itself.
    pub issuer: String,
    /// What we are called there.
    pub client_id: String,
    /// What we show who we are with; absent for a public client.
    pub client_secret: Option<Secret>,
    /// What the provider is asked for.
    pub scopes: Vec<String>,
    /// The claim of the ID token that has the groups.
    pub groups_claim: String,
    /// Who comes in, and what being in a group gives.
    pub policy: Policy,
    /// Whether people may still sign in with a password.
    pub allow_password: bool,
}

/// What is kept of bodies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CaptureConfig {
    /// Of calls whose keys say nothing else.
    pub bodies: Capture,
    /// How long; absent: as long as the calls' rows.
    pub retention: Option<Duration>,
    /// The most bytes of each body.
    pub max_body: u64,
    /// The most bytes that what is not stored yet takes in memory.
    pub max_memory: u64,
}

/// How upstreams are called.
#[derive(Debug, Clone)]
pub struct UpstreamConfig {
    /// TCP and TLS together.
    pub connect_timeout: Duration,
    /// The longest silence of an upstream, before and between bytes. There is no total limit.
    pub idle_timeout: Duration,
    /// Trust the system's roots instead of the built-in ones.
    pub system_roots: bool,
}

/// What all calls may use together, and what is assumed of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LimitsConfig {
    /// Of the whole gateway.
    pub global: Limits,
    /// Of each key that says nothing else.
    pub key: Limits,
    /// What a call is taken to cost at most.
    pub assumed: Assumptions,
    /// How many sessions with a budget are remembered.
    pub sessions: u32,
    /// How many keys that work one owner may have.
    pub keys_per_owner: u32,
    /// How many keys that work there may be in one organization.
    pub keys_per_org: u32,
    /// How many credentials for one provider one owner may have.
    pub credentials_per_provider: u32,
    /// How many live views of calls there may be at once.
    pub live_views: u32,
}

impl LimitsConfig {
    /// How many keys there may be that work at `now`.
    pub(crate) const fn key_caps(&self, now: Timestamp) -> KeyCaps {
        KeyCaps {
            per_owner: self.keys_per_owner,
            per_org: self.keys_per_org,
            now,
        }
    }
}

impl Default for LimitsConfig {
    fn default() -> Self {
        Self {
            global: Limits::default(),
            key: Limits::default(),
            assumed: Assumptions::default(),
            sessions: 100_000,
            keys_per_owner: 2_000,
            keys_per_org: 20_000,
            credentials_per_provider: 100,
            live_views: 200,
        }
    }
}

#[cfg(test)]
mod tests;
