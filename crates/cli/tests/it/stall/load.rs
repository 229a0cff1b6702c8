//! The stalls themselves, with calls coming in all the while.

use std::fs;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use http::StatusCode;
use serde_json::Value;
use tokio::task::JoinSet;
use tokio::time::MissedTickBehavior;
use tollhouse_sim::{Sim, SimConfig};

use super::postgres::{Database, Network};
use super::sqlite::Lock;
use crate::support::Running;
use crate::traffic::{self, Clients, Seen};

/// Calls a second: what two busy cores carry without queueing, unoptimized.
const RATE: u32 = 60;
/// The longest that a call may take, which by itself takes up to 30 ms.
const BOUND: Duration = Duration::from_secs(3);
/// How much the process may grow. Measured: less than 1 MiB.
const GROWTH_KIB: u64 = 8 << 10;
/// How long what waited may take to arrive once the store is back: its longest pause between two
/// attempts, twice.
const RECOVERY: Duration = Duration::from_secs(10);

/// How long the store is away: longer than it is waited for before an attempt counts as failed.
fn stall() -> Duration {
    #[expect(clippy::disallowed_methods, reason = "a test binary has no other edge")]
    let long = std::env::var("TOLLHOUSE_LONG_TESTS").is_ok_and(|value| value == "1");
    Duration::from_secs(if long { 60 } else { 12 })
}

