//! How long background work waits for the store.
//!
//! A database that went away without a word would otherwise be waited for as long as TCP does, which
//! is for ever where nothing is to be sent.

use std::time::Duration;

use tokio::time::timeout;
use tollhouse_store::StoreError;

/// For a question of a few rows.
pub(crate) const PATIENCE: Duration = Duration::from_secs(5);
/// For a question of many.
pub(crate) const LONG: Duration = Duration::from_secs(30);

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Unanswered {
    /// The store said why.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// It said nothing.
    #[error("the store does not answer")]
    Silent,
}

/// What the store answers within `limit`.
pub(crate) async fn within<T>(
    limit: Duration,
    asked: impl Future<Output = Result<T, StoreError>>,
) -> Result<T, Unanswered> {
    match timeout(limit, asked).await {
        Ok(answer) => Ok(answer?),
        Err(_) => Err(Unanswered::Silent),
    }
}
