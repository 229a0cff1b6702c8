//! Pieces of budgets, where several replicas spend of one: asked for, renewed and given back in the
//! background. A call never waits for this; see `domain::limits::Funds` for what it is told meanwhile.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;
use tollhouse_domain::call::Call;
use tollhouse_domain::limits::{BudgetWindow, Rules, Scope, ScopeState};
use tollhouse_store::{Asked, Store, StoreError};
use tracing::warn;

use super::{Limiter, Shared, lock};
use crate::clock;
use crate::patience::{PATIENCE, within};
use crate::replica::Replica;

/// How often what replicas hold is looked at. One that falls short asks at once.
const ROUND: Duration = Duration::from_millis(500);
/// Lets shortages gather, so that a busy replica asks for all in one.
const GATHER: Duration = Duration::from_millis(10);
/// How long the books keep for a replica what it holds without hearing of it.
const LIFETIME: Duration = Duration::from_mins(2);
/// How often a replica says that it still holds what it holds.
const RENEW: Duration = Duration::from_secs(20);
/// When a replica stops spending what it could not renew: well before others may have it.
const EXPIRE: Duration = Duration::from_secs(100);
/// Budgets asked for in one transaction.
const PIECE: usize = 500;

/// What this replica holds of budgets.
pub(crate) struct Leases {
    replica: Arc<Replica>,
    /// Scopes that hold anything, or lately did.
    listed: Mutex<Vec<(Scope, Shared)>>,
    short: Notify,
    /// Whoever reads or writes the books has it, so that what was just stored is not counted twice.
    till: tokio::sync::Mutex<Till>,
}

/// Whether more of the budgets is asked for.
#[derive(Default, PartialEq, Eq)]
enum Till {
    #[default]
    Open,
    /// All was given back: a round that was under way then must not ask for some again.
    Closed,
}

impl Leases {
    pub(super) fn new(replica: Arc<Replica>) -> Self {
        Self {
            replica,
            listed: Mutex::default(),
            short: Notify::new(),
            till: tokio::sync::Mutex::default(),
        }
    }

    pub(super) fn replicas(&self) -> u32 {
        self.replica.alive()
    }

    /// Whether a scope has to be listed, after a call was admitted or was not. Asks for more of its
    /// budgets where it falls short.
    pub(super) fn notice(&self, rules: &Rules, state: &mut ScopeState) -> bool {
        if rules.caps.is_empty() {
            return false;
        }
        let replicas = self.replicas();
        if state.leases().any(|(.., funds)| funds.is_short(replicas)) {
            self.short.notify_one();
        }
        !std::mem::replace(&mut state.listed, true)
    }

    /// Lists a scope. Not while its state is locked: whoever goes through the list locks them.
    pub(super) fn list(&self, scope: Scope, shared: Shared) {
        lock(&self.listed).push((scope, shared));
    }

    /// One look into the books.
    async fn round(&self, store: &Store, renew: bool) -> Result<(), StoreError> {
        let till = self.till.lock().await;
        if *till == Till::Closed {
            return Ok(());
        }
        let replicas = self.replicas();
        let listed = lock(&self.listed).clone();
        let mut asked = Vec::new();
        for (scope, shared) in &listed {
            for (window, period, funds) in lock(shared).leases() {
                let claim = funds.claim(replicas, renew);
                if let Some((budget, claim)) = funds.leased().zip(claim) {
                    let asks = Asked {
                        scope: *scope,
                        window: named(*scope, window),
                        period,
                        budget,
                        claim,
                    };
                    asked.push((asks, shared));
                }
            }
        }
        for piece in asked.chunks(PIECE) {
            let asks: Vec<Asked> = piece.iter().map(|(asks, _)| *asks).collect();
            let answers = store.lease(self.replica.id, replicas, LIFETIME, &asks);
            let answers = answers.await?.unwrap_or_default();
            for ((asks, shared), answer) in piece.iter().zip(answers) {
                if let Some(funds) = lock(shared).funds_of(asks.window, asks.period) {
                    funds.answer(answer);
                }
            }
        }
        self.strike_out();
        Ok(())
    }

    /// Forgets scopes that hold nothing.
    fn strike_out(&self) {
        lock(&self.listed).retain(|(_, shared)| {
            let mut state = lock(shared);
            let holds = state.leases().any(|(.., funds)| !funds.is_settled());
            state.listed = holds;
            holds
        });
    }

    /// Stops spending what others may have by now.
    fn expire(&self) {
        for (_, shared) in &*lock(&self.listed) {
            for (.., funds) in lock(shared).leases() {
                funds.expire();
            }
        }
    }
}

/// A session counts its own total.
const fn named(scope: Scope, window: BudgetWindow) -> BudgetWindow {
    match (scope, window) {
        (Scope::Session(_), BudgetWindow::Total) => BudgetWindow::Session,
        _ => window,
    }
}

/// Looks after what this replica holds, until `stop`. A round that it ends in the middle of does no
/// harm: the writer gives back all that the books say.
pub(crate) async fn run(limiter: Arc<Limiter>, store: Store, stop: CancellationToken) {
    tokio::select! {
        () = look_after(&limiter, &store) => {}
        () = stop.cancelled() => {}
    }
}

async fn look_after(limiter: &Limiter, store: &Store) {
    let Some(leases) = limiter.leases() else {
        return;
    };
    let mut renewed = clock::monotonic();
    loop {
        tokio::select! {
            () = leases.short.notified() => tokio::time::sleep(GATHER).await,
            () = tokio::time::sleep(ROUND) => {}
        }
        let now = clock::monotonic();
        let renew = now.duration_since(renewed) >= RENEW;
        match within(PATIENCE, leases.round(store, renew)).await {
            Ok(()) if renew => renewed = now,
            Ok(()) => continue,
            Err(error) => warn!(%error, "no more of the budgets can be had"),
        }
        if clock::monotonic().duration_since(renewed) >= EXPIRE {
            leases.expire();
        }
    }
}

impl Limiter {
    /// Stores calls, and what they cost with them.
    pub(crate) async fn store(&self, store: &Store, calls: &[Call]) -> Result<u64, StoreError> {
        let Some(leases) = self.leases() else {
            return store.insert_calls(calls).await;
        };
        let _till = leases.till.lock().await;
        let inserted = store.insert_calls_of(leases.replica.id, calls).await?;
        for call in calls {
            let scopes = [
                Some(Scope::Session(call.session)),
                Some(Scope::Key(call.key)),
                call.user.map(Scope::User),
                call.org.map(Scope::Org),
            ];
            for state in scopes
                .into_iter()
                .flatten()
                .filter_map(|scope| self.find(scope))
            {
                lock(&state).stored(call.charge(), call.at);
            }
        }
        Ok(inserted)
    }

    /// Gives back all that is held, when everything that was spent is stored.
    pub(crate) async fn give_up(&self, store: &Store) {
        let Some(leases) = self.leases() else {
            return;
        };
        let give_up = async {
            *leases.till.lock().await = Till::Closed;
            store.give_up_leases(leases.replica.id).await
        };
        if let Err(error) = within(PATIENCE, give_up).await {
            warn!(%error, "what was held of budgets is free only in a while");
        }
    }
}
