//! The running gateway: everything its parts share, behind one reference count.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use arc_swap::ArcSwap;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tollhouse_domain::call::Call;
use tollhouse_domain::catalog::PriceBook;
use tollhouse_domain::id::{KeyId, TokenId};
use tollhouse_domain::time::Timestamp;
use tollhouse_store::{CallFilter, Page, Store, StoreError};
use tollhouse_vault::{KeyDigester, Vault};
use tollhouse_wire::ErrorKind;

use crate::accounts::{Accounts, Renewing};
use crate::bridges::Bridges;
use crate::capture::Captures;
use crate::client::Proxies;
use crate::config::Bootstrap;
use crate::health::HealthBook;
use crate::ledger::Ledger;
use crate::ledger::open_call::Books;
use crate::limits::Limiter;
use crate::oidc::IdentityProvider;
use crate::pools::Pools;
use crate::proxy::dispatch::Ways;
use crate::proxy::refusal::Refusal;
use crate::replica::Replica;
use crate::snapshot::{Snapshot, build};
use crate::standings::Standings;
use crate::telemetry::metrics::Metrics;
use crate::upstream::Upstream;

/// The running gateway. Clones are the same one.
#[derive(Clone)]
#[expect(missing_debug_implementations, reason = "holds secrets")]
pub struct Gateway(pub(crate) Arc<Inner>);

pub(crate) struct Inner {
    pub(crate) snapshot: ArcSwap<Snapshot>,
    pub(crate) store: Store,
    pub(crate) replica: Arc<Replica>,
    pub(crate) vault: Vault,
    pub(crate) digester: Arc<KeyDigester>,
    /// The digest of the administrator's token.
    pub(crate) admin: [u8; 32],
    pub(crate) ledger: Arc<Ledger>,
    pub(crate) captures: Arc<Captures>,
    pub(crate) upstream: Upstream,
    pub(crate) health: HealthBook,
    pub(crate) bridges: Bridges,
    pub(crate) pools: Arc<Pools>,
    pub(crate) accounts: Accounts,
    pub(crate) standings: Standings,
    pub(crate) limiter: Arc<Limiter>,
    pub(crate) metrics: Arc<Metrics>,
    pub(crate) public_url: String,
    pub(crate) bootstrap: Bootstrap,
    pub(crate) identity_provider: Option<IdentityProvider>,
    pub(crate) proxies: Proxies,
    pub(crate) max_body: u64,
    pub(crate) tasks: TaskTracker,
    pub(crate) stop: CancellationToken,
    pub(crate) draining: AtomicBool,
    /// When keys were last used, since that was last stored.
    pub(crate) used: Mutex<HashMap<KeyId, Timestamp>>,
    /// The same of personal tokens.
    pub(crate) used_tokens: Mutex<HashMap<TokenId, Timestamp>>,
}

impl Gateway {
    pub(crate) fn snapshot(&self) -> Arc<Snapshot> {
        self.0.snapshot.load_full()
    }

    /// Takes in what changed in the store.
    pub(crate) async fn refresh(&self) -> Result<(), StoreError> {
        let inner = &self.0;
        let before = self.snapshot();
        let built = Arc::new(build::next(&inner.store, &inner.vault, &before).await?);
        // A slower build must not undo a newer one. A lower number that nobody was faster than is the
        // store's own: a standby that was behind, or a restored backup.
        inner.snapshot.rcu(|current| {
            let overtaken = !Arc::ptr_eq(current, &before) && current.revision > built.revision;
            Arc::clone(if overtaken { current } else { &built })
        });
        if !Arc::ptr_eq(&before.people, &built.people) {
            inner.bridges.people_change();
        }
        Ok(())
    }

    /// Lets go of scoped keys that expired before `before`: the store deletes those without a word.
    pub(crate) fn forget_expired_scoped(&self, before: Timestamp) {
        self.0.snapshot.rcu(|current| {
            let next = current.without_expired_scoped(before);
            next.map_or_else(|| Arc::clone(current), Arc::new)
        });
    }

