//! What one scope has taken, and the one decision over all scopes of a call.
//!
//! A call is admitted by every scope it belongs to, or by none: all are asked before anything is
//! taken. Rates come first, then concurrency, then money, so that a call that is told to come back
//! later has not held anything meanwhile.

use std::time::Duration;

use crate::limits::rate::{Rate, Taken};
use crate::limits::{Budget, BudgetWindow, Funds, Lack, Limits, Period, Purse, Scope};
use crate::money::Money;
use crate::time::Timestamp;

/// How soon a call may try again that open calls are in the way of.
pub const HELD: Duration = Duration::from_secs(2);

/// A moment on both clocks: the wall's for calendars, one that is never set for rates.
#[derive(Debug, Clone, Copy)]
pub struct Now {
    /// When the call came in.
    pub at: Timestamp,
    /// What passed since some fixed moment.
    pub tick: Duration,
}

/// The tightest budget of each window.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Caps([Option<Money>; WINDOWS]);

const WINDOWS: usize = 5;

impl Caps {
    /// The tightest of each window.
    pub fn of(budgets: &[Budget]) -> Self {
        let mut caps = Self::default();
        for budget in budgets {
            let cap = &mut caps.0[budget.window as usize];
            *cap = Some(cap.map_or(budget.usd, |known| known.min(budget.usd)));
        }
        caps
    }

    /// The tighter of each window of both.
    #[must_use]
    pub fn and(mut self, other: Self) -> Self {
        for (mine, theirs) in self.0.iter_mut().zip(other.0) {
            *mine = mine.map_or(theirs, |mine| Some(theirs.map_or(mine, |t| mine.min(t))));
        }
        self
    }

    /// What may be spent in a window.
    pub const fn get(&self, window: BudgetWindow) -> Option<Money> {
        self.0[window as usize]
    }

    /// Only windows that a scope counts by itself: a session's own, or all others.
    #[must_use]
    pub fn only(self, session: bool) -> Self {
        let mut kept = self;
        for window in BudgetWindow::ALL {
            if (window == BudgetWindow::Session) != session {
                kept.0[window as usize] = None;
            }
        }
        kept
    }

    /// Whether no money is limited.
    pub fn is_empty(&self) -> bool {
        self.0.iter().all(Option::is_none)
    }
}

/// What a scope may use, at this replica.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Rules {
    /// Rates and concurrency.
    pub limits: Limits,
    /// Money.
    pub caps: Caps,
    /// Whether money is granted from outside, piece by piece, and not the whole budget at once.
    pub leased: bool,
}

impl Rules {
    /// Whether nothing is limited.
    pub fn is_unlimited(&self) -> bool {
        self.limits.is_unlimited() && self.caps.is_empty()
    }
}

/// What a call wants.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Ask {
    /// The most tokens it can take.
    pub tokens: u64,
    /// The most it can cost.
    pub cost: Money,
}

/// What a call really used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Real {
    /// Tokens, in and out.
    pub tokens: u64,
    /// Money.
    pub cost: Money,
}

/// A rate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RateLimit {
    /// Calls a minute.
    Requests,
    /// Tokens a minute.
    Tokens,
}

/// Why a call is not admitted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Denied {
    /// Too much in the last minute.
    Rate {
        /// Whose limit.
        scope: Scope,
        /// Which.
        limit: RateLimit,
        /// How much it lets through in a minute.
        most: u64,
        /// After how long the call fits.
        retry_after: Duration,
    },
    /// Too many calls at once.
    Concurrency {
        /// Whose limit.
        scope: Scope,
        /// How many it lets through at once.
        most: u32,
    },
    /// Too little money.
    Budget {
        /// Whose budget.
        scope: Scope,
        /// Over what.
        window: BudgetWindow,
        /// How much it is.
        usd: Money,
        /// What is lacking.
        lack: Lack,
        /// When the budget begins anew.
        reset_at: Option<Timestamp>,
    },
}

/// What one scope has taken.
#[derive(Debug, Clone, Default)]
pub struct ScopeState {
    requests: Option<Box<Rate>>,
    tokens: Option<Box<Rate>>,
    open: u32,
    purses: [Purse; PURSES],
    /// Whether the one who asks for pieces of budgets knows of this.
    pub listed: bool,
}

const PURSES: usize = 4;

/// Where the money of a window is counted. A session has no calendar, only its own total.
const fn purse(window: BudgetWindow) -> usize {
    match window {
        BudgetWindow::Day => 0,
        BudgetWindow::Week => 1,
        BudgetWindow::Month => 2,
        BudgetWindow::Total | BudgetWindow::Session => 3,
    }
}

