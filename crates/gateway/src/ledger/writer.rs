//! Moves the journal into the store: in batches, in order, as often as it takes.
//!
//! Rows are inserted once however often they are replayed. A record is released only when its row is
//! stored and no earlier call is still open, so a restart finds every call that never ended: those
//! become `interrupted`.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use tokio_util::sync::CancellationToken;
use tollhouse_domain::call::{Call, Outcome};
use tollhouse_domain::id::CallId;
use tollhouse_domain::time::Timestamp;
use tollhouse_journal::{Batch, JournalError, Position, Reader};
use tollhouse_store::{Store, StoreError};
use tracing::{error, info, warn};

use super::{Ledger, record};
use crate::clock;
use crate::limits::Limiter;
use crate::telemetry::metrics::Metrics;

const BATCH_RECORDS: usize = 4096;
const BATCH_BYTES: usize = 4 << 20;
/// Lets calls gather, so that a busy server writes batches and not rows.
const GATHER: Duration = Duration::from_millis(100);
/// How much stored journal may wait to be cleared: clearing costs a rename and a sync, and what is
/// read again after a crash is inserted only once.
const RELEASE_BYTES: u64 = 1 << 20;
/// A database that went away without a word would otherwise be waited for as long as TCP does.
const ATTEMPT: Duration = Duration::from_secs(30);
const FIRST_RETRY: Duration = Duration::from_millis(100);
const LONGEST_RETRY: Duration = Duration::from_secs(5);

/// The journal's one consumer.
pub(crate) struct Writer {
    reader: Option<Reader>,
    /// Calls that began: where the journal must be kept from, and, for calls of an earlier process,
    /// the record itself.
    open: HashMap<CallId, Beginning>,
    /// Rows that were read and are not stored: nothing is released while there are any.
    pending: Vec<Call>,
    /// The same of an earlier process, which held the money of its calls by itself.
    replayed: Vec<Call>,
    /// Calls that ended and are not in the journal; their beginnings may be yet to be read.
    unjournaled: Vec<Call>,
    /// While what an earlier process left is stored, nothing of this one is: what was spent is read
    /// right after, and would have it twice.
    replaying: bool,
    /// How long rows are kept.
    keep: Option<Duration>,
    recovered_to: Position,
    position: Position,
    released: Position,
    ledger: Arc<Ledger>,
    store: Store,
    limiter: Arc<Limiter>,
    metrics: Arc<Metrics>,
}

/// A record as the writer needs it.
enum Record {
    Begin(CallId, Vec<u8>),
    End(CallId, Box<Call>),
    Unreadable,
}

impl Record {
    fn read(kind: u8, payload: &[u8]) -> Self {
        match (kind, record::id(payload)) {
            (record::BEGIN, Some(id)) => Self::Begin(id, payload.to_vec()),
            (record::END, Some(id)) => match record::decode(payload) {
                Ok(call) => Self::End(id, Box::new(call)),
                Err(_) => Self::Unreadable,
            },
            _ => Self::Unreadable,
        }
    }
}

struct Beginning {
    before: Position,
    record: Option<Vec<u8>>,
}

impl Writer {
    pub(crate) fn new(
        reader: Reader,
        ledger: Arc<Ledger>,
        store: Store,
        limiter: Arc<Limiter>,
        metrics: Arc<Metrics>,
        keep: Option<Duration>,
    ) -> Self {
        let recovery = reader.recovery();
        if recovery.torn_bytes > 0 || recovery.corrupt_segments > 0 {
            warn!(
                ?recovery,
                "the journal was damaged; what could be read is kept"
            );
        }
        Self {
            recovered_to: reader.recovered_to(),
            position: reader.position(),
            released: reader.position(),
            reader: Some(reader),
            open: HashMap::new(),
            pending: Vec::new(),
            replayed: Vec::new(),
            unjournaled: Vec::new(),
            replaying: false,
            keep,
            ledger,
            store,
            limiter,
            metrics,
        }
    }

    /// Stores what an earlier process left, its unended calls as interrupted. Gives up only when
    /// `stop` is asked for: until then a store that does not answer is asked again.
    pub(crate) async fn replay(&mut self, stop: &CancellationToken) {
        self.replaying = true;
        self.replay_all(stop).await;
        self.replaying = false;
    }

