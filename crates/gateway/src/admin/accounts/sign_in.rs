//! Signing in with an account: begun here, gone on with whenever somebody asks how it stands.

mod show;

use axum::Json;
use axum::http::StatusCode;
use serde::Deserialize;
use tollhouse_domain::account::sign_in::{Pasted, Status, Way, pasted};
use tollhouse_domain::audit::{Action, Note};
use tollhouse_domain::credential::Owner;
use tollhouse_domain::id::SignInId;
use tollhouse_domain::tenancy::Role;
use tollhouse_store::SignIn;
use tollhouse_vault::{Secret, constant_time_eq};
use utoipa::ToSchema;

pub(in crate::admin) use self::show::{SignInBegun, SignInView};
use super::{authority, name, owner, used};
use crate::accounts::sign_in::{self, BeginError, Stage, Wish};
use crate::admin::auth::Signed;
use crate::admin::credentials::{no_provider, note};
use crate::admin::error::{ApiError, ErrorBody, Refused};
use crate::admin::input::{Body, Id, Nothing, Payload, Query};
use crate::clock;

/// Who wants to sign in, where.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::admin) struct SignInInput {
    /// The provider.
    provider: String,
    /// What to call the account, when there are several.
    name: Option<String>,
    /// Whose it will be: `me`, which is the default, or an organization, by id or name.
    owner: Option<String>,
    /// `device`: somebody types a code at the provider's. `browser`: a browser goes there and comes back to an
    /// address on its own machine.
    #[serde(default)]
    #[schema(value_type = Option<String>, default = "device")]
    flow: Way,
}

impl Payload for SignInInput {
    const LIMIT: usize = 4 * 1024;
}

/// What a browser came back with: one of the two.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::admin) struct BroughtBack {
    /// The whole address that it came back to.
    #[schema(write_only)]
    callback_url: Option<String>,
    /// Its query, or `CODE#STATE`.
    #[schema(write_only)]
    code: Option<String>,
}

impl Payload for BroughtBack {
    const LIMIT: usize = 32 * 1024;
}

/// Begins to sign in with an account. Show what the answer says to whoever signs in, with its notices, and ask
/// at `poll` until `state` is no longer `pending`.
#[utoipa::path(
    post, path = "/accounts/login", tag = "accounts", operation_id = "begin_account_sign_in",
    request_body = SignInInput,
    responses(
        (status = 201, body = SignInBegun),
        (status = 404, description = "No such provider or organization", body = ErrorBody),
        (status = 409, description = "The provider takes no accounts, or not in this way", body = ErrorBody),
        (status = 429, description = "Too many were begun lately, or wait", body = ErrorBody),
        (status = 502, description = "Whoever issues its tokens does not answer, or gives no code", body = ErrorBody),
        Refused,
    ),
)]
pub(in crate::admin) async fn begin(
    signed: Signed,
    Query(Nothing {}): Query<Nothing>,
    Body(input): Body<SignInInput>,
) -> Result<(StatusCode, Json<SignInBegun>), ApiError> {
    let owner = owner(&signed, input.owner.as_deref())?;
    let name = name(input.name)?;
    let snapshot = signed.snapshot();
    let provider = snapshot.providers().get(&input.provider);
    let provider = provider.ok_or_else(|| no_provider(&input.provider))?;
    let authority = authority(&signed, provider)?;
    if input.flow == Way::Browser && authority.authorize.is_none() {
        let message = "This provider has no sign-in for a browser: use the flow `device`.";
        return Err(ApiError::Conflict(message.to_owned()));
    }
    let wish = Wish {
        user: signed.user().map(|user| user.id),
        owner,
        provider,
        authority,
        name,
        way: input.flow,
    };
    let begun = sign_in::begin(&signed, wish).await.map_err(unbegun)?;
    Ok((StatusCode::CREATED, Json(SignInBegun::new(begun, owner))))
}

fn unbegun(error: BeginError) -> ApiError {
    use tollhouse_domain::account::device::LONGEST;
    match error {
        BeginError::TooMany => ApiError::TooSoon(LONGEST),
        BeginError::Away => ApiError::Elsewhere(
            "Whoever issues this provider's tokens does not answer at the moment; try again.".into(),
        ),
        BeginError::Refused => ApiError::Elsewhere(
            "Whoever issues this provider's tokens gives no code to sign in with; the log says more.".into(),
        ),
        BeginError::Store(error) => error.into(),
        BeginError::Random => ApiError::internal(error),
    }
}

/// How an attempt stands. Asking is what goes on with it: the authority is asked once its interval is over,
/// and by one caller at a time.
#[utoipa::path(
    get, path = "/accounts/login/{id}", tag = "accounts", operation_id = "show_account_sign_in",
    params(("id" = String, Path)),
    responses((status = 200, body = SignInView), (status = 404, body = ErrorBody), Refused),
)]
pub(in crate::admin) async fn show(
    signed: Signed,
    Id(id): Id<SignInId>,
    Query(Nothing {}): Query<Nothing>,
) -> Result<Json<SignInView>, ApiError> {
    let seen = find(&signed, id).await?;
    if !goes_on(&signed, &seen) {
        return SignInView::new(&signed, seen).await.map(Json);
    }
    let note = noted(&signed, &seen);
    let seen = sign_in::go_on(&signed, seen, note).await?;
    SignInView::new(&signed, seen.ok_or_else(missing)?)
        .await
        .map(Json)
}

