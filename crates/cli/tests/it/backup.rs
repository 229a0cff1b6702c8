//! A lost machine: what was backed up comes back somewhere else, and is what it was.

use std::fs;
use std::process::Command;

use http::StatusCode;
use tollhouse_domain::audit::{Action, Actor, Note, Subject, SubjectKind};
use tollhouse_domain::limits::Period;
use tollhouse_domain::price::{Price, Rates};
use tollhouse_domain::time::Timestamp;
use tollhouse_sim::{Sim, SimConfig};
use tollhouse_store::{DatabaseUrl, Spent, Store, StoredPrice};

use crate::stall::postgres::Database;
use crate::support::Place;
use crate::traffic::{self, Clients, TOKEN};

const CALLS: usize = 12;
const CONFIG: [&str; 2] = ["--config", "load.toml"];

async fn sim() -> Sim {
    Sim::start(SimConfig::default()).await.unwrap()
}

/// Makes what the simulated model says cost something, as an import would.
async fn price(database: &DatabaseUrl) {
    let subject = Subject::of(SubjectKind::Prices);
    let note = Note::new(Timestamp(0), Actor::OPERATOR, Action::PricesPut, subject);
    let store = Store::open(database).await.unwrap().noted(note);
    let rates = Rates {
        input: Some(3_000_000_000),
        cache_read: Some(300_000_000),
        cache_write_5m: Some(3_750_000_000),
        cache_write_1h: Some(6_000_000_000),
        output: Some(15_000_000_000),
    };
    let price = StoredPrice {
        model: "sim-echo".to_owned(),
        provider: Some("sim".to_owned()),
        price: Price {
            rates,
            long_context: None,
        },
        source: "a test".to_owned(),
        dated: "2026-11-28".to_owned(),
    };
    store.put_prices(&[price]).await.unwrap();
    store.close().await;
}

async fn spent(database: &DatabaseUrl) -> Vec<Spent> {
    let store = Store::open(database).await.unwrap();
    let spent = store.spend_since(Period(0)).await.unwrap();
    store.close().await;
    spent
}

/// What has to be the same before and after.
#[derive(Debug, PartialEq)]
struct State {
    usage: String,
    keys: String,
    calls: usize,
    spent: Vec<Spent>,
}

impl State {
    async fn of(place: &Place, clients: &Clients, database: &DatabaseUrl) -> Self {
        Self {
            calls: clients.ledger().await.len(),
            usage: place.ok(&["usage", "--by", "key", "--json"]),
            // When a key was last used is not known to the second, and not what this is about.
            keys: place.ok(&["key", "list"]),
            spent: spent(database).await,
        }
    }
}

/// A life before the disaster: the state, a key's secret, and the head of the audit trail.
async fn live(place: &Place, clients: &Clients, database: &DatabaseUrl) -> (State, String, String) {
    for n in 0..CALLS {
        let seen = clients.call(0, n).await;
        assert_eq!(seen.status(), Some(StatusCode::OK), "{seen:?}");
    }
    let secret = place.ok(&["key", "create", "--name", "kept"]);
    let verified = place.ok(&["audit", "verify"]);
    let head = verified.lines().find_map(|line| line.strip_prefix("head "));
    let state = State::of(place, clients, database).await;
    assert_eq!(state.calls, CALLS);
    assert!(!state.spent.is_empty(), "nothing was spent");
    (state, secret.trim().to_owned(), head.unwrap().to_owned())
}

/// Another machine: of the data directory, only the master key was kept.
fn lose_everything(place: &Place) {
    let data = place.path("tollhouse-data");
    fs::rename(&data, place.path("lost")).unwrap();
    fs::create_dir(&data).unwrap();
    let key = place.path("lost/master.key");
    fs::copy(key, data.join("master.key")).unwrap();
}

/// What must hold on the other machine.
async fn check(place: &Place, database: &DatabaseUrl, before: (State, String, String)) {
    let (state, secret, head) = before;
    let (server, clients) = traffic::serve(place);
    place.ok(&["audit", "verify", "--head", &head]);
    assert_eq!(State::of(place, &clients, database).await, state);
    assert!(clients.admits(&secret).await, "the key does not work");
    // The sealed credential opens: calls still reach the provider, and go on being counted.
    let seen = clients.call(1, 0).await;
    assert_eq!(seen.status(), Some(StatusCode::OK), "{seen:?}");
    assert_eq!(clients.ledger().await.len(), CALLS + 1);
    let key = place.ok(&["vault", "status", CONFIG[0], CONFIG[1]]);
    assert!(key.contains("opens\tyes"), "{key}");
    server.stop();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_sqlite_backup_brings_everything_back() {
    let sim = sim().await;
    let mut place = traffic::place(&sim, "sqlite", "");
    place.set("TOLLHOUSE_TOKEN", TOKEN);
    let database = DatabaseUrl::Sqlite(place.path("tollhouse-data/tollhouse.db"));
    place.ok(&["db", "migrate", CONFIG[0], CONFIG[1]]);
    price(&database).await;
    let (server, clients) = traffic::serve(&place);
    let before = live(&place, &clients, &database).await;
    place.ok(&["db", "backup", "copy.db", CONFIG[0], CONFIG[1]]);
    place.ok(&["key", "create", "--name", "too late"]);
    server.stop();
    lose_everything(&place);
    place.ok(&["db", "restore", "copy.db", CONFIG[0], CONFIG[1]]);
    check(&place, &database, before).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_postgres_dump_brings_everything_back() {
    let (Some(first), Some(second)) = (Database::new("dumped"), Database::new("restored")) else {
        return;
    };
    if Command::new("pg_dump").arg("--version").output().is_err() {
        {
            eprintln!("skipped: pg_dump is not installed");
        }
        return;
    }
    let sim = sim().await;
    let mut place = traffic::place(&sim, "env:LOAD_DATABASE", "");
    place.set("TOLLHOUSE_TOKEN", TOKEN);
    place.set("LOAD_DATABASE", &first.url());
    let database = DatabaseUrl::Postgres(first.url());
    price(&database).await;
    let (server, clients) = traffic::serve(&place);
    let before = live(&place, &clients, &database).await;
    let dump = place.path("tollhouse.dump").display().to_string();
    // As docs/operations.md has it, while the server runs.
    let arguments = ["--format=custom", "--schema=tollhouse", "--file", &dump];
    run("pg_dump", &arguments, &first.url());
    place.ok(&["key", "create", "--name", "too late"]);
    server.stop();
    lose_everything(&place);
    let arguments = ["--no-owner", "--exit-on-error", &dump, "--dbname"];
    run("pg_restore", &arguments, &second.url());
    place.set("LOAD_DATABASE", &second.url());
    let database = DatabaseUrl::Postgres(second.url());
    check(&place, &database, before).await;
}

fn run(program: &str, arguments: &[&str], url: &str) {
    let output = Command::new(program).args(arguments).arg(url).output();
    let output = output.unwrap();
    assert!(output.status.success(), "{program}: {output:?}");
}
