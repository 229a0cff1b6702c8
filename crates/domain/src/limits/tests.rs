//! Laws over interleavings: what is admitted in whatever order never takes more than there is, and
//! what was held comes back.

use std::time::Duration;

use proptest::prelude::*;
use uuid::Uuid;

use super::*;
use crate::id::KeyId;
use crate::time::Timestamp;

const KEY: Scope = Scope::Key(KeyId(Uuid::nil()));

fn budget(usd: i64, window: BudgetWindow) -> Budget {
    Budget {
        usd: Money(usd),
        window,
    }
}

fn rules(limits: Limits, budgets: &[Budget]) -> Rules {
    Rules {
        limits,
        caps: Caps::of(budgets),
        leased: false,
    }
}

fn now(seconds: u64) -> Now {
    Now {
        at: Timestamp::from_secs(1_800_000_000 + i64::try_from(seconds).unwrap()),
        tick: Duration::from_secs(seconds),
    }
}

/// Admits by one scope.
fn one(state: &mut ScopeState, rules: Rules, ask: Ask, now: Now) -> Result<Hold, Denied> {
    let party = Party {
        scope: KEY,
        rules,
        state,
    };
    admit(&mut [party], ask, now).map(|mut holds| holds.remove(0))
}

fn ask(tokens: u64, cost: i64) -> Ask {
    Ask {
        tokens,
        cost: Money(cost),
    }
}

fn real(tokens: u64, cost: i64) -> Real {
    Real {
        tokens,
        cost: Money(cost),
    }
}

#[test]
fn a_minute_says_exactly_when_there_is_room() {
    let limits = Limits {
        rpm: Some(2),
        ..Limits::default()
    };
    let (mut state, rules) = (ScopeState::default(), rules(limits, &[]));
    let at = |millis| Now {
        tick: Duration::from_millis(millis),
        ..now(0)
    };
    let _first = one(&mut state, rules, ask(0, 0), at(500)).unwrap();
    let _second = one(&mut state, rules, ask(0, 0), at(10_000)).unwrap();
    let Err(Denied::Rate { retry_after, .. }) = one(&mut state, rules, ask(0, 0), at(20_250))
    else {
        panic!("the third");
    };
    assert_eq!(retry_after, Duration::from_millis(40_750));
    assert!(one(&mut state, rules, ask(0, 0), at(60_999)).is_err());
    assert!(one(&mut state, rules, ask(0, 0), at(61_000)).is_ok());
}

#[test]
fn a_call_larger_than_the_minute_takes_all_of_it() {
    let limits = Limits {
        tpm: Some(100),
        ..Limits::default()
    };
    let (mut state, rules) = (ScopeState::default(), rules(limits, &[]));
    let whole = one(&mut state, rules, ask(5_000, 0), now(0)).unwrap();
    assert!(one(&mut state, rules, ask(1, 0), now(1)).is_err());
    state.settle(whole, real(30, 0), now(2).tick);
    let _rest = one(&mut state, rules, ask(70, 0), now(2)).unwrap();
    assert!(one(&mut state, rules, ask(1, 0), now(3)).is_err());
}

#[test]
fn what_lacks_is_told_apart() {
    let (mut state, rules) = (
        ScopeState::default(),
        rules(Limits::default(), &[budget(100, BudgetWindow::Day)]),
    );
    let lack = |denied: Result<Hold, Denied>| match denied.unwrap_err() {
        Denied::Budget { lack, reset_at, .. } => {
            assert!(reset_at.is_some());
            lack
        }
        other => panic!("{other:?}"),
    };
    let left = |left| Lack::TooDear { left: Money(left) };
    assert_eq!(lack(one(&mut state, rules, ask(0, 101), now(0))), left(100));
    let hold = one(&mut state, rules, ask(0, 60), now(0)).unwrap();
    assert_eq!(lack(one(&mut state, rules, ask(0, 60), now(0))), Lack::Held);
    state.settle(hold, real(0, 50), now(1).tick);
    assert_eq!(lack(one(&mut state, rules, ask(0, 60), now(1))), left(50));
    let hold = one(&mut state, rules, ask(0, 50), now(1)).unwrap();
    state.settle(hold, real(0, 50), now(2).tick);
    assert_eq!(lack(one(&mut state, rules, ask(0, 1), now(2))), Lack::Spent);
    assert!(
        one(&mut state, rules, ask(0, 0), now(2)).is_ok(),
        "free is free"
    );
}

