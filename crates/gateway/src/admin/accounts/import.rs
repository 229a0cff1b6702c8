//! Bringing a login that another program holds.

use axum::Json;
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::value::RawValue;
use tollhouse_domain::account::authority::Flow;
use tollhouse_domain::account::import::codex;
use tollhouse_domain::audit::Action;
use tollhouse_domain::time::Timestamp;
use tollhouse_vault::Secret;
use utoipa::ToSchema;
use zeroize::Zeroizing;

use super::{AccountView, authority, name, one, owner};
use crate::accounts::grant::Grant;
use crate::accounts::notice;
use crate::accounts::put::{Placed, put};
use crate::accounts::tokens::Tokens;
use crate::admin::auth::Signed;
use crate::admin::credentials::{no_provider, note};
use crate::admin::error::{ApiError, ErrorBody, Refused, sentence};
use crate::admin::input::{Body, Nothing, Payload, Query};
use crate::clock;

/// A login to be taken over.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::admin) struct ImportInput {
    /// The provider that it is for.
    provider: String,
    /// What to call it, when there are several.
    name: Option<String>,
    /// Whose it will be: `me`, which is the default, or an organization, by id or name.
    owner: Option<String>,
    /// What a Codex `auth.json` holds: its object, or its text.
    #[serde(deserialize_with = "file")]
    #[schema(value_type = Object, write_only)]
    auth_json: Secret,
    /// That whoever brings it knows what that does.
    #[serde(default)]
    consent: bool,
}

impl Payload for ImportInput {
    const LIMIT: usize = 64 * 1024;
}

/// The text of a file: as it is, or inside a JSON string.
fn file<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Secret, D::Error> {
    let raw = Box::<RawValue>::deserialize(deserializer)?;
    let text = Zeroizing::new(String::from(Box::<str>::from(raw)));
    // Words of ours: those of the parser may quote what was sent.
    let bad = |_| serde::de::Error::custom("expected an object or its text");
    if text.starts_with('"') {
        return serde_json::from_str(&text).map(Secret::new).map_err(bad);
    }
    Ok(Secret::new(text.to_string()))
}

/// An account that was brought.
#[derive(Serialize, ToSchema)]
pub(in crate::admin) struct Imported {
    account: AccountView,
    /// What to know about it.
    notices: Vec<&'static str>,
}

/// Takes over a login from a program that keeps it in a file. With `consent` only: see the error for what it
/// means.
#[utoipa::path(
    post, path = "/accounts/import", tag = "accounts", operation_id = "import_account",
    request_body = ImportInput,
    responses(
        (status = 200, body = Imported),
        (status = 400, description = "No consent, or no login", body = ErrorBody),
        (status = 404, description = "No such provider or organization", body = ErrorBody),
        (status = 409, description = "The provider takes no such login, or it is here already", body = ErrorBody),
        Refused,
    ),
)]
pub(in crate::admin) async fn import(
    signed: Signed,
    Query(Nothing {}): Query<Nothing>,
    Body(input): Body<ImportInput>,
) -> Result<Json<Imported>, ApiError> {
    let owner = owner(&signed, input.owner.as_deref())?;
    let name = name(input.name)?;
    let snapshot = signed.snapshot();
    let provider = snapshot.providers().get(&input.provider);
    let provider = provider.ok_or_else(|| no_provider(&input.provider))?;
    let authority = authority(&signed, provider)?;
    if authority.flow != Flow::Codex {
        let message =
            "Only logins of Codex are read from a file; sign in for this provider instead.";
        return Err(ApiError::Conflict(message.to_owned()));
    }
    if !input.consent {
        let message = format!("{} Send `consent: true` to go on.", notice::IMPORT);
        return Err(ApiError::invalid("consent", message));
    }
    let now = clock::now();
    let grant = read(&input.auth_json, now)?;
    let note = note(&signed, Action::AccountPut, owner, &input.provider, &name);
    let note = note.with("method", "import");
    let note = note.with("fingerprint", grant.tokens.fingerprint());
    let placed = Placed {
        owner,
        provider: input.provider,
        name,
        authority: authority.name.clone(),
    };
    let store = signed.store().noted(note);
    let gone = || ApiError::internal("an account that was just kept is not there");
    let id = put(&signed, &store, &placed, &grant, None).await?;
    let record = one::find(&signed, id.ok_or_else(gone)?).await?;
    Ok(Json(Imported {
        account: AccountView::new(record, &signed, now),
        notices: notice::importing(owner),
    }))
}

/// The tokens of a file.
fn read(file: &Secret, now: Timestamp) -> Result<Grant, ApiError> {
    let wrong = |text: String| ApiError::invalid("auth_json", text);
    let login = codex(file.expose().as_bytes());
    let login = login.map_err(|error| wrong(sentence(&error.to_string())))?;
    let grant = Grant::of(Tokens::from(login), None, now);
    grant.ok_or_else(|| wrong("Its tokens hold characters that no token has.".to_owned()))
}
