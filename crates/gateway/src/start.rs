//! Starting up: from a [`Config`] to a [`Gateway`]. No network but the database's, and nothing that
//! a dead vendor could hold up.

pub(crate) mod apply;
pub mod rotation;
mod secrets;

use std::collections::HashMap;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex};

use arc_swap::ArcSwap;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tollhouse_domain::catalog::{self, CatalogError, Model, PriceBook};
use tollhouse_domain::credential::Credential;
use tollhouse_domain::dialect::Dialects;
use tollhouse_journal::{Journal, JournalError, Options};
use tollhouse_store::{CredentialRecord, Store, StoreError};
use tollhouse_vault::{
    Context, KeyDigester, KeyFileError, MasterKeyError, Sealed, Secret, Vault, VaultError,
};
use tracing::warn;

use crate::config::Config;
use crate::health::HealthBook;
use crate::ledger::Ledger;
use crate::ledger::writer::Writer;
use crate::snapshot::{OpenCredential, Parts, People, Snapshot};
use crate::state::{Gateway, Inner};
use crate::tasks;
use crate::telemetry::metrics::Metrics;
use crate::upstream::Upstream;

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
            Arc::clone(&metrics),
        );
        let snapshot = build_snapshot(&store, &vault, &digester).await?;
        let gateway = Self(Arc::new(Inner {
            snapshot: ArcSwap::from_pointee(snapshot),
            store,
            vault,
            digester,
            admin,
            ledger,
            upstream: Upstream::new(&config.upstream)?,
            health: HealthBook::default(),
            metrics,
            public_url: config.public_url.clone(),
            proxies: config.proxies.clone(),
            max_body: config.max_body,
            tasks: TaskTracker::new(),
            stop: CancellationToken::new(),
            draining: AtomicBool::new(false),
            used: Mutex::new(HashMap::new()),
        }));
        tasks::spawn(&gateway, writer, config.retention);
        Ok(gateway)
    }

    /// Builds the snapshot anew after an administrative change.
    pub(crate) async fn refresh(&self) -> Result<(), StoreError> {
        let inner = &self.0;
        let built = build_snapshot(&inner.store, &inner.vault, &inner.digester).await?;
        let built = Arc::new(built);
        // A slower build must not undo a newer one.
        inner.snapshot.rcu(|current| {
            let newest = if current.revision > built.revision {
                current
            } else {
                &built
            };
            Arc::clone(newest)
        });
        Ok(())
    }
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

/// Reads everything the hot path needs.
async fn build_snapshot(
    store: &Store,
    vault: &Vault,
    digester: &Arc<KeyDigester>,
) -> Result<Snapshot, StoreError> {
    // The revision first: what is read after it is at least that new.
    let revision = store.revision().await?;
    let sealed = store.sealed_credentials().await?;
    let credentials = open_credentials(vault, sealed);
    let parts = Parts {
        revision,
        keys: store.all_keys_with_digests().await?,
        providers: store.providers().await?,
        routes: store.routes().await?,
        credentials,
        prices: Arc::new(prices(store).await?),
        // Embedded and tested, like the catalog of models.
        dialects: Arc::new(Dialects::embedded().unwrap_or_default()),
        people: Arc::new(people(store).await?),
    };
    Ok(Snapshot::new(Arc::clone(digester), parts))
}

async fn people(store: &Store) -> Result<People, StoreError> {
    let (orgs, users) = (store.all_orgs().await?, store.all_users().await?);
    let (members, tokens) = (
        store.all_members().await?,
        store.all_tokens_with_digests().await?,
    );
    Ok(People::new(orgs, users, members, tokens))
}

async fn prices(store: &Store) -> Result<PriceBook, StoreError> {
    // The catalog is embedded and tested; a store with its own prices is the one thing that varies.
    let known = catalog::models().unwrap_or_default();
    let imported = store.prices().await?.into_iter().map(|stored| Model {
        name: stored.model,
        provider: stored.provider,
        max_input_tokens: None,
        max_output_tokens: None,
        price: stored.price,
        source: stored.source,
        dated: stored.dated,
    });
    Ok(PriceBook::new(known.into_iter().chain(imported)))
}

/// Opens the platform's credentials; one that does not open costs its provider, not the start.
fn open_credentials(
    vault: &Vault,
    sealed: Vec<CredentialRecord>,
) -> HashMap<String, OpenCredential> {
    let mut open = HashMap::new();
    for record in sealed {
        let (provider, id) = (record.meta.provider.clone(), record.meta.id);
        match unseal(vault, record) {
            Ok(secret) => match OpenCredential::new(id, &secret) {
                Some(credential) => {
                    open.entry(provider).or_insert(credential);
                }
                None => warn!(provider, credential = %id, "a credential cannot stand in a header"),
            },
            Err(error) => warn!(provider, credential = %id, %error, "a credential does not open"),
        }
    }
    open
}

fn unseal(vault: &Vault, record: CredentialRecord) -> Result<Secret, VaultError> {
    let sealed = Sealed::from_bytes(record.sealed)?;
    vault.open_secret(&sealed, &place(&record.meta))
}

/// Where a credential's secret belongs.
pub(crate) fn place(credential: &Credential) -> Context<'static> {
    Context {
        table: "credentials",
        row: credential.id.0,
        column: "sealed",
    }
}
