//! A budget over time: the money of its present period and of the one before.
//!
//! A call belongs to the period it came in, also when it ends in the next one, or when its body took
//! until then to arrive. That is how the store adds up, so it is how money is reserved.

use crate::limits::{Funds, Period};

/// The money of one budget.
#[derive(Debug, Clone)]
pub struct Purse {
    period: Period,
    funds: Funds,
    before: Option<(Period, Funds)>,
}

impl Default for Purse {
    fn default() -> Self {
        Self {
            period: Period(i64::MIN),
            funds: Funds::default(),
            before: None,
        }
    }
}

impl Purse {
    /// The period that a call of `period` counts in: its own while that is still known, else the
    /// present one. Begins the period if it is new.
    pub fn begin(&mut self, period: Period) -> Period {
        if period > self.period {
            let funds = std::mem::take(&mut self.funds);
            self.before = (self.period != Period(i64::MIN)).then_some((self.period, funds));
            self.period = period;
        }
        match self.before {
            Some((before, _)) if before == period => period,
            _ => self.period,
        }
    }

    /// Forgets what lies after the period that the clock says it is. A clock that was ahead has begun
    /// it, and calls would count there until it really comes.
    pub fn mend(&mut self, period: Period) {
        let ahead = |known: Period| known > period;
        let before = self.before.take().filter(|(before, _)| !ahead(*before));
        if ahead(self.period) {
            let (period, funds) = before.unwrap_or((Period(i64::MIN), Funds::default()));
            (self.period, self.funds) = (period, funds);
        } else {
            self.before = before;
        }
    }

    /// The money of the period that a call of `period` counts in.
    pub fn enter(&mut self, period: Period) -> &mut Funds {
        let period = self.begin(period);
        match &mut self.before {
            Some((before, funds)) if *before == period => funds,
            _ => &mut self.funds,
        }
    }

    /// The money of a period that is still known.
    pub fn of(&mut self, period: Period) -> Option<&mut Funds> {
        if period == self.period {
            return Some(&mut self.funds);
        }
        let before = self.before.as_mut().filter(|(before, _)| *before == period);
        before.map(|(_, funds)| funds)
    }

    /// The money of every period that is still known.
    pub fn known(&mut self) -> impl Iterator<Item = (Period, &mut Funds)> {
        let before = self
            .before
            .iter_mut()
            .map(|(period, funds)| (*period, funds));
        before.chain(std::iter::once((self.period, &mut self.funds)))
    }

    /// The money of a period, if it is still known.
    pub fn look(&self, period: Period) -> Option<&Funds> {
        if period == self.period {
            return Some(&self.funds);
        }
        let before = self.before.as_ref().filter(|(before, _)| *before == period);
        before.map(|(_, funds)| funds)
    }
}
