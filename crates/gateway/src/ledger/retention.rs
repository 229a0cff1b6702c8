//! Forgets calls after their time: a bounded piece at a time, once an hour.

use std::time::Duration;

use tokio_util::sync::CancellationToken;
use tollhouse_store::Store;
use tracing::{info, warn};

use crate::clock;

const INTERVAL: Duration = Duration::from_hours(1);
/// Rows deleted in one transaction: short enough that the writer hardly notices.
const PIECE: u32 = 5_000;

/// Deletes calls older than `keep`, now and every hour, until `stop`.
pub(crate) async fn run(store: Store, keep: Duration, stop: CancellationToken) {
    loop {
        sweep(&store, keep, &stop).await;
        tokio::select! {
            () = tokio::time::sleep(INTERVAL) => {}
            () = stop.cancelled() => return,
        }
    }
}

async fn sweep(store: &Store, keep: Duration, stop: &CancellationToken) {
    let before = clock::now().minus(keep);
    let mut total = 0;
    while !stop.is_cancelled() {
        match store.delete_calls_before(before, PIECE).await {
            Ok(0) => break,
            Ok(deleted) => total += deleted,
            Err(error) => {
                warn!(%error, "old calls could not be deleted");
                return;
            }
        }
    }
    if total > 0 {
        info!(calls = total, "calls past their retention were deleted");
    }
}
