//! What is shown of an attempt.

use std::time::Duration;

use serde::Serialize;
use tollhouse_domain::account::sign_in::{Status, Way};
use tollhouse_domain::credential::Owner;
use tollhouse_domain::id::SignInId;
use tollhouse_store::SignIn;
use utoipa::ToSchema;

use super::super::AccountView;
use crate::accounts::notice;
use crate::accounts::sign_in::{Begun, Shown};
use crate::admin::auth::Signed;
use crate::admin::error::ApiError;
use crate::clock;

/// What whoever signs in needs.
#[derive(Serialize, ToSchema)]
pub(in crate::admin) struct SignInBegun {
    #[schema(value_type = String, example = "login_01890a5d7c4e7d1f8a3b000000000000")]
    id: SignInId,
    /// `device` or `browser`.
    #[schema(value_type = String)]
    flow: Way,
    /// Where to type the code.
    #[serde(skip_serializing_if = "Option::is_none")]
    verification_uri: Option<String>,
    /// The same with the code in it, where the provider has that.
    #[serde(skip_serializing_if = "Option::is_none")]
    verification_uri_complete: Option<String>,
    /// What to type.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "BCDF-GHJKL")]
    user_code: Option<String>,
    /// Where to send a browser.
    #[serde(skip_serializing_if = "Option::is_none")]
    authorize_url: Option<String>,
    /// Where it comes back to: an address on its own machine. What it comes back with goes to `…/code`.
    #[serde(skip_serializing_if = "Option::is_none")]
    redirect_uri: Option<String>,
    /// For how many seconds.
    expires_in: u64,
    /// How many seconds to wait between two questions.
    interval: u64,
    /// Where to ask how it stands.
    #[schema(example = "/api/v1/accounts/login/login_01890a5d7c4e7d1f8a3b000000000000")]
    poll: String,
    /// What whoever signs in has to know first.
    notices: Vec<&'static str>,
}

impl SignInBegun {
    pub(super) fn new(begun: Begun, owner: Owner) -> Self {
        let mut shown = Self {
            id: begun.id,
            flow: Way::Browser,
            verification_uri: None,
            verification_uri_complete: None,
            user_code: None,
            authorize_url: None,
            redirect_uri: None,
            expires_in: begun.expires_in.as_secs(),
            interval: begun.interval.as_secs().max(1),
            poll: format!("/api/v1/accounts/login/{}", begun.id),
            notices: Vec::new(),
        };
        match begun.shown {
            Shown::Code {
                user_code,
                uri,
                complete,
            } => {
                shown.flow = Way::Device;
                shown.user_code = Some(user_code);
                shown.verification_uri = Some(uri);
                shown.verification_uri_complete = complete;
            }
            Shown::Address { url, redirect } => {
                shown.authorize_url = Some(url);
                shown.redirect_uri = Some(redirect);
            }
        }
        shown.notices = notice::signing_in(shown.flow, owner);
        shown
    }
}

/// How an attempt stands.
#[derive(Serialize, ToSchema)]
pub(in crate::admin) struct SignInView {
    #[schema(value_type = String)]
    id: SignInId,
    provider: String,
    name: String,
    /// `device` or `browser`.
    #[schema(value_type = String)]
    flow: Way,
    /// `pending`, `done`, `denied`, `expired`, `refused` or `cancelled`.
    #[schema(value_type = String)]
    state: Status,
    /// In how many seconds to ask again.
    #[serde(skip_serializing_if = "Option::is_none")]
    retry_in: Option<u64>,
    /// For how many seconds it goes on.
    #[serde(skip_serializing_if = "Option::is_none")]
    expires_in: Option<u64>,
    /// Why no account came of it, where there is more to say.
    #[serde(skip_serializing_if = "Option::is_none")]
    why: Option<String>,
    /// The account that came of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    account: Option<AccountView>,
}

impl SignInView {
    pub(super) async fn new(signed: &Signed, seen: SignIn) -> Result<Self, ApiError> {
        let now = clock::now();
        let account = match seen.account {
            Some(id) => signed.store().account(id).await?,
            None => None,
        };
        let pending = seen.status == Status::Pending;
        // While somebody asks the authority it is not known when one may ask next.
        let pause = seen.next_at.since(now).min(seen.interval);
        let left = seen.expires_at.since(now);
        Ok(Self {
            id: seen.id,
            provider: seen.provider,
            name: seen.name,
            flow: seen.way,
            state: seen.status,
            retry_in: pending.then(|| whole(pause).max(1)),
            expires_in: pending.then_some(left.as_secs()),
            why: seen.why,
            account: account.map(|record| AccountView::new(record, signed, now)),
        })
    }
}

/// Rounded up: rounding down would bring the client back too early.
fn whole(pause: Duration) -> u64 {
    pause.as_secs() + u64::from(pause.subsec_nanos() > 0)
}
