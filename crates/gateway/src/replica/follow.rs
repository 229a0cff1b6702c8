//! Takes in what other replicas change: at once when the database announces it, and by asking once a
//! second in case it did not.

use tokio::time::MissedTickBehavior;
use tokio_util::sync::CancellationToken;
use tollhouse_store::{Changes, StoreError};
use tracing::{debug, info, warn};

use crate::patience::{PATIENCE, within};
use crate::state::Gateway;

/// How often replicas ask for the revision.
const POLL: std::time::Duration = std::time::Duration::from_secs(1);
/// The most polls between two attempts to listen.
const LONGEST_PAUSE: u32 = 30;

/// Follows until `stop`, which ends whatever is being asked: it only reads.
pub(crate) async fn run(gateway: Gateway, stop: CancellationToken) {
    tokio::select! {
        () = follow(gateway) => {}
        () = stop.cancelled() => {}
    }
}

async fn follow(gateway: Gateway) {
    let mut follower = Follower {
        gateway,
        ear: None,
        heard: 0,
        asked: 0,
        pause: Pause::default(),
    };
    let mut ticks = tokio::time::interval(POLL);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            news = hear(&mut follower.ear) => follower.hear(news).await,
            _ = ticks.tick() => follower.ask().await,
        }
    }
}

/// Waits for news, for ever where nobody listens.
async fn hear(ear: &mut Option<Changes>) -> Result<i64, StoreError> {
    match ear {
        Some(changes) => changes.next().await,
        None => std::future::pending().await,
    }
}

struct Follower {
    gateway: Gateway,
    ear: Option<Changes>,
    /// The newest revision that was announced, or that was asked for when listening began.
    heard: i64,
    /// The revision at the last poll.
    asked: i64,
    pause: Pause,
}

impl Follower {
    async fn hear(&mut self, news: Result<i64, StoreError>) {
        match news {
            Ok(revision) => {
                self.heard = self.heard.max(revision);
                if revision > self.gateway.snapshot().revision {
                    self.refresh().await;
                }
            }
            Err(error) => {
                warn!(%error, "changes are no longer announced; asking for them meanwhile");
                self.ear = None;
            }
        }
    }

    /// The safety net: asks whether anything changed, and whether it would have been heard.
    async fn ask(&mut self) {
        let listens_anew = self.ear.is_none() && self.pause.over() && self.listen().await;
        let current = match within(PATIENCE, self.gateway.store().revision()).await {
            Ok(current) => current,
            Err(error) => {
                warn!(%error, "the store does not say whether anything changed");
                return;
            }
        };
        if current != self.gateway.snapshot().revision {
            self.refresh().await;
        }
        if listens_anew {
            self.heard = current;
        } else if self.ear.is_some() && self.heard < self.asked {
            // It was there a poll ago, and nothing was said of it since.
            info!("an announcement was lost; listening anew");
            self.ear = None;
        }
        self.asked = current;
    }

    async fn refresh(&self) {
        if let Err(error) = within(PATIENCE * 2, self.gateway.refresh()).await {
            warn!(%error, "a change made elsewhere cannot be read yet");
        }
    }

    async fn listen(&mut self) -> bool {
        match within(PATIENCE, self.gateway.store().changes()).await {
            Ok(changes) => {
                self.ear = changes;
                self.pause = Pause::default();
                return true;
            }
            Err(error) => debug!(%error, "changes cannot be listened for yet"),
        }
        self.pause.longer();
        false
    }
}

/// How many polls to wait before the next attempt; twice as many after each that failed.
#[derive(Default)]
struct Pause {
    left: u32,
    next: u32,
}

impl Pause {
    fn over(&mut self) -> bool {
        let over = self.left == 0;
        self.left = self.left.saturating_sub(1);
        over
    }

    fn longer(&mut self) {
        self.next = (self.next * 2).clamp(1, LONGEST_PAUSE);
        self.left = self.next;
    }
}
