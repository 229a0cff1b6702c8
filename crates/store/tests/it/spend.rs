//! What was spent is what the ledger says, counted once.

use tollhouse_domain::call::Call;
use tollhouse_domain::id::{OrgId, UserId};
use tollhouse_domain::limits::{Period, Scope, day};
use tollhouse_domain::money::Money;
use tollhouse_store::{Spent, Store};

use crate::support::{Place, call, key_id, metered, on_both, seconds, session_id, uuid};

on_both!(
    every_call_counts_once,
    what_was_charged_counts_and_not_the_cost,
    concurrent_batches_lose_nothing,
    old_days_are_forgotten_and_totals_stay,
    absurd_sums_never_hold_up_the_ledger,
);

const DAY: i64 = 86_400;

fn sum(rows: &[Spent], scope: Scope, day: i64) -> Option<i64> {
    let mut found = rows
        .iter()
        .filter(|row| row.scope == scope && row.day == Period(day));
    let row = found.next()?;
    assert_eq!(found.next(), None);
    Some(row.amount.0)
}

async fn all(store: &Store) -> Vec<Spent> {
    let mut rows = store.spend_since(Period(0)).await.unwrap();
    rows.extend(store.session_spend(Period(0), 100).await.unwrap());
    rows
}

/// A call that cost `nanos`, `days` after the first.
fn spent(n: u128, days: i64, nanos: i64) -> Call {
    Call {
        at: seconds(days * DAY),
        user: Some(UserId(uuid(7))),
        org: Some(OrgId(uuid(8))),
        ..metered(n, "m", 1, nanos)
    }
}

async fn every_call_counts_once(place: Place) {
    let store = place.open().await;
    let first = day(seconds(0));
    let calls: Vec<Call> = (0..100).map(|n| spent(n, 0, 3)).collect();
    assert_eq!(store.insert_calls(&calls).await.unwrap(), 100);
    // Half of them again, some of those twice, and new ones of the next day.
    let mut again: Vec<Call> = calls[50..].to_vec();
    again.extend((100..110).map(|n| spent(n, 1, 5)));
    again.push(calls[99].clone());
    again.push(spent(105, 1, 5));
    assert_eq!(store.insert_calls(&again).await.unwrap(), 10);
    assert_eq!(store.insert_calls(&again).await.unwrap(), 0);
    let rows = all(&store).await;
    for scope in [
        Scope::Key(key_id(1)),
        Scope::User(UserId(uuid(7))),
        Scope::Org(OrgId(uuid(8))),
    ] {
        assert_eq!(sum(&rows, scope, first), Some(300), "{scope}");
        assert_eq!(sum(&rows, scope, first + 1), Some(50), "{scope}");
        assert_eq!(sum(&rows, scope, -1), Some(350), "{scope}");
    }
    let session = Scope::Session(session_id(1));
    assert_eq!(sum(&rows, session, -1), Some(350));
    assert_eq!(sum(&rows, session, first), None, "a session has no days");
    let later = store.spend_since(Period(first + 1)).await.unwrap();
    assert_eq!(sum(&later, Scope::Key(key_id(1)), first), None);
    assert_eq!(sum(&later, Scope::Key(key_id(1)), -1), Some(350));
    store.close().await;
}

async fn what_was_charged_counts_and_not_the_cost(place: Place) {
    let store = place.open().await;
    let charged = Call {
        charged_usd: Some(Money(40)),
        cost_usd: None,
        ..call(1)
    };
    let corrected = Call {
        charged_usd: Some(Money(2)),
        ..metered(2, "m", 1, 1_000)
    };
    let negative = metered(3, "m", 1, -50);
    let unknown = call(4);
    store
        .insert_calls(&[charged, corrected, negative, unknown])
        .await
        .unwrap();
    let rows = all(&store).await;
    assert_eq!(sum(&rows, Scope::Key(key_id(1)), -1), Some(42));
    store.close().await;
}

async fn concurrent_batches_lose_nothing(place: Place) {
    let store = place.open().await;
    let batches = (0..8u128).map(|batch| {
        let store = store.clone();
        async move {
            // Every call is in two batches, as two replicas might both replay it.
            let calls: Vec<Call> = (0..50).map(|n| spent(batch / 2 * 50 + n, 0, 1)).collect();
            store.insert_calls(&calls).await.unwrap()
        }
    });
    let mut running = tokio::task::JoinSet::new();
    for batch in batches {
        running.spawn(batch);
    }
    let inserted: u64 = running.join_all().await.into_iter().sum();
    assert_eq!(inserted, 200);
    let rows = all(&store).await;
    assert_eq!(sum(&rows, Scope::Key(key_id(1)), -1), Some(200));
    assert_eq!(sum(&rows, Scope::Session(session_id(1)), -1), Some(200));
    store.close().await;
}

async fn old_days_are_forgotten_and_totals_stay(place: Place) {
    let store = place.open().await;
    let key = crate::support::virtual_key(1, "kept");
    store.insert_key(&key, [1; 32]).await.unwrap();
    let gone = Call {
        key: key_id(2),
        session: session_id(2),
        ..spent(3, 0, 9)
    };
    let calls = [spent(1, 0, 3), spent(2, 10, 5), gone];
    store.insert_calls(&calls).await.unwrap();
    let first = day(seconds(0));
    store.delete_spend_before(Period(first + 5)).await.unwrap();
    let rows = all(&store).await;
    let (kept, lent) = (Scope::Key(key_id(1)), Scope::Key(key_id(2)));
    assert_eq!(sum(&rows, kept, first), None);
    assert_eq!(sum(&rows, kept, first + 10), Some(5));
    assert_eq!(sum(&rows, kept, -1), Some(8), "totals are for ever");
    assert_eq!(sum(&rows, lent, -1), None, "the key is no more");
    assert_eq!(sum(&rows, Scope::Session(session_id(1)), -1), Some(8));
    assert_eq!(sum(&rows, Scope::Session(session_id(2)), -1), None);
    store.close().await;
}

async fn absurd_sums_never_hold_up_the_ledger(place: Place) {
    let store = place.open().await;
    for batch in 0..10u128 {
        let calls: Vec<Call> = (0..1_000)
            .map(|n| spent(batch * 1_000 + n, 0, i64::MAX / 2))
            .collect();
        assert_eq!(store.insert_calls(&calls).await.unwrap(), 1_000);
    }
    let rows = all(&store).await;
    let total = sum(&rows, Scope::Key(key_id(1)), -1);
    assert_eq!(total, Some(9_000_000_000_000_000_000));
    store.close().await;
}
