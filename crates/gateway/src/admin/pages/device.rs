//! Letting a device in: typing its code, seeing what asks, saying yes or no.

use std::time::Duration;

use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use tollhouse_domain::audit::{Action, Subject, SubjectKind};
use tollhouse_domain::device::read_code;
use tollhouse_domain::time::Timestamp;
use tollhouse_store::{DeviceGrant, TokenScope};

use super::form::Form;
use super::sign_in::detour;
use super::{Html, Page, base, csrf_field, redirect, refused, sign_out_form, with_cookie};
use crate::admin::Control;
use crate::admin::auth::{From, Signed, visitor};
use crate::admin::device::code_digest;
use crate::admin::error::ApiError;
use crate::clock;

/// This page.
const HERE: &str = "/device";

/// One answer for every reason: no such code, one that is over, one that was answered.
const NO_DEVICE: &str = "No device waits with this code. It may have been mistyped, answered already, or \
    be too old: codes last ten minutes.";

/// Asks for a code, or shows what asks with it.
pub(in crate::admin) async fn show(
    State(control): State<Control>,
    from: From,
    uri: Uri,
    headers: HeaderMap,
) -> Response {
    let query = Form::of(uri.query().unwrap_or_default().as_bytes());
    let shown = look(&control, from, &headers, query.get("code")).await;
    shown.unwrap_or_else(|error| refused(&error, &here(control.gateway.public_url())))
}

async fn look(
    control: &Control,
    from: From,
    headers: &HeaderMap,
    typed: &str,
) -> Result<Response, ApiError> {
    let (signed, cookie) = match person(control, headers, from, typed).await? {
        Visit::Person(signed, cookie) => (signed, cookie),
        Visit::Other(response) => return Ok(response),
    };
    let page = match typed {
        "" => asking(&signed, None),
        typed => match waiting(control, from, typed).await? {
            Some((code, device)) => question(&signed, &code, &device, clock::now()),
            None => asking(&signed, Some(NO_DEVICE)),
        },
    };
    Ok(with_cookie(page.into_response(), cookie))
}

/// Says yes or no.
pub(in crate::admin) async fn answer(
    State(control): State<Control>,
    from: From,
    request: Request,
) -> Response {
    let gateway = control.gateway.clone();
    let answered = async {
        let headers = request.headers().clone();
        let form = Form::read(request, gateway.public_url()).await?;
        decide(&control, from, &headers, &form).await
    };
    let answered = answered.await;
    answered.unwrap_or_else(|error| refused(&error, &here(gateway.public_url())))
}

async fn decide(
    control: &Control,
    from: From,
    headers: &HeaderMap,
    form: &Form,
) -> Result<Response, ApiError> {
    let typed = form.get("code");
    let (signed, cookie) = match person(control, headers, from, typed).await? {
        Visit::Person(signed, cookie) => (signed, cookie),
        Visit::Other(response) => return Ok(response),
    };
    form.meant(&signed)?;
    let scope = answered(form)?;
    if let Some(scope) = scope {
        signed.hands_out(scope)?;
    }
    let page = match waiting(control, from, typed).await? {
        Some((_, device)) if store(&signed, &device, scope).await? => done(&signed, scope),
        Some(_) | None => asking(&signed, Some(NO_DEVICE)),
    };
    Ok(with_cookie(page.into_response(), cookie))
}

/// What the form says: a scope for yes, none for no.
fn answered(form: &Form) -> Result<Option<TokenScope>, ApiError> {
    match (form.get("answer"), form.get("scope")) {
        ("deny", _) => Ok(None),
        ("approve", "read") => Ok(Some(TokenScope::Read)),
        ("approve", "write") => Ok(Some(TokenScope::Write)),
        ("approve", "admin") => Ok(Some(TokenScope::Admin)),
        (_, _) => Err(ApiError::Invalid {
            field: None,
            message: "Expected a form of this page.".into(),
        }),
    }
}

async fn store(
    signed: &Signed,
    device: &DeviceGrant,
    scope: Option<TokenScope>,
) -> Result<bool, ApiError> {
    let me = signed.me()?;
    let action = match scope {
        Some(_) => Action::DeviceApprove,
        None => Action::DeviceDeny,
    };
    let subject = Subject::id(SubjectKind::Device, device.id).called(device.name.as_str());
    let mut note = signed.note(action, subject);
    if let Some(scope) = scope {
        note = note.with("scope", scope.as_str());
    }
    let approved = scope.map(|scope| (me.id, scope));
    let answered = signed.store().answer_device(device.id, approved, note);
    Ok(answered.await?)
}

/// Who came.
enum Visit {
    /// A user, with a session.
    Person(Box<Signed>, Option<HeaderValue>),
    /// Somebody who is to be sent elsewhere, or told why not.
    Other(Response),
}