#[test]
fn a_call_counts_in_the_period_it_came_in() {
    let midnight = 1_800_057_600 - 1_800_000_000;
    let rules = rules(Limits::default(), &[budget(100, BudgetWindow::Day)]);
    let mut state = ScopeState::default();
    let late = one(&mut state, rules, ask(0, 80), now(midnight - 1)).unwrap();
    let early = one(&mut state, rules, ask(0, 100), now(midnight)).unwrap();
    let slow = one(&mut state, rules, ask(0, 30), now(midnight - 1));
    assert!(slow.is_err(), "its body took until the next day to arrive");
    state.settle(late, real(0, 70), now(midnight + 1).tick);
    let _slow = one(&mut state, rules, ask(0, 30), now(midnight - 1)).unwrap();
    let today = state.funds(BudgetWindow::Day, now(midnight).at);
    assert_eq!((today.used(), today.reserved()), (Money(0), Money(100)));
    state.settle(early, real(0, 90), now(midnight + 2).tick);
    let month = state.funds(BudgetWindow::Month, now(midnight).at);
    assert_eq!(month.used(), Money(160));
}

#[test]
fn a_clock_that_was_ahead_freezes_no_budget() {
    let day = 86_400;
    let rules = rules(Limits::default(), &[budget(100, BudgetWindow::Day)]);
    let spend = |state: &mut ScopeState, cost, at| {
        let hold = one(state, rules, ask(0, cost), at).map_err(|_| cost)?;
        state.settle(hold, real(0, cost), at.tick);
        Ok::<(), i64>(())
    };
    let mut state = ScopeState::default();
    spend(&mut state, 60, now(0)).unwrap();
    // A month ahead, for a while.
    spend(&mut state, 100, now(30 * day)).unwrap();
    assert_eq!(
        spend(&mut state, 50, now(10)),
        Err(50),
        "today is known still"
    );
    for today in [0, 1, 2] {
        let at = now(today * day + 20);
        state.mend(at.at);
        let left = if today == 0 { 40 } else { 100 };
        assert_eq!(spend(&mut state, left + 1, at), Err(left + 1), "{today}");
        spend(&mut state, left, at).unwrap();
        // A look that is right changes nothing.
        state.mend(at.at);
        assert_eq!(spend(&mut state, 1, at), Err(1), "{today}");
    }
    // The first call of all came by the wrong clock.
    let mut state = ScopeState::default();
    spend(&mut state, 100, now(30 * day)).unwrap();
    state.mend(now(0).at);
    spend(&mut state, 100, now(0)).unwrap();
}

#[test]
fn all_scopes_are_held_or_none() {
    let limits = Limits {
        rpm: Some(10),
        tpm: Some(1_000),
        concurrency: Some(3),
    };
    let wide = rules(limits, &[budget(1_000, BudgetWindow::Total)]);
    for narrow in [
        rules(
            Limits {
                rpm: Some(0),
                ..limits
            },
            &[],
        ),
        rules(
            Limits {
                concurrency: Some(0),
                ..limits
            },
            &[],
        ),
        rules(limits, &[budget(1, BudgetWindow::Total)]),
    ] {
        for order in [[wide, narrow], [narrow, wide]] {
            let mut states = [ScopeState::default(), ScopeState::default()];
            let [first, second] = &mut states;
            let mut parties = [(first, order[0]), (second, order[1])].map(|(state, rules)| Party {
                scope: KEY,
                rules,
                state,
            });
            assert!(admit(&mut parties, ask(10, 5), now(0)).is_err());
            for state in &mut states {
                assert!(state.is_idle(now(0)), "{state:?}");
            }
        }
    }
}

#[test]
fn leases_move_from_here_to_the_store() {
    let mut funds = Funds::default();
    funds.set_outside(Money(100));
    assert_eq!(funds.fits(Money(30)), Err(Lack::Held));
    assert_eq!(funds.shortfall(), Money(30));
    funds.grant(Money(40));
    funds.set_outside(Money(60));
    assert_eq!(funds.shortfall(), Money(0));
    funds.fits(Money(30)).unwrap();
    funds.reserve(Money(30));
    assert_eq!(
        funds.fits(Money(200)),
        Err(Lack::TooDear { left: Money(100) })
    );
    funds.release(Money(30));
    funds.spend(Money(25));
    assert_eq!(funds.available(), Money(15));
    funds.stored(Money(25));
    assert_eq!((funds.granted(), funds.used()), (Money(15), Money(0)));
    assert_eq!(funds.withdraw(Money(100)), Money(15));
    funds.set_outside(Money(0));
    assert_eq!(funds.fits(Money(1)), Err(Lack::Spent));
}

#[test]
fn the_tightest_budget_of_a_window_counts() {
    let caps = Caps::of(&[
        budget(5, BudgetWindow::Day),
        budget(3, BudgetWindow::Day),
        budget(9, BudgetWindow::Session),
    ]);
    assert_eq!(caps.get(BudgetWindow::Day), Some(Money(3)));
    assert_eq!(caps.get(BudgetWindow::Week), None);
    let other = Caps::of(&[budget(2, BudgetWindow::Session)]);
    assert_eq!(caps.and(other).get(BudgetWindow::Session), Some(Money(2)));
    assert_eq!(caps.only(true).get(BudgetWindow::Day), None);
    assert_eq!(caps.only(false).get(BudgetWindow::Session), None);
    assert!(caps.only(true).only(false).is_empty());
}