async fn sim() -> Sim {
    let config = SimConfig {
        keep: usize::MAX,
        ..SimConfig::default()
    };
    Sim::start(config).await.unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_locked_sqlite_file_costs_no_call() {
    let sim = sim().await;
    let place = traffic::place(&sim, "sqlite", "");
    let (server, clients) = traffic::serve(&place);
    let mut seen = steady(&clients, 0, Duration::from_secs(2)).await;
    let lock = Lock::take(&place.path("tollhouse-data/tollhouse.db"));
    seen.extend(stalled(&server, &clients).await);
    drop(lock);
    recovered(&clients, seen, &sim).await;
    server.stop();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lost_postgres_costs_no_call() {
    let Some(database) = Database::new("stall") else {
        return;
    };
    let network = Network::to(database.address()).await;
    let sim = sim().await;
    let mut place = traffic::place(&sim, "env:LOAD_DATABASE", "");
    place.set("LOAD_DATABASE", &database.url_at(&network.address));
    let (server, clients) = traffic::serve(&place);
    let mut seen = steady(&clients, 0, Duration::from_secs(2)).await;
    network.fail();
    seen.extend(stalled(&server, &clients).await);
    network.heal();
    recovered(&clients, seen, &sim).await;
    server.stop();
}

/// Calls while the store is away, and what must hold meanwhile.
async fn stalled(server: &Running, clients: &Clients) -> Vec<Seen> {
    let before = memory_kib(server);
    let mut seen = steady(clients, 1, Duration::from_secs(1)).await;
    // What was on its way when the store left has arrived or never will.
    let stored = clients.metric("tollhouse_ledger_stored_total").await;
    seen.extend(steady(clients, 2, stall().saturating_sub(Duration::from_secs(1))).await);
    let still = clients.metric("tollhouse_ledger_stored_total").await;
    assert_eq!(still, stored, "the store was not away");
    let grown = memory_kib(server).saturating_sub(before);
    assert!(grown < GROWTH_KIB, "grown by {grown} KiB");
    seen
}

/// Calls at a steady rate, and a look at the server's health every second: all must go well.
async fn steady(clients: &Clients, run: usize, time: Duration) -> Vec<Seen> {
    let mut ticks = tokio::time::interval(Duration::from_secs(1) / RATE);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Burst);
    let mut calls = JoinSet::new();
    for n in 0..RATE * u32::try_from(time.as_secs()).unwrap() {
        ticks.tick().await;
        let theirs = clients.clone();
        calls.spawn(async move { theirs.call(run, n as usize).await });
        if n % RATE == 0 {
            let health = tokio::time::timeout(BOUND, clients.get("/healthz"));
            assert_eq!(health.await.unwrap().0, StatusCode::OK);
        }
    }
    let seen = calls.join_all().await;
    for call in &seen {
        assert!(call.complete && call.took < BOUND, "{call:?}");
        assert_eq!(call.status(), Some(StatusCode::OK), "{call:?}");
    }
    seen
}

/// Once the store is back, everything arrives, once.
async fn recovered(clients: &Clients, seen: Vec<Seen>, sim: &Sim) {
    let after = steady(clients, 3, Duration::from_secs(1)).await;
    let seen: Vec<_> = seen.into_iter().chain(after).collect();
    until(RECOVERY, async || {
        clients.metric("tollhouse_ledger_stored_total").await >= seen.len() as u64
    })
    .await;
    let ledger = clients.ledger().await;
    for call in &seen {
        assert_eq!(ledger.outcome(call), Some("success"), "{call:?}");
    }
    assert_eq!(ledger.len(), seen.len());
    ledger.holds_all(&sim.requests());
}

/// Asks again and again.
async fn until(limit: Duration, mut reached: impl AsyncFnMut() -> bool) {
    let asking = async {
        let mut ticks = tokio::time::interval(Duration::from_millis(50));
        while !reached().await {
            ticks.tick().await;
        }
    };
    let within = tokio::time::timeout(limit, asking).await;
    within.expect("the store does not get what waited for it");
}

/// What of the process is in memory.
fn memory_kib(server: &Running) -> u64 {
    let status = fs::read_to_string(format!("/proc/{}/status", server.id())).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let number = line.unwrap().split_whitespace().next();
    number.unwrap().parse().unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_full_journal_refuses_calls_and_loses_none() {
    let sim = sim().await;
    let place = traffic::place(&sim, "sqlite", r#"max_journal = "1MiB""#);
    let (server, clients) = traffic::serve(&place);
    let lock = Lock::take(&place.path("tollhouse-data/tollhouse.db"));
    let mut seen = fill(&clients).await;
    drop(lock);
    let again = Arc::new(AtomicUsize::new(0));
    until(RECOVERY, async || {
        let n = again.fetch_add(1, Ordering::Relaxed);
        let call = clients.call(1, n).await;
        let works = call.status() == Some(StatusCode::OK);
        seen.push(call);
        works
    })
    .await;
    seen.extend(steady(&clients, 2, Duration::from_secs(1)).await);
    let ledger = clients.ledger().await;
    let accepted: Vec<_> = seen
        .iter()
        .filter(|call| call.status() == Some(StatusCode::OK))
        .collect();
    for call in &accepted {
        assert!(call.complete, "{call:?}");
        assert_eq!(ledger.outcome(call), Some("success"), "{call:?}");
    }
    // What was refused left neither a row nor a request.
    assert_eq!(ledger.len(), accepted.len());
    assert_eq!(sim.requests().len(), accepted.len());
    ledger.holds_all(&sim.requests());
    assert_eq!(clients.metric("tollhouse_ledger_lost_total").await, 0);
    server.stop();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_is_stopped_meanwhile_keeps_what_waits() {
    let sim = sim().await;
    let place = traffic::place(&sim, "sqlite", "");
    let (server, clients) = traffic::serve(&place);
    let lock = Lock::take(&place.path("tollhouse-data/tollhouse.db"));
    // One call: whatever came after it would hold it back in the journal too.
    let seen = vec![clients.call(0, 1).await];
    // A list waits for the store a while, so the writer has this call in hand by then.
    assert_eq!(clients.ledger().await.len(), 0);
    server.stop();
    drop(lock);
    let (server, clients) = traffic::serve(&place);
    recovered(&clients, seen, &sim).await;
    server.stop();
}

/// Calls from many clients at once until each has been refused in every protocol.
async fn fill(clients: &Clients) -> Vec<Seen> {
    let next = Arc::new(AtomicUsize::new(0));
    let mut tasks = JoinSet::new();
    for _ in 0..16 {
        let (clients, next) = (clients.clone(), Arc::clone(&next));
        tasks.spawn(async move {
            let mut seen = Vec::new();
            let mut refused = Vec::new();
            while refused.len() < 3 {
                let n = next.fetch_add(1, Ordering::Relaxed);
                assert!(n < 5_000, "the journal does not fill");
                let call = clients.call(0, n).await;
                assert!(call.complete && call.took < BOUND, "{call:?}");
                if call.status() != Some(StatusCode::OK) {
                    overloaded(&call);
                    if !refused.contains(&call.path) {
                        refused.push(call.path);
                    }
                }
                seen.push(call);
            }
            seen
        });
    }
    tasks.join_all().await.into_iter().flatten().collect()
}

/// The refusal is the one that the protocol's clients know to wait for.
fn overloaded(call: &Seen) {
    let body: Value = serde_json::from_str(&call.body).unwrap();
    let error = &body["error"];
    if call.path == "/v1/messages" {
        assert_eq!(call.status().map(|status| status.as_u16()), Some(529));
        assert_eq!(error["type"], "overloaded_error", "{body}");
        assert_eq!(body["type"], "error", "{body}");
    } else {
        assert_eq!(call.status(), Some(StatusCode::SERVICE_UNAVAILABLE));
        assert_eq!(error["code"], "overloaded", "{body}");
    }
}
