//! Who may use the control plane: the administrator, by token.

use std::ops::Deref;

use axum::extract::{FromRequestParts, Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, header};
use axum::middleware::Next;
use axum::response::Response;
use tollhouse_vault::constant_time_eq;

use super::Control;
use super::error::ApiError;
use crate::state::Gateway;

/// The administrator, and with that the gateway: handlers have no other way to it, so that none can
/// act without having asked who is there.
pub(super) struct Admin(Control);

impl Admin {
    pub(super) fn control(&self) -> &Control {
        &self.0
    }
}

impl Deref for Admin {
    type Target = Gateway;

    fn deref(&self) -> &Gateway {
        &self.0.gateway
    }
}

impl FromRequestParts<Control> for Admin {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, control: &Control) -> Result<Self, ApiError> {
        if is_admin(&control.gateway, &parts.headers) {
            Ok(Self(control.clone()))
        } else {
            Err(ApiError::Unauthorized)
        }
    }
}

/// Stands before a whole subtree, so that not even its unknown paths, wrong methods and malformed
/// requests answer a stranger.
pub(super) async fn guard(
    State(control): State<Control>,
    request: Request,
    next: Next,
) -> Result<Response, ApiError> {
    if is_admin(&control.gateway, request.headers()) {
        Ok(next.run(request).await)
    } else {
        Err(ApiError::Unauthorized)
    }
}

fn is_admin(gateway: &Gateway, headers: &HeaderMap) -> bool {
    let Some(token) = bearer(headers) else {
        return false;
    };
    constant_time_eq(&gateway.digester().digest(token), &gateway.0.admin)
}

/// The one bearer token; two `Authorization` headers are no token at all.
fn bearer(headers: &HeaderMap) -> Option<&str> {
    let mut given = headers.get_all(header::AUTHORIZATION).iter();
    let (only, None) = (given.next()?, given.next()) else {
        return None;
    };
    let (scheme, token) = only.to_str().ok()?.split_once(' ')?;
    let token = token.trim();
    (scheme.eq_ignore_ascii_case("bearer") && !token.is_empty()).then_some(token)
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    #[test]
    fn reads_exactly_one_bearer_token() {
        let read = |values: &[&'static str]| {
            let mut headers = HeaderMap::new();
            for value in values {
                headers.append(header::AUTHORIZATION, HeaderValue::from_static(value));
            }
            bearer(&headers).map(str::to_owned)
        };
        assert_eq!(read(&["Bearer abc"]).as_deref(), Some("abc"));
        assert_eq!(read(&["bearer  abc "]).as_deref(), Some("abc"));
        for wrong in [
            &[][..],
            &["abc"],
            &["Basic abc"],
            &["Bearer "],
            &["Bearer a", "Bearer a"],
        ] {
            assert_eq!(read(wrong), None, "{wrong:?}");
        }
    }
}
