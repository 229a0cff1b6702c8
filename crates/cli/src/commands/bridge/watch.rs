//! How the bridge is: looked at in the background when somebody asks and the last look is old.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{Notify, watch};
use tokio::time::{Instant, timeout};
use tollhouse_domain::bridge::Bridge;
use tollhouse_domain::bridge::health::{PATIENCE, Report};
use tollhouse_domain::bridge::standing::{Found, report};

use super::machine;

/// How old a look may be: while all is well, and while somebody may be about to change that. Only in the
/// latter case is the next one waited for: before each of its calls the gateway asks how the bridge is.
const FRESH: Duration = Duration::from_secs(30);
const FRESH_UNWELL: Duration = Duration::from_secs(2);
/// How long whoever asks waits for the next look: less than the gateway waits for an answer.
const WAIT: Duration = Duration::from_millis(800);
const _: () = assert!(WAIT.as_millis() < PATIENCE.as_millis());

/// How the bridge is.
pub(super) struct Standing {
    known: Arc<Bridge>,
    seen: watch::Sender<Seen>,
    wanted: Notify,
}

#[derive(Clone)]
struct Seen {
    report: Report,
    ready: bool,
    at: Option<Instant>,
}

impl Standing {
    pub(super) fn new(known: Arc<Bridge>) -> Self {
        let (report, ready) = report(&known, None);
        let seen = Seen {
            report,
            ready,
            at: None,
        };
        Self {
            known,
            seen: watch::Sender::new(seen),
            wanted: Notify::new(),
        }
    }

    /// How it is, and whether it takes requests.
    pub(super) async fn now(&self) -> (Report, bool) {
        let mut seen = self.seen.subscribe();
        if self.is_old() {
            self.wanted.notify_one();
            let wait = !seen.borrow().ready || seen.borrow().at.is_none();
            if wait {
                // What comes too late is there the next time.
                let _ = timeout(WAIT, seen.changed()).await;
            }
        }
        let seen = seen.borrow();
        (seen.report.clone(), seen.ready)
    }

    /// An answer says that the login no longer works.
    pub(super) fn doubt(&self) {
        self.seen.send_modify(|seen| seen.at = None);
        self.wanted.notify_one();
    }

    fn is_old(&self) -> bool {
        let seen = self.seen.borrow();
        let fresh = if seen.ready { FRESH } else { FRESH_UNWELL };
        seen.at.is_none_or(|at| at.elapsed() >= fresh)
    }

    /// Looks, whenever that is wanted.
    pub(super) async fn watch(self: Arc<Self>) {
        loop {
            let found: Found = machine::look(&self.known).await;
            let (report, ready) = report(&self.known, Some(&found));
            self.seen.send_replace(Seen {
                report,
                ready,
                at: Some(Instant::now()),
            });
            self.wanted.notified().await;
        }
    }
}
