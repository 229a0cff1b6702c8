//! Bridges follow their owners: somebody who gets an account has their bridge from then on, and somebody
//! whose account is removed has it no longer.

use std::time::Duration;

use tokio_util::sync::CancellationToken;
use tollhouse_domain::bridge::Holder;
use tracing::{info, warn};

use super::pause;
use crate::patience::LONG;
use crate::start::{StartError, apply};
use crate::state::Gateway;

/// How long to wait before a bridge that could not be handed over is tried again.
const AGAIN: Duration = Duration::from_secs(5);

/// Looks at start, since people may have come meanwhile, and whenever they come or go.
pub(super) async fn run(gateway: Gateway, stop: CancellationToken) {
    loop {
        let settled = match tokio::time::timeout(LONG, settle(&gateway)).await {
            Ok(Ok(())) => true,
            Ok(Err(error)) => {
                warn!(%error, "a bridge could not be handed to its owner yet");
                false
            }
            Err(_) => {
                warn!("a bridge could not be handed to its owner yet: the store does not answer");
                false
            }
        };
        let go_on = if settled {
            let changed = gateway.bridges().people_changed();
            stop.run_until_cancelled(changed).await.is_some()
        } else {
            pause(AGAIN, &stop).await
        };
        if !go_on {
            return;
        }
    }
}

/// Has every bridge be whose it is.
async fn settle(gateway: &Gateway) -> Result<(), StartError> {
    let snapshot = gateway.snapshot();
    let mut changed = false;
    for owned in gateway.bridges().owned() {
        let provider = owned.row.name.as_str();
        let holder = owned.holder(&snapshot.people);
        // One that another replica's file does not state is not put back.
        let stands = snapshot
            .providers()
            .get(provider)
            .and_then(|row| row.bridge);
        if stands.is_none_or(|stands| stands == holder) {
            continue;
        }
        apply::hand_over(gateway.store(), gateway.vault(), owned, holder).await?;
        changed = true;
        match holder {
            Holder::User(user) => info!(provider, %user, "a bridge has its owner"),
            Holder::Nobody | Holder::Platform => {
                info!(
                    provider,
                    "a bridge serves nobody until its owner has an account here"
                );
            }
        }
    }
    if changed {
        gateway.refresh().await?;
    }
    Ok(())
}
