//! Takes in what other replicas change: at once when the database announces it, and by asking once a
//! second in case it did not.

use tokio::time::{MissedTickBehavior, timeout};
use tokio_util::sync::CancellationToken;
use tollhouse_store::{Changes, StoreError};
use tracing::{debug, info, warn};

use super::PATIENCE;
use crate::state::Gateway;

/// How often replicas ask for the revision.
const POLL: std::time::Duration = std::time::Duration::from_secs(1);
/// The most polls between two attempts to listen.
const LONGEST_PAUSE: u32 = 30;

/// Follows until `stop`.
pub(crate) async fn run(gateway: Gateway, stop: CancellationToken) {
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
            () = stop.cancelled() => return,
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
        let current = match timeout(PATIENCE, self.gateway.store().revision()).await {
            Ok(Ok(current)) => current,
            Ok(Err(error)) => {
                warn!(%error, "the store does not say whether anything changed");
                return;
            }
            Err(_) => {
                warn!("the store does not say whether anything changed: it does not answer");
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
        match timeout(PATIENCE * 2, self.gateway.refresh()).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => warn!(%error, "a change made elsewhere cannot be read yet"),
            Err(_) => {
                warn!("a change made elsewhere cannot be read yet: the store does not answer");
            }
        }
    }

    async fn listen(&mut self) -> bool {
        match timeout(PATIENCE, self.gateway.store().changes()).await {
            Ok(Ok(changes)) => {
                self.ear = changes;
                self.pause = Pause::default();
                return true;
            }
            Ok(Err(error)) => debug!(%error, "changes cannot be listened for yet"),
            Err(_) => debug!("changes cannot be listened for yet: the store does not answer"),
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
