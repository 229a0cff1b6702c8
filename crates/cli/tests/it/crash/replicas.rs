//! One of three gateways on one PostgreSQL is killed under load: the budget that they share holds, its
//! record comes back with it, and the others go on.

use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use http::StatusCode;
use rustix::process::Signal;
use serde_json::Value;
use tokio::task::JoinSet;
use tokio::time::Instant;
use tollhouse_domain::audit::{Action, Actor, Note, Subject, SubjectKind};
use tollhouse_domain::price::{Price, Rates};
use tollhouse_domain::time::Timestamp;
use tollhouse_sim::{Sim, SimConfig};
use tollhouse_store::{DatabaseUrl, Store, StoredPrice};

use crate::stall::postgres::Database;
use crate::support::{Place, Running};
use crate::traffic::{self, Clients, Seen, TOKEN};

const REPLICAS: usize = 3;
/// Of each replica.
const CLIENTS: usize = 6;
/// What a call costs, and holds: nanodollars.
const CALL: i64 = 10_000_000;
/// How many calls the budget is good for.
const CALLS: i64 = 400;
/// So many answers are seen before one is killed.
const BEFORE: usize = 90;
const SOON: Duration = Duration::from_secs(20);

/// A token of output costs what a call costs; the rest is free.
async fn price(database: &Database) {
    let subject = Subject::of(SubjectKind::Prices);
    let note = Note::new(Timestamp(0), Actor::OPERATOR, Action::PricesPut, subject);
    let url = DatabaseUrl::Postgres(database.url());
    let store = Store::open(&url).await.unwrap().noted(note);
    let rates = Rates {
        input: Some(0),
        cache_read: Some(0),
        cache_write_5m: Some(0),
        cache_write_1h: Some(0),
        output: Some(CALL * 1_000_000),
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

/// A home of its own for each replica, one configuration.
fn place(sim: &Sim, database: &Database) -> Place {
    let mut place = traffic::place(sim, "env:LOAD_DATABASE", "retention_days = 1");
    let (dollars, cents) = (CALLS / 100, CALLS % 100);
    let text = place.read("load.toml").replace(
        "secret = \"env:LOAD_KEY\"",
        &format!(
            "secret = \"env:LOAD_KEY\"\nbudget = {{ usd = \"{dollars}.{cents:02}\", window = \"total\" }}"
        ),
    );
    let text = format!("{text}\n[vault]\nmaster_key = \"env:LOAD_MASTER\"\n");
    place.write("load.toml", &text);
    place.set("LOAD_DATABASE", &database.url());
    place.set(
        "LOAD_MASTER",
        "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=",
    );
    place.set("TOLLHOUSE_TOKEN", TOKEN);
    place
}

/// What the clients of all replicas share.
#[derive(Default)]
struct Shared {
    next: AtomicUsize,
    answered: AtomicUsize,
    /// Set right before one is killed: until then every call must succeed or be told to wait.
    dying: AtomicBool,
}

/// Calls until the budget is spent, or the server is gone. What was refused leaves a row as well.
async fn until_spent(clients: Clients, shared: Arc<Shared>) -> Vec<Seen> {
    let mut seen = Vec::new();
    loop {
        let n = shared.next.fetch_add(1, Ordering::Relaxed);
        let call = clients.call_for_a_token(0, n).await;
        let (status, complete) = (call.status(), call.complete);
        let body: Value = serde_json::from_str(&call.body).unwrap_or_default();
        assert!(complete || shared.dying.load(Ordering::Relaxed), "{call:?}");
        seen.push(call);
        match status {
            Some(StatusCode::OK) if complete => {
                shared.answered.fetch_add(1, Ordering::Relaxed);
            }
            Some(StatusCode::TOO_MANY_REQUESTS) if body["error"]["type"] == "billing_error" => {
                return seen;
            }
            Some(StatusCode::TOO_MANY_REQUESTS) => {
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
            _ if !complete => return seen,
            other => panic!("{other:?}: {body}"),
        }
    }
}

fn load(clients: &Clients, shared: &Arc<Shared>, tasks: &mut JoinSet<Vec<Seen>>) {
    for _ in 0..CLIENTS {
        tasks.spawn(until_spent(clients.clone(), Arc::clone(shared)));
    }
}

async fn until(what: &str, mut reached: impl AsyncFnMut() -> bool) {
    let asking = async {
        while !reached().await {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    let within = tokio::time::timeout(SOON, asking).await;
    within.unwrap_or_else(|_| panic!("never: {what}"));
}

/// Somebody else's transaction, which has a row that is to be deleted.
struct Holder(Child, Option<ChildStdin>);

impl Holder {
    fn hold(database: &Database) -> Self {
        let mut psql = Command::new("psql")
            .args(["--no-psqlrc", "--quiet", "--tuples-only", &database.url()])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut input = psql.stdin.take().unwrap();
        writeln!(
            input,
            "SET search_path TO tollhouse; BEGIN; SELECT 'held' FROM calls WHERE at = 1 FOR UPDATE;"
        )
        .unwrap();
        let mut said = BufReader::new(psql.stdout.take().unwrap());
        let mut line = String::new();
        while !line.contains("held") {
            assert!(said.read_line(&mut line).unwrap() > 0, "nothing is held");
        }
        Self(psql, Some(input))
    }

    fn let_go(mut self) {
        drop(self.1.take());
        self.0.wait().unwrap();
    }
}

/// Whether there is time to wait for what takes minutes.
fn long() -> bool {
    #[expect(clippy::disallowed_methods, reason = "a test binary has no other edge")]
    let long = std::env::var("TOLLHOUSE_LONG_TESTS");
    long.is_ok_and(|value| value == "1")
}

struct Cluster {
    database: Database,
    sim: Sim,
    places: Vec<Place>,
    servers: Vec<Running>,
    clients: Vec<Clients>,
}

impl Cluster {
    async fn start(test: &str) -> Option<(Self, Holder)> {
        let database = Database::new(test)?;
        let sim = Sim::start(SimConfig {
            keep: usize::MAX,
            ..SimConfig::default()
        });
        let sim = sim.await.unwrap();
        price(&database).await;
        old_row(&database, 1);
        let holder = Holder::hold(&database);
        let places: Vec<Place> = (0..REPLICAS).map(|_| place(&sim, &database)).collect();
        let (servers, clients) = places.iter().map(traffic::serve).unzip();
        let cluster = Self {
            database,
            sim,
            places,
            servers,
            clients,
        };
        Some((cluster, holder))
    }

    fn spent(&self) -> i64 {
        let sql = "SELECT COALESCE(SUM(spent), 0) FROM spend WHERE scope_kind = 'key' AND day = -1";
        self.database.number(sql)
    }

    /// How many have the turn to delete.
    fn turns(&self) -> i64 {
        let sql = "SELECT COUNT(*) FROM pg_locks WHERE locktype = 'advisory' AND classid = 1953854062 \
            AND database = (SELECT oid FROM pg_database WHERE datname = current_database())";
        self.database.number(sql)
    }
}

/// A row that is past its time, and nothing else.
fn old_row(database: &Database, at: i64) {
    database.execute(&format!(
        "INSERT INTO calls (id, at, key_id, caller, session_id, endpoint, stream, mode, outcome, \
            estimated, bytes_in, bytes_out, attempts, snapshot_revision, detail) \
         SELECT gen_random_uuid(), {at}, gen_random_uuid(), '', gen_random_uuid(), '', false, 'native', \
            'refused', false, 0, 0, 0, 0, '{{}}'"
    ));
}

/// When the killed one is started again.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Back {
    /// Before others may have what it held: its journal costs nothing more.
    Soon,
    /// When all of it is spent: its journal comes on top.
    Late,
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_killed_replica_costs_no_record_and_no_money() {
    killed("soon", Back::Soon).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_replica_that_is_back_late_costs_what_it_had_not_told() {
    killed("late", Back::Late).await;
}

async fn killed(test: &str, back: Back) {
    let Some((mut cluster, holder)) = Cluster::start(test).await else {
        return;
    };
    // The first to start is at what one replica at a time does, and is kept at it.
    assert_eq!(cluster.turns(), 1, "none has the turn");
    let shared = Arc::new(Shared::default());
    let mut tasks = JoinSet::new();
    for clients in &cluster.clients {
        load(clients, &shared, &mut tasks);
    }
    until("traffic", async || {
        shared.answered.load(Ordering::Relaxed) >= BEFORE
    })
    .await;
    let all = "SELECT COUNT(DISTINCT replica) FROM leases";
    assert_eq!(cluster.database.number(all), 3, "not all hold a piece");
    shared.dying.store(true, Ordering::Relaxed);
    let server = cluster.servers.remove(0);
    server.signal(Signal::KILL);
    let died = Instant::now();
    let _status = server.wait();
    let (dead, held) = silent(&cluster, died).await;
    if back == Back::Soon {
        turn_passes_on(&mut cluster, holder).await;
        expire(&cluster, &dead);
        let seen = tasks.join_all().await;
        check(&cluster, &seen.concat(), 0).await;
    } else {
        expire(&cluster, &dead);
        // What it held comes back: the others spend all of the budget, and no more.
        let seen = tasks.join_all().await;
        let most = CALLS + i64::try_from(REPLICAS).unwrap();
        let spent = cluster.spent() / CALL;
        assert!((CALLS - held / CALL..=most).contains(&spent), "{spent}");
        turn_passes_on(&mut cluster, holder).await;
        check(&cluster, &seen.concat(), held).await;
    }
    revoked_everywhere(&cluster).await;
    for server in cluster.servers {
        server.stop();
    }
    let left = "SELECT COUNT(*) FROM leases WHERE held > 0";
    assert_eq!(cluster.database.number(left), 0, "all was given back");
}

/// Every answer is on the record, and all of them cost at most the budget, a call for each replica,
/// and `beyond`.
async fn check(cluster: &Cluster, seen: &[Seen], beyond: i64) {
    let rows = || cluster.database.number("SELECT COUNT(*) FROM calls");
    until("all rows", async || {
        let before = rows();
        // Other replicas than the one that is asked may have some yet to store.
        tokio::time::sleep(Duration::from_millis(500)).await;
        before == rows()
    })
    .await;
    let ledger = cluster.clients[0].ledger().await;
    for call in seen.iter().filter(|call| call.complete) {
        let wanted = match call.status() {
            Some(StatusCode::OK) => "success",
            _ => "refused",
        };
        assert_eq!(ledger.outcome(call), Some(wanted), "{call:?}");
    }
    ledger.holds_all(&cluster.sim.requests());
    let (spent, answered) = (cluster.spent(), ledger.count("success"));
    #[expect(clippy::print_stderr, reason = "what was measured")]
    {
        eprintln!(
            "{answered} answers and {} interrupted calls spent {} of {CALLS} calls' money; {} were held",
            ledger.count("interrupted"),
            spent / CALL,
            beyond / CALL,
        );
    }
    let bound = (CALLS + i64::try_from(REPLICAS).unwrap()) * CALL + beyond;
    assert!((CALLS * CALL..=bound).contains(&spent), "{spent}");
    assert!(i64::try_from(answered).unwrap() * CALL <= spent);
}

/// The dead replica's id, and what it holds.
async fn silent(cluster: &Cluster, died: Instant) -> (String, i64) {
    // The ones that live say so every second.
    let patience = Duration::from_secs(3);
    until("silence", async || died.elapsed() > patience).await;
    let dead = "(SELECT id FROM replicas ORDER BY seen_at LIMIT 1)".to_owned();
    let held = format!("SELECT COALESCE(SUM(held), 0) FROM leases WHERE replica = {dead}");
    let held = cluster.database.number(&held);
    (dead, held)
}

/// The books keep for two minutes what it held. A long run waits for that.
fn expire(cluster: &Cluster, dead: &str) {
    if !long() {
        let sql = format!("UPDATE leases SET expires_at = 1 WHERE replica = {dead}");
        cluster.database.execute(&sql);
    }
}

/// The turn is free as soon as whoever had it is dead; the next one that looks has it. Starts the dead
/// one again.
async fn turn_passes_on(cluster: &mut Cluster, holder: Holder) {
    until("a free turn", async || cluster.turns() == 0).await;
    // The dead one's last wish may still be granted, so that proves nothing.
    old_row(&cluster.database, 2);
    holder.let_go();
    let (server, clients) = traffic::serve(&cluster.places[0]);
    cluster.servers.push(server);
    cluster.clients.remove(0);
    cluster.clients.push(clients);
    until("nothing old", async || {
        cluster
            .database
            .number("SELECT COUNT(*) FROM calls WHERE at < 10")
            == 0
    })
    .await;
}

/// A key that is ended at one replica is refused by the others within a second.
async fn revoked_everywhere(cluster: &Cluster) {
    for n in 0..3 {
        let name = format!("short-lived-{n}");
        let secret = cluster.places[1].ok(&["key", "create", "--name", &name]);
        let secret = secret.trim();
        for clients in &cluster.clients {
            until("the key", async || clients.admits(secret).await).await;
        }
        let list = cluster.places[1].ok(&["key", "list", "--json"]);
        let keys: Value = serde_json::from_str(&list).unwrap();
        let keys = keys["data"].as_array().or(keys.as_array()).unwrap();
        let key = keys.iter().find(|key| key["name"] == name.as_str());
        let id = key.unwrap()["id"].as_str().unwrap();
        cluster.places[1].ok(&["key", "revoke", id]);
        let revoked = Instant::now();
        for clients in &cluster.clients {
            until("no key", async || !clients.admits(secret).await).await;
        }
        let took = revoked.elapsed();
        assert!(took < Duration::from_secs(1), "{took:?}");
    }
}
