//! Starting calls: closed loop and open loop.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::task::JoinSet;

use super::Plan;
use super::conn::{Call, Conn};
use super::tally::Tally;
use crate::clock::{self, Ticker};

/// A connection gives up after this many failures in a row: a target that is gone must not
/// turn the run into a busy loop.
const PATIENCE: u32 = 20;

/// Each connection calls again as soon as it has its answer.
pub(crate) async fn closed(
    plan: &Plan,
    call: &Arc<Call>,
    tally: &Arc<Tally>,
) -> anyhow::Result<()> {
    let stop = clock::now_ns() + plan.millis * 1_000_000;
    // Streams that last are begun one after the other, or all their events would coincide.
    let ramp = if plan.once {
        Duration::from_millis(plan.millis) / plan.conns.max(1)
    } else {
        Duration::ZERO
    };
    let mut workers = JoinSet::new();
    for number in 0..plan.conns {
        let call = Arc::clone(call);
        let tally = Arc::clone(tally);
        let once = plan.once;
        workers.spawn(async move {
            if !ramp.is_zero() {
                tokio::time::sleep(ramp * number).await;
            }
            work(&call, &tally, stop, once).await;
        });
    }
    while let Some(result) = workers.join_next().await {
        result?;
    }
    Ok(())
}

async fn work(call: &Call, tally: &Tally, stop: u64, once: bool) {
    let mut conn = None;
    let mut failures = 0;
    while failures < PATIENCE && (once || clock::now_ns() < stop) {
        let due = clock::now_ns();
        match attempt(call, tally, conn.take(), due).await {
            Some(used) => {
                conn = Some(used);
                failures = 0;
            }
            None => failures += 1,
        }
        if once {
            return;
        }
    }
}

/// One call, on the given connection or a new one; the connection comes back when it is good
/// for another call.
async fn attempt(call: &Call, tally: &Tally, conn: Option<Conn>, due: u64) -> Option<Conn> {
    let mut conn = match conn {
        Some(conn) => conn,
        None => match call.connect().await {
            Ok(conn) => conn,
            Err(failure) => {
                tally.counts().begun += 1;
                tally.fail(&failure);
                return None;
            }
        },
    };
    match call.make(&mut conn, due, tally).await {
        Ok(()) => Some(conn),
        Err(failure) => {
            tally.fail(&failure);
            None
        }
    }
}

/// Calls start at the plan's rate on whichever connection is free, or on a new one.
pub(crate) async fn open(plan: &Plan, call: &Arc<Call>, tally: &Arc<Tally>) -> anyhow::Result<()> {
    let period = 1_000_000_000 / plan.rate.max(1);
    let free = Arc::new(Mutex::new(Vec::<Conn>::new()));
    let mut calls = JoinSet::new();
    let mut due = clock::now_ns();
    let ticker = Ticker::every(period)?;
    let stop = due + plan.millis * 1_000_000;
    while due < stop {
        for _ in 0..ticker.ticks().await? {
            due += u64::from(period);
            if calls.len() >= usize::try_from(plan.conns)? {
                // The target is so far behind that more calls would only measure the queue.
                anyhow::bail!("more than {} calls in flight: rate not held", plan.conns);
            }
            let call = Arc::clone(call);
            let tally = Arc::clone(tally);
            let free = Arc::clone(&free);
            calls.spawn(async move {
                let conn = free.lock().unwrap_or_else(PoisonError::into_inner).pop();
                if let Some(conn) = attempt(&call, &tally, conn, due).await {
                    free.lock()
                        .unwrap_or_else(PoisonError::into_inner)
                        .push(conn);
                }
            });
        }
        while calls.try_join_next().is_some() {}
    }
    while let Some(result) = calls.join_next().await {
        result?;
    }
    Ok(())
}
