//! Rates, concurrency and money: the shell around `domain::limits`.
//!
//! What every scope has taken is kept in memory, so that a call never waits for the database to be
//! admitted. Alone, what was spent before is read once, when the journal of the last process is stored;
//! until then no call under a budget is let through. One of several replicas divides rates by their
//! number, and holds pieces of budgets (`leases.rs`).

pub(crate) mod admit;
pub(crate) mod leases;
mod refusals;
mod reservation;

use std::collections::HashMap;
use std::collections::hash_map::DefaultHasher;
use std::hash::{Hash, Hasher};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::watch;
use tollhouse_domain::id::SessionId;
use tollhouse_domain::limits::{
    Ask, BudgetWindow, Caps, Denied, HELD, Lack, Limits, Now, Party, Rules, Scope, ScopeState,
    admit,
};
use tollhouse_domain::money::Money;
use tollhouse_domain::time::Timestamp;
use tollhouse_store::{Spent, Store, StoreError};
use tracing::warn;

use self::leases::Leases;
pub(crate) use self::refusals::{SpendCap, Warning, minute};
pub(crate) use self::reservation::Reservation;
use crate::clock;
use crate::config::LimitsConfig;
use crate::replica::Replica;
use crate::telemetry::metrics::Metrics;

const SHARDS: usize = 16;
/// A budget of which so much is spent is told about: four fifths.
const ALERT: (i64, i64) = (4, 5);

/// One scope's state, shared by its open calls.
pub(crate) type Shared = Arc<Mutex<ScopeState>>;

/// What every scope has taken.
pub(crate) struct Limiter {
    config: LimitsConfig,
    born: Instant,
    metrics: Arc<Metrics>,
    shards: [Mutex<HashMap<Scope, Shared>>; SHARDS],
    sessions: Mutex<Sessions>,
    /// Whether it is known what was spent before.
    ready: watch::Sender<bool>,
    alerts: Mutex<HashMap<(Scope, BudgetWindow), Alert>>,
    /// What is held of budgets, where others spend of them too.
    leases: Option<Leases>,
}

/// Sessions with a budget: the ones that called last, at most so many.
#[derive(Default)]
struct Sessions {
    known: HashMap<SessionId, (Shared, u64)>,
    uses: u64,
}

/// How a budget stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Standing {
    pub(crate) scope: Scope,
    pub(crate) window: BudgetWindow,
    /// How much it is.
    pub(crate) usd: Money,
    /// What ended calls cost.
    pub(crate) spent: Money,
    /// What open calls may cost at most.
    pub(crate) reserved: Money,
    /// When it begins anew; absent when it never does.
    pub(crate) reset_at: Option<Timestamp>,
}

/// A budget that is nearly spent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Alert {
    /// How it stood when that was noticed.
    pub(crate) standing: Standing,
    /// When that was.
    pub(crate) at: Timestamp,
}

impl Limiter {
    /// `others` is this replica, where there may be more of them.
    pub(crate) fn new(
        config: LimitsConfig,
        metrics: Arc<Metrics>,
        others: Option<Arc<Replica>>,
    ) -> Self {
        Self {
            config,
            born: clock::monotonic(),
            metrics,
            shards: std::array::from_fn(|_| Mutex::default()),
            sessions: Mutex::default(),
            ready: watch::channel(false).0,
            alerts: Mutex::default(),
            leases: others.map(Leases::new),
        }
    }

    pub(crate) const fn config(&self) -> &LimitsConfig {
        &self.config
    }

    fn leases(&self) -> Option<&Leases> {
        self.leases.as_ref()
    }

    /// What of a scope's limits is this replica's part.
    fn rules(&self, limits: Limits, caps: Caps) -> Rules {
        let replicas = self.leases().map_or(1, Leases::replicas);
        Rules {
            limits: limits.shared(replicas),
            caps,
            leased: self.leases.is_some(),
        }
    }

    /// What passed since the start, on the clock that is never set.
    fn tick(&self) -> Duration {
        clock::monotonic().saturating_duration_since(self.born)
    }

    /// Reads what was spent, as of `now`, by scopes that `known` says still exist. From then on calls
    /// under a budget are let through.
    pub(crate) async fn load(
        &self,
        store: &Store,
        now: Timestamp,
        known: impl Fn(Scope) -> bool,
    ) -> Result<(), StoreError> {
        let week = BudgetWindow::Week.period(now);
        let since = week.min(BudgetWindow::Month.period(now));
        let rows = store.spend_since(since).await?;
        let sessions = store.session_spend(since, self.config.sessions).await?;
        for row in rows.into_iter().filter(|row| known(row.scope)) {
            self.count(row, now);
        }
        // The newest last, so that it is the last to be forgotten.
        for row in sessions.into_iter().rev() {
            self.count(row, now);
        }
        self.ready.send_replace(true);
        Ok(())
    }

