//! One of several gateways on one database: how many there are, and what the others change.
//!
//! Rates and concurrency are divided by the number of replicas, so each tells the others that it is
//! alive. One that has been silent for [`SILENCE`] no longer counts; one that cannot reach the database
//! goes on with the number that it heard last.

pub(crate) mod follow;

use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use tokio_util::sync::CancellationToken;
use tollhouse_store::{Store, StoreError};
use tracing::{info, warn};
use uuid::Uuid;

use crate::state::Gateway;
use crate::tasks::pause;

/// How often a replica says that it is alive.
const BEAT: Duration = Duration::from_secs(1);
/// After how long without a word a replica is taken for dead.
pub(crate) const SILENCE: Duration = Duration::from_secs(10);
/// Rows of replicas that are long gone are forgotten.
const FORGET: Duration = Duration::from_hours(1);
/// A database that went away without a word would otherwise be waited for as long as TCP does.
pub(crate) const PATIENCE: Duration = Duration::from_secs(5);

/// This replica among the others.
#[derive(Debug)]
pub(crate) struct Replica {
    pub(crate) id: Uuid,
    alive: AtomicU32,
}

impl Replica {
    /// Joins the others, before the first call is taken.
    pub(crate) async fn join(store: &Store, id: Uuid) -> Result<Self, StoreError> {
        let alive = AtomicU32::new(store.beat(id, SILENCE).await?);
        Ok(Self { id, alive })
    }

    /// How many replicas there are, this one included.
    pub(crate) fn alive(&self) -> u32 {
        self.alive.load(Ordering::Relaxed)
    }
}

/// Says once a second that this replica is alive, and counts the others.
pub(crate) async fn run(gateway: Gateway, stop: CancellationToken) {
    let (store, replica) = (gateway.store(), &gateway.0.replica);
    while pause(BEAT, &stop).await {
        match tokio::time::timeout(PATIENCE, beat(store, replica)).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => warn!(%error, "the other replicas cannot be counted"),
            Err(_) => warn!("the other replicas cannot be counted: the store does not answer"),
        }
    }
    if let Ok(Err(error)) = tokio::time::timeout(PATIENCE, store.leave(replica.id)).await {
        warn!(%error, "the other replicas learn only in a while that this one is gone");
    }
}

async fn beat(store: &Store, replica: &Replica) -> Result<(), StoreError> {
    let alive = store.beat(replica.id, SILENCE).await?;
    let before = replica.alive.swap(alive, Ordering::Relaxed);
    if before != alive {
        info!(before, alive, "the number of replicas changed");
        store.forget_silent(FORGET).await?;
    }
    Ok(())
}
