//! How somebody is recognised: the administrator's token, a token of their own, or a session's cookie.

use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderValue, Method, header};
use axum::middleware::Next;
use axum::response::Response;
use tollhouse_domain::id::{OrgId, UserId};
use tollhouse_domain::sign_in::SessionStep;
use tollhouse_domain::time::Timestamp;
use tollhouse_store::{ApiToken, Holder, TokenScope, WebSession};
use tollhouse_vault::{admin_token, constant_time_eq};

use super::{Actor, From, Signed, safe};
use crate::admin::Control;
use crate::admin::error::ApiError;
use crate::admin::session::cookie;
use crate::clock;
use crate::snapshot::{People, Snapshot};
use crate::state::Gateway;

/// What strangers may ask for below `/api/v1`: they come to stop being strangers.
const OPEN: [(Method, &str); 4] = [
    (Method::POST, "/api/v1/session"),
    (Method::GET, "/api/v1/session/ways"),
    (Method::POST, "/api/v1/device/code"),
    (Method::POST, "/api/v1/device/token"),
];

/// Stands before a whole subtree, so that not even its unknown paths, wrong methods and malformed
/// requests answer a stranger.
pub(in crate::admin) async fn guard(
    State(control): State<Control>,
    mut request: Request,
    next: Next,
) -> Result<Response, ApiError> {
    let asked = (request.method(), request.uri().path());
    if OPEN.iter().any(|(method, path)| asked == (method, path)) {
        return Ok(next.run(request).await);
    }
    let from = From::of(request.extensions());
    let (method, headers) = (request.method().clone(), request.headers().clone());
    let (signed, renewed) = sign_in(&control, (&method, &headers), from, clock::now()).await?;
    request.extensions_mut().insert(signed);
    let mut response = next.run(request).await;
    if let Some(renewed) = renewed
        && !response.headers().contains_key(header::SET_COOKIE)
    {
        response.headers_mut().insert(header::SET_COOKIE, renewed);
    }
    Ok(response)
}

/// Who asks, by what they present: a token, or else a session's cookie. With a cookie that gets too
/// old, also the one to go on with.
async fn sign_in(
    control: &Control,
    (method, headers): (&Method, &HeaderMap),
    from: From,
    now: Timestamp,
) -> Result<(Signed, Option<HeaderValue>), ApiError> {
    let gateway = &control.gateway;
    if !headers.contains_key(header::AUTHORIZATION)
        && let Some(secret) = cookie::read(headers, gateway.public_url())
    {
        let digest = gateway.digester().digest(secret);
        let (signed, session) = with_secret(control, &digest, from, now).await?;
        if !safe(method) {
            let csrf = cookie::csrf(gateway.digester(), session.id);
            cookie::meant(headers, gateway.public_url(), &csrf)?;
        }
        let renewed = carry_on(gateway, session, &digest, now).await?;
        return Ok((signed, renewed));
    }
    let token = bearer(headers).ok_or(ApiError::Unauthorized)?;
    let (digest, snapshot) = (gateway.digester().digest(token), gateway.snapshot());
    let mut ends = None;
    let actor = if constant_time_eq(&digest, &gateway.0.admin) {
        Actor::Operator
    } else {
        let (token, actor) = token_holder(&snapshot, &digest, now).ok_or(ApiError::Unauthorized)?;
        gateway.token_used(token.id, now);
        ends = token.expires_at;
        actor
    };
    let signed = Signed {
        control: control.clone(),
        actor,
        snapshot,
        from: from.0,
        session: None,
        token: Some((digest, ends)),
    };
    Ok((signed, None))
}