/// A token is somebody's, so only a user may let a device in.
async fn person(
    control: &Control,
    headers: &HeaderMap,
    from: From,
    typed: &str,
) -> Result<Visit, ApiError> {
    let public_url = control.gateway.public_url();
    let Some((signed, cookie)) = visitor(control, headers, from).await? else {
        let code = read_code(typed);
        let next = code.map_or(HERE.to_owned(), |code| format!("{HERE}?code={code}"));
        return Ok(Visit::Other(redirect(public_url, &detour(&next), None)?));
    };
    if signed.user().is_some() {
        return Ok(Visit::Person(Box::new(signed), cookie));
    }
    let body = Html::default()
        .ours("<p>A device gets a token of whoever lets it in, and the administrator's token is ")
        .ours("nobody's. Sign in as a user.</p>")
        .piece(&sign_out_form(&signed));
    let page = Page {
        status: StatusCode::FORBIDDEN,
        title: "Not as the administrator",
        body,
    };
    Ok(Visit::Other(with_cookie(page.into_response(), cookie)))
}

/// The device that waits with a code, and the code as it is written.
async fn waiting(
    control: &Control,
    from: From,
    typed: &str,
) -> Result<Option<(String, DeviceGrant)>, ApiError> {
    let (gateway, now) = (&control.gateway, clock::now());
    control.doors.code(from.0, now)?;
    let Some(code) = read_code(typed) else {
        return Ok(None);
    };
    let digest = code_digest(gateway.digester(), &code);
    let device = gateway.store().device_by_code(&digest).await?;
    let device = device.filter(|device| device.grant.is_open(now));
    Ok(device.map(|device| (code, device)))
}

/// Asks for a code; after one that did not do, also says so.
fn asking(signed: &Signed, wrong: Option<&'static str>) -> Page {
    let mut body = Html::default();
    if let Some(wrong) = wrong {
        body = body
            .ours("<p class=\"bad\" role=\"alert\">")
            .ours(wrong)
            .ours("</p>");
    }
    let body = body
        .ours("<form method=\"get\" action=\"")
        .text(&here(signed.public_url()))
        .ours("\"><label>The code that your device shows <input name=\"code\" class=\"code\" ")
        .ours("autocomplete=\"off\" autocapitalize=\"characters\" spellcheck=\"false\" ")
        .ours("placeholder=\"XXXX-XXXX\" maxlength=\"20\" required autofocus></label>")
        .ours("<button>Go on</button></form>")
        .piece(&sign_out_form(signed));
    Page {
        status: wrong.map_or(StatusCode::OK, |_| StatusCode::NOT_FOUND),
        title: "Let a device in",
        body,
    }
}

/// Shows what asks, and the two answers.
fn question(signed: &Signed, code: &str, device: &DeviceGrant, now: Timestamp) -> Page {
    let from = device.from.map_or("an unknown address".to_owned(), |from| {
        from.to_canonical().to_string()
    });
    let body = Html::default()
        .ours("<p class=\"code\">")
        .text(code)
        .ours("</p><dl><dt>Calls itself</dt><dd>")
        .text(&device.name)
        .ours("</dd><dt>Asks from</dt><dd>")
        .text(&from)
        .ours("</dd><dt>Since</dt><dd>")
        .text(&ago(now.since(device.grant.created_at)))
        .ours("</dd></dl><p class=\"bad\">Only go on if you started this yourself just now and the device ")
        .ours("shows the same code. It will be able to act as you for ninety days.</p>")
        .ours("<form method=\"post\" action=\"")
        .text(&here(signed.public_url()))
        .ours("\"><input type=\"hidden\" name=\"code\" value=\"")
        .text(code)
        .ours("\">")
        .piece(&csrf_field(signed))
        .ours("<fieldset><legend>It may</legend>")
        .ours("<label><input type=\"radio\" name=\"scope\" value=\"read\"> look only</label>")
        .ours("<label><input type=\"radio\" name=\"scope\" value=\"write\" checked> also make and change ")
        .ours("what is your own</label><label><input type=\"radio\" name=\"scope\" value=\"admin\"> do ")
        .ours("everything that you may</label></fieldset>")
        .ours("<button name=\"answer\" value=\"approve\">Let it in</button>")
        .ours("<button class=\"other\" name=\"answer\" value=\"deny\">Turn it away</button></form>")
        .piece(&sign_out_form(signed));
    Page::new("Let a device in?", body)
}

/// Says what was answered.
fn done(signed: &Signed, scope: Option<TokenScope>) -> Page {
    let (title, text) = match scope {
        Some(_) => (
            "The device is let in",
            "<p>It goes on by itself in a few seconds. You can close this page.</p>",
        ),
        None => (
            "The device is turned away",
            "<p>It gets no token. If you did not start this, somebody else tried to get one of yours.</p>",
        ),
    };
    let body = Html::default().ours(text).piece(&sign_out_form(signed));
    Page::new(title, body)
}

/// How long ago, as people say it.
fn ago(age: Duration) -> String {
    match age.as_secs() {
        0..=1 => "a moment ago".to_owned(),
        seconds @ 2..=119 => format!("{seconds} seconds ago"),
        seconds => format!("{} minutes ago", seconds / 60),
    }
}

/// This page as pages link to it.
fn here(public_url: &str) -> String {
    format!("{}{HERE}", base(public_url))
}