    async fn replay_all(&mut self, stop: &CancellationToken) {
        while self.position < self.recovered_to {
            let Some(batch) = self.turn(stop).await else {
                return;
            };
            if batch.frames == 0 && batch.caught_up {
                break;
            }
        }
        // Calls of this process may have begun meanwhile; those are still open.
        let interrupted: Vec<Call> = self
            .open
            .extract_if(|_, beginning| beginning.record.is_some())
            .filter_map(|(_, beginning)| interrupted(beginning))
            .collect();
        if !interrupted.is_empty() {
            info!(
                calls = interrupted.len(),
                "calls were open when the last process ended"
            );
        }
        self.replayed.extend(interrupted);
        if !self.store(stop).await {
            return;
        }
        let stored = self.stored_to(self.position);
        self.release(stored).await;
        self.ledger.stored.send_replace(stored);
    }

    /// How far everything is stored that was read up to `end`.
    fn stored_to(&self, end: Position) -> Position {
        if self.pending.is_empty() {
            end
        } else {
            end.min(self.recovered_to)
        }
    }

    /// Runs until `stop`, then stores what has ended by then. `replayed` once nothing of an earlier
    /// process is left to be stored.
    pub(crate) async fn run(mut self, stop: CancellationToken, replayed: impl Future<Output = ()>) {
        self.replay(&stop).await;
        replayed.await;
        while !stop.is_cancelled() {
            let Some(batch) = self.turn(&stop).await else {
                break;
            };
            self.ledger.stored.send_replace(batch.end);
            if batch.caught_up {
                tokio::select! {
                    () = self.ledger.appended.notified() => {}
                    () = stop.cancelled() => break,
                }
                tokio::time::sleep(GATHER).await;
            }
        }
        // One last look, with a token of its own: what cannot be stored now stays in the journal.
        let last = CancellationToken::new();
        let finish = async {
            while let Some(batch) = self.turn(&last).await {
                if batch.caught_up {
                    break;
                }
            }
        };
        if tokio::time::timeout(LONGEST_RETRY, finish).await.is_err() {
            warn!("the store does not answer; the next start stores what is left in the journal");
        } else {
            self.release(self.position).await;
            self.limiter.give_up(&self.store).await;
        }
    }

    /// One batch: read, store, release. `None` when asked to stop before it was stored.
    async fn turn(&mut self, stop: &CancellationToken) -> Option<Batch> {
        let batch = match self.read().await {
            Ok(batch) => batch,
            Err(error) => {
                error!(%error, "the journal cannot be read");
                tokio::time::sleep(LONGEST_RETRY).await;
                return (!stop.is_cancelled()).then_some(Batch {
                    frames: 0,
                    end: self.position,
                    caught_up: true,
                });
            }
        };
        if !self.store(stop).await {
            return None;
        }
        let end = self.stored_to(batch.end);
        let same = end.segment == self.released.segment;
        if !same || end.offset - self.released.offset >= RELEASE_BYTES {
            self.release(end).await;
        }
        Some(batch)
    }

    /// Reads a batch; its rows are pending from then on.
    async fn read(&mut self) -> Result<Batch, JournalError> {
        let nothing = Batch {
            frames: 0,
            end: self.position,
            caught_up: true,
        };
        let ended = std::mem::take(&mut *self.ledger.unjournaled());
        self.unjournaled.extend(ended);
        // Only a task that died in the middle of a read leaves it empty.
        let Some(mut reader) = self.reader.take() else {
            return Ok(nothing);
        };
        // Reading a full batch takes milliseconds, which no call should wait for.
        let task = tokio::task::spawn_blocking(move || {
            let mut records = Vec::new();
            let batch = reader.read_batch(BATCH_RECORDS, BATCH_BYTES, |after, kind, payload| {
                records.push((after, Record::read(kind, payload)));
            });
            (reader, batch, records)
        });
        let Ok((reader, batch, records)) = task.await else {
            return Ok(nothing);
        };
        self.reader = Some(reader);
        for (after, record) in records {
            self.take(after, record);
        }
        if batch.as_ref().is_ok_and(|batch| batch.caught_up) {
            // Their beginnings were written before, and so have been read.
            for call in self.unjournaled.drain(..) {
                self.open.remove(&call.id);
                self.pending.push(call);
            }
        }
        batch
    }

