use tempfile::TempDir;
use tollhouse_domain::id::{KeyId, SessionId};
use tollhouse_domain::limits::Period;
use tollhouse_domain::money::Money;
use tollhouse_journal::{Journal, MAX_PAYLOAD_BYTES, Options};
use tollhouse_store::{CallFilter, DatabaseUrl, Page};
use uuid::Uuid;

use super::*;
use crate::config::{Durability, LimitsConfig};

const DAY: Duration = Duration::from_hours(24);

/// A journal and a store that outlive the process.
struct Lab {
    directory: TempDir,
    store: Store,
}

/// A process: its ledger and its writer.
struct Life {
    ledger: Arc<Ledger>,
    writer: Writer,
}

impl Lab {
    async fn new() -> Self {
        let directory = TempDir::new().unwrap();
        let url = DatabaseUrl::Sqlite(directory.path().join("t.db"));
        let store = Store::open(&url).await.unwrap();
        Self { directory, store }
    }

    fn start(&self) -> Life {
        let place = self.directory.path().join("journal");
        let (journal, reader) = Journal::open(&place, Options::default()).unwrap();
        let ledger = Arc::new(Ledger::new(journal, Durability::default()));
        let metrics = Arc::new(Metrics::new());
        let limiter = Limiter::new(LimitsConfig::default(), Arc::clone(&metrics), None);
        let writer = Writer::new(
            reader,
            Arc::clone(&ledger),
            self.store.clone(),
            Arc::new(limiter),
            metrics,
            Some(DAY * 30),
        );
        Life { ledger, writer }
    }

    /// The calls on record, and how they ended.
    async fn rows(&self) -> Vec<(u128, Outcome)> {
        let (every, page) = (CallFilter::default(), Page::first(100));
        let calls = self.store.calls(&every, page).await.unwrap();
        calls
            .iter()
            .rev()
            .map(|call| (call.id.0.as_u128(), call.outcome))
            .collect()
    }

    async fn spent(&self) -> Money {
        let spent = self.store.spend_since(Period(0)).await.unwrap();
        let whole = spent.iter().find(|row| row.day == Period::ALWAYS);
        whole.map(|row| row.amount).unwrap_or_default()
    }
}

fn call(n: u128, age: Duration) -> Call {
    let (key, session) = (KeyId(Uuid::from_u128(7)), SessionId(Uuid::from_u128(8)));
    Call {
        outcome: Outcome::Success,
        cost_usd: Some(Money(1)),
        ..Call::opened(
            CallId(Uuid::from_u128(n)),
            clock::now().minus(age),
            key,
            session,
        )
    }
}

#[tokio::test]
async fn what_is_past_its_retention_is_not_charged_again() {
    let lab = Lab::new().await;
    let life = lab.start();
    for (n, days) in [(1, 31), (2, 29)] {
        let call = call(n, DAY * days);
        life.ledger.begin(&record::encode(&call)).unwrap();
        life.ledger.end(call).unwrap();
    }
    // One that never ended.
    life.ledger
        .begin(&record::encode(&call(3, DAY * 31)))
        .unwrap();
    drop(life);
    let mut life = lab.start();
    life.writer.replay(&CancellationToken::new()).await;
    assert_eq!(lab.rows().await, [(2, Outcome::Success)]);
    assert_eq!(lab.spent().await, Money(1));
    drop(life);
    let mut life = lab.start();
    life.writer.replay(&CancellationToken::new()).await;
    assert_eq!(lab.rows().await.len(), 1, "and the journal is done with");
    lab.store.close().await;
}

#[tokio::test]
async fn a_replay_stores_nothing_that_this_process_counts_itself() {
    let lab = Lab::new().await;
    let life = lab.start();
    life.ledger.begin(&record::encode(&call(1, DAY))).unwrap();
    life.ledger.end(call(1, DAY)).unwrap();
    drop(life);
    let Life { ledger, mut writer } = lab.start();
    // It serves already, and this call is in the batch that the replay reads.
    ledger.begin(&record::encode(&call(2, DAY))).unwrap();
    ledger.end(call(2, DAY)).unwrap();
    writer.replay(&CancellationToken::new()).await;
    assert_eq!(lab.rows().await, [(1, Outcome::Success)]);
    assert_eq!(lab.spent().await, Money(1));
    // From then on it is stored as always, and nothing was released too early.
    let stop = CancellationToken::new();
    stop.cancel();
    writer.run(stop, async {}).await;
    assert_eq!(lab.rows().await.len(), 2);
    drop(ledger);
    let mut life = lab.start();
    life.writer.replay(&CancellationToken::new()).await;
    assert_eq!(lab.spent().await, Money(2));
    lab.store.close().await;
}

#[tokio::test]
async fn an_end_that_is_not_journaled_is_stored_and_pins_nothing() {
    let lab = Lab::new().await;
    let Life { ledger, writer } = lab.start();
    ledger.begin(&record::encode(&call(1, DAY))).unwrap();
    let too_large = Call {
        losses: vec!["x".repeat(64); MAX_PAYLOAD_BYTES / 64],
        ..call(1, DAY)
    };
    assert!(ledger.end(too_large).is_err());
    ledger.begin(&record::encode(&call(2, DAY))).unwrap();
    ledger.end(call(2, DAY)).unwrap();
    let stop = CancellationToken::new();
    stop.cancel();
    writer.run(stop, async {}).await;
    let both = [(1, Outcome::Success), (2, Outcome::Success)];
    assert_eq!(lab.rows().await, both);
    drop(ledger);
    // Nothing is left for the next process.
    let Life { ledger, mut writer } = lab.start();
    let batch = writer.read().await.unwrap();
    assert_eq!((batch.frames, batch.caught_up), (0, true));
    drop((ledger, writer));
    lab.store.close().await;
}
