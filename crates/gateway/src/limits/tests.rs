use tollhouse_domain::id::{KeyId, OrgId};
use tollhouse_domain::limits::{Budget, Limits, Real};
use uuid::Uuid;

use super::*;

const USD: i64 = 1_000_000_000;

fn limiter(sessions: u32) -> Arc<Limiter> {
    let config = LimitsConfig {
        sessions,
        ..LimitsConfig::default()
    };
    let limiter = Limiter::new(config, Arc::new(Metrics::new()), None);
    limiter.ready.send_replace(true);
    Arc::new(limiter)
}

fn key(n: u128) -> Scope {
    Scope::Key(KeyId(Uuid::from_u128(n)))
}

fn session(n: u128) -> Scope {
    Scope::Session(SessionId(Uuid::from_u128(n)))
}

fn dollars(usd: i64, window: BudgetWindow) -> Rules {
    Rules {
        caps: Caps::of(&[Budget {
            usd: Money(usd * USD),
            window,
        }]),
        ..Rules::default()
    }
}

fn ask(usd: i64) -> Ask {
    Ask {
        tokens: 1,
        cost: Money(usd * USD),
    }
}

fn at(text: &str) -> Timestamp {
    Timestamp::parse(text).unwrap()
}

fn cost(usd: i64) -> Real {
    Real {
        tokens: 1,
        cost: Money(usd * USD),
    }
}

#[test]
fn a_budget_begins_anew_over_the_edge_of_its_window() {
    let limiter = limiter(10);
    for (window, last, first) in [
        (
            BudgetWindow::Day,
            "2026-11-28T23:59:59Z",
            "2026-11-29T00:00:00Z",
        ),
        (
            BudgetWindow::Week,
            "2026-11-29T23:59:59Z",
            "2026-11-30T00:00:00Z",
        ),
        (
            BudgetWindow::Month,
            "2026-12-31T23:59:59Z",
            "2027-01-01T00:00:00Z",
        ),
    ] {
        let scopes = [(key(window as u128), dollars(10, window))];
        let call = limiter.reserve(&scopes, ask(10), at(last)).unwrap();
        call.settle(cost(10));
        let denied = limiter.reserve(&scopes, ask(1), at(last)).err();
        let Some(Denied::Budget { lack, reset_at, .. }) = denied else {
            panic!("{window:?}: {denied:?}");
        };
        assert_eq!((lack, reset_at), (Lack::Spent, Some(at(first))));
        let call = limiter.reserve(&scopes, ask(10), at(first)).unwrap();
        // A call of the old window that ends in the new one takes nothing from it.
        let late = limiter.reserve(&scopes, ask(0), at(last)).unwrap();
        late.settle(cost(5));
        call.settle(cost(3));
        let [standing] = limiter.standing(scopes[0].0, scopes[0].1.caps, at(first))[..] else {
            panic!("one budget");
        };
        assert_eq!(standing.spent, Money(3 * USD));
        assert_eq!(standing.reserved, Money::ZERO);
    }
}

#[test]
fn an_alert_is_given_once_in_a_window() {
    let limiter = limiter(10);
    let scopes = [(key(1), dollars(10, BudgetWindow::Day))];
    let spend = |usd, now| {
        let call = limiter.reserve(&scopes, ask(usd), now).unwrap();
        call.settle(cost(usd));
        (
            limiter.metrics.budget_alerts.get(),
            limiter.alerts(now).len(),
        )
    };
    let (today, tomorrow) = (at("2026-11-28T12:00:00Z"), at("2026-11-29T12:00:00Z"));
    assert_eq!(spend(7, today), (0, 0));
    assert_eq!(spend(1, today), (1, 1));
    assert_eq!(spend(1, today), (1, 1));
    assert_eq!(spend(7, tomorrow), (1, 0));
    assert_eq!(spend(2, tomorrow), (2, 1));
}

#[test]
fn sessions_are_forgotten_longest_ago_first_and_never_while_a_call_is_open() {
    let limiter = limiter(100);
    let rules = dollars(10, BudgetWindow::Session);
    let now = at("2026-11-28");
    let spend = |n| {
        let call = limiter.reserve(&[(session(n), rules)], ask(10), now);
        call.map(|call| call.settle(cost(10))).is_ok()
    };
    let open = limiter
        .reserve(&[(session(0), rules)], ask(10), now)
        .unwrap();
    for n in 1..1_000 {
        assert!(spend(n));
    }
    assert!(lock(&limiter.sessions).known.len() <= 100);
    assert!(!spend(999), "the last is known");
    assert!(!spend(0), "its call is open");
    open.settle(cost(10));
}

#[test]
fn what_is_idle_or_gone_is_forgotten() {
    let limiter = limiter(10);
    let now = at("2026-11-28T12:00:00Z");
    let rates = Rules {
        limits: Limits {
            concurrency: Some(1),
            ..Limits::default()
        },
        ..Rules::default()
    };
    let idle = limiter.reserve(&[(key(1), rates)], ask(1), now).unwrap();
    let spent = limiter.reserve(&[(key(2), rates)], ask(1), now).unwrap();
    let gone = limiter.reserve(&[(key(3), rates)], ask(1), now).unwrap();
    let count = || {
        limiter
            .shards
            .iter()
            .map(|shard| lock(shard).len())
            .sum::<usize>()
    };
    limiter.sweep(now, |_| true);
    assert_eq!(count(), 3, "their calls are open");
    idle.settle(Real::default());
    spent.settle(cost(1));
    gone.settle(cost(1));
    limiter.sweep(now, |scope| scope != key(3));
    assert_eq!(count(), 1);
    assert!(limiter.find(key(2)).is_some());
}

#[test]
fn a_panic_lets_go_of_what_was_held() {
    let limiter = limiter(10);
    let scopes = [
        (
            Scope::Org(OrgId(Uuid::nil())),
            dollars(5, BudgetWindow::Total),
        ),
        (key(1), dollars(5, BudgetWindow::Total)),
    ];
    let now = at("2026-11-28");
    let call = limiter.reserve(&scopes, ask(5), now).unwrap();
    let died = std::thread::spawn(move || {
        let _open = call;
        panic!("on purpose");
    });
    assert!(died.join().is_err());
    assert!(limiter.reserve(&scopes, ask(5), now).is_ok());
}

#[test]
fn budgets_wait_until_it_is_known_what_was_spent() {
    let limiter = limiter(10);
    limiter.ready.send_replace(false);
    let now = at("2026-11-28");
    let budgeted = [(key(1), dollars(5, BudgetWindow::Total))];
    let denied = limiter.reserve(&budgeted, ask(1), now).err();
    let held = |denied| {
        matches!(
            denied,
            Some(Denied::Budget {
                lack: Lack::Held,
                ..
            })
        )
    };
    assert!(held(denied));
    assert!(
        limiter
            .reserve(&[(key(1), Rules::default())], ask(1), now)
            .is_ok()
    );
    limiter.ready.send_replace(true);
    assert!(limiter.reserve(&budgeted, ask(1), now).is_ok());
}
