//! What a page's form sends.

use axum::body::to_bytes;
use axum::extract::Request;
use axum::http::{HeaderMap, StatusCode, header};
use tollhouse_vault::constant_time_eq;

use crate::admin::auth::Signed;
use crate::admin::error::ApiError;
use crate::admin::session::cookie;

/// The most bytes of a form.
const LIMIT: usize = 16 * 1024;

/// The fields of a form, by name.
pub(super) struct Form(Vec<(String, String)>);

impl Form {
    /// Reads a form that one of our own pages sent. Any other page's is refused before it is read.
    pub(super) async fn read(request: Request, public_url: &str) -> Result<Self, ApiError> {
        let headers = request.headers();
        if !cookie::same_origin(headers, public_url) {
            let message =
                format!("Only this gateway's own pages may send this: open {public_url}.");
            return Err(ApiError::Forbidden(message.into()));
        }
        if !is_form(headers) {
            let message = "Expected a form of this page.";
            return Err(ApiError::Invalid {
                field: None,
                message: message.into(),
            });
        }
        let bytes = to_bytes(request.into_body(), LIMIT).await;
        let bytes = bytes.map_err(|_| ApiError::TooLarge(LIMIT))?;
        Ok(Self::of(&bytes))
    }

    /// Reads a query string.
    pub(super) fn of(text: &[u8]) -> Self {
        Self(form_urlencoded::parse(text).into_owned().collect())
    }

    /// A field; empty when it was not sent.
    pub(super) fn get(&self, name: &str) -> &str {
        let found = self.0.iter().find(|(field, _)| field == name);
        found.map_or("", |(_, value)| value)
    }

    /// Only a form goes on that was made for this very session.
    pub(super) fn meant(&self, signed: &Signed) -> Result<(), ApiError> {
        let expected = signed.session();
        let expected = expected.map(|session| cookie::csrf(signed.digester(), session.id));
        let given = self.get("csrf").as_bytes();
        let meant = expected.is_some_and(|csrf| constant_time_eq(given, csrf.as_bytes()));
        let message =
            "This form was made for another session; go back, reload the page and try again.";
        meant
            .then_some(())
            .ok_or(ApiError::Forbidden(message.into()))
    }
}

fn is_form(headers: &HeaderMap) -> bool {
    let kind = headers.get(header::CONTENT_TYPE);
    let kind = kind.and_then(|kind| kind.to_str().ok()?.split(';').next());
    kind.is_some_and(|kind| kind.trim() == "application/x-www-form-urlencoded")
}

/// Sends the browser on, with a path of this server.
pub(super) const ON: StatusCode = StatusCode::SEE_OTHER;
