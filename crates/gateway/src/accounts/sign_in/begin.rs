//! Beginning an attempt: what whoever signs in is shown.

use std::time::Duration;

use aws_lc_rs::rand;
use tollhouse_domain::account::authority::Authority;
use tollhouse_domain::account::device::{INTERVAL, LONGEST, Offered};
use tollhouse_domain::account::sign_in::{Status, Way, authorize_url, random_text};
use tollhouse_domain::credential::Owner;
use tollhouse_domain::id::{SignInId, UserId};
use tollhouse_domain::provider::Provider;
use tollhouse_store::{self as store, SignIn, StoreError};
use tracing::info;

use super::questions::{self, Heard};
use super::stage::Stage;
use crate::state::Gateway;
use crate::{clock, ids};

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
