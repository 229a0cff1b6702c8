//! The limit on an upstream's silence, without touching a timer for every byte.

use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::time::{Instant, Sleep};

/// Fires after a silence. A timer exists only once something was waited for, and is moved only when
/// it goes off too early.
pub(super) struct Idle {
    limit: Duration,
    /// When bytes last came; unset: not waited since.
    quiet_since: Option<Instant>,
    timer: Option<Pin<Box<Sleep>>>,
}

impl Idle {
    pub(super) fn new(limit: Duration) -> Self {
        Self {
            limit,
            quiet_since: None,
            timer: None,
        }
    }

    /// Bytes came.
    pub(super) fn touch(&mut self) {
        self.quiet_since = None;
    }

    /// Ready when the silence has lasted too long.
    pub(super) fn poll(&mut self, context: &mut Context<'_>) -> Poll<()> {
        let since = *self.quiet_since.get_or_insert_with(Instant::now);
        let deadline = since + self.limit;
        let timer = self
            .timer
            .get_or_insert_with(|| Box::pin(tokio::time::sleep_until(deadline)));
        loop {
            ready!(timer.as_mut().poll(context));
            if deadline <= timer.deadline() {
                return Poll::Ready(());
            }
            timer.as_mut().reset(deadline);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::future::poll_fn;

    use super::*;

    const LIMIT: Duration = Duration::from_mins(10);

    #[tokio::test(start_paused = true)]
    async fn fires_after_the_limit() {
        let mut idle = Idle::new(LIMIT);
        let start = Instant::now();
        poll_fn(|context| idle.poll(context)).await;
        assert_eq!(start.elapsed().as_secs(), 600);
    }

    #[tokio::test(start_paused = true)]
    async fn bytes_start_it_over() {
        let mut idle = Idle::new(LIMIT);
        let start = Instant::now();
        let early = tokio::time::timeout(Duration::from_secs(500), poll_fn(|c| idle.poll(c))).await;
        assert!(early.is_err());
        idle.touch();
        poll_fn(|context| idle.poll(context)).await;
        assert_eq!(start.elapsed().as_secs(), 1_100);
    }
}
