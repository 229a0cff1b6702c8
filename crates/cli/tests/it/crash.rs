//! `kill -9` under load: nothing that a client saw complete is lost, nothing is recorded twice, and
//! what was under way is on the record as interrupted.

mod replicas;

use std::os::unix::process::ExitStatusExt;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use http::StatusCode;
use rustix::process::Signal;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;
use tollhouse_sim::{Sim, SimConfig};

use crate::traffic::{self, Clients, Ledger, Seen};

const ROUNDS: usize = 20;
const CLIENTS: usize = 16;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_call_is_lost_or_doubled_by_a_killed_process() {
    let sim = Sim::start(SimConfig {
        keep: usize::MAX,
        ..SimConfig::default()
    });
    let sim = sim.await.unwrap();
    let place = traffic::place(&sim, "sqlite", "");
    let mut random = Random(0x5eed);
    let mut seen = Vec::new();
    for round in 0..ROUNDS {
        let (server, clients) = traffic::serve(&place);
        let load = Load::start(round, &clients);
        // The moment is the point: it must not depend on what the server is doing.
        let moment = Duration::from_millis(50 + random.below(351));
        tokio::time::sleep(moment).await;
        load.dying.cancel();
        server.signal(Signal::KILL);
        seen.extend(load.end().await);
        let (status, _) = server.wait();
        assert_eq!(status.signal(), Some(9), "round {round} ended by itself");
    }
    let (server, clients) = traffic::serve(&place);
    let ledger = clients.ledger().await;
    check(&seen, &ledger);
    ledger.holds_all(&sim.requests());
    server.stop();
    // A clean end adds nothing, and neither does another start.
    let (server, clients) = traffic::serve(&place);
    assert_eq!(clients.ledger().await.len(), ledger.len());
    server.stop();
}

fn check(seen: &[Seen], ledger: &Ledger) {
    let mut in_flight = 0;
    for call in seen {
        if call.complete {
            assert_eq!(ledger.outcome(call), Some("success"), "{call:?}");
        } else if call.head.is_some() {
            in_flight += 1;
            let outcome = ledger.outcome(call);
            assert!(
                matches!(outcome, Some("success" | "interrupted")),
                "{outcome:?}: {call:?}"
            );
        } else {
            // It may have died on its way in, or its answer on the way out.
            let outcome = ledger.outcome_of(&call.marker);
            assert!(
                matches!(outcome, None | Some("success" | "interrupted")),
                "{outcome:?}: {call:?}"
            );
        }
    }
    let (success, interrupted) = (ledger.count("success"), ledger.count("interrupted"));
    assert_eq!(success + interrupted, ledger.len());
    let complete = seen.iter().filter(|call| call.complete).count();
    assert!(success >= complete && ledger.len() <= seen.len());
    // Else the rounds proved nothing.
    assert!(complete >= ROUNDS * CLIENTS, "only {complete} answers");
    assert!(in_flight > 0 && interrupted > 0, "nothing was under way");
}

/// Clients that call and call until the server dies.
struct Load {
    clients: JoinSet<Vec<Seen>>,
    /// Cancelled right before the server is killed: until then every call must succeed.
    dying: CancellationToken,
}

impl Load {
    fn start(round: usize, clients: &Clients) -> Self {
        let dying = CancellationToken::new();
        let next = Arc::new(AtomicUsize::new(0));
        let mut tasks = JoinSet::new();
        for _ in 0..CLIENTS {
            tasks.spawn(until_it_dies(
                round,
                clients.clone(),
                Arc::clone(&next),
                dying.clone(),
            ));
        }
        Self {
            clients: tasks,
            dying,
        }
    }

    async fn end(self) -> Vec<Seen> {
        self.clients
            .join_all()
            .await
            .into_iter()
            .flatten()
            .collect()
    }
}

async fn until_it_dies(
    round: usize,
    clients: Clients,
    next: Arc<AtomicUsize>,
    dying: CancellationToken,
) -> Vec<Seen> {
    let mut seen = Vec::new();
    loop {
        let call = clients
            .call(round, next.fetch_add(1, Ordering::Relaxed))
            .await;
        assert!(call.complete || dying.is_cancelled(), "{call:?}");
        if let Some(status) = call.status() {
            assert_eq!(status, StatusCode::OK, "{call:?}");
        }
        let over = !call.complete;
        seen.push(call);
        if over {
            return seen;
        }
    }
}

/// Xorshift: the same moments in every run.
struct Random(u64);

impl Random {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % bound
    }
}
