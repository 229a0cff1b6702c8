//! One refresh from its claim to its commit. It runs on when those who wait for it leave.
//!
//! The account is claimed first, and read again once it is: another replica may have refreshed it while we
//! waited. What comes back is stored before anybody judges or uses it. Between the authority's answer and
//! that commit there is a moment in which a killed process loses a token that works once; it is as short
//! as one write, and nothing else is done in it.

use std::time::Duration;

use tollhouse_domain::account::refresh::{Failed, wait};
use tollhouse_domain::id::CredentialId;
use tollhouse_domain::time::Timestamp;
use tollhouse_store::{AccountRecord, Claim};
use tracing::{debug, info, warn};

use super::grant::Grant;
use super::renew::{NotRenewed, give_up, noted, renew};
use super::tokens::Tokens;
use super::{Outcome, ask};
use crate::clock;
use crate::ids;
use crate::patience::{PATIENCE, within};
use crate::snapshot::credentials::unseal;
use crate::start::place;
use crate::state::Gateway;
use crate::tasks::pause;

/// How long a claim holds: longer than the authority is waited for.
const CLAIM: Duration = Duration::from_mins(2);
const _: () = assert!(CLAIM.as_secs() > ask::PATIENCE.as_secs() + PATIENCE.as_secs() * 2);
/// How often one looks whether another replica is done.
const LOOK: Duration = Duration::from_millis(250);
/// How long to wait before the store is asked again what it did not take.
const AGAIN: Duration = Duration::from_secs(1);

/// Refreshes an account's tokens of `generation`.
pub(super) async fn fly(gateway: &Gateway, id: CredentialId, generation: i64) -> Outcome {
    let outcome = match claim(gateway, id, generation).await {
        Ok(record) => refresh(gateway, &record).await,
        Err(outcome) => outcome,
    };
    if outcome == Outcome::Renewed
        && let Err(error) = within(PATIENCE * 2, gateway.refresh()).await
    {
        warn!(%error, "a change cannot be read yet");
    }
    debug!(account = %id, ?outcome, "refreshed");
    gateway.metrics().account_refreshed(outcome.label());
    outcome
}

/// Claims the account, and gives it as it is then; or says why there is nothing to be done.
async fn claim(
    gateway: &Gateway,
    id: CredentialId,
    generation: i64,
) -> Result<Box<AccountRecord>, Outcome> {
    // Who stops begins nothing that an authority may answer too late for.
    if !gateway.0.accounts.enabled() || gateway.0.stop.is_cancelled() {
        return Err(Outcome::Gone);
    }
    loop {
        let now = clock::now();
        let claim = gateway
            .store()
            .claim_account(id, gateway.0.replica.id, now, now.plus(CLAIM));
        match within(PATIENCE, claim).await {
            Ok(Claim::Yours(record)) => return checked(gateway, record, generation, now).await,
            Ok(Claim::Gone) => return Err(Outcome::Gone),
            Ok(Claim::Held(_)) => {
                if !pause(LOOK, &gateway.0.stop).await {
                    return Err(Outcome::Gone);
                }
            }
            Err(error) => {
                warn!(%error, account = %id, "an account cannot be claimed");
                return Err(Outcome::Later(now.plus(wait(1, None, chance()))));
            }
        }
    }
}

/// Whether there is anything left to be done, now that nobody else does it.
async fn checked(
    gateway: &Gateway,
    record: Box<AccountRecord>,
    generation: i64,
    now: Timestamp,
) -> Result<Box<AccountRecord>, Outcome> {
    let facts = &record.facts;
    let outcome = match (facts.standing.lost, facts.tries.next) {
        _ if facts.generation > generation => Outcome::Renewed,
        // Somebody asked to stop while it was claimed.
        _ if gateway.0.stop.is_cancelled() => Outcome::Gone,
        (Some((_, why)), _) => Outcome::Lost(why),
        (None, Some(next)) if next > now => Outcome::Later(next),
        (None, _) => return Ok(record),
    };
    release(gateway, record.credential.meta.id).await;
    Err(outcome)
}

async fn release(gateway: &Gateway, id: CredentialId) {
    let release = gateway.store().release_account(id, gateway.0.replica.id);
    if let Err(error) = within(PATIENCE, release).await {
        // It is free when the claim ends.
        warn!(%error, account = %id, "an account cannot be given free");
    }
}

