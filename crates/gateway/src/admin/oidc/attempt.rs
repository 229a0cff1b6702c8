//! What a browser keeps while its user is at the identity provider: sealed, so that it can neither read
//! nor change it, and whole, so that any replica can go on with it.

use axum::http::{HeaderMap, HeaderValue};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use tollhouse_domain::oidc::{ATTEMPT, Attempt};
use tollhouse_domain::sign_in::local_path;
use tollhouse_domain::time::Timestamp;
use tollhouse_vault::{Context, Sealed, Secret, Vault};
use uuid::Uuid;

use crate::admin::error::ApiError;
use crate::admin::session::cookie::Jar;

const PLACE: Context<'static> = Context {
    table: "oidc",
    row: Uuid::nil(),
    column: "attempt",
};

/// The cookie that holds an attempt.
const COOKIE: Jar = Jar {
    plain: "tollhouse-oidc",
    // Set by this host alone, and with TLS alone.
    secure: "__Host-tollhouse-oidc",
};

/// Gives the browser an attempt, and the page it goes on to afterwards.
pub(super) fn keep(
    vault: &Vault,
    attempt: &Attempt,
    next: &str,
    public_url: &str,
) -> Result<HeaderValue, ApiError> {
    let text = Secret::new(format!("{}\n{next}", attempt.write()));
    let sealed = vault.seal(&text, &PLACE);
    let value = Secret::new(URL_SAFE_NO_PAD.encode(sealed.as_bytes()));
    COOKIE.set(Some(&value), ATTEMPT, public_url)
}

/// Takes it away again.
pub(super) fn forget(public_url: &str) -> Result<HeaderValue, ApiError> {
    COOKIE.set(None, ATTEMPT, public_url)
}

/// The attempt that a browser brings back, and the page it goes on to; `None` when it brings none of
/// ours that is still running.
pub(super) fn read(
    vault: &Vault,
    headers: &HeaderMap,
    public_url: &str,
    now: Timestamp,
) -> Option<(Attempt, String)> {
    let value = COOKIE.read(headers, public_url)?;
    let sealed = Sealed::from_bytes(URL_SAFE_NO_PAD.decode(value).ok()?).ok()?;
    let text = vault.open_secret(&sealed, &PLACE).ok()?;
    let (attempt, next) = text.expose().split_once('\n')?;
    Some((Attempt::read(attempt, now)?, local_path(next)?.to_owned()))
}
