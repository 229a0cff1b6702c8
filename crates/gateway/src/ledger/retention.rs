//! Forgets what is past its time, once an hour: what calls said, and calls, a bounded piece at a time,
//! and with calls what only they refer to: scoped keys that expired, and objects made upstream.

use std::time::Duration;

use tokio_util::sync::CancellationToken;
use tollhouse_domain::account::device::LONGEST;
use tollhouse_domain::limits::{BudgetWindow, Period, day};
use tollhouse_domain::time::Timestamp;
use tollhouse_store::{Singleton, Store};
use tracing::{info, warn};

use crate::clock;
use crate::patience::{LONG, PATIENCE, Unanswered, within};
use crate::state::Gateway;

const INTERVAL: Duration = Duration::from_hours(1);
/// Rows deleted in one transaction: short enough that the writer hardly notices.
const PIECE: u32 = 5_000;
/// The same of captures, which are far larger.
const CAPTURES: u32 = 100;

/// How long things are kept; absent: for ever.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Keep {
    /// Calls, and what only they refer to.
    pub(crate) calls: Option<Duration>,
    /// What they came to, by hour and day; kept as long as they are, whatever this says.
    pub(crate) sums: Option<Duration>,
    /// What they said, which never outlives them.
    pub(crate) captures: Option<Duration>,
}

/// What is older goes.
#[derive(Debug, Clone, Copy)]
struct Before {
    calls: Option<Timestamp>,
    sums: Option<Timestamp>,
    captures: Option<Timestamp>,
}

impl Keep {
    fn at(self, now: Timestamp) -> Before {
        let ago = |keep: Option<Duration>| keep.map(|keep| now.minus(keep));
        let calls = ago(self.calls);
        Before {
            calls,
            // A call without its sums would be found by nobody, so these stay as long.
            sums: ago(self.sums).min(calls),
            captures: ago(self.captures).max(calls),
        }
    }
}

/// Forgets what is past its time, now and every hour, until `stop`.
pub(crate) async fn run(gateway: Gateway, keep: Keep, stop: CancellationToken) {
    let store = gateway.store();
    loop {
        let before = keep.at(clock::now());
        // Whatever is cut off in the middle is undone, and deleted the next time.
        tokio::select! {
            swept = in_turn(store, before, &stop) => match swept {
                Ok(0) => {}
                Ok(rows) => info!(rows, "what was past its retention is deleted"),
                Err(error) => warn!(%error, "what is past its retention could not be deleted"),
            },
            () = stop.cancelled() => return,
        }
        if let Some(before) = before.calls {
            gateway.forget_expired_scoped(before);
        }
        tokio::select! {
            () = tokio::time::sleep(INTERVAL) => {}
            () = stop.cancelled() => return,
        }
    }
}

/// [`sweep`], unless another replica is at it.
async fn in_turn(
    store: &Store,
    before: Before,
    stop: &CancellationToken,
) -> Result<u64, Unanswered> {
    let Some(turn) = within(PATIENCE, store.turn(Singleton::Retention)).await? else {
        return Ok(0);
    };
    let swept = sweep_all(store, before, stop).await;
    within(PATIENCE, turn.end()).await?;
    swept
}

async fn sweep_all(
    store: &Store,
    before: Before,
    stop: &CancellationToken,
) -> Result<u64, Unanswered> {
    // Whatever is kept: a little longer than they last, so that whoever is late hears why.
    let over = clock::now().minus(LONGEST);
    let mut total = within(LONG, store.delete_sign_ins_before(over)).await?;
    if let Some(before) = before.captures {
        total += sweep_captures(store, before, CAPTURES, stop).await?;
    }
    if let Some(before) = before.calls {
        total += sweep(store, before, PIECE, stop).await?;
    }
    if let Some(before) = before.sums {
        total += sweep_sums(store, before, PIECE, stop).await?;
    }
    Ok(total)
}

/// Deletes sums of days that were over `before`, `piece` at a time, and says how many.
async fn sweep_sums(
    store: &Store,
    before: Timestamp,
    piece: u32,
    stop: &CancellationToken,
) -> Result<u64, Unanswered> {
    let mut total = 0;
    while !stop.is_cancelled() {
        match within(LONG, store.delete_rollups_before(before, piece)).await? {
            0 => break,
            deleted => total += deleted,
        }
    }
    if total > 0 {
        within(LONG, store.delete_idle_series()).await?;
    }
    Ok(total)
}

/// Deletes what calls before `before` said, `piece` calls at a time, and says how many those were.
async fn sweep_captures(
    store: &Store,
    before: Timestamp,
    piece: u32,
    stop: &CancellationToken,
) -> Result<u64, Unanswered> {
    let mut total = 0;
    while !stop.is_cancelled() {
        match within(LONG, store.delete_captures_before(before, piece)).await? {
            0 => break,
            deleted => total += deleted,
        }
    }
    Ok(total)
}

/// Deletes what is older than `before`, `piece` calls at a time, and says how many rows that was.
async fn sweep(
    store: &Store,
    before: Timestamp,
    piece: u32,
    stop: &CancellationToken,
) -> Result<u64, Unanswered> {
    let mut total = 0;
    while !stop.is_cancelled() {
        match within(LONG, store.delete_calls_before(before, piece)).await? {
            0 => break,
            deleted => total += deleted,
        }
    }
    total += within(LONG, store.delete_objects_before(before)).await?;
    total += within(LONG, store.delete_expired_scoped(before)).await?;
    total += within(LONG, store.delete_devices_before(before)).await?;
    // Whatever is kept, the days of a budget that is still running are.
    let month = BudgetWindow::Month.period(clock::now());
    let week = BudgetWindow::Week.period(clock::now());
    let oldest = month.min(week).min(Period(day(before)));
    total += within(LONG, store.delete_spend_before(oldest)).await?;
    Ok(total)
}

#[cfg(test)]
mod tests;
