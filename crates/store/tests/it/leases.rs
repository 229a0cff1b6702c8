//! The books of a budget that replicas spend of.

use std::time::Duration;

use tollhouse_domain::call::Call;
use tollhouse_domain::limits::{BudgetWindow, Claim, Leased, Period, Scope, day};
use tollhouse_domain::money::Money;
use tollhouse_store::{Asked, Store};

use crate::support::{Place, key_id, metered, uuid};

const LONG: Duration = Duration::from_mins(2);

fn asked(window: BudgetWindow, period: Period, budget: i64, claim: Claim) -> Asked {
    Asked {
        scope: Scope::Key(key_id(1)),
        window,
        period,
        budget: Money(budget),
        claim,
    }
}

fn total(budget: i64, need: i64, shortfall: i64, back: i64) -> Asked {
    let claim = Claim {
        need: Money(need),
        shortfall: Money(shortfall),
        back: Money(back),
    };
    asked(BudgetWindow::Total, Period::ALWAYS, budget, claim)
}

async fn ask(store: &Store, me: u128, one: Asked) -> Leased {
    let answers = store.lease(uuid(me), 2, LONG, &[one]).await.unwrap();
    answers.unwrap()[0]
}

/// A call of key 1 that cost so much.
fn call(n: u128, cost: i64) -> Call {
    let mut call = metered(n, "m", 1, cost);
    call.key = key_id(1);
    call
}

#[tokio::test]
async fn spent_and_held_never_exceed_the_budget() {
    let Some(place) = Place::postgres().await else {
        return;
    };
    let (one, two) = (place.open().await, place.open().await);
    let answer = ask(&one, 1, total(100, 0, 40, 0)).await;
    assert_eq!((answer.held, answer.more), (Money(40), true));
    let answer = ask(&two, 2, total(100, 0, 70, 0)).await;
    assert_eq!(
        (answer.held, answer.more),
        (Money(60), false),
        "what is left"
    );
    // What a call cost moves from held to spent, once.
    let calls = [call(1, 30)];
    for _ in 0..2 {
        one.insert_calls_of(uuid(1), &calls).await.unwrap();
    }
    let answer = ask(&one, 1, total(100, 0, 1, 0)).await;
    assert_eq!((answer.held, answer.spent), (Money(10), Money(30)));
    assert_eq!(answer.outside, Money(60));
    // What one gives back is there for the other, and what it does not need it keeps.
    let answer = ask(&two, 2, total(100, 5, 0, 55)).await;
    assert_eq!((answer.held, answer.more), (Money(5), true));
    let answer = ask(&one, 1, total(100, 0, 60, 0)).await;
    assert_eq!((answer.held, answer.more), (Money(60), true));
    // Calls that nobody held the money of are spent all the same.
    one.insert_calls(&[call(2, 50)]).await.unwrap();
    let answer = ask(&one, 1, total(100, 0, 0, 0)).await;
    assert_eq!((answer.held, answer.spent), (Money(15), Money(80)));
    two.give_up_leases(uuid(2)).await.unwrap();
    let answer = ask(&one, 1, total(100, 0, 20, 0)).await;
    assert_eq!((answer.held, answer.outside), (Money(20), Money(0)));
}

#[tokio::test]
async fn each_period_has_books_of_its_own() {
    let Some(place) = Place::postgres().await else {
        return;
    };
    let store = place.open().await;
    let mine = call(1, 30);
    let today = day(mine.at);
    let periods = |window: BudgetWindow| (window, window.period(mine.at));
    let windows = [
        periods(BudgetWindow::Day),
        periods(BudgetWindow::Week),
        periods(BudgetWindow::Month),
        periods(BudgetWindow::Total),
        (BudgetWindow::Day, Period(today + 1)),
    ];
    let claim = Claim {
        shortfall: Money(50),
        ..Claim::default()
    };
    let all: Vec<Asked> = windows
        .iter()
        .map(|(window, period)| asked(*window, *period, 100, claim))
        .collect();
    store.lease(uuid(1), 1, LONG, &all).await.unwrap();
    store.insert_calls_of(uuid(1), &[mine]).await.unwrap();
    let look: Vec<Asked> = all
        .iter()
        .map(|one| Asked {
            claim: Claim {
                back: Money(1),
                ..Claim::default()
            },
            ..*one
        })
        .collect();
    let answers = store.lease(uuid(1), 1, LONG, &look).await.unwrap().unwrap();
    let found: Vec<_> = answers
        .iter()
        .map(|one| (one.spent.0, one.held.0))
        .collect();
    assert_eq!(found, [(30, 19), (30, 19), (30, 19), (30, 19), (0, 49)]);
}

#[tokio::test]
async fn what_a_dead_replica_held_comes_back_in_time() {
    let Some(place) = Place::postgres().await else {
        return;
    };
    let store = place.open().await;
    assert_eq!(ask(&store, 1, total(100, 0, 100, 0)).await.held, Money(100));
    assert_eq!(ask(&store, 2, total(100, 0, 100, 0)).await.held, Money(0));
    place
        .execute(
            "UPDATE leases SET expires_at = expires_at - 121000000 WHERE replica::text LIKE '%1'",
        )
        .await;
    assert_eq!(ask(&store, 2, total(100, 0, 100, 0)).await.held, Money(100));
}

#[tokio::test]
async fn replicas_that_ask_and_store_at_once_keep_the_books_straight() {
    let Some(place) = Place::postgres().await else {
        return;
    };
    let mut replicas = tokio::task::JoinSet::new();
    for me in 1..=3u128 {
        let store = place.open().await;
        replicas.spawn(async move {
            let mut held = 0;
            for round in 0..30 {
                let answer = ask(&store, me, total(10_000, 0, 100, 0)).await;
                held = answer.held.0;
                assert!(answer.spent.0 + held <= 10_000);
                if held >= 40 {
                    let call = call(me * 1_000 + round, 40);
                    store.insert_calls_of(uuid(me), &[call]).await.unwrap();
                    held -= 40;
                }
            }
            held
        });
    }
    let held: i64 = replicas.join_all().await.into_iter().sum();
    let store = place.open().await;
    let answer = ask(&store, 9, total(10_000, 0, 10_000, 0)).await;
    assert_eq!(answer.held.0, 10_000 - answer.spent.0 - held);
    assert!(answer.spent.0 >= 3 * 40);
}

#[tokio::test]
async fn sqlite_has_no_books() {
    let place = Place::sqlite();
    let store = place.open().await;
    let asked = [total(100, 0, 1, 0)];
    assert_eq!(store.lease(uuid(1), 1, LONG, &asked).await.unwrap(), None);
    store
        .insert_calls_of(uuid(1), &[call(1, 30)])
        .await
        .unwrap();
}
