//! One of several gateways on one database: how many there are, and what the others change.
//!
//! Rates and concurrency are divided by the number of replicas, so each tells the others that it is
//! alive. One that has been silent for [`SILENCE`] no longer counts; one that cannot reach the database
//! goes on with the number that it heard last, and so it does until it has heard for a while again.

pub(crate) mod follow;

use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use tokio_util::sync::CancellationToken;
use tollhouse_domain::limits::{BEAT, Headcount, SILENCE};
use tollhouse_store::{Store, StoreError};
use tracing::{info, warn};
use uuid::Uuid;

use crate::clock;
use crate::patience::{PATIENCE, within};
use crate::state::Gateway;
use crate::tasks::pause;

/// Rows of replicas that are long gone are forgotten.
const FORGET: Duration = Duration::from_hours(1);

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

    /// One of so many.
    #[cfg(test)]
    pub(crate) const fn among(alive: u32) -> Self {
        Self {
            id: Uuid::nil(),
            alive: AtomicU32::new(alive),
        }
    }

    /// How many replicas there are, this one included.
    pub(crate) fn alive(&self) -> u32 {
        self.alive.load(Ordering::Relaxed)
    }
}

/// Says once a second that this replica is alive, and counts the others.
pub(crate) async fn run(gateway: Gateway, stop: CancellationToken) {
    let (store, replica) = (gateway.store(), &gateway.0.replica);
    let born = clock::monotonic();
    let mut count = Headcount::new(replica.alive(), Duration::ZERO);
    while pause(BEAT, &stop).await {
        let beat = beat(store, replica, &mut count, born);
        if let Err(error) = within(PATIENCE, beat).await {
            warn!(%error, "the other replicas cannot be counted");
        }
    }
    if let Err(error) = within(PATIENCE, store.leave(replica.id)).await {
        warn!(%error, "the other replicas learn only in a while that this one is gone");
    }
}

async fn beat(
    store: &Store,
    replica: &Replica,
    count: &mut Headcount,
    born: Instant,
) -> Result<(), StoreError> {
    let counted = store.beat(replica.id, SILENCE).await?;
    let alive = count.heard(counted, clock::monotonic().duration_since(born));
    let before = replica.alive.swap(alive, Ordering::Relaxed);
    if before != alive {
        info!(before, alive, "the number of replicas changed");
        store.forget_silent(FORGET).await?;
    }
    Ok(())
}
