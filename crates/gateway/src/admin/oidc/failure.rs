//! Why somebody is not signed in, as the page, the log and the audit trail say it.

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use form_urlencoded::byte_serialize;
use tollhouse_domain::oidc::{AnswerError, Unwelcome};
use tollhouse_domain::tenancy::User;
use tracing::{info, warn};

use crate::admin::error::ApiError;
use crate::admin::pages::{self, base};
use crate::admin::session::doors::Unredeemed;
use crate::oidc::ProviderError;

/// Why somebody is not signed in.
#[derive(Debug, thiserror::Error)]
pub(super) enum Failure {
    /// There is no provider.
    #[error("single sign-on is not set up")]
    NotSetUp,
    /// The browser brings no attempt, or one that is over.
    #[error("the browser has no attempt to sign in")]
    NoAttempt,
    /// What the browser brings back is not taken.
    #[error("the answer is not taken: {0}")]
    Answer(#[from] AnswerError),
    /// The provider says nothing that can be believed.
    #[error("the identity provider: {0}")]
    Provider(#[from] ProviderError),
    /// The provider vouches for them, and they are not let in: why, whose account it is about, and the
    /// digest of what the provider calls them.
    #[error("{0}")]
    Unwelcome(Unwelcome, Option<Box<User>>, String),
    /// Something else of ours.
    #[error(transparent)]
    Ours(#[from] ApiError),
}

impl From<Unredeemed> for Failure {
    fn from(why: Unredeemed) -> Self {
        match why {
            Unredeemed::Used => Self::NoAttempt,
            Unredeemed::TooSoon(pause) => Self::Ours(ApiError::TooSoon(pause)),
        }
    }
}

impl Failure {
    /// The word for it in the audit trail.
    pub(super) const fn word(&self) -> &'static str {
        match self {
            Self::NotSetUp => "not_set_up",
            Self::NoAttempt => "no_attempt",
            Self::Answer(error) => match error {
                AnswerError::Malformed => "malformed_answer",
                AnswerError::State => "other_attempt",
                AnswerError::Issuer => "other_issuer",
                AnswerError::Refused => "refused_there",
            },
            Self::Provider(error) => match error {
                ProviderError::Token(_) | ProviderError::Claims(_) => "token",
                ProviderError::Redeem(_) | ProviderError::NoToken => "code",
                ProviderError::Away
                | ProviderError::Find(_)
                | ProviderError::Discovery(_)
                | ProviderError::Keys(_)
                | ProviderError::KeySet
                | ProviderError::Proof => "provider",
            },
            Self::Unwelcome(why, ..) => why.as_str(),
            Self::Ours(_) => "internal",
        }
    }

    fn status(&self) -> StatusCode {
        match self {
            Self::NotSetUp => StatusCode::NOT_FOUND,
            Self::NoAttempt => StatusCode::BAD_REQUEST,
            Self::Answer(AnswerError::Refused) | Self::Unwelcome(..) => StatusCode::FORBIDDEN,
            Self::Answer(AnswerError::Malformed | AnswerError::State | AnswerError::Issuer) => {
                StatusCode::BAD_REQUEST
            }
            Self::Provider(_) => StatusCode::BAD_GATEWAY,
            Self::Ours(ApiError::TooSoon(_)) => StatusCode::TOO_MANY_REQUESTS,
            Self::Ours(ApiError::Unavailable(_)) => StatusCode::SERVICE_UNAVAILABLE,
            Self::Ours(_) => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    /// What the page says of it. Nothing that the provider or the browser sent is repeated.
    const fn sentence(&self) -> &'static str {
        match self {
            Self::NotSetUp => "Single sign-on is not set up here.",
            Self::NoAttempt | Self::Answer(AnswerError::State) => {
                "This attempt to sign in has run out, or was begun in another window or browser."
            }
            Self::Answer(AnswerError::Malformed | AnswerError::Issuer) => {
                "What came back from the identity provider does not belong to this attempt."
            }
            Self::Answer(AnswerError::Refused) => "The identity provider did not let you in.",
            Self::Provider(ProviderError::Token(_) | ProviderError::Claims(_)) => {
                "What the identity provider says of you cannot be believed. An administrator finds \
                 the reason in the log."
            }
            Self::Provider(ProviderError::Redeem(_) | ProviderError::NoToken) => {
                "The identity provider did not confirm the sign-in. Each can be used once; if trying \
                 again does not help, an administrator finds the reason in the log."
            }
            Self::Provider(
                ProviderError::Away
                | ProviderError::Find(_)
                | ProviderError::Discovery(_)
                | ProviderError::Keys(_)
                | ProviderError::KeySet
                | ProviderError::Proof,
            ) => {
                "The identity provider does not answer as it should. Try again in a moment; if it \
                 lasts, an administrator finds the reason in the log."
            }
            Self::Unwelcome(Unwelcome::Off, ..) => "Your account here is switched off.",
            Self::Unwelcome(Unwelcome::Tied, ..) => {
                "Your address belongs to an account here that somebody else signs in to."
            }
            Self::Unwelcome(Unwelcome::Administrator, ..) => {
                "Your address belongs to an administrator of this installation. Single sign-on opens \
                 that account only to a group that is set up to administer it."
            }
            Self::Unwelcome(Unwelcome::NoPlace, ..) => {
                "You have no account here, and none of your groups is given one."
            }
            Self::Unwelcome(Unwelcome::NoAccount, ..) => {
                "You have no account here, and an administrator has to make one."
            }
            Self::Unwelcome(Unwelcome::GroupsUnsaid, ..) => {
                "The identity provider does not say which groups you are in. An administrator has to \
                 have it put them into the ID token."
            }
            Self::Unwelcome(Unwelcome::Domain, ..) => {
                "Your account at the identity provider is of no domain whose people may sign in here."
            }
            Self::Ours(ApiError::TooSoon(_)) => {
                "There were too many attempts from your address; try again in a minute."
            }
            Self::Ours(_) => "Something went wrong here; try again in a moment.",
        }
    }

    /// Logs it, and makes the page that says so, with a link to try again.
    pub(super) fn answer(self, public_url: &str, next: &str) -> Response {
        let (status, sentence) = (self.status(), self.sentence());
        match &self {
            Self::NotSetUp | Self::NoAttempt | Self::Answer(_) => {
                info!(reason = %self, "somebody was not signed on");
            }
            Self::Unwelcome(_, _, subject) => {
                info!(reason = %self, subject, "somebody was not signed on");
            }
            Self::Provider(error) => warn!(error = ?error, "single sign-on failed"),
            Self::Ours(_) => {}
        }
        let base = base(public_url);
        let (way, label) = match &self {
            Self::NotSetUp => (format!("{base}/signin"), "Sign in"),
            _ => {
                let next: String = byte_serialize(next.as_bytes()).collect();
                (format!("{base}/oidc/start?next={next}"), "Try again")
            }
        };
        let mut response = pages::failure(status, "Not signed in", sentence, (&way, label));
        if let Self::Ours(error) = self {
            // It logs itself, and knows how long to wait.
            let plain = error.into_response();
            let pause: Option<&HeaderValue> = plain.headers().get(header::RETRY_AFTER);
            if let Some(pause) = pause {
                let headers = response.headers_mut();
                headers.insert(header::RETRY_AFTER, pause.clone());
            }
        }
        response
    }
}