/// Whether whoever asks may go on with an attempt: whoever began it, while the account could be theirs, and with
/// more than a token that only reads. Others look.
fn goes_on(signed: &Signed, seen: &SignIn) -> bool {
    let theirs = match seen.owner {
        Owner::Org(org) => signed.in_org(org, Role::Admin).is_ok(),
        Owner::User(_) | Owner::Platform => true,
    };
    began(signed, seen) && theirs && signed.writes().is_ok() && used(signed, seen.owner).is_ok()
}

/// Hands in what a browser came back with, and gets the account for it.
#[utoipa::path(
    post, path = "/accounts/login/{id}/code", tag = "accounts", operation_id = "finish_account_sign_in",
    params(("id" = String, Path)), request_body = BroughtBack,
    responses(
        (status = 200, body = SignInView),
        (status = 400, description = "No code, or of another sign-in", body = ErrorBody),
        (status = 404, body = ErrorBody),
        (status = 409, description = "It is over, or waits for no browser", body = ErrorBody),
        Refused,
    ),
)]
pub(in crate::admin) async fn finish(
    signed: Signed,
    Id(id): Id<SignInId>,
    Query(Nothing {}): Query<Nothing>,
    Body(input): Body<BroughtBack>,
) -> Result<Json<SignInView>, ApiError> {
    let seen = find(&signed, id).await?;
    if !goes_on(&signed, &seen) {
        return Err(missing());
    }
    let over = || ApiError::Conflict("This sign-in is over, or waits for no browser.".to_owned());
    let running = seen.status == Status::Pending && seen.expires_at > clock::now();
    let stage = Stage::open(signed.vault(), id, &seen.sealed).filter(|_| running);
    let Some(Stage::Away { state, verifier }) = &stage else {
        return Err(over());
    };
    let note = noted(&signed, &seen);
    let (code, theirs) = match brought(input)? {
        Pasted::Code { code, state } => (Secret::new(code), Secret::new(state)),
        Pasted::Denied => {
            let store = signed.store();
            store
                .end_sign_in(id, seen.next_at, Status::Denied, None)
                .await?;
            return SignInView::new(&signed, find(&signed, id).await?)
                .await
                .map(Json);
        }
    };
    if !constant_time_eq(theirs.expose().as_bytes(), state.as_bytes()) {
        let message = "This belongs to another sign-in: use the address that this one ended at.";
        return Err(ApiError::invalid("code", message));
    }
    let snapshot = signed.snapshot();
    let provider = snapshot.providers().get(&seen.provider);
    let provider = provider.ok_or_else(|| no_provider(&seen.provider))?;
    let authority = authority(&signed, provider)?;
    let redeem = Stage::Redeem {
        code: code.expose().to_owned(),
        verifier: verifier.clone(),
        redirect: authority.browser_redirect.clone().ok_or_else(over)?,
    };
    let seen = sign_in::take(&signed, seen, Some(redeem), note).await?;
    SignInView::new(&signed, seen.ok_or_else(missing)?)
        .await
        .map(Json)
}

fn brought(input: BroughtBack) -> Result<Pasted, ApiError> {
    let (field, text) = match (input.callback_url, input.code) {
        (Some(url), None) => ("callback_url", url),
        (None, Some(code)) => ("code", code),
        (None, None) | (Some(_), Some(_)) => {
            let message = "Expected either `callback_url` or `code`.";
            return Err(ApiError::invalid("callback_url", message));
        }
    };
    let text = Secret::new(text);
    let message = "Expected the whole address that the browser came back to, or CODE#STATE.";
    pasted(text.expose()).ok_or_else(|| ApiError::invalid(field, message))
}

/// Gives an attempt up. Doing it again changes nothing; an account that came of it stays.
#[utoipa::path(
    delete, path = "/accounts/login/{id}", tag = "accounts", operation_id = "cancel_account_sign_in",
    params(("id" = String, Path)),
    responses((status = 204), (status = 404, body = ErrorBody), Refused),
)]
pub(in crate::admin) async fn cancel(
    signed: Signed,
    Id(id): Id<SignInId>,
    Query(Nothing {}): Query<Nothing>,
) -> Result<StatusCode, ApiError> {
    find(&signed, id).await?;
    signed.store().cancel_sign_in(id).await?;
    Ok(StatusCode::NO_CONTENT)
}

fn missing() -> ApiError {
    ApiError::missing("There is no sign-in with this id.")
}

fn began(signed: &Signed, seen: &SignIn) -> bool {
    signed.user().map(|user| user.id) == seen.user
}

/// An attempt, for whoever began it and for administrators of the installation. For others it is not there.
async fn find(signed: &Signed, id: SignInId) -> Result<SignIn, ApiError> {
    let seen = signed.store().sign_in(id).await?;
    let may = |seen: &SignIn| began(signed, seen) || signed.is_platform();
    seen.filter(may).ok_or_else(missing)
}

fn noted(signed: &Signed, seen: &SignIn) -> Note {
    let note = note(
        signed,
        Action::AccountPut,
        seen.owner,
        &seen.provider,
        &seen.name,
    );
    note.with("method", seen.way.as_str())
}
