//! Pages for people: signing in, and letting a device in. They need no script and no dashboard.
//!
//! A form proves that it is ours by its origin, and one of somebody signed in also by a hidden field
//! that follows from the session.

pub(in crate::admin) mod device;
mod form;
mod html;
pub(in crate::admin) mod sign_in;

use axum::Router;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};

pub(in crate::admin) use self::html::{Html, Page};
use super::Control;
use super::auth::Signed;
use super::error::ApiError;
use super::session::cookie;

/// The pages. They are for people, so the document of the API does not describe them.
pub(in crate::admin) fn router() -> Router<Control> {
    Router::new()
        .route("/signin", get(sign_in::show).post(sign_in::submit))
        .route("/signout", post(sign_in::leave))
        .route("/device", get(device::show).post(device::answer))
}

/// Where pages link to: the path below which this server is reached from outside.
pub(in crate::admin) fn base(public_url: &str) -> &str {
    let rest = public_url.split_once("://").map_or("", |(_, rest)| rest);
    let path = rest.find('/').map_or("", |at| &rest[at..]);
    path.trim_end_matches('/')
}

/// A page that says what went wrong, in a sentence, and where to go from here: a path of this server
/// and what the link says.
pub(in crate::admin) fn failure(
    status: StatusCode,
    title: &'static str,
    message: &str,
    (path, label): (&str, &'static str),
) -> Response {
    let body = Html::default()
        .ours("<p>")
        .text(message)
        .ours("</p><a class=\"button\" href=\"")
        .text(path)
        .ours("\">")
        .text(label)
        .ours("</a>");
    let page = Page {
        status,
        title,
        body,
    };
    page.into_response()
}

/// What an error says, as a page.
fn refused(error: &ApiError, back: &str) -> Response {
    error.log();
    let way = (back, "Go back");
    failure(error.status(), "That did not work", &said(error), way)
}

/// What an error says to people.
fn said(error: &ApiError) -> String {
    match error {
        ApiError::TooSoon(_) => "There were too many attempts; try again in a minute.".to_owned(),
        other => other.to_string(),
    }
}

/// Sends the browser on to a path of this server, with a cookie perhaps.
fn redirect(
    public_url: &str,
    path: &str,
    cookie: Option<HeaderValue>,
) -> Result<Response, ApiError> {
    let to = format!("{}{path}", base(public_url));
    let to = HeaderValue::try_from(to).map_err(ApiError::internal)?;
    let response = (form::ON, [(header::LOCATION, to)]).into_response();
    Ok(with_cookie(response, cookie))
}

/// The answer with a cookie, if the session got a new one.
fn with_cookie(mut response: Response, cookie: Option<HeaderValue>) -> Response {
    if let Some(cookie) = cookie {
        response.headers_mut().insert(header::SET_COOKIE, cookie);
    }
    response
}

/// The hidden field that ties a form to the session of whoever sees it.
fn csrf_field(signed: &Signed) -> Html {
    let session = signed.session();
    let csrf = session.map(|session| cookie::csrf(signed.digester(), session.id));
    Html::default()
        .ours("<input type=\"hidden\" name=\"csrf\" value=\"")
        .text(csrf.as_deref().unwrap_or_default())
        .ours("\">")
}

/// Who is signed in, and the way out.
fn sign_out_form(signed: &Signed) -> Html {
    let name = signed.user().map_or("the administrator", |user| &user.name);
    Html::default()
        .ours("<p class=\"soft\">Signed in as ")
        .text(name)
        .ours(".</p><form method=\"post\" action=\"")
        .text(base(signed.public_url()))
        .ours("/signout\">")
        .piece(&csrf_field(signed))
        .ours("<button class=\"other\">Sign out</button></form>")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_stay_below_the_public_address() {
        let cases = [
            ("http://127.0.0.1:7878", ""),
            ("https://gate.example/", ""),
            ("https://gate.example/tollhouse/", "/tollhouse"),
            ("https://gate.example/a/b", "/a/b"),
        ];
        for (url, expected) in cases {
            assert_eq!(base(url), expected, "{url}");
        }
    }
}
