//! Being signed in with a browser, and one's own password.
//!
//! An address that nobody has, a wrong password and a locked account get one answer after the same
//! work, so that none of them tells who has an account here.

pub(super) mod cookie;
pub(super) mod doors;
pub(super) mod operator;
pub(super) mod ways;

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use serde::{Deserialize, Serialize};
use tollhouse_domain::audit::{self, Action, Note, Subject, SubjectKind};
use tollhouse_domain::id::{UserId, WebSessionId};
use tollhouse_domain::sign_in::SessionTimes;
use tollhouse_domain::tenancy::{User, UserKind};
use tollhouse_store::{Attempt, Holder, TokenScope, WebSession};
use tollhouse_vault::{Password, PasswordError, PasswordHash, Secret, admin_token};
use utoipa::ToSchema;

use super::Control;
use super::auth::{self, From, Signed};
use super::error::{ApiError, ErrorBody, Refused, sentence};
use super::input::{Body, Id, Nothing, Payload, Query};
use super::users::{self, UserView};
use crate::{clock, ids};

/// Who wants to sign in: a user with `email` and `password`, or the administrator with `token`.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct SignIn {
    email: Option<String>,
    password: Option<String>,
    /// The administrator's token.
    token: Option<String>,
}

/// What somebody shows to be let in.
pub(super) enum Shown {
    /// An address and its password.
    Password(String, Secret),
    /// The administrator's token.
    Token(Secret),
}

impl SignIn {
    fn shown(self) -> Result<Shown, ApiError> {
        match (self.email, self.password, self.token) {
            (None, None, Some(token)) => Ok(Shown::Token(Secret::new(token))),
            (Some(email), Some(password), None) => {
                Ok(Shown::Password(email, Secret::new(password)))
            }
            (_, _, Some(_)) => Err(ApiError::invalid(
                "token",
                "Expected either `token` or `email` and `password`.",
            )),
            (None, _, None) => Err(ApiError::invalid("email", "Missing field `email`.")),
            (Some(_), None, None) => {
                Err(ApiError::invalid("password", "Missing field `password`."))
            }
        }
    }
}

impl Payload for SignIn {
    const LIMIT: usize = 16 * 1024;
}

/// Who signed in.
#[derive(Serialize, ToSchema)]
pub(super) struct SignedIn {
    /// Absent for the administrator, who is nobody.
    #[serde(skip_serializing_if = "Option::is_none")]
    user: Option<UserView>,
    /// What every request that changes something sends as `x-csrf-token`.
    csrf: String,
}

/// Who asks.
#[derive(Serialize, ToSchema)]
pub(super) struct Me {
    /// `user`, or `operator` for whoever holds the administrator's token.
    acts_as: &'static str,
    /// Whether they administer the whole installation, signed in as they are.
    admin: bool,
    /// Absent for the administrator's token, which is nobody's.
    #[serde(skip_serializing_if = "Option::is_none")]
    user: Option<UserView>,
    /// What they may do of what their user may: `read`, `write` or `admin`.
    #[schema(value_type = String)]
    scope: TokenScope,
    /// With a session: what every request that changes something sends as `x-csrf-token`.
    #[serde(skip_serializing_if = "Option::is_none")]
    csrf: Option<String>,
}

/// A new password of one's own.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct PasswordChange {
    current: String,
    /// 12 characters at least, 1024 bytes at most.
    new: String,
}

impl Payload for PasswordChange {
    const LIMIT: usize = 16 * 1024;
}

/// A new password for somebody.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct NewPassword {
    /// 12 characters at least, 1024 bytes at most.
    new: String,
}

impl Payload for NewPassword {
    const LIMIT: usize = 16 * 1024;
}

type SetCookie = [(HeaderName, HeaderValue); 1];

