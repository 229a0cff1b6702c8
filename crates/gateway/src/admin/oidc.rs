//! Single sign-on: sending a browser to the identity provider, and taking it back.
//!
//! Both answer browsers and not programs: what fails is said on a page, and its cause in the log and in
//! the audit trail.

mod attempt;
mod failure;

use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::rand;
use axum::Router;
use axum::extract::{RawQuery, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use tollhouse_domain::audit::{Action, Actor, Note, Subject, SubjectKind};
use tollhouse_domain::id::UserId;
use tollhouse_domain::oidc::{Answer, Attempt, Claims};
use tollhouse_domain::sign_in::local_path;
use tollhouse_domain::tenancy::User;
use tollhouse_store::{SignOn, SignedOn};
use tracing::{info, warn};

use self::failure::Failure;
use super::Control;
use super::auth::From;
use super::error::ApiError;
use super::session::{self, cookie};
use super::users;
use crate::dashboard;
use crate::oidc::{CALLBACK, IdentityProvider};
use crate::state::Gateway;
use crate::{clock, ids};

/// Where somebody goes on to who did not say.
const HOME: &str = dashboard::BASE;

/// Where browsers leave and come back. They are for people, so the document of the API does not
/// describe them.
pub(super) fn router() -> Router<Control> {
    Router::new()
        .route("/oidc/start", get(start))
        .route(CALLBACK, get(callback))
}

/// Sends a browser to the identity provider. `next` is the page of ours that it comes back to once
/// somebody is signed in.
async fn start(State(control): State<Control>, from: From, RawQuery(query): RawQuery) -> Response {
    let query = query.unwrap_or_default();
    let mut pairs = form_urlencoded::parse(query.as_bytes());
    let next = pairs.find(|(name, _)| name == "next");
    let next = next.and_then(|(_, next)| local_path(&next).map(str::to_owned));
    let next = next.as_deref().unwrap_or(HOME);
    let sent = send(&control, from, next).await;
    sent.unwrap_or_else(|failure| failure.answer(control.gateway.public_url(), next))
}

async fn send(control: &Control, from: From, next: &str) -> Result<Response, Failure> {
    let gateway = &control.gateway;
    let provider = gateway.identity_provider().ok_or(Failure::NotSetUp)?;
    let now = clock::now();
    control.doors.sign_on(from.0, now)?;
    let known = provider.known(gateway.upstream()).await?;
    let mut random = [[0; 32]; 3];
    for bytes in &mut random {
        rand::fill(bytes).map_err(|_| ApiError::internal("the system has no random numbers"))?;
    }
    let attempt = Attempt::new(random, now);
    let url = provider.url(&known, &attempt);
    let kept = attempt::keep(gateway.vault(), &attempt, next, gateway.public_url())?;
    redirect(&url, [kept])
}

/// Takes a browser back from the identity provider, and signs somebody in.
async fn callback(
    State(control): State<Control>,
    from: From,
    headers: HeaderMap,
    RawQuery(query): RawQuery,
) -> Response {
    let gateway = &control.gateway;
    let url = gateway.public_url();
    let kept = attempt::read(gateway.vault(), &headers, url, clock::now());
    let next = kept.as_ref().map_or(HOME, |(_, next)| next).to_owned();
    let query = query.unwrap_or_default();
    let taken = take(&control, from, kept, &query).await;
    let mut response = taken.unwrap_or_else(|failure| failure.answer(url, &next));
    // Whatever came of it: an attempt is for one answer.
    if let Ok(forget) = attempt::forget(url) {
        response.headers_mut().append(header::SET_COOKIE, forget);
    }
    response
}

async fn take(
    control: &Control,
    from: From,
    kept: Option<(Attempt, String)>,
    query: &str,
) -> Result<Response, Failure> {
    let gateway = &control.gateway;
    let provider = gateway.identity_provider().ok_or(Failure::NotSetUp)?;
    control.doors.sign_on(from.0, clock::now())?;
    let (attempt, next) = kept.ok_or(Failure::NoAttempt)?;
    let known = provider.known(gateway.upstream()).await?;
    let issuer = &provider.config().issuer;
    let answer = Answer::read(query, &attempt, issuer, known.names_itself());
    let signed_on = match answer {
        Ok(answer) => {
            let redeeming = control.doors.redeem(attempt.state(), clock::now()).await;
            let _permit = redeeming?;
            let upstream = gateway.upstream();
            let claims = provider.claims(upstream, &known, &answer, &attempt).await;
            match claims {
                Ok(claims) => sign_on(gateway, from, provider, &claims).await,
                Err(error) => Err(error.into()),
            }
        }
        Err(error) => Err(error.into()),
    };
    match signed_on {
        Ok(user) => {
            let (_, secret) = session::begin(control, from, &user).await?;
            let url = gateway.public_url();
            redirect(&format!("{url}{next}"), [cookie::set(Some(&secret), url)?])
        }
        Err(failure) => {
            remember(control, from, &failure).await?;
            Err(failure)
        }
    }
}

/// Who somebody is here, once what their groups give is theirs.
async fn sign_on(
    gateway: &Gateway,
    from: From,
    provider: &IdentityProvider,
    claims: &Claims,
) -> Result<User, Failure> {
    let (config, now) = (provider.config(), clock::now());
    let email = claims.email.as_deref().filter(|_| claims.email_verified);
    let on = SignOn {
        issuer: claims.issuer.clone(),
        subject: claims.subject.clone(),
        email: email.and_then(|email| users::email(email).ok()),
        name: claims.display_name(),
        terms: config.policy.terms(claims),
        id: UserId(ids::uuid(now)),
        at: now,
        from: from.0,
    };
    match gateway.store().sign_on(&on).await.map_err(ApiError::from)? {
        SignedOn::Refused { why, user } => {
            let subject = fingerprint(&claims.subject);
            Err(Failure::Unwelcome(why, user.map(Box::new), subject))
        }
        SignedOn::Welcome {
            user,
            changed,
            kept,
            unknown,
        } => {
            if changed {
                gateway.refresh().await.map_err(ApiError::from)?;
            }
            for org in kept {
                warn!(user = %user.id, %org, "stays the last owner, whatever their groups say");
            }
            for org in unknown {
                info!(org, "oidc.mapping names an organization that is not there");
            }
            Ok(user)
        }
    }
}

/// Tells somebody from others whom we do not know, without keeping what a stranger is called: the
/// SHA-256 of the provider's name for them.
fn fingerprint(subject: &str) -> String {
    let digest = digest(&SHA256, subject.as_bytes());
    let hex = |byte: &u8| format!("{byte:02x}");
    digest.as_ref().iter().map(hex).collect()
}

/// Notes that somebody came back from the provider and was not let in.
async fn remember(control: &Control, from: From, failure: &Failure) -> Result<(), ApiError> {
    let subject = match failure {
        Failure::Unwelcome(_, Some(user), _) => {
            Subject::id(SubjectKind::User, user.id).called(user.name.as_str())
        }
        _ => Subject::of(SubjectKind::Session),
    };
    let (now, action) = (clock::now(), Action::SessionRefuse);
    let mut note = Note::new(now, Actor::ANONYMOUS, action, subject);
    note.from = from.0;
    let mut note = note.with("via", "sso").with("reason", failure.word());
    if let Failure::Unwelcome(_, _, subject) = failure {
        note = note.with("subject", subject.as_str());
    }
    if let Some(note) = control.doors.note(note, now) {
        control.gateway.store().remember(note).await?;
    }
    Ok(())
}

fn redirect<const N: usize>(url: &str, cookies: [HeaderValue; N]) -> Result<Response, Failure> {
    let url = HeaderValue::try_from(url).map_err(ApiError::internal)?;
    let mut response = (StatusCode::SEE_OTHER, [(header::LOCATION, url)]).into_response();
    for cookie in cookies {
        response.headers_mut().append(header::SET_COOKIE, cookie);
    }
    Ok(response)
}