    fn count(&self, row: Spent, now: Timestamp) {
        let shared = self.state(row.scope);
        let mut state = lock(&shared);
        match self.leases {
            Some(_) => state.learn(row.day, row.amount, now),
            None => state.load(row.day, row.amount, now),
        }
    }

    /// Waits until it is known what was spent before.
    pub(crate) async fn ready(&self) {
        // The sender lives in `self`, so waiting ends only when it is so.
        let _ = self.ready.subscribe().wait_for(|ready| *ready).await;
    }

    /// Admits a call by all scopes, which come in their own order, or by none.
    pub(crate) fn reserve(
        self: &Arc<Self>,
        scopes: &[(Scope, Rules)],
        ask: Ask,
        at: Timestamp,
    ) -> Result<Reservation, Denied> {
        self.check_ready(scopes)?;
        let now = Now {
            at,
            tick: self.tick(),
        };
        let shared: Vec<Shared> = scopes.iter().map(|(scope, _)| self.state(*scope)).collect();
        // Always in the order of the scopes, so that no two calls wait for each other in a circle.
        let mut states: Vec<MutexGuard<'_, ScopeState>> =
            shared.iter().map(|state| lock(state)).collect();
        let party = |(state, (scope, rules))| Party {
            scope,
            rules,
            state,
        };
        let mut parties: Vec<Party<'_>> = states
            .iter_mut()
            .map(|guard| &mut **guard)
            .zip(scopes.iter().copied())
            .map(party)
            .collect();
        let holds = admit(&mut parties, ask, now);
        drop(parties);
        let unlisted: Vec<bool> = self.leases().map_or_else(Vec::new, |leases| {
            let each = scopes.iter().zip(&mut states);
            each.map(|((_, rules), state)| leases.notice(rules, state))
                .collect()
        });
        drop(states);
        for ((scope, _), shared) in scopes
            .iter()
            .zip(&shared)
            .zip(unlisted)
            .filter_map(|(known, unlisted)| unlisted.then_some(known))
        {
            if let Some(leases) = self.leases() {
                leases.list(*scope, Arc::clone(shared));
            }
        }
        let holds = holds?;
        let taken = shared.into_iter().zip(scopes).zip(holds);
        let held = taken.map(|((shared, (scope, rules)), hold)| (*scope, rules.caps, shared, hold));
        Ok(Reservation::new(Arc::clone(self), held.collect(), at))
    }

    /// What [`Limiter::reserve`] would say, with nothing taken and nothing made: each scope is judged by a
    /// copy of its state.
    pub(crate) fn preview(
        &self,
        scopes: &[(Scope, Rules)],
        ask: Ask,
        at: Timestamp,
    ) -> Result<(), Denied> {
        self.check_ready(scopes)?;
        let now = Now {
            at,
            tick: self.tick(),
        };
        let copy = |scope: Scope| self.find(scope).map(|state| lock(&state).clone());
        let mut states: Vec<ScopeState> = scopes
            .iter()
            .map(|(scope, _)| copy(*scope).unwrap_or_default())
            .collect();
        let party = |(state, (scope, rules))| Party {
            scope,
            rules,
            state,
        };
        let parties = states.iter_mut().zip(scopes.iter().copied());
        let mut parties: Vec<Party<'_>> = parties.map(party).collect();
        admit(&mut parties, ask, now).map(drop)
    }

    fn check_ready(&self, scopes: &[(Scope, Rules)]) -> Result<(), Denied> {
        if *self.ready.borrow() {
            return Ok(());
        }
        let capped = |(scope, rules): &(Scope, Rules)| {
            let budget = |window| Some((window, rules.caps.get(window)?));
            let (window, usd) = BudgetWindow::ALL.into_iter().find_map(budget)?;
            Some(Denied::Budget {
                scope: *scope,
                window,
                usd,
                lack: Lack::Held,
                reset_at: None,
            })
        };
        scopes.iter().find_map(capped).map_or(Ok(()), Err)
    }

    /// The state of a scope, made if there is none.
    pub(crate) fn state(&self, scope: Scope) -> Shared {
        match scope {
            Scope::Session(id) => lock(&self.sessions).get(id, self.config.sessions as usize),
            Scope::Global | Scope::Org(_) | Scope::User(_) | Scope::Key(_) => {
                let mut shard = lock(self.shard(scope));
                Arc::clone(shard.entry(scope).or_default())
            }
        }
    }

    /// The state of a scope, if there is any.
    fn find(&self, scope: Scope) -> Option<Shared> {
        match scope {
            Scope::Session(id) => {
                let sessions = lock(&self.sessions);
                sessions.known.get(&id).map(|(state, _)| Arc::clone(state))
            }
            Scope::Global | Scope::Org(_) | Scope::User(_) | Scope::Key(_) => {
                lock(self.shard(scope)).get(&scope).cloned()
            }
        }
    }

