//! Signing in with an account: one step of an attempt at a time, by whichever replica is asked about it.
//!
//! Nobody else begins or goes on with one: a server that signs in by itself, over and over, is turned away
//! by its authority for good. What a step brings is stored before the next one is taken.

mod begin;
mod going;
mod pending;
mod questions;
mod stage;

use std::time::Duration;

use tollhouse_domain::account::sign_in::Status;
use tollhouse_domain::audit::Note;
use tollhouse_store::{SignIn, StoreError};

pub(crate) use self::begin::{BeginError, Begun, Shown, Wish, begin};
use self::going::Going;
pub(crate) use self::stage::Stage;
use super::ask::PATIENCE;
use crate::clock;
use crate::state::Gateway;

/// How long a step may take that one caller has claimed: each has at most three questions.
const CLAIM: Duration = Duration::from_secs(4 * PATIENCE.as_secs());

/// Goes on with an attempt that was just read, if its next step is due and nobody else is at it, and says how
/// it stands then. `note` says who does so.
pub(crate) async fn go_on(
    gateway: &Gateway,
    seen: SignIn,
    note: Note,
) -> Result<Option<SignIn>, StoreError> {
    let now = clock::now();
    let store = gateway.store();
    let id = seen.id;
    if seen.status != Status::Pending {
        return Ok(Some(seen));
    }
    // Also while somebody is at it: a step that has begun is not ended by the clock.
    if seen.next_at > now {
        return Ok(Some(seen));
    }
    if seen.expires_at <= now {
        let ended = store.end_sign_in(id, seen.next_at, Status::Expired, None);
        ended.await?;
        return store.sign_in(id).await;
    }
    match Stage::open(gateway.vault(), id, &seen.sealed) {
        Some(Stage::Away { .. }) => Ok(Some(seen)),
        stage => take(gateway, seen, stage, note).await,
    }
}

/// Goes on with an attempt from `stage`, unless somebody else is at it. The step goes on to its end whether or
/// not anybody still waits for it: a code works once.
pub(crate) async fn take(
    gateway: &Gateway,
    seen: SignIn,
    stage: Option<Stage>,
    note: Note,
) -> Result<Option<SignIn>, StoreError> {
    let id = seen.id;
    let claim = clock::now().plus(CLAIM);
    if !gateway.store().claim_sign_in(&seen, claim).await? {
        return gateway.store().sign_in(id).await;
    }
    let going = Going {
        gateway: gateway.clone(),
        seen,
        claim,
        note,
    };
    let step = gateway
        .0
        .tasks
        .spawn(async move { going.step(stage).await });
    // One that panicked has said so; the attempt is taken up again when its claim is over.
    step.await.unwrap_or(Ok(()))?;
    gateway.store().sign_in(id).await
}
