//! Seals what calls said and moves it into the store: a few at a time, as often as it takes.
//!
//! While the store does not answer, what waits keeps its room, and so there is none for calls to come: they
//! go on without being kept. What still waits when the gateway stops gets one more turn.

use std::time::Duration;

use tokio::sync::mpsc::Receiver;
use tokio_util::sync::CancellationToken;
use tollhouse_store::CaptureRow;
use tracing::{error, warn};

use super::{Finished, Share, content};
use crate::state::Gateway;

/// How many calls are stored together.
const BATCH: usize = 16;
const FIRST_RETRY: Duration = Duration::from_millis(100);
const LONGEST_RETRY: Duration = Duration::from_secs(5);
/// The longest that one attempt may take.
const ATTEMPT: Duration = Duration::from_secs(30);

/// Works until `stop`, and then takes one more turn.
pub(crate) async fn run(
    gateway: Gateway,
    mut finished: Receiver<Finished>,
    stop: CancellationToken,
) {
    let mut batch = Vec::with_capacity(BATCH);
    loop {
        let stopped = tokio::select! {
            received = finished.recv_many(&mut batch, BATCH) => received == 0,
            () = stop.cancelled() => true,
        };
        if stopped && batch.is_empty() {
            match finished.try_recv() {
                Ok(next) => batch.push(next),
                Err(_) => return,
            }
        }
        let waiting = std::mem::take(&mut batch);
        if !keep(&gateway, waiting, &stop).await {
            break;
        }
    }
    let mut left = 0;
    while finished.try_recv().is_ok() {
        left += 1;
    }
    gateway.metrics().captures_lost.inc_by(left);
}

/// Seals and stores; `false` when asked to stop before the store took it.
async fn keep(gateway: &Gateway, batch: Vec<Finished>, stop: &CancellationToken) -> bool {
    let calls = batch.len() as u64;
    let metrics = gateway.metrics();
    let (sealing, limit) = (gateway.clone(), gateway.captures().max_body);
    // Milliseconds of work each, which no call should wait for.
    let task = tokio::task::spawn_blocking(move || {
        let sealed = batch.into_iter().map(|finished| {
            let (call, at) = (finished.call, finished.at);
            let (sealed, share) = content::seal(sealing.vault(), finished, limit);
            let sealed = sealed.into_bytes();
            (CaptureRow { call, at, sealed }, share)
        });
        sealed.unzip::<_, _, Vec<_>, Vec<Share>>()
    });
    let Ok((rows, shares)) = task.await else {
        metrics.captures_lost.inc_by(calls);
        error!("what calls said could not be sealed");
        return true;
    };
    let stored = store(gateway, &rows, stop).await;
    if stored {
        metrics.captures_stored.inc_by(calls);
    } else {
        metrics.captures_lost.inc_by(calls);
        warn!(calls, "stopping: what calls said could not be stored");
    }
    // What is stored takes no room any more.
    drop(shares);
    stored
}

/// Stores rows, however long it takes. `false` when asked to stop first, after an attempt.
async fn store(gateway: &Gateway, rows: &[CaptureRow], stop: &CancellationToken) -> bool {
    let mut pause = FIRST_RETRY;
    loop {
        let attempt = gateway.store().insert_captures(rows);
        match tokio::time::timeout(ATTEMPT, attempt).await {
            Ok(Ok(())) => return true,
            Ok(Err(error)) => {
                warn!(%error, calls = rows.len(), "the store does not take what calls said; trying again");
            }
            Err(_) => {
                warn!(
                    calls = rows.len(),
                    "the store does not answer; trying again"
                );
            }
        }
        tokio::select! {
            () = tokio::time::sleep(pause) => {}
            () = stop.cancelled() => return false,
        }
        pause = (pause * 2).min(LONGEST_RETRY);
    }
}
