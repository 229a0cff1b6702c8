//! Brings the journal to disk: at once where an answer waits for it, else every 100 ms.

use std::sync::Arc;
use std::time::Duration;

use tokio_util::sync::CancellationToken;
use tracing::error;

use super::Ledger;

/// How long appended records may stay unsynced when nobody waits.
const INTERVAL: Duration = Duration::from_millis(100);

/// Runs until `stop`, then syncs once more.
pub(crate) async fn run(ledger: Arc<Ledger>, stop: CancellationToken) {
    loop {
        tokio::select! {
            () = ledger.unsynced.notified() => {}
            () = stop.cancelled() => break,
        }
        if !ledger.is_strict() {
            // Collects what comes in meanwhile, so that one sync serves many calls.
            tokio::select! {
                () = tokio::time::sleep(INTERVAL) => {}
                () = stop.cancelled() => {}
            }
        }
        sync(&ledger).await;
    }
    sync(&ledger).await;
}

async fn sync(ledger: &Arc<Ledger>) {
    let journal = ledger.journal.clone();
    match tokio::task::spawn_blocking(move || journal.sync()).await {
        Ok(Ok(position)) => {
            ledger.synced.send_replace(position);
        }
        Ok(Err(error)) => error!(%error, "the journal cannot be synced"),
        Err(error) => error!(%error, "syncing the journal failed"),
    }
}
