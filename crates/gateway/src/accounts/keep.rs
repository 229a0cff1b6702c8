//! Keeping accounts alive: each is refreshed at a point of its token's life that is its own, whether or
//! not anybody calls, and also while it rests. Authorities are looked after one by one: that one does not
//! answer holds up no account of another's.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use futures_util::future::join_all;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;
use tollhouse_domain::account::refresh::due;
use tollhouse_domain::id::CredentialId;
use tollhouse_domain::time::Timestamp;

use super::Renewing;
use super::flight::share;
use crate::clock;
use crate::snapshot::OpenCredential;
use crate::state::Gateway;
use crate::tasks::pause;

/// How often one looks which are due.
const LOOK: Duration = Duration::from_secs(15);
/// How many are refreshed at once at an authority: they limit who comes with many.
const AT_ONCE: usize = 8;

/// Refreshes what is due, until asked to stop.
pub(crate) async fn run(gateway: Gateway, stop: CancellationToken) {
    let authorities = gateway.0.accounts.authorities.keys();
    let each = authorities.map(|authority| look_after(&gateway, authority, &stop));
    join_all(each).await;
}

async fn look_after(gateway: &Gateway, authority: &str, stop: &CancellationToken) {
    loop {
        let now = clock::now();
        gateway.0.accounts.forget_failed(now);
        tokio::select! {
            () = refresh(gateway, due_now(gateway, authority, now)) => {}
            () = stop.cancelled() => return,
        }
        if !pause(LOOK, stop).await {
            return;
        }
    }
}

/// Refreshes these, a few at once. Who leaves here leaves alone what has begun, and begins nothing more: while
/// open calls may end, only what one of those waits for is refreshed.
async fn refresh(gateway: &Gateway, due: Vec<Arc<OpenCredential>>) {
    let mut open = JoinSet::new();
    for account in due {
        if open.len() >= AT_ONCE {
            open.join_next().await;
        }
        if gateway.0.draining.load(Ordering::Relaxed) {
            break;
        }
        let gateway = gateway.clone();
        let generation = generation(&account);
        open.spawn(async move { Renewing(&gateway).outcome(account.id, generation).await });
    }
    open.join_all().await;
}

/// The accounts of providers of `authority` that are due. Of a provider that is gone, nobody renews any.
fn due_now(gateway: &Gateway, authority: &str, now: Timestamp) -> Vec<Arc<OpenCredential>> {
    let snapshot = gateway.snapshot();
    let is_its = |account: &OpenCredential| {
        let provider = snapshot.providers().get(&account.provider);
        let scheme = provider.and_then(|provider| provider.account.as_ref());
        scheme.is_some_and(|scheme| scheme.authority == authority)
    };
    let accounts = snapshot.credentials().accounts();
    accounts
        .filter(|account| is_due(account, now) && is_its(account))
        .cloned()
        .collect()
}

fn is_due(account: &OpenCredential, now: Timestamp) -> bool {
    let Some(facts) = account.account.as_ref().map(|account| &account.facts) else {
        return false;
    };
    let point = due(
        facts.issued_at,
        facts.expires_at,
        own_chance(account.id, facts.generation),
    );
    facts.renewable && facts.standing.lost.is_none() && point <= now
}

fn generation(account: &OpenCredential) -> i64 {
    account
        .account
        .as_ref()
        .map_or(0, |account| account.facts.generation)
}

/// A number between 0 and 1 that is the same on every replica, so that a point in time stays where it is.
fn own_chance(id: CredentialId, generation: i64) -> f64 {
    let mut hash = DefaultHasher::new();
    (id.0, generation).hash(&mut hash);
    share(hash.finish())
}