/// Whoever a page is shown to, by the session's cookie alone. With a cookie that gets too old, also the
/// one to go on with. What changes something is for the page to check: its forms prove themselves by
/// [`cookie::same_origin`] and a hidden field.
pub(in crate::admin) async fn visitor(
    control: &Control,
    headers: &HeaderMap,
    from: From,
) -> Result<Option<(Signed, Option<HeaderValue>)>, ApiError> {
    let (gateway, now) = (&control.gateway, clock::now());
    let Some(secret) = cookie::read(headers, gateway.public_url()) else {
        return Ok(None);
    };
    let digest = gateway.digester().digest(secret);
    let visit = async {
        let (signed, session) = with_secret(control, &digest, from, now).await?;
        let renewed = carry_on(gateway, session, &digest, now).await?;
        Ok((signed, renewed))
    };
    match visit.await {
        Ok(visit) => Ok(Some(visit)),
        Err(ApiError::Unauthorized) => Ok(None),
        Err(error) => Err(error),
    }
}

/// The session whose secret has this digest, and whoever it is of.
async fn with_secret(
    control: &Control,
    digest: &[u8; 32],
    from: From,
    now: Timestamp,
) -> Result<(Signed, WebSession), ApiError> {
    let gateway = &control.gateway;
    let session = gateway.store().session_by_digest(digest, now).await?;
    let session = session.ok_or(ApiError::Unauthorized)?;
    if let Holder::User(user) = session.holder
        && gateway.snapshot().people.user(user).is_none()
    {
        // Another replica let somebody new in, and this one has not heard of it yet.
        gateway.refresh().await?;
    }
    let signed = with_session(control, session, from).ok_or(ApiError::Unauthorized)?;
    Ok((signed, session))
}

/// Whoever a session is of, unless they are switched off, or the administrator's token is another by now.
pub(in crate::admin) fn with_session(
    control: &Control,
    session: WebSession,
    from: From,
) -> Option<Signed> {
    let snapshot = control.gateway.snapshot();
    let actor = match session.holder {
        Holder::User(user) => acting(&snapshot.people, user, TokenScope::Admin)?,
        Holder::Operator(digest) => {
            constant_time_eq(&digest, &control.gateway.0.admin).then_some(Actor::Operator)?
        }
    };
    Some(Signed {
        control: control.clone(),
        actor,
        snapshot,
        from: from.0,
        session: Some(session),
        token: None,
    })
}

/// Writes what using a session changes of it; gives the cookie with its new secret, if it gets one.
async fn carry_on(
    gateway: &Gateway,
    session: WebSession,
    digest: &[u8; 32],
    now: Timestamp,
) -> Result<Option<HeaderValue>, ApiError> {
    match session.times.used(now) {
        SessionStep::Over => return Err(ApiError::Unauthorized),
        SessionStep::Keep => {}
        SessionStep::Touch => gateway.store().touch_session(session, now).await?,
        SessionStep::Rotate => {
            let secret = admin_token();
            let new = gateway.digester().digest(secret.expose());
            let rotated = gateway.store().rotate_session(session, (digest, &new), now);
            if rotated.await? {
                return cookie::set(Some(&secret), gateway.public_url()).map(Some);
            }
        }
    }
    Ok(None)
}

/// Whose token it is, if it works at `now`.
pub(super) fn token_holder<'a>(
    snapshot: &'a Snapshot,
    digest: &[u8; 32],
    now: Timestamp,
) -> Option<(&'a ApiToken, Actor)> {
    let people = &snapshot.people;
    let token = people.token(digest)?;
    if token.expires_at.is_some_and(|at| at <= now) {
        return None;
    }
    Some((token, acting(people, token.user, token.scope)?))
}

/// A user at work in the organizations that work, unless they are switched off.
pub(super) fn acting(people: &People, id: UserId, scope: TokenScope) -> Option<Actor> {
    let user = people.user(id).filter(|user| user.disabled_at.is_none())?;
    let works = |org: &OrgId| {
        people
            .org(*org)
            .is_some_and(|org| org.disabled_at.is_none())
    };
    let roles = people.roles(user.id).iter();
    Some(Actor::User {
        user: user.clone(),
        roles: roles.filter(|(org, _)| works(org)).copied().collect(),
        scope,
    })
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