/// One thing that happens.
#[derive(Debug, Clone, Copy)]
enum Event {
    Ask {
        tokens: u64,
        cost: i64,
    },
    Settle {
        which: usize,
        tokens: u64,
        part: i64,
    },
    Release {
        which: usize,
    },
    Wait {
        millis: u64,
    },
}

fn events() -> impl Strategy<Value = Vec<Event>> {
    let event = prop_oneof![
        4 => (0u64..60, 0i64..60).prop_map(|(tokens, cost)| Event::Ask { tokens, cost }),
        3 => (any::<usize>(), 0u64..60, 0i64..=100)
            .prop_map(|(which, tokens, part)| Event::Settle { which, tokens, part }),
        1 => any::<usize>().prop_map(|which| Event::Release { which }),
        3 => prop_oneof![0u64..3_000, 50_000u64..70_000, 80_000_000u64..90_000_000]
            .prop_map(|millis| Event::Wait { millis }),
    ];
    prop::collection::vec(event, 1..200)
}

/// What was asked, taken and settled, kept by the test in the plainest way.
#[derive(Default)]
struct Record {
    admitted: Vec<(u64, u64)>,
    settled: Vec<(i64, i64)>,
}

proptest! {
    #[test]
    fn nothing_is_ever_overdrawn(events in events()) {
        let limits = Limits { rpm: Some(5), tpm: Some(100), concurrency: Some(4) };
        let budgets = [budget(100, BudgetWindow::Day), budget(300, BudgetWindow::Total)];
        let rules = rules(limits, &budgets);
        let (mut state, mut record) = (ScopeState::default(), Record::default());
        let mut open: Vec<(Hold, Ask, i64, u64)> = Vec::new();
        let mut millis = 0u64;
        for event in events {
            let now = Now {
                at: Timestamp(i64::try_from(millis).unwrap() * 1_000),
                tick: Duration::from_millis(millis),
            };
            let day = day(now.at);
            match event {
                Event::Ask { tokens, cost } => {
                    let ask = ask(tokens, cost);
                    if let Ok(hold) = one(&mut state, rules, ask, now) {
                        open.push((hold, ask, day, millis));
                    }
                }
                Event::Settle { which, tokens, part } if !open.is_empty() => {
                    let (hold, ask, day, at) = open.swap_remove(which % open.len());
                    let cost = ask.cost.0 * part / 100;
                    state.settle(hold, real(tokens.min(ask.tokens), cost), now.tick);
                    record.settled.push((day, cost));
                    record.admitted.push((at, tokens.min(ask.tokens)));
                }
                Event::Release { which } if !open.is_empty() => {
                    let (hold, ..) = open.swap_remove(which % open.len());
                    state.release(hold, now.tick);
                }
                Event::Settle { .. } | Event::Release { .. } => {}
                Event::Wait { millis: more } => millis += more,
            }
            prop_assert!(open.len() <= 4, "concurrency");
            prop_assert_eq!(usize::try_from(state.open()).unwrap(), open.len());
            let total: i64 = record.settled.iter().map(|(_, cost)| cost).sum();
            prop_assert!(total <= 300, "the total");
            let on = |wanted| record.settled.iter().filter(move |(day, _)| *day == wanted);
            let today: i64 = on(day).map(|(_, cost)| cost).sum();
            prop_assert!(today <= 100, "the day");
        }
        // Whatever is still open counts as it was held.
        let still = open.iter().map(|(_, ask, _, at)| (*at, ask.tokens));
        let taken: Vec<(u64, u64)> = record.admitted.iter().copied().chain(still).collect();
        for (start, _) in &taken {
            let minute = || taken.iter().filter(|(at, _)| (*start..start + 60_000).contains(at));
            prop_assert!(minute().count() <= 5, "calls a minute");
            prop_assert!(minute().map(|(_, tokens)| tokens).sum::<u64>() <= 100, "tokens");
        }
        let later = Now {
            at: Timestamp(i64::try_from(millis).unwrap() * 1_000),
            tick: Duration::from_millis(millis),
        };
        for (hold, ..) in open.drain(..) {
            state.release(hold, later.tick);
        }
        prop_assert_eq!(state.open(), 0, "every permit came back");
        for window in COUNTED {
            prop_assert_eq!(state.funds(window, later.at).reserved(), Money::ZERO);
        }
        let total: i64 = record.settled.iter().map(|(_, cost)| cost).sum();
        prop_assert_eq!(state.funds(BudgetWindow::Total, later.at).used(), Money(total));
    }
}
