//! Counters of what the server is doing, and waiting for them: tests must never sleep.

use std::sync::Arc;

use tokio::sync::watch;

/// Counters since the start.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Stats {
    /// Connections accepted.
    pub connections: u64,
    /// Requests whose head has arrived.
    pub requests: u64,
    /// Requests whose answer is not finished yet.
    pub open: u64,
    /// Answers handed over entirely, or ended early because the script said so.
    pub completed: u64,
    /// Clients that left before their answer was finished, or before their request was.
    pub aborted: u64,
}

#[derive(Debug)]
pub(crate) struct Progress(watch::Sender<Stats>);

impl Progress {
    pub(crate) fn new() -> Arc<Self> {
        Arc::new(Self(watch::Sender::new(Stats::default())))
    }

    pub(crate) fn stats(&self) -> Stats {
        *self.0.borrow()
    }

    pub(crate) async fn wait_for(&self, done: impl FnMut(&Stats) -> bool) -> Stats {
        let mut updates = self.0.subscribe();
        match updates.wait_for(done).await {
            Ok(stats) => *stats,
            // The sender lives in `self`, so this cannot happen; the last state is still the truth.
            Err(_) => self.stats(),
        }
    }

    pub(crate) fn connected(&self) {
        self.0.send_modify(|stats| stats.connections += 1);
    }

    pub(crate) fn begin(self: &Arc<Self>) -> Open {
        self.0.send_modify(|stats| {
            stats.requests += 1;
            stats.open += 1;
        });
        Open {
            progress: Arc::clone(self),
            finished: false,
        }
    }
}

/// One request in flight. Dropped before [`Open::finish`], it counts as aborted by the client.
#[derive(Debug)]
pub(crate) struct Open {
    progress: Arc<Progress>,
    finished: bool,
}

impl Open {
    pub(crate) fn finish(mut self) {
        self.finished = true;
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        self.progress.0.send_modify(|stats| {
            stats.open -= 1;
            if self.finished {
                stats.completed += 1;
            } else {
                stats.aborted += 1;
            }
        });
    }
}
