//! One step of an attempt after another, for as long as the authority has something to say.

use std::time::Duration;

use tollhouse_domain::account::authority::Authority;
use tollhouse_domain::account::device::{Attempt, LONGEST_INTERVAL, Step};
use tollhouse_domain::account::sign_in::Status;
use tollhouse_domain::audit::Note;
use tollhouse_domain::time::Timestamp;
use tollhouse_store::{self as store, SignIn, StoreError};
use tracing::{info, warn};

use super::pending::Pending;
use super::questions::{self, Heard};
use super::stage::Stage;
use crate::accounts::grant::Grant;
use crate::accounts::put::{Placed, put};
use crate::accounts::renew::identity;
use crate::clock;
use crate::state::Gateway;

/// One who goes on with an attempt, and nobody else does meanwhile.
#[derive(Clone)]
pub(super) struct Going {
    pub(super) gateway: Gateway,
    pub(super) seen: SignIn,
    pub(super) claim: Timestamp,
    pub(super) note: Note,
}

impl Going {
    pub(super) async fn step(&self, stage: Option<Stage>) -> Result<(), StoreError> {
        let Some(authority) = self.authority() else {
            let why = "its provider is gone, or takes no accounts any more";
            return self.end(Status::Refused, Some(why)).await;
        };
        let Some(mut stage) = stage else {
            let why = "what was kept of it does not open";
            return self.end(Status::Refused, Some(why)).await;
        };
        let mut stored = matches!(stage, Stage::Typing { .. });
        loop {
            if !stored && !self.store(&stage, self.seen.interval, self.claim).await? {
                // It was given up.
                return Ok(());
            }
            let next = match &stage {
                Stage::Typing { .. } => self.ask(&authority, &stage).await?,
                Stage::Redeem { .. } | Stage::Exchange { .. } => {
                    self.redeem(&authority, &stage).await?
                }
                Stage::Away { .. } => None,
            };
            let Some(next) = next else {
                return Ok(());
            };
            stage = next;
            stored = false;
        }
    }

    fn authority(&self) -> Option<Authority> {
        let snapshot = self.gateway.snapshot();
        let provider = snapshot.providers().get(&self.seen.provider)?;
        self.gateway.0.accounts.authority(provider).cloned()
    }

    /// Asks whether somebody has typed the code.
    async fn ask(&self, authority: &Authority, stage: &Stage) -> Result<Option<Stage>, StoreError> {
        let asked = questions::typed(self.gateway.upstream(), authority, stage).await;
        let now = clock::now();
        let attempt = Attempt {
            expires_at: self.seen.expires_at,
            interval: self.seen.interval,
            next: now,
        };
        match attempt.on(asked.answer, now) {
            Step::Ask(attempt) => {
                let next = attempt.next.max(now.plus(asked.pause()));
                self.store(stage, attempt.interval, next).await?;
                Ok(None)
            }
            Step::Over(over) => {
                self.end(over.into(), None).await?;
                Ok(None)
            }
            Step::Done => match asked.approved(authority) {
                Some(Ok(stage)) => Ok(Some(stage)),
                Some(Err(grant)) => self.keep(authority, &grant).await.map(|()| None),
                None => self.unread().await,
            },
        }
    }

    /// Gets tokens for what there is.
    async fn redeem(
        &self,
        authority: &Authority,
        stage: &Stage,
    ) -> Result<Option<Stage>, StoreError> {
        let snapshot = self.gateway.snapshot();
        let provider = snapshot.providers().get(&self.seen.provider);
        let identity = provider.map(identity).unwrap_or_default();
        let upstream = self.gateway.upstream();
        match questions::tokens(upstream, authority, identity, stage).await {
            Ok(grant) => {
                self.keep(authority, &grant).await?;
                Ok(None)
            }
            Err(Heard::No(200..=299)) => self.unread().await,
            Err(Heard::No(status)) => {
                let authority = authority.name.as_str();
                info!(
                    authority,
                    status, "an authority gave no tokens for a sign-in"
                );
                let why = "the authority gave no tokens for it";
                self.end(Status::Refused, Some(why)).await?;
                Ok(None)
            }
            Err(Heard::Trouble(asked)) => {
                let now = clock::now();
                let pause = asked.unwrap_or_default().min(LONGEST_INTERVAL);
                let next = now.plus(self.seen.interval.max(pause));
                if next >= self.seen.expires_at {
                    self.end(Status::Expired, None).await?;
                } else {
                    self.store(stage, self.seen.interval, next).await?;
                }
                Ok(None)
            }
        }
    }

    async fn unread(&self) -> Result<Option<Stage>, StoreError> {
        let why = "the authority's answer does not read";
        self.end(Status::Refused, Some(why)).await?;
        Ok(None)
    }

    /// Keeps what was granted. Where the store does not take it, whoever waits is told, and it is tried again
    /// without them: what it was got with is used up.
    async fn keep(&self, authority: &Authority, grant: &Grant) -> Result<(), StoreError> {
        let placed = Placed {
            owner: self.seen.owner,
            provider: self.seen.provider.clone(),
            name: self.seen.name.clone(),
            authority: authority.name.clone(),
        };
        let kept = self.commit(&placed, grant).await;
        if let Err(error) = &kept {
            warn!(%error, attempt = %self.seen.id, "what was signed in with could not be stored; tried again");
            let pending = Pending::new(self.clone(), placed, grant);
            self.gateway.0.tasks.spawn(pending.keep());
        }
        kept
    }

    /// Stores the account that came of it, as the end of the attempt.
    pub(super) async fn commit(&self, placed: &Placed, grant: &Grant) -> Result<(), StoreError> {
        let note = self.note.clone();
        let note = note.with("fingerprint", grant.tokens.fingerprint());
        let store = self.gateway.store().noted(note);
        let attempt = Some((self.seen.id, self.claim));
        match put(&self.gateway, &store, placed, grant, attempt).await {
            Err(StoreError::Conflict { what }) => self.end(Status::Refused, Some(&what)).await,
            put => put.map(|_| ()),
        }
    }

    async fn store(
        &self,
        stage: &Stage,
        interval: Duration,
        next_at: Timestamp,
    ) -> Result<bool, StoreError> {
        let step = store::Step {
            sealed: stage.seal(self.gateway.vault(), self.seen.id),
            interval,
            next_at,
            expires_at: self.seen.expires_at,
        };
        let store = self.gateway.store();
        store.step_sign_in(self.seen.id, self.claim, &step).await
    }

    async fn end(&self, status: Status, why: Option<&str>) -> Result<(), StoreError> {
        let store = self.gateway.store();
        let ended = store.end_sign_in(self.seen.id, self.claim, status, why);
        ended.await.map(|_| ())
    }
}