async fn refresh(gateway: &Gateway, record: &AccountRecord) -> Outcome {
    let meta = &record.credential.meta;
    let snapshot = gateway.snapshot();
    let provider = snapshot.providers().get(&meta.provider);
    let issued = provider.and_then(|provider| {
        let authority = gateway.0.accounts.authority(provider)?;
        Some((provider, authority))
    });
    let tokens = unseal(gateway.vault(), &record.credential);
    let tokens = tokens.ok().and_then(|secret| Tokens::read(&secret).ok());
    let (Some((provider, authority)), Some(tokens)) = (issued, tokens) else {
        warn!(account = %meta.id, "an account does not open, or nobody issues its tokens any more");
        release(gateway, meta.id).await;
        return Outcome::Gone;
    };
    let stopped = async {
        gateway.0.stop.cancelled().await;
        // An answer that is under way holds a token that works once.
        tokio::time::sleep(PATIENCE).await;
    };
    let renewing = renew(gateway.upstream(), authority, provider, &tokens);
    let answer = tokio::select! {
        answer = renewing => answer,
        () = stopped => {
            release(gateway, meta.id).await;
            return Outcome::Gone;
        }
    };
    match answer {
        Ok(grant) => commit(gateway, record, &grant).await,
        Err(NotRenewed { failed, error }) => {
            info!(account = %meta.id, error, "an account was not refreshed");
            match failed {
                Failed::For(why) => {
                    give_up(gateway, meta.id, record.facts.generation, why).await;
                    Outcome::Lost(why)
                }
                Failed::ForNow(asked) => later(gateway, record, asked, &error).await,
            }
        }
    }
}

/// Notes that it is tried again, and when.
async fn later(
    gateway: &Gateway,
    record: &AccountRecord,
    asked: Option<Duration>,
    error: &str,
) -> Outcome {
    let (id, facts) = (record.credential.meta.id, &record.facts);
    let failures = facts.tries.failures.saturating_add(1);
    let next = clock::now().plus(wait(failures, asked, chance()));
    let me = gateway.0.replica.id;
    let fail = gateway
        .store()
        .fail_account(id, facts.generation, me, next, error);
    if let Err(error) = within(PATIENCE, fail).await {
        warn!(%error, account = %id, "that a refresh failed could not be stored");
    }
    Outcome::Later(next)
}

/// Stores new tokens, for as long as it takes: the ones before are used up.
async fn commit(gateway: &Gateway, record: &AccountRecord, grant: &Grant) -> Outcome {
    let (meta, generation) = (&record.credential.meta, record.facts.generation);
    let renewed = grant.sealed(gateway.vault(), &place(meta));
    let store = noted(gateway, meta.id, "refreshed", "by itself");
    loop {
        match within(PATIENCE, store.renew_account(meta.id, generation, &renewed)).await {
            // Where they are not taken somebody has signed in meanwhile, and those count.
            Ok(_) => return Outcome::Renewed,
            Err(error) => {
                warn!(%error, account = %meta.id, "new tokens could not be stored; tried again");
            }
        }
        if !pause(AGAIN, &gateway.0.stop).await {
            // The last thing that is done for them.
            let last = within(PATIENCE, store.renew_account(meta.id, generation, &renewed));
            if let Err(error) = last.await {
                warn!(%error, account = %meta.id, "new tokens are lost: its holder has to sign in again");
            }
            return Outcome::Gone;
        }
        // Kept from others, whose tokens would be the used ones.
        let now = clock::now();
        let me = gateway.0.replica.id;
        let claim = gateway
            .store()
            .claim_account(meta.id, me, now, now.plus(CLAIM));
        drop(within(PATIENCE, claim).await);
    }
}

/// A number between 0 and 1, for what should not happen everywhere at once.
fn chance() -> f64 {
    share(ids::uuid(clock::now()).as_u64_pair().1)
}

/// A number as a share of the largest.
pub(super) fn share(bits: u64) -> f64 {
    let [a, b, c, d, ..] = bits.to_le_bytes();
    f64::from(u32::from_le_bytes([a, b, c, d])) / f64::from(u32::MAX)
}

impl Outcome {
    const fn label(self) -> &'static str {
        match self {
            Self::Renewed => "renewed",
            Self::Lost(_) => "lost",
            Self::Later(_) => "later",
            Self::Gone => "gone",
        }
    }
}
