//! A week of one person's ten accounts and two hundred conversations: plans that are used up and begin anew,
//! rates, logins that are lost and found, accounts that are taken out of use.

use std::collections::{HashMap, HashSet};

use super::super::nth;
use super::*;
use crate::account::failure::{Failure, classify};
use crate::account::{Event, Lost, Standing};

const ACCOUNTS: usize = 10;
/// Conversations of each account, if they spread evenly.
const SHARE: u32 = 20;
const TALKS: u128 = 200;
const MINUTES: u64 = 7 * 24 * 60;
const ACCOUNT_MINUTES: u32 = 10 * 7 * 24 * 60;
/// A plan's window, and how many calls it includes.
const WINDOW: u64 = 5 * 60;
const PLAN: u32 = 350;

/// Chance, the same for the same seed.
struct Chance(u64, u64);

impl Chance {
    fn draw(&mut self) -> u64 {
        self.1 += 1;
        nth(self.0, self.1)
    }

    /// Whether what happens once in so many times does.
    fn once_in(&mut self, times: u64) -> bool {
        self.draw().is_multiple_of(times)
    }
}

/// An account as its provider sees it, and as we do.
#[derive(Default, Clone)]
struct Account {
    standing: Standing,
    /// When its login is found again, and when it is put back into use.
    returns: Option<u64>,
    window: u64,
    used: u32,
    served: u32,
    /// How often it became unusable.
    outages: u32,
    usable_minutes: u32,
}

#[derive(Debug, Default, PartialEq, Eq)]
struct Tally {
    calls: u32,
    served: u32,
    refused: u32,
    moves: u32,
    caps: u32,
    rates: u32,
    losses: u32,
    pauses: u32,
    most_refused_in_a_row: u32,
}

struct Week {
    chance: Chance,
    order: Order,
    accounts: Vec<Account>,
    bound: HashMap<u128, CredentialId>,
    moved_for: HashSet<(u128, usize, u32)>,
    refused_in_a_row: HashMap<u128, u32>,
    tally: Tally,
}

fn at(minute: u64) -> Timestamp {
    NOW.plus(Duration::from_mins(minute))
}

impl Week {
    fn new(seed: u64) -> Self {
        Self {
            chance: Chance(seed, 0),
            order: order(ACCOUNTS),
            accounts: vec![Account::default(); ACCOUNTS],
            bound: HashMap::new(),
            moved_for: HashSet::new(),
            refused_in_a_row: HashMap::new(),
            tally: Tally::default(),
        }
    }

    fn fit(&self, place: usize, minute: u64) -> Fit {
        let fit = self.accounts[place].standing.fit(at(minute));
        fit.unwrap_or(Fit::Stale(at(minute)))
    }

    /// What happens to accounts whether or not anybody calls.
    fn happens(&mut self, minute: u64) {
        let now = at(minute);
        for place in 0..ACCOUNTS {
            let usable = self.fit(place, minute) == Fit::Ready;
            let account = &mut self.accounts[place];
            account.usable_minutes += u32::from(usable);
            if account.returns == Some(minute) {
                account.returns = None;
                account.standing = account
                    .standing
                    .on(Event::Renewed, now)
                    .on(Event::Pause(false), now);
            }
            if account.returns.is_some() || !self.chance.once_in(2 * 24 * 60) {
                continue;
            }
            let hours = 1 + self.chance.draw() % 6;
            let account = &mut self.accounts[place];
            account.returns = Some(minute + hours * 60);
            account.outages += u32::from(usable);
            let event = if self.chance.once_in(2) {
                self.tally.losses += 1;
                Event::Lost(Lost::Revoked)
            } else {
                self.tally.pauses += 1;
                Event::Pause(true)
            };
            let account = &mut self.accounts[place];
            account.standing = account.standing.on(event, now);
        }
    }