    pub(crate) fn store(&self) -> &Store {
        &self.0.store
    }

    pub(crate) fn vault(&self) -> &Vault {
        &self.0.vault
    }

    pub(crate) fn digester(&self) -> &KeyDigester {
        &self.0.digester
    }

    pub(crate) fn ledger(&self) -> &Arc<Ledger> {
        &self.0.ledger
    }

    pub(crate) fn captures(&self) -> &Arc<Captures> {
        &self.0.captures
    }

    pub(crate) fn upstream(&self) -> &Upstream {
        &self.0.upstream
    }

    pub(crate) fn health(&self) -> &HealthBook {
        &self.0.health
    }

    /// How bridges are.
    pub(crate) fn bridges(&self) -> &Bridges {
        &self.0.bridges
    }

    pub(crate) fn limiter(&self) -> &Arc<Limiter> {
        &self.0.limiter
    }

    pub(crate) fn pools(&self) -> &Arc<Pools> {
        &self.0.pools
    }

    /// How upstreams are reached, and what is remembered of them.
    pub(crate) fn ways(&self) -> Ways<'_> {
        Ways {
            upstream: &self.0.upstream,
            health: &self.0.health,
            bridges: &self.0.bridges,
            pools: &self.0.pools,
            accounts: Renewing(self),
            standings: &self.0.standings,
        }
    }

    pub(crate) fn metrics(&self) -> &Metrics {
        &self.0.metrics
    }

    /// The address that clients are told.
    pub fn public_url(&self) -> &str {
        &self.0.public_url
    }

    /// What bootstrap may hand out.
    pub(crate) fn bootstrap(&self) -> Bootstrap {
        self.0.bootstrap
    }

    /// Where people sign in from elsewhere, if anywhere.
    pub(crate) fn identity_provider(&self) -> Option<&IdentityProvider> {
        self.0.identity_provider.as_ref()
    }

    /// Whether people may sign in with a password.
    pub(crate) fn takes_passwords(&self) -> bool {
        let provider = self.identity_provider();
        provider.is_none_or(|provider| provider.config().allow_password)
    }

    /// The revision of the configuration that new calls see.
    pub fn revision(&self) -> i64 {
        self.snapshot().revision
    }

    pub(crate) fn max_body(&self) -> u64 {
        self.0.max_body
    }

    pub(crate) fn books(&self, prices: Arc<PriceBook>) -> Books {
        let (ledger, metrics) = (Arc::clone(&self.0.ledger), Arc::clone(&self.0.metrics));
        Books {
            ledger,
            metrics,
            prices,
        }
    }

    /// Notes that a key was used; stored once a minute.
    pub(crate) fn used(&self, key: KeyId, at: Timestamp) {
        let mut used = self.0.used.lock().unwrap_or_else(PoisonError::into_inner);
        used.insert(key, at);
    }

    /// Notes that a personal token was used; stored once a minute.
    pub(crate) fn token_used(&self, token: TokenId, at: Timestamp) {
        let used = self.0.used_tokens.lock();
        used.unwrap_or_else(PoisonError::into_inner)
            .insert(token, at);
    }

    /// The newest calls on record, at most a thousand, once every call that has ended is stored.
    pub async fn recorded(&self) -> Vec<Call> {
        self.0.ledger.caught_up().await;
        let page = Page::first(1000);
        self.0
            .store
            .calls(&CallFilter::default(), page)
            .await
            .unwrap_or_default()
    }

    /// While draining, calls that are open run on and no new ones are taken.
    pub(crate) fn refuse_if_draining(&self) -> Result<(), Refusal> {
        if self.0.draining.load(Ordering::Relaxed) {
            let message = "The gateway is shutting down; try again in a moment.";
            return Err(Refusal::new(ErrorKind::Overloaded, message));
        }
        Ok(())
    }
}