    fn shard(&self, scope: Scope) -> &Mutex<HashMap<Scope, Shared>> {
        let mut hasher = DefaultHasher::new();
        scope.hash(&mut hasher);
        #[expect(
            clippy::cast_possible_truncation,
            reason = "any bits of a hash will do"
        )]
        let index = hasher.finish() as usize % SHARDS;
        &self.shards[index]
    }

    /// How a scope's budgets stand at `now`.
    pub(crate) fn standing(&self, scope: Scope, caps: Caps, now: Timestamp) -> Vec<Standing> {
        let shared = self.find(scope);
        let state = shared.as_ref().map(|state| lock(state));
        let standing = |window: BudgetWindow| {
            let usd = caps.get(window)?;
            let funds = state.as_ref().map(|state| state.funds(window, now));
            let funds = funds.unwrap_or_default();
            Some(Standing {
                scope,
                window,
                usd,
                spent: funds.spent(),
                reserved: funds.reserved(),
                reset_at: window.reset_at(now),
            })
        };
        BudgetWindow::ALL.into_iter().filter_map(standing).collect()
    }

    /// Budgets that are nearly spent, in no order.
    pub(crate) fn alerts(&self, now: Timestamp) -> Vec<Alert> {
        let alerts = lock(&self.alerts);
        alerts
            .values()
            .filter(|alert| alert.is_current(now))
            .copied()
            .collect()
    }

    /// Tells of budgets that are nearly spent, once for each of their windows.
    fn watch(&self, standings: &[Standing], now: Timestamp) {
        for standing in standings {
            if !standing.is_nearly_spent() {
                continue;
            }
            let mut alerts = lock(&self.alerts);
            let name = (standing.scope, standing.window);
            if alerts.get(&name).is_some_and(|alert| alert.is_current(now)) {
                continue;
            }
            let standing = *standing;
            alerts.insert(name, Alert { standing, at: now });
            drop(alerts);
            self.metrics.budget_alerts.inc();
            let (scope, window) = (standing.scope, standing.window.as_str());
            let (usd, spent) = (standing.usd, standing.spent);
            warn!(%scope, window, %usd, %spent, "four fifths of a budget are spent");
        }
    }

    /// Forgets scopes that no longer exist, those that have nothing to remember, and windows that lie
    /// ahead.
    pub(crate) fn sweep(&self, now: Timestamp, known: impl Fn(Scope) -> bool) {
        let moment = Now {
            at: now,
            tick: self.tick(),
        };
        let keep = |scope: Scope, state: &Shared| {
            lock(state).mend(now);
            // A call that is open, or is just being admitted, has it too.
            let shared = Arc::strong_count(state) > 1;
            shared || (known(scope) && !lock(state).is_idle(moment))
        };
        for shard in &self.shards {
            lock(shard).retain(|scope, state| keep(*scope, state));
        }
        let mut sessions = lock(&self.sessions);
        let known = &mut sessions.known;
        known.retain(|_, (state, _)| Arc::strong_count(state) > 1 || !lock(state).is_idle(moment));
        drop(sessions);
        lock(&self.alerts).retain(|_, alert| alert.is_current(now));
    }
}

impl Standing {
    fn is_nearly_spent(&self) -> bool {
        let (part, of) = ALERT;
        let spent = i128::from(self.spent.0) * i128::from(of);
        self.usd > Money::ZERO && spent >= i128::from(self.usd.0) * i128::from(part)
    }
}

impl Alert {
    /// Whether the budget has not begun anew since.
    fn is_current(&self, now: Timestamp) -> bool {
        let window = self.standing.window;
        window.period(self.at) == window.period(now)
    }
}

impl Sessions {
    fn get(&mut self, id: SessionId, most: usize) -> Shared {
        self.uses += 1;
        let uses = self.uses;
        if let Some((state, last)) = self.known.get_mut(&id) {
            *last = uses;
            return Arc::clone(state);
        }
        if self.known.len() >= most {
            self.forget(most);
        }
        let state = Shared::default();
        self.known.insert(id, (Arc::clone(&state), uses));
        state
    }

    /// Forgets a tenth, those that called longest ago and have no open call.
    fn forget(&mut self, most: usize) {
        let mut last: Vec<u64> = self.known.values().map(|(_, last)| *last).collect();
        let tenth = (most / 10).min(last.len().saturating_sub(1));
        let (_, oldest, _) = last.select_nth_unstable(tenth);
        let oldest = *oldest;
        let open = |state: &Shared| Arc::strong_count(state) > 1;
        let keep = |state: &Shared, last: u64| last > oldest || open(state);
        self.known.retain(|_, (state, last)| keep(state, *last));
    }
}

/// A panic elsewhere leaves a state whole: every change is one call of the domain's.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// How soon a call may try again that open calls hold the money of.
pub(crate) const HELD_FOR: Duration = HELD;

#[cfg(test)]
mod tests;
