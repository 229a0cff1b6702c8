//! What was signed in with and the store did not take: kept here, sealed, until it does or the attempt is over.

use std::time::Duration;

use tollhouse_domain::time::Timestamp;
use tollhouse_store::SignIn;
use tollhouse_vault::{Context, Sealed};
use tracing::{info, warn};

use super::CLAIM;
use super::going::Going;
use crate::accounts::grant::Grant;
use crate::accounts::put::Placed;
use crate::accounts::tokens::Tokens;
use crate::clock;
use crate::patience::{PATIENCE, within};
use crate::tasks::pause;

/// How long to wait before the store is asked again what it did not take.
const AGAIN: Duration = Duration::from_secs(1);

/// An account that waits to be stored.
pub(super) struct Pending {
    going: Going,
    placed: Placed,
    /// Its tokens.
    sealed: Vec<u8>,
    holder: Option<String>,
    plan: Option<String>,
    issued_at: Timestamp,
    expires_at: Timestamp,
    at: Timestamp,
}

impl Pending {
    pub(super) fn new(going: Going, placed: Placed, grant: &Grant) -> Self {
        let vault = going.gateway.vault();
        let sealed = vault.seal(&grant.tokens.secret(), &place(&going.seen));
        Self {
            sealed: sealed.into_bytes(),
            holder: grant.holder.clone(),
            plan: grant.plan.clone(),
            issued_at: grant.issued_at,
            expires_at: grant.expires_at,
            at: grant.at,
            going,
            placed,
        }
    }

    /// The same as it was granted.
    fn grant(&self) -> Option<Grant> {
        let sealed = Sealed::from_bytes(self.sealed.clone()).ok()?;
        let vault = self.going.gateway.vault();
        let secret = vault.open_secret(&sealed, &place(&self.going.seen)).ok()?;
        Some(Grant {
            tokens: Tokens::read(&secret).ok()?,
            holder: self.holder.clone(),
            plan: self.plan.clone(),
            issued_at: self.issued_at,
            expires_at: self.expires_at,
            at: self.at,
        })
    }

    /// Tries again until it is stored, the attempt is over, or the gateway stops: then once more.
    pub(super) async fn keep(mut self) {
        let attempt = self.going.seen.id;
        let until = self.going.seen.expires_at.max(self.going.claim);
        loop {
            let more = pause(AGAIN, &self.going.gateway.0.stop).await;
            if !self.still_ours().await {
                info!(%attempt, "an attempt was given up before what came of it was stored");
                return;
            }
            let Some(grant) = self.grant() else { return };
            match within(PATIENCE * 2, self.going.commit(&self.placed, &grant)).await {
                Ok(()) => return,
                Err(error) if more && clock::now() < until => {
                    warn!(%error, %attempt, "it could still not be stored");
                }
                Err(error) => {
                    warn!(%error, %attempt, "what was signed in with is lost: sign in again");
                    return;
                }
            }
        }
    }

    /// Whether nobody has given the attempt up or taken it over, as far as can be known. It is claimed anew in
    /// time: another one who went on with it would find its code used.
    async fn still_ours(&mut self) -> bool {
        let now = clock::now();
        let claim = self.going.claim;
        if claim.since(now) > CLAIM / 2 {
            return true;
        }
        let seen = SignIn {
            next_at: claim,
            ..self.going.seen.clone()
        };
        let next = now.plus(CLAIM);
        match within(
            PATIENCE,
            self.going.gateway.store().claim_sign_in(&seen, next),
        )
        .await
        {
            Ok(true) => {
                self.going.claim = next;
                true
            }
            Ok(false) => false,
            // Nobody else gets it either while the store does not answer.
            Err(_) => true,
        }
    }
}

/// Where it is sealed for: nowhere but here.
const fn place(seen: &SignIn) -> Context<'static> {
    Context {
        table: "account_sign_ins",
        row: seen.id.0,
        column: "pending",
    }
}
