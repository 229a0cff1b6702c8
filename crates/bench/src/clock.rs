//! The one place that reads time: the monotonic clock of the machine, in nanoseconds.
//!
//! Mock and load generator are different processes that stamp and compare the same clock, so an
//! opaque process-local instant would not do. Knows nothing of requests.

use std::io;
use std::os::fd::OwnedFd;

use rustix::time::{
    ClockId, Itimerspec, TimerfdClockId, TimerfdFlags, TimerfdTimerFlags, Timespec, clock_gettime,
    timerfd_create, timerfd_settime,
};
use tokio::io::Interest;
use tokio::io::unix::AsyncFd;

/// Nanoseconds of the machine's monotonic clock; comparable between processes.
pub(crate) fn now_ns() -> u64 {
    let time = clock_gettime(ClockId::Monotonic);
    time.tv_sec.unsigned_abs() * 1_000_000_000 + time.tv_nsec.unsigned_abs()
}

/// A kernel timer with a fixed period.
///
/// The runtime's own timer rounds to whole milliseconds, which at 2,000 calls/s would send
/// calls in pairs and put up to 1 ms of its own into every measurement.
#[derive(Debug)]
pub(crate) struct Ticker {
    timer: AsyncFd<OwnedFd>,
}

impl Ticker {
    /// Starts ticking one period from now. Errors: no descriptor left, or a period of zero
    /// or of 1 s and more.
    pub(crate) fn every(period_ns: u32) -> io::Result<Self> {
        if period_ns == 0 || period_ns >= 1_000_000_000 {
            return Err(io::Error::from(io::ErrorKind::InvalidInput));
        }
        let timer = timerfd_create(
            TimerfdClockId::Monotonic,
            TimerfdFlags::NONBLOCK | TimerfdFlags::CLOEXEC,
        )?;
        let period = Timespec {
            tv_sec: 0,
            tv_nsec: i64::from(period_ns),
        };
        let setting = Itimerspec {
            it_interval: period,
            it_value: period,
        };
        timerfd_settime(&timer, TimerfdTimerFlags::empty(), &setting)?;
        #[expect(
            deprecated,
            reason = "the replacement is unsafe for types that change their descriptor; OwnedFd \
                      cannot"
        )]
        let timer = AsyncFd::with_interest(timer, Interest::READABLE)?;
        Ok(Self { timer })
    }

    /// Waits for the next tick and returns how many have passed since the last call (1 unless
    /// the caller was late).
    pub(crate) async fn ticks(&self) -> io::Result<u64> {
        self.timer
            .async_io(Interest::READABLE, |fd| {
                let mut count = [0; 8];
                rustix::io::read(fd, &mut count)?;
                Ok(u64::from_ne_bytes(count))
            })
            .await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_clock_never_goes_back() {
        let first = now_ns();
        assert!(first > 0);
        assert!(now_ns() >= first);
    }

    #[tokio::test]
    async fn ticks_are_counted_and_not_early() {
        let started = now_ns();
        let ticker = Ticker::every(2_000_000).unwrap();
        let mut seen = 0;
        while seen < 3 {
            seen += ticker.ticks().await.unwrap();
        }
        assert!(now_ns() - started >= seen * 2_000_000);
        assert!(Ticker::every(0).is_err());
    }
}
