//! Signing in with an account: one step of an attempt at a time, by whichever replica is asked about it.
//!
//! Nobody else begins or goes on with one: a server that signs in by itself, over and over, is turned away
//! by its authority for good. What a step brings is stored before the next one is taken.

mod questions;
mod stage;

use std::time::Duration;

use aws_lc_rs::rand;
use tollhouse_domain::account::authority::Authority;
use tollhouse_domain::account::device::{
    Attempt, INTERVAL, LONGEST, LONGEST_INTERVAL, Offered, Step,
};
use tollhouse_domain::account::sign_in::{Status, Way, authorize_url, random_text};
use tollhouse_domain::audit::Note;
use tollhouse_domain::credential::Owner;
use tollhouse_domain::id::{SignInId, UserId};
use tollhouse_domain::provider::Provider;
use tollhouse_domain::time::Timestamp;
use tollhouse_store::{self as store, SignIn, StoreError};
use tracing::info;

use self::questions::Heard;
pub(crate) use self::stage::Stage;
use super::ask::PATIENCE;
use super::grant::Grant;
use super::put::{Placed, put};
use crate::state::Gateway;
use crate::{clock, ids};

/// How long a step may take that one caller has claimed: each has at most three questions.
const CLAIM: Duration = Duration::from_secs(4 * PATIENCE.as_secs());

/// Why an attempt does not begin.
#[derive(Debug, thiserror::Error)]
pub(crate) enum BeginError {
    /// There are too many.
    #[error("too many sign-ins were begun lately")]
    TooMany,
    /// The authority does not answer.
    #[error("the authority does not answer")]
    Away,
    /// The authority gives no code.
    #[error("the authority gives no code")]
    Refused,
    /// The store does not take it.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The system has no random numbers.
    #[error("the system has no random numbers")]
    Random,
}

/// Who wants to sign in, with what.
pub(crate) struct Wish<'a> {
    pub(crate) user: Option<UserId>,
    pub(crate) owner: Owner,
    pub(crate) provider: &'a Provider,
    pub(crate) authority: &'a Authority,
    pub(crate) name: String,
    pub(crate) way: Way,
}

/// An attempt that has begun, and what to show of it.
pub(crate) struct Begun {
    pub(crate) id: SignInId,
    pub(crate) shown: Shown,
    pub(crate) expires_in: Duration,
    pub(crate) interval: Duration,
}

/// What whoever signs in needs.
pub(crate) enum Shown {
    /// A code, and where to type it.
    Code {
        user_code: String,
        uri: String,
        complete: Option<String>,
    },
    /// Where to go with a browser, and where that comes back to.
    Address { url: String, redirect: String },
}

/// Begins an attempt. It is stored before the authority is asked, so that attempts that fail count too.
pub(crate) async fn begin(gateway: &Gateway, wish: Wish<'_>) -> Result<Begun, BeginError> {
    let now = clock::now();
    let attempt = SignIn {
        id: SignInId(ids::uuid(now)),
        user: wish.user,
        owner: wish.owner,
        provider: wish.provider.name.clone(),
        name: wish.name,
        way: wish.way,
        status: Status::Pending,
        sealed: Vec::new(),
        interval: INTERVAL,
        next_at: now.plus(LONGEST),
        created_at: now,
        expires_at: now.plus(LONGEST),
        account: None,
        why: None,
    };
    if !gateway.store().open_sign_in(&attempt).await? {
        return Err(BeginError::TooMany);
    }
    let shown = match wish.way {
        Way::Device => offered(gateway, wish.authority).await,
        Way::Browser => sent(wish.authority),
    };
    let (shown, stage, expires_in, interval) = match shown {
        Ok(shown) => shown,
        Err(error) => {
            let (id, claim) = (attempt.id, attempt.next_at);
            let ended = gateway
                .store()
                .end_sign_in(id, claim, Status::Refused, None);
            ended.await?;
            return Err(error);
        }
    };
    let now = clock::now();
    let step = store::Step {
        sealed: stage.seal(gateway.vault(), attempt.id),
        interval,
        next_at: now.plus(interval),
        expires_at: now.plus(expires_in),
    };
    let stepped = gateway
        .store()
        .step_sign_in(attempt.id, attempt.next_at, &step);
    stepped.await?;
    Ok(Begun {
        id: attempt.id,
        shown,
        expires_in,
        interval,
    })
}

type Beginning = (Shown, Stage, Duration, Duration);

async fn offered(gateway: &Gateway, authority: &Authority) -> Result<Beginning, BeginError> {
    let asked = questions::offer(gateway.upstream(), authority).await;
    let Offered { offer, handle } = asked.map_err(|heard| match heard {
        Heard::Trouble(_) => BeginError::Away,
        Heard::No(status) => {
            let authority = authority.name.as_str();
            info!(
                authority,
                status, "an authority gave no code to sign in with"
            );
            BeginError::Refused
        }
    })?;
    let web = |uri: &String| uri.starts_with("https://") || uri.starts_with("http://");
    let uri = offer.verification_uri.filter(web);
    let uri = uri.or_else(|| authority.verification_uri.clone());
    let shown = Shown::Code {
        user_code: offer.user_code.clone(),
        uri: uri.ok_or(BeginError::Refused)?,
        complete: offer.verification_uri_complete.filter(web),
    };
    let user_code = offer.user_code;
    let stage = Stage::Typing { handle, user_code };
    Ok((shown, stage, offer.expires_in, offer.interval))
}

fn sent(authority: &Authority) -> Result<Beginning, BeginError> {
    let mut random = [[0; 32]; 2];
    for bytes in &mut random {
        rand::fill(bytes).map_err(|_| BeginError::Random)?;
    }
    let [state, verifier] = random.map(|bytes| random_text(&bytes));
    let redirect = authority.browser_redirect.clone();
    let shown = Shown::Address {
        url: authorize_url(authority, &state, &verifier).ok_or(BeginError::Refused)?,
        redirect: redirect.ok_or(BeginError::Refused)?,
    };
    Ok((shown, Stage::Away { state, verifier }, LONGEST, INTERVAL))
}

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

/// One who goes on with an attempt, and nobody else does meanwhile.
struct Going {
    gateway: Gateway,
    seen: SignIn,
    claim: Timestamp,
    note: Note,
}

impl Going {
    async fn step(&self, stage: Option<Stage>) -> Result<(), StoreError> {
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
        match questions::tokens(self.gateway.upstream(), authority, stage).await {
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

    async fn keep(&self, authority: &Authority, grant: &Grant) -> Result<(), StoreError> {
        let note = self.note.clone();
        let note = note.with("fingerprint", grant.tokens.fingerprint());
        let store = self.gateway.store().noted(note);
        let placed = Placed {
            owner: self.seen.owner,
            provider: self.seen.provider.clone(),
            name: self.seen.name.clone(),
            authority: authority.name.clone(),
        };
        let attempt = Some((self.seen.id, self.claim));
        match put(&self.gateway, &store, &placed, grant, attempt).await {
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