/// Signs in with an address and a password, or with the administrator's token. The answer sets the
/// session's cookie.
#[utoipa::path(
    post, path = "/session", tag = "people", operation_id = "sign_in", request_body = SignIn,
    security(()),
    responses(
        (status = 200, body = SignedIn),
        (status = 429, description = "Too many attempts from one address", body = ErrorBody),
        Refused,
    ),
)]
pub(super) async fn open(
    State(control): State<Control>,
    from: From,
    headers: HeaderMap,
    Query(Nothing {}): Query<Nothing>,
    Body(input): Body<SignIn>,
) -> Result<(SetCookie, Json<SignedIn>), ApiError> {
    let gateway = &control.gateway;
    let browser = headers.contains_key("origin") || headers.contains_key("sec-fetch-site");
    if browser && !cookie::same_origin(&headers, gateway.public_url()) {
        let message = "Only pages of this gateway may sign somebody in.";
        return Err(ApiError::Forbidden(message.into()));
    }
    let (session, secret) = enter(&control, from, input.shown()?).await?;
    let signed = auth::with_session(&control, session, from).ok_or(ApiError::NotSignedIn)?;
    let body = SignedIn {
        user: signed.user().map(|user| UserView::new(&signed, user)),
        csrf: cookie::csrf(gateway.digester(), session.id),
    };
    let cookie = cookie::set(Some(&secret), gateway.public_url())?;
    Ok(([(header::SET_COOKIE, cookie)], Json(body)))
}

/// Signs in whoever shows the right thing.
pub(super) async fn enter(
    control: &Control,
    from: From,
    shown: Shown,
) -> Result<(WebSession, Secret), ApiError> {
    match shown {
        Shown::Password(email, password) => {
            let user = check(control, from, &email, password).await?;
            begin(control, from, &user).await
        }
        Shown::Token(token) => operator::enter(control, from, &token).await,
    }
}

/// The user whose address and password these are.
pub(super) async fn check(
    control: &Control,
    from: From,
    email: &str,
    password: Secret,
) -> Result<User, ApiError> {
    let (gateway, now) = (&control.gateway, clock::now());
    if !gateway.takes_passwords() {
        let message = "Passwords are not taken here; GET /oidc/start begins single sign-on.";
        return Err(ApiError::Forbidden(message.into()));
    }
    control.doors.password(from.0, now)?;
    let password = Password::try_out(password).map_err(|_| ApiError::NotSignedIn)?;
    let email = email.trim().to_ascii_lowercase();
    let snapshot = gateway.snapshot();
    let user = snapshot.people.users().find(|user| {
        let person = user.kind == UserKind::Person && user.disabled_at.is_none();
        person && user.email.as_deref() == Some(email.as_str())
    });
    let mut hash = None;
    if let Some(user) = user
        && gateway.store().attempt(user.id, now).await? == Attempt::Open
    {
        hash = gateway.store().password_of(user.id).await?;
    }
    let hash = hash.map(PasswordHash::from_stored);
    let right = control.doors.compare(gateway, password, hash).await?;
    if let Some(user) = user.filter(|_| right) {
        return Ok(user.clone());
    }
    // What was typed is not repeated: people type passwords into the wrong field.
    let subject = match user {
        Some(user) => Subject::id(SubjectKind::User, user.id).called(user.name.as_str()),
        None => Subject::of(SubjectKind::Session),
    };
    let mut note = Note::new(now, audit::Actor::ANONYMOUS, Action::SessionRefuse, subject);
    note.from = from.0;
    if let Some(note) = control.doors.note(note, now) {
        gateway.store().remember(note).await?;
    }
    Err(ApiError::NotSignedIn)
}

/// Signs a user in who has shown who they are.
pub(super) async fn begin(
    control: &Control,
    from: From,
    user: &User,
) -> Result<(WebSession, Secret), ApiError> {
    let actor = audit::Actor::user(user.id, user.name.as_str());
    begin_as(control, from, Holder::User(user.id), actor).await
}

/// Begins a session and notes whose.
async fn begin_as(
    control: &Control,
    from: From,
    holder: Holder,
    actor: audit::Actor,
) -> Result<(WebSession, Secret), ApiError> {
    let (gateway, now) = (&control.gateway, clock::now());
    let session = WebSession {
        id: WebSessionId(ids::uuid(now)),
        holder,
        times: SessionTimes::begin(now),
    };
    let secret = admin_token();
    let digest = gateway.digester().digest(secret.expose());
    let subject = Subject::id(SubjectKind::Session, session.id);
    let mut note = Note::new(now, actor, Action::SessionOpen, subject);
    note.from = from.0;
    gateway.store().open_session(session, digest, note).await?;
    Ok((session, secret))
}

/// Signs out: the session is over at once.
#[utoipa::path(
    delete, path = "/session", tag = "people", operation_id = "sign_out",
    responses((status = 204), (status = 404, body = ErrorBody), Refused),
)]
pub(super) async fn close(
    signed: Signed,
    Query(Nothing {}): Query<Nothing>,
) -> Result<(StatusCode, SetCookie), ApiError> {
    let cookie = leave(&signed).await?;
    Ok((StatusCode::NO_CONTENT, [(header::SET_COOKIE, cookie)]))
}

