//! Pieces of budgets, where several replicas spend of one: asked for, renewed and given back in the
//! background. A call never waits for this; see `domain::limits::Funds` for what it is told meanwhile.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;
use tollhouse_domain::call::Call;
use tollhouse_domain::limits::{BudgetWindow, LIFETIME, Period, Rules, Scope, ScopeState};
use tollhouse_store::{Asked, Store, StoreError};
use tracing::warn;

use super::{Limiter, Shared, lock};
use crate::patience::{PATIENCE, Unanswered, within};
use crate::replica::Replica;

/// How often what replicas hold is looked at. One that falls short asks at once.
const ROUND: Duration = Duration::from_millis(500);
/// Lets shortages gather, so that a busy replica asks for all in one.
const GATHER: Duration = Duration::from_millis(10);
/// Budgets asked for in one transaction.
const PIECE: usize = 500;
/// After so many questions without an answer the store is taken to be away for this round.
const SILENT: usize = 2;

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

    /// One look into the books. What failed before is asked for last and one by one, so that a budget
    /// whose books somebody else has keeps waiting nobody but itself.
    async fn round(
        &self,
        store: &Store,
        slow: &mut Slow,
        tick: impl Fn() -> Duration,
    ) -> Result<(), Unanswered> {
        let replicas = self.replicas();
        let mut due = self.due(replicas, tick());
        slow.keep(&due);
        due.sort_by_key(|(name, _)| slow.failures(name));
        let at = due.partition_point(|(name, _)| slow.failures(name) == 0);
        let (well, ill) = due.split_at(at);
        let (mut silent, mut answer) = (0, Ok(()));
        for piece in well.chunks(PIECE).chain(ill.chunks(1)) {
            self.expire(tick());
            match within(PATIENCE, self.ask(store, replicas, piece, tick())).await {
                Ok(()) => slow.answered(piece),
                Err(error) => {
                    slow.failed(piece);
                    silent += usize::from(matches!(error, Unanswered::Silent));
                    answer = Err(error);
                }
            }
            if silent == SILENT {
                break;
            }
        }
        self.expire(tick());
        self.strike_out(tick());
        answer
    }

    /// Budgets of which the books have something to be told.
    fn due(&self, replicas: u32, now: Duration) -> Vec<(Name, Shared)> {
        let listed = lock(&self.listed).clone();
        let mut due = Vec::new();
        for (scope, shared) in &listed {
            for (window, period, funds) in lock(shared).leases() {
                // Only a look: what is given back is withdrawn when it is.
                let mut look = *funds;
                if look.claim(replicas, now).is_some() {
                    let name = (*scope, named(*scope, window), period);
                    due.push((name, Arc::clone(shared)));
                }
            }
        }
        due
    }

    /// One transaction. Nobody stores calls meanwhile.
    async fn ask(
        &self,
        store: &Store,
        replicas: u32,
        piece: &[(Name, Shared)],
        now: Duration,
    ) -> Result<(), StoreError> {
        let till = self.till.lock().await;
        if *till == Till::Closed {
            return Ok(());
        }
        let claims = piece.iter().filter_map(|one| claim(one, replicas, now));
        let (asks, of): (Vec<Asked>, Vec<&Shared>) = claims.unzip();
        if asks.is_empty() {
            return Ok(());
        }
        let answers = store.lease(self.replica.id, replicas, LIFETIME, &asks);
        let answers = answers.await?.unwrap_or_default();
        for ((asks, shared), answer) in asks.iter().zip(of).zip(answers) {
            if let Some(funds) = lock(shared).funds_of(asks.window, asks.period) {
                funds.answer(answer, now);
            }
        }
        Ok(())
    }

    /// Forgets scopes that hold nothing.
    fn strike_out(&self, now: Duration) {
        lock(&self.listed).retain(|(_, shared)| {
            let mut state = lock(shared);
            let holds = state.leases().any(|(.., funds)| !funds.is_settled(now));
            state.listed = holds;
            holds
        });
    }

    /// Stops spending what others may have soon.
    fn expire(&self, now: Duration) {
        for (_, shared) in &*lock(&self.listed) {
            for (.., funds) in lock(shared).leases() {
                funds.expire(now);
            }
        }
    }
}

/// What the books are told of a budget, if it is still anything.
fn claim(
    (name, shared): &(Name, Shared),
    replicas: u32,
    now: Duration,
) -> Option<(Asked, &Shared)> {
    let (scope, window, period) = *name;
    let mut state = lock(shared);
    let funds = state.funds_of(window, period)?;
    let (budget, claim) = funds.leased().zip(funds.claim(replicas, now))?;
    let asks = Asked {
        scope,
        window,
        period,
        budget,
        claim,
    };
    drop(state);
    Some((asks, shared))
}

/// A budget's period, as the books know it.
type Name = (Scope, BudgetWindow, Period);

/// Budgets that the books did not answer of, and how often in a row.
#[derive(Default)]
struct Slow(HashMap<Name, u32>);

impl Slow {
    fn failures(&self, name: &Name) -> u32 {
        self.0.get(name).copied().unwrap_or_default()
    }

    fn failed(&mut self, piece: &[(Name, Shared)]) {
        for (name, _) in piece {
            *self.0.entry(*name).or_default() += 1;
        }
    }

    fn answered(&mut self, piece: &[(Name, Shared)]) {
        for (name, _) in piece {
            self.0.remove(name);
        }
    }

    /// Forgets what is not asked for any more.
    fn keep(&mut self, due: &[(Name, Shared)]) {
        if !self.0.is_empty() {
            let due: HashSet<&Name> = due.iter().map(|(name, _)| name).collect();
            self.0.retain(|name, _| due.contains(name));
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
    let mut slow = Slow::default();
    loop {
        tokio::select! {
            () = leases.short.notified() => tokio::time::sleep(GATHER).await,
            () = tokio::time::sleep(ROUND) => {}
        }
        if let Err(error) = leases.round(store, &mut slow, || limiter.tick()).await {
            warn!(%error, "no more of some budgets can be had");
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
