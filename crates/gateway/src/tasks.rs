//! Background work: every task is named here, tracked, and ends when the gateway stops.

mod account_rests;
mod bridge_owners;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::mpsc::Receiver;
use tokio_util::sync::CancellationToken;
use tollhouse_domain::audit::{Action, Actor, Note, Subject, SubjectKind};
use tollhouse_domain::time::Timestamp;
use tracing::warn;

use crate::accounts::keep;
use crate::bridges;
use crate::capture::{self, Finished};
use crate::clock;
use crate::ledger::retention::{self, Keep};
use crate::ledger::sync;
use crate::ledger::writer::Writer;
use crate::limits::leases;
use crate::patience::{LONG, PATIENCE, within};
use crate::replica::{self, follow};
use crate::state::Gateway;

/// How long to wait before the store is told again what it did not take.
const MARK_AGAIN: Duration = Duration::from_secs(5);
/// How often last uses are stored.
const STORE_LAST_USES: Duration = Duration::from_mins(1);
/// How often the store is asked again what was spent.
const POLL: Duration = Duration::from_secs(1);
const SWEEP_LIMITS: Duration = Duration::from_mins(1);

/// Starts the background work.
pub(crate) fn spawn(gateway: &Gateway, writer: Writer, finished: Receiver<Finished>, keep: Keep) {
    let inner = &gateway.0;
    let (tasks, stop) = (&inner.tasks, &inner.stop);
    let budgets = budgets(gateway.clone(), stop.clone());
    tasks.spawn(writer.run(stop.clone(), budgets));
    tasks.spawn(sweep_limits(gateway.clone(), stop.clone()));
    tasks.spawn(sync::run(Arc::clone(&inner.ledger), stop.clone()));
    tasks.spawn(last_uses(gateway.clone(), stop.clone()));
    tasks.spawn(credential_marks(gateway.clone(), stop.clone()));
    tasks.spawn(account_rests::windows(gateway.clone(), stop.clone()));
    if inner.accounts.enabled() {
        tasks.spawn(keep::run(gateway.clone(), stop.clone()));
    }
    for name in gateway.bridges().names() {
        tasks.spawn(bridges::watch(gateway.clone(), name, stop.clone()));
    }
    if !gateway.bridges().owned().is_empty() {
        tasks.spawn(bridge_owners::run(gateway.clone(), stop.clone()));
    }
    if inner.store.kind() == "postgres" {
        // An embedded store has one process; only a shared one can change behind our back.
        tasks.spawn(follow::run(gateway.clone(), stop.clone()));
        tasks.spawn(replica::run(gateway.clone(), stop.clone()));
        let limiter = Arc::clone(gateway.limiter());
        tasks.spawn(leases::run(limiter, inner.store.clone(), stop.clone()));
    }
    tasks.spawn(capture::writer::run(
        gateway.clone(),
        finished,
        stop.clone(),
    ));
    tasks.spawn(retention::run(gateway.clone(), keep, stop.clone()));
}

/// Reads what was spent before, until the store says.
async fn budgets(gateway: Gateway, stop: CancellationToken) {
    loop {
        let snapshot = gateway.snapshot();
        let known = |scope| snapshot.knows(scope);
        let (limiter, store) = (gateway.limiter(), gateway.store());
        tokio::select! {
            loaded = within(LONG, limiter.load(store, clock::now(), known)) => match loaded {
                Ok(()) => return,
                Err(error) => warn!(%error, "what was spent cannot be read yet"),
            },
            () = stop.cancelled() => return,
        }
        if !pause(POLL, &stop).await {
            return;
        }
    }
}

/// Forgets what no limit needs to know any more.
async fn sweep_limits(gateway: Gateway, stop: CancellationToken) {
    while pause(SWEEP_LIMITS, &stop).await {
        let snapshot = gateway.snapshot();
        let known = |scope| snapshot.knows(scope);
        gateway.limiter().sweep(clock::now(), known);
    }
}

/// Stores which credentials their providers refuse, or take again, and until when accounts rest, so that other
/// replicas know.
async fn credential_marks(gateway: Gateway, stop: CancellationToken) {
    loop {
        tokio::select! {
            () = gateway.pools().marked() => {}
            () = stop.cancelled() => return,
        }
        let mut failed = false;
        let telling = gateway.pools().telling().await;
        for (id, since) in gateway.pools().take_marks() {
            if failed {
                // A store that did not take one is not asked to wait for each of the others.
                gateway.pools().put_back(id, since);
                continue;
            }
            let subject = Subject::id(SubjectKind::Credential, id);
            let note = Note::new(
                clock::now(),
                Actor::SYSTEM,
                Action::CredentialChange,
                subject,
            )
            .with("refused", since.is_some());
            let store = gateway.store().noted(note);
            if let Err(error) = within(PATIENCE, store.mark_credential(id, since)).await {
                warn!(%error, credential = %id, "whether its provider takes it could not be stored");
                gateway.pools().put_back(id, since);
                failed = true;
            }
        }
        failed |= account_rests::tell(&gateway, failed).await;
        drop(telling);
        if failed {
            if !pause(MARK_AGAIN, &stop).await {
                return;
            }
            gateway.pools().wake();
        } else if let Err(error) = within(PATIENCE * 2, gateway.refresh()).await {
            warn!(%error, "a change cannot be read yet");
        } else {
            let snapshot = gateway.snapshot();
            let accounts = snapshot.credentials().accounts();
            gateway.pools().settle(accounts, clock::now());
        }
    }
}

/// Stores when keys and tokens were last used.
async fn last_uses(gateway: Gateway, stop: CancellationToken) {
    loop {
        let go_on = pause(STORE_LAST_USES, &stop).await;
        let (keys, tokens) = (taken(&gateway.0.used), taken(&gateway.0.used_tokens));
        let touch = async {
            if !keys.is_empty() {
                gateway.store().touch_keys(&keys).await?;
            }
            if !tokens.is_empty() {
                gateway.store().touch_tokens(&tokens).await?;
            }
            Ok(())
        };
        if let Err(error) = within(PATIENCE, touch).await {
            warn!(%error, "last uses could not be stored");
        }
        if !go_on {
            return;
        }
    }
}

/// What was used since the last time.
fn taken<K>(used: &Mutex<HashMap<K, Timestamp>>) -> Vec<(K, Timestamp)> {
    let used = std::mem::take(&mut *used.lock().unwrap_or_else(PoisonError::into_inner));
    used.into_iter().collect()
}

/// Waits; `false` when asked to stop.
pub(crate) async fn pause(length: Duration, stop: &CancellationToken) -> bool {
    tokio::select! {
        () = tokio::time::sleep(length) => true,
        () = stop.cancelled() => false,
    }
}