    /// A call, and how the provider answers.
    fn answer(&mut self, place: usize, minute: u64) -> Option<Failure> {
        let now = at(minute);
        let rate = self.chance.once_in(400);
        let account = &mut self.accounts[place];
        if account.window != minute / WINDOW {
            (account.window, account.used) = (minute / WINDOW, 0);
        }
        if account.used >= PLAN {
            let resets_at = at((account.window + 1) * WINDOW).as_secs();
            let body =
                format!(r#"{{"error":{{"type":"usage_limit_reached","resets_at":{resets_at}}}}}"#);
            self.tally.caps += 1;
            return Some(classify(429, None, body.as_bytes(), now));
        }
        if rate {
            self.tally.rates += 1;
            return Some(classify(429, None, b"{}", now));
        }
        account.used += 1;
        account.served += 1;
        None
    }

    fn call(&mut self, talk: u128, minute: u64) {
        self.tally.calls += 1;
        let bound = self.bound.get(&talk).copied();
        let choice = choose(&self.order, bound, session(talk), |place| {
            self.fit(place, minute)
        });
        let (first, second) = match choice {
            Choice::Draw {
                first,
                second,
                moved,
            } => {
                self.check_move(talk, bound, first, moved, minute);
                (first, second)
            }
            Choice::Cooling(until) => {
                let returns = |place| match self.fit(place, minute) {
                    Fit::Cooling(until) => Some(until),
                    _ => None,
                };
                assert_eq!(Some(until), (0..ACCOUNTS).filter_map(returns).min());
                assert!(until > at(minute) && until <= at(minute + WINDOW));
                self.refuse(talk);
                return;
            }
            Choice::Full | Choice::Stale(_) => panic!("{choice:?}"),
        };
        for place in [Some(first), second].into_iter().flatten() {
            assert_eq!(self.fit(place, minute), Fit::Ready);
            let others: Vec<_> = self.accounts.iter().map(|one| one.standing).collect();
            let Some(failure) = self.answer(place, minute) else {
                self.tally.served += 1;
                self.refused_in_a_row.remove(&talk);
                return;
            };
            let account = &mut self.accounts[place];
            let event = failure.event().expect("it is the account's");
            account.standing = account.standing.on(event, at(minute));
            account.outages += 1;
            // It is charged to the account that made the call, and to no other.
            for (other, before) in others.into_iter().enumerate() {
                let same = self.accounts[other].standing == before;
                assert_eq!(same, other != place);
            }
        }
        self.refuse(talk);
    }

    fn refuse(&mut self, talk: u128) {
        self.tally.refused += 1;
        let row = self.refused_in_a_row.entry(talk).or_default();
        *row += 1;
        self.tally.most_refused_in_a_row = self.tally.most_refused_in_a_row.max(*row);
    }

    /// A conversation moves when its account cannot be had, once for each time that happens.
    fn check_move(
        &mut self,
        talk: u128,
        bound: Option<CredentialId>,
        first: usize,
        moved: bool,
        minute: u64,
    ) {
        let natural = choose(&self.order, None, session(talk), |_| Fit::Ready);
        let home = bound.map_or_else(
            || super::first(natural),
            |id| self.order.place(id).expect("a member"),
        );
        assert_eq!(moved, first != home);
        if moved {
            assert_ne!(self.fit(home, minute), Fit::Ready);
            let outage = (talk, home, self.accounts[home].outages);
            assert!(self.moved_for.insert(outage), "twice for the same reason");
            self.bound.insert(talk, id(first as u128));
            self.tally.moves += 1;
        }
    }

    fn run(mut self) -> (Tally, Vec<Account>) {
        for minute in 0..MINUTES {
            self.happens(minute);
            // People sleep: conversations of half of the day are silent in the other half.
            let day = minute / (12 * 60) % 2 == 0;
            for talk in 0..TALKS {
                let awake = (talk % 2 == 0) == day;
                if self.chance.once_in(if awake { 10 } else { 200 }) {
                    self.call(talk, minute);
                }
            }
        }
        (self.tally, self.accounts)
    }
}

#[test]
fn a_week_of_ten_accounts_and_two_hundred_conversations() {
    for seed in 1..=3 {
        let (tally, accounts) = Week::new(seed).run();
        // All of it happened.
        for happened in [tally.caps, tally.rates, tally.losses, tally.pauses] {
            assert!(happened > 5, "{tally:?}");
        }
        // Each reason moves those who were there, a share of all, and only if they call before it is over.
        let reasons = tally.caps + tally.rates + tally.losses + tally.pauses;
        assert!(tally.moves < reasons * SHARE, "{tally:?}");
        // What can be served is.
        assert!(tally.served > tally.calls / 100 * 98, "{tally:?}");
        assert_eq!(tally.served + tally.refused, tally.calls);
        assert!(tally.most_refused_in_a_row < 40, "{tally:?}");
        // Each account carries its share while it can be had.
        for account in &accounts {
            let rate = f64::from(account.served) / f64::from(account.usable_minutes);
            let all = f64::from(tally.served) / f64::from(ACCOUNT_MINUTES);
            assert!((0.4..2.5).contains(&(rate / all)), "{rate} {all}");
        }
    }
    let again = |seed| Week::new(seed).run().0;
    assert_eq!(again(1), again(1), "the same seed, the same week");
    assert_ne!(again(1), again(2));
}