/// The windows that a scope's money is counted in.
pub const COUNTED: [BudgetWindow; PURSES] = [
    BudgetWindow::Day,
    BudgetWindow::Week,
    BudgetWindow::Month,
    BudgetWindow::Total,
];

/// A scope that a call belongs to.
#[derive(Debug)]
pub struct Party<'a> {
    /// Which.
    pub scope: Scope,
    /// What it may use.
    pub rules: Rules,
    /// What it has taken.
    pub state: &'a mut ScopeState,
}

/// What an open call has of one scope: settle it, or the scope stays short of it.
#[derive(Debug, Clone, Copy)]
#[must_use]
pub struct Hold {
    requests: Option<Taken>,
    tokens: Option<Taken>,
    permit: bool,
    cost: Money,
    periods: [Period; PURSES],
    capped: [bool; PURSES],
}

/// Admits a call by all of its scopes, or by none.
pub fn admit(parties: &mut [Party<'_>], ask: Ask, now: Now) -> Result<Vec<Hold>, Denied> {
    for party in &mut *parties {
        party
            .state
            .rates(party.scope, &party.rules, ask, now.tick)?;
    }
    for party in &mut *parties {
        party.state.concurrency(party.scope, &party.rules)?;
    }
    for party in &mut *parties {
        party
            .state
            .money(party.scope, &party.rules, ask.cost, now)?;
    }
    let take = |party: &mut Party<'_>| party.state.take(&party.rules, ask, now);
    Ok(parties.iter_mut().map(take).collect())
}

/// A call that asks for more tokens than a limit has in all takes the whole limit.
fn bounded(tokens: u64, limit: u64) -> u64 {
    tokens.min(limit)
}

impl ScopeState {
    fn rates(
        &mut self,
        scope: Scope,
        rules: &Rules,
        ask: Ask,
        tick: Duration,
    ) -> Result<(), Denied> {
        let denied = |limit, most, retry_after| Denied::Rate {
            scope,
            limit,
            most,
            retry_after,
        };
        if let Some(rpm) = rules.limits.rpm {
            let most = u64::from(rpm);
            let rate = self.requests.get_or_insert_default();
            let fits = rate.fits(1, most, tick);
            fits.map_err(|after| denied(RateLimit::Requests, most, after))?;
        }
        if let Some(most) = rules.limits.tpm {
            let rate = self.tokens.get_or_insert_default();
            // A limit of nothing lets nothing through, not even a call that needs nothing.
            let tokens = bounded(ask.tokens, most).max(1);
            let fits = rate.fits(tokens, most, tick);
            fits.map_err(|after| denied(RateLimit::Tokens, most, after))?;
        }
        Ok(())
    }

    fn concurrency(&self, scope: Scope, rules: &Rules) -> Result<(), Denied> {
        match rules.limits.concurrency {
            Some(most) if self.open >= most => Err(Denied::Concurrency { scope, most }),
            Some(_) | None => Ok(()),
        }
    }

    fn money(&mut self, scope: Scope, rules: &Rules, cost: Money, now: Now) -> Result<(), Denied> {
        let at = now.at;
        for window in BudgetWindow::ALL {
            let Some(usd) = rules.caps.get(window) else {
                continue;
            };
            let funds = self.purses[purse(window)].enter(window.period(at));
            if rules.leased {
                funds.lease(usd, now.tick);
            } else {
                funds.grant_whole(usd);
            }
            funds.fits(cost).map_err(|lack| Denied::Budget {
                scope,
                window,
                usd,
                lack,
                reset_at: window.reset_at(at),
            })?;
        }
        Ok(())
    }

    fn take(&mut self, rules: &Rules, ask: Ask, now: Now) -> Hold {
        let requests = rules.limits.rpm.map(|_| {
            let rate = self.requests.get_or_insert_default();
            rate.take(1, now.tick)
        });
        let tokens = rules.limits.tpm.map(|most| {
            let rate = self.tokens.get_or_insert_default();
            rate.take(bounded(ask.tokens, most), now.tick)
        });
        self.open = self.open.saturating_add(1);
        let mut hold = Hold {
            requests,
            tokens,
            permit: true,
            cost: ask.cost.max(Money::ZERO),
            periods: [Period::ALWAYS; PURSES],
            capped: [false; PURSES],
        };
        for window in BudgetWindow::ALL {
            if rules.caps.get(window).is_some() {
                hold.capped[purse(window)] = true;
            }
        }
        for (at, purse) in self.purses.iter_mut().enumerate() {
            let period = purse.begin(COUNTED[at].period(now.at));
            hold.periods[at] = period;
            if hold.capped[at] {
                purse.enter(period).reserve(hold.cost);
            }
        }
        hold
    }

    /// Ends a call: what it held is let go of, and what it used is counted.
    pub fn settle(&mut self, hold: Hold, real: Real, tick: Duration) {
        if let (Some(taken), Some(rate)) = (hold.tokens, &mut self.tokens) {
            rate.settle(taken, real.tokens, tick);
        }
        self.let_go(&hold);
        self.spent(hold.periods, real.cost);
    }

    /// Ends a call that was never carried out: it has used nothing, and not made a request.
    pub fn release(&mut self, hold: Hold, tick: Duration) {
        if let (Some(taken), Some(rate)) = (hold.requests, &mut self.requests) {
            rate.settle(taken, 0, tick);
        }
        self.settle(hold, Real::default(), tick);
    }

    fn let_go(&mut self, hold: &Hold) {
        if hold.permit {
            self.open = self.open.saturating_sub(1);
        }
        for ((purse, period), capped) in self.purses.iter_mut().zip(hold.periods).zip(hold.capped) {
            if let Some(funds) = purse.of(period).filter(|_| capped) {
                funds.release(hold.cost);
            }
        }
    }

    fn spent(&mut self, periods: [Period; PURSES], cost: Money) {
        for (purse, period) in self.purses.iter_mut().zip(periods) {
            if let Some(funds) = purse.of(period) {
                funds.spend(cost);
            }
        }
    }

    /// Counts money that was spent at a moment by a call that held nothing here.
    pub fn count(&mut self, cost: Money, at: Timestamp) {
        for window in COUNTED {
            self.purses[purse(window)]
                .enter(window.period(at))
                .spend(cost);
        }
    }

    /// Counts money that was spent on a day, as the store has it, in what is still open at `now`;
    /// the total is counted apart, under [`Period::ALWAYS`].
    pub fn load(&mut self, day: Period, cost: Money, now: Timestamp) {
        self.each_open(day, now, |funds| funds.spend(cost));
    }

    /// The same where money is granted piece by piece: it is known, and counted in the books.
    pub fn learn(&mut self, day: Period, cost: Money, now: Timestamp) {
        self.each_open(day, now, |funds| funds.learn(cost));
    }

    fn each_open(&mut self, day: Period, now: Timestamp, count: impl Fn(&mut Funds)) {
        for window in COUNTED {
            let period = window.period(now);
            let within = match window {
                BudgetWindow::Total | BudgetWindow::Session => day == Period::ALWAYS,
                BudgetWindow::Day | BudgetWindow::Week | BudgetWindow::Month => day >= period,
            };
            if within {
                count(self.purses[purse(window)].enter(period));
            }
        }
    }

    /// How many calls are open.
    pub const fn open(&self) -> u32 {
        self.open
    }

    /// The money of a window, in the period that `now` is in.
    pub fn funds(&self, window: BudgetWindow, now: Timestamp) -> Funds {
        let found = self.purses[purse(window)].look(window.period(now));
        found.copied().unwrap_or_default()
    }

    /// The money of a window in a period, to grant to it or to take from it, while that is known.
    pub fn funds_of(&mut self, window: BudgetWindow, period: Period) -> Option<&mut Funds> {
        self.purses[purse(window)].of(period)
    }

    /// The budgets of which pieces are granted: each window and period, with its money.
    pub fn leases(&mut self) -> impl Iterator<Item = (BudgetWindow, Period, &mut Funds)> {
        let purses = self.purses.iter_mut().zip(COUNTED);
        purses.flat_map(|(purse, window)| {
            let known = purse.known();
            let leased = known.filter(|(_, funds)| funds.leased().is_some());
            leased.map(move |(period, funds)| (window, period, funds))
        })
    }

    /// Forgets periods that begin after `now`: the clock was ahead once, and has been put right since.
    pub fn mend(&mut self, now: Timestamp) {
        for (purse, window) in self.purses.iter_mut().zip(COUNTED) {
            purse.mend(window.period(now));
        }
    }

    /// The store has taken over what a call that came at a moment cost.
    pub fn stored(&mut self, cost: Money, at: Timestamp) {
        for (purse, window) in self.purses.iter_mut().zip(COUNTED) {
            if let Some(funds) = purse.of(window.period(at)) {
                funds.stored(cost);
            }
        }
    }

    /// Whether nothing is lost when this is forgotten: nothing is open, spent or taken.
    pub fn is_idle(&mut self, now: Now) -> bool {
        let empty = |rate: &mut Option<Box<Rate>>| {
            let rate = rate.as_deref_mut();
            rate.is_none_or(|rate| rate.taken(now.tick) == 0)
        };
        if self.open > 0 || !empty(&mut self.requests) || !empty(&mut self.tokens) {
            return false;
        }
        COUNTED.into_iter().all(|window| {
            let funds = self.funds(window, now.at);
            funds.spent() == Money::ZERO && funds.reserved() == Money::ZERO
        })
    }
}