/// Ends the session of whoever asks; gives the header that takes its cookie away.
pub(super) async fn leave(signed: &Signed) -> Result<HeaderValue, ApiError> {
    let nothing = || ApiError::missing("This request came with a token, not with a session.");
    let session = signed.session().ok_or_else(nothing)?;
    let subject = Subject::id(SubjectKind::Session, session.id);
    let note = signed.note(Action::SessionClose, subject);
    signed.store().close_session(session.id, note).await?;
    cookie::set(None, signed.public_url())
}

/// Who asks, and what they may do here.
#[utoipa::path(
    get, path = "/me", tag = "people", operation_id = "show_me",
    responses((status = 200, body = Me), Refused),
)]
pub(super) async fn me(
    signed: Signed,
    Query(Nothing {}): Query<Nothing>,
) -> Result<Json<Me>, ApiError> {
    let session = signed.session();
    Ok(Json(Me {
        acts_as: signed.user().map_or("operator", |_| "user"),
        admin: signed.is_platform(),
        user: signed.user().map(|user| UserView::new(&signed, user)),
        scope: signed.scope(),
        csrf: session.map(|session| cookie::csrf(signed.digester(), session.id)),
    }))
}

/// Changes one's own password, and ends one's other sessions. The first one is given by an
/// administrator.
#[utoipa::path(
    put, path = "/me/password", tag = "people", operation_id = "change_my_password",
    request_body = PasswordChange,
    responses(
        (status = 204),
        (status = 429, description = "Too many attempts from one address", body = ErrorBody),
        Refused,
    ),
)]
pub(super) async fn change(
    signed: Signed,
    from: From,
    Query(Nothing {}): Query<Nothing>,
    Body(input): Body<PasswordChange>,
) -> Result<StatusCode, ApiError> {
    let user = signed.me()?.clone();
    if signed.scope() != TokenScope::Admin {
        let message = "This takes a session, or a token of the scope `admin`.";
        return Err(ApiError::Forbidden(message.into()));
    }
    let new = chosen(input.new)?;
    let (store, now) = (signed.store(), clock::now());
    signed.control().doors.password(from.0, now)?;
    let current = Password::try_out(Secret::new(input.current));
    let wrong = || ApiError::invalid("current", "This is not the password, or it is locked.");
    let current = current.map_err(|_| wrong())?;
    let hash = match store.attempt(user.id, now).await? {
        Attempt::Open => store.password_of(user.id).await?,
        Attempt::Locked(_) => None,
    };
    let hash = hash.map(PasswordHash::from_stored);
    let doors = &signed.control().doors;
    if !doors.compare(&signed, current, hash).await? {
        return Err(wrong());
    }
    set(&signed, &user, new).await
}

/// Gives somebody a password, unlocks them and ends their sessions.
#[utoipa::path(
    put, path = "/users/{id}/password", tag = "people", operation_id = "set_password",
    params(("id" = String, Path)), request_body = NewPassword,
    responses(
        (status = 204),
        (status = 404, body = ErrorBody),
        (status = 409, description = "Services do not sign in", body = ErrorBody),
        Refused,
    ),
)]
pub(super) async fn give(
    signed: Signed,
    Id(id): Id<UserId>,
    Query(Nothing {}): Query<Nothing>,
    Body(input): Body<NewPassword>,
) -> Result<StatusCode, ApiError> {
    let user = users::find(&signed, id)?;
    signed.platform()?;
    if user.kind == UserKind::Service {
        return Err(ApiError::Conflict("Services do not sign in.".to_owned()));
    }
    let new = chosen(input.new)?;
    set(&signed, &user, new).await
}

fn chosen(text: String) -> Result<Password, ApiError> {
    let password = Password::choose(Secret::new(text));
    password.map_err(|error: PasswordError| ApiError::invalid("new", sentence(&error.to_string())))
}

async fn set(signed: &Signed, user: &User, new: Password) -> Result<StatusCode, ApiError> {
    let hash = signed.control().doors.hash(signed, new).await?;
    let own = signed
        .session()
        .filter(|session| session.holder.user() == Some(user.id));
    let note = users::note(signed, Action::UserPassword, user);
    let store = signed.store().noted(note);
    let keep = own.map(|session| session.id);
    store.set_password(user.id, hash.stored(), keep).await?;
    Ok(StatusCode::NO_CONTENT)
}
