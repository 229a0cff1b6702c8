//! The ledger's write side: a call is journaled when it is admitted and again before the last bytes
//! of its answer are released, so that neither `kill -9` nor a store that does not answer loses one.
//!
//! [`writer`] moves the journal into the store. The two share nothing but the files and a few
//! positions: the hot path never waits for the database.

pub(crate) mod open_call;
pub(crate) mod record;
pub(crate) mod retention;
pub(crate) mod running;
pub(crate) mod sync;
pub(crate) mod writer;

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::{Notify, broadcast, watch};
use tollhouse_domain::call::Call;
use tollhouse_journal::{Journal, JournalError, Position};

use self::running::Running;
use crate::config::Durability;

/// How many finished calls a slow live view may fall behind before it misses some.
const LIVE_BACKLOG: usize = 1024;

/// Where calls are recorded.
pub(crate) struct Ledger {
    journal: Journal,
    durability: Durability,
    /// Wakes the writer.
    appended: Notify,
    /// Calls that ended and could not be journaled: the writer has them from here.
    unjournaled: Mutex<Vec<Call>>,
    /// Wakes the syncer.
    unsynced: Notify,
    /// How far the store has got.
    stored: watch::Sender<Position>,
    /// How far the disk has got.
    synced: watch::Sender<Position>,
    /// Finished calls, for whoever looks on.
    live: broadcast::Sender<Arc<Call>>,
    /// Calls that have not ended.
    running: Arc<Running>,
    /// Set when draining is over: calls that end now were cut off by us, not by their clients.
    cutting: AtomicBool,
}

impl Ledger {
    pub(crate) fn new(journal: Journal, durability: Durability) -> Self {
        let start = journal.durable();
        Self {
            journal,
            durability,
            appended: Notify::new(),
            unjournaled: Mutex::default(),
            unsynced: Notify::new(),
            stored: watch::channel(start).0,
            synced: watch::channel(start).0,
            live: broadcast::channel(LIVE_BACKLOG).0,
            running: Arc::default(),
            cutting: AtomicBool::new(false),
        }
    }

    /// Records that a call was admitted; `record` is its row so far.
    pub(crate) fn begin(&self, record: &[u8]) -> Result<(), JournalError> {
        self.journal.append(record::BEGIN, record)?;
        self.unsynced.notify_one();
        Ok(())
    }

    /// Records how a call ended. From here on a dead process does not lose it. A full journal takes
    /// it all the same: it was admitted, and its client is about to see its answer. One that the journal
    /// does not take all the same is stored as long as this process lives: else its beginning would be
    /// kept, and with it every later record.
    pub(crate) fn end(&self, call: Call) -> Result<Position, JournalError> {
        let ended = self.journal.conclude(record::END, &record::encode(&call));
        self.appended.notify_one();
        let position = match ended {
            Ok(position) => position,
            Err(error) => {
                self.unjournaled().push(call);
                return Err(error);
            }
        };
        self.unsynced.notify_one();
        if self.live.receiver_count() > 0 {
            // Nobody listening any more is no error.
            let _ = self.live.send(Arc::new(call));
        }
        Ok(position)
    }

    /// Calls that ended and could not be journaled. As many as were open then, because no more begin.
    fn unjournaled(&self) -> MutexGuard<'_, Vec<Call>> {
        let known = self.unjournaled.lock();
        known.unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether an answer's last bytes must wait for the disk.
    pub(crate) fn is_strict(&self) -> bool {
        self.durability == Durability::Strict
    }

    /// Waits until the disk holds everything up to `position`.
    pub(crate) async fn durable(self: Arc<Self>, position: Position) {
        let mut synced = self.synced.subscribe();
        // The sender lives in `self`, so waiting ends only when the position is reached.
        let _ = synced.wait_for(|reached| *reached >= position).await;
    }

    /// Waits until the store holds every call that has ended so far.
    pub(crate) async fn caught_up(&self) {
        let end = self.journal.end();
        let mut stored = self.stored.subscribe();
        let _ = stored.wait_for(|reached| *reached >= end).await;
    }

    /// Finished calls from now on.
    pub(crate) fn watch(&self) -> broadcast::Receiver<Arc<Call>> {
        self.live.subscribe()
    }

    /// Calls that have begun and not ended.
    pub(crate) fn running(&self) -> &Arc<Running> {
        &self.running
    }

    /// Bytes of journal not yet in the store.
    pub(crate) fn backlog_bytes(&self) -> u64 {
        self.journal.total_bytes()
    }

    /// From now on, a call that ends without an outcome was cut off by us.
    pub(crate) fn cut(&self) {
        self.cutting.store(true, Ordering::Relaxed);
    }

    pub(crate) fn is_cutting(&self) -> bool {
        self.cutting.load(Ordering::Relaxed)
    }
}
