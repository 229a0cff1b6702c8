//! Signing in and out.

use axum::extract::{Request, State};
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use tollhouse_domain::sign_in::local_path;
use tollhouse_vault::Secret;

use super::form::Form;
use super::{Html, Page, base, redirect, refused, said, sign_out_form, with_cookie};
use crate::admin::Control;
use crate::admin::auth::{From, Signed, visitor};
use crate::admin::error::ApiError;
use crate::admin::session::ways::Ways;
use crate::admin::session::{self, Shown, cookie};

/// This page.
const HERE: &str = "/signin";

/// Asks who somebody is, or says so.
pub(in crate::admin) async fn show(
    State(control): State<Control>,
    from: From,
    uri: Uri,
    headers: HeaderMap,
) -> Response {
    let query = Form::of(uri.query().unwrap_or_default().as_bytes());
    let next = local_path(query.get("next"));
    match visitor(&control, &headers, from).await {
        Ok(Some((signed, cookie))) => match next {
            Some(next) => redirect(signed.public_url(), next, cookie)
                .unwrap_or_else(|error| refused(&error, &here(control.gateway.public_url()))),
            None => with_cookie(signed_in(&signed).into_response(), cookie),
        },
        Ok(None) => asking(&control, next, None).into_response(),
        Err(error) => refused(&error, &here(control.gateway.public_url())),
    }
}

/// Signs in with what the form says.
pub(in crate::admin) async fn submit(
    State(control): State<Control>,
    from: From,
    request: Request,
) -> Response {
    let gateway = control.gateway.clone();
    let form = match Form::read(request, gateway.public_url()).await {
        Ok(form) => form,
        Err(error) => return refused(&error, &here(gateway.public_url())),
    };
    let next = local_path(form.get("next"));
    match enter(&control, from, &form, next).await {
        Ok(response) => response,
        Err(error @ (ApiError::NotSignedIn | ApiError::WrongToken | ApiError::TooSoon(_))) => {
            asking(&control, next, Some(&error)).into_response()
        }
        Err(error) => refused(&error, &here(gateway.public_url())),
    }
}

async fn enter(
    control: &Control,
    from: From,
    form: &Form,
    next: Option<&str>,
) -> Result<Response, ApiError> {
    let secret = |name: &str| Secret::new(form.get(name).to_owned());
    let shown = match form.get("token") {
        "" => Shown::Password(form.get("email").to_owned(), secret("password")),
        _ => Shown::Token(secret("token")),
    };
    let (_, secret) = session::enter(control, from, shown).await?;
    let public_url = control.gateway.public_url();
    let cookie = cookie::set(Some(&secret), public_url)?;
    redirect(public_url, next.unwrap_or(HERE), Some(cookie))
}

/// Signs out.
pub(in crate::admin) async fn leave(
    State(control): State<Control>,
    from: From,
    request: Request,
) -> Response {
    let gateway = control.gateway.clone();
    let left = async {
        let headers = request.headers().clone();
        let form = Form::read(request, gateway.public_url()).await?;
        let Some((signed, _)) = visitor(&control, &headers, from).await? else {
            return redirect(gateway.public_url(), HERE, None);
        };
        form.meant(&signed)?;
        let cookie = session::leave(&signed).await?;
        redirect(gateway.public_url(), HERE, Some(cookie))
    };
    let left: Result<Response, ApiError> = left.await;
    left.unwrap_or_else(|error| refused(&error, &here(gateway.public_url())))
}

/// The page that asks; after a failure also what it was.
fn asking(control: &Control, next: Option<&str>, error: Option<&ApiError>) -> Page {
    let public_url = control.gateway.public_url();
    let ways = Ways::of(&control.gateway);
    let start = |class: &'static str| {
        Html::default()
            .ours("<form class=\"")
            .ours(class)
            .ours("\" method=\"post\" action=\"")
            .text(&here(public_url))
            .ours("\"><input type=\"hidden\" name=\"next\" value=\"")
            .text(next.unwrap_or_default())
            .ours("\">")
    };
    let mut body = Html::default();
    if let Some(error) = error {
        body = body
            .ours("<p class=\"bad\" role=\"alert\">")
            .text(&said(error))
            .ours("</p>");
    }
    if ways.sso {
        body = body
            .ours("<p><a class=\"button\" href=\"")
            .text(base(public_url))
            .ours("/oidc/start?next=")
            .text(&escape(next.unwrap_or(HERE)))
            .ours("\">Sign in with single sign-on</a></p>");
    }
    if ways.password {
        body = body
            .piece(&start("password"))
            .ours("<label>Email address <input name=\"email\" type=\"email\" autocomplete=\"username\" ")
            .ours("required></label><label>Password <input name=\"password\" type=\"password\" ")
            .ours("autocomplete=\"current-password\" required></label><button>Sign in</button></form>");
    }
    if ways.token {
        body = body
            .ours("<details><summary>Sign in with the administrator's token</summary>")
            .piece(&start("token"))
            .ours("<label>Administrator's token <input name=\"token\" type=\"password\" ")
            .ours("autocomplete=\"off\" required></label><button class=\"other\">Sign in as the ")
            .ours("administrator</button></form></details>");
    }
    Page {
        status: error.map_or(StatusCode::OK, ApiError::status),
        title: "Sign in",
        body,
    }
}

/// The page of somebody who is signed in already.
fn signed_in(signed: &Signed) -> Page {
    let body = Html::default()
        .ours("<p><a class=\"button\" href=\"")
        .text(base(signed.public_url()))
        .ours("/dashboard/\">Open the dashboard</a></p><p><a class=\"button other\" href=\"")
        .text(base(signed.public_url()))
        .ours("/device\">Let a device in</a></p>")
        .piece(&sign_out_form(signed));
    Page::new("Welcome", body)
}

/// This page as pages link to it.
fn here(public_url: &str) -> String {
    format!("{}{HERE}", base(public_url))
}

/// Where to sign in, to come back to a path of this server.
pub(super) fn detour(next: &str) -> String {
    format!("{HERE}?next={}", escape(next))
}

fn escape(text: &str) -> String {
    form_urlencoded::byte_serialize(text.as_bytes()).collect()
}