    fn take(&mut self, after: Position, record: Record) {
        let before = std::mem::replace(&mut self.position, after);
        match record {
            Record::Begin(id, payload) => {
                let record = (after <= self.recovered_to).then_some(payload);
                self.open.insert(id, Beginning { before, record });
            }
            Record::End(id, call) => {
                self.open.remove(&id);
                if after <= self.recovered_to {
                    self.replayed.push(*call);
                } else {
                    self.pending.push(*call);
                }
            }
            Record::Unreadable => {
                self.metrics.ledger_unreadable.inc();
                error!("a journal record cannot be read");
            }
        }
    }

    async fn insert(&self) -> Result<u64, StoreError> {
        let mut inserted = 0;
        if !self.replayed.is_empty() {
            inserted += self.store.insert_calls(&self.replayed).await?;
        }
        if !self.pending.is_empty() && !self.replaying {
            inserted += self.limiter.store(&self.store, &self.pending).await?;
        }
        Ok(inserted)
    }

    /// Inserts what is pending, however long it takes. `false` when asked to stop first: then it
    /// stays pending.
    async fn store(&mut self, stop: &CancellationToken) -> bool {
        if let Some(keep) = self.keep {
            self.forget_old(clock::now().minus(keep));
        }
        let waiting = if self.replaying {
            0
        } else {
            self.pending.len()
        };
        let rows = waiting + self.replayed.len();
        if rows == 0 {
            return true;
        }
        let mut pause = FIRST_RETRY;
        loop {
            let attempt = tokio::time::timeout(ATTEMPT, self.insert());
            let attempt = tokio::select! {
                attempt = attempt => attempt,
                // It may have been stored all the same; whoever tries again stores it once.
                () = stop.cancelled() => return false,
            };
            match attempt {
                Ok(Ok(inserted)) => {
                    self.metrics.ledger_stored.inc_by(inserted);
                    if !self.replaying {
                        self.pending.clear();
                    }
                    self.replayed.clear();
                    return true;
                }
                Ok(Err(error)) => {
                    warn!(%error, rows, "the store does not take calls; trying again");
                }
                Err(_) => {
                    warn!(rows, "the store does not answer; trying again");
                }
            }
            self.metrics.ledger_retries.inc();
            tokio::select! {
                () = tokio::time::sleep(pause) => {}
                () = stop.cancelled() => return false,
            }
            pause = (pause * 2).min(LONGEST_RETRY);
        }
    }

    /// What an earlier process left may have been stored, and deleted since for its age. Stored anew, it
    /// would be charged anew.
    fn forget_old(&mut self, before: Timestamp) {
        let rows = self.replayed.len();
        self.replayed.retain(|call| call.at >= before);
        let old = rows - self.replayed.len();
        if old > 0 {
            warn!(
                old,
                "calls in the journal are past their retention and not stored"
            );
        }
    }

    async fn release(&mut self, end: Position) {
        let oldest_open = self.open.values().map(|beginning| beginning.before).min();
        let before = oldest_open.map_or(end, |open| open.min(end));
        if let Some(mut reader) = self.reader.take() {
            let task = tokio::task::spawn_blocking(move || {
                let released = reader.release(before);
                (reader, released)
            });
            match task.await {
                Ok((reader, Ok(()))) => {
                    self.reader = Some(reader);
                    self.released = end;
                }
                Ok((reader, Err(error))) => {
                    self.reader = Some(reader);
                    warn!(%error, "stored records could not be cleared from the journal");
                }
                Err(error) => error!(%error, "clearing the journal failed"),
            }
        }
    }
}

fn interrupted(beginning: Beginning) -> Option<Call> {
    let call = record::decode(&beginning.record?);
    call.ok().map(|call| Call {
        outcome: Outcome::Interrupted,
        ..call
    })
}

#[cfg(test)]
mod tests;
