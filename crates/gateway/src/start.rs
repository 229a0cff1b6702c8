//! Starting up: from a [`Config`] to a [`Gateway`]. No network but the database's, and nothing that
//! a dead vendor could hold up.

pub(crate) mod apply;
pub mod rotation;
mod secrets;
mod waiting;

use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use arc_swap::ArcSwap;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tollhouse_domain::catalog::CatalogError;
use tollhouse_domain::credential::Credential;
use tollhouse_journal::{Journal, JournalError, Options};
use tollhouse_store::{Store, StoreError};
use tollhouse_vault::{Context, KeyFileError, MasterKeyError, VaultError};
use tracing::warn;

use crate::accounts::Accounts;
use crate::bridges::Bridges;
use crate::capture::Captures;
use crate::clock;
use crate::config::Config;
use crate::health::HealthBook;
use crate::ids;
use crate::ledger::Ledger;
use crate::ledger::retention::Keep;
use crate::ledger::writer::Writer;
use crate::limits::Limiter;
use crate::oidc::IdentityProvider;
use crate::patience::{PATIENCE, within};
use crate::pools::Pools;
use crate::replica::Replica;
use crate::snapshot::{Rules, build};
use crate::standings::Standings;
use crate::state::{Gateway, Inner};
use crate::tasks;
use crate::telemetry::metrics::Metrics;
use crate::upstream::Upstream;
use crate::upstream::extras::Extras;

/// How long a start waits for the journal of the last process to be stored, and budgets to be known.
const BUDGETS: Duration = Duration::from_secs(2);

/// Why the gateway does not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The data directory cannot be used.
    #[error("data_dir {}: {source}", path.display())]
    DataDir {
        /// The directory.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The store does not open, or refuses.
    #[error("store: {0}")]
    Store(#[from] StoreError),
    /// The master key file is missing, unreadable or too open.
    #[error("master key: {0}")]
    KeyFile(#[from] KeyFileError),
    /// The given master key is none.
    #[error("vault.master_key: {0}")]
    MasterKey(#[from] MasterKeyError),
    /// The vault does not open.
    #[error("vault: {0}")]
    Vault(#[from] VaultError),
    /// The master key file is gone, and what it protects is not.
    #[error(
        "master key: {} is missing, but the store holds secrets sealed with it; put the key back \
         (nothing was changed)",
        .0.display()
    )]
    MasterKeyMissing(PathBuf),
    /// The journal does not open.
    #[error("journal: {0}")]
    Journal(#[from] JournalError),
    /// TLS cannot be set up.
    #[error("tls: {0}")]
    Tls(#[from] rustls::Error),
    /// The embedded catalog does not read.
    #[error(transparent)]
    Catalog(#[from] CatalogError),
    /// A secret in the store is not one.
    #[error("the server's secret in the store is damaged: {0}")]
    ServerSecret(tollhouse_vault::SecretError),
}

impl Gateway {
    /// Opens everything a configuration names, brings the store in line with it, and starts the
    /// background work.
    pub async fn start(config: &Config) -> Result<Self, StartError> {
        prepare(&config.data_dir)?;
        let store = Store::open(&config.database).await?;
        let vault = secrets::open_vault(&store, &config.master_key).await?;
        let digester = Arc::new(secrets::digester(&store, &vault).await?);
        let admin = secrets::admin_token(config, &digester)?;
        apply::apply(config, &store, &vault, &digester).await?;
        let metrics = Arc::new(Metrics::new());
        let replica = Arc::new(Replica::join(&store, ids::uuid(clock::now())).await?);
        // An embedded store has one process; only a shared one has others that spend and admit.
        let others = (store.kind() == "postgres").then(|| Arc::clone(&replica));
        let pools = Pools::new(config.accounts.max_concurrency, others.clone());
        let limiter = Arc::new(Limiter::new(config.limits, Arc::clone(&metrics), others));
        let options = Options {
            max_total_bytes: config.max_journal,
            ..Options::default()
        };
        let (journal, reader) = Journal::open(&config.data_dir.join("journal"), options)?;
        let ledger = Arc::new(Ledger::new(journal, config.durability));
        let writer = Writer::new(
            reader,
            Arc::clone(&ledger),
            store.clone(),
            Arc::clone(&limiter),
            Arc::clone(&metrics),
            config.retention,
        );
        let (captures, finished) = Captures::new(&config.capture, Arc::clone(&metrics));
        let rules = Rules {
            accounts: config.accounts.enabled,
            of_organizations: config.accounts.allow_organization,
            brought: config.accounts.brought(),
        };
        let snapshot = build::first(&store, &vault, Arc::clone(&digester), rules).await?;
        let gateway = Self(Arc::new(Inner {
            replica,
            snapshot: ArcSwap::from_pointee(snapshot),
            store,
            vault,
            digester,
            admin,
            ledger,
            captures: Arc::new(captures),
            upstream: Upstream::new(&config.upstream, extras(config), &config.bridges)?,
            health: HealthBook::default(),
            bridges: Bridges::new(&config.bridges),
            pools: Arc::new(pools),
            accounts: Accounts::new(&config.accounts),
            standings: Standings::default(),
            limiter,
            metrics,
            public_url: config.public_url.clone(),
            bootstrap: config.bootstrap,
            identity_provider: identity_provider(config),
            proxies: config.proxies.clone(),
            max_body: config.max_body,
            tasks: TaskTracker::new(),
            stop: CancellationToken::new(),
            draining: AtomicBool::new(false),
            used: Mutex::default(),
            used_tokens: Mutex::default(),
        }));
        let keep = Keep {
            calls: config.retention,
            sums: config.rollup_retention,
            captures: config.capture.retention,
        };
        tasks::spawn(&gateway, writer, finished, keep);
        waiting::say(config, gateway.snapshot().credentials());
        say_whether_sums_are_whole(&gateway).await;
        // Nearly always a moment. Until then calls under a budget are asked to come back.
        let ready = gateway.limiter().ready();
        if tokio::time::timeout(BUDGETS, ready).await.is_err() {
            warn!("what was spent is not known yet: calls under a budget wait for the store");
        }
        Ok(gateway)
    }
}

/// Where people sign in from elsewhere. It is asked nothing yet.
fn identity_provider(config: &Config) -> Option<IdentityProvider> {
    let oidc = config.oidc.clone()?;
    Some(IdentityProvider::new(oidc, &config.public_url))
}

/// Answers are right either way, and slow without sums.
async fn say_whether_sums_are_whole(gateway: &Gateway) {
    if matches!(
        within(PATIENCE, gateway.store().rollups_are_whole()).await,
        Ok(false)
    ) {
        warn!(
            "usage is slow to answer, because there are calls from before all of its sums were kept: \
             run `tollhouse db rollup --rebuild` once, while servers run or not"
        );
    }
}

/// What the file has providers told besides the calls.
fn extras(config: &Config) -> Extras {
    Extras::new(config.providers.iter().filter_map(|configured| {
        let extra = configured.extra.clone()?;
        Some((configured.provider.name.clone(), extra))
    }))
}

/// Makes the data directory, for its owner alone.
pub(crate) fn prepare(path: &Path) -> Result<(), StartError> {
    use std::os::unix::fs::DirBuilderExt;
    let made = std::fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(path);
    made.map_err(|source| StartError::DataDir {
        path: path.to_owned(),
        source,
    })
}

/// Where a credential's secret belongs.
pub(crate) fn place(credential: &Credential) -> Context<'static> {
    Context {
        table: "credentials",
        row: credential.id.0,
        column: "sealed",
    }
}
