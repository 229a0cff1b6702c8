//! A database that goes away without a word.

use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::time::Duration;

use http::{Method, StatusCode};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::Instant;

use super::{ANSWER, Database, PRICES, Went, admin, ask, budget, exhaust, key, until};
use crate::support::SOON;
use crate::support::client::Client;
use crate::support::upstream::ScriptedUpstream;

/// How long the database is away.
fn stall() -> Duration {
    #[expect(clippy::disallowed_methods, reason = "a test binary has no other edge")]
    let long = std::env::var("TOLLHOUSE_LONG_TESTS").is_ok_and(|value| value == "1");
    Duration::from_secs(if long { 60 } else { 12 })
}

#[tokio::test]
async fn a_database_that_is_away_costs_no_call_and_no_money() {
    let Some(database) = Database::new("away") else {
        return;
    };
    let upstream = ScriptedUpstream::start().await;
    let network = Network::to(database.address()).await;
    let url = database.url_at(&network.address);
    let one = database.replica_at(&upstream.url, &url).await;
    let two = database.replica_at(&upstream.url, &url).await;
    let replicas = [one, two];
    admin(&replicas[0], Method::PUT, "/api/v1/prices", PRICES).await;
    let (id, secret) = key(&replicas[0]).await;
    budget(&database, 1_000, "total");
    let know = async {
        let revision = database.number("SELECT value FROM revision");
        while replicas.iter().any(|one| one.gateway.revision() < revision) {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(SOON, know).await.unwrap();
    let clients = replicas.each_ref().map(|one| Client::new(&one.url));
    let mut answered = 0;
    for client in &clients {
        upstream.json(200, ANSWER);
        assert_eq!(ask(client, &upstream, &secret).await, Went::Answered);
        answered += 1;
    }
    let stored = "SELECT COUNT(*) FROM calls WHERE cost > 0";
    let held = "SELECT COUNT(*) FROM leases WHERE held >= 170 * 10000000::bigint";
    let ready = async {
        while database.number(held) < 2 || database.number(stored) < 2 {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    tokio::time::timeout(SOON, ready).await.unwrap();
    network.fail();
    let mut ticks = tokio::time::interval(stall() / 16);
    for _ in 0..16 {
        ticks.tick().await;
        for client in &clients {
            assert_eq!(ask(client, &upstream, &secret).await, Went::Answered);
            answered += 1;
        }
    }
    assert_eq!(database.number(stored), 2, "it was not away");
    network.heal();
    let back = Instant::now();
    answered += exhaust(&replicas, &upstream, &secret).await;
    let took = back.elapsed();
    eprintln!("{answered} answers of 100; all spent {took:?} after it was back");
    assert!((100..=102).contains(&answered), "{answered}");
    admin(
        &replicas[0],
        Method::DELETE,
        &format!("/api/v1/keys/{id}"),
        "",
    )
    .await;
    until(&replicas[1], &upstream, &secret, StatusCode::UNAUTHORIZED).await;
    for replica in replicas {
        replica.stop().await;
    }
    assert_eq!(usize::try_from(database.number(stored)).unwrap(), answered);
    let apart = "SELECT (SELECT SUM(cost) FROM calls) - (SELECT SUM(spent) FROM spend \
        WHERE scope_kind = 'key' AND day = -1)";
    assert_eq!(database.number(apart), 0);
    assert_eq!(
        database.number("SELECT COUNT(*) FROM leases"),
        0,
        "all was given back"
    );
}

#[tokio::test]
async fn a_stop_does_not_wait_for_it() {
    let Some(database) = Database::new("silent") else {
        return;
    };
    let upstream = ScriptedUpstream::start().await;
    let network = Network::to(database.address()).await;
    let url = database.url_at(&network.address);
    let replica = database.replica_at(&upstream.url, &url).await;
    let (_, secret) = key(&replica).await;
    network.fail();
    let client = Client::new(&replica.url);
    // Something to store for everyone: a row, a last use, and a credential that is refused.
    upstream.json(401, "{}");
    let headers = [("x-api-key", secret.as_str())];
    let answer = client.post("/v1/messages", &headers, r#"{"model":"m","messages":[]}"#);
    assert_eq!(answer.await.status, StatusCode::UNAUTHORIZED);
    let asked = Instant::now();
    tokio::time::timeout(Duration::from_secs(30), replica.stop())
        .await
        .expect("it waits for the database");
    eprintln!("stopped in {:?}", asked.elapsed());
}

/// Somebody who has the books of one key's budget, and keeps them.
struct Holder(Child, Option<ChildStdin>);

impl Holder {
    fn of(database: &Database, key: i64) -> Self {
        let mut psql = Command::new("psql")
            .args(["--no-psqlrc", "--quiet", "--tuples-only", &database.url()])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut input = psql.stdin.take().unwrap();
        let lock = format!(
            "SET search_path TO tollhouse; BEGIN; SELECT 'held', pg_advisory_xact_lock(hashtextextended( \
             'key' || (SELECT id FROM virtual_keys WHERE name = 'k' ORDER BY id OFFSET {key} LIMIT 1)::text \
             || 'total' || -1, 7));"
        );
        writeln!(input, "{lock}").unwrap();
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

#[tokio::test]
async fn a_budget_that_somebody_holds_up_holds_up_no_other() {
    let Some(database) = Database::new("held_up") else {
        return;
    };
    let upstream = ScriptedUpstream::start().await;
    let replica = database.replica(&upstream.url).await;
    admin(&replica, Method::PUT, "/api/v1/prices", PRICES).await;
    let (_, first) = key(&replica).await;
    let (_, second) = key(&replica).await;
    budget(&database, 1_000, "total");
    let revision = database.number("SELECT value FROM revision");
    let know = async {
        while replica.gateway.revision() < revision {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(SOON, know).await.unwrap();
    let holder = Holder::of(&database, 0);
    let client = Client::new(&replica.url);
    for _ in 0..2 {
        upstream.json(200, ANSWER);
    }
    // One on credit; no more can be had for this key.
    assert_eq!(ask(&client, &upstream, &first).await, Went::Answered);
    let mut answered = 0;
    let asked = Instant::now();
    let others = async {
        while answered < 10 {
            match ask(&client, &upstream, &second).await {
                Went::Answered => answered += 1,
                Went::Held => tokio::time::sleep(Duration::from_millis(50)).await,
                Went::Spent => panic!("nothing was spent"),
            }
        }
    };
    // The round that is held up, once; and then as long as a busy machine takes.
    let in_time = tokio::time::timeout(3 * SOON, others).await;
    in_time.expect("it waits");
    eprintln!("the other budget was there after {:?}", asked.elapsed());
    holder.let_go();
    let again = async { while ask(&client, &upstream, &first).await != Went::Answered {} };
    tokio::time::timeout(SOON, again).await.expect("it is slow");
    replica.stop().await;
    drop(database);
}

/// A network between the database and replicas that can lose all that the database says.
struct Network {
    address: String,
    lost: watch::Sender<bool>,
    _accepting: JoinSet<()>,
}

impl Network {
    async fn to(server: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let (lost, server) = (watch::Sender::new(false), server.to_owned());
        let mut accepting = JoinSet::new();
        let weather = lost.clone();
        accepting.spawn(async move {
            let mut connections = JoinSet::new();
            while let Ok((near, _)) = listener.accept().await {
                let far = TcpStream::connect(&server).await.unwrap();
                connections.spawn(forward(near, far, weather.subscribe()));
            }
        });
        Self {
            address,
            lost,
            _accepting: accepting,
        }
    }

    fn fail(&self) {
        self.lost.send_replace(true);
    }

    /// Ends the connections that suffered; new ones work.
    fn heal(&self) {
        self.lost.send_replace(false);
    }
}

async fn forward(near: TcpStream, far: TcpStream, mut lost: watch::Receiver<bool>) {
    let ((mut near_read, mut near_write), (mut far_read, mut far_write)) =
        (near.into_split(), far.into_split());
    let mut sky = lost.clone();
    let broken = async {
        let _gone = sky.wait_for(|lost| *lost).await.is_err();
        let _gone = sky.wait_for(|lost| !lost).await.is_err();
    };
    let questions = tokio::io::copy(&mut near_read, &mut far_write);
    let answers = async {
        let mut buffer = vec![0; 16 << 10];
        while let Ok(read @ 1..) = far_read.read(&mut buffer).await {
            let _gone = lost.wait_for(|lost| !lost).await.is_err();
            if near_write.write_all(&buffer[..read]).await.is_err() {
                return;
            }
        }
    };
    tokio::select! {
        () = broken => {}
        _ = questions => {}
        () = answers => {}
    }
}
